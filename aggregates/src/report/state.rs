//! What a report must remember.

use serde::{Deserialize, Serialize};

use super::events::{ReportEvent, Resolution};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Report {
    pub(super) standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) enum Standing {
    #[default]
    Unfiled,
    Open,
    Resolved(Resolution),
}

impl Report {
    pub fn evolve(&mut self, event: &ReportEvent) {
        self.standing = match event {
            ReportEvent::ReportFiled(_) => Standing::Open,
            ReportEvent::ReportResolved(event) => Standing::Resolved(event.resolution),
        };
    }
}
