//! A legal threat. It always opts the person out at the client that it was sent to and tells that client's
//! operator. Where all clients have one owner it also holds the number at the others, whose operators are told,
//! for a few people a day. All of it can be repeated.

use chrono::TimeDelta;

use super::{
    super::{
        alerts::Alert,
        record::Recorder,
        update::{Update, update},
    },
    Replies,
};
use domain::{
    audit::{Event, Status},
    client::Client,
    contact_status::ContactStatus,
    ids::LeadId,
    lead::Lead,
    phone::PhoneNumber,
    reply::IncomingReply,
    tenants::{SPREAD_A_DAY, Tenants},
};
use ports::{ClientEntry, Lease, SideWrites, StoreError, StoreResult, StoredLead};

/// Why the others hold the number.
const REASON: &str = "a threat of the law to another client";

/// How long it may take to note that a person's place among those of the day is taken.
const LEASE: TimeDelta = TimeDelta::minutes(1);

/// What became of the number at the other clients.
#[derive(Clone, Copy)]
enum Spread {
    /// They hold it.
    Everywhere,
    /// Nothing: they are not this client's owner's.
    Separate,
    /// Nothing: too many of one day.
    TooMany,
}

impl Spread {
    fn words(self) -> String {
        match self {
            Self::Everywhere => "its number is on hold at every other client of this installation, whose operators \
                                 are told"
                .to_owned(),
            Self::Separate => "other clients of this installation are not affected".to_owned(),
            Self::TooMany => format!(
                "its number is not put on hold at the other clients: this client has had more than {SPREAD_A_DAY} \
                 legal threats today, which is unusual. Look whether they are real"
            ),
        }
    }
}

impl Replies<'_> {
    /// Tells the operator, and where all clients have one owner holds the number at the others and tells theirs. A
    /// client whose lead cannot be read does not keep the others, nor the operator, from being told.
    pub(super) async fn tell_everybody(
        &self,
        client: &Client,
        lead: &Lead,
        reply: &IncomingReply,
        recorder: &Recorder<'_>,
    ) -> StoreResult<()> {
        let (spread, failed) = match self.tenants {
            Tenants::Separate => (Spread::Separate, None),
            Tenants::OneOwner => match self.may_spread(client, lead.id, recorder).await {
                Ok(true) => (Spread::Everywhere, self.hold_elsewhere(client, reply, recorder).await.err()),
                Ok(false) => (Spread::TooMany, None),
                Err(error) => (Spread::Everywhere, Some(error)),
            },
        };
        let alert = Alert {
            cause: format!("legal#{}", lead.id),
            subject: "somebody threatens with the law".to_owned(),
            text: format!(
                "Lead {0} wrote words of a legal threat. It is opted out, and {1}.\n\n`leadline conversation {0}` \
                 shows what was said. Do not text it, not from another phone either, before somebody who knows the \
                 law has looked at it.\n",
                lead.id,
                spread.words()
            ),
        };
        self.alerts.raise(alert, client.mailbox(), recorder).await;
        failed.map_or(Ok(()), Err)
    }

    /// Returns `true` if the person is one of the first few of the day. Asked again it says the same.
    async fn may_spread(&self, client: &Client, lead: LeadId, recorder: &Recorder<'_>) -> StoreResult<bool> {
        let (once, lead) = (self.alerts.once, lead.to_string());
        for place in 1..=SPREAD_A_DAY {
            let what = format!("threat#{}#{place}", recorder.now.format("%Y-%m-%d"));
            match once.note(&client.id, &what).await? {
                Some(taken) if taken == lead => return Ok(true),
                Some(_) => continue,
                None => {}
            }
            match once.claim(&client.id, &what, recorder.now, recorder.now + LEASE).await? {
                Lease::Acquired | Lease::Reacquired => {
                    once.finish(&client.id, &what, &lead).await?;
                    return Ok(true);
                }
                Lease::HeldElsewhere | Lease::Completed => {}
            }
        }
        Ok(false)
    }

    async fn hold_elsewhere(&self, client: &Client, reply: &IncomingReply, recorder: &Recorder<'_>) -> StoreResult<()> {
        let mut failed = None;
        for other in self.directory.clients().await?.iter().filter(|other| other.id != client.id) {
            if let Err(error) = self.hold_at(other, &reply.from, recorder).await {
                tracing::error!(client = %other.id, %error, "a number could not be held after a threat to another client");
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Holds the number at a client, and tells its operator, without a word of whom it was said to and what.
    async fn hold_at(&self, other: &ClientEntry, phone: &PhoneNumber, recorder: &Recorder<'_>) -> StoreResult<()> {
        let settings = self.directory.client(&other.id).await?;
        let test = settings.as_ref().is_ok_and(Client::in_test);
        let recorder = Recorder { client: &other.id, test, ..*recorder };
        let Some(lead) = self.held_at(phone, &recorder).await? else { return Ok(()) };
        let alert = Alert {
            cause: format!("legal-elsewhere#{lead}"),
            subject: "somebody you text threatened another business with the law".to_owned(),
            text: format!(
                "Lead {lead} wrote words of a legal threat to another client of this installation. It wrote nothing \
                 of the kind to you. To be safe its number is on hold here: nothing is sent to it until you \
                 decide.\n\nDo not text it, not from another phone either, before somebody who knows the law has \
                 looked at it. Then say what is to be done: `leadline answer {lead} --go-on`, `--end` or \
                 `--opt-out`.\n",
            ),
        };
        let to = settings.as_ref().map_or(Some(&other.admin_email), Client::mailbox);
        self.alerts.raise(alert, to, &recorder).await;
        Ok(())
    }

    /// The lead with the number that is on hold for this reason, now or before.
    async fn held_at(&self, phone: &PhoneNumber, recorder: &Recorder<'_>) -> StoreResult<Option<LeadId>> {
        let Some(id) = self.leads.phone(recorder.client, phone).await?.lead else { return Ok(None) };
        let held = update(self.leads, recorder.client, id, |StoredLead { mut lead, .. }| {
            if !lead.hold_person(REASON, recorder.now) {
                // Whoever held it may not have come to telling.
                let before = matches!(&lead.standing, ContactStatus::Held { reason, .. } if reason == REASON);
                return Ok::<_, StoreError>(Update::Leave(before));
            }
            let held = recorder.about(&lead, Event::LeadHeld, Status::Waiting).because("legal", REASON);
            Ok(Update::write(lead, SideWrites::recording(vec![held]), true))
        });
        Ok(held.await?.filter(|held| *held).map(|_| id))
    }
}
