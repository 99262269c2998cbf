//! A mail server, simulated: enough of SMTP (RFC 5321) to take an e-mail, without TLS, and to go wrong at every step.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

pub const USER: &str = "kabar";
pub const PASSWORD: &str = "smtp-sesame";

/// Letters that are kept to be looked at.
const KEPT_MAX: usize = 1_000;
const LETTER_BYTES_MAX: usize = 1024 * 1024;

/// What becomes of one e-mail, or of the connection it would have come on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmtpTold {
    Succeed,
    /// Greets with this line and hangs up.
    SayAtGreeting(String),
    /// Answers the sender, the recipient, the question whether a letter may come, or the letter, with this line.
    SayAtSender(String),
    SayAtRecipient(String),
    SayAtAsking(String),
    SayAtLetter(String),
    HangAtGreeting,
    ResetAtRecipient,
    /// Hangs up when it has been asked whether a letter may come.
    DropAtAsking,
    /// Takes the letter and hangs up.
    TakeThenDrop,
    TakeThenHang,
    /// Takes the letter; the connection ends in the middle of the answer.
    CutOff,
    /// Takes the letter; the answer never ends.
    Endless,
}

impl SmtpTold {
    pub fn say_at_greeting(line: &str) -> Self {
        Self::SayAtGreeting(line.to_owned())
    }

    pub fn say_at_sender(line: &str) -> Self {
        Self::SayAtSender(line.to_owned())
    }

    pub fn say_at_recipient(line: &str) -> Self {
        Self::SayAtRecipient(line.to_owned())
    }

    pub fn say_at_asking(line: &str) -> Self {
        Self::SayAtAsking(line.to_owned())
    }

    pub fn say_at_letter(line: &str) -> Self {
        Self::SayAtLetter(line.to_owned())
    }

    fn is_about_a_connection(&self) -> bool {
        matches!(self, Self::SayAtGreeting(_) | Self::HangAtGreeting)
    }
}

/// What a server offers and wants.
#[derive(Debug, Clone, Copy)]
pub struct Offer {
    pub auth: bool,
}

pub struct SmtpServer {
    address: SocketAddr,
    desk: Arc<Desk>,
    accepting: JoinHandle<()>,
}

struct Desk {
    offer: Offer,
    told: Mutex<VecDeque<SmtpTold>>,
    letters: Mutex<Vec<String>>,
    sends: Mutex<HashMap<String, usize>>,
    connections: AtomicUsize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SmtpServer {
    pub async fn start() -> Self {
        Self::offering(Offer { auth: true }).await
    }

    pub async fn offering(offer: Offer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let desk = Arc::new(Desk {
            offer,
            told: Mutex::default(),
            letters: Mutex::default(),
            sends: Mutex::default(),
            connections: AtomicUsize::new(0),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&desk)));
        Self { address, desk, accepting }
    }

    /// `host:port`
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// What becomes of the next e-mail, or of the next connection, that nothing was told about yet.
    pub fn tell(&self, told: SmtpTold) {
        locked(&self.desk.told).push_back(told);
    }

    /// The first 1,000, as they came.
    pub fn letters(&self) -> Vec<String> {
        locked(&self.desk.letters).clone()
    }

    /// How often a letter came whose Message-ID begins with this.
    pub fn sends_of(&self, key: &str) -> usize {
        locked(&self.desk.sends).get(key).copied().unwrap_or_default()
    }

    pub fn sends(&self) -> HashMap<String, usize> {
        locked(&self.desk.sends).clone()
    }

    pub fn connections(&self) -> usize {
        self.desk.connections.load(Ordering::SeqCst)
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Desk {
    /// What was told of a connection (`is_connection`) or of an e-mail, if that is what comes next.
    fn next(&self, is_connection: bool) -> SmtpTold {
        let mut told = locked(&self.told);
        match told.front() {
            Some(next) if next.is_about_a_connection() == is_connection => {
                told.pop_front().unwrap_or(SmtpTold::Succeed)
            }
            Some(_) | None => SmtpTold::Succeed,
        }
    }

    fn take(&self, letter: String) {
        let id = letter.lines().find_map(|line| line.strip_prefix("Message-ID: <"));
        let key = id.and_then(|id| id.split('@').next()).unwrap_or("(none)").to_owned();
        *locked(&self.sends).entry(key).or_default() += 1;
        let mut letters = locked(&self.letters);
        if letters.len() < KEPT_MAX {
            letters.push(letter);
        }
    }
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                desk.connections.fetch_add(1, Ordering::SeqCst);
                let talk = Talk { stream: BufReader::new(stream), desk: Arc::clone(&desk), told: SmtpTold::Succeed };
                open.spawn(talk.run());
            }
            Some(_) = open.join_next() => {}
        }
    }
}

