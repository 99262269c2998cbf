//! When somebody wants to be left alone (requirements R10): by the clock on their wall, also across a change to summer time.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Timestamp;

/// Whose directory entry and preferences say none (requirements R9).
pub const DEFAULT_TIME_ZONE: &str = "Asia/Jakarta";
const MINUTES_OF_A_DAY: u16 = 24 * 60;

/// A time of day to the minute, as `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u16);

/// The text is no `HH:MM` between 00:00 and 23:59.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time of day is HH:MM, 00:00 to 23:59")]
pub struct InvalidTimeOfDay;

impl TimeOfDay {
    /// `minutes` after midnight, of one day.
    pub const fn from_minutes(minutes: u16) -> Self {
        Self(minutes % MINUTES_OF_A_DAY)
    }

    pub const fn minutes(self) -> u16 {
        self.0
    }

    pub fn parse(text: &str) -> Result<Self, InvalidTimeOfDay> {
        let (hours, minutes) = text.split_once(':').ok_or(InvalidTimeOfDay)?;
        let number = |digits: &str, below: u16| -> Result<u16, InvalidTimeOfDay> {
            let is_two_digits = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|number| is_two_digits && *number < below).ok_or(InvalidTimeOfDay)
        };
        Ok(Self(number(hours, 24)? * 60 + number(minutes, 60)?))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Arc::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// From `start` until just before `end`, past midnight when `end` is the earlier; none at all when they are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    pub enabled: bool,
    pub start: TimeOfDay,
    pub end: TimeOfDay,
}

impl Default for QuietHours {
    /// Off; 22:00 to 07:00 is what somebody finds who switches them on.
    fn default() -> Self {
        Self { enabled: false, start: TimeOfDay(22 * 60), end: TimeOfDay(7 * 60) }
    }
}

/// The zone of that IANA name; what is unknown (a name of a later database) is the default.
pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).or_else(|_| TimeZone::get(DEFAULT_TIME_ZONE)).unwrap_or(TimeZone::UTC)
}

/// Whether there is a zone of that IANA name.
pub fn is_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

impl QuietHours {
    fn has(&self, minute: u16) -> bool {
        let (start, end) = (self.start.0, self.end.0);
        if start <= end { (start..end).contains(&minute) } else { minute >= start || minute < end }
    }

    /// The moment from which somebody may be called again, when `moment` is in their quiet hours; `None` when it is not.
    ///
    /// That is the first moment at which the clock on the wall stands outside of them, whatever way it got there: an hour
    /// that is left out may hold the end, and one that comes twice may lead out of them and in again.
    pub fn until(&self, moment: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let instant = jiff::Timestamp::from_millisecond(moment.as_millis()).ok()?;
        if !self.enabled || !self.is_quiet_at(instant, zone) {
            return None;
        }
        let mut from = instant;
        loop {
            // Up to the next change of the clock, hours are hours.
            let change = zone.following(from).next().map(|transition| transition.timestamp());
            let end = self.end_by_hours(from, zone);
            match change {
                Some(change) if change <= end => {
                    if !self.is_quiet_at(change, zone) {
                        return Some(Timestamp::from_millis(change.as_millisecond()));
                    }
                    from = change;
                }
                _ => return Some(Timestamp::from_millis(end.as_millisecond())),
            }
        }
    }

    fn is_quiet_at(&self, instant: jiff::Timestamp, zone: &TimeZone) -> bool {
        self.has(minute_of(zone.to_datetime(instant).time()))
    }

    /// When the end comes if the clock goes on without a change.
    fn end_by_hours(&self, from: jiff::Timestamp, zone: &TimeZone) -> jiff::Timestamp {
        let time = zone.to_datetime(from).time();
        let into_minute = i64::from(time.second()) * 1_000 + i64::from(time.millisecond());
        let minutes = (MINUTES_OF_A_DAY + self.end.0 - minute_of(time)) % MINUTES_OF_A_DAY;
        let millis = from.as_millisecond() + i64::from(minutes) * 60_000 - into_minute;
        jiff::Timestamp::from_millisecond(millis).unwrap_or(from)
    }
}

