//! `leadline leads`: a client's people. Lists them, shows all that is known of one, and puts one into a
//! campaign, on hold, or out of what it is in.

mod list;
mod show;

use std::io::Write;

use anyhow::{Context, bail};
use leadline::{
    domain::{
        campaign::{Campaign, CampaignStatus},
        client::Client,
        ids::{CampaignId, LeadId},
        lead::Lead,
        phone::PhoneNumber,
    },
    flows::by_hand::{Agreed, LeadHold, OperatorActions, PutIn},
    ports::{Directory, StoredLead},
    runtime::RandomIds,
};

use crate::{
    connect::{Connection, Target},
    explain::find,
    person::{Person, told_here},
    release,
};

pub use list::{Filter, Status};

/// What to do.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// List the client's leads, oldest first.
    List {
        /// Which ones.
        #[command(flatten)]
        filter: Filter,
        /// One JSON object a line, with whole numbers and addresses.
        #[arg(long)]
        json: bool,
    },
    /// Show what is known of a lead: who it is, what it is in and was in, and all that happened.
    Show {
        /// The lead: its id, its phone number or its email address.
        lead: String,
        /// JSON instead of tables.
        #[arg(long)]
        json: bool,
    },
    /// Put a lead into a campaign, by the same rules as a form. It is texted as the campaign says.
    Enroll {
        /// The lead: its id, its phone number or its email address.
        lead: String,
        /// The campaign.
        #[arg(long)]
        campaign: CampaignId,
        /// The version of the consent words that the person agreed to. The campaign lists it with a form.
        #[arg(long, value_name = "VERSION")]
        terms: String,
        /// How it is known that they agreed, and where that is kept.
        #[arg(long, value_name = "WORDS")]
        basis: String,
        /// Who does it.
        #[command(flatten)]
        person: Person,
    },
    /// Put a lead on hold: nothing is sent to it until somebody lifts the hold.
    Hold {
        /// The lead: its id, its phone number or its email address.
        lead: String,
        /// Why.
        #[arg(long, value_name = "WORDS")]
        because: String,
        /// Who does it.
        #[command(flatten)]
        person: Person,
    },
    /// Lift the hold on a lead. What it is in goes on.
    Release {
        /// The lead: its id, its phone number or its email address.
        lead: String,
        /// Why.
        #[arg(long, value_name = "WORDS")]
        because: String,
        /// Who does it.
        #[command(flatten)]
        person: Person,
    },
    /// End what a lead is in, as abandoned. It gets no further text of it.
    End {
        /// The lead: its id, its phone number or its email address.
        lead: String,
        /// One campaign only.
        #[arg(long)]
        campaign: Option<CampaignId>,
        /// Why.
        #[arg(long, value_name = "WORDS")]
        because: String,
        /// Who does it.
        #[command(flatten)]
        person: Person,
    },
}

/// Does it.
///
/// # Errors
/// When there is no such lead, it may not be done, or the data cannot be reached.
pub async fn leads(target: &Target, command: &Command, out: &mut dyn Write) -> anyhow::Result<()> {
    run(&target.connect().await?, command, out).await
}

/// Does it there.
///
/// # Errors
/// As [`leads`].
pub async fn run(there: &Connection, command: &Command, out: &mut dyn Write) -> anyhow::Result<()> {
    let client = there.store.client(&there.client).await??;
    match command {
        Command::List { filter, json } => list::list(there, &client, filter, *json, out).await,
        Command::Show { lead, json } => {
            let stored = find(&there.store, &client, lead).await?;
            show::show(there, &client, &stored, *json, out).await
        }
        Command::Enroll { lead, campaign, terms, basis, person } => {
            let stored = meant(there, &client, lead).await?;
            enroll(there, &client, &stored, campaign, Agreed { terms, basis }, person, out).await
        }
        Command::Hold { lead, because, person } => {
            let id = meant(there, &client, lead).await?.lead.id;
            let by = person.name()?;
            match at_work(there, &by).hold_lead(&client, id, because).await? {
                LeadHold::Now => {
                    writeln!(out, "Lead {id} is on hold. `leadline leads release {id} --because \"…\"` lifts it.")?
                }
                LeadHold::Before(reason) => {
                    writeln!(out, "Nothing was changed: lead {id} is on hold already: {}", safe(&reason))?
                }
            }
            Ok(())
        }
        Command::Release { lead, because, person } => release::run(there, lead, because, person, out).await,
        Command::End { lead, campaign, because, person } => {
            let stored = meant(there, &client, lead).await?;
            end(there, &client, &stored.lead, campaign.as_ref(), because, person, out).await
        }
    }
}

