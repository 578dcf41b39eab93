//! Judges of when the texts of one sequence go: not before their time, not too late for it, not in a row,
//! and in one sequence where a client wants no more. Reckoned from what the settings say.

use std::collections::BTreeMap;

use chrono::{Datelike, TimeDelta, TimeZone};
use chrono_tz::Tz;
use leadline::domain::{
    Instant,
    audit::Event,
    campaign::{Campaign, Late, Step, When},
    client::Sequences,
    window::LocalTime,
};

use super::{Evidence, Text, Violation, enrolled, texts::INTAKE};

pub(super) fn violations(evidence: &Evidence<'_>, texts: &[Text<'_>]) -> Vec<Violation> {
    let mut of_person: BTreeMap<usize, Vec<&Text<'_>>> = BTreeMap::new();
    for text in texts.iter().filter(|text| text.offer.accepted.is_some()) {
        of_person.entry(text.person.n).or_default().push(text);
    }
    let mut found = Vec::new();
    for texts in of_person.values_mut() {
        texts.sort_by_key(|text| text.offer.accepted);
        for (n, text) in texts.iter().enumerate() {
            let Some(campaign) = campaign_of(evidence, text) else { continue };
            let Some(step) = campaign.messages.iter().find(|step| step.step == text.step) else { continue };
            found.extend(too_late(text, campaign, step));
            let before = texts[..n].iter().rev().find(|before| before.campaign == text.campaign);
            if let Some(before) = before.filter(|before| same_sequence(evidence, before, text)) {
                found.extend(too_soon(evidence, before, text, campaign, step));
            }
            found.extend(left(evidence, text));
        }
    }
    found.extend(beside(evidence));
    found
}

/// The very version of the campaign that a text came from.
fn campaign_of<'a>(evidence: &'a Evidence<'_>, text: &Text<'_>) -> Option<&'a Campaign> {
    let own = evidence.notes.settings.iter().filter(|snapshot| snapshot.client == text.person.client);
    let mut campaigns = own.flat_map(|snapshot| &snapshot.campaigns);
    campaigns.find(|campaign| campaign.id.as_str() == text.campaign && campaign.version == text.version)
}

/// Whether nothing was entered between two texts of one campaign.
fn same_sequence(evidence: &Evidence<'_>, before: &Text<'_>, text: &Text<'_>) -> bool {
    let (from, until) = (before.claimed() - INTAKE, text.claimed());
    let anew = enrolled(evidence, text)
        .filter(|(campaign, at)| *campaign == text.campaign && from < *at && *at <= until)
        .count();
    // The one enrollment that the text before itself came from may be that fresh.
    let first =
        enrolled(evidence, text).filter(|(campaign, at)| *campaign == text.campaign && *at <= from).count() == 0;
    before.version == text.version && before.step < text.step && anew <= usize::from(first)
}

/// A text about a webinar that came when it made no sense any more, or before its time.
fn too_late(text: &Text<'_>, campaign: &Campaign, step: &Step) -> Option<Violation> {
    let (When::Webinar { minutes }, Some(webinar)) = (&step.when, &campaign.webinar) else { return None };
    let due = webinar.at + TimeDelta::minutes(i64::from(*minutes));
    let accepted = text.offer.accepted?;
    let late = match step.late {
        Late::Skip { within } => accepted >= due + TimeDelta::minutes(i64::from(within)),
        Late::Send | Late::Shift { .. } => false,
    };
    let what = || format!("{} got step {} of {}, due {due}, {accepted}", text.person.name, text.step, text.campaign);
    (late || text.claimed() < due).then(|| Violation::about(Some(text.person), "schedule", accepted, what()))
}

