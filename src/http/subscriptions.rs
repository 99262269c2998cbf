//! What somebody is subscribed to: their own, and nobody else's.

use aggregates::ids::TargetId;
use aggregates::subscription::{ChannelWishes, Topic, TopicKind};
use axum::extract::State;
use event_log::Position;
use garde::Validate;
use projections::UnitName;
use projections::feed::TopicFilter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cursor::TopicCursor;
use super::extract::{Actor, After, ValidJson, ValidQuery};
use super::validity::optional;
use super::{Answer, AppState, Problem};
use crate::commands::{Caller, Chosen, Taken};
use crate::wire::Subscription;
use crate::wire::names::CursorText;

const SUBSCRIPTIONS_DEFAULT: usize = 50;

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct SubscriptionsQuery {
    /// Those alone; of every kind without it.
    subscription_type: Option<TopicKind>,
    /// `subscriptionType`, as older clients call it.
    // No alias of serde's: what is wrong with it is said of the name it came under.
    #[schemars(extend("deprecated" = true))]
    target_type: Option<TopicKind>,
    /// To that alone.
    target_id: Option<TargetId>,
    #[garde(range(min = 1, max = 100))]
    limit: Option<usize>,
    #[serde(default, deserialize_with = "optional")]
    #[schemars(with = "Option<CursorText>")]
    cursor: Option<TopicCursor>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionsAnswer {
    subscriptions: Vec<Subscription>,
    #[schemars(with = "Option<CursorText>")]
    next_cursor: Option<String>,
}

/// `GET /api/notifications/subscribe`
pub async fn own(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidQuery(query): ValidQuery<SubscriptionsQuery>,
) -> Result<Answer<SubscriptionsAnswer>, Problem> {
    after.wait_for(&app, UnitName::Feed).await?;
    let filter = TopicFilter { kind: kind(query.subscription_type, query.target_type)?, target_id: query.target_id };
    let behind = query.cursor.map(|TopicCursor(topic)| topic);
    let limit = query.limit.unwrap_or(SUBSCRIPTIONS_DEFAULT);
    let page = app.queries().subscriptions(actor.id(), &filter, behind.as_ref(), limit).await?;
    let next_cursor = page.next.map(|next| TopicCursor(next).to_string());
    Ok(Answer::shown(SubscriptionsAnswer { subscriptions: page.subscriptions, next_cursor }))
}

/// By which channels; what is absent stays as it is, or is as for whoever chose nothing: all but WhatsApp.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ChannelsBody {
    enable_email: Option<bool>,
    enable_whats_app: Option<bool>,
    enable_push: Option<bool>,
    enable_in_app: Option<bool>,
}

impl ChannelsBody {
    const fn wishes(self) -> ChannelWishes {
        ChannelWishes {
            in_app: self.enable_in_app,
            push: self.enable_push,
            email: self.enable_email,
            whatsapp: self.enable_whats_app,
        }
    }
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct SubscribeBody {
    subscription_type: Option<TopicKind>,
    /// `subscriptionType`, as older clients call it.
    // No alias of serde's: what is wrong with it is said of the name it came under.
    #[schemars(extend("deprecated" = true))]
    target_type: Option<TopicKind>,
    target_id: TargetId,
    preferences: Option<ChannelsBody>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct SubscribeAnswer {
    message: &'static str,
    /// As it is now; null when it has ended since this was first asked for.
    subscription: Option<Subscription>,
}

/// `POST /api/notifications/subscribe`
pub async fn subscribe(
    State(app): State<AppState>,
    caller: Caller,
    ValidJson(body): ValidJson<SubscribeBody>,
) -> Result<Answer<SubscribeAnswer>, Problem> {
    let topic = topic(body.subscription_type, body.target_type, body.target_id)?;
    let wishes = body.preferences.unwrap_or_default().wishes();
    let (topic, Chosen { now, position }) = app.commands.subscribe(&caller, &topic, wishes).await?;
    let taken = match now {
        Some(taken) => Some(taken),
        None => as_decided(&app, &caller, &topic, position).await?,
    };
    let subscription = taken.map(|(channels, auto)| Subscription::of(topic, channels, auto));
    Ok(Answer::decided(position, SubscribeAnswer { message: "Subscribed successfully", subscription }))
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct UnsubscribeQuery {
    subscription_type: Option<TopicKind>,
    /// `subscriptionType`, as older clients call it.
    // No alias of serde's: what is wrong with it is said of the name it came under.
    #[schemars(extend("deprecated" = true))]
    target_type: Option<TopicKind>,
    target_id: TargetId,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct UnsubscribeAnswer {
    message: &'static str,
}

/// `DELETE /api/notifications/subscribe`
pub async fn unsubscribe(
    State(app): State<AppState>,
    caller: Caller,
    ValidQuery(query): ValidQuery<UnsubscribeQuery>,
) -> Result<Answer<UnsubscribeAnswer>, Problem> {
    let topic = topic(query.subscription_type, query.target_type, query.target_id)?;
    let position = app.commands.unsubscribe(&caller, &topic).await?;
    Ok(Answer::decided(position, UnsubscribeAnswer { message: "Unsubscribed successfully" }))
}

fn topic(named: Option<TopicKind>, older: Option<TopicKind>, target_id: TargetId) -> Result<Topic, Problem> {
    let kind = kind(named, older)?.ok_or_else(|| Problem::invalid("subscriptionType", "missing"))?;
    Ok(Topic { kind, target_id })
}

/// By either name.
fn kind(named: Option<TopicKind>, older: Option<TopicKind>) -> Result<Option<TopicKind>, Problem> {
    match (named, older) {
        (Some(_), Some(_)) => Err(Problem::invalid("targetType", "not together with subscriptionType")),
        (kind, None) | (None, kind) => Ok(kind),
    }
}

/// As the view has it once it is there; where it is late or cannot be asked, as the log says.
async fn as_decided(
    app: &AppState,
    caller: &Caller,
    topic: &Topic,
    position: Position,
) -> Result<Option<Taken>, Problem> {
    let user = &caller.user_id;
    if let Err(lagging) = app.views.wait_for(UnitName::Feed, position, app.config.server.view_wait()).await {
        tracing::warn!(%lagging, "a subscription is shown from the log");
        return Ok(app.commands.subscription_now(user, topic).await?);
    }
    let filter = TopicFilter { kind: Some(topic.kind), target_id: Some(topic.target_id.clone()) };
    match app.views.feed().subscriptions(user, &filter, None, 1).await {
        Ok(mut found) => Ok(found.pop().map(|row| (row.channels, row.auto))),
        Err(error) => {
            tracing::warn!(%error, "a subscription is shown without its view");
            Ok(app.commands.subscription_now(user, topic).await?)
        }
    }
}
