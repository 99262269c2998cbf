//! What has happened to a directory entry.

use serde::{Deserialize, Serialize};

use crate::catalogue::EventSchema;
use crate::ids::UserId;
use crate::{KeyId, Sealed, Timestamp};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UserEvent {
    UserRegistered(UserRegistered),
    ProfileChanged(ProfileChanged),
    UserErased(UserErased),
}

/// Kabar heard of somebody for the first time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserRegistered {
    pub user_id: UserId,
    pub profile: Profile,
    pub at: Timestamp,
}

/// The whole profile as it now is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileChanged {
    pub user_id: UserId,
    pub profile: Profile,
    pub at: Timestamp,
}

/// From here on nothing that they said or were called before can be read. Their id, their places in rooms and what is
/// counted stay. Whoever comes back under the id is somebody new, with another key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserErased {
    pub user_id: UserId,
    /// The keys that are dropped with this: whoever reads it and still has one drops it too.
    pub keys: Vec<KeyId>,
    pub at: Timestamp,
}

/// All of it may be missing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Profile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<UserRole>,
    #[serde(default, skip_serializing_if = "Reach::is_empty")]
    pub reach: Reach,
}

/// How somebody is reached and spoken to, as the platform alone says it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Reach {
    /// `id` or `en`: no words of theirs, and so not sealed; as the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// By its IANA name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What a push provider calls their devices; at most [`DEVICES_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub push: Vec<Sealed>,
    /// Their browsers, each as the JSON of a web-push subscription; at most [`DEVICES_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub web_push: Vec<Sealed>,
}

/// Devices of one kind that somebody has.
pub const DEVICES_MAX: usize = 20;

impl Reach {
    pub const fn is_empty(&self) -> bool {
        self.locale.is_none() && self.time_zone.is_none() && self.push.is_empty() && self.web_push.is_empty()
    }
}

/// The platform's roles (requirements R13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UserRole {
    Admin,
    Mentor,
    Affiliate,
    MemberPremium,
    MemberFree,
}

impl UserRole {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::Mentor => "MENTOR",
            Self::Affiliate => "AFFILIATE",
            Self::MemberPremium => "MEMBER_PREMIUM",
            Self::MemberFree => "MEMBER_FREE",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Self::Admin, Self::Mentor, Self::Affiliate, Self::MemberPremium, Self::MemberFree]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// Of erasures, in what was chosen: where nobody was erased before, it is not written down.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
pub(crate) const fn is_zero(erasures: &u32) -> bool {
    *erasures == 0
}

impl UserEvent {
    pub const USER_REGISTERED: &'static str = "user_registered";
    pub const PROFILE_CHANGED: &'static str = "profile_changed";
    pub const USER_ERASED: &'static str = "user_erased";
    /// What makes [`super::User::exists`] another: who is not there yet may come, who is there may be erased.
    pub const EXISTENCE: &'static [&'static str] = &[Self::USER_REGISTERED, Self::USER_ERASED];
    /// What makes [`super::User::erasures`] another.
    pub const ERASURES: &'static [&'static str] = &[Self::USER_ERASED];
    /// What makes [`super::User::role`] another.
    pub const PROFILES: &'static [&'static str] = &[Self::USER_REGISTERED, Self::PROFILE_CHANGED, Self::USER_ERASED];

    /// The stored name and current version of each event. Append-only.
    pub const fn schema(&self) -> EventSchema {
        match self {
            Self::UserRegistered(_) => EventSchema::new(Self::USER_REGISTERED, "1"),
            Self::ProfileChanged(_) => EventSchema::new(Self::PROFILE_CHANGED, "1"),
            Self::UserErased(_) => EventSchema::new(Self::USER_ERASED, "1"),
        }
    }
}
