//! The life of one enrollment through pauses and outages: in order, once each, and never in a burst.

use fixtures::{campaign, client};
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::preview::{Happening, Outlook, preview};
use domain::{
    audit::Event,
    campaign::{Campaign, CampaignStatus, Late, Plan, Step, When},
    consent::Consent,
    decide::{Case, decide},
    ids::{AttemptId, ClientId, LeadId, RunId},
    lead::Enrollment,
    message::SendOutcome,
    phone::{PhoneNumber, Region},
    profile::Profile,
};
use ports::IdSource;

struct Ids(AtomicU64);

impl IdSource for Ids {
    fn new_id(&self, at: Instant) -> ulid::Ulid {
        let random = u128::from(self.0.fetch_add(1, Ordering::Relaxed));
        ulid::Ulid::from_parts(u64::try_from(at.timestamp_millis()).unwrap_or(0), random)
    }
}

/// Tuesday 6 January 2026, 14:00 in New York.
fn start() -> Instant {
    "2026-01-06T19:00:00Z".parse().expect("an instant")
}

const EVERY: TimeDelta = TimeDelta::minutes(15);

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

/// A world of one lead: runs every quarter of an hour, and stretches of them in which nothing happens.
struct Life {
    case: Case,
    ids: Ids,
    client: ClientId,
    /// What went out: the step, and when.
    texts: Vec<(u16, Instant)>,
    /// What was passed over.
    skipped: Vec<u16>,
    ended: Vec<Outcome>,
}

impl Life {
    fn new(plan: Plan) -> Self {
        let id = LeadId(ulid::Ulid::from(7_u128));
        let mut client = client();
        client.default_text = domain::template::Template::parse("Hi.").ok();
        client.window = domain::window::Window::parse(&WEEK, "08:00", "20:00").expect("a window");
        client.limits.per_number_per_day = 100;
        let first = plan.first().expect("a step").step;
        let enrollment = Enrollment {
            id: EnrollmentId(ulid::Ulid::from(1_u128)),
            campaign: campaign().id,
            version: 1,
            step: first,
            imported_at: start(),
            waits: Waits::Until(start()),
            sent: 0,
            last_sent_at: None,
            counts_from: None,
            message: None,
            parked: false,
        };
        let mut lead = Lead::new(id, client.id.clone());
        lead.phone = PhoneNumber::parse("+13055550123", Region::default()).ok();
        lead.enroll(enrollment.clone());
        let mut profile = Profile::new(id, start());
        profile.consent = Some(Consent {
            form: None,
            terms: "1".to_owned(),
            at: start(),
            event: "kajabi:1".to_owned(),
            how: "form sent".to_owned(),
        });
        let own = client.id.clone();
        let case = Case { client, campaign: CampaignStatus::Active, plan, lead, profile, enrollment };
        let (texts, skipped, ended) = (Vec::new(), Vec::new(), Vec::new());
        Self { case, ids: Ids(AtomicU64::new(1)), client: own, texts, skipped, ended }
    }

    /// One run, as the scheduler and the sender make it.
    fn run(&mut self, now: Instant, paused: bool) {
        self.case.campaign = if paused { CampaignStatus::Paused } else { CampaignStatus::Active };
        if !paused {
            // What was parked for the pause is put back when it is over.
            self.case.lead.unpark(now);
        }
        let Some(enrollment) = self.case.lead.due_enrollment(now).cloned() else { return };
        self.case.enrollment = enrollment;
        let run = RunId(self.ids.new_id(now));
        let recorder = Recorder { ids: &self.ids, client: &self.client, test: false, run, now };
        let verdict = decide(&self.case, now);
        if let Decision::Send(send) = &verdict.decision {
            let attempt = AttemptId(self.ids.new_id(now));
            let claim = send.claim(attempt, run, &self.case.enrollment);
            self.case.lead.claim(claim, now).expect("what may be sent may be claimed");
            let accepted = SendOutcome::Accepted { provider_id: "SM1".to_owned() };
            self.case.lead.settle(attempt, accepted, Some(&self.case.plan), now).expect("settled");
            self.texts.push((self.case.enrollment.step, now));
            return;
        }
        let id = self.case.enrollment.id;
        let concluded = conclude(&mut self.case.lead, id, &verdict, &recorder);
        for event in &concluded.audit {
            if event.event == Event::StepSkipped {
                self.skipped.extend(event.step);
            }
            self.ended.extend(event.ended);
        }
    }

