//! Parts of the path. A room, message or notification id that is none names nothing: 404. A `userId` that is none is
//! invalid: 422, as everywhere (requirements §3).

use aggregates::ids::UserId;
use axum::extract::{FromRequestParts, Path, RawPathParams};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::http::problem::Problem;

/// As axum's `Path`. User ids must be called `{userId}` in the route.
#[derive(Debug)]
pub struct ValidPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ValidPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(why(parts, state).await),
        }
    }
}

async fn why<S: Send + Sync>(parts: &mut Parts, state: &S) -> Problem {
    if let Ok(params) = RawPathParams::from_request_parts(parts, state).await {
        for (name, value) in &params {
            if let ("userId", Err(error)) = (name, UserId::parse(value)) {
                return Problem::invalid("userId", error.to_string());
            }
        }
    }
    Problem::not_found("there is nothing by this id")
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

    async fn status_of(path: &str) -> u16 {
        async fn member(ValidPath((_, _)): ValidPath<(RoomId, UserId)>) {}
        let app: Router = Router::new().route("/rooms/{roomId}/members/{userId}", get(member));
        let request = Request::get(path).body(Body::empty()).unwrap();
        app.oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn a_room_that_cannot_be_is_not_there_and_a_user_that_cannot_be_is_invalid() {
        let room = "00000000-0000-0000-0000-000000000001";
        assert_eq!(status_of(&format!("/rooms/{room}/members/ana")).await, 200);
        assert_eq!(status_of(&format!("/rooms/{room}/members/a%20b")).await, 422);
        assert_eq!(status_of("/rooms/none/members/ana").await, 404);
        assert_eq!(status_of("/rooms/%ff/members/ana").await, 404);
    }
}
