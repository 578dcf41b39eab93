//! Requests of a client's own programs: one counter a minute, raised by one conditional write a request.

use async_trait::async_trait;
use chrono::TimeDelta;

use super::{DynamoStore, item, keys, unavailable};
use domain::{Instant, ids::ClientId};
use ports::{RequestLimits, StoreResult};

#[async_trait]
impl RequestLimits for DynamoStore {
    async fn admit(&self, client: &ClientId, at: Instant, limit: u32) -> StoreResult<bool> {
        if limit == 0 {
            return Ok(false);
        }
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(&keys::requests(client, at))))
            .update_expression("ADD n :one SET #ttl = :ttl")
            .condition_expression("attribute_not_exists(n) OR n < :limit")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":one", item::number(1))
            .expression_attribute_values(":limit", item::number(limit))
            .expression_attribute_values(":ttl", item::number((at + TimeDelta::hours(1)).timestamp()))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                Ok(false)
            }
            Err(error) => Err(unavailable(error)),
        }
    }
}
