//! Bringing in a list of people: each row becomes a raw event, as if it had come from a form, and is
//! worked through like one. So a row that was brought in is known, and doing it again changes nothing.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{derived_id, intake::Intake, record::Recorder};
use domain::{
    Instant,
    audit::{AuditEvent, Event, Status},
    client::Client,
    email::EmailAddress,
    event::{EventKey, EventState, RawEvent, Source},
    ids::{FormId, LeadId},
    lead::Lead,
    phone::{InvalidPhone, PhoneNumber, Region},
};
use ports::{Journal, Receipt, StoreError, StoreResult};

/// Who was texted less long ago is passed over (requirement D2).
pub const PASSED_OVER: TimeDelta = TimeDelta::days(7);
/// Who was texted or came in less long ago is named (requirement D2).
pub const NAMED: TimeDelta = TimeDelta::days(30);

/// A row of a list, its fields named as a form's are: `phone`, `email`, `first_name`, … and any others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The fields that hold something.
    pub fields: BTreeMap<String, String>,
}

impl Row {
    /// The row's number.
    ///
    /// # Errors
    /// Why it has none.
    pub fn phone(&self, region: Region) -> Result<PhoneNumber, InvalidPhone> {
        let raw = PHONE.iter().find_map(|name| self.fields.get(*name)).map_or("", String::as_str);
        PhoneNumber::parse(raw, region)
    }
}

/// What became of a row, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// The person is in the campaign now.
    Enrolled {
        /// When the person was texted or came in before, if that is less than [`NAMED`] ago.
        before: Option<Instant>,
    },
    /// It was brought in before, or the person is in the campaign already: nothing changed.
    Known,
    /// The person is kept and not enrolled, or the row not used.
    TurnedAway {
        /// The code that it is counted by.
        code: String,
        /// In words.
        words: String,
    },
}

impl Became {
    fn turned_away(code: &str, words: impl Into<String>) -> Self {
        Self::TurnedAway { code: code.to_owned(), words: words.into() }
    }
}

/// What bringing in needs.
#[derive(Clone, Copy)]
pub struct Import<'a> {
    /// Taking in.
    pub intake: Intake<'a>,
    /// What came of a row is read from it.
    pub journal: &'a dyn Journal,
    /// The client.
    pub client: &'a Client,
    /// The form that the people are counted to: it names the campaign, and the consent they gave.
    pub form: &'a FormId,
}

/// Why a list cannot be brought in at all.
#[derive(Debug, thiserror::Error)]
pub enum CannotImport {
    /// Nobody would be enrolled.
    #[error("no campaign lists form {0}: add it to the forms of a campaign, with the consent that these people gave")]
    NoCampaign(FormId),
    /// Nobody would be texted.
    #[error("form {0} has no consent in campaign {1}: without consent nobody is texted")]
    NoConsent(FormId, String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Import<'_> {
    /// Whether the list can be brought in. Gives the campaign that people would be enrolled into.
    ///
    /// # Errors
    /// [`CannotImport`] says why not.
    pub async fn campaign(&self) -> Result<domain::campaign::Campaign, CannotImport> {
        let campaign = self.intake.directory.campaign_of_form(&self.client.id, self.form).await?;
        let campaign = campaign.ok_or_else(|| CannotImport::NoCampaign(self.form.clone()))?;
        match campaign.rule(self.form).is_some_and(|rule| rule.consent.is_some()) {
            true => Ok(campaign),
            false => Err(CannotImport::NoConsent(self.form.clone(), campaign.id.to_string())),
        }
    }

    /// What would become of a row, as far as can be told without writing.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn would(&self, row: &Row, now: Instant) -> StoreResult<Became> {
        let event = match self.event(row, now) {
            Ok(event) => event,
            Err(turned_away) => return Ok(turned_away),
        };
        if self.intake.events.event(&self.client.id, &event.key).await?.is_some() {
            return Ok(Became::Known);
        }
        let before = self.known(row).await?.and_then(|lead| self.contacted(lead.as_ref(), now));
        Ok(before.map_or_else(|turned_away| turned_away, |before| Became::Enrolled { before }))
    }

