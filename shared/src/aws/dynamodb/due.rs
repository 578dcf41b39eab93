//! The due index: one Query per shard, oldest first, never more than asked for.

use async_trait::async_trait;
use chrono::DateTime;

use super::{DynamoStore, item, keys, schema, unavailable};
use crate::{
    domain::{Instant, ids::ClientId},
    ports::{DueIndex, DueWork, EventKey, StoreError, StoreResult},
};

fn work(sort_key: &str) -> Option<(Instant, DueWork)> {
    let mut parts = sort_key.splitn(3, '#');
    let due = DateTime::parse_from_rfc3339(parts.next()?).ok()?.to_utc();
    let work = match (parts.next()?, parts.next()?) {
        ("L", id) => DueWork::Lead { id: id.parse().ok()?, due },
        ("E", key) => DueWork::Event { key: EventKey(key.to_owned()), due },
        _ => return None,
    };
    Some((due, work))
}

impl DynamoStore {
    async fn due_in_shard(
        &self,
        client: &ClientId,
        shard: u8,
        until: Instant,
        limit: usize,
    ) -> StoreResult<Vec<(Instant, DueWork)>> {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(schema::DUE_INDEX)
            .key_condition_expression("due_pk = :shard AND due_sk < :until")
            .expression_attribute_values(":shard", item::text(keys::due_shard(client, shard)))
            // `~` sorts after every key of that very instant.
            .expression_attribute_values(":until", item::text(format!("{}~", keys::sortable(until))))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(unavailable)?;
        let read = |found: item::Item| {
            let sort_key = item::text_in(&found, "due_sk").unwrap_or_default();
            work(sort_key).ok_or_else(|| StoreError::Unreadable("a key of the due index".to_owned()))
        };
        page.items.unwrap_or_default().into_iter().map(read).collect()
    }
}

#[async_trait]
impl DueIndex for DynamoStore {
    async fn due(&self, client: &ClientId, until: Instant, limit: usize) -> StoreResult<Vec<DueWork>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let shards = (0..keys::DUE_SHARDS).map(|shard| self.due_in_shard(client, shard, until, limit));
        let found = futures_util::future::try_join_all(shards).await?;
        let mut all: Vec<_> = found.into_iter().flatten().collect();
        all.sort_by_key(|(due, _)| *due);
        Ok(all.into_iter().take(limit).map(|(_, work)| work).collect())
    }
}
