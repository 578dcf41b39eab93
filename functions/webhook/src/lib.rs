//! Takes in what others send: Kajabi's forms, replies and receipts by the SMS providers, bookings.
//!
//! Refusals are cheap and say nothing. What is accepted is stored before it is answered, and worked
//! through after; what could not be worked through is taken up by the next run of the scheduler.

mod admin;
mod api;
mod bookings;
mod caller;
mod kajabi;
#[cfg(feature = "openapi")]
pub mod openapi;
mod openphone;
mod problem;
mod refusals;
mod routes;
mod simpletexting;
mod table;
mod twilio;

use std::sync::Arc;

use lambda_http::{Body, Request, Response, http::StatusCode};
use leadline::{
    domain::{
        Instant,
        audit::{Event, Status},
        client::Client,
        event::{EventKey, EventState, RawEvent, Source},
        ids::{ClientId, RunId},
        incoming::ReadEvent,
        tenants::Tenants,
    },
    flows::{alerts::Alerts, intake::Intake, record::Recorder},
    ports::{
        Budget, Census, Clock, Directory, DueIndex, EventStore, IdSource, Journal, LeadStore, Mailer, Once, OptOuts,
        Receipt, RequestLimits, SecretStore, Secrets, StoreError, StoreResult, TextQueue,
    },
};

pub use refusals::Tally;
use routes::Route;

/// The largest body that is read, in bytes. Kajabi's are a few kilobytes.
pub const BODY_LIMIT: usize = 256 * 1024;

/// How often a stored event is worked on before it is left to the next run.
const WORKS: usize = 3;

/// What the webhook needs.
#[derive(Clone)]
pub struct Deps {
    /// How a raw event is read.
    pub read: ReadEvent,
    /// Clients and campaigns.
    pub directory: Arc<dyn Directory>,
    /// Leads.
    pub leads: Arc<dyn LeadStore>,
    /// Raw events.
    pub events: Arc<dyn EventStore>,
    /// The audit.
    pub journal: Arc<dyn Journal>,
    /// So that an alert goes out once.
    pub once: Arc<dyn Once>,
    /// Where alerts go.
    pub mailer: Arc<dyn Mailer>,
    /// Signing secrets.
    pub secrets: Arc<dyn SecretStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// How much may still be sent this hour.
    pub budget: Arc<dyn Budget>,
    /// Who has opted out.
    pub opt_outs: Arc<dyn OptOuts>,
    /// Who there is, and how many.
    pub census: Arc<dyn Census>,
    /// How many requests the clients' own programs make.
    pub requests: Arc<dyn RequestLimits>,
    /// What a new key is made of: at least 16 characters that nobody guesses.
    pub new_secret: fn() -> String,
    /// What is due, to say what a change would do.
    pub due: Arc<dyn DueIndex>,
    /// Where a text goes that is asked for by itself, and an answer to a reply.
    pub queue: Arc<dyn TextQueue>,
    /// The address that others post to, without a slash at the end. Signatures are checked against
    /// it, never against what a request says of itself.
    pub public_url: String,
    /// Whether all clients have one owner.
    pub tenants: Tenants,
    /// What was turned away.
    pub refused: Arc<Tally>,
}

/// Why a request gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// No such address, client or token: all look the same.
    NotFound,
    /// The address is right, the method is not.
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
    let answered = match routes::route(request.method(), request.uri().path()) {
        Ok(Route::Api(table::Found::Here(endpoint, part))) => {
            Ok(by_program(&request, endpoint, part, deps).await.unwrap_or_else(Response::from))
        }
        Ok(Route::Api(table::Found::For(allowed))) => Ok(problem::Problem::method(&allowed).into()),
        Ok(Route::Api(table::Found::Nowhere)) => Ok(problem::Problem::not_found().into()),
        Ok(Route::Kajabi { client, token }) => kajabi::take_in(&request, &client, &token, deps).await,
        Ok(Route::KajabiProbe { client, token }) => kajabi::probe(&client, &token, deps).await,
        Ok(Route::TwilioInbound { client }) => twilio::inbound(&request, &client, deps).await,
        Ok(Route::TwilioStatus { client }) => twilio::status(&request, &client, deps).await,
        Ok(Route::OpenPhone { client }) => openphone::take_in(&request, &client, deps).await,
        Ok(Route::SimpleTexting { client, token }) => simpletexting::take_in(&request, &client, &token, deps).await,
        Ok(Route::Calendly { client }) => bookings::calendly(&request, &client, deps).await,
        Ok(Route::Calcom { client }) => bookings::calcom(&request, &client, deps).await,
        Err(refused) => Err(refused),
    };
    answered.unwrap_or_else(|refused| {
        tracing::info!(status = refused.status().as_u16(), "refused");
        empty(refused.status())
    })
}

