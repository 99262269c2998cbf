//! Rooms: opening a direct one, listing one's own.

use std::str::FromStr;

use aggregates::Sealed;
use aggregates::ids::UserId;
use aggregates::room::RoomKind;
use axum::extract::State;
use garde::Validate;
use projections::UnitName;
use projections::inbox::Archived;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::commands::{Caller, Entered, Opened};
use crate::http::cursor::RoomsCursor;
use crate::http::extract::{Actor, After, ValidJson, ValidQuery};
use crate::http::validity::{NAME_CHARS_MAX, name_text, optional, text};
use crate::http::{Answer, AppState, Problem};
use crate::queries::RoomsWish;
use crate::wire::Room;
use crate::wire::names::{CursorText, RoomKindName};

const ROOMS_DEFAULT: usize = 50;
const SEARCH_CHARS_MAX: usize = 100;

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct StartBody {
    /// Whom with; nobody for SUPPORT.
    recipient_id: Option<UserId>,
    /// `recipientId`, as older clients call it.
    // No alias of serde's: what is wrong with it is said of the name it came under.
    #[schemars(extend("deprecated" = true))]
    participant_id: Option<UserId>,
    /// DIRECT without it.
    #[serde(rename = "type")]
    kind: Option<StartKind>,
    /// What a SUPPORT room is about.
    #[garde(custom(name_text(NAME_CHARS_MAX)))]
    #[schemars(length(min = 1, max = NAME_CHARS_MAX))]
    subject: Option<String>,
}

/// Rooms that are started with somebody or for oneself; groups have a route of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum StartKind {
    Direct,
    MentorStudent,
    Support,
}

