//! What the codes of closed connections ask of a client (Pusher Channels protocol 7, "Error codes").

use std::time::Duration;

/// Against a server that accepts and closes in a loop: "at once" is not quicker than this.
const AT_ONCE: Duration = Duration::from_millis(100);
const LATER: Duration = Duration::from_secs(1);

/// What to do after a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Coming back would not help.
    Refused,
    Wait(Duration),
}

/// 4000..4099 never again, 4100..4199 after a while, 4200..4299 at once, 4300..4399 never again as a close code; everything
/// else (a lost network, a proxy's code) after a while.
pub fn after(code: Option<u16>) -> Next {
    match code {
        Some(4000..=4099 | 4300..=4399) => Next::Refused,
        Some(4200..=4299) => Next::Wait(AT_ONCE),
        Some(_) | None => Next::Wait(LATER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_range_of_codes_has_its_own_answer() {
        for refused in [4000, 4001, 4009, 4099, 4301] {
            assert_eq!(after(Some(refused)), Next::Refused, "{refused}");
        }
        for at_once in [4200, 4201, 4299] {
            assert_eq!(after(Some(at_once)), Next::Wait(AT_ONCE), "{at_once}");
        }
        for later in [Some(4100), Some(4199), Some(1001), Some(1006), Some(4500), None] {
            assert_eq!(after(later), Next::Wait(LATER), "{later:?}");
        }
    }
}
