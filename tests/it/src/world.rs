//! The whole system for a test, on a clock that the test moves. It fails when it is dropped with
//! work left on the queue that the test did not say it would leave.

use std::sync::Arc;

use chrono::TimeDelta;
use lambda_http::{Body, Request};
use leadline::{
    domain::{
        Instant,
        audit::{AuditEvent, Event},
        ids::ClientId,
        lead::Lead,
        phone::PhoneNumber,
        tenants::Tenants,
    },
    ports::{Clock, Directory, Journal, LeadStore},
};
use leadline_cli::system::{ClientSetup, Setup, System};
use leadline_standins::{carrier::Accepted, fakes::SeededIds, signature, twilio};
use serde_json::{Value, json};

/// The address that the system under test says it is reached at.
pub const PUBLIC_URL: &str = "https://hooks.example.com";
/// The token of the sample client.
pub const TOKEN: &str = "a-token-for-tests-only";

/// The whole system, with the sample client.
pub struct World {
    /// The system.
    pub system: System,
    leave_jobs: bool,
}

/// The sample client's settings and campaign, to change before the start.
#[must_use]
pub fn sample() -> Value {
    json!({
        "settings": {
            "id": "acme", "name": "Acme Coaching", "zone": "America/New_York",
            "admin_email": "owner@example.com", "mode": "live",
            "provider": {"twilio": {"account_sid": "AC00000000000000000000000000000001", "sender": {"number": "+13055550199"}}},
            "kajabi": {"token_hashes": []},
        },
        "token": TOKEN,
        "campaigns": [{
            "id": "webinar", "name": "Free webinar",
            "forms": [{"form": "2150000777", "consent": {"version": "2026-01", "words": "Text me."}}],
            "messages": [
                {"step": 1, "delay_minutes": 60, "text": "Hi {{first_name|there}}, it's Sam."},
                {"step": 2, "delay_minutes": 2880, "text": "Still there, {{first_name|friend}}?"},
            ],
        }],
    })
}

/// A moment on the wall clock of New York.
#[must_use]
pub fn new_york(text: &str) -> Instant {
    use chrono::TimeZone;
    let naive = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a local time");
    chrono_tz::America::New_York.from_local_datetime(&naive).earliest().expect("it exists").to_utc()
}

/// A form as Kajabi posts it.
#[must_use]
pub fn form(id: &str, name: &str, phone: &str) -> Value {
    json!({"id": id, "event": "form_submission", "payload": [{
        "id": id, "type": "form_submissions",
        "attributes": {"name": name, "email": format!("{id}@example.org"), "phone_number": phone},
        "relationships": {"form": {"data": {"id": "2150000777", "type": "forms"}}},
    }]})
}

impl World {
    /// The system with the sample client at a moment in New York.
    pub async fn at(now: &str) -> Self {
        Self::with(sample(), now).await
    }

    /// The system with one client, set up as told.
    pub async fn with(client: Value, now: &str) -> Self {
        Self::of(Tenants::default(), client, now).await
    }

    /// The same, in an installation whose clients have one owner, or not.
    pub async fn of(tenants: Tenants, client: Value, now: &str) -> Self {
        let client: ClientSetup = serde_json::from_value(client).expect("a client");
        let setup = Setup { clients: vec![client], tenants };
        assert_eq!(setup.problems(), [""; 0]);
        let ids = Arc::new(SeededIds::new(7));
        let system = System::start(setup, new_york(now), ids, PUBLIC_URL).await.expect("the system starts");
        Self { system, leave_jobs: false }
    }

    /// Says that the test leaves jobs on the queue on purpose.
    pub fn leaves_jobs(&mut self) {
        self.leave_jobs = true;
    }

