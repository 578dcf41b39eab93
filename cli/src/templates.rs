//! `leadline templates`: every text of every campaign, checked, and as one lead would get it.

use std::{io::Write, path::PathBuf};

use anyhow::{Context, bail};
use leadline::{
    domain::{
        campaign::Campaign,
        client::Client,
        decide::rendered,
        ids::{CampaignId, EnrollmentId},
        lead::{Enrollment, Waits},
        segments::{self, Encoding},
        template_check::{Finding, StepCheck, check_campaign},
    },
    ports::{Directory, StoredLead},
};
use serde_json::json;

use crate::{
    connect::{Connection, Target},
    explain::{find, table},
    read,
};

/// What to do with texts.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// List every text: its characters, what it costs, what makes it Unicode, and what was found.
    List {
        /// One campaign only.
        #[arg(long)]
        campaign: Option<CampaignId>,
        /// One JSON object a line, with the texts.
        #[arg(long)]
        json: bool,
    },
    /// Say what is wrong with texts, or worth a look. Fails if anything is wrong.
    Check {
        /// One campaign only.
        #[arg(long, conflicts_with = "file")]
        campaign: Option<CampaignId>,
        /// A campaign that is not written yet, as a file for `leadline campaigns put`.
        #[arg(long)]
        file: Option<PathBuf>,
        /// One JSON object a line, with the texts.
        #[arg(long)]
        json: bool,
    },
    /// Print a text as one lead would get it.
    Preview {
        /// The campaign.
        campaign: CampaignId,
        /// The step.
        step: u16,
        /// The lead: its id, its phone number or its email address.
        lead: String,
        /// JSON instead of words.
        #[arg(long)]
        json: bool,
    },
}

/// Does what is asked.
///
/// # Errors
/// When a text has an error, there is no such campaign, step or lead, or the data cannot be reached.
pub async fn templates(target: &Target, command: &Command, out: &mut dyn Write) -> anyhow::Result<()> {
    run(&target.connect().await?, command, out).await
}

/// Does it there.
///
/// # Errors
/// As [`templates`].
pub async fn run(there: &Connection, command: &Command, out: &mut dyn Write) -> anyhow::Result<()> {
    let client = there.store.client(&there.client).await??;
    match command {
        Command::List { campaign, json } => {
            list(&checked(there, &client, campaign.as_ref()).await?, *json, out)?;
            Ok(())
        }
        Command::Check { campaign, file, json } => {
            let all = match file {
                Some(file) => {
                    let campaign: Campaign = read::json(file)?;
                    vec![(campaign.id.clone(), check_campaign(&campaign, &client))]
                }
                None => checked(there, &client, campaign.as_ref()).await?,
            };
            list(&all, *json, out)?;
            if !json {
                for (campaign, steps) in &all {
                    findings(&format!("{campaign}, "), steps, out)?;
                }
            }
            match errors(all.iter().flat_map(|(_, steps)| steps)) {
                0 => Ok(()),
                some => bail!("{some} error(s): texts that are like this do not arrive"),
            }
        }
        Command::Preview { campaign, step, lead, json } => {
            let stored = find(&there.store, &client, lead).await?;
            let campaigns = there.store.campaigns(&there.client).await?;
            let found = campaigns.iter().find(|found| found.id == *campaign);
            let campaign = found.with_context(|| format!("client {} has no campaign `{campaign}`", client.id))?;
            preview(campaign, *step, &client, &stored, *json, out)
        }
    }
}

/// The campaigns with what was found out about their texts.
type Checked = Vec<(CampaignId, Vec<StepCheck>)>;

async fn checked(there: &Connection, client: &Client, only: Option<&CampaignId>) -> anyhow::Result<Checked> {
    let mut all = there.store.campaigns(&there.client).await?;
    if let Some(only) = only {
        all.retain(|campaign| campaign.id == *only);
        if all.is_empty() {
            bail!("client {} has no campaign `{only}`", client.id);
        }
    }
    Ok(all.into_iter().map(|campaign| (campaign.id.clone(), check_campaign(&campaign, client))).collect())
}

