//! What many routes have in common, once: refusals, headers, parameters, and how one signs in.

use serde_json::{Map, Value, json};

use crate::auth::nextauth;
use crate::http::problem;
use crate::wire::schemas::Schemas;

pub(super) fn about() -> Value {
    json!({
        "title": "Kabar",
        "version": env!("CARGO_PKG_VERSION"),
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        "description": "Chat, social and notifications. JSON in camelCase, both ways; fields that a route does not know are \
            passed over, and clients pass over fields that they do not know. What happens is told over WebSockets as well: \
            see /asyncapi.json.",
    })
}

/// The schema of every answer that says no, and what each status means.
pub(super) fn problem(schemas: &mut Schemas) -> Value {
    schemas.given_back::<problem::Body<'_>>().into()
}

const REFUSALS: [(u16, &str); 12] = [
    (400, "The body is no JSON."),
    (401, "Nobody is signed in."),
    (
        403,
        "Not for your role; or somebody blocked the other; or a page that is not ours writes by the platform's cookie.",
    ),
    (404, "Absent, or not yours: never told apart."),
    (408, "The body did not come in time."),
    (409, "It is in another state, as a room that is closed."),
    (413, "The body is too long."),
    (415, "The body has another content type."),
    (422, "Understood, and not possible; `errors` names every field that is wrong."),
    (429, "Too many requests, or too soon: come back after `Retry-After`."),
    (500, "Something is broken on our side."),
    (
        503,
        "Not now: come back after `Retry-After`. Nothing was written, unless `detail` says that it is not known yet: \
           repeat it with the same key.",
    ),
];

/// Answers by status.
pub(super) fn responses(problem: &Value) -> Value {
    let mut responses = Map::new();
    for (status, description) in REFUSALS {
        let content = json!({"application/problem+json": {"schema": problem}});
        let mut response = json!({"description": description, "content": content});
        if [429, 503].contains(&status) {
            response["headers"] = json!({"Retry-After": {"$ref": "#/components/headers/Retry-After"}});
        }
        responses.insert(status.to_string(), response);
    }
    responses.into()
}

pub(super) fn parameters() -> Value {
    let position = "A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. \
        One of another log is 422: reload.";
    json!({
        "after": {"name": "after", "in": "query", "required": false, "description": position, "schema": {"type": "string"}},
        "Kabar-After":
            {"name": "Kabar-After", "in": "header", "required": false, "description": position, "schema": {"type": "string"}},
        "Idempotency-Key": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "A key of the caller's for this wish, per person and route, for ever: a repeat is answered as \
                the first and writes nothing.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
        },
        "Range": {
            "name": "Range", "in": "header", "required": false,
            "description": "One part of the file: `bytes=0-499`, `bytes=500-` or `bytes=-500`.", "schema": {"type": "string"},
        },
        "If-Range": {
            "name": "If-Range", "in": "header", "required": false,
            "description": "The part only if the file has this `ETag`, else all of it.", "schema": {"type": "string"},
        },
        "If-None-Match": {
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "304 if the file has this `ETag`: bytes under an id never change.", "schema": {"type": "string"},
        },
    })
}

pub(super) fn headers() -> Value {
    json!({
        "Kabar-Position": {
            "description": "Where this was written: hand it back as `Kabar-After` to read it.",
            "required": true, "schema": {"type": "string"},
        },
        "ETag": {"description": "Of these bytes, for ever.", "required": true, "schema": {"type": "string"}},
        "Accept-Ranges": {"description": "Parts may be asked for.", "required": true, "schema": {"const": "bytes"}},
        "Content-Range": {
            "description": "Which part of how many bytes; of 416 how many there are.",
            "required": true, "schema": {"type": "string"},
        },
        "Retry-After": {"description": "Seconds.", "required": true, "schema": {"type": "integer", "minimum": 1}},
    })
}

pub(super) fn security() -> Value {
    let cookies = nextauth::COOKIES.join(", ");
    json!({
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "service": {
            "type": "http", "scheme": "bearer",
            "description": "A key of `auth.service_keys` with the scope named: for the platform's own programs.",
        },
        "session": {
            "type": "apiKey", "in": "cookie", "name": nextauth::COOKIES[0],
            "description": format!("The platform's session, under one of these names: {cookies}."),
        },
    })
}
