//! What somebody is subscribed to, as the front end reads it.

use aggregates::ids::TargetId;
use aggregates::policy::channels::{Channel, Channels};
use aggregates::subscription::{Topic, TopicKind};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    pub subscription_type: TopicKind,
    pub target_id: TargetId,
    pub enable_email: bool,
    pub enable_whats_app: bool,
    pub enable_push: bool,
    pub enable_in_app: bool,
    /// It came with joining something; nobody asked for it.
    pub is_auto_subscribed: bool,
}

impl Subscription {
    pub fn of(topic: Topic, channels: Channels, is_auto_subscribed: bool) -> Self {
        Self {
            subscription_type: topic.kind,
            target_id: topic.target_id,
            enable_email: channels.has(Channel::Email),
            enable_whats_app: channels.has(Channel::WhatsApp),
            enable_push: channels.has(Channel::Push),
            enable_in_app: channels.has(Channel::InApp),
            is_auto_subscribed,
        }
    }
}
