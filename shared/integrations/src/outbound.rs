//! SMS providers behind [`SmsProvider`], and the one HTTP client that they are called with.
//! A provider is a folder here, one variant of [`ProviderSettings`], and its recorded events.

pub(crate) mod exchange;

#[cfg(test)]
pub(crate) mod world;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::openphone::outbound::OpenPhone;
use crate::simpletexting::outbound::SimpleTexting;
use crate::twilio::outbound::Twilio;
use domain::{
    Instant,
    client::{Client, ProviderSettings},
    message::{ClaimedText, ListedText, SendOutcome},
    phone::PhoneNumber,
};
use exchange::Exchange;
use ports::{Direction, SecretStore, SmsProvider};

/// How long name lookup, TCP and TLS together may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Twilio's REST API.
pub const TWILIO: &str = "https://api.twilio.com";
/// OpenPhone's REST API. Since it is called Quo there is `https://api.quo.com` as well.
pub const OPENPHONE: &str = "https://api.openphone.com";
/// SimpleTexting's REST API.
pub const SIMPLETEXTING: &str = "https://api-app2.simpletexting.com/v2";

/// Where the providers are, and where they reach us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Twilio's REST API: `https://api.twilio.com`, or a stand-in.
    pub twilio_base: String,
    /// OpenPhone's REST API: `https://api.openphone.com`, or a stand-in.
    pub openphone_base: String,
    /// SimpleTexting's REST API with its version: `https://api-app2.simpletexting.com/v2`, or a stand-in.
    pub simpletexting_base: String,
    /// Our own public address, which webhooks come in at.
    pub public_url: String,
}

impl Endpoints {
    /// One stand-in for all of them: their paths differ.
    #[must_use]
    pub fn stand_in(base: &str, public_url: &str) -> Self {
        Self {
            twilio_base: base.to_owned(),
            openphone_base: base.to_owned(),
            simpletexting_base: format!("{base}/v2"),
            public_url: public_url.to_owned(),
        }
    }
}

/// Every provider we can send by. Which one is used is the client's setting.
pub struct Providers {
    twilio: Twilio,
    openphone: OpenPhone,
    simpletexting: SimpleTexting,
}

impl Providers {
    /// Providers at `endpoints`, called through `http` with the clients' own `secrets`.
    #[must_use]
    pub fn new(http: reqwest::Client, secrets: Arc<dyn SecretStore>, endpoints: Endpoints) -> Self {
        let exchange = Exchange::new(http.clone(), Arc::clone(&secrets));
        Self {
            openphone: OpenPhone::new(exchange.clone(), &endpoints.openphone_base),
            simpletexting: SimpleTexting::new(exchange, &endpoints.simpletexting_base),
            twilio: Twilio::new(http, secrets, endpoints),
        }
    }

    #[cfg(test)]
    pub(crate) fn with_deadline(mut self, deadline: Duration) -> Self {
        self.openphone.exchange.deadline = deadline;
        self.simpletexting.exchange.deadline = deadline;
        self.twilio = self.twilio.with_deadline(deadline);
        self
    }
}

#[async_trait]
impl SmsProvider for Providers {
    async fn send(&self, client: &Client, text: &ClaimedText, now: Instant) -> SendOutcome {
        if text.expires_at() <= now {
            return SendOutcome::NotSent { why: "its time is over".to_owned() };
        }
        match &client.provider {
            ProviderSettings::Twilio { account_sid, sender } => {
                self.twilio.send(&client.id, account_sid, sender, text, now).await
            }
            ProviderSettings::OpenPhone { phone_number_id, user_id, .. } => {
                self.openphone.send(&client.id, phone_number_id, user_id.as_deref(), text).await
            }
            ProviderSettings::SimpleTexting { account_phone } => {
                self.simpletexting.send(&client.id, account_phone, text).await
            }
        }
    }

    async fn list(
        &self,
        client: &Client,
        direction: Direction,
        number: &PhoneNumber,
        since: Instant,
    ) -> Result<Vec<ListedText>, String> {
        match &client.provider {
            ProviderSettings::Twilio { account_sid, sender } => {
                self.twilio.list(&client.id, (account_sid, sender), direction, number, since).await
            }
            ProviderSettings::OpenPhone { phone_number_id, .. } => {
                self.openphone.list(&client.id, phone_number_id, direction, number, since).await
            }
            ProviderSettings::SimpleTexting { account_phone } => {
                self.simpletexting.list(&client.id, account_phone, direction, number, since).await
            }
        }
    }
}

/// The HTTP client could not be made. Nothing can be sent without one.
#[derive(Debug, thiserror::Error)]
pub enum HttpClientError {
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The client cannot be built.
    #[error("the HTTP client cannot be built")]
    Client(#[from] reqwest::Error),
}

/// The HTTP client that providers are called with. It sends a request once, or says that it did not:
/// no retries, no redirects, no proxy.
///
/// Every request has a connection of its own. One that died unnoticed while Lambda had us frozen
/// would leave the outcome of a text unknown, which costs more than a handshake. For one request
/// HTTP/2 has nothing to give.
///
/// # Errors
/// [`HttpClientError`] when TLS or the client cannot be set up.
pub fn http_client() -> Result<reqwest::Client, HttpClientError> {
    Ok(http_builder(CONNECT_TIMEOUT)?.build()?)
}

pub(crate) fn http_builder(connect: Duration) -> Result<reqwest::ClientBuilder, HttpClientError> {
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls()?)
        .http1_only()
        .pool_max_idle_per_host(0)
        .connect_timeout(connect)
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("leadline/", env!("CARGO_PKG_VERSION"))))
}

/// Mozilla's roots and ring, named here so that no process-wide default is needed.
fn tls() -> Result<rustls::ClientConfig, rustls::Error> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
