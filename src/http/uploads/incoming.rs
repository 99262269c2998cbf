//! The body of an upload: the file itself, or a form with the field `file`. Read as it comes.

use std::time::Duration;

use aggregates::ids::RoomId;
use attachments::{About, UploadId, dangerous_name};
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;

use crate::commands::Caller;
use crate::http::validity::{NAME_CHARS_MAX, text};
use crate::http::{AppState, Problem};
use crate::uploads::{BodyBroken, Parcel};

/// When somebody whose files are coming in may bring another.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);
/// What is still coming in of a file that is refused is read for so long, and forgotten.
const LINGER_MAX: Duration = Duration::from_secs(5);
/// Of a field that is no file: longer than any room's id.
const FIELD_BYTES_MAX: usize = 1_024;
/// Fields before the file.
const FIELDS_MAX: usize = 8;
/// What a form puts around a file, at most, about.
const AROUND_BYTES_MAX: u64 = 64 * 1_024;

pub(super) struct Wish {
    pub caller: Caller,
    pub room: Option<RoomId>,
    pub name: Option<String>,
}

pub(super) async fn receive(app: &AppState, wish: Wish, request: Request) -> Result<(UploadId, About), Problem> {
    // Whoever waits for our word has sent nothing yet.
    let is_sending = !request.headers().contains_key(EXPECT);
    let bytes_told = told(request.headers());
    if is_form(request.headers()) {
        // Too much is refused before it is sent, where the client waits for that.
        let least = bytes_told.map(|bytes| bytes.saturating_sub(AROUND_BYTES_MAX));
        let mut form = Multipart::from_request(request, app).await.map_err(|_| broken())?;
        let received = of_form(app, wish, least, &mut form).await;
        if is_sending && received.as_ref().is_err_and(is_heard) {
            let _ = timeout(LINGER_MAX, async { while let Ok(Some(_)) = form.next_field().await {} }).await;
        }
        return received;
    }
    let mut chunks = request.into_body().into_data_stream().map(|chunk| chunk.map_err(|_| BodyBroken));
    let received = of_body(app, wish, bytes_told, &mut chunks).await;
    if is_sending && received.as_ref().is_err_and(is_heard) {
        let _ = timeout(LINGER_MAX, async { while let Some(Ok(_)) = chunks.next().await {} }).await;
    }
    received
}

/// Many clients do not listen before they have sent everything: closed in their middle, they would not hear why. One that is
/// too slow has been waited for.
fn is_heard(problem: &Problem) -> bool {
    problem.status() != StatusCode::REQUEST_TIMEOUT
}

async fn of_body(
    app: &AppState,
    wish: Wish,
    bytes_told: Option<u64>,
    chunks: &mut (impl Stream<Item = Result<Bytes, BodyBroken>> + Send + Unpin),
) -> Result<(UploadId, About), Problem> {
    let parcel = parcel(app, wish, bytes_told).await?;
    Ok(app.uploads.receive(parcel, chunks).await?)
}

async fn of_form(
    app: &AppState,
    mut wish: Wish,
    least: Option<u64>,
    form: &mut Multipart,
) -> Result<(UploadId, About), Problem> {
    for _ in 0..FIELDS_MAX {
        let Some(field) = next_field(app, form).await? else { break };
        match field.name() {
            Some("roomId") => {
                let value = short(app, field).await?;
                wish.room = Some(value.trim().parse().map_err(|_| no_room_id())?);
            }
            Some("name") => wish.name = Some(short(app, field).await?),
            Some("file") => {
                wish.name = wish.name.or_else(|| field.file_name().map(last_part));
                let parcel = parcel(app, wish, least).await?;
                let chunks = field.map(|chunk| chunk.map_err(|_| BodyBroken));
                return Ok(app.uploads.receive(parcel, chunks).await?);
            }
            Some(_) | None => drop(short(app, field).await?),
        }
    }
    Err(Problem::invalid("file", "missing: a form has a field called file, behind roomId"))
}

async fn next_field<'f>(
    app: &AppState,
    form: &'f mut Multipart,
) -> Result<Option<axum::extract::multipart::Field<'f>>, Problem> {
    let field = timeout(app.config.uploads.stall_time(), form.next_field()).await;
    field.map_err(|_| too_slow())?.map_err(|_| broken())
}

async fn short(
    app: &AppState,
    field: impl Stream<Item = Result<Bytes, impl Sized>> + Unpin,
) -> Result<String, Problem> {
    timeout(app.config.uploads.stall_time(), read_short(field)).await.map_err(|_| too_slow())?
}

async fn read_short(mut field: impl Stream<Item = Result<Bytes, impl Sized>> + Unpin) -> Result<String, Problem> {
    let mut value = Vec::new();
    while let Some(chunk) = field.next().await {
        value.extend_from_slice(&chunk.map_err(|_| broken())?);
        if value.len() > FIELD_BYTES_MAX {
            return Err(Problem::invalid(
                "file",
                format!("a field that is no file has at most {FIELD_BYTES_MAX} bytes"),
            ));
        }
    }
    String::from_utf8(value).map_err(|_| broken())
}

/// Refuses before a byte of the file is read.
async fn parcel(app: &AppState, wish: Wish, bytes_told: Option<u64>) -> Result<Parcel, Problem> {
    let room = wish.room.ok_or_else(no_room_id)?;
    let name = wish.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    text(NAME_CHARS_MAX)(&name, &()).map_err(|error| Problem::invalid("name", error.to_string()))?;
    if name.as_deref().is_some_and(dangerous_name) {
        return Err(Problem::invalid("name", attachments::Dangerous.to_string()));
    }
    app.commands.require_entered(room, &wish.caller.user_id).await?;
    let file = wish.caller.wish_id(&format!("upload:{room}")).command.0;
    let owner = wish.caller.user_id;
    Ok(Parcel { file, owner, room, name, bytes_told, at: app.clock.now() })
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with(b"multipart/form-data"))
}

fn told(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Old browsers give the whole path.
fn last_part(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned()
}

fn no_room_id() -> Problem {
    Problem::invalid("roomId", "missing, or no id of a room; in a form it comes before the file")
}

fn broken() -> Problem {
    Problem::malformed("file", BodyBroken.to_string())
}

fn too_slow() -> Problem {
    Problem::timed_out("the form did not come in time; nothing was kept")
}
