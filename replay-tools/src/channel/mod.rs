//! `replay tail --url`: the frames of one channel of a running server, as somebody who may see them.
//!
//! A client like any other, over the Pusher protocol: it sees exactly what that person's browser would. Separate from
//! the tail of the log, which sees everything. Never in here: a way around the server's authorisation.

mod authorisation;
mod closing;
mod frame;
mod session;

use std::time::Duration;

use anyhow::Context;
use closing::Next;
use session::{Ended, Session};

use crate::arguments::{Server, Shared};
use crate::outcome::{Failure, Verdict};

/// For connecting, the handshake and one authorisation each.
const STEP_PATIENCE: Duration = Duration::from_secs(10);
/// Between two tries when the server cannot be reached any more.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Follows until interrupted or refused. Ends with exit 3 only when the server was never reached: once connected, it
/// comes back by itself, by the close codes' rules.
pub async fn run(shared: &Shared, server: Server) -> Result<Verdict, Failure> {
    // Another part of the program may have chosen one already; which one does not matter here.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let http = reqwest::Client::builder().timeout(STEP_PATIENCE).build().context("no HTTP client can be made")?;
    let mut connected_before = false;
    loop {
        let session = Session { server: &server, http: &http, json: shared.json };
        let ended = session.run().await?;
        let (reason, next) = match ended {
            Ended::Refused(reason) => return Err(Failure::Refused(format!("{}: {reason}", server.channel))),
            Ended::NotReached(error) if !connected_before => {
                return Err(Failure::Unreachable(error.context(format!("{} cannot be reached", server.url))));
            }
            Ended::NotReached(error) => (event_log::Chain(&*error).to_string(), Next::Wait(RETRY_INTERVAL)),
            Ended::Lost { reason, next } => {
                connected_before = true;
                (reason, next)
            }
        };
        match next {
            Next::Refused => return Err(Failure::Refused(format!("the server closed the connection: {reason}"))),
            Next::Wait(pause) => {
                eprintln!("replay: {reason}; connecting again (frames sent meanwhile are not shown)");
                tokio::time::sleep(pause).await;
            }
        }
    }
}
