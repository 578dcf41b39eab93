//! What the page's buttons do, besides moving the clock.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use leadline::{
    domain::{
        ids::{ClientId, LeadId},
        phone::PhoneNumber,
    },
    ports::{Clock, LeadStore},
};
use serde::{Deserialize, Serialize};

use super::{Local, World, posted::Posted};
use crate::{
    scenario::{ProviderBehaviour, ProviderChange},
    system::ClientSetup,
};

/// Something that was asked for and not done: the status, and why in words.
#[derive(Debug)]
pub struct Failed(pub StatusCode, pub String);

impl Failed {
    /// What was asked for makes no sense.
    pub fn asked(why: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, why.into())
    }
}

impl From<anyhow::Error> for Failed {
    fn from(error: anyhow::Error) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"))
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (self.0, Json(serde_json::json!({ "error": self.1 }))).into_response()
    }
}

/// What a run of everything came to.
#[derive(Debug, Serialize)]
pub struct Ran {
    scheduler: leadline_scheduler::Summary,
}

/// `{}`. Asked for in JSON, which a form on another page cannot send.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// `POST /api/run`: the scheduler, then what is on the queue, then the report if its hour has come.
pub async fn run(State(local): State<Local>, Posted(Nothing {}): Posted<Nothing>) -> Result<Json<Ran>, Failed> {
    let ran = local.work(async move |local| {
        let world = local.present().await?;
        let scheduler = world.system.schedule().await?;
        world.system.send().await;
        world.system.report().await?;
        anyhow::Ok(Ran { scheduler })
    });
    Ok(Json(ran.await??))
}

/// A reply by text, from a number or from a lead.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    client: ClientId,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    lead: Option<LeadId>,
    body: String,
}

/// What the webhook answered.
#[derive(Debug, Serialize)]
pub struct Answered {
    status: u16,
}

/// `POST /api/reply`: to the webhook, as the client's provider would.
pub async fn reply(State(local): State<Local>, Posted(reply): Posted<Reply>) -> Result<Json<Answered>, Failed> {
    let answered = local.work(async move |local| {
        let world = local.present().await?;
        let no_client = || Failed(StatusCode::NOT_FOUND, format!("there is no client {}", reply.client));
        let client = world.system.client(&reply.client).ok_or_else(no_client)?;
        let from = sender(&reply, client, &world).await?;
        let heard = world.system.carrier.hear_by(client.front(), from.e164(), client.own_number(), &reply.body);
        let request = client.reply(&local.url, &heard, world.system.clock.now())?;
        Ok(Answered { status: world.system.post(request).await.status().as_u16() })
    });
    answered.await?.map(Json)
}

async fn sender(reply: &Reply, client: &ClientSetup, world: &World) -> Result<PhoneNumber, Failed> {
    match (&reply.from, reply.lead) {
        (Some(from), None) => {
            PhoneNumber::parse(from, client.settings.region).map_err(|why| Failed::asked(format!("`from`: {why}")))
        }
        (None, Some(id)) => {
            let found = world.system.store.lead(&reply.client, id).await.map_err(anyhow::Error::from)?;
            let phone = found.and_then(|stored| stored.lead.phone);
            phone.ok_or_else(|| Failed(StatusCode::NOT_FOUND, "there is no such lead, or it has no number".to_owned()))
        }
        _ => Err(Failed::asked("give either `from` or `lead`")),
    }
}

/// `POST /api/provider`: what the stand-in provider does with texts from now on.
pub async fn provider(
    State(local): State<Local>,
    Posted(change): Posted<ProviderChange>,
) -> Result<StatusCode, Failed> {
    local.work(async move |local| change_provider(&mut *local.present().await?, &change)).await??;
    Ok(StatusCode::NO_CONTENT)
}

fn change_provider(world: &mut World, change: &ProviderChange) -> Result<(), Failed> {
    let behaviour = change.behaviour.into();
    let does = in_words(change.behaviour);
    world.provider = match (&change.to, change.next) {
        (Some(to), None) => {
            let region = world.system.clients.first().map(|client| client.settings.region).unwrap_or_default();
            let to = PhoneNumber::parse(to, region).map_err(|why| Failed::asked(format!("`to`: {why}")))?;
            world.system.carrier.script_for(to.e164(), Some(behaviour));
            format!("{does}, for texts to {}", to.masked())
        }
        (None, Some(next @ 1..=1_000)) => {
            world.system.carrier.script_next(std::iter::repeat_n(behaviour, next));
            format!("{does}, for the next {next} after {now}", now = world.system.clock.now().format("%d %b %H:%M UTC"))
        }
        (None, None) => {
            world.system.carrier.script_default(behaviour);
            does
        }
        (None, Some(_)) => return Err(Failed::asked("`next` is 1 to 1000")),
        (Some(_), Some(_)) => return Err(Failed::asked("give `to` or `next`, not both")),
    };
    Ok(())
}

fn in_words(behaviour: ProviderBehaviour) -> String {
    match behaviour {
        ProviderBehaviour::Accept => "accepts texts".to_owned(),
        ProviderBehaviour::Refuse { code, .. } => format!("refuses texts with error {code}"),
        ProviderBehaviour::AnswerLost => "accepts texts, and its answers are lost".to_owned(),
        ProviderBehaviour::RequestLost => "does not get the texts, and nobody is told".to_owned(),
        ProviderBehaviour::Down => "is down (503)".to_owned(),
        ProviderBehaviour::Throttled => "turns texts away as too many (429)".to_owned(),
    }
}
