//! What the flows need from outside, as narrow traits. Each has at least two implementations, and one
//! contract suite that all of them pass.

pub mod inbound;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use domain::{
    Instant,
    audit::AuditEvent,
    campaign::{Campaign, Plan},
    client::{Client, Sending, SettingsProblem},
    counts::Counts,
    email::EmailAddress,
    erasure::ErasureRecord,
    event::{EventKey, EventOutcome, Proof, RawEvent, Source},
    ids::{AuditId, CampaignId, ClientId, FormId, LeadId, RunId},
    incoming::ListedForm,
    job::Job,
    lead::{Lead, Need},
    message::{ClaimedText, ListedText, SendOutcome},
    phone::PhoneNumber,
    profile::Profile,
    refusals::{Refused, RefusedCounts},
    standing::{Lifted, ListedOptOut, OptOut, Standing},
    walk::Walk,
};

/// Where the time comes from. Read once per message or request, then passed on.
pub trait Clock: Send + Sync {
    /// The moment.
    fn now(&self) -> Instant;
}

/// Where new identifiers come from.
pub trait IdSource: Send + Sync {
    /// A new identifier whose time part is `at`. Sorts after the ones made for earlier moments.
    fn new_id(&self, at: Instant) -> ulid::Ulid;
}

/// A store could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What stood there was not what the write expected. Nothing was written.
    #[error("something else was written in between")]
    Conflict,
    /// A stored item cannot be read by this release.
    #[error("a stored item cannot be read: {0}")]
    Unreadable(String),
    /// The store did not answer, or not as it should. Whether a write took effect is not known.
    #[error("the store failed: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What the store gives back.
pub type StoreResult<T> = Result<T, StoreError>;

/// The revision that a lead was read at. A write under an older one is a [`StoreError::Conflict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rev(pub u64);

/// A lead as it was read, with its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLead {
    /// Its revision.
    pub rev: Rev,
    /// The lead.
    pub lead: Lead,
    /// Its data.
    pub profile: Profile,
}

/// A client's entry in the list of clients: what is known even when its settings cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientEntry {
    /// Its id.
    pub id: ClientId,
    /// Whom to tell when the settings cannot be read.
    pub admin_email: EmailAddress,
}

/// Settings: clients and campaigns.
#[async_trait]
pub trait Directory: Send + Sync {
    /// All clients.
    async fn clients(&self) -> StoreResult<Vec<ClientEntry>>;
    /// One client's settings. The inner error says what is wrong with the record.
    async fn client(&self, id: &ClientId) -> StoreResult<Result<Client, SettingsProblem>>;
    /// All campaigns of one client.
    async fn campaigns(&self, client: &ClientId) -> StoreResult<Vec<Campaign>>;
    /// The campaign that a form enrolls into.
    async fn campaign_of_form(&self, client: &ClientId, form: &FormId) -> StoreResult<Option<Campaign>>;
    /// One version of a campaign's texts.
    async fn plan(&self, client: &ClientId, campaign: &CampaignId, version: u32) -> StoreResult<Option<Plan>>;
    /// Puts a client's sending on hold or lifts the hold, if it is as `expected` still, and leaves its
    /// other settings as they are. Gives whether it was.
    async fn set_sending(&self, client: &ClientId, expected: &Sending, new: &Sending) -> StoreResult<bool>;
    /// Says, in a store that is a restored copy of another, that this one counts from now on, with the
    /// client's sending as given. Until then sending is on hold in a copy.
    async fn adopt(&self, client: &ClientId, sending: &Sending) -> StoreResult<()>;
    /// Writes a client's settings, and its entry in the list. Of a client that is known, `sending`
    /// stays as it stands: only [`set_sending`](Self::set_sending) changes it.
    async fn put_client(&self, client: &Client) -> StoreResult<()>;
    /// Writes a client's settings over those that were read. A conflict if they do not stand as `over`
    /// any more. `sending` stays as it stands.
    async fn change_client(&self, over: &Client, new: &Client) -> StoreResult<()>;
    /// Writes a campaign, its version, and its forms over what was read (`None`: there was none). A
    /// conflict if the campaign does not stand as `over` any more, or if a form is another campaign's.
    async fn put_campaign(&self, client: &ClientId, campaign: &Campaign, over: Option<&Campaign>) -> StoreResult<()>;
}

