//! The designs that are checked: ours, three that are known to fail, and ours with one safeguard less.

use crate::properties::{AT_MOST_ONE, NO_CLAIM_AFTER_NO};

/// How texts are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// What `leadline` does.
    Leadline,
    /// The idempotency record is deleted when the call fails or nobody knows what came of it.
    ReleaseOnError,
    /// Whoever finds a claim whose lease is over asks for the list and sends again.
    AskThenResendAtOnce,
    /// Read, decide, send, write.
    NoClaim,
    /// Without `ClaimedText::fence`.
    NoFence,
    /// Without the attempt in `Lead::settle`.
    SettleAnyAttempt,
    /// Without the wait until the last of `message::ASKS`.
    NoSlack,
    /// `InFlight::proof_of` with the time after the list was read, not before.
    ListJudgedLate,
    /// Without the revision of the whole lead in the condition of a claim.
    ClaimOverTextOnly,
}

impl Design {
    /// All that must fail.
    pub const FAILING: [Self; 8] = [
        Self::ReleaseOnError,
        Self::AskThenResendAtOnce,
        Self::NoClaim,
        Self::NoFence,
        Self::SettleAnyAttempt,
        Self::NoSlack,
        Self::ListJudgedLate,
        Self::ClaimOverTextOnly,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Leadline => "leadline",
            Self::ReleaseOnError => "release on error",
            Self::AskThenResendAtOnce => "ask, then resend at once",
            Self::NoClaim => "no claim",
            Self::NoFence => "no fence",
            Self::SettleAnyAttempt => "settle any attempt",
            Self::NoSlack => "no slack",
            Self::ListJudgedLate => "list judged late",
            Self::ClaimOverTextOnly => "claim over the text only",
        }
    }

    /// What it does, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Leadline => "claim, fence, call, settle; what is unknown is looked up, late enough",
            Self::ReleaseOnError => "the idempotency record is deleted when nobody knows what came of the call",
            Self::AskThenResendAtOnce => {
                "when a claim's lease is over the list is asked at once, and what is not in it is sent again"
            }
            Self::NoClaim => "read, decide, send, write",
            Self::NoFence => "ours, but the call is made however late it is",
            Self::SettleAnyAttempt => "ours, but an outcome is written whichever attempt is on the lead",
            Self::NoSlack => "ours, but what is not in the list is believed absent without waiting for the list",
            Self::ListJudgedLate => "ours, but the list is judged by the time after it was read, not before",
            Self::ClaimOverTextOnly => "ours, but a claim is written if no text is on its way, whatever else changed",
        }
    }

    /// The property that it breaks.
    #[must_use]
    pub fn breaks(self) -> Option<&'static str> {
        match self {
            Self::Leadline => None,
            Self::ClaimOverTextOnly => Some(NO_CLAIM_AFTER_NO),
            Self::ReleaseOnError
            | Self::AskThenResendAtOnce
            | Self::NoClaim
            | Self::NoFence
            | Self::SettleAnyAttempt
            | Self::NoSlack
            | Self::ListJudgedLate => Some(AT_MOST_ONE),
        }
    }
}
