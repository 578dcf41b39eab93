//! The judges. They go by what reached the provider, what was posted and answered, what operators wrote
//! and what is stored at the end; hours, zones and limits they reckon themselves.

mod answers;
mod law;
mod schedule;
mod state;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use leadline::{
    domain::{
        Instant,
        audit::{AuditEvent, Event},
        counts::Counts,
        event::{EventKey, EventState},
        ids::{AttemptId, CampaignId, ClientId, LeadId},
    },
    ports::StoredLead,
};

use crate::{
    executor::TaskId,
    notes::{Notes, Snapshot},
    people::named,
    provider::Offer,
    spec::{Person, Spec},
};

/// What is left behind by a world.
#[derive(Clone)]
pub struct Left {
    /// What reached the provider.
    pub offers: Vec<Offer>,
    /// The audit of each client.
    pub journals: Vec<Vec<AuditEvent>>,
    /// Every lead at the end.
    pub leads: Vec<StoredLead>,
    /// What stands in the due index at the end, by client.
    pub due: Vec<Vec<leadline::ports::DueWork>>,
    /// Whom the index holds as parked, by client and campaign.
    pub parked: BTreeSet<(ClientId, CampaignId, LeadId)>,
    /// What the counters of each campaign say at the end.
    pub counts: BTreeMap<(ClientId, CampaignId), Counts>,
    /// What came of the raw events that forms were stored as.
    pub events: BTreeMap<(ClientId, EventKey), EventState>,
}

/// Everything that a world is judged by.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// What it was made of.
    pub spec: &'a Spec,
    /// What it knows itself.
    pub notes: &'a Notes,
    /// What it left behind.
    pub left: &'a Left,
    /// Processes in which something went wrong, which may therefore have done a thing again.
    pub disturbed: &'a dyn Fn(TaskId) -> bool,
    /// The end.
    pub now: Instant,
}

/// Something that must never be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which judge found it.
    pub judge: &'static str,
    /// Whom it is about, where it is about one person.
    pub person: Option<usize>,
    /// When.
    pub at: Instant,
    /// What it is.
    pub what: String,
}

impl Violation {
    fn about(person: Option<&Person>, judge: &'static str, at: Instant, what: impl Into<String>) -> Self {
        Self { judge, person: person.map(|person| person.n), at, what: what.into() }
    }
}

/// Judges a world.
#[must_use]
pub fn violations(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut found = texts::violations(evidence);
    found.extend(answers::violations(evidence));
    found.extend(state::violations(evidence));
    found.sort_by_key(|violation| violation.at);
    found
}

/// A text as its own words say what it is.
struct Text<'a> {
    offer: &'a Offer,
    n: usize,
    person: &'a Person,
    campaign: &'a str,
    step: u16,
    version: u32,
}

impl<'a> Text<'a> {
    fn read(evidence: &Evidence<'a>, n: usize) -> Option<Self> {
        let offer = &evidence.left.offers[n];
        let person = named(&evidence.spec.people, &offer.body)?;
        let (_, rest) = offer.body.split_once(", step ")?;
        let (step, rest) = rest.split_once(" of ")?;
        let (campaign, rest) = rest.split_once(", version ")?;
        let (version, _) = rest.split_once('.')?;
        Some(Self { offer, n, person, campaign, step: step.parse().ok()?, version: version.parse().ok()? })
    }

    /// When it was claimed, which is in the attempt's id.
    fn claimed(&self) -> Instant {
        claimed(self.offer.attempt)
    }
}

/// The campaigns that the person of a text entered, with the moment at which work on that began.
fn enrolled<'a>(evidence: &Evidence<'a>, text: &Text<'_>) -> impl Iterator<Item = (&'a str, Instant)> {
    let lead = text.offer.lead;
    let journal = evidence.left.journals[text.person.client].iter();
    journal.filter_map(move |event| {
        let is_it = matches!(event.event, Event::Enrolled | Event::AlsoEnrolled) && event.lead == Some(lead);
        event.campaign.as_ref().filter(|_| is_it).map(|campaign| (campaign.as_str(), event.at))
    })
}

fn claimed(attempt: AttemptId) -> Instant {
    let millis = i64::try_from(attempt.0.timestamp_ms()).unwrap_or_default();
    Instant::from_timestamp_millis(millis).unwrap_or_default()
}

/// How an operator had left a client at some moment within a time, the newest last.
fn in_force(notes: &Notes, client: usize, from: Instant, until: Instant) -> Vec<&Snapshot> {
    let own: Vec<&Snapshot> = notes.settings.iter().filter(|snapshot| snapshot.client == client).collect();
    let first = own.iter().rposition(|snapshot| snapshot.at <= from).unwrap_or(0);
    own[first..].iter().copied().filter(|snapshot| snapshot.at <= until).collect()
}

#[cfg(test)]
mod tests;
