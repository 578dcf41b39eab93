//! `leadline clients` and `leadline keys`: who is texted for, and what their own programs come in with.

use std::{io::Write, path::PathBuf};

use anyhow::bail;
use chrono::TimeDelta;
use leadline::{
    domain::{
        api_key::{ApiKey, Scope},
        client::{Client, SettingsProblem, TokenHash},
        document::differences,
        ids::RunId,
    },
    flows::{
        campaigns::{Actor, note},
        record::Recorder,
    },
    ports::{Directory, IdSource, StoreError},
    runtime::{RandomIds, new_secret},
};

use crate::{
    connect::{Connection, Place, Target},
    explain::{table, utc},
    person::Person,
    read, set,
};

/// What to do with clients.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Clients {
    /// List the clients.
    List {
        /// One JSON object a line: the settings.
        #[arg(long)]
        json: bool,
    },
    /// Print a client's settings as a file for `put`. It holds no secret but hashes.
    Show,
    /// Write a client's settings from a file: a new client, or in the place of those that stand. Whether it
    /// sends, its tokens and its keys stay as they stand. A new client gets a token for its Kajabi address, which is shown once.
    Put {
        /// The file.
        file: PathBuf,
        /// Who does it.
        #[command(flatten)]
        person: Person,
    },
    /// Change one setting, and show what changes: `set zone America/Chicago`, `set limits.per_hour 200`.
    Set {
        /// Which, by its path in the file that `show` prints.
        path: String,
        /// JSON or plain words. `null` takes the setting out.
        value: String,
        /// Who does it.
        #[command(flatten)]
        person: Person,
    },
    /// Make a new token for the client's Kajabi address (and SimpleTexting's), which is shown once. The one
    /// before counts too, until the next is made.
    Token {
        /// Those before stop counting at once: one of them leaked.
        #[arg(long)]
        only: bool,
        /// Who does it.
        #[command(flatten)]
        person: Person,
    },
}

/// What to do with API keys.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Keys {
    /// List the keys: names, what they open, when they end.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Make a key, which is shown once.
    Add {
        /// Who has it.
        name: String,
        /// What it opens.
        #[arg(long = "scope", required = true, value_parser = scope)]
        scopes: Vec<Scope>,
        /// After how many days it ends. Without it, never.
        #[arg(long)]
        days: Option<u16>,
        /// Who does it.
        #[command(flatten)]
        person: Person,
    },
    /// Take a key out: it opens nothing any more.
    Revoke {
        /// Whose.
        name: String,
        /// Who does it.
        #[command(flatten)]
        person: Person,
    },
}

fn scope(text: &str) -> Result<Scope, String> {
    serde_json::from_value(text.into()).map_err(|_| "there are: send, status, read, manage".to_owned())
}

/// Does what is to be done with clients.
///
/// # Errors
/// When the file makes no sense or the data cannot be reached.
pub async fn clients(target: &Target, command: &Clients, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        Clients::List { json } => list(&target.open().await?, *json, out).await,
        Clients::Show => {
            let there = target.connect().await?;
            let client = there.store.client(&there.client).await??;
            writeln!(out, "{}", serde_json::to_string_pretty(&client)?)?;
            Ok(())
        }
        Clients::Put { file, person } => {
            let new: Client = read::json(file)?;
            let place = target.open().await?;
            let there = Connection { store: place.store, now: place.now, client: new.id.clone() };
            put(&there, new, person, out).await
        }
        Clients::Set { path, value, person } => change(&target.connect().await?, path, value, person, out).await,
        Clients::Token { only, person } => {
            let there = target.connect().await?;
            let by = person.actor()?;
            let stands = there.store.client(&there.client).await??;
            let mut client = stands.clone();
            let token = new_secret();
            for hashes in [&mut client.kajabi.token_hashes, &mut client.simpletexting.token_hashes] {
                // Two count while the new one is rolled out.
                let kept = if *only { 0 } else { 1 };
                hashes.drain(..hashes.len().saturating_sub(kept));
                hashes.push(TokenHash::of(&token));
            }
            there.store.change_client(&stands, &client).await?;
            show_addresses(&client, &token, out)?;
            changed(&there, &by, "a new token".to_owned()).await
        }
    }
}