    /// Runs until `until`, with pauses in which runs find the campaign paused, and outages without a run.
    fn live(&mut self, until: Instant, idle: &[(i64, i64, bool)]) {
        let mut now = start();
        while now < until && !self.case.lead.enrollments.is_empty() {
            let within = |(from, long, _): &&(i64, i64, bool)| {
                start() + minutes(*from) <= now && now < start() + minutes(from + long)
            };
            match idle.iter().find(within) {
                Some((_, _, true)) => {}
                stretch => self.run(now, stretch.is_some()),
            }
            now += EVERY;
        }
    }
}

const WEEK: [chrono::Weekday; 7] = {
    use chrono::Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    [Mon, Tue, Wed, Thu, Fri, Sat, Sun]
};

fn plan_of(messages: Value, webinar_after: i64) -> Plan {
    let mut doc = serde_json::to_value(campaign()).expect("json");
    doc["messages"] = messages;
    doc["timing"] = json!({"earliest_minutes": 0, "latest_minutes": 180, "latest_counts": "open-hours"});
    doc["webinar"] = json!({"at": start() + minutes(webinar_after), "link": "https://example.com/live"});
    serde_json::from_value::<Campaign>(doc).expect("a campaign").plan()
}

/// What a step may be: a delay, with a time of day or days of the week or not, or a number of minutes from the
/// webinar; and one of the rules for when it is late.
fn step() -> impl Strategy<Value = Value> {
    let delays = prop::sample::select(vec![0, 30, 60, 300, 1_440, 2_880]);
    let local = prop::sample::select(vec![
        json!({}),
        json!({}),
        json!({"at": "10:00"}),
        json!({"at": "19:30"}),
        json!({"weekdays": ["Tue", "Fri"]}),
        json!({"at": "09:15", "weekdays": ["Mon", "Wed", "Thu"]}),
    ]);
    let late = prop::sample::select(vec![
        json!({}),
        json!({"late": "send"}),
        json!({"late": "skip", "latest_minutes": 60}),
        json!({"late": "skip", "latest_minutes": 600}),
        json!({"late": "shift", "latest_minutes": 120}),
    ]);
    let by_delay = (delays, local, late).prop_map(|(delay, local, late)| {
        let mut step = json!({"delay_minutes": delay});
        for part in [local, late] {
            step.as_object_mut().expect("an object").extend(part.as_object().expect("an object").clone());
        }
        step
    });
    let by_webinar = prop::sample::select(vec![
        json!({"webinar": true}),
        json!({"webinar": true, "latest_minutes": 20}),
        json!({"webinar": true, "late": "send"}),
    ]);
    prop_oneof![3 => by_delay, 2 => by_webinar]
}

/// Up to six steps, of which those by the webinar are in the order of time.
fn plans() -> impl Strategy<Value = Plan> {
    let gaps = prop::collection::vec(prop::sample::select(vec![15_i64, 45, 60, 600, 1_440]), 6);
    (prop::collection::vec(step(), 1..6), gaps, 0_i64..20_000).prop_map(|(mut steps, gaps, webinar)| {
        let mut at = -3_000;
        for (n, step) in steps.iter_mut().enumerate() {
            let object = step.as_object_mut().expect("an object");
            if object.remove("webinar").is_some() {
                at += gaps[n];
                object.insert("webinar_minutes".to_owned(), json!(at));
            }
            if n == 0
                && !object.contains_key("at")
                && !object.contains_key("weekdays")
                && !object.contains_key("webinar_minutes")
            {
                // The first text by its delay alone is ruled by `timing`.
                object.retain(|name, _| name == "delay_minutes");
                object.insert("delay_minutes".to_owned(), json!(60));
            }
            object.insert("step".to_owned(), json!(n + 1));
        }
        plan_of(Value::Array(steps), webinar)
    })
}

