//! Everything of one client, page by page. The only scan there is, and no function has leave to make it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::{DynamoStore, item, keys, schema, unavailable};
use domain::{
    audit::AuditEvent,
    campaign::{Campaign, Plan},
    client::Client,
    contact_status::OptOut,
    event::RawEvent,
    ids::{CampaignId, ClientId, LeadId},
    lead::Lead,
    profile::Profile,
};
use ports::{StoreError, StoreResult};

/// One thing that is kept of a client.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "kebab-case")]
pub enum Kept {
    /// Its settings.
    Settings(Box<Client>),
    /// A campaign.
    Campaign(Box<Campaign>),
    /// A version of one.
    Plan {
        /// The campaign.
        campaign: CampaignId,
        /// The version.
        plan: Box<Plan>,
    },
    /// A lead's state.
    Lead(Box<Lead>),
    /// A lead's data. It comes after the lead, and before the next one.
    Profile(Box<Profile>),
    /// Something that happened.
    Happened(Box<AuditEvent>),
    /// A raw event.
    Event(Box<RawEvent>),
    /// What is kept with a number.
    Number {
        /// In E.164.
        phone: String,
        /// The lead that has it.
        lead: Option<LeadId>,
        /// The no of the person behind it.
        opt_out: Option<OptOut>,
    },
}

/// A page of what is kept.
#[derive(Debug, Default)]
pub struct Page {
    /// What is on it.
    pub kept: Vec<Kept>,
    /// Items that cannot be read, by the kind of their key.
    pub unreadable: Vec<String>,
    /// Where the next page begins.
    pub next: Option<HashMap<String, AttributeValue>>,
}

impl DynamoStore {
    /// A page of everything that is kept of a client, each lead's items together.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn kept(&self, client: &ClientId, from: Option<HashMap<String, AttributeValue>>) -> StoreResult<Page> {
        let own = keys::client(client);
        let got = self
            .client
            .scan()
            .table_name(&self.table)
            .filter_expression("#pk = :own OR #pk = :settings OR begins_with(#pk, :under)")
            .expression_attribute_names("#pk", schema::PK)
            .expression_attribute_values(":own", item::text(&own))
            .expression_attribute_values(":settings", item::text(keys::settings(client).pk))
            .expression_attribute_values(":under", item::text(format!("{own}#")))
            .set_exclusive_start_key(from)
            .send()
            .await
            .map_err(unavailable)?;
        let mut page = Page { next: got.last_evaluated_key, ..Page::default() };
        for found in got.items.unwrap_or_default() {
            match kept(client, found) {
                Ok(Some(kept)) => page.kept.push(kept),
                Ok(None) => {}
                Err(error) => page.unreadable.push(error.to_string()),
            }
        }
        Ok(page)
    }
}

/// What an item is, by its sort key. Counters, claims and keys that only lead elsewhere are nothing.
fn kept(client: &ClientId, found: item::Item) -> StoreResult<Option<Kept>> {
    let sk = item::text_in(&found, schema::SK).unwrap_or_default().to_owned();
    let kind = sk.split('#').next().unwrap_or_default();
    Ok(Some(match kind {
        "SETTINGS" => Kept::Settings(Box::new(item::decode(found)?)),
        "CAMPAIGN" => Kept::Campaign(Box::new(item::decode(found)?)),
        "PLAN" => {
            let campaign = sk.split('#').nth(1).unwrap_or_default().parse();
            let campaign = campaign.map_err(|error| StoreError::Unreadable(format!("PLAN: {error}")))?;
            Kept::Plan { campaign, plan: Box::new(item::decode(found)?) }
        }
        "LEAD" => Kept::Lead(Box::new(item::decode(found)?)),
        "PROFILE" => Kept::Profile(Box::new(item::decode(found)?)),
        "LOG" => Kept::Happened(Box::new(item::decode(found)?)),
        "EVENT" => Kept::Event(Box::new(item::decode(found)?)),
        "PHONE" => number(client, &found)?,
        _ => return Ok(None),
    }))
}

fn number(client: &ClientId, found: &item::Item) -> StoreResult<Kept> {
    let unreadable = |why: String| StoreError::Unreadable(format!("PHONE: {why}"));
    let pk = item::text_in(found, schema::PK).unwrap_or_default();
    let phone = pk.strip_prefix(&format!("{}#P#", keys::client(client))).unwrap_or_default().to_owned();
    let lead = item::text_in(found, "lead_id").map(str::parse).transpose();
    Ok(Kept::Number {
        phone,
        lead: lead.map_err(|error| unreadable(format!("{error}")))?,
        opt_out: item::opt_out_in(found)?,
    })
}
