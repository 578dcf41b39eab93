//! `leadline conversation` and `leadline answer`: what was said, and what a person decides on it.

use std::io::Write;

use anyhow::bail;
use leadline::{
    domain::{
        Instant,
        contact_status::ContactStatus,
        conversation::{By, Said, conversation},
    },
    flows::by_hand::{OperatorActions, Verdict},
    ports::{Directory, LeadStore},
    runtime::RandomIds,
};
use serde_json::json;

use crate::{
    connect::Target,
    explain::{find, utc},
    person::{Person, told_here},
};

/// What is decided.
#[derive(Debug, Clone, clap::Args)]
#[command(group(clap::ArgGroup::new("verdict").required(true)))]
pub struct Decided {
    /// It meant nothing: the sequences go on.
    #[arg(long, group = "verdict")]
    pub go_on: bool,
    /// The sequences end; a new form can enroll the lead again.
    #[arg(long, group = "verdict")]
    pub end: bool,
    /// It was a no: the number is opted out.
    #[arg(long, group = "verdict")]
    pub opt_out: bool,
    /// Why.
    #[arg(long, value_name = "WORDS")]
    pub because: String,
}

/// Prints the texts and the replies of a lead, in order.
///
/// # Errors
/// When there is no such lead, or the data cannot be reached.
pub async fn show(target: &Target, lead: &str, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let there = target.connect().await?;
    let client = there.store.client(&there.client).await??;
    let stored = find(&there.store, &client, lead).await?;
    let said = conversation(&there.store.journey(&client.id, stored.lead.id, Instant::UNIX_EPOCH).await?);
    if json {
        for one in &said {
            writeln!(out, "{}", json!({"lead": stored.lead.id, "said": one}))?;
        }
        return Ok(());
    }
    let number = stored.lead.phone.as_ref().map_or_else(|| "no number".to_owned(), |phone| phone.masked());
    writeln!(out, "Lead {} · {number} · {}", stored.lead.id, standing(&stored.lead.standing))?;
    if let Some(unanswered) = &stored.lead.unanswered {
        let since = utc(unanswered.since);
        writeln!(out, "Waits for your answer since {since}. Once you have answered: --answered")?;
    }
    for one in &said {
        writeln!(out, "{}", line(one))?;
    }
    if said.is_empty() {
        writeln!(out, "Nothing was said yet.")?;
    }
    Ok(())
}

fn standing(standing: &ContactStatus) -> String {
    match standing {
        ContactStatus::Open => "has not said no".to_owned(),
        ContactStatus::OptedOut(no) => format!("opted out {} ({})", utc(no.at), no.channel.code()),
        ContactStatus::Held { reason, since } => format!("held since {}: {reason}", utc(*since)),
    }
}

fn line(said: &Said) -> String {
    // A stranger's words may hold what moves a terminal's cursor.
    let shown: String = said.words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let who = match said.by {
        By::Us => "→",
        By::Lead => "←",
    };
    let from = match (&said.campaign, said.step) {
        (Some(campaign), Some(step)) => format!(", {campaign} step {step}"),
        _ => String::new(),
    };
    format!("{}  {who} {shown}  [{}{from}]", utc(said.at), said.what)
}

/// Notes that somebody answered what a lead wrote.
///
/// # Errors
/// When nothing of the lead waits for an answer, or the data cannot be reached.
pub async fn answered(target: &Target, lead: &str, person: &Person, out: &mut dyn Write) -> anyhow::Result<()> {
    let by = person.name()?;
    let there = target.connect().await?;
    let store = &there.store;
    let client = store.client(&there.client).await??;
    if let Some(home) = store.copy_of(&client.id).await? {
        bail!("this table is a copy of {home}: `leadline restored` comes first");
    }
    let id = find(store, &client, lead).await?.lead.id;
    let hand = OperatorActions {
        directory: store,
        leads: store,
        alerts: told_here(store),
        ids: &RandomIds,
        by: &by,
        now: there.now,
    };
    let since = hand.answered(&client, id).await?;
    writeln!(out, "Lead {id}, which had waited for an answer since {}, waits no more.", utc(since))?;
    Ok(())
}

/// Writes what a person decides on a lead that is held.
///
/// # Errors
/// When the lead is not held, or the data cannot be reached.
pub async fn answer(
    target: &Target,
    lead: &str,
    decided: &Decided,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let by = person.name()?;
    let because = decided.because.trim();
    if because.is_empty() {
        bail!("say why: --because \"…\"");
    }
    let there = target.connect().await?;
    let store = &there.store;
    let client = store.client(&there.client).await??;
    if let Some(home) = store.copy_of(&client.id).await? {
        bail!("this table is a copy of {home}: `leadline restored` comes first");
    }
    let id = find(store, &client, lead).await?.lead.id;
    let (verdict, words) = match (decided.go_on, decided.opt_out) {
        (true, _) => (Verdict::GoOn, "its sequences go on, if each may still go"),
        (_, true) => (Verdict::OptOut, "it is opted out"),
        (false, false) => (Verdict::End, "its sequences have ended"),
    };
    if verdict == Verdict::GoOn {
        person.agrees(&format!("Lead {id} is texted again. Are you sure that it did not say no?"))?;
    }
    let hand = OperatorActions {
        directory: store,
        leads: store,
        alerts: told_here(store),
        ids: &RandomIds,
        by: &by,
        now: there.now,
    };
    let held_for = hand.decide_held(&client, id, verdict, because).await?;
    writeln!(out, "Lead {id}, which was held for: {held_for}; {words}.")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_words_cannot_move_the_terminal() {
        let at = "2026-01-06T15:00:00Z".parse().expect("a moment");
        let words = "\u{1b}[2Jgone\r\nreally".to_owned();
        let said = Said { at, by: By::Lead, words, what: "other".to_owned(), campaign: None, step: None };
        assert_eq!(line(&said), "Tue 6 Jan 2026 15:00 UTC  ←  [2Jgone  really  [other]");
    }
}
