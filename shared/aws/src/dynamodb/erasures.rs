//! Remembered erasures, in a table of their own: it has no part in a restore of the other one.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;

use super::{DynamoStore, item, keys};
use domain::{Instant, erasure::ErasureRecord, ids::ClientId};
use ports::{ErasureLedger, StoreResult};

/// The erasures that are remembered in one table, with the keys `pk` and `sk`.
#[derive(Debug, Clone)]
pub struct DynamoErasures(DynamoStore);

impl DynamoErasures {
    /// The erasures in `table`.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self(DynamoStore::new(client, table))
    }
}

#[async_trait]
impl ErasureLedger for DynamoErasures {
    async fn remember(&self, record: &ErasureRecord) -> StoreResult<()> {
        let written = item::encode(&keys::erasure(&record.client, record.lead), record)?;
        self.0.transact(vec![self.0.put(written)?]).await
    }

    async fn erasures(&self, client: &ClientId, since: Instant) -> StoreResult<Vec<ErasureRecord>> {
        let found = self.0.query_all(keys::client(client), None).await?;
        let records: Vec<ErasureRecord> = found.into_iter().map(item::decode).collect::<StoreResult<_>>()?;
        Ok(records.into_iter().filter(|record| record.at >= since).collect())
    }
}
