//! What one report leaves for the next: running totals, the usual numbers, what is still open.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{
    super::{Instant, ids::LeadId, lead::Need},
    Check, Facts, Function, Ledger, Period, Report,
};

/// Days of numbers that are kept: the same weekday four times.
const HISTORY: usize = 28;
/// Unclear texts that are followed from report to report.
const MOST_UNCLEAR: usize = 40;
/// The form of the note that this release writes.
const FORMAT: u32 = 1;

/// The note of one report for the next. It is stored as JSON and stays under four kilobytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The form of this note.
    pub v: u32,
    /// The report's number.
    pub number: u32,
    /// The day it was about.
    pub day: NaiveDate,
    /// The end of that day, up to which the totals count.
    pub until: Instant,
    /// Everything that came in and what became of it, since the first report.
    pub totals: Totals,
    /// Events that had come in before the totals began and had no outcome then.
    #[serde(default)]
    pub waited_before: u64,
    /// Whether the totals begin with the client's very first event.
    #[serde(default)]
    pub from_the_start: bool,
    /// When each function last did something.
    #[serde(default)]
    pub last_seen: BTreeMap<Function, Instant>,
    /// The last days in numbers, oldest first.
    #[serde(default)]
    pub history: Vec<DayFigures>,
    /// Leads with a text that may have gone out.
    #[serde(default)]
    pub unclear: Vec<LeadId>,
    /// How many waited for a person, by what for. `None`: not measured, or by a release that did not.
    #[serde(default)]
    pub waiting: Option<BTreeMap<Need, u64>>,
    /// What needed someone.
    #[serde(default)]
    pub actions: Vec<Check>,
    /// When test mode was first seen on, if it is on.
    #[serde(default)]
    pub test_since: Option<NaiveDate>,
}

/// A note that this release cannot read.
#[derive(Debug, thiserror::Error)]
#[error("the note of the last report cannot be read: {0}")]
pub struct UnreadableNote(String);

impl Carried {
    /// The note as it is stored.
    #[must_use]
    pub fn to_note(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a stored note.
    ///
    /// # Errors
    /// [`UnreadableNote`] when it is of another release's form.
    pub fn from_note(note: &str) -> Result<Self, UnreadableNote> {
        let carried: Self = serde_json::from_str(note).map_err(|error| UnreadableNote(error.to_string()))?;
        if carried.v == FORMAT { Ok(carried) } else { Err(UnreadableNote(format!("its form is {}", carried.v))) }
    }
}

/// Raw events by what became of them, and enrollments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Raw events that came in.
    pub received: u64,
    /// Those that enrolled a lead.
    pub enrolled: u64,
    /// Those whose lead was kept and not enrolled.
    pub rejected: u64,
    /// Those that could not be used.
    pub unusable: u64,
    /// Those that changed nothing.
    pub ignored: u64,
    /// Those that were a reply.
    pub replies: u64,
    /// Those that changed something and enrolled nobody, such as a purchase that ended a sequence.
    #[serde(default)]
    pub applied: u64,
    /// Further enrollments by an event that had enrolled its lead before, in another campaign.
    #[serde(default)]
    pub also_enrolled: u64,
    /// Those that were about a booking.
    #[serde(default)]
    pub bookings: u64,
    /// Enrollments that ended.
    pub ended: u64,
}

impl Totals {
    /// Events with an outcome.
    #[must_use]
    pub fn concluded(&self) -> u64 {
        self.enrolled + self.rejected + self.unusable + self.ignored + self.replies + self.bookings + self.applied
    }

    /// Enrollments that began.
    #[must_use]
    pub fn enrollments(&self) -> u64 {
        self.enrolled + self.also_enrolled
    }
}

impl std::ops::Add for Totals {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            received: self.received + other.received,
            enrolled: self.enrolled + other.enrolled,
            rejected: self.rejected + other.rejected,
            unusable: self.unusable + other.unusable,
            ignored: self.ignored + other.ignored,
            replies: self.replies + other.replies,
            applied: self.applied + other.applied,
            also_enrolled: self.also_enrolled + other.also_enrolled,
            bookings: self.bookings + other.bookings,
            ended: self.ended + other.ended,
        }
    }
}

