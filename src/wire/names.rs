//! The schemas of kinds that clients know by other names than the log does, and of texts that stand for something.
//!
//! They are never made: `#[schemars(with = "..")]` on a field says which of them its text is.

use std::borrow::Cow;

use aggregates::notification::NotificationType;
use aggregates::room::{Role, RoomKind};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

pub struct RoomKindName;
pub struct RoleName;
pub struct NotificationTypeName;
pub struct UploadIdText;
/// `Kabar-Position` of what is told.
pub struct PositionText;
/// A time of day.
pub struct TimeOfDayText;
/// What an earlier page gave out as `nextCursor`.
pub struct CursorText;

macro_rules! schemas {
    ($($type:ident as $name:literal: $schema:expr;)+) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )+};
}

schemas! {
    RoomKindName as "RoomKind": one_of(&RoomKind::ALL.map(RoomKind::name));
    RoleName as "Role": one_of(&[Role::Member, Role::Admin, Role::Owner].map(Role::name));
    NotificationTypeName as "NotificationType": one_of(&NotificationType::ALL.map(NotificationType::name));
    UploadIdText as "UploadId": json_schema!({"type": "string"});
    PositionText as "Position":
        json_schema!({"type": "string", "description": "Where in the log it was written, to be handed back as it is."});
    TimeOfDayText as "TimeOfDay":
        json_schema!({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "description": "HH:MM, 00:00 to 23:59."});
    CursorText as "Cursor":
        json_schema!({"type": "string", "description": "The `nextCursor` of an earlier page, handed back as it is."});
}

fn one_of(names: &[&str]) -> Schema {
    json_schema!({"type": "string", "enum": names})
}
