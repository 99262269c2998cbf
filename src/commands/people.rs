//! Filling the directory from what a session says of its owner (requirements R13).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aggregates::ids::UserId;
use aggregates::limits::CLAIM_CHARS_MAX;
use aggregates::user::{Profile, ProfileChanges, PutProfile, PutUser, Reach, UserCommand};
use aggregates::visible::is_blank;
use aggregates::{Command, Sealed, StreamId};
use event_log::{CacheSize, Position};
use futures_util::StreamExt;

use super::{Caller, Commands, Failure, Program, WishId};

/// Commands of one request that are before the door at the same time.
const PUT_AT_ONCE_MAX: usize = 32;

/// What this process has told the directory, so that not every request asks the door. Its own to forget: these are
/// people's words, and who comes back after an erasure must be told of anew.
pub struct Filled {
    told: Mutex<Told>,
    /// At the limit all are forgotten and told once more.
    sessions_max: usize,
}

#[derive(Default)]
struct Told {
    claims: HashMap<UserId, Profile>,
    /// Where somebody, whoever it was, was last erased: what was told before that is not kept any more.
    erased: Position,
}

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
        self.filled.keep(caller.user_id.clone(), claims.clone(), done.position);
        Ok(Some(done.position))
    }
}

/// Of several who were put at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    pub count: u64,
    pub position: Position,
}

impl Commands {
    /// What the platform says of somebody; registers them when they are new.
    pub async fn put_user(
        &self,
        program: &Program,
        user_id: &UserId,
        changes: ProfileChanges,
    ) -> Result<Position, Failure> {
        let id = program.wish_id(&format!("put-user:{user_id}"));
        self.put(program, id, user_id.clone(), changes).await
    }

    /// Each a command of its own, answered when all are durable. When some could not be carried out the others are all the
    /// same: to ask again for all of them is safe.
    pub async fn put_users(&self, program: &Program, people: Vec<(UserId, ProfileChanges)>) -> Result<Put, Failure> {
        let wished = people.len();
        let id = program.wish_id("put-users");
        let mut last: HashMap<UserId, ProfileChanges> = HashMap::with_capacity(wished);
        last.extend(people);
        let putting = last.into_iter().map(|(user_id, changes)| {
            let part = id.part(user_id.as_str());
            self.put(program, part, user_id, changes)
        });
        let mut putting = futures_util::stream::iter(putting).buffer_unordered(PUT_AT_ONCE_MAX);
        let (mut put, mut failed) = (Put { count: 0, position: Position::START }, None);
        while let Some(done) = putting.next().await {
            match done {
                Ok(position) => put = Put { count: put.count + 1, position: put.position.max(position) },
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        match failed {
            None => Ok(put),
            Some(failure) if put.count == 0 => Err(failure),
            Some(failure) => Err(Failure::Partly { done: put.count, wished, source: Box::new(failure) }),
        }
    }

    async fn put(
        &self,
        program: &Program,
        id: WishId,
        user_id: UserId,
        changes: ProfileChanges,
    ) -> Result<Position, Failure> {
        let stream = StreamId::user(&user_id);
        let put = PutUser { user_id, changes, at: self.clock.now() };
        let command = Command::User(UserCommand::Put(put));
        Ok(self.execute_with(program.metadata(id.command), id, stream, command).await?.position)
    }
}

impl Filled {
    pub fn up_to(sessions_max: usize) -> Self {
        Self { told: Mutex::default(), sessions_max }
    }

    /// For operators.
    pub fn size(&self) -> CacheSize {
        CacheSize::counted("sessions", self.told().claims.len(), self.sessions_max)
    }

    fn holds(&self, user: &UserId, claims: &Profile) -> bool {
        self.told().claims.get(user) == Some(claims)
    }

    /// `position`: the directory has it there.
    fn keep(&self, user: UserId, claims: Profile, position: Position) {
        let mut told = self.told();
        // The erasure may have been theirs, and heard of first.
        if position <= told.erased {
            return;
        }
        if told.claims.len() >= self.sessions_max && !told.claims.contains_key(&user) {
            told.claims.clear();
        }
        told.claims.insert(user, claims);
    }

    /// Somebody was erased at `position`. To be called by whoever reads the log's tail.
    pub fn forget(&self, user: &UserId, position: Position) {
        let mut told = self.told();
        told.claims.remove(user);
        told.erased = told.erased.max(position);
    }

    // A panic while it was held cannot leave it half changed: every change is one insert or remove.
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Claims come from outside: what no view can store (U+0000) or no screen can show is left out.
fn cleaned(claims: &Profile) -> Profile {
    let clean = |words: &Option<Sealed>| {
        words.clone().filter(|words| {
            let text = words.reveal();
            !is_blank(text) && !text.contains('\0') && text.chars().count() <= CLAIM_CHARS_MAX
        })
    };
    Profile {
        name: clean(&claims.name),
        username: clean(&claims.username),
        avatar: clean(&claims.avatar),
        email: clean(&claims.email),
        phone: clean(&claims.phone),
        role: claims.role,
        reach: Reach::default(),
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
    fn promise_8_no_more_sessions_are_remembered_than_the_limit() {
        let filled = Filled::up_to(10);
        for number in 1..=25 {
            let user = UserId::parse(&format!("user-{number}")).expect("a valid id");
            filled.keep(user.clone(), Profile::default(), Position(number));
            assert!(filled.holds(&user, &Profile::default()) && filled.size().entries <= 10);
        }
        assert_eq!(filled.size(), CacheSize::counted("sessions", 5, 10));
    }

    #[test]
    fn changed_claims_are_told_again() {
        let filled = Filled::up_to(10);
        let ana = UserId::parse("ana").expect("a valid id");
        filled.keep(ana.clone(), Profile::default(), Position(1));
        assert!(filled.holds(&ana, &Profile::default()));
        assert!(!filled.holds(&ana, &Profile { name: Some(Sealed::new("Ana")), ..Profile::default() }));
    }

    #[test]
    fn who_was_erased_is_told_of_anew_also_when_the_erasure_is_heard_first() {
        let filled = Filled::up_to(10);
        let [ana, ben] = ["ana", "ben"].map(|id| UserId::parse(id).expect("a valid id"));
        filled.keep(ana.clone(), Profile::default(), Position(1));
        filled.keep(ben.clone(), Profile::default(), Position(2));
        filled.forget(&ana, Position(4));
        assert!(!filled.holds(&ana, &Profile::default()) && filled.holds(&ben, &Profile::default()));
        filled.keep(ana.clone(), Profile::default(), Position(3));
        assert!(!filled.holds(&ana, &Profile::default()), "it was told before the erasure");
        filled.keep(ana.clone(), Profile::default(), Position(5));
        assert!(filled.holds(&ana, &Profile::default()), "and this behind it");
    }
}
