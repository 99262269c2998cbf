//! What every handler can reach. A small `Clone` of handles, made once in `app`; nothing in here is ever replaced.

use std::sync::Arc;

use event_log::{Door, LogId, SharedLog};
use metrics_exporter_prometheus::PrometheusHandle;
use projections::Views;
use tokio::sync::watch;

use super::layers::gate::Gate;
use super::operations::Health;
use crate::clock::SharedClock;
use crate::commands::Commands;
use crate::config::Config;
use crate::directory::Directory;
use crate::reactor::ReactorHealth;
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
    /// Who may pass. Handlers get what it found as `Actor`.
    pub gate: Arc<Gate>,
    /// For /readyz only, as the next three: handlers ask views and send commands.
    pub log: SharedLog,
    pub door: Door,
    pub reactor: watch::Receiver<ReactorHealth>,
    pub health: Arc<Health>,
    /// `None` where nobody measures, as in most tests.
    pub metrics: Option<PrometheusHandle>,
}
