//! One text on its way: what was claimed, what can be proved of it, what happens next.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{
    Instant,
    ids::{AttemptId, CampaignId, EnrollmentId, RunId},
    phone::PhoneNumber,
};

/// How long a claim belongs to the sender that made it. Longer than a sender can live.
pub const LEASE: TimeDelta = TimeDelta::minutes(2);

/// Waits before the second, third and fourth try of a text that provably did not go out.
pub const RETRY_DELAYS: [TimeDelta; 3] = [TimeDelta::seconds(30), TimeDelta::minutes(5), TimeDelta::minutes(30)];

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
    /// Tries so far, this one included.
    pub tries: u8,
    /// Where it stands.
    pub state: InFlightState,
}

impl InFlight {
    /// Whether it waits to be tried again.
    #[must_use]
    pub fn is_retry(&self) -> bool {
        matches!(self.state, InFlightState::RetryScheduled { .. })
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
        /// Since when.
        since: Instant,
        /// Why nothing is known.
        why: String,
    },
}

/// What a sender needs in order to call a provider. Only a claim that was written gives one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedText {
    attempt: AttemptId,
    campaign: CampaignId,
    to: PhoneNumber,
    text: String,
    expires_at: Instant,
}

impl ClaimedText {
    pub(super) fn new(claim: &InFlight, campaign: CampaignId) -> Self {
        Self {
            attempt: claim.attempt,
            campaign,
            to: claim.to.clone(),
            text: claim.text.clone(),
            expires_at: claim.expires_at,
        }
    }

    /// This try.
    #[must_use]
    pub fn attempt(&self) -> AttemptId {
        self.attempt
    }

    /// The campaign it belongs to.
    #[must_use]
    pub fn campaign(&self) -> &CampaignId {
        &self.campaign
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
    /// Proof that nothing went out. The only outcome that is tried again by itself.
    NotSent {
        /// Why not, in words.
        why: String,
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
