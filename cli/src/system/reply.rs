//! What a provider posts when a person writes, as each client's provider does it.

use chrono::{DateTime, Utc};
use lambda_http::{Body, Request};
use leadline::domain::client::ProviderSettings;
use leadline_standins::{
    carrier::{Front, Heard},
    openphone::Posted,
    simpletexting, twilio,
};

use super::ClientSetup;

/// Any of our numbers: a Messaging Service answers by one of its own, and which makes no difference here.
const ANY_NUMBER: &str = "+13055550199";

impl ClientSetup {
    /// Whose ids a text has that this client's people send.
    #[must_use]
    pub fn front(&self) -> Front {
        match &self.settings.provider {
            ProviderSettings::Twilio { .. } => Front::Twilio,
            ProviderSettings::OpenPhone { .. } => Front::OpenPhone,
            ProviderSettings::SimpleTexting { .. } => Front::SimpleTexting,
        }
    }

    /// The number that people write to.
    #[must_use]
    pub fn own_number(&self) -> &str {
        self.settings.provider.number().map_or(ANY_NUMBER, |number| number.e164())
    }

    /// The request that the client's provider makes at `now` of a text that it heard, to our address `base`.
    ///
    /// # Errors
    /// When no request can be made of it.
    pub fn reply(&self, base: &str, heard: &Heard, now: DateTime<Utc>) -> anyhow::Result<Request> {
        let id = &self.settings.id;
        let secrets = self.all_secrets();
        let secret = |name: &str| secrets.get(name).cloned().unwrap_or_default();
        let json = vec![("content-type", "application/json".to_owned())];
        let (uri, headers, body) = match &self.settings.provider {
            ProviderSettings::Twilio { .. } => {
                let uri = format!("{base}/webhooks/twilio/{id}/inbound");
                let fields =
                    [("Body", &*heard.body), ("From", &*heard.from), ("MessageSid", &*heard.sid), ("To", &*heard.to)];
                let signature = twilio::sign(&secret("twilio_auth_token"), &uri, &fields);
                let form = ("content-type", "application/x-www-form-urlencoded".to_owned());
                (uri, vec![form, ("x-twilio-signature", signature)], serde_urlencoded::to_string(fields)?)
            }
            ProviderSettings::OpenPhone { phone_number_id, .. } => {
                let heard = Heard { at: now, ..heard.clone() };
                let posted = Posted::reply(&secret("openphone_webhook_secret"), phone_number_id, &heard);
                (format!("{base}/webhooks/openphone/{id}"), [json, posted.headers].concat(), posted.body)
            }
            ProviderSettings::SimpleTexting { .. } => {
                let uri = format!("{base}/webhooks/simpletexting/{id}/{}", self.token);
                (uri, json, simpletexting::incoming(heard))
            }
        };
        let mut request = Request::new(Body::Text(body));
        *request.method_mut() = "POST".parse()?;
        *request.uri_mut() = uri.parse()?;
        for (name, value) in headers {
            request.headers_mut().insert(name, value.parse()?);
        }
        Ok(request)
    }
}
