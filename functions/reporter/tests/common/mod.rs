//! The smallest world that a reporter can run in: every port over plain maps, and a clock that is set.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod days;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use leadline::{
    domain::{
        Instant,
        audit::AuditEvent,
        campaign::{Campaign, Plan},
        client::{Client, Sending, SettingsProblem},
        email::EmailAddress,
        event::{EventKey, EventOutcome, RawEvent, Source},
        ids::{AuditId, CampaignId, ClientId, FormId, LeadId},
        lead::Lead,
        phone::PhoneNumber,
        profile::Profile,
        refusals::{Refused, RefusedCounts},
    },
    integrations,
    ports::{
        AttentionList, ClientEntry, Clock, Directory, DueIndex, DueKind, DueWork, Email, EventStore, ForText, IdSource,
        Journal, JournalPage, LeadStore, Lease, Leases, MailError, Mailer, PhoneRecord, Receipt, Refusals, Rev,
        SideWrites, StoreError, StoreResult, StoredLead, TextKey, WaitingLead,
    },
};
use leadline_reporter::Deps;
use leadline_standins::{feed::ListedForms, memory::MemoryStore};
use ulid::Ulid;

/// Everything that the ports give and take.
#[derive(Default)]
pub struct State {
    pub clients: Vec<(ClientEntry, Result<Client, String>)>,
    pub campaigns: Vec<Campaign>,
    pub leads: BTreeMap<LeadId, (Lead, Profile)>,
    pub due: Vec<DueWork>,
    pub events: Vec<AuditEvent>,
    pub once: BTreeMap<(ClientId, String), (Instant, Option<String>)>,
    pub mails: Vec<Email>,
    pub now: Instant,
    pub made: u128,
    /// Clients whose audit cannot be read.
    pub broken: BTreeSet<ClientId>,
    /// Clients whose settings make the code panic.
    pub explosive: BTreeSet<ClientId>,
    /// Raw events, and calls that were refused.
    pub stored: MemoryStore,
    /// Emails that are refused.
    pub refuse_mails: u32,
    /// Whether leads and due work cannot be read.
    pub blind: bool,
    /// What the due index shows once, before it shows `due`.
    pub due_at_first: Option<Vec<DueWork>>,
}

/// A world. Clones are the same one.
#[derive(Clone, Default)]
pub struct World(Arc<Mutex<State>>);

impl World {
    pub fn at(now: Instant) -> Self {
        let world = Self::default();
        world.state().now = now;
        world
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("the world")
    }

    pub fn deps(&self) -> Deps {
        let all = Arc::new(self.clone());
        Deps {
            read: integrations::read,
            store: all.clone(),
            feed: Arc::new(ListedForms::new()),
            mailer: all.clone(),
            clock: all.clone(),
            ids: all,
            receipts_come: false,
        }
    }

    pub fn add_client(&self, client: Client) {
        let entry = ClientEntry { id: client.id.clone(), admin_email: client.admin_email.clone() };
        self.state().clients.push((entry, Ok(client)));
    }

    pub fn subjects(&self) -> Vec<String> {
        self.state().mails.iter().map(|mail| mail.subject.clone()).collect()
    }
}

fn broken(what: &str) -> StoreError {
    StoreError::Unavailable(what.into())
}

impl Clock for World {
    fn now(&self) -> Instant {
        self.state().now
    }
}

impl IdSource for World {
    fn new_id(&self, at: Instant) -> Ulid {
        let mut state = self.state();
        state.made += 1;
        Ulid::from_parts(u64::try_from(at.timestamp_millis()).expect("after 1970"), state.made)
    }
}