async fn list(place: &Place, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut shown = table(["id", "name", "mode", "zone", "sending", "texts by"]);
    for entry in place.store.clients().await? {
        match place.store.client(&entry.id).await? {
            Ok(client) if json => writeln!(out, "{}", serde_json::to_string(&client)?)?,
            Ok(client) => {
                let sending = if client.sending == leadline::domain::client::Sending::On { "on" } else { "on hold" };
                let provider = serde_json::to_value(&client.provider)?;
                let provider = provider.as_object().and_then(|named| named.keys().next().cloned());
                shown.add_row([
                    client.id.to_string(),
                    client.name.clone(),
                    client.mode.to_string(),
                    client.zone.to_string(),
                    sending.to_owned(),
                    provider.unwrap_or_default(),
                ]);
            }
            Err(problem) if json => {
                writeln!(out, "{}", serde_json::json!({"id": entry.id, "problem": problem.to_string()}))?
            }
            Err(problem) => {
                shown.add_row([
                    entry.id.to_string(),
                    problem.to_string(),
                    String::new(),
                    String::new(),
                    String::new(),
                    String::new(),
                ]);
            }
        }
    }
    if !json {
        writeln!(out, "{shown}")?;
    }
    Ok(())
}

/// Changes one setting.
///
/// # Errors
/// As [`clients`].
pub async fn change(
    there: &Connection,
    path: &str,
    value: &str,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let stands = there.store.client(&there.client).await??;
    let new = set::merged(&stands, path, value)?;
    for change in set::changes(&stands, &new)? {
        writeln!(out, "  {change}")?;
    }
    put(there, new, person, out).await
}

/// Writes a client's settings.
///
/// # Errors
/// As [`clients`].
pub async fn put(there: &Connection, mut new: Client, person: &Person, out: &mut dyn Write) -> anyhow::Result<()> {
    let by = person.actor()?;
    let standing = match there.store.client(&new.id).await? {
        Ok(standing) => Some(standing),
        Err(SettingsProblem::Missing) => None,
        Err(problem) => {
            writeln!(out, "The settings that stand cannot be read: {problem}")?;
            None
        }
    };
    new.since = new.since.or(standing.as_ref().and_then(|standing| standing.since)).or(Some(there.now));
    if let Some(standing) = &standing {
        // Tokens and keys have commands of their own: an older file does not bring back what was revoked.
        new.sending = standing.sending.clone();
        new.api_keys.clone_from(&standing.api_keys);
        new.kajabi.token_hashes.clone_from(&standing.kajabi.token_hashes);
        new.simpletexting.token_hashes.clone_from(&standing.simpletexting.token_hashes);
        let fields = differences(standing, &new);
        if fields.is_empty() {
            writeln!(out, "Nothing was changed: the settings stand like this already.")?;
            return Ok(());
        }
        person.agrees(&format!("Change {} of {}?", fields.join(", "), new.name))?;
        match there.store.change_client(standing, &new).await {
            Err(StoreError::Conflict) => {
                bail!("somebody else changed the settings meanwhile: nothing was written; look at them and do it again")
            }
            written => written?,
        }
        changed(there, &by, format!("settings: {}", fields.join(", "))).await?;
        writeln!(out, "The settings of {} are written.", new.id)?;
        return Ok(());
    }
    person.agrees(&format!("Write the new client {} ({}), {}?", new.id, new.name, new.mode))?;
    let token = new_secret();
    new.kajabi.token_hashes.push(TokenHash::of(&token));
    new.simpletexting.token_hashes.push(TokenHash::of(&token));
    there.store.put_client(&new).await?;
    changed(there, &by, "a new client".to_owned()).await?;
    writeln!(out, "Client {} is written. It has no campaign yet: `leadline campaigns put FILE`.", new.id)?;
    show_addresses(&new, &token, out)
}

