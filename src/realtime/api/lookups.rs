//! `GET /apps/{id}/channels..`: which channels are occupied, by how many and whom. As far as this node knows.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Map, Value, json};

use super::Api;
use super::signed::Signed;
use crate::http::Problem;
use crate::realtime::hub::Hub;
use crate::realtime::protocol::channel_name::{is_addressable, is_cache, is_presence};

/// What is asked about channels, separated by commas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Info {
    pub user_count: bool,
    pub subscription_count: bool,
    pub cache: bool,
}

impl Info {
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut info = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part {
                "user_count" => info.user_count = true,
                "subscription_count" => info.subscription_count = true,
                "cache" => info.cache = true,
                other => return Err(format!("{other:?}: user_count, subscription_count and cache can be asked for")),
            }
        }
        Ok(info)
    }

    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// What there is to say of a channel. Only presence channels have users, only cache channels a last event.
    pub fn of(self, hub: &Hub, channel: &str) -> Value {
        let mut shown = Map::new();
        let (subscriptions, users) = hub.occupation(channel);
        if self.user_count && is_presence(channel) {
            shown.insert("user_count".to_owned(), json!(users));
        }
        if self.subscription_count {
            shown.insert("subscription_count".to_owned(), json!(subscriptions));
        }
        if let Some((data, left)) = hub.kept(channel).filter(|_| self.cache) {
            shown.insert("cache".to_owned(), json!({ "data": data, "ttl": left.as_secs() }));
        }
        Value::Object(shown)
    }
}

pub(super) async fn channels(State(api): State<Api>, signed: Signed) -> Result<Json<Value>, Problem> {
    let prefix = signed.query.get("filter_by_prefix").map_or("", String::as_str);
    let info = asked(&signed)?;
    if info.user_count && !is_presence(prefix) {
        return Err(Problem::malformed("info", "user_count needs filter_by_prefix=presence-, or a longer one"));
    }
    let hub = &api.realtime.0.hub;
    let names = hub.occupied(prefix);
    let shown: Map<String, Value> = names.iter().map(|name| (name.to_string(), info.of(hub, name))).collect();
    Ok(Json(json!({ "channels": shown })))
}

pub(super) async fn channel(
    State(api): State<Api>,
    Path((_, name)): Path<(String, String)>,
    signed: Signed,
) -> Result<Json<Value>, Problem> {
    let info = asked(&signed)?;
    if !is_addressable(&name) {
        return Err(Problem::malformed("channel", "this is no name of a channel"));
    }
    if info.user_count && !is_presence(&name) {
        return Err(Problem::malformed("info", "only presence channels have a user_count"));
    }
    if info.cache && !is_cache(&name) {
        return Err(Problem::malformed("info", "only cache channels have a cache"));
    }
    let hub = &api.realtime.0.hub;
    let mut shown = info.of(hub, &name);
    shown["occupied"] = json!(hub.occupation(&name).0 > 0);
    Ok(Json(shown))
}

pub(super) async fn users(
    State(api): State<Api>,
    Path((_, name)): Path<(String, String)>,
    _: Signed,
) -> Result<Json<Value>, Problem> {
    if !is_presence(&name) || !is_addressable(&name) {
        return Err(Problem::malformed("channel", "only presence channels have users"));
    }
    let users = api.realtime.0.hub.users_on(&name);
    Ok(Json(json!({ "users": users.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>() })))
}

fn asked(signed: &Signed) -> Result<Info, Problem> {
    let text = signed.query.get("info").map_or("", String::as_str);
    Info::parse(text).map_err(|reason| Problem::malformed("info", reason))
}
