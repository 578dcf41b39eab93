//! What the page posts, read as strictly as everything else: no array in the place of an object.

use axum::{
    Json,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use leadline::domain::strict::Strict;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::actions::Failed;

/// A body in JSON, as what is asked for.
#[derive(Debug)]
pub struct Posted<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Posted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let Json(body) = Json::<Value>::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        let read = T::deserialize(Strict::new(body));
        read.map(Self).map_err(|error| Failed::asked(error.to_string()).into_response())
    }
}
