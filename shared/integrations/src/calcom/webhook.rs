//! Cal.com's calls, each proved by its signature over the raw body.

use domain::{client::Client, event::Source};
use ports::{
    Receipt, Secrets,
    inbound::{Call, InboundSource, Named, Reply, Route},
};

use super::{
    key,
    signature::{HEADER, Signature},
};

/// The names of Cal.com's secrets: the present one, and the next while it is rolled out.
const SECRETS: [&str; 2] = ["calcom_secret", "calcom_secret_next"];

/// What stands in place of a signature where Cal.com was given no secret.
const NO_SECRET: &str = "no-secret-provided";

/// Cal.com's webhooks.
pub struct Calcom;

fn signature(call: &Call<'_>) -> Result<Signature, String> {
    let header = call.header(HEADER).and_then(Signature::parse);
    header.ok_or_else(|| format!("there is no {HEADER} header that can be read"))
}

impl InboundSource for Calcom {
    fn source(&self) -> Source {
        Source::Calcom
    }

    fn route<'p>(&self, parts: &[&'p str]) -> Option<Route<'p>> {
        match parts {
            ["calcom", client] => Some(Route { client, token: None }),
            _ => None,
        }
    }

    /// A webhook that was set up without a secret says so: that is a wrong proof, which somebody is told of, and
    /// no call of a stranger.
    fn carries_proof(&self, call: &Call<'_>) -> Result<(), String> {
        if call.header(HEADER) == Some(NO_SECRET) { Ok(()) } else { signature(call).map(|_| ()) }
    }

    fn must_be_signed(&self, _: &Call<'_>, _: &Client) -> bool {
        true
    }

    fn verify(&self, call: &Call<'_>, secrets: &Secrets) -> Result<(), String> {
        let secrets = SECRETS.iter().filter_map(|name| secrets.get(*name));
        signature(call)?.verify(call.body, secrets).map_err(|error| error.to_string())
    }

    fn name(&self, call: &Call<'_>) -> Named {
        Named { key: key(call.body), query: None }
    }

    fn reply(&self, _: Receipt) -> Reply {
        Reply::empty(200)
    }
}
