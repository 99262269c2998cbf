//! Realtime: the Pusher protocol, served by Kabar itself, from the tail of the log.

pub mod channel_name;
pub mod config;
pub mod protocol;
pub mod signature;
pub mod socket_id;

pub use config::{AppCredentials, RealtimeConfig};
#[derive(Clone)]
pub struct Realtime {}
pub struct RealtimeHealth {
    pub position: Option<event_log::Position>,
    pub connections: usize,
    pub failure: Option<String>,
}
impl Realtime {
    pub fn new(
        _: RealtimeConfig,
        _: event_log::SharedLog,
        _: projections::Views,
        _: crate::directory::Directory,
    ) -> Self {
        Self {}
    }
    pub async fn run(&self, s: tokio_util::sync::CancellationToken) -> Result<(), event_log::EventLogError> {
        s.cancelled().await;
        Ok(())
    }
    pub fn health(&self) -> RealtimeHealth {
        RealtimeHealth { position: None, connections: 0, failure: None }
    }
}
