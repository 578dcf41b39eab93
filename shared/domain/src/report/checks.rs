//! What needs someone: every check of a report, with its threshold and its words.

mod signatures;
mod waiting;
mod work;

pub use signatures::WebhookFacts;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{
    super::{Instant, ids::LeadId, lead::Need},
    Facts, Ledger, Report,
    safety::{Tested, age, day},
};

/// When a number is worth a look, and when someone must act. All of a report's limits are here.
#[derive(Debug, Clone, Copy)]
pub struct Thresholds {
    /// How often the scheduler runs.
    pub run_every: TimeDelta,
    /// A longer time without a run must be acted on.
    pub gap_act: TimeDelta,
    /// A lead that is due and not looked at for longer is worth a look.
    pub overdue_look: TimeDelta,
    /// For longer than this it must be acted on.
    pub overdue_act: TimeDelta,
    /// A text that is unclear for longer must be acted on.
    pub unclear_act: TimeDelta,
    /// Attempts under which no rate is given.
    pub rate_from: u64,
    /// Failed texts in a hundred over which it is worth a look.
    pub failure_look: f64,
    /// And over which it must be acted on.
    pub failure_act: f64,
    /// No lead at all is worth a look where at least so many are usual.
    pub silence_from: u64,
    /// Weekdays of the same name that make a usual number.
    pub weeks_to_learn: usize,
    /// Days after which the usual number of errors is known.
    pub days_for_spike: usize,
    /// Fewer errors than this are never a spike.
    pub spike_from: u64,
    /// Errors over so many times the usual number are a spike.
    pub spike_times: u64,
}

/// The limits of every report.
pub const THRESHOLDS: Thresholds = Thresholds {
    run_every: TimeDelta::minutes(15),
    gap_act: TimeDelta::minutes(30),
    overdue_look: TimeDelta::minutes(30),
    overdue_act: TimeDelta::hours(2),
    unclear_act: TimeDelta::hours(6),
    rate_from: 20,
    failure_look: 5.0,
    failure_act: 10.0,
    silence_from: 5,
    weeks_to_learn: 4,
    days_for_spike: 4,
    spike_from: 10,
    spike_times: 3,
};

/// How a day was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing needs anyone.
    #[default]
    Ok,
    /// Something is worth a look.
    Look,
    /// Something must be done.
    Act,
}

impl Verdict {
    /// As subjects write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Look => "LOOK",
            Self::Act => "ACT",
        }
    }
}

/// A check of the report. In the order in which what they find is shown, within one verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Texts after an opt-out.
    AfterOptOut,
    /// Texts outside the hours.
    OutsideHours,
    /// Texts that went out twice.
    Doubles,
    /// Something that came in is not accounted for.
    Books,
    /// Calls of a source were turned away, as their proof was wrong.
    Signatures,
    /// Texts of which no delivery receipt came.
    Receipts,
    /// People wrote, and nobody has answered.
    Unanswered,
    /// Texts that may have gone out.
    Unclear,
    /// The scheduler did not run.
    Runs,
    /// Runs were stopped by the settings.
    RunStopped,
    /// The client's sending is on hold.
    OnHold,
    /// Leads are due and not looked at.
    Overdue,
    /// Leads were given up on a day on which sending was held up.
    GivenUp,
    /// Too many texts fail.
    FailureRate,
    /// Far more errors than usual.
    ErrorSpike,
    /// Steps without a text.
    TemplateMissing,
    /// Enrollments wait for a person.
    Review,
    /// Leads are held until a person decides.
    Held,
    /// Campaigns that came about by themselves wait for review.
    CampaignReview,
    /// What came in could not be used.
    Unusable,
    /// Bookings of people that nobody knows.
    UnmatchedBookings,
    /// Work failed.
    JobFailed,
    /// A text's outcome could not be written.
    SettleFailed,
    /// No leads where there are usually some.
    Silence,
    /// Days without a report.
    Missed,
    /// Something could not be measured.
    NotMeasured,
    /// Test mode is on.
    TestMode,
}

