//! The audit, by lead (its own collection) and by client and day (the day index).

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use chrono::{Days, NaiveTime};
use ulid::Ulid;

use super::{
    DynamoStore,
    item::{self, Item},
    keys, schema, unavailable,
};
use domain::{
    Instant,
    audit::AuditEvent,
    ids::{AuditId, ClientId, LeadId},
};
use ports::{Journal, JournalPage, StoreError, StoreResult};

/// Most items that one call writes.
const ITEMS_PER_WRITE: usize = 25;
/// How often items that DynamoDB left unwritten are tried again.
const WRITES: usize = 5;
/// Events on a page.
const PAGE: i32 = 500;

pub(super) fn log_item(event: &AuditEvent) -> StoreResult<Item> {
    let mut written = item::encode(&keys::log(&event.client, event.lead, event.id), event)?;
    written.insert("day_pk".to_owned(), item::text(keys::day(&event.client, of_id(event.id.0))));
    written.insert("day_sk".to_owned(), item::text(event.id.to_string()));
    Ok(written)
}

impl DynamoStore {
    async fn record_batch(&self, events: &[AuditEvent]) -> StoreResult<()> {
        let invalid = |error| StoreError::Unavailable(Box::new(error));
        let mut open = Vec::with_capacity(events.len());
        // One call cannot write one item twice: of an event that is there twice, the last counts.
        let once: BTreeMap<_, _> = events.iter().map(|event| (event.id, event)).collect();
        for event in once.into_values() {
            let put = PutRequest::builder().set_item(Some(log_item(event)?)).build().map_err(invalid)?;
            open.push(WriteRequest::builder().put_request(put).build());
        }
        for _ in 0..WRITES {
            let sent =
                self.client.batch_write_item().request_items(&self.table, open).send().await.map_err(unavailable)?;
            open = sent.unprocessed_items.unwrap_or_default().into_values().flatten().collect();
            if open.is_empty() {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("audit events stayed unwritten: the table is throttled".into()))
    }
}

#[async_trait]
impl Journal for DynamoStore {
    async fn record(&self, events: &[AuditEvent]) -> StoreResult<()> {
        if let [event] = events {
            let put = self.client.put_item().table_name(&self.table).set_item(Some(log_item(event)?));
            put.send().await.map_err(unavailable)?;
            return Ok(());
        }
        for batch in events.chunks(ITEMS_PER_WRITE) {
            self.record_batch(batch).await?;
        }
        Ok(())
    }

    async fn record_once(&self, event: &AuditEvent) -> StoreResult<bool> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(log_item(event)?));
        match put.condition_expression("attribute_not_exists(pk)").send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                Ok(false)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn recorded(&self, client: &ClientId, lead: LeadId, id: AuditId) -> StoreResult<Option<AuditEvent>> {
        self.get(&keys::log(client, Some(lead), id)).await?.map(item::decode).transpose()
    }

    async fn happened(
        &self,
        client: &ClientId,
        from: Instant,
        until: Instant,
        page: Option<String>,
    ) -> StoreResult<JournalPage> {
        // A page token is the last event's id: its time says which day's partition it is in.
        let after = page.map(|token| Ulid::from_string(&token)).transpose();
        let after = after.map_err(|_| StoreError::Unreadable("a page token of the journal".to_owned()))?;
        let lowest = after.unwrap_or_else(|| Ulid::from_parts(millis(from), 0));
        let highest = Ulid::from_parts(millis(until), 0);
        let mut day = of_id(lowest);
        let mut events: Vec<AuditEvent> = Vec::new();
        while day < until {
            let found = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(schema::DAY_INDEX)
                .key_condition_expression("day_pk = :day AND day_sk BETWEEN :lowest AND :highest")
                .expression_attribute_values(":day", item::text(keys::day(client, day)))
                .expression_attribute_values(":lowest", item::text(lowest.to_string()))
                .expression_attribute_values(":highest", item::text(highest.to_string()))
                .limit(PAGE)
                .send()
                .await
                .map_err(unavailable)?;
            let more = found.last_evaluated_key.is_some();
            for found in found.items.unwrap_or_default() {
                let event: AuditEvent = item::decode(found)?;
                let known = after.is_some_and(|after| event.id.0 <= after);
                if !known && event.id.0 < highest {
                    events.push(event);
                }
            }
            if more || events.len() >= PAGE as usize {
                let next = events.last().map(|event| event.id.to_string());
                return Ok(JournalPage { events, next });
            }
            day = (day.date_naive() + Days::new(1)).and_time(NaiveTime::MIN).and_utc();
        }
        Ok(JournalPage { events, next: None })
    }
}

/// The moment in an id. It says which day an event is in, whatever its own time says.
fn of_id(id: Ulid) -> Instant {
    let millis = i64::try_from(id.timestamp_ms()).unwrap_or(i64::MAX);
    chrono::DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

fn millis(at: Instant) -> u64 {
    u64::try_from(at.timestamp_millis()).unwrap_or(0)
}
