//! What a person does by hand about people: records a no, takes one back on the person's own wish, decides
//! on a lead that is held. Nothing here enrolls or sends.

use super::{
    super::{
        replies::{Writer, writer},
        update::{Retries, Update},
    },
    NotDone, OperatorActions,
};
use domain::{
    Instant,
    audit::{Event, Status},
    client::Client,
    contact_status::{ContactStatus, Lifted, OptOut, OptOutChannel},
    ids::LeadId,
    lead::{Lead, Outcome},
    phone::PhoneNumber,
};
use ports::{SideWrites, StoredLead};

/// What became of a no that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It was. So many sequences ended.
    Now(usize),
    /// The person had opted out before; the first proof counts.
    Before(OptOut),
}

/// What is to be done with a lead that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Its sequences go on.
    GoOn,
    /// They end.
    End,
    /// It is opted out.
    OptOut,
}

impl OperatorActions<'_> {
    /// Writes a number's no. One that nobody knows becomes a lead without consent.
    ///
    /// # Errors
    /// [`NotDone::Store`] when the store fails.
    pub async fn opt_out(&self, client: &Client, phone: &PhoneNumber, reason: &str) -> Result<Recorded, NotDone> {
        let recorder = self.recorder(client);
        self.write(client, phone, |mut lead, is_new| {
            if let ContactStatus::OptedOut(before) = &lead.standing {
                return Ok(Update::Leave(Recorded::Before(before.clone())));
            }
            let words = Some(reason.to_owned());
            let opt_out = OptOut { at: self.now, channel: OptOutChannel::Operator, words };
            let left = lead.opt_out(opt_out.clone(), self.now);
            let said = format!("{}: {reason}", self.by);
            let mut audit = vec![recorder.about(&lead, Event::OptedOut, Status::Ok).because("operator", said)];
            if is_new {
                let created = recorder.about(&lead, Event::LeadCreated, Status::Ok);
                audit.push(created.because("operator", "a number that was not known was opted out by hand"));
            }
            audit.extend(left.iter().map(|campaign| {
                let ended = recorder.about(&lead, Event::EnrollmentEnded, Status::Ok);
                ended.ending(Outcome::OptedOut, OptOutChannel::Operator.reason()).in_campaign(campaign, None)
            }));
            let also = SideWrites { opt_out: Some(opt_out), audit, ..SideWrites::default() };
            Ok(Update::write(lead, also, Recorded::Now(left.len())))
        })
        .await
    }

    /// Takes a number's no back, on the person's own wish. It resumes and enrolls nothing.
    ///
    /// # Errors
    /// [`NotDone::Refused`] when the number has not opted out.
    pub async fn lift_opt_out(
        &self,
        client: &Client,
        phone: &PhoneNumber,
        reason: &str,
        proof: &str,
    ) -> Result<OptOut, NotDone> {
        let recorder = self.recorder(client);
        self.write(client, phone, |mut lead, is_new| {
            let Some(no) = lead.lift_opt_out() else {
                return Err(NotDone::Refused("this number has not opted out, so there is nothing to lift".to_owned()));
            };
            let lifted =
                Lifted { at: self.now, by: self.by.to_owned(), reason: reason.to_owned(), proof: proof.to_owned() };
            let said = format!("{}: {reason}; proof: {proof}", self.by);
            let mut audit = vec![recorder.about(&lead, Event::OptOutLifted, Status::Ok).because("operator", said)];
            if is_new {
                let created = recorder.about(&lead, Event::LeadCreated, Status::Ok);
                audit.push(created.because("operator", "the opt-out of a number without a lead was lifted by hand"));
            }
            let also = SideWrites { lifted: Some((no.clone(), lifted)), audit, ..SideWrites::default() };
            Ok(Update::write(lead, also, no))
        })
        .await
    }

    /// Changes whoever has a number; one that nobody knows becomes a lead, which the change is told.
    async fn write<T>(
        &self,
        client: &Client,
        phone: &PhoneNumber,
        change: impl Fn(Lead, bool) -> Result<Update<T>, NotDone>,
    ) -> Result<T, NotDone> {
        let mut retries = Retries::default();
        loop {
            let Writer { read_at, lead, new, .. } = writer(self.leads, &client.id, phone, self.now).await?;
            let (saved, came) = match change(lead, new.is_some())? {
                Update::Leave(came) => return Ok(came),
                Update::Write { lead, also, came } => {
                    (self.leads.save(&lead, read_at, SideWrites { profile: new, ..*also }).await, came)
                }
            };
            if !retries.again(&saved) {
                saved?;
                return Ok(came);
            }
        }
    }

    /// Notes that somebody answered what a lead wrote, by whatever way. Gives since when it had waited.
    ///
    /// # Errors
    /// [`NotDone::Refused`] when nothing of it waits for an answer.
    pub async fn answered(&self, client: &Client, id: LeadId) -> Result<Instant, NotDone> {
        self.change(client, id, |StoredLead { mut lead, .. }| {
            let since = lead.unanswered.as_ref().map(|unanswered| unanswered.since);
            let (Some(since), true) = (since, lead.answered()) else {
                return Err(NotDone::Refused("this lead does not wait for an answer".to_owned()));
            };
            let done = self.recorder(client).about(&lead, Event::ReviewDone, Status::Ok);
            let done = done.because("answered", format!("{} says that its reply was answered", self.by));
            Ok(Update::write(lead, SideWrites::recording(vec![done]), since))
        })
        .await
    }

    /// Decides on a lead that is held, and gives what it was held for.
    ///
    /// # Errors
    /// [`NotDone::Refused`] when it is not held.
    pub async fn decide_held(
        &self,
        client: &Client,
        id: LeadId,
        verdict: Verdict,
        because: &str,
    ) -> Result<String, NotDone> {
        let recorder = self.recorder(client);
        self.change(client, id, |StoredLead { mut lead, .. }| {
            let Some(held_for) = lead.release() else {
                return Err(NotDone::Refused("this lead is not held, so there is nothing to decide".to_owned()));
            };
            let (code, outcome, opt_out, left) = match verdict {
                Verdict::GoOn => ("go_on", None, None, Vec::new()),
                Verdict::End => {
                    lead.may_resume = None;
                    let left = lead.end_all(Outcome::Replied, "the person replied; ended by hand", self.now);
                    ("end", Some(Outcome::Replied), None, left)
                }
                Verdict::OptOut => {
                    let words = Some(because.to_owned());
                    let no = OptOut { at: self.now, channel: OptOutChannel::Operator, words };
                    let left = lead.opt_out(no.clone(), self.now);
                    ("opt_out", Some(Outcome::OptedOut), Some(no), left)
                }
            };
            if opt_out.is_some() && lead.phone.is_none() {
                return Err(NotDone::Refused("this lead has no number to opt out".to_owned()));
            }
            let said = format!("{}: {because}; it was held for: {held_for}", self.by);
            let mut audit = vec![recorder.about(&lead, Event::LeadReleased, Status::Ok).because(code, &said)];
            if opt_out.is_some() {
                audit.push(recorder.about(&lead, Event::OptedOut, Status::Ok).because("operator", said));
            }
            audit.extend(left.iter().filter_map(|campaign| {
                let ended = recorder.about(&lead, Event::EnrollmentEnded, Status::Ok);
                Some(ended.ending(outcome?, "decided by hand after a reply").in_campaign(campaign, None))
            }));
            let also = SideWrites { opt_out, audit, ..SideWrites::default() };
            Ok(Update::write(lead, also, held_for))
        })
        .await
    }
}
