//! What every handler can reach. Made once in `app`; nothing in here is ever replaced.

use std::ops::Deref;
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
use crate::delivery::DeliveryHealth;
use crate::directory::Directory;
use crate::reactor::ReactorHealth;
use crate::realtime::Realtime;
use crate::uploads::Uploads;

/// Cloned for every layer and handler that a request passes: one count, not one for each handle.
#[derive(Clone)]
pub struct AppState(Arc<Handles>);

impl AppState {
    pub fn new(handles: Handles) -> Self {
        Self(Arc::new(handles))
    }
}

impl Deref for AppState {
    type Target = Handles;

    fn deref(&self) -> &Handles {
        &self.0
    }
}

pub struct Handles {
    pub config: Arc<Config>,
    pub clock: SharedClock,
    /// The only way to change anything.
    pub commands: Commands,
    pub views: Views,
    /// Positions of another log mean nothing here.
    pub log_id: LogId,
    pub realtime: Realtime,
    pub directory: Directory,
    pub uploads: Uploads,
    /// Who may pass. Handlers get what it found as `Actor`.
    pub gate: Arc<Gate>,
    /// For /readyz only, as the next three: handlers ask views and send commands.
    pub log: SharedLog,
    pub door: Door,
    pub reactor: watch::Receiver<ReactorHealth>,
    pub delivery: watch::Receiver<DeliveryHealth>,
    pub health: Arc<Health>,
    /// `None` where nobody measures, as in most tests.
    pub metrics: Option<PrometheusHandle>,
}
