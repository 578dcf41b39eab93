//! What several flows read in the same way: many leads of which one may not be readable, and the versions
//! that leads are pinned to.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{
    campaign::Plan,
    ids::{CampaignId, ClientId, LeadId},
};
use ports::{Directory, LeadStore, StoreError, StoreResult, StoredLead};

/// Leads as they could be read.
#[derive(Debug, Default)]
pub struct Readable {
    /// Those that could. Missing ones are left out.
    pub leads: Vec<StoredLead>,
    /// Those that could not, each with the reason.
    pub unread: Vec<(LeadId, StoreError)>,
}

/// Reads leads. One that cannot be read keeps no other from being read: they are read one by one then.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub async fn readable(leads: &dyn LeadStore, client: &ClientId, ids: &[LeadId]) -> StoreResult<Readable> {
    match leads.leads(client, ids).await {
        Err(StoreError::Unreadable(_)) => {}
        read => return read.map(|leads| Readable { leads, unread: Vec::new() }),
    }
    let mut found = Readable::default();
    for id in ids {
        match leads.lead(client, *id).await {
            Ok(stored) => found.leads.extend(stored),
            Err(error) => found.unread.push((*id, error)),
        }
    }
    Ok(found)
}

/// Versions of campaigns, each read once, from where the sender reads them.
#[derive(Debug, Default)]
pub struct Plans(Mutex<HashMap<(CampaignId, u32), Option<Plan>>>);

impl Plans {
    /// A version, if it is there.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn get(
        &self,
        from: &dyn Directory,
        client: &ClientId,
        campaign: &CampaignId,
        version: u32,
    ) -> StoreResult<Option<Plan>> {
        let key = (campaign.clone(), version);
        if let Some(known) = self.known().get(&key) {
            return Ok(known.clone());
        }
        let read = from.plan(client, campaign, version).await?;
        self.known().insert(key, read.clone());
        Ok(read)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(CampaignId, u32), Option<Plan>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
