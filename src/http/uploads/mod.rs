//! Uploads: taking a file for a room, handing it out to whoever may read a message that carries it, deleting one's own.
//!
//! The bodies in here are the only ones that are larger than `server.body_bytes_max` and take longer than
//! `server.request_seconds_max`: they have limits of their own (`uploads.*`) and are never held in memory.

mod incoming;
mod ranges;

use aggregates::ids::RoomId;
use attachments::sniff::is_shown;
use attachments::{About, UploadId};
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use garde::Validate;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::commands::Caller;
use crate::http::extract::{Actor, Admin, ValidPath, ValidQuery};
use crate::http::openapi::endpoint::{Endpoint, get, post};
use crate::http::validity::{NAME_CHARS_MAX, text};
use crate::http::{Answer, AppState, Problem};
use crate::uploads::UploadError;
use crate::wire::names::UploadIdText;
use ranges::Wanted;

pub const PATH: &str = "/api/uploads";

/// Nothing in a file may run, whatever it turns out to be.
const SANDBOX: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";
/// May be kept, but whoever has left the room must not be shown it again without asking.
const ASK_AGAIN: &str = "private, no-cache";
/// What a name in a header needs not be encoded of (RFC 8187).
const PLAIN_IN_NAMES: AsciiSet = NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// `POST /api/uploads`; limits of its own instead of those of other bodies.
pub fn taking() -> Endpoint {
    post(upload).with(|handler| handler.layer(DefaultBodyLimit::disable()))
}

