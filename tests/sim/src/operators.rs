//! The operators: settings edited while everything runs, holds, pauses, new versions of campaigns, and
//! deploys during which a release of before still writes its own form of an item.

use std::sync::Arc;

use chrono::{DurationRound, TimeDelta};
use futures_util::FutureExt;
use leadline::{
    domain::{
        Instant,
        campaign::CampaignStatus,
        client::{Client, Mode, Sending},
        ids::RunId,
        message::InFlightState,
        phone::{PhoneNumber, Region},
    },
    flows::{
        alerts::Alerts,
        by_hand::{OperatorActions, Word},
        dead_letters::{Redriving, in_review, look_at},
    },
    ports::{Clock, DeadLetters, Directory, LeadStore, SideWrites},
};

use crate::{
    executor::{Ended, lock},
    faults::{Class, Kind},
    notes::Snapshot,
    older::older,
    rng::Rng,
    spec::{campaign, limits, window},
    world::World,
};

/// Starts the operators of every client, and the deploys.
pub fn begin(world: &Arc<World>) {
    for n in 0..world.spec.clients.len() {
        let mut rng = Rng::of(&[world.spec.seed, 31, n as u64]);
        let span = (world.spec.quiet - world.spec.start).num_minutes();
        for nth in 0..rng.between(0, span / (4 * 1_440)) {
            let (mut at, salt) = (world.spec.start + TimeDelta::minutes(rng.between(60, span)), rng.next_word());
            if rng.chance(5_000) {
                // Right after a run selected, while its jobs are on the queue.
                let run = at.duration_trunc(TimeDelta::minutes(15)).unwrap_or(at);
                at = run + TimeDelta::seconds(rng.between(2, 50));
            }
            if world.faults.strikes(Class::Operator, &[n as u64, nth.unsigned_abs()], 10_000) {
                start_at(world, at, move |world| Box::pin(act(world, n, salt)));
            }
        }
        start_at(world, world.spec.quiet, move |world| {
            Box::pin(async move {
                mend(&world, n);
            })
        });
        world.handle.start(look(world.clone(), n));
    }
    for (nth, at) in world.spec.weather.deploys.iter().enumerate() {
        if world.faults.strikes(Class::Deploy, &[nth as u64], 10_000) {
            start_at(world, *at, |world| {
                Box::pin(async move {
                    deploy(&world);
                })
            });
        }
    }
}

type Work = std::pin::Pin<Box<dyn Future<Output = ()>>>;

fn start_at(world: &Arc<World>, at: Instant, work: impl FnOnce(Arc<World>) -> Work + 'static) {
    let world = world.clone();
    world.handle.clone().start(async move {
        world.handle.sleep_until(at).await;
        work(world.clone()).await;
    });
}

/// One edit; what is only for a while is taken back.
async fn act(world: Arc<World>, n: usize, salt: u64) {
    let mut rng = Rng::of(&[salt]);
    let Snapshot { settings: Some(mut settings), held, mut campaigns, .. } = world.left(n) else { return };
    if held || world.faults.over() {
        return;
    }
    let id = settings.id.clone();
    let longest = *rng.pick(&[60, 600, 2_000]);
    let for_a_while = TimeDelta::minutes(rng.between(5, longest));
    let at = usize::try_from(rng.between(0, campaigns.len() as i64 - 1)).unwrap_or(0);
    let what = rng.between(0, 9);
    world.trace.note(format_args!("operator of {id}: edit {what}"));
    match what {
        0 => {
            settings.limits = serde_json::from_value(limits(&mut rng)).expect("limits");
            world.write_settings(n, Some(&settings), &[], false);
            again(&world, n, campaigns);
        }
        1 => {
            settings.window = serde_json::from_value(window(&mut rng)).expect("a window");
            world.write_settings(n, Some(&settings), &[], false);
            again(&world, n, campaigns);
        }
        2 => {
            let address = format!("owner-{n}-{}@example.com", rng.between(0, 99));
            settings.admin_email = leadline::domain::email::EmailAddress::parse(&address).expect("an address");
            world.write_settings(n, Some(&settings), &[], false);
            again(&world, n, campaigns);
        }
        3 | 4 => {
            hold(&world, n, true);
            world.handle.sleep(for_a_while).await;
            hold(&world, n, false);
        }
        5 => {
            set_status(&world, n, at, CampaignStatus::Paused);
            world.handle.sleep(for_a_while).await;
            set_status(&world, n, at, CampaignStatus::Active);
        }
        6 => {
            let client: usize = n;
            let version = campaigns[at].version + 1;
            let mut new = campaign(&mut rng, client, at, version, world.handle.now());
            new.status = campaigns[at].status.clone();
            campaigns[at] = new;
            world.write_settings(n, Some(&settings), &campaigns, false);
        }
        7 => {
            world.write_settings(n, None, &[], false);
            world.handle.sleep(for_a_while).await;
            if world.left(n).settings.is_none() {
                world.write_settings(n, Some(&settings), &campaigns, false);
            }
        }
        8 => {
            settings.mode = toggled(&settings, n);
            world.write_settings(n, Some(&settings), &campaigns, false);
            world.handle.sleep(for_a_while).await;
            if let Snapshot { settings: Some(mut settings), held, campaigns, .. } = world.left(n) {
                settings.mode = toggled(&settings, n);
                world.write_settings(n, Some(&settings), &campaigns, held);
            }
        }
        _ if campaigns.len() > 1 && rng.chance(5_000) => {
            set_status(&world, n, at, CampaignStatus::Deactivated { at: world.handle.now() });
        }
        _ => tidy(&world, n).await,
    }
}

