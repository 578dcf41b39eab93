//! After a restore: a table that is a copy of an older moment learns from the provider whom it texted since,
//! and who answered. Until it has, sending is on hold in it, so nothing here races with a text.

mod compare;

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};

use super::{
    alerts::Alerts,
    derived_id,
    erase::{Erase, NotErased},
    record::Recorder,
    replies::Replies,
    settling::{InFlightText, Settling, note},
    update::{Retries, Update, update},
};
pub use compare::{Happened, Match, happened, match_of};
use domain::{
    Instant,
    audit::{AuditEvent, Event, Status},
    campaign::Plan,
    client::{Client, Sending},
    decide::not_before,
    ids::{AttemptId, AuditId, CampaignId, LeadId, RunId},
    lead::{Lead, NewClaim, Waits},
    message::{ListedState, ListedText, RefusalClass, SendOutcome},
    phone::PhoneNumber,
    reply::IncomingReply,
    tenants::Tenants,
};
use ports::{
    Direction, Directory, DueIndex, DueKind, DueWork, IdSource, LeadStore, SideWrites, SmsProvider, StoreError,
    StoreResult, StoredLead,
};

/// How far the provider's clock may be from ours, and a write from what it is about.
const MARGIN: TimeDelta = TimeDelta::minutes(2);
/// How far back the journal is read for leads that are in no index: those that wait for a person, and
/// those whose sequence has ended and who may still have answered its last text.
const LOOK_BACK: TimeDelta = TimeDelta::days(60);
/// Leads that are looked at; with more, nothing is begun.
const MOST_LEADS: usize = 1_000_000;
/// Leads that are looked at side by side.
const AT_ONCE: usize = 8;
/// How often a list is asked for before it counts as unreadable.
const ASKS: usize = 3;
/// Leads in a row whose lists cannot be read, after which the provider is away and all of it ends.
const AWAY: usize = 10;
/// How far before the restored moment erasures are repeated: one may have begun before it and ended after it.
const ERASURES_BEFORE: TimeDelta = TimeDelta::days(1);
/// Begins the reason of everything that was put up for review here.
const REASON: &str = "after the restore: ";
/// Begins the reason where only the provider's list was missing. Looked at again, it goes by itself.
const UNREAD: &str = "after the restore: the provider's list could not be read: ";
/// The hold that a restored table is given at the end.
pub const HOLD: &str = "restored; lift with `leadline resume`";

/// Whether something waits for review because of a restore.
#[must_use]
pub fn is_reason(reason: &str) -> bool {
    reason.starts_with(REASON)
}

/// What the work after a restore takes, for one client.
#[derive(Clone, Copy)]
pub struct RestoreReconciliation<'a> {
    /// Settings and plans.
    pub directory: &'a dyn Directory,
    /// Leads.
    pub leads: &'a dyn LeadStore,
    /// Who waits for something.
    pub due: &'a dyn DueIndex,
    /// Where it is recorded.
    pub alerts: Alerts<'a>,
    /// What erases again who was erased since.
    pub erase: Erase<'a>,
    /// Whose lists are asked for.
    pub provider: &'a dyn SmsProvider,
    /// New ids.
    pub ids: &'a dyn IdSource,
    /// The client, whose sending is on hold.
    pub client: &'a Client,
    /// The moment that the table was restored to.
    pub since: Instant,
    /// The moment.
    pub now: Instant,
    /// The run that it is recorded under.
    pub run: RunId,
    /// What a threat to one client does at the others.
    pub tenants: Tenants,
}

/// Why it ended before the end. What was written until then is right, and calling it again goes on.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The provider's lists.
    #[error("the provider's lists cannot be read: {0}")]
    Away(String),
    /// Somebody who was erased is back, and cannot be erased again.
    #[error("lead {0} was erased, is back with this copy, and cannot be erased again yet: {1}")]
    Erasure(LeadId, NotErased),
    /// Which leads were erased cannot be read.
    #[error("the erasures that are remembered cannot be read, and erased people would be back: {0}")]
    Erasures(#[source] StoreError),
    /// There are more leads than one call looks at.
    #[error("more than {MOST_LEADS} leads wait for something")]
    TooMany,
}

