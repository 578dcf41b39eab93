//! Replies. A no is acted on before anything else, and in the same write that records it.

mod act;
mod threat;

use chrono::TimeDelta;

use std::time::Duration;

use super::{alerts::Alerts, derived_id, record::Recorder, unanswered::Unheard, update::Retries};
use act::{Acted, act};
use domain::{
    Instant,
    answer::{Answer, Answered},
    audit::{AuditEvent, Event, Status},
    campaign::OnReply,
    client::Client,
    contact_status::ContactStatus,
    event::{EventOutcome, EventState, RawEvent},
    ids::{AuditId, CampaignId, ClientId, LeadId},
    job::Job,
    lead::Lead,
    phone::PhoneNumber,
    profile::Profile,
    reply::{Class, IncomingReply, Known, is_bare_keyword, may_quote},
    tenants::Tenants,
};
use ports::{Directory, LeadStore, Rev, SideWrites, StoreResult, StoredLead, TextQueue};

/// How long after it reached us a START takes a no back.
const LATEST_START: TimeDelta = TimeDelta::minutes(1);

/// How long a text of ours is looked for in replies.
const QUOTED_FOR: TimeDelta = TimeDelta::days(60);

/// What acting on replies takes.
#[derive(Clone, Copy)]
pub struct Replies<'a> {
    /// Campaigns, and the other clients.
    pub directory: &'a dyn Directory,
    /// Leads.
    pub leads: &'a dyn LeadStore,
    /// Whom to tell.
    pub alerts: Alerts<'a>,
    /// Where answers go; `None` where nothing is answered.
    pub queue: Option<&'a dyn TextQueue>,
    /// What a threat to one client does at the others.
    pub tenants: Tenants,
}

/// Who wrote, as far as is known.
pub(super) struct Writer {
    pub(super) read_at: Option<Rev>,
    pub(super) lead: Lead,
    /// The profile of somebody who was not known.
    pub(super) new: Option<Profile>,
    first_name: Option<String>,
}

/// When a reply came, as the id of its audit event says: that is by what it is found again.
fn came_at(id: AuditId, now: Instant) -> Instant {
    let millis = i64::try_from(id.0.timestamp_ms()).ok();
    millis.and_then(Instant::from_timestamp_millis).unwrap_or(now)
}

/// The lead with a number, or a new one without consent, which knows of the number's no.
pub(super) async fn writer(
    leads: &dyn LeadStore,
    client: &ClientId,
    phone: &PhoneNumber,
    now: Instant,
) -> StoreResult<Writer> {
    let record = leads.phone(client, phone).await?;
    let found = match record.lead {
        Some(id) => leads.lead(client, id).await?,
        None => None,
    };
    if let Some(StoredLead { rev, lead, profile }) = found {
        return Ok(Writer { read_at: Some(rev), lead, new: None, first_name: profile.first_name });
    }
    let id = LeadId(derived_id::of_phone(client, phone, now));
    let mut lead = Lead::new(id, client.clone());
    lead.phone = Some(phone.clone());
    if let Some(no) = record.opt_out {
        lead.standing = ContactStatus::OptedOut(no);
    }
    Ok(Writer { read_at: None, lead, new: Some(Profile::new(id, now)), first_name: None })
}

