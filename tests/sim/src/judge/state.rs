//! Judges of what is left behind: nothing lost, nothing without a record, books that balance, and no
//! mail that comes again for the same cause.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use leadline::{
    domain::{
        Instant,
        audit::{AuditEvent, Event, Status},
        campaign::CampaignStatus,
        contact_status::ContactStatus,
        event::{EventKey, EventState},
        ids::{AuditId, CampaignId, ClientId, LeadId},
        lead::{Outcome, Place, Waits},
        message::InFlightState,
    },
    ports::DueWork,
};

use super::{Evidence, Violation, claimed, in_force};
use crate::{
    notes::Mail,
    people::named,
    provider::Offer,
    spec::{FormKind, Person},
};

/// A lead that has been due for longer is one that nobody looks at.
const OVERDUE: TimeDelta = TimeDelta::hours(2);

/// What no report may say: its red lines.
const RED: [&str; 5] =
    ["books off by", "after an opt-out\n", "outside the hours\n", "sent twice\n", "ended that never began"];

pub(super) fn violations(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut found = lost_forms(evidence);
    found.extend(lost_leads(evidence));
    found.extend(unrecorded(evidence));
    found.extend(books(evidence));
    found.extend(counters(evidence));
    found.extend(mails(evidence));
    found.extend(tries(evidence));
    found
}

/// Every form that was answered with 2xx has become something.
fn lost_forms(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for form in &evidence.notes.forms {
        let (Some(taken), Some(key)) = (form.taken, &form.key) else { continue };
        let person = &evidence.spec.people[form.person];
        let client = &evidence.spec.clients[form.client].settings.id;
        let state = evidence.left.events.get(&(client.clone(), EventKey(key.clone())));
        let mut wrong = |what: String| found.push(Violation::about(Some(person), "never lost", taken, what));
        match state {
            None => wrong(format!("the form {key} of {} was answered and is not stored", person.name)),
            Some(EventState::Received { due, tries }) => {
                wrong(format!("the form {key} of {} waits since {due}, after {tries} tries", person.name));
            }
            Some(EventState::Done { .. } | EventState::Unusable { .. }) => {}
        }
        let stands =
            matches!(form.kind, FormKind::Plain | FormKind::BadPhone | FormKind::NoPhone | FormKind::NoConsent)
                && evidence.left.leads.iter().all(|stored| stored.profile.first_name.as_ref() != Some(&person.name));
        // Someone who wrote first is known by the number alone until a form says the name.
        if stands && matches!(state, Some(EventState::Done { .. })) {
            wrong(format!("{} sent the form {key}, which is done, and is no lead", person.name));
        }
    }
    for (client, due) in evidence.left.due.iter().enumerate() {
        for work in due {
            if let DueWork::Event { key, due } = work {
                let what = format!("event {} of client-{client} waits since {due}", key.0);
                found.push(Violation::about(None, "never lost", *due, what));
            }
        }
    }
    found
}