fn minute_of(time: Time) -> u16 {
    u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hours(start: &str, end: &str) -> QuietHours {
        let time = |text| TimeOfDay::parse(text).expect("a time");
        QuietHours { enabled: true, start: time(start), end: time(end) }
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a moment")
    }

    #[test]
    fn a_time_of_day_is_two_digits_and_two_digits() {
        assert_eq!(TimeOfDay::parse("07:05").expect("a time").to_string(), "07:05");
        for text in ["7:05", "24:00", "12:60", "12", "", "12:5", "+1:00", "12:000", "１２:00"] {
            assert_eq!(TimeOfDay::parse(text), Err(InvalidTimeOfDay), "{text:?}");
        }
    }

    /// Jakarta is seven hours ahead of UTC, all year.
    #[test]
    fn the_night_ends_in_the_morning_and_its_last_minute_is_quiet() {
        let (night, jakarta) = (hours("22:00", "07:00"), zone("Asia/Jakarta"));
        for (moment, until) in [
            ("2026-11-30T14:59:59.999Z", None),
            ("2026-11-30T15:00:00.000Z", Some("2026-12-01T00:00:00.000Z")),
            ("2026-11-30T17:30:30.500Z", Some("2026-12-01T00:00:00.000Z")),
            ("2026-11-30T23:59:59.999Z", Some("2026-12-01T00:00:00.000Z")),
            ("2026-12-01T00:00:00.000Z", None),
        ] {
            assert_eq!(night.until(at(moment), &jakarta), until.map(at), "{moment}");
        }
        let noon = hours("12:00", "13:00");
        assert_eq!(noon.until(at("2026-11-30T05:10:00Z"), &jakarta), Some(at("2026-11-30T06:00:00Z")));
    }

    #[test]
    fn the_same_start_and_end_and_what_is_switched_off_are_no_quiet_hours() {
        let jakarta = zone("Asia/Jakarta");
        assert_eq!(hours("08:00", "08:00").until(at("2026-11-30T01:00:00Z"), &jakarta), None);
        let off = QuietHours { enabled: false, ..hours("00:00", "23:59") };
        assert_eq!(off.until(at("2026-11-30T01:00:00Z"), &jakarta), None);
    }

    /// Berlin 2026: on 29 March 02:00 becomes 03:00, on 25 October 03:00 becomes 02:00.
    #[test]
    fn an_hour_that_is_left_out_and_one_that_comes_twice_are_lived_through_as_the_clock_shows_them() {
        let berlin = zone("Europe/Berlin");
        // The end does not come that night: the clock jumps over it.
        assert_eq!(
            hours("22:00", "02:30").until(at("2026-03-29T00:10:00Z"), &berlin),
            Some(at("2026-03-29T01:00:00Z"))
        );
        // Nine hours by the clock are eight.
        assert_eq!(
            hours("22:00", "07:00").until(at("2026-03-28T21:00:00Z"), &berlin),
            Some(at("2026-03-29T05:00:00Z"))
        );
        // The first half past two ends it; the hour that comes again begins it again.
        let early = hours("22:00", "02:30");
        assert_eq!(early.until(at("2026-10-25T00:10:00Z"), &berlin), Some(at("2026-10-25T00:30:00Z")));
        assert_eq!(early.until(at("2026-10-25T00:40:00Z"), &berlin), None);
        assert_eq!(early.until(at("2026-10-25T01:10:00Z"), &berlin), Some(at("2026-10-25T01:30:00Z")));
        // Turned back out of them.
        assert_eq!(
            hours("02:30", "05:00").until(at("2026-10-25T00:40:00Z"), &berlin),
            Some(at("2026-10-25T01:00:00Z"))
        );
    }

    #[test]
    fn an_unknown_zone_is_the_default() {
        assert!(is_zone("Asia/Makassar") && !is_zone("Asia/Nowhere"));
        let night = hours("22:00", "07:00");
        let moment = at("2026-11-30T15:00:00Z");
        assert_eq!(night.until(moment, &zone("Asia/Nowhere")), night.until(moment, &zone("Asia/Jakarta")));
    }

    /// Minute by minute, as somebody would who only looks at the clock.
    fn naive(hours: &QuietHours, moment: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let quiet = |millis: i64| {
            let instant = jiff::Timestamp::from_millisecond(millis).expect("in range");
            let time = zone.to_datetime(instant).time();
            let minute = TimeOfDay::parse(&format!("{:02}:{:02}", time.hour(), time.minute())).expect("a time");
            let (start, end) = (hours.start, hours.end);
            if start == end {
                false
            } else if start < end {
                start <= minute && minute < end
            } else {
                !(end <= minute && minute < start)
            }
        };
        if !quiet(moment.as_millis()) {
            return None;
        }
        let mut next = moment.as_millis() - moment.as_millis().rem_euclid(60_000) + 60_000;
        while quiet(next) {
            next += 60_000;
        }
        Some(Timestamp::from_millis(next))
    }

    proptest! {
        #[test]
        fn they_end_when_a_look_at_the_clock_each_minute_says_so(
            start in 0..MINUTES_OF_A_DAY,
            end in 0..MINUTES_OF_A_DAY,
            // About the two changes of Berlin and New York in 2026, and any time.
            near in prop::sample::select(vec![1_774_746_000_000_i64, 1_792_890_000_000, 1_772_953_200_000, 1_793_512_800_000, 1_795_348_800_000]),
            offset in -100_000_000_i64..100_000_000,
            name in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Asia/Jakarta", "Asia/Kathmandu", "Australia/Lord_Howe"]),
        ) {
            let hours = QuietHours { enabled: true, start: TimeOfDay(start), end: TimeOfDay(end) };
            let (moment, zone) = (Timestamp::from_millis(near + offset), zone(name));
            prop_assert_eq!(hours.until(moment, &zone), naive(&hours, moment, &zone));
        }
    }
}
