//! The due index: leads in a few shards, events in one partition of their own; oldest first, never
//! more than asked for.

use async_trait::async_trait;
use chrono::DateTime;

use super::{DynamoStore, item, keys, schema, unavailable};
use domain::{
    Instant,
    event::EventKey,
    ids::{CampaignId, ClientId, LeadId},
};
use ports::{DueIndex, DueKind, DueWork, StoreError, StoreResult};

/// What sorts before every key of a sparse index, and after.
pub(super) const FIRST: &str = " ";
pub(super) const LAST: &str = "~";

/// A sparse index, and its attributes.
#[derive(Clone, Copy)]
pub(super) struct Sparse {
    pub(super) name: &'static str,
    pub(super) pk: &'static str,
    pub(super) sk: &'static str,
}

const DUE: Sparse = Sparse { name: schema::DUE_INDEX, pk: "due_pk", sk: "due_sk" };

fn unreadable() -> StoreError {
    StoreError::Unreadable("a key of a sparse index".to_owned())
}

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
        // `~` sorts after every key of that very instant.
        let until = format!("{}~", keys::sortable(until));
        let keys = self.indexed(partition, FIRST, &until, limit).await?;
        keys.iter().map(|key| work(key).ok_or_else(unreadable)).collect()
    }

    /// The sort keys of a partition of the index between two, in order, at most `limit`.
    async fn indexed(&self, partition: String, from: &str, until: &str, limit: usize) -> StoreResult<Vec<String>> {
        self.sort_keys(DUE, partition, (from, until), limit).await
    }

    /// The sort keys of a partition of a sparse index between two, in order, at most `limit`.
    pub(super) async fn sort_keys(
        &self,
        index: Sparse,
        partition: String,
        (from, until): (&str, &str),
        limit: usize,
    ) -> StoreResult<Vec<String>> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(index.name)
                .key_condition_expression("#pk = :partition AND #sk BETWEEN :from AND :until")
                .expression_attribute_names("#pk", index.pk)
                .expression_attribute_names("#sk", index.sk)
                .expression_attribute_values(":partition", item::text(&partition))
                .expression_attribute_values(":from", item::text(from))
                .expression_attribute_values(":until", item::text(until))
                .limit(i32::try_from(limit - found.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(unavailable)?;
            for entry in page.items.unwrap_or_default() {
                found.push(item::text_in(&entry, index.sk).ok_or_else(unreadable)?.to_owned());
            }
            start = page.last_evaluated_key;
            if start.is_none() || found.len() >= limit {
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

    async fn parked_for(&self, client: &ClientId, after: Option<&CampaignId>) -> StoreResult<Option<CampaignId>> {
        let from = after.map_or_else(|| FIRST.to_owned(), |after| keys::parked_end(after, None));
        let first = self.indexed(keys::parked(client), &from, LAST, 1).await?;
        let campaign = |key: &String| CampaignId::parse(key.split('#').next()?).ok();
        first.first().map(|key| campaign(key).ok_or_else(unreadable)).transpose()
    }

    async fn parked(
        &self,
        client: &ClientId,
        campaign: &CampaignId,
        until: Option<Instant>,
        limit: usize,
    ) -> StoreResult<Vec<LeadId>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let (from, until) = (keys::parked_start(campaign), keys::parked_end(campaign, until));
        let keys = self.indexed(keys::parked(client), &from, &until, limit).await?;
        let lead = |key: &String| key.rsplit('#').next()?.parse().ok();
        keys.iter().map(|key| lead(key).ok_or_else(unreadable)).collect()
    }
}
