//! Days of one client, as stories: good, bad, empty, first.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, TimeDelta};
use chrono_tz::Tz;
use leadline::{
    domain::{
        Instant,
        audit::{AuditEvent, Event, Status, TextFacts},
        campaign::Campaign,
        client::Client,
        contact_status::{ContactStatus, OptOut, OptOutChannel},
        event::EventKey,
        ids::{AuditId, CampaignId, EnrollmentId, LeadId},
        lead::{Enrollment, Lead, Outcome, Waits},
        phone::{PhoneNumber, Region},
        profile::Profile,
        report::{Carried, Check, DayFigures, Function, Period, Totals},
    },
    ports::DueWork,
};
use ulid::Ulid;

use super::World;

/// What must never be in an email.
pub const PERSONAL: [&str; 8] = ["555", "Pat", "Doe", "pat@", "example.org", "it is Acme", "SM0", "BEGIN"];

pub const FRIDAY: &str = "2026-11-20";

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

pub fn client(id: &str, zone: Tz) -> Client {
    serde_json::from_value(serde_json::json!({
        "id": id, "name": "Acme Coaching", "zone": zone.name(), "admin_email": "owner@example.com", "mode": "live",
        "provider": {"twilio": {"account_sid": "AC00000000000000000000000000000001", "sender": {"number": "+13125550199"}}},
        "kajabi": {"token_hashes": []},
    }))
    .expect("a client")
}

pub fn lead_id(n: u64) -> LeadId {
    LeadId(Ulid::from_parts(1_790_000_000_000, u128::from(n)))
}

/// A day of one client that is being told.
pub struct Telling {
    pub world: World,
    pub client: Client,
    pub period: Period,
}

impl Telling {
    /// A day on which nothing but the runs happened; it is 09:00 on the next.
    pub fn quiet(date: &str, zone: Tz) -> Self {
        let period = Period::of(day(date), zone);
        let client = client("acme", zone);
        let next = chrono::Days::new(1);
        let nine = period.day.checked_add_days(next).and_then(|day| day.and_hms_opt(9, 0, 0)).expect("nine o'clock");
        let world = World::at(leadline::domain::report::first_instant(zone, nine));
        world.add_client(client.clone());
        let welcome = serde_json::json!({"id": "welcome", "name": "Welcome", "messages": [{"step": 1, "text": "Hi {{first_name|there}}"}]});
        world.state().campaigns.push(serde_json::from_value::<Campaign>(welcome).expect("a campaign"));
        let telling = Self { world, client, period };
        let mut run = period.from;
        while run < period.until {
            telling.add(run, Event::SchedulerRun, Status::Ok, |_| ());
            run += TimeDelta::minutes(15);
        }
        telling
    }

    /// The same with a report of the day before, and three weeks of Fridays before it.
    pub fn known(date: &str, zone: Tz) -> Self {
        let telling = Self::quiet(date, zone);
        let before = telling.period.day.pred_opt().expect("a day before");
        let history = (1..=28).rev().map(|back| {
            let day = telling.period.day - TimeDelta::days(back);
            let works = u64::from(day.weekday().num_days_from_monday() < 5);
            DayFigures {
                day,
                leads: works * (40 + 25 * u64::from(back % 14 == 0)),
                texts: works * (380 + 10 * u64::try_from(back % 8).expect("small")),
                replies: works * (24 + u64::try_from(back % 9).expect("small")),
                errors: works * 9,
            }
        });
        let carried = Carried {
            v: 1,
            number: 142,
            day: before,
            until: telling.period.from,
            totals: Totals {
                received: 1457,
                enrolled: 994,
                rejected: 101,
                unusable: 2,
                ignored: 50,
                replies: 310,
                ended: 870,
                ..Totals::default()
            },
            from_the_start: true,
            history: history.collect(),
            last_seen: BTreeMap::from([(Function::Reporter, telling.period.from + TimeDelta::hours(9))]),
            actions: vec![Check::Review],
            ..Carried::default()
        };
        let key = (telling.client.id.clone(), format!("report#{before}"));
        telling.world.state().once.insert(key, (telling.period.from, Some(carried.to_note())));
        telling
    }