#[async_trait]
impl Directory for World {
    async fn clients(&self) -> StoreResult<Vec<ClientEntry>> {
        Ok(self.state().clients.iter().map(|(entry, _)| entry.clone()).collect())
    }
    async fn client(&self, id: &ClientId) -> StoreResult<Result<Client, SettingsProblem>> {
        let state = self.state();
        let explode = state.explosive.contains(id);
        let found = state.clients.iter().find(|(entry, _)| entry.id == *id).map(|(_, client)| client.clone());
        drop(state);
        assert!(!explode, "a planted panic");
        Ok(found.ok_or(SettingsProblem::Missing).and_then(|client| client.map_err(SettingsProblem::Unreadable)))
    }
    async fn campaigns(&self, _: &ClientId) -> StoreResult<Vec<Campaign>> {
        Ok(self.state().campaigns.clone())
    }
    async fn campaign_of_form(&self, _: &ClientId, _: &FormId) -> StoreResult<Option<Campaign>> {
        Ok(None)
    }
    async fn plan(&self, _: &ClientId, id: &CampaignId, version: u32) -> StoreResult<Option<Plan>> {
        let state = self.state();
        let found = state.campaigns.iter().find(|campaign| campaign.id == *id && campaign.version >= version);
        Ok(found.map(|campaign| Plan { version, ..campaign.plan() }))
    }
    async fn set_sending(&self, _: &ClientId, _: &Sending, _: &Sending) -> StoreResult<bool> {
        Err(broken("the reporter holds nobody"))
    }
    async fn adopt(&self, _: &ClientId, _: &Sending) -> StoreResult<()> {
        Err(broken("the reporter adopts nothing"))
    }
    async fn put_client(&self, _: &Client) -> StoreResult<()> {
        Err(broken("the reporter writes no settings"))
    }
    async fn change_client(&self, _: &Client, _: &Client) -> StoreResult<()> {
        Err(broken("the reporter writes no settings"))
    }
    async fn put_campaign(&self, _: &ClientId, _: &Campaign, _: Option<&Campaign>) -> StoreResult<()> {
        Err(broken("the reporter writes no settings"))
    }
}