impl Check {
    /// What it is about, in a few words.
    #[must_use]
    pub fn topic(self) -> &'static str {
        match self {
            Self::AfterOptOut => "texts after an opt-out",
            Self::OutsideHours => "texts outside the hours",
            Self::Doubles => "texts sent twice",
            Self::Books => "books",
            Self::Signatures => "refused signatures",
            Self::Receipts => "missing delivery receipts",
            Self::Unanswered => "replies without an answer",
            Self::Unclear => "unclear texts",
            Self::Runs => "scheduler",
            Self::RunStopped => "stopped runs",
            Self::OnHold => "sending on hold",
            Self::Overdue => "overdue leads",
            Self::GivenUp => "leads given up",
            Self::FailureRate => "failed texts",
            Self::ErrorSpike => "errors",
            Self::TemplateMissing => "missing texts",
            Self::Review => "waiting for review",
            Self::Held => "held leads",
            Self::CampaignReview => "campaigns to review",
            Self::UnmatchedBookings => "bookings of nobody we know",
            Self::Unusable => "unusable events",
            Self::JobFailed => "failed work",
            Self::SettleFailed => "unwritten outcomes",
            Self::Silence => "no leads",
            Self::Missed => "missing reports",
            Self::NotMeasured => "not measured",
            Self::TestMode => "test mode",
        }
    }
}

impl Check {
    /// What people wait for whom it finds, if it is about people who wait.
    #[must_use]
    pub fn need(self) -> Option<Need> {
        match self {
            Self::Unanswered => Some(Need::Unanswered),
            Self::Held => Some(Need::Held),
            Self::Review => Some(Need::Review),
            Self::AfterOptOut | Self::OutsideHours | Self::Doubles | Self::Books | Self::Unclear => None,
            Self::Signatures | Self::Receipts => None,
            Self::Runs | Self::RunStopped | Self::OnHold | Self::Overdue | Self::GivenUp => None,
            Self::FailureRate | Self::ErrorSpike | Self::TemplateMissing | Self::CampaignReview => None,
            Self::Unusable => None,
            Self::UnmatchedBookings | Self::JobFailed | Self::SettleFailed | Self::Silence => None,
            Self::Missed | Self::NotMeasured | Self::TestMode => None,
        }
    }

    /// Returns `true` if what it found is over once it finds nothing. What is counted from one day's events, such
    /// as events that could not be used, is not: nobody need have done anything about it.
    #[must_use]
    pub fn is_over_when_not_found(self) -> bool {
        match self {
            Self::Unanswered | Self::Held | Self::Review | Self::Unclear | Self::CampaignReview => true,
            Self::Books | Self::Runs | Self::RunStopped | Self::OnHold | Self::Overdue => true,
            Self::FailureRate | Self::ErrorSpike | Self::Silence | Self::NotMeasured | Self::TestMode => true,
            Self::AfterOptOut | Self::OutsideHours | Self::Doubles | Self::TemplateMissing => false,
            // On a day without a call, or without a text, nothing is found either.
            Self::Signatures | Self::Receipts => false,
            Self::GivenUp | Self::Unusable | Self::UnmatchedBookings => false,
            Self::JobFailed | Self::SettleFailed | Self::Missed => false,
        }
    }
}

/// Something that needs someone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Which check found it.
    pub check: Check,
    /// How bad it is.
    pub verdict: Verdict,
    /// In a few words, for a subject.
    pub headline: String,
    /// What is wrong.
    pub what: String,
    /// Since when.
    pub since: Option<Instant>,
    /// How many.
    pub how_many: u64,
    /// What happens if nothing is done, and what to do.
    pub consequence: String,
    /// Some of the leads that it is about.
    pub leads: Vec<LeadId>,
    /// Whether the last report did not have it.
    pub new: bool,
}

impl Action {
    fn new(
        check: Check,
        verdict: Verdict,
        how_many: u64,
        headline: impl Into<String>,
        what: impl Into<String>,
        consequence: impl Into<String>,
    ) -> Self {
        Self {
            check,
            verdict,
            headline: headline.into(),
            what: what.into(),
            since: None,
            how_many,
            consequence: consequence.into(),
            leads: Vec::new(),
            new: false,
        }
    }

    fn about(mut self, since: Option<Instant>, leads: &[LeadId]) -> Self {
        self.since = since;
        self.leads = leads.to_vec();
        self
    }
}

/// Everything that needs someone, worst first.
pub(super) fn actions(report: &Report, ledger: &Ledger, facts: &Facts) -> Vec<Action> {
    let mut found = safety(report);
    found.extend(books(report));
    found.extend(signatures::actions(ledger, facts));
    found.extend(waiting::actions(report, facts));
    found.extend(work::actions(report, ledger, facts));
    found.extend(reporting(report, facts));
    let before = facts.before.carried();
    for action in &mut found {
        action.new = before.is_some_and(|carried| !carried.actions.contains(&action.check));
    }
    found.sort_by_key(|action| (std::cmp::Reverse(action.verdict), action.check));
    found
}

