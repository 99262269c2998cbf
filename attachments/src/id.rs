//! The id of an upload: whose it is, by their key, and which. Says where it lies without anything to look up.

use std::fmt;
use std::str::FromStr;

use aggregates::KeyId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Characters of a key's id.
const KEY_CHARS: usize = 22;
/// Characters of a uuid without its hyphens.
const FILE_CHARS: usize = 32;

/// What stands before it in the address of an upload, which is relative: whoever serves it is reached under any name.
pub const ADDRESS_PREFIX: &str = "/api/uploads/";

/// Its text is a key's id with a uuid behind it: letters, digits, - and _.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UploadId {
    /// What its owner's words were sealed with when it came.
    pub key: KeyId,
    pub file: Uuid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of an upload")]
pub struct InvalidUploadId;

impl UploadId {
    /// Where clients find it.
    pub fn address(&self) -> String {
        format!("{ADDRESS_PREFIX}{self}")
    }

    /// The upload that an attachment's address means; `None` for addresses elsewhere.
    pub fn of_address(address: &str) -> Option<Self> {
        address.strip_prefix(ADDRESS_PREFIX)?.parse().ok()
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.key, self.file.simple())
    }
}

impl FromStr for UploadId {
    type Err = InvalidUploadId;

    fn from_str(text: &str) -> Result<Self, InvalidUploadId> {
        if text.len() != KEY_CHARS + FILE_CHARS || !text.is_ascii() {
            return Err(InvalidUploadId);
        }
        let (key, file) = text.split_at(KEY_CHARS);
        let key = KeyId::parse(key).ok_or(InvalidUploadId)?;
        let file = Uuid::try_parse(file).map_err(|_| InvalidUploadId)?;
        Ok(Self { key, file })
    }
}

impl Serialize for UploadId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UploadId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_was_written_and_nothing_else_is_one() {
        let id = UploadId { key: KeyId::parse("abcdefghijklmnopqrst-_").expect("a key"), file: Uuid::from_u128(7) };
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(UploadId::of_address(&id.address()), Some(id));
        assert_eq!(UploadId::of_address("https://cdn.example/api/uploads/x"), None);
        let text = id.to_string();
        for wrong in ["", "..", &text[1..], &format!("{text}0"), &text.replace('a', "/"), &text.replace('0', "g")] {
            assert_eq!(wrong.parse::<UploadId>(), Err(InvalidUploadId), "{wrong}");
        }
    }
}
