//! Who is in a room, and whom it falls to when its owner leaves.
//!
//! A persistent map (ADR 0013), and for big rooms a second one in the order of inheritance: an owner who leaves a hundred
//! thousand is decided on as fast as one who leaves ten. Small rooms are looked through instead, which costs nothing to
//! keep. Never in here: who may do what.

use std::cmp::Reverse;

use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::room::{MemberState, Role};

/// Rooms of more members keep the order of inheritance; up to here it is found by looking at all of them.
pub(crate) const LOOKED_THROUGH_MAX: usize = 1_000;

type ById = RedBlackTreeMapSync<UserId, MemberState>;

/// Before whom somebody inherits: by role, then by who came first.
type Rank = (Reverse<Role>, u64);

fn rank(member: &MemberState) -> Rank {
    (Reverse(member.role), member.arrival)
}

/// The order of inheritance is made of the members, and kept nowhere.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "ById", into = "ById")]
pub(crate) struct Members {
    by_id: ById,
    /// There exactly while there are more than [`LOOKED_THROUGH_MAX`].
    by_rank: Option<RedBlackTreeMapSync<Rank, UserId>>,
}

impl From<ById> for Members {
    fn from(by_id: ById) -> Self {
        let mut members = Self { by_id, by_rank: None };
        members.keep_ranks();
        members
    }
}

impl From<Members> for ById {
    fn from(members: Members) -> Self {
        members.by_id
    }
}

impl Members {
    pub fn len(&self) -> usize {
        self.by_id.size()
    }

    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub fn has(&self, user: &UserId) -> bool {
        self.by_id.contains_key(user)
    }

    pub fn get(&self, user: &UserId) -> Option<&MemberState> {
        self.by_id.get(user)
    }

    /// By id.
    pub fn ids(&self) -> impl Iterator<Item = &UserId> {
        self.by_id.keys()
    }

    /// Somebody who is not in.
    pub fn admit(&mut self, user: &UserId, member: MemberState) {
        self.by_id.insert_mut(user.clone(), member);
        if let Some(by_rank) = &mut self.by_rank {
            by_rank.insert_mut(rank(&member), user.clone());
        }
        self.keep_ranks();
    }

    pub fn remove(&mut self, user: &UserId) {
        let Some(member) = self.by_id.get(user).copied() else { return };
        self.by_id.remove_mut(user);
        if let Some(by_rank) = &mut self.by_rank {
            by_rank.remove_mut(&rank(&member));
        }
        self.keep_ranks();
    }

    pub fn set_role(&mut self, user: &UserId, role: Role) {
        let Some(member) = self.by_id.get_mut(user) else { return };
        let before = rank(member);
        member.role = role;
        let after = rank(member);
        if let Some(by_rank) = &mut self.by_rank {
            by_rank.remove_mut(&before);
            by_rank.insert_mut(after, user.clone());
        }
    }

    /// A group is never without an owner: the longest-serving admin, else the longest-serving member. `None` where another
    /// owner stays, or nobody.
    pub fn heir(&self, leaving: &UserId) -> Option<&UserId> {
        let others = |user: &UserId| user != leaving;
        let first = match &self.by_rank {
            Some(by_rank) => by_rank.iter().find(|(_, user)| others(user)).map(|((role, _), user)| (role.0, user)),
            None => self
                .by_id
                .iter()
                .filter(|(user, _)| others(user))
                .min_by_key(|(_, member)| rank(member))
                .map(|(user, member)| (member.role, user)),
        };
        first.filter(|(role, _)| *role != Role::Owner).map(|(_, user)| user)
    }

    fn keep_ranks(&mut self) {
        if self.len() <= LOOKED_THROUGH_MAX {
            self.by_rank = None;
        } else if self.by_rank.is_none() {
            self.by_rank = Some(self.by_id.iter().map(|(user, member)| (rank(member), user.clone())).collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(nth: usize) -> UserId {
        UserId::parse(&format!("user-{nth}")).expect("a valid id")
    }

    fn of(count: usize) -> Members {
        let mut members = Members::default();
        for nth in 0..count {
            let role = if nth == 0 { Role::Owner } else { Role::Member };
            members.admit(&user(nth), MemberState { role, join_seq: 0, arrival: nth as u64 });
        }
        members
    }

    /// What [`Members::heir`] means, by looking at everybody.
    fn by_looking(members: &Members, leaving: &UserId) -> Option<UserId> {
        let others = || members.by_id.iter().filter(|(user, _)| *user != leaving);
        if others().any(|(_, member)| member.role == Role::Owner) {
            return None;
        }
        others().max_by_key(|(_, member)| (member.role, Reverse(member.arrival))).map(|(user, _)| user.clone())
    }

    #[test]
    fn the_heir_of_a_room_is_the_same_on_both_sides_of_the_limit() {
        for count in [1, 2, 10, LOOKED_THROUGH_MAX, LOOKED_THROUGH_MAX + 1, LOOKED_THROUGH_MAX + 5] {
            let mut members = of(count);
            let agree = |members: &Members, leaving: &UserId| {
                assert_eq!(
                    members.heir(leaving),
                    by_looking(members, leaving).as_ref(),
                    "{count} with {leaving} leaving"
                );
            };
            agree(&members, &user(0));
            agree(&members, &user(1));
            members.set_role(&user(7), Role::Admin);
            members.set_role(&user(5), Role::Admin);
            agree(&members, &user(0));
            members.set_role(&user(5), Role::Member);
            agree(&members, &user(0));
            members.remove(&user(7));
            members.remove(&user(1));
            agree(&members, &user(0));
            members.set_role(&user(3), Role::Owner);
            agree(&members, &user(0));
            members.remove(&user(0));
            agree(&members, &user(3));
        }
    }

    #[test]
    fn promise_8_only_big_rooms_keep_the_order_and_it_follows_everything_that_happens() {
        let mut members = of(LOOKED_THROUGH_MAX);
        assert!(members.by_rank.is_none());
        members.admit(&user(5_000), MemberState { role: Role::Member, join_seq: 0, arrival: 5_000 });
        assert_eq!(members.by_rank.as_ref().map(RedBlackTreeMapSync::size), Some(LOOKED_THROUGH_MAX + 1));
        members.set_role(&user(9), Role::Admin);
        let anew = Members::from(ById::from(members.clone()));
        assert_eq!(members, anew, "as it is made of the members");
        members.remove(&user(9));
        assert!(members.by_rank.is_none());
    }
}