    /// Brings in a row.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails. What was stored is worked on by the next run, or when the row
    /// is brought in again.
    pub async fn row(&self, row: &Row, recorder: &Recorder<'_>) -> StoreResult<Became> {
        let event = match self.event(row, recorder.now) {
            Ok(event) => event,
            Err(turned_away) => return Ok(turned_away),
        };
        let known = match self.known(row).await? {
            Ok(known) => known,
            Err(turned_away) => return Ok(turned_away),
        };
        let before = match self.contacted(known.as_ref(), recorder.now) {
            Ok(before) => before,
            // One of a list that was brought in a moment ago is not passed over: it is known.
            Err(_) if self.intake.events.event(&self.client.id, &event.key).await?.is_some() => {
                return Ok(Became::Known);
            }
            Err(turned_away) => return Ok(turned_away),
        };
        let received = recorder.event(Event::EventReceived, Status::Ok).because("import", &event.key.0);
        let event = match self.intake.events.receive(&event, received).await? {
            Receipt::New => event,
            Receipt::Known => match self.intake.events.event(&self.client.id, &event.key).await? {
                Some(stored) if matches!(stored.state, EventState::Received { .. }) => stored,
                Some(stored) if stored.received_at == recorder.now => {
                    // It may be this very import that brought it in, and that lost the answer.
                    let came = self.came(row, &stored).await?;
                    return Ok(match came.filter(|came| came.run == Some(recorder.run)) {
                        Some(came) => became(Some(came), before),
                        None => Became::Known,
                    });
                }
                _ => return Ok(Became::Known),
            },
        };
        let worked = event.clone();
        if let EventState::Unusable { reason } = self.intake.work(self.client, event, recorder).await? {
            return Ok(Became::turned_away("unreadable", reason));
        }
        Ok(became(self.came(row, &worked).await?, before))
    }

    /// What is on record of what became of a row's event.
    async fn came(&self, row: &Row, event: &RawEvent) -> StoreResult<Option<AuditEvent>> {
        match self.lead_of(row).await? {
            Some(lead) => self.journal.recorded(&self.client.id, lead, derived_id::outcome_of(event)).await,
            None => Ok(None),
        }
    }

    /// The row as a raw event. Its key is made of what it says, so that the same row is the same event.
    fn event(&self, row: &Row, now: Instant) -> Result<RawEvent, Became> {
        row.phone(self.client.region).map_err(|why| Became::turned_away(why.code(), why.to_string()))?;
        let mut body: serde_json::Map<String, serde_json::Value> =
            row.fields.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        body.insert("form_id".to_owned(), self.form.as_str().into());
        body.insert("event".to_owned(), "form_submission".into());
        let body = serde_json::Value::Object(body).to_string();
        let key = EventKey(derived_id::of_row(self.form, &body));
        Ok(RawEvent::new(key, self.client.id.clone(), Source::Import, body, now))
    }

    /// The lead with the row's number; or why the row is not used.
    async fn known(&self, row: &Row) -> StoreResult<Result<Option<Lead>, Became>> {
        let Ok(phone) = row.phone(self.client.region) else { return Ok(Ok(None)) };
        let record = self.intake.leads.phone(&self.client.id, &phone).await?;
        if let Some(no) = record.opt_out {
            let words = format!("said no on {}", no.at.with_timezone(&self.client.zone).format("%-d %b %Y"));
            return Ok(Err(Became::turned_away("opted_out", words)));
        }
        let Some(id) = record.lead else { return Ok(Ok(None)) };
        Ok(Ok(self.intake.leads.lead(&self.client.id, id).await?.map(|stored| stored.lead)))
    }

    /// When a known lead was last texted, if that is worth naming; or that it is passed over.
    fn contacted(&self, lead: Option<&Lead>, now: Instant) -> Result<Option<Instant>, Became> {
        let Some(last) = lead.and_then(last_text).filter(|at| *at + NAMED > now) else { return Ok(None) };
        if last + PASSED_OVER > now {
            let words = format!("was texted on {}", last.with_timezone(&self.client.zone).format("%-d %b %Y"));
            return Err(Became::turned_away("texted_lately", words));
        }
        Ok(Some(last))
    }

    async fn lead_of(&self, row: &Row) -> StoreResult<Option<LeadId>> {
        if let Ok(phone) = row.phone(self.client.region)
            && let Some(lead) = self.intake.leads.phone(&self.client.id, &phone).await?.lead
        {
            return Ok(Some(lead));
        }
        match row.fields.get("email").and_then(|email| EmailAddress::parse(email).ok()) {
            Some(email) => self.intake.leads.lead_of_email(&self.client.id, &email).await,
            None => Ok(None),
        }
    }
}

/// What became of a row, by the one event that says what came of it.
fn became(came: Option<AuditEvent>, before: Option<Instant>) -> Became {
    match came.map(|came| (came.event, came.reason, came.detail)) {
        None => Became::turned_away("unreadable", "the row led to nothing that is on record"),
        Some((Event::Rejected, code, words)) => {
            Became::turned_away(&code.unwrap_or_default(), words.unwrap_or_default())
        }
        Some((Event::EventIgnored, ..)) => Became::Known,
        Some(_) => Became::Enrolled { before },
    }
}

/// The fields that a number may stand in, in the order in which they count.
pub const PHONE: [&str; 4] = ["mobile_phone_number", "phone_number", "phone", "business_number"];

/// When a lead was last texted, as far as the lead itself tells.
fn last_text(lead: &Lead) -> Option<Instant> {
    let live = lead.enrollments.iter().filter_map(|live| live.last_sent_at);
    let past = lead.history.iter().filter(|past| past.sent > 0).map(|past| past.completed_at);
    live.chain(past).chain(lead.recent.iter().copied()).max()
}
