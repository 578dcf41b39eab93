//! Weekly hours in a time zone, right to the minute through gaps and folds of daylight saving.
//!
//! An instant is inside when the local weekday is one of the days and open ≤ local time < close,
//! whatever the clocks do. Openings and closings are therefore looked for where that can change:
//! at the wall-clock times themselves (which a fold shows twice) and at the zone's offset changes.

mod hours;
mod local_time;

use std::fmt;

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeZone, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::Instant;
pub(super) use hours::Zones;
pub use hours::{Dated, Hours, described, first_close, next_all_open, open_time};
pub use local_time::LocalTime;

/// The same hours on some days of the week, in local time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WindowDoc", into = "WindowDoc")]
pub struct Window {
    days: Vec<Weekday>,
    opens: NaiveTime,
    closes: NaiveTime,
}

/// A window as it is written in settings: `{"days": ["mon", "tue"], "opens": "08:00", "closes": "20:00"}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WindowDoc {
    /// Days in English, short or long.
    pub days: Vec<Weekday>,
    /// First minute inside, `HH:MM`.
    pub opens: String,
    /// First minute outside again, `HH:MM`; `24:00` is the end of the day.
    pub closes: String,
}

/// Why hours make no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWindow {
    /// A time of day is not `HH:MM`.
    #[error("`{0}` is not a time of day such as 08:00")]
    Time(String),
    /// The window would never be open.
    #[error("a window needs at least one day and must open before it closes")]
    Empty,
}

/// `24:00`, which `NaiveTime` cannot hold: the last instant of a day.
const END_OF_DAY: (u32, u32, u32, u32) = (23, 59, 59, 999_999_999);

impl Window {
    /// Hours from `opens` to `closes` on `days`.
    ///
    /// # Errors
    /// [`InvalidWindow`] when it would never be open or a time cannot be read.
    pub fn parse(days: &[Weekday], opens: &str, closes: &str) -> Result<Self, InvalidWindow> {
        let read =
            |text: &str| NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| InvalidWindow::Time(text.to_owned()));
        let opens = read(opens)?;
        let closes = if closes == "24:00" {
            let (h, m, s, n) = END_OF_DAY;
            NaiveTime::from_hms_nano_opt(h, m, s, n).ok_or(InvalidWindow::Empty)?
        } else {
            read(closes)?
        };
        let mut days = days.to_vec();
        days.sort_by_key(Weekday::num_days_from_monday);
        days.dedup();
        if days.is_empty() || opens >= closes {
            return Err(InvalidWindow::Empty);
        }
        Ok(Self { days, opens, closes })
    }

    /// Whether `at` is inside, on the wall clock of `zone`.
    #[must_use]
    pub fn contains(&self, at: Instant, zone: Tz) -> bool {
        let local = at.with_timezone(&zone);
        self.days.contains(&local.weekday()) && self.opens <= local.time() && local.time() < self.closes
    }

    /// The instants of one local day at which this window can open or close.
    fn edges(&self, day: NaiveDate, zone: Tz, edges: &mut Vec<Instant>) {
        let midnight = day + Days::new(1);
        let closes = if self.closes.format("%H:%M:%S").to_string() == "23:59:59" {
            midnight.and_time(NaiveTime::MIN)
        } else {
            day.and_time(self.closes)
        };
        for local in [day.and_time(self.opens), closes] {
            let found = zone.from_local_datetime(&local);
            edges.extend(found.earliest().into_iter().chain(found.latest()).map(|at| at.to_utc()));
        }
    }
}

impl TryFrom<WindowDoc> for Window {
    type Error = InvalidWindow;
    fn try_from(doc: WindowDoc) -> Result<Self, InvalidWindow> {
        Self::parse(&doc.days, &doc.opens, &doc.closes)
    }
}

impl From<Window> for WindowDoc {
    fn from(window: Window) -> Self {
        Self { opens: hour(window.opens), closes: hour(window.closes), days: window.days }
    }
}

