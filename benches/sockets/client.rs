//! A client as small as it can be, so that ten thousand of them leave the machine to the server: one task and one buffer a
//! socket, frames are looked at as bytes and not parsed.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::running::{APP_KEY, APP_SECRET};
use kabar::realtime::AppCredentials;
use kabar::realtime::Signer;

/// Bytes read at a time.
const READ: usize = 4_096;

/// What every socket's frames are shown to: the text of each.
pub type Look = Arc<dyn Fn(&[u8]) + Send + Sync>;

pub struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
    pub id: String,
}

pub fn signer() -> Signer {
    Signer::new(&AppCredentials { id: "1".to_owned(), key: APP_KEY.to_owned(), secret: APP_SECRET.to_owned() })
}

impl Socket {
    /// Connects and takes the server's greeting.
    pub async fn connect(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket");
        let hello = format!(
            "GET /app/{APP_KEY}?protocol=7 HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        stream.write_all(hello.as_bytes()).await.expect("sent");
        let mut buffer = Vec::with_capacity(512);
        while !buffer.windows(4).any(|four| four == b"\r\n\r\n") {
            read_some(&mut stream, &mut buffer).await.expect("an answer");
        }
        let end = buffer.windows(4).position(|four| four == b"\r\n\r\n").expect("found") + 4;
        assert!(buffer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&buffer));
        buffer.drain(..end);
        let mut socket = Self { stream, buffer, id: String::new() };
        let greeting = socket.text().await.expect("a greeting");
        let greeting = String::from_utf8(greeting).expect("UTF-8").replace('\\', "");
        let id = greeting.split("\"socket_id\":\"").nth(1).and_then(|rest| rest.split('"').next());
        id.unwrap_or_else(|| panic!("no socket id in {greeting}")).clone_into(&mut socket.id);
        socket
    }

    /// A connection over which somebody else's frames come at once, with no greeting.
    pub async fn plain(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("it listens");
        Self { stream, buffer: Vec::with_capacity(512), id: String::new() }
    }

    /// Subscribes, as `user` where one is given, and waits for the word that it succeeded.
    pub async fn subscribe(&mut self, signer: &Signer, channel: &str, user: Option<&str>) {
        let data = match user {
            None => format!(r#"{{"channel":"{channel}","auth":""}}"#),
            Some(user) => {
                let who = format!(r#"{{"user_id":"{user}"}}"#);
                let auth = signer.channel(&self.id, channel, Some(&who));
                format!(r#"{{"channel":"{channel}","auth":"{auth}","channel_data":{}}}"#, serde_json::json!(who))
            }
        };
        self.send(&format!(r#"{{"event":"pusher:subscribe","data":{data}}}"#)).await;
        loop {
            let frame = self.text().await.expect("it stays open");
            assert!(!contains(&frame, b"pusher:error"), "{}", String::from_utf8_lossy(&frame));
            assert!(!contains(&frame, b"subscription_error"), "{}", String::from_utf8_lossy(&frame));
            if contains(&frame, b"subscription_succeeded") {
                return;
            }
        }
    }

    /// Shows every frame to `look` until the server closes; pings are answered.
    pub async fn listen(mut self, look: Look) {
        while let Some(text) = self.text().await {
            if contains(&text, b"\"pusher:ping\"") {
                self.send(r#"{"event":"pusher:pong","data":{}}"#).await;
            } else {
                look(&text);
            }
        }
    }

    /// The next text frame; `None` when the server closed.
    async fn text(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some((opcode, payload)) = take_frame(&mut self.buffer) {
                match opcode {
                    0x1 => return Some(payload),
                    0x8 => return None,
                    0x9 => self.frame(0xA, &payload).await,
                    _ => {}
                }
                continue;
            }
            read_some(&mut self.stream, &mut self.buffer).await?;
        }
    }

    async fn send(&mut self, text: &str) {
        self.frame(0x1, text.as_bytes()).await;
    }

    /// Masked with zeros: the protocol asks for a mask, not for a secret one.
    async fn frame(&mut self, opcode: u8, payload: &[u8]) {
        let mut frame = vec![0x80 | opcode];
        match u8::try_from(payload.len()) {
            Ok(short @ 0..=125) => frame.push(0x80 | short),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(payload.len()).expect("a short frame").to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        // A socket that the server closed meanwhile says so on the next read.
        drop(self.stream.write_all(&frame).await);
    }
}

/// `None` at the end.
async fn read_some(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    buffer.reserve(READ);
    match stream.read_buf(buffer).await {
        Ok(read) if read > 0 => Some(()),
        Ok(_) | Err(_) => None,
    }
}

/// A whole frame from the front of what was read. Servers mask nothing.
fn take_frame(buffer: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let (first, second) = (*buffer.first()?, *buffer.get(1)?);
    let (header, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes([*buffer.get(2)?, *buffer.get(3)?]))),
        127 => {
            let eight: [u8; 8] = buffer.get(2..10)?.try_into().ok()?;
            (10, usize::try_from(u64::from_be_bytes(eight)).expect("a frame that fits into memory"))
        }
        short => (2, usize::from(short)),
    };
    if buffer.len() < header + length {
        return None;
    }
    let payload = buffer[header..header + length].to_vec();
    buffer.drain(..header + length);
    if buffer.is_empty() {
        buffer.shrink_to(READ);
    }
    Some((first & 0x0f, payload))
}

pub fn contains(text: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(text, word).is_some()
}
