//! Raw events, kept as they came, until their time to live is over.

use async_trait::async_trait;
use chrono::TimeDelta;

use super::{DynamoStore, item, journal, keys};
use crate::{
    domain::{audit::AuditEvent, ids::ClientId},
    ports::{EventKey, EventState, EventStore, RawEvent, Receipt, StoreError, StoreResult},
};

/// How long a raw event is kept. Consent points to it, and claims reach back four years (28 USC 1658).
const KEPT: TimeDelta = TimeDelta::days(5 * 366);

fn event_item(event: &RawEvent) -> StoreResult<item::Item> {
    let mut written = item::encode(&keys::event(&event.client, &event.key), event)?;
    written.insert("ttl".to_owned(), item::number((event.received_at + KEPT).timestamp()));
    if let EventState::Received { due, .. } = event.state {
        written.insert("due_pk".to_owned(), item::text(keys::due_events(&event.client)));
        written.insert("due_sk".to_owned(), item::text(keys::due_event(due, &event.key)));
    }
    Ok(written)
}

#[async_trait]
impl EventStore for DynamoStore {
    async fn receive(&self, event: &RawEvent, audit: AuditEvent) -> StoreResult<Receipt> {
        let writes = vec![
            self.put_if(event_item(event)?, Some("attribute_not_exists(pk)"))?,
            self.put(journal::log_item(&audit)?)?,
        ];
        match self.transact(writes).await {
            Ok(()) => Ok(Receipt::New),
            Err(StoreError::Conflict) => match self.event(&event.client, &event.key).await? {
                Some(_) => Ok(Receipt::Known),
                // Another write of the same key was under way and failed: the sender tries again.
                None => Err(StoreError::Conflict),
            },
            Err(error) => Err(error),
        }
    }

    async fn event(&self, client: &ClientId, key: &EventKey) -> StoreResult<Option<RawEvent>> {
        self.get(&keys::event(client, key)).await?.map(item::decode).transpose()
    }

    async fn set_state(&self, event: &RawEvent) -> StoreResult<()> {
        self.transact(vec![self.put_if(event_item(event)?, Some("attribute_exists(pk)"))?]).await
    }
}