#[async_trait]
impl LeadStore for World {
    async fn read_for_text(&self, _: &TextKey) -> StoreResult<ForText> {
        Err(broken("the reporter decides on no text"))
    }
    async fn lead(&self, _: &ClientId, _: LeadId) -> StoreResult<Option<StoredLead>> {
        Ok(None)
    }
    async fn leads(&self, _: &ClientId, ids: &[LeadId]) -> StoreResult<Vec<StoredLead>> {
        let state = self.state();
        if state.blind {
            return Err(broken("planted"));
        }
        let read = |id| {
            state.leads.get(id).map(|(lead, profile)| StoredLead {
                rev: Rev(1),
                lead: lead.clone(),
                profile: profile.clone(),
            })
        };
        Ok(ids.iter().filter_map(read).collect())
    }
    async fn phone(&self, _: &ClientId, _: &PhoneNumber) -> StoreResult<PhoneRecord> {
        Ok(PhoneRecord::default())
    }
    async fn lead_of_email(&self, _: &ClientId, _: &EmailAddress) -> StoreResult<Option<LeadId>> {
        Ok(None)
    }
    async fn save(&self, _: &Lead, _: Option<Rev>, _: SideWrites) -> StoreResult<Rev> {
        Err(broken("the reporter writes no leads"))
    }
    async fn journey(&self, _: &ClientId, _: LeadId, _: Instant) -> StoreResult<Vec<AuditEvent>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl DueIndex for World {
    async fn due_of(&self, _: &ClientId, kind: DueKind, until: Instant, limit: usize) -> StoreResult<Vec<DueWork>> {
        let mut state = self.state();
        if state.blind {
            return Err(broken("planted"));
        }
        // A reading asks for leads, then for events: the second ends what was planted for the first.
        let planted = match kind {
            DueKind::Leads => state.due_at_first.clone(),
            DueKind::Events => state.due_at_first.take(),
        };
        let due = planted.unwrap_or_else(|| state.due.clone());
        Ok(due.into_iter().filter(|work| work.kind() == kind && work.since() <= until).take(limit).collect())
    }
    async fn parked_for(&self, _: &ClientId, _: Option<&CampaignId>) -> StoreResult<Option<CampaignId>> {
        Err(broken("the reporter puts nobody back"))
    }
    async fn parked(&self, _: &ClientId, _: &CampaignId, _: Option<Instant>, _: usize) -> StoreResult<Vec<LeadId>> {
        Err(broken("the reporter puts nobody back"))
    }
}

#[async_trait]
impl AttentionList for World {
    async fn waiting(&self, _: &ClientId, limit: usize) -> StoreResult<Vec<WaitingLead>> {
        let state = self.state();
        if state.blind {
            return Err(broken("planted"));
        }
        let listed = |(lead, _): &(Lead, Profile)| {
            lead.attention().map(|waits| WaitingLead { lead: lead.id, needs: waits.needs })
        };
        let mut all: Vec<_> = state.leads.values().filter_map(listed).collect();
        all.sort_by_key(|waiting| (waiting.since(), waiting.lead));
        all.truncate(limit);
        Ok(all)
    }
    async fn untold(&self, _: &ClientId, _: usize) -> StoreResult<Vec<WaitingLead>> {
        Err(broken("the reporter tells of no reply at once"))
    }
}

fn millis(at: Instant) -> u64 {
    u64::try_from(at.timestamp_millis()).expect("after 1970")
}

/// Small, so that every test turns pages.
const PAGE: usize = 7;

#[async_trait]
impl Journal for World {
    async fn record_once(&self, _: &AuditEvent) -> StoreResult<bool> {
        Err(broken("the reporter records what it did, and no text"))
    }
    async fn recorded(&self, _: &ClientId, _: LeadId, _: AuditId) -> StoreResult<Option<AuditEvent>> {
        Err(broken("the reporter reads days, not single events"))
    }
    async fn record(&self, events: &[AuditEvent]) -> StoreResult<()> {
        self.state().events.extend_from_slice(events);
        Ok(())
    }
    async fn happened(
        &self,
        client: &ClientId,
        from: Instant,
        until: Instant,
        page: Option<String>,
    ) -> StoreResult<JournalPage> {
        let state = self.state();
        if state.broken.contains(client) {
            return Err(broken("planted"));
        }
        let skip: usize = page.map_or(0, |page| page.parse().expect("a page"));
        let mut found: Vec<_> = state
            .events
            .iter()
            .filter(|e| e.client == *client && (millis(from)..millis(until)).contains(&e.id.0.timestamp_ms()))
            .cloned()
            .collect();
        found.sort_by_key(|event| event.id);
        let next = (found.len() > skip + PAGE).then(|| (skip + PAGE).to_string());
        Ok(JournalPage { events: found.into_iter().skip(skip).take(PAGE).collect(), next })
    }
}

#[async_trait]
impl Leases for World {
    async fn claim(&self, client: &ClientId, what: &str, now: Instant, lease_until: Instant) -> StoreResult<Lease> {
        // Whoever runs beside this one has its chance before and after.
        tokio::task::yield_now().await;
        let turn = {
            let mut state = self.state();
            match state.once.get_mut(&(client.clone(), what.to_owned())) {
                Some((_, Some(_))) => Lease::Completed,
                Some((lease, None)) if *lease > now => Lease::HeldElsewhere,
                Some((lease, None)) => {
                    *lease = lease_until;
                    Lease::Reacquired
                }
                None => {
                    state.once.insert((client.clone(), what.to_owned()), (lease_until, None));
                    Lease::Acquired
                }
            }
        };
        tokio::task::yield_now().await;
        Ok(turn)
    }
    async fn finish(&self, client: &ClientId, what: &str, note: &str) -> StoreResult<()> {
        let key = (client.clone(), what.to_owned());
        self.state().once.entry(key).or_insert((Instant::UNIX_EPOCH, None)).1 = Some(note.to_owned());
        Ok(())
    }
    async fn note(&self, client: &ClientId, what: &str) -> StoreResult<Option<String>> {
        Ok(self.state().once.get(&(client.clone(), what.to_owned())).and_then(|(_, note)| note.clone()))
    }
}

#[async_trait]
impl Mailer for World {
    async fn send(&self, email: &Email) -> Result<(), MailError> {
        tokio::task::yield_now().await;
        let mut state = self.state();
        if state.refuse_mails > 0 {
            state.refuse_mails -= 1;
            return Err(MailError("planted".to_owned()));
        }
        state.mails.push(email.clone());
        Ok(())
    }
}

#[async_trait]
impl EventStore for World {
    async fn receive(&self, event: &RawEvent, audit: AuditEvent) -> StoreResult<Receipt> {
        let stored = self.state().stored.clone();
        stored.receive(event, audit).await
    }

    async fn event(&self, client: &ClientId, key: &EventKey) -> StoreResult<Option<RawEvent>> {
        let stored = self.state().stored.clone();
        stored.event(client, key).await
    }

    async fn conclude(&self, outcome: &EventOutcome, audit: Vec<AuditEvent>) -> StoreResult<()> {
        let stored = self.state().stored.clone();
        stored.conclude(outcome, audit).await
    }
}

#[async_trait]
impl Refusals for World {
    async fn count_refused(
        &self,
        client: &ClientId,
        source: Source,
        at: Instant,
        more: RefusedCounts,
    ) -> StoreResult<()> {
        let stored = self.state().stored.clone();
        stored.count_refused(client, source, at, more).await
    }

    async fn refused(&self, client: &ClientId, from: Instant, until: Instant) -> StoreResult<Refused> {
        let stored = self.state().stored.clone();
        stored.refused(client, from, until).await
    }
}