/// The least between two texts, reckoned here from what the settings say: the delay of the second, or for one
/// by the webinar ten minutes, or a third of what lies between it and the one by the webinar before it.
fn least(plan: &Plan, second: &Step) -> TimeDelta {
    match second.when {
        When::After { minutes: delay, .. } => minutes(i64::from(delay)),
        When::Webinar { minutes: own } => {
            let before = plan.messages.iter().rfind(|before| before.step < second.step).map(|before| &before.when);
            match before {
                Some(When::Webinar { minutes: earlier }) => minutes(10).min(minutes(i64::from(own - earlier)) / 3),
                _ => minutes(10),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn after_any_pause_or_outage_no_two_texts_are_closer_than_the_settings_say(
        plan in plans(),
        idle in prop::collection::vec((0_i64..30_000, 1_i64..15_000, any::<bool>()), 0..4),
    ) {
        let mut life = Life::new(plan.clone());
        life.live(start() + TimeDelta::days(90), &idle);
        prop_assert_eq!(life.case.lead.enrollments.len(), 0, "it comes to an end: {:?}", life.case.lead.enrollments);
        // Each step either went or was passed over, once and in order, unless the first text was given up.
        let given_up = life.texts.is_empty() && life.skipped.is_empty();
        let mut seen: Vec<u16> = life.texts.iter().map(|(step, _)| *step).chain(life.skipped.iter().copied()).collect();
        seen.sort_unstable();
        let all: Vec<u16> = plan.messages.iter().map(|step| step.step).collect();
        prop_assert!(given_up || seen == all, "{seen:?} of {all:?}");
        prop_assert!(life.texts.is_sorted_by_key(|(step, _)| *step) && life.skipped.is_sorted());
        for pair in life.texts.windows(2) {
            let second = plan.step(pair[1].0).expect("a step");
            let (apart, least) = (pair[1].1 - pair[0].1, least(&plan, second));
            prop_assert!(apart >= least && apart > TimeDelta::zero(), "{:?} and {:?}: {apart} is less than {least}", pair[0], pair[1]);
        }
        for (step, at) in &life.texts {
            let step = plan.step(*step).expect("a step");
            if let (When::Webinar { minutes: own }, Late::Skip { within }) = (&step.when, step.late) {
                let due = plan.webinar.as_ref().expect("a webinar").at + minutes(i64::from(*own));
                prop_assert!(due <= *at && *at < due + minutes(i64::from(within)), "due {due}, sent {at}");
            }
        }
        let expected = if life.texts.is_empty() { Outcome::Expired } else { Outcome::Completed };
        prop_assert_eq!(life.case.lead.history[0].outcome, expected);
    }

    #[test]
    fn without_a_pause_the_preview_says_what_happens(plan in plans()) {
        let mut life = Life::new(plan.clone());
        let outlook = Outlook {
            client: life.case.client.clone(),
            lead: life.case.lead.clone(),
            profile: life.case.profile.clone(),
            campaigns: [(campaign().id, (CampaignStatus::Active, plan))].into(),
        };
        let until = start() + TimeDelta::days(90);
        life.live(until, &[]);
        let planned = preview(&outlook, start(), until, EVERY);
        let texts: Vec<(u16, Instant)> = planned
            .iter()
            .filter(|planned| matches!(planned.what, Happening::Text { .. }))
            .map(|planned| (planned.step, planned.at))
            .collect();
        prop_assert_eq!(texts, life.texts);
        let ends = planned.iter().find_map(|planned| match &planned.what {
            Happening::Ends { outcome, .. } => Some(*outcome),
            _ => None,
        });
        prop_assert_eq!(ends, life.case.lead.history.first().map(|past| past.outcome));
    }
}

#[test]
fn a_row_of_late_steps_is_passed_over_in_one_write_and_one_text_is_due() {
    let late = |step: u16| json!({"step": step, "delay_minutes": 60, "late": "skip", "latest_minutes": 60});
    let steps = json!([{"step": 1, "delay_minutes": 0}, late(2), late(3), late(4), {"step": 5, "delay_minutes": 60}]);
    let mut life = Life::new(plan_of(steps, 0));
    // The first text goes at 14:00; nothing runs from 14:15 until the next day at noon.
    life.live(start() + TimeDelta::days(2), &[(15, 22 * 60, true)]);
    let noon = start() + TimeDelta::hours(22) + minutes(15);
    assert_eq!(life.skipped, [2, 3, 4]);
    assert_eq!(life.texts, [(1, start()), (5, noon + EVERY)], "passed over by one run, sent by the next");
    assert_eq!(life.case.lead.history[0].outcome, Outcome::Completed);
}

#[test]
fn when_nothing_is_left_it_ends_in_the_same_write_as_what_it_was() {
    let by_webinar = json!([{"step": 1, "webinar_minutes": -60}, {"step": 2, "webinar_minutes": -15}]);
    let mut life = Life::new(plan_of(by_webinar, -600));
    life.run(start(), false);
    assert_eq!((life.skipped.as_slice(), life.ended.as_slice()), ([1, 2].as_slice(), [Outcome::Expired].as_slice()));
    assert_eq!((life.case.lead.enrollments.len(), life.case.lead.due()), (0, None));

    let after_a_text = json!([{"step": 1}, {"step": 2, "delay_minutes": 60, "late": "skip", "latest_minutes": 60}]);
    let mut life = Life::new(plan_of(after_a_text, 0));
    life.live(start() + TimeDelta::days(2), &[(15, 22 * 60, false)]);
    assert_eq!((life.skipped.as_slice(), life.ended.as_slice()), ([2].as_slice(), [Outcome::Completed].as_slice()));
}
