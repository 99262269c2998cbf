//! Query parameters, read and validated; what is wrong is 422 and named.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::everything::{Replaced, Substitute, TEXT, everything, is_among};
use super::json::InvalidFields;
use super::wording::named;
use crate::http::problem::{FieldError, Problem};

/// The query as a `T`. Unknown parameters are passed over: old clients send things we do not know.
#[derive(Debug)]
pub struct ValidQuery<T>(pub T);

impl<T: DeserializeOwned + InvalidFields, S: Send + Sync> FromRequestParts<S> for ValidQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        valid_pairs(parts.uri.query().unwrap_or_default().as_bytes()).map(Self)
    }
}

/// Pairs as a form or a query has them; all that is wrong with them at once.
pub(super) fn valid_pairs<T: DeserializeOwned + InvalidFields>(encoded: &[u8]) -> Result<T, Problem> {
    let value: T = read_pairs(encoded).map_err(|first| {
        let (mut found, rest) = all_wrong::<T>(encoded, first);
        if let Some((value, replaced)) = rest {
            found.extend(value.invalid_fields().into_iter().filter(|error| !is_among(&replaced, &error.field)));
        }
        Problem::invalid_fields(found)
    })?;
    let errors = value.invalid_fields();
    if errors.is_empty() { Ok(value) } else { Err(Problem::invalid_fields(errors)) }
}

fn read_pairs<T: DeserializeOwned>(encoded: &[u8]) -> Result<T, FieldError> {
    let reader = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(encoded));
    serde_path_to_error::deserialize(reader)
        .map_err(|error| named(&error.path().to_string(), &error.inner().to_string()))
}

fn all_wrong<T: DeserializeOwned>(encoded: &[u8], first: FieldError) -> (Vec<FieldError>, Option<(T, Replaced)>) {
    everything(first, |replaced| {
        let given = url::form_urlencoded::parse(encoded).filter(|(name, _)| !is_among(replaced, name));
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(given);
        text.extend_pairs(replaced.iter().filter_map(|(name, substitute)| Some((name, text_of(*substitute)?))));
        read_pairs(text.finish().as_bytes())
    })
}

fn text_of(substitute: Substitute) -> Option<&'static str> {
    match substitute {
        Substitute::Absent | Substitute::List => None,
        Substitute::Text => Some(TEXT),
        Substitute::Number => Some("1"),
        Substitute::True => Some("true"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use garde::Validate;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, Validate)]
    #[serde(rename_all = "camelCase")]
    struct Page {
        #[garde(range(min = 1, max = 100))]
        limit: u32,
        #[garde(skip)]
        #[serde(default)]
        unread_only: bool,
    }

    async fn page(query: &str) -> Result<Page, Problem> {
        let (mut parts, ()) = Request::get(format!("/?{query}")).body(()).unwrap().into_parts();
        ValidQuery::<Page>::from_request_parts(&mut parts, &()).await.map(|ValidQuery(page)| page)
    }

    #[tokio::test]
    async fn a_parameter_that_is_wrong_is_named() {
        let right = page("limit=5&unreadOnly=true&x=1").await.unwrap();
        assert_eq!((right.limit, right.unread_only), (5, true));
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=abc", "limit"),
            ("", "limit"),
            ("limit=5&unreadOnly=perhaps", "unreadOnly"),
        ] {
            let problem = page(query).await.expect_err(query);
            assert_eq!((problem.status().as_u16(), &*problem.errors()[0].field), (422, field), "{query}");
        }
    }
    #[tokio::test]
    async fn all_parameters_that_are_wrong_are_named_at_once() {
        let all = |problem: Problem| -> Vec<String> {
            problem.errors().iter().map(|error| format!("{}: {}", error.field, error.reason)).collect()
        };
        let both = page("limit=abc&unreadOnly=perhaps").await.expect_err("both are wrong");
        assert_eq!(all(both), ["limit: expected a whole number", "unreadOnly: expected true or false"]);
        let missing = page("unreadOnly=perhaps").await.expect_err("one is missing");
        assert_eq!(all(missing), ["unreadOnly: expected true or false", "limit: missing"]);
    }
}
