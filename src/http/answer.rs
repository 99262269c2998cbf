//! Answers that say yes: `success: true` beside the object, and how far the log was when it was so.
//!
//! A handler returns an [`Answer`]; the middleware `positions` turns its position into the header `Kabar-Position` and
//! the read-your-writes cookie, because only there the log's id and the request's own cookie are at hand.

use axum::Json;
use axum::response::{IntoResponse, Response};
use event_log::Position;
use schemars::JsonSchema;
use serde::Serialize;

/// A position on its way to the response's headers; carried in the response's extensions, also by refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnsweredAt(pub Position);

/// 200 with `{"success": true, ..body}`. `T` must serialise as an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    body: T,
    position: Option<Position>,
}

/// Described under the name of what it shows.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "{T}")]
pub(super) struct Success<T> {
    #[schemars(extend("const" = true))]
    success: bool,
    #[serde(flatten)]
    body: T,
}

impl<T: Serialize> Answer<T> {
    /// To a query.
    pub fn shown(body: T) -> Self {
        Self { body, position: None }
    }

    /// To a command: a view that has `position` shows what the body says.
    pub fn decided(position: Position, body: T) -> Self {
        Self { body, position: Some(position) }
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let mut response = Json(Success { success: true, body: self.body }).into_response();
        if let Some(position) = self.position {
            response.extensions_mut().insert(AnsweredAt(position));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Count {
        count: u64,
    }

    #[tokio::test]
    async fn an_answer_is_the_object_with_success_beside_it() {
        let response = Answer::decided(Position(3), Count { count: 2 }).into_response();
        assert_eq!(response.extensions().get::<AnsweredAt>(), Some(&AnsweredAt(Position(3))));
        let bytes = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(body, serde_json::json!({"success": true, "count": 2}));
    }
}
