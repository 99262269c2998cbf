//! The HTTP half of every simulated provider: takes requests on a free port of 127.0.0.1 and does as it is told.
//!
//! On hyper itself and not on axum, which stands on it: a connection that is to be reset, dropped or cut off in the middle of
//! an answer is out of a handler's reach.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::told::{Reply, Told};

/// Requests that are kept to be looked at; later ones are only counted.
const KEPT_MAX: usize = 1_000;
const PATIENCE: Duration = Duration::from_secs(30);

/// One request, as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub fn form(&self) -> HashMap<String, String> {
        serde_urlencoded::from_bytes(&self.body).unwrap_or_default()
    }
}

/// How one provider speaks.
pub trait Dialect: Send + Sync + 'static {
    /// Whether the service is there; elsewhere is a page.
    fn is_at(&self, path: &str) -> bool;
    /// What it would refuse by itself: a wrong key, a field that is missing.
    fn complaint(&self, asked: &Asked) -> Option<Reply>;
    /// What tells one delivery from another.
    fn key(&self, asked: &Asked) -> String;
    /// Whether a repeat under the same key is recognised, and nothing is sent again.
    fn recognises_repeats(&self) -> bool;
    fn success(&self, asked: &Asked, id: &str) -> Reply;
    fn failure(&self, status: u16, text: &str) -> Reply;
}

/// A simulated provider. Gone when dropped.
pub struct Simulator {
    address: SocketAddr,
    desk: Arc<Desk>,
    accepting: JoinHandle<()>,
}

struct Desk {
    dialect: Box<dyn Dialect>,
    told: Mutex<VecDeque<Told>>,
    /// Where nothing is told.
    always: Mutex<Told>,
    kept: Mutex<Vec<Asked>>,
    /// How often something was sent to people under a key, and its id.
    sends: Mutex<HashMap<String, (String, usize)>>,
    requests: watch::Sender<usize>,
    connections: AtomicUsize,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Simulator {
    pub async fn start(dialect: impl Dialect) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let desk = Arc::new(Desk {
            dialect: Box::new(dialect),
            told: Mutex::default(),
            always: Mutex::new(Told::Succeed),
            kept: Mutex::default(),
            sends: Mutex::default(),
            requests: watch::Sender::new(0),
            connections: AtomicUsize::new(0),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&desk)));
        Self { address, desk, accepting }
    }

    /// Without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What becomes of the next request that nothing was told about yet.
    pub fn tell(&self, told: Told) {
        locked(&self.desk.told).push_back(told);
    }

    /// What becomes of every request that nothing is told about.
    pub fn tell_always(&self, told: Told) {
        *locked(&self.desk.always) = told;
    }

    /// The first 1,000.
    pub fn requests(&self) -> Vec<Asked> {
        locked(&self.desk.kept).clone()
    }

    pub fn last(&self) -> Asked {
        self.requests().pop().expect("a request came")
    }

    /// How often people got something under this key.
    pub fn sends_of(&self, key: &str) -> usize {
        locked(&self.desk.sends).get(key).map_or(0, |(_, sends)| *sends)
    }

    /// All keys under which something was sent, and how often.
    pub fn sends(&self) -> HashMap<String, usize> {
        locked(&self.desk.sends).iter().map(|(key, (_, sends))| (key.clone(), *sends)).collect()
    }

    pub fn connections(&self) -> usize {
        self.desk.connections.load(Ordering::SeqCst)
    }

    pub fn requests_count(&self) -> usize {
        *self.desk.requests.borrow()
    }

    /// Until so many requests have come in all.
    pub async fn wait_for_requests(&self, count: usize) {
        let mut requests = self.desk.requests.subscribe();
        let come = tokio::time::timeout(PATIENCE, requests.wait_for(|come| *come >= count)).await;
        assert!(come.is_ok(), "{count} requests did not come in {PATIENCE:?}");
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    let mut open = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                desk.connections.fetch_add(1, Ordering::SeqCst);
                open.spawn(serve(stream, Arc::clone(&desk)));
            }
            Some(_) = open.join_next() => {}
        }
    }
}

