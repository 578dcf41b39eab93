//! Judges of single texts: never twice, never after a no, never at the wrong hour, never over a limit,
//! never in test mode to anybody but the test phone.

use std::collections::BTreeMap;

use chrono::{Datelike, DurationRound, TimeDelta, Timelike, Weekday};
use chrono_tz::Tz;
use leadline::domain::{
    Instant,
    audit::Event,
    campaign::{CampaignStatus, ReEnroll},
    client::{Client, Limits, Mode},
    window::{Window, WindowDoc},
};

use super::{Evidence, Text, Violation, answers::is_confirmation, enrolled, in_force, law, schedule};
use crate::notes::{Appointment, Snapshot};

/// What intake may take from the moment that it goes by to its write, a run's time included.
pub(super) const INTAKE: TimeDelta = TimeDelta::seconds(140);

pub(super) fn violations(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut texts = Vec::new();
    let offers = evidence.left.offers.iter().enumerate();
    for n in offers.filter(|(_, offer)| !is_confirmation(offer)).map(|(n, _)| n) {
        match Text::read(evidence, n) {
            Some(text) => texts.push(text),
            None => {
                let what = format!("a text that nobody wrote: {}", evidence.left.offers[n].body);
                found.push(Violation::about(None, "unknown text", evidence.left.offers[n].called, what));
            }
        }
    }
    found.extend(twice(evidence, &texts));
    found.extend(schedule::violations(evidence, &texts));
    found.extend(texts.iter().flat_map(|text| after_no(evidence, text)));
    found.extend(texts.iter().filter_map(|text| wrong_hour(evidence, text)));
    found.extend(texts.iter().filter_map(|text| wrong_number(evidence, text)));
    found.extend(texts.iter().filter_map(|text| wrong_state(evidence, text)));
    found.extend(per_hour(evidence, &texts));
    found.extend(per_number(evidence, &texts));
    found.extend(per_run(evidence));
    found
}

pub(super) fn twice(evidence: &Evidence<'_>, texts: &[Text<'_>]) -> Vec<Violation> {
    let mut seen: BTreeMap<(usize, &str, u16), &Text<'_>> = BTreeMap::new();
    let mut found = Vec::new();
    for text in texts.iter().filter(|text| text.offer.accepted.is_some()) {
        match seen.entry((text.person.n, text.campaign, text.step)) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(text);
            }
            // Who has entered the campaign again since gets its texts again, where that may be.
            std::collections::btree_map::Entry::Occupied(mut first)
                if again(evidence, text)
                    && enrolled(evidence, text).any(|(campaign, at)| {
                        campaign == text.campaign && first.get().claimed() - INTAKE < at && at <= text.claimed()
                    }) =>
            {
                first.insert(text);
            }
            std::collections::btree_map::Entry::Occupied(first) => {
                let what = format!(
                    "{} got step {} of {} twice: attempts {} and {}",
                    text.person.name,
                    text.step,
                    text.campaign,
                    first.get().offer.attempt,
                    text.offer.attempt
                );
                let at = text.offer.accepted.unwrap_or(text.offer.called);
                found.push(Violation::about(Some(text.person), "never twice", at, what));
            }
        }
    }
    found
}

/// Whether anybody was ever let into the campaign again.
fn again(evidence: &Evidence<'_>, text: &Text<'_>) -> bool {
    let own = evidence.notes.settings.iter().filter(|snapshot| snapshot.client == text.person.client);
    let mut campaigns = own.flat_map(|snapshot: &Snapshot| &snapshot.campaigns);
    campaigns.any(|campaign| campaign.id.as_str() == text.campaign && campaign.re_enroll != ReEnroll::Never)
}