fn hour(time: NaiveTime) -> String {
    match time.format("%H:%M:%S").to_string().as_str() {
        "23:59:59" => "24:00".to_owned(),
        shown => shown[..5].to_owned(),
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contiguous = self.days.windows(2).all(|pair| pair[0].succ() == pair[1]);
        match (self.days.first(), self.days.last()) {
            (Some(first), Some(last)) if contiguous && first != last => write!(f, "{first}–{last}")?,
            _ => f.write_str(&self.days.iter().map(Weekday::to_string).collect::<Vec<_>>().join(", "))?,
        }
        write!(f, " {}–{}", hour(self.opens), hour(self.closes))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const WEEKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn business(zone: Tz) -> Hours {
        let window = Window::parse(&WEEKDAYS, "08:00", "20:00").expect("valid");
        Hours::weekly(window, zone)
    }

    #[test]
    fn eight_is_inside_and_twenty_is_outside() {
        let hours = business(Tz::America__New_York);
        for (when, inside) in [
            ("2026-01-06T12:59:59Z", false),
            ("2026-01-06T13:00:00Z", true),
            ("2026-01-07T00:59:59Z", true),
            ("2026-01-07T01:00:00Z", false),
            ("2026-01-10T17:00:00Z", false),
        ] {
            assert_eq!(hours.contain(at(when)), inside, "{when}");
        }
    }

    #[test]
    fn a_closed_friday_evening_opens_on_monday() {
        let hours = business(Tz::America__New_York);
        assert_eq!(hours.next_open(at("2026-01-10T01:30:00Z")), Some(at("2026-01-12T13:00:00Z")));
        // Over the change of 8 March the same wall-clock time is an hour earlier in UTC.
        assert_eq!(hours.next_open(at("2026-03-07T01:30:00Z")), Some(at("2026-03-09T12:00:00Z")));
        assert_eq!(hours.next_open(at("2026-10-31T01:30:00Z")), Some(at("2026-11-02T13:00:00Z")));
    }

    #[test]
    fn a_window_inside_the_gap_opens_when_the_clocks_have_moved() {
        let window = Window::parse(&[Weekday::Sun], "02:30", "03:30").expect("valid");
        let hours = Hours::weekly(window, Tz::America__New_York);
        assert_eq!(hours.next_open(at("2026-03-08T05:00:00Z")), Some(at("2026-03-08T07:00:00Z")));
    }

    #[test]
    fn two_zones_are_open_together_only_where_they_overlap() {
        let both = [business(Tz::America__New_York), business(Tz::America__Los_Angeles)];
        assert_eq!(next_all_open(&both, at("2026-01-06T13:00:00Z")), Some(at("2026-01-06T16:00:00Z")));
        assert_eq!(first_close(&both, at("2026-01-06T16:00:00Z")), Some(at("2026-01-07T01:00:00Z")));
    }

    #[test]
    fn open_time_counts_only_open_minutes() {
        let hours = [business(Tz::America__New_York)];
        let friday = at("2026-01-10T00:30:00Z");
        let monday = at("2026-01-12T13:45:00Z");
        assert_eq!(open_time(&hours, friday, monday, TimeDelta::hours(9)), TimeDelta::minutes(75));
        assert_eq!(open_time(&hours, friday, monday, TimeDelta::minutes(40)), TimeDelta::minutes(40));
    }

    #[test]
    fn hours_flip_at_local_midnight_and_a_closed_date_is_closed_from_midnight_to_midnight() {
        let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let window = |days: &[Weekday], opens, closes| Window::parse(days, opens, closes).expect("valid");
        let before = Dated {
            window: window(&WEEKDAYS, "00:00", "24:00"),
            from: None,
            to: Some(date("2026-01-06")),
            closed: [date("2026-01-05")].into(),
        };
        let after = Dated {
            window: window(&WEEKDAYS, "09:00", "10:00"),
            from: Some(date("2026-01-07")),
            to: None,
            closed: [date("2026-01-08")].into(),
        };
        let hours = Hours::dated([before, after].into(), Tz::America__New_York);
        // Friday 2 January, Monday the 5th (closed), Tuesday the 6th (the last day of the old hours).
        assert_eq!(hours.next_close(at("2026-01-02T17:00:00Z")), Some(at("2026-01-03T05:00:00Z")));
        assert_eq!(hours.next_open(at("2026-01-03T05:00:00Z")), Some(at("2026-01-06T05:00:00Z")));
        assert_eq!(hours.next_close(at("2026-01-06T05:00:00Z")), Some(at("2026-01-07T05:00:00Z")));
        assert_eq!(hours.next_open(at("2026-01-07T05:00:00Z")), Some(at("2026-01-07T14:00:00Z")));
        // Thursday the 8th is closed.
        assert_eq!(hours.next_open(at("2026-01-07T15:00:00Z")), Some(at("2026-01-09T14:00:00Z")));
        let week = open_time(&[hours], at("2026-01-02T05:00:00Z"), at("2026-01-10T05:00:00Z"), TimeDelta::days(9));
        assert_eq!(week, TimeDelta::hours(24 + 24 + 1 + 1));
    }

    #[test]
    fn the_only_day_of_a_week_may_be_a_holiday_twice_in_a_row() {
        let fridays = Dated {
            window: Window::parse(&[Weekday::Fri], "09:00", "10:00").expect("valid"),
            from: None,
            to: None,
            closed: ["2026-12-25", "2027-01-01"].map(|day| day.parse().expect("a date")).into(),
        };
        let hours = [Hours::dated([fridays].into(), Tz::America__New_York)];
        assert_eq!(next_all_open(&hours, at("2026-12-18T15:00:00Z")), Some(at("2027-01-08T14:00:00Z")));
    }

    #[test]
    fn a_window_that_never_opens_is_refused() {
        assert_eq!(Window::parse(&WEEKDAYS, "20:00", "08:00"), Err(InvalidWindow::Empty));
        assert_eq!(Window::parse(&[], "08:00", "20:00"), Err(InvalidWindow::Empty));
        assert_eq!(Window::parse(&WEEKDAYS, "8", "20:00"), Err(InvalidWindow::Time("8".into())));
        let whole = Window::parse(&WEEKDAYS, "00:00", "24:00").expect("valid");
        assert_eq!(whole.to_string(), "Mon–Fri 00:00–24:00");
    }
}
