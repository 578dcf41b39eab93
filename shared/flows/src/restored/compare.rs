//! What the provider's lists say of one lead, held against what the lead knows. Pure.

use chrono::TimeDelta;

use super::{MARGIN, Plans};
use domain::{
    audit::{AuditEvent, Event},
    client::Client,
    decide::text_of,
    ids::{AuditId, EnrollmentId},
    lead::Lead,
    message::ListedText,
    profile::Profile,
};

/// Something between us and a lead that the lead does not know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// We texted the lead.
    Texted(ListedText),
    /// The lead answered.
    Replied(ListedText),
}

/// Everything in the two lists that is not in a lead's journey, in order: an answer ends what came before
/// it and nothing else. `taken` is the audit id under which an answer is written from here.
#[must_use]
pub fn happened(
    to: Vec<ListedText>,
    from: Vec<ListedText>,
    journey: &[AuditEvent],
    taken: impl Fn(&ListedText) -> AuditId,
) -> Vec<Happened> {
    let known_text = |text: &ListedText| {
        let ids = journey.iter().filter_map(|event| event.text.as_ref()?.provider_id.as_deref());
        ids.into_iter().any(|id| id == text.provider_id)
    };
    let known_reply = |text: &ListedText| {
        let replies = journey.iter().filter(|event| event.event == Event::ReplyReceived);
        // One that a webhook took in has no provider's id: it is the one with those words at that time.
        let heard = |event: &AuditEvent| {
            let near = (event.at - text.at).abs() <= MARGIN + TimeDelta::minutes(1);
            near && event.detail.as_deref().map(str::trim) == Some(text.body.trim())
        };
        replies.into_iter().any(|event| event.id == taken(text) || heard(event))
    };
    let texts = to.into_iter().filter(|text| !known_text(text)).map(|text| (text.at, Happened::Texted(text)));
    let replies = from.into_iter().filter(|text| !known_reply(text)).map(|text| (text.at, Happened::Replied(text)));
    // The sort is stable, so of one second the text comes before the answer.
    let mut all: Vec<_> = texts.chain(replies).collect();
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, one)| one).collect()
}

/// What a text is that went out and that its lead does not know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// It is the text on its way, of this enrollment.
    InFlightText(EnrollmentId),
    /// It is the next step of this enrollment.
    Step(EnrollmentId),
    /// It went to the test phone, and may be anybody's.
    NotOurs,
    /// It cannot be told, and why.
    Unexplained(String),
}

/// What a listed text is, by the words that each next step has for this lead.
#[must_use]
pub fn match_of(lead: &Lead, profile: &Profile, client: &Client, plans: &Plans, text: &ListedText) -> Match {
    let can = client.provider.capabilities();
    if let Some(on) = &lead.in_flight
        && text.at >= on.at - MARGIN
        && can.same_words(&on.text, &text.body)
    {
        return Match::InFlightText(on.enrollment);
    }
    let mut steps = lead.enrollments.iter().filter(|live| {
        let plan = plans.get(&(live.campaign.clone(), live.version));
        let words = plan.and_then(|plan| text_of(plan, live, client, profile));
        words.is_some_and(|words| can.same_words(&words, &text.body))
    });
    let at = text.at.format("%F %H:%M UTC");
    match (steps.next(), steps.next()) {
        (Some(only), None) => Match::Step(only.id),
        (Some(_), Some(_)) => Match::Unexplained(format!("a text of {at} could be the next step of two sequences")),
        (None, _) if client.in_test() => Match::NotOurs,
        (None, _) => Match::Unexplained(format!("a text went out {at} that is no next step of this lead")),
    }
}

#[cfg(test)]
mod tests;
