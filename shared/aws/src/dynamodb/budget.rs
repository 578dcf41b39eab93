//! The hour's allowance: one item, written under what was read, so that no two runs share a text.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{DynamoStore, item, keys, unavailable};
use domain::{
    Instant,
    ids::{ClientId, RunId},
};
use ports::{Budget, Rev, StoreError, StoreResult};

/// How often a reservation is tried when other runs write at the same moment.
const TRIES: usize = 40;

/// What was given of one hour, by run: a run that asks again is told the same.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Hour {
    given: BTreeMap<String, u32>,
}

#[async_trait]
impl Budget for DynamoStore {
    async fn reserve(&self, client: &ClientId, hour: Instant, limit: u32, wanted: u32, run: RunId) -> StoreResult<u32> {
        let at = keys::budget(client, hour);
        let run = run.to_string();
        for _ in 0..TRIES {
            let found = self.get(&at).await?;
            let rev = found.as_ref().and_then(item::rev_in);
            let mut book: Hour = found.map(item::decode).transpose()?.unwrap_or_default();
            if let Some(given) = book.given.get(&run) {
                return Ok(*given);
            }
            let left = limit.saturating_sub(book.given.values().sum());
            let given = wanted.min(left);
            if given == 0 {
                return Ok(0);
            }
            book.given.insert(run.clone(), given);
            let mut written = item::encode(&at, &book)?;
            written.insert("rev".to_owned(), item::number(rev.map_or(0, |rev: Rev| rev.0) + 1));
            written.insert("ttl".to_owned(), item::number((hour + TimeDelta::days(2)).timestamp()));
            let put = self.client.put_item().table_name(&self.table).set_item(Some(written));
            let put = match rev {
                None => put.condition_expression("attribute_not_exists(pk)"),
                Some(rev) => {
                    put.condition_expression("rev = :rev").expression_attribute_values(":rev", item::number(rev.0))
                }
            };
            match put.send().await {
                Ok(_) => return Ok(given),
                Err(error) => {
                    let lost =
                        error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception());
                    if !lost {
                        return Err(unavailable(error));
                    }
                }
            }
        }
        Err(StoreError::Conflict)
    }
}
