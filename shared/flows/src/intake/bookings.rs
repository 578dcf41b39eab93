//! Bookings: from what a calendar says to the leads that it is about. A booking ends their sequences in
//! the same write that keeps it.

use super::{
    super::{derived_id, record::Recorder, update::Retries},
    Intake,
    enter::{Admission, Entering, Entry, admit},
    known::Known,
};
use domain::{
    audit::{AuditEvent, Event, Status},
    booking::{Booker, BookingNews, OnCancelled},
    client::Client,
    contact_status::ContactStatus,
    event::{EventOutcome, EventState, RawEvent},
    ids::{CampaignId, EnrollmentId, LeadId},
    incoming::Reason,
    lead::{Heard, Lead, Outcome},
    phone::InvalidPhone,
    profile::{self, Profile},
};
use ports::{SideWrites, StoreResult, StoredLead};

/// What news of a booking came to for one lead.
struct Came {
    audit: Vec<AuditEvent>,
    heard: Heard,
    words: String,
}

impl Intake<'_> {
    /// Acts on news of a booking, in the same write that concludes its event.
    pub(super) async fn booking(
        &self,
        client: &Client,
        event: RawEvent,
        news: &BookingNews,
        recorder: &Recorder<'_>,
    ) -> StoreResult<EventState> {
        let mut retries = Retries::default();
        loop {
            let mut leads = self.booked_by(client, &news.who).await?.into_iter();
            let done = match leads.next() {
                Some(first) => self.of_known(client, &event, news, (first, leads.collect()), recorder).await,
                None if news.who.email.is_none() && news.who.phone.is_none() => {
                    let words = "a booking by the link of a lead that is not there, with neither address nor number";
                    let why = Reason { code: "nobody".to_owned(), words: words.to_owned() };
                    self.unusable(client, event.clone(), why, recorder).await
                }
                None => self.of_stranger(client, &event, news, recorder).await,
            };
            if !retries.again(&done) {
                return done;
            }
        }
    }

    /// The leads that it is about: the one in the link, then those with the address and the number. They
    /// may be one, or one person's two. The first is the one that goes on when it is called off.
    async fn booked_by(&self, client: &Client, who: &Booker) -> StoreResult<Vec<StoredLead>> {
        let by_email = match &who.email {
            Some(email) => self.leads.lead_of_email(&client.id, email).await?,
            None => None,
        };
        let by_phone = match &who.phone {
            Some(phone) => self.leads.phone(&client.id, phone).await?.lead,
            None => None,
        };
        let mut found: Vec<StoredLead> = Vec::new();
        for id in [who.lead, by_email, by_phone].into_iter().flatten() {
            if found.iter().all(|known| known.lead.id != id) {
                found.extend(self.leads.lead(&client.id, id).await?);
            }
        }
        Ok(found)
    }

    async fn of_known(
        &self,
        client: &Client,
        event: &RawEvent,
        news: &BookingNews,
        (first, others): (StoredLead, Vec<StoredLead>),
        recorder: &Recorder<'_>,
    ) -> StoreResult<EventState> {
        // Before the event is concluded, so that a repeat comes by here again.
        let mut elsewhere = None;
        for StoredLead { rev, mut lead, .. } in others {
            let came = hear(&mut lead, news, recorder);
            let stands = lead.booking_ahead(recorder.now).or(lead.booking_requested(recorder.now)).is_some();
            if stands || !lead.standing.is_open() {
                elsewhere = Some(lead.id);
            }
            if came.heard != Heard::Nothing {
                self.leads.save(&lead, Some(rev), SideWrites { audit: came.audit, ..SideWrites::default() }).await?;
            }
        }
        let StoredLead { rev, mut lead, profile } = first;
        let Came { mut audit, heard, words } = hear(&mut lead, news, recorder);
        if heard == Heard::Nothing {
            let state = EventState::Done { result: words.clone() };
            return self.conclude(event.clone(), state, received(&lead, news, words, recorder)).await;
        }
        let phone = lead.phone.clone().ok_or(InvalidPhone::Missing);
        let mut known =
            Known { read_at: Some(rev), lead, profile, phone, email: None, other: None, opt_out: None, booked: None };
        let entry = match (heard, elsewhere) {
            // One person may be two leads: what stands for the other stands for this one.
            (Heard::CalledOff(_), Some(other)) => Some(Entry {
                came: None,
                audit: Vec::new(),
                alert: None,
                words: format!(
                    "nothing follows: lead {other} of the same person has a booking, or is not to be texted"
                ),
            }),
            (Heard::CalledOff(_), None) => self.called_off(client, &mut known, event, recorder).await?,
            _ => None,
        };
        let (mut alert, mut result) = (None, words);
        if let Some(entry) = entry {
            audit.extend(entry.came);
            audit.extend(entry.audit);
            alert = entry.alert;
            result = format!("{result}; {}", entry.words);
        }
        let outcome = derived_id::outcome_of(event);
        if audit.iter().all(|recorded| recorded.id != outcome) {
            audit.push(derived_id::outcome(event, received(&known.lead, news, &result, recorder)));
        }
        let state = EventState::Done { result };
        let concluded = EventOutcome { event: event.clone(), state: state.clone() };
        let also = SideWrites { audit, event: Some(concluded), ..SideWrites::default() };
        self.leads.save(&known.lead, known.read_at, also).await?;
        if let Some(alert) = alert {
            self.alerts.raise(alert, client.mailbox(), recorder).await;
        }
        Ok(state)
    }

    /// What the client's settings say that a booking which was called off leads to.
    async fn called_off(
        &self,
        client: &Client,
        known: &mut Known,
        event: &RawEvent,
        recorder: &Recorder<'_>,
    ) -> StoreResult<Option<Entry>> {
        let nothing = |words: String| Some(Entry { came: None, audit: Vec::new(), alert: None, words });
        let campaign = |id: CampaignId| async move {
            let all = self.directory.campaigns(&client.id).await?;
            StoreResult::Ok(all.into_iter().find(|campaign| campaign.id == id))
        };
        let (given, id) = (known.profile.consent.clone(), EnrollmentId(derived_id::of_event(event, "enrollment")));
        match &client.on_cancelled {
            OnCancelled::Nothing => Ok(None),
            OnCancelled::Campaign(other) => match campaign(other.clone()).await? {
                Some(campaign) => {
                    let entering = Entering { client, campaign: Ok(&campaign), own: id, given, event, recorder };
                    Ok(Some(entering.enter(known)))
                }
                None => Ok(nothing(format!("there is no campaign {other} to enter"))),
            },
            OnCancelled::Resume => {
                let Some(ended) = known.lead.ended_by_booking().cloned() else {
                    return Ok(nothing("there is no sequence to go on with".to_owned()));
                };
                let plan = self.directory.plan(&client.id, &ended.campaign, ended.version).await?;
                let (Some(plan), Some(campaign)) = (plan, campaign(ended.campaign.clone()).await?) else {
                    return Ok(nothing(format!("campaign {} is not there any more", ended.campaign)));
                };
                let Some(enrollment) = known.lead.taken_up(&ended, &plan, id, recorder.now) else {
                    return Ok(nothing(format!("every text of campaign {} was sent", ended.campaign)));
                };
                known.lead.may_resume = None;
                let door = Admission { status: campaign.status, plan, enrollment, given };
                Ok(Some(admit(client, door, known, event, recorder)))
            }
        }
    }

    /// A booking of nobody we know: a lead without consent, so that a form which comes later finds it.
    async fn of_stranger(
        &self,
        client: &Client,
        event: &RawEvent,
        news: &BookingNews,
        recorder: &Recorder<'_>,
    ) -> StoreResult<EventState> {
        let id = LeadId(derived_id::of_event(event, "lead"));
        let (mut lead, mut profile) = (Lead::new(id, client.id.clone()), Profile::new(id, event.received_at));
        lead.phone.clone_from(&news.who.phone);
        profile.email.clone_from(&news.who.email);
        if let Some(phone) = &news.who.phone
            && let Some(no) = self.leads.phone(&client.id, phone).await?.opt_out
        {
            lead.standing = ContactStatus::OptedOut(no);
        }
        let name = news.who.name.as_deref().unwrap_or_default().trim();
        let (first, last) = name.split_once(' ').unwrap_or((name, ""));
        (profile.first_name, profile.last_name) = (profile::name(first), profile::name(last));
        let came = hear(&mut lead, news, recorder);
        let words = format!("{}; nobody we know", came.words);
        let about = |event, status| recorder.about(&lead, event, status);
        let mut audit = vec![
            about(Event::LeadCreated, Status::Ok).because("booking", "somebody booked who was not known"),
            about(Event::BookingUnmatched, Status::Ok).because(news.kind.code(), &words),
        ];
        audit.extend(came.audit);
        audit.push(derived_id::outcome(event, received(&lead, news, &words, recorder)));
        let state = EventState::Done { result: words };
        let concluded = EventOutcome { event: event.clone(), state: state.clone() };
        let also = SideWrites { profile: Some(profile), audit, event: Some(concluded), ..SideWrites::default() };
        self.leads.save(&lead, None, also).await?;
        Ok(state)
    }
}