/// Answers a client's own program.
async fn by_program(
    request: &Request,
    endpoint: table::Endpoint,
    part: Option<String>,
    deps: &Deps,
) -> Result<Response<Body>, problem::Problem> {
    match endpoint {
        table::Endpoint::Send => api::send(request, deps).await,
        table::Endpoint::Status => api::status(request, deps).await,
        other => admin::handle(request, other, part, deps).await,
    }
}

fn health() -> String {
    format!(r#"{{"status":"ok","version":"{}"}}"#, env!("CARGO_PKG_VERSION"))
}

fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", lambda_http::http::HeaderValue::from_static(content_type));
    response
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    response
}

/// The body, unless it is too large.
fn body(request: &Request) -> Result<&[u8], Refused> {
    let bytes: &[u8] = request.body();
    if bytes.len() > BODY_LIMIT { Err(Refused::TooLarge) } else { Ok(bytes) }
}

/// The body as text, as far as it can be read. What cannot be read may grow, so it is cut at the limit.
fn text_of(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    text.truncate(text.floor_char_boundary(BODY_LIMIT));
    text
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// The client's settings. An unknown client looks like any other wrong address.
async fn client_of(id: &ClientId, deps: &Deps) -> Result<Client, Refused> {
    use leadline::domain::client::SettingsProblem;
    match deps.directory.client(id).await {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(SettingsProblem::Missing)) => Err(Refused::NotFound),
        Ok(Err(problem)) => {
            tracing::error!(client = %id, %problem, "an event cannot be taken in");
            Err(Refused::TryAgain)
        }
        Err(error) => Err(try_again(id, &error)),
    }
}

fn try_again(client: &ClientId, error: &StoreError) -> Refused {
    tracing::error!(%client, %error, "an event could not be stored; the other side should try again");
    Refused::TryAgain
}

/// Who says to have signed a call.
#[derive(Clone, Copy)]
struct Signer {
    /// The source.
    source: Source,
    /// Whether the call names the client's own account there, which strangers do not know.
    known: bool,
}

impl Signer {
    fn of(source: Source) -> Self {
        Self { source, known: false }
    }
}

/// Checks a signature with the client's secrets, and once more with secrets read anew: they may have
/// been changed since they were last read. What is refused is counted.
async fn check(
    client: &Client,
    signer: Signer,
    deps: &Deps,
    verify: impl Fn(&Secrets) -> Result<(), String>,
) -> Result<(), Refused> {
    let unreadable = |error| {
        tracing::error!(client = %client.id, %error, "a signature cannot be checked");
        Refused::TryAgain
    };
    let secrets = deps.secrets.secrets(&client.id).await.map_err(unreadable)?;
    let mut verified = verify(&secrets);
    if verified.is_err() {
        let secrets = deps.secrets.refreshed(&client.id).await.map_err(unreadable)?;
        verified = verify(&secrets);
    }
    match verified {
        Ok(()) => {
            deps.refused.accepted(&client.id, signer.source, deps.clock.now());
            Ok(())
        }
        Err(why) => {
            tracing::warn!(client = %client.id, why, "a signature was refused");
            refusals::wrong_proof(client, signer.source, signer.known, deps).await;
            Err(Refused::Unauthorized)
        }
    }
}

