//! The sweep: ends what should have ended and has not, and recounts. Nothing needs it to be right; it finds
//! what older data or a mistake left behind.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{
    lead_scan::{Found, LeadVisitor},
    reading::Plans,
    record::Recorder,
    update::Retries,
};
use domain::{
    audit::{AuditEvent, Event, Status},
    batch_job::BatchJob,
    campaign::CampaignStatus,
    counts::{self, Counts},
    ids::{CampaignId, EnrollmentId, LeadId},
    lead::Lead,
    stuck::{Stuck, stuck},
};
use ports::{Census, Directory, LeadStore, SideWrites, StoreError, StoreResult, StoredLead};

/// What this walk is called.
pub const SWEEP: &str = "sweep";

/// What the sweep does to each lead.
pub struct Sweep<'a> {
    directory: &'a dyn Directory,
    leads: &'a dyn LeadStore,
    /// Whether each campaign sends; `None`: it is not there. One that is not known may be new.
    campaigns: Mutex<BTreeMap<CampaignId, Option<CampaignStatus>>>,
    /// Who stood in the list of those who wait for a person, when it began.
    listed: BTreeSet<LeadId>,
    dry_run: bool,
    recorder: Recorder<'a>,
    plans: Plans,
}

impl<'a> Sweep<'a> {
    /// One that goes by whether each campaign sends, and by who is listed as waiting for a person, as both were
    /// read at the beginning.
    #[must_use]
    pub fn new(
        directory: &'a dyn Directory,
        leads: &'a dyn LeadStore,
        campaigns: &BTreeMap<CampaignId, CampaignStatus>,
        listed: BTreeSet<LeadId>,
        dry_run: bool,
        recorder: Recorder<'a>,
    ) -> Self {
        let known = campaigns.iter().map(|(id, status)| (id.clone(), Some(status.clone())));
        let campaigns = Mutex::new(known.collect());
        Self { directory, leads, campaigns, listed, dry_run, recorder, plans: Plans::default() }
    }
}

#[async_trait]
impl LeadVisitor for Sweep<'_> {
    async fn visit(&self, mut stored: StoredLead, walk: &mut BatchJob) -> StoreResult<Vec<Found>> {
        let mut retries = Retries::default();
        loop {
            let found = self.stuck(&stored).await?;
            let mut lead = stored.lead.clone();
            let (audit, mut told) = self.end(&mut lead, found);
            // A lead that a release before the list wrote comes into it with its next save.
            let unlisted = self.unlisted(&stored);
            let lists = unlisted.is_some() && !self.dry_run;
            told.extend(unlisted);
            let counted = !audit.is_empty();
            let written = match counted || lists {
                true => {
                    let also = SideWrites { audit, count_later: !counted, ..SideWrites::default() };
                    self.leads.save(&lead, Some(stored.rev), also).await
                }
                false => Ok(stored.rev),
            };
            if !retries.again(&written) {
                written?;
                // What was mended moved the counters, which is none of others' doing.
                if counted {
                    for (campaign, moved) in counts::by_campaign(&lead.uncounted) {
                        walk.counted_before.entry(campaign.clone()).or_default().add(&moved);
                    }
                    lead.uncounted.clear();
                }
                for (campaign, of_lead) in counts::counted_of(&lead) {
                    walk.recount.entry(campaign).or_default().add(&of_lead);
                }
                return Ok(told);
            }
            let Some(read) = self.leads.lead(self.recorder.client, lead.id).await? else { return Ok(Vec::new()) };
            stored = read;
        }
    }
}