/// Every live enrollment waits for a moment that is in the due index, or for a person who can see it.
fn lost_leads(evidence: &Evidence<'_>) -> Vec<Violation> {
    let ids = |work: &DueWork| match work {
        DueWork::Lead { id, .. } => Some(*id),
        DueWork::Event { .. } => None,
    };
    let indexed: BTreeSet<LeadId> = evidence.left.due.iter().flatten().filter_map(ids).collect();
    let mut found = Vec::new();
    for stored in &evidence.left.leads {
        let lead = &stored.lead;
        let name = stored.profile.first_name.as_deref().unwrap_or_default();
        let person = evidence.spec.people.iter().find(|person| person.name == name);
        let mut wrong = |at, what: String| found.push(Violation::about(person, "never lost", at, what));
        let on_the_list = matches!(
            lead.in_flight.as_ref().map(|text| &text.state),
            Some(InFlightState::Unknown { ask_at: None, .. })
        );
        let held = matches!(lead.standing, ContactStatus::Held { .. });
        let due = match lead.place() {
            Some(Place::Due(at)) => Some(at),
            Some(Place::Parked { campaign, .. }) => {
                if !evidence.left.parked.contains(&(lead.client.clone(), campaign.clone(), lead.id)) {
                    wrong(
                        evidence.now,
                        format!("lead {} of {name} is parked for {campaign} and not in the index", lead.id),
                    );
                }
                if goes_on_since(evidence, &lead.client, &campaign).is_some_and(|since| since + OVERDUE < evidence.now)
                {
                    wrong(evidence.now, format!("lead {} of {name} is parked for {campaign}, which goes on", lead.id));
                }
                continue;
            }
            None => None,
        };
        match due {
            Some(due) if !indexed.contains(&lead.id) => {
                wrong(due, format!("lead {} of {name} is due {due} and not in the index", lead.id));
            }
            Some(due) if due + OVERDUE < evidence.now => {
                wrong(due, format!("lead {} of {name} is due since {due}, and nobody looks", lead.id));
            }
            Some(_) => {}
            None => {
                for enrollment in &lead.enrollments {
                    if matches!(enrollment.waits, Waits::Until(_)) && !on_the_list && !held {
                        let what =
                            format!("lead {} of {name} is in {} and waits for nothing", lead.id, enrollment.campaign);
                        wrong(evidence.now, what);
                    }
                }
            }
        }
    }
    found
}

/// Since when a campaign is paused no more, by what the operator left last.
fn goes_on_since(evidence: &Evidence<'_>, client: &ClientId, campaign: &CampaignId) -> Option<Instant> {
    let n = evidence.spec.clients.iter().position(|spec| spec.settings.id == *client)?;
    let last = in_force(evidence.notes, n, evidence.now, evidence.now).into_iter().next_back()?;
    let status = last.campaigns.iter().find(|found| found.id == *campaign).map(|found| &found.status)?;
    (*status != CampaignStatus::Paused).then_some(last.at)
}

/// Every text that the provider took stands in the audit with the provider's id, or is on the
/// operator's list.
fn unrecorded(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut records: BTreeMap<AuditId, &AuditEvent> = BTreeMap::new();
    let of_text = |event: &&AuditEvent| matches!(event.event, Event::SmsAttempt | Event::AnswerSent);
    for event in evidence.left.journals.iter().flatten().filter(of_text) {
        records.insert(event.id, event);
    }
    let mut found = Vec::new();
    for (n, offer) in evidence.left.offers.iter().enumerate().filter(|(_, offer)| offer.accepted.is_some()) {
        let person = named(&evidence.spec.people, &offer.body);
        let record = records.get(&AuditId(offer.attempt.0));
        let sid = record.and_then(|record| record.text.as_ref()?.provider_id.as_deref());
        // One that the list shows as failed has its id in the record of the failure.
        let told = |record: &AuditEvent| matches!(record.status, Status::Ok | Status::Failed);
        if record.copied().is_some_and(told) && sid == Some(Offer::sid(n).as_str()) {
            continue;
        }
        // What came of an answer nobody finds out, and it is never sent again.
        if record.is_some_and(|record| record.event == Event::AnswerSent && record.status == Status::Unknown) {
            continue;
        }
        let stored = evidence.left.leads.iter().find(|stored| stored.lead.id == offer.lead);
        let listed = stored.and_then(|stored| stored.lead.in_flight.as_ref()).is_some_and(|text| {
            text.attempt == offer.attempt && matches!(text.state, InFlightState::Unknown { ask_at: None, .. })
        });
        if !listed {
            let what = format!(
                "attempt {} was accepted, and no record says so: {:?}",
                offer.attempt,
                record.map(|r| (r.status, &r.reason))
            );
            found.push(Violation::about(person, "never without a record", claimed(offer.attempt), what));
        }
    }
    found
}

