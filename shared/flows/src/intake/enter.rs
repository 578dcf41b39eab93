//! Entering a campaign: enrolled, or turned away with the reason.

use super::{
    super::{
        alerts::Alert,
        conclude::{DecisionEffects, conclude, put_off, turned_away},
        derived_id, one_text,
        record::Recorder,
    },
    known::Known,
};
use domain::{
    audit::{AuditEvent, Event, Status},
    campaign::{Campaign, CampaignStatus, Plan},
    client::{Client, Sequences},
    consent::Consent,
    contact_status::ContactStatus,
    decide::{Case, decide},
    event::{RawEvent, Source},
    gate::Decision,
    ids::{CampaignId, EnrollmentId},
    lead::{Enrollment, Lead, Outcome, Waits},
    phone::InvalidPhone,
    profile::Profile,
};

/// What entering a campaign came to.
pub(super) struct Entry {
    /// The one event that says what came of it, under the outcome's id. None if it is on record.
    pub(super) came: Option<AuditEvent>,
    /// What else is to be recorded.
    pub(super) audit: Vec<AuditEvent>,
    pub(super) alert: Option<Alert>,
    pub(super) words: String,
}

impl Entry {
    /// Whether the lead is in the campaign by this event, for the first time that it is worked on.
    pub(super) fn enrolled(&self) -> bool {
        self.came.as_ref().is_some_and(|came| came.event == Event::Enrolled)
    }
}

/// Why a lead is held of which nobody knows the number.
pub const TWO_NUMBERS: &str = "a form named two different phone numbers, and nothing says which one consented";

/// What somebody is to enter a campaign by.
pub(super) struct Entering<'a> {
    /// The client.
    pub(super) client: &'a Client,
    /// The campaign, or the words why no campaign enrolls by the form.
    pub(super) campaign: Result<&'a Campaign, &'a str>,
    /// The id of the enrollment.
    pub(super) own: EnrollmentId,
    /// The consent that it goes by, if one was given.
    pub(super) given: Option<Consent>,
    /// The event.
    pub(super) event: &'a RawEvent,
    /// Who records.
    pub(super) recorder: &'a Recorder<'a>,
}

