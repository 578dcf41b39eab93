//! Campaigns: read, written, turned on and off, made of forms.

use std::collections::BTreeMap;

use lambda_http::{Body, Request, Response, http::StatusCode};
use leadline::{
    domain::{
        Instant,
        campaign::Campaign,
        counts::Counts,
        document::Problem as Place,
        ids::{CampaignId, ClientId, FormId},
        input,
        lead::Outcome,
        template_check::{Finding, StepCheck},
    },
    flows::{
        campaigns::{Became, Campaigns, Discovered, Discovery, NotChanged, Turn},
        effect::{Effects, Intended},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    AtWork, page,
    read::{Page, json, patched, posted, strictly},
    shown, store_failed,
};
use crate::problem::Problem;

/// Members that nobody writes: they follow from what is done.
const NOT_WRITTEN: [&str; 2] = ["version", "auto_discovered"];

/// Members that a change cannot have.
pub const NOT_CHANGED: [&str; 4] = ["id", "status", "version", "auto_discovered"];

/// The same as JSON pointers, for what a change was made into.
const GUARDED: [&str; 4] = ["/id", "/status", "/version", "/auto_discovered"];

/// Most leads of each kind that an effect is told from: the answer must be there within seconds.
const MOST_LEADS: usize = 300;

/// The one id that the address of making campaigns has taken.
const AUTO_CREATE: &str = "auto-create";

/// A form that is to be a campaign.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AutoCreate {
    /// The client, which must be the key's.
    #[cfg_attr(feature = "openapi", schema(value_type = ClientId))]
    pub client_id: Value,
    /// Kajabi's id of the form.
    #[cfg_attr(feature = "openapi", schema(value_type = FormId))]
    pub form_id: Value,
    /// The form's name.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 255, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$"))]
    pub form_name: Value,
}

/// What became of it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Created {
    /// The campaign of the form.
    pub campaign: Campaign,
    /// Whether it is new.
    pub created: bool,
}

/// A campaign that was written, with what a person should look at.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Written {
    /// The campaign as it stands.
    pub campaign: Campaign,
    /// What is worth a look in its texts. None of it kept the campaign from being written.
    pub warnings: Vec<Warning>,
}

/// Something about a text that a person must judge.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Warning {
    /// The step.
    pub step: u16,
    /// What it is, by a code that does not change.
    pub code: String,
    /// In words, with what to do.
    pub words: String,
}

impl Written {
    fn of(became: Became) -> Self {
        let warning = |step, Finding { code, words, .. }| Warning { step, code: code.to_owned(), words };
        let of = |check: &StepCheck| {
            let step = check.step;
            check.findings().into_iter().map(move |found| warning(step, found)).collect::<Vec<_>>()
        };
        Self { warnings: became.texts.iter().flat_map(of).collect(), campaign: became.campaign }
    }
}

/// What is meant to be done with a campaign.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Intend {
    /// What.
    pub change: Change,
    /// The merge patch, for `patch`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub patch: Option<Value>,
}

/// A change of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Change {
    /// It is paused.
    Pause,
    /// It is resumed, or begins.
    Resume,
    /// It is deactivated.
    Deactivate,
    /// Everybody who is in it is moved to its newest version.
    Move,
    /// It is changed by a merge patch.
    Patch,
}

/// A campaign, with how many people it has and had.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counted {
    /// The campaign.
    pub campaign: Campaign,
    /// Enrollments that began.
    pub enrolled: u64,
    /// Those that are live.
    pub active: u64,
    /// Those that ended, by how.
    pub ended: BTreeMap<Outcome, u64>,
    /// When the last one began.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_enrolled_at: Option<Instant>,
}

