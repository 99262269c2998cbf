//! Which part of a file is asked for (RFC 9110): one range, or all of it.

use std::ops::Range;

use axum::http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderName};

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Whole,
    Part(Range<u64>),
    /// The client has it already.
    NotChanged,
    /// Nothing of it lies there.
    Impossible,
}

/// Of a file of `bytes` under `etag`. What is no single range of bytes is passed over, as the standard allows.
pub(super) fn wanted(headers: &HeaderMap, etag: &str, bytes: u64) -> Wanted {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(known) = text(IF_NONE_MATCH) {
        let same = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag;
        if known.split(',').map(str::trim).any(same) {
            return Wanted::NotChanged;
        }
    }
    if text(IF_RANGE).is_some_and(|of| of != etag) {
        return Wanted::Whole;
    }
    text(RANGE).and_then(|range| one_range(range, bytes)).unwrap_or(Wanted::Whole)
}

fn one_range(text: &str, bytes: u64) -> Option<Wanted> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.trim().split_once('-')?;
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let range = match (first, last) {
        ("", last) => bytes.saturating_sub(number(last)?)..bytes,
        (first, "") => number(first)?..bytes,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(bytes)
        }
    };
    Some(if range.start < range.end { Wanted::Part(range) } else { Wanted::Impossible })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&'static str, &str)]) -> Wanted {
        let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        wanted(&headers, "\"t\"", 10)
    }

    #[test]
    fn a_range_is_one_part_of_the_file() {
        assert_eq!(of(&[]), Wanted::Whole);
        assert_eq!(of(&[("range", "bytes=2-4")]), Wanted::Part(2..5));
        assert_eq!(of(&[("range", "bytes=2-")]), Wanted::Part(2..10));
        assert_eq!(of(&[("range", "bytes=-3")]), Wanted::Part(7..10));
        assert_eq!(of(&[("range", "bytes=-30")]), Wanted::Part(0..10));
        assert_eq!(of(&[("range", "bytes=8-99")]), Wanted::Part(8..10));
        for impossible in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            assert_eq!(of(&[("range", impossible)]), Wanted::Impossible, "{impossible}");
        }
        for passed_over in ["bytes=4-2", "bytes=1-2,4-5", "lines=1-2", "bytes=x-", "bytes=-", "bytes=+1-2"] {
            assert_eq!(of(&[("range", passed_over)]), Wanted::Whole, "{passed_over}");
        }
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        assert_eq!(of(&[("if-none-match", "\"x\", W/\"t\"")]), Wanted::NotChanged);
        assert_eq!(of(&[("if-none-match", "\"x\"")]), Wanted::Whole);
        assert_eq!(of(&[("if-range", "\"t\""), ("range", "bytes=0-0")]), Wanted::Part(0..1));
        assert_eq!(of(&[("if-range", "\"x\""), ("range", "bytes=0-0")]), Wanted::Whole);
    }
}
