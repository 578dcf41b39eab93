//! A text of ours in the provider's own list: which it is, and what that proves. Pure.

use chrono::TimeDelta;

use super::{InFlight, InFlightState, ProviderRefusal, SendOutcome};
use crate::{Instant, capabilities::Capabilities, phone::PhoneNumber};

/// What a provider's own list of texts says of one that may have gone out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookUp {
    /// It is in the list, so the provider has it.
    Found {
        /// The provider's id of it.
        provider_id: String,
        /// How far it has come.
        state: ListedState,
    },
    /// The list was read to its end and does not have it, or not yet.
    NotListed,
    /// Nothing can be said: the list cannot be read, or more than one text in it could be this one.
    CannotTell {
        /// Why, in words.
        why: String,
    },
}

/// A text in a provider's own list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedText {
    /// The provider's id of it.
    pub provider_id: String,
    /// What it says.
    pub body: String,
    /// When the provider took it, or took it in.
    pub at: Instant,
    /// How far it has come.
    pub state: ListedState,
}

/// How far a text in a provider's own list has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedState {
    /// The provider has it, or has sent it on; also where its list says nothing of that.
    Taken,
    /// It did not arrive and is not on its way any more, for a reason that stands, or in words.
    Failed(Result<ProviderRefusal, String>),
}

impl ListedState {
    /// What it proves of the call that the text was handed over by.
    #[must_use]
    pub fn proves(&self, provider_id: String) -> SendOutcome {
        match self {
            Self::Taken => SendOutcome::Accepted { provider_id },
            Self::Failed(problem) => SendOutcome::Failed { provider_id, problem: problem.clone() },
        }
    }
}

/// How far the provider's clock may be from ours.
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(60);

impl InFlight {
    /// Whether a text that the provider shows, sent to `to` at `at`, can only be this one: its words, its
    /// number, and no earlier than it was claimed.
    #[must_use]
    pub fn is_shown_as(&self, to: &PhoneNumber, body: &str, at: Instant, can: Capabilities) -> bool {
        self.to == *to && at >= self.at - CLOCK_SKEW && can.same_words(&self.text, body)
    }

    /// Looks for this text among all that the provider lists for its number. The list does not say which
    /// of our attempts a text is, and a provider may change words on the way (smart quotes, redacted
    /// bodies; links, which `can` knows of). So it is this text only if it is the only one with its words; and it is not listed only
    /// if nothing is that could be it: neither its words later than they should be, nor other words at
    /// its time.
    #[must_use]
    pub fn find_in(&self, listed: &[ListedText], can: Capabilities) -> LookUp {
        let InFlightState::Unknown { since, .. } = self.state else {
            return LookUp::CannotTell { why: "its call is not over".to_owned() };
        };
        let (first, last) = (self.at - CLOCK_SKEW, since + CLOCK_SKEW);
        let since_claim: Vec<&ListedText> = listed.iter().filter(|text| text.at >= first).collect();
        let same: Vec<&&ListedText> =
            since_claim.iter().filter(|text| can.same_words(&self.text, &text.body)).collect();
        let cannot_tell = |why: &str| LookUp::CannotTell { why: why.to_owned() };
        match same.as_slice() {
            [text] if text.at <= last => {
                LookUp::Found { provider_id: text.provider_id.clone(), state: text.state.clone() }
            }
            [_] => cannot_tell("the provider lists a text with the same words, at a later time"),
            [] if since_claim.iter().any(|text| text.at <= last) => {
                cannot_tell("the provider lists a text at that time with other words")
            }
            [] => LookUp::NotListed,
            [_, _, ..] => cannot_tell("the provider lists more than one text that could be it"),
        }
    }
}
