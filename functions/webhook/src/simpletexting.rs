//! SimpleTexting's events. It signs nothing: the address holds a secret.

use lambda_http::{Body, Request, Response, http::StatusCode};
use leadline::{
    domain::{event::Source, ids::ClientId},
    integrations::simpletexting,
};

use crate::{Deps, Refused, Verified, body, check_token, client_of, empty, store_and_work, text_of};

/// Takes in one event.
pub async fn take_in(request: &Request, id: &ClientId, token: &str, deps: &Deps) -> Result<Response<Body>, Refused> {
    let bytes = body(request)?;
    if bytes.len() > simpletexting::BODY_LIMIT {
        return Err(Refused::TooLarge);
    }
    let client = client_of(id, deps).await?;
    check_token(&client, client.simpletexting.accepts(token), Source::SimpleTexting, deps).await?;
    let body = text_of(bytes);
    let key = simpletexting::key(&body);
    store_and_work(&client, Verified { key, source: Source::SimpleTexting, body, query: None }, deps).await?;
    Ok(empty(StatusCode::OK))
}