/// What one text is decided from: keys of everything that [`LeadStore::read_for_text`] reads at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextKey {
    /// The client.
    pub client: ClientId,
    /// The lead.
    pub lead: LeadId,
    /// The campaign.
    pub campaign: CampaignId,
    /// The version of the campaign that the enrollment is pinned to.
    pub version: u32,
}

/// Everything that a decision on a text needs, read at once and strongly consistent.
#[derive(Debug, Clone)]
pub struct ForText {
    /// The client's settings, or what is wrong with them.
    pub client: Result<Client, SettingsProblem>,
    /// The campaign, if it is there.
    pub campaign: Option<Campaign>,
    /// The pinned version, if it is there.
    pub plan: Option<Plan>,
    /// The lead, if it is there.
    pub lead: Option<StoredLead>,
}

/// What else is written together with a lead, all or nothing.
#[derive(Debug, Clone, Default)]
pub struct Also {
    /// The lead's data, when it changed.
    pub profile: Option<Profile>,
    /// A no, which is kept with the lead's number, and in the client's list.
    pub opt_out: Option<OptOut>,
    /// A no that is taken back: it leaves the lead's number, and stays in the client's list as lifted.
    pub lifted: Option<(OptOut, Lifted)>,
    /// What happened, for the audit.
    pub audit: Vec<AuditEvent>,
    /// The raw event that this write works through to its end.
    pub event: Option<EventOutcome>,
    /// Whether the lead keeps what is [uncounted](Lead::uncounted) for a later save, so that this one stays
    /// a single write.
    pub count_later: bool,
}

impl Also {
    /// What the client's list of opt-outs says of a number once this is written, if it changes: the no
    /// that stands, which may be an older one with the first proof, or the one that is lifted.
    #[must_use]
    pub fn listed(&self, lead: &Lead, phone: &PhoneNumber) -> Option<ListedOptOut> {
        let (opt_out, lifted) = match (&self.opt_out, &self.lifted, &lead.standing) {
            (Some(_), _, Standing::OptedOut(stands)) => (stands.clone(), None),
            (Some(said), _, Standing::Open | Standing::Held { .. }) => (said.clone(), None),
            (None, Some((no, lifted)), _) => (no.clone(), Some(lifted.clone())),
            (None, None, _) => return None,
        };
        Some(ListedOptOut { phone: phone.clone(), opt_out, lifted })
    }

    /// The raw event as this write concludes it, with what it is kept as a proof of.
    #[must_use]
    pub fn concluded(&self) -> Option<EventOutcome> {
        let mut outcome = self.event.clone()?;
        let consent = self.profile.as_ref().and_then(|profile| profile.consent.as_ref());
        if self.opt_out.is_some() || self.lifted.is_some() {
            outcome.event.proves = Some(Proof::OptOut);
        } else if consent.is_some_and(|consent| consent.event == outcome.event.key.0) {
            outcome.event.proves = Some(Proof::Consent);
        }
        Some(outcome)
    }
}

/// What is kept with a phone number, whoever's it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneRecord {
    /// The lead that has it.
    pub lead: Option<LeadId>,
    /// The no of the person behind it.
    pub opt_out: Option<OptOut>,
}

