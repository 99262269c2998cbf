//! What somebody can react with: one emoji, as Unicode lists them.
//!
//! A type of its own because reactions outlive an erasure: free text there would be words that nothing reaches. Whether a
//! text is one is asked where it comes in; what is stored is believed.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One emoji, fully qualified, so that the same picture is the same reaction whatever device sent it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Emoji(Arc<str>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reaction is one emoji")]
pub struct InvalidEmoji;

impl Emoji {
    /// Takes unqualified forms (without the variation selector) and gives the qualified one.
    pub fn parse(text: &str) -> Result<Self, InvalidEmoji> {
        emojis::get(text).map(|emoji| Self(emoji.as_str().into())).ok_or(InvalidEmoji)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reaction_is_one_emoji_in_its_qualified_form() {
        for text in ["👍", "❤️", "👨‍👩‍👧", "🇮🇩", "👍🏽"] {
            assert_eq!(Emoji::parse(text).map(|emoji| emoji.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(Emoji::parse("\u{2764}"), Emoji::parse("\u{2764}\u{fe0f}"), "one heart, not two");
        for text in ["", "ok", "👍👍", "👍 ", "a"] {
            assert_eq!(Emoji::parse(text), Err(InvalidEmoji), "{text:?}");
        }
    }
}
