//! Rooms as their members see them.

use std::collections::{HashMap, HashSet};

use aggregates::Sealed;
use aggregates::ids::{GroupId, RoomId, UserId};
use aggregates::room::{MembersAdded, Role, RoomKind, RoomOpened};
use projections::ReadError;
use projections::inbox::{Archived, MemberRow, RoomCursor, RoomRow, RoomsAsk};

use super::{Queries, cut, row_of};
use crate::wire::participant::Asking;
use crate::wire::{Participant, Room};

/// Participants shown of a room: both in DIRECT rooms, else those who were active most recently.
const PARTICIPANTS_SHOWN_MAX: usize = 20;

/// A page of somebody's rooms, the latest message first.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomsPage {
    pub rooms: Vec<Room>,
    /// Unread messages over all rooms, whatever the page or the search.
    pub total_unread: u64,
    /// Behind the last one, when there are more.
    pub next: Option<RoomCursor>,
}

/// Which of somebody's rooms.
#[derive(Debug, Clone, Copy)]
pub struct RoomsWish<'a> {
    pub search: Option<&'a str>,
    pub kind: Option<RoomKind>,
    pub archived: Archived,
    pub after: Option<RoomCursor>,
    pub limit: usize,
}

impl Queries<'_> {
    pub async fn rooms(&self, user: &UserId, wish: RoomsWish<'_>) -> Result<RoomsPage, ReadError> {
        let RoomsWish { search, kind, archived, after, limit } = wish;
        let members_each = PARTICIPANTS_SHOWN_MAX;
        let ask = RoomsAsk { search, kind, archived, after, limit: limit + 1, members_each };
        let found = self.views.inbox().rooms_of(user, &ask).await?;
        let (rows, more) = cut(found.rooms, limit);
        let next = rows.last().map(|(_, cursor)| *cursor).filter(|_| more);
        let rows = rows.into_iter().map(|(row, _)| row).collect();
        let mut rooms = self.peopled(user, rows, &found.members).await?;
        self.with_presence(&mut rooms, user).await?;
        Ok(RoomsPage { rooms, total_unread: found.total_unread, next })
    }

    /// `None` for a room that is not there or not theirs.
    pub async fn room(&self, room: RoomId, user: &UserId) -> Result<Option<Room>, ReadError> {
        let Some(row) = self.views.inbox().room(room, user).await? else { return Ok(None) };
        let members = self.views.inbox().members(&[room], PARTICIPANTS_SHOWN_MAX).await?;
        let mut rooms = self.peopled(user, vec![row], &members).await?;
        self.with_presence(&mut rooms, user).await?;
        Ok(rooms.pop())
    }

    /// A room as the events say it, without waiting for the view to hear of it: how it was opened, and who came in just
    /// now. Never fails: it is so, and names that the view cannot tell are left out.
    pub async fn opened_room(&self, opened: &RoomOpened, entered: Option<&MembersAdded>) -> Room {
        let members = present(opened, entered);
        // Whoever asks has just opened it, or has come in or brought somebody.
        let user = entered.map_or(&opened.opened_by, |entered| &entered.by);
        let mut row = opened_row(opened, entered, members.len());
        row.role = members.iter().find(|member| member.user_id == *user).map_or(row.role, |member| member.role);
        let shown = &members[..members.len().min(PARTICIPANTS_SHOWN_MAX)];
        let people = self.people(shown.iter().map(|member| &member.user_id)).await.unwrap_or_else(|error| {
            tracing::warn!(%error, room = %opened.room_id, "a room is shown without names");
            super::People::new()
        });
        let asking = Asking { user, now: self.now };
        let participant = |member| Participant::from_row(member, row_of(&people, &member.user_id), asking);
        Room::from_row(row, shown.iter().map(participant).collect(), self.now)
    }

    /// Everybody in a room, by id, and whether there are more; `None` for a room that is not there or not theirs.
    pub async fn room_members(
        &self,
        room: RoomId,
        user: &UserId,
        behind: Option<&UserId>,
        limit: usize,
    ) -> Result<Option<(Vec<Participant>, bool)>, ReadError> {
        let found = self.views.inbox().members_by_id(room, user, behind, limit + 1).await?;
        let Some(rows) = found else { return Ok(None) };
        let (rows, more) = cut(rows, limit);
        let people = self.people(rows.iter().map(|member| &member.user_id)).await?;
        let asking = Asking { user, now: self.now };
        let ids: Vec<UserId> = rows.iter().map(|row| row.user_id.clone()).collect();
        let apart = self.apart(user, &ids).await?;
        let show = |row: &MemberRow| Participant::from_row(row, row_of(&people, &row.user_id), asking);
        let mut shown: Vec<Participant> = rows.iter().map(show).collect();
        self.show_presence(shown.iter_mut().collect(), &ids, &apart).await;
        Ok(Some((shown, more)))
    }

    pub async fn unread_total(&self, user: &UserId) -> Result<u64, ReadError> {
        let totals = self.views.inbox().unread_totals(std::slice::from_ref(user)).await?;
        Ok(totals.first().copied().unwrap_or_default())
    }

    /// The rooms with those of `members` who are in them.
    async fn peopled(&self, user: &UserId, rows: Vec<RoomRow>, members: &[MemberRow]) -> Result<Vec<Room>, ReadError> {
        let asking = Asking { user, now: self.now };
        let people = self.people(members.iter().map(|member| &member.user_id)).await?;
        let mut by_room: HashMap<RoomId, Vec<Participant>> = HashMap::new();
        for member in members {
            let participant = Participant::from_row(member, row_of(&people, &member.user_id), asking);
            by_room.entry(member.room_id).or_default().push(participant);
        }
        let room = |row: RoomRow| {
            let participants = by_room.remove(&row.id).unwrap_or_default();
            Room::from_row(row, participants, asking.now)
        };
        Ok(rows.into_iter().map(room).collect())
    }
}