impl AtWork<'_> {
    fn campaigns(&self) -> Campaigns<'_> {
        let (directory, journal) = (self.deps.store.as_ref(), self.deps.store.as_ref());
        Campaigns { directory, journal, recorder: self.recorder(), actor: self.actor }
    }

    pub(super) async fn list_campaigns(&self, request: &Request) -> Result<Response<Body>, Problem> {
        let asked = Page::of(request)?;
        let all = self.campaigns().all().await.map_err(|error| store_failed(&error))?;
        page(asked.cut(all, |campaign| campaign.id.to_string()))
    }

    pub(super) async fn get_campaign(&self, id: &str) -> Result<Response<Body>, Problem> {
        let campaign = self.campaigns().find(&campaign_id(id)?).await.map_err(refused)?;
        let counts = self.deps.store.counts(&self.caller.client.id, &campaign.id).await;
        let Counts { enrolled, ended, last_enrolled_at } = counts.map_err(|error| store_failed(&error))?;
        let active = enrolled.saturating_sub(ended.values().sum());
        shown(StatusCode::OK, &Counted { campaign, enrolled, active, ended, last_enrolled_at })
    }

    pub(super) async fn create_campaign(&self, request: &Request) -> Result<Response<Body>, Problem> {
        let value = json(request)?;
        let unwritten = present(&value, &NOT_WRITTEN);
        let campaign = match strictly::<Campaign>(value) {
            Ok(campaign) if unwritten.is_empty() => campaign,
            Ok(_) => return Err(Problem::bad(StatusCode::UNPROCESSABLE_ENTITY, &unwritten)),
            Err(places) => {
                return Err(Problem::bad(StatusCode::UNPROCESSABLE_ENTITY, &[unwritten, places].concat()));
            }
        };
        if campaign.id.as_str() == AUTO_CREATE {
            return Err(Problem::bad_at("/id", "this id is taken by an address of the API"));
        }
        let became = self.campaigns().create(campaign).await.map_err(refused)?;
        shown(StatusCode::CREATED, &Written::of(became))
    }

    pub(super) async fn patch_campaign(&self, request: &Request, id: &str) -> Result<Response<Body>, Problem> {
        let (id, patch) = (campaign_id(id)?, json(request)?);
        check_patch(&patch, &NOT_CHANGED)?;
        let edit = |stands: &Campaign| patched::<Campaign>(stands, &patch, &GUARDED);
        let became = self.campaigns().change(&id, edit).await.map_err(refused)?;
        shown(StatusCode::OK, &Written::of(became))
    }

    pub(super) async fn campaign_effect(&self, request: &Request, id: &str) -> Result<Response<Body>, Problem> {
        let Intend { change, patch } = posted(request)?;
        let stands = self.campaigns().find(&campaign_id(id)?).await.map_err(refused)?;
        let senseless = |places: Vec<Place>| Problem::bad(StatusCode::UNPROCESSABLE_ENTITY, &places);
        let intended = match (change, patch) {
            (Change::Pause, None) => Intended::Pause,
            (Change::Resume, None) => Intended::Resume,
            (Change::Deactivate, None) => Intended::Deactivate,
            (Change::Move, None) => Intended::MoveToNewest,
            (Change::Patch, Some(patch)) => {
                check_patch(&patch, &NOT_CHANGED)?;
                let new = patched::<Campaign>(&stands, &patch, &GUARDED).map_err(senseless)?;
                let new = self.campaigns().prepare(new).await.map_err(refused)?.new;
                Intended::Change(Box::new(new))
            }
            (Change::Patch, None) => return Err(senseless(vec![Place::at("/patch", "say what is to be changed")])),
            (_, Some(_)) => {
                return Err(senseless(vec![Place::at("/patch", "it is for the change `patch` only")]));
            }
        };
        let (directory, leads) = (self.deps.store.as_ref(), self.deps.store.as_ref());
        let (due, census) = (self.deps.store.as_ref(), self.deps.store.as_ref());
        let effects = Effects { directory, leads, due, census, recorder: self.recorder(), most: MOST_LEADS };
        let effect = effects.of(&self.caller.client, &stands, &intended).await;
        shown(StatusCode::OK, &effect.map_err(|error| store_failed(&error))?)
    }

    pub(super) async fn turn_campaign(&self, id: &str, turn: Turn) -> Result<Response<Body>, Problem> {
        let became = self.campaigns().turn(&campaign_id(id)?, turn).await.map_err(refused)?;
        shown(StatusCode::OK, &became.campaign)
    }

    pub(super) async fn auto_create(&self, request: &Request) -> Result<Response<Body>, Problem> {
        let asked: AutoCreate = posted(request)?;
        let mut bad = Vec::new();
        let client = parsed(&asked.client_id, "/client_id", &mut bad, |text| {
            ClientId::parse(text).map_err(|error| error.to_string())
        });
        let form =
            parsed(&asked.form_id, "/form_id", &mut bad, |text| FormId::parse(text).map_err(|error| error.to_string()));
        let name = match &asked.form_name {
            Value::Null => None,
            name => parsed(name, "/form_name", &mut bad, |text| input::name(text).map_err(|error| error.to_string())),
        };
        let (Some(client), Some(form), []) = (client, form, bad.as_slice()) else {
            return Err(Problem::bad(StatusCode::BAD_REQUEST, &bad));
        };
        if client != self.caller.client.id {
            return Err(Problem::forbidden("the key is not for this client, if there is one"));
        }
        let discovery = Discovery { directory: self.deps.store.as_ref(), alerts: self.alerts() };
        let recorder = self.recorder();
        let found = discovery.campaign_of(&self.caller.client, &form, name.as_deref(), self.actor, &recorder).await;
        match found.map_err(|error| store_failed(&error))? {
            Discovered::Created(campaign) => shown(StatusCode::CREATED, &Created { campaign, created: true }),
            Discovered::Known(campaign) => shown(StatusCode::OK, &Created { campaign, created: false }),
            taken @ (Discovered::Taken(_) | Discovered::TooMany) => {
                Err(Problem::conflict(taken.that_enrolls().err().unwrap_or_default()))
            }
        }
    }
}

