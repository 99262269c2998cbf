//! What the deliverer measures of itself.

use aggregates::policy::channels::Channel;
use aggregates::policy::retrying::OutcomeKind;
use metrics::counter;

use crate::measures;

#[derive(Debug, Clone, Copy)]
pub(super) struct DeliveryMeasures(());

impl DeliveryMeasures {
    pub const fn new() -> Self {
        Self(())
    }

    /// One attempt more has come to its end.
    pub fn ended(self, channel: Channel, provider: &'static str, outcome: OutcomeKind) {
        let labels = [("channel", channel.name()), ("provider", provider), ("outcome", outcome.name())];
        counter!(measures::DELIVERY_ATTEMPTS, &labels).increment(1);
    }
}
