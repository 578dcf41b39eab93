//! Leads: by page, and one with all that happened to it.

use lambda_http::{Body, Request, Response, http::StatusCode};
use leadline::domain::{
    Instant,
    audit::AuditEvent,
    contact_status::ContactStatus,
    email::EmailAddress,
    ids::{CampaignId, LeadId},
    lead::{Enrollment, PastEnrollment},
    phone::PhoneNumber,
};
use leadline::{
    flows::{
        by_hand::{Agreed, MOST_WORDS},
        reading::readable,
    },
    ports::{StoreError, StoredLead},
};
use serde::{Deserialize, Serialize};

use super::{
    AtWork, page,
    read::{Page, posted},
    settings::{not_done, words},
    shown, store_failed,
};
use crate::problem::Problem;

/// A lead in a list.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListedLead {
    /// Its id.
    pub id: LeadId,
    /// Its number.
    pub phone: Option<PhoneNumber>,
    /// Its address.
    pub email: Option<EmailAddress>,
    /// What it is called.
    pub first_name: Option<String>,
    /// What it is called.
    pub last_name: Option<String>,
    /// Whether it may be texted at all.
    pub standing: ContactStatus,
    /// Since when it waits for an answer to what it wrote; `None` if it does not.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub unanswered_since: Option<Instant>,
    /// The sequences it is in.
    pub enrollments: Vec<Enrollment>,
}

/// A lead, with all that happened to it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Known {
    /// The lead.
    pub lead: ListedLead,
    /// When it was first heard of.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Instant,
    /// The sequences it was in.
    pub history: Vec<PastEnrollment>,
    /// What happened, in order.
    pub journey: Vec<AuditEvent>,
    /// Whether that is all of it. Of a very long one only the last is shown.
    pub complete: bool,
}

/// Why something is done.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Because {
    /// In words, for the audit.
    #[cfg_attr(
        feature = "openapi",
        schema(
            min_length = 1,
            max_length = 200,
            pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$"
        )
    )]
    pub because: String,
}

/// A lead that is put into a campaign by hand.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enroll {
    /// The campaign.
    pub campaign: CampaignId,
    /// The version of the consent words that the person agreed to. The campaign lists it.
    #[cfg_attr(
        feature = "openapi",
        schema(
            min_length = 1,
            max_length = 200,
            pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$"
        )
    )]
    pub terms: String,
    /// How it is known that they agreed, and where that can be proved.
    #[cfg_attr(
        feature = "openapi",
        schema(
            min_length = 1,
            max_length = 200,
            pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$"
        )
    )]
    pub basis: String,
}

/// What ends.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = EndLead))]
pub struct End {
    /// One campaign only. Without it, all that the lead is in.
    #[serde(default)]
    pub campaign: Option<CampaignId>,
    /// In words, for the audit.
    #[cfg_attr(
        feature = "openapi",
        schema(
            min_length = 1,
            max_length = 200,
            pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$"
        )
    )]
    pub because: String,
}

/// Audit events that are shown of one lead.
const MOST_EVENTS: usize = 1_000;

fn listed(stored: &StoredLead) -> ListedLead {
    let StoredLead { lead, profile, .. } = stored;
    ListedLead {
        id: lead.id,
        phone: lead.phone.clone(),
        email: profile.email.clone(),
        first_name: profile.first_name.clone(),
        last_name: profile.last_name.clone(),
        standing: lead.standing.clone(),
        unanswered_since: lead.unanswered.as_ref().map(|unanswered| unanswered.since),
        enrollments: lead.enrollments.clone(),
    }
}