/// What is to be started.
#[derive(Debug, PartialEq)]
enum Start {
    /// With a subject, where one was given.
    Support(Option<Sealed>),
    /// A direct room, or a session with a mentor. `called` is the field that says with whom.
    With { other: UserId, called: &'static str, session: bool },
}

impl StartBody {
    fn start(self) -> Result<Start, Problem> {
        let kind = self.kind.unwrap_or(StartKind::Direct);
        let other = match (self.recipient_id, self.participant_id) {
            (Some(_), Some(_)) => return Err(Problem::invalid("participantId", "not together with recipientId")),
            (Some(other), None) => Some((other, "recipientId")),
            (None, Some(other)) => Some((other, "participantId")),
            (None, None) => None,
        };
        let session = match kind {
            StartKind::Support => {
                return match other {
                    Some((_, called)) => Err(Problem::invalid(called, "nobody for a SUPPORT room")),
                    None => Ok(Start::Support(self.subject.map(|subject| Sealed::new(subject.trim())))),
                };
            }
            StartKind::MentorStudent => true,
            StartKind::Direct => false,
        };
        if self.subject.is_some() {
            return Err(Problem::invalid("subject", "only of a SUPPORT room"));
        }
        let (other, called) = other.ok_or_else(|| Problem::invalid("recipientId", "missing"))?;
        Ok(Start::With { other, called, session })
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct RoomAnswer {
    pub room: Room,
}

/// `POST /api/chat/start`: the one direct room (or mentor session) with somebody, opened if it is not there; or a new
/// support room.
pub async fn start(
    State(app): State<AppState>,
    caller: Caller,
    ValidJson(body): ValidJson<StartBody>,
) -> Result<Answer<RoomAnswer>, Problem> {
    let opened = match body.start()? {
        Start::Support(subject) => app.commands.open_support(&caller, subject).await?,
        Start::With { other, called, session } => {
            let opened = match session {
                true => app.commands.open_mentor_session(&caller, &other).await,
                false => app.commands.open_direct(&caller, caller.wish_id("start"), &other).await,
            };
            opened.map_err(|failure| Problem::from(failure).renaming("recipientId", called))?
        }
    };
    answer_opened(&app, &caller, opened).await
}

/// A room that was opened just now as its event says it; one that was there as the view has it.
pub(super) async fn answer_opened(
    app: &AppState,
    caller: &Caller,
    opened: Opened,
) -> Result<Answer<RoomAnswer>, Problem> {
    match opened.event {
        Some(event) => {
            let mut room = app.queries().opened_room(&event, None).await;
            // It is opened: that nobody can say who is here is no reason to say no.
            if let Err(error) = app.queries().with_presence(std::slice::from_mut(&mut room), &caller.user_id).await {
                tracing::warn!(%error, "a room is shown without who is here");
            }
            Ok(Answer::decided(opened.position, RoomAnswer { room }))
        }
        None => {
            let Opened { room_id, position, .. } = opened;
            answer_room(app, caller, Entered { room_id, position, event: None, new: false }).await
        }
    }
}

/// A room as the view has it once it has come to where the wish was carried out. It has been carried out: a view that is
/// late or cannot be asked is no reason to say no, and what only it knows is left out then.
pub(super) async fn answer_room(
    app: &AppState,
    caller: &Caller,
    entered: Entered,
) -> Result<Answer<RoomAnswer>, Problem> {
    let late = app.views.wait_for(UnitName::Inbox, entered.position, app.config.server.view_wait()).await.err();
    let room = match app.queries().room(entered.room_id, &caller.user_id).await {
        Ok(Some(room)) => room,
        // Theirs once, when the wish first came.
        Ok(None) if late.is_none() && !entered.new => return Err(Problem::not_found("there is no such room")),
        Ok(None) => shown_from_the_log(app, &entered).await?,
        Err(error) => {
            tracing::warn!(%error, room = %entered.room_id, "a room is shown without its view");
            shown_from_the_log(app, &entered).await?
        }
    };
    if let Some(lagging) = late {
        tracing::warn!(%lagging, room = %entered.room_id, "a room is shown as it was");
    }
    Ok(Answer::decided(entered.position, RoomAnswer { room }))
}

async fn shown_from_the_log(app: &AppState, entered: &Entered) -> Result<Room, Problem> {
    let opened = app.commands.opening_of(entered.room_id).await?;
    Ok(app.queries().opened_room(&opened, entered.event.as_ref()).await)
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct RoomsQuery {
    #[garde(custom(text(SEARCH_CHARS_MAX)))]
    #[schemars(length(max = SEARCH_CHARS_MAX))]
    search: Option<String>,
    #[serde(rename = "type", default, deserialize_with = "optional")]
    #[schemars(with = "Option<RoomKindName>")]
    kind: Option<Kind>,
    /// `only` or `without`; archived rooms are among the others where it is absent.
    archived: Option<ArchivedRooms>,
    #[garde(range(min = 1, max = 100))]
    limit: Option<usize>,
    #[serde(default, deserialize_with = "optional")]
    #[schemars(with = "Option<CursorText>")]
    cursor: Option<RoomsCursor>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum ArchivedRooms {
    Only,
    Without,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind(RoomKind);

impl FromStr for Kind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = RoomKind::ALL.into_iter().find(|kind| kind.name() == text);
        named.map(Self).ok_or("DIRECT, GROUP, MENTOR_STUDENT or SUPPORT")
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomsAnswer {
    pub rooms: Vec<Room>,
    pub total_unread: u64,
    pub has_more: bool,
    #[schemars(with = "Option<CursorText>")]
    pub next_cursor: Option<String>,
}

/// `GET /api/chat/rooms`
pub async fn rooms(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidQuery(query): ValidQuery<RoomsQuery>,
) -> Result<Answer<RoomsAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    Ok(Answer::shown(rooms_page(&app, actor.id(), &query).await?))
}

pub(super) async fn rooms_page(app: &AppState, user: &UserId, query: &RoomsQuery) -> Result<RoomsAnswer, Problem> {
    let search = query.search.as_deref().map(str::trim).filter(|search| !search.is_empty());
    let limit = query.limit.unwrap_or(ROOMS_DEFAULT);
    let cursor = query.cursor.map(|RoomsCursor(cursor)| cursor);
    let archived = match query.archived {
        None => Archived::With,
        Some(ArchivedRooms::Only) => Archived::Only,
        Some(ArchivedRooms::Without) => Archived::Without,
    };
    let kind = query.kind.map(|Kind(kind)| kind);
    let page = app.queries().rooms(user, RoomsWish { search, kind, archived, after: cursor, limit }).await?;
    Ok(RoomsAnswer {
        rooms: page.rooms,
        total_unread: page.total_unread,
        has_more: page.next.is_some(),
        next_cursor: page.next.map(|next| RoomsCursor(next).to_string()),
    })
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct CountAnswer {
    pub count: u64,
}

/// `GET /api/chat/unread-count`: unread messages over all rooms but the archived ones.
pub async fn unread_count(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
) -> Result<Answer<CountAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    Ok(Answer::shown(CountAnswer { count: app.queries().unread_total(actor.id()).await? }))
}
