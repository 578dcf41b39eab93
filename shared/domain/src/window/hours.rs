//! Weekly hours on dates: windows in a zone, each from one date to another and closed on some days.

use std::{fmt, sync::Arc};

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::{super::Instant, Window};

/// How far ahead an opening or closing is looked for.
const LOOK_AHEAD_DAYS: u8 = 28;

/// A window that holds on some dates only, all of them local ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    /// The hours.
    pub window: Window,
    /// The first date; `None` for ever.
    pub from: Option<NaiveDate>,
    /// The last date; `None` for ever.
    pub to: Option<NaiveDate>,
    /// The dates on which it is closed, in order.
    pub closed: Arc<[NaiveDate]>,
}

impl Dated {
    /// Whether the window is in force on a date, a day of the week on which it is closed included.
    #[must_use]
    pub fn in_force(&self, date: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date <= to)
    }

    /// Whether a date is one of those on which it is closed.
    #[must_use]
    pub fn is_closed(&self, date: NaiveDate) -> bool {
        self.closed.binary_search(&date).is_ok()
    }

    fn opens_on(&self, date: NaiveDate) -> bool {
        self.window.days.contains(&date.weekday()) && self.in_force(date) && !self.is_closed(date)
    }
}

/// Windows of which any one being open is enough, in one zone: a week with different hours by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    windows: Arc<[Dated]>,
    zone: Tz,
}

impl Hours {
    /// The same week for ever.
    #[must_use]
    pub fn weekly(window: Window, zone: Tz) -> Self {
        let always = Dated { window, from: None, to: None, closed: Arc::default() };
        Self { windows: Arc::new([always]), zone }
    }

    /// Windows on their dates.
    #[must_use]
    pub fn dated(windows: Arc<[Dated]>, zone: Tz) -> Self {
        Self { windows, zone }
    }

    /// The zone whose wall clock they are read on.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Whether any window contains `at`.
    #[must_use]
    pub fn contain(&self, at: Instant) -> bool {
        let local = at.with_timezone(&self.zone);
        let (date, time) = (local.date_naive(), local.time());
        self.windows
            .iter()
            .any(|dated| dated.window.opens <= time && time < dated.window.closes && dated.opens_on(date))
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
        let found_on = |day: NaiveDate| {
            let mut edges = offset_changes(&[day], self.zone);
            for dated in self.windows.iter().filter(|dated| dated.opens_on(day)) {
                dated.window.edges(day, self.zone, &mut edges);
            }
            edges.into_iter().filter(|edge| *edge > at && self.contain(*edge) == open).min()
        };
        let first = at.with_timezone(&self.zone).date_naive() - Days::new(1);
        let mut earliest: Option<Instant> = None;
        for day in first.iter_days().take(usize::from(LOOK_AHEAD_DAYS) + 2) {
            let here = found_on(day);
            // A change of the clocks is listed by its UTC day, so the day after may hold an earlier one.
            if let Some(before) = earliest {
                return Some(here.map_or(before, |here| here.min(before)));
            }
            earliest = here;
        }
        earliest
    }

    /// The hours that are in force on the local day of `at`, without the zone.
    fn on_day_of(&self, at: Instant) -> String {
        let date = at.with_timezone(&self.zone).date_naive();
        let in_force: Vec<&Dated> = self.windows.iter().filter(|dated| dated.in_force(date)).collect();
        let shown: Vec<String> = in_force.iter().map(|dated| dated.window.to_string()).collect();
        let holiday = if in_force.iter().any(|dated| dated.is_closed(date)) {
            format!(" (closed on {}, a holiday)", date.format("%a %-d %b"))
        } else {
            String::new()
        };
        format!("{}{holiday}", shown.join(", "))
    }
}

/// Hours that must all be open, as they are on the day of `at`: zones with the same hours together.
#[must_use]
pub fn described(all: &[Hours], at: Instant) -> String {
    let mut groups: Vec<(String, Vec<Tz>)> = Vec::new();
    for hours in all {
        let shown = hours.on_day_of(at);
        match groups.iter_mut().find(|(same, _)| *same == shown) {
            Some((_, zones)) => zones.push(hours.zone),
            None => groups.push((shown, vec![hours.zone])),
        }
    }
    let shown: Vec<String> = groups.iter().map(|(hours, zones)| format!("{hours} {}", Zones(zones))).collect();
    shown.join(" and ")
}

/// Zones in few words: one by its name, several without their continent where that is America.
pub(in super::super) struct Zones<'a>(pub(in super::super) &'a [Tz]);

impl fmt::Display for Zones<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [zone] => f.write_str(zone.name()),
            zones => {
                let short = zones.iter().map(|zone| zone.name().trim_start_matches("America/"));
                f.write_str(&short.collect::<Vec<_>>().join("+"))
            }
        }
    }
}

/// The first instant from `at` on at which all of `all` are open, within four weeks: a day that is the only
/// one of a week may be a holiday twice in a row.
#[must_use]
pub fn next_all_open(all: &[Hours], at: Instant) -> Option<Instant> {
    let horizon = at + TimeDelta::days(i64::from(LOOK_AHEAD_DAYS));
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
