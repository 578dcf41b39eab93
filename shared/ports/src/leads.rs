//! Leads, their data, and their numbers.

use async_trait::async_trait;
use domain::{
    Instant,
    audit::AuditEvent,
    campaign::{Campaign, Plan},
    client::{Client, SettingsProblem},
    contact_status::{ContactStatus, Lifted, ListedOptOut, OptOut},
    email::EmailAddress,
    event::{EventOutcome, Proof},
    ids::{CampaignId, ClientId, LeadId},
    lead::Lead,
    phone::PhoneNumber,
    profile::Profile,
};
use serde::{Deserialize, Serialize};

use crate::{Rev, StoreResult};

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
pub struct SideWrites {
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

impl SideWrites {
    /// Only what is recorded.
    #[must_use]
    pub fn recording(audit: Vec<AuditEvent>) -> Self {
        Self { audit, ..Self::default() }
    }

    /// What the client's list of opt-outs says of a number once this is written, if it changes: the no
    /// that stands, which may be an older one with the first proof, or the one that is lifted.
    #[must_use]
    pub fn listed(&self, lead: &Lead, phone: &PhoneNumber) -> Option<ListedOptOut> {
        let (opt_out, lifted) = match (&self.opt_out, &self.lifted, &lead.standing) {
            (Some(_), _, ContactStatus::OptedOut(stands)) => (stands.clone(), None),
            (Some(said), _, ContactStatus::Open | ContactStatus::Held { .. }) => (said.clone(), None),
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
    async fn save(&self, lead: &Lead, read_at: Option<Rev>, also: SideWrites) -> StoreResult<Rev>;
    /// Everything that happened to one lead since a moment, by the time in the events' ids, in order.
    async fn journey(&self, client: &ClientId, id: LeadId, since: Instant) -> StoreResult<Vec<AuditEvent>>;
}
