//! One channel, many sockets: the application's server triggers events as fast as all of them hear them.
//!
//! How many come at the same time decides the cost, for a socket writes in one go what is there: so each is measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use md5::{Digest, Md5};
use serde_json::json;

use super::Server;
use super::client::{Look, contains, signer};
use super::floor;
use super::support::person::client;
use super::support::running::APP_KEY;

/// How the events come.
pub struct Pace {
    pub name: &'static str,
    /// Events in a request; Pusher's limit is ten.
    batch: u64,
    /// Requests before it is waited until everybody has heard all of it: well below what a socket may be behind.
    requests: u64,
}

impl Pace {
    /// Events in a request.
    pub fn batch(&self) -> usize {
        usize::try_from(self.batch).expect("a few")
    }

    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Events before it is waited.
    pub fn events(&self) -> u64 {
        self.batch * self.requests
    }
}

pub const PACES: [Pace; 3] = [
    Pace { name: "40 events under way, ten in a request", batch: 10, requests: 4 },
    Pace { name: "40 events under way, one in a request", batch: 1, requests: 40 },
    Pace { name: "one event under way", batch: 1, requests: 1 },
];

/// An ordinary message.
pub const DATA: &str = r#"{"text":"Baik, saya sudah menerima materinya. Besok pagi kita lanjutkan pembahasan bab tiga ya, terima kasih!"}"#;
/// Heard by all within this, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn measure(sockets: usize, pace: &'static Pace, length: Duration) {
    let floor = floor::measure(sockets, pace, length).await;
    let server = Server::start().await;
    let heard = Arc::new(AtomicU64::new(0));
    let look: Look = {
        let heard = Arc::clone(&heard);
        Arc::new(move |frame: &[u8]| {
            if contains(frame, b"\"event\":\"told\"") {
                heard.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    let listening = server.sockets(vec![(None, vec!["bench".to_owned()]); sockets], &look).await;
    let app = Trigger::new(&server, pace);
    let all = sockets as u64;
    app.tell(&heard, all).await; // Warms both sides.

    let (before, cpu) = (heard.load(Ordering::Relaxed), server.cpu());
    let began = Instant::now();
    while began.elapsed() < length {
        app.tell(&heard, all).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    let deliveries = (heard.load(Ordering::Relaxed) - before) as f64;
    let cost = (server.cpu() - cpu) / deliveries;
    println!(
        "| {sockets} sockets, {} | {:.0} | {cost:.2} | {floor:.2} | {:.2} |",
        pace.name,
        deliveries / seconds,
        cost / floor
    );
    assert_eq!(listening.len(), sockets, "none was cut");
    drop(listening);
    assert!(server.running.stop().await.success());
}

/// The application's server, speaking Pusher's HTTP API.
struct Trigger<'a> {
    pace: &'a Pace,
    http: reqwest::Client,
    base: String,
    body: String,
}

impl<'a> Trigger<'a> {
    fn new(server: &Server, pace: &'a Pace) -> Self {
        let event = json!({ "name": "told", "channel": "bench", "data": DATA });
        let body = json!({ "batch": vec![event; pace.batch as usize] }).to_string();
        Self { pace, http: client(PATIENCE), base: format!("http://{}", server.running.address), body }
    }

    /// Triggers some events and waits until everybody has heard them.
    async fn tell(&self, heard: &AtomicU64, sockets: u64) {
        let before = heard.load(Ordering::Relaxed);
        for _ in 0..self.pace.requests {
            self.batch().await;
        }
        let wanted = before + self.pace.events() * sockets;
        let deadline = Instant::now() + PATIENCE;
        while heard.load(Ordering::Relaxed) < wanted {
            assert!(Instant::now() < deadline, "{} of {wanted} were heard", heard.load(Ordering::Relaxed));
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
    }

    async fn batch(&self) {
        let path = "/apps/1/batch_events";
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
        let md5 = hex::encode(Md5::digest(self.body.as_bytes()));
        let query = format!("auth_key={APP_KEY}&auth_timestamp={now}&auth_version=1.0&body_md5={md5}");
        let signature = signer().sign(format!("POST\n{path}\n{query}").as_bytes());
        let url = format!("{}{path}?{query}&auth_signature={signature}", self.base);
        let request = self.http.post(url).header("content-type", "application/json").body(self.body.clone());
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
    }
}
