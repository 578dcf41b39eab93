//! Moving people to the newest version of a campaign, one by one and by a person's word only: who is in a
//! campaign is pinned to the version they entered.

use async_trait::async_trait;

use super::{
    lead_scan::{Found, LeadVisitor},
    record::Recorder,
    update::Retries,
};
use domain::{
    Instant,
    audit::{AuditEvent, Event, Status},
    batch_job::BatchJob,
    campaign::Plan,
    decide::look_from,
    ids::{CampaignId, EnrollmentId},
    lead::{Lead, Outcome, Waits},
};
use ports::{LeadStore, SideWrites, StoreResult, StoredLead};

/// What became of one enrollment, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Onto {
    /// It is at that version already, or is not live.
    There,
    /// A text of it is on its way, which is settled first.
    InFlightText,
    /// It goes on with this step.
    Step(u16),
    /// The version has no text left for it, so it has ended.
    AtTheEnd(Outcome),
}

/// Has an enrollment go on in another version: with the first text from the step on that it waits for, at
/// its time by that version. What was sent stays sent; nothing is sent again, and no two texts come closer
/// together than that version says.
pub fn onto(lead: &mut Lead, id: EnrollmentId, plan: &Plan, now: Instant) -> Onto {
    let Some(live) = lead.enrollments.iter_mut().find(|live| live.id == id && live.version != plan.version) else {
        return Onto::There;
    };
    if lead.in_flight.as_ref().is_some_and(|text| text.enrollment == id) {
        return Onto::InFlightText;
    }
    let Some(next) = plan.at_or_after(live.step) else {
        let outcome = if live.sent > 0 { Outcome::Completed } else { Outcome::Abandoned };
        lead.end(id, outcome, AT_THE_END, now);
        return Onto::AtTheEnd(outcome);
    };
    live.version = plan.version;
    live.step = next.step;
    if let Waits::Until(_) = live.waits
        && !live.parked
    {
        live.waits = Waits::Until(look_from(plan, live));
    }
    Onto::Step(live.step)
}

const AT_THE_END: &str = "the version that it was moved to has no text left for it";

/// What the walk to a version is called: one to another version begins at the beginning.
#[must_use]
pub fn name(campaign: &CampaignId, version: u32) -> String {
    format!("move#{campaign}#{version}")
}

/// Moves everybody who is in a campaign to one version of it.
pub struct Move<'a> {
    /// Leads.
    pub leads: &'a dyn LeadStore,
    /// The campaign.
    pub campaign: CampaignId,
    /// The version.
    pub plan: Plan,
    /// Whether it only looks.
    pub dry_run: bool,
    /// Who does it.
    pub by: String,
    /// Who records.
    pub recorder: Recorder<'a>,
}

#[async_trait]
impl LeadVisitor for Move<'_> {
    async fn visit(&self, mut stored: StoredLead, _: &mut BatchJob) -> StoreResult<Vec<Found>> {
        let mut retries = Retries::default();
        loop {
            let mut lead = stored.lead.clone();
            let (found, audit) = self.moved(&mut lead);
            if audit.is_empty() || self.dry_run {
                return Ok(found);
            }
            let saved = self.leads.save(&lead, Some(stored.rev), SideWrites::recording(audit)).await;
            if !retries.again(&saved) {
                return saved.map(|_| found);
            }
            let Some(read) = self.leads.lead(self.recorder.client, lead.id).await? else { return Ok(Vec::new()) };
            stored = read;
        }
    }
}

impl Move<'_> {
    fn moved(&self, lead: &mut Lead) -> (Vec<Found>, Vec<AuditEvent>) {
        let (mut found, mut audit) = (Vec::new(), Vec::new());
        let live: Vec<_> = lead.enrollments.iter().filter(|live| live.campaign == self.campaign).cloned().collect();
        for before in live {
            let (from, to) = (before.version, self.plan.version);
            let about = |lead: &Lead, event| {
                self.recorder.about(lead, event, Status::Ok).in_campaign(&self.campaign, Some(before.step))
            };
            let (code, words) = match onto(lead, before.id, &self.plan, self.recorder.now) {
                Onto::There => continue,
                Onto::InFlightText => {
                    ("on_its_way", format!("version {from}: a text is on its way, which is settled first"))
                }
                Onto::Step(step) => {
                    let words = format!("version {from} to {to}, goes on with step {step}");
                    audit.push(about(lead, Event::Moved).because("operator", format!("{}: {words}", self.by)));
                    ("moved", words)
                }
                Onto::AtTheEnd(outcome) => {
                    audit.push(about(lead, Event::EnrollmentEnded).ending(outcome, AT_THE_END));
                    ("ended", format!("version {from} to {to}: {AT_THE_END}, so it ends"))
                }
            };
            let mended = code != "on_its_way" && !self.dry_run;
            found.push(Found { lead: lead.id, code: code.to_owned(), words, mended });
        }
        (found, audit)
    }
}
