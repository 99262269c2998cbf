//! A form-encoded body, as pusher-js sends it to be authorised.

use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::json::{InvalidFields, body_of};
use super::query::valid_pairs;
use crate::http::problem::Problem;
use crate::http::state::AppState;

const FORM: &str = "application/x-www-form-urlencoded";

/// The body as a `T`; what is wrong is 422 and named, all of it.
#[derive(Debug)]
pub struct ValidForm<T>(pub T);

impl<T: DeserializeOwned + InvalidFields> FromRequest<AppState> for ValidForm<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM) {
            return Err(Problem::unsupported_media_type(FORM));
        }
        let bytes = body_of(request, state.config.server.body_bytes_max).await?;
        valid_pairs(&bytes).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::FieldError;

    #[derive(Debug, serde::Deserialize)]
    struct Asked {
        socket_id: u32,
        channel_name: String,
    }

    impl InvalidFields for Asked {
        fn invalid_fields(&self) -> Vec<FieldError> {
            let named = FieldError { field: "channel_name".into(), reason: "no name".into() };
            Vec::from_iter(Some(named).filter(|_| self.channel_name.contains(' ')))
        }
    }

    #[test]
    fn a_form_field_that_is_missing_or_wrong_is_named() {
        assert_eq!(valid_pairs::<Asked>(b"socket_id=12&channel_name=a&x=y").expect("valid").socket_id, 12);
        for wrong in ["channel_name=a", "socket_id=&channel_name=a", "socket_id=x&channel_name=a"] {
            assert_eq!(named(wrong), ["socket_id"], "{wrong}");
        }
    }

    #[test]
    fn all_fields_that_are_wrong_are_named_at_once() {
        for wrong in ["", "x=y", "socket_id=x", "socket_id=x&channel_name=a%20b"] {
            assert_eq!(named(wrong), ["socket_id", "channel_name"], "{wrong}");
        }
    }

    fn named(form: &str) -> Vec<String> {
        let problem = valid_pairs::<Asked>(form.as_bytes()).expect_err(form);
        assert_eq!(problem.status(), 422);
        problem.errors().iter().map(|error| error.field.to_string()).collect()
    }
}
