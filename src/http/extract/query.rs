//! Query parameters, read and validated; what is wrong is 422 and named.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::json::{InvalidFields, named};
use crate::http::problem::Problem;

/// The query as a `T`. Unknown parameters are passed over: old clients send things we do not know.
#[derive(Debug)]
pub struct ValidQuery<T>(pub T);

impl<T: DeserializeOwned + InvalidFields, S: Send + Sync> FromRequestParts<S> for ValidQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let reader = serde_urlencoded::Deserializer::new(pairs);
        let value: T = serde_path_to_error::deserialize(reader).map_err(|error| {
            let path = error.path().to_string();
            Problem::invalid_fields(vec![named(&path, &error.into_inner().to_string())])
        })?;
        let errors = value.invalid_fields();
        if errors.is_empty() { Ok(Self(value)) } else { Err(Problem::invalid_fields(errors)) }
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
}
