//! The store in memory, with the semantics that `leadline::ports` promises: what the simulation runs
//! on, and the plain model that the DynamoDB store is held against. It loses everything at its end,
//! and it never fails by itself.

mod erasures;
mod journal;
mod leads;
mod settings;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leadline::domain::{
    Instant,
    audit::AuditEvent,
    batch_job::BatchJob,
    campaign::{Campaign, Plan},
    client::Client,
    contact_status::ListedOptOut,
    counts::Counts,
    email::EmailAddress,
    erasure::ErasureRecord,
    ids::{AuditId, CampaignId, ClientId, FormId, LeadId},
    lead::Attention,
    phone::PhoneNumber,
    refusals::RefusedCounts,
};
use leadline::{
    domain::event::{EventKey, RawEvent},
    ports::{ClientEntry, PhoneRecord, StoredLead},
};

/// All stores in one. Clones share what is stored.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    tenants: BTreeMap<ClientId, Tenant>,
}

/// Everything of one client; no call reads or writes that of another.
#[derive(Default)]
struct Tenant {
    entry: Option<ClientEntry>,
    settings: Option<Settings>,
    campaigns: BTreeMap<CampaignId, Campaign>,
    plans: BTreeMap<(CampaignId, u32), Plan>,
    forms: BTreeMap<FormId, CampaignId>,
    leads: BTreeMap<LeadId, StoredLead>,
    phones: BTreeMap<PhoneNumber, PhoneRecord>,
    opt_outs: BTreeMap<PhoneNumber, ListedOptOut>,
    emails: BTreeMap<EmailAddress, LeadId>,
    due: BTreeSet<(Instant, DueKey)>,
    parked: BTreeSet<(CampaignId, Instant, LeadId)>,
    attention: BTreeMap<(Instant, LeadId), Attention>,
    hours: BTreeMap<i64, work::Hour>,
    requests: BTreeMap<i64, u32>,
    refused: BTreeMap<(i64, &'static str), RefusedCounts>,
    events: BTreeMap<EventKey, RawEvent>,
    journal: BTreeMap<AuditId, AuditEvent>,
    journeys: BTreeMap<LeadId, BTreeSet<AuditId>>,
    marks: BTreeMap<String, work::Mark>,
    counts: BTreeMap<CampaignId, Counts>,
    walks: BTreeMap<String, BatchJob>,
    erasures: BTreeMap<LeadId, ErasureRecord>,
}

enum Settings {
    Readable(Box<Client>),
    Unreadable(String),
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum DueKey {
    Lead(LeadId),
    Event(EventKey),
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a client there whose settings cannot be read, listed with whom to tell.
    pub fn put_unreadable_client(&self, id: &ClientId, admin_email: &EmailAddress, why: &str) {
        let mut state = self.state();
        let tenant = state.tenant(id);
        tenant.entry = Some(ClientEntry { id: id.clone(), admin_email: admin_email.clone() });
        tenant.settings = Some(Settings::Unreadable(why.to_owned()));
    }

    /// Every lead of every client, by client and id.
    #[must_use]
    pub fn all_leads(&self) -> Vec<StoredLead> {
        self.state().tenants.values().flat_map(|tenant| tenant.leads.values().cloned()).collect()
    }

    /// How many leads there are, of all clients.
    #[must_use]
    pub fn lead_count(&self) -> usize {
        self.state().tenants.values().map(|tenant| tenant.leads.len()).sum()
    }

    /// How many raw events there are, of all clients.
    #[must_use]
    pub fn event_count(&self) -> usize {
        self.state().tenants.values().map(|tenant| tenant.events.len()).sum()
    }

    /// How many audit events there are, of all clients.
    #[must_use]
    pub fn audit_count(&self) -> usize {
        self.state().tenants.values().map(|tenant| tenant.journal.len()).sum()
    }

    /// Runs `read` on what is stored of one client.
    fn read<T: Default>(&self, client: &ClientId, read: impl FnOnce(&Tenant) -> T) -> T {
        self.state().tenants.get(client).map(read).unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn tenant(&mut self, client: &ClientId) -> &mut Tenant {
        self.tenants.entry(client.clone()).or_default()
    }
}
