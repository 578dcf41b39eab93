//! Enrollments that should have ended and have not: what older data or a mistake left behind.

use super::{
    Instant,
    campaign::{CampaignStatus, Plan},
    contact_status::ContactStatus,
    lead::{Enrollment, Lead, Outcome},
};

/// Why an enrollment is live that should not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stuck {
    /// The person has said no.
    OptedOut,
    /// The person has an appointment ahead.
    Booked,
    /// The campaign is not there, or was deactivated.
    CampaignOver,
    /// Every text of its version was sent or passed over.
    AtTheEnd,
    /// The version that it is pinned to is not there. Which one takes its place is for a person to say.
    NoVersion,
}

impl Stuck {
    /// The kind by which they are counted.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OptedOut => "opted_out",
            Self::Booked => "booked",
            Self::CampaignOver => "campaign_over",
            Self::AtTheEnd => "at_the_end",
            Self::NoVersion => "no_version",
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OptedOut => "the person has opted out and the sequence goes on",
            Self::Booked => "the person has booked and the sequence goes on",
            Self::CampaignOver => "the campaign is over and the sequence goes on",
            Self::AtTheEnd => "no text is left and the sequence goes on",
            Self::NoVersion => "the version of the campaign that it is pinned to is not there",
        }
    }

    /// How the enrollment ends when it is mended. `None`: a person must decide.
    #[must_use]
    pub fn outcome(self, enrollment: &Enrollment) -> Option<Outcome> {
        Some(match self {
            Self::OptedOut => Outcome::OptedOut,
            Self::Booked => Outcome::Booked,
            Self::CampaignOver => Outcome::CampaignDeleted,
            Self::AtTheEnd if enrollment.sent > 0 => Outcome::Completed,
            Self::AtTheEnd => Outcome::Abandoned,
            Self::NoVersion => return None,
        })
    }
}

/// Why this enrollment of the lead should have ended, if it should. `campaign` is whether the campaign
/// sends, `None` if it is not there; `plan` the version that the enrollment is pinned to, if that is there.
#[must_use]
pub fn stuck(
    lead: &Lead,
    enrollment: &Enrollment,
    campaign: Option<&CampaignStatus>,
    plan: Option<&Plan>,
    now: Instant,
) -> Option<Stuck> {
    if matches!(lead.standing, ContactStatus::OptedOut(_)) {
        return Some(Stuck::OptedOut);
    }
    if lead.booking_ahead(now).is_some() {
        return Some(Stuck::Booked);
    }
    match (campaign, plan) {
        (None | Some(CampaignStatus::Deactivated { .. }), _) => Some(Stuck::CampaignOver),
        (Some(CampaignStatus::Active | CampaignStatus::Paused), None) => Some(Stuck::NoVersion),
        (Some(CampaignStatus::Active | CampaignStatus::Paused), Some(plan)) => {
            plan.at_or_after(enrollment.step).is_none().then_some(Stuck::AtTheEnd)
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{
        super::{
            contact_status::{OptOut, OptOutChannel},
            fixtures::campaign,
            ids::{ClientId, EnrollmentId, LeadId},
            lead::Waits,
        },
        *,
    };

    fn at(minutes: i64) -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn lead(step: u16, sent: u16) -> Lead {
        let mut lead = Lead::new(LeadId(ulid::Ulid::nil()), ClientId::parse("acme").expect("an id"));
        lead.enroll(Enrollment {
            id: EnrollmentId(ulid::Ulid::nil()),
            campaign: campaign().id,
            version: 1,
            step,
            imported_at: at(0),
            waits: Waits::Until(at(60)),
            sent,
            last_sent_at: None,
            counts_from: None,
            message: None,
            parked: false,
        });
        lead
    }

    fn found(lead: &Lead, status: Option<&CampaignStatus>, plan: bool) -> Option<Stuck> {
        let plan = plan.then(|| campaign().plan());
        stuck(lead, &lead.enrollments[0], status, plan.as_ref(), at(90))
    }

    #[test]
    fn a_sequence_that_goes_on_as_it_should_is_not_stuck() {
        for step in [1, 2] {
            assert_eq!(found(&lead(step, step - 1), Some(&CampaignStatus::Active), true), None);
            assert_eq!(found(&lead(step, step - 1), Some(&CampaignStatus::Paused), true), None);
        }
    }

    #[test]
    fn each_way_of_being_stuck_is_told_from_the_others_and_ends_as_it_should_have() {
        let active = Some(&CampaignStatus::Active);
        let deactivated = CampaignStatus::Deactivated { at: at(1) };
        let mut opted_out = lead(1, 0);
        opted_out.standing = ContactStatus::OptedOut(OptOut { at: at(5), channel: OptOutChannel::Reply, words: None });
        let ends = |lead: &Lead, stuck: Option<Stuck>| stuck.map(|stuck| stuck.outcome(&lead.enrollments[0]));
        for (lead, status, plan, expected, outcome) in [
            (opted_out, active, true, Stuck::OptedOut, Some(Outcome::OptedOut)),
            (lead(1, 0), None, true, Stuck::CampaignOver, Some(Outcome::CampaignDeleted)),
            (lead(1, 0), Some(&deactivated), true, Stuck::CampaignOver, Some(Outcome::CampaignDeleted)),
            (lead(3, 2), active, true, Stuck::AtTheEnd, Some(Outcome::Completed)),
            (lead(3, 0), active, true, Stuck::AtTheEnd, Some(Outcome::Abandoned)),
            (lead(1, 0), active, false, Stuck::NoVersion, None),
        ] {
            let stuck = found(&lead, status, plan);
            assert_eq!((stuck, ends(&lead, stuck)), (Some(expected), Some(outcome)));
        }
    }
}