pub fn handing_out() -> Endpoint {
    get(download)
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct UploadQuery {
    room_id: Option<RoomId>,
    #[garde(custom(text(NAME_CHARS_MAX)))]
    #[schemars(length(max = NAME_CHARS_MAX))]
    name: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct UploadAnswer {
    #[schemars(with = "UploadIdText")]
    id: UploadId,
    url: String,
    r#type: String,
    bytes: u64,
    width: Option<u32>,
    height: Option<u32>,
    name: Option<String>,
}

impl UploadAnswer {
    fn of(id: UploadId, about: About) -> Self {
        let name = about.name.as_ref().and_then(|name| name.words()).map(str::to_owned);
        let About { kind, bytes, width, height, .. } = about;
        Self { id, url: id.address(), r#type: kind, bytes, width, height, name }
    }
}

/// `POST /api/uploads`
async fn upload(
    State(app): State<AppState>,
    caller: Caller,
    ValidQuery(query): ValidQuery<UploadQuery>,
    request: Request,
) -> Result<Answer<UploadAnswer>, Problem> {
    let wish = incoming::Wish { caller, room: query.room_id, name: query.name };
    let (id, about) = incoming::receive(&app, wish, request).await?;
    Ok(Answer::shown(UploadAnswer::of(id, about)))
}

/// `GET /api/uploads/{id}`
async fn download(
    State(app): State<AppState>,
    actor: Actor,
    ValidPath(id): ValidPath<UploadId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let about = app.uploads.about(id).await?.ok_or_else(no_such_file)?;
    if !may_fetch(&app, &actor, id, &about).await? {
        return Err(no_such_file());
    }
    let etag = etag(id);
    match ranges::wanted(&headers, &etag, about.bytes) {
        Wanted::NotChanged => Ok(described(StatusCode::NOT_MODIFIED, Body::empty(), &etag)),
        Wanted::Impossible => {
            let mut response = Problem::no_such_part(about.bytes).into_response();
            describe(&mut response, &etag);
            insert(&mut response, CONTENT_RANGE, &format!("bytes */{}", about.bytes));
            Ok(response)
        }
        Wanted::Whole => handed_out(&app, id, &about, 0..about.bytes, StatusCode::OK).await,
        Wanted::Part(part) => handed_out(&app, id, &about, part, StatusCode::PARTIAL_CONTENT).await,
    }
}

/// Its owner; whoever may read a message that carries it; and an admin whom a report shows one.
async fn may_fetch(app: &AppState, actor: &Actor, id: UploadId, about: &About) -> Result<bool, Problem> {
    let address = id.address();
    if about.owner == *actor.id() {
        return Ok(true);
    }
    if Admin::is(app, actor).await? && app.views.inbox().reports_upload(&address).await? {
        return Ok(true);
    }
    Ok(app.commands.may_fetch(&address, actor.id()).await?)
}

async fn handed_out(
    app: &AppState,
    id: UploadId,
    about: &About,
    part: std::ops::Range<u64>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let bytes = app.uploads.read(id, part.clone()).await?.ok_or_else(no_such_file)?;
    let mut response = described(status, Body::from_stream(bytes), &etag(id));
    insert(&mut response, CONTENT_TYPE, &about.kind);
    insert(&mut response, CONTENT_LENGTH, &(part.end - part.start).to_string());
    insert(&mut response, CONTENT_DISPOSITION, &disposition(about));
    if status == StatusCode::PARTIAL_CONTENT {
        insert(&mut response, CONTENT_RANGE, &format!("bytes {}-{}/{}", part.start, part.end - 1, about.bytes));
    }
    Ok(response)
}

fn described(status: StatusCode, body: Body, etag: &str) -> Response {
    let mut response = (status, body).into_response();
    describe(&mut response, etag);
    response
}

fn describe(response: &mut Response, etag: &str) {
    for (name, value) in
        [(ETAG, etag), (ACCEPT_RANGES, "bytes"), (CACHE_CONTROL, ASK_AGAIN), (CONTENT_SECURITY_POLICY, SANDBOX)]
    {
        insert(response, name, value);
    }
}

/// What is in such a header is made here, of visible ASCII.
fn insert(response: &mut Response, name: axum::http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Bytes under an id never change.
fn etag(id: UploadId) -> String {
    format!("\"{}\"", id.file.simple())
}

/// Only what a browser shows without carrying anything out is shown in the page.
fn disposition(about: &About) -> String {
    let how = if is_shown(&about.kind) { "inline" } else { "attachment" };
    match about.name.as_ref().and_then(|name| name.words()) {
        Some(name) => format!("{how}; filename*=UTF-8''{}", utf8_percent_encode(name, &PLAIN_IN_NAMES)),
        None => how.to_owned(),
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct DeletedAnswer {
    message: &'static str,
}

/// `DELETE /api/uploads/{id}`
pub async fn remove(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(id): ValidPath<UploadId>,
) -> Result<Answer<DeletedAnswer>, Problem> {
    match app.uploads.remove(id, &caller.user_id).await? {
        true => Ok(Answer::shown(DeletedAnswer { message: "Upload deleted" })),
        false => Err(no_such_file()),
    }
}

fn no_such_file() -> Problem {
    Problem::not_found("there is no such file")
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        let said = error.to_string();
        match error {
            UploadError::NotHere | UploadError::Erased => Self::not_found(said),
            UploadError::TooLarge(_) => Self::too_long("file", said),
            UploadError::Empty
            | UploadError::Dangerous(_)
            | UploadError::BytesSpent(_)
            | UploadError::FilesSpent(_) => Self::invalid("file", said),
            UploadError::TooManyOfYours(_) => Self::too_many_requests(said, incoming::RETRY_AFTER),
            UploadError::Busy => Self::unavailable(said),
            UploadError::TooSlow => Self::timed_out(said),
            UploadError::Body(_) => Self::malformed("file", said),
            UploadError::Store(error) => Self::unavailable_fault(&error),
            UploadError::Log(error) => Self::unavailable_fault(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aggregates::ids::UserId;
    use aggregates::{Sealed, Timestamp};

    fn about(kind: &str, name: Option<&str>) -> About {
        About {
            file: uuid::Uuid::nil(),
            owner: UserId::parse("ana").expect("an id"),
            room: RoomId(uuid::Uuid::nil()),
            kind: kind.to_owned(),
            bytes: 1,
            width: None,
            height: None,
            name: name.map(Sealed::new),
            at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn a_name_cannot_end_its_header_and_only_pictures_and_sounds_are_shown() {
        assert_eq!(disposition(&about("image/png", None)), "inline");
        assert_eq!(disposition(&about("application/pdf", Some("a.pdf"))), "attachment; filename*=UTF-8''a.pdf");
        let wild = disposition(&about("text/plain", Some("\"; x=\r\nSet-Cookie: a=b é.txt")));
        assert!(wild.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "{wild}");
        assert!(!wild.contains('"') && wild.ends_with("%C3%A9.txt"), "{wild}");
    }
}
