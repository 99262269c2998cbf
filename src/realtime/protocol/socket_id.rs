//! How one connection is called: `123.456`, as every server SDK expects it before it signs.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// Random, so that ids of several nodes do not meet. Text is `^\d+\.\d+$`, without leading zeros.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(u32, u32);

/// The text is not the id of a socket of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a socket id looks like 123.456")]
pub struct InvalidSocketId;

impl SocketId {
    pub fn random() -> Self {
        Self(rand::random(), rand::random())
    }

    pub fn parse(text: &str) -> Result<Self, InvalidSocketId> {
        let (first, second) = text.split_once('.').ok_or(InvalidSocketId)?;
        Ok(Self(number(first)?, number(second)?))
    }
}

impl JsonSchema for SocketId {
    fn schema_name() -> Cow<'static, str> {
        "SocketId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": r"^(0|[1-9]\d*)\.(0|[1-9]\d*)$", "description": "The `socket_id` of one's connection."})
    }
}

/// Only as it would be printed: `+1` and `01` parse as numbers, but they would be signed as other texts.
fn number(text: &str) -> Result<u32, InvalidSocketId> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        return Err(InvalidSocketId);
    }
    text.parse().map_err(|_| InvalidSocketId)
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl fmt::Debug for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocketId({self})")
    }
}

impl std::str::FromStr for SocketId {
    type Err = InvalidSocketId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_reads_back_as_it_was_printed(first: u32, second: u32) {
            let id = SocketId(first, second);
            prop_assert_eq!(SocketId::parse(&id.to_string()), Ok(id));
        }

        #[test]
        fn what_parses_is_printed_as_it_was(text in "[0-9+ .]{0,12}") {
            if let Ok(id) = SocketId::parse(&text) {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", ".", "1.", ".1", "1", "1.2.3", "01.2", "+1.2", "1.99999999999", "a.b", "1.2\n"] {
            assert_eq!(SocketId::parse(text), Err(InvalidSocketId), "{text:?}");
        }
    }
}
