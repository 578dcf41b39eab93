//! One text on its way: what was claimed, what can be proved of it, what happens next.

mod listed;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{
    Instant,
    ids::{AttemptId, CampaignId, EnrollmentId, LeadId, RunId},
    phone::PhoneNumber,
};

pub use listed::{ListedState, ListedText, LookUp};

/// How long a claim belongs to the sender that made it. Longer than a sender can live.
pub const LEASE: TimeDelta = TimeDelta::minutes(2);

/// How long one call to a provider may take in all. Whoever called has given up by then.
pub const CALL_DEADLINE: TimeDelta = TimeDelta::seconds(10);

/// Waits before the second, third and fourth try of a text that provably did not go out.
pub const RETRY_DELAYS: [TimeDelta; 3] = [TimeDelta::seconds(30), TimeDelta::minutes(5), TimeDelta::minutes(30)];

/// How long a provider that asks to wait is left alone, by how often in a row it did so. A run looks every
/// 15 minutes, so the longest, with what [`wait_until`] adds, is over by the next one.
pub const WAITS_WHEN_THROTTLED: [TimeDelta; 5] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(2),
    TimeDelta::minutes(4),
    TimeDelta::minutes(8),
    TimeDelta::minutes(12),
];

/// The longest wait that a provider may ask for. What asks for more is asked again after it.
pub const LONGEST_RETRY_AFTER: TimeDelta = TimeDelta::hours(1);

/// When a provider is called again that asked to wait: `times` is how often in a row it had done so before,
/// and `retry_after` the wait that it names, which is a floor. Up to a tenth is added, by the attempt's own
/// id, so that what was turned away together does not come back together.
#[must_use]
pub fn wait_until(times: u8, retry_after: Option<TimeDelta>, attempt: AttemptId, now: Instant) -> Instant {
    let last = WAITS_WHEN_THROTTLED[WAITS_WHEN_THROTTLED.len() - 1];
    let own = WAITS_WHEN_THROTTLED.get(usize::from(times)).copied().unwrap_or(last);
    let asked = retry_after.unwrap_or_default().clamp(TimeDelta::zero(), LONGEST_RETRY_AFTER);
    let wait = own.max(asked);
    // The end of the id is random: of two attempts it is not the same.
    let share = i32::try_from(attempt.0.0 % 1_001).unwrap_or_default();
    now + wait + wait * share / 10_000
}

/// When the provider is asked what became of a text that may have gone out, counted from the moment
/// at which its call was surely over. A text that is missing in the provider's list at the last of
/// them is surely not with the provider; before that the list may only be late.
pub const ASKS: [TimeDelta; 3] = [TimeDelta::minutes(2), TimeDelta::minutes(10), TimeDelta::minutes(30)];

/// How long the queue is left to bring a job back by itself before a run makes a new one for it.
pub const QUEUE_FIRST: TimeDelta = TimeDelta::minutes(5);

/// A text on its way to a lead: written before the provider is called, gone once it is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// This try.
    pub attempt: AttemptId,
    /// Which enrollment it is for.
    pub enrollment: EnrollmentId,
    /// Which step it is.
    pub step: u16,
    /// Where it goes: the lead's number, or the test phone.
    pub to: PhoneNumber,
    /// Exactly what is sent.
    pub text: String,
    /// When it was claimed.
    pub at: Instant,
    /// Until when it may leave.
    pub expires_at: Instant,
    /// Why it was lawful then: the hours that were open, and where the zones come from.
    pub hours: String,
    /// The run of the sender that claimed it.
    pub run: RunId,
    /// Tries so far, this one included. One that the provider asked to wait with is none.
    pub tries: u8,
    /// How often in a row the provider asked to wait. More than 0 while it waits says that its job was given
    /// back, and a run makes a new one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub put_off: u8,
    /// Where it stands.
    pub state: InFlightState,
    /// The account that it was given to, as [`ProviderSettings::mark`](super::client::ProviderSettings::mark)
    /// says it: the list of another account says nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

fn is_zero(number: &u8) -> bool {
    *number == 0
}

impl InFlight {
    /// Returns `true` if the provider asked to wait with it, so that it waits in the due index and its job is
    /// gone from the queue.
    #[must_use]
    pub fn is_put_off(&self) -> bool {
        self.is_retry() && self.put_off > 0
    }

    /// Whether it waits to be tried again.
    #[must_use]
    pub fn is_retry(&self) -> bool {
        matches!(self.state, InFlightState::RetryScheduled { .. })
    }

    /// When someone must look at it: its lease ends, it is tried again, the provider is asked. `None`
    /// once only a person can say what became of it.
    #[must_use]
    pub fn look_at(&self) -> Option<Instant> {
        match self.state {
            InFlightState::Claimed { until } => Some(until),
            InFlightState::RetryScheduled { at } => Some(at),
            InFlightState::Unknown { ask_at, .. } => ask_at,
        }
    }