impl Entering<'_> {
    /// Enrolls the lead, or says why not.
    pub(super) fn enter(self, known: &mut Known) -> Entry {
        let past = || known.lead.history.iter().any(|past| past.id == self.own);
        if known.lead.enrollment(self.own).is_some() || past() {
            // This event was worked on before, up to here; its outcome is on record.
            return Entry { came: None, audit: Vec::new(), alert: None, words: "enrolled before".to_owned() };
        }
        if let ContactStatus::OptedOut(_) = known.lead.standing {
            return self.reject(&known.lead, "opted_out", "the person has opted out".to_owned());
        }
        if let Err(why) = known.phone {
            return self.without_number(known, why);
        }
        let mut audit = Vec::new();
        if matches!(&known.lead.standing, ContactStatus::Held { reason, .. } if reason == TWO_NUMBERS) {
            known.lead.release();
            let released = self.recorder.about(&known.lead, Event::LeadReleased, Status::Ok);
            audit.push(released.because("two_numbers", "a later form named one number"));
        }
        let mut entry = self.with_number(known);
        entry.audit.splice(0..0, audit);
        entry
    }

    /// A number on file from another event was not consented to here.
    fn without_number(self, known: &mut Known, why: InvalidPhone) -> Entry {
        let words = format!("this event gave no number that can be texted: {why}");
        let (mut alert, mut audit) = (None, Vec::new());
        if why == InvalidPhone::TwoNumbers {
            alert = Some(two_numbers(&known.lead));
            // Who is being texted at a number on file goes on being texted there.
            if known.lead.enrollments.is_empty() && known.lead.hold_person(TWO_NUMBERS, self.recorder.now) {
                let held = self.recorder.about(&known.lead, Event::LeadHeld, Status::Waiting);
                audit.push(held.because("two_numbers", TWO_NUMBERS));
            }
        }
        Entry { alert, audit, ..self.reject(&known.lead, why.code(), words) }
    }

    fn with_number(self, known: &mut Known) -> Entry {
        let Self { client, event, recorder, .. } = self;
        let campaign = match self.campaign {
            Ok(campaign) => campaign,
            Err(why) => return self.reject(&known.lead, "unknown_form", why.to_owned()),
        };
        if known.lead.enrollments.iter().any(|live| live.campaign == campaign.id) {
            let words = format!("is in campaign {} already", campaign.id);
            let ignored = recorder.about(&known.lead, Event::EventIgnored, Status::Ok);
            let ignored = ignored.because("already_enrolled", &words).in_campaign(&campaign.id, None);
            let came = Some(derived_id::outcome(event, ignored));
            return Entry { came, audit: Vec::new(), alert: None, words };
        }
        if let Err(no) = campaign.re_enroll.lets_in(&known.lead.history, &campaign.id, event.received_at) {
            return self.reject(&known.lead, no.code, no.words);
        }
        if known.booked.is_some() {
            return self.reject(&known.lead, "booked", "the person with this address has booked".to_owned());
        }
        let plan = campaign.plan();
        let Some(first) = plan.first() else {
            return self.reject(&known.lead, "no_messages", format!("campaign {} has no active message", campaign.id));
        };
        let enrollment = Enrollment {
            id: self.own,
            campaign: campaign.id.clone(),
            version: plan.version,
            step: first.step,
            imported_at: event.received_at,
            waits: Waits::Until(event.received_at),
            sent: 0,
            last_sent_at: None,
            counts_from: None,
            message: None,
            parked: false,
        };
        let admission = Admission { status: campaign.status.clone(), plan, enrollment, given: self.given };
        admit(client, admission, known, event, recorder)
    }

    fn reject(&self, lead: &Lead, reason: &str, words: String) -> Entry {
        let rejected = self.recorder.about(lead, Event::Rejected, Status::Rejected).because(reason, &words);
        let mut rejected = derived_id::outcome(self.event, rejected);
        rejected.campaign = self.campaign.ok().map(|campaign| campaign.id.clone());
        Entry { came: Some(rejected), audit: Vec::new(), alert: None, words }
    }
}

/// What somebody enters by.
pub(super) struct Admission {
    /// Whether the campaign sends.
    pub(super) status: CampaignStatus,
    /// The version that is entered.
    pub(super) plan: Plan,
    /// The enrollment, at the step that it begins with.
    pub(super) enrollment: Enrollment,
    /// The consent that it goes by. What an event did not give, an older consent does not replace: it was
    /// for another purpose.
    pub(super) given: Option<Consent>,
}

