//! What a decision other than "send" does to the lead, the same wherever it was made.

use chrono::TimeDelta;

use super::{alerts::Alert, record::Recorder};
use domain::{
    Instant,
    audit::{AuditEvent, Event, Status},
    contact_status::ContactStatus,
    gate::{Decision, Gate, Refusal, RefusalReason, Verdict},
    ids::EnrollmentId,
    lead::{Lead, Outcome, Waits},
};
use ports::ForText;

/// When something that only a person can change is looked at again.
pub const LOOK_AGAIN: TimeDelta = TimeDelta::hours(1);

/// How long somebody waits for a paused campaign before a run looks again, whatever became of it.
const LONGEST_PARKED: TimeDelta = TimeDelta::days(7);

/// How long before it is given up a first text is looked at once more: one run of the scheduler.
const LAST_LOOK: TimeDelta = TimeDelta::minutes(15);

/// What a decision came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecisionEffects {
    /// What to record.
    pub audit: Vec<AuditEvent>,
    /// Whom to tell, if anyone.
    pub alert: Option<Alert>,
    /// Whether the lead changed and must be written.
    pub changed: bool,
}

/// When an enrollment that has to wait is next looked at. A step that may go is due at once.
fn next_look(verdict: &Verdict) -> Instant {
    match &verdict.decision {
        Decision::Wait { until: Some(until), .. } => *until,
        Decision::Wait { until: None, .. } => {
            let known = verdict.gates.iter().filter_map(|gate| gate.opens_at).max();
            let again = known.unwrap_or(verdict.at).max(verdict.at + LOOK_AGAIN);
            // Not past the moment at which it would be given up, in case what it waits for is over by then.
            let last = verdict.given_up_at.map_or(again, |given_up| given_up - LAST_LOOK);
            again.min(last.max(verdict.at + LAST_LOOK))
        }
        Decision::Send(_) | Decision::Skip { .. } | Decision::End { .. } | Decision::Refuse(_) => verdict.at,
    }
}

/// Has an enrollment wait that has to. Who waits for a paused campaign does so out of the way of what is
/// due, until it is resumed or the first text is given up. Who waits for a person goes on doing so.
pub fn put_off(lead: &mut Lead, id: EnrollmentId, verdict: &Verdict) {
    if lead.enrollment(id).is_none_or(|live| matches!(live.waits, Waits::ForReview { .. })) {
        return;
    }
    let paused = matches!(verdict.decision, Decision::Wait { gate: Gate::Campaign, until: None, .. });
    let until = verdict.given_up_at.unwrap_or(verdict.at + LONGEST_PARKED).max(verdict.at + LAST_LOOK);
    if !(paused && lead.park(id, until)) {
        lead.wait(id, next_look(verdict));
    }
}

/// Applies a decision that is not "send" to the lead.
#[must_use]
pub fn conclude(lead: &mut Lead, id: EnrollmentId, verdict: &Verdict, recorder: &Recorder<'_>) -> DecisionEffects {
    let Some(enrollment) = lead.enrollment(id).cloned() else { return DecisionEffects::default() };
    let about = |lead: &Lead, event, status| {
        recorder.about(lead, event, status).in_campaign(&enrollment.campaign, Some(enrollment.step))
    };
    match &verdict.decision {
        Decision::Send(_) => DecisionEffects::default(),
        // Runs leave a client alone whose sending is on hold: its leads stay due, and no one of them is written.
        Decision::Wait { gate: Gate::Client, .. } => DecisionEffects::default(),
        Decision::Wait { gate, reason, .. } => {
            let before = (enrollment.waits.clone(), enrollment.parked);
            put_off(lead, id, verdict);
            if lead.enrollment(id).is_some_and(|live| (live.waits.clone(), live.parked) == before) {
                return DecisionEffects::default();
            }
            let audit = vec![about(lead, Event::StepDeferred, Status::Waiting).because(gate.code(), reason)];
            DecisionEffects { audit, alert: None, changed: true }
        }
        Decision::Skip { due, reason, next } => {
            let skipped = about(lead, Event::StepSkipped, Status::Ok).because("too_late", reason);
            let Some(next) = next else {
                let (outcome, why) = enrollment.without_more();
                lead.end(id, outcome, why, recorder.now);
                let ended = about(lead, Event::EnrollmentEnded, Status::Ok).ending(outcome, why);
                return DecisionEffects { audit: vec![skipped, ended], alert: None, changed: true };
            };
            if !lead.pass_over(id, *due, next.step) {
                return DecisionEffects::default();
            }
            lead.wait(id, next_look(next));
            // What follows is decided already: of a row of late steps all are passed over in one write.
            let mut concluded = conclude(lead, id, next, recorder);
            concluded.audit.insert(0, skipped);
            DecisionEffects { changed: true, ..concluded }
        }
        Decision::End { outcome, reason } => {
            lead.end(id, *outcome, reason, recorder.now);
            let audit = vec![about(lead, Event::EnrollmentEnded, Status::Ok).ending(*outcome, reason)];
            DecisionEffects { audit, alert: None, changed: true }
        }
        Decision::Refuse(refusal) => {
            lead.review(id, &refusal.text, recorder.now);
            let mut audit =
                vec![about(lead, Event::ReviewNeeded, Status::Rejected).because(refusal.reason.code(), &refusal.text)];
            if refusal.reason == RefusalReason::TemplateMissing {
                audit.push(
                    about(lead, Event::TemplateMissing, Status::Failed).because("template_missing", &refusal.text),
                );
            }
            DecisionEffects {
                audit,
                alert: Some(refused(lead, &enrollment.campaign.to_string(), enrollment.step, refusal)),
                changed: true,
            }
        }
    }
}

