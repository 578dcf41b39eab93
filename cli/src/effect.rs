//! What a change of a campaign would do today, and moving its people to the newest version.

use std::{io::Write, path::PathBuf};

use leadline::{
    domain::{
        batch_job::{BatchJob, Tally},
        campaign::Campaign,
        ids::CampaignId,
    },
    flows::{
        effect::{Day, Effect, Effects, Intended, MOST_LEADS},
        lead_scan::{Found, LeadScan},
        newest::{self, Move},
    },
    ports::{BatchJobs, Directory},
};
use serde_json::json;

use crate::{
    connect::Connection,
    explain::{table, utc},
    person::Person,
    read,
};

/// Which change.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// It is paused.
    #[arg(long)]
    pub pause: bool,
    /// It is resumed, or begins.
    #[arg(long)]
    pub resume: bool,
    /// It is deactivated.
    #[arg(long)]
    pub deactivate: bool,
    /// Everybody who is in it is moved to its newest version.
    #[arg(long = "move")]
    pub moved: bool,
    /// It is written anew from this file.
    #[arg(long, value_name = "FILE")]
    pub put: Option<PathBuf>,
}

impl Which {
    fn intended(&self, standing: &Campaign) -> anyhow::Result<Intended> {
        Ok(match self {
            Self { put: Some(file), .. } => {
                let new: Campaign = read::json(file)?;
                Intended::Change(Box::new(new.replacing(Some(standing))?))
            }
            Self { pause: true, .. } => Intended::Pause,
            Self { resume: true, .. } => Intended::Resume,
            Self { deactivate: true, .. } => Intended::Deactivate,
            Self { .. } => Intended::MoveToNewest,
        })
    }
}

/// Prints what a change would do.
///
/// # Errors
/// When the file makes no sense, or the data cannot be reached.
pub async fn show(
    there: &Connection,
    campaign: &Campaign,
    which: &Which,
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let effect = look(there, campaign, &which.intended(campaign)?).await?;
    if json {
        writeln!(out, "{}", serde_json::to_string(&effect)?)?;
        return Ok(());
    }
    told(there, &effect, out).await
}

/// What a change would do.
///
/// # Errors
/// When the data cannot be reached.
pub async fn look(there: &Connection, campaign: &Campaign, intended: &Intended) -> anyhow::Result<Effect> {
    let store = &there.store;
    let client = store.client(&there.client).await??;
    let recorder = there.recorder(client.in_test());
    let effects = Effects { directory: store, leads: store, due: store, census: store, recorder, most: MOST_LEADS };
    Ok(effects.of(&client, campaign, intended).await?)
}

/// Prints an effect.
///
/// # Errors
/// When the data cannot be reached.
pub async fn told(there: &Connection, effect: &Effect, out: &mut dyn Write) -> anyhow::Result<()> {
    let client = there.store.client(&there.client).await??;
    let Effect { people, looked_at, affected, before, after, .. } = effect;
    writeln!(out, "{people} in it; {looked_at} due today or waiting for it; {affected} would go on otherwise.")?;
    let mut shown = table(["until midnight", "as it stands", "then"]);
    let row = |name: &str, of: fn(&Day) -> usize| [name.to_owned(), of(before).to_string(), of(after).to_string()];
    shown.add_row(row("texts", |day| day.texts));
    shown.add_row(row("segments", |day| day.segments));
    shown.add_row(row("texts over the limit, on another day", |day| day.later));
    for outcome in before.ends.keys().chain(after.ends.keys()).collect::<std::collections::BTreeSet<_>>() {
        let count = |day: &Day| day.ends.get(outcome).copied().unwrap_or_default().to_string();
        shown.add_row([format!("end, {outcome}"), count(before), count(after)]);
    }
    writeln!(out, "{shown}")?;
    if !after.by_hour.is_empty() {
        let hours: Vec<String> = after
            .by_hour
            .iter()
            .map(|hour| format!("{} {}", hour.from.with_timezone(&client.zone).format("%H:%M"), hour.texts))
            .collect();
        writeln!(out, "Then by the hour ({}): {}", client.zone, hours.join(", "))?;
    }
    writeln!(out, "If every text is accepted and nobody replies. Nothing was written.")?;
    if !effect.complete {
        writeln!(out, "There are more people than were looked at: these are the first of the day.")?;
    }
    Ok(())
}

/// Moves everybody who is in a campaign to its newest version.
///
/// # Errors
/// When the data cannot be reached. Who was moved is, and the next call goes on from there.
pub async fn move_all(
    there: &Connection,
    campaign: &Campaign,
    (dry_run, json): (bool, bool),
    person: &Person,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let by = person.name()?;
    let store = &there.store;
    let client = store.client(&there.client).await??;
    if !dry_run {
        let effect = look(there, campaign, &Intended::MoveToNewest).await?;
        told(there, &effect, out).await?;
        person.agrees(&format!("Move everybody who is in {} to version {}?", campaign.id, campaign.version))?;
    }
    let recorder = there.recorder(client.in_test());
    let name = newest::name(&campaign.id, campaign.version);
    let walks: Option<&dyn BatchJobs> = if dry_run { None } else { Some(store) };
    let walking = LeadScan { census: store, leads: store, walks, journal: store, name: &name };
    let left = walking.left(&client.id).await?;
    if let Some(left) = &left {
        eprintln!("goes on where a move of {} was left, after {} leads", utc(left.began_at), left.looked_at);
    }
    let walk = left.unwrap_or_else(|| BatchJob::new(recorder.run, &by, there.now));
    let visit = Move { leads: store, campaign: campaign.id.clone(), plan: campaign.plan(), dry_run, by, recorder };
    let mut told = Ok(());
    let mut tell = |_: &BatchJob, found: &[Found]| {
        if told.is_ok() {
            told = found.iter().try_for_each(|Found { lead, code, words, .. }| match json {
                true => writeln!(out, "{}", json!({"lead": lead, "found": code, "words": words})),
                false => writeln!(out, "{lead}  {words}"),
            });
        }
    };
    let mut walk = walking.go(walk, &visit, &recorder, &mut tell).await?;
    told?;
    walking.end(&mut walk, &recorder).await?;
    if json {
        writeln!(out, "{}", json!({"walk": walk}))?;
        return Ok(());
    }
    let count = |code: &str| walk.found.get(code).map_or(0, |tally: &Tally| tally.found);
    let would = if dry_run { "would be" } else { "were" };
    writeln!(
        out,
        "{} leads looked at: {} {would} moved, {} {would} at the end, {} have a text on its way; {} errors",
        walk.looked_at,
        count("moved"),
        count("ended"),
        count("on_its_way"),
        walk.errors_in_all
    )?;
    for error in &walk.errors {
        writeln!(out, "  {error}")?;
    }
    Ok(())
}

/// The campaign of a client.
///
/// # Errors
/// When there is none.
pub async fn one(there: &Connection, id: &CampaignId) -> anyhow::Result<Campaign> {
    use anyhow::Context;
    let all = there.store.campaigns(&there.client).await?;
    let found = all.into_iter().find(|campaign| campaign.id == *id);
    found.with_context(|| format!("client {} has no campaign `{id}`", there.client))
}