fn toggled(settings: &Client, n: usize) -> Mode {
    match settings.mode {
        Mode::Live => {
            let phone = PhoneNumber::parse(&format!("+1305555018{n}"), Region::default());
            Mode::Test { phone: phone.ok(), email: None }
        }
        Mode::Test { .. } => Mode::Live,
    }
}

/// Notes the campaigns that go with settings that were just written without them.
fn again(world: &World, n: usize, campaigns: Vec<leadline::domain::campaign::Campaign>) {
    if let Some(last) = lock(&world.notes).settings.iter_mut().rev().find(|snapshot| snapshot.client == n) {
        last.campaigns = campaigns;
    }
}

/// Holds all sending, or lets it go on, whatever the system itself has made of it.
fn hold(world: &World, n: usize, held: bool) {
    let Snapshot { settings: Some(settings), campaigns, .. } = world.left(n) else { return };
    let now = world.handle.now();
    let new = if held { Sending::held("an operator wants to look", now) } else { Sending::On };
    let Some(stored) = world.stored(&settings.id) else { return };
    let wrote = world.store.set_sending(&settings.id, &stored.sending, &new).now_or_never();
    if matches!(wrote, Some(Ok(true))) {
        world.trace.note(format_args!("operator of {}: held {held}", settings.id));
        let snapshot = Snapshot { client: n, at: now, settings: Some(settings), held, campaigns };
        lock(&world.notes).settings.push(snapshot);
    }
}

fn set_status(world: &World, n: usize, at: usize, status: CampaignStatus) {
    let Snapshot { settings: Some(settings), held, mut campaigns, .. } = world.left(n) else { return };
    if !matches!(campaigns[at].status, CampaignStatus::Deactivated { .. }) {
        campaigns[at].status = status;
        world.write_settings(n, Some(&settings), &campaigns, held);
    }
}

/// What an operator does by hand once a day: lifts holds that nobody else lifts, says what became of
/// texts that nobody else can tell of, and has what waits for review tried again.
async fn look(world: Arc<World>, n: usize) {
    let id = world.spec.clients[n].settings.id.clone();
    loop {
        world.handle.sleep(TimeDelta::hours(20)).await;
        if let Some(Client { sending: Sending::OnHold { try_at: None, .. }, .. }) = world.stored(&id)
            && !world.left(n).held
        {
            hold(&world, n, false);
        }
        let today = world.handle.now().timestamp().div_euclid(86_400).unsigned_abs();
        if world.faults.over() || world.faults.strikes(Class::Operator, &[77, n as u64, today], 5_000) {
            tidy(&world, n).await;
        }
    }
}

/// Works of one kind that an operator takes up in one go.
const AT_ONCE: usize = 20;

