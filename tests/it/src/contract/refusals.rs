//! Calls that were turned away.
#![allow(missing_docs, reason = "the name of a check is its rule")]

use std::sync::Arc;

use leadline::domain::{
    event::Source,
    refusals::{Refused, RefusedCounts},
};

use super::{Store, done, samples::*};

fn counts(known: u32, wrong: u32, unsigned: u32) -> RefusedCounts {
    RefusedCounts { known, wrong, unsigned }
}

pub async fn what_was_turned_away_adds_up_by_source(store: Arc<impl Store>) {
    for (source, minutes, more) in [
        (Source::TwilioInbound, 0, counts(1, 0, 0)),
        (Source::TwilioInbound, 59, counts(2, 3, 4)),
        (Source::TwilioInbound, 130, counts(0, 1, 0)),
        (Source::Calendly, 5, counts(0, 0, 7)),
    ] {
        done(store.count_refused(&acme(), source, at(minutes), more).await);
    }
    let all = done(store.refused(&acme(), at(0), at(180)).await);
    let expected = [("twilio-inbound", counts(3, 4, 4)), ("calendly", counts(0, 0, 7))];
    assert_eq!(all, Refused::from(expected.map(|(source, counts)| (source.to_owned(), counts))));
}

pub async fn only_the_clock_hours_that_are_asked_for_count(store: Arc<impl Store>) {
    for hour in 0..4 {
        done(store.count_refused(&acme(), Source::OpenPhone, at(hour * 60), counts(0, 1, 0)).await);
    }
    for (from, until, wrong) in [(0, 240, 4), (60, 180, 2), (90, 180, 2), (120, 121, 1), (240, 300, 0)] {
        let all = done(store.refused(&acme(), at(from), at(until)).await);
        assert_eq!(all.get("openphone").map_or(0, |counts| counts.wrong), wrong, "{from} to {until}");
    }
}

pub async fn clients_have_refusals_of_their_own(store: Arc<impl Store>) {
    done(store.count_refused(&acme(), Source::Kajabi, at(0), counts(0, 1, 0)).await);
    assert_eq!(done(store.refused(&bolt(), at(0), at(60)).await), Refused::new());
}
