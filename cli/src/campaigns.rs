//! `leadline campaigns`: a client's campaigns, as files.

use std::{io::Write, path::PathBuf};

use anyhow::{Context, bail};
use leadline::{
    domain::{
        campaign::{Campaign, CampaignStatus},
        ids::{CampaignId, RunId},
        template_check::check_campaign,
    },
    flows::{
        campaigns::{Campaigns, Prepared, Turn},
        record::Recorder,
    },
    ports::{Directory, IdSource},
    runtime::RandomIds,
};

use crate::{
    connect::{Connection, Target},
    explain::{table, utc},
    person::Person,
    read, templates,
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
            let all = there.store.campaigns(&there.client).await?;
            let found = all.into_iter().find(|campaign| campaign.id == *id);
            let found = found.with_context(|| format!("client {} has no campaign `{id}`", there.client))?;
            writeln!(out, "{}", serde_json::to_string_pretty(&found)?)?;
            Ok(())
        }
        Command::Put { file, person } => put(there, read::json(file)?, person, out).await,
        Command::Pause { id, person } => set(there, id, Turn::Pause, person, out).await,
        Command::Resume { id, person } => set(there, id, Turn::Resume, person, out).await,
        Command::Deactivate { id, person } => set(there, id, Turn::Deactivate, person, out).await,
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

/// Does something with the client's campaigns, as this person.
async fn at_work<T>(
    there: &Connection,
    person: &Person,
    work: impl AsyncFnOnce(Campaigns<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let actor = person.actor()?;
    let test = matches!(there.store.client(&there.client).await?, Ok(client) if client.in_test());
    let run = RunId(RandomIds.new_id(there.now));
    let recorder = Recorder { ids: &RandomIds, client: &there.client, test, run, now: there.now };
    work(Campaigns { directory: &there.store, journal: &there.store, recorder, actor: &actor }).await
}

/// Writes a campaign after it was checked, and says what that means for whom.
async fn put(there: &Connection, campaign: Campaign, person: &Person, out: &mut dyn Write) -> anyhow::Result<()> {
    at_work(there, person, async |campaigns| {
        let prepared = campaigns.prepare(campaign).await?;
        let Prepared { old, new: campaign } = &prepared;
        if !prepared.changes() {
            writeln!(out, "Nothing was changed: campaign {} stands like this already.", campaign.id)?;
            return Ok(());
        }
        let client = there.store.client(&there.client).await??;
        let checks = check_campaign(campaign, &client);
        for (step, text) in checks.iter().filter_map(|check| Some((check.step, check.text.as_ref()?))) {
            writeln!(out, "  step {step}: {} characters, {} segment(s)", text.characters, text.cost.count)?;
        }
        templates::findings("", &checks, out)?;
        if templates::errors(checks.iter()) > 0 {
            bail!("campaign {} was not written: its texts would not arrive", campaign.id);
        }
        person.agrees(&match old {
            None => format!("Write the new campaign {}? It is active: its forms enroll from now on.", campaign.id),
            Some(old) if old.version == campaign.version => format!("Change campaign {}? Its texts stay.", campaign.id),
            Some(old) => format!(
                "Change campaign {}? Who enrolls from now on gets version {}; who is in it goes on with theirs (the last was {}).",
                campaign.id, campaign.version, old.version
            ),
        })?;
        campaigns.write(&prepared).await?;
        writeln!(out, "Campaign {} is written, version {}.", campaign.id, campaign.version)?;
        Ok(())
    })
    .await
}

async fn set(
    there: &Connection,
    id: &CampaignId,
    turn: Turn,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    at_work(there, person, async |campaigns| {
        let stands = campaigns.find(id).await?.status;
        if turn == Turn::Deactivate && !matches!(stands, CampaignStatus::Deactivated { .. }) {
            person.agrees(&format!("Deactivate campaign {id} for good? Who is in it gets no further text."))?;
        }
        let became = campaigns.turn(id, turn).await?;
        let now = status(&became.campaign.status);
        if became.changed {
            writeln!(out, "Campaign {id} is {now}.")?;
        } else {
            writeln!(out, "Nothing was changed: campaign {id} is {now} already.")?;
        }
        Ok(())
    })
    .await
}

fn status(status: &CampaignStatus) -> String {
    match status {
        CampaignStatus::Active => "active".to_owned(),
        CampaignStatus::Paused => "paused".to_owned(),
        CampaignStatus::Deactivated { at } => format!("deactivated {}", utc(*at)),
    }
}
