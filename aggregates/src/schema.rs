//! What ids, times and kinds look like in JSON, as JSON Schema: for the documents that clients are made from.
//!
//! Separate because only the feature `schema` has it: rules need no description of themselves. Never in here: the schema
//! of anything stored, which is nobody's interface.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::Timestamp;
use crate::ids::{GroupId, MessageId, NotificationId, ReportId, RoomId, TargetId, UserId};
use crate::report::Resolution;
use crate::room::{Emoji, HistoryFrom, JoinPolicy, MessageKind};
use crate::subscription::TopicKind;
use crate::user::UserRole;

macro_rules! schemas {
    ($($type:ident: $schema:tt;)+) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn schema_id() -> Cow<'static, str> {
                concat!(module_path!(), "::", stringify!($type)).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

schemas! {
    RoomId: {"type": "string", "format": "uuid"};
    MessageId: {"type": "string", "format": "uuid"};
    NotificationId: {"type": "string", "format": "uuid"};
    ReportId: {"type": "string", "format": "uuid"};
    // As `ids::is_platform_id` says it.
    UserId: {"type": "string", "pattern": "^[A-Za-z0-9_\\-=@,.;]{1,128}$", "description": "As the platform names somebody."};
    GroupId: {"type": "string", "pattern": "^[A-Za-z0-9_\\-=@,.;]{1,128}$", "description": "The platform's own group."};
    TargetId: {"type": "string", "pattern": "^[A-Za-z0-9_\\-=@,.;]{1,128}$", "description": "What of the platform's is subscribed to."};
    Timestamp: {"type": "string", "format": "date-time", "description": "RFC 3339, UTC, with milliseconds."};
    Emoji: {"type": "string", "minLength": 1, "description": "One emoji, as Unicode lists them."};
    MessageKind: {"type": "string", "enum": ["text", "image", "file"]};
    JoinPolicy: {"type": "string", "enum": ["open", "invite"]};
    HistoryFrom: {"type": "string", "enum": ["start", "join"]};
    Resolution: {"type": "string", "enum": ["DISMISSED", "CONTENT_REMOVED", "USER_WARNED", "USER_SUSPENDED"]};
    TopicKind: {"type": "string", "enum": ["GROUP", "COURSE", "EVENT", "POST", "USER"]};
    UserRole: {"type": "string", "enum": ["ADMIN", "MENTOR", "AFFILIATE", "MEMBER_PREMIUM", "MEMBER_FREE"]};
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    fn names<T: JsonSchema>() -> Vec<String> {
        let schema = schemars::schema_for!(T);
        let names = schema.get("enum").and_then(serde_json::Value::as_array).expect("an enum");
        names.iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
    }

    fn shown<T: Serialize>(all: impl IntoIterator<Item = T>) -> Vec<String> {
        let text = |kind| serde_json::to_value(kind).expect("JSON").as_str().expect("a name").to_owned();
        all.into_iter().map(text).collect()
    }

    #[test]
    fn a_kind_is_described_by_the_names_it_has() {
        assert_eq!(names::<MessageKind>(), shown([MessageKind::Text, MessageKind::Image, MessageKind::File]));
        assert_eq!(names::<JoinPolicy>(), shown([JoinPolicy::Open, JoinPolicy::Invite]));
        let roles =
            [UserRole::Admin, UserRole::Mentor, UserRole::Affiliate, UserRole::MemberPremium, UserRole::MemberFree];
        assert_eq!(names::<UserRole>(), shown(roles));
        assert_eq!(names::<Resolution>(), shown(Resolution::ALL));
        assert_eq!(names::<TopicKind>(), shown(TopicKind::ALL));
        assert_eq!(names::<HistoryFrom>(), shown([HistoryFrom::Start, HistoryFrom::Join]));
    }
}