struct Talk {
    stream: BufReader<TcpStream>,
    desk: Arc<Desk>,
    /// Of the e-mail that is coming.
    told: SmtpTold,
}

impl Talk {
    /// Until either side hangs up.
    async fn run(mut self) {
        match self.desk.next(true) {
            SmtpTold::HangAtGreeting => std::future::pending().await,
            SmtpTold::SayAtGreeting(line) => {
                self.say(&line).await;
                return;
            }
            _ => {}
        }
        if self.say("220 mail.example.id ESMTP").await.is_none() {
            return;
        }
        let mut is_known = !self.desk.offer.auth;
        while let Some(line) = self.line().await {
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let goes_on = match verb.as_str() {
                "EHLO" => {
                    let auth = if self.desk.offer.auth { "250-AUTH PLAIN LOGIN\r\n" } else { "" };
                    self.say(&format!("250-mail.example.id\r\n{auth}250 8BITMIME")).await
                }
                "AUTH" => {
                    is_known = is_signed_in(&line);
                    self.say(if is_known { "235 2.7.0 ok" } else { "535 5.7.8 Username and Password not accepted" })
                        .await
                }
                "MAIL" if !is_known => self.say("530 5.7.0 Authentication required").await,
                "MAIL" => self.sender().await,
                "RCPT" => self.recipient().await,
                "DATA" => self.letter().await,
                "RSET" | "NOOP" => self.say("250 2.0.0 ok").await,
                "QUIT" => {
                    self.say("221 2.0.0 bye").await;
                    None
                }
                _ => self.say("500 5.5.1 unknown").await,
            };
            if goes_on.is_none() {
                return;
            }
        }
    }

    async fn sender(&mut self) -> Option<()> {
        self.told = self.desk.next(false);
        match self.told.clone() {
            SmtpTold::SayAtSender(line) => self.say(&line).await,
            _ => self.say("250 2.1.0 ok").await,
        }
    }

    async fn recipient(&mut self) -> Option<()> {
        match self.told.clone() {
            SmtpTold::SayAtRecipient(line) => self.say(&line).await,
            SmtpTold::ResetAtRecipient => {
                drop(self.stream.get_ref().set_zero_linger());
                None
            }
            _ => self.say("250 2.1.5 ok").await,
        }
    }

    async fn letter(&mut self) -> Option<()> {
        match self.told.clone() {
            SmtpTold::SayAtAsking(line) => return self.say(&line).await,
            SmtpTold::DropAtAsking => return None,
            _ => {}
        }
        self.say("354 go on").await?;
        let mut letter = String::new();
        loop {
            let line = self.line().await?;
            if line == "." {
                break;
            }
            letter.push_str(line.strip_prefix('.').unwrap_or(&line));
            letter.push_str("\r\n");
            if letter.len() > LETTER_BYTES_MAX {
                return None;
            }
        }
        if let SmtpTold::SayAtLetter(line) = self.told.clone() {
            return self.say(&line).await;
        }
        self.desk.take(letter);
        match &self.told {
            SmtpTold::TakeThenDrop => None,
            SmtpTold::TakeThenHang => std::future::pending().await,
            SmtpTold::CutOff => {
                self.write("250 2.0").await?;
                None
            }
            SmtpTold::Endless => loop {
                self.write("250-still talking\r\n").await?;
            },
            _ => self.say("250 2.0.0 queued").await,
        }
    }

    async fn say(&mut self, line: &str) -> Option<()> {
        self.write(&format!("{line}\r\n")).await
    }

    async fn write(&mut self, text: &str) -> Option<()> {
        self.stream.get_mut().write_all(text.as_bytes()).await.ok()
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = (&mut self.stream).take(8_192).read_line(&mut line).await.ok()?;
        (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// `AUTH PLAIN base64(NUL user NUL password)`
fn is_signed_in(line: &str) -> bool {
    let given = line.rsplit(' ').next().and_then(|text| STANDARD.decode(text).ok());
    given == Some(format!("\0{USER}\0{PASSWORD}").into_bytes())
}
