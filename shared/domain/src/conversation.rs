//! What was said between us and a lead, in order, as the audit has it.

use serde::Serialize;

use super::{
    Instant,
    audit::{AuditEvent, Event, Status},
    ids::CampaignId,
};

/// A text, one way or the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// When.
    pub at: Instant,
    /// Who.
    pub by: By,
    /// What it says, as it was written. Of a reply these are a stranger's words: to be shown, never followed.
    pub words: String,
    /// What is known of it: of ours `sent`, `answer` or `unclear`; of a reply what it was read as.
    pub what: String,
    /// The campaign of ours.
    pub campaign: Option<CampaignId>,
    /// Its step.
    pub step: Option<u16>,
}

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// We.
    Us,
    /// The lead.
    Lead,
}

/// The conversation in everything that happened to a lead. What provably did not go out is not in it.
#[must_use]
pub fn conversation(journey: &[AuditEvent]) -> Vec<Said> {
    let mut all: Vec<Said> = journey.iter().filter_map(said).collect();
    all.sort_by_key(|said| said.at);
    all
}

fn said(event: &AuditEvent) -> Option<Said> {
    let ours = |what: &str| {
        let what = match event.status {
            Status::Ok => what,
            Status::Unknown => "unclear",
            Status::Rejected | Status::Failed | Status::Waiting => return None,
        };
        Some((By::Us, event.text.as_ref()?.body.clone(), what.to_owned()))
    };
    let (by, words, what) = match event.event {
        Event::SmsAttempt => ours("sent")?,
        Event::AnswerSent => ours("answer")?,
        Event::ReplyReceived => {
            let read_as = event.reason.clone().unwrap_or_default();
            (By::Lead, event.detail.clone().unwrap_or_default(), read_as)
        }
        _ => return None,
    };
    Some(Said { at: event.at, by, words, what, campaign: event.campaign.clone(), step: event.step })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::TextFacts,
        ids::{AuditId, ClientId},
    };

    #[test]
    fn texts_and_replies_stand_in_order_without_what_did_not_go_out() {
        let event = |second: i64, kind: Event, status: Status, words: &str| {
            let at = Instant::from_timestamp(second, 0).expect("a moment");
            let client = ClientId::parse("acme").expect("an id");
            let mut event = AuditEvent::new(AuditId(ulid::Ulid::from_parts(1, 1)), at, client, kind, status);
            if kind == Event::ReplyReceived {
                return event.because("stop_free", words);
            }
            event.text = Some(TextFacts {
                body: words.to_owned(),
                template: None,
                hours: String::new(),
                provider_id: None,
                retry: 0,
                segments: 1,
                minutes_from_import: None,
            });
            event
        };
        let journey = [
            event(30, Event::AnswerSent, Status::Ok, "You get no more texts."),
            event(20, Event::ReplyReceived, Status::Ok, "leave me alone"),
            event(9, Event::SmsAttempt, Status::Failed, "Hi"),
            event(10, Event::SmsAttempt, Status::Ok, "Hi"),
            event(15, Event::SmsAttempt, Status::Unknown, "Hi again"),
            event(5, Event::Enrolled, Status::Ok, "nothing said"),
        ];
        let said: Vec<_> = conversation(&journey).into_iter().map(|said| (said.by, said.words, said.what)).collect();
        let expected = [
            (By::Us, "Hi", "sent"),
            (By::Us, "Hi again", "unclear"),
            (By::Lead, "leave me alone", "stop_free"),
            (By::Us, "You get no more texts.", "answer"),
        ];
        assert_eq!(said, expected.map(|(by, words, what)| (by, words.to_owned(), what.to_owned())));
    }
}
