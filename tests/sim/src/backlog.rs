//! A backlog: texts that are due all at once, on a day on which the provider asks to wait for an hour. How long
//! it takes until they are gone, and what it costs in calls. A world without people and without other faults.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use futures_util::FutureExt;
use leadline::{
    domain::{
        Instant,
        audit::Event,
        consent::Consent,
        ids::{EnrollmentId, LeadId},
        lead::{Enrollment, Lead, Waits},
        phone::{PhoneNumber, Region},
        profile::Profile,
    },
    ports::{Clock, LeadStore, SideWrites},
};
use serde_json::json;
use ulid::Ulid;

use crate::{
    executor::lock,
    faults::{Class, Without},
    run::left_by,
    spec::{ClientSpec, Spec, Weather},
    world::{Options, World},
};

/// Area codes of the East, whose hours all are open from 8 to 20.
const AREAS: [u16; 40] = [
    212, 315, 332, 347, 516, 518, 585, 607, 631, 646, 680, 716, 718, 838, 845, 914, 917, 929, 934, 201, 551, 609, 640,
    732, 848, 856, 862, 908, 973, 404, 470, 478, 678, 706, 762, 770, 912, 207, 802, 401,
];

/// The most that one client can have: so many numbers there are.
pub const MOST: usize = AREAS.len() * 100;

/// Texts that one client may send in an hour.
pub const PER_HOUR: usize = 1_000;

/// What is due, and how the provider is.
#[derive(Debug, Clone, Copy)]
pub struct Backlog {
    /// Clients, each with an account of its own.
    pub clients: usize,
    /// Leads of each, whose first text is due; at most [`MOST`].
    pub each: usize,
    /// How many of ten thousand calls of the first hour are turned away with 429.
    pub turned_away: u32,
}

/// What came of a backlog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Texts that the provider accepted.
    pub texts: usize,
    /// Leads that were texted.
    pub people: usize,
    /// Requests that reached the provider.
    pub calls: usize,
    /// How long it took until the last one was accepted, in simulated time.
    pub took: TimeDelta,
    /// Sequences that were put up for review.
    pub reviews: usize,
    /// Mails to operators.
    pub mails: usize,
}

impl Backlog {
    /// The shortest time in which the limits let it go.
    #[must_use]
    pub fn by_limit(&self) -> TimeDelta {
        TimeDelta::seconds(i64::try_from(self.each * 3_600 / PER_HOUR).unwrap_or(i64::MAX))
    }

    /// Has it go, for a day at most.
    #[must_use]
    pub fn drain(&self, seed: u64) -> Drained {
        let spec = self.spec(seed);
        let start = spec.start;
        let without = Without { classes: BTreeSet::from([Class::Operator, Class::Deploy]), ..Without::default() };
        let (mut executor, world) = World::new(spec, &Options { without, ..Options::default() });
        for n in 0..self.clients {
            self.fill(&world, n);
        }
        let all = self.clients * self.each;
        while world.provider.accepted() < all && world.handle.now() < start + TimeDelta::hours(12) {
            executor.run_until(world.handle.now() + TimeDelta::minutes(5));
        }
        let left = left_by(&world);
        let accepted: Vec<Instant> = left.offers.iter().filter_map(|offer| offer.accepted).collect();
        let people: BTreeSet<_> =
            left.offers.iter().filter(|offer| offer.accepted.is_some()).map(|offer| offer.lead).collect();
        let reviews = left.journals.iter().flatten().filter(|event| event.event == Event::ReviewNeeded).count();
        Drained {
            texts: accepted.len(),
            people: people.len(),
            calls: left.offers.len(),
            took: accepted.into_iter().max().unwrap_or(start) - start,
            reviews,
            mails: lock(&world.notes).mails.len(),
        }
    }

    fn spec(&self, seed: u64) -> Spec {
        // Tuesday 08:00 in New York.
        let start = Instant::from_timestamp(1_767_704_400, 0).unwrap_or_default();
        let hour = start + TimeDelta::hours(1);
        let weather = Weather {
            usual: 0,
            storms: Vec::new(),
            outages: Vec::new(),
            accounts: Vec::new(),
            list_lag: 0,
            throttled: vec![(start, hour, self.turned_away)],
            moody: 0,
            lost_receipts: 0,
            gaps: 0,
            deploys: Vec::new(),
        };
        let clients = (0..self.clients).map(|n| client(n, start)).collect();
        Spec { seed, number: 0, start, quiet: hour, clients, people: Vec::new(), weather }
    }

    fn fill(&self, world: &World, n: usize) {
        let came = world.spec.start - TimeDelta::minutes(70);
        let client = &world.spec.clients[n];
        let numbers = AREAS.iter().flat_map(|area| (100..200).map(move |line| format!("+1{area}5550{line}")));
        for (nth, number) in numbers.take(self.each).enumerate() {
            let id = u128::try_from(n * MOST + nth + 1).unwrap_or_default();
            let mut lead = Lead::new(LeadId(Ulid::from(id)), client.settings.id.clone());
            lead.phone = PhoneNumber::parse(&number, Region::default()).ok();
            lead.enroll(Enrollment {
                id: EnrollmentId(Ulid::from(id)),
                campaign: client.campaigns[0].id.clone(),
                version: 1,
                step: 1,
                imported_at: came,
                waits: Waits::Until(world.spec.start),
                sent: 0,
                last_sent_at: None,
                counts_from: None,
                message: None,
                parked: false,
            });
            let (form, terms, how) = (None, "1".to_owned(), "form sent".to_owned());
            let consent = Some(Consent { form, terms, at: came, event: "backlog".to_owned(), how });
            let profile = Some(Profile { consent, ..Profile::new(lead.id, came) });
            let saved = world.store.save(&lead, None, SideWrites { profile, ..SideWrites::default() }).now_or_never();
            debug_assert!(matches!(saved, Some(Ok(_))), "a lead was written: {saved:?}");
        }
    }
}

fn client(n: usize, start: Instant) -> ClientSpec {
    let number = format!("+13055550{:03}", 100 + n);
    let settings = json!({
        "id": format!("client-{n}"), "name": format!("Business {n}"), "zone": "America/New_York",
        "admin_email": format!("owner-{n}@example.com"), "mode": "live", "since": start,
        "provider": {"twilio": {"account_sid": format!("AC{n:032}"), "sender": {"number": number}}},
        "kajabi": {"token_hashes": []}, "limits": {"per_run": PER_HOUR * 3 / 10, "per_hour": PER_HOUR},
    });
    let campaign = json!({
        "id": "backlog", "name": "Backlog", "version": 1,
        "forms": [{"form": format!("21500{n}"), "consent": {"version": "1", "words": "Text me."}}],
        "messages": [{"step": 1, "delay_minutes": 60, "text": "Hi, it's Sam. Reply STOP to end these texts."}],
        "timing": {"latest_minutes": 1440},
    });
    ClientSpec {
        settings: serde_json::from_value(settings).expect("settings of a client"),
        token: format!("a-token-of-client-{n}"),
        auth_token: format!("auth-token-of-client-{n}"),
        number,
        campaigns: vec![serde_json::from_value(campaign).expect("a campaign")],
    }
}
