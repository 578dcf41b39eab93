//! The carrier as a provider in process: what Twilio's client does, without HTTP and without secrets.

use async_trait::async_trait;
use chrono::TimeDelta;
use leadline::domain::{
    Instant,
    client::{Client, ProviderSettings, TwilioSender},
    message::{ClaimedText, ListedState, ListedText, SendOutcome},
    phone::PhoneNumber,
};
use leadline::integrations::twilio::codes;
use leadline::ports::{Direction, SmsProvider};

use super::{Accepted, Carrier, Front, Offer, Verdict};

/// The longest that a text may wait with the provider, as in the real client.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);

/// A [`Carrier`] behind the port, answering as the client of Twilio would understand its answers.
#[derive(Clone)]
pub struct CarrierPort {
    /// The script and the ledger.
    pub carrier: Carrier,
    /// The address that callbacks go to, without a slash at the end.
    pub public_url: String,
}

#[async_trait]
impl SmsProvider for CarrierPort {
    async fn send(&self, client: &Client, text: &ClaimedText, now: Instant) -> SendOutcome {
        let wait = text.expires_at() - now;
        if wait <= TimeDelta::zero() {
            return SendOutcome::NotSent { why: "its time is over".to_owned() };
        }
        let from = client.provider.number().map(|number| number.e164().to_owned());
        let (front, messaging_service_sid) = match &client.provider {
            ProviderSettings::Twilio { sender: TwilioSender::Service(sid), .. } => (Front::Twilio, Some(sid.clone())),
            ProviderSettings::Twilio { sender: TwilioSender::Number(_), .. } => (Front::Twilio, None),
            ProviderSettings::OpenPhone { .. } => (Front::OpenPhone, None),
            ProviderSettings::SimpleTexting { .. } => (Front::SimpleTexting, None),
        };
        let can = client.provider.capabilities();
        let (url, id) = (&self.public_url, &client.id);
        let callback = format!("{url}/webhooks/twilio/{id}/status?att={}&lead={}", text.attempt(), text.lead());
        let offer = Offer {
            front,
            to: text.to().e164().to_owned(),
            from,
            messaging_service_sid,
            body: text.text().to_owned(),
            status_callback: can.callbacks_name_attempt.then_some(callback),
            validity_period: can.expiry.then(|| wait.clamp(TimeDelta::seconds(1), LONGEST_WAIT)),
        };
        match self.carrier.offer(offer) {
            Verdict::Accepted(text) => SendOutcome::Accepted { provider_id: text.sid },
            Verdict::AcceptedUnanswered(_) | Verdict::DroppedUnanswered => {
                SendOutcome::Unknown { why: "the connection failed before an answer".to_owned() }
            }
            Verdict::Refused { code, http_status: 400..=499 } => codes::outcome(code),
            Verdict::Refused { http_status, .. } => {
                SendOutcome::Unknown { why: format!("the provider answered HTTP {http_status}") }
            }
            Verdict::Down => SendOutcome::Unknown { why: "the provider answered HTTP 503".to_owned() },
            Verdict::Throttled => codes::outcome(20429),
        }
    }

    async fn list(
        &self,
        client: &Client,
        direction: Direction,
        number: &PhoneNumber,
        since: Instant,
    ) -> Result<Vec<ListedText>, String> {
        let one = |(provider_id, body, at)| ListedText { provider_id, body, at, state: ListedState::Taken };
        // As the provider's own list says it: SimpleTexting's does not say how far a text has come, and
        // OpenPhone's does not say why one failed.
        let codes_in_list = matches!(client.provider, ProviderSettings::Twilio { .. });
        let silent = matches!(client.provider, ProviderSettings::SimpleTexting { .. });
        let state = |text: &Accepted| match (text.status.as_str(), text.error_code.filter(|_| codes_in_list)) {
            ("failed" | "undelivered", _) if silent => ListedState::Taken,
            ("failed" | "undelivered", Some(code)) => ListedState::Failed(codes::problem(code)),
            (status @ ("failed" | "undelivered"), None) => {
                ListedState::Failed(Err(format!("it is listed as {status}, without a code that says why")))
            }
            ("canceled", _) if codes_in_list => {
                ListedState::Failed(Err("it was canceled at the provider before it left".to_owned()))
            }
            _ => ListedState::Taken,
        };
        let sent = |text: Accepted| {
            let state = state(&text);
            ListedText { state, ..one((text.sid, text.body, text.at)) }
        };
        let listed: Option<Vec<_>> = match direction {
            Direction::To => {
                self.carrier.list(Some(number.e164()), None).map(|all| all.into_iter().map(sent).collect())
            }
            Direction::From => self
                .carrier
                .list_heard(number.e164())
                .map(|all| all.into_iter().map(|text| one((text.sid, text.body, text.at))).collect()),
        };
        let listed = listed.ok_or("the provider's list cannot be read (HTTP 503)")?;
        Ok(listed.into_iter().filter(|text| text.at >= since).collect())
    }
}
