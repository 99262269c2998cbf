//! Parts of the path: ids. One that can be none is invalid, 422 and named, as in a query or a body; one that could be and
//! is nowhere is for the handler to say: 404.

use aggregates::ids::UserId;
use attachments::UploadId;
use axum::extract::{FromRequestParts, Path, RawPathParams};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::http::problem::{FieldError, Problem};

/// As axum's `Path`. What a part is called in the route says what it is: `{userId}` a user's id, `{id}` an upload's, and
/// every other a uuid.
#[derive(Debug)]
pub struct ValidPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ValidPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(why(parts, state).await.unwrap_or_else(|| Problem::fault(&rejection))),
        }
    }
}

/// `None`: the route and its handler do not fit, and nobody but we are to blame.
async fn why<S: Send + Sync>(parts: &mut Parts, state: &S) -> Option<Problem> {
    let Ok(params) = RawPathParams::from_request_parts(parts, state).await else {
        return Some(Problem::invalid("path", "not UTF-8"));
    };
    let wrong = |(name, value): (&str, &str)| {
        let reason = match name {
            "userId" => UserId::parse(value).err()?.to_string(),
            "id" => value.parse::<UploadId>().err()?.to_string(),
            _ => Uuid::parse_str(value).err().map(|_| "expected a uuid".to_owned())?,
        };
        Some(FieldError { field: name.to_owned().into(), reason: reason.into() })
    };
    let errors: Vec<FieldError> = params.iter().filter_map(wrong).collect();
    if errors.is_empty() { None } else { Some(Problem::invalid_fields(errors)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aggregates::ids::RoomId;
    use axum::Router;
    use axum::body::Body;
    use axum::http::Request;
    use axum::routing::get;
    use tower::ServiceExt;

    /// The status, and what is said of it.
    async fn asked(path: &str) -> (u16, String) {
        async fn room(ValidPath(_): ValidPath<RoomId>) {}
        async fn member(ValidPath((_, _)): ValidPath<(RoomId, UserId)>) {}
        let app: Router =
            Router::new().route("/rooms/{roomId}", get(room)).route("/rooms/{roomId}/members/{userId}", get(member));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
        let bytes = axum::body::to_bytes(body, 10_000).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
        (parts.status.as_u16(), problem["detail"].as_str().unwrap_or_default().to_owned())
    }

    #[tokio::test]
    async fn an_id_that_cannot_be_one_is_invalid_and_named() {
        let room = "00000000-0000-0000-0000-000000000001";
        assert_eq!(asked(&format!("/rooms/{room}/members/ana")).await.0, 200);
        let (status, said) = asked(&format!("/rooms/{room}/members/a%20b")).await;
        assert_eq!((status, said.starts_with("userId: a user id is")), (422, true), "{said}");
        for path in ["/rooms/none", "/rooms/none/members/ana"] {
            assert_eq!(asked(path).await, (422, "roomId: expected a uuid".to_owned()), "{path}");
        }
        assert_eq!(asked("/rooms/%ff/members/ana").await, (422, "path: not UTF-8".to_owned()));
    }
}
