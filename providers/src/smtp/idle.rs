//! Connections between two e-mails.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lettre::transport::smtp::client::AsyncSmtpConnection;

use super::conversation::is_alive;

/// Connections that are kept; how many are open at once is for who calls to limit.
const KEPT_MAX: usize = 32;
/// Servers wait for minutes (RFC 5321 §4.5.3.2.7), those in a hurry for some ten seconds.
const KEPT_FOR: Duration = Duration::from_secs(10);

#[derive(Default)]
pub struct Idle {
    kept: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl Idle {
    /// The one that was used last and still answers.
    pub async fn take(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let mut connection = self.next()?;
            if is_alive(&mut connection).await {
                return Some(connection);
            }
        }
    }

    fn next(&self) -> Option<AsyncSmtpConnection> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(_, since)| since.elapsed() < KEPT_FOR);
        kept.pop().map(|(connection, _)| connection)
    }

    pub fn keep(&self, connection: AsyncSmtpConnection) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.push((connection, Instant::now()));
        }
    }
}
