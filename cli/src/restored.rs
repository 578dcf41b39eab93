//! `leadline restored`: after a restore, what the table does not know is learned from the provider.

use std::io::Write;

use anyhow::{Context, bail};
use leadline::{
    domain::{
        Instant,
        client::{Client, Sending},
        ids::{ClientId, RunId},
        tenants::Tenants,
    },
    flows::{
        by_hand::OperatorActions,
        erase::Erase,
        restored::{HOLD, RestoreReconciliation, Summary},
    },
    integrations,
    ports::{Directory, ErasureLedger, IdSource, SmsProvider},
    runtime::{RandomIds, Settings},
};
use serde_json::json;

use crate::{
    connect::{Place, Target},
    erase::ErasuresTable,
    explain::{table, utc},
    person::{Person, told_here},
};

/// What it is to do.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The moment that the table was restored to.
    pub since: Instant,
    /// Also for a table that is no copy under another name.
    pub force: bool,
    /// Only repeat the erasures, before anything is taken in by the table.
    pub erasures_only: bool,
    /// JSON instead of tables.
    pub json: bool,
}

/// How often progress is said, in leads.
const EVERY: usize = 50;

/// Compares every client's leads, or one client's, with the provider's lists, and says that the table counts.
///
/// # Errors
/// When a client is not on hold as a copy, or something cannot be read. It can be called again, and goes on.
pub async fn restored(
    target: &Target,
    erasures: &ErasuresTable,
    options: Options,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Options { since, force, erasures_only, json } = options;
    let by = person.name()?;
    let place = target.open().await?;
    if since >= place.now {
        bail!("--since {since} is not before {}", utc(place.now));
    }
    let clients = target.clients_in(&place.store).await?;
    if clients.is_empty() {
        bail!("there are no clients");
    }
    let mut environment = Settings::from_environment();
    let tenants = environment.tenants();
    environment.check()?;
    // Before anything is written: without it nothing can be compared.
    let provider = place.provider()?;
    // Nor without what was erased: whoever was would be back.
    let ledger = place.erasures(erasures.erasures_table.as_deref()).await?;
    let mut ready = Vec::new();
    for client in &clients {
        ready.push(on_hold(&place, client, force, &by).await?);
    }
    let mut failed = Vec::new();
    for client in &ready {
        let restoring = restoring(&place, client, since, (&provider, &ledger), tenants);
        let done = if erasures_only {
            let erased = restoring.erase_again().await;
            erased.map(|(erased, came_again)| Summary { erased, came_again, ..Summary::default() })
        } else {
            restoring.all(&mut progress(client)).await
        };
        match done {
            Ok(summary) => show(client, &summary, json, out)?,
            Err(error) => failed.push(format!("{}: {error:#}", client.id)),
        }
    }
    if !failed.is_empty() {
        bail!("{}. What was written is right; call it again to go on", failed.join("; "));
    }
    if !json && !erasures_only {
        writeln!(
            out,
            "\nThis table counts now. Sending is on hold: look with `leadline preview`, then `leadline resume`."
        )?;
    }
    Ok(())
}

/// The client, once it is sure that nothing is sent for it.
async fn on_hold(place: &Place, id: &ClientId, force: bool, by: &str) -> anyhow::Result<Client> {
    let store = &place.store;
    let client = store.client(id).await?.with_context(|| format!("client {id}"))?;
    let copy = store.copy_of(id).await?.is_some();
    let done = matches!(&client.sending, Sending::OnHold { reason, .. } if reason == HOLD);
    if copy || done {
        return Ok(client);
    }
    if !force {
        bail!(
            "client {id}: this table is no restored copy, so it knows whom it texted. If it was restored under its \
             own name, say --force"
        );
    }
    let person = OperatorActions {
        directory: store,
        leads: store,
        alerts: told_here(store),
        ids: &RandomIds,
        by,
        now: place.now,
    };
    person.hold(id, "compared with the provider after a restore").await?;
    store.client(id).await?.with_context(|| format!("client {id}"))
}

fn restoring<'a>(
    place: &'a Place,
    client: &'a Client,
    since: Instant,
    (provider, ledger): (&'a dyn SmsProvider, &'a dyn ErasureLedger),
    tenants: Tenants,
) -> RestoreReconciliation<'a> {
    let store = &place.store;
    RestoreReconciliation {
        directory: store,
        leads: store,
        due: store,
        alerts: told_here(store),
        erase: Erase::new(store, integrations::read, ledger),
        provider,
        ids: &RandomIds,
        client,
        since,
        now: place.now,
        run: RunId(RandomIds.new_id(place.now)),
        tenants,
    }
}

fn progress(client: &Client) -> impl FnMut(usize, usize) {
    move |done, of| {
        if done.is_multiple_of(EVERY) || done == of {
            eprintln!("{}: {done} of {of} leads", client.id);
        }
    }
}

fn show(client: &Client, summary: &Summary, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    if json {
        let leads = summary.found.iter().map(
            |(id, found)| json!({ "lead": id, "texts": found.texts, "replies": found.replies, "review": found.review }),
        );
        let leads: Vec<_> = leads.collect();
        writeln!(
            out,
            "{}",
            json!({ "client": client.id, "leads": summary.leads, "found": leads, "erased_again": summary.erased, "came_again": summary.came_again })
        )?;
        return Ok(());
    }
    let mut rows = table(["lead", "texts", "replies", "for review"]);
    for (id, found) in &summary.found {
        let review = found.review.clone().unwrap_or_default();
        rows.add_row([id.to_string(), found.texts.to_string(), found.replies.to_string(), review]);
    }
    writeln!(out, "{}: leads looked at: {}", client.id, summary.leads)?;
    if !summary.found.is_empty() {
        writeln!(out, "{rows}")?;
    }
    let texts: usize = summary.found.iter().map(|(_, found)| found.texts).sum();
    let replies: usize = summary.found.iter().map(|(_, found)| found.replies).sum();
    let review = summary.found.iter().filter(|(_, found)| found.review.is_some()).count();
    writeln!(out, "learned: texts {texts}, replies {replies}; put up for review: {review}")?;
    writeln!(out, "erasures since then that were repeated: {}", summary.erased)?;
    for id in &summary.came_again {
        writeln!(
            out,
            "lead {id} was erased, is back with this copy, and has given consent again since: it was left alone. Look at \
             it, and erase it by hand if that was not a new start."
        )?;
    }
    Ok(())
}
