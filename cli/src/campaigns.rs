//! `leadline campaigns`: a client's campaigns, as files.

use std::{io::Write, path::PathBuf};

use anyhow::{Context, bail};
use leadline::{
    domain::{
        campaign::{Campaign, CampaignStatus},
        ids::CampaignId,
        template_check::check_campaign,
    },
    ports::{Directory, StoreError},
};

use crate::{
    connect::{Connection, Target},
    explain::{table, utc},
    person::Person,
    read,
    settings::changed,
    templates,
};

/// What to do.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// List the campaigns.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Print a campaign as a file for `put`.
    Show {
        /// Its id.
        id: CampaignId,
    },
    /// Write a campaign from a file: a new one, or in the place of the one with its id. Who is in it goes on
    /// with the texts of the version they entered.
    Put {
        /// The file.
        file: PathBuf,
        /// Who does it.
        #[command(flatten)]
        person: Person,
    },
    /// No texts go out until it is resumed. Forms still enroll.
    Pause {
        /// Its id.
        id: CampaignId,
        /// Who does it.
        #[command(flatten)]
        person: Person,
    },
    /// Texts go out again.
    Resume {
        /// Its id.
        id: CampaignId,
        /// Who does it.
        #[command(flatten)]
        person: Person,
    },
    /// No texts and no enrollment any more, for good. Who is in it leaves it.
    Deactivate {
        /// Its id.
        id: CampaignId,
        /// Who does it.
        #[command(flatten)]
        person: Person,
    },
}

/// Does it.
///
/// # Errors
/// When there is no such campaign, the file makes no sense, or the data cannot be reached.
pub async fn campaigns(target: &Target, command: &Command, out: &mut dyn Write) -> anyhow::Result<()> {
    run(&target.connect().await?, command, out).await
}

/// Does it there.
///
/// # Errors
/// As [`campaigns`].
pub async fn run(there: &Connection, command: &Command, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        Command::List { json } => list(there, *json, out).await,
        Command::Show { id } => {
            writeln!(out, "{}", serde_json::to_string_pretty(&one(there, id).await?)?)?;
            Ok(())
        }
        Command::Put { file, person } => put(there, read::json(file)?, person, out).await,
        Command::Pause { id, person } => set(there, id, CampaignStatus::Paused, person, out).await,
        Command::Resume { id, person } => set(there, id, CampaignStatus::Active, person, out).await,
        Command::Deactivate { id, person } => {
            set(there, id, CampaignStatus::Deactivated { at: there.now }, person, out).await
        }
    }
}

async fn list(there: &Connection, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let all = there.store.campaigns(&there.client).await?;
    let mut shown = table(["id", "name", "status", "version", "texts", "forms"]);
    for campaign in &all {
        if json {
            writeln!(out, "{}", serde_json::to_string(campaign)?)?;
            continue;
        }
        let forms: Vec<&str> = campaign.forms.iter().map(|rule| rule.form.as_str()).collect();
        shown.add_row([
            campaign.id.to_string(),
            campaign.name.clone(),
            status(&campaign.status),
            campaign.version.to_string(),
            campaign.messages.iter().filter(|step| step.active).count().to_string(),
            forms.join(" "),
        ]);
    }
    if !json {
        writeln!(out, "{shown}")?;
    }
    Ok(())
}

async fn one(there: &Connection, id: &CampaignId) -> anyhow::Result<Campaign> {
    let all = there.store.campaigns(&there.client).await?;
    let found = all.into_iter().find(|campaign| campaign.id == *id);
    found.with_context(|| format!("client {} has no campaign `{id}`", there.client))
}

/// Writes a campaign after it was checked, and says what that means for whom.
async fn put(there: &Connection, campaign: Campaign, person: &Person, out: &mut dyn Write) -> anyhow::Result<()> {
    let by = person.name()?;
    let all = there.store.campaigns(&there.client).await?;
    let standing = all.iter().find(|standing| standing.id == campaign.id);
    let campaign = campaign.replacing(standing)?;
    let problems: Vec<String> = campaign.problems().iter().map(ToString::to_string).collect();
    if !problems.is_empty() {
        bail!("campaign {} makes no sense: {}", campaign.id, problems.join("; "));
    }
    if standing == Some(&campaign) {
        writeln!(out, "Nothing was changed: campaign {} stands like this already.", campaign.id)?;
        return Ok(());
    }
    let client = there.store.client(&there.client).await??;
    let checks = check_campaign(&campaign, &client);
    for (step, text) in checks.iter().filter_map(|check| Some((check.step, check.text.as_ref()?))) {
        writeln!(out, "  step {step}: {} characters, {} segment(s)", text.characters, text.cost.count)?;
    }
    templates::findings("", &checks, out)?;
    if templates::errors(checks.iter()) > 0 {
        bail!("campaign {} was not written: its texts would not arrive", campaign.id);
    }
    let what = match standing {
        None => format!("Write the new campaign {}? It is active: its forms enroll from now on.", campaign.id),
        Some(old) if old.version == campaign.version => format!("Change campaign {}? Its texts stay.", campaign.id),
        Some(old) => format!(
            "Change campaign {}? Who enrolls from now on gets version {}; who is in it goes on with theirs (the last was {}).",
            campaign.id, campaign.version, old.version
        ),
    };
    person.agrees(&what)?;
    let stands = there.store.campaigns(&there.client).await?;
    if stands.iter().find(|stands| stands.id == campaign.id) != standing {
        bail!(
            "somebody else changed campaign {} meanwhile: nothing was written; look at it and do it again",
            campaign.id
        );
    }
    write_it(there, &campaign).await?;
    changed(there, &by, format!("campaign {}, version {}", campaign.id, campaign.version)).await?;
    writeln!(out, "Campaign {} is written, version {}.", campaign.id, campaign.version)?;
    Ok(())
}

async fn set(
    there: &Connection,
    id: &CampaignId,
    new: CampaignStatus,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let by = person.name()?;
    let campaign = one(there, id).await?;
    if campaign.status == new {
        writeln!(out, "Nothing was changed: campaign {id} is {} already.", status(&new))?;
        return Ok(());
    }
    if let CampaignStatus::Deactivated { at } = &campaign.status {
        bail!("campaign {id} was deactivated {}, which is for good", utc(*at));
    }
    if let CampaignStatus::Deactivated { .. } = &new {
        person.agrees(&format!("Deactivate campaign {id} for good? Who is in it gets no further text."))?;
    }
    // As it stands now, and not as it was before somebody was asked.
    let mut campaign = one(there, id).await?;
    if let CampaignStatus::Deactivated { .. } = &new {
        // Its forms are free for another campaign.
        campaign.forms.clear();
    }
    campaign.status = new;
    write_it(there, &campaign).await?;
    changed(there, &by, format!("campaign {id} is {}", status(&campaign.status))).await?;
    writeln!(out, "Campaign {id} is {}.", status(&campaign.status))?;
    Ok(())
}

async fn write_it(there: &Connection, campaign: &Campaign) -> anyhow::Result<()> {
    match there.store.put_campaign(&there.client, campaign).await {
        Err(StoreError::Conflict) => bail!(
            "campaign {} was not written: one of its forms is another campaign's, or somebody else wrote it just now",
            campaign.id
        ),
        written => Ok(written?),
    }
}

fn status(status: &CampaignStatus) -> String {
    match status {
        CampaignStatus::Active => "active".to_owned(),
        CampaignStatus::Paused => "paused".to_owned(),
        CampaignStatus::Deactivated { at } => format!("deactivated {}", utc(*at)),
    }
}
