//! A local time that comes again and again: a time of day, days of the week, or both.

use std::fmt;

use chrono::{DateTime, Datelike, Days, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Weekday};
use chrono_tz::Tz;

use super::super::Instant;

/// The longest that the clocks ever leave out: a whole day, at a change over the date line.
const LONGEST_GAP_MINUTES: usize = 1_440;

/// A time of day on some days of the week, or any time on some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTime {
    at: Option<NaiveTime>,
    /// Not empty: a day that never comes would be no time. All seven where none were named.
    days: Vec<Weekday>,
    named: bool,
}

impl LocalTime {
    /// `at` on `days`, where `None` is any time and every day. `None` when no day is left.
    #[must_use]
    pub fn new(at: Option<NaiveTime>, days: Option<Vec<Weekday>>) -> Option<Self> {
        let named = days.is_some();
        let mut days =
            days.unwrap_or_else(|| (0..7_u8).filter_map(|day| Weekday::try_from(day).ok()).collect::<Vec<_>>());
        days.sort_by_key(Weekday::num_days_from_monday);
        days.dedup();
        (!days.is_empty()).then_some(Self { at, days, named })
    }

    /// The time of day, if it is one.
    #[must_use]
    pub fn time(&self) -> Option<NaiveTime> {
        self.at
    }

    /// The days, if some were named.
    #[must_use]
    pub fn days(&self) -> Option<&[Weekday]> {
        self.named.then_some(self.days.as_slice())
    }

    /// The first such time at or after `from` on the wall clock of `zone`. A time that a day does not have
    /// is the first moment after the gap; of one that it has twice only the first counts.
    #[must_use]
    pub fn next(&self, from: Instant, zone: Tz) -> Instant {
        let local = from.with_timezone(&zone);
        if self.at.is_none() && self.days.contains(&local.weekday()) {
            return from;
        }
        // From the day before: what a gap leaves out of it may come on this one.
        let first = local.date_naive() - Days::new(1);
        let days = first.iter_days().take(10).filter(|day| self.days.contains(&day.weekday()));
        let mut moments = days.map(|day| on_the_clock(day.and_time(self.at.unwrap_or(NaiveTime::MIN)), zone));
        moments.find(|moment| *moment >= from).unwrap_or(from)
    }
}

/// A wall-clock time as an instant: the first of two, and the end of the gap for one that is left out.
fn on_the_clock(local: NaiveDateTime, zone: Tz) -> Instant {
    let mut later = (0..).map(|minutes| local + TimeDelta::minutes(minutes)).take(LONGEST_GAP_MINUTES + 1);
    let there = later.find_map(|local| zone.from_local_datetime(&local).earliest());
    there.map_or_else(|| local.and_utc(), |at: DateTime<Tz>| at.to_utc())
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.days.iter().map(Weekday::to_string).collect::<Vec<_>>().join(", ");
        match (self.at.map(|at| at.format("%H:%M")), self.named) {
            (Some(at), true) => write!(f, "on {days} at {at}"),
            (Some(at), false) => write!(f, "at {at}"),
            (None, _) => write!(f, "on {days}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn at(time: &str, days: Option<&[Weekday]>) -> LocalTime {
        let time = NaiveTime::parse_from_str(time, "%H:%M").expect("a time");
        LocalTime::new(Some(time), days.map(<[Weekday]>::to_vec)).expect("a local time")
    }

    #[test]
    fn the_first_such_time_counts_and_the_moment_itself_is_one() {
        let (ten, zone) = (at("10:00", None), Tz::America__New_York);
        for (from, next) in [
            ("2026-01-06T14:59:59Z", "2026-01-06T15:00:00Z"),
            ("2026-01-06T15:00:00Z", "2026-01-06T15:00:00Z"),
            ("2026-01-06T15:00:01Z", "2026-01-07T15:00:00Z"),
        ] {
            assert_eq!(ten.next(utc(from), zone), utc(next), "{from}");
        }
        let mondays = at("10:00", Some(&[Weekday::Mon]));
        assert_eq!(mondays.next(utc("2026-01-05T15:00:01Z"), zone), utc("2026-01-12T15:00:00Z"));
        let days = LocalTime::new(None, Some(vec![Weekday::Thu, Weekday::Mon])).expect("a local time");
        assert_eq!(days.next(utc("2026-01-06T20:00:00Z"), zone), utc("2026-01-08T05:00:00Z"));
        assert_eq!(days.next(utc("2026-01-08T20:00:00Z"), zone), utc("2026-01-08T20:00:00Z"));
        assert_eq!(days.to_string(), "on Mon, Thu");
        assert_eq!(LocalTime::new(None, Some(Vec::new())), None);
    }

    #[test]
    fn a_time_of_day_stays_where_it_is_when_the_clocks_change() {
        let zone = Tz::America__New_York;
        let ten = at("10:00", None);
        // Clocks go on at 02:00 on 8 March and back at 02:00 on 1 November 2026.
        assert_eq!(ten.next(utc("2026-03-07T15:00:01Z"), zone), utc("2026-03-08T14:00:00Z"));
        assert_eq!(ten.next(utc("2026-10-31T14:00:01Z"), zone), utc("2026-11-01T15:00:00Z"));
    }

    #[test]
    fn a_time_that_does_not_exist_is_the_first_moment_after_the_gap_and_of_two_the_first_counts() {
        let half_past_two = at("02:30", None);
        let zone = Tz::America__New_York;
        assert_eq!(half_past_two.next(utc("2026-03-08T05:00:00Z"), zone), utc("2026-03-08T07:00:00Z"));
        let half_past_one = at("01:30", None);
        assert_eq!(half_past_one.next(utc("2026-11-01T04:00:00Z"), zone), utc("2026-11-01T05:30:00Z"));
        assert_eq!(half_past_one.next(utc("2026-11-01T05:30:01Z"), zone), utc("2026-11-02T06:30:00Z"));
        // Samoa had no 30 December 2011 at all.
        assert_eq!(
            at("10:00", Some(&[Weekday::Fri])).next(utc("2011-12-30T00:00:00Z"), Tz::Pacific__Apia),
            utc("2011-12-30T10:00:00Z")
        );
    }

    proptest! {
        #[test]
        fn the_next_time_is_never_before_and_within_eight_days_and_is_such_a_time(
            from in 1_577_836_800_i64..1_924_991_999,
            minute in 0_u32..1_440,
            days in proptest::option::of(proptest::collection::vec(0_u8..7, 1..7)),
            zone in proptest::sample::select(vec![
                Tz::America__New_York, Tz::Australia__Lord_Howe, Tz::Pacific__Apia, Tz::Africa__Casablanca, Tz::UTC,
            ]),
        ) {
            let from = DateTime::from_timestamp(from, 0).expect("an instant");
            let time = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).expect("a time");
            let named = days.map(|days| days.into_iter().filter_map(|day| Weekday::try_from(day).ok()).collect());
            let local = LocalTime::new(Some(time), named).expect("a local time");
            let next = local.next(from, zone);
            prop_assert!(next >= from && next - from <= TimeDelta::days(8));
            let shown = next.with_timezone(&zone);
            prop_assert!(local.days.contains(&shown.weekday()));
            // Only a gap moves it, and then forwards.
            prop_assert!(shown.time() == time || shown.time() > time && zone.from_local_datetime(&shown.date_naive().and_time(time)).earliest().is_none());
        }
    }
}
