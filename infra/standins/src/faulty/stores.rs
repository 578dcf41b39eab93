//! The stores, broken on demand: every error is [`StoreError::Unavailable`](leadline::ports::StoreError).

use async_trait::async_trait;
use leadline::domain::{
    Instant,
    audit::AuditEvent,
    campaign::{Campaign, Plan},
    client::{Client, Sending, SettingsProblem},
    contact_status::ListedOptOut,
    counts::Counts,
    email::EmailAddress,
    ids::{AuditId, CampaignId, ClientId, FormId, LeadId, RunId},
    lead::Lead,
    phone::PhoneNumber,
    refusals::{Refused, RefusedCounts},
};
use leadline::{
    domain::event::{EventKey, EventOutcome, RawEvent, Source},
    ports::{
        AttentionList, Budget, Census, ClientEntry, Directory, DueIndex, DueKind, DueWork, EventStore, ForText,
        Journal, JournalPage, LeadStore, Lease, Leases, OptOuts, PhoneRecord, Receipt, Refusals, RequestLimits, Rev,
        SideWrites, StoreResult, StoredLead, TextKey, WaitingLead,
    },
};

use super::{Faulty, read, unavailable, write};

#[async_trait]
impl<S: Directory + ?Sized> Directory for Faulty<S> {
    async fn clients(&self) -> StoreResult<Vec<ClientEntry>> {
        self.run(read("Directory", "clients", None), || self.inner.clients(), unavailable).await
    }

    async fn client(&self, id: &ClientId) -> StoreResult<Result<Client, SettingsProblem>> {
        self.run(read("Directory", "client", None), || self.inner.client(id), unavailable).await
    }

    async fn campaigns(&self, client: &ClientId) -> StoreResult<Vec<Campaign>> {
        self.run(read("Directory", "campaigns", None), || self.inner.campaigns(client), unavailable).await
    }

    async fn campaign_of_form(&self, client: &ClientId, form: &FormId) -> StoreResult<Option<Campaign>> {
        let call = read("Directory", "campaign_of_form", None);
        self.run(call, || self.inner.campaign_of_form(client, form), unavailable).await
    }

    async fn plan(&self, client: &ClientId, campaign: &CampaignId, version: u32) -> StoreResult<Option<Plan>> {
        let call = read("Directory", "plan", None);
        self.run(call, || self.inner.plan(client, campaign, version), unavailable).await
    }

    async fn set_sending(&self, client: &ClientId, expected: &Sending, new: &Sending) -> StoreResult<bool> {
        let call = write("Directory", "set_sending", None);
        self.run(call, || self.inner.set_sending(client, expected, new), unavailable).await
    }

    async fn adopt(&self, client: &ClientId, sending: &Sending) -> StoreResult<()> {
        self.run(write("Directory", "adopt", None), || self.inner.adopt(client, sending), unavailable).await
    }

    async fn put_client(&self, client: &Client) -> StoreResult<()> {
        self.run(write("Directory", "put_client", None), || self.inner.put_client(client), unavailable).await
    }

    async fn change_client(&self, over: &Client, new: &Client) -> StoreResult<()> {
        self.run(write("Directory", "change_client", None), || self.inner.change_client(over, new), unavailable).await
    }

    async fn put_campaign(&self, client: &ClientId, campaign: &Campaign, over: Option<&Campaign>) -> StoreResult<()> {
        let call = write("Directory", "put_campaign", None);
        self.run(call, || self.inner.put_campaign(client, campaign, over), unavailable).await
    }
}

#[async_trait]
impl<S: LeadStore + ?Sized> LeadStore for Faulty<S> {
    async fn read_for_text(&self, key: &TextKey) -> StoreResult<ForText> {
        let call = read("LeadStore", "read_for_text", Some(key.lead));
        self.run(call, || self.inner.read_for_text(key), unavailable).await
    }

    async fn lead(&self, client: &ClientId, id: LeadId) -> StoreResult<Option<StoredLead>> {
        self.run(read("LeadStore", "lead", Some(id)), || self.inner.lead(client, id), unavailable).await
    }

