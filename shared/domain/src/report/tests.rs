//! Tests.

mod day_in_counts;
mod faults;
mod receipts;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use ulid::Ulid;

use super::*;
use crate::{
    audit::{AuditEvent, Event, Status, TextFacts},
    client::Client,
    ids::{AuditId, CampaignId, LeadId},
    phone::{PhoneNumber, Region},
};

/// A Friday.
const DAY: &str = "2026-11-20";

fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

/// A time of the day in New York.
fn local(time: &str) -> Instant {
    let naive = format!("{DAY}T{time}:00").parse().expect("a local time");
    first_instant(Tz::America__New_York, naive)
}

fn period() -> Period {
    Period::of(DAY.parse().expect("a day"), Tz::America__New_York)
}

fn lead(n: u128) -> LeadId {
    LeadId(Ulid::from_parts(1, n))
}

fn campaign() -> CampaignId {
    CampaignId::parse("welcome").expect("an id")
}

/// A client's day that goes well unless a test spoils it.
struct Story {
    events: Vec<AuditEvent>,
    facts: Facts,
    period: Period,
}

impl Story {
    /// A day with nothing but its runs.
    fn quiet() -> Self {
        Self::quiet_on(period())
    }

    fn quiet_on(period: Period) -> Self {
        let client = Client { zone: period.zone, ..crate::fixtures::client() };
        let due = DueFacts { waiting: 0, overdue: Overdue::default(), next_day: 0 };
        let facts = Facts {
            client,
            now: period.until + TimeDelta::hours(9),
            before: Before::First,
            leads: Default::default(),
            windows: Windows::from([((campaign(), Some(1)), None)]),
            due: Some(due),
            webhooks: WebhookFacts::default(),
            waiting: Some(WaitingFacts { complete: true, ..WaitingFacts::default() }),
            campaigns_to_review: Some(Vec::new()),
            unread: Vec::new(),
        };
        let mut story = Self { events: Vec::new(), facts, period };
        let mut run = period.from;
        while run < period.until {
            story.add(run, Event::SchedulerRun, Status::Ok);
            run += THRESHOLDS.run_every;
        }
        story
    }

    fn add(&mut self, at: Instant, event: Event, status: Status) -> &mut AuditEvent {
        let id = AuditId(Ulid::from_parts(
            u64::try_from(at.timestamp_millis()).expect("after 1970"),
            self.events.len() as u128,
        ));
        self.events.push(AuditEvent::new(id, at, self.facts.client.id.clone(), event, status));
        self.events.last_mut().expect("the event")
    }

    /// A lead that comes in and is enrolled.
    fn enroll(&mut self, n: u128, at: Instant) {
        self.add(at, Event::EventReceived, Status::Ok).reason = Some("kajabi".to_owned());
        self.add(at, Event::LeadCreated, Status::Ok).lead = Some(lead(n));
        self.add(at, Event::Enrolled, Status::Ok).lead = Some(lead(n));
    }

    /// An accepted text to a number in Miami.
    fn text(&mut self, n: u128, at: Instant, step: u16) -> &mut AuditEvent {
        let phone = PhoneNumber::parse("+13055550123", Region::default()).expect("a number");
        self.facts
            .leads
            .entry(lead(n))
            .or_insert_with(|| LeadFacts { phone: Some(phone.clone()), ..LeadFacts::default() });
        let text = self.add(at, Event::SmsAttempt, Status::Ok);
        text.lead = Some(lead(n));
        text.phone = Some(phone);
        text.campaign = Some(campaign());
        text.step = Some(step);
        text.text = Some(TextFacts {
            body: "Hi Pat, it is Acme".to_owned(),
            template: Some(format!("welcome/v1/step-{step}")),
            hours: "open".to_owned(),
            provider_id: Some("SM1".to_owned()),
            retry: 1,
            segments: 2,
            minutes_from_import: (step == 1).then_some(61),
        });
        text
    }

    fn ledger(&self) -> Ledger {
        let mut ledger = Ledger::new(self.period);
        let mut events = self.events.clone();
        events.sort_by_key(|event| event.id);
        events.iter().for_each(|event| ledger.feed(event));
        ledger
    }

    fn report(&self) -> Report {
        self.ledger().close(&self.facts)
    }
}

fn checks(report: &Report) -> Vec<(Check, Verdict)> {
    report.actions.iter().map(|action| (action.check, action.verdict)).collect()
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}
