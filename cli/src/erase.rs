//! `leadline erase`: a person's data goes, on their request.

use std::io::Write;

use anyhow::bail;
use leadline::{
    domain::ids::RunId,
    flows::{erase::Erase, record::Recorder},
    ports::{Directory, IdSource, StoreError},
    runtime::RandomIds,
};

use crate::{
    connect::{Connection, Target},
    explain::find,
    person::Person,
};

/// How often it is done again when something else was written in between.
const TRIES: usize = 5;

/// Erases a person.
///
/// # Errors
/// When there is no such lead, a text to it is on its way, or the data cannot be reached.
pub async fn erase(
    target: &Target,
    lead: &str,
    because: &str,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let by = person.name()?;
    if because.trim().is_empty() {
        bail!("say why: --because \"…\"");
    }
    let there = target.connect().await?;
    person.agrees(&format!(
        "Erase names, numbers, addresses, answers and words of `{lead}` at {}? It cannot be undone.",
        there.client
    ))?;
    let erased = run(&there, lead, because.trim(), &by).await?;
    writeln!(
        out,
        "Erased: {} raw event(s) and {} record(s) were emptied; name, number and address are gone.\n\
         What stays: when texts went out, under which consent and hours; and a no, with the number.",
        erased.events, erased.recorded
    )?;
    Ok(())
}

/// How much was emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// Raw events.
    pub events: usize,
    /// Audit events.
    pub recorded: usize,
}

/// Erases a person, and gives how much was emptied.
///
/// # Errors
/// As [`erase`].
pub async fn run(there: &Connection, lead: &str, because: &str, by: &str) -> anyhow::Result<Erased> {
    let store = &there.store;
    let client = store.client(&there.client).await??;
    let id = find(store, &client, lead).await?.lead.id;
    let run = RunId(RandomIds.new_id(there.now));
    let recorder = Recorder { ids: &RandomIds, client: &client.id, test: client.in_test(), run, now: there.now };
    let erase = Erase { leads: store, events: store, journal: store };
    for _ in 0..TRIES {
        let mut emptied = erase.empty(&client, id, &recorder).await?;
        emptied.audit = emptied.audit.because("request", format!("by {by}: {because}"));
        match store.erase(&emptied).await {
            Ok(()) => return Ok(Erased { events: emptied.events, recorded: emptied.recorded }),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bail!("the lead changed each time it was read; try again")
}
