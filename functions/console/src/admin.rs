//! The API by which a client's own programs see to what an operator sees to by `leadline`. Thin: it reads
//! what was posted, calls the flow, and shows what came of it.

mod campaigns;
mod keys;
mod leads;
mod opt_outs;
pub mod read;
mod settings;
mod templates;

use lambda_http::{Body, Request, Response, http::StatusCode};
use leadline::{
    domain::{api_key::Scope, ids::RunId},
    flows::{alerts::Alerts, by_hand::OperatorActions, campaigns::Actor, record::Recorder},
    ports::StoreError,
};
use serde::Serialize;
use serde_json::json;

use crate::{Deps, answer, caller::Caller, problem::Problem, table::Endpoint};

#[cfg(feature = "openapi")]
pub(crate) use self::{
    campaigns::{AutoCreate, Counted, Created, Intend, NOT_CHANGED as CAMPAIGN_NOT_CHANGED, Written},
    keys::{AddedKey, NewKey, ShownKey},
    leads::{Because, End, Enroll, Known, ListedLead},
    opt_outs::{Lift, Listed, No},
    settings::{Hold, NOT_CHANGED as SETTINGS_NOT_CHANGED},
    templates::{Check, Checked, Text},
};

/// Somebody with a key that opens what is asked for, at work.
struct AtWork<'a> {
    caller: &'a Caller,
    actor: &'a Actor,
    deps: &'a Deps,
    run: RunId,
}

impl AtWork<'_> {
    fn recorder(&self) -> Recorder<'_> {
        let client = &self.caller.client;
        let (ids, test) = (self.deps.ids.as_ref(), client.in_test());
        Recorder { ids, client: &client.id, test, run: self.run, now: self.caller.now }
    }

    fn alerts(&self) -> Alerts<'_> {
        self.deps.alerts()
    }

    /// The same as a person with a name.
    fn by_hand<'b>(&'b self, by: &'b str) -> OperatorActions<'b> {
        let (store, ids) = (self.deps.store.as_ref(), self.deps.ids.as_ref());
        OperatorActions { directory: store, leads: store, alerts: self.alerts(), ids, by, now: self.caller.now }
    }
}

/// The scope that an endpoint needs. `None`: anybody may call it.
#[must_use]
pub fn scope(endpoint: Endpoint) -> Option<Scope> {
    match endpoint {
        Endpoint::Health | Endpoint::AutoCreateHealth => None,
        Endpoint::Send => Some(Scope::Send),
        Endpoint::Status => Some(Scope::Status),
        Endpoint::ListCampaigns
        | Endpoint::GetCampaign
        | Endpoint::CampaignEffect
        | Endpoint::ListTemplates
        | Endpoint::CheckTemplate
        | Endpoint::GetSettings
        | Endpoint::ListOptOuts
        | Endpoint::ListKeys
        | Endpoint::ListLeads
        | Endpoint::GetLead => Some(Scope::Read),
        Endpoint::CreateCampaign
        | Endpoint::AutoCreate
        | Endpoint::PatchCampaign
        | Endpoint::DeleteCampaign
        | Endpoint::PauseCampaign
        | Endpoint::ResumeCampaign
        | Endpoint::DeactivateCampaign
        | Endpoint::PatchSettings
        | Endpoint::HoldSending
        | Endpoint::ResumeSending
        | Endpoint::AddOptOut
        | Endpoint::LiftOptOut
        | Endpoint::AddKey
        | Endpoint::RevokeKey
        | Endpoint::EnrollLead
        | Endpoint::HoldLead
        | Endpoint::ReleaseLead
        | Endpoint::AnsweredLead
        | Endpoint::EndLead => Some(Scope::Manage),
    }
}

/// Answers one request. `part` is what stands for something in the address.
pub async fn handle(
    request: &Request,
    endpoint: Endpoint,
    part: Option<String>,
    deps: &Deps,
) -> Result<Response<Body>, Problem> {
    use leadline::flows::campaigns::Turn;
    let Some(scope) = scope(endpoint) else {
        return Ok(answer(StatusCode::OK, "application/json", crate::health()));
    };
    let caller = Caller::of(request, scope, deps).await?;
    let (actor, run) = (caller.actor(), RunId(deps.ids.new_id(caller.now)));
    let at = AtWork { caller: &caller, actor: &actor, deps, run };
    let part = part.unwrap_or_default();
    match endpoint {
        Endpoint::Health | Endpoint::AutoCreateHealth | Endpoint::Send | Endpoint::Status => Err(Problem::not_found()),
        Endpoint::ListCampaigns => at.list_campaigns(request).await,
        Endpoint::CreateCampaign => at.create_campaign(request).await,
        Endpoint::AutoCreate => at.auto_create(request).await,
        Endpoint::GetCampaign => at.get_campaign(&part).await,
        Endpoint::PatchCampaign => at.patch_campaign(request, &part).await,
        Endpoint::DeleteCampaign => at.turn_campaign(&part, Turn::Delete).await,
        Endpoint::PauseCampaign => at.turn_campaign(&part, Turn::Pause).await,
        Endpoint::ResumeCampaign => at.turn_campaign(&part, Turn::Resume).await,
        Endpoint::DeactivateCampaign => at.turn_campaign(&part, Turn::Deactivate).await,
        Endpoint::CampaignEffect => at.campaign_effect(request, &part).await,
        Endpoint::ListTemplates => at.list_templates(request).await,
        Endpoint::CheckTemplate => at.check_template(request).await,
        Endpoint::GetSettings => at.get_settings(),
        Endpoint::PatchSettings => at.patch_settings(request).await,
        Endpoint::HoldSending => at.hold_sending(request).await,
        Endpoint::ResumeSending => at.resume_sending(request).await,
        Endpoint::ListOptOuts => at.list_opt_outs(request).await,
        Endpoint::AddOptOut => at.add_opt_out(request).await,
        Endpoint::LiftOptOut => at.lift_opt_out(request).await,
        Endpoint::ListKeys => Ok(at.list_keys()),
        Endpoint::AddKey => at.add_key(request).await,
        Endpoint::RevokeKey => at.revoke_key(&part).await,
        Endpoint::ListLeads => at.list_leads(request).await,
        Endpoint::GetLead => at.get_lead(&part).await,
        Endpoint::EnrollLead => at.enroll_lead(request, &part).await,
        Endpoint::HoldLead => at.hold_lead(request, &part).await,
        Endpoint::ReleaseLead => at.release_lead(request, &part).await,
        Endpoint::AnsweredLead => at.answered_lead(&part).await,
        Endpoint::EndLead => at.end_lead(request, &part).await,
    }
}

fn shown(status: StatusCode, value: &impl Serialize) -> Result<Response<Body>, Problem> {
    let body = serde_json::to_string(value).map_err(|_| Problem::ours())?;
    Ok(answer(status, "application/json", body))
}

/// A page of a list.
fn page<T: Serialize>((items, next): (Vec<T>, Option<String>)) -> Result<Response<Body>, Problem> {
    shown(StatusCode::OK, &json!({"items": items, "next": next}))
}

/// What the store could not do.
fn store_failed(error: &StoreError) -> Problem {
    match error {
        StoreError::Conflict => Problem::conflict("something else was written at the same moment; do it again"),
        StoreError::Unreadable(_) | StoreError::Unavailable(_) => {
            tracing::error!(%error, "a request of the API failed");
            Problem::ours()
        }
    }
}
