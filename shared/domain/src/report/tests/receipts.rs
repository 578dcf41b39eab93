//! Texts of which no delivery receipt came, and calls that were turned away.

use super::*;
use crate::refusals::RefusedCounts;

/// A day with so many texts, of which the first few got a receipt.
fn day_with(texts: u128, receipts: u128) -> Story {
    let mut story = Story::quiet();
    story.facts.webhooks.receipts_come = true;
    for n in 0..texts {
        story.enroll(n, local("09:00"));
        story.text(n, local("10:01"), 1);
        if n < receipts {
            story.add(local("10:02"), Event::EventReceived, Status::Ok);
            story.add(local("10:02"), Event::ReceiptReceived, Status::Ok).lead = Some(lead(n));
        }
    }
    story
}

#[test]
fn a_day_of_texts_without_a_receipt_is_red() {
    for (texts, receipts, red) in
        [(0, 0, None), (2, 0, None), (3, 0, Some(3)), (3, 1, None), (20, 2, Some(18)), (20, 3, None), (30, 30, None)]
    {
        let report = day_with(texts, receipts).report();
        let found: Vec<_> = report.actions.iter().map(|a| (a.check, a.verdict, a.how_many)).collect();
        let expected: Vec<_> = red.map(|many| (Check::Receipts, Verdict::Act, many)).into_iter().collect();
        assert_eq!(found, expected, "{texts} texts, {receipts} receipts");
    }
    let mut standing_in = day_with(3, 0);
    standing_in.facts.webhooks.receipts_come = false;
    assert_eq!(checks(&standing_in.report()), [], "a stand-in posts none");
    let mut early = day_with(3, 0);
    early.facts.now = local("16:00");
    assert_eq!(checks(&early.report()), [], "they may still come");
}

#[test]
fn signatures_that_were_refused_are_red_with_what_to_do() {
    let mut story = day_with(3, 3);
    let counts = RefusedCounts { known: 12, wrong: 0, unsigned: 4 };
    story.facts.webhooks.refused.insert("twilio-inbound".to_owned(), counts);
    let report = story.report();
    assert_eq!(checks(&report), [(Check::Signatures, Verdict::Act)]);
    assert_eq!(report.actions[0].headline, "signatures of Twilio (replies) refused: 12");
    story.facts.webhooks.refused.insert("twilio-inbound".to_owned(), RefusedCounts { known: 0, ..counts });
    assert_eq!(checks(&story.report()), [], "what a stranger posts is not");
}
