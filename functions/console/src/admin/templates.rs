//! The texts: what each costs, and how one would read.

use std::collections::BTreeMap;

use lambda_http::{Body, Request, Response, http::StatusCode};
use leadline::domain::{
    campaign::Campaign,
    client::Client,
    document::Problem as Place,
    ids::{CampaignId, LeadId},
    profile::Profile,
    segments::{self, Encoding},
    template::{Field, Template},
    template_check::{Finding, Place as WherePlaced, Severity, check_text},
};
use serde::{Deserialize, Serialize};

use super::{
    AtWork, page,
    read::{Page, posted},
    shown, store_failed,
};
use crate::problem::Problem;

/// A text of a campaign, or the client's default.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Text {
    /// What it is called: `webinar/1`, or `default`.
    pub name: String,
    /// The campaign; none for the client's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// The step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<u16>,
    /// Whether it is sent.
    pub active: bool,
    /// The text with its placeholders. None: the client's default counts.
    pub text: Option<Template>,
    /// What it costs before placeholders are filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

/// What a text costs.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cost {
    /// Characters.
    pub characters: usize,
    /// How many segments are billed.
    pub segments: usize,
    /// `gsm7` or `ucs2`.
    pub encoding: String,
    /// The first character that makes it Unicode, with less room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub odd: Option<char>,
}

/// A text to be looked at.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    /// The text with its placeholders.
    pub text: String,
    /// Filled in for this lead.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"))]
    pub lead: Option<String>,
    /// Whether it is the first text of a sequence, which must say who writes and how to stop it.
    #[serde(default)]
    pub first: bool,
    /// Filled in with these values, by placeholder.
    #[serde(default)]
    pub sample: Option<BTreeMap<String, String>>,
}

/// How it would read.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Checked {
    /// Whether it could be sent.
    pub ok: bool,
    /// The text as it would be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What it would cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// What keeps it from being sent, or from arriving.
    pub problems: Vec<Place>,
    /// What is worth a look.
    pub warnings: Vec<String>,
}

impl Cost {
    fn of(text: &str) -> Self {
        let counted = segments::count(text);
        let encoding = match counted.encoding {
            Encoding::Gsm7 => "gsm7",
            Encoding::Ucs2 => "ucs2",
        };
        let odd = segments::first_outside_gsm7(text);
        Self { characters: text.chars().count(), segments: counted.count, encoding: encoding.to_owned(), odd }
    }
}

/// All texts of a client, by their names.
fn all(client: &Client, campaigns: &[Campaign]) -> Vec<Text> {
    let cost = |text: &Option<Template>| text.as_ref().map(|text| Cost::of(text.source()));
    let text = client.default_text.clone();
    let (cost_of_default, name) = (cost(&text), "default".to_owned());
    let mut shown = vec![Text { name, campaign: None, step: None, active: true, text, cost: cost_of_default }];
    for campaign in campaigns {
        shown.extend(campaign.messages.iter().map(|step| Text {
            name: format!("{}/{:05}", campaign.id, step.step),
            campaign: Some(campaign.id.clone()),
            step: Some(step.step),
            active: step.active,
            text: step.text.clone(),
            cost: cost(&step.text),
        }));
    }
    shown.sort_by(|a, b| a.name.cmp(&b.name));
    shown
}

impl AtWork<'_> {
    pub(super) async fn list_templates(&self, request: &Request) -> Result<Response<Body>, Problem> {
        let asked = Page::of(request)?;
        let client = &self.caller.client;
        let campaigns = self.deps.store.campaigns(&client.id).await.map_err(|error| store_failed(&error))?;
        page(asked.cut(all(client, &campaigns), |shown| shown.name.clone()))
    }

    pub(super) async fn check_template(&self, request: &Request) -> Result<Response<Body>, Problem> {
        let Check { text, lead, first, sample } = posted(request)?;
        let profile = match lead.map(|lead| lead.parse::<LeadId>()) {
            None => None,
            Some(Err(_)) => return Err(Problem::bad_at("/lead", "it is no lead's id")),
            Some(Ok(id)) => {
                let found = self.deps.store.lead(&self.caller.client.id, id).await;
                Some(found.map_err(|error| store_failed(&error))?.ok_or_else(Problem::not_found)?.profile)
            }
        };
        let place =
            WherePlaced { client: &self.caller.client, has_message: false, webinar: None, after_silence: first };
        let read = Template::parse(&text).map_err(|why| why.to_string());
        let findings = read.as_ref().map(|template| check_text(template, place).findings).unwrap_or_default();
        let rendered = read.and_then(|template| {
            let value = |field: &Field| self.value(field, profile.as_ref(), sample.as_ref());
            template.render(value).map_err(|why| why.to_string())
        });
        let (errors, warnings): (Vec<Finding>, Vec<Finding>) =
            findings.into_iter().partition(|finding| finding.severity == Severity::Error);
        let mut problems: Vec<Place> = rendered.as_ref().err().map(|why| Place::at("/text", why)).into_iter().collect();
        problems.extend(errors.into_iter().map(|error| Place::at("/text", error.words)));
        let text = rendered.ok();
        shown(
            StatusCode::OK,
            &Checked {
                ok: problems.is_empty(),
                cost: text.as_deref().map(Cost::of),
                text,
                problems,
                warnings: warnings.into_iter().map(|warning| warning.words).collect(),
            },
        )
    }

    /// What a placeholder stands for: the sample's value, else the lead's, else the client's own.
    fn value(
        &self,
        field: &Field,
        profile: Option<&Profile>,
        sample: Option<&BTreeMap<String, String>>,
    ) -> Option<String> {
        let client = &self.caller.client;
        let given = sample.and_then(|sample| sample.get(&field.to_string()).cloned());
        given.or_else(|| profile?.value(field, client)).or_else(|| match field {
            Field::BusinessName => Some(client.name.clone()),
            Field::BookingLink => client.booking_link.clone(),
            Field::FirstName
            | Field::LastName
            | Field::Message
            | Field::WebinarLink
            | Field::WebinarDate
            | Field::WebinarTime
            | Field::Form(_) => None,
        })
    }
}
