//! Due work, allowances, and things of which there must be exactly one, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use leadline::domain::{
    Instant,
    batch_job::BatchJob,
    ids::{CampaignId, ClientId, LeadId, RunId},
    refusals::{Refused, RefusedCounts},
};
use leadline::{
    domain::event::Source,
    ports::{BatchJobs, Budget, DueIndex, DueKind, DueWork, Lease, Leases, Refusals, RequestLimits, StoreResult},
};

use super::{DueKey, MemoryStore};

/// What is reserved of one clock hour.
#[derive(Default)]
pub(super) struct Hour {
    reserved: u32,
    runs: BTreeMap<RunId, u32>,
}

/// How far something has come of which there must be exactly one.
pub(super) enum Mark {
    Begun { lease_until: Instant },
    Done { note: String },
}

#[async_trait]
impl DueIndex for MemoryStore {
    async fn due_of(
        &self,
        client: &ClientId,
        kind: DueKind,
        until: Instant,
        limit: usize,
    ) -> StoreResult<Vec<DueWork>> {
        Ok(self.read(client, |tenant| {
            let due = tenant.due.iter().take_while(|(due, _)| *due <= until).cloned();
            due.map(|(due, key)| key.work(due)).filter(|work| work.kind() == kind).take(limit).collect()
        }))
    }

    async fn parked_for(&self, client: &ClientId, after: Option<&CampaignId>) -> StoreResult<Option<CampaignId>> {
        Ok(self.read(client, |tenant| {
            let campaigns = tenant.parked.iter().map(|(campaign, ..)| campaign);
            campaigns.filter(|campaign| after.is_none_or(|after| *campaign > after)).min().cloned()
        }))
    }

    async fn parked(
        &self,
        client: &ClientId,
        campaign: &CampaignId,
        until: Option<Instant>,
        limit: usize,
    ) -> StoreResult<Vec<LeadId>> {
        Ok(self.read(client, |tenant| {
            let of =
                tenant.parked.iter().filter(|(of, at, _)| of == campaign && until.is_none_or(|until| *at <= until));
            of.map(|(_, _, lead)| *lead).take(limit).collect()
        }))
    }
}

impl DueKey {
    fn work(self, due: Instant) -> DueWork {
        match self {
            Self::Lead(id) => DueWork::Lead { id, due },
            Self::Event(key) => DueWork::Event { key, due },
        }
    }
}

#[async_trait]
impl Budget for MemoryStore {
    async fn reserve(&self, client: &ClientId, hour: Instant, limit: u32, wanted: u32, run: RunId) -> StoreResult<u32> {
        let mut state = self.state();
        let clock_hour = hour.timestamp().div_euclid(3600);
        let Hour { reserved, runs } = state.tenant(client).hours.entry(clock_hour).or_default();
        Ok(*runs.entry(run).or_insert_with(|| {
            let granted = wanted.min(limit.saturating_sub(*reserved));
            *reserved += granted;
            granted
        }))
    }
}

#[async_trait]
impl BatchJobs for MemoryStore {
    async fn walk(&self, client: &ClientId, name: &str) -> StoreResult<Option<BatchJob>> {
        Ok(self.read(client, |tenant| tenant.walks.get(name).cloned()))
    }

    async fn put_walk(&self, client: &ClientId, name: &str, walk: &BatchJob) -> StoreResult<()> {
        self.state().tenant(client).walks.insert(name.to_owned(), walk.clone());
        Ok(())
    }
}

#[async_trait]
impl RequestLimits for MemoryStore {
    async fn admit(&self, client: &ClientId, at: Instant, limit: u32) -> StoreResult<bool> {
        let mut state = self.state();
        let counted = state.tenant(client).requests.entry(at.timestamp().div_euclid(60)).or_default();
        let admitted = *counted < limit;
        *counted += u32::from(admitted);
        Ok(admitted)
    }
}

#[async_trait]
impl Refusals for MemoryStore {
    async fn count_refused(
        &self,
        client: &ClientId,
        source: Source,
        at: Instant,
        more: RefusedCounts,
    ) -> StoreResult<()> {
        let hour = (at.timestamp().div_euclid(3600), source.code());
        self.state().tenant(client).refused.entry(hour).or_default().add(more);
        Ok(())
    }

    async fn refused(&self, client: &ClientId, from: Instant, until: Instant) -> StoreResult<Refused> {
        let first = from.timestamp().div_euclid(3600);
        Ok(self.read(client, |tenant| {
            let mut all = Refused::new();
            let hours = tenant.refused.iter();
            for ((_, source), counts) in
                hours.filter(|((hour, _), _)| *hour >= first && hour * 3600 < until.timestamp())
            {
                all.entry((*source).to_owned()).or_default().add(*counts);
            }
            all
        }))
    }
}

#[async_trait]
impl Leases for MemoryStore {
    async fn claim(&self, client: &ClientId, what: &str, now: Instant, lease_until: Instant) -> StoreResult<Lease> {
        let mut state = self.state();
        let marks = &mut state.tenant(client).marks;
        let turn = match marks.get(what) {
            None => Lease::Acquired,
            Some(Mark::Begun { lease_until }) if *lease_until <= now => Lease::Reacquired,
            Some(Mark::Begun { .. }) => return Ok(Lease::HeldElsewhere),
            Some(Mark::Done { .. }) => return Ok(Lease::Completed),
        };
        marks.insert(what.to_owned(), Mark::Begun { lease_until });
        Ok(turn)
    }

    async fn finish(&self, client: &ClientId, what: &str, note: &str) -> StoreResult<()> {
        let done = Mark::Done { note: note.to_owned() };
        self.state().tenant(client).marks.insert(what.to_owned(), done);
        Ok(())
    }

    async fn note(&self, client: &ClientId, what: &str) -> StoreResult<Option<String>> {
        Ok(self.read(client, |tenant| match tenant.marks.get(what) {
            Some(Mark::Done { note }) => Some(note.clone()),
            Some(Mark::Begun { .. }) | None => None,
        }))
    }
}
