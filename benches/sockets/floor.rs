//! The least that a delivery can cost: the bare kernel, the same bytes to as many sockets, nothing around it.
//!
//! A thread of this process writes to each socket in turn, as often as the application sends requests; the same clients read.
//! What it uses is counted for that thread alone. A server that joins several requests in one write may be below it.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::client::{Look, Socket};
use super::cpu;
use super::fanout::{DATA, Pace};

/// Microseconds of processor time for each delivery.
pub async fn measure(sockets: usize, pace: &'static Pace, length: Duration) -> f64 {
    let heard = Arc::new(AtomicU64::new(0));
    let look: Look = {
        let heard = Arc::clone(&heard);
        Arc::new(move |_: &[u8]| {
            heard.fetch_add(1, Ordering::Relaxed);
        })
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let accepting = std::thread::spawn(move || (0..sockets).map(|_| accept(&listener)).collect::<Vec<_>>());
    let mut listening = JoinSet::new();
    for _ in 0..sockets {
        listening.spawn(Socket::plain(address).await.listen(Arc::clone(&look)));
    }
    let writing = tokio::task::spawn_blocking(move || {
        let streams = accepting.join().expect("all come");
        let (began, before) = (Instant::now(), cpu::of_this_thread());
        let mut told = 0;
        while began.elapsed() < length {
            tell(&streams, pace);
            told += pace.events() * sockets as u64;
            while heard.load(Ordering::Relaxed) < told {
                std::thread::sleep(Duration::from_micros(500));
            }
        }
        (cpu::of_this_thread() - before) / told as f64
    });
    writing.await.expect("no panic")
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().expect("a client");
    stream.set_nodelay(true).expect("a TCP socket");
    stream
}

fn tell(streams: &[TcpStream], pace: &Pace) {
    let text = serde_json::json!({ "event": "told", "channel": "bench", "data": DATA }).to_string();
    let length = u16::try_from(text.len()).expect("a short frame").to_be_bytes();
    let frame = [&[0x81, 126][..], &length, text.as_bytes()].concat();
    let frames = frame.repeat(pace.batch());
    for _ in 0..pace.requests() {
        for mut stream in streams {
            stream.write_all(&frames).expect("it reads");
        }
    }
}