    async fn leads(&self, client: &ClientId, ids: &[LeadId]) -> StoreResult<Vec<StoredLead>> {
        self.run(read("LeadStore", "leads", None), || self.inner.leads(client, ids), unavailable).await
    }

    async fn phone(&self, client: &ClientId, phone: &PhoneNumber) -> StoreResult<PhoneRecord> {
        self.run(read("LeadStore", "phone", None), || self.inner.phone(client, phone), unavailable).await
    }

    async fn lead_of_email(&self, client: &ClientId, email: &EmailAddress) -> StoreResult<Option<LeadId>> {
        let call = read("LeadStore", "lead_of_email", None);
        self.run(call, || self.inner.lead_of_email(client, email), unavailable).await
    }

    async fn save(&self, lead: &Lead, read_at: Option<Rev>, also: SideWrites) -> StoreResult<Rev> {
        let call = write("LeadStore", "save", Some(lead.id));
        self.run(call, || self.inner.save(lead, read_at, also.clone()), unavailable).await
    }

    async fn journey(&self, client: &ClientId, id: LeadId, since: Instant) -> StoreResult<Vec<AuditEvent>> {
        self.run(read("LeadStore", "journey", Some(id)), || self.inner.journey(client, id, since), unavailable).await
    }
}

#[async_trait]
impl<S: Census + ?Sized> Census for Faulty<S> {
    async fn lead_ids(&self, client: &ClientId, after: Option<LeadId>, limit: usize) -> StoreResult<Vec<LeadId>> {
        let call = read("Census", "lead_ids", None);
        self.run(call, || self.inner.lead_ids(client, after, limit), unavailable).await
    }

    async fn counts(&self, client: &ClientId, campaign: &CampaignId) -> StoreResult<Counts> {
        self.run(read("Census", "counts", None), || self.inner.counts(client, campaign), unavailable).await
    }

    async fn correct(
        &self,
        client: &ClientId,
        campaign: &CampaignId,
        seen: &Counts,
        right: &Counts,
    ) -> StoreResult<()> {
        let call = write("Census", "correct", None);
        self.run(call, || self.inner.correct(client, campaign, seen, right), unavailable).await
    }
}

#[async_trait]
impl<S: DueIndex + ?Sized> DueIndex for Faulty<S> {
    async fn due_of(
        &self,
        client: &ClientId,
        kind: DueKind,
        until: Instant,
        limit: usize,
    ) -> StoreResult<Vec<DueWork>> {
        let call = read("DueIndex", "due_of", None);
        self.run(call, || self.inner.due_of(client, kind, until, limit), unavailable).await
    }

    async fn parked_for(&self, client: &ClientId, after: Option<&CampaignId>) -> StoreResult<Option<CampaignId>> {
        self.run(read("DueIndex", "parked_for", None), || self.inner.parked_for(client, after), unavailable).await
    }

    async fn parked(
        &self,
        client: &ClientId,
        campaign: &CampaignId,
        until: Option<Instant>,
        limit: usize,
    ) -> StoreResult<Vec<LeadId>> {
        let call = read("DueIndex", "parked", None);
        self.run(call, || self.inner.parked(client, campaign, until, limit), unavailable).await
    }
}

#[async_trait]
impl<S: AttentionList + ?Sized> AttentionList for Faulty<S> {
    async fn waiting(&self, client: &ClientId, limit: usize) -> StoreResult<Vec<WaitingLead>> {
        let call = read("AttentionList", "waiting", None);
        self.run(call, || self.inner.waiting(client, limit), unavailable).await
    }

    async fn untold(&self, client: &ClientId, limit: usize) -> StoreResult<Vec<WaitingLead>> {
        self.run(read("AttentionList", "untold", None), || self.inner.untold(client, limit), unavailable).await
    }
}

#[async_trait]
impl<S: Budget + ?Sized> Budget for Faulty<S> {
    async fn reserve(&self, client: &ClientId, hour: Instant, limit: u32, wanted: u32, run: RunId) -> StoreResult<u32> {
        let call = write("Budget", "reserve", None);
        self.run(call, || self.inner.reserve(client, hour, limit, wanted, run), unavailable).await
    }
}