/// One connection, until it ends or is ended.
async fn serve(stream: TcpStream, desk: Arc<Desk>) {
    drop(stream.set_nodelay(true));
    let reset = Arc::new(AtomicBool::new(false));
    let service = service_fn(|request: Request<Incoming>| {
        let (desk, reset) = (Arc::clone(&desk), Arc::clone(&reset));
        Box::pin(async move { answer(&desk, request, &reset).await })
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ended = std::future::poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let stream = connection.into_parts().io.into_inner();
    if ended.is_err() && reset.load(Ordering::SeqCst) {
        // Nothing lingers: whoever reads finds the connection reset.
        drop(stream.set_zero_linger());
    }
}

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// An error ends the connection.
async fn answer(desk: &Desk, request: Request<Incoming>, reset: &AtomicBool) -> Result<Response<Body>, io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let asked = Asked { method: head.method, path: head.uri.path().to_owned(), headers: head.headers, body };
    desk.note(&asked);
    let told = desk.next();
    match told {
        Told::Succeed => Ok(whole(desk.take(&asked))),
        Told::Say { status, text } => Ok(whole(desk.dialect.failure(status, &text))),
        Told::Answer(reply) => Ok(whole(reply)),
        Told::Hang => std::future::pending().await,
        Told::TakeThenHang => {
            desk.take(&asked);
            std::future::pending().await
        }
        Told::Reset => {
            reset.store(true, Ordering::SeqCst);
            Err(io::ErrorKind::ConnectionReset.into())
        }
        Told::TakeThenDrop => {
            desk.take(&asked);
            Err(io::ErrorKind::ConnectionAborted.into())
        }
        Told::CutOff => {
            let reply = desk.take(&asked);
            let half = Bytes::from(reply.body.clone().into_bytes()).slice(..reply.body.len() / 2);
            // What is there is written while the rest is waited for.
            let broken = stream::iter([Ok(Frame::data(half))]).chain(stream::once(async {
                tokio::task::yield_now().await;
                Err(io::ErrorKind::BrokenPipe.into())
            }));
            Ok(streamed(&reply, StreamBody::new(broken).boxed_unsync()))
        }
        Told::Endless => {
            let reply = desk.take(&asked);
            let endless = stream::repeat(Bytes::from_static(&[b' '; 4_096])).map(|chunk| Ok(Frame::data(chunk)));
            Ok(streamed(&reply, StreamBody::new(endless).boxed_unsync()))
        }
    }
}

impl Desk {
    fn note(&self, asked: &Asked) {
        let mut kept = locked(&self.kept);
        if kept.len() < KEPT_MAX {
            kept.push(asked.clone());
        }
        self.requests.send_modify(|count| *count += 1);
    }

    fn next(&self) -> Told {
        let told = locked(&self.told).pop_front();
        told.unwrap_or_else(|| locked(&self.always).clone())
    }

    fn take(&self, asked: &Asked) -> Reply {
        if !self.dialect.is_at(&asked.path) {
            return Reply::html(200, "<!DOCTYPE html><html><title>Not here</title></html>");
        }
        if let Some(complaint) = self.dialect.complaint(asked) {
            return complaint;
        }
        let mut sends = locked(&self.sends);
        let next = format!("id-{}", sends.len());
        let (id, count) = sends.entry(self.dialect.key(asked)).or_insert((next, 0));
        if *count == 0 || !self.dialect.recognises_repeats() {
            *count += 1;
        }
        self.dialect.success(asked, id)
    }
}

fn whole(reply: Reply) -> Response<Body> {
    let body = Full::new(Bytes::from(reply.body.clone().into_bytes())).map_err(|never| match never {});
    streamed(&reply, body.boxed_unsync())
}

fn streamed(reply: &Reply, body: Body) -> Response<Body> {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    response.body(body).expect("a status and headers that can be sent")
}
