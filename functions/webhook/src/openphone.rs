//! OpenPhone's events, each verified by its signature over the bytes that came. The signature's form and
//! time are checked before anything is read.

use lambda_http::{Body, Request, Response, http::StatusCode};
use leadline::{
    domain::{event::Source, ids::ClientId},
    integrations::openphone::{self, signature::Signatures},
};

use crate::{
    Deps, Refused, Signer, Verified, body, check, client_of, empty, header, store_and_work, text_of, unsigned,
};

/// Takes in one event.
pub async fn take_in(request: &Request, id: &ClientId, deps: &Deps) -> Result<Response<Body>, Refused> {
    let bytes = body(request)?;
    let signatures = match Signatures::of(|name| header(request, name), deps.clock.now()) {
        Ok(signatures) => signatures,
        Err(why) => {
            // One that is only late is worth a look: whoever sent it posts again after a 401.
            tracing::warn!(client = %id, %why, "a signature was refused");
            return unsigned(id, Source::OpenPhone, deps).await;
        }
    };
    let client = client_of(id, deps).await?;
    let signer = Signer::of(Source::OpenPhone);
    check(&client, signer, deps, |secrets| signatures.verify(bytes, secrets).map_err(|error| error.to_string()))
        .await?;
    let body = text_of(bytes);
    let key = openphone::key(signatures.id, &body);
    store_and_work(&client, Verified { key, source: Source::OpenPhone, body, query: None }, deps).await?;
    Ok(empty(StatusCode::OK))
}