    /// The moment, in seconds since 1970.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.system.clock.now().timestamp()
    }

    /// The sample client.
    #[must_use]
    pub fn client(&self) -> ClientId {
        self.system.clients[0].settings.id.clone()
    }

    /// Posts a body to an address and gives the status.
    pub async fn post(&self, path: &str, body: impl Into<Body>, headers: &[(&'static str, &str)]) -> u16 {
        let mut request = Request::new(body.into());
        *request.method_mut() = lambda_http::http::Method::POST;
        *request.uri_mut() = format!("{PUBLIC_URL}{path}").parse().expect("an address");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        self.system.post(request).await.status().as_u16()
    }

    /// Posts an event to the client's Kajabi address and gives the status.
    pub async fn kajabi(&self, event: &Value) -> u16 {
        let path = format!("/webhooks/kajabi/{}/{TOKEN}", self.client());
        self.post(&path, event.to_string(), &[("content-type", "application/json")]).await
    }

    /// Someone sends the form, now.
    pub async fn form(&self, id: &str, name: &str, phone: &str) {
        assert_eq!(self.kajabi(&form(id, name, phone)).await, 200, "the form was not taken in");
    }

    /// Someone replies, by way of Twilio.
    pub async fn reply(&self, sid: &str, from: &str, body: &str) -> u16 {
        self.reply_to("+13055550199", sid, from, body).await
    }

    /// Someone replies to a line of the Twilio account, signed as Twilio signs it.
    pub async fn reply_to(&self, line: &str, sid: &str, from: &str, body: &str) -> u16 {
        let path = format!("/webhooks/twilio/{}/inbound", self.client());
        let fields = [("Body", body), ("From", from), ("MessageSid", sid), ("To", line)];
        let token = self.system.clients[0].all_secrets()["twilio_auth_token"].clone();
        let signature = twilio::sign(&token, &format!("{PUBLIC_URL}{path}"), &fields);
        let body = serde_urlencoded::to_string(fields).expect("a form");
        self.post(&path, body, &[("x-twilio-signature", &signature)]).await
    }

    /// Someone replies, by way of the client's own provider.
    pub async fn write(&self, from: &str, body: &str) -> u16 {
        let client = &self.system.clients[0];
        let heard = self.system.carrier.hear_by(client.front(), from, client.own_number(), body);
        let request = client.reply(PUBLIC_URL, &heard, self.system.clock.now()).expect("a request");
        self.system.post(request).await.status().as_u16()
    }

    /// Calendly posts an event, signed now.
    pub async fn calendly(&self, event: &Value) -> u16 {
        let (body, secrets) = (event.to_string(), self.system.clients[0].all_secrets());
        let signed = signature::calendly(&secrets["calendly_signing_key"], self.seconds(), &body);
        let path = format!("/webhooks/calendly/{}", self.client());
        self.post(&path, body, &[("calendly-webhook-signature", &signed)]).await
    }

    /// Cal.com posts an event.
    pub async fn calcom(&self, event: &Value) -> u16 {
        let (body, secrets) = (event.to_string(), self.system.clients[0].all_secrets());
        let signed = signature::calcom(&secrets["calcom_secret"], &body);
        let path = format!("/webhooks/calcom/{}", self.client());
        self.post(&path, body, &[("x-cal-signature-256", &signed)]).await
    }

    /// Twilio says how far a text has come.
    pub async fn receipt(&self, text: &Accepted, status: &str, error: Option<&str>) -> u16 {
        let url = text.status_callback.clone().expect("an address for receipts");
        let mut fields = vec![("MessageSid", text.sid.as_str()), ("MessageStatus", status), ("To", text.to.as_str())];
        fields.extend(error.map(|code| ("ErrorCode", code)));
        let token = self.system.clients[0].all_secrets()["twilio_auth_token"].clone();
        let signature = twilio::sign(&token, &url, &fields);
        let body = serde_urlencoded::to_string(fields).expect("a form");
        self.post(url.trim_start_matches(PUBLIC_URL), body, &[("x-twilio-signature", &signature)]).await
    }

    /// Everything that happens by itself up to a moment in New York.
    pub async fn until(&mut self, moment: &str) {
        self.system.run_until(new_york(moment)).await.expect("the functions run");
    }

    /// What the provider accepted: when (in New York), to whom, what.
    #[must_use]
    pub fn texts(&self) -> Vec<(String, String, String)> {
        let zone = chrono_tz::America::New_York;
        let shown = |at: Instant| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
        self.system.carrier.ledger().into_iter().map(|text| (shown(text.at), text.to, text.body)).collect()
    }

    /// Everything that was recorded, in order.
    pub async fn journal(&self) -> Vec<AuditEvent> {
        let from = new_york("2020-01-01 00:00").max(self.system.clock.now() - TimeDelta::days(40));
        let mut page = None;
        let mut all = Vec::new();
        loop {
            let until = self.system.clock.now() + TimeDelta::days(1);
            let found = self.system.store.happened(&self.client(), from, until, page).await.expect("the journal");
            all.extend(found.events);
            page = found.next;
            if page.is_none() {
                return all;
            }
        }
    }

    /// Reasons of the events of one kind.
    pub async fn reasons(&self, event: Event) -> Vec<String> {
        let all = self.journal().await;
        all.into_iter().filter(|found| found.event == event).map(|found| found.reason.unwrap_or_default()).collect()
    }

    /// The lead with a number.
    pub async fn lead(&self, phone: &str) -> Option<Lead> {
        let phone = PhoneNumber::parse(phone, leadline::domain::phone::Region::default()).expect("a number");
        let id = self.system.store.phone(&self.client(), &phone).await.expect("the store").lead?;
        self.system.store.lead(&self.client(), id).await.expect("the store").map(|stored| stored.lead)
    }

    /// Whether the client's sending is on.
    pub async fn sending(&self) -> leadline::domain::client::Sending {
        self.system.store.client(&self.client()).await.expect("the store").expect("settings").sending
    }

    /// How many alerts have these words in their subject.
    #[must_use]
    pub fn alerts(&self, words: &str) -> usize {
        self.system.mailbox.sent().iter().filter(|mail| mail.email.subject.contains(words)).count()
    }

    /// Writes a campaign over what stands.
    pub async fn put_campaign(&self, campaign: &leadline::domain::campaign::Campaign) {
        let (store, client) = (&self.system.store, self.client());
        let all = store.campaigns(&client).await.expect("the store");
        let stands = all.iter().find(|stands| stands.id == campaign.id);
        store.put_campaign(&client, campaign, stands).await.expect("written");
    }

    /// Changes the client's settings, as an operator would.
    pub async fn change(&self, change: impl FnOnce(&mut leadline::domain::client::Client)) {
        let mut settings = self.system.store.client(&self.client()).await.expect("the store").expect("settings");
        change(&mut settings);
        self.system.store.put_client(&settings).await.expect("written");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !self.leave_jobs && !std::thread::panicking() {
            assert_eq!(self.system.queue.next_visible_at(), None, "a job was left on the queue");
        }
    }
}