/// What was found out about one lead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Texts that it got and did not know of.
    pub texts: usize,
    /// Answers that it gave and did not know of.
    pub replies: usize,
    /// Why it waits for a person now, if it does because of this.
    pub review: Option<String>,
    /// Why the provider's list could not be read, if it could not.
    pub unread: Option<String>,
}

/// What was found out about a client's leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Leads that were looked at.
    pub leads: usize,
    /// Those of which something was found out.
    pub found: Vec<(LeadId, Found)>,
    /// Erasures that were repeated.
    pub erased: usize,
    /// Leads that were erased, are back with the copy, and gave consent again before the erasure could be repeated.
    pub came_again: Vec<LeadId>,
}

/// The versions that leads are pinned to.
pub type Plans = BTreeMap<(CampaignId, u32), Plan>;

impl RestoreReconciliation<'_> {
    /// Looks at every lead that may have been texted or may have answered since, tells how far it has
    /// come, erases again who was erased since, and says at the end that the table counts, with sending on a
    /// person's hold.
    ///
    /// # Errors
    /// [`Stopped`] says why it ended early. The table is a copy still.
    pub async fn all(&self, progress: &mut dyn FnMut(usize, usize)) -> Result<Summary, Stopped> {
        let leads = self.whom().await?;
        let mut summary = Summary::default();
        let mut away = 0;
        let mut looked =
            stream::iter(leads.iter().copied()).map(|id| async move { (id, self.one(id).await) }).buffered(AT_ONCE);
        while let Some((id, found)) = looked.next().await {
            let found = found?;
            summary.leads += 1;
            away = if found.unread.is_some() { away + 1 } else { 0 };
            if let Some(why) = found.unread.clone().filter(|_| away >= AWAY) {
                return Err(Stopped::Away(why));
            }
            if found != Found::default() {
                summary.found.push((id, found));
            }
            progress(summary.leads, leads.len());
        }
        // A list that was not read may hold a no: the table does not count before every one was.
        let unread = summary.found.iter().find_map(|(id, found)| Some((id, found.unread.as_ref()?)));
        if let Some((id, why)) = unread {
            return Err(Stopped::Away(format!("lead {id}: {why}")));
        }
        (summary.erased, summary.came_again) = self.erase_again().await?;
        let held = Sending::held(HOLD, self.now);
        self.directory.adopt(&self.client.id, &held).await?;
        let words = format!("restored to {}, and compared with the provider's lists", self.since);
        let restored = self.recorder(self.now).event(Event::SendingHeld, Status::Ok).because("restored", words);
        note(self.alerts.journal, &restored).await;
        Ok(summary)
    }

    /// Repeats every erasure since the restored moment, as the copy holds what was erased after it. Gives how many, and
    /// the leads that it left alone as they have given consent again since.
    ///
    /// # Errors
    /// [`Stopped`] says why not all of them.
    pub async fn erase_again(&self) -> Result<(usize, Vec<LeadId>), Stopped> {
        let since = self.since - ERASURES_BEFORE;
        let records = self.erase.ledger.erasures(&self.client.id, since).await.map_err(Stopped::Erasures)?;
        let (mut erased, mut came_again) = (0, Vec::new());
        for record in &records {
            match self.erase.again(self.client, record, &self.recorder(self.now)).await {
                Ok(_) => erased += 1,
                Err(NotErased::CameAgain) => came_again.push(record.lead),
                Err(error) => return Err(Stopped::Erasure(record.lead, error)),
            }
        }
        Ok((erased, came_again))
    }

    /// Everybody in the due index, whenever they are due: who is due next week may have said no
    /// yesterday. And those who are in no index, as the journal remembers them.
    async fn whom(&self) -> Result<Vec<LeadId>, Stopped> {
        let far = self.now + TimeDelta::days(3_660);
        let due = self.due.due_of(&self.client.id, DueKind::Leads, far, MOST_LEADS).await?;
        if due.len() >= MOST_LEADS {
            return Err(Stopped::TooMany);
        }
        let mut seen = BTreeSet::new();
        let mut all: Vec<LeadId> = due.iter().filter_map(DueWork::lead).filter(|id| seen.insert(*id)).collect();
        // Who waits for a paused campaign may have been texted once it was resumed.
        let mut campaign = None;
        while let Some(id) = self.due.parked_for(&self.client.id, campaign.as_ref()).await? {
            let parked = self.due.parked(&self.client.id, &id, None, MOST_LEADS).await?;
            if parked.len() >= MOST_LEADS {
                return Err(Stopped::TooMany);
            }
            all.extend(parked.into_iter().filter(|id| seen.insert(*id)));
            campaign = Some(id);
        }
        let mut page = None;
        loop {
            let (from, until) = (self.since - LOOK_BACK, self.now + MARGIN);
            let read = self.alerts.journal.happened(&self.client.id, from, until, page).await?;
            let about =
                |event: &AuditEvent| matches!(event.event, Event::ReviewNeeded | Event::SmsAttempt | Event::LeadHeld);
            let leads = read.events.iter().filter(|event| about(event)).filter_map(|event| event.lead);
            all.extend(leads.filter(|id| seen.insert(*id)));
            page = read.next;
            if page.is_none() {
                return Ok(all);
            }
        }
    }

    /// Finds out about one lead, and writes it. Doing it again changes nothing more.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn one(&self, id: LeadId) -> StoreResult<Found> {
        let mut found = Found::default();
        let Some(stored) = self.leads.lead(&self.client.id, id).await? else { return Ok(found) };
        let Some(phone) = stored.lead.phone.clone() else { return Ok(found) };
        let plans = self.plans_of(&stored.lead).await?;
        let entries = match self.happened_to(&stored, &phone, &plans).await? {
            Ok(entries) => entries,
            Err(why) => {
                found.review = self.review(id, &format!("{UNREAD}{why}")).await?;
                found.unread = Some(why);
                return Ok(found);
            }
        };
        let mut unexplained = None;
        for entry in entries {
            match entry {
                Happened::Texted(text) => match self.texted(id, &plans, &text).await? {
                    Ok(()) => found.texts += 1,
                    Err(why) => unexplained = unexplained.or(Some(why)),
                },
                Happened::Replied(text) => {
                    // Long past: nothing is answered any more.
                    let from = phone.clone();
                    let reply =
                        IncomingReply { from, body: text.body, taken_for: None, provider_answers: true, proved: true };
                    let audit = AuditId(derived_id::of_listed(&self.client.id, &text.provider_id, text.at));
                    let Self { directory, leads, alerts, tenants, .. } = *self;
                    let replies = Replies { directory, leads, alerts, queue: None, tenants };
                    replies.take(self.client, &reply, audit, None, &self.recorder(text.at)).await?;
                    found.replies += 1;
                }
            }
        }
        found.review = match unexplained {
            Some(why) => self.review(id, &format!("{REASON}{why}")).await?,
            None => {
                self.read_after_all(id).await?;
                None
            }
        };
        Ok(found)
    }

    async fn plans_of(&self, lead: &Lead) -> StoreResult<Plans> {
        let mut plans = Plans::new();
        for live in &lead.enrollments {
            if let Some(plan) = self.directory.plan(&self.client.id, &live.campaign, live.version).await? {
                plans.insert((live.campaign.clone(), live.version), plan);
            }
        }
        Ok(plans)
    }

    /// What the provider lists between us and a lead that the lead does not know of, in order.
    async fn happened_to(
        &self,
        stored: &StoredLead,
        phone: &PhoneNumber,
        plans: &Plans,
    ) -> StoreResult<Result<Vec<Happened>, String>> {
        let lead = &stored.lead;
        let since = lead.in_flight.as_ref().map_or(self.since, |text| text.at.min(self.since)) - MARGIN;
        let soonest = |live: &domain::lead::Enrollment| {
            plans
                .get(&(live.campaign.clone(), live.version))
                .is_none_or(|plan| not_before(plan, live, self.client).is_none_or(|at| at <= self.now))
        };
        let texted = lead.in_flight.is_some() || lead.enrollments.iter().any(soonest);
        let to = match self.client.destination(phone) {
            Ok(to) if texted => self.list(Direction::To, &to, since).await,
            _ => Ok(Vec::new()),
        };
        let (to, from) = match (to, self.list(Direction::From, phone, since).await) {
            (Ok(to), Ok(from)) => (to, from),
            (Err(why), _) | (_, Err(why)) => return Ok(Err(why)),
        };
        if to.is_empty() && from.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let journey = self.leads.journey(&self.client.id, lead.id, Instant::UNIX_EPOCH).await?;
        let taken = |text: &ListedText| AuditId(derived_id::of_listed(&self.client.id, &text.provider_id, text.at));
        Ok(Ok(happened(to, from, &journey, taken)))
    }

    async fn list(&self, way: Direction, number: &PhoneNumber, since: Instant) -> Result<Vec<ListedText>, String> {
        let mut listed = Err(String::new());
        for _ in 0..ASKS {
            listed = self.provider.list(self.client, way, number, since).await;
            if listed.is_ok() {
                break;
            }
        }
        listed
    }

    /// Writes a text as accepted when the provider took it. The inner error says why it cannot be told
    /// what it was.
    async fn texted(&self, id: LeadId, plans: &Plans, text: &ListedText) -> StoreResult<Result<(), String>> {
        let mut retries = Retries::default();
        loop {
            let done = self.texted_once(id, plans, text).await;
            if !retries.again(&done) {
                return done;
            }
        }
    }

    async fn texted_once(&self, id: LeadId, plans: &Plans, text: &ListedText) -> StoreResult<Result<(), String>> {
        let Some(StoredLead { rev, lead, profile }) = self.leads.lead(&self.client.id, id).await? else {
            return Ok(Err("the lead is gone".to_owned()));
        };
        let pinned = |id| {
            let live = lead.enrollment(id)?;
            plans.get(&(live.campaign.clone(), live.version))
        };
        let recorder = self.recorder(text.at);
        let settling = Settling { directory: self.directory, leads: self.leads, alerts: self.alerts };
        let matched = match_of(&lead, &profile, self.client, plans, text);
        let outcome = match meant(text) {
            Ok(outcome) => outcome,
            Err(_) if matched == Match::NotOurs => return Ok(Ok(())),
            Err(why) => return Ok(Err(why)),
        };
        let enrollment = match matched {
            Match::InFlightText(enrollment) => {
                let plan = pinned(enrollment).cloned();
                let Some(on) = InFlightText::of(self.client, plan.as_ref(), lead, rev) else {
                    return Err(StoreError::Conflict);
                };
                settling.found_out(on, &outcome, &recorder).await?;
                return Ok(Ok(()));
            }
            Match::Step(enrollment) => enrollment,
            Match::NotOurs => return Ok(Ok(())),
            Match::Unexplained(why) => return Ok(Err(why)),
        };
        let (mut claimed, plan) = (lead.clone(), pinned(enrollment).cloned());
        let to = lead.phone.as_ref().and_then(|phone| self.client.destination(phone).ok());
        let (Some(live), Some(to)) = (lead.enrollment(enrollment), to) else { return Err(StoreError::Conflict) };
        let claim = NewClaim {
            attempt: AttemptId(derived_id::of_listed(&self.client.id, &text.provider_id, text.at)),
            run: self.run,
            enrollment,
            step: live.step,
            to,
            text: text.body.clone(),
            expires_at: text.at,
            hours: "not known: it is in the provider's list, and the table was restored to before it".to_owned(),
        };
        if let Err(illegal) = claimed.claim(claim, text.at) {
            return Ok(Err(format!("a text went out {} that it could not have got: {illegal}", text.at)));
        }
        let also = SideWrites { count_later: true, ..SideWrites::default() };
        let rev = self.leads.save(&claimed, Some(rev), also).await?;
        let Some(on) = InFlightText::of(self.client, plan.as_ref(), claimed, rev) else {
            return Err(StoreError::Conflict);
        };
        settling.found_out(on, &outcome, &recorder).await?;
        Ok(Ok(()))
    }

    /// Puts every sequence of a lead before a person. Gives the reason, if any was not there yet.
    async fn review(&self, id: LeadId, reason: &str) -> StoreResult<Option<String>> {
        let came = update(self.leads, &self.client.id, id, |StoredLead { mut lead, .. }| {
            let waiting = lead.enrollments.iter().filter(|live| matches!(live.waits, Waits::Until(_)));
            let waiting: Vec<_> = waiting.map(|live| (live.id, live.campaign.clone(), live.step)).collect();
            if waiting.is_empty() {
                return Ok::<_, StoreError>(Update::Leave(None));
            }
            let recorder = self.recorder(self.now);
            let mut audit = Vec::new();
            for (enrollment, campaign, step) in waiting {
                lead.review(enrollment, reason, self.now);
                let needed = recorder.about(&lead, Event::ReviewNeeded, Status::Unknown).because("restored", reason);
                audit.push(needed.in_campaign(&campaign, Some(step)));
            }
            Ok(Update::write(lead, SideWrites::recording(audit), Some(reason.to_owned())))
        });
        Ok(came.await?.flatten())
    }

    /// Takes back the reviews of a lead whose lists could not be read before, and can be now.
    async fn read_after_all(&self, id: LeadId) -> StoreResult<()> {
        let came = update(self.leads, &self.client.id, id, |StoredLead { mut lead, .. }| {
            let unread = lead
                .enrollments
                .iter()
                .filter(|live| matches!(&live.waits, Waits::ForReview { reason, .. } if reason.starts_with(UNREAD)));
            let unread: Vec<_> = unread.map(|live| (live.id, live.campaign.clone(), live.step)).collect();
            let recorder = self.recorder(self.now);
            let mut audit = Vec::new();
            for (enrollment, campaign, step) in unread {
                if lead.lift_review(enrollment, self.now).is_ok() {
                    let words = "the provider's list could be read after all";
                    let done = recorder.about(&lead, Event::ReviewDone, Status::Ok).because("restored", words);
                    audit.push(done.in_campaign(&campaign, Some(step)));
                }
            }
            if audit.is_empty() {
                return Ok::<_, StoreError>(Update::Leave(()));
            }
            Ok(Update::write(lead, SideWrites::recording(audit), ()))
        });
        came.await.map(|_| ())
    }

    fn recorder(&self, at: Instant) -> Recorder<'_> {
        Recorder { ids: self.ids, client: &self.client.id, test: self.client.in_test(), run: self.run, now: at }
    }
}

/// What a listed text is settled as. One that failed is no text that the person got: a number that cannot be
/// texted and an opt-out count as such. The error says why anything else must be looked at: what became of
/// the sequence after it cannot be told.
fn meant(text: &ListedText) -> Result<SendOutcome, String> {
    let failed = |why: &dyn std::fmt::Display| {
        Err(format!("the provider lists a text of {} as failed: {why}", text.at.format("%F %H:%M UTC")))
    };
    match &text.state {
        ListedState::Taken => {}
        ListedState::Failed(Ok(refusal)) => match refusal.class {
            RefusalClass::Recipient | RefusalClass::OptedOut => {}
            RefusalClass::Content | RefusalClass::Configuration => return failed(refusal),
        },
        ListedState::Failed(Err(why)) => return failed(why),
    }
    Ok(text.state.proves(text.provider_id.clone()))
}
