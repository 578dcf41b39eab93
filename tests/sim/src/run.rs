//! Runs one world from its start to its quiet end, and judges it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::TimeDelta;
use futures_util::FutureExt;
use leadline::{
    domain::{
        Instant,
        audit::AuditEvent,
        event::EventKey,
        ids::{ClientId, LeadId},
    },
    ports::{Census, Clock, DueIndex, DueKind, DueWork, EventStore, Journal},
};

use crate::{
    executor::{Executor, lock},
    faults::Class,
    judge::{Evidence, Left, Violation, violations},
    spec::Spec,
    world::{Options, World},
};

/// How long a world goes on after nothing goes wrong any more.
const QUIET: TimeDelta = TimeDelta::days(3);
/// How many days more it may take until everything that is due has been looked at.
const DRAIN: usize = 40;

/// What became of a world.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Texts that the provider accepted.
    pub texts: u64,
    /// How long it went on.
    pub span: TimeDelta,
    /// Faults by kind.
    pub faults: BTreeMap<Class, u64>,
    /// Every fault by its key.
    pub injected: Vec<u64>,
    /// What must never be.
    pub violations: Vec<Violation>,
    /// The hash of what happened.
    pub hash: [u8; 32],
    /// What happened, if it was kept.
    pub lines: Vec<(Instant, String)>,
    /// Whose lead is whose.
    pub people: HashMap<LeadId, usize>,
}

/// Runs a world.
#[must_use]
pub fn run(spec: Spec, options: &Options) -> Ran {
    let start = spec.start;
    let (mut executor, world) = World::new(spec, options);
    finish(&mut executor, &world);
    let violations = judge(&world);
    Ran {
        texts: world.provider.accepted() as u64,
        span: world.handle.now() - start,
        faults: world.faults.counts(),
        injected: world.faults.injected(),
        violations,
        hash: world.trace.hash(),
        lines: world.trace.lines(),
        people: lock(&world.notes).people.clone(),
    }
}

/// Runs a world to its end.
pub fn finish(executor: &mut Executor, world: &World) {
    executor.run_until(world.spec.quiet + QUIET);
    for _ in 0..DRAIN {
        if drained(world) {
            break;
        }
        executor.run_until(world.handle.now() + TimeDelta::days(1));
    }
}

fn drained(world: &World) -> bool {
    let until = world.handle.now() - TimeDelta::hours(2);
    world.spec.clients.iter().all(|client| {
        let due = |kind, until| world.store.due_of(&client.settings.id, kind, until, 1).now_or_never();
        let none =
            |found: Option<Result<Vec<DueWork>, _>>| found.and_then(Result::ok).is_some_and(|due| due.is_empty());
        none(due(DueKind::Leads, until)) && none(due(DueKind::Events, world.handle.now() + TimeDelta::days(30)))
    })
}

fn judge(world: &World) -> Vec<Violation> {
    let left = left_by(world);
    let notes = lock(&world.notes);
    let disturbed = |task| world.faults.disturbed(task);
    let now = world.handle.now();
    violations(&Evidence { spec: &world.spec, notes: &notes, left: &left, disturbed: &disturbed, now })
}

/// What a world has left behind so far.
#[must_use]
pub fn left_by(world: &World) -> Left {
    let notes = lock(&world.notes);
    let far = world.handle.now() + TimeDelta::days(4_000);
    let (mut journals, mut due, mut events) = (Vec::new(), Vec::new(), BTreeMap::new());
    for client in &world.spec.clients {
        let id = &client.settings.id;
        journals.push(journal(world, id, far));
        let found =
            [DueKind::Leads, DueKind::Events].map(|kind| world.store.due_of(id, kind, far, usize::MAX).now_or_never());
        due.push(found.into_iter().flatten().flatten().flatten().collect());
    }
    for form in &notes.forms {
        let id = &world.spec.clients[form.client].settings.id;
        if let Some(key) = &form.key {
            let key = EventKey(key.clone());
            if let Some(Ok(Some(event))) = world.store.event(id, &key).now_or_never() {
                events.insert((id.clone(), key), event.state);
            }
        }
    }
    let leads = world.store.all_leads();
    let (mut counts, mut parked) = (BTreeMap::new(), BTreeSet::new());
    for lead in leads.iter().map(|stored| &stored.lead) {
        let live = lead.enrollments.iter().map(|live| &live.campaign);
        for campaign in live.chain(lead.history.iter().map(|past| &past.campaign)) {
            counts.entry((lead.client.clone(), campaign.clone())).or_insert_with(|| {
                let counted = world.store.counts(&lead.client, campaign).now_or_never();
                counted.and_then(Result::ok).unwrap_or_default()
            });
        }
    }
    for (client, campaign) in counts.keys() {
        let found = world.store.parked(client, campaign, None, usize::MAX).now_or_never();
        let ids = found.and_then(Result::ok).unwrap_or_default().into_iter();
        parked.extend(ids.map(|id| (client.clone(), campaign.clone(), id)));
    }
    Left { offers: world.provider.offers(), journals, leads, due, parked, counts, events }
}

fn journal(world: &World, client: &ClientId, until: Instant) -> Vec<AuditEvent> {
    let (mut all, mut page) = (Vec::new(), None);
    loop {
        let found = world.store.happened(client, Instant::UNIX_EPOCH, until, page).now_or_never();
        let Some(Ok(found)) = found else { return all };
        all.extend(found.events);
        page = found.next;
        if page.is_none() {
            return all;
        }
    }
}
