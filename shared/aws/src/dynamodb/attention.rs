//! Who waits for a person, by a sparse index of the leads themselves: what nobody waits for is in no index, and
//! what is waited for can be counted from the keys.

use async_trait::async_trait;

use super::{
    DynamoStore,
    due::{FIRST, LAST, Sparse},
    keys, schema,
};
use domain::ids::ClientId;
use ports::{AttentionList, StoreError, StoreResult, WaitingLead};

const ATTENTION: Sparse = Sparse { name: schema::ATTENTION_INDEX, pk: "att_pk", sk: "att_sk" };

impl DynamoStore {
    async fn waiting_in(&self, client: &ClientId, untold: bool, limit: usize) -> StoreResult<Vec<WaitingLead>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let keys = self.sort_keys(ATTENTION, keys::attention(client, untold), (FIRST, LAST), limit).await?;
        let unreadable = || StoreError::Unreadable("a key of the index of those who wait".to_owned());
        keys.iter().map(|key| keys::waiting_lead(key).ok_or_else(unreadable)).collect()
    }
}

#[async_trait]
impl AttentionList for DynamoStore {
    async fn waiting(&self, client: &ClientId, limit: usize) -> StoreResult<Vec<WaitingLead>> {
        let (untold, told) =
            futures_util::future::try_join(self.waiting_in(client, true, limit), self.waiting_in(client, false, limit))
                .await?;
        let mut all = [untold, told].concat();
        all.sort_by_key(|waiting| (waiting.since(), waiting.lead));
        // Whoever moves from one to the other between the reads is in both.
        all.dedup_by_key(|waiting| waiting.lead);
        all.truncate(limit);
        Ok(all)
    }

    async fn untold(&self, client: &ClientId, limit: usize) -> StoreResult<Vec<WaitingLead>> {
        self.waiting_in(client, true, limit).await
    }
}
