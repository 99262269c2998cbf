//! Who people are: what the platform says of them, and what they may know of each other.

use std::borrow::Cow;

use aggregates::Sealed;
use aggregates::ids::UserId;
use aggregates::user::{Change, DEVICES_MAX, ProfileChanges, UserRole};
use axum::extract::State;
use garde::Validate;
use projections::UnitName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cursor::{PageQuery, PositionCursor};
use super::extract::{Actor, After, ValidJson, ValidLongJson, ValidPath, ValidQuery};
use super::relations::{look_for, no_such_user};
use super::validity::{Locale, a_time_zone, https_url, own_name, said, text};
use super::{Answer, AppState, Problem};
use crate::commands::Program;
use crate::directory::person_of;
use crate::wire::names::CursorText;
use crate::wire::{BlockedUser, DirectoryEntry, OwnProfile, UserProfile};

/// People in one request.
const PEOPLE_MAX: usize = 500;
/// Bytes of such a request.
pub const BULK_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Characters of a name, an address or a number.
const PART_CHARS_MAX: usize = 200;
const DEVICE_CHARS_MAX: usize = 200;
const KEY_CHARS_MAX: usize = 200;

/// Words of our own paths: of somebody called so `GET /api/users/{userId}` would show something else.
pub const NO_IDS: [&str; 3] = ["me", "blocked", "bulk"];

fn callable(id: &UserId, field: impl Into<Cow<'static, str>>) -> Result<(), Problem> {
    if NO_IDS.contains(&id.as_str()) { Err(nobody(field)) } else { Ok(()) }
}

fn nobody(field: impl Into<Cow<'static, str>>) -> Problem {
    Problem::invalid(field, format!("a word of the paths here, and nobody's id: {}", NO_IDS.join(", ")))
}

/// A field that is absent stays as it is, one that is null is cleared.
#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct ProfileBody {
    /// Of one of many; of one alone it stands in the path.
    id: Option<UserId>,
    #[serde(default, deserialize_with = "said")]
    #[garde(custom(own_name(PART_CHARS_MAX)))]
    #[schemars(length(max = PART_CHARS_MAX))]
    name: Option<Option<String>>,
    #[serde(default, deserialize_with = "said")]
    #[garde(custom(own_name(PART_CHARS_MAX)))]
    #[schemars(length(max = PART_CHARS_MAX))]
    username: Option<Option<String>>,
    #[serde(default, deserialize_with = "said")]
    #[garde(custom(a_picture))]
    avatar: Option<Option<String>>,
    #[serde(default, deserialize_with = "said")]
    #[garde(custom(text(PART_CHARS_MAX)))]
    #[schemars(length(max = PART_CHARS_MAX))]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "said")]
    #[garde(custom(text(PART_CHARS_MAX)))]
    #[schemars(length(max = PART_CHARS_MAX))]
    phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "said")]
    role: Option<Option<UserRole>>,
    #[serde(default, deserialize_with = "said")]
    locale: Option<Option<Locale>>,
    #[serde(default, deserialize_with = "said")]
    /// Of the IANA database, as in `Asia/Jakarta`.
    #[garde(custom(a_time_zone))]
    time_zone: Option<Option<String>>,
    #[serde(default, deserialize_with = "said")]
    #[garde(custom(devices))]
    push_subscriptions: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "said")]
    #[garde(custom(browsers))]
    web_push_subscriptions: Option<Option<Vec<WebPush>>>,
}

/// As a browser's `PushSubscription` says it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct WebPush {
    endpoint: String,
    keys: WebPushKeys,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct WebPushKeys {
    p256dh: String,
    auth: String,
}

/// Every client is told to load it; empty is none.
fn a_picture(value: &Option<Option<String>>, context: &()) -> garde::Result {
    match value {
        Some(Some(url)) if !url.trim().is_empty() => https_url(url, context),
        Some(_) | None => Ok(()),
    }
}

