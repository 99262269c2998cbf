//! Who has read which message: derived from how far each member has read, never stored per message.

use aggregates::ids::UserId;
use aggregates::room::HistoryFrom;
use projections::inbox::MemberRow;

use crate::wire::message::{READERS_SHOWN_MAX, Receipt};

/// In larger rooms nobody is told who read what: it would be a look at every member for every page.
pub(super) const MEMBERS_COUNTED_MAX: usize = 100;

/// Everybody's place in one room, as one of them may see it.
pub(super) enum Readers {
    /// The two of a DIRECT room: what one wrote, the other reads.
    Two(Vec<MemberRow>),
    /// A group in which everybody is at hand, and from where on they read.
    Some(Vec<MemberRow>, HistoryFrom),
    /// A room too large to tell; only the asking member's own place.
    Many(MemberRow),
}

impl Readers {
    /// Of the message `seq` that `sender` wrote, as `asking` sees it.
    pub(super) fn receipt(&self, seq: u64, sender: &UserId, asking: &UserId) -> Receipt {
        match self {
            Self::Two(members) => members
                .iter()
                .find(|member| member.user_id != *sender)
                .map_or_else(Receipt::default, |other| received(other, seq)),
            Self::Some(members, history_from) => {
                // Who came too late to read it has not read it, however far they have come since.
                let reads = |member: &MemberRow| *history_from == HistoryFrom::Start || member.join_seq < seq;
                let has_read =
                    |member: &&MemberRow| member.user_id != *sender && member.seen_seq >= seq && reads(member);
                let others = members.iter().filter(has_read);
                let count = others.clone().count() as u64;
                // Whose own it is sees whether anybody has read it; the others whether they themselves have.
                let telling = others.clone().find(|member| sender == asking || member.user_id == *asking);
                Receipt {
                    read_by: others.take(READERS_SHOWN_MAX).map(|member| member.user_id.clone()).collect(),
                    read_by_count: Some(count),
                    ..telling.map_or_else(Receipt::default, read)
                }
            }
            Self::Many(own) if sender != asking && own.seen_seq >= seq => read(own),
            Self::Many(_) => Receipt::default(),
        }
    }
}

/// By the other one of two: what they read has arrived as well.
fn received(other: &MemberRow, seq: u64) -> Receipt {
    let is_read = other.seen_seq >= seq;
    let arrived = other.delivered_seq >= seq;
    let read_at = other.last_read_at.filter(|_| is_read);
    let delivered_at = if arrived { other.delivered_at } else { read_at };
    Receipt { is_read, read_at, is_delivered: is_read || arrived, delivered_at, ..Receipt::default() }
}

fn read(member: &MemberRow) -> Receipt {
    Receipt { is_read: true, read_at: member.last_read_at, ..Receipt::default() }
}

#[cfg(test)]
mod tests {
    use aggregates::Timestamp;
    use aggregates::ids::RoomId;
    use aggregates::room::Role;
    use uuid::Uuid;

    use super::*;

    fn user(id: &str) -> UserId {
        UserId::parse(id).expect("a valid id")
    }

    fn member(id: &str, read_seq: u64) -> MemberRow {
        MemberRow {
            room_id: RoomId(Uuid::from_u128(1)),
            user_id: user(id),
            role: Role::Member,
            joined_at: Timestamp::from_millis(0),
            read_seq,
            seen_seq: read_seq,
            last_read_at: Some(Timestamp::from_millis(9)),
            join_seq: 0,
            delivered_seq: 0,
            delivered_at: None,
            muted: None,
            pinned: false,
            unread: 0,
        }
    }

    #[test]
    fn in_a_direct_room_read_is_the_position_of_the_one_who_did_not_write() {
        let readers = Readers::Two(vec![member("ana", 5), member("ben", 3)]);
        let (ana, ben) = (user("ana"), user("ben"));
        assert!(readers.receipt(3, &ana, &ana).is_read);
        assert!(!readers.receipt(4, &ana, &ana).is_read, "ben has not come to it, and ana's own place does not count");
        assert!(readers.receipt(5, &ben, &ben).is_read);
        assert_eq!(readers.receipt(3, &ana, &ben).read_by_count, None);
    }

    #[test]
    fn in_a_direct_room_what_has_arrived_is_told_apart_from_what_was_read() {
        let at = Some(Timestamp::from_millis(5));
        let ben = MemberRow { delivered_seq: 4, delivered_at: at, ..member("ben", 2) };
        let readers = Readers::Two(vec![member("ana", 9), ben]);
        let (ana, at_read) = (user("ana"), Some(Timestamp::from_millis(9)));
        let of = |seq| {
            let receipt = readers.receipt(seq, &ana, &ana);
            (receipt.is_read, receipt.read_at, receipt.is_delivered, receipt.delivered_at)
        };
        assert_eq!(of(2), (true, at_read, true, at));
        assert_eq!(of(4), (false, None, true, at));
        assert_eq!(of(5), (false, None, false, None));
        let unheard = Readers::Two(vec![member("ana", 9), member("ben", 2)]);
        assert!(unheard.receipt(2, &ana, &ana).is_delivered, "what was read has arrived");
    }

    #[test]
    fn in_a_group_the_readers_are_named_and_counted_without_the_writer() {
        let readers = Readers::Some(vec![member("ana", 9), member("ben", 4), member("cat", 2)], HistoryFrom::Start);
        let (ana, cat) = (user("ana"), user("cat"));
        let own = readers.receipt(4, &ana, &ana);
        assert_eq!((own.is_read, own.read_by_count, own.read_by), (true, Some(1), vec![user("ben")]));
        assert!(!readers.receipt(4, &ana, &cat).is_read, "cat has not read it, though ben has");
        assert!(!readers.receipt(5, &ana, &ana).is_read);
    }

    #[test]
    fn where_history_begins_at_the_join_whoever_came_later_has_not_read_it() {
        let cat = MemberRow { join_seq: 4, ..member("cat", 9) };
        let of = |history_from, seq| {
            let readers = Readers::Some(vec![member("ana", 9), member("ben", 9), cat.clone()], history_from);
            readers.receipt(seq, &user("ana"), &user("ana")).read_by_count
        };
        assert_eq!((of(HistoryFrom::Join, 4), of(HistoryFrom::Join, 5)), (Some(1), Some(2)));
        assert_eq!(of(HistoryFrom::Start, 4), Some(2));
    }

    #[test]
    fn in_a_very_large_room_everybody_sees_their_own_place_only() {
        let readers = Readers::Many(member("cat", 4));
        assert!(readers.receipt(4, &user("ana"), &user("cat")).is_read);
        assert_eq!(readers.receipt(4, &user("ana"), &user("cat")).read_by_count, None);
        assert!(!readers.receipt(4, &user("cat"), &user("cat")).is_read);
    }
}