/// Leads, their data, and their numbers.
#[async_trait]
pub trait LeadStore: Send + Sync {
    /// Reads what a decision needs in one strongly consistent call.
    async fn read_for_text(&self, key: &TextKey) -> StoreResult<ForText>;
    /// One lead, strongly consistent.
    async fn lead(&self, client: &ClientId, id: LeadId) -> StoreResult<Option<StoredLead>>;
    /// Several leads. Missing ones are left out.
    async fn leads(&self, client: &ClientId, ids: &[LeadId]) -> StoreResult<Vec<StoredLead>>;
    /// What is kept with a number, strongly consistent.
    async fn phone(&self, client: &ClientId, phone: &PhoneNumber) -> StoreResult<PhoneRecord>;
    /// The lead with an email address.
    async fn lead_of_email(&self, client: &ClientId, email: &EmailAddress) -> StoreResult<Option<LeadId>>;
    /// Writes a lead over the revision it was read at (`None`: it is new), and with it what belongs
    /// to it. Its number and its address change only in a save that writes the profile too. A number or an address of another lead is a
    /// conflict; so is, in a save that writes the profile, an opt-out of the number that the lead does
    /// not know of. What the lead carries [uncounted](Lead::uncounted) moves the counters of its campaigns
    /// in the same write, and is not carried any more.
    async fn save(&self, lead: &Lead, read_at: Option<Rev>, also: Also) -> StoreResult<Rev>;
    /// Everything that happened to one lead since a moment, by the time in the events' ids, in order.
    async fn journey(&self, client: &ClientId, id: LeadId, since: Instant) -> StoreResult<Vec<AuditEvent>>;
}

/// Who there is, and how many.
#[async_trait]
pub trait Census: Send + Sync {
    /// The ids of a client's leads after one of them, oldest first, at most `limit`. Strongly consistent.
    async fn lead_ids(&self, client: &ClientId, after: Option<LeadId>, limit: usize) -> StoreResult<Vec<LeadId>>;
    /// What is counted of a campaign. Strongly consistent; somebody whose last text went out is counted by
    /// the next run.
    async fn counts(&self, client: &ClientId, campaign: &CampaignId) -> StoreResult<Counts>;
    /// Sets a campaign's counters right that say `seen` still and should say `right`.
    async fn correct(&self, client: &ClientId, campaign: &CampaignId, seen: &Counts, right: &Counts)
    -> StoreResult<()>;
}

/// Where walks over a client's leads have come to.
#[async_trait]
pub trait Walks: Send + Sync {
    /// A walk by its name, if there was one: the last, which may have ended.
    async fn walk(&self, client: &ClientId, name: &str) -> StoreResult<Option<Walk>>;
    /// Writes where a walk has come to, whatever stood there.
    async fn put_walk(&self, client: &ClientId, name: &str, walk: &Walk) -> StoreResult<()>;
}

/// A lead that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingLead {
    /// The lead.
    pub lead: LeadId,
    /// What it waits for, each since when, to the millisecond.
    pub needs: BTreeMap<Need, Instant>,
}

impl WaitingLead {
    /// Since when it waits for anything.
    #[must_use]
    pub fn since(&self) -> Option<Instant> {
        self.needs.values().min().copied()
    }
}

/// Who waits for a person: an index that the save of a lead keeps. A read may lag a moment behind.
#[async_trait]
pub trait AttentionList: Send + Sync {
    /// The leads that wait for a person, those first that have waited longest, at most `limit`.
    async fn waiting(&self, client: &ClientId, limit: usize) -> StoreResult<Vec<WaitingLead>>;
    /// Those of them with a reply that nobody was told of, in the same order, at most `limit`.
    async fn untold(&self, client: &ClientId, limit: usize) -> StoreResult<Vec<WaitingLead>>;
}

/// The opt-outs of a client, by number.
#[async_trait]
pub trait OptOuts: Send + Sync {
    /// Every number that has ever opted out with a client since its list is kept, by its last no,
    /// whether that stands or was lifted. Strongly consistent, in the order of the numbers.
    async fn opt_outs(&self, client: &ClientId) -> StoreResult<Vec<ListedOptOut>>;
}

/// A piece of due work of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DueWork {
    /// A lead has an enrollment that is due.
    Lead {
        /// The lead.
        id: LeadId,
        /// Since when.
        due: Instant,
    },
    /// A raw event was stored and not worked through to its end.
    Event {
        /// Its idempotency key.
        key: EventKey,
        /// Since when.
        due: Instant,
    },
}

/// The kinds of due work. Each has its own place in the index, so that neither hides the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueKind {
    /// Leads.
    Leads,
    /// Raw events, among which may be someone's no.
    Events,
}