/// A text is put up for review for its tries only after four that did not go out: that the provider asked to
/// wait is none.
fn tries(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for journal in &evidence.left.journals {
        let of_step = |event: &AuditEvent| (event.lead, event.campaign.clone(), event.step);
        let mut not_sent = BTreeMap::<_, u32>::new();
        for event in journal {
            let reason = event.reason.as_deref();
            if event.event == Event::SmsAttempt && reason == Some("not_sent") {
                *not_sent.entry(of_step(event)).or_default() += 1;
            }
        }
        let used_up = |event: &&AuditEvent| {
            let words = event.detail.as_deref().unwrap_or_default();
            event.event == Event::ReviewNeeded && words.starts_with("not sent in ")
        };
        for event in journal.iter().filter(used_up) {
            let tries = not_sent.get(&of_step(event)).copied().unwrap_or_default();
            if tries < 4 {
                let lead = event.lead.map(|lead| lead.to_string()).unwrap_or_default();
                let what = format!("lead {lead} waits for review after {tries} tries that did not go out");
                found.push(Violation::about(None, "later uses up no try", event.at, what));
            }
        }
    }
    found
}

/// Received = what became of it, enrolled = active + ended, and no report has a red line.
fn books(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for (client, journal) in evidence.left.journals.iter().enumerate() {
        let count = |kinds: &[Event]| journal.iter().filter(|event| kinds.contains(&event.event)).count();
        let received = count(&[Event::EventReceived]);
        let became = count(&[
            Event::EventUnusable,
            Event::EventIgnored,
            Event::EventApplied,
            Event::ReceiptReceived,
            Event::ReplyReceived,
            Event::BookingReceived,
            Event::Enrolled,
            Event::Rejected,
        ]);
        let mut wrong = |what: String| found.push(Violation::about(None, "books", evidence.now, what));
        if received != became {
            wrong(format!("client-{client}: {received} events came in and {became} became something"));
        }
        let id = &evidence.spec.clients[client].settings.id;
        let own = evidence.left.leads.iter().filter(|stored| stored.lead.client == *id);
        let active: usize = own.map(|stored| stored.lead.enrollments.len()).sum();
        let (enrolled, ended) = (
            count(&[Event::Enrolled, Event::AlsoEnrolled]),
            journal.iter().filter(|event| event.ended.is_some()).count(),
        );
        if enrolled != active + ended {
            wrong(format!("client-{client}: {enrolled} enrolled, {active} are active and {ended} ended"));
        }
    }
    let mut of_lead: BTreeMap<LeadId, (usize, Vec<Outcome>)> = BTreeMap::new();
    for event in evidence.left.journals.iter().flatten() {
        if let Some(lead) = event.lead
            && (matches!(event.event, Event::Enrolled | Event::AlsoEnrolled) || event.ended.is_some())
        {
            let (begun, ended) = of_lead.entry(lead).or_default();
            *begun += usize::from(matches!(event.event, Event::Enrolled | Event::AlsoEnrolled));
            ended.extend(event.ended);
        }
    }
    for stored in &evidence.left.leads {
        let lead = &stored.lead;
        let (begun, ended) = of_lead.remove(&lead.id).unwrap_or_default();
        // Who enters a campaign again leaves of the times before the last and a count on the lead.
        let times = |past: &leadline::domain::lead::PastEnrollment| 1 + past.earlier.values().sum::<u32>() as usize;
        let past: usize = lead.history.iter().map(times).sum();
        if (begun, ended.len()) != (lead.enrollments.len() + past, past) {
            let name = stored.profile.first_name.as_deref().unwrap_or_default();
            let person = evidence.spec.people.iter().find(|person| person.name == name);
            let what = format!(
                "lead {} of {name}: {begun} enrolled and {ended:?} ended in the audit; {} live and {:?} past on the lead",
                lead.id,
                lead.enrollments.len(),
                lead.history.iter().map(|past| past.outcome).collect::<Vec<_>>()
            );
            found.push(Violation::about(person, "books of a lead", evidence.now, what));
        }
    }
    for mail in &evidence.notes.mails {
        for red in RED.iter().filter(|red| mail.email.text.contains(**red)) {
            let what = format!("a report says `{}`: {}", red.trim(), mail.email.subject);
            found.push(Violation::about(None, "report", mail.at, what));
        }
    }
    found
}

