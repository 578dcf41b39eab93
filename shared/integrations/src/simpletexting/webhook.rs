//! SimpleTexting's calls. It signs nothing: the URL holds a token.

use domain::{client::Client, event::Source};
use ports::{
    Receipt, Secrets,
    inbound::{Call, InboundSource, Named, Reply, Route},
};

use super::{BODY_LIMIT, key};

/// SimpleTexting's webhooks.
pub struct SimpleTexting;

impl InboundSource for SimpleTexting {
    fn source(&self) -> Source {
        Source::SimpleTexting
    }

    fn route<'p>(&self, parts: &[&'p str]) -> Option<Route<'p>> {
        match parts {
            ["simpletexting", client, token] => Some(Route { client, token: Some(token) }),
            _ => None,
        }
    }

    fn body_limit(&self) -> usize {
        BODY_LIMIT
    }

    fn token_is_right(&self, client: &Client, token: Option<&str>) -> Option<bool> {
        Some(token.is_some_and(|token| client.simpletexting.accepts(token)))
    }

    fn must_be_signed(&self, _: &Call<'_>, _: &Client) -> bool {
        false
    }

    fn verify(&self, _: &Call<'_>, _: &Secrets) -> Result<(), String> {
        Ok(())
    }

    fn name(&self, call: &Call<'_>) -> Named {
        Named { key: key(&call.text()), query: None }
    }

    fn reply(&self, _: Receipt) -> Reply {
        Reply::empty(200)
    }
}
