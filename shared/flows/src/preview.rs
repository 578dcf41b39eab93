//! What will happen to a lead, by the same decision, over simulated time and without writing anything.

use std::collections::BTreeMap;

use chrono::{DurationRound, TimeDelta};
use serde::Serialize;

use domain::{
    Instant,
    campaign::{CampaignStatus, Plan},
    client::Client,
    decide::{Case, decide},
    gate::{Decision, SendNow},
    ids::{AttemptId, CampaignId, EnrollmentId, LeadId, RunId},
    lead::{Enrollment, Lead, Outcome},
    message::SendOutcome,
    profile::Profile,
    segments,
};

/// A lead with everything that decisions on it are made from.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// The client's settings.
    pub client: Client,
    /// The lead.
    pub lead: Lead,
    /// Its data.
    pub profile: Profile,
    /// The campaigns it is in: whether each sends, and the version that the lead is pinned to.
    pub campaigns: BTreeMap<CampaignId, (CampaignStatus, Plan)>,
}

impl Outlook {
    /// The case of one enrollment, or `None` if its campaign is not among those that are known.
    #[must_use]
    pub fn case(&self, lead: &Lead, enrollment: &Enrollment) -> Option<Case> {
        let (campaign, plan) = self.campaigns.get(&enrollment.campaign)?.clone();
        Some(Case {
            client: self.client.clone(),
            campaign,
            plan,
            lead: lead.clone(),
            profile: self.profile.clone(),
            enrollment: enrollment.clone(),
        })
    }
}

/// Something that will happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// When.
    pub at: Instant,
    /// To whom.
    pub lead: LeadId,
    /// In which campaign.
    pub campaign: CampaignId,
    /// At which step.
    pub step: u16,
    /// What.
    pub what: Happening,
}

/// What will happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// A text goes out.
    Text {
        /// What it says.
        text: String,
        /// What it costs.
        segments: usize,
    },
    /// It comes too late and is passed over.
    Skipped {
        /// Why, in words.
        reason: String,
    },
    /// The enrollment ends.
    Ends {
        /// How.
        outcome: Outcome,
        /// Why, in words.
        reason: String,
    },
    /// It waits, beyond the end of the preview or until someone does something.
    Waits {
        /// When it is known.
        until: Option<Instant>,
        /// Why, in words.
        reason: String,
    },
}

/// Everything that will happen to a lead from `now` until `until`, if every text is accepted and
/// nobody replies. `every` is how often the scheduler runs. Limits per run and per hour depend on all
/// other leads and are not counted.
#[must_use]
pub fn preview(outlook: &Outlook, now: Instant, until: Instant, every: TimeDelta) -> Vec<Planned> {
    let mut lead = outlook.lead.clone();
    let mut next: BTreeMap<EnrollmentId, Instant> = lead.enrollments.iter().map(|e| (e.id, now)).collect();
    let mut planned = Vec::new();
    while let Some((&id, &at)) = next.iter().min_by_key(|(_, at)| **at) {
        next.remove(&id);
        let Some(case) = lead.enrollment(id).and_then(|enrollment| outlook.case(&lead, enrollment)) else { continue };
        let mut plan_for = |what| {
            let (campaign, step) = (case.enrollment.campaign.clone(), case.enrollment.step);
            planned.push(Planned { at, lead: case.lead.id, campaign, step, what });
        };
        // A run looks at each lead once.
        let run_after = next_run(at + TimeDelta::milliseconds(1), every);
        match decide(&case, at).decision {
            Decision::Send(_) | Decision::Skip { .. } if case.enrollment.last_sent_at == Some(at) => {
                if run_after <= until {
                    next.insert(id, run_after);
                }
            }
            Decision::Send(send) => {
                plan_for(Happening::Text { segments: segments::count(&send.text).count, text: send.text.clone() });
                if !accepted(&mut lead, &case, &send, at) {
                    continue;
                }
                match lead.history.last().filter(|past| past.id == id) {
                    Some(past) => plan_for(Happening::Ends { outcome: past.outcome, reason: past.reason.clone() }),
                    None => {
                        next.insert(id, at);
                    }
                }
            }
            Decision::Wait { until: Some(opens), reason, .. } => match next_run(opens, every) {
                run if run <= until && run > at => {
                    next.insert(id, run);
                }
                _ => plan_for(Happening::Waits { until: Some(opens), reason }),
            },
            Decision::Wait { until: None, reason, .. } => plan_for(Happening::Waits { until: None, reason }),
            skip @ Decision::Skip { .. } => {
                let mut left = Some((case.enrollment.step, skip));
                // All that come too late are passed over by one run, and the next one takes up what follows.
                while let Some((step, Decision::Skip { due, reason, next: follows })) = left {
                    let campaign = case.enrollment.campaign.clone();
                    planned.push(Planned { at, lead: lead.id, campaign, step, what: Happening::Skipped { reason } });
                    left = follows.map(|follows| (follows.step, follows.decision));
                    match &left {
                        Some((next, _)) => _ = lead.pass_over(id, due, *next),
                        None => {
                            let (outcome, reason) = case.enrollment.without_more();
                            let what = Happening::Ends { outcome, reason: reason.to_owned() };
                            let campaign = case.enrollment.campaign.clone();
                            planned.push(Planned { at, lead: lead.id, campaign, step, what });
                        }
                    }
                }
                if left.is_some() && run_after <= until {
                    next.insert(id, run_after);
                }
            }
            Decision::End { outcome, reason } => plan_for(Happening::Ends { outcome, reason }),
            Decision::Refuse(refusal) => plan_for(Happening::Waits { until: None, reason: refusal.to_string() }),
        }
    }
    planned.sort_by_key(|planned| planned.at);
    planned
}

/// The first run from `at` on of what runs at every full multiple of `every`.
#[must_use]
pub fn next_run(at: Instant, every: TimeDelta) -> Instant {
    let floor = at.duration_trunc(every).unwrap_or(at);
    if floor == at { at } else { floor + every }
}

/// Moves the copy of the lead on as if the provider had taken the text.
fn accepted(lead: &mut Lead, case: &Case, send: &SendNow, at: Instant) -> bool {
    let attempt = AttemptId(ulid::Ulid::nil());
    let claim = send.claim(attempt, RunId(ulid::Ulid::nil()), &case.enrollment);
    let outcome = SendOutcome::Accepted { provider_id: String::new() };
    lead.claim(claim, at).is_ok() && lead.settle(attempt, outcome, Some(&case.plan), at).is_ok()
}