/// One round of commands, which can fail and end like anything else.
async fn tidy(world: &Arc<World>, n: usize) {
    let own = world.clone();
    let (id, run) = world.handle.run(TimeDelta::minutes(10), async move {
        settle_unclear(&own, n).await;
        redrive(&own, n).await;
    });
    world.faults.enter(id, Kind::Operator, n as u64);
    let ended = run.await;
    world.faults.leave(id, matches!(ended, Ended::Done(())));
    world.queue.bell.ring();
}

/// Looks in the provider's own log for texts that may have gone out, and says what stands there.
async fn settle_unclear(world: &World, n: usize) {
    let Some(client) = world.stored(&world.spec.clients[n].settings.id) else { return };
    let deps = &world.sender;
    for stored in world.store.all_leads().into_iter().filter(|stored| stored.lead.client == client.id) {
        let Some(text) = &stored.lead.in_flight else { continue };
        if !matches!(text.state, InFlightState::Unknown { ask_at: None, .. }) {
            continue;
        }
        let word = match world.provider.taken(text.attempt) {
            Some(sid) => Word::Sent { provider_id: Some(sid) },
            None => Word::NotSent,
        };
        let alerts = Alerts { once: &*deps.store, mailer: &*deps.mailer, journal: &*deps.store };
        let hand = OperatorActions {
            directory: &*deps.store,
            leads: &*deps.store,
            alerts,
            ids: &*deps.ids,
            by: "an operator",
            now: world.handle.now(),
        };
        let settled = hand.settle(&client, stored.lead.id, &word, "the provider's log says so").await;
        world.trace.note(format_args!("operator: {word:?} of {}: {}", text.attempt, settled.is_ok()));
    }
}

/// Has what waits for review tried again, and what was given up on the queue.
async fn redrive(world: &World, n: usize) {
    let (deps, id) = (&world.sender, &world.spec.clients[n].settings.id);
    let now = world.handle.now();
    let mut stuck = Vec::new();
    for letter in world.queue.take(AT_ONCE, std::time::Duration::from_secs(300)).await.unwrap_or_default() {
        stuck.extend(look_at(&*deps.store, letter).await.ok());
    }
    let run = RunId(deps.ids.new_id(now));
    let own = world.store.all_leads().into_iter().filter(|stored| stored.lead.client == *id);
    stuck.extend(own.flat_map(|stored| in_review(&stored.lead, run)).take(AT_ONCE));
    let redriving = Redriving {
        directory: &*deps.store,
        leads: &*deps.store,
        budget: &*deps.store,
        queue: &*world.texts,
        letters: &world.queue,
        ids: &*deps.ids,
        by: "an operator",
        now: world.handle.now(),
    };
    let many = stuck.len();
    let done = redriving.redrive(stuck, true).await;
    world.trace.note(format_args!("operator: {many} tried again: {}", done.is_ok()));
}

/// At the end everything is as it should be, so that nothing waits for an operator.
fn mend(world: &World, n: usize) {
    let Snapshot { settings, mut campaigns, .. } = world.left(n);
    let settings = settings.unwrap_or_else(|| world.spec.clients[n].settings.clone());
    for campaign in &mut campaigns {
        if campaign.status == CampaignStatus::Paused {
            campaign.status = CampaignStatus::Active;
        }
    }
    if campaigns.iter().all(|campaign| campaign.status != CampaignStatus::Active)
        && let Some(first) = campaigns.first_mut()
    {
        first.status = CampaignStatus::Active;
    }
    world.write_settings(n, Some(&settings), &campaigns, false);
    hold(world, n, false);
}

/// A release of before writes every lead once in its own form.
fn deploy(world: &World) {
    world.trace.note(format_args!("a release of before writes every lead"));
    for stored in world.store.all_leads() {
        if let Some(lead) = older(&stored.lead) {
            let _ = world.store.save(&lead, Some(stored.rev), SideWrites::default()).now_or_never();
        }
    }
    for n in 0..world.spec.clients.len() {
        let id = &world.spec.clients[n].settings.id;
        if let Some(client) = world.stored(id)
            && let Some(older) = older(&client)
        {
            let _ = world.store.set_sending(id, &client.sending, &older.sending).now_or_never();
        }
    }
}
