//! Answers to replies: the one confirmation of an opt-out, and the answer to a question for help. They are
//! no texts of a campaign: they count towards no limit, and go at any hour, as they are answers.
//!
//! The confirmation is the only text that somebody who has opted out ever gets. It may be sent once, and
//! within five minutes nobody has to justify it: 47 CFR 64.1200(a)(12). After that none is sent.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{
    Instant,
    client::{Client, Sending},
    contact_status::ContactStatus,
    ids::{AttemptId, ClientId, LeadId},
    lawful::lawful_hours,
    lead::Lead,
    message::{CALL_DEADLINE, ClaimedText},
    phone::PhoneNumber,
    profile::Profile,
};

/// How long after a reply reached us it may be answered.
pub const WITHIN: TimeDelta = TimeDelta::minutes(5);

/// A reply that is to be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The client.
    pub client: ClientId,
    /// The lead.
    pub lead: LeadId,
    /// What is answered.
    pub to: Answered,
    /// When the reply reached us.
    pub received_at: Instant,
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answered {
    /// The opt-out of this moment.
    OptOut(Instant),
    /// A question for help.
    Help,
}

impl Answered {
    /// What it is, as the audit writes it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OptOut(_) => "opted_out",
            Self::Help => "help",
        }
    }
}

/// An answer that may be sent. It becomes a text once its claim was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MayAnswer {
    /// Where it goes: the lead's number, or the test phone.
    pub to: PhoneNumber,
    /// Exactly what is sent.
    pub text: String,
    /// Until when it may leave.
    pub until: Instant,
}

/// Why a reply is not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// It is too late.
    #[error("the reply came too long ago to be answered")]
    TooLate,
    /// The client does not send.
    #[error("sending is on hold")]
    OnHold,
    /// The client has no such text.
    #[error("there is no text for it")]
    NoText,
    /// The opt-out does not stand, or another one does.
    #[error("the opt-out that it confirms does not stand")]
    NoOptOut,
    /// Nobody who has opted out gets anything but the confirmation.
    #[error("the person has opted out")]
    OptedOut,
    /// There is no number that can be texted.
    #[error("there is no number that may be texted: {0}")]
    NoNumber(String),
    /// The text cannot be made for this lead.
    #[error("the text cannot be made: {0}")]
    NoWords(String),
}

impl Answer {
    /// What makes it the same answer: there is at most one of it. Of help, one a lead and day.
    #[must_use]
    pub fn key(&self) -> String {
        match self.to {
            Answered::OptOut(no) => format!("answer#opted-out#{}#{}", self.lead, no.timestamp_micros()),
            Answered::Help => format!("answer#help#{}#{}", self.lead, self.received_at.format("%Y-%m-%d")),
        }
    }

    /// Whether a reply is so fresh that an answer sent at `now` is over in time.
    #[must_use]
    pub fn in_time(&self, now: Instant) -> bool {
        now + CALL_DEADLINE <= self.received_at + WITHIN
    }

    /// Whether, and how, the reply may be answered now.
    ///
    /// # Errors
    /// [`NoAnswer`] says why it must not be.
    pub fn decide(&self, client: &Client, lead: &Lead, profile: &Profile, now: Instant) -> Result<MayAnswer, NoAnswer> {
        if !self.in_time(now) {
            return Err(NoAnswer::TooLate);
        }
        match &client.sending {
            Sending::On => {}
            // The provider only asked to wait, and it is time to try again.
            throttled @ Sending::OnHold { throttled: true, .. } if throttled.lets_through(now) => {}
            Sending::OnHold { .. } => return Err(NoAnswer::OnHold),
        }
        let template = match (self.to, &lead.standing) {
            (Answered::OptOut(at), ContactStatus::OptedOut(no)) if no.at == at => &client.answers.opted_out,
            (Answered::OptOut(_), _) => return Err(NoAnswer::NoOptOut),
            (Answered::Help, ContactStatus::OptedOut(_)) => return Err(NoAnswer::OptedOut),
            (Answered::Help, ContactStatus::Open | ContactStatus::Held { .. }) => &client.answers.help,
        };
        let template = template.as_ref().ok_or(NoAnswer::NoText)?;
        let phone = lead.phone.as_ref().ok_or_else(|| NoAnswer::NoNumber("the lead has none".to_owned()))?;
        // Its hours do not count for an answer, but its country does.
        lawful_hours(phone, profile.zone, &profile.place, client, now)
            .map_err(|why| NoAnswer::NoNumber(why.to_string()))?;
        let to = client.destination(phone).map_err(|why| NoAnswer::NoNumber(why.to_string()))?;
        let text = template.render(|field| profile.value(field, client));
        let text = text.map_err(|why| NoAnswer::NoWords(why.to_string()))?;
        Ok(MayAnswer { to, text, until: self.received_at + WITHIN })
    }
}

impl MayAnswer {
    /// The text, for whoever has written the claim of it.
    #[must_use]
    pub fn claimed(self, attempt: AttemptId, lead: LeadId) -> ClaimedText {
        ClaimedText::answering(attempt, lead, self.to, self.text, self.until)
    }
}

#[cfg(test)]
mod tests;