/// Checks the token in an address. What is refused is counted.
async fn check_token(client: &Client, right: bool, source: Source, deps: &Deps) -> Result<(), Refused> {
    if right {
        deps.refused.accepted(&client.id, source, deps.clock.now());
        return Ok(());
    }
    refusals::wrong_proof(client, source, false, deps).await;
    Err(Refused::NotFound)
}

/// A call without any signature.
async fn unsigned<T>(id: &ClientId, source: Source, deps: &Deps) -> Result<T, Refused> {
    refusals::no_proof(id, source, deps).await;
    Err(Refused::Unauthorized)
}

/// An event that was proved to come from whom it says.
struct Verified {
    key: EventKey,
    source: Source,
    body: String,
    query: Option<String>,
}

/// Stores an event, then works it through. Once stored it is not lost, so what goes wrong after that
/// is not the other side's concern.
async fn store_and_work(client: &Client, verified: Verified, deps: &Deps) -> Result<Receipt, Refused> {
    let now = deps.clock.now();
    let recorder = recorder(client, now, deps);
    let (receipt, event) = store(client, verified, now, deps).await?;
    if !matches!(event.state, EventState::Received { .. }) {
        return Ok(receipt);
    }
    let key = event.key.clone();
    let mut open = Some(event);
    for _ in 0..WORKS {
        // Someone else may have worked on it since it was read.
        let read = match open.take() {
            Some(event) => Ok(Some(event)),
            None => deps.events.event(&client.id, &key).await,
        };
        let worked = match read {
            Ok(Some(event)) if matches!(event.state, EventState::Received { .. }) => {
                work(client, event, deps, &recorder).await
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        match worked {
            Ok(()) => return Ok(receipt),
            Err(error) => tracing::error!(client = %client.id, %error, "an event was stored and not worked through"),
        }
    }
    // The next run takes it up. But a reply or a booking may be a no, which is not heard before it is acted
    // on: it is not said to be.
    if key.comes_first() { Err(Refused::TryAgain) } else { Ok(receipt) }
}

fn recorder<'a>(client: &'a Client, now: Instant, deps: &'a Deps) -> Recorder<'a> {
    let run = RunId(deps.ids.new_id(now));
    Recorder { ids: deps.ids.as_ref(), client: &client.id, test: client.in_test(), run, now }
}

/// Stores an event unless it was stored before, and gives it as it stands: if it was not worked through
/// then, it is now.
async fn store(client: &Client, verified: Verified, now: Instant, deps: &Deps) -> Result<(Receipt, RawEvent), Refused> {
    let Verified { key, source, body, query } = verified;
    let event = RawEvent { query, ..RawEvent::new(key, client.id.clone(), source, body, now) };
    let source =
        serde_json::to_value(event.source).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    let received = recorder(client, now, deps).event(Event::EventReceived, Status::Ok).because(source, &event.key.0);
    let receipt = deps.events.receive(&event, received).await.map_err(|error| try_again(&client.id, &error))?;
    match receipt {
        Receipt::New => Ok((receipt, event)),
        Receipt::Known => match deps.events.event(&client.id, &event.key).await {
            Ok(Some(known)) => Ok((receipt, known)),
            Ok(None) => Err(Refused::TryAgain),
            // Whether it was worked through is not known, and it may be a no.
            Err(error) => Err(try_again(&client.id, &error)),
        },
    }
}

async fn work(client: &Client, event: RawEvent, deps: &Deps, recorder: &Recorder<'_>) -> StoreResult<()> {
    let intake = Intake {
        read: deps.read,
        directory: deps.directory.as_ref(),
        leads: deps.leads.as_ref(),
        events: deps.events.as_ref(),
        alerts: Alerts { once: deps.once.as_ref(), mailer: deps.mailer.as_ref(), journal: deps.journal.as_ref() },
        queue: Some(deps.queue.as_ref()),
        tenants: deps.tenants,
    };
    let state = intake.work(client, event, recorder).await?;
    tracing::info!(client = %client.id, run = %recorder.run, state = ?std::mem::discriminant(&state), "an event was worked through");
    Ok(())
}
