//! Kajabi's events. Kajabi signs nothing: the address holds a secret, and a relay in between may sign.

use lambda_http::{Body, Request, Response, http::StatusCode};
use leadline::{
    domain::{client::Client, event::Source, ids::ClientId},
    integrations::kajabi::{self, signature},
    ports::Receipt,
};

use crate::{
    Deps, Refused, Signer, Verified, answer, body, check, check_token, client_of, empty, header, store_and_work,
    text_of,
};

/// Our own convention for a relay, see the docs; Kajabi sends no such thing.
const SIGNATURE: &str = "x-kajabi-signature";

/// The names of the secrets that a relay may sign with: the present one, and the next while it is rolled out.
const SECRETS: [&str; 2] = ["kajabi_relay_secret", "kajabi_relay_secret_next"];

/// Takes in one event.
pub async fn take_in(request: &Request, id: &ClientId, token: &str, deps: &Deps) -> Result<Response<Body>, Refused> {
    let bytes = body(request)?;
    let client = known(id, token, deps).await?;
    signed(request, &client, bytes, deps).await?;
    let content_type = header(request, "content-type");
    let delivery = kajabi::read(bytes, content_type, deps.clock.now());
    let verified = Verified {
        key: delivery.key,
        source: Source::Kajabi,
        // What is not text is kept as far as it can be read: it is unusable, not lost.
        body: text_of(bytes),
        query: None,
    };
    let receipt = store_and_work(&client, verified, deps).await?;
    let status = match receipt {
        Receipt::New => r#"{"status":"stored"}"#,
        Receipt::Known => r#"{"status":"known"}"#,
    };
    Ok(answer(StatusCode::OK, "application/json", status))
}

/// Kajabi may look whether an address is there before it is saved. No redirect, no body.
pub async fn probe(id: &ClientId, token: &str, deps: &Deps) -> Result<Response<Body>, Refused> {
    known(id, token, deps).await?;
    Ok(empty(StatusCode::OK))
}

async fn known(id: &ClientId, token: &str, deps: &Deps) -> Result<Client, Refused> {
    let client = client_of(id, deps).await?;
    check_token(&client, client.accepts_token(token), Source::Kajabi, deps).await?;
    Ok(client)
}

/// A signature must be right when it is there, and must be there when the client says so.
async fn signed(request: &Request, client: &Client, bytes: &[u8], deps: &Deps) -> Result<(), Refused> {
    let header = header(request, SIGNATURE);
    if header.is_none() && !client.kajabi.require_signature {
        return Ok(());
    }
    check(client, Signer::of(Source::Kajabi), deps, |secrets| {
        let of_relay = SECRETS.iter().filter_map(|name| secrets.get(*name));
        signature::verify(header, bytes, of_relay, deps.clock.now()).map_err(|error| error.to_string())
    })
    .await
}
