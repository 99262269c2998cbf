//! The numbers of the Pusher protocol: which versions are served, why a connection is closed, what else was wrong.

/// Versions that are served. 5 and 6 differ from 7 only in what we do for all: data as text, errors before no close.
pub const VERSIONS: std::ops::RangeInclusive<u32> = 5..=7;

/// Why a connection is closed. What pusher-js does is decided by the range: 4000..4099 never again, 4100..4199 again
/// after a second, 4200..4299 again at once. Never 43xx or 4009 for something that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    NoSuchApp,
    /// Beside `/app/{key}`.
    NoSuchPath,
    InvalidVersion,
    UnsupportedVersion,
    NoVersion,
    /// The application said that this user is not to be served any more.
    Unauthorized,
    /// No room, or no answer from the views: come back in a second.
    OverCapacity,
    /// Come back at once: a node that stops, or a client too slow to follow.
    Reconnect,
    PongNotReceived,
}

impl CloseCode {
    pub const fn number(self) -> u16 {
        match self {
            Self::NoSuchApp => 4001,
            Self::NoSuchPath => 4005,
            Self::InvalidVersion => 4006,
            Self::UnsupportedVersion => 4007,
            Self::NoVersion => 4008,
            Self::Unauthorized => 4009,
            Self::OverCapacity => 4100,
            Self::Reconnect => 4200,
            Self::PongNotReceived => 4201,
        }
    }
}

/// What is said of something wrong while the connection stays. As a *close* code a 43xx would be final for pusher-js.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// `pusher:signin` with a signature that is not ours, or as somebody else.
    Unauthorized,
    ClientEventRejected,
    WatchlistTooLong,
}

impl ErrorCode {
    pub const fn number(self) -> u16 {
        match self {
            Self::Unauthorized => CloseCode::Unauthorized.number(),
            Self::ClientEventRejected => 4301,
            Self::WatchlistTooLong => 4302,
        }
    }
}