/// A text that came sooner after the one before it than its step says.
fn too_soon(
    evidence: &Evidence<'_>,
    before: &Text<'_>,
    text: &Text<'_>,
    campaign: &Campaign,
    step: &Step,
) -> Option<Violation> {
    let last = before.offer.accepted?;
    let zone = evidence.spec.clients[text.person.client].settings.zone;
    let earliest = match &step.when {
        When::After { minutes, then } => {
            let over = last + TimeDelta::minutes(i64::from(*minutes));
            match then {
                Some(then) if !came(then, over, text.claimed(), zone) => Instant::MAX_UTC,
                _ => over,
            }
        }
        When::Webinar { minutes } => {
            let earlier = campaign.messages.iter().rfind(|earlier| earlier.step < step.step).map(|step| &step.when);
            let apart = match earlier {
                Some(When::Webinar { minutes: earlier }) => (i64::from(*minutes) - i64::from(*earlier)) * 60 / 3,
                _ => 600,
            };
            last + TimeDelta::seconds(apart.min(600))
        }
    };
    let what = || {
        format!(
            "{} got step {} of {} at {last}, and step {}, which goes {}, was claimed {}",
            text.person.name,
            before.step,
            text.campaign,
            text.step,
            step.when,
            text.claimed()
        )
    };
    (text.claimed() < earliest).then(|| Violation::about(Some(text.person), "schedule", text.claimed(), what()))
}

/// Whether a local time came from one moment to another, both included, looked for on every day between.
fn came(then: &LocalTime, from: Instant, until: Instant, zone: Tz) -> bool {
    let (first, last) = (from.with_timezone(&zone).date_naive(), until.with_timezone(&zone).date_naive());
    first.iter_days().take_while(|day| *day <= last).any(|day| {
        if then.days().is_some_and(|days| !days.contains(&day.weekday())) {
            return false;
        }
        match then.time() {
            // Some moment of the day is between the two, as the first and the last of it are.
            None => true,
            Some(time) => {
                let at = zone.from_local_datetime(&day.and_time(time)).earliest();
                at.is_none_or(|at| from <= at && at <= until)
            }
        }
    })
}

/// A text of a sequence that the person had left for a newer one.
fn left(evidence: &Evidence<'_>, text: &Text<'_>) -> Option<Violation> {
    if evidence.spec.clients[text.person.client].settings.sequences != Sequences::Newest {
        return None;
    }
    let journal = &evidence.left.journals[text.person.client];
    let claimed = text.claimed();
    let newer = journal.iter().rfind(|event| {
        // Not one that ended when it began, which nobody is left for.
        let stayed = || {
            !journal.iter().any(|ended| {
                ended.ended.is_some()
                    && (ended.lead, &ended.campaign, ended.at) == (event.lead, &event.campaign, event.at)
            })
        };
        matches!(event.event, Event::Enrolled | Event::AlsoEnrolled)
            && event.lead == Some(text.offer.lead)
            && event.at + INTAKE < claimed
            && stayed()
    })?;
    let other = newer.campaign.as_ref().is_some_and(|campaign| campaign.as_str() != text.campaign);
    let entered_since =
        enrolled(evidence, text).any(|(campaign, at)| campaign == text.campaign && at + INTAKE >= newer.at);
    let what = || {
        format!(
            "{} entered another campaign {}, and a text of {} was claimed {claimed}",
            text.person.name, newer.at, text.campaign
        )
    };
    (other && !entered_since).then(|| Violation::about(Some(text.person), "one sequence", claimed, what()))
}

/// A second sequence beside one that goes on, where a client wants one.
fn beside(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for (client, journal) in evidence.left.journals.iter().enumerate() {
        if evidence.spec.clients[client].settings.sequences != Sequences::First {
            continue;
        }
        let entered =
            |event: &&leadline::domain::audit::AuditEvent| matches!(event.event, Event::Enrolled | Event::AlsoEnrolled);
        for event in journal.iter().filter(entered) {
            let other = |about: &&leadline::domain::audit::AuditEvent| {
                about.lead == event.lead && about.campaign != event.campaign && about.campaign.is_some()
            };
            let begun =
                journal.iter().filter(entered).filter(other).filter(|begun| begun.at + INTAKE < event.at).count();
            let ended = journal.iter().filter(other);
            let ended = ended.filter(|ended| ended.ended.is_some() && ended.at <= event.at + INTAKE).count();
            if begun > ended {
                let what = format!("a lead of client-{client} entered {:?} while it was in another", event.campaign);
                found.push(Violation::about(None, "one sequence", event.at, what));
            }
        }
    }
    found
}
