//! Calls that were turned away: one counter item a source and clock hour, of clients that exist.

use async_trait::async_trait;
use chrono::TimeDelta;

use super::{DynamoStore, item, keys, unavailable};
use domain::{
    Instant,
    event::Source,
    ids::ClientId,
    refusals::{Refused, RefusedCounts},
};
use ports::{Refusals, StoreResult};

/// How long counts are kept.
const KEPT: TimeDelta = TimeDelta::days(14);

#[async_trait]
impl Refusals for DynamoStore {
    async fn count_refused(
        &self,
        client: &ClientId,
        source: Source,
        at: Instant,
        more: RefusedCounts,
    ) -> StoreResult<()> {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(&keys::refused(client, at, source.code()))))
            .update_expression("ADD known :known, wrong :wrong, #unsigned :unsigned SET #ttl = :ttl, v = :v")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_names("#unsigned", "unsigned")
            .expression_attribute_values(":known", item::number(more.known))
            .expression_attribute_values(":wrong", item::number(more.wrong))
            .expression_attribute_values(":unsigned", item::number(more.unsigned))
            .expression_attribute_values(":ttl", item::number((at + KEPT).timestamp()))
            .expression_attribute_values(":v", item::number(item::VERSION))
            .send()
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    async fn refused(&self, client: &ClientId, from: Instant, until: Instant) -> StoreResult<Refused> {
        let (first, end) = (keys::refused_hour(from), keys::sortable(until));
        let mut all = Refused::new();
        for found in self.query_from(keys::refused_of(client), "", &first).await? {
            let Some((hour, source)) = item::text_in(&found, "sk").and_then(|sk| sk.split_once('#')) else { continue };
            if format!("{hour}:00:00.000Z") >= end {
                continue;
            }
            let count = |name| item::number_in(&found, name).and_then(|n| u32::try_from(n).ok()).unwrap_or(u32::MAX);
            let counts = RefusedCounts { known: count("known"), wrong: count("wrong"), unsigned: count("unsigned") };
            all.entry(source.to_owned()).or_default().add(counts);
        }
        Ok(all)
    }
}
