//! Where the next page begins, as text that clients hand back unchanged.

use std::fmt;
use std::str::FromStr;

use aggregates::ids::{RoomId, TargetId, UserId};
use aggregates::subscription::{Topic, TopicKind};
use event_log::Position;
use garde::Validate;
use projections::inbox::reads::RoomCursor;
use schemars::JsonSchema;
use serde::Deserialize;

use super::validity::optional;
use crate::wire::names::CursorText;

const PAGE_DEFAULT: usize = 50;

/// The text is not a cursor that an answer gave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor: expected the nextCursor of an earlier page")]
pub struct InvalidCursor;

/// Of lists that are paged by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositionCursor(pub Position);

/// The query of a list that is paged by position and takes nothing else.
#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
pub struct PageQuery {
    #[garde(range(min = 1, max = 100))]
    limit: Option<usize>,
    #[serde(default, deserialize_with = "optional")]
    #[schemars(with = "Option<CursorText>")]
    cursor: Option<PositionCursor>,
}

impl PageQuery {
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(PAGE_DEFAULT)
    }

    /// Where the page begins; the first one without it.
    pub fn behind(&self) -> Option<Position> {
        self.cursor.map(|PositionCursor(position)| position)
    }
}

/// Of the list of rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomsCursor(pub RoomCursor);

/// Of lists of people in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserCursor(pub UserId);

impl fmt::Display for UserCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for UserCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        UserId::parse(text).map(Self).map_err(|_| InvalidCursor)
    }
}

/// Of lists of topics, in the order of their kinds and ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicCursor(pub Topic);

impl fmt::Display for TopicCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TopicCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (name, id) = text.split_once(':').ok_or(InvalidCursor)?;
        let kind = TopicKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(InvalidCursor)?;
        Ok(Self(Topic { kind, target_id: TargetId::parse(id).map_err(|_| InvalidCursor)? }))
    }
}

impl fmt::Display for PositionCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PositionCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        position(text).map(Self)
    }
}

impl fmt::Display for RoomsCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pinned = if self.0.pinned { "p" } else { "" };
        write!(f, "{pinned}{}_{}", self.0.last_position, self.0.room_id)
    }
}

impl FromStr for RoomsCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (last, room) = text.split_once('_').ok_or(InvalidCursor)?;
        let (pinned, last) = last.strip_prefix('p').map_or((false, last), |last| (true, last));
        let room_id: RoomId = room.parse().map_err(|_| InvalidCursor)?;
        Ok(Self(RoomCursor { pinned, last_position: position(last)?, room_id }))
    }
}

/// Digits that a database's signed 64-bit column can hold.
fn position(text: &str) -> Result<Position, InvalidCursor> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidCursor);
    }
    let value: u64 = text.parse().map_err(|_| InvalidCursor)?;
    if i64::try_from(value).is_err() { Err(InvalidCursor) } else { Ok(Position(value)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_cursor_reads_back_as_it_was_printed() {
        let cursor = PositionCursor(Position(42));
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for pinned in [false, true] {
            let room_id = RoomId(Uuid::from_u128(9));
            let cursor = RoomsCursor(RoomCursor { pinned, last_position: Position(7), room_id });
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        let target_id = TargetId::parse("kelas-7").expect("an id");
        let cursor = TopicCursor(Topic { kind: TopicKind::Group, target_id });
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }

    #[test]
    fn anything_else_is_no_cursor() {
        for wrong in ["", "x", "-1", "+1", "9223372036854775808", "99999999999999999999"] {
            assert_eq!(wrong.parse::<PositionCursor>(), Err(InvalidCursor), "{wrong}");
        }
        for wrong in ["", "7", "7_", "_", "7_x", "x_00000000-0000-0000-0000-000000000009"] {
            assert_eq!(wrong.parse::<RoomsCursor>(), Err(InvalidCursor), "{wrong}");
        }
        for wrong in ["", "GROUP", "GROUP:", "ROOM:a", "group:a", "GROUP:a:b", "GROUP:a b"] {
            assert_eq!(wrong.parse::<TopicCursor>(), Err(InvalidCursor), "{wrong}");
        }
    }
}
