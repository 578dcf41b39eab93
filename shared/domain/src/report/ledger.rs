//! The audit of a day, taken in page by page. Memory is bounded: counts, and the texts that were sent.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        Instant,
        audit::{AuditEvent, Event, Status},
        ids::{CampaignId, LeadId},
        phone::PhoneNumber,
    },
    Period, Totals,
    day::{Day, Kept, NotSent},
};

/// What a day's report is made from.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(super) period: Period,
    pub(super) before: Totals,
    pub(super) after: Totals,
    pub(super) day: Day,
    /// Every accepted text from the start of the day until the facts were read.
    pub(super) texts: Vec<SentText>,
    pub(super) unclear: BTreeMap<LeadId, Instant>,
    pub(super) said_no: BTreeMap<LeadId, Vec<No>>,
    pub(super) answers: Vec<SentAnswer>,
    /// Who got texts of which a delivery receipt came.
    pub(super) receipts: BTreeSet<LeadId>,
    pub(super) last_seen: BTreeMap<Function, Instant>,
    /// When persons entered a campaign in which they had been before.
    pub(super) again: BTreeMap<(LeadId, CampaignId), Vec<Instant>>,
}

/// An accepted text, as the safety checks need it.
#[derive(Debug, Clone)]
pub(super) struct SentText {
    pub(super) at: Instant,
    pub(super) lead: Option<LeadId>,
    pub(super) phone: Option<PhoneNumber>,
    pub(super) campaign: Option<CampaignId>,
    pub(super) version: Option<u32>,
    pub(super) step: Option<u16>,
    pub(super) test: bool,
}

/// A no, and when it was taken back.
#[derive(Debug, Clone, Copy)]
pub(super) struct No {
    pub(super) at: Instant,
    pub(super) lifted: Option<Instant>,
}

impl No {
    /// Whether it stood at a moment.
    pub(super) fn stood(&self, at: Instant) -> bool {
        self.at < at && self.lifted.is_none_or(|lifted| at <= lifted)
    }
}

/// An answer to a reply, which may have gone out.
#[derive(Debug, Clone, Copy)]
pub(super) struct SentAnswer {
    pub(super) at: Instant,
    pub(super) lead: LeadId,
    /// Whether it confirms an opt-out.
    pub(super) confirms: bool,
}

/// A deployed function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// Takes in.
    Webhook,
    /// Selects.
    Scheduler,
    /// Sends.
    Sender,
    /// Reports.
    Reporter,
}

/// A campaign at the version that a text came from, where the text says it.
pub type TextVersion = (CampaignId, Option<u32>);

impl Ledger {
    /// An empty ledger of a day.
    #[must_use]
    pub fn new(period: Period) -> Self {
        Self {
            period,
            before: Totals::default(),
            after: Totals::default(),
            day: Day::default(),
            texts: Vec::new(),
            unclear: BTreeMap::new(),
            said_no: BTreeMap::new(),
            answers: Vec::new(),
            receipts: BTreeSet::new(),
            last_seen: BTreeMap::new(),
            again: BTreeMap::new(),
        }
    }

    /// Takes in one event, in the order of the audit. What happened before the day counts for the
    /// books only, and what happened after it for the books and for texts that went out twice.
    pub fn feed(&mut self, event: &AuditEvent) {
        let at = moment(event);
        if at < self.period.from {
            enter(&mut self.before, event);
            return;
        }
        if let Some(function) = function(event) {
            let last = self.last_seen.entry(function).or_insert(event.at);
            *last = event.at.max(*last);
        }
        if event.event == Event::SmsAttempt && event.status == Status::Ok {
            self.texts.push(SentText::of(event));
        }
        if event.event == Event::ReceiptReceived {
            self.receipts.extend(event.lead);
        }
        if let (true, Some(lead), Some(campaign)) = (event.again, event.lead, &event.campaign) {
            self.again.entry((lead, campaign.clone())).or_default().push(event.at);
        }
        if at >= self.period.until {
            enter(&mut self.after, event);
            return;
        }
        if let Some(lead) = event.lead {
            if event.event == Event::SmsAttempt && event.status == Status::Unknown {
                self.unclear.entry(lead).or_insert(event.at);
            }
            self.feed_no(lead, event);
        }
        self.day.feed(event);
    }

