//! Who there is, and how many: the list of leads, the counters of campaigns, and walks over all leads.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};

use super::{
    DynamoStore,
    item::{self, Item},
    keys, schema, unavailable,
};
use domain::{
    Instant,
    batch_job::BatchJob,
    counts::Counts,
    ids::{CampaignId, ClientId, LeadId},
    lead::Lead,
};
use ports::{BatchJobs, Census, StoreError, StoreResult};

/// The counter of those who entered.
const ENROLLED: &str = "enrolled";
/// What the counters of those who left begin with; how they left follows.
const ENDED: &str = "ended_";
/// When somebody entered last.
const LAST: &str = "last_enrolled_at";
/// What sorts before every id.
const FIRST: &str = " ";

/// Counters by name.
fn by_name(counts: &Counts) -> BTreeMap<String, u64> {
    let ended = counts.ended.iter().map(|(outcome, count)| (format!("{ENDED}{outcome}"), *count));
    ended.chain([(ENROLLED.to_owned(), counts.enrolled)]).filter(|(_, count)| *count > 0).collect()
}

/// A counter in one shard. One shard alone may be below nothing once its campaign was set right.
fn counter(shard: &Item, name: &str) -> i64 {
    shard.get(name).and_then(|value| value.as_n().ok()?.parse().ok()).unwrap_or_default()
}

/// What the shards of a campaign's counters come to.
fn counts_in(shards: &[Item]) -> StoreResult<Counts> {
    let unreadable = |what: &str| StoreError::Unreadable(format!("COUNT: {what}"));
    let sum = |name: &str| u64::try_from(shards.iter().map(|shard| counter(shard, name)).sum::<i64>()).unwrap_or(0);
    let mut counts = Counts { enrolled: sum(ENROLLED), ..Counts::default() };
    for name in shards.iter().flat_map(Item::keys) {
        let Some(outcome) = name.strip_prefix(ENDED) else { continue };
        let outcome =
            serde_json::from_value(outcome.into()).map_err(|_| unreadable("an outcome of a newer release"))?;
        if sum(name) > 0 {
            counts.ended.insert(outcome, sum(name));
        }
    }
    for last in shards.iter().filter_map(|shard| item::text_in(shard, LAST)) {
        let last: Instant = last.parse().map_err(|_| unreadable("a moment"))?;
        counts.last_enrolled_at = counts.last_enrolled_at.max(Some(last));
    }
    Ok(counts)
}

impl DynamoStore {
    /// Moves the counters of a campaign that a lead belongs to.
    pub(super) fn count(&self, lead: &Lead, campaign: &CampaignId, moved: &Counts) -> StoreResult<TransactWriteItem> {
        let at = keys::counts(&lead.client, campaign, lead.id);
        let mut update = Update::builder()
            .set_key(Some(item::key(&at)))
            .expression_attribute_values(":v", item::number(item::VERSION));
        let mut add = Vec::new();
        for (n, (name, count)) in by_name(moved).into_iter().enumerate() {
            add.push(format!("#{n} :{n}"));
            update = update
                .expression_attribute_names(format!("#{n}"), name)
                .expression_attribute_values(format!(":{n}"), item::number(count));
        }
        let mut set = "SET v = :v".to_owned();
        if let Some(last) = moved.last_enrolled_at {
            set.push_str(&format!(", {LAST} = :last"));
            update = update.expression_attribute_values(":last", item::text(keys::sortable(last)));
        }
        self.update(update.update_expression(format!("{set} ADD {}", add.join(", "))))
    }

    async fn count_shards(&self, client: &ClientId, campaign: &CampaignId) -> StoreResult<Vec<Item>> {
        self.query_all(keys::client(client), Some(&keys::counts_prefix(campaign))).await
    }
}

#[async_trait]
impl Census for DynamoStore {
    async fn lead_ids(&self, client: &ClientId, after: Option<LeadId>, limit: usize) -> StoreResult<Vec<LeadId>> {
        let mut ids = Vec::new();
        let mut from = after.map_or_else(|| FIRST.to_owned(), |after| after.to_string());
        while ids.len() < limit {
            let left = i32::try_from(limit - ids.len()).unwrap_or(i32::MAX);
            let found = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .limit(left)
                .key_condition_expression("pk = :pk AND sk > :from")
                .expression_attribute_values(":pk", item::text(keys::leads(client)))
                .expression_attribute_values(":from", item::text(&from))
                .send()
                .await
                .map_err(unavailable)?;
            for entry in found.items.unwrap_or_default() {
                from = item::text_in(&entry, schema::SK).unwrap_or_default().to_owned();
                ids.push(from.parse().map_err(|error| StoreError::Unreadable(format!("LEADS: {error}")))?);
            }
            if found.last_evaluated_key.is_none() {
                break;
            }
        }
        Ok(ids)
    }

    async fn counts(&self, client: &ClientId, campaign: &CampaignId) -> StoreResult<Counts> {
        counts_in(&self.count_shards(client, campaign).await?)
    }

    async fn correct(
        &self,
        client: &ClientId,
        campaign: &CampaignId,
        seen: &Counts,
        right: &Counts,
    ) -> StoreResult<()> {
        let shards = self.count_shards(client, campaign).await?;
        let (stands, seen, right) = (by_name(&counts_in(&shards)?), by_name(seen), by_name(right));
        if stands != seen {
            return Err(StoreError::Conflict);
        }
        // One shard takes the difference, if it is as it was read; what others count meanwhile adds to theirs.
        let at = keys::first_counts(client, campaign);
        let first = shards.iter().find(|shard| item::text_in(shard, schema::SK) == Some(&at.sk));
        let mut update = Update::builder()
            .set_key(Some(item::key(&at)))
            .expression_attribute_values(":v", item::number(item::VERSION));
        let (mut set, mut unchanged) = (vec!["v = :v".to_owned()], Vec::new());
        let names: std::collections::BTreeSet<&String> = seen.keys().chain(right.keys()).collect();
        for (n, name) in names.into_iter().enumerate() {
            let of = |counts: &BTreeMap<String, u64>| {
                counts.get(name).copied().and_then(|count| i64::try_from(count).ok()).unwrap_or_default()
            };
            let here = first.map_or(0, |shard| counter(shard, name));
            set.push(format!("#{n} = :{n}"));
            unchanged.push(match first.is_some_and(|shard| shard.contains_key(name)) {
                true => format!("#{n} = :was{n}"),
                false => format!("attribute_not_exists(#{n})"),
            });
            update = update
                .expression_attribute_names(format!("#{n}"), name)
                .expression_attribute_values(format!(":{n}"), item::number(here + of(&right) - of(&seen)));
            if first.is_some_and(|shard| shard.contains_key(name)) {
                update = update.expression_attribute_values(format!(":was{n}"), item::number(here));
            }
        }
        if unchanged.is_empty() {
            return Ok(());
        }
        update =
            update.update_expression(format!("SET {}", set.join(", "))).condition_expression(unchanged.join(" AND "));
        self.transact(vec![self.update(update)?]).await
    }
}

#[async_trait]
impl BatchJobs for DynamoStore {
    async fn walk(&self, client: &ClientId, name: &str) -> StoreResult<Option<BatchJob>> {
        self.get(&keys::walk(client, name)).await?.map(item::decode).transpose()
    }

    async fn put_walk(&self, client: &ClientId, name: &str, walk: &BatchJob) -> StoreResult<()> {
        let put = self.client.put_item().table_name(&self.table);
        let put = put.set_item(Some(item::encode(&keys::walk(client, name), walk)?));
        put.send().await.map_err(unavailable)?;
        Ok(())
    }
}
