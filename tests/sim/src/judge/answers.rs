//! The judge of answers: the one confirmation of an opt-out is the only text that somebody who has opted
//! out ever gets, within five minutes of a stop that the provider did not answer itself.

use chrono::TimeDelta;

use super::{
    Evidence, Text, Violation, in_force,
    texts::{twice, wrong_number},
};
use crate::{provider::Offer, spec::Person};

/// How a confirmation begins, after the name.
const CONFIRMS: &str = "confirmed: no more texts";

/// How long after a reply an answer may still leave.
const WITHIN: TimeDelta = TimeDelta::minutes(5);
/// What a post may take until the webhook has read the time.
const POSTING: TimeDelta = TimeDelta::seconds(20);

/// Whether a text is the confirmation of an opt-out.
pub(super) fn is_confirmation(offer: &Offer) -> bool {
    offer.body.contains(CONFIRMS)
}

pub(super) fn violations(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut texts = Vec::new();
    for (n, offer) in evidence.left.offers.iter().enumerate().filter(|(_, offer)| is_confirmation(offer)) {
        match whose(evidence, offer) {
            Some(person) => texts.push(Text { offer, n, person, campaign: "", step: 0, version: 0 }),
            None => {
                let what = format!("an opt-out of nobody was confirmed: {}", offer.body);
                found.push(Violation::about(None, "confirmation", offer.called, what));
            }
        }
    }
    // Nobody in a world takes a no back, so there is one for each person.
    found.extend(twice(evidence, &texts));
    found.extend(texts.iter().filter_map(|text| wrong_number(evidence, text)));
    found.extend(texts.iter().filter_map(|text| not_asked_for(evidence, text)));
    found.extend(texts.iter().filter_map(|text| on_hold(evidence, text)));
    found
}

fn whose<'a>(evidence: &Evidence<'a>, offer: &Offer) -> Option<&'a Person> {
    let stored = evidence.left.leads.iter().find(|stored| stored.lead.id == offer.lead)?;
    let phone = stored.lead.phone.as_ref()?;
    let of = |person: &&Person| {
        let settings = &evidence.spec.clients[person.client].settings;
        person.phone == phone.e164() && settings.id == offer.client
    };
    evidence.spec.people.iter().find(of)
}

fn not_asked_for(evidence: &Evidence<'_>, text: &Text<'_>) -> Option<Violation> {
    let last = text.offer.accepted.unwrap_or(text.offer.called);
    let mut said = evidence.notes.said.iter().filter(|said| said.person == text.person.n && said.to_confirm);
    let asked = said.any(|said| said.at <= text.offer.called && last <= said.at + WITHIN + POSTING);
    let what = || format!("{} was told that it is opted out, and had not asked for that just before", text.person.name);
    (!asked).then(|| Violation::about(Some(text.person), "confirmation", text.offer.called, what()))
}

fn on_hold(evidence: &Evidence<'_>, text: &Text<'_>) -> Option<Violation> {
    let claimed = text.claimed();
    let force = in_force(evidence.notes, text.person.client, claimed, claimed);
    let held = force.last().filter(|snapshot| snapshot.at < claimed && snapshot.held)?;
    let what = format!("sending was held {}, and an opt-out was confirmed {claimed}", held.at);
    Some(Violation::about(Some(text.person), "confirmation", text.offer.called, what))
}
