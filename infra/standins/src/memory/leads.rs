//! Leads, their data and their numbers in memory.

use std::ops::Bound;

use async_trait::async_trait;
use leadline::domain::{
    Instant,
    audit::AuditEvent,
    client::SettingsProblem,
    contact_status::{ContactStatus, ListedOptOut, OptOut},
    counts::{self, Counts},
    email::EmailAddress,
    ids::{CampaignId, ClientId, LeadId},
    lead::{Attention, Lead, Place},
    phone::PhoneNumber,
};
use leadline::ports::{
    AttentionList, Census, ForText, LeadStore, OptOuts, PhoneRecord, Rev, SideWrites, StoreError, StoreResult,
    StoredLead, TextKey, WaitingLead,
};

use super::{DueKey, MemoryStore, Tenant};

#[async_trait]
impl LeadStore for MemoryStore {
    async fn read_for_text(&self, key: &TextKey) -> StoreResult<ForText> {
        let state = self.state();
        let Some(tenant) = state.tenants.get(&key.client) else {
            return Ok(ForText { client: Err(SettingsProblem::Missing), campaign: None, plan: None, lead: None });
        };
        Ok(ForText {
            client: state.settings(&key.client),
            campaign: tenant.campaigns.get(&key.campaign).cloned(),
            plan: tenant.plans.get(&(key.campaign.clone(), key.version)).cloned(),
            lead: tenant.leads.get(&key.lead).cloned(),
        })
    }

    async fn lead(&self, client: &ClientId, id: LeadId) -> StoreResult<Option<StoredLead>> {
        Ok(self.read(client, |tenant| tenant.leads.get(&id).cloned()))
    }

    async fn leads(&self, client: &ClientId, ids: &[LeadId]) -> StoreResult<Vec<StoredLead>> {
        Ok(self.read(client, |tenant| ids.iter().filter_map(|id| tenant.leads.get(id).cloned()).collect()))
    }

    async fn phone(&self, client: &ClientId, phone: &PhoneNumber) -> StoreResult<PhoneRecord> {
        Ok(self.read(client, |tenant| tenant.phones.get(phone).cloned().unwrap_or_default()))
    }

    async fn lead_of_email(&self, client: &ClientId, email: &EmailAddress) -> StoreResult<Option<LeadId>> {
        Ok(self.read(client, |tenant| tenant.emails.get(email).copied()))
    }

    async fn save(&self, lead: &Lead, read_at: Option<Rev>, also: SideWrites) -> StoreResult<Rev> {
        let mut state = self.state();
        let told = also.audit.iter().all(|event| state.has_recorded(event));
        let rev = Rev(read_at.map_or(0, |rev| rev.0) + 1);
        let tenant = state.tenant(&lead.client);
        let mut written = lead.clone();
        let counted = if also.count_later { Vec::new() } else { std::mem::take(&mut written.uncounted) };
        if told && tenant.stands_already(rev, &written, &also) {
            return Ok(rev);
        }
        let event_stands = also.event.as_ref().is_none_or(|outcome| tenant.stands(outcome));
        if !event_stands || !tenant.accepts(lead, read_at, &also) {
            return Err(StoreError::Conflict);
        }
        tenant.write(rev, &written, &also)?;
        for (campaign, moved) in counts::by_campaign(&counted) {
            tenant.counts.entry(campaign.clone()).or_default().add(&moved);
        }
        if let Some(outcome) = also.concluded() {
            tenant.conclude(&outcome);
        }
        state.record(&also.audit);
        Ok(rev)
    }

    async fn journey(&self, client: &ClientId, id: LeadId, since: Instant) -> StoreResult<Vec<AuditEvent>> {
        Ok(self.read(client, |tenant| {
            let since = u64::try_from(since.timestamp_millis()).unwrap_or(0);
            let ids = tenant.journeys.get(&id).into_iter().flatten();
            ids.filter(|id| id.0.timestamp_ms() >= since).filter_map(|id| tenant.journal.get(id).cloned()).collect()
        }))
    }
}

