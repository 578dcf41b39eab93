//! Webhook calls that were turned away because nothing proved who made them, in counts. What they mean is decided
//! here, so that the alert and the report cannot disagree.

use std::collections::BTreeMap;

/// From so many wrong proofs on it is no stranger's probe. Sources that post again after a 401 reach it with the
/// first event that matters.
const WRONG_FROM: u32 = 3;

/// From so many on it is told even though others were accepted meanwhile: some of what comes in is lost.
const MANY: u32 = 20;

/// Calls of one source that were turned away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefusedCounts {
    /// With a wrong proof, by somebody who knows the client's account at the provider. Strangers do not.
    pub known: u32,
    /// With a wrong proof: a signature or a token in the URL that is not the client's.
    pub wrong: u32,
    /// Without any proof. Anybody can make those.
    pub unsigned: u32,
}

/// Counts by source, by its code.
pub type Refused = BTreeMap<String, RefusedCounts>;

impl RefusedCounts {
    /// Adds others.
    pub fn add(&mut self, more: Self) {
        self.known = self.known.saturating_add(more.known);
        self.wrong = self.wrong.saturating_add(more.wrong);
        self.unsigned = self.unsigned.saturating_add(more.unsigned);
    }

    /// Calls that came with a wrong proof.
    #[must_use]
    pub fn with_wrong_proof(self) -> u32 {
        self.known.saturating_add(self.wrong)
    }

    /// Returns `true` if a person must look: real events are being turned away.
    #[must_use]
    pub fn must_be_looked_at(self) -> bool {
        self.known > 0 || self.wrong >= WRONG_FROM
    }

    /// Returns `true` if the operator is told at once. `accepted_lately`: whether a call of the same source was
    /// accepted within the last hour.
    #[must_use]
    pub fn must_be_told(self, accepted_lately: bool) -> bool {
        self.must_be_looked_at() && (!accepted_lately || self.with_wrong_proof() >= MANY)
    }
}

/// A source as people call it, by its code.
#[must_use]
pub fn source_name(code: &str) -> &str {
    match code {
        "kajabi" => "Kajabi",
        "twilio-inbound" => "Twilio (replies)",
        "twilio-status" => "Twilio (delivery receipts)",
        "openphone" => "OpenPhone",
        "simpletexting" => "SimpleTexting",
        "calendly" => "Calendly",
        "calcom" => "Cal.com",
        other => other,
    }
}

/// What is lost while a source is turned away, and what to do.
#[must_use]
pub fn what_to_do(code: &str) -> &'static str {
    match code {
        "twilio-inbound" | "twilio-status" => {
            "Replies, opt-outs among them, are not heard. Compare `twilio_auth_token` in the client's secret with the \
             account's primary auth token; PublicUrl with the URL that Twilio calls; and look for a Webhooks rule, \
             which signs with a shared key of its own (`twilio_webhook_signing_key`)."
        }
        "openphone" => {
            "Replies, opt-outs among them, are not heard. Compare the signing keys in the client's secret with those \
             of the webhooks at OpenPhone."
        }
        "calendly" | "calcom" => {
            "Bookings are not heard, so people who booked are still texted. Compare the signing key in the client's \
             secret with that of the webhook."
        }
        "kajabi" => {
            "Leads are lost. Compare the URL at Kajabi with the newest one of `leadline clients token`; where a relay \
             signs, compare its secret."
        }
        "simpletexting" => {
            "Replies, opt-outs among them, are not heard. Compare the URL at SimpleTexting with the newest one of \
             `leadline clients token`."
        }
        _ => "What it posts is lost. Compare its secret with the client's.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_probe_rings_nothing_and_real_events_do() {
        let counts = |known, wrong, unsigned| RefusedCounts { known, wrong, unsigned };
        for (counts, look, told, told_if_others_came) in [
            (counts(0, 0, 0), false, false, false),
            (counts(0, 0, 5_000), false, false, false),
            (counts(0, 2, 9), false, false, false),
            (counts(0, 3, 0), true, true, false),
            (counts(1, 0, 0), true, true, false),
            (counts(1, 19, 0), true, true, true),
            (counts(0, 20, 0), true, true, true),
        ] {
            assert_eq!(counts.must_be_looked_at(), look, "{counts:?}");
            assert_eq!((counts.must_be_told(false), counts.must_be_told(true)), (told, told_if_others_came));
        }
    }
}
