//! Bookings by way of Calendly and Cal.com, each verified by its signature over the raw body. What is
//! merely unwanted is answered 200: Calendly switches a subscription off whose events are refused.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use lambda_http::{Body, Request, Response, http::StatusCode};
use leadline::{
    domain::{
        client::Client,
        event::{EventKey, Source},
        ids::ClientId,
    },
    integrations::{calcom, calendly, timed_signature::TimedSignature},
};

use crate::{
    Deps, Refused, Signer, Verified, body, check, client_of, empty, header, store_and_work, text_of, unsigned,
};

/// The names of Calendly's signing keys: the present one, and the next while it is rolled out.
const CALENDLY: [&str; 2] = ["calendly_signing_key", "calendly_signing_key_next"];

/// The names of Cal.com's secrets: the present one, and the next while it is rolled out.
const CALCOM: [&str; 2] = ["calcom_secret", "calcom_secret_next"];

/// Takes in one event of Calendly. A header that cannot be one ends before anything is read.
pub async fn calendly(request: &Request, id: &ClientId, deps: &Deps) -> Result<Response<Body>, Refused> {
    use calendly::signature::{FRESH_SECONDS, HEADER, verify};
    let bytes = body(request)?;
    let Some(signature) = header(request, HEADER).and_then(TimedSignature::parse) else {
        return unsigned(id, Source::Calendly, deps).await;
    };
    let client = client_of(id, deps).await?;
    let age = AtomicI64::new(0);
    check(&client, Signer::of(Source::Calendly), deps, |secrets| {
        let keys = CALENDLY.iter().filter_map(|name| secrets.get(*name));
        let seconds = verify(&signature, bytes, keys, deps.clock.now());
        seconds.map(|seconds| age.store(seconds, Relaxed)).map_err(|error| error.to_string())
    })
    .await?;
    let key = calendly::key(bytes);
    let seconds = age.load(Relaxed);
    if seconds > FRESH_SECONDS {
        tracing::warn!(client = %client.id, event = key.0, seconds, "an event of Calendly was signed long ago");
    }
    store(&client, key, Source::Calendly, bytes, deps).await
}

/// Takes in one event of Cal.com.
pub async fn calcom(request: &Request, id: &ClientId, deps: &Deps) -> Result<Response<Body>, Refused> {
    use calcom::signature::{HEADER, Signature};
    let bytes = body(request)?;
    let Some(signature) = header(request, HEADER).and_then(Signature::parse) else {
        return unsigned(id, Source::Calcom, deps).await;
    };
    let client = client_of(id, deps).await?;
    check(&client, Signer::of(Source::Calcom), deps, |secrets| {
        signature.verify(bytes, CALCOM.iter().filter_map(|name| secrets.get(*name))).map_err(|error| error.to_string())
    })
    .await?;
    store(&client, calcom::key(bytes), Source::Calcom, bytes, deps).await
}

async fn store(
    client: &Client,
    key: EventKey,
    source: Source,
    bytes: &[u8],
    deps: &Deps,
) -> Result<Response<Body>, Refused> {
    store_and_work(client, Verified { key, source, body: text_of(bytes), query: None }, deps).await?;
    Ok(empty(StatusCode::OK))
}