#[async_trait]
impl Census for MemoryStore {
    async fn lead_ids(&self, client: &ClientId, after: Option<LeadId>, limit: usize) -> StoreResult<Vec<LeadId>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let ids =
            |tenant: &Tenant| tenant.leads.range((from, Bound::Unbounded)).map(|(id, _)| *id).take(limit).collect();
        Ok(self.read(client, ids))
    }

    async fn counts(&self, client: &ClientId, campaign: &CampaignId) -> StoreResult<Counts> {
        Ok(self.read(client, |tenant| tenant.counts.get(campaign).cloned().unwrap_or_default()))
    }

    async fn correct(
        &self,
        client: &ClientId,
        campaign: &CampaignId,
        seen: &Counts,
        right: &Counts,
    ) -> StoreResult<()> {
        let mut state = self.state();
        let counts = state.tenant(client).counts.entry(campaign.clone()).or_default();
        if !counts.agrees(seen) {
            return Err(StoreError::Conflict);
        }
        (counts.enrolled, counts.ended) = (right.enrolled, right.ended.clone());
        Ok(())
    }
}

#[async_trait]
impl AttentionList for MemoryStore {
    async fn waiting(&self, client: &ClientId, limit: usize) -> StoreResult<Vec<WaitingLead>> {
        Ok(self.read(client, |tenant| tenant.attention.iter().map(waiting_lead).take(limit).collect()))
    }

    async fn untold(&self, client: &ClientId, limit: usize) -> StoreResult<Vec<WaitingLead>> {
        Ok(self.read(client, |tenant| {
            let untold = tenant.attention.iter().filter(|(_, attention)| attention.untold);
            untold.map(waiting_lead).take(limit).collect()
        }))
    }
}

fn waiting_lead(((_, lead), attention): (&(Instant, LeadId), &Attention)) -> WaitingLead {
    WaitingLead { lead: *lead, needs: attention.needs.clone() }
}

#[async_trait]
impl OptOuts for MemoryStore {
    async fn opt_outs(&self, client: &ClientId) -> StoreResult<Vec<ListedOptOut>> {
        Ok(self.read(client, |tenant| tenant.opt_outs.values().cloned().collect()))
    }
}

impl Tenant {
    /// Whether the same write took effect before, and only its answer was lost.
    fn stands_already(&self, rev: Rev, lead: &Lead, also: &SideWrites) -> bool {
        let Some(stored) = self.leads.get(&lead.id) else { return false };
        let same_profile = also.profile.as_ref().is_none_or(|profile| *profile == stored.profile);
        let no_is_kept = also.opt_out.is_none() || lead.phone.as_ref().is_none_or(|phone| self.no_of(phone).is_some());
        let no_is_gone = also.lifted.is_none() || lead.phone.as_ref().is_none_or(|phone| self.no_of(phone).is_none());
        stored.rev == rev && stored.lead == *lead && same_profile && no_is_kept && no_is_gone
    }

    /// Whether the write expects what is there: its revision, and a number and an address that are
    /// nobody else's and of which no opt-out is unknown to it.
    fn accepts(&self, lead: &Lead, read_at: Option<Rev>, also: &SideWrites) -> bool {
        let stored = self.leads.get(&lead.id);
        stored.map(|stored| stored.rev) == read_at
            && lead.phone.as_ref().is_none_or(|phone| self.may_have(phone, lead, also))
            && also.profile.as_ref().and_then(|profile| profile.email.as_ref()).is_none_or(|email| {
                let unchanged = stored.is_some_and(|stored| stored.profile.email.as_ref() == Some(email));
                unchanged || self.emails.get(email).is_none_or(|owner| *owner == lead.id)
            })
    }

    fn may_have(&self, phone: &PhoneNumber, lead: &Lead, also: &SideWrites) -> bool {
        let knows =
            matches!(lead.standing, ContactStatus::OptedOut(_)) || also.opt_out.is_some() || also.lifted.is_some();
        let owner = self.phones.get(phone).and_then(|record| record.lead);
        owner.is_none_or(|owner| owner == lead.id) && (knows || self.no_of(phone).is_none())
    }

    fn no_of(&self, phone: &PhoneNumber) -> Option<&OptOut> {
        self.phones.get(phone)?.opt_out.as_ref()
    }