impl Replies<'_> {
    /// Acts on a reply, and says in words what it did. `id` is that of the audit event of the reply: the
    /// same however often the reply is worked on. The raw event that the reply came by, if it did, is
    /// concluded in the same write; only of a threat the no is written first, and the event is concluded
    /// once everybody whom it concerns knows.
    ///
    /// # Errors
    /// [`StoreError`](ports::StoreError) when the store fails. Nothing was done then, or of a threat its first part; it is
    /// worked on again.
    pub async fn take(
        &self,
        client: &Client,
        reply: &IncomingReply,
        id: AuditId,
        event: Option<&RawEvent>,
        recorder: &Recorder<'_>,
    ) -> StoreResult<String> {
        let mut told = false;
        let mut retries = Retries::default();
        loop {
            let Writer { read_at, mut lead, new, first_name } =
                writer(self.leads, &client.id, &reply.from, recorder.now).await?;
            let opted_out = matches!(lead.standing, ContactStatus::OptedOut(_));
            let sent = self.sent(client, &lead, reply, recorder.now).await?;
            let class = reply.class(Known { first_name: first_name.as_deref(), opted_out, sent: &sent });
            // One that waited may be older than a no that was heard since.
            let late = event.is_some_and(|event| recorder.now - event.received_at > LATEST_START);
            let class = if class == Class::Start && late { Class::Other } else { class };
            let go_on = self.going_on(client, class, &lead).await?;
            let Acted { mut audit, opt_out, lifted, words, answer, alert } =
                act(&mut lead, class, reply, id, &go_on, recorder);
            let for_a_person = self.is_for_a_person(client, class, reply, opted_out);
            if for_a_person {
                lead.await_answer(came_at(id, recorder.now));
            }
            if new.is_some() {
                let created = recorder.about(&lead, Event::LeadCreated, Status::Ok);
                audit.push(created.because("inbound_text", "a number that was not known wrote to us"));
            }
            let profile = new;
            if class == Class::Legal && !opted_out {
                let also = SideWrites { profile, opt_out, audit, ..SideWrites::default() };
                let saved = self.leads.save(&lead, read_at, also).await;
                if !retries.again(&saved) {
                    saved?;
                }
                // Everybody else whom the threat concerns comes next.
                continue;
            }
            if class == Class::Legal && !told {
                self.tell_everybody(client, &lead, reply, recorder).await?;
                told = true;
            }
            let received = recorder.about(&lead, Event::ReplyReceived, Status::Ok).because(class.code(), &reply.body);
            let raw = event.map(|event| event.key.0.clone());
            audit.insert(0, AuditEvent { id, raw, ..received });
            let result = format!("lead {}: {words}", lead.id);
            let outcome = |event: &RawEvent| EventOutcome {
                event: event.clone(),
                state: EventState::Done { result: result.clone() },
            };
            let also = SideWrites { profile, opt_out, lifted, audit, event: event.map(outcome), count_later: false };
            let saved = self.leads.save(&lead, read_at, also).await;
            if retries.again(&saved) {
                continue;
            }
            saved?;
            if let Some(alert) = alert {
                self.alerts.raise(alert, client.mailbox(), recorder).await;
            }
            if for_a_person {
                Unheard { leads: self.leads, alerts: self.alerts }.tell_at_once(client, lead.id, recorder).await;
            }
            if let (Some(to), Some(event), false) = (answer, event, reply.provider_answers) {
                self.answer(client, lead.id, to, event, recorder).await;
            }
            return Ok(result);
        }
    }

    /// Whether a person should answer. A call for help is for one where neither the provider nor we answer it.
    fn is_for_a_person(&self, client: &Client, class: Class, reply: &IncomingReply, opted_out: bool) -> bool {
        let by_provider = reply.provider_answers && (reply.taken_for.is_some() || is_bare_keyword(&reply.body));
        let answered = by_provider || (client.answers.help.is_some() && self.queue.is_some());
        class == Class::Other || (class == Class::Help && !answered && !opted_out)
    }

    /// What was texted to a lead of late, if a reply may quote it.
    async fn sent(
        &self,
        client: &Client,
        lead: &Lead,
        reply: &IncomingReply,
        now: Instant,
    ) -> StoreResult<Vec<String>> {
        if !may_quote(&reply.body) {
            return Ok(Vec::new());
        }
        let journey = self.leads.journey(&client.id, lead.id, now - QUOTED_FOR).await?;
        Ok(journey.into_iter().filter_map(|event| event.text).map(|text| text.body).collect())
    }

    /// The lead's campaigns that go on after a reply of this kind.
    async fn going_on(&self, client: &Client, class: Class, lead: &Lead) -> StoreResult<Vec<CampaignId>> {
        if class != Class::Other || lead.enrollments.is_empty() {
            return Ok(Vec::new());
        }
        let all = self.directory.campaigns(&client.id).await?;
        Ok(all.into_iter().filter(|campaign| campaign.on_reply == OnReply::GoOn).map(|campaign| campaign.id).collect())
    }

    /// Has a reply answered, if there is a text for it. What is not taken here is not answered: none is
    /// better than two.
    async fn answer(&self, client: &Client, lead: LeadId, to: Answered, event: &RawEvent, recorder: &Recorder<'_>) {
        let text = match to {
            Answered::OptOut(_) => &client.answers.opted_out,
            Answered::Help => &client.answers.help,
        };
        let answer = Answer { client: client.id.clone(), lead, to, received_at: event.received_at };
        let (Some(queue), Some(_), true) = (self.queue, text, answer.in_time(recorder.now)) else { return };
        if !queue.enqueue(vec![(Job::Answer(answer), Duration::ZERO)]).await.is_empty() {
            tracing::error!(client = %client.id, %lead, answer = to.code(), "the queue did not take an answer; none is sent");
        }
    }
}
