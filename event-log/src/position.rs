//! Places in the log.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A place in the log's one total order; 0 is before the first event. Opaque to clients, who hold a [`PositionToken`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    pub const START: Self = Self(0);
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which log a position belongs to. Renewed by a restore or a copy, so that old positions are recognised as foreign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogId(pub Uuid);

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.simple())
    }
}

/// A position as clients carry it: `{log id}-{position}`. They compare nothing and compute nothing with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositionToken {
    pub log: LogId,
    pub position: Position,
}

/// The text is not a position token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a position: expected the value of an earlier Kabar-Position")]
pub struct InvalidToken;

impl fmt::Display for PositionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.log, self.position)
    }
}

impl std::str::FromStr for PositionToken {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (log, position) = text.split_once('-').ok_or(InvalidToken)?;
        let log = Uuid::try_parse(log).map_err(|_| InvalidToken)?;
        // `+5` would parse as a number and print back differently: only digits.
        if position.is_empty() || !position.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidToken);
        }
        let position = position.parse().map_err(|_| InvalidToken)?;
        Ok(Self { log: LogId(log), position: Position(position) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_as_it_was_printed() {
        let token = PositionToken { log: LogId(Uuid::from_u128(7)), position: Position(42) };
        assert_eq!(token.to_string().parse(), Ok(token));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "5", "-5", "zz-1", "00000000000000000000000000000007-", "00000000000000000000000000000007-+5"]
        {
            assert_eq!(text.parse::<PositionToken>(), Err(InvalidToken), "{text:?}");
        }
    }
}