    pub fn at(&self, hours: i64, minutes: i64) -> Instant {
        self.period.from + TimeDelta::hours(hours) + TimeDelta::minutes(minutes)
    }

    pub fn add(&self, at: Instant, event: Event, status: Status, with: impl FnOnce(&mut AuditEvent)) {
        let mut state = self.world.state();
        state.made += 1;
        let id = AuditId(Ulid::from_parts(u64::try_from(at.timestamp_millis()).expect("after 1970"), state.made));
        let mut event = AuditEvent::new(id, at, self.client.id.clone(), event, status);
        with(&mut event);
        state.events.push(event);
    }

    pub fn enroll(&self, n: u64, at: Instant) {
        self.add(at, Event::EventReceived, Status::Ok, from_kajabi);
        self.add(at, Event::LeadCreated, Status::Ok, |event| event.lead = Some(lead_id(n)));
        self.add(at, Event::Enrolled, Status::Ok, |event| event.lead = Some(lead_id(n)));
    }

    pub fn text(&self, n: u64, at: Instant, step: u16) {
        let phone = PhoneNumber::parse("+13125550123", Region::default()).expect("a number of Chicago");
        {
            let mut state = self.world.state();
            let lead = Lead { phone: Some(phone.clone()), ..Lead::new(lead_id(n), self.client.id.clone()) };
            let mut profile = Profile::new(lead_id(n), at);
            profile.first_name = Some("Pat".to_owned());
            state.leads.entry(lead_id(n)).or_insert((lead, profile));
        }
        self.add(at, Event::SmsAttempt, Status::Ok, |event| {
            event.lead = Some(lead_id(n));
            event.phone = Some(phone);
            event.campaign = Some(CampaignId::parse("welcome").expect("an id"));
            event.step = Some(step);
            event.text = Some(TextFacts {
                body: "Hi Pat, it is Acme".to_owned(),
                template: Some(format!("welcome/v1/step-{step}")),
                hours: "open".to_owned(),
                provider_id: Some("SM0".to_owned()),
                retry: 1,
                segments: 1,
                minutes_from_import: (step == 1).then_some(68),
            });
        });
    }

    pub fn opt_out(&self, n: u64, at: Instant) {
        let mut state = self.world.state();
        let (lead, _) = state.leads.get_mut(&lead_id(n)).expect("a texted lead");
        lead.standing =
            ContactStatus::OptedOut(OptOut { at, channel: OptOutChannel::Reply, words: Some("stop".to_owned()) });
    }

    /// A working day: 412 texts, 31 replies, a few of everything.
    pub fn work(&self) {
        for n in 0..57 {
            self.enroll(n, self.at(9, n as i64));
            self.text(n, self.at(10, 8 + n as i64 / 2), 1);
        }
        for n in 0..355 {
            self.text(1000 + n, self.at(11, n as i64), 2);
        }
        for n in 0..10 {
            let why = if n < 6 { "the number is a landline (30006)" } else { "the phone cannot be reached (30003)" };
            self.add(self.at(15, n), Event::SmsAttempt, Status::Failed, |event| {
                event.reason = Some(format!("refused_{}", if n < 6 { 30006 } else { 30003 }));
                event.detail = Some(why.to_owned());
            });
        }
        for n in 0..31 {
            self.add(self.at(16, n), Event::EventReceived, Status::Ok, |event| {
                event.reason = Some("twilio-inbound".to_owned())
            });
            self.add(self.at(16, n), Event::ReplyReceived, Status::Ok, |event| {
                event.reason = Some("reply".to_owned());
                event.detail = Some("Hi, Pat Doe here, call +1 312 555 0123".to_owned());
            });
        }
        for (count, outcome) in
            [(44, Outcome::Completed), (9, Outcome::Booked), (3, Outcome::OptedOut), (2, Outcome::Expired)]
        {
            for n in 0..count {
                self.add(self.at(17, n), Event::EnrollmentEnded, Status::Ok, |event| event.ended = Some(outcome));
            }
        }
        (0..3).for_each(|n| self.add(self.at(17, n), Event::OptedOut, Status::Ok, |_| ()));
        for n in 0..4 {
            self.add(self.at(13, n), Event::StepDeferred, Status::Waiting, |event| {
                event.reason = Some("lawful-hours".to_owned())
            });
        }
        self.add(self.at(13, 0), Event::LimitHit, Status::Waiting, |event| event.reason = Some("per_hour".to_owned()));
        let tomorrow = self.world.state().now + TimeDelta::hours(3);
        self.world.state().due = (0..395).map(|n| DueWork::Lead { id: lead_id(n), due: tomorrow }).collect();
    }