fn safety(report: &Report) -> Vec<Action> {
    let safety = &report.safety;
    let red = |check, tested: &Tested, what: &str, consequence: &str| {
        (tested.found > 0).then(|| {
            let headline = format!("{} {what}", counted(tested.found, "text"));
            Action::new(check, Verdict::Act, tested.found, headline.clone(), headline, consequence)
                .about(tested.since, &tested.leads)
        })
    };
    let unclear = (safety.unclear.found > 0).then(|| {
        let since = safety.unclear.since.unwrap_or(report.as_of);
        let old = report.as_of - since > THRESHOLDS.unclear_act;
        let headline = format!("{} may have gone out", counted(safety.unclear.found, "text"));
        let what = format!("{headline}, and nobody can say; the oldest for {}", age(since, report.as_of));
        let consequence = "They are never sent again by themselves, and these leads get nothing more. Look them up at the provider and settle them.";
        let verdict = if old { Verdict::Act } else { Verdict::Look };
        Action::new(Check::Unclear, verdict, safety.unclear.found, headline, what, consequence).about(Some(since), &safety.unclear.leads)
    });
    let found = [
        red(
            Check::AfterOptOut,
            &safety.after_opt_out,
            "after an opt-out",
            "Each is a breach of the law. Hold the client's sending until the cause is known.",
        ),
        red(
            Check::OutsideHours,
            &safety.outside_hours,
            "outside the hours",
            "Each may be a breach of the law. Hold the client's sending until the cause is known.",
        ),
        red(
            Check::Doubles,
            &safety.doubles,
            "sent twice",
            "People got the same step again. Hold the client's sending until the cause is known.",
        ),
        unclear,
    ];
    found.into_iter().flatten().collect()
}

fn books(report: &Report) -> Option<Action> {
    let books = &report.books;
    let difference = books.difference.unwrap_or(0);
    if difference == 0 && books.ended_unbegun == 0 {
        return None;
    }
    let how_many = difference.unsigned_abs().max(books.ended_unbegun);
    let what = match difference {
        0 => format!("{} ended that never began", counted(books.ended_unbegun, "enrollment")),
        1.. => format!("{} came in and neither became anything nor waits", counted(difference.unsigned_abs(), "event")),
        _ => format!("{} more became something or wait than came in", counted(difference.unsigned_abs(), "event")),
    };
    let consequence = "Leads may have been lost or counted twice. Compare the stored events of the day with the audit.";
    Some(Action::new(Check::Books, Verdict::Act, how_many, format!("books off by {how_many}"), what, consequence))
}

fn reporting(report: &Report, facts: &Facts) -> Vec<Action> {
    let missed = (!report.missed.is_empty()).then(|| {
        let days = report.missed.len() as u64;
        let first = report.missed.first().map(|first| day(*first)).unwrap_or_default();
        let what = format!("No report was made for {}, from {first}", counted(days, "day"));
        let consequence = "The totals include these days; their safety figures were never made. Look at why the reporter did not run.";
        Action::new(Check::Missed, Verdict::Look, days, format!("{} without a report", counted(days, "day")), what, consequence)
    });
    let unmeasured = (!report.not_measured.is_empty()).then(|| {
        let many = report.not_measured.len() as u64;
        let what = format!(
            "{} not be measured; see the foot",
            if many == 1 { "1 thing could".to_owned() } else { format!("{many} things could") }
        );
        Action::new(
            Check::NotMeasured,
            Verdict::Look,
            many,
            format!("{} not measured", counted(many, "thing")),
            what,
            "What is not measured may be wrong unseen.",
        )
    });
    let test = facts.client.in_test().then(|| {
        let since = report.test_since.unwrap_or(report.period.day);
        let days = (report.period.day - since).num_days().unsigned_abs() + 1;
        let what =
            format!("Test mode is on, for {} now: all texts go to the test phone or nowhere", counted(days, "report"));
        Action::new(
            Check::TestMode,
            Verdict::Look,
            days,
            "test mode is on",
            what,
            "No lead is texted until the client's mode is set to live.",
        )
    });
    [missed, unmeasured, test].into_iter().flatten().collect()
}

/// `1 text`, `2 texts`.
fn counted(count: u64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}