/// Where others post to, after the base of the webhook: who, and the path. The token is in what cannot sign.
pub(crate) fn addresses(client: &Client, token: &str) -> Vec<(&'static str, String)> {
    use leadline::domain::client::ProviderSettings;
    let id = &client.id;
    let provider = match &client.provider {
        ProviderSettings::Twilio { .. } => ("Twilio", format!("/webhooks/twilio/{id}/inbound#rc=3&rp=ct,rt,5xx")),
        ProviderSettings::OpenPhone { .. } => ("OpenPhone", format!("/webhooks/openphone/{id}")),
        ProviderSettings::SimpleTexting { .. } => ("SimpleTexting", format!("/webhooks/simpletexting/{id}/{token}")),
    };
    vec![
        ("Kajabi", format!("/webhooks/kajabi/{id}/{token}")),
        provider,
        ("Calendly", format!("/webhooks/calendly/{id}")),
        ("Cal.com", format!("/webhooks/calcom/{id}")),
    ]
}

/// Shows the addresses, with a token that is shown now and never again.
fn show_addresses(client: &Client, token: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "\nAddresses, each after the base of the webhook (the stack's output, or a custom domain):")?;
    for (who, path) in addresses(client, token) {
        writeln!(out, "  {who:<13} {path}")?;
    }
    writeln!(out, "\nThe token is in the first address and nowhere else: keep it as a secret.")?;
    Ok(())
}

/// Does what is to be done with keys.
///
/// # Errors
/// When there is no such key, there is one of that name, or the data cannot be reached.
pub async fn keys(target: &Target, command: &Keys, out: &mut dyn Write) -> anyhow::Result<()> {
    run_keys(&target.connect().await?, command, out).await
}

/// Does it there.
///
/// # Errors
/// As [`keys`].
pub async fn run_keys(there: &Connection, command: &Keys, out: &mut dyn Write) -> anyhow::Result<()> {
    let stands = there.store.client(&there.client).await??;
    let mut client = stands.clone();
    match command {
        Keys::List { json: true } => {
            for key in &client.api_keys {
                let line = serde_json::json!({"name": key.name, "opens": key.scopes, "ends": key.expires_at});
                writeln!(out, "{line}")?;
            }
        }
        Keys::List { json: false } => {
            let mut shown = table(["name", "opens", "ends"]);
            for key in &client.api_keys {
                let scopes: Vec<String> = key.scopes.iter().map(|scope| format!("{scope:?}").to_lowercase()).collect();
                let ends = key.expires_at.map_or_else(|| "never".to_owned(), utc);
                shown.add_row([key.name.clone(), scopes.join(", "), ends]);
            }
            writeln!(out, "{shown}")?;
        }
        Keys::Add { name, scopes, days, person } => {
            let by = person.actor()?;
            if name.trim().is_empty() || client.api_keys.iter().any(|key| key.name == *name) {
                bail!("give the key a name that no other has");
            }
            let secret = new_secret();
            let expires_at = days.map(|days| there.now + TimeDelta::days(i64::from(days)));
            let (name, scopes) = (name.clone(), scopes.clone());
            client.api_keys.push(ApiKey { name: name.clone(), hash: TokenHash::of(&secret), scopes, expires_at });
            there.store.change_client(&stands, &client).await?;
            writeln!(out, "{}.{secret}\n\nThis is the key. It is shown now and never again.", client.id)?;
            changed(there, &by, format!("a key for {name}")).await?;
        }
        Keys::Revoke { name, person } => {
            let by = person.actor()?;
            let before = client.api_keys.len();
            client.api_keys.retain(|key| key.name != *name);
            if client.api_keys.len() == before {
                bail!("client {} has no key `{name}`", client.id);
            }
            there.store.change_client(&stands, &client).await?;
            changed(there, &by, format!("the key of {name} was revoked")).await?;
            writeln!(out, "The key of {name} opens nothing any more.")?;
        }
    }
    Ok(())
}

/// Records that an operator changed something.
pub(crate) async fn changed(there: &Connection, by: &Actor, what: String) -> anyhow::Result<()> {
    let run = RunId(RandomIds.new_id(there.now));
    let test = matches!(there.store.client(&there.client).await?, Ok(client) if client.in_test());
    let recorder = Recorder { ids: &RandomIds, client: &there.client, test, run, now: there.now };
    note(&there.store, &recorder, by, &what).await?;
    Ok(())
}
