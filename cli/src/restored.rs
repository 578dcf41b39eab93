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
        by_hand::ByHand,
        restored::{HOLD, Restoring, Stopped, Summary},
    },
    ports::{Directory, IdSource, SmsProvider},
    runtime::{RandomIds, Settings},
};
use serde_json::json;

use crate::{
    connect::{Place, Target},
    explain::{table, utc},
    person::{Person, told_here},
};

/// How often progress is said, in leads.
const EVERY: usize = 50;

/// Compares every client's leads, or one client's, with the provider's lists, and says that the table counts.
///
/// # Errors
/// When a client is not on hold as a copy, or something cannot be read. It can be called again, and goes on.
pub async fn restored(
    target: &Target,
    since: Instant,
    force: bool,
    person: &Person,
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
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
    let mut ready = Vec::new();
    for client in &clients {
        ready.push(on_hold(&place, client, force, &by).await?);
    }
    let mut failed = Vec::new();
    for client in &ready {
        match compare(&place, client, since, &provider, tenants).await {
            Ok(summary) => show(client, &summary, json, out)?,
            Err(error) => failed.push(format!("{}: {error:#}", client.id)),
        }
    }
    if !failed.is_empty() {
        bail!("{}. What was written is right; call it again to go on", failed.join("; "));
    }
    if !json {
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
    let person =
        ByHand { directory: store, leads: store, alerts: told_here(store), ids: &RandomIds, by, now: place.now };
    person.hold(id, "compared with the provider after a restore").await?;
    store.client(id).await?.with_context(|| format!("client {id}"))
}

async fn compare(
    place: &Place,
    client: &Client,
    since: Instant,
    provider: &dyn SmsProvider,
    tenants: Tenants,
) -> Result<Summary, Stopped> {
    let store = &place.store;
    let restoring = Restoring {
        directory: store,
        leads: store,
        due: store,
        alerts: told_here(store),
        provider,
        ids: &RandomIds,
        client,
        since,
        now: place.now,
        run: RunId(RandomIds.new_id(place.now)),
        tenants,
    };
    let mut progress = |done: usize, of: usize| {
        if done.is_multiple_of(EVERY) || done == of {
            eprintln!("{}: {done} of {of} leads", client.id);
        }
    };
    restoring.all(&mut progress).await
}

fn show(client: &Client, summary: &Summary, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    if json {
        let leads = summary.found.iter().map(
            |(id, found)| json!({ "lead": id, "texts": found.texts, "replies": found.replies, "review": found.review }),
        );
        let leads: Vec<_> = leads.collect();
        writeln!(out, "{}", json!({ "client": client.id, "leads": summary.leads, "found": leads }))?;
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
    Ok(())
}
