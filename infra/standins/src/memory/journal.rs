//! Raw events and the audit in memory.

use async_trait::async_trait;
use leadline::domain::{
    Instant,
    audit::AuditEvent,
    ids::{AuditId, ClientId, LeadId},
};
use leadline::{
    domain::event::{EventKey, EventOutcome, EventState, RawEvent},
    ports::{EventStore, Journal, JournalPage, Receipt, StoreError, StoreResult},
};
use ulid::Ulid;

use super::{DueKey, MemoryStore, State, Tenant};

/// Events on one page of the journal.
const PAGE: usize = 500;

#[async_trait]
impl EventStore for MemoryStore {
    async fn receive(&self, event: &RawEvent, audit: AuditEvent) -> StoreResult<Receipt> {
        let mut state = self.state();
        let tenant = state.tenant(&event.client);
        if tenant.events.contains_key(&event.key) {
            return Ok(Receipt::Known);
        }
        tenant.due.extend(due(event));
        tenant.events.insert(event.key.clone(), event.clone());
        state.record(&[audit]);
        Ok(Receipt::New)
    }

    async fn event(&self, client: &ClientId, key: &EventKey) -> StoreResult<Option<RawEvent>> {
        Ok(self.read(client, |tenant| tenant.events.get(key).cloned()))
    }

    async fn conclude(&self, outcome: &EventOutcome, audit: Vec<AuditEvent>) -> StoreResult<()> {
        let mut state = self.state();
        let tenant = state.tenant(&outcome.event.client);
        let written = RawEvent { state: outcome.state.clone(), ..outcome.event.clone() };
        if tenant.events.get(&outcome.event.key) == Some(&written) {
            return Ok(());
        }
        if !tenant.stands(outcome) {
            return Err(StoreError::Conflict);
        }
        tenant.conclude(outcome);
        state.record(&audit);
        Ok(())
    }
}

impl Tenant {
    /// Whether an event is as it was read.
    pub(super) fn stands(&self, outcome: &EventOutcome) -> bool {
        self.events.get(&outcome.event.key).is_some_and(|stored| stored.state == outcome.event.state)
    }

    /// Writes what came of an event, and moves it in the due index.
    pub(super) fn conclude(&mut self, outcome: &EventOutcome) {
        let Some(stored) = self.events.get_mut(&outcome.event.key) else { return };
        if let Some(entry) = due(stored) {
            self.due.remove(&entry);
        }
        *stored = RawEvent { state: outcome.state.clone(), ..outcome.event.clone() };
        self.due.extend(due(stored));
    }
}

/// An event's entry in the due index, while it waits for being worked on.
fn due(event: &RawEvent) -> Option<(Instant, DueKey)> {
    match event.state {
        EventState::Received { due, .. } => Some((due, DueKey::Event(event.key.clone()))),
        EventState::Done { .. } | EventState::Unusable { .. } => None,
    }
}

#[async_trait]
impl Journal for MemoryStore {
    async fn record(&self, events: &[AuditEvent]) -> StoreResult<()> {
        self.state().record(events);
        Ok(())
    }

    async fn record_once(&self, event: &AuditEvent) -> StoreResult<bool> {
        let mut state = self.state();
        if state.tenant(&event.client).journal.contains_key(&event.id) {
            return Ok(false);
        }
        state.record(std::slice::from_ref(event));
        Ok(true)
    }

    async fn recorded(&self, client: &ClientId, lead: LeadId, id: AuditId) -> StoreResult<Option<AuditEvent>> {
        let of_lead = |event: &&AuditEvent| event.lead == Some(lead);
        Ok(self.read(client, |tenant| tenant.journal.get(&id).filter(of_lead).cloned()))
    }

    async fn happened(
        &self,
        client: &ClientId,
        from: Instant,
        until: Instant,
        page: Option<String>,
    ) -> StoreResult<JournalPage> {
        let token = page.map(|token| token.parse()).transpose();
        let first = token.map_err(|_| StoreError::Unreadable("the page of the journal".to_owned()))?;
        let (first, end) = (first.unwrap_or(first_id(from)), first_id(until));
        if first >= end {
            return Ok(JournalPage::default());
        }
        Ok(self.read(client, |tenant| {
            let mut rest = tenant.journal.range(first..end);
            let events = rest.by_ref().take(PAGE).map(|(_, event)| event.clone()).collect();
            JournalPage { events, next: rest.next().map(|(id, _)| id.to_string()) }
        }))
    }
}

/// The smallest id of a moment: the journal is cut by the time part of its ids, so that every event
/// belongs to exactly one of two periods that meet.
fn first_id(at: Instant) -> AuditId {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    AuditId(Ulid::from_parts(millis.min((1 << 48) - 1), 0))
}

impl State {
    /// Writes events that are not there yet. One that is there is never changed.
    pub(super) fn record(&mut self, events: &[AuditEvent]) {
        for event in events {
            let tenant = self.tenant(&event.client);
            tenant.journal.insert(event.id, event.clone());
            if let Some(lead) = event.lead {
                tenant.journeys.entry(lead).or_default().insert(event.id);
            }
        }
    }

    /// Whether this very event is written.
    pub(super) fn has_recorded(&self, event: &AuditEvent) -> bool {
        self.tenants.get(&event.client).and_then(|tenant| tenant.journal.get(&event.id)) == Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadline::domain::audit::{Event, Status};

    #[tokio::test]
    async fn a_page_holds_five_hundred_events() {
        let (store, client) = (MemoryStore::new(), ClientId::parse("acme").expect("an id"));
        let at = Instant::UNIX_EPOCH;
        let id = |n| AuditId(Ulid::from_parts(0, n));
        let event = |n| AuditEvent::new(id(n), at, client.clone(), Event::SchedulerRun, Status::Ok);
        store.record(&(0..501).map(event).collect::<Vec<_>>()).await.expect("recorded");
        let page = |token| store.happened(&client, at, Instant::MAX_UTC, token);
        let first = page(None).await.expect("a page");
        assert_eq!((first.events.len(), &first.next), (500, &Some(id(500).to_string())));
        let second = page(first.next).await.expect("a page");
        assert_eq!((second.events.len(), second.next), (1, None));
        assert!(matches!(page(Some("?".to_owned())).await, Err(StoreError::Unreadable(_))));
    }
}