/// A text of a body, read; what is wrong with it goes to `bad`.
fn parsed<T>(
    value: &Value,
    pointer: &str,
    bad: &mut Vec<Place>,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    let read = value.as_str().ok_or_else(|| "it must be a text".to_owned()).and_then(parse);
    read.map_err(|why| bad.push(Place::at(pointer, why))).ok()
}

/// Members of an object that must not be there.
pub(super) fn present(value: &Value, names: &[&str]) -> Vec<Place> {
    let there = names.iter().filter(|name| value.get(**name).is_some());
    there.map(|name| Place::at(format!("/{name}"), "it cannot be written here")).collect()
}

/// A merge patch is an object, and does not touch what has endpoints of its own.
pub(super) fn check_patch(patch: &Value, untouched: &[&str]) -> Result<(), Problem> {
    if !patch.is_object() {
        return Err(Problem::bad_at("", "a change is an object (RFC 7396)"));
    }
    let bad = present(patch, untouched);
    if bad.is_empty() { Ok(()) } else { Err(Problem::bad(StatusCode::BAD_REQUEST, &bad)) }
}

/// What cannot be an id is no campaign's.
fn campaign_id(id: &str) -> Result<CampaignId, Problem> {
    CampaignId::parse(id).map_err(|_| Problem::not_found())
}

fn refused(why: NotChanged) -> Problem {
    match why {
        NotChanged::Store(error) => store_failed(&error),
        NotChanged::NoSuch { .. } => Problem::not_found(),
        NotChanged::Senseless { problems, .. } => Problem::bad(StatusCode::UNPROCESSABLE_ENTITY, &problems),
        NotChanged::Exists(_) | NotChanged::Over { .. } | NotChanged::FormTaken { .. } | NotChanged::Meanwhile(_) => {
            Problem::conflict(why.to_string())
        }
    }
}
