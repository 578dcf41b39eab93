//! Who calls the API: a key of a client, counted against the client's tier.

use lambda_http::{Request, RequestExt, request::RequestContext};
use leadline::{
    domain::{
        Instant,
        api_key::{KeyRefused, Presented, Scope},
        client::{Client, SettingsProblem},
    },
    flows::campaigns::Actor,
};

use crate::{Deps, header, problem::Problem};

/// A caller whose key opens what is asked for.
pub struct Caller {
    /// Whose key it is. Nobody else's data can be reached with it.
    pub client: Client,
    /// The key's name.
    pub key: String,
    /// The address that the gateway says it comes from.
    from: String,
    /// When.
    pub now: Instant,
}

impl Caller {
    /// The caller, if its key opens `scope` and its client's minute has room. A request counts as soon as its
    /// key is known.
    pub async fn of(request: &Request, scope: Scope, deps: &Deps) -> Result<Self, Problem> {
        let now = deps.clock.now();
        let presented = header(request, "authorization").and_then(Presented::parse);
        let (id, presented) = presented.ok_or_else(Problem::unauthorized)?;
        // Whether there is such a client is nobody's business without a key.
        let client = match deps.store.client(&id).await {
            Ok(Ok(client)) => client,
            Ok(Err(SettingsProblem::Missing)) => return Err(Problem::unauthorized()),
            Ok(Err(problem)) => {
                tracing::error!(client = %id, %problem, "a request of the API cannot be answered");
                return Err(Problem::ours());
            }
            Err(error) => {
                tracing::error!(client = %id, %error, "a request of the API cannot be answered");
                return Err(Problem::ours());
            }
        };
        let opened = client.opens(presented, scope, now).map(|key| key.name.clone());
        if let Err(why @ (KeyRefused::Unknown | KeyRefused::Expired { .. })) = &opened {
            tracing::warn!(client = %id, %why, "a key was refused");
            return Err(Problem::unauthorized());
        }
        let limit = client.tier.per_minute();
        match deps.requests.admit(&client.id, now, limit).await {
            Ok(true) => {}
            Ok(false) => {
                let seconds = 60 - u32::try_from(now.timestamp().rem_euclid(60)).unwrap_or(0);
                return Err(Problem::too_many(limit, seconds));
            }
            Err(error) => {
                tracing::error!(client = %id, %error, "requests cannot be counted");
                return Err(Problem::ours());
            }
        }
        let key = opened.map_err(|why| Problem::forbidden(why.to_string()))?;
        Ok(Self { client, key, from: source_ip(request), now })
    }

    /// Who it is, for the audit.
    pub fn actor(&self) -> Actor {
        Actor { who: format!("the key `{}`", self.key), from: self.from.clone() }
    }
}

/// Where the gateway says the request comes from. No header is believed.
fn source_ip(request: &Request) -> String {
    let context = request.request_context_ref();
    let ip = context.and_then(|context| match context {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.clone(),
        _ => None,
    });
    ip.unwrap_or_else(|| "an address that the gateway did not tell".to_owned())
}
