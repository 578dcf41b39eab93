//! What is due: each lead is decided on, and only those that may be texted now become jobs.

use std::collections::HashSet;

use leadline::{
    domain::{
        audit::{Event, Status},
        campaign::{Campaign, CampaignStatus},
        client::Client,
        decide::{Case, decide},
        event::EventKey,
        gate::Decision,
        ids::LeadId,
        job::SendStep,
    },
    flows::{
        conclude::conclude,
        intake::Intake,
        reading::{Plans, Readable, readable},
        record::Recorder,
    },
    ports::{DueKind, DueWork, SideWrites, StoreError, StoreResult, StoredLead},
};

use crate::Deps;

/// Leads that are read in one go.
const PAGE: usize = 50;
/// Events that one run looks through for replies.
const EVENTS: usize = 1_000;
/// Events other than replies that one run takes up again.
const EVENTS_WORKED: usize = 50;
/// Leads that one run looks at for one client, so that a run always ends.
const LEADS_PER_RUN: usize = 1_000;

/// What a client's run found.
#[derive(Debug, Default)]
pub struct Selected {
    /// Steps that may be sent now, oldest first.
    pub jobs: Vec<SendStep>,
    /// Texts on their way that nobody looks after any more. They are no new texts, and no limit counts them.
    pub left_alone: Vec<SendStep>,
    /// Leads that were put off.
    pub put_off: usize,
    /// Enrollments that ended or wait for review.
    pub concluded: usize,
    /// Whether more was due than the run's limit.
    pub more: bool,
}

/// Selects up to the run's limit.
pub async fn select(
    deps: &Deps,
    client: &Client,
    campaigns: &[Campaign],
    intake: &Intake<'_>,
    recorder: &Recorder<'_>,
) -> StoreResult<Selected> {
    let limit = client.per_run() as usize;
    let mut selected = Selected::default();
    let mut seen: HashSet<LeadId> = HashSet::new();
    let plans = Plans::default();
    loop {
        // What was selected stays in the index until it is sent, so it is asked for again and passed over.
        let found = deps.store.due_of(&client.id, DueKind::Leads, recorder.now, seen.len() + PAGE).await?;
        let fresh: Vec<LeadId> = found.iter().filter_map(DueWork::lead).filter(|id| seen.insert(*id)).collect();
        if fresh.is_empty() {
            return Ok(selected);
        }
        for stored in read(deps, client, &fresh, recorder).await? {
            if selected.jobs.len() >= limit {
                selected.more = true;
                return Ok(selected);
            }
            let id = stored.lead.id;
            match look_at(deps, client, (campaigns, &plans), stored, intake, recorder).await {
                Ok(Looked::Send(job)) => selected.jobs.push(job),
                Ok(Looked::After(job)) => selected.left_alone.push(job),
                Ok(Looked::PutOff) => selected.put_off += 1,
                Ok(Looked::DecisionEffects) => selected.concluded += 1,
                Ok(Looked::Nothing) | Err(StoreError::Conflict) => {}
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                Err(error @ StoreError::Unreadable(_)) => unreadable(deps, id, &error, recorder).await?,
            }
        }
        if seen.len() >= LEADS_PER_RUN {
            selected.more = true;
            return Ok(selected);
        }
    }
}

/// Reads leads. One that cannot be read is recorded, and does not keep the others from being read.
pub(super) async fn read(
    deps: &Deps,
    client: &Client,
    ids: &[LeadId],
    recorder: &Recorder<'_>,
) -> StoreResult<Vec<StoredLead>> {
    let Readable { leads, unread } = readable(deps.store.as_ref(), &client.id, ids).await?;
    for (id, error) in unread {
        match error {
            StoreError::Unreadable(_) => unreadable(deps, id, &error, recorder).await?,
            error => return Err(error),
        }
    }
    Ok(leads)
}

async fn unreadable(deps: &Deps, id: LeadId, error: &StoreError, recorder: &Recorder<'_>) -> StoreResult<()> {
    tracing::error!(client = %recorder.client, lead = %id, %error, "a due lead cannot be decided on");
    let mut failed = recorder.event(Event::JobFailed, Status::Failed).because("unreadable", error.to_string());
    failed.lead = Some(id);
    deps.store.record(&[failed]).await
}

