//! Checks of what others post to us: calls that were turned away, and texts of which no delivery receipt came.

use chrono::TimeDelta;

use super::{Action, Check, Facts, Ledger, Verdict, counted};
use crate::refusals::{Refused, source_name, what_to_do};

/// Receipts come within seconds of a text. After so long without one none will come.
const RECEIPT_AFTER: TimeDelta = TimeDelta::hours(6);
/// Fewer texts than this say nothing: a phone that is off is silent, too.
const TEXTS_FROM: usize = 3;
/// From so many texts on, a share says something.
const SHARE_FROM: usize = 20;
/// Texts in a hundred without a receipt, from which it is no matter of single phones.
const SHARE: usize = 90;

/// What is known of what others post to us, beside the audit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookFacts {
    /// Calls of the day that were turned away.
    pub refused: Refused,
    /// Whether receipts are posted at all. The stand-in for a provider on one machine posts none.
    pub receipts_come: bool,
}

pub(super) fn actions(ledger: &Ledger, facts: &Facts) -> Vec<Action> {
    refused(&facts.webhooks.refused).into_iter().chain(no_receipts(ledger, facts)).collect()
}

/// One line for all sources. What came without any proof is a stranger's, and named only beside what did not.
fn refused(all: &Refused) -> Option<Action> {
    let bad: Vec<_> = all.iter().filter(|(_, counts)| counts.must_be_looked_at()).collect();
    let (first, _) = bad.first()?;
    let total: u64 = bad.iter().map(|(_, counts)| u64::from(counts.with_wrong_proof())).sum();
    let each = |(code, counts): &(&String, &crate::refusals::RefusedCounts)| {
        let unsigned = match counts.unsigned {
            0 => String::new(),
            more => format!(" (and {more} without any)"),
        };
        format!("signatures of {} refused: {}{unsigned}", source_name(code), counts.with_wrong_proof())
    };
    let what = bad.iter().map(each).collect::<Vec<_>>().join("; ");
    let mut told: Vec<&str> = bad.iter().map(|(code, _)| what_to_do(code)).collect();
    told.dedup();
    let headline = match bad.len() {
        1 => format!("signatures of {} refused: {total}", source_name(first)),
        _ => format!("{total} signatures refused"),
    };
    let what = format!("S{}", what.strip_prefix('s').unwrap_or(&what));
    Some(Action::new(Check::Signatures, Verdict::Act, total, headline, what, told.join(" ")))
}

fn no_receipts(ledger: &Ledger, facts: &Facts) -> Option<Action> {
    if !facts.webhooks.receipts_come || !facts.client.provider.capabilities().status_callbacks {
        return None;
    }
    let old = ledger
        .texts
        .iter()
        .filter(|text| ledger.period.contains(text.at) && text.at <= facts.now - RECEIPT_AFTER && text.lead.is_some());
    let old: Vec<_> = old.filter_map(|text| text.lead).collect();
    let silent: Vec<_> = old.iter().copied().filter(|lead| !ledger.receipts.contains(lead)).collect();
    let none = old.len() >= TEXTS_FROM && silent.len() == old.len();
    let nearly_none = old.len() >= SHARE_FROM && silent.len() * 100 >= old.len() * SHARE;
    if !none && !nearly_none {
        return None;
    }
    let many = silent.len() as u64;
    let of = if none { String::new() } else { format!(" of {}", old.len()) };
    let headline = format!("no receipt of {}", counted(many, "text"));
    let what = format!("{}{of} accepted, and no delivery receipt came of them", counted(many, "text"));
    let consequence = "Nobody knows whether they arrived, and replies come by the same way: opt-outs may not be heard. Look whether the provider posts to the right URL, and whether its calls are refused.";
    Some(Action::new(Check::Receipts, Verdict::Act, many, headline, what, consequence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusals::RefusedCounts;

    #[test]
    fn refused_signatures_are_red_by_source_and_a_strangers_are_not() {
        let counts = |known, wrong, unsigned| RefusedCounts { known, wrong, unsigned };
        let of = |all: &[(&str, RefusedCounts)]| {
            refused(&all.iter().map(|(code, counts)| ((*code).to_owned(), *counts)).collect())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("twilio-inbound", counts(0, 2, 500))]), None);
        let one = of(&[("twilio-inbound", counts(12, 0, 3)), ("calendly", counts(0, 1, 0))]).expect("an action");
        assert_eq!((one.verdict, one.how_many), (Verdict::Act, 12));
        assert_eq!(one.headline, "signatures of Twilio (replies) refused: 12");
        assert_eq!(one.what, "Signatures of Twilio (replies) refused: 12 (and 3 without any)");
        assert!(one.consequence.contains("twilio_auth_token"));
        let both = of(&[("twilio-inbound", counts(12, 0, 0)), ("twilio-status", counts(12, 0, 0))]).expect("an action");
        assert_eq!((both.how_many, both.headline.as_str()), (24, "24 signatures refused"));
        assert_eq!(both.consequence.matches("twilio_auth_token").count(), 1, "what is to be done is said once");
    }
}
