//! Erasures in memory: their last write, and what is remembered of them.

use async_trait::async_trait;
use leadline::domain::{
    Instant,
    contact_status::{ContactStatus, ListedOptOut},
    erasure::ErasureRecord,
    ids::ClientId,
    phone::PhoneNumber,
};
use leadline::{
    domain::event::RawEvent,
    ports::{Emptied, ErasedItems, ErasureLedger, ErasureStore, Rev, Rewording, SideWrites, StoreError, StoreResult},
};

use super::{DueKey, MemoryStore, Tenant};

#[async_trait]
impl ErasureStore for MemoryStore {
    async fn erase(&self, emptied: &Emptied) -> StoreResult<ErasedItems> {
        let Emptied { stored, lead, profile, audit, .. } = emptied;
        let mut state = self.state();
        let tenant = state.tenant(&lead.client);
        if tenant.leads.get(&lead.id).map(|stored| stored.rev) != Some(stored.rev) {
            return Err(StoreError::Conflict);
        }
        let mut items = ErasedItems::default();
        for phone in &emptied.phones {
            tenant.erase_number(emptied, phone, &mut items);
        }
        for email in &emptied.emails {
            if tenant.emails.get(email) == Some(&lead.id) {
                tenant.emails.remove(email);
                items.addresses += 1;
            }
        }
        let also = SideWrites { profile: Some(profile.clone()), ..SideWrites::default() };
        tenant.write(Rev(stored.rev.0 + 1), lead, &also)?;
        state.record(std::slice::from_ref(audit));
        Ok(items)
    }

    async fn reword_opt_out(&self, client: &ClientId, phone: &PhoneNumber, change: Rewording<'_>) -> StoreResult<()> {
        let mut state = self.state();
        let tenant = state.tenant(client);
        if let Some(opt_out) = tenant.phones.get_mut(phone).and_then(|record| record.opt_out.as_mut()) {
            *opt_out = opt_out.reworded(change);
        }
        if let Some(listed) = tenant.opt_outs.get_mut(phone) {
            *listed = listed.reworded(change);
        }
        Ok(())
    }

    async fn delete_event(&self, event: &RawEvent) -> StoreResult<()> {
        let mut state = self.state();
        let tenant = state.tenant(&event.client);
        if tenant.events.get(&event.key).is_none_or(|stored| stored.state != event.state) {
            return Err(StoreError::Conflict);
        }
        tenant.due.retain(|(_, what)| *what != DueKey::Event(event.key.clone()));
        tenant.events.remove(&event.key);
        Ok(())
    }
}

impl Tenant {
    fn erase_number(&mut self, emptied: &Emptied, phone: &PhoneNumber, items: &mut ErasedItems) {
        let found = self.phones.get(phone).cloned();
        if found.as_ref().and_then(|record| record.lead).is_some_and(|owner| owner != emptied.lead.id) {
            return;
        }
        items.numbers += usize::from(found.is_some());
        let said = match &emptied.stored.lead.standing {
            ContactStatus::OptedOut(no) if emptied.stored.lead.phone.as_ref() == Some(phone) => Some(no.clone()),
            ContactStatus::OptedOut(_) | ContactStatus::Open | ContactStatus::Held { .. } => None,
        };
        match found.and_then(|record| record.opt_out).or(said).map(|opt_out| opt_out.without_words()) {
            Some(opt_out) => {
                let record = self.phones.entry(phone.clone()).or_default();
                (record.lead, record.opt_out) = (None, Some(opt_out.clone()));
                self.opt_outs.insert(phone.clone(), ListedOptOut { phone: phone.clone(), opt_out, lifted: None });
                items.opt_outs += 1;
            }
            None => {
                self.phones.remove(phone);
                self.opt_outs.remove(phone);
            }
        }
    }
}

#[async_trait]
impl ErasureLedger for MemoryStore {
    async fn remember(&self, record: &ErasureRecord) -> StoreResult<()> {
        self.state().tenant(&record.client).erasures.insert(record.lead, record.clone());
        Ok(())
    }

    async fn erasures(&self, client: &ClientId, since: Instant) -> StoreResult<Vec<ErasureRecord>> {
        let of =
            |tenant: &Tenant| tenant.erasures.values().filter(|record| record.at >= since).cloned().collect::<Vec<_>>();
        Ok(self.read(client, of))
    }
}