/// Whoever came in last first, as the view will have it.
fn present(opened: &RoomOpened, entered: Option<&MembersAdded>) -> Vec<MemberRow> {
    let newcomers = entered.into_iter().flat_map(|event| event.members.iter().map(|member| (member, event.at)));
    let first = opened.members.iter().map(|member| (member, opened.at));
    let mut seen = HashSet::new();
    newcomers
        .chain(first)
        .filter(|(member, _)| seen.insert(&member.user_id))
        .map(|(member, joined_at)| MemberRow {
            room_id: opened.room_id,
            user_id: member.user_id.clone(),
            role: member.role,
            joined_at,
            read_seq: 0,
            seen_seq: 0,
            last_read_at: None,
            join_seq: 0,
            delivered_seq: 0,
            delivered_at: None,
            muted: None,
            pinned: false,
            unread: 0,
        })
        .collect()
}

/// What the view will say of it.
fn opened_row(event: &RoomOpened, entered: Option<&MembersAdded>, participant_count: usize) -> RoomRow {
    let mut members: Vec<&UserId> = event.members.iter().map(|member| &member.user_id).collect();
    members.sort_unstable();
    let pair = match (event.kind, members.as_slice()) {
        (RoomKind::Direct | RoomKind::MentorStudent, [first, second]) => Some(((*first).clone(), (*second).clone())),
        (RoomKind::Direct | RoomKind::Group | RoomKind::MentorStudent | RoomKind::Support, _) => None,
    };
    RoomRow {
        id: event.room_id,
        kind: event.kind,
        name: shown(event.name.as_ref()),
        avatar: shown(event.avatar.as_ref()),
        group_id: event.group_id.as_ref().map(GroupId::to_string),
        pair,
        last_seq: entered.map_or(0, |entered| entered.join_seq),
        last_message_at: None,
        last_message: None,
        last_deleted: false,
        opened_by: event.opened_by.clone(),
        closed: false,
        join_policy: event.join_policy,
        history_from: event.history_from,
        slow_mode_seconds: 0,
        role: Role::Member,
        join_seq: 0,
        read_seq: 0,
        mentions: 0,
        muted: None,
        pinned: false,
        archived: false,
        participant_count: participant_count as u64,
        created_at: event.at,
        updated_at: entered.map_or(event.at, |entered| entered.at),
        unread: 0,
    }
}

/// `None` also for words that nobody can read any more.
fn shown(words: Option<&Sealed>) -> Option<String> {
    words.and_then(Sealed::words).map(str::to_owned)
}
