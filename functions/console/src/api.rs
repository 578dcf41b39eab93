//! What a client's own programs ask for, with a key: one text, and how texting goes.
//! Refusals are problem details (RFC 9457).

use lambda_http::{Body, Request, Response, http::StatusCode};
use leadline::{
    domain::{
        Instant,
        api_key::Scope,
        client::{Client, Sending},
        document::Problem as Place,
        event::{EventKey, EventState, RawEvent, Source},
        job::{Job, SendStep},
        one_text::{OneText, SendRequest},
        report::{LastDay, Ledger},
    },
    flows::{
        one_text::{Became, OneTexts, Taken},
        receive::{Verified, store},
        record::Recorder,
    },
};
use serde_json::{Value, json};

use crate::{
    Deps,
    admin::read::{posted, query},
    answer,
    caller::Caller,
    header,
    problem::Problem,
};

/// Pages of the audit that are read to tell how texting goes, of up to a megabyte each: some tens of
/// thousands of events.
const PAGES: usize = 16;

/// What makes a request the same when it is sent again.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// One text outside any sequence, decided on and limited like every other.
pub async fn send(request: &Request, deps: &Deps) -> Result<Response<Body>, Problem> {
    let Caller { client, key: by, now, .. } = Caller::of(request, Scope::Send, deps).await?;
    let asked = SendRequest { by, ..posted(request)? };
    let id = match header(request, IDEMPOTENCY_KEY) {
        None => deps.ids.new_id(now).to_string(),
        Some(given) if is_key(given) => given.to_owned(),
        Some(_) => return Err(Problem::bad_at("", "Idempotency-Key: 1 to 64 letters, digits, - and _")),
    };
    let stored = serde_json::to_string(&asked).map_err(|_| Problem::ours())?;
    let one = asked.read(client.region).map_err(|fields| {
        let places = fields.iter().map(|bad| Place::at(format!("/{}", bad.field), &bad.problem));
        Problem::bad(StatusCode::UNPROCESSABLE_ENTITY, &places.collect::<Vec<_>>())
    })?;
    let key = EventKey(format!("api:send:{id}"));
    let verified = Verified { key, source: Source::Api, body: stored, query: None };
    let recorder = Recorder::of(&client, deps.ids.as_ref(), now);
    let (_, event) = store(deps.store.as_ref(), &client, verified, &recorder).await.map_err(|error| {
        tracing::error!(client = %client.id, %error, "a request for a text could not be stored");
        Problem::unavailable()
    })?;
    // The same request may be written otherwise; another one is not worked on under the same key.
    let first = serde_json::from_str::<SendRequest>(&event.body).ok().and_then(|first| first.read(client.region).ok());
    if first.is_none_or(|first| (first.to, first.text) != (one.to.clone(), one.text.clone())) {
        let detail = "the same Idempotency-Key came before with another request, and this one is not worked on";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "another request", detail).with("id", id));
    }
    Ok(match &event.state {
        EventState::Received { .. } => take(&client, &event, &one, &id, &recorder, deps).await?,
        EventState::Done { result } => shown(StatusCode::OK, &json!({"id": id, "status": "known", "detail": result})),
        EventState::Unusable { reason } => {
            shown(StatusCode::OK, &json!({"id": id, "status": "known", "detail": reason}))
        }
    })
}

async fn take(
    client: &Client,
    event: &RawEvent,
    one: &OneText,
    id: &str,
    recorder: &Recorder<'_>,
    deps: &Deps,
) -> Result<Response<Body>, Problem> {
    let texts = OneTexts { directory: deps.store.as_ref(), leads: deps.store.as_ref(), events: deps.store.as_ref() };
    Ok(match texts.take(client, event, one, recorder).await {
        Ok(Taken { became: Became::Ready(job), words }) => {
            put_on_queue(client, job, recorder.now, deps).await;
            shown(StatusCode::ACCEPTED, &json!({"id": id, "status": "ready", "detail": words}))
        }
        Ok(Taken { became: Became::Waits, words }) => {
            shown(StatusCode::ACCEPTED, &json!({"id": id, "status": "waits", "detail": words}))
        }
        Ok(Taken { became: Became::Refused { code }, words }) => {
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "the text is not sent", words);
            return Err(problem.with("id", id).with("code", code));
        }
        Err(error) => {
            // It is stored: the next run works on it.
            tracing::error!(client = %client.id, %error, "a request for a text was stored and not worked through");
            shown(
                StatusCode::ACCEPTED,
                &json!({"id": id, "status": "stored", "detail": "it is worked on by the next run"}),
            )
        }
    })
}

/// Puts the text on the queue at once, if the hour's allowance has room for it. If not, or if that
/// fails, a run of the scheduler does: the lead is due. So it does in test mode and while a refused
/// account is only tried again, when a run is what limits how many go.
async fn put_on_queue(client: &Client, job: SendStep, now: Instant, deps: &Deps) {
    if client.in_test() || client.sending != Sending::On {
        return;
    }
    match deps.store.reserve(&client.id, now, client.limits.per_hour, 1, job.run).await {
        Ok(0) => {}
        Ok(_) => drop(deps.queue.enqueue(vec![(Job::SendStep(job), std::time::Duration::ZERO)]).await),
        Err(error) => tracing::warn!(client = %client.id, %error, "the hour's allowance could not be asked for"),
    }
}

/// How texting went in the last 24 hours.
pub async fn status(request: &Request, deps: &Deps) -> Result<Response<Body>, Problem> {
    let Caller { client, now, .. } = Caller::of(request, Scope::Status, deps).await?;
    let [] = query(request, [])?;
    let period = LastDay::period(&client, now);
    let mut ledger = Ledger::new(period);
    let (mut page, mut complete) = (None, false);
    for _ in 0..PAGES {
        let found = deps.store.happened(&client.id, period.from, period.until, page).await;
        let found = found.map_err(|error| {
            tracing::error!(client = %client.id, %error, "the audit cannot be read");
            Problem::unavailable()
        })?;
        found.events.iter().for_each(|event| ledger.feed(event));
        page = found.next;
        complete = page.is_none();
        if complete {
            break;
        }
    }
    let last_day = LastDay { complete, ..LastDay::of(&ledger, &client, now) };
    let figures = serde_json::to_value(last_day).map_err(|_| Problem::ours())?;
    Ok(shown(StatusCode::OK, &figures))
}

fn is_key(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

fn shown(status: StatusCode, value: &Value) -> Response<Body> {
    answer(status, "application/json", value.to_string())
}