fn devices(said: &Option<Option<Vec<String>>>, (): &()) -> garde::Result {
    let right = |id: &String| (1..=DEVICE_CHARS_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    match said {
        Some(Some(ids)) if ids.len() > DEVICES_MAX => Err(garde::Error::new(format!("at most {DEVICES_MAX}"))),
        Some(Some(ids)) if !ids.iter().all(right) => {
            Err(garde::Error::new("each of 1 to 200 visible ASCII characters"))
        }
        Some(_) | None => Ok(()),
    }
}

fn browsers(said: &Option<Option<Vec<WebPush>>>, (): &()) -> garde::Result {
    let Some(Some(browsers)) = said else { return Ok(()) };
    if browsers.len() > DEVICES_MAX {
        return Err(garde::Error::new(format!("at most {DEVICES_MAX}")));
    }
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte);
    let key = |text: &str| (1..=KEY_CHARS_MAX).contains(&text.len()) && text.bytes().all(known);
    for WebPush { endpoint, keys } in browsers {
        https_url(endpoint, &()).map_err(|error| garde::Error::new(format!("endpoint: {error}")))?;
        if !key(&keys.p256dh) || !key(&keys.auth) {
            return Err(garde::Error::new("keys: p256dh and auth are base64 text"));
        }
    }
    Ok(())
}

/// Nothing to be seen in it is nothing.
fn words(said: Option<Option<String>>) -> Change<Sealed> {
    match said {
        None => Change::Keep,
        Some(text) => match text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) {
            Some(text) => Change::Set(Sealed::new(text)),
            None => Change::Clear,
        },
    }
}

fn value<T, U>(said: Option<Option<T>>, make: impl FnOnce(T) -> U) -> Change<U> {
    match said {
        None => Change::Keep,
        Some(None) => Change::Clear,
        Some(Some(value)) => Change::Set(make(value)),
    }
}

