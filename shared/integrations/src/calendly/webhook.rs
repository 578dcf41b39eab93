//! Calendly's calls, each proved by its signature over the raw body. What is merely unwanted is answered 200:
//! Calendly switches a subscription off whose events are refused.

use domain::{client::Client, event::Source};
use ports::{
    Receipt, Secrets,
    inbound::{Call, InboundSource, Named, Reply, Route},
};

use super::{
    key,
    signature::{FRESH_SECONDS, HEADER, verify},
};
use crate::timed_signature::TimedSignature;

/// The names of Calendly's signing keys: the present one, and the next while it is rolled out.
const KEYS: [&str; 2] = ["calendly_signing_key", "calendly_signing_key_next"];

/// Calendly's webhooks.
pub struct Calendly;

fn signature<'a>(call: &Call<'a>) -> Result<TimedSignature<'a>, String> {
    let header = call.header(HEADER).and_then(TimedSignature::parse);
    header.ok_or_else(|| format!("there is no {HEADER} header that can be read"))
}

impl InboundSource for Calendly {
    fn source(&self) -> Source {
        Source::Calendly
    }

    fn route<'p>(&self, parts: &[&'p str]) -> Option<Route<'p>> {
        match parts {
            ["calendly", client] => Some(Route { client, token: None }),
            _ => None,
        }
    }

    fn carries_proof(&self, call: &Call<'_>) -> Result<(), String> {
        signature(call).map(|_| ())
    }

    fn must_be_signed(&self, _: &Call<'_>, _: &Client) -> bool {
        true
    }

    fn verify(&self, call: &Call<'_>, secrets: &Secrets) -> Result<(), String> {
        let keys = KEYS.iter().filter_map(|name| secrets.get(*name));
        verify(&signature(call)?, call.body, keys, call.now).map(|_| ()).map_err(|error| error.to_string())
    }

    fn name(&self, call: &Call<'_>) -> Named {
        Named { key: key(call.body), query: None }
    }

    fn remark(&self, call: &Call<'_>) -> Option<String> {
        let seconds = signature(call).ok()?.age(call.now);
        (seconds > FRESH_SECONDS).then(|| format!("it was signed {seconds} seconds ago"))
    }

    fn reply(&self, _: Receipt) -> Reply {
        Reply::empty(200)
    }
}