    /// People who wait for a person, of every kind, and of one kind more than are named.
    pub fn people(&self) {
        let mut state = self.world.state();
        let mut add = |n: u64, name: &str, wait: &dyn Fn(&mut Lead)| {
            let mut lead = Lead::new(lead_id(n), self.client.id.clone());
            let number = format!("+1312555{:04}", 100 + n % 100);
            lead.phone = Some(PhoneNumber::parse(&number, Region::default()).expect("a number of Chicago"));
            wait(&mut lead);
            let mut profile = Profile::new(lead.id, self.at(0, 0));
            let (first, last) = name.split_once(' ').expect("two names");
            (profile.first_name, profile.last_name) = (Some(first.to_owned()), Some(last.to_owned()));
            state.leads.insert(lead.id, (lead, profile));
        };
        add(9_001, "Robin Okafor", &|lead| lead.await_answer(self.at(14, 5)));
        add(9_002, "Maximiliana Featherstonehaugh", &|lead| lead.await_answer(self.at(-60, 0)));
        add(9_003, "<b>Ann</b> Lee", &|lead| _ = lead.hold_person("a reply that may mean no", self.at(-200, 0)));
        for n in 0..23 {
            add(9_100 + n, "Kim Reyes", &|lead| {
                lead.enroll(Enrollment {
                    id: EnrollmentId(Ulid::from_parts(1_790_000_000_000, u128::from(n))),
                    campaign: CampaignId::parse("welcome").expect("an id"),
                    version: 1,
                    step: 1,
                    imported_at: self.at(9, 0),
                    waits: Waits::Until(self.at(9, 0)),
                    sent: 0,
                    last_sent_at: None,
                    counts_from: None,
                    message: None,
                    parked: false,
                });
                let why = "TX is not among the client's cleared states";
                let id = lead.enrollments[0].id;
                lead.review(id, why, self.at(9, 0) + TimeDelta::minutes(i64::try_from(n).expect("small")));
            });
        }
    }

    /// Everything that can go wrong, on top.
    pub fn trouble(&self) {
        self.text(3, self.at(21, 30), 2);
        self.text(4, self.at(12, 0), 1);
        self.opt_out(5, self.at(10, 0));
        self.add(self.at(14, 0), Event::EventReceived, Status::Ok, from_kajabi);
        self.add(self.at(14, 5), Event::SmsAttempt, Status::Unknown, |event| event.lead = Some(lead_id(77)));
        self.add(self.at(14, 6), Event::JobFailed, Status::Failed, |event| {
            event.detail = Some("lead Pat Doe <pat@example.org> +1 312 555 0123".to_owned());
        });
        self.add(self.at(14, 7), Event::EventUnusable, Status::Rejected, |event| {
            event.reason = Some("Pat Doe, 312-555-0123".to_owned())
        });
        self.add(self.at(14, 7), Event::EventReceived, Status::Ok, from_kajabi);
        let mut state = self.world.state();
        let run = Event::SchedulerRun;
        let (from, until) = (self.at(18, 1), self.at(19, 59));
        state.events.retain(|event| event.event != run || event.at < from || event.at > until);
        let due = state.now - TimeDelta::minutes(150);
        state.due.extend((0..37).map(|n| DueWork::Lead { id: lead_id(500 + n), due }));
        let now = state.now;
        state.due.push(DueWork::Event { key: EventKey("one".to_owned()), due: now });
        // Beside the one that waits, another came in and became nothing.
        drop(state);
        self.add(self.at(14, 8), Event::EventReceived, Status::Ok, from_kajabi);
    }
}

/// As an event that came from Kajabi.
pub fn from_kajabi(event: &mut AuditEvent) {
    event.reason = Some("kajabi".to_owned());
}