    /// What a lead's no, its end and its answer say about texts after it.
    fn feed_no(&mut self, lead: LeadId, event: &AuditEvent) {
        match event.event {
            Event::OptedOut => {
                self.said_no.entry(lead).or_default().push(No { at: event.at, lifted: None });
            }
            Event::OptOutLifted => {
                let open = self.said_no.entry(lead).or_default().iter_mut().filter(|no| no.lifted.is_none());
                open.for_each(|no| no.lifted = Some(event.at));
            }
            Event::AnswerSent if event.status != Status::Failed => {
                let confirms = event.reason.as_deref() == Some("opted_out");
                self.answers.push(SentAnswer { at: moment(event), lead, confirms });
            }
            _ => {}
        }
    }

    /// The leads that the checks must read back.
    #[must_use]
    pub fn leads(&self) -> BTreeSet<LeadId> {
        let texted = self.texts.iter().filter(|text| self.period.contains(text.at)).filter_map(|text| text.lead);
        texted.chain(self.unclear.keys().copied()).collect()
    }

    /// The versions of campaigns that texts came from, whose sending hours the checks need.
    #[must_use]
    pub fn versions(&self) -> BTreeSet<TextVersion> {
        self.texts.iter().filter_map(|text| Some((text.campaign.clone()?, text.version))).collect()
    }

    pub(super) fn until_midnight(&self) -> Totals {
        self.before + self.day.totals
    }

    pub(super) fn not_sent(&self) -> Vec<NotSent> {
        let row = |((kept, reason), count): (&(Kept, String), &u64)| NotSent {
            kept: *kept,
            reason: reason.clone(),
            count: *count,
        };
        let mut rows: Vec<NotSent> = self.day.not_sent.iter().map(row).collect();
        rows.sort_by(|a, b| a.kept.cmp(&b.kept).then(b.count.cmp(&a.count)));
        rows
    }
}

/// When an event counts as having happened: the moment in its id, by which the audit is read in days.
/// For a text that is the moment of its claim, when it was decided on and could still have been stopped.
fn moment(event: &AuditEvent) -> Instant {
    let millis = i64::try_from(event.id.0.timestamp_ms()).ok();
    millis.and_then(DateTime::from_timestamp_millis).unwrap_or(event.at)
}

/// Counts an event for the books: each raw event once when it comes in, and once when it became something.
pub(super) fn enter(totals: &mut Totals, event: &AuditEvent) {
    match event.event {
        Event::EventReceived => totals.received += 1,
        Event::EventUnusable => totals.unusable += 1,
        Event::EventIgnored | Event::ReceiptReceived => totals.ignored += 1,
        Event::ReplyReceived => totals.replies += 1,
        Event::EventApplied => totals.applied += 1,
        Event::BookingReceived => totals.bookings += 1,
        Event::Enrolled => totals.enrolled += 1,
        Event::AlsoEnrolled => totals.also_enrolled += 1,
        Event::Rejected => totals.rejected += 1,
        _ => {}
    }
    totals.ended += u64::from(event.ended.is_some());
}

fn function(event: &AuditEvent) -> Option<Function> {
    match event.event {
        // That a form was lost on its way is no sign of life of the webhook.
        Event::EventReceived if event.reason.as_deref() == Some("kajabi-feed") => Some(Function::Reporter),
        Event::EventReceived | Event::ReplyReceived | Event::ReceiptReceived | Event::BookingReceived => {
            Some(Function::Webhook)
        }
        Event::SchedulerRun | Event::RunStopped => Some(Function::Scheduler),
        Event::SmsAttempt | Event::SettleFailed | Event::AnswerSent => Some(Function::Sender),
        Event::ReportSent => Some(Function::Reporter),
        _ => None,
    }
}

impl SentText {
    fn of(event: &AuditEvent) -> Self {
        let template = event.text.as_ref().and_then(|text| text.template.as_deref());
        Self {
            at: moment(event),
            lead: event.lead,
            phone: event.phone.clone(),
            campaign: event.campaign.clone(),
            version: template.and_then(pinned_version),
            step: event.step,
            test: event.test,
        }
    }
}

/// The version in a template's name: `webinar/v3/step-1`.
fn pinned_version(template: &str) -> Option<u32> {
    template.split('/').nth(1)?.strip_prefix('v')?.parse().ok()
}
