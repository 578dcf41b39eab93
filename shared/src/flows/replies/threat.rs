//! A threat of the law concerns everybody who texts that number: the person is held at every other client,
//! and an operator is told at once. All of it can be repeated.

use super::{
    super::{alerts::Alert, record::Recorder},
    Replies, TRIES,
};
use crate::{
    domain::{
        audit::{Event, Status},
        client::Client,
        ids::ClientId,
        lead::Lead,
        phone::PhoneNumber,
        reply::IncomingReply,
    },
    ports::{Also, StoreError, StoreResult},
};

/// Why the others hold the number.
const REASON: &str = "a threat of the law to another client";

impl Replies<'_> {
    /// Holds the number at all other clients, and tells the operator of this one. A client whose lead
    /// cannot be read does not keep the others, nor the operator, from being told.
    pub(super) async fn tell_everybody(
        &self,
        client: &Client,
        lead: &Lead,
        reply: &IncomingReply,
        recorder: &Recorder<'_>,
    ) -> StoreResult<()> {
        let others = self.directory.clients().await;
        let mut failed = None;
        for other in others.as_ref().ok().into_iter().flatten().filter(|other| other.id != client.id) {
            if let Err(error) = self.hold_at(&other.id, &reply.from, recorder).await {
                tracing::error!(client = %other.id, %error, "a number could not be held after a threat to another client");
                failed = Some(error);
            }
        }
        let alert = Alert {
            cause: format!("legal#{}", lead.id),
            subject: "somebody threatens with the law".to_owned(),
            text: format!(
                "Lead {0} wrote words of a legal threat. It is opted out, and its number is held at every other \
                 client of this installation.\n\n`leadline conversation {0}` shows what was said. Do not text it, \
                 not from another phone either, before somebody who knows the law has looked at it.\n",
                lead.id
            ),
        };
        self.alerts.raise(alert, client.mailbox(), recorder).await;
        others?;
        failed.map_or(Ok(()), Err)
    }

    async fn hold_at(&self, other: &ClientId, phone: &PhoneNumber, recorder: &Recorder<'_>) -> StoreResult<()> {
        let test = self.directory.client(other).await?.is_ok_and(|client| client.in_test());
        let recorder = Recorder { client: other, test, ..*recorder };
        for _ in 0..TRIES {
            let Some(id) = self.leads.phone(other, phone).await?.lead else { return Ok(()) };
            let Some(stored) = self.leads.lead(other, id).await? else { return Ok(()) };
            let mut lead = stored.lead;
            if !lead.hold_person(REASON, recorder.now) {
                return Ok(());
            }
            let held = recorder.about(&lead, Event::LeadHeld, Status::Waiting).because("legal", REASON);
            match self.leads.save(&lead, Some(stored.rev), Also { audit: vec![held], ..Also::default() }).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict)
    }
}