#[async_trait]
impl<S: RequestLimits + ?Sized> RequestLimits for Faulty<S> {
    async fn admit(&self, client: &ClientId, at: Instant, limit: u32) -> StoreResult<bool> {
        self.run(write("RequestLimits", "admit", None), || self.inner.admit(client, at, limit), unavailable).await
    }
}

#[async_trait]
impl<S: Refusals + ?Sized> Refusals for Faulty<S> {
    async fn count_refused(
        &self,
        client: &ClientId,
        source: Source,
        at: Instant,
        more: RefusedCounts,
    ) -> StoreResult<()> {
        let count = || self.inner.count_refused(client, source, at, more);
        self.run(write("Refusals", "count_refused", None), count, unavailable).await
    }

    async fn refused(&self, client: &ClientId, from: Instant, until: Instant) -> StoreResult<Refused> {
        self.run(read("Refusals", "refused", None), || self.inner.refused(client, from, until), unavailable).await
    }
}

#[async_trait]
impl<S: OptOuts + ?Sized> OptOuts for Faulty<S> {
    async fn opt_outs(&self, client: &ClientId) -> StoreResult<Vec<ListedOptOut>> {
        self.run(read("OptOuts", "opt_outs", None), || self.inner.opt_outs(client), unavailable).await
    }
}

#[async_trait]
impl<S: EventStore + ?Sized> EventStore for Faulty<S> {
    async fn receive(&self, event: &RawEvent, audit: AuditEvent) -> StoreResult<Receipt> {
        let call = write("EventStore", "receive", None);
        self.run(call, || self.inner.receive(event, audit.clone()), unavailable).await
    }

    async fn event(&self, client: &ClientId, key: &EventKey) -> StoreResult<Option<RawEvent>> {
        self.run(read("EventStore", "event", None), || self.inner.event(client, key), unavailable).await
    }

    async fn conclude(&self, outcome: &EventOutcome, audit: Vec<AuditEvent>) -> StoreResult<()> {
        let call = write("EventStore", "conclude", None);
        self.run(call, || self.inner.conclude(outcome, audit.clone()), unavailable).await
    }
}

#[async_trait]
impl<S: Journal + ?Sized> Journal for Faulty<S> {
    async fn record(&self, events: &[AuditEvent]) -> StoreResult<()> {
        let lead = events.first().and_then(|event| event.lead);
        self.run(write("Journal", "record", lead), || self.inner.record(events), unavailable).await
    }

    async fn record_once(&self, event: &AuditEvent) -> StoreResult<bool> {
        let call = write("Journal", "record_once", event.lead);
        self.run(call, || self.inner.record_once(event), unavailable).await
    }

    async fn recorded(&self, client: &ClientId, lead: LeadId, id: AuditId) -> StoreResult<Option<AuditEvent>> {
        let call = read("Journal", "recorded", Some(lead));
        self.run(call, || self.inner.recorded(client, lead, id), unavailable).await
    }

    async fn happened(
        &self,
        client: &ClientId,
        from: Instant,
        until: Instant,
        page: Option<String>,
    ) -> StoreResult<JournalPage> {
        let call = read("Journal", "happened", None);
        self.run(call, || self.inner.happened(client, from, until, page.clone()), unavailable).await
    }
}

#[async_trait]
impl<S: Leases + ?Sized> Leases for Faulty<S> {
    async fn claim(&self, client: &ClientId, what: &str, now: Instant, lease_until: Instant) -> StoreResult<Lease> {
        let call = write("Leases", "claim", None);
        self.run(call, || self.inner.claim(client, what, now, lease_until), unavailable).await
    }

    async fn finish(&self, client: &ClientId, what: &str, note: &str) -> StoreResult<()> {
        self.run(write("Leases", "finish", None), || self.inner.finish(client, what, note), unavailable).await
    }

    async fn note(&self, client: &ClientId, what: &str) -> StoreResult<Option<String>> {
        self.run(read("Leases", "note", None), || self.inner.note(client, what), unavailable).await
    }
}
