//! Weekly hours in a time zone, right to the minute through gaps and folds of daylight saving.
//!
//! An instant is inside when the local weekday is one of the days and open ≤ local time < close,
//! whatever the clocks do. Openings and closings are therefore looked for where that can change:
//! at the wall-clock times themselves (which a fold shows twice) and at the zone's offset changes.

use std::fmt;

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::Instant;

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
        if !self.days.contains(&day.weekday()) {
            return;
        }
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

/// Windows of which any one being open is enough, in one zone: a week with different hours by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// The week's windows.
    pub windows: Vec<Window>,
    /// The zone whose wall clock they are read on.
    pub zone: Tz,
}

/// How far ahead an opening or closing is looked for: a fortnight covers every week and any clock change.
const LOOK_AHEAD_DAYS: u64 = 15;

impl Hours {
    /// Whether any window contains `at`.
    #[must_use]
    pub fn contain(&self, at: Instant) -> bool {
        self.windows.iter().any(|window| window.contains(at, self.zone))
    }

    /// `at` itself when open, else the next instant at which it opens.
    #[must_use]
    pub fn next_open(&self, at: Instant) -> Option<Instant> {
        self.next(at, true)
    }

    /// `at` itself when closed, else the next instant at which it closes.
    #[must_use]
    pub fn next_close(&self, at: Instant) -> Option<Instant> {
        self.next(at, false)
    }

    fn next(&self, at: Instant, open: bool) -> Option<Instant> {
        if self.contain(at) == open {
            return Some(at);
        }
        let first = at.with_timezone(&self.zone).date_naive() - Days::new(1);
        let days: Vec<_> = first.iter_days().take(LOOK_AHEAD_DAYS as usize).collect();
        let mut edges = offset_changes(&days, self.zone);
        for day in days {
            for window in &self.windows {
                window.edges(day, self.zone, &mut edges);
            }
        }
        edges.into_iter().filter(|edge| *edge > at && self.contain(*edge) == open).min()
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, window) in self.windows.iter().enumerate() {
            write!(f, "{}{window}", if n == 0 { "" } else { ", " })?;
        }
        write!(f, " {}", self.zone)
    }
}

/// The first instant from `at` on at which all of `all` are open, within a fortnight.
#[must_use]
pub fn next_all_open(all: &[Hours], at: Instant) -> Option<Instant> {
    let horizon = at + TimeDelta::days(14);
    let mut candidate = at;
    while candidate <= horizon {
        let mut latest = candidate;
        for hours in all {
            latest = latest.max(hours.next_open(candidate)?);
        }
        if latest == candidate {
            return Some(candidate);
        }
        candidate = latest;
    }
    None
}

/// The first instant from `at` on at which any of `all` is closed.
#[must_use]
pub fn first_close(all: &[Hours], at: Instant) -> Option<Instant> {
    all.iter().filter_map(|hours| hours.next_close(at)).min()
}

/// How long all of `all` were open between two instants. Counts at most `enough`, so that the
/// work is bounded however far apart the two are.
#[must_use]
pub fn open_time(all: &[Hours], from: Instant, until: Instant, enough: TimeDelta) -> TimeDelta {
    let mut open = TimeDelta::zero();
    let mut at = from;
    while at < until && open < enough {
        let Some(opened) = next_all_open(all, at).filter(|opened| *opened < until) else { break };
        let closed = first_close(all, opened).map_or(until, |closed| closed.min(until));
        open += closed - opened;
        at = closed;
    }
    open.min(enough)
}

/// The instants at which the zone's offset changes on these local days.
fn offset_changes(days: &[NaiveDate], zone: Tz) -> Vec<Instant> {
    let offset = |at: Instant| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    let mut changes = Vec::new();
    for day in days {
        // A UTC day that is wide enough to hold the local one in every zone.
        let mut before = day.and_time(NaiveTime::MIN).and_utc() - TimeDelta::hours(14);
        let end = before + TimeDelta::hours(24);
        if offset(before) == offset(end) {
            continue;
        }
        let mut after = end;
        while after - before > TimeDelta::seconds(1) {
            let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
            if offset(middle) == offset(before) { before = middle } else { after = middle }
        }
        changes.push(after);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn business(zone: Tz) -> Hours {
        let window = Window::parse(&WEEKDAYS, "08:00", "20:00").expect("valid");
        Hours { windows: vec![window], zone }
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
        let hours = Hours { windows: vec![window], zone: Tz::America__New_York };
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
    fn a_window_that_never_opens_is_refused() {
        assert_eq!(Window::parse(&WEEKDAYS, "20:00", "08:00"), Err(InvalidWindow::Empty));
        assert_eq!(Window::parse(&[], "08:00", "20:00"), Err(InvalidWindow::Empty));
        assert_eq!(Window::parse(&WEEKDAYS, "8", "20:00"), Err(InvalidWindow::Time("8".into())));
        let whole = Window::parse(&WEEKDAYS, "00:00", "24:00").expect("valid");
        assert_eq!(whole.to_string(), "Mon–Fri 00:00–24:00");
    }
}
