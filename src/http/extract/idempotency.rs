//! The header `Idempotency-Key`: 1 to 200 visible ASCII characters, chosen by the caller, kept for ever.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::http::problem::Problem;

pub const IDEMPOTENCY_HEADER: &str = "Idempotency-Key";
const KEY_CHARS_MAX: usize = 200;

/// The caller's key for this write, where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all(IDEMPOTENCY_HEADER).iter();
        let Some(value) = given.next() else { return Ok(Self(None)) };
        let bytes = value.as_bytes();
        // Two keys are no key: which of them would a repeat carry?
        let right = given.next().is_none()
            && (1..=KEY_CHARS_MAX).contains(&bytes.len())
            && bytes.iter().all(u8::is_ascii_graphic);
        match value.to_str() {
            Ok(text) if right => Ok(Self(Some(text.to_owned()))),
            Ok(_) | Err(_) => Err(Problem::invalid(IDEMPOTENCY_HEADER, "one key of 1 to 200 visible ASCII characters")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    async fn key_of(values: &[&[u8]]) -> Result<IdempotencyKey, Problem> {
        let mut request = Request::builder();
        for value in values {
            request = request.header(IDEMPOTENCY_HEADER, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        IdempotencyKey::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn a_key_is_visible_ascii_of_bounded_length() {
        assert_eq!(key_of(&[]).await, Ok(IdempotencyKey(None)));
        assert_eq!(key_of(&[b"a-1"]).await, Ok(IdempotencyKey(Some("a-1".into()))));
        assert!(key_of(&["x".repeat(200).as_bytes()]).await.is_ok());
        for wrong in [&b""[..], b"a b", "é".as_bytes(), "x".repeat(201).as_bytes()] {
            let problem = key_of(&[wrong]).await.expect_err("not a key");
            assert_eq!((problem.status().as_u16(), &*problem.errors()[0].field), (422, IDEMPOTENCY_HEADER));
        }
        assert!(key_of(&[b"a", b"b"]).await.is_err());
    }
}
