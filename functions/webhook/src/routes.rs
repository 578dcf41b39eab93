//! The paths that others post to: each source names its own.

use lambda_http::http::Method;
use leadline::{domain::ids::ClientId, ports::inbound::InboundSource};

use crate::Refused;

/// Whose path it is.
pub(crate) struct Found {
    /// Which source posts there.
    pub(crate) source: &'static dyn InboundSource,
    /// The client.
    pub(crate) client: ClientId,
    /// The token in the path.
    pub(crate) token: Option<String>,
    /// Whether somebody only looks whether the URL is there.
    pub(crate) probe: bool,
}

/// Finds the route. What cannot be one of ours is refused before anything is read.
pub(crate) fn find(
    sources: &'static [&'static dyn InboundSource],
    method: &Method,
    path: &str,
) -> Result<Found, Refused> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let ["webhooks", parts @ ..] = parts.as_slice() else { return Err(Refused::NotFound) };
    let own = |source: &&'static dyn InboundSource| Some((*source, source.route(parts)?));
    let (source, route) = sources.iter().find_map(own).ok_or(Refused::NotFound)?;
    let client = ClientId::parse(route.client).map_err(|_| Refused::NotFound)?;
    if !route.token.is_none_or(is_plausible) {
        return Err(Refused::NotFound);
    }
    let probe = source.probes() && matches!(*method, Method::GET | Method::HEAD);
    if !probe && *method != Method::POST {
        return Err(Refused::Method);
    }
    Ok(Found { source, client, token: route.token.map(str::to_owned), probe })
}

/// Returns `true` if a token could be one: nothing else is worth a read of the table.
fn is_plausible(token: &str) -> bool {
    let fits = (16..=128).contains(&token.len());
    fits && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use leadline::{domain::event::Source, integrations::SOURCES};

    use super::*;

    const TOKEN: &str = "a-token-of-enough-length";

    #[test]
    fn paths_lead_where_they_say_and_nowhere_else() {
        let kajabi = format!("/webhooks/kajabi/acme/{TOKEN}");
        let simpletexting = format!("/webhooks/simpletexting/acme/{TOKEN}");
        let with_token = Some(TOKEN.to_owned());
        for (method, path, expected) in [
            (Method::POST, kajabi.as_str(), Ok((Source::Kajabi, with_token.clone(), false))),
            (Method::GET, kajabi.as_str(), Ok((Source::Kajabi, with_token.clone(), true))),
            (Method::HEAD, kajabi.as_str(), Ok((Source::Kajabi, with_token.clone(), true))),
            (Method::PUT, kajabi.as_str(), Err(Refused::Method)),
            (Method::POST, "/webhooks/kajabi/acme/short", Err(Refused::NotFound)),
            (Method::POST, "/webhooks/kajabi/Not A Client/a-token-of-enough-length", Err(Refused::NotFound)),
            (Method::POST, "/webhooks/kajabi/acme/a-token-of-enough-l%2e", Err(Refused::NotFound)),
            (Method::POST, "/webhooks/twilio/acme/inbound", Ok((Source::TwilioInbound, None, false))),
            (Method::POST, "/webhooks/twilio/acme/status", Ok((Source::TwilioStatus, None, false))),
            (Method::POST, "/webhooks/openphone/acme", Ok((Source::OpenPhone, None, false))),
            (Method::GET, "/webhooks/openphone/acme", Err(Refused::Method)),
            (Method::POST, "/webhooks/openphone/acme/more", Err(Refused::NotFound)),
            (Method::POST, simpletexting.as_str(), Ok((Source::SimpleTexting, with_token, false))),
            (Method::POST, "/webhooks/simpletexting/acme/short", Err(Refused::NotFound)),
            (Method::POST, "/webhooks/simpletexting/acme", Err(Refused::NotFound)),
            (Method::POST, "/webhooks/calendly/acme", Ok((Source::Calendly, None, false))),
            (Method::POST, "/webhooks/calcom/acme", Ok((Source::Calcom, None, false))),
            (Method::GET, "/webhooks/calendly/acme", Err(Refused::Method)),
            (Method::POST, "/webhooks/calcom/Not%20A%20Client", Err(Refused::NotFound)),
            (Method::POST, "/webhooks/calendly/acme/more", Err(Refused::NotFound)),
            (Method::GET, "/webhooks/twilio/acme/status", Err(Refused::Method)),
            (Method::GET, "/", Err(Refused::NotFound)),
            (Method::GET, "/admin", Err(Refused::NotFound)),
            (Method::POST, "/sms/send", Err(Refused::NotFound)),
        ] {
            let found = find(SOURCES, &method, path).map(|found| {
                assert_eq!(found.client.as_str(), "acme");
                (found.source.source(), found.token, found.probe)
            });
            assert_eq!(found, expected, "{method} {path}");
        }
    }
}
