//! Stands between Kabar and its database and breaks the connection at the worst moment.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// Forwards every connection to one address. Gone when dropped.
pub struct ChaosProxy {
    address: SocketAddr,
    faults: Arc<Faults>,
    accepting: JoinHandle<()>,
}

/// What goes wrong next; once.
#[derive(Debug, Default, PartialEq)]
enum Plan {
    #[default]
    Nothing,
    /// So many more bytes reach the server, on all connections together, then that connection is cut.
    AfterUpstreamBytes(usize),
    /// A request with these bytes in it reaches the server, whose answer does not come back.
    BeforeAnswerTo(Vec<u8>),
    /// The same, but the connection stays open and carries nothing any more.
    StallBeforeAnswerTo(Vec<u8>),
}

#[derive(Default)]
struct Faults {
    plan: Mutex<Plan>,
    /// Raised to cut everything that is open.
    cuts: watch::Sender<u64>,
    /// Raised to stall everything that is open.
    stalls: watch::Sender<u64>,
    /// Told when a plan has been carried out.
    struck: Notify,
    /// New connections are closed at once.
    refusing: watch::Sender<bool>,
    /// Connections that came, refused ones too.
    connections: watch::Sender<u64>,
    /// Of those, how many have ended.
    ended: watch::Sender<u64>,
}

/// Counts a connection as ended, however it ends.
struct Ending(Arc<Faults>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.ended.send_modify(|ended| *ended += 1);
    }
}

impl ChaosProxy {
    /// Listens on a free port of 127.0.0.1.
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let faults = Arc::new(Faults::default());
        let accepting = tokio::spawn(accept(listener, server, Arc::clone(&faults)));
        Self { address, faults, accepting }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every open connection ends now.
    pub fn cut_now(&self) {
        self.faults.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// The same, and waits until they have: whoever asks now is not cut off in the middle.
    pub async fn cut(&self) {
        let came = *self.faults.connections.borrow();
        self.cut_now();
        self.faults.ended.subscribe().wait_for(|ended| *ended >= came).await.expect("the sender lives here");
    }

    /// The connection that carries the byte after the next `count` ones ends there.
    pub fn cut_after_upstream_bytes(&self, count: usize) {
        self.faults.set(Plan::AfterUpstreamBytes(count));
    }

    /// The next request that contains `needle` (any, when empty) reaches the server; instead of its answer comes the end
    /// of the connection.
    pub fn cut_before_answer_to(&self, needle: &[u8]) {
        self.faults.set(Plan::BeforeAnswerTo(needle.to_vec()));
    }

    /// The next request that contains `needle` reaches the server; its answer never comes, and nothing else on that
    /// connection does. No error tells.
    pub fn stall_before_answer_to(&self, needle: &[u8]) {
        self.faults.set(Plan::StallBeforeAnswerTo(needle.to_vec()));
    }

    /// No connection that is open now carries an answer any more. New ones do.
    pub fn stall_now(&self) {
        self.faults.stalls.send_modify(|stalls| *stalls += 1);
    }

    /// Waits until what was planned has happened.
    pub async fn struck(&self) {
        self.faults.struck.notified().await;
    }

    /// Waits until so many connections came, refused ones too. Says how many that were.
    pub async fn connections(&self, count: u64) -> u64 {
        let mut came = self.faults.connections.subscribe();
        *came.wait_for(|came| *came >= count).await.expect("the sender lives here")
    }

    /// The server cannot be reached until this is called with `false`.
    pub fn refuse(&self, refusing: bool) {
        self.faults.refusing.send_replace(refusing);
        if refusing {
            self.cut_now();
        }
    }
}

impl Drop for ChaosProxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut_now();
    }
}

impl Faults {
    fn set(&self, plan: Plan) {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    /// What is to become of these bytes on their way to the server.
    fn judge(&self, bytes: &[u8]) -> Verdict {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = match &mut *plan {
            Plan::Nothing => Verdict::Pass,
            Plan::AfterUpstreamBytes(left) if *left >= bytes.len() => {
                *left -= bytes.len();
                Verdict::Pass
            }
            Plan::AfterUpstreamBytes(left) => Verdict::CutAfter(*left),
            Plan::BeforeAnswerTo(needle) if contains(bytes, needle) => Verdict::SwallowAnswer,
            Plan::StallBeforeAnswerTo(needle) if contains(bytes, needle) => Verdict::Stall,
            Plan::BeforeAnswerTo(_) | Plan::StallBeforeAnswerTo(_) => Verdict::Pass,
        };
        if verdict != Verdict::Pass {
            *plan = Plan::Nothing;
        }
        verdict
    }
}

#[derive(Debug, PartialEq)]
enum Verdict {
    Pass,
    CutAfter(usize),
    SwallowAnswer,
    Stall,
}

/// What becomes of a connection's answers.
#[derive(Debug, Clone, Copy)]
enum Answering {
    Passes,
    Stalls,
    /// With the connection.
    Ends,
}

async fn accept(listener: TcpListener, server: SocketAddr, faults: Arc<Faults>) {
    while let Ok((client, _)) = listener.accept().await {
        // Before it counts as one that came: a cut reaches all of those.
        let mut cuts = faults.cuts.subscribe();
        faults.connections.send_modify(|came| *came += 1);
        let ending = Ending(Arc::clone(&faults));
        if *faults.refusing.borrow() {
            continue;
        }
        let faults = Arc::clone(&faults);
        tokio::spawn(async move {
            let _ending = ending;
            let Ok(upstream) = TcpStream::connect(server).await else { return };
            client.set_nodelay(true).ok();
            upstream.set_nodelay(true).ok();
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = upstream.into_split();
            // Whichever ends first takes the other along, and with it both sockets.
            let answering = watch::Sender::new(Answering::Passes);
            let stalls = faults.stalls.subscribe();
            tokio::select! {
                _ = requests(from_client, to_server, &faults, &answering) => {}
                _ = answers(from_server, to_client, &faults, (answering.subscribe(), stalls)) => {}
                _ = cuts.changed() => {}
            }
        });
    }
}

async fn requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    faults: &Faults,
    answering: &watch::Sender<Answering>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let bytes = &buffer[..count];
        match faults.judge(bytes) {
            Verdict::Pass => to.write_all(bytes).await?,
            Verdict::CutAfter(passing) => {
                to.write_all(&bytes[..passing]).await?;
                faults.struck.notify_one();
                return Ok(());
            }
            Verdict::SwallowAnswer => {
                // Before the request goes on: its answer may be there at once.
                answering.send_replace(Answering::Ends);
                to.write_all(bytes).await?;
            }
            Verdict::Stall => {
                answering.send_replace(Answering::Stalls);
                to.write_all(bytes).await?;
            }
        }
    }
}

async fn answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    faults: &Faults,
    (answering, stalls): (watch::Receiver<Answering>, watch::Receiver<u64>),
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let now = *answering.borrow();
        match now {
            Answering::Passes if !stalls.has_changed().unwrap_or(false) => {}
            Answering::Passes => stall().await,
            Answering::Stalls => {
                faults.struck.notify_one();
                stall().await;
            }
            Answering::Ends => {
                faults.struck.notify_one();
                return Ok(());
            }
        }
        to.write_all(&buffer[..count]).await?;
    }
}

/// Ends with its connection.
async fn stall() {
    std::future::pending().await
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    needle.is_empty() || bytes.windows(needle.len()).any(|window| window == needle)
}