impl AtWork<'_> {
    pub(super) async fn list_leads(&self, request: &Request) -> Result<Response<Body>, Problem> {
        let Page { limit, after } = Page::of(request)?;
        let after = after.map(|after| after.parse::<LeadId>()).transpose();
        let after = after.map_err(|_| Problem::bad_at("", "`after` is the `next` of the page before"))?;
        let client = &self.caller.client.id;
        let mut ids = self.deps.store.lead_ids(client, after, limit + 1).await.map_err(|error| store_failed(&error))?;
        let more = ids.len() > limit;
        ids.truncate(limit);
        let found = readable(self.deps.store.as_ref(), client, &ids).await.map_err(|error| store_failed(&error))?;
        for (lead, error) in &found.unread {
            match error {
                StoreError::Unreadable(_) => tracing::error!(%client, %lead, %error, "a lead is not shown"),
                error => return Err(store_failed(error)),
            }
        }
        let mut found = found.leads;
        found.sort_by_key(|stored| stored.lead.id);
        let next = ids.last().filter(|_| more).map(ToString::to_string);
        page((found.iter().map(listed).collect(), next))
    }

    pub(super) async fn get_lead(&self, id: &str) -> Result<Response<Body>, Problem> {
        let (id, client) = (lead_id(id)?, &self.caller.client.id);
        let found = self.deps.store.lead(client, id).await.map_err(|error| store_failed(&error))?;
        let stored = found.ok_or_else(Problem::not_found)?;
        let journey = self.deps.store.journey(client, id, Instant::UNIX_EPOCH).await;
        let mut journey = journey.map_err(|error| store_failed(&error))?;
        let complete = journey.len() <= MOST_EVENTS;
        journey.drain(..journey.len().saturating_sub(MOST_EVENTS));
        let (lead, created_at, history) = (listed(&stored), stored.profile.created_at, stored.lead.history);
        shown(StatusCode::OK, &Known { lead, created_at, history, journey, complete })
    }

    pub(super) async fn enroll_lead(&self, request: &Request, id: &str) -> Result<Response<Body>, Problem> {
        let (id, by) = (lead_id(id)?, self.actor.to_string());
        let Enroll { campaign, terms, basis } = posted(request)?;
        let (terms, basis) = (few_words(&terms, "/terms")?, few_words(&basis, "/basis")?);
        self.exists(id).await?;
        let agreed = Agreed { terms: &terms, basis: &basis };
        self.by_hand(&by).enroll(&self.caller.client, id, &campaign, agreed).await.map_err(not_done)?;
        self.lead_now(id).await
    }

    pub(super) async fn hold_lead(&self, request: &Request, id: &str) -> Result<Response<Body>, Problem> {
        let (id, by) = (lead_id(id)?, self.actor.to_string());
        let Because { because } = posted(request)?;
        let because = few_words(&because, "/because")?;
        self.exists(id).await?;
        self.by_hand(&by).hold_lead(&self.caller.client, id, &because).await.map_err(not_done)?;
        self.lead_now(id).await
    }

    pub(super) async fn release_lead(&self, request: &Request, id: &str) -> Result<Response<Body>, Problem> {
        let (id, by) = (lead_id(id)?, self.actor.to_string());
        let Because { because } = posted(request)?;
        let because = few_words(&because, "/because")?;
        self.exists(id).await?;
        self.by_hand(&by).release(&self.caller.client, id, &because).await.map_err(not_done)?;
        self.lead_now(id).await
    }

    pub(super) async fn answered_lead(&self, id: &str) -> Result<Response<Body>, Problem> {
        let (id, by) = (lead_id(id)?, self.actor.to_string());
        self.exists(id).await?;
        self.by_hand(&by).answered(&self.caller.client, id).await.map_err(not_done)?;
        self.lead_now(id).await
    }

    pub(super) async fn end_lead(&self, request: &Request, id: &str) -> Result<Response<Body>, Problem> {
        let (id, by) = (lead_id(id)?, self.actor.to_string());
        let End { campaign, because } = posted(request)?;
        let because = few_words(&because, "/because")?;
        self.exists(id).await?;
        let ended = self.by_hand(&by).end_lead(&self.caller.client, id, campaign.as_ref(), &because).await;
        ended.map_err(not_done)?;
        self.lead_now(id).await
    }

    /// That there is such a lead.
    async fn exists(&self, id: LeadId) -> Result<(), Problem> {
        let found = self.deps.store.lead(&self.caller.client.id, id).await.map_err(|error| store_failed(&error))?;
        found.map(|_| ()).ok_or_else(Problem::not_found)
    }

    /// A lead as it stands now.
    async fn lead_now(&self, id: LeadId) -> Result<Response<Body>, Problem> {
        let found = self.deps.store.lead(&self.caller.client.id, id).await.map_err(|error| store_failed(&error))?;
        shown(StatusCode::OK, &listed(&found.ok_or_else(Problem::not_found)?))
    }
}

/// Words that are kept with a lead, which is small.
fn few_words(raw: &str, pointer: &str) -> Result<String, Problem> {
    let long = raw.chars().count();
    if long > MOST_WORDS {
        return Err(Problem::bad_at(pointer, format!("it has {long} characters, {MOST_WORDS} are allowed")));
    }
    words(raw, pointer)
}

/// What cannot be an id is no lead's.
fn lead_id(id: &str) -> Result<LeadId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}