    /// What the provider's answer proves of a text that may have gone out. `None`: nothing yet.
    #[must_use]
    pub fn proof_of(&self, answer: &LookUp, now: Instant) -> Option<SendOutcome> {
        let InFlightState::Unknown { since, ask_at: Some(_), .. } = self.state else { return None };
        match answer {
            LookUp::Found { provider_id, state } => Some(state.proves(provider_id.clone())),
            LookUp::NotListed if now >= since + ASKS[ASKS.len() - 1] => {
                Some(SendOutcome::NotSent { why: "the provider's list does not have it".to_owned() })
            }
            LookUp::NotListed | LookUp::CannotTell { .. } => None,
        }
    }
}

/// Where a text on its way stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InFlightState {
    /// A sender has it until its lease ends.
    Claimed {
        /// When the lease ends.
        until: Instant,
    },
    /// It provably did not go out and will be tried again.
    RetryScheduled {
        /// Not before.
        at: Instant,
    },
    /// It may have gone out. Never sent again without proof that it did not.
    Unknown {
        /// The moment at which the call was surely over.
        since: Instant,
        /// Why nothing is known.
        why: String,
        /// How often the provider was asked.
        #[serde(default)]
        asked: u8,
        /// When it is asked next. `None`: it cannot tell, so a person must.
        #[serde(default)]
        ask_at: Option<Instant>,
    },
}

/// What a sender needs in order to call a provider. Only a claim that was written gives one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedText {
    attempt: AttemptId,
    lead: LeadId,
    campaign: Option<CampaignId>,
    to: PhoneNumber,
    text: String,
    lease_ends: Instant,
    expires_at: Instant,
}

impl ClaimedText {
    /// A text that answers a reply, once its claim was written: see [`answer`](super::answer).
    pub(super) fn answering(attempt: AttemptId, lead: LeadId, to: PhoneNumber, text: String, until: Instant) -> Self {
        Self { attempt, lead, campaign: None, to, text, lease_ends: until, expires_at: until }
    }

    pub(super) fn new(claim: &InFlight, lead: LeadId, campaign: CampaignId, lease_ends: Instant) -> Self {
        Self {
            attempt: claim.attempt,
            lead,
            campaign: Some(campaign),
            to: claim.to.clone(),
            text: claim.text.clone(),
            lease_ends,
            expires_at: claim.expires_at,
        }
    }

    /// The fence, asked right before the request is written: whether a call that begins at `now` is
    /// over before the lease, the time of the text, and the function's own time are, where that is known.
    ///
    /// # Errors
    /// What ends too soon. The request must not be written then.
    pub fn fence(&self, now: Instant, function_ends: Option<Instant>) -> Result<(), &'static str> {
        let over = now + CALL_DEADLINE;
        if over > self.lease_ends {
            return Err("the claim ends before the call could");
        }
        if over > self.expires_at {
            return Err("the time of the text ends before the call could");
        }
        if function_ends.is_some_and(|ends| over > ends) {
            return Err("the function ends before the call could");
        }
        Ok(())
    }

    /// This try.
    #[must_use]
    pub fn attempt(&self) -> AttemptId {
        self.attempt
    }

    /// The lead.
    #[must_use]
    pub fn lead(&self) -> LeadId {
        self.lead
    }

    /// The campaign it belongs to, if to any.
    #[must_use]
    pub fn campaign(&self) -> Option<&CampaignId> {
        self.campaign.as_ref()
    }

    /// Where it goes.
    #[must_use]
    pub fn to(&self) -> &PhoneNumber {
        &self.to
    }

    /// Exactly what is sent.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Until when it may leave.
    #[must_use]
    pub fn expires_at(&self) -> Instant {
        self.expires_at
    }
}

/// What can be proved of one call to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The provider has it.
    Accepted {
        /// The provider's id of it.
        provider_id: String,
    },
    /// The provider proved that it will not send it.
    Refused(ProviderRefusal),
    /// Proof that nothing went out. It is tried again by itself, three times.
    NotSent {
        /// Why not, in words.
        why: String,
    },
    /// Proof that nothing went out, as the provider has too much to do and asks to wait: no try is used up,
    /// and the account is left alone for a while.
    Throttled {
        /// Why, in words.
        why: String,
        /// How long it asks to wait, where it says so.
        retry_after: Option<TimeDelta>,
    },
    /// The provider took it, and it failed later: the person did not get it. It is not sent again by itself,
    /// as it was accepted once.
    Failed {
        /// The provider's id of it.
        provider_id: String,
        /// Why: a refusal that stands, or words where it may work another time or nobody says.
        problem: Result<ProviderRefusal, String>,
    },
    /// It may have gone out.
    Unknown {
        /// What happened, in words.
        why: String,
    },
}

/// A provider's proof that it will not send a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderRefusal {
    /// What it means for us.
    pub class: RefusalClass,
    /// The provider's code, where it gives one.
    pub code: Option<u32>,
    /// In words for an operator.
    pub meaning: String,
}

/// What a refusal means for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalClass {
    /// This number cannot be texted: no mobile, not reachable, does not exist.
    Recipient,
    /// The person has opted out with the provider: it becomes our opt-out.
    OptedOut,
    /// This text is not taken: too long, filtered.
    Content,
    /// The account cannot send at all: credentials, registration, suspension, daily cap.
    Configuration,
}

impl std::fmt::Display for ProviderRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            Some(code) => write!(f, "{} ({code})", self.meaning),
            None => f.write_str(&self.meaning),
        }
    }
}