/// Takes up the events that were left over. Done before any lead is looked at: one may be a no.
pub async fn resume_events(
    deps: &Deps,
    client: &Client,
    intake: &Intake<'_>,
    recorder: &Recorder<'_>,
) -> StoreResult<()> {
    let due = deps.store.due_of(&client.id, DueKind::Events, recorder.now, EVENTS).await?;
    let key = |work| match work {
        DueWork::Event { key, .. } => Some(key),
        DueWork::Lead { .. } => None,
    };
    // Replies first, all of them: what was held up may be a crowd of receipts, and among them a no.
    let (replies, others): (Vec<EventKey>, Vec<EventKey>) =
        due.into_iter().filter_map(key).partition(EventKey::comes_first);
    for key in replies.iter().chain(others.iter().take(EVENTS_WORKED)) {
        resume(deps, client, intake, key, recorder).await;
    }
    Ok(())
}

async fn resume(deps: &Deps, client: &Client, intake: &Intake<'_>, key: &EventKey, recorder: &Recorder<'_>) {
    let worked = match deps.store.event(&client.id, key).await {
        Ok(Some(event)) => match intake.work(client, event.clone(), recorder).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let later = intake.put_off(client, event, &error, recorder).await;
                later.and(Err(error))
            }
        },
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = worked {
        tracing::error!(client = %client.id, event = key.0, %error, "an event that was left over could not be worked through");
    }
}

/// What looking at one lead came to.
enum Looked {
    /// A step that may be sent.
    Send(SendStep),
    /// A text that someone must look after.
    After(SendStep),
    PutOff,
    DecisionEffects,
    Nothing,
}

async fn look_at(
    deps: &Deps,
    client: &Client,
    (campaigns, plans): (&[Campaign], &Plans),
    stored: StoredLead,
    intake: &Intake<'_>,
    recorder: &Recorder<'_>,
) -> StoreResult<Looked> {
    let StoredLead { mut rev, mut lead, profile } = stored;
    let now = recorder.now;
    let with_sender = lead.in_flight.as_ref().is_some_and(|text| !text.is_retry());
    if !lead.uncounted.is_empty() && !with_sender {
        // The counters that the last text left behind, which was to cost no more than any other.
        rev = deps.store.save(&lead, Some(rev), SideWrites::default()).await?;
        lead.uncounted.clear();
    }
    if let Some(text) = lead.left_alone(now) {
        // Its job was lost: the sender finds out what became of it.
        let campaign = lead.campaign_of(text.enrollment).cloned();
        let campaign =
            campaign.ok_or_else(|| StoreError::Unreadable("a text on its way is of no campaign".to_owned()))?;
        return Ok(Looked::After(SendStep {
            client: client.id.clone(),
            lead: lead.id,
            enrollment: text.enrollment,
            campaign,
            version: lead.enrollment(text.enrollment).map_or(0, |live| live.version),
            step: text.step,
            // Its allowance is of the hour in which it was claimed.
            run: text.run,
            follows: false,
        }));
    }
    if with_sender {
        // Someone has a text of it, and nothing else goes meanwhile.
        return Ok(Looked::Nothing);
    }
    let Some(enrollment) = lead.due_enrollment(now).cloned() else { return Ok(Looked::Nothing) };
    let campaign = campaigns.iter().find(|campaign| campaign.id == enrollment.campaign);
    // A campaign that is not there any more is one that sends nothing.
    let status = campaign.map_or(CampaignStatus::Paused, |campaign| campaign.status.clone());
    let plan = plans.get(deps.store.as_ref(), &client.id, &enrollment.campaign, enrollment.version).await?;
    let Some(plan) = plan else {
        return Err(StoreError::Unreadable(format!(
            "version {} of campaign {} is gone",
            enrollment.version, enrollment.campaign
        )));
    };
    let id = enrollment.id;
    let case = Case { client: client.clone(), campaign: status, plan, lead: lead.clone(), profile, enrollment };
    let verdict = decide(&case, now);
    if let Decision::Send(_) = verdict.decision {
        return Ok(Looked::Send(SendStep {
            client: client.id.clone(),
            lead: lead.id,
            enrollment: id,
            campaign: case.enrollment.campaign,
            version: case.enrollment.version,
            step: case.enrollment.step,
            run: recorder.run,
            follows: false,
        }));
    }
    let concluded = conclude(&mut lead, id, &verdict, recorder);
    if !concluded.changed {
        return Ok(Looked::Nothing);
    }
    deps.store.save(&lead, Some(rev), SideWrites { audit: concluded.audit, ..SideWrites::default() }).await?;
    if let Some(alert) = concluded.alert {
        intake.alerts.raise(alert, client.mailbox(), recorder).await;
    }
    let put_off = matches!(verdict.decision, Decision::Wait { .. });
    Ok(if put_off { Looked::PutOff } else { Looked::DecisionEffects })
}
