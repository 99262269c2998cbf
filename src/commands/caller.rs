//! Who wants something, under which request and under which key of their own.

use aggregates::Metadata;
use aggregates::ids::{CommandId, UserId};
use uuid::Uuid;

/// The one who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub user_id: UserId,
    /// Everything that follows carries it as its correlation.
    pub request: Uuid,
    /// The caller's `Idempotency-Key`, kept for ever.
    pub key: Option<String>,
}

/// A program of the platform that asks, by its service key: nobody's person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    pub name: String,
    pub request: Uuid,
    pub key: Option<String>,
}

/// The id of one wish, and whether somebody may ask for it again under the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WishId {
    pub command: CommandId,
    pub repeatable: bool,
}

impl Caller {
    /// Derived from (caller, route, key) where there is a key, else random.
    ///
    /// `route` is a name, stable for ever: a renamed route forgets its keys. What stands in the path is part of it, what
    /// stands in the body is not (requirements §3: the body is not compared).
    pub fn wish_id(&self, route: &str) -> WishId {
        match &self.key {
            Some(key) => self.keyed(route, key),
            None => WishId { command: CommandId(Uuid::now_v7()), repeatable: false },
        }
    }

    /// The wish under a key that the caller gave in another way than by header.
    pub fn keyed(&self, route: &str, key: &str) -> WishId {
        WishId { command: CommandId::keyed(self.user_id.as_str(), route, key), repeatable: true }
    }

    pub(super) fn metadata(&self, command: CommandId) -> Metadata {
        Metadata {
            actor: Some(self.user_id.clone()),
            correlation: Some(self.request),
            command: Some(command),
            ..Metadata::default()
        }
    }
}

impl Program {
    /// As [`Caller::wish_id`].
    pub fn wish_id(&self, route: &str) -> WishId {
        match &self.key {
            // No user's id has a colon in it: keys of programs and of people are never the same.
            Some(key) => {
                WishId { command: CommandId::keyed(&format!("service:{}", self.name), route, key), repeatable: true }
            }
            None => WishId { command: CommandId(Uuid::now_v7()), repeatable: false },
        }
    }

    pub(super) fn metadata(&self, command: CommandId) -> Metadata {
        Metadata { correlation: Some(self.request), command: Some(command), ..Metadata::default() }
    }
}

impl WishId {
    /// For a wish of several commands: the one called `name`.
    pub fn part(self, name: &str) -> Self {
        Self { command: self.command.part(name), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(key: Option<&str>) -> Caller {
        let user_id = UserId::parse("ana").expect("a valid id");
        Caller { user_id, request: Uuid::nil(), key: key.map(str::to_owned) }
    }

    #[test]
    fn a_key_gives_the_same_wish_for_ever_and_no_key_a_new_one_each_time() {
        let keyed = caller(Some("k"));
        assert_eq!(keyed.wish_id("send"), keyed.wish_id("send"));
        assert_ne!(keyed.wish_id("send"), keyed.wish_id("read"));
        let plain = caller(None);
        assert_ne!(plain.wish_id("send"), plain.wish_id("send"));
        assert!(!plain.wish_id("send").repeatable && keyed.wish_id("send").part("a").repeatable);
    }
}