/// The lead that is meant, in a table that may be written to.
async fn meant(there: &Connection, client: &Client, lead: &str) -> anyhow::Result<StoredLead> {
    if let Some(home) = there.store.copy_of(&client.id).await? {
        bail!("this table is a copy of {home}: `leadline restored` comes first");
    }
    find(&there.store, client, lead).await
}

fn at_work<'a>(there: &'a Connection, by: &'a str) -> OperatorActions<'a> {
    let store = &there.store;
    OperatorActions { directory: store, leads: store, alerts: told_here(store), ids: &RandomIds, by, now: there.now }
}

async fn enroll(
    there: &Connection,
    client: &Client,
    stored: &StoredLead,
    campaign: &CampaignId,
    agreed: Agreed<'_>,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let by = person.name()?;
    let all = there.store.campaigns(&client.id).await?;
    let found = all.iter().find(|found| found.id == *campaign);
    let found = found.with_context(|| format!("client {} has no campaign `{campaign}`", client.id))?;
    let lead = &stored.lead;
    person.agrees(&format!(
        "Put lead {} ({}) into campaign {campaign} ({})? It is texted as the campaign says. You state that this \
         person agreed to the words of version {}: {}. A text without consent costs $500 to $1,500 by law.",
        lead.id,
        number(lead),
        status(found),
        agreed.terms,
        agreed.basis
    ))?;
    match at_work(there, &by).enroll(client, lead.id, campaign, agreed).await? {
        PutIn::Now(words) => writeln!(out, "Lead {} is in campaign {campaign}: {words}.", lead.id)?,
        PutIn::Before => {
            writeln!(out, "Nothing was changed: lead {} is in campaign {campaign} already.", lead.id)?;
        }
    }
    Ok(())
}

async fn end(
    there: &Connection,
    client: &Client,
    lead: &Lead,
    campaign: Option<&CampaignId>,
    because: &str,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let (by, id) = (person.name()?, lead.id);
    let is_meant = |live: &CampaignId| campaign.is_none_or(|campaign| campaign == live);
    let live: Vec<&CampaignId> = lead.enrollments.iter().map(|live| &live.campaign).filter(|c| is_meant(c)).collect();
    if !live.is_empty() {
        person.agrees(&format!("End {} for lead {id} ({})? It cannot be taken back.", joined(&live), number(lead)))?;
    }
    let ended = at_work(there, &by).end_lead(client, id, campaign, because).await?;
    if ended.campaigns.is_empty() {
        writeln!(out, "Nothing was ended: lead {id} is in {}.", campaign.map_or("no campaign", |_| "it no more"))?;
    } else {
        writeln!(out, "Lead {id} has left {}.", joined(&ended.campaigns.iter().collect::<Vec<_>>()))?;
    }
    if ended.on_its_way {
        writeln!(out, "A text of it was on its way already and may still arrive.")?;
    }
    Ok(())
}

fn joined(campaigns: &[&CampaignId]) -> String {
    campaigns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn status(campaign: &Campaign) -> &'static str {
    match campaign.status {
        CampaignStatus::Active => "active",
        CampaignStatus::Paused => "paused",
        CampaignStatus::Deactivated { .. } => "deactivated",
    }
}

fn number(lead: &Lead) -> String {
    lead.phone.as_ref().map_or_else(|| "no number".to_owned(), PhoneNumber::masked)
}

/// Words that somebody else may have written: without what moves a terminal's cursor.
fn safe(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// What a lead is named by in a table: no more than is needed to know it.
fn named(id: LeadId, stored: &StoredLead) -> [String; 3] {
    [id.to_string(), stored.profile.first_name.clone().unwrap_or_default(), number(&stored.lead)]
}