fn refused(lead: &Lead, campaign: &str, step: u16, refusal: &Refusal) -> Alert {
    let what_to_do = match refusal.reason {
        RefusalReason::TemplateMissing => "Add a text to this step, or a default text to the client.",
        RefusalReason::PlaceholderEmpty => "Give the placeholder a fallback, such as {{first_name|there}}.",
        RefusalReason::TextTooLong => "Shorten the text.",
        RefusalReason::TemplateInvalid => "Correct the text; then retry the leads that wait for review.",
        RefusalReason::StateNotCleared => {
            "Settle how the client meets the law of this state; then add it to `cleared_states` and redrive."
        }
        RefusalReason::NoValidPhone | RefusalReason::CountryNotServed | RefusalReason::NoConsent => "Look at the lead.",
    };
    Alert {
        cause: format!("{}#{campaign}#{step}", refusal.reason.code()),
        subject: format!("campaign {campaign}, step {step}: {}", refusal.text),
        text: format!(
            "Lead {} waits for review: {}.\nCampaign {campaign}, step {step}.\n\n{what_to_do}\n\
             Until then this lead, and every other one that this step cannot be sent to, gets no text.\n",
            lead.id, refusal.text
        ),
    }
}

/// What keeps a lead from even being decided on: something it needs is not there.
///
/// # Errors
/// The reason in words, when the campaign, its version or the lead itself is missing.
pub fn case_of(read: ForText, enrollment: EnrollmentId) -> Result<(ports::Rev, domain::decide::Case), NoCase> {
    let client = read.client.map_err(|problem| NoCase(format!("the client cannot send: {problem}")))?;
    let stored = read.lead.ok_or_else(|| NoCase("the lead is gone".to_owned()))?;
    let enrollment = stored.lead.enrollment(enrollment).cloned();
    let enrollment = enrollment.ok_or_else(|| NoCase("the enrollment has ended".to_owned()))?;
    let campaign = read.campaign.ok_or_else(|| NoCase("the campaign is gone".to_owned()))?;
    let plan = read.plan.ok_or_else(|| NoCase("the version of the campaign is gone".to_owned()))?;
    let case = domain::decide::Case {
        client,
        campaign: campaign.status,
        plan,
        lead: stored.lead,
        profile: stored.profile,
        enrollment,
    };
    Ok((stored.rev, case))
}

/// Why nothing can be decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoCase(pub String);

/// Whether an end at the door means that the person never enters: a no or a booking that stands, or a
/// campaign that is over. An end for lack of time is an enrollment that has ended.
#[must_use]
pub fn turned_away(lead: &Lead, decision: &Decision) -> Option<(String, String)> {
    match decision {
        Decision::Refuse(refusal) if refusal.reason.is_about_the_person() => {
            Some((refusal.reason.code().to_owned(), refusal.text.clone()))
        }
        Decision::End { outcome: Outcome::OptedOut, reason } if matches!(lead.standing, ContactStatus::OptedOut(_)) => {
            Some(("opted_out".to_owned(), reason.clone()))
        }
        Decision::End { outcome: Outcome::Booked, reason } => Some(("booked".to_owned(), reason.clone())),
        Decision::End { outcome: Outcome::CampaignDeleted, reason } => {
            Some(("campaign_deactivated".to_owned(), reason.clone()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