/// One day in the few numbers that later days are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayFigures {
    /// The day.
    pub day: NaiveDate,
    /// Forms received.
    pub leads: u64,
    /// Texts sent.
    pub texts: u64,
    /// Replies.
    pub replies: u64,
    /// Errors of all kinds.
    pub errors: u64,
}

/// The report before this one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one a report, and most often it is the large one")]
pub enum Before {
    /// There was none, and nothing had happened before the day.
    First,
    /// There is none to be found, though there should be one.
    Lost,
    /// Its note.
    Report(Carried),
}

impl Before {
    /// The note, if there is one.
    #[must_use]
    pub fn carried(&self) -> Option<&Carried> {
        match self {
            Self::Report(carried) => Some(carried),
            Self::First | Self::Lost => None,
        }
    }

    /// From when the audit must be read so that the totals have no gap.
    #[must_use]
    pub fn from(&self, period: &Period) -> Instant {
        self.carried().map_or(period.from, |carried| carried.until.min(period.from))
    }

    /// The days between the last report's and this one.
    pub(super) fn missed(&self, period: &Period) -> Vec<NaiveDate> {
        let Some(carried) = self.carried() else { return Vec::new() };
        carried.day.iter_days().skip(1).take_while(|day| *day < period.day).collect()
    }

    pub(super) fn number(&self, period: &Period) -> u32 {
        let missed = u32::try_from(self.missed(period).len()).unwrap_or(u32::MAX);
        self.carried().map_or(1, |carried| carried.number.saturating_add(missed).saturating_add(1))
    }

    /// What the last report asked for and is cleared. What was not measured is not said to be.
    pub(super) fn fixed(&self, report: &Report) -> Vec<Check> {
        let Some(carried) = self.carried() else { return Vec::new() };
        let cleared = |check: &Check| match check.need() {
            // Only people who were counted as they stood, and are no more: never what a day's events said.
            Some(need) => {
                let waited = carried.waiting.as_ref().is_some_and(|waiting| waiting.get(&need).is_some_and(|n| *n > 0));
                waited && report.waiting.as_ref().is_some_and(|now| now.complete && !now.by_need.contains_key(&need))
            }
            None => check.is_over_when_not_found(),
        };
        let gone = |check: &Check| report.actions.iter().all(|action| action.check != *check);
        carried.actions.iter().copied().filter(|check| gone(check) && cleared(check)).collect()
    }

    /// What the same weekday's numbers were, oldest first.
    pub(super) fn same_weekday(&self, day: NaiveDate) -> Vec<DayFigures> {
        let history = self.carried().map(|carried| carried.history.as_slice()).unwrap_or_default();
        history.iter().filter(|past| past.day.weekday() == day.weekday() && past.day < day).copied().collect()
    }
}

impl Ledger {
    pub(super) fn carried(&self, report: &Report, facts: &Facts) -> Carried {
        let before = facts.before.carried();
        let mut history = before.map(|carried| carried.history.clone()).unwrap_or_default();
        history.push(DayFigures {
            day: report.period.day,
            leads: report.figures.forms,
            texts: report.figures.texts,
            replies: report.figures.replies,
            errors: report.figures.errors_in_all(),
        });
        history.drain(..history.len().saturating_sub(HISTORY));
        Carried {
            v: FORMAT,
            number: report.number,
            day: report.period.day,
            until: report.period.until,
            totals: before.map(|carried| carried.totals).unwrap_or_default() + self.until_midnight(),
            waited_before: report.books.waited_before,
            from_the_start: report.books.from_the_start,
            last_seen: report.figures.last_seen.clone(),
            history,
            unclear: report.safety.unclear_leads.iter().copied().take(MOST_UNCLEAR).collect(),
            waiting: report
                .waiting
                .as_ref()
                .map(|waiting| waiting.by_need.iter().map(|(need, waiting)| (*need, waiting.count)).collect()),
            actions: report.actions.iter().map(|action| action.check).collect(),
            test_since: report.test_since,
        }
    }
}
