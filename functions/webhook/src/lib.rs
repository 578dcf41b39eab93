//! Receives what others send: forms and other events of Kajabi, replies and delivery receipts of SMS providers,
//! bookings. It knows no source by name: each proves, names and answers its own calls ([`InboundSource`]).
//!
//! Refusals are cheap and say nothing. What is accepted is stored before it is answered, and processed after; what
//! could not be processed is taken up by the next run of the scheduler.

mod refusals;
mod routes;

use std::sync::Arc;

use lambda_http::{
    Body, Request, Response,
    http::{HeaderValue, StatusCode},
};
use leadline::{
    domain::{
        client::{Client, SettingsProblem},
        event::Source,
        ids::ClientId,
        incoming::ReadEvent,
        tenants::Tenants,
    },
    flows::{
        alerts::Alerts,
        intake::Intake,
        receive::{NotReceived, Verified},
        record::Recorder,
    },
    ports::{
        Clock, IdSource, Mailer, SecretStore, Secrets, TextQueue, WebhookStore,
        inbound::{Call, InboundSource, Named, Reply},
    },
};

pub use refusals::Tally;
use routes::Found;

/// What the webhook needs.
#[derive(Clone)]
pub struct Deps {
    /// All that is stored.
    pub store: Arc<dyn WebhookStore>,
    /// Who may post.
    pub sources: &'static [&'static dyn InboundSource],
    /// How a raw event is read.
    pub read: ReadEvent,
    /// Where alerts go.
    pub mailer: Arc<dyn Mailer>,
    /// Signing secrets.
    pub secrets: Arc<dyn SecretStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// Where an answer to a reply goes.
    pub queue: Arc<dyn TextQueue>,
    /// The URL that others post to, without a slash at the end. Signatures are checked against it, never against
    /// what a request says of itself.
    pub public_url: String,
    /// Whether all clients have one owner.
    pub tenants: Tenants,
    /// What was refused.
    pub refused: Arc<Tally>,
}

impl Deps {
    /// How operators are told of something.
    fn alerts(&self) -> Alerts<'_> {
        let store = self.store.as_ref();
        Alerts { once: store, mailer: self.mailer.as_ref(), journal: store }
    }
}

/// Why a request gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// No such path, client or token: all look the same.
    NotFound,
    /// The path is right, the method is not.
    Method,
    /// A signature is missing, wrong or too old.
    Unauthorized,
    /// The body is over the limit.
    TooLarge,
    /// Something of ours does not work: the other side should try again.
    TryAgain,
}

impl Refused {
    fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TryAgain => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Answers one request. Never fails: whatever goes wrong has an answer.
pub async fn handle(request: Request, deps: &Deps) -> Response<Body> {
    let answered = match routes::find(deps.sources, request.method(), request.uri().path()) {
        Ok(found) => receive(&request, found, deps).await,
        Err(refused) => Err(refused),
    };
    answered.map_or_else(
        |refused| {
            tracing::info!(status = refused.status().as_u16(), "refused");
            response(Reply::empty(refused.status().as_u16()))
        },
        response,
    )
}

/// Receives one event, or answers a probe.
async fn receive(request: &Request, found: Found, deps: &Deps) -> Result<Reply, Refused> {
    let Found { source, client: id, token, probe } = found;
    let call = call(request, deps);
    if call.body.len() > source.body_limit() {
        return Err(Refused::TooLarge);
    }
    if !probe && let Err(why) = source.carries_proof(&call) {
        // One that is only late is worth a look: whoever sent it posts again after a 401.
        tracing::warn!(client = %id, why, "a call without proof was refused");
        refusals::no_proof(&id, source.source(), deps).await;
        return Err(Refused::Unauthorized);
    }
    let client = client_of(&id, deps).await?;
    check_token(&client, source, token.as_deref(), deps).await?;
    if probe {
        return Ok(Reply::empty(200));
    }
    if source.must_be_signed(&call, &client) {
        check_signature(&client, source, &call, deps).await?;
    }
    let Named { key, query } = source.name(&call);
    if let Some(remark) = source.remark(&call) {
        tracing::warn!(client = %client.id, event = key.0, remark, "a late call");
    }
    // What is not text is kept as far as it can be read: it is unusable, not lost.
    let verified = Verified { key, source: source.source(), body: call.text(), query };
    let recorder = Recorder::of(&client, deps.ids.as_ref(), call.now);
    let received = intake(deps).receive(&client, verified, &recorder).await;
    received.map(|receipt| source.reply(receipt)).map_err(|error| try_again(&client.id, &error))
}

fn call<'r>(request: &'r Request, deps: &Deps) -> Call<'r> {
    let uri = request.uri();
    let query = uri.query();
    let url =
        format!("{}{}{}", deps.public_url, uri.path(), query.map(|query| format!("?{query}")).unwrap_or_default());
    let headers = request.headers().iter();
    Call {
        headers: headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect(),
        url,
        query,
        body: request.body(),
        now: deps.clock.now(),
    }
}

