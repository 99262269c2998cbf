//! The rules of the directory.

use super::commands::{PutProfile, UserCommand};
use super::error::UserError;
use super::events::{Profile, ProfileChanged, UserEvent, UserRegistered};
use super::state::User;

impl User {
    pub fn decide(&self, command: &UserCommand) -> Result<Vec<UserEvent>, UserError> {
        match command {
            UserCommand::FillProfile(command) => Ok(self.fill(command)),
        }
    }

    fn fill(&self, command: &PutProfile) -> Vec<UserEvent> {
        let Some(known) = &self.profile else {
            return vec![UserEvent::UserRegistered(UserRegistered {
                user_id: command.user_id.clone(),
                profile: command.profile.clone(),
                at: command.at,
            })];
        };
        let filled = known.filled_from(&command.profile);
        if filled == *known {
            return vec![];
        }
        vec![UserEvent::ProfileChanged(ProfileChanged {
            user_id: command.user_id.clone(),
            profile: filled,
            at: command.at,
        })]
    }
}

impl Profile {
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
