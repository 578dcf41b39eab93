//! What must be true at the end of every run, seen from outside: the provider's ledger, the leads, the
//! record, the queue. None of it asks the code under test what it thinks happened.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, TimeDelta, Timelike, Weekday};
use leadline::{
    domain::{
        Instant,
        audit::{AuditEvent, Event, Status},
        contact_status::ContactStatus,
        ids::AttemptId,
        lead::{Lead, Outcome, Waits},
        message::{InFlight, InFlightState},
        phone::{PhoneNumber, Region},
    },
    ports::{DueKind, DueWork},
};
use leadline_standins::carrier::Accepted;

use super::{
    story::{CONFIRMATION, KIM, LOU, PAT},
    world::World,
};

/// What a run came to, and everything that is wrong with it.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Texts that the provider took.
    pub texts: usize,
    /// Leads that wait for a person at the end.
    pub for_a_person: usize,
    /// What is wrong, in words.
    pub wrong: Vec<String>,
}

/// Looks at a world that came to rest, or did not.
pub async fn judge(world: &World, at_rest: bool) -> Verdict {
    let mut verdict = Verdict::default();
    let ledger = world.carrier.ledger();
    verdict.texts = ledger.len();
    let mut wrong = Vec::new();
    if !at_rest {
        wrong.push("never at rest: something is still due after four days".to_owned());
    }
    at_most_once(&ledger, &mut wrong);
    after_a_no(world, &ledger, &mut wrong);
    at_an_hour(&ledger, &mut wrong);
    within_the_limit(world, &ledger, &mut wrong);
    let journal = journal(world).await;
    let far = world.now() + TimeDelta::days(365);
    let due = world.store.due(&world.client.id, far, 100).await.expect("the store");
    for (submission, phone) in [("1", PAT), ("2", KIM), ("3", LOU)] {
        if !world.has_form(phone) {
            continue;
        }
        let number = PhoneNumber::parse(phone, Region::default()).expect("a number");
        let record = world.store.phone(&world.client.id, &number).await.expect("the store");
        let stored = match record.lead {
            Some(id) => world.store.lead(&world.client.id, id).await.expect("the store"),
            None => None,
        };
        let texts: Vec<&Accepted> = ledger.iter().filter(|text| text.to == phone).collect();
        match stored {
            Some(stored) => {
                if waits_for_a_person(&stored.lead) {
                    verdict.for_a_person += 1;
                }
                let (answers, texts) = texts.into_iter().partition::<Vec<_>, _>(|text| text.body == CONFIRMATION);
                not_lost(&stored.lead, &texts, &due, &journal, &mut wrong);
                on_record(&stored.lead, &texts, &journal, &mut wrong);
                confirmed(world, phone, &stored.lead, &answers, &journal, &mut wrong);
            }
            None if world.forms.contains(&submission) => {
                wrong.push(format!("lost: form {submission} was answered and there is no lead"));
            }
            None => {}
        }
    }
    nothing_left_over(world, &due, verdict.for_a_person, &mut wrong);
    verdict.wrong = wrong;
    verdict
}

fn at_most_once(ledger: &[Accepted], wrong: &mut Vec<String>) {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for text in ledger {
        *counts.entry((&text.to, &text.body)).or_default() += 1;
    }
    for ((_, body), count) in counts.into_iter().filter(|(_, count)| *count > 1) {
        wrong.push(format!("twice: {body:?} was taken {count} times"));
    }
}

/// The attempt that a text belongs to, which is in the address of its callback.
fn attempt_of(text: &Accepted) -> Option<AttemptId> {
    let (_, query) = text.status_callback.as_deref()?.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("att="))?.parse().ok()
}

fn after_a_no(world: &World, ledger: &[Accepted], wrong: &mut Vec<String>) {
    for no in &world.nos {
        for text in ledger.iter().skip(no.taken).filter(|text| text.to == no.phone) {
            let after = text.at - no.at;
            // The one confirmation is lawful for five minutes.
            let confirms = text.body == CONFIRMATION && after <= TimeDelta::minutes(5);
            if !confirms && (attempt_of(text) != no.on_its_way || no.on_its_way.is_none()) {
                wrong.push(format!("after a no: {:?}, {} s after it was answered", text.body, after.num_seconds()));
            }
        }
    }
}

fn at_an_hour(ledger: &[Accepted], wrong: &mut Vec<String>) {
    for text in ledger {
        let local = text.at.with_timezone(&chrono_tz::America::New_York);
        let weekday = !matches!(local.weekday(), Weekday::Sat | Weekday::Sun);
        if !weekday || !(8..20).contains(&local.hour()) {
            wrong.push(format!("at the wrong hour: {local}"));
        }
    }
}

fn within_the_limit(world: &World, ledger: &[Accepted], wrong: &mut Vec<String>) {
    let mut hours: BTreeMap<i64, u32> = BTreeMap::new();
    for text in ledger.iter().filter(|text| text.body != CONFIRMATION) {
        // An hour's allowance is drawn when a text is claimed: its call may end in the next hour.
        let claimed = attempt_of(text).map_or(text.at, claimed_at);
        *hours.entry(claimed.timestamp().div_euclid(3600)).or_default() += 1;
    }
    let most = hours.into_values().max().unwrap_or(0);
    if most > world.client.limits.per_hour {
        wrong.push(format!("over the limit: {most} texts in an hour"));
    }
}

