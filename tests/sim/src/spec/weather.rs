//! What goes wrong in a world, and when.

use chrono::TimeDelta;
use leadline::domain::Instant;

use crate::{faults::Kind, rng::Rng};

/// What goes wrong in a world.
#[derive(Debug, Clone)]
pub struct Weather {
    /// Faults in ten thousand calls, on a usual day.
    pub usual: u32,
    /// Times at which there are more.
    pub storms: Vec<Storm>,
    /// Times at which the provider is down.
    pub outages: Vec<(Instant, Instant, Outage)>,
    /// Times at which a client's account is refused, with the code.
    pub accounts: Vec<(usize, Instant, Instant, u32)>,
    /// The longest that an accepted text is missing in the provider's list, in minutes.
    pub list_lag: i64,
    /// When requests are too many for the provider, and how many of ten thousand it then turns away.
    pub throttled: Vec<(Instant, Instant, u32)>,
    /// Offers in ten thousand that the provider treats badly.
    pub moody: u32,
    /// Receipts in ten thousand that never come.
    pub lost_receipts: u32,
    /// Whether people answer in the very gaps of a call.
    pub gaps: u32,
    /// When a release of the system before writes items of its own form.
    pub deploys: Vec<Instant>,
}

/// Many faults for some time.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
    /// Faults in ten thousand calls.
    pub rate: u32,
    /// The port that it is about; all of them without one.
    pub port: Option<&'static str>,
    /// The function that it is about; all of them without one.
    pub kind: Option<Kind>,
}

/// How the provider is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// No connection.
    Gone,
    /// It answers 5xx, and took the text or not.
    Failing,
    /// It takes requests and answers none, and took the text or not.
    Silent,
}

/// The weather of a world.
pub(super) fn of(seed: u64, start: Instant, quiet: Instant, clients: usize) -> Weather {
    let mut rng = Rng::of(&[seed, 4]);
    let span = (quiet - start).num_minutes();
    let calm = rng.chance(1_200);
    let usual = if calm { 0 } else { *rng.pick(&[2, 10, 30, 100, 200]) };
    let during = |rng: &mut Rng, shortest: i64, longest: i64| {
        let from = start + TimeDelta::minutes(rng.between(0, span));
        (from, from + TimeDelta::minutes(rng.between(shortest, longest)))
    };
    let kinds = [None, None, Some(Kind::Webhook), Some(Kind::Webhook), Some(Kind::Sender), Some(Kind::Scheduler)];
    let ports = [None, None, Some("LeadStore"), Some("Journal"), Some("EventStore"), Some("Directory"), Some("Mailer")];
    let many = |rng: &mut Rng, a_month: i64| if calm { 0 } else { rng.between(0, 2 * a_month) * span / (30 * 1_440) };
    let storms = (0..many(&mut rng, 20))
        .map(|_| {
            let (from, until) = during(&mut rng, 3, 120);
            Storm {
                from,
                until,
                rate: *rng.pick(&[300, 1_000, 3_000, 7_000]),
                port: *rng.pick(&ports),
                kind: *rng.pick(&kinds),
            }
        })
        .collect();
    let outages = (0..many(&mut rng, 3))
        .map(|_| {
            let (from, until) = during(&mut rng, 4, 300);
            (from, until, *rng.pick(&[Outage::Gone, Outage::Failing, Outage::Silent]))
        })
        .collect();
    let accounts = (0..many(&mut rng, 2))
        .map(|_| {
            let (from, until) = during(&mut rng, 10, 1_500);
            let client = usize::try_from(rng.between(0, clients as i64 - 1)).unwrap_or(0);
            (client, from, until, *rng.pick(&[20003, 63038, 30034]))
        })
        .collect();
    let deploys = (0..rng.between(0, 3)).map(|_| during(&mut rng, 1, 2).0).collect();
    // Drawn by itself, so that all else is as it was.
    let mut own = Rng::of(&[seed, 8]);
    let throttled = (0..many(&mut own, 3))
        .map(|_| {
            // Longer than the tries of a text that did not go out last.
            let (from, until) = during(&mut own, 37, 300);
            (from, until, *own.pick(&[10_000, 10_000, 5_000, 1_500]))
        })
        .collect();
    Weather {
        usual,
        throttled,
        storms,
        outages,
        accounts,
        list_lag: if calm { 0 } else { *rng.pick(&[0, 0, 1, 5, 25]) },
        moody: if calm { 0 } else { *rng.pick(&[100, 300, 1_000]) },
        lost_receipts: if calm { 0 } else { *rng.pick(&[0, 700, 700, 5_000, 9_500]) },
        gaps: *rng.pick(&[0, 50, 300, 1_500]),
        deploys,
    }
}