fn list(all: &Checked, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut shown = table(["campaign", "step", "characters", "segments", "encoding", "odd", "found"]);
    for (campaign, steps) in all {
        for check in steps {
            if json {
                let line = json!({
                    "campaign": campaign, "step": check.step, "by_default": check.by_default, "text": check.text,
                    "findings": check.findings(),
                });
                writeln!(out, "{line}")?;
                continue;
            }
            let found: Vec<String> = check.findings().iter().map(Finding::named).collect();
            let Some(text) = &check.text else {
                let none = String::new;
                shown.add_row([
                    campaign.to_string(),
                    check.step.to_string(),
                    none(),
                    none(),
                    none(),
                    none(),
                    found.join(", "),
                ]);
                continue;
            };
            let cost = match (text.cost.count, text.cost_at_most.count) {
                (usual, most) if usual == most => usual.to_string(),
                (usual, most) => format!("{usual} to {most}"),
            };
            shown.add_row([
                campaign.to_string(),
                check.step.to_string(),
                text.characters.to_string(),
                cost,
                encoding(text.cost.encoding).to_owned(),
                text.unicode.map(|odd| format!("U+{:04X}", u32::from(odd))).unwrap_or_default(),
                found.join(", "),
            ]);
        }
    }
    if !json {
        writeln!(out, "{shown}")?;
    }
    Ok(())
}

fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gsm7 => "GSM-7",
        Encoding::Ucs2 => "Unicode",
    }
}

/// Prints what was found, a line each.
pub(crate) fn findings(of: &str, steps: &[StepCheck], out: &mut dyn Write) -> anyhow::Result<()> {
    for check in steps {
        for finding in check.findings() {
            let bad = if finding.is_error() { "ERROR" } else { "warning" };
            writeln!(out, "  {of}step {}: {bad}: {}", check.step, finding.words)?;
        }
    }
    Ok(())
}

/// How many errors there are.
pub(crate) fn errors<'a>(steps: impl Iterator<Item = &'a StepCheck>) -> usize {
    steps.map(|check| check.findings().iter().filter(|found| found.is_error()).count()).sum()
}

/// Renders a text by the same code as the decision to send it.
fn preview(
    campaign: &Campaign,
    step: u16,
    client: &Client,
    stored: &StoredLead,
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let plan = campaign.plan();
    if plan.step(step).is_none() {
        let steps: Vec<String> = plan.messages.iter().map(|step| step.step.to_string()).collect();
        bail!("campaign {} has no step {step}; there are: {}", campaign.id, steps.join(", "));
    }
    let live = stored.lead.enrollments.iter().find(|live| live.campaign == campaign.id);
    let enrollment = Enrollment {
        id: EnrollmentId(stored.lead.id.0),
        campaign: campaign.id.clone(),
        version: plan.version,
        step,
        imported_at: stored.profile.created_at,
        waits: Waits::Until(stored.profile.created_at),
        sent: 0,
        last_sent_at: None,
        counts_from: None,
        message: live.and_then(|live| live.message.clone()),
        parked: false,
    };
    let text = match rendered(&plan, &enrollment, client, &stored.profile) {
        Some(Ok(text)) => text,
        Some(Err(why)) => bail!("lead {} would not get it: {why}", stored.lead.id),
        None => bail!("step {step} of campaign {} has no text, and the client no default text", campaign.id),
    };
    let cost = segments::count(&text);
    let pinned = live.filter(|live| live.version != plan.version).map(|live| live.version);
    if json {
        let line = json!({
            "lead": stored.lead.id, "campaign": campaign.id, "step": step, "version": plan.version,
            "pinned_to": pinned, "text": text, "characters": text.chars().count(), "cost": cost,
        });
        writeln!(out, "{line}")?;
        return Ok(());
    }
    writeln!(out, "{text}")?;
    writeln!(
        out,
        "\n{} characters, {} segment(s), {}. Version {} of {}.",
        text.chars().count(),
        cost.count,
        encoding(cost.encoding),
        plan.version,
        campaign.id
    )?;
    if let Some(pinned) = pinned {
        writeln!(out, "This lead is in the campaign since version {pinned}, and goes on with the texts of that one.")?;
    }
    Ok(())
}
