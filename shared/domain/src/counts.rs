//! How many people a campaign has, by counting who enters and who leaves.
//!
//! A lead carries what is not counted yet, and the write that saves it counts it: so nobody is counted
//! twice, and nobody is left out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Instant, ids::CampaignId, lead::Lead, lead::Outcome};

/// Somebody entered a campaign or left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The campaign.
    pub campaign: CampaignId,
    /// When.
    pub at: Instant,
    /// How it was left; `None`: it was entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Outcome>,
}

/// What is counted of one campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counts {
    /// Enrollments that began.
    pub enrolled: u64,
    /// Enrollments that ended, by how.
    #[serde(default)]
    pub ended: BTreeMap<Outcome, u64>,
    /// When the last one began.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_enrolled_at: Option<Instant>,
}

impl Counts {
    /// Counts one change.
    pub fn count(&mut self, change: &Change) {
        match change.left {
            None => {
                self.enrolled += 1;
                self.last_enrolled_at = self.last_enrolled_at.max(Some(change.at));
            }
            Some(outcome) => *self.ended.entry(outcome).or_default() += 1,
        }
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.enrolled += other.enrolled;
        for (outcome, count) in &other.ended {
            *self.ended.entry(*outcome).or_default() += count;
        }
        self.last_enrolled_at = self.last_enrolled_at.max(other.last_enrolled_at);
    }

    /// Whether it says the same of how many entered and how they left. When the last one entered is no count.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        (self.enrolled, &self.ended) == (other.enrolled, &other.ended)
    }

    /// Enrollments that are live.
    #[must_use]
    pub fn active(&self) -> u64 {
        self.enrolled.saturating_sub(self.ended.values().sum())
    }

    /// Enrollments that ended in one way.
    #[must_use]
    pub fn ended(&self, outcome: Outcome) -> u64 {
        self.ended.get(&outcome).copied().unwrap_or_default()
    }
}

/// Changes by campaign.
#[must_use]
pub fn by_campaign(changes: &[Change]) -> BTreeMap<&CampaignId, Counts> {
    let mut counts: BTreeMap<&CampaignId, Counts> = BTreeMap::new();
    for change in changes {
        counts.entry(&change.campaign).or_default().count(change);
    }
    counts
}

/// What the counters hold of one lead, by what the lead itself says: what it is in and was in, less what
/// it carries uncounted.
#[must_use]
pub fn counted_of(lead: &Lead) -> BTreeMap<CampaignId, Counts> {
    let mut counts: BTreeMap<CampaignId, Counts> = BTreeMap::new();
    let mut entered = |campaign: &CampaignId, at, left: Option<Outcome>| {
        let of = counts.entry(campaign.clone()).or_default();
        of.count(&Change { campaign: campaign.clone(), at, left: None });
        if left.is_some() {
            of.count(&Change { campaign: campaign.clone(), at, left });
        }
    };
    for live in &lead.enrollments {
        entered(&live.campaign, live.imported_at, None);
    }
    for past in &lead.history {
        entered(&past.campaign, past.enrolled_at, Some(past.outcome));
        for (outcome, times) in &past.earlier {
            (0..*times).for_each(|_| entered(&past.campaign, past.enrolled_at, Some(*outcome)));
        }
    }
    for (campaign, open) in by_campaign(&lead.uncounted) {
        let of = counts.entry(campaign.clone()).or_default();
        of.enrolled = of.enrolled.saturating_sub(open.enrolled);
        for (outcome, count) in open.ended {
            let ended = of.ended.entry(outcome).or_default();
            *ended = ended.saturating_sub(count);
        }
    }
    for of in counts.values_mut() {
        of.ended.retain(|_, count| *count > 0);
    }
    counts
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{
        super::{
            ids::{ClientId, EnrollmentId, LeadId},
            lead::{Enrollment, Waits},
        },
        *,
    };

    fn at(minutes: i64) -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn enrollment(n: u64, campaign: &str) -> Enrollment {
        Enrollment {
            id: EnrollmentId(ulid::Ulid::from_parts(n, 0)),
            campaign: CampaignId::parse(campaign).expect("an id"),
            version: 1,
            step: 1,
            imported_at: at(60),
            waits: Waits::Until(at(60)),
            sent: 0,
            last_sent_at: None,
            counts_from: None,
            message: None,
            parked: false,
        }
    }

    #[test]
    fn a_lead_says_of_itself_what_was_counted_of_it_and_what_was_not() {
        let mut lead = Lead::new(LeadId(ulid::Ulid::nil()), ClientId::parse("acme").expect("an id"));
        lead.enroll(enrollment(1, "webinar"));
        lead.enroll(enrollment(2, "course"));
        lead.end(enrollment(1, "webinar").id, Outcome::Booked, "booked", at(90));
        let moved = by_campaign(&lead.uncounted);
        let (webinar, course) = (CampaignId::parse("webinar").expect("id"), CampaignId::parse("course").expect("id"));
        assert_eq!(
            (moved[&webinar].enrolled, moved[&webinar].ended(Outcome::Booked), moved[&webinar].active()),
            (1, 1, 0)
        );
        assert_eq!((moved[&course].enrolled, moved[&course].active()), (1, 1));
        assert!(counted_of(&lead).values().all(|counts| counts.enrolled == 0 && counts.ended.is_empty()));
        lead.uncounted.clear();
        let counted = counted_of(&lead);
        assert_eq!((counted[&webinar].enrolled, counted[&webinar].ended(Outcome::Booked)), (1, 1));
        assert_eq!((counted[&course].active(), counted[&course].last_enrolled_at), (1, Some(at(60))));
    }

    #[test]
    fn who_enters_again_and_again_is_counted_each_time_though_the_lead_keeps_only_the_last() {
        let mut lead = Lead::new(LeadId(ulid::Ulid::nil()), ClientId::parse("acme").expect("an id"));
        let webinar = CampaignId::parse("webinar").expect("an id");
        for n in 1..=4 {
            lead.make_room(&webinar);
            lead.enroll(enrollment(n, "webinar"));
            let outcome = if n == 2 { Outcome::Replied } else { Outcome::Completed };
            lead.end(enrollment(n, "webinar").id, outcome, "it ended", at(90));
        }
        lead.make_room(&webinar);
        lead.uncounted.clear();
        assert_eq!((lead.history.len(), lead.history[0].id), (1, enrollment(4, "webinar").id));
        let counted = counted_of(&lead);
        assert_eq!((counted[&webinar].enrolled, counted[&webinar].active()), (4, 0));
        assert_eq!(counted[&webinar].ended, [(Outcome::Completed, 3), (Outcome::Replied, 1)].into());
    }

    #[test]
    fn what_was_counted_in_parts_is_added_up() {
        let mut one = Counts { enrolled: 2, ended: [(Outcome::Booked, 1)].into(), last_enrolled_at: Some(at(9)) };
        one.add(&Counts {
            enrolled: 1,
            ended: [(Outcome::Booked, 1), (Outcome::Replied, 1)].into(),
            last_enrolled_at: Some(at(3)),
        });
        assert_eq!((one.enrolled, one.ended(Outcome::Booked), one.active()), (3, 2, 0));
        assert_eq!(one.last_enrolled_at, Some(at(9)));
    }
}