impl DueWork {
    /// Since when.
    #[must_use]
    pub fn since(&self) -> Instant {
        match self {
            Self::Lead { due, .. } | Self::Event { due, .. } => *due,
        }
    }

    /// The lead, if it is one that is due.
    #[must_use]
    pub fn lead(&self) -> Option<LeadId> {
        match self {
            Self::Lead { id, .. } => Some(*id),
            Self::Event { .. } => None,
        }
    }

    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> DueKind {
        match self {
            Self::Lead { .. } => DueKind::Leads,
            Self::Event { .. } => DueKind::Events,
        }
    }
}

/// The due index.
#[async_trait]
pub trait DueIndex: Send + Sync {
    /// What of one kind is due by `until`, oldest first, at most `limit`.
    async fn due_of(&self, client: &ClientId, kind: DueKind, until: Instant, limit: usize)
    -> StoreResult<Vec<DueWork>>;

    /// The first campaign that leads are parked for, in the order of ids and after `after`.
    async fn parked_for(&self, client: &ClientId, after: Option<&CampaignId>) -> StoreResult<Option<CampaignId>>;

    /// The leads that are parked for a campaign and whose time has come by `until` (`None`: all), in the
    /// order of that time, at most `limit`.
    async fn parked(
        &self,
        client: &ClientId,
        campaign: &CampaignId,
        until: Option<Instant>,
        limit: usize,
    ) -> StoreResult<Vec<LeadId>>;

    /// What of either kind is due by `until`, oldest first, at most `limit`.
    async fn due(&self, client: &ClientId, until: Instant, limit: usize) -> StoreResult<Vec<DueWork>> {
        let mut all = self.due_of(client, DueKind::Leads, until, limit).await?;
        all.extend(self.due_of(client, DueKind::Events, until, limit).await?);
        all.sort_by_key(DueWork::since);
        all.truncate(limit);
        Ok(all)
    }
}

/// Allowances that runs share.
#[async_trait]
pub trait Budget: Send + Sync {
    /// Reserves up to `wanted` texts of this clock hour's `limit` for one run, and gives how many
    /// it got. Asked again by the same run it gives the same answer.
    async fn reserve(&self, client: &ClientId, hour: Instant, limit: u32, wanted: u32, run: RunId) -> StoreResult<u32>;
}

/// How many requests a client's own programs make.
#[async_trait]
pub trait RequestLimits: Send + Sync {
    /// Counts one request in the clock minute of `at`, unless `limit` were counted in it before. Gives
    /// whether it was.
    async fn admit(&self, client: &ClientId, at: Instant, limit: u32) -> StoreResult<bool>;
}

/// Calls that were turned away because nothing proved who made them.
#[async_trait]
pub trait Refusals: Send + Sync {
    /// Counts calls of one source, of a client that exists, in the clock hour of `at`. After a lost answer they may
    /// count twice.
    async fn count_refused(
        &self,
        client: &ClientId,
        source: Source,
        at: Instant,
        more: RefusedCounts,
    ) -> StoreResult<()>;
    /// What was counted in the clock hours from that of `from` up to `until`, by source.
    async fn refused(&self, client: &ClientId, from: Instant, until: Instant) -> StoreResult<Refused>;
}

/// Whether an event is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// It is, and was stored.
    New,
    /// It was stored before; nothing was written.
    Known,
}

/// Raw events.
#[async_trait]
pub trait EventStore: Send + Sync {
    /// Stores an event unless its key is known.
    async fn receive(&self, event: &RawEvent, audit: AuditEvent) -> StoreResult<Receipt>;
    /// One event.
    async fn event(&self, client: &ClientId, key: &EventKey) -> StoreResult<Option<RawEvent>>;
    /// Writes what came of an event and its audit, all or nothing. A conflict if the event does not stand
    /// as it was read any more: someone else worked on it.
    async fn conclude(&self, outcome: &EventOutcome, audit: Vec<AuditEvent>) -> StoreResult<()>;
}

