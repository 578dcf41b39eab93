//! A lead's own hold: nothing is sent until a person has looked. What it is in stays as it is.

use super::{
    super::{Instant, contact_status::ContactStatus},
    Lead,
};

impl Lead {
    /// Puts the lead before a person. Does nothing to one who said no, is on hold already, or is in no
    /// sequence: there is nothing to pause then. Gives whether anything changed.
    pub fn hold(&mut self, reason: &str, now: Instant) -> bool {
        let holds = self.standing.is_open() && !self.enrollments.is_empty();
        if holds {
            self.standing = ContactStatus::Held { reason: reason.to_owned(), since: now };
        }
        holds
    }

    /// Puts the person before a person, in a sequence or not: what they come into later waits, too. Does
    /// nothing to one who said no or is on hold already. Gives whether anything changed.
    pub fn hold_person(&mut self, reason: &str, now: Instant) -> bool {
        let holds = self.standing.is_open();
        if holds {
            self.standing = ContactStatus::Held { reason: reason.to_owned(), since: now };
        }
        holds
    }

    /// Lifts a hold, and gives what it was for. `None` if there is none; a no is not lifted.
    pub fn release(&mut self) -> Option<String> {
        let ContactStatus::Held { reason, .. } = &self.standing else { return None };
        let reason = reason.clone();
        self.standing = ContactStatus::Open;
        Some(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{
        contact_status::{OptOut, OptOutChannel},
        ids::{CampaignId, ClientId, EnrollmentId, LeadId},
        lead::{Enrollment, Waits},
    };
    use super::*;
    use ulid::Ulid;

    fn now() -> Instant {
        "2026-01-06T20:00:00Z".parse().expect("an instant")
    }

    fn enrolled() -> Lead {
        let mut lead = Lead::new(LeadId(Ulid::from(1_u128)), ClientId::parse("acme").expect("an id"));
        lead.enroll(Enrollment {
            id: EnrollmentId(Ulid::from(2_u128)),
            campaign: CampaignId::parse("welcome").expect("an id"),
            version: 1,
            step: 1,
            imported_at: now(),
            waits: Waits::Until(now()),
            sent: 0,
            last_sent_at: None,
            counts_from: None,
            message: None,
            parked: false,
        });
        lead
    }

    #[test]
    fn a_hold_stands_until_it_is_lifted_and_leaves_the_sequence_as_it_is() {
        let mut lead = enrolled();
        assert!(lead.hold("someone wrote", now()));
        assert!(!lead.hold("again", now()), "the first reason stands");
        assert_eq!(lead.enrollments, enrolled().enrollments);
        assert_eq!(lead.release().as_deref(), Some("someone wrote"));
        assert_eq!((lead.clone(), lead.release()), (enrolled(), None));
    }

    #[test]
    fn a_no_is_neither_held_nor_lifted_and_who_is_in_no_sequence_is_not_held() {
        let mut lead = enrolled();
        lead.opt_out(OptOut { at: now(), channel: OptOutChannel::Reply, words: None }, now());
        let said_no = lead.clone();
        assert!(!lead.hold("someone wrote", now()) && lead.release().is_none());
        assert_eq!(lead, said_no);
        let mut alone = Lead::new(LeadId(Ulid::from(1_u128)), ClientId::parse("acme").expect("an id"));
        assert!(!alone.hold("someone wrote", now()));
        assert!(alone.hold_person("a threat", now()) && !alone.hold_person("another", now()));
        assert!(!said_no.clone().hold_person("a threat", now()));
    }
}
