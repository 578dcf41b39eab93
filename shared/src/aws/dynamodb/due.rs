//! The due index: leads in a few shards, events in one partition of their own; oldest first, never
//! more than asked for.

use async_trait::async_trait;
use chrono::DateTime;

use super::{DynamoStore, item, keys, schema, unavailable};
use crate::{
    domain::{Instant, ids::ClientId},
    ports::{DueIndex, DueKind, DueWork, EventKey, StoreError, StoreResult},
};

fn work(sort_key: &str) -> Option<DueWork> {
    let mut parts = sort_key.splitn(3, '#');
    let due = DateTime::parse_from_rfc3339(parts.next()?).ok()?.to_utc();
    match (parts.next()?, parts.next()?) {
        ("L", id) => Some(DueWork::Lead { id: id.parse().ok()?, due }),
        ("E", key) => Some(DueWork::Event { key: EventKey(key.to_owned()), due }),
        _ => None,
    }
}

impl DynamoStore {
    async fn due_in(&self, partition: String, until: Instant, limit: usize) -> StoreResult<Vec<DueWork>> {
        let mut found = Vec::new();
        let mut from = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(schema::DUE_INDEX)
                .key_condition_expression("due_pk = :partition AND due_sk < :until")
                .expression_attribute_values(":partition", item::text(&partition))
                // `~` sorts after every key of that very instant.
                .expression_attribute_values(":until", item::text(format!("{}~", keys::sortable(until))))
                .limit(i32::try_from(limit - found.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(from)
                .send()
                .await
                .map_err(unavailable)?;
            for entry in page.items.unwrap_or_default() {
                let sort_key = item::text_in(&entry, "due_sk").unwrap_or_default();
                let unreadable = || StoreError::Unreadable("a key of the due index".to_owned());
                found.push(work(sort_key).ok_or_else(unreadable)?);
            }
            from = page.last_evaluated_key;
            if from.is_none() || found.len() >= limit {
                return Ok(found);
            }
        }
    }
}

#[async_trait]
impl DueIndex for DynamoStore {
    async fn due_of(
        &self,
        client: &ClientId,
        kind: DueKind,
        until: Instant,
        limit: usize,
    ) -> StoreResult<Vec<DueWork>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let partitions = match kind {
            DueKind::Leads => (0..keys::DUE_SHARDS).map(|shard| keys::due_leads(client, shard)).collect(),
            DueKind::Events => vec![keys::due_events(client)],
        };
        let reads = partitions.into_iter().map(|partition| self.due_in(partition, until, limit));
        let mut all = futures_util::future::try_join_all(reads).await?.concat();
        all.sort_by_key(DueWork::since);
        all.truncate(limit);
        Ok(all)
    }
}
