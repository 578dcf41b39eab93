//! `leadline opt-outs`: the list of a client's opt-outs, and what a person writes into it.

use std::io::Write;

use anyhow::{Context, bail};
use clap::Subcommand;
use leadline::{
    domain::{client::Client, contact_status::ListedOptOut, phone::PhoneNumber},
    flows::by_hand::{OperatorActions, Recorded},
    ports::{Directory, OptOuts},
    runtime::RandomIds,
};
use serde_json::json;

use crate::{
    connect::{Connection, Target},
    explain::{table, utc},
    person::{Person, told_here},
};

/// What is to be done with the opt-outs.
#[derive(Debug, Clone, Subcommand)]
pub enum OptOutsCommand {
    /// List every number that has opted out, with when and how, and whether it stands.
    #[command(after_help = "Example: leadline opt-outs list --client acme")]
    List {
        /// Only those that stand.
        #[arg(long)]
        standing: bool,
        /// One JSON object a line, with whole numbers and words, instead of a table.
        #[arg(long)]
        json: bool,
        /// Which clients.
        #[command(flatten)]
        target: Target,
    },
    /// Write down that somebody has opted out, however they said it: a call, an email, a letter.
    #[command(after_help = "Example: leadline opt-outs add '(305) 555-0123' --reason \"asked by phone\"")]
    Add {
        /// The number.
        phone: String,
        /// How and when they said it.
        #[arg(long)]
        reason: String,
        /// Who does it.
        #[command(flatten)]
        person: Person,
        /// Which client.
        #[command(flatten)]
        target: Target,
    },
    /// Take an opt-out back, only on the person's own request. It resumes and enrolls nothing.
    #[command(
        after_help = "Example: leadline opt-outs lift '(305) 555-0123' --reason \"wants texts again\" --proof \"email of 3 March, ticket 812\""
    )]
    Lift {
        /// The number.
        phone: String,
        /// What the person asked for.
        #[arg(long)]
        reason: String,
        /// What proves that the person asked for it, and where it is kept.
        #[arg(long)]
        proof: String,
        /// Who does it.
        #[command(flatten)]
        person: Person,
        /// Which client.
        #[command(flatten)]
        target: Target,
    },
}

/// Does what is asked.
///
/// # Errors
/// When it may not be done, or the data cannot be reached.
pub async fn run(command: &OptOutsCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        OptOutsCommand::List { standing, json, target } => list(target, *standing, *json, out).await,
        OptOutsCommand::Add { phone, reason, person, target } => add(target, phone, reason, person, out).await,
        OptOutsCommand::Lift { phone, reason, proof, person, target } => {
            lift(target, phone, reason, proof, person, out).await
        }
    }
}

async fn list(target: &Target, standing: bool, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let place = target.open().await?;
    for client in target.clients_in(&place.store).await? {
        let all = place.store.opt_outs(&client).await?;
        let shown: Vec<&ListedOptOut> = all.iter().filter(|listed| !standing || listed.lifted.is_none()).collect();
        if json {
            for listed in &shown {
                writeln!(out, "{}", json!({"client": client, "opt_out": listed}))?;
            }
            continue;
        }
        let mut table = table(["number", "since", "how", "stands"]);
        for ListedOptOut { phone, opt_out, lifted } in shown.iter().copied() {
            let stands = match lifted {
                None => "yes".to_owned(),
                Some(lifted) => format!("lifted {} by {}", utc(lifted.at), lifted.by),
            };
            table.add_row([phone.masked(), utc(opt_out.at), opt_out.channel.code(), stands]);
        }
        let stand = all.iter().filter(|listed| listed.lifted.is_none()).count();
        writeln!(out, "{client}: {stand} opt-out(s) stand, {} lifted", all.len() - stand)?;
        if !shown.is_empty() {
            writeln!(out, "{table}")?;
        }
    }
    Ok(())
}

/// The client and the number that are meant, in a table that may be written to.
async fn meant(target: &Target, phone: &str) -> anyhow::Result<(Connection, Client, PhoneNumber)> {
    let there = target.connect().await?;
    let client = there.store.client(&there.client).await??;
    if let Some(home) = there.store.copy_of(&client.id).await? {
        bail!("this table is a copy of {home}: `leadline restored` comes first");
    }
    let phone = PhoneNumber::parse(phone, client.region).with_context(|| format!("`{phone}` is no number"))?;
    Ok((there, client, phone))
}

/// What was said with an option, which must say something.
fn given<'a>(name: &str, words: &'a str) -> anyhow::Result<&'a str> {
    match words.trim() {
        "" => bail!("say more: --{name} \"…\""),
        words => Ok(words),
    }
}

async fn add(target: &Target, phone: &str, reason: &str, person: &Person, out: &mut dyn Write) -> anyhow::Result<()> {
    let (by, reason) = (person.name_if_known(), given("reason", reason)?);
    let (there, client, phone) = meant(target, phone).await?;
    let store = &there.store;
    let hand = OperatorActions {
        directory: store,
        leads: store,
        alerts: told_here(store),
        ids: &RandomIds,
        by: &by,
        now: there.now,
    };
    // A no needs nobody's agreement.
    let words = match hand.opt_out(&client, &phone, reason).await? {
        Recorded::Now(ended) => format!("opted out; {ended} sequence(s) ended"),
        Recorded::Before(no) => format!("nothing was changed: opted out since {} ({})", utc(no.at), no.channel.code()),
    };
    writeln!(out, "{} at {}: {words}", phone.masked(), client.id)?;
    Ok(())
}

async fn lift(
    target: &Target,
    phone: &str,
    reason: &str,
    proof: &str,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let (by, reason, proof) = (person.name()?, given("reason", reason)?, given("proof", proof)?);
    let (there, client, phone) = meant(target, phone).await?;
    let store = &there.store;
    let question = format!(
        "{} has said no to {}. A text to somebody who did not ask for it costs $500 to $1,500 by law. Did the person \
         ask for it, and can you prove it?",
        phone.masked(),
        client.id
    );
    person.agrees(&question)?;
    let hand = OperatorActions {
        directory: store,
        leads: store,
        alerts: told_here(store),
        ids: &RandomIds,
        by: &by,
        now: there.now,
    };
    let no = hand.lift_opt_out(&client, &phone, reason, proof).await?;
    writeln!(
        out,
        "{} at {}: the opt-out of {} is lifted. Nothing goes on by itself; a new form can enroll the lead.",
        phone.masked(),
        client.id,
        utc(no.at)
    )?;
    writeln!(out, "Twilio may hold an opt-out of its own, which only the person's START lifts.")?;
    Ok(())
}
