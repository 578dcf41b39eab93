//! Raw events, kept as they came, until their time to live is over.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use super::{DynamoStore, item, journal, keys};
use domain::{
    audit::AuditEvent,
    event::{EventKey, EventOutcome, EventState, RawEvent},
    ids::ClientId,
};
use ports::{EventStore, Receipt, StoreError, StoreResult};

// How long an event is kept is known only once it was worked through, so its `ttl` is written with its end.

fn event_item(event: &RawEvent) -> StoreResult<item::Item> {
    let mut written = item::encode(&keys::event(&event.client, &event.key), event)?;
    written.insert("ttl".to_owned(), item::number((event.received_at + event.kept_for()).timestamp()));
    if let EventState::Received { due, .. } = event.state {
        written.insert("due_pk".to_owned(), item::text(keys::due_events(&event.client)));
        written.insert("due_sk".to_owned(), item::text(keys::due_event(due, &event.key)));
    }
    Ok(written)
}

impl DynamoStore {
    /// The event as it stands now, over the state in which it was read.
    pub(super) fn conclusion(&self, outcome: &EventOutcome) -> StoreResult<TransactWriteItem> {
        let unwritable = |why: String| StoreError::Unreadable(why);
        let read = item::attribute(&outcome.event.state)?;
        let event = RawEvent { state: outcome.state.clone(), ..outcome.event.clone() };
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(event_item(&event)?))
            .condition_expression("d.#state = :read")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":read", read)
            .build()
            .map_err(|error| unwritable(error.to_string()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
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

    async fn conclude(&self, outcome: &EventOutcome, audit: Vec<AuditEvent>) -> StoreResult<()> {
        let mut writes = vec![self.conclusion(outcome)?];
        for event in &audit {
            writes.push(self.put(journal::log_item(event)?)?);
        }
        match self.transact(writes).await {
            Err(StoreError::Conflict) => {
                // It may stand as we want it because we wrote it, and the answer was lost.
                let stands = self.event(&outcome.event.client, &outcome.event.key).await?;
                let ours = stands.is_some_and(|stands| stands.state == outcome.state);
                if ours { Ok(()) } else { Err(StoreError::Conflict) }
            }
            written => written,
        }
    }
}
