//! Twilio's replies and receipts, each verified by its signature over the address that we gave out.

use lambda_http::{Body, Request, Response, http::StatusCode};
use leadline::{
    domain::{
        client::{Client, ProviderSettings},
        event::{EventKey, Source},
        ids::ClientId,
    },
    integrations::twilio::{
        inbound::Inbound,
        signature::{self, Payload, SignedBy},
        status::StatusUpdate,
    },
};
use sha2::{Digest, Sha256};

use crate::{
    Deps, Refused, Signer, Verified, answer, body, check, client_of, empty, header, store_and_work, text_of, unsigned,
};

/// A reply. The answer is an empty document: any text in it would be sent to the lead.
pub async fn inbound(request: &Request, id: &ClientId, deps: &Deps) -> Result<Response<Body>, Refused> {
    let (client, form) = verified(request, id, Source::TwilioInbound, deps).await?;
    let key = Inbound::parse(&form).map_or_else(|_| of_unknown(request), |reply| reply.key());
    store(&client, key, Source::TwilioInbound, request, deps).await?;
    Ok(answer(StatusCode::OK, "text/xml", "<Response/>"))
}

/// A delivery receipt.
pub async fn status(request: &Request, id: &ClientId, deps: &Deps) -> Result<Response<Body>, Refused> {
    let (client, form) = verified(request, id, Source::TwilioStatus, deps).await?;
    let query: Fields = serde_urlencoded::from_str(request.uri().query().unwrap_or_default()).unwrap_or_default();
    let key = StatusUpdate::parse(&form, &query).map_or_else(|_| of_unknown(request), |update| update.key());
    store(&client, key, Source::TwilioStatus, request, deps).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

async fn store(client: &Client, key: EventKey, source: Source, request: &Request, deps: &Deps) -> Result<(), Refused> {
    let body = text_of(body(request)?);
    let query = request.uri().query().map(str::to_owned);
    store_and_work(client, Verified { key, source, body, query }, deps).await?;
    Ok(())
}

/// The key of something that Twilio signed and that we cannot read: it is kept all the same.
fn of_unknown(request: &Request) -> EventKey {
    let bytes: &[u8] = request.body();
    EventKey(format!("{}{}", EventKey::TWILIO_UNREADABLE, hex::encode(Sha256::digest(bytes))))
}

type Fields = Vec<(String, String)>;

/// The client and the form, once Twilio's signature over both address and form is right.
async fn verified(request: &Request, id: &ClientId, source: Source, deps: &Deps) -> Result<(Client, Fields), Refused> {
    let bytes = body(request)?;
    let Some(given) = header(request, signature::HEADER) else { return unsigned(id, source, deps).await };
    let client = client_of(id, deps).await?;
    let form: Fields = serde_urlencoded::from_bytes(bytes).map_err(|_| Refused::Unauthorized)?;
    let uri = request.uri();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let url = format!("{}{}{query}", deps.public_url, uri.path());
    let by = SignedBy::of(header(request, signature::SETTINGS_HEADER));
    let signer = Signer { source, known: names_account(&form, &client) };
    check(&client, signer, deps, |secrets| {
        let by = by.as_ref().map_err(ToString::to_string)?;
        let keys: Vec<_> = by.secrets().iter().filter_map(|name| secrets.get(*name).cloned()).collect();
        signature::verify(by, &keys, &url, Payload::Form(&form), given).map_err(|why| match by {
            SignedBy::SharedKey { key: Some(key), .. } => format!("{why} (key {key})"),
            SignedBy::SharedKey { key: None, .. } | SignedBy::AuthToken => why.to_string(),
        })
    })
    .await?;
    Ok((client, form))
}

/// Returns `true` if the form names the client's own account, which strangers do not know.
fn names_account(form: &Fields, client: &Client) -> bool {
    let ProviderSettings::Twilio { account_sid, .. } = &client.provider else { return false };
    form.iter().any(|(name, value)| name == "AccountSid" && value == account_sid)
}
