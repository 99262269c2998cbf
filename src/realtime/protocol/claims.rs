//! What an endpoint has signed about somebody: `channel_data` of a subscription, `user_data` of a sign-in.
//!
//! Read only after the signature was found right, over the bytes as they came. Ids of the application's own users may be
//! numbers and are then shown as text, as the protocol has it everywhere else.

use std::collections::HashSet;
use std::sync::Arc;

use aggregates::ids::UserId;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Bytes of `user_info`.
pub const USER_INFO_BYTES_MAX: usize = 1_024;
const USER_ID_CHARACTERS_MAX: usize = 128;
/// The protocol takes this many ids of a watchlist and passes the rest over.
pub const WATCHLIST_MAX: usize = 100;

/// Somebody on a presence channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub id: Arc<str>,
    /// JSON, as it was signed.
    pub info: Option<Arc<str>>,
}

/// What is signed cannot be used. Safe to show: who reads it has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidClaims {
    #[error("channel_data is a JSON object")]
    NoObject,
    #[error("user_data is a JSON object with id, a text of 1 to {USER_ID_CHARACTERS_MAX} of A-Z a-z 0-9 _ - = @ , . ;")]
    NoUser,
    #[error("user_id has 1 to {USER_ID_CHARACTERS_MAX} characters")]
    UserId,
    #[error("user_info has at most {USER_INFO_BYTES_MAX} bytes")]
    UserInfo,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SaidId {
    Text(String),
    Number(serde_json::Number),
}

#[derive(Deserialize)]
struct SaidChannelData<'a> {
    #[serde(default)]
    user_id: Option<SaidId>,
    #[serde(borrow, default)]
    user_info: Option<&'a RawValue>,
    #[serde(borrow, default)]
    resume_after: Option<&'a RawValue>,
}

/// `channel_data`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelClaims {
    /// Who subscribes, as one of Kabar's own users: a text with the characters of an id.
    pub user: Option<UserId>,
    /// Who subscribes, on the application's own presence channels.
    pub member: Option<Member>,
    /// Up to where they have heard it, to be given what came since; only Kabar's own channels look into it.
    pub resume_after: Option<String>,
}

impl ChannelClaims {
    pub fn parse(channel_data: Option<&str>) -> Result<Self, InvalidClaims> {
        let Some(text) = channel_data.filter(|text| !text.is_empty()) else { return Ok(Self::default()) };
        let said: SaidChannelData<'_> = serde_json::from_str(text).map_err(|_| InvalidClaims::NoObject)?;
        let resume_after =
            said.resume_after.map(|raw| serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned()));
        let (id, user) = match said.user_id {
            None => return Ok(Self::default()),
            Some(SaidId::Text(id)) => {
                let user = UserId::parse(&id).ok();
                (id, user)
            }
            Some(SaidId::Number(id)) => (id.to_string(), None),
        };
        if !(1..=USER_ID_CHARACTERS_MAX).contains(&id.chars().count()) {
            return Err(InvalidClaims::UserId);
        }
        let member = Member { id: Arc::from(id), info: info(said.user_info)? };
        Ok(Self { user, member: Some(member), resume_after })
    }
}

#[derive(Deserialize)]
struct SaidUserData<'a> {
    id: UserId,
    #[serde(borrow, default)]
    user_info: Option<&'a RawValue>,
    #[serde(default)]
    watchlist: Vec<SaidId>,
}

/// `user_data`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserClaims {
    pub user: UserId,
    /// JSON, as it was signed.
    pub info: Option<Arc<str>>,
    /// Each once, the first [`WATCHLIST_MAX`]. Who can sign in nowhere is not among them.
    pub watchlist: Vec<UserId>,
    pub watchlist_too_long: bool,
}

impl UserClaims {
    pub fn parse(user_data: &str) -> Result<Self, InvalidClaims> {
        let said: SaidUserData<'_> = serde_json::from_str(user_data).map_err(|_| InvalidClaims::NoUser)?;
        let watchlist_too_long = said.watchlist.len() > WATCHLIST_MAX;
        let mut seen = HashSet::new();
        let ids = said.watchlist.into_iter().take(WATCHLIST_MAX).filter_map(|id| match id {
            SaidId::Text(text) => UserId::parse(&text).ok(),
            SaidId::Number(number) => UserId::parse(&number.to_string()).ok(),
        });
        let watchlist = ids.filter(|id| seen.insert(id.clone())).collect();
        Ok(Self { user: said.id, info: info(said.user_info)?, watchlist, watchlist_too_long })
    }
}

