//! What the deliverer measures of itself.

use aggregates::policy::channels::Channel;
use aggregates::policy::retrying::OutcomeKind;
use metrics::counter;
use providers::Outside;

use super::outside_channel;
use crate::measures;

#[derive(Debug, Clone, Copy)]
pub(super) struct DeliveryMeasures(());

/// In the place of a provider's name, where a channel has none.
const NONE: &str = "none";

impl DeliveryMeasures {
    /// From nothing on: whoever looks sees each channel, and by whom it would go.
    pub fn new(outside: &Outside) -> Self {
        let measures = Self(());
        for channel in Channel::ALL {
            let Some(leads) = outside_channel(channel) else { continue };
            let providers = outside.of(leads);
            for provider in providers {
                measures.count(channel, provider.name(), OutcomeKind::Accepted, 0);
            }
            if providers.is_empty() {
                measures.count(channel, NONE, OutcomeKind::Accepted, 0);
            }
        }
        measures
    }

    /// One attempt more has come to its end.
    pub fn ended(self, channel: Channel, provider: &'static str, outcome: OutcomeKind) {
        self.count(channel, provider, outcome, 1);
    }

    fn count(self, channel: Channel, provider: &'static str, outcome: OutcomeKind, more: u64) {
        let labels = [("channel", channel.name()), ("provider", provider), ("outcome", outcome.name())];
        counter!(measures::DELIVERY_ATTEMPTS, &labels).increment(more);
    }
}
