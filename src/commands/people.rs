//! Filling the directory from what a session says of its owner (requirements R13).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aggregates::ids::UserId;
use aggregates::limits::CLAIM_CHARS_MAX;
use aggregates::user::{Profile, PutProfile, UserCommand};
use aggregates::{Command, Sealed, StreamId};
use event_log::Position;

use super::{Caller, Commands, Failure};

/// Sessions remembered as already told to the directory; at the limit all are forgotten and told once more.
const FILLED_MAX: usize = 100_000;

/// What this process has told the directory, so that not every request asks the door.
#[derive(Default)]
pub(super) struct Filled(Mutex<HashMap<UserId, Profile>>);

impl Commands {
    /// Registers the caller when they are new and fills what is missing; overwrites nothing. `None` when the directory
    /// was told the same before.
    pub async fn fill_profile(&self, caller: &Caller, claims: &Profile) -> Result<Option<Position>, Failure> {
        if self.filled.holds(&caller.user_id, claims) {
            return Ok(None);
        }
        let user_id = caller.user_id.clone();
        let stream = StreamId::user(&user_id);
        let put = PutProfile { user_id, profile: cleaned(claims), at: self.clock.now() };
        // Not under the request's key: that belongs to what the request itself wishes.
        let own = Caller { key: None, ..caller.clone() };
        let command = Command::User(UserCommand::FillProfile(put));
        let done = self.execute(&own, own.wish_id("fill-profile"), stream, command).await?;
        self.filled.keep(caller.user_id.clone(), claims.clone());
        Ok(Some(done.position))
    }
}

impl Filled {
    fn holds(&self, user: &UserId, claims: &Profile) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(user) == Some(claims)
    }

    fn keep(&self, user: UserId, claims: Profile) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= FILLED_MAX {
            told.clear();
        }
        told.insert(user, claims);
    }
}

/// Claims come from outside: what no view can store (U+0000) or no screen can show is left out.
fn cleaned(claims: &Profile) -> Profile {
    let clean = |words: &Option<Sealed>| {
        words.clone().filter(|words| {
            let text = words.reveal();
            !text.trim().is_empty() && !text.contains('\0') && text.chars().count() <= CLAIM_CHARS_MAX
        })
    };
    Profile {
        name: clean(&claims.name),
        username: clean(&claims.username),
        avatar: clean(&claims.avatar),
        email: clean(&claims.email),
        phone: clean(&claims.phone),
        role: claims.role,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_that_cannot_be_kept_are_left_out() {
        let claims = Profile {
            name: Some(Sealed::new("a\0b")),
            username: Some(Sealed::new(" ")),
            avatar: Some(Sealed::new("x".repeat(CLAIM_CHARS_MAX + 1))),
            email: Some(Sealed::new("ana@example.org")),
            ..Profile::default()
        };
        let kept = Profile { email: claims.email.clone(), ..Profile::default() };
        assert_eq!(cleaned(&claims), kept);
    }

    #[test]
    fn changed_claims_are_told_again() {
        let filled = Filled::default();
        let ana = UserId::parse("ana").expect("a valid id");
        filled.keep(ana.clone(), Profile::default());
        assert!(filled.holds(&ana, &Profile::default()));
        assert!(!filled.holds(&ana, &Profile { name: Some(Sealed::new("Ana")), ..Profile::default() }));
    }
}
