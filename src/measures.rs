//! Everything this program measures, put together from the crates that measure it, and how it is kept.
//!
//! `docs/observability.md` says of each what is normal and what to do when it is not; a test holds the page against
//! [`all`]. Separate from those who measure, so that there is one list. Never in here: a measurement.

use event_log::measures::{Kind, Measure, count, gauge, spread};
use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};

use crate::{http, realtime};

pub const READY: &str = "kabar_ready";
pub const POSITION: &str = "kabar_position";
pub const BEHIND_EVENTS: &str = "kabar_behind_events";
pub const BEHIND_SECONDS: &str = "kabar_behind_seconds";
pub const REACTOR_WISHES: &str = "kabar_reactor_wishes_total";
pub const DELIVERY_ATTEMPTS: &str = "kabar_delivery_attempts_total";
pub const REACTOR_SECONDS: &str = "kabar_reactor_react_seconds";

pub const CACHE_ENTRIES: &str = "kabar_cache_entries";
pub const CACHE_ENTRIES_MAX: &str = "kabar_cache_entries_max";
pub const CACHE_BYTES: &str = "kabar_cache_bytes";
pub const MEMORY: &str = "kabar_memory_resident_bytes";

const OWN: &[Measure] = &[
    spread(http::layers::observe::REQUEST_SECONDS, "requests, by route, method and status"),
    gauge(READY, "1 where a part is as it should be, as /readyz says"),
    gauge(POSITION, "how far a part has come in the log"),
    gauge(BEHIND_EVENTS, "events of the log that a part has not seen"),
    gauge(BEHIND_SECONDS, "for how long the first event that a part has not seen has been waiting"),
    count(REACTOR_WISHES, "wishes of the reactor, by outcome"),
    count(DELIVERY_ATTEMPTS, "attempts to send, by channel, provider and outcome"),
    gauge(CACHE_ENTRIES, "what a cache holds, by cache"),
    gauge(CACHE_ENTRIES_MAX, "what it may hold"),
    gauge(CACHE_BYTES, "about what that takes, of those that count it"),
    gauge(MEMORY, "memory of this process that is in use, where the system says so"),
    spread(REACTOR_SECONDS, "from the moment the log recorded an event until what follows from it was durable"),
];

/// From ten microseconds, what deciding a small batch takes, to the end of a request's time.
const SECONDS: [f64; 19] = [
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
    0.5, 1.0, 2.5, 5.0, 10.0,
];
/// A batch has 1 to some hundred commands.
const COMMANDS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0];

/// Every measurement there is.
pub fn all() -> Vec<Measure> {
    [event_log::measures::MEASURES, projections::measures::MEASURES, realtime::measures::MEASURES, OWN].concat()
}

/// A recorder's plan: buckets by unit.
pub fn recorder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_commands".to_owned()), &COMMANDS)
}

/// Says to the installed recorder what each of them is.
pub fn describe() {
    event_log::measures::begin();
    for Measure { name, kind, says } in all() {
        match kind {
            Kind::Counter => describe_counter!(name, says),
            Kind::Gauge => describe_gauge!(name, says),
            Kind::Histogram => describe_histogram!(name, says),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Words of the page that are names of ours.
    fn named(page: &str) -> BTreeSet<&str> {
        page.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .filter(|word| word.starts_with("kabar_"))
            .collect()
    }

    #[test]
    fn the_page_says_something_of_everything_that_is_measured_and_of_nothing_else() {
        let page = include_str!("../docs/observability.md");
        let measures: BTreeSet<&str> = all().iter().map(|measure| measure.name).collect();
        assert_eq!(named(page), measures);
    }

    #[test]
    fn no_name_is_given_twice() {
        let names: BTreeSet<&str> = all().iter().map(|measure| measure.name).collect();
        assert_eq!(names.len(), all().len());
    }

    #[test]
    fn every_histogram_has_buckets_of_its_unit() {
        for Measure { name, kind, .. } in all() {
            let unit = ["_seconds", "_commands"].iter().any(|unit| name.ends_with(unit));
            assert!(kind != Kind::Histogram || unit, "{name}");
        }
    }
}
