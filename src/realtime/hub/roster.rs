//! Who is on a presence channel: each person once, however many connections they have.
//!
//! Pure bookkeeping under the hub's lock. Channels of other kinds have no roster, so that it costs them nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::realtime::protocol::claims::Member;
use crate::realtime::protocol::socket_id::SocketId;

struct Present {
    info: Option<Arc<str>>,
    connections: usize,
}

/// The members of one channel.
#[derive(Default)]
pub struct Roster {
    members: BTreeMap<Arc<str>, Present>,
    sockets: HashMap<SocketId, Arc<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// The others are to be told.
    First,
    /// They have another connection here.
    Again,
    /// As many people as may be are here.
    Full,
}

impl Roster {
    pub fn join(&mut self, socket: SocketId, member: Member, members_max: usize) -> Joined {
        let is_full = self.members.len() >= members_max;
        let joined = match self.members.get_mut(&member.id) {
            Some(present) => {
                present.connections += 1;
                Joined::Again
            }
            None if is_full => return Joined::Full,
            None => {
                self.members.insert(member.id.clone(), Present { info: member.info, connections: 1 });
                Joined::First
            }
        };
        self.sockets.insert(socket, member.id);
        joined
    }

    /// Who it was, when it was their last connection.
    pub fn leave(&mut self, socket: SocketId) -> Option<Arc<str>> {
        let id = self.sockets.remove(&socket)?;
        let present = self.members.get_mut(&id)?;
        present.connections -= 1;
        if present.connections > 0 {
            return None;
        }
        self.members.remove(&id);
        Some(id)
    }

    pub fn member_of(&self, socket: SocketId) -> Option<&Arc<str>> {
        self.sockets.get(&socket)
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn ids(&self) -> impl Iterator<Item = &Arc<str>> {
        self.members.keys()
    }

    /// `{"presence": {"ids": [..], "hash": {..}, "count": n}}` of those whom `sees` lets through.
    pub fn shown(&self, sees: impl Fn(&str) -> bool) -> impl Serialize {
        let members: Vec<_> = self.members.iter().filter(|(id, _)| sees(id)).collect();
        let ids: Vec<_> = members.iter().map(|(id, _)| *id).collect();
        Shown { presence: Presence { count: ids.len(), ids, hash: Hash(members) } }
    }

    /// `{"user_id": .., "user_info": ..}`.
    pub fn member_shown(&self, id: &str) -> impl Serialize {
        Added { user_id: id.to_owned(), user_info: raw(self.members.get(id).and_then(|it| it.info.as_deref())) }
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    presence: Presence<'a>,
}

#[derive(Serialize)]
struct Presence<'a> {
    ids: Vec<&'a Arc<str>>,
    hash: Hash<'a>,
    count: usize,
}

#[derive(Serialize)]
struct Added {
    user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_info: Option<Box<RawValue>>,
}

struct Hash<'a>(Vec<(&'a Arc<str>, &'a Present)>);

impl Serialize for Hash<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (id, present) in &self.0 {
            map.serialize_entry(id, &raw(present.info.as_deref()))?;
        }
        map.end()
    }
}

/// It was read as JSON when it came.
fn raw(info: Option<&str>) -> Option<Box<RawValue>> {
    info.and_then(|info| RawValue::from_string(info.to_owned()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn member(id: &str, info: Option<&str>) -> Member {
        Member { id: Arc::from(id), info: info.map(Arc::from) }
    }

    fn shown(roster: &Roster) -> serde_json::Value {
        serde_json::to_value(roster.shown(|_| true)).expect("JSON")
    }

    #[test]
    fn somebody_with_two_connections_is_here_once_and_gone_with_the_last() {
        let (mut roster, phone, laptop) = (Roster::default(), SocketId::random(), SocketId::random());
        let ana = || member("ana", Some(r#"{"name":"Ana"}"#));
        assert_eq!(roster.join(phone, ana(), 100), Joined::First);
        assert_eq!(roster.join(laptop, ana(), 100), Joined::Again);
        assert_eq!(
            shown(&roster),
            json!({ "presence": { "ids": ["ana"], "hash": { "ana": { "name": "Ana" } }, "count": 1 } })
        );
        let added = serde_json::to_value(roster.member_shown("ana")).expect("JSON");
        assert_eq!(added, json!({ "user_id": "ana", "user_info": { "name": "Ana" } }));
        assert_eq!(roster.leave(phone), None);
        assert_eq!(roster.leave(phone), None, "a connection goes once");
        assert_eq!(roster.leave(laptop).as_deref(), Some("ana"));
        assert!(roster.is_empty() && roster.sockets.is_empty());
    }

    #[test]
    fn the_limit_counts_people_and_not_connections() {
        let mut roster = Roster::default();
        for number in 0..3 {
            assert_eq!(roster.join(SocketId::random(), member(&format!("u{number}"), None), 3), Joined::First);
        }
        assert_eq!(roster.join(SocketId::random(), member("u1", None), 3), Joined::Again);
        let late = SocketId::random();
        assert_eq!(roster.join(late, member("late", None), 3), Joined::Full);
        assert_eq!((roster.len(), roster.member_of(late)), (3, None));
        assert_eq!(shown(&roster)["presence"]["hash"]["u0"], json!(null));
    }
}