/// Enrolls the lead as far as the decision lets it, or says why not.
pub(super) fn admit(
    client: &Client,
    Admission { status, plan, mut enrollment, given }: Admission,
    known: &mut Known,
    event: &RawEvent,
    recorder: &Recorder<'_>,
) -> Entry {
    let campaign = enrollment.campaign.clone();
    let profile = Profile { consent: given, ..known.profile.clone() };
    let case = Case {
        client: client.clone(),
        campaign: status,
        plan,
        lead: known.lead.clone(),
        profile,
        enrollment: enrollment.clone(),
    };
    let verdict = decide(&case, recorder.now);
    if let Some((reason, words)) = turned_away(&known.lead, &verdict.decision) {
        let rejected = recorder.about(&known.lead, Event::Rejected, Status::Rejected).because(reason, &words);
        let rejected = rejected.in_campaign(&campaign, None);
        let came = derived_id::outcome(event, rejected);
        return Entry { came: Some(came), audit: Vec::new(), alert: None, words };
    }
    if event.source == Source::KajabiFeed {
        // Hours or days may have passed: whether a text is still welcome is for a person to say.
        let words = "the form was lost on its way here, and nothing says when it was sent".to_owned();
        let missed = recorder.about(&known.lead, Event::Rejected, Status::Rejected).because("missed", &words);
        let came = derived_id::outcome(event, missed.in_campaign(&campaign, None));
        return Entry { came: Some(came), audit: Vec::new(), alert: None, words };
    }
    let others: Vec<_> = known.lead.enrollments.iter().filter(|live| is_sequence(&live.campaign)).cloned().collect();
    if let (Sequences::First, true, Some(other)) = (client.sequences, is_sequence(&campaign), others.first()) {
        let words =
            format!("is in campaign {}, and the client texts a person in one sequence at a time", other.campaign);
        let busy =
            recorder.about(&known.lead, Event::Rejected, Status::Rejected).because("in_another_sequence", &words);
        let came = derived_id::outcome(event, busy.in_campaign(&campaign, None));
        return Entry { came: Some(came), audit: Vec::new(), alert: None, words };
    }
    let again = known.lead.history.iter().any(|past| past.campaign == campaign && past.had_it());
    known.lead.make_room(&campaign);
    enrollment.waits = Waits::Until(verdict.at);
    let id = enrollment.id;
    known.lead.enroll(enrollment);
    let enrolled =
        recorder.about(&known.lead, Event::Enrolled, Status::Ok).in_campaign(&campaign, Some(case.enrollment.step));
    let mut came = AuditEvent { again, ..derived_id::outcome(event, enrolled) };
    let (concluded, words) = match &verdict.decision {
        Decision::Send(_) => (DecisionEffects::default(), "enrolled, due now".to_owned()),
        Decision::Wait { gate, reason, .. } => {
            put_off(&mut known.lead, id, &verdict);
            came = came.because(gate.code(), reason);
            (DecisionEffects::default(), format!("enrolled, waits: {reason}"))
        }
        Decision::Skip { .. } => {
            let concluded = conclude(&mut known.lead, id, &verdict, recorder);
            let words = match known.lead.enrollment(id) {
                Some(live) => format!("enrolled, at step {} as what comes before it came too late", live.step),
                None => "enrolled and ended: what would have been sent came too late".to_owned(),
            };
            (concluded, words)
        }
        Decision::End { reason, .. } => {
            (conclude(&mut known.lead, id, &verdict, recorder), format!("enrolled and ended: {reason}"))
        }
        Decision::Refuse(refusal) => {
            (conclude(&mut known.lead, id, &verdict, recorder), format!("enrolled, waits for review: {refusal}"))
        }
    };
    let mut audit = concluded.audit;
    if client.sequences == Sequences::Newest && is_sequence(&campaign) && known.lead.enrollment(id).is_some() {
        audit.extend(others.iter().map(|other| left_for(&campaign, other, known, recorder)));
    }
    Entry { came: Some(came), audit, alert: concluded.alert, words }
}

/// A person must say which of two numbers is the one that consented. One mail a day: the report counts all.
fn two_numbers(lead: &Lead) -> Alert {
    Alert {
        cause: "two_numbers".to_owned(),
        subject: "a form named two different phone numbers".to_owned(),
        text: format!(
            "Lead {} came with two different phone numbers in one field, and nothing says which one consented to be \
             texted. The lead is held and gets no text.\n\nAsk which number is meant; then bring the lead in again with \
             that number, by the form or by `leadline import`: that lifts the hold.\n\nOthers that come like this today \
             come without another mail. The report lists all of them every day until they are cleared.\n",
            lead.id
        ),
    }
}

/// Whether an enrollment in a campaign is a sequence, and not one text that was asked for.
fn is_sequence(campaign: &CampaignId) -> bool {
    campaign.as_str() != one_text::CAMPAIGN
}

/// Ends a sequence that the person leaves for a newer one.
fn left_for(campaign: &CampaignId, other: &Enrollment, known: &mut Known, recorder: &Recorder<'_>) -> AuditEvent {
    let why = format!("entered campaign {campaign}, and the client texts a person in one sequence at a time");
    known.lead.end(other.id, Outcome::Abandoned, &why, recorder.now);
    let ended = recorder.about(&known.lead, Event::EnrollmentEnded, Status::Ok);
    ended.ending(Outcome::Abandoned, &why).in_campaign(&other.campaign, Some(other.step))
}
