//! `leadline events`: raw events that made no sense, and having them worked on again.

use std::io::Write;

use anyhow::Context;
use chrono::TimeDelta;
use leadline::{
    domain::{
        event::{EventKey, EventState},
        ids::RunId,
    },
    flows::{record::Recorder, replay::Replay},
    ports::{Directory, EventStore, IdSource},
    runtime::RandomIds,
};

use crate::{
    connect::Target,
    explain::{table, utc},
    person::Person,
};

/// Most events that are listed.
const MOST: usize = 500;

/// What to do.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// List the events that made no sense, with the reason.
    List {
        /// How many days back.
        #[arg(long, default_value_t = 7)]
        days: u16,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Show an event as it came, and what came of it. It may hold names, numbers and words of people.
    Show {
        /// Its key, such as `kj:fs:2150000001`.
        key: String,
    },
    /// Have an event that made no sense worked on again by the next run, once a
    /// new release can read it.
    Replay {
        /// Its key.
        key: String,
        /// Who does it.
        #[command(flatten)]
        person: Person,
    },
}

/// Does it.
///
/// # Errors
/// When there is no such event, it was used before, or the data cannot be reached.
pub async fn events(target: &Target, command: &Command, out: &mut dyn Write) -> anyhow::Result<()> {
    let there = target.connect().await?;
    let store = &there.store;
    let client = store.client(&there.client).await??;
    let replay = Replay { events: store, journal: store };
    match command {
        Command::List { days, json } => {
            let from = there.now - TimeDelta::days(i64::from(*days));
            let unused = replay.unused(&client, from, there.now, MOST).await?;
            if *json {
                for one in &unused {
                    writeln!(out, "{}", serde_json::to_string(one)?)?;
                }
                return Ok(());
            }
            let mut shown = table(["when", "key", "why"]);
            for one in &unused {
                shown.add_row([utc(one.at), one.key.clone(), one.words.clone()]);
            }
            if !unused.is_empty() {
                writeln!(out, "{shown}")?;
            }
            writeln!(out, "{} event(s) of the last {days} day(s) that made no sense.", unused.len())?;
            if unused.len() == MOST {
                writeln!(out, "There may be more: only the first {MOST} are listed.")?;
            }
        }
        Command::Show { key } => {
            let event = store.event(&client.id, &EventKey(key.clone())).await?;
            let event = event.with_context(|| format!("client {} has no event `{key}`", client.id))?;
            let state = match &event.state {
                EventState::Received { due, tries } => format!("waits until {}, after {tries} tries", utc(*due)),
                EventState::Done { result } => result.clone(),
                EventState::Unusable { reason } => format!("made no sense: {reason}"),
            };
            writeln!(out, "{key}, received {}\n{state}\n", utc(event.received_at))?;
            if let Some(query) = &event.query {
                writeln!(out, "?{query}")?;
            }
            // What others wrote is shown as text: nothing in it moves the cursor.
            writeln!(out, "{}", event.body.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'"))?;
        }
        Command::Replay { key, person } => {
            let by = person.name()?;
            person.agrees(&format!("Have event `{key}` worked on again? Somebody may be texted by it."))?;
            let run = RunId(RandomIds.new_id(there.now));
            let recorder =
                Recorder { ids: &RandomIds, client: &client.id, test: client.in_test(), run, now: there.now };
            replay.again(&client, &EventKey(key.clone()), &by, &recorder).await?;
            writeln!(out, "The next run works on {key} again.")?;
        }
    }
    Ok(())
}