/// A person whose words are gone, and whose numbers and addresses go last, in one write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emptied {
    /// The lead as it was read.
    pub stored: StoredLead,
    /// The lead as it is to stand.
    pub lead: Lead,
    /// Its data as it is to stand.
    pub profile: Profile,
    /// Its number and former ones, each once.
    pub phones: Vec<PhoneNumber>,
    /// Its email address and former ones, each once.
    pub emails: Vec<EmailAddress>,
    /// What is to be recorded.
    pub audit: AuditEvent,
}

/// What the last write of an erasure deleted or emptied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErasedItems {
    /// Numbers that lead nowhere any more, opted out or not.
    pub numbers: usize,
    /// Email addresses that lead nowhere any more.
    pub addresses: usize,
    /// Opt-outs that stay with their number, without their words.
    pub opt_outs: usize,
}

/// What only an erasure may do.
#[async_trait]
pub trait ErasureStore: Send + Sync {
    /// Writes the emptied lead over the revision at which it was read, and deletes the items of its numbers and
    /// addresses, all or nothing. An opt-out stays with its number, without its words. A number or an address that
    /// another lead has by now is left alone.
    async fn erase(&self, emptied: &Emptied) -> StoreResult<ErasedItems>;
    /// Deletes a raw event whose key itself names a person. A conflict if it does not stand as it was read.
    async fn delete_event(&self, event: &RawEvent) -> StoreResult<()>;
}

/// What was erased, remembered outside the history of the table: a restored backup brings nobody back.
#[async_trait]
pub trait ErasureLedger: Send + Sync {
    /// Remembers an erasure, in place of an earlier one of the same lead.
    async fn remember(&self, record: &ErasureRecord) -> StoreResult<()>;
    /// A client's erasures since a moment, strongly consistent, in the order of the leads' ids.
    async fn erasures(&self, client: &ClientId, since: Instant) -> StoreResult<Vec<ErasureRecord>>;
}

/// The audit.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Writes events. One written again under its id takes the place of the first.
    async fn record(&self, events: &[AuditEvent]) -> StoreResult<()>;
    /// Writes an event unless its id is taken. Gives whether it was new, as far as can be told after a
    /// lost answer.
    async fn record_once(&self, event: &AuditEvent) -> StoreResult<bool>;
    /// What was recorded about a lead under an id, strongly consistent.
    async fn recorded(&self, client: &ClientId, lead: LeadId, id: AuditId) -> StoreResult<Option<AuditEvent>>;
    /// A page of what happened to a client from `from` up to `until`, by the time in the events' ids, in order.
    async fn happened(
        &self,
        client: &ClientId,
        from: Instant,
        until: Instant,
        page: Option<String>,
    ) -> StoreResult<JournalPage>;
}

/// A page of the journal.
#[derive(Debug, Clone, Default)]
pub struct JournalPage {
    /// The events, in order.
    pub events: Vec<AuditEvent>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

/// Things of which there must be exactly one: a day's report, an alert of one cause.
#[async_trait]
pub trait Once: Send + Sync {
    /// Claims the right to do `what`. A claim whose holder did not finish within its lease can be
    /// claimed again, which [`Turn::Repeat`] says.
    async fn claim(&self, client: &ClientId, what: &str, now: Instant, lease_until: Instant) -> StoreResult<Turn>;
    /// Says that it was done, with a note that is kept (at most a few kilobytes).
    async fn finish(&self, client: &ClientId, what: &str, note: &str) -> StoreResult<()>;
    /// The note of something that was done.
    async fn note(&self, client: &ClientId, what: &str) -> StoreResult<Option<String>>;
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The caller's.
    Yours,
    /// The caller's, but someone began before and may have done it.
    Repeat,
    /// Someone is at it.
    Taken,
    /// It was done.
    Done,
}

/// The queue of texts.
#[async_trait]
pub trait TextQueue: Send + Sync {
    /// Puts jobs on the queue, each to be seen after its delay. Gives back those that were not taken.
    async fn enqueue(&self, jobs: Vec<(Job, std::time::Duration)>) -> Vec<Job>;
}

/// Jobs that come again at a moment of our choice.
#[async_trait]
pub trait Redelivery: Send + Sync {
    /// Hides a job that was received, and is not done, for `span` from now; at most twelve hours.
    ///
    /// # Errors
    /// Why not, in words. The job then comes again when the queue's own time for it is over.
    async fn put_off(&self, receipt: &str, span: std::time::Duration) -> Result<(), String>;
}

/// A job that only a person can go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its id, the same at every look.
    pub id: String,
    /// What it is deleted by. Another one at every look.
    pub receipt: String,
    /// The job, as it came. It may be no job at all.
    pub body: String,
    /// When it was first put on the queue.
    pub queued_at: Instant,
}