    pub(super) fn write(&mut self, rev: Rev, lead: &Lead, also: &SideWrites) -> StoreResult<()> {
        let old = self.leads.get(&lead.id);
        let wrong = |what: &str| StoreError::Unreadable(format!("lead {} is saved {what}", lead.id));
        // Callers that break these rules would leave what nobody can read or find: they must notice.
        if also.profile.is_none() && old.is_some_and(|old| old.lead.phone != lead.phone) {
            return Err(wrong("with another number and without its profile"));
        }
        let profile = also.profile.clone().or_else(|| old.map(|old| old.profile.clone()));
        let profile = profile.ok_or_else(|| wrong("for the first time, without a profile"))?;
        if (also.opt_out.is_some() || also.lifted.is_some()) && lead.phone.is_none() {
            return Err(wrong("with an opt-out and without a number to keep it with"));
        }
        let new = StoredLead { rev, lead: lead.clone(), profile };
        let old = self.leads.insert(lead.id, new.clone());
        if let Some(old) = &old {
            self.leave(old, &new);
        }
        if let Some(phone) = &new.lead.phone {
            let record = self.phones.entry(phone.clone()).or_default();
            record.lead = Some(lead.id);
            record.opt_out = record.opt_out.take().or_else(|| also.opt_out.clone());
            if also.opt_out.is_none() && also.lifted.is_some() {
                record.opt_out = None;
            }
            if let Some(listed) = also.listed(&new.lead, phone) {
                self.opt_outs.insert(phone.clone(), listed);
            }
        }
        if old.is_none_or(|old| old.profile.email != new.profile.email) {
            self.emails.extend(new.profile.email.map(|email| (email, lead.id)));
        }
        match lead.place() {
            Some(Place::Due(at)) => drop(self.due.insert((at, DueKey::Lead(lead.id)))),
            Some(Place::Parked { campaign, until }) => drop(self.parked.insert((campaign, until, lead.id))),
            None => {}
        }
        if let Some(attention) = lead.attention() {
            self.attention.insert((attention.since, lead.id), attention);
        }
        Ok(())
    }

    /// Frees what the lead had before and has no longer. A number keeps its opt-out.
    fn leave(&mut self, old: &StoredLead, new: &StoredLead) {
        match old.lead.place() {
            Some(Place::Due(at)) => drop(self.due.remove(&(at, DueKey::Lead(old.lead.id)))),
            Some(Place::Parked { campaign, until }) => drop(self.parked.remove(&(campaign, until, old.lead.id))),
            None => {}
        }
        if let Some(attention) = old.lead.attention() {
            self.attention.remove(&(attention.since, old.lead.id));
        }
        if let Some(phone) = old.lead.phone.as_ref().filter(|phone| new.lead.phone.as_ref() != Some(phone)) {
            if self.no_of(phone).is_none() {
                self.phones.remove(phone);
            } else if let Some(record) = self.phones.get_mut(phone) {
                record.lead = None;
            }
        }
        if let Some(email) = old.profile.email.as_ref().filter(|email| new.profile.email.as_ref() != Some(email)) {
            self.emails.remove(email);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadline::domain::{Instant, contact_status::OptOutChannel, phone::Region, profile::Profile};

    #[tokio::test]
    async fn a_save_that_would_leave_what_nobody_can_find_is_refused_and_writes_nothing() {
        let store = MemoryStore::new();
        let client = ClientId::parse("acme").expect("an id");
        let mut lead = Lead::new("00000000000000000000000001".parse().expect("an id"), client.clone());
        let profile = Some(Profile::new(lead.id, Instant::UNIX_EPOCH));
        let refused = |saved| assert!(matches!(saved, Err(StoreError::Unreadable(_))), "{saved:?}");
        refused(store.save(&lead, None, SideWrites::default()).await);
        assert_eq!(store.lead(&client, lead.id).await.expect("read"), None);
        let rev = store.save(&lead, None, SideWrites { profile, ..SideWrites::default() }).await.expect("saved");
        let no = OptOut { at: Instant::UNIX_EPOCH, channel: OptOutChannel::Operator, words: None };
        refused(store.save(&lead, Some(rev), SideWrites { opt_out: Some(no), ..SideWrites::default() }).await);
        lead.phone = Some(PhoneNumber::parse("3055550123", Region::default()).expect("a number"));
        refused(store.save(&lead, Some(rev), SideWrites::default()).await);
        assert_eq!(store.all_leads().first().map(|stored| (stored.rev, stored.lead.phone.clone())), Some((rev, None)));
        assert_eq!((store.lead_count(), store.event_count(), store.audit_count()), (1, 0, 0));
    }
}
