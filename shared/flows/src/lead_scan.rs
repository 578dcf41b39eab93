//! Scanning all leads of a client in batches, with a checkpoint after each: bounded memory, one
//! batch that fails keeps no other from being looked at, and it goes on where it was left.

use async_trait::async_trait;

use super::{
    reading::{Readable, readable},
    record::Recorder,
};
use domain::{
    audit::{Event, Status},
    batch_job::BatchJob,
    ids::{ClientId, LeadId},
};
use ports::{BatchJobs, Census, Journal, LeadStore, StoreError, StoreResult, StoredLead};

/// Leads of one batch.
pub const BATCH: usize = 100;

/// How often a batch is read when the store does not answer.
const READS: usize = 3;

/// What was found about one lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The lead.
    pub lead: LeadId,
    /// The kind.
    pub code: String,
    /// In words.
    pub words: String,
    /// Whether it was mended.
    pub mended: bool,
}

/// What is done to each lead of a scan.
#[async_trait]
pub trait LeadVisitor: Send + Sync {
    /// Looks at one lead, and does what is to be done. May be called again for a lead that it was done with.
    async fn visit(&self, stored: StoredLead, walk: &mut BatchJob) -> StoreResult<Vec<Found>>;
}

/// What a walk needs.
#[derive(Clone, Copy)]
pub struct LeadScan<'a> {
    /// Whom there is.
    pub census: &'a dyn Census,
    /// Leads.
    pub leads: &'a dyn LeadStore,
    /// Where walks have come to. `None`: nothing is written, and it begins at the beginning.
    pub walks: Option<&'a dyn BatchJobs>,
    /// The audit.
    pub journal: &'a dyn Journal,
    /// What it is called. Two walks of one name go on where the other was.
    pub name: &'a str,
}

impl LeadScan<'_> {
    /// The walk that was left before its end, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be read.
    pub async fn left(&self, client: &ClientId) -> StoreResult<Option<BatchJob>> {
        match self.walks {
            Some(walks) => Ok(walks.walk(client, self.name).await?.filter(|walk| walk.ended_at.is_none())),
            None => Ok(None),
        }
    }

    /// Walks from where `walk` is to the end, and says after each batch what it found.
    ///
    /// # Errors
    /// [`StoreError`] when the list of leads cannot be read, or the checkpoint not be written. Called again
    /// with what was left, it goes on.
    pub async fn go(
        &self,
        mut walk: BatchJob,
        visit: &dyn LeadVisitor,
        recorder: &Recorder<'_>,
        tell: &mut (dyn FnMut(&BatchJob, &[Found]) + Send),
    ) -> StoreResult<BatchJob> {
        loop {
            let ids = self.census.lead_ids(recorder.client, walk.after, BATCH).await?;
            let Some(last) = ids.last().copied() else { break };
            let mut found = Vec::new();
            match self.read(recorder.client, &ids, &mut walk).await {
                Ok(leads) => {
                    for stored in leads {
                        let id = stored.lead.id;
                        walk.looked_at += 1;
                        match visit.visit(stored, &mut walk).await {
                            Ok(some) => found.extend(some),
                            Err(error) => walk.failed(format!("lead {id}: {error}")),
                        }
                    }
                }
                Err(error) => walk.failed(format!("{} leads up to {last} were not looked at: {error}", ids.len())),
            }
            for one in &found {
                walk.found(&one.code, one.mended);
            }
            walk.after = Some(last);
            if let Some(walks) = self.walks {
                walks.put_walk(recorder.client, self.name, &walk).await?;
            }
            tell(&walk, &found);
        }
        Ok(walk)
    }

    /// Says that a walk has come to its end, and what it came to.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be written.
    pub async fn end(&self, walk: &mut BatchJob, recorder: &Recorder<'_>) -> StoreResult<()> {
        walk.ended_at = Some(recorder.now);
        let Some(walks) = self.walks else { return Ok(()) };
        walks.put_walk(recorder.client, self.name, walk).await?;
        let status = if walk.errors_in_all == 0 { Status::Ok } else { Status::Failed };
        let ended = recorder.event(Event::WalkEnded, status).because(self.name, walk.words());
        self.journal.record(&[ended]).await
    }

    /// Reads a batch. One lead that cannot be read keeps no other from being looked at.
    async fn read(&self, client: &ClientId, ids: &[LeadId], walk: &mut BatchJob) -> StoreResult<Vec<StoredLead>> {
        let mut tries = 1;
        loop {
            match readable(self.leads, client, ids).await {
                Err(StoreError::Unavailable(_)) if tries < READS => tries += 1,
                read => {
                    let Readable { leads, unread } = read?;
                    unread.iter().for_each(|(id, error)| walk.failed(format!("lead {id}: {error}")));
                    return Ok(leads);
                }
            }
        }
    }
}
