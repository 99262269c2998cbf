//! Saying how far one has read.

use std::borrow::Cow;
use std::fmt;

use aggregates::ids::{MessageId, RoomId};
use axum::extract::State;
use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::commands::{Caller, ReadTo};
use crate::http::extract::ValidJson;
use crate::http::validity::optional;
use crate::http::{Answer, AppState, Problem};
use crate::realtime::SocketId;

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct ReadBody {
    room_id: RoomId,
    /// A message id or a seq; everything when absent or null.
    #[serde(default, deserialize_with = "up_to")]
    #[schemars(with = "Option<UpTo>")]
    up_to: Option<ReadTo>,
    #[serde(rename = "socket_id", default, deserialize_with = "optional")]
    socket_id: Option<SocketId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ReadAnswer {
    pub message: &'static str,
}

/// `POST /api/chat/read`
pub async fn read(
    State(app): State<AppState>,
    caller: Caller,
    ValidJson(body): ValidJson<ReadBody>,
) -> Result<Answer<ReadAnswer>, Problem> {
    let id = caller.wish_id("read");
    app.skip_socket(id, body.socket_id);
    let to = body.up_to.unwrap_or(ReadTo::Last);
    let position = app.commands.mark_read(&caller, id, body.room_id, to).await?;
    app.realtime.was_active_in(body.room_id, &caller.user_id);
    Ok(Answer::decided(position, ReadAnswer { message: "Messages marked as read" }))
}

pub(super) fn up_to<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ReadTo>, D::Error> {
    deserializer.deserialize_any(UpTo)
}

pub(super) struct UpTo;

impl JsonSchema for UpTo {
    fn schema_name() -> Cow<'static, str> {
        "UpTo".into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let message = schemas.subschema_for::<MessageId>();
        let (seq, digits) =
            (json!({"type": "integer", "minimum": 1}), json!({"type": "string", "pattern": "^[0-9]{1,19}$"}));
        json_schema!({"anyOf": [message, seq, digits], "description": "A message's id or its seq."})
    }
}

impl Visitor<'_> for UpTo {
    type Value = Option<ReadTo>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message id or a seq from 1 on")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, seq: u64) -> Result<Self::Value, E> {
        // Databases count to i64::MAX.
        if seq == 0 || i64::try_from(seq).is_err() {
            return Err(E::custom("a seq counts from 1"));
        }
        Ok(Some(ReadTo::Seq(seq)))
    }

    fn visit_i64<E: Error>(self, seq: i64) -> Result<Self::Value, E> {
        u64::try_from(seq).map_err(|_| E::custom("a seq counts from 1")).and_then(|seq| self.visit_u64(seq))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() < 20 {
            return text.parse().map_err(E::custom).and_then(|seq| self.visit_u64(seq));
        }
        text.parse().map(|id| Some(ReadTo::Message(id))).map_err(|_| E::custom("neither a message id nor a seq"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use uuid::Uuid;

    use super::*;

    fn read_to(up_to: Value) -> Result<Option<ReadTo>, serde_json::Error> {
        serde_json::from_value::<ReadBody>(json!({"roomId": Uuid::nil(), "upTo": up_to})).map(|body| body.up_to)
    }

    #[test]
    fn up_to_is_a_message_id_or_a_seq() {
        let id = Uuid::from_u128(5);
        assert_eq!(read_to(json!(7)).expect("a seq"), Some(ReadTo::Seq(7)));
        assert_eq!(read_to(json!("7")).expect("a seq"), Some(ReadTo::Seq(7)));
        assert_eq!(read_to(json!(id)).expect("an id"), Some(ReadTo::Message(MessageId(id))));
        assert_eq!(read_to(json!(null)).expect("nothing"), None);
        for wrong in [json!(0), json!(-1), json!(u64::MAX), json!("x"), json!(""), json!(1.5), json!([1]), json!(true)]
        {
            assert!(read_to(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