impl Sweep<'_> {
    /// Ends what should have ended, and gives what is recorded and told of it.
    fn end(&self, lead: &mut Lead, found: Vec<(EnrollmentId, Stuck)>) -> (Vec<AuditEvent>, Vec<Found>) {
        let on_its_way = lead.in_flight.as_ref().is_some_and(|text| !text.is_retry());
        let (mut audit, mut told) = (Vec::new(), Vec::new());
        for (id, stuck) in found {
            let Some(live) = lead.enrollment(id).cloned() else { continue };
            // What becomes of a text that is on its way is settled first.
            let outcome = stuck.outcome(&live).filter(|_| !on_its_way && !self.dry_run);
            if let Some(outcome) = outcome {
                lead.end(id, outcome, stuck.words(), self.recorder.now);
                let ended = self.recorder.about(lead, Event::EnrollmentEnded, Status::Ok);
                let words = format!("found by the sweep: {}", stuck.words());
                audit.push(ended.ending(outcome, words).in_campaign(&live.campaign, Some(live.step)));
            }
            let words = format!("{} step {}: {}", live.campaign, live.step, stuck.words());
            let code = stuck.code().to_owned();
            told.push(Found { lead: lead.id, code, words, mended: outcome.is_some() });
        }
        (audit, told)
    }

    /// A lead that waits for a person and that no report would name, as it is not in the list.
    fn unlisted(&self, stored: &StoredLead) -> Option<Found> {
        let lead = &stored.lead;
        let before = lead.attention().is_some_and(|attention| attention.since < self.recorder.now);
        (before && !self.listed.contains(&lead.id)).then(|| Found {
            lead: lead.id,
            code: "not_listed".to_owned(),
            words: "waits for a person, and was not in the list that the report reads".to_owned(),
            mended: !self.dry_run,
        })
    }

    /// What about a lead should have ended.
    async fn stuck(&self, stored: &StoredLead) -> StoreResult<Vec<(EnrollmentId, Stuck)>> {
        let mut found = Vec::new();
        for live in &stored.lead.enrollments {
            let plan = self.plans.get(self.directory, self.recorder.client, &live.campaign, live.version).await?;
            let campaign = self.status(&live.campaign).await?;
            if let Some(stuck) = stuck(&stored.lead, live, campaign.as_ref(), plan.as_ref(), self.recorder.now) {
                found.push((live.id, stuck));
            }
        }
        Ok(found)
    }

    /// Whether a campaign sends; `None`: it is not there. One that came about since the beginning is.
    async fn status(&self, id: &CampaignId) -> StoreResult<Option<CampaignStatus>> {
        let known = self.known().get(id).cloned();
        if let Some(status) = known {
            return Ok(status);
        }
        let now = self.directory.campaigns(self.recorder.client).await?;
        let found = now.into_iter().find(|campaign| campaign.id == *id).map(|campaign| campaign.status);
        self.known().insert(id.clone(), found.clone());
        Ok(found)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<CampaignId, Option<CampaignStatus>>> {
        self.campaigns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A campaign's counters against its people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recounted {
    /// The campaign.
    pub campaign: CampaignId,
    /// What the counters say.
    pub counters: Counts,
    /// What the people say. `None`: somebody entered or left meanwhile, or not everybody could be read, so
    /// nothing can be said.
    pub people: Option<Counts>,
    /// Whether the counters were set right.
    pub mended: bool,
}

/// Compares the counters with what the walk counted, and sets those right that are off and that nobody else
/// moved meanwhile.
///
/// # Errors
/// [`StoreError`] when counters cannot be read or written.
pub async fn recount(
    census: &dyn Census,
    walk: &BatchJob,
    campaigns: impl IntoIterator<Item = &CampaignId>,
    dry_run: bool,
    recorder: &Recorder<'_>,
) -> StoreResult<Vec<Recounted>> {
    let mut all = Vec::new();
    for campaign in campaigns {
        let counters = census.counts(recorder.client, campaign).await?;
        let before = walk.counted_before.get(campaign).cloned().unwrap_or_default();
        let people = walk.recount.get(campaign).cloned().unwrap_or_default();
        // Who could not be read is missing in the recount.
        let whole = walk.errors_in_all == 0;
        let still = whole && counters.agrees(&before);
        let off = !counters.agrees(&people);
        let mended = still && off && !dry_run && {
            match census.correct(recorder.client, campaign, &counters, &people).await {
                Ok(()) => true,
                Err(StoreError::Conflict) => false,
                Err(error) => return Err(error),
            }
        };
        all.push(Recounted { campaign: campaign.clone(), counters, people: still.then_some(people), mended });
    }
    Ok(all)
}
