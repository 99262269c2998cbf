//! A form-encoded body, as pusher-js sends it to be authorised.

use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::json::body_of;
use super::query::{all_wrong, read_pairs};
use crate::http::problem::Problem;
use crate::http::state::AppState;

const FORM: &str = "application/x-www-form-urlencoded";

/// The body as a `T`; what is wrong is 422 and named.
#[derive(Debug)]
pub struct ValidForm<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for ValidForm<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM) {
            return Err(Problem::unsupported_media_type(FORM));
        }
        let bytes = body_of(request, state.config.server.body_bytes_max).await?;
        parse(&bytes).map(Self)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    read_pairs(bytes).map_err(|first| Problem::invalid_fields(all_wrong::<T>(bytes, first).0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Asked {
        socket_id: u32,
    }

    #[test]
    fn a_form_field_that_is_missing_or_wrong_is_named() {
        assert_eq!(parse::<Asked>(b"socket_id=12&x=y").expect("valid").socket_id, 12);
        for wrong in ["", "socket_id=", "socket_id=x", "x=y"] {
            let problem = parse::<Asked>(wrong.as_bytes()).expect_err(wrong);
            assert_eq!((problem.status().as_u16(), &*problem.errors()[0].field), (422, "socket_id"), "{wrong}");
        }
    }
}
