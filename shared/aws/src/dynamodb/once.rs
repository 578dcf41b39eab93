//! Things of which there must be exactly one.

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{ReturnValue, ReturnValuesOnConditionCheckFailure},
};

use super::{DynamoStore, item, keys, unavailable};
use domain::{Instant, ids::ClientId};
use ports::{Lease, Leases, StoreResult};

#[async_trait]
impl Leases for DynamoStore {
    async fn claim(&self, client: &ClientId, what: &str, now: Instant, lease_until: Instant) -> StoreResult<Lease> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(&keys::once(client, what))))
            .update_expression("SET lease = :lease, v = :v")
            .condition_expression("attribute_not_exists(done) AND (attribute_not_exists(lease) OR lease <= :now)")
            .expression_attribute_values(":lease", item::text(keys::sortable(lease_until)))
            .expression_attribute_values(":now", item::text(keys::sortable(now)))
            .expression_attribute_values(":v", item::number(item::VERSION))
            .return_values(ReturnValue::UpdatedOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match sent {
            Ok(updated) => {
                let began_before = updated.attributes.is_some_and(|old| old.contains_key("lease"));
                Ok(if began_before { Lease::Reacquired } else { Lease::Acquired })
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    let done = failed.item().is_some_and(|old| old.contains_key("done"));
                    Ok(if done { Lease::Completed } else { Lease::HeldElsewhere })
                }
                _ => Err(unavailable(error)),
            },
        }
    }

    async fn finish(&self, client: &ClientId, what: &str, note: &str) -> StoreResult<()> {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(&keys::once(client, what))))
            .update_expression("SET done = :note, v = :v")
            .expression_attribute_values(":note", item::text(note))
            .expression_attribute_values(":v", item::number(item::VERSION))
            .send()
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    async fn note(&self, client: &ClientId, what: &str) -> StoreResult<Option<String>> {
        let found = self.get(&keys::once(client, what)).await?;
        Ok(found.and_then(|found| item::text_in(&found, "done").map(str::to_owned)))
    }
}