/// Judged for everything that reached the provider, taken or not.
fn after_no(evidence: &Evidence<'_>, text: &Text<'_>) -> Vec<Violation> {
    let claimed = text.claimed();
    let mut found = Vec::new();
    let mut wrong = |what: String| {
        found.push(Violation::about(Some(text.person), "never after no", text.offer.called, what));
    };
    for reply in evidence.notes.replies.iter().filter(|reply| reply.person == text.person.n && reply.taken < claimed) {
        if reply.stop {
            wrong(format!(
                "{} said stop, answered {}, and a text was claimed {claimed}",
                text.person.name, reply.taken
            ));
            break;
        }
        // After a reply only who enrolled again is texted.
        let anew = evidence.left.journals[text.person.client].iter().any(|event| {
            event.event == Event::Enrolled
                && event.lead == Some(text.offer.lead)
                && event.campaign.as_ref().is_some_and(|campaign| campaign.as_str() == text.campaign)
                && event.at + INTAKE > reply.taken
                && event.at <= claimed
        });
        if !anew {
            wrong(format!("{} replied, answered {}, and a text was claimed {claimed}", text.person.name, reply.taken));
            break;
        }
    }
    let own = evidence.notes.appointments.iter().filter(|appointment| appointment.person == text.person.n);
    let stands = |appointment: &&Appointment| {
        appointment.taken.is_some_and(|taken| taken < claimed)
            && claimed < appointment.starts_at
            && appointment.until.is_none_or(|until| claimed < until)
    };
    if let Some(appointment) = own.into_iter().find(stands) {
        wrong(format!(
            "{} has an appointment {}, answered {:?}, and a text was claimed {claimed}",
            text.person.name, appointment.starts_at, appointment.taken
        ));
    }
    let force = in_force(evidence.notes, text.person.client, claimed, claimed);
    if let Some(snapshot) = force.last().filter(|snapshot| snapshot.at < claimed) {
        let client = &evidence.spec.clients[text.person.client].settings.id;
        if snapshot.held {
            wrong(format!("sending of {client} was held {}, and a text was claimed {claimed}", snapshot.at));
        }
        if snapshot.settings.is_none() {
            wrong(format!("the settings of {client} could not be read, and a text was claimed {claimed}"));
        }
        let campaign = snapshot.campaigns.iter().find(|campaign| campaign.id.as_str() == text.campaign);
        if let Some(campaign) = campaign.filter(|campaign| campaign.status != CampaignStatus::Active) {
            wrong(format!("campaign {} was {:?}, and a text was claimed {claimed}", campaign.id, campaign.status));
        }
    }
    found
}

/// Whether a moment is inside a window, reckoned on the wall clock of a zone.
fn inside(window: &Window, at: Instant, zone: Tz) -> bool {
    let doc = WindowDoc::from(window.clone());
    let local = at.with_timezone(&zone);
    let minute = |text: &str| {
        let (hours, minutes) = text.split_once(':').unwrap_or((text, "0"));
        hours.parse().unwrap_or(0_u32) * 60 + minutes.parse().unwrap_or(0_u32)
    };
    let now = local.hour() * 60 + local.minute();
    doc.days.contains(&local.weekday()) && minute(&doc.opens) <= now && now < minute(&doc.closes)
}

/// A zone of these in which it is not lawful to text a person of this state.
fn unlawful(state: &str, zones: &[Tz], at: Instant) -> Option<Tz> {
    let open = |zone: &Tz| {
        let local = at.with_timezone(zone);
        law::hours(state, local.date_naive()).is_some_and(|hours| hours.contains(&local.hour()))
    };
    zones.iter().copied().find(|zone| !open(zone))
}

fn wrong_hour(evidence: &Evidence<'_>, text: &Text<'_>) -> Option<Violation> {
    let accepted = text.offer.accepted?;
    let last = text.offer.expires_at - TimeDelta::milliseconds(1);
    let wrong = |at, what: String| Some(Violation::about(Some(text.person), "never at the wrong hour", at, what));
    if accepted >= text.offer.expires_at {
        return wrong(accepted, format!("accepted {accepted}, though its time ended {}", text.offer.expires_at));
    }
    for at in [accepted, last] {
        if let Some(zone) = unlawful(text.person.state, &text.person.zones, at) {
            let (local, state) = (at.with_timezone(&zone).format("%a %-d %b %H:%M:%S"), text.person.state);
            let what = format!("{} could be in {zone}, where it was {local}; state: {state:?}", text.person.name);
            return wrong(at, what);
        }
        let force = in_force(evidence.notes, text.person.client, text.claimed(), text.offer.called);
        let allowed = force
            .iter()
            .filter_map(|snapshot| snapshot.settings.as_ref())
            .any(|client: &Client| inside(window_of(evidence, text).unwrap_or(&client.window), at, client.zone));
        if !allowed {
            let zone = evidence.spec.clients[text.person.client].settings.zone;
            let (local, day): (_, Weekday) = (at.with_timezone(&zone).time(), at.with_timezone(&zone).weekday());
            return wrong(at, format!("outside the window of the client: it was {day} {local} in {zone}"));
        }
    }
    None
}

/// The hours of the very version of the campaign that the text came from, if it has its own.
fn window_of<'a>(evidence: &'a Evidence<'_>, text: &Text<'_>) -> Option<&'a Window> {
    let all = evidence.notes.settings.iter().filter(|snapshot| snapshot.client == text.person.client);
    let mut campaigns = all.flat_map(|snapshot: &Snapshot| &snapshot.campaigns);
    let own = |campaign: &&leadline::domain::campaign::Campaign| {
        campaign.id.as_str() == text.campaign && campaign.version == text.version
    };
    campaigns.find(own)?.window.as_ref()
}

/// A text to a state that the client had not cleared.
fn wrong_state(evidence: &Evidence<'_>, text: &Text<'_>) -> Option<Violation> {
    let state = text.person.state;
    if state != "TX" {
        return None;
    }
    let force = in_force(evidence.notes, text.person.client, text.claimed(), text.offer.called);
    let mut settings = force.iter().filter_map(|snapshot| snapshot.settings.as_ref());
    let cleared = settings.any(|client| client.cleared_states.iter().any(|cleared| cleared.code() == state));
    let what = || format!("{} is in {state}, which the client has not cleared", text.person.name);
    (!cleared).then(|| Violation::about(Some(text.person), "state not cleared", text.offer.called, what()))
}

