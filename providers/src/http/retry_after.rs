//! `Retry-After` (RFC 9110 §10.2.3): seconds, or the moment as an HTTP date.

use std::time::{Duration, SystemTime};

/// However long somebody asks us to wait: an hour is not worth believing more than.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60 * 60);

/// How long to wait from `now`, at most [`RETRY_AFTER_MAX`]; none where the header says nothing that can be understood.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds are a long time as well.
        value.parse().map_or(RETRY_AFTER_MAX, Duration::from_secs)
    } else {
        let moment = httpdate::parse_http_date(value).ok()?;
        moment.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood_and_bounded() {
        let now = httpdate::parse_http_date("Sun, 22 Nov 2026 08:00:00 GMT").unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            ("30", Some(30)),
            (" 30 ", Some(30)),
            ("3601", Some(3_600)),
            ("99999999999999999999999", Some(3_600)),
            ("Sun, 22 Nov 2026 08:01:00 GMT", Some(60)),
            ("Sun, 22 Nov 2026 07:00:00 GMT", Some(0)),
            ("Mon, 23 Nov 2026 08:00:00 GMT", Some(3_600)),
            ("", None),
            ("soon", None),
            ("-5", None),
            ("1.5", None),
        ] {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }
}