/// The jobs that were given up.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Takes up to `limit`, oldest first as far as the queue can tell, each hidden from others for `span`.
    ///
    /// # Errors
    /// Why the queue cannot be read, in words.
    async fn take(&self, limit: usize, span: std::time::Duration) -> Result<Vec<DeadLetter>, String>;
    /// Lets others see letters again that were taken.
    ///
    /// # Errors
    /// Why not, in words. They are seen again once their span is over.
    async fn put_back(&self, letters: &[DeadLetter]) -> Result<(), String>;
    /// Deletes a letter that was taken.
    ///
    /// # Errors
    /// Why not, in words. It is seen again once its span is over.
    async fn delete(&self, letter: &DeadLetter) -> Result<(), String>;
}

/// Which way a text went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From us to a number.
    To,
    /// From a number to us.
    From,
}

/// An SMS provider of one client.
#[async_trait]
pub trait SmsProvider: Send + Sync {
    /// Hands a claimed text to the provider and says what can be proved of it. Never retries by itself.
    async fn send(&self, client: &Client, text: &ClaimedText, now: Instant) -> SendOutcome;
    /// All texts that the provider lists between the client and a number since a moment, one way, in
    /// no particular order. One that was taken a moment ago may be missing.
    ///
    /// # Errors
    /// Why the list cannot be read to its end, in words.
    async fn list(
        &self,
        client: &Client,
        direction: Direction,
        number: &PhoneNumber,
        since: Instant,
    ) -> Result<Vec<ListedText>, String>;
}

/// A page of the forms that people sent, as their site lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedPage {
    /// The forms, newest first.
    pub forms: Vec<ListedForm>,
    /// Submissions beside them without a readable id or form.
    pub unreadable: usize,
    /// Whether older ones follow on another page.
    pub more: bool,
}

/// What a client's site itself says was sent to it.
#[async_trait]
pub trait FormFeed: Send + Sync {
    /// A page; the first has number 1. Pages may overlap, and repeat what was on the one before.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    async fn page(&self, client: &Client, number: u32) -> Result<FeedPage, String>;
}

/// An email to an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// To whom.
    pub to: EmailAddress,
    /// Subject.
    pub subject: String,
    /// The whole of it as text.
    pub text: String,
    /// The whole of it as HTML, where there is one.
    pub html: Option<String>,
}

/// An email could not be sent.
#[derive(Debug, thiserror::Error)]
#[error("the email could not be sent: {0}")]
pub struct MailError(pub String);

/// Where operators' emails leave.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends one email.
    async fn send(&self, email: &Email) -> Result<(), MailError>;
}

/// What a client's secret holds: names such as `twilio_api_key` to values.
pub type Secrets = BTreeMap<String, SecretString>;

/// A secret could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is none.
    #[error("client {0} has no secret")]
    Missing(ClientId),
    /// It is not a JSON object of texts.
    #[error("the secret of client {0} is not a JSON object of texts")]
    Unreadable(ClientId),
    /// The store of secrets did not answer.
    #[error("the store of secrets failed: {0}")]
    Unavailable(String),
}

/// Where clients' credentials are kept.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// A client's secrets, perhaps from a cache.
    async fn secrets(&self, client: &ClientId) -> Result<Secrets, SecretError>;
    /// The same, read anew: called once after a credential was refused.
    async fn refreshed(&self, client: &ClientId) -> Result<Secrets, SecretError>;
}
