//! The rules of the directory.

use super::commands::{Change, EraseUser, ProfileChanges, PutProfile, PutUser, UserCommand};
use super::error::UserError;
use super::events::{Profile, ProfileChanged, Reach, UserErased, UserEvent, UserRegistered};
use super::state::User;
use crate::ids::UserId;
use crate::{KeyId, Sealed, Timestamp};

impl User {
    pub fn decide(&self, command: &UserCommand) -> Result<Vec<UserEvent>, UserError> {
        match command {
            UserCommand::FillProfile(command) => Ok(self.fill(command)),
            UserCommand::Put(command) => Ok(self.put(command)),
            UserCommand::Erase(command) => self.erase(command),
        }
    }

    fn fill(&self, command: &PutProfile) -> Vec<UserEvent> {
        // Sealed while they were being erased: nobody could ever read it.
        let offered = command.profile.without(&self.erased_keys);
        let profile = match &self.profile {
            Some(known) => known.filled_from(&offered),
            None => offered,
        };
        self.become_known(&command.user_id, profile, command.at)
    }

    fn put(&self, command: &PutUser) -> Vec<UserEvent> {
        let known = self.profile.as_deref().cloned().unwrap_or_default();
        let profile = known.changed_by(&command.changes).without(&self.erased_keys);
        self.become_known(&command.user_id, profile, command.at)
    }

    fn become_known(&self, user_id: &UserId, profile: Profile, at: Timestamp) -> Vec<UserEvent> {
        let user_id = user_id.clone();
        match &self.profile {
            None => vec![UserEvent::UserRegistered(UserRegistered { user_id, profile, at })],
            Some(known) if **known == profile => vec![],
            Some(_) => vec![UserEvent::ProfileChanged(ProfileChanged { user_id, profile, at })],
        }
    }

    /// An id that was erased may come back as somebody new, and be erased again: there is then another key to drop.
    fn erase(&self, command: &EraseUser) -> Result<Vec<UserEvent>, UserError> {
        let nothing_new = command.keys.iter().all(|key| self.erased_keys.contains(key));
        if !self.exists() && nothing_new {
            return if self.erasures > 0 { Ok(vec![]) } else { Err(UserError::Unknown) };
        }
        Ok(vec![UserEvent::UserErased(UserErased {
            user_id: command.user_id.clone(),
            keys: command.keys.clone(),
            at: command.at,
        })])
    }
}

impl Profile {
    fn without(&self, keys: &[KeyId]) -> Self {
        let stands = |words: &&Sealed| words.key().is_none_or(|key| !keys.contains(&key));
        let kept = |words: &Option<Sealed>| words.as_ref().filter(stands).cloned();
        let all_kept = |words: &[Sealed]| words.iter().filter(stands).cloned().collect();
        Self {
            name: kept(&self.name),
            username: kept(&self.username),
            avatar: kept(&self.avatar),
            email: kept(&self.email),
            phone: kept(&self.phone),
            role: self.role,
            reach: Reach {
                push: all_kept(&self.reach.push),
                web_push: all_kept(&self.reach.web_push),
                ..self.reach.clone()
            },
        }
    }

    /// As the platform has it now.
    fn changed_by(self, changes: &ProfileChanges) -> Self {
        fn changed<T: Clone>(known: Option<T>, change: &Change<T>) -> Option<T> {
            match change {
                Change::Keep => known,
                Change::Clear => None,
                Change::Set(value) => Some(value.clone()),
            }
        }
        let all = |known, change| changed(Some(known), change).unwrap_or_default();
        Self {
            name: changed(self.name, &changes.name),
            username: changed(self.username, &changes.username),
            avatar: changed(self.avatar, &changes.avatar),
            email: changed(self.email, &changes.email),
            phone: changed(self.phone, &changes.phone),
            role: changed(self.role, &changes.role),
            reach: Reach {
                locale: changed(self.reach.locale, &changes.locale),
                time_zone: changed(self.reach.time_zone, &changes.time_zone),
                push: all(self.reach.push, &changes.push),
                web_push: all(self.reach.web_push, &changes.web_push),
            },
        }
    }

    /// What is known wins; what is missing is taken from `other`.
    pub fn filled_from(&self, other: &Self) -> Self {
        fn either<T: Clone>(known: &Option<T>, offered: &Option<T>) -> Option<T> {
            known.clone().or_else(|| offered.clone())
        }
        Self {
            name: either(&self.name, &other.name),
            username: either(&self.username, &other.username),
            avatar: either(&self.avatar, &other.avatar),
            email: either(&self.email, &other.email),
            phone: either(&self.phone, &other.phone),
            role: self.role.or(other.role),
            // No session says how somebody is reached.
            reach: self.reach.clone(),
        }
    }
}
