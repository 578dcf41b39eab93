//! The addresses that others post to.

use lambda_http::http::Method;
use leadline::domain::ids::ClientId;

use crate::{
    Refused,
    table::{self, Found},
};

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    /// An address of the API.
    Api(Found),
    /// An event of a client's Kajabi site.
    Kajabi {
        /// The client.
        client: ClientId,
        /// The token in the address.
        token: String,
    },
    /// Kajabi looking whether the address is there.
    KajabiProbe {
        /// The client.
        client: ClientId,
        /// The token in the address.
        token: String,
    },
    /// A reply, by way of Twilio.
    TwilioInbound {
        /// The client.
        client: ClientId,
    },
    /// A delivery receipt of Twilio.
    TwilioStatus {
        /// The client.
        client: ClientId,
    },
    /// An event of OpenPhone.
    OpenPhone {
        /// The client.
        client: ClientId,
    },
    /// An event of SimpleTexting.
    SimpleTexting {
        /// The client.
        client: ClientId,
        /// The token in the address.
        token: String,
    },
    /// A booking, by way of Calendly.
    Calendly {
        /// The client.
        client: ClientId,
    },
    /// A booking, by way of Cal.com.
    Calcom {
        /// The client.
        client: ClientId,
    },
}

/// Finds the route. What cannot be one of ours is refused before anything is read.
pub fn route(method: &Method, path: &str) -> Result<Route, Refused> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let client = |text: &str| ClientId::parse(text).map_err(|_| Refused::NotFound);
    match parts.as_slice() {
        ["health"] | ["sms" | "admin", ..] => Ok(Route::Api(table::find(method, path))),
        ["webhooks", "kajabi", id, token] => {
            let (client, token) = (client(id)?, plausible(token)?);
            only(method, &[Method::POST, Method::GET, Method::HEAD])?;
            Ok(if method == Method::POST {
                Route::Kajabi { client, token }
            } else {
                Route::KajabiProbe { client, token }
            })
        }
        ["webhooks", "twilio", id, "inbound"] => {
            let client = client(id)?;
            only(method, &[Method::POST]).map(|()| Route::TwilioInbound { client })
        }
        ["webhooks", "twilio", id, "status"] => {
            let client = client(id)?;
            only(method, &[Method::POST]).map(|()| Route::TwilioStatus { client })
        }
        ["webhooks", "openphone", id] => {
            let client = client(id)?;
            only(method, &[Method::POST]).map(|()| Route::OpenPhone { client })
        }
        ["webhooks", "simpletexting", id, token] => {
            let (client, token) = (client(id)?, plausible(token)?);
            only(method, &[Method::POST]).map(|()| Route::SimpleTexting { client, token })
        }
        ["webhooks", "calendly", id] => {
            let client = client(id)?;
            only(method, &[Method::POST]).map(|()| Route::Calendly { client })
        }
        ["webhooks", "calcom", id] => {
            let client = client(id)?;
            only(method, &[Method::POST]).map(|()| Route::Calcom { client })
        }
        _ => Err(Refused::NotFound),
    }
}

fn only(method: &Method, allowed: &[Method]) -> Result<(), Refused> {
    if allowed.contains(method) { Ok(()) } else { Err(Refused::Method) }
}

/// A token that could be one: nothing else is worth a read of the table.
fn plausible(token: &str) -> Result<String, Refused> {
    let fits = (16..=128).contains(&token.len());
    let plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if fits && plain { Ok(token.to_owned()) } else { Err(Refused::NotFound) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Endpoint;

    const TOKEN: &str = "a-token-of-enough-length";

    #[test]
    fn addresses_lead_where_they_say_and_nowhere_else() {
        let kajabi = format!("/webhooks/kajabi/acme/{TOKEN}");
        let simpletexting = format!("/webhooks/simpletexting/acme/{TOKEN}");
        let client = ClientId::parse("acme").expect("valid");
        for (method, path, expected) in [
            (Method::GET, "/health", Ok(Route::Api(Found::Here(Endpoint::Health, None)))),
            (Method::POST, "/health", Ok(Route::Api(Found::For("GET, HEAD".to_owned())))),
            (Method::POST, "/sms/send", Ok(Route::Api(Found::Here(Endpoint::Send, None)))),
            (Method::GET, "/sms/send", Ok(Route::Api(Found::For("POST".to_owned())))),
            (Method::GET, "/sms/status", Ok(Route::Api(Found::Here(Endpoint::Status, None)))),
            (Method::POST, kajabi.as_str(), Ok(Route::Kajabi { client: client.clone(), token: TOKEN.into() })),
            (Method::GET, kajabi.as_str(), Ok(Route::KajabiProbe { client: client.clone(), token: TOKEN.into() })),
            (Method::PUT, kajabi.as_str(), Err(Refused::Method)),
            (Method::POST, "/webhooks/kajabi/acme/short", Err(Refused::NotFound)),
            (Method::POST, "/webhooks/kajabi/Not A Client/a-token-of-enough-length", Err(Refused::NotFound)),
            (Method::POST, "/webhooks/kajabi/acme/a-token-of-enough-l%2e", Err(Refused::NotFound)),
            (Method::POST, "/webhooks/twilio/acme/inbound", Ok(Route::TwilioInbound { client: client.clone() })),
            (Method::POST, "/webhooks/twilio/acme/status", Ok(Route::TwilioStatus { client: client.clone() })),
            (Method::POST, "/webhooks/openphone/acme", Ok(Route::OpenPhone { client: client.clone() })),
            (Method::GET, "/webhooks/openphone/acme", Err(Refused::Method)),
            (Method::POST, "/webhooks/openphone/acme/more", Err(Refused::NotFound)),
            (
                Method::POST,
                simpletexting.as_str(),
                Ok(Route::SimpleTexting { client: client.clone(), token: TOKEN.into() }),
            ),
            (Method::POST, "/webhooks/simpletexting/acme/short", Err(Refused::NotFound)),
            (Method::POST, "/webhooks/simpletexting/acme", Err(Refused::NotFound)),
            (Method::POST, "/webhooks/calendly/acme", Ok(Route::Calendly { client: client.clone() })),
            (Method::POST, "/webhooks/calcom/acme", Ok(Route::Calcom { client })),
            (Method::GET, "/webhooks/calendly/acme", Err(Refused::Method)),
            (Method::POST, "/webhooks/calcom/Not%20A%20Client", Err(Refused::NotFound)),
            (Method::POST, "/webhooks/calendly/acme/more", Err(Refused::NotFound)),
            (Method::GET, "/webhooks/twilio/acme/status", Err(Refused::Method)),
            (Method::GET, "/", Err(Refused::NotFound)),
            (Method::GET, "/admin", Ok(Route::Api(Found::Nowhere))),
        ] {
            assert_eq!(route(&method, path), expected, "{method} {path}");
        }
    }
}
