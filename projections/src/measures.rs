//! What the read models measure: every name once, see `event_log::measures`.

use event_log::measures::{Measure, count, gauge, spread};
use metrics::{Counter, Histogram, counter, histogram};

use crate::views::UnitName;

pub const VIEW_APPLY: &str = "kabar_view_apply_seconds";
pub const VIEW_EVENTS: &str = "kabar_view_events_total";
pub const VIEW_RETRIES: &str = "kabar_view_retries_total";
pub const VIEW_CONNECTIONS: &str = "kabar_view_connections_in_use";

/// All of them.
pub const MEASURES: &[Measure] = &[
    spread(VIEW_APPLY, "one transaction of a unit: rows and checkpoint"),
    count(VIEW_EVENTS, "events a unit has taken"),
    count(VIEW_RETRIES, "times a unit could not be moved and tried again"),
    gauge(VIEW_CONNECTIONS, "connections of a unit in use"),
];

/// The handles of one unit's projector.
pub(crate) struct UnitMeasures {
    pub apply: Histogram,
    pub events: Counter,
    pub retries: Counter,
}

impl UnitMeasures {
    pub(crate) fn new(unit: UnitName) -> Self {
        Self {
            apply: histogram!(VIEW_APPLY, "unit" => unit.name()),
            events: counter!(VIEW_EVENTS, "unit" => unit.name()),
            retries: counter!(VIEW_RETRIES, "unit" => unit.name()),
        }
    }
}