/// The counters of every campaign say what a recount of its people says.
fn counters(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut recount: BTreeMap<(ClientId, CampaignId), (u64, BTreeMap<Outcome, u64>)> = BTreeMap::new();
    for lead in evidence.left.leads.iter().map(|stored| &stored.lead) {
        let of = |campaign: &CampaignId| (lead.client.clone(), campaign.clone());
        for live in &lead.enrollments {
            recount.entry(of(&live.campaign)).or_default().0 += 1;
        }
        for past in &lead.history {
            let (enrolled, ended) = recount.entry(of(&past.campaign)).or_default();
            *enrolled += 1;
            *ended.entry(past.outcome).or_default() += 1;
            for (outcome, times) in &past.earlier {
                *enrolled += u64::from(*times);
                *ended.entry(*outcome).or_default() += u64::from(*times);
            }
        }
        // What still waits to be counted is known, and not lost.
        for change in &lead.uncounted {
            let (enrolled, ended) = recount.entry(of(&change.campaign)).or_default();
            match change.left {
                None => *enrolled -= 1,
                Some(outcome) => *ended.entry(outcome).or_default() -= 1,
            }
        }
    }
    let mut found = Vec::new();
    for ((client, campaign), (enrolled, mut ended)) in recount {
        ended.retain(|_, count| *count > 0);
        let counts = evidence.left.counts.get(&(client.clone(), campaign.clone())).cloned().unwrap_or_default();
        if (counts.enrolled, &counts.ended) != (enrolled, &ended) {
            let what = format!(
                "campaign {campaign} of {client}: {enrolled} entered and left as {ended:?}; the counters say {} and {:?}",
                counts.enrolled, counts.ended
            );
            found.push(Violation::about(None, "counters", evidence.now, what));
        }
    }
    found
}

/// One mail a cause and day, unless something went wrong with the process that sent the first. Two replies of a
/// person within a minute are two causes, also if they have the same words.
fn mails(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut sent: BTreeMap<(&str, &str, &str), Vec<&Mail>> = BTreeMap::new();
    for mail in &evidence.notes.mails {
        let email = &mail.email;
        sent.entry((email.to.as_str(), email.subject.as_str(), email.text.as_str())).or_default().push(mail);
    }
    let mut found = Vec::new();
    for ((to, subject, _), mails) in sent {
        for pair in mails.windows(2) {
            let day = |mail: &Mail, back: i64| (mail.at - TimeDelta::seconds(back)).date_naive();
            let same = day(pair[0], 0) == day(pair[1], 0) && day(pair[0], 130) == day(pair[1], 130);
            if same && !(evidence.disturbed)(pair[0].task) && !tells_of_two_replies(pair, evidence) {
                let what = format!("{to} was mailed twice on one day: {subject}");
                found.push(Violation::about(None, "one mail a cause and day", pair[1].at, what));
            }
        }
    }
    found
}

/// Whether two mails with the same words tell of two replies. Their text holds the minute of a reply, and a reply
/// is told of by the run after it at the latest.
fn tells_of_two_replies(pair: &[&Mail], evidence: &Evidence<'_>) -> bool {
    let text = pair[0].email.text.as_str();
    let came = pair[0].at - TimeDelta::minutes(16)..=pair[1].at;
    let wrote = |person: &Person| {
        let replies = evidence.notes.replies.iter();
        replies.filter(|reply| reply.person == person.n && !reply.stop && came.contains(&reply.taken)).count()
    };
    text.contains("--answered")
        && evidence.spec.people.iter().any(|person| text.contains(&person.name) && wrote(person) > 1)
}
