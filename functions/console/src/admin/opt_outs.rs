//! Opt-outs: listed, written down, taken back on the person's own wish.

use lambda_http::{Body, Request, Response, http::StatusCode};
use leadline::{
    domain::{contact_status::ListedOptOut, phone::PhoneNumber},
    flows::by_hand::Recorded,
};
use serde::{Deserialize, Serialize};

use super::{
    AtWork, page,
    read::{Page, posted},
    settings::{not_done, words},
    shown, store_failed,
};
use crate::problem::Problem;

/// A no that somebody said in another way than by a reply.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct No {
    /// The number, as people write it.
    #[cfg_attr(feature = "openapi", schema(max_length = 64))]
    pub phone: String,
    /// How and when they said it.
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

/// A no that is taken back.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lift {
    /// The number, as people write it.
    #[cfg_attr(feature = "openapi", schema(max_length = 64))]
    pub phone: String,
    /// What the person asked for.
    #[cfg_attr(
        feature = "openapi",
        schema(
            min_length = 1,
            max_length = 255,
            pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$"
        )
    )]
    pub reason: String,
    /// What proves that the person asked for it, and where it is kept.
    #[cfg_attr(
        feature = "openapi",
        schema(
            min_length = 1,
            max_length = 255,
            pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$"
        )
    )]
    pub proof: String,
}

/// A number and how it stands.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Listed {
    /// The number.
    pub phone: PhoneNumber,
    /// Whether nobody may text it.
    pub opted_out: bool,
    /// Sequences that ended by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<usize>,
}

impl AtWork<'_> {
    pub(super) async fn list_opt_outs(&self, request: &Request) -> Result<Response<Body>, Problem> {
        let asked = Page::of(request)?;
        let all = self.deps.store.opt_outs(&self.caller.client.id).await.map_err(|error| store_failed(&error))?;
        page(asked.cut(all, |listed: &ListedOptOut| listed.phone.e164().to_owned()))
    }

    pub(super) async fn add_opt_out(&self, request: &Request) -> Result<Response<Body>, Problem> {
        let No { phone, reason } = posted(request)?;
        let (phone, reason, by) = (self.number(&phone)?, words(&reason, "/reason")?, self.actor.to_string());
        let client = &self.caller.client;
        let (status, ended) = match self.by_hand(&by).opt_out(client, &phone, &reason).await.map_err(not_done)? {
            Recorded::Now(ended) => (StatusCode::CREATED, Some(ended)),
            Recorded::Before(_) => (StatusCode::OK, None),
        };
        shown(status, &Listed { phone, opted_out: true, ended })
    }

    pub(super) async fn lift_opt_out(&self, request: &Request) -> Result<Response<Body>, Problem> {
        let Lift { phone, reason, proof } = posted(request)?;
        let (phone, by) = (self.number(&phone)?, self.actor.to_string());
        let (reason, proof) = (words(&reason, "/reason")?, words(&proof, "/proof")?);
        let lifted = self.by_hand(&by).lift_opt_out(&self.caller.client, &phone, &reason, &proof).await;
        lifted.map_err(not_done)?;
        shown(StatusCode::OK, &Listed { phone, opted_out: false, ended: None })
    }

    /// A number as people write it.
    fn number(&self, raw: &str) -> Result<PhoneNumber, Problem> {
        PhoneNumber::parse(raw, self.caller.client.region).map_err(|why| {
            let place = leadline::domain::document::Problem::at("/phone", why.to_string());
            Problem::bad(StatusCode::UNPROCESSABLE_ENTITY, &[place])
        })
    }
}