fn claimed_at(attempt: AttemptId) -> Instant {
    let millis = i64::try_from(attempt.0.timestamp_ms()).expect("a moment");
    Instant::from_timestamp_millis(millis).expect("a moment")
}

fn unclear(text: &InFlight) -> bool {
    matches!(text.state, InFlightState::Unknown { ask_at: None, .. })
}

fn waits_for_a_person(lead: &Lead) -> bool {
    let review = lead.enrollments.iter().any(|live| matches!(live.waits, Waits::ForReview { .. }));
    review || lead.in_flight.as_ref().is_some_and(unclear)
}

/// Every sequence has ended with its reason, waits for a person, or is found again by itself.
fn not_lost(lead: &Lead, texts: &[&Accepted], due: &[DueWork], journal: &[AuditEvent], wrong: &mut Vec<String>) {
    let found = due.iter().any(|work| matches!(work, DueWork::Lead { id, .. } if *id == lead.id));
    let live = lead.enrollments.iter().any(|live| matches!(live.waits, Waits::Until(_)));
    if (live || lead.in_flight.is_some()) && !found && !waits_for_a_person(lead) {
        wrong.push(format!("lost: nobody looks after the lead again: {:?} {:?}", lead.enrollments, lead.in_flight));
    }
    let rejected = |event: &AuditEvent| event.lead == Some(lead.id) && event.event == Event::Rejected;
    let enrolled = !lead.enrollments.is_empty() || !lead.history.is_empty();
    if !enrolled && !journal.iter().any(|event| rejected(event) && event.reason.is_some()) {
        wrong.push("lost: the lead was not enrolled, and no reason is on record".to_owned());
    }
    for past in &lead.history {
        let steps: BTreeSet<&str> = texts.iter().map(|text| text.body.as_str()).collect();
        if past.outcome == Outcome::Completed && steps.len() < 2 {
            wrong.push(format!("lost: completed with {} of 2 texts", steps.len()));
        }
    }
}

/// Each text that the provider took is on record as sent, and the other way round, unless a person is
/// to say what became of it.
fn on_record(lead: &Lead, texts: &[&Accepted], journal: &[AuditEvent], wrong: &mut Vec<String>) {
    let of_lead = journal.iter().filter(|event| event.lead == Some(lead.id) && event.event == Event::SmsAttempt);
    let sent: Vec<&AuditEvent> = of_lead.filter(|event| event.status == Status::Ok).collect();
    let recorded: BTreeSet<&str> =
        sent.iter().filter_map(|event| event.text.as_ref()?.provider_id.as_deref()).collect();
    let taken: BTreeSet<&str> = texts.iter().map(|text| text.sid.as_str()).collect();
    let open = lead.in_flight.as_ref().filter(|text| unclear(text)).map(|text| text.attempt);
    for text in texts.iter().filter(|text| !recorded.contains(text.sid.as_str())) {
        if open.is_none() || attempt_of(text) != open {
            wrong.push(format!("without a record: {:?} was taken and is not on record as sent", text.body));
        }
    }
    for id in recorded.difference(&taken) {
        wrong.push(format!("a false record: {id} is on record as sent and was never taken"));
    }
    let counted: u16 = lead.enrollments.iter().map(|live| live.sent).sum::<u16>()
        + lead.history.iter().map(|past| past.sent).sum::<u16>();
    let expected = texts.iter().filter(|text| open.is_none() || attempt_of(text) != open).count();
    if usize::from(counted) != expected {
        wrong.push(format!("miscounted: the lead says {counted} texts, the provider took {expected}"));
    }
}

/// A confirmation goes to who has opted out, and is on record as sent or as perhaps sent.
fn confirmed(
    world: &World,
    phone: &str,
    lead: &Lead,
    answers: &[&Accepted],
    journal: &[AuditEvent],
    wrong: &mut Vec<String>,
) {
    for text in answers {
        if !matches!(lead.standing, ContactStatus::OptedOut(_)) || !world.said_no(phone) {
            wrong.push(format!("confirmed to who has not opted out: {:?}", lead.standing));
        }
        let of_text = |event: &&AuditEvent| Some(event.id.0) == attempt_of(text).map(|attempt| attempt.0);
        let record = journal.iter().filter(of_text).find(|event| event.event == Event::AnswerSent);
        if !record.is_some_and(|event| matches!(event.status, Status::Ok | Status::Unknown)) {
            wrong.push(format!("without a record: a confirmation was taken, and the record is {record:?}"));
        }
    }
}

fn nothing_left_over(world: &World, due: &[DueWork], for_a_person: usize, wrong: &mut Vec<String>) {
    let events = due.iter().filter(|work| work.kind() == DueKind::Events).count();
    if events > 0 {
        wrong.push(format!("left over: {events} events were never worked through"));
    }
    let dead = world.queue.dead_letters().len();
    if dead > 0 && for_a_person == 0 {
        wrong.push(format!("left over: {dead} dead letters though nothing waits for a person"));
    }
    for post in &world.given_up {
        wrong.push(format!("left over: nobody answered {post:?} in any try"));
    }
}

async fn journal(world: &World) -> Vec<AuditEvent> {
    let (from, until) = (world.began(), world.now() + TimeDelta::seconds(1));
    let (mut all, mut page) = (Vec::new(), None);
    loop {
        let found = world.store.happened(&world.client.id, from, until, page).await.expect("the journal");
        all.extend(found.events);
        page = found.next;
        if page.is_none() {
            return all;
        }
    }
}
