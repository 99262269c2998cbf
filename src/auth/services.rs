//! Which of the platform's own programs somebody is, by the key in their `Authorization: Bearer`.
//!
//! Keys are compared as digests, all of them whatever matches: how long it takes says nothing about how near a guess was.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::config::{Scope, ServiceKey};

/// A program that has proved which it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub name: String,
    pub scopes: BTreeSet<Scope>,
}

pub struct ServiceKeys(Vec<(Vec<u8>, Service)>);

impl ServiceKeys {
    pub fn new(keys: &[ServiceKey]) -> Self {
        let known = |key: &ServiceKey| {
            let service = Service { name: key.name.clone(), scopes: key.scopes.clone() };
            (digest(&SHA256, key.key.reveal().as_bytes()).as_ref().to_vec(), service)
        };
        Self(keys.iter().map(known).collect())
    }

    pub fn find(&self, headers: &HeaderMap) -> Option<&Service> {
        let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let given = digest(&SHA256, token.trim().as_bytes());
        let mut found = u32::MAX;
        for (index, (known, _)) in (0_u32..).zip(&self.0) {
            let same: Choice = known.as_slice().ct_eq(given.as_ref());
            found.conditional_assign(&index, same);
        }
        self.0.get(usize::try_from(found).ok()?).map(|(_, service)| service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn found(keys: &ServiceKeys, authorization: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization.parse().expect("a value"));
        keys.find(&headers).map(|service| service.name.clone())
    }

    #[test]
    fn a_service_is_known_by_its_whole_key_alone() {
        let key = |name: &str, key: &str| ServiceKey {
            name: name.to_owned(),
            key: Secret::new(key),
            scopes: BTreeSet::from([Scope::People]),
        };
        let keys = ServiceKeys::new(&[key("a", "key-of-a"), key("b", "key-of-b")]);
        assert_eq!(found(&keys, "Bearer key-of-a").as_deref(), Some("a"));
        assert_eq!(found(&keys, "bearer  key-of-b ").as_deref(), Some("b"));
        for wrong in ["Bearer key-of-", "Bearer key-of-aa", "Bearer ", "Basic key-of-a", "key-of-a"] {
            assert_eq!(found(&keys, wrong), None, "{wrong}");
        }
        assert_eq!(keys.find(&HeaderMap::new()), None);
        assert_eq!(found(&ServiceKeys::new(&[]), "Bearer x"), None);
    }
}