pub(super) fn wrong_number(evidence: &Evidence<'_>, text: &Text<'_>) -> Option<Violation> {
    let force = in_force(evidence.notes, text.person.client, text.claimed(), text.offer.called);
    let expected = |client: &Client| match &client.mode {
        Mode::Live => Some(text.person.phone.clone()),
        Mode::Test { phone, .. } => phone.as_ref().map(|phone| phone.e164().to_owned()),
    };
    let mut settings = force.iter().filter_map(|snapshot| snapshot.settings.as_ref());
    let right = settings.any(|client| expected(client).as_deref() == Some(text.offer.to.as_str()));
    let what = || format!("the text of {} went to {}", text.person.name, text.offer.to);
    (!right).then(|| Violation::about(Some(text.person), "test mode", text.offer.called, what()))
}

/// The highest of a limit that was in force at some moment within a time.
fn highest(
    evidence: &Evidence<'_>,
    client: usize,
    from: Instant,
    until: Instant,
    limit: impl Fn(&Limits) -> u32,
) -> usize {
    let force = in_force(evidence.notes, client, from, until);
    let limits = force.iter().filter_map(|snapshot| snapshot.settings.as_ref()).map(|client| limit(&client.limits));
    limits.max().unwrap_or(0) as usize
}

fn per_hour(evidence: &Evidence<'_>, texts: &[Text<'_>]) -> Vec<Violation> {
    let mut hours: BTreeMap<(usize, Instant), Vec<&Text<'_>>> = BTreeMap::new();
    for text in texts.iter().filter(|text| text.offer.accepted.is_some()) {
        let claimed = text.claimed();
        let hour = claimed.duration_trunc(TimeDelta::hours(1)).unwrap_or(claimed);
        hours.entry((text.person.client, hour)).or_default().push(text);
    }
    let over = hours.into_iter().filter_map(|((client, hour), texts)| {
        let limit = highest(evidence, client, hour, hour + TimeDelta::hours(1), |limits| limits.per_hour);
        let what = format!("client-{client} sent {} texts in the hour from {hour}; {limit} are allowed", texts.len());
        let last = texts.last().filter(|_| texts.len() > limit)?;
        Some(Violation::about(Some(last.person), "limit per hour", last.offer.called, what))
    });
    over.collect()
}

fn per_number(evidence: &Evidence<'_>, texts: &[Text<'_>]) -> Vec<Violation> {
    let mut numbers: BTreeMap<usize, Vec<&Text<'_>>> = BTreeMap::new();
    for text in texts.iter().filter(|text| text.offer.accepted.is_some() && text.offer.to == text.person.phone) {
        numbers.entry(text.person.n).or_default().push(text);
    }
    let mut found = Vec::new();
    for texts in numbers.values() {
        for text in texts {
            let (claimed, client) = (text.claimed(), text.person.client);
            let before = |span: TimeDelta| {
                let within = |other: &&&Text<'_>| {
                    let at = other.offer.accepted.unwrap_or_default();
                    other.n != text.n && claimed - span < at && at <= claimed
                };
                texts.iter().filter(within).count()
            };
            let called = text.offer.called;
            let limit = |of: fn(&Limits) -> u32| highest(evidence, client, claimed, called, of);
            for (span, most) in [
                (TimeDelta::hours(1), limit(|limits| limits.per_number_per_hour)),
                (TimeDelta::hours(24), limit(|limits| limits.per_number_per_day).min(law::cap(text.person.state))),
            ] {
                if before(span) >= most {
                    let what = format!(
                        "{} got {} texts in {} h; {most} are allowed",
                        text.person.name,
                        before(span) + 1,
                        span.num_hours()
                    );
                    found.push(Violation::about(Some(text.person), "limit per number", called, what));
                }
            }
        }
    }
    found
}

fn per_run(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for enqueued in &evidence.notes.enqueued {
        for (client, spec) in evidence.spec.clients.iter().enumerate() {
            let mut jobs: Vec<_> = enqueued.jobs.iter().filter(|job| job.client == spec.settings.id).collect();
            jobs.sort_by_key(|job| (job.lead, job.step));
            jobs.dedup();
            let from = enqueued.at - TimeDelta::seconds(125);
            let most = |limits: &Limits| limits.per_run.max(limits.per_run_in_test);
            let limit = highest(evidence, client, from, enqueued.at, most);
            if jobs.len() > limit {
                let what = format!("a run queued {} texts; {limit} are allowed", jobs.len());
                found.push(Violation::about(None, "limit per run", enqueued.at, what));
            }
        }
    }
    found
}
