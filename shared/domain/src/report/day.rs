//! The day in counts.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{
    super::{
        Instant,
        audit::{AuditEvent, Event, Status},
        ids::{CampaignId, LeadId},
        lead::Outcome,
        message::RETRY_DELAYS,
        reply::is_no_reply,
    },
    Totals,
    ledger::enter,
    words,
};

/// Most leads that one kind of problem names.
const NAMED: usize = 3;

/// The day in counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Day {
    pub(super) totals: Totals,
    pub(super) forms: u64,
    pub(super) new_leads: u64,
    pub(super) known_leads: u64,
    pub(super) texts: u64,
    pub(super) test_texts: u64,
    pub(super) segments: u64,
    pub(super) failed: u64,
    pub(super) retried: u64,
    pub(super) replies: u64,
    pub(super) opt_outs: u64,
    pub(super) alerts: u64,
    pub(super) ended: BTreeMap<Outcome, u64>,
    pub(super) not_sent: BTreeMap<(Kept, String), u64>,
    pub(super) errors: BTreeMap<String, u64>,
    pub(super) templates: BTreeMap<(String, String), u64>,
    pub(super) first_text_minutes: i64,
    pub(super) first_texts: u64,
    pub(super) runs: u64,
    pub(super) runs_failed: u64,
    pub(super) first_run: Option<Instant>,
    pub(super) last_run: Option<Instant>,
    pub(super) longest_gap: TimeDelta,
    pub(super) problems: BTreeMap<Event, Problem>,
    /// Leads that got no text at all, as their time ran out.
    pub(super) given_up: Problem,
    /// Whether the provider turned texts away, or sending was put on hold.
    pub(super) was_held: bool,
}

/// A kind of problem on the day.
#[derive(Debug, Clone, Default)]
pub(super) struct Problem {
    pub(super) count: u64,
    pub(super) since: Option<Instant>,
    pub(super) leads: Vec<LeadId>,
    /// The first one's reason, in words.
    pub(super) reason: Option<String>,
}

impl Problem {
    fn add(&mut self, event: &AuditEvent) {
        self.count += 1;
        self.since.get_or_insert(event.at);
        if let Some(lead) = event.lead
            && self.leads.len() < NAMED
            && !self.leads.contains(&lead)
        {
            self.leads.push(lead);
        }
    }
}

/// Texts that did not go out, by one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSent {
    /// Where it stopped.
    pub kept: Kept,
    /// Why, in words.
    pub reason: String,
    /// How often.
    pub count: u64,
}

/// Where a text stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// The provider did not take it, or the call failed.
    Failed,
    /// It waits for a person.
    Review,
    /// The step has no text.
    NoTemplate,
    /// A limit was reached.
    Limit,
    /// It was put off.
    Deferred,
    /// It was given up.
    Ended,
    /// The lead was not enrolled.
    Rejected,
    /// What came in could not be used.
    Unusable,
    /// What came in changed nothing.
    Ignored,
}

impl Day {
    pub(super) fn feed(&mut self, event: &AuditEvent) {
        enter(&mut self.totals, event);
        if is_error(event) {
            let kind = if is_repeated(event) { "not_sent".to_owned() } else { event.event.code() };
            words::count(&mut self.errors, words::in_words(&kind), "other errors".to_owned());
        }
        if let Some(outcome) = event.ended {
            self.end(outcome);
            if outcome == Outcome::Expired {
                self.given_up.add(event);
            }
        }
        let turned_away = event.event == Event::SmsAttempt && event.reason.as_deref() == Some("throttled");
        self.was_held |= turned_away || event.event == Event::SendingHeld;
        match event.event {
            Event::EventUnusable => {
                self.keep(Kept::Unusable, event);
                self.problem(event);
            }
            // A receipt is no lead, and there is one for every text.
            Event::EventIgnored if event.reason.as_deref() == Some("receipt") => {}
            Event::EventIgnored => self.keep(Kept::Ignored, event),
            Event::LeadCreated => self.new_leads += 1,
            Event::LeadUpdated => self.known_leads += 1,
            Event::Rejected => self.keep(Kept::Rejected, event),
            Event::SmsAttempt => self.text(event),
            // Who waits for a person is read as it stands, never counted from what happened.
            Event::ReviewNeeded | Event::LeadHeld => self.keep(Kept::Review, event),
            Event::StepDeferred => self.keep(Kept::Deferred, event),
            Event::StepSkipped => self.keep(Kept::Ended, event),
            Event::TemplateMissing => {
                self.keep(Kept::NoTemplate, event);
                self.problem(event);
            }
            Event::LimitHit => self.keep(Kept::Limit, event),
            // The provider asked to wait: that stands in the settings for as long as it lasts.
            Event::SendingHeld if event.status == Status::Waiting => {}
            Event::JobFailed | Event::SettleFailed | Event::SendingHeld => self.problem(event),
            // What a phone or a mailbox wrote by itself is in the books, and is nobody's reply.
            Event::ReplyReceived if event.reason.as_deref().is_some_and(is_no_reply) => {}
            Event::ReplyReceived => self.replies += 1,
            Event::OptedOut => self.opt_outs += 1,
            Event::SchedulerRun => self.run(event),
            Event::RunStopped => {
                self.run(event);
                self.problem(event);
            }
            Event::AlertSent => self.alerts += 1,
            Event::EventReceived => {
                let source = event.reason.as_deref().unwrap_or_default();
                self.forms += u64::from(source == "kajabi");
            }
            Event::BookingUnmatched => self.problem(event),
            Event::EventApplied | Event::AlsoEnrolled | Event::BookingReceived | Event::BookingCalledOff => {}
            Event::Enrolled | Event::EnrollmentEnded | Event::ReportSent => {}
            Event::OptOutLifted | Event::AnswerSent => {}
            Event::ReceiptReceived | Event::SendingResumed | Event::ReviewDone | Event::LeadReleased => {}
            Event::Erased | Event::SettingsChanged | Event::WalkEnded | Event::Moved | Event::Other => {}
        }
    }