fn response(reply: Reply) -> Response<Body> {
    let (content_type, body) = match reply.body {
        Some((content_type, body)) => (Some(HeaderValue::from_static(content_type)), body.into()),
        None => (None, Body::Empty),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    if let Some(content_type) = content_type {
        response.headers_mut().insert("content-type", content_type);
    }
    response
}

fn intake(deps: &Deps) -> Intake<'_> {
    Intake {
        read: deps.read,
        directory: deps.store.as_ref(),
        leads: deps.store.as_ref(),
        events: deps.store.as_ref(),
        alerts: deps.alerts(),
        queue: Some(deps.queue.as_ref()),
        tenants: deps.tenants,
    }
}

/// The client's settings. An unknown client looks like any other wrong path.
async fn client_of(id: &ClientId, deps: &Deps) -> Result<Client, Refused> {
    match deps.store.client(id).await {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(SettingsProblem::Missing)) => Err(Refused::NotFound),
        Ok(Err(problem)) => {
            tracing::error!(client = %id, %problem, "an event cannot be received");
            Err(Refused::TryAgain)
        }
        Err(error) => Err(try_again(id, &NotReceived::NotStored(error))),
    }
}

fn try_again(client: &ClientId, error: &NotReceived) -> Refused {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(%client, %error, cause, "the other side should try again");
    Refused::TryAgain
}

/// Checks a signature with the client's secrets, and once more with secrets read anew: they may have been changed
/// since they were last read. What is refused is counted.
async fn check_signature(
    client: &Client,
    source: &dyn InboundSource,
    call: &Call<'_>,
    deps: &Deps,
) -> Result<(), Refused> {
    let unreadable = |error| {
        tracing::error!(client = %client.id, %error, "a signature cannot be checked");
        Refused::TryAgain
    };
    let verify = |secrets: &Secrets| source.verify(call, secrets);
    let mut verified = verify(&deps.secrets.secrets(&client.id).await.map_err(unreadable)?);
    if verified.is_err() {
        verified = verify(&deps.secrets.refreshed(&client.id).await.map_err(unreadable)?);
    }
    match verified {
        Ok(()) => {
            deps.refused.accepted(&client.id, source.source(), call.now);
            Ok(())
        }
        Err(why) => {
            tracing::warn!(client = %client.id, why, "a signature was refused");
            refusals::wrong_proof(client, source.source(), source.names_account(call, client), deps).await;
            Err(Refused::Unauthorized)
        }
    }
}

/// Checks the token in a path, where there is one. What is refused is counted.
async fn check_token(
    client: &Client,
    source: &dyn InboundSource,
    token: Option<&str>,
    deps: &Deps,
) -> Result<(), Refused> {
    let from: Source = source.source();
    match source.token_is_right(client, token) {
        None => Ok(()),
        Some(true) => {
            deps.refused.accepted(&client.id, from, deps.clock.now());
            Ok(())
        }
        Some(false) => {
            refusals::wrong_proof(client, from, false, deps).await;
            Err(Refused::NotFound)
        }
    }
}