impl ProfileBody {
    fn changes(self) -> ProfileChanges {
        // Of strings alone: writing it as JSON cannot fail.
        let browser = |browser: &WebPush| Sealed::new(serde_json::to_string(browser).unwrap_or_default());
        ProfileChanges {
            name: words(self.name),
            username: words(self.username),
            avatar: words(self.avatar),
            email: words(self.email),
            phone: words(self.phone),
            role: value(self.role, |role| role),
            locale: value(self.locale, |locale| locale.name().to_owned()),
            time_zone: value(self.time_zone, |zone| zone),
            push: value(self.push_subscriptions, |ids| ids.into_iter().map(Sealed::new).collect()),
            web_push: value(self.web_push_subscriptions, |browsers| browsers.iter().map(browser).collect()),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct EntryAnswer {
    user: DirectoryEntry,
}

/// `PUT /api/users/{userId}`
pub async fn put(
    State(app): State<AppState>,
    program: Program,
    ValidPath(user_id): ValidPath<UserId>,
    ValidJson(body): ValidJson<ProfileBody>,
) -> Result<Answer<EntryAnswer>, Problem> {
    callable(&user_id, "userId")?;
    let position = app.commands.put_user(&program, &user_id, body.changes()).await?;
    // It is done: an entry of a late view is better than a 503.
    if let Err(lagging) = app.views.wait_for(UnitName::Inbox, position, app.config.server.view_wait()).await {
        tracing::warn!(%lagging, "an entry of the directory is shown as it was");
    }
    let row = app.views.inbox().users(std::slice::from_ref(&user_id)).await.unwrap_or_default().pop();
    Ok(Answer::decided(position, EntryAnswer { user: DirectoryEntry::of(&user_id, row.as_ref()) }))
}

/// `PUT` on a path of [`NO_IDS`], which is none of `{userId}`.
pub async fn put_nobody() -> Problem {
    nobody("userId")
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
pub struct BulkBody {
    #[garde(length(min = 1, max = PEOPLE_MAX), dive)]
    users: Vec<ProfileBody>,
}

impl BulkBody {
    fn people(self) -> Result<Vec<(UserId, ProfileChanges)>, Problem> {
        let one = |(index, mut body): (usize, ProfileBody)| {
            let id = body.id.take();
            let field = format!("users[{index}].id");
            let Some(id) = id else { return Err(Problem::invalid(field, "missing")) };
            callable(&id, field)?;
            Ok((id, body.changes()))
        };
        self.users.into_iter().enumerate().map(one).collect()
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct BulkAnswer {
    count: u64,
}

/// `POST /api/users/bulk`: each as by `PUT`; of one that is there twice the later counts.
pub async fn bulk(
    State(app): State<AppState>,
    program: Program,
    ValidLongJson(body): ValidLongJson<BulkBody, BULK_BYTES_MAX>,
) -> Result<Answer<BulkAnswer>, Problem> {
    let put = app.commands.put_users(&program, body.people()?).await?;
    Ok(Answer::decided(put.position, BulkAnswer { count: put.count }))
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ProfileAnswer {
    user: UserProfile,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct OwnAnswer {
    user: OwnProfile,
}

/// `GET /api/users/me`
pub async fn me(State(app): State<AppState>, actor: Actor, after: After) -> Result<Answer<OwnAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    let user = app.queries().own_profile(actor.id(), person_of(&actor.identity.profile)).await?;
    Ok(Answer::shown(OwnAnswer { user }))
}

/// `GET /api/users/{userId}`
pub async fn profile(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidPath(user_id): ValidPath<UserId>,
) -> Result<Answer<ProfileAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    look_for(&app, &user_id).await?;
    let found = app.queries().profile(&user_id, actor.id()).await?;
    let user = found.ok_or_else(no_such_user)?;
    Ok(Answer::shown(ProfileAnswer { user }))
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockedAnswer {
    users: Vec<BlockedUser>,
    #[schemars(with = "Option<CursorText>")]
    next_cursor: Option<String>,
}

/// `GET /api/users/blocked`
pub async fn blocked(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Answer<BlockedAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    let (users, next) = app.queries().blocked(actor.id(), query.behind(), query.limit()).await?;
    Ok(Answer::shown(BlockedAnswer { users, next_cursor: next.map(|next| PositionCursor(next).to_string()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: serde_json::Value) -> ProfileBody {
        serde_json::from_value(json).expect("the right shape")
    }

    #[test]
    fn what_is_absent_stays_and_what_is_null_or_blank_goes() {
        let body =
            read(serde_json::json!({"name": " Ana ", "phone": null, "email": " ", "role": "MENTOR", "locale": "id"}));
        assert!(body.validate().is_ok());
        let changes = body.changes();
        assert_eq!(changes.name, Change::Set(Sealed::new("Ana")));
        assert_eq!((changes.phone, changes.email, changes.username), (Change::Clear, Change::Clear, Change::Keep));
        assert_eq!((changes.role, changes.locale), (Change::Set(UserRole::Mentor), Change::Set("id".to_owned())));
        assert_eq!((changes.push, changes.time_zone), (Change::Keep, Change::Keep));
    }

    #[test]
    fn devices_and_zones_have_a_form() {
        let browser =
            serde_json::json!({"endpoint": "https://push.example/1", "keys": {"p256dh": "BK-x_", "auth": "a=="}});
        let right = read(serde_json::json!({"pushSubscriptions": ["d-1"], "webPushSubscriptions": [browser],
            "timeZone": "America/Argentina/Buenos_Aires"}));
        assert!(right.validate().is_ok(), "{:?}", right.validate());
        assert!(
            matches!(right.changes().web_push, Change::Set(browsers) if browsers[0].reveal().contains("push.example"))
        );
        for wrong in [
            serde_json::json!({"pushSubscriptions": ["a b"]}),
            serde_json::json!({"pushSubscriptions": vec!["d"; DEVICES_MAX + 1]}),
            serde_json::json!({"webPushSubscriptions": [{"endpoint": "http://x.example", "keys": {"p256dh": "a", "auth": "b"}}]}),
            serde_json::json!({"name": "x".repeat(PART_CHARS_MAX + 1)}),
        ] {
            assert!(read(wrong.clone()).validate().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_zone_is_one_that_there_is() {
        let is_taken = |name: &str| read(serde_json::json!({"timeZone": name})).validate().is_ok();
        for right in ["Asia/Jakarta", "America/Argentina/Buenos_Aires", "Etc/GMT+7", "UTC", "Asia/Calcutta"] {
            assert!(is_taken(right), "{right}");
        }
        for wrong in ["Asia/Jakartaa", "WIB", "Mars/Olympus", "asia/jakarta", "GMT+7", "../x", "Asia/", ""] {
            assert!(!is_taken(wrong), "{wrong}");
        }
    }
}
