//! A client's settings. Secrets and hashes of keys neither leave nor enter here, and whether the client
//! sends has addresses of its own, which ask for a reason.

use lambda_http::{Body, Request, Response, http::StatusCode};
use leadline::{
    domain::client::Client,
    flows::{
        by_hand::NotDone,
        settings::{NotSet, Settings},
    },
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    AtWork,
    campaigns::check_patch,
    read::{json, patched, posted},
    shown, store_failed,
};
use crate::problem::Problem;

/// Members that cannot be changed here: identity, what has addresses of its own, what only an operator
/// gives, and hashes.
pub const NOT_CHANGED: [&str; 6] = ["id", "since", "sending", "tier", "api_keys", "simpletexting"];

/// The same as JSON pointers, for what a change was made into, and the hashes of the webhook's tokens. What a patch
/// says is looked at first, for the sake of its words; what counts is this.
const GUARDED: [&str; 7] =
    ["/id", "/since", "/sending", "/tier", "/api_keys", "/simpletexting", "/kajabi/token_hashes"];

/// Why sending is put on hold, or why the hold is lifted.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hold {
    /// In words, for whoever finds it so.
    #[cfg_attr(
        feature = "openapi",
        schema(
            min_length = 1,
            max_length = 255,
            pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$"
        )
    )]
    pub reason: String,
}

/// The settings as they are shown: without hashes of tokens and keys.
fn without_secrets(client: &Client) -> Result<Value, Problem> {
    let mut document = serde_json::to_value(client).map_err(|_| Problem::ours())?;
    if let Some(members) = document.as_object_mut() {
        members.remove("api_keys");
        members.remove("simpletexting");
        if let Some(kajabi) = members.get_mut("kajabi").and_then(Value::as_object_mut) {
            kajabi.remove("token_hashes");
        }
    }
    Ok(document)
}

impl AtWork<'_> {
    pub(super) fn settings(&self) -> Settings<'_> {
        let (directory, journal, ids) = (&self.deps.store, &self.deps.store, &self.deps.ids);
        let (directory, journal, ids) = (directory.as_ref(), journal.as_ref(), ids.as_ref());
        Settings { directory, journal, ids, actor: self.actor, now: self.caller.now }
    }

    pub(super) fn get_settings(&self) -> Result<Response<Body>, Problem> {
        shown(StatusCode::OK, &without_secrets(&self.caller.client)?)
    }

    pub(super) async fn patch_settings(&self, request: &Request) -> Result<Response<Body>, Problem> {
        let patch = json(request)?;
        check_patch(&patch, &NOT_CHANGED)?;
        if patch.get("kajabi").is_some_and(|kajabi| kajabi.get("token_hashes").is_some()) {
            return Err(Problem::bad_at("/kajabi/token_hashes", "it cannot be written here"));
        }
        let edit = |stands: &Client| patched::<Client>(stands, &patch, &GUARDED).map_err(NotSet::Senseless);
        let client = self.settings().change(&self.caller.client, edit).await.map_err(refused)?;
        shown(StatusCode::OK, &without_secrets(&client)?)
    }

    pub(super) async fn hold_sending(&self, request: &Request) -> Result<Response<Body>, Problem> {
        let by = self.actor.to_string();
        let hold: Hold = posted(request)?;
        let done = self.by_hand(&by).hold(&self.caller.client.id, &words(&hold.reason, "/reason")?).await;
        done.map_err(not_done)?;
        self.sending().await
    }

    pub(super) async fn resume_sending(&self, request: &Request) -> Result<Response<Body>, Problem> {
        let hold: Hold = posted(request)?;
        let by = format!("{}, because: {}", self.actor, words(&hold.reason, "/reason")?);
        self.by_hand(&by).resume(&self.caller.client.id).await.map_err(not_done)?;
        self.sending().await
    }

    /// How sending stands now.
    async fn sending(&self) -> Result<Response<Body>, Problem> {
        let read = self.deps.store.client(&self.caller.client.id).await.map_err(|error| store_failed(&error))?;
        let client = read.map_err(|_| Problem::ours())?;
        shown(StatusCode::OK, &json!({"sending": client.sending}))
    }
}

/// Words for the audit, cleaned.
pub(super) fn words(raw: &str, pointer: &str) -> Result<String, Problem> {
    leadline::domain::input::name(raw).map_err(|why| Problem::bad_at(pointer, why.to_string()))
}

pub(super) fn refused(why: NotSet) -> Problem {
    match why {
        NotSet::Store(error) => store_failed(&error),
        NotSet::Settings(problem) => {
            tracing::error!(%problem, "the settings cannot be used");
            Problem::ours()
        }
        NotSet::Senseless(places) => Problem::bad(StatusCode::UNPROCESSABLE_ENTITY, &places),
        NotSet::Refused(why) => Problem::conflict(why),
    }
}

pub(super) fn not_done(why: NotDone) -> Problem {
    match why {
        NotDone::Store(error) => store_failed(&error),
        NotDone::Settings(client, problem) => {
            tracing::error!(%client, %problem, "the settings cannot be used");
            Problem::ours()
        }
        NotDone::Refused(why) => Problem::conflict(why),
    }
}
