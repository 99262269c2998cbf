//! What tokens say, whoever made them, and when it holds.

use aggregates::ids::UserId;
use aggregates::user::{Profile, UserRole};
use aggregates::visible::{is_blank, is_one_line};
use aggregates::{Sealed, Timestamp};
use serde::Deserialize;
use serde_json::{Number, Value};

use super::Identity;

/// Clocks of two machines differ: as NextAuth itself allows.
const TOLERANCE_SECONDS: f64 = 15.0;
/// A name longer than this is not a name.
const TEXT_CHARS_MAX: usize = 200;
const URL_CHARS_MAX: usize = 2_048;

/// Everything we read of a token. What is of another type than expected is passed over, but for who and until when.
#[derive(Debug, Deserialize)]
pub struct Claims {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    sub: Value,
    /// Seconds since 1970. Required: a token that never ends cannot be taken back.
    exp: Number,
    #[serde(default)]
    nbf: Option<Number>,
    #[serde(default)]
    name: Value,
    #[serde(default)]
    username: Value,
    #[serde(default)]
    email: Value,
    #[serde(default)]
    picture: Value,
    #[serde(default)]
    whatsapp: Value,
    #[serde(default)]
    role: Value,
}

impl Claims {
    /// Who this is, if the token holds at `now` and names a possible user.
    pub fn identity_at(&self, now: Timestamp) -> Option<Identity> {
        if !self.holds_at(now) {
            return None;
        }
        let user_id = user_id(&self.id).or_else(|| user_id(&self.sub))?;
        let profile = Profile {
            name: words(&self.name, TEXT_CHARS_MAX),
            username: words(&self.username, TEXT_CHARS_MAX),
            avatar: words(&self.picture, URL_CHARS_MAX),
            email: words(&self.email, TEXT_CHARS_MAX),
            phone: words(&self.whatsapp, TEXT_CHARS_MAX),
            role: self.role.as_str().and_then(UserRole::parse),
            ..Profile::default()
        };
        Some(Identity { user_id, profile })
    }

    fn holds_at(&self, now: Timestamp) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of any year we meet fit")]
        let now = now.as_millis() as f64 / 1_000.0;
        let seconds = |number: &Number| number.as_f64().filter(|seconds| seconds.is_finite());
        let alive = seconds(&self.exp).is_some_and(|end| now < end + TOLERANCE_SECONDS);
        let begun = match &self.nbf {
            Some(begin) => seconds(begin).is_some_and(|begin| begin <= now + TOLERANCE_SECONDS),
            None => true,
        };
        alive && begun
    }
}

/// Platforms with numeric ids put numbers into tokens.
fn user_id(claim: &Value) -> Option<UserId> {
    match claim {
        Value::String(text) => UserId::parse(text).ok(),
        Value::Number(number) => UserId::parse(&number.to_string()).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn words(claim: &Value, chars_max: usize) -> Option<Sealed> {
    let text = claim.as_str()?.trim();
    let possible = !is_blank(text) && text.chars().nth(chars_max).is_none() && is_one_line(text);
    possible.then(|| Sealed::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn identity(claims: Value, now_seconds: i64) -> Option<Identity> {
        let claims: Claims = serde_json::from_value(claims).ok()?;
        claims.identity_at(Timestamp::from_millis(now_seconds * 1_000))
    }

    #[test]
    fn a_token_holds_until_fifteen_seconds_after_its_end() {
        let claims = json!({"sub": "ana", "exp": 1_000});
        assert!(identity(claims.clone(), 1_014).is_some());
        assert!(identity(claims, 1_015).is_none());
    }

    #[test]
    fn a_token_does_not_hold_before_its_beginning() {
        let claims = json!({"sub": "ana", "exp": 9_000, "nbf": 1_000});
        assert!(identity(claims.clone(), 985).is_some());
        assert!(identity(claims, 984).is_none());
    }

    #[test]
    fn a_token_without_an_end_is_none() {
        assert!(identity(json!({"sub": "ana"}), 0).is_none());
        assert!(identity(json!({"sub": "ana", "exp": "9999999999"}), 0).is_none());
    }

    #[test]
    fn the_id_claim_comes_before_sub() {
        let found = identity(json!({"id": "ana", "sub": "other", "exp": 9}), 0).unwrap();
        assert_eq!(found.user_id.as_str(), "ana");
        assert_eq!(identity(json!({"id": 7, "exp": 9}), 0).unwrap().user_id.as_str(), "7");
        assert!(identity(json!({"sub": "a b", "exp": 9}), 0).is_none());
        assert!(identity(json!({"exp": 9}), 0).is_none());
    }

    #[test]
    fn what_cannot_be_a_name_is_passed_over() {
        let claims =
            json!({"sub": "ana", "exp": 9, "name": " ", "username": 5, "email": "x".repeat(201), "role": "KING"});
        assert_eq!(identity(claims, 0).unwrap().profile, Profile::default());
    }
}