/// That a calendar said something: the outcome of its event, unless somebody is enrolled by it.
fn received(lead: &Lead, news: &BookingNews, words: impl Into<String>, recorder: &Recorder<'_>) -> AuditEvent {
    recorder.about(lead, Event::BookingReceived, Status::Ok).because(news.kind.code(), words)
}

/// Has one lead hear of it.
fn hear(lead: &mut Lead, news: &BookingNews, recorder: &Recorder<'_>) -> Came {
    let heard = lead.hear(news, recorder.now);
    let when = news.starts_at.map_or_else(String::new, |at| format!(" for {}", at.format("%Y-%m-%d %H:%M UTC")));
    let of = format!("lead {}: booking {}{when}", lead.id, news.id);
    let mut audit = Vec::new();
    let words = match &heard {
        Heard::Nothing => format!("{of}: {}, which was known, or is older than what is known", news.kind.code()),
        Heard::Booked(left) => {
            audit.extend(left.iter().map(|campaign| ended(lead, campaign, "the person booked", recorder)));
            format!("{of}: booked")
        }
        Heard::Requested => format!("{of}: requested; texts wait for the host's answer"),
        Heard::LetGo => format!("{of}: {}", news.kind.code()),
        Heard::CalledOff(left) => {
            let why = "the person booked, and called it off";
            audit.extend(left.iter().map(|campaign| ended(lead, campaign, why, recorder)));
            let off = recorder.about(lead, Event::BookingCalledOff, Status::Ok);
            audit.push(off.because(news.kind.code(), &of));
            format!("{of}: called off")
        }
    };
    Came { audit, heard, words }
}

fn ended(lead: &Lead, campaign: &CampaignId, why: &str, recorder: &Recorder<'_>) -> AuditEvent {
    let event = recorder.about(lead, Event::EnrollmentEnded, Status::Ok);
    event.ending(Outcome::Booked, why).in_campaign(campaign, None)
}
