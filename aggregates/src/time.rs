//! A moment, in milliseconds, in UTC. Comes from outside: nothing in this crate can ask what time it is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. On the wire and in the log RFC 3339 with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time")]
pub struct InvalidTimestamp;

impl Timestamp {
    /// 0000-01-01T00:00:00.000Z: RFC 3339 has four digits for a year.
    pub const MIN: Self = Self(-62_167_219_200_000);
    /// 9999-12-30T21:59:59.999Z: the last whole second that is in year 9999 in every time zone.
    pub const MAX: Self = Self(253_402_207_199_999);

    /// Moments outside [`Timestamp::MIN`]..=[`Timestamp::MAX`] are drawn to the nearest end.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(Self::MIN.0, Self::MAX.0))
    }

    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// So much later; drawn to the end of the calendar.
    #[must_use]
    pub fn plus_millis(self, millis: u64) -> Self {
        Self::from_millis(self.0.saturating_add_unsigned(millis))
    }

    pub fn parse(text: &str) -> Result<Self, InvalidTimestamp> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| InvalidTimestamp)?;
        Ok(Self::from_millis(moment.as_millisecond()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        write!(f, "{moment:.3}")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_back_as_it_was_written() {
        let moment = Timestamp::from_millis(1_795_328_222_045);
        assert_eq!(moment.to_string(), "2026-11-22T06:17:02.045Z");
        assert_eq!(Timestamp::parse(&moment.to_string()), Ok(moment));
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_millis(-1).to_string(), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_moment_with_an_offset_is_the_same_moment_in_utc() {
        let moment = Timestamp::parse("2026-11-22T13:17:02.045999+07:00").expect("a moment");
        assert_eq!(moment.to_string(), "2026-11-22T06:17:02.045Z");
        for text in ["", "yesterday", "2026-11-22", "2026-11-22T13:17:02", "2026-13-01T00:00:00Z"] {
            assert_eq!(Timestamp::parse(text), Err(InvalidTimestamp), "{text:?}");
        }
    }

    #[test]
    fn a_moment_beyond_the_calendar_is_its_end_and_still_reads_back() {
        for (millis, text) in [(i64::MIN, "0000-01-01T00:00:00.000Z"), (i64::MAX, "9999-12-30T21:59:59.999Z")] {
            let moment = Timestamp::from_millis(millis);
            assert_eq!(moment.to_string(), text);
            assert_eq!(Timestamp::parse(text), Ok(moment));
        }
    }
}
