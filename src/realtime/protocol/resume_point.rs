//! Up to where a client has heard a channel: `{position}` or `{position}.{frames}`.
//!
//! One event may be several frames on one channel (three people who join at once), and a connection may end between
//! them: a client that counts the frames of its last position says how many it has, one that does not has them all.

use std::fmt;

use event_log::PositionToken;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumePoint {
    pub token: PositionToken,
    /// Frames of that position that were heard; `None`: all there are.
    pub frames: Option<u32>,
}

/// The text is no place to resume from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected the position of the last frame of this channel, and after a dot how many frames of it had come")]
pub struct InvalidResumePoint;

impl fmt::Display for ResumePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.frames {
            Some(frames) => write!(f, "{}.{frames}", self.token),
            None => self.token.fmt(f),
        }
    }
}

impl std::str::FromStr for ResumePoint {
    type Err = InvalidResumePoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let token = |text: &str| text.parse().map_err(|_| InvalidResumePoint);
        let Some((position, frames)) = text.split_once('.') else {
            return Ok(Self { token: token(text)?, frames: None });
        };
        // `+1` would parse as a number.
        if frames.is_empty() || !frames.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidResumePoint);
        }
        let frames = frames.parse().map_err(|_| InvalidResumePoint)?;
        Ok(Self { token: token(position)?, frames: Some(frames) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event_log::{LogId, Position};
    use uuid::Uuid;

    #[test]
    fn a_point_reads_back_as_it_was_printed() {
        let token = PositionToken { log: LogId(Uuid::from_u128(7)), position: Position(42) };
        for frames in [None, Some(0), Some(3)] {
            let point = ResumePoint { token, frames };
            assert_eq!(point.to_string().parse(), Ok(point));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let log = "00000000000000000000000000000007";
        for text in ["", "5", ".1", &format!("{log}-1."), &format!("{log}-1.+2"), &format!("{log}-1.2.3"), "x-1.2"] {
            assert_eq!(text.parse::<ResumePoint>(), Err(InvalidResumePoint), "{text:?}");
        }
    }
}
