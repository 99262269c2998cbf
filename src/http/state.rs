//! What every handler can reach. A small `Clone` of handles, made once in `app`; nothing in here is ever replaced.

use std::sync::Arc;

use event_log::LogId;
use projections::Views;

use crate::auth::Authenticator;
use crate::clock::SharedClock;
use crate::commands::Commands;
use crate::config::Config;
use crate::directory::Directory;
use crate::realtime::Realtime;

#[derive(Clone)]
pub struct AppState {
    pub config: Arc<Config>,
    pub clock: SharedClock,
    /// The only way to change anything.
    pub commands: Commands,
    pub views: Views,
    /// Positions of another log mean nothing here.
    pub log_id: LogId,
    pub realtime: Realtime,
    pub directory: Directory,
    pub auth: Arc<Authenticator>,
}
