//! The day in numbers, with what is usual on that weekday.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{
    super::{Instant, lead::Outcome},
    Before, DayFigures, Facts, Function, Ledger,
    checks::THRESHOLDS,
};

/// The day in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Forms that came in.
    pub forms: u64,
    /// New leads.
    pub new_leads: u64,
    /// Known leads that came again.
    pub known_leads: u64,
    /// Leads that entered a campaign.
    pub enrolled: u64,
    /// Texts that the provider took.
    pub texts: u64,
    /// Those of them that went to the test phone.
    pub test_texts: u64,
    /// What they cost in segments.
    pub segments: u64,
    /// Texts that failed.
    pub failed: u64,
    /// Tries that provably did not go out and were repeated.
    pub retried: u64,
    /// Failed texts in a hundred.
    pub failure_rate: Rate,
    /// Replies, without reactions of phones and automatic answers.
    pub replies: u64,
    /// Opt-outs.
    pub opt_outs: u64,
    /// Enrollments that ended, by how they did.
    pub ended: BTreeMap<Outcome, u64>,
    /// Average minutes from the import to the first text; `None` when none was sent.
    pub minutes_to_first_text: Option<i64>,
    /// Texts by campaign and template, most used first.
    pub templates: Vec<(String, String, u64)>,
    /// Errors by kind, in words.
    pub errors: BTreeMap<String, u64>,
    /// Whether there are far more errors than usual; `None` while the usual number is not known.
    pub error_spike: Option<bool>,
    /// Alerts that went out at once.
    pub alerts: u64,
    /// Runs of the scheduler.
    pub runs: Runs,
    /// When each function last did something for this client.
    pub last_seen: BTreeMap<Function, Instant>,
    /// What is usual for forms.
    pub usual_leads: Usual,
    /// What is usual for texts.
    pub usual_texts: Usual,
    /// What is usual for replies.
    pub usual_replies: Usual,
}

/// A share, unless there is too little to tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// Of too few to be a rate.
    TooFew,
    /// In a hundred.
    Percent(f64),
}

/// What a number is on this weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usual {
    /// Not known yet: fewer than four of these weekdays are on record.
    Learning,
    /// From the lowest to the highest of the last four.
    Between(u64, u64),
}

/// Runs of the scheduler on the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runs {
    /// How many there should have been.
    pub expected: u64,
    /// How many there were.
    pub done: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// The longest time without one.
    pub longest_gap: TimeDelta,
}

impl Figures {
    /// Errors of all kinds.
    #[must_use]
    pub fn errors_in_all(&self) -> u64 {
        self.errors.values().sum()
    }
}

impl Usual {
    fn of(past: &[DayFigures], pick: impl Fn(&DayFigures) -> u64) -> Self {
        let last: Vec<u64> = past.iter().rev().take(THRESHOLDS.weeks_to_learn).map(pick).collect();
        match (last.iter().min(), last.iter().max()) {
            (Some(low), Some(high)) if last.len() == THRESHOLDS.weeks_to_learn => Self::Between(*low, *high),
            _ => Self::Learning,
        }
    }
}

impl Ledger {
    pub(super) fn figures(&self, facts: &Facts) -> Figures {
        let day = &self.day;
        let past = facts.before.same_weekday(self.period.day);
        let mut templates: Vec<_> = day.templates.iter().map(|((c, t), n)| (c.clone(), t.clone(), *n)).collect();
        templates.sort_by_key(|template| std::cmp::Reverse(template.2));
        let mut last_seen = facts.before.carried().map(|carried| carried.last_seen.clone()).unwrap_or_default();
        last_seen.extend(self.last_seen.iter().map(|(function, at)| (*function, *at)));
        let errors = day.errors.values().sum();
        Figures {
            forms: day.forms,
            new_leads: day.new_leads,
            known_leads: day.known_leads,
            enrolled: day.totals.enrollments(),
            texts: day.texts,
            test_texts: day.test_texts,
            segments: day.segments,
            failed: day.failed,
            retried: day.retried,
            failure_rate: rate(day.failed, day.texts + day.failed),
            replies: day.replies,
            opt_outs: day.opt_outs,
            ended: day.ended.clone(),
            minutes_to_first_text: i64::try_from(day.first_texts)
                .ok()
                .filter(|n| *n > 0)
                .map(|n| day.first_text_minutes / n),
            templates,
            errors: day.errors.clone(),
            error_spike: spike(&facts.before, errors),
            alerts: day.alerts,
            runs: self.runs(facts),
            last_seen,
            usual_leads: Usual::of(&past, |day| day.leads),
            usual_texts: Usual::of(&past, |day| day.texts),
            usual_replies: Usual::of(&past, |day| day.replies),
        }
    }

    fn runs(&self, facts: &Facts) -> Runs {
        let period = THRESHOLDS.run_every;
        // A client's first day begins with its first run.
        let first = self.day.last_run.is_some() && matches!(facts.before, Before::First);
        let from = if first { self.day.first_run.unwrap_or(self.period.from) } else { self.period.from };
        let to_first = self.day.first_run.map_or(self.period.until - from, |first| first - from);
        let from_last = self.day.last_run.map_or(TimeDelta::zero(), |last| self.period.until - last);
        Runs {
            expected: u64::try_from((self.period.until - from).num_seconds())
                .unwrap_or(0)
                .div_ceil(period.num_seconds().unsigned_abs()),
            done: self.day.runs,
            failed: self.day.runs_failed,
            longest_gap: self.day.longest_gap.max(to_first).max(from_last),
        }
    }
}

fn rate(part: u64, whole: u64) -> Rate {
    if whole < THRESHOLDS.rate_from { Rate::TooFew } else { Rate::Percent(part as f64 * 100.0 / whole as f64) }
}

/// Far more errors than on the middle one of the last days.
fn spike(before: &Before, errors: u64) -> Option<bool> {
    let history = before.carried().map(|carried| carried.history.as_slice()).unwrap_or_default();
    let mut last: Vec<u64> = history.iter().rev().take(7).map(|day| day.errors).collect();
    last.sort_unstable();
    let enough = last.len() >= THRESHOLDS.days_for_spike;
    enough.then(|| errors >= THRESHOLDS.spike_from && errors > THRESHOLDS.spike_times * last[last.len() / 2])
}