    fn text(&mut self, event: &AuditEvent) {
        match event.status {
            Status::Ok => {
                self.texts += 1;
                self.test_texts += u64::from(event.test);
                let Some(facts) = &event.text else { return };
                self.segments += u64::from(facts.segments);
                if let Some(minutes) = facts.minutes_from_import {
                    self.first_text_minutes += minutes;
                    self.first_texts += 1;
                }
                let campaign = event.campaign.as_ref().map_or_else(|| "no campaign".to_owned(), CampaignId::to_string);
                let template = facts.template.clone().unwrap_or_else(|| "no template".to_owned());
                let rest = ("other campaigns".to_owned(), "other templates".to_owned());
                words::count(&mut self.templates, (campaign, template), rest);
            }
            Status::Failed if is_repeated(event) => self.retried += 1,
            Status::Rejected | Status::Failed => {
                self.failed += 1;
                let why = words::failure(event.reason.as_deref(), event.detail.as_deref());
                words::count(&mut self.not_sent, (Kept::Failed, why), (Kept::Failed, "other reasons".to_owned()));
                self.problem(event);
            }
            Status::Waiting => self.retried += 1,
            Status::Unknown => {}
        }
    }

    fn end(&mut self, outcome: Outcome) {
        *self.ended.entry(outcome).or_default() += 1;
        match outcome {
            Outcome::Expired | Outcome::Undeliverable | Outcome::CampaignDeleted => {
                *self.not_sent.entry((Kept::Ended, words::in_words(&outcome.to_string()))).or_default() += 1;
            }
            Outcome::Completed | Outcome::Booked | Outcome::Purchased => {}
            Outcome::OptedOut | Outcome::Replied | Outcome::Abandoned => {}
        }
    }

    fn keep(&mut self, kept: Kept, event: &AuditEvent) {
        let why = event.reason.as_deref().map_or_else(|| "no reason given".to_owned(), words::in_words);
        words::count(&mut self.not_sent, (kept, why), (kept, "other reasons".to_owned()));
    }

    fn run(&mut self, event: &AuditEvent) {
        self.runs += 1;
        self.runs_failed += u64::from(event.status == Status::Failed);
        if let Some(last) = self.last_run {
            self.longest_gap = self.longest_gap.max(event.at - last);
        }
        self.first_run.get_or_insert(event.at);
        self.last_run = self.last_run.max(Some(event.at));
    }

    fn problem(&mut self, event: &AuditEvent) {
        let problem = self.problems.entry(event.event).or_default();
        problem.add(event);
        if problem.reason.is_none() {
            problem.reason = match event.event {
                // Its words are those of the settings, and say which one it is.
                Event::RunStopped => event.detail.as_deref().map(words::scrubbed),
                _ => event.reason.as_deref().map(words::in_words),
            };
        }
    }
}

/// Whether it is a try that did not go out and was not the last one.
fn is_repeated(event: &AuditEvent) -> bool {
    let not_sent = event.event == Event::SmsAttempt && event.reason.as_deref() == Some("not_sent");
    not_sent && event.text.as_ref().is_some_and(|text| usize::from(text.retry) < RETRY_DELAYS.len())
}

fn is_error(event: &AuditEvent) -> bool {
    let always =
        matches!(event.event, Event::SettleFailed | Event::JobFailed | Event::TemplateMissing | Event::RunStopped);
    let refused = event.event == Event::SmsAttempt && event.status == Status::Rejected;
    // A phone that is off is no error of ours, and delivery has a line of its own.
    let receipt = event.event == Event::ReceiptReceived;
    always || refused || (event.status == Status::Failed && !receipt)
}
