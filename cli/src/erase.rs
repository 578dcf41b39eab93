//! `leadline erase`: a person's data goes, on their request.

use std::io::Write;

use anyhow::bail;
use leadline::{
    domain::ids::RunId,
    flows::{
        erase::{Erase, Erased, Request},
        record::Recorder,
    },
    integrations,
    ports::{Directory, ErasureLedger, IdSource},
    runtime::{RandomIds, new_secret},
};

use crate::{
    connect::{Connection, Target},
    explain::find,
    person::Person,
};

/// Where erasures are remembered. The local run says it by itself.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ErasuresTable {
    /// The table that remembers erasures: the stack's output `ErasuresTableName`. Else `LEADLINE_ERASURES_TABLE` says it.
    #[arg(long, value_name = "TABLE")]
    pub erasures_table: Option<String>,
}

/// What is to be erased, and how it is told.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The lead: its id, its phone number or its email address.
    pub lead: &'a str,
    /// Why, for the audit.
    pub because: &'a str,
    /// JSON instead of words.
    pub json: bool,
}

/// Erases a person.
///
/// # Errors
/// When there is no such lead, a text to it is on its way, or the data or the table that remembers erasures cannot be
/// reached.
pub async fn erase(
    target: &Target,
    erasures: &ErasuresTable,
    options: Options<'_>,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Options { lead, because, json } = options;
    let by = person.name()?;
    if because.trim().is_empty() {
        bail!("say why: --because \"…\"");
    }
    let place = target.open().await?;
    let client = target.client_in(&place.store).await?;
    let ledger = place.erasures(erasures.erasures_table.as_deref()).await?;
    person.agrees(&format!(
        "Erase names, numbers, addresses, answers and words of `{lead}` at {client}? It cannot be undone."
    ))?;
    let conn = Connection { store: place.store, now: place.now, client };
    let erased = run(&conn, &ledger, lead, because.trim(), &by).await?;
    show(&erased, json, out)
}

/// Erases a person, and gives what was searched and emptied.
///
/// # Errors
/// As [`erase`].
pub async fn run(
    conn: &Connection,
    ledger: &dyn ErasureLedger,
    lead: &str,
    because: &str,
    by: &str,
) -> anyhow::Result<Erased> {
    let store = &conn.store;
    let client = store.client(&conn.client).await??;
    let id = find(store, &client, lead).await?.lead.id;
    let run = RunId(RandomIds.new_id(conn.now));
    let recorder = Recorder { ids: &RandomIds, client: &client.id, test: client.in_test(), run, now: conn.now };
    let erase = Erase::new(store, integrations::read, ledger);
    let salt = new_secret();
    Ok(erase.person(&client, Request { lead: id, by, because, salt: &salt }, &recorder).await?)
}

fn show(erased: &Erased, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    if json {
        writeln!(out, "{}", serde_json::to_string(erased)?)?;
        return Ok(());
    }
    let Erased { days, records_searched, records_emptied, events_searched, events_emptied, .. } = erased;
    writeln!(out, "Erased. Name, numbers, addresses and answers are gone.")?;
    writeln!(out, "  days searched:    {days}")?;
    writeln!(out, "  audit records:    {records_searched} searched, {records_emptied} emptied")?;
    let redacted = match erased.events_redacted {
        0 => String::new(),
        some => format!(", {some} of other leads without this person's number and address"),
    };
    writeln!(out, "  raw events:       {events_searched} searched, {events_emptied} emptied{redacted}")?;
    writeln!(out, "  phone numbers:    {}", erased.numbers)?;
    writeln!(out, "  email addresses:  {}", erased.addresses)?;
    writeln!(out, "  opt-outs that stay with their number, without words: {}", erased.opt_outs)?;
    if !erased.other_leads.is_empty() {
        let ids: Vec<String> = erased.other_leads.iter().map(ToString::to_string).collect();
        writeln!(
            out,
            "Other leads came in with the same number or address, and were not erased: {}. If they are the same person, \
             erase them as well.",
            ids.join(", ")
        )?;
    }
    writeln!(out, "What stays: when texts went out, under which consent and hours; and an opt-out, with its number.")?;
    Ok(())
}
