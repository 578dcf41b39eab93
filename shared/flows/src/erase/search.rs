//! Searching all that a client's days hold for one person: every raw event that came in is on record on its day, with
//! its key. It is read page by page, so what it costs depends on the client's history, and its memory on the person's.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    super::{derived_id, record::Recorder},
    Erase, Erased, emptied,
};
use domain::{
    Instant,
    audit::{AuditEvent, Event, Status},
    client::Client,
    erasure::{ErasureRecord, GONE, Identifiers},
    event::{EventKey, EventOutcome, EventState, RawEvent},
    ids::LeadId,
    incoming::Incoming,
};
use ports::StoreResult;

/// Raw events that are read side by side.
const AT_ONCE: usize = 16;

/// A search for one person.
pub(super) struct Search<'a> {
    pub(super) erase: Erase<'a>,
    pub(super) client: &'a Client,
    pub(super) recorder: &'a Recorder<'a>,
    pub(super) person: &'a Identifiers,
    /// The raw events that are known to be the person's.
    pub(super) own: BTreeSet<EventKey>,
    /// The erasure that is repeated, if it is one: by its hashes what the lead does not know any more is found.
    pub(super) record: Option<&'a ErasureRecord>,
    pub(super) from: Instant,
    pub(super) until: Instant,
}

/// The raw events that name the person, and the lead that each of them led to.
pub(super) type Named = BTreeMap<EventKey, Option<LeadId>>;

