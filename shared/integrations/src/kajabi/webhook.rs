//! Kajabi's calls. Kajabi signs nothing: the URL holds a token, and a relay in between may sign.

use domain::{client::Client, event::Source};
use ports::{
    Receipt, Secrets,
    inbound::{Call, InboundSource, Named, Reply, Route},
};

use super::{read, signature};

/// Our own convention for a relay, see the docs; Kajabi sends no such thing.
const SIGNATURE: &str = "x-kajabi-signature";

/// The names of the secrets that a relay may sign with: the present one, and the next while it is rolled out.
const SECRETS: [&str; 2] = ["kajabi_relay_secret", "kajabi_relay_secret_next"];

/// Kajabi's webhooks, of both of its systems.
pub struct Kajabi;

impl InboundSource for Kajabi {
    fn source(&self) -> Source {
        Source::Kajabi
    }

    fn route<'p>(&self, parts: &[&'p str]) -> Option<Route<'p>> {
        match parts {
            ["kajabi", client, token] => Some(Route { client, token: Some(token) }),
            _ => None,
        }
    }

    fn probes(&self) -> bool {
        true
    }

    fn token_is_right(&self, client: &Client, token: Option<&str>) -> Option<bool> {
        Some(token.is_some_and(|token| client.accepts_token(token)))
    }

    /// A signature must be right when it is there, and must be there when the client says so.
    fn must_be_signed(&self, call: &Call<'_>, client: &Client) -> bool {
        call.header(SIGNATURE).is_some() || client.kajabi.require_signature
    }

    fn verify(&self, call: &Call<'_>, secrets: &Secrets) -> Result<(), String> {
        let of_relay = SECRETS.iter().filter_map(|name| secrets.get(*name));
        signature::verify(call.header(SIGNATURE), call.body, of_relay, call.now).map_err(|error| error.to_string())
    }

    fn name(&self, call: &Call<'_>) -> Named {
        let delivery = read(call.body, call.header("content-type"), call.now);
        Named { key: delivery.key, query: None }
    }

    fn reply(&self, receipt: Receipt) -> Reply {
        let status = match receipt {
            Receipt::New => r#"{"status":"stored"}"#,
            Receipt::Known => r#"{"status":"known"}"#,
        };
        Reply { status: 200, body: Some(("application/json", status)) }
    }
}
