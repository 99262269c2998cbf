//! The rules of the directory.

use super::commands::{EraseUser, PutProfile, UserCommand};
use super::error::UserError;
use super::events::{Profile, ProfileChanged, UserErased, UserEvent, UserRegistered};
use super::state::User;
use crate::{KeyId, Sealed};

impl User {
    pub fn decide(&self, command: &UserCommand) -> Result<Vec<UserEvent>, UserError> {
        match command {
            UserCommand::FillProfile(command) => Ok(self.fill(command)),
            UserCommand::Erase(command) => self.erase(command),
        }
    }

    fn fill(&self, command: &PutProfile) -> Vec<UserEvent> {
        // Sealed while they were being erased: nobody could ever read it.
        let offered = command.profile.without(&self.erased_keys);
        let Some(known) = &self.profile else {
            return vec![UserEvent::UserRegistered(UserRegistered {
                user_id: command.user_id.clone(),
                profile: offered,
                at: command.at,
            })];
        };
        let filled = known.filled_from(&offered);
        if filled == **known {
            return vec![];
        }
        vec![UserEvent::ProfileChanged(ProfileChanged {
            user_id: command.user_id.clone(),
            profile: filled,
            at: command.at,
        })]
    }

    /// An id that was erased may come back as somebody new, and be erased again: there is then another key to drop.
    fn erase(&self, command: &EraseUser) -> Result<Vec<UserEvent>, UserError> {
        let nothing_new = command.keys.iter().all(|key| self.erased_keys.contains(key));
        if !self.exists() && nothing_new {
            return if self.erased { Ok(vec![]) } else { Err(UserError::Unknown) };
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
        let kept =
            |words: &Option<Sealed>| words.clone().filter(|words| words.key().is_none_or(|key| !keys.contains(&key)));
        Self {
            name: kept(&self.name),
            username: kept(&self.username),
            avatar: kept(&self.avatar),
            email: kept(&self.email),
            phone: kept(&self.phone),
            role: self.role,
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
        }
    }
}
