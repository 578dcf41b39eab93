//! A client's local day. It has 23, 24 or 25 hours, and some zones skip midnight.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::super::Instant;

/// One local day of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The date on the client's calendar.
    pub day: NaiveDate,
    /// The client's zone.
    pub zone: Tz,
    /// Its first instant.
    pub from: Instant,
    /// The first instant of the next day.
    pub until: Instant,
}

impl Period {
    /// The local day `day` of `zone`.
    #[must_use]
    pub fn of(day: NaiveDate, zone: Tz) -> Self {
        let start = |day: NaiveDate| first_instant(zone, day.and_time(NaiveTime::MIN));
        Self { day, zone, from: start(day), until: start(day + Days::new(1)) }
    }

    /// The local day before the one that `now` is in.
    #[must_use]
    pub fn yesterday(now: Instant, zone: Tz) -> Self {
        Self::of(now.with_timezone(&zone).date_naive() - Days::new(1), zone)
    }

    /// How long the day is.
    #[must_use]
    pub fn length(&self) -> TimeDelta {
        self.until - self.from
    }

    /// Whether `at` is on this day.
    #[must_use]
    pub fn contains(&self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }
}

/// The first instant at which the wall clock of `zone` shows `local` or, where the clocks skip it,
/// a later time.
#[must_use]
pub fn first_instant(zone: Tz, local: NaiveDateTime) -> Instant {
    // A gap is at most a day long: Samoa skipped 30 December 2011 as a whole.
    let shown = (0..=24 * 60).find_map(|minutes| {
        zone.from_local_datetime(&(local + TimeDelta::minutes(minutes))).earliest().map(|at| at.to_utc())
    });
    shown.unwrap_or_else(|| local.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(day: &str, zone: Tz) -> i64 {
        Period::of(day.parse().expect("a day"), zone).length().num_hours()
    }

    #[test]
    fn a_day_has_23_24_or_25_hours() {
        let new_york = Tz::America__New_York;
        assert_eq!(hours("2026-03-08", new_york), 23);
        assert_eq!(hours("2026-11-01", new_york), 25);
        assert_eq!(hours("2026-11-02", new_york), 24);
    }

    #[test]
    fn a_day_without_midnight_begins_when_its_clock_does() {
        // Lebanon moves its clocks at midnight: 29 March 2026 begins at 01:00.
        let beirut = Tz::Asia__Beirut;
        let day = Period::of("2026-03-29".parse().expect("a day"), beirut);
        assert_eq!(day.from.with_timezone(&beirut).format("%H:%M").to_string(), "01:00");
        assert_eq!(day.length().num_hours(), 23);
        assert_eq!(Period::of("2026-03-28".parse().expect("a day"), beirut).until, day.from);
    }

    #[test]
    fn the_days_of_a_year_leave_no_gap_and_no_overlap() {
        for zone in [Tz::America__New_York, Tz::Asia__Beirut, Tz::Australia__Lord_Howe, Tz::America__Havana] {
            let first: NaiveDate = "2026-01-01".parse().expect("a day");
            for day in first.iter_days().take(365) {
                assert_eq!(Period::of(day, zone).until, Period::of(day + Days::new(1), zone).from, "{zone} {day}");
            }
        }
    }
}