fn info(said: Option<&RawValue>) -> Result<Option<Arc<str>>, InvalidClaims> {
    let Some(text) = said.map(RawValue::get) else { return Ok(None) };
    if text.len() > USER_INFO_BYTES_MAX {
        return Err(InvalidClaims::UserInfo);
    }
    Ok(Some(Arc::from(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_may_be_a_number_on_an_applications_own_channels_only() {
        let read = ChannelClaims::parse(Some(r#"{"user_id":10,"user_info":{"name":"Mr. Channels"}}"#)).expect("claims");
        let member = read.member.expect("a member");
        assert_eq!((&*member.id, member.info.as_deref()), ("10", Some(r#"{"name":"Mr. Channels"}"#)));
        assert_eq!(read.user, None, "no user of Kabar's has a number for an id");
        let read = ChannelClaims::parse(Some(r#"{"user_id":"ana"}"#)).expect("claims");
        assert_eq!(read.user, UserId::parse("ana").ok());
        let read = ChannelClaims::parse(Some(r#"{"user_id":"Ana Maria"}"#)).expect("claims");
        assert_eq!((read.user, read.member.map(|member| member.id)), (None, Some(Arc::from("Ana Maria"))));
        assert_eq!(ChannelClaims::parse(None), Ok(ChannelClaims::default()));
        assert_eq!(ChannelClaims::parse(Some("")), Ok(ChannelClaims::default()));
        assert_eq!(ChannelClaims::parse(Some("{}")), Ok(ChannelClaims::default()));
    }

    #[test]
    fn what_is_too_long_or_of_another_shape_is_refused() {
        let long_id = format!(r#"{{"user_id":"{}"}}"#, "x".repeat(USER_ID_CHARACTERS_MAX + 1));
        assert_eq!(ChannelClaims::parse(Some(&long_id)), Err(InvalidClaims::UserId));
        assert_eq!(ChannelClaims::parse(Some(r#"{"user_id":""}"#)), Err(InvalidClaims::UserId));
        let info = |bytes: usize| format!(r#"{{"user_id":"a","user_info":"{}"}}"#, "x".repeat(bytes - 2));
        assert!(ChannelClaims::parse(Some(&info(USER_INFO_BYTES_MAX))).is_ok());
        assert_eq!(ChannelClaims::parse(Some(&info(USER_INFO_BYTES_MAX + 1))), Err(InvalidClaims::UserInfo));
        for text in ["5", "x", r#"{"user_id":[1]}"#] {
            assert_eq!(ChannelClaims::parse(Some(text)), Err(InvalidClaims::NoObject), "{text}");
        }
        for text in ["{}", "5", r#"{"id":5}"#, r#"{"id":""}"#, r#"{"id":"a b"}"#] {
            assert_eq!(UserClaims::parse(text), Err(InvalidClaims::NoUser), "{text}");
        }
    }

    #[test]
    fn of_a_watchlist_the_first_hundred_are_taken() {
        let list = |ids: usize| {
            let ids: Vec<String> = (0..ids).map(|id| format!("\"u{id}\"")).collect();
            UserClaims::parse(&format!(r#"{{"id":"ana","watchlist":[{}]}}"#, ids.join(","))).expect("claims")
        };
        assert_eq!((list(WATCHLIST_MAX).watchlist.len(), list(WATCHLIST_MAX).watchlist_too_long), (100, false));
        assert_eq!((list(WATCHLIST_MAX + 1).watchlist.len(), list(WATCHLIST_MAX + 1).watchlist_too_long), (100, true));
        let read = UserClaims::parse(r#"{"id":"ana","watchlist":["ben",7,"ben","a b"]}"#).expect("claims");
        let names: Vec<String> = read.watchlist.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["ben", "7"]);
    }
}