impl Search<'_> {
    /// Empties every raw event and every record of others that names the person.
    pub(super) async fn run(&self) -> StoreResult<Erased> {
        let mut found = Erased { events_searched: self.own.len(), ..Erased::default() };
        let mut named: Named = self.own.iter().map(|key| (key.clone(), Some(self.person.lead))).collect();
        let mut page = None;
        loop {
            let read = self.erase.journal.happened(&self.client.id, self.from, self.until, page).await?;
            found.records_searched += read.events.len();
            self.records(&read.events, &mut found).await?;
            self.look_for_events(&read.events, &mut named, &mut found).await?;
            page = read.next;
            if page.is_none() {
                break;
            }
        }
        let days = (self.until.date_naive() - self.from.date_naive()).num_days() + 1;
        found.days = u64::try_from(days).unwrap_or(0);
        for (key, lead) in named {
            self.empty(&key, lead, &mut found).await?;
        }
        Ok(found)
    }

    /// The person's own raw events, and all that name the person; and other leads whose events or records do. Changes
    /// nothing.
    pub(super) async fn named(&self) -> StoreResult<(Named, BTreeSet<LeadId>)> {
        let mut named: Named = self.own.iter().map(|key| (key.clone(), Some(self.person.lead))).collect();
        let (mut spoken_of_by, mut page) = (BTreeSet::new(), None);
        loop {
            let read = self.erase.journal.happened(&self.client.id, self.from, self.until, page).await?;
            // What a record says may stand with its lead, too.
            spoken_of_by.extend(self.unnamed_records(&read.events).await?.iter().filter_map(|event| event.lead));
            self.look_for_events(&read.events, &mut named, &mut Erased::default()).await?;
            page = read.next;
            if page.is_none() {
                break;
            }
        }
        spoken_of_by.extend(named.values().flatten());
        spoken_of_by.remove(&self.person.lead);
        Ok((named, spoken_of_by))
    }

    /// Empties records of others.
    async fn records(&self, events: &[AuditEvent], found: &mut Erased) -> StoreResult<()> {
        let worded = self.unnamed_records(events).await?;
        if !worded.is_empty() {
            self.erase.journal.record(&worded).await?;
        }
        found.records_emptied += worded.len();
        Ok(())
    }

    /// The records of others that name the person, without that. The person's own are read with their journey.
    async fn unnamed_records(&self, events: &[AuditEvent]) -> StoreResult<Vec<AuditEvent>> {
        let others = events.iter().filter(|event| event.lead != Some(self.person.lead));
        let mut worded = Vec::new();
        for event in others {
            if let Some(without) = emptied::of_others(event, self.person)
                && !self.is_namesakes(event).await?
            {
                worded.push(without);
            }
        }
        Ok(worded)
    }

    /// Whether a record is of somebody of the same name and names the person by nothing else: it is their own.
    async fn is_namesakes(&self, event: &AuditEvent) -> StoreResult<bool> {
        let body = event.text.as_ref().map(|text| &text.body);
        let by_number = event.phone.iter().any(|phone| self.person.phones.contains(phone));
        let words = event.detail.iter().chain(&event.reason).chain(&event.raw).chain(body);
        if by_number || words.into_iter().any(|words| self.person.are_in(words)) {
            return Ok(false);
        }
        self.wrote_of_themselves(event.lead).await
    }

    /// Reads the raw events that are on record on a page, and keeps the keys of those that name the person.
    async fn look_for_events(&self, events: &[AuditEvent], named: &mut Named, found: &mut Erased) -> StoreResult<()> {
        let mut keys = Named::new();
        for event in events {
            let received = event.detail.as_ref().filter(|_| event.event == Event::EventReceived);
            for key in event.raw.iter().chain(received) {
                let lead = keys.entry(EventKey(key.clone())).or_default();
                *lead = lead.or(event.lead);
            }
        }
        let (known, new): (Named, Named) = keys.into_iter().partition(|(key, _)| named.contains_key(key));
        for (key, lead) in known {
            let known = named.entry(key).or_default();
            *known = known.or(lead);
        }
        let mut reading = stream::iter(new)
            .map(|(key, lead)| async move {
                let event = self.erase.events.event(&self.client.id, &key).await?;
                StoreResult::Ok((key, lead, event))
            })
            .buffer_unordered(AT_ONCE);
        while let Some((key, lead, event)) = reading.try_next().await? {
            found.events_searched += usize::from(event.is_some());
            let Some(event) = event else { continue };
            if self.names_by_number(&event) || (self.is_spoken_of_in(&event) && !self.wrote_of_themselves(lead).await?)
            {
                named.insert(key, lead);
            }
        }
        Ok(())
    }

    /// Whether an event that names the person by name alone is of somebody else who is called the same.
    async fn wrote_of_themselves(&self, lead: Option<LeadId>) -> StoreResult<bool> {
        match lead.filter(|lead| *lead != self.person.lead) {
            Some(lead) => self.erase.is_namesake(self.client, lead, self.person).await,
            None => Ok(false),
        }
    }

    /// Whether an event names the person by a number, an address or the lead's id.
    fn names_by_number(&self, event: &RawEvent) -> bool {
        let texts = [Some(&event.key.0), Some(&event.body), event.query.as_ref()];
        texts.into_iter().flatten().any(|text| self.person.are_in(text))
            || self.record.is_some_and(|record| {
                let (phone, email) = self.erase.named_in(event, self.client);
                record.knows(phone.as_ref(), email.as_ref())
            })
    }

    /// Whether somebody's reply, or a text that was sent to them by the API, speaks of the person.
    fn is_spoken_of_in(&self, event: &RawEvent) -> bool {
        match (self.erase.read)(event, self.client) {
            Ok(Incoming::Reply(reply)) => self.person.are_spoken_of_in(&reply.body),
            Ok(Incoming::Send(asked)) => self.person.are_spoken_of_in(&asked.text),
            Ok(Incoming::Form(_) | Incoming::CommerceEvent(_) | Incoming::Unsubscribed { .. })
            | Ok(Incoming::Booking(_) | Incoming::Receipt(_) | Incoming::Nothing(_))
            | Err(_) => false,
        }
    }

    /// Empties an event of the person's, or of nobody's. Of another lead's only what names the person goes.
    async fn empty(&self, key: &EventKey, lead: Option<LeadId>, found: &mut Erased) -> StoreResult<()> {
        let other = lead.filter(|lead| *lead != self.person.lead);
        found.other_leads.extend(other);
        let Some(event) = self.erase.events.event(&self.client.id, key).await? else { return Ok(()) };
        if other.is_some() && matches!(event.state, EventState::Received { .. }) {
            // It is somebody else's, and its work is not done: nothing of it may be lost.
            return Ok(());
        }
        if self.person.are_in(&key.0) {
            self.erase.store.delete_event(&event).await?;
            found.events_emptied += 1;
            return Ok(());
        }
        let redacted = other.and_then(|_| self.redacted(&event));
        let is_redacted = redacted.is_some();
        let outcome = redacted.unwrap_or_else(|| {
            let state = EventState::Done { result: GONE.to_owned() };
            let event = RawEvent { body: String::new(), query: None, ..event.clone() };
            EventOutcome { event, state }
        });
        if outcome.event == event && outcome.state == event.state {
            return Ok(());
        }
        self.erase.events.conclude(&outcome, self.outcome(&event)).await?;
        if is_redacted {
            found.events_redacted += 1;
        } else {
            found.events_emptied += 1;
        }
        Ok(())
    }

    /// What is recorded of an event that nobody has worked through: every event has an outcome.
    fn outcome(&self, event: &RawEvent) -> Vec<AuditEvent> {
        match event.state {
            EventState::Received { .. } => {
                let ignored = self.recorder.event(Event::EventIgnored, Status::Ok);
                let why = "the person's data was erased before it was worked through";
                vec![derived_id::outcome(event, ignored.because("erased", why))]
            }
            EventState::Done { .. } | EventState::Unusable { .. } => Vec::new(),
        }
    }

    /// An event of another lead without the person's number and addresses. `None` if that cannot be told apart, or if
    /// it is not worked through yet.
    fn redacted(&self, event: &RawEvent) -> Option<EventOutcome> {
        let body = match self.is_spoken_of_in(event) {
            true => self.person.unnamed(&event.body)?,
            false => self.person.redacted(&event.body)?,
        };
        let query = match &event.query {
            Some(query) => Some(self.person.redacted(query)?),
            None => None,
        };
        let state = match &event.state {
            EventState::Received { .. } => return None,
            EventState::Done { result } => EventState::Done { result: self.person.redacted(result)? },
            EventState::Unusable { reason } => EventState::Unusable { reason: self.person.redacted(reason)? },
        };
        let event = RawEvent { body, query, ..event.clone() };
        (!self.is_spoken_of_in(&event)).then_some(EventOutcome { event, state })
    }
}
