//! `leadline sweep`: finds sequences that should have ended and counters that are off, and mends them.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use leadline::{
    domain::batch_job::{BatchJob, Tally},
    flows::{
        lead_scan::{Found, LeadScan},
        sweep::{Recounted, SWEEP, Sweep, recount},
    },
    ports::{AttentionList, BatchJobs, Census, Directory},
};
use serde_json::json;

use crate::{
    connect::{Connection, Target},
    explain::{table, utc},
    person::Person,
};

/// How to go about it.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Options {
    /// Only say what would be mended. Nothing is written.
    #[arg(long)]
    pub dry_run: bool,
    /// Begin at the beginning, even if a sweep was left before its end.
    #[arg(long)]
    pub restart: bool,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
}

/// Sweeps.
///
/// # Errors
/// When the data cannot be reached. What was done stays done, and the next sweep goes on from there.
pub async fn sweep(
    target: &Target,
    options: Options,
    person: &Person,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    run(&target.connect().await?, options, person, out).await
}

/// Sweeps there.
///
/// # Errors
/// As [`sweep`].
pub async fn run(
    there: &Connection,
    options: Options,
    person: &Person,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let Options { dry_run, restart, json } = options;
    let by = person.name()?;
    let store = &there.store;
    let client = store.client(&there.client).await??;
    if !dry_run {
        person.agrees("Sequences that should have ended are ended, and counters that are off set right. Go on?")?;
    }
    let recorder = there.recorder(client.in_test());
    let campaigns: BTreeMap<_, _> =
        store.campaigns(&client.id).await?.into_iter().map(|campaign| (campaign.id, campaign.status)).collect();
    let walks: Option<&dyn BatchJobs> = if dry_run { None } else { Some(store) };
    let walking = LeadScan { census: store, leads: store, walks, journal: store, name: SWEEP };
    let walk = match walking.left(&client.id).await? {
        Some(left) if !restart => {
            eprintln!("goes on where a sweep of {} was left, after {} leads", utc(left.began_at), left.looked_at);
            left
        }
        _ => {
            let mut walk = BatchJob::new(recorder.run, &by, there.now);
            for campaign in campaigns.keys() {
                walk.counted_before.insert(campaign.clone(), store.counts(&client.id, campaign).await?);
            }
            walk
        }
    };
    let listed = store.waiting(&client.id, usize::MAX).await?.into_iter().map(|waiting| waiting.lead).collect();
    let sweep = Sweep::new(store, store, &campaigns, listed, dry_run, recorder);
    let mut told = Ok(());
    let mut tell = |walk: &BatchJob, found: &[Found]| {
        if told.is_ok() {
            told = found.iter().try_for_each(|one| show(one, json, out));
        }
        tracing::info!(leads = walk.looked_at, "swept");
    };
    let mut walk = walking.go(walk, &sweep, &recorder, &mut tell).await?;
    told?;
    let counted: BTreeSet<_> = campaigns.keys().chain(walk.recount.keys()).collect();
    let recounted = recount(store, &walk, counted, dry_run, &recorder).await?;
    for campaign in &recounted {
        if let Some(people) = campaign.people.as_ref().filter(|people| !people.agrees(&campaign.counters)) {
            walk.found("counters", campaign.mended);
            tracing::debug!(campaign = %campaign.campaign, ?people, "counters were off");
        }
    }
    walking.end(&mut walk, &recorder).await?;
    summary(&walk, &recounted, json, out)
}

fn show(found: &Found, json: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let Found { lead, code, words, mended } = found;
    if json {
        return writeln!(out, "{}", json!({"lead": lead, "found": code, "words": words, "mended": mended}));
    }
    writeln!(out, "{lead}  {words}{}", if *mended { "; ended" } else { "" })
}

fn summary(walk: &BatchJob, recounted: &[Recounted], json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    if json {
        let campaigns: Vec<_> = recounted
            .iter()
            .map(|of| json!({"campaign": of.campaign, "counters": of.counters, "people": of.people, "mended": of.mended}))
            .collect();
        writeln!(out, "{}", json!({"walk": walk, "campaigns": campaigns}))?;
        return Ok(());
    }
    writeln!(out, "{} leads looked at, {} errors", walk.looked_at, walk.errors_in_all)?;
    for error in &walk.errors {
        writeln!(out, "  {error}")?;
    }
    for (code, Tally { found, mended }) in &walk.found {
        writeln!(out, "  {found} {code}, {mended} mended")?;
    }
    let mut shown = table(["campaign", "entered", "in it", "left", "counters"]);
    for of in recounted {
        let counts = of.people.as_ref().unwrap_or(&of.counters);
        let says = match &of.people {
            None => "moved meanwhile, or not all was read: not compared".to_owned(),
            Some(people) if people.agrees(&of.counters) => "right".to_owned(),
            Some(_) if of.mended => format!("said {} in it, set right", of.counters.active()),
            Some(_) => format!("say {} in it", of.counters.active()),
        };
        let left: Vec<String> = counts.ended.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        shown.add_row([
            of.campaign.to_string(),
            counts.enrolled.to_string(),
            counts.active().to_string(),
            left.join(", "),
            says,
        ]);
    }
    writeln!(out, "{shown}")?;
    Ok(())
}
