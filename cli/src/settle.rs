//! `leadline settle`: a person's word on a text of which nobody else can say whether it went out.

use std::io::Write;

use anyhow::bail;
use leadline::{
    domain::lead::Settled,
    flows::by_hand::{OperatorActions, Word},
    ports::Directory,
    runtime::RandomIds,
};

use crate::{
    connect::Target,
    explain::{find, utc},
    person::{Person, told_here},
};

/// What is said.
#[derive(Debug, Clone, clap::Args)]
#[command(group(clap::ArgGroup::new("word").required(true)))]
pub struct Said {
    /// It went out: the sequence goes on with the next text.
    #[arg(long, group = "word")]
    pub sent: bool,
    /// It did not: it is tried again, if it may still be sent.
    #[arg(long, group = "word", requires = "because")]
    pub not_sent: bool,
    /// The provider's id of it, such as SM and 32 digits.
    #[arg(long, value_name = "ID", conflicts_with = "not_sent")]
    pub provider_id: Option<String>,
    /// How that is known.
    #[arg(long, value_name = "WORDS")]
    pub because: Option<String>,
}

/// Writes what a person says became of a lead's text.
///
/// # Errors
/// When no text of the lead waits for a person's word, or the data cannot be reached.
pub async fn settle(
    target: &Target,
    lead: &str,
    said: &Said,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let by = person.name()?;
    let because = said.because.as_deref().map(str::trim).unwrap_or_default();
    if said.not_sent && because.is_empty() {
        bail!("say how that is known: --because \"…\"");
    }
    let there = target.connect().await?;
    let store = &there.store;
    let client = store.client(&there.client).await??;
    if let Some(home) = store.copy_of(&client.id).await? {
        bail!("this table is a copy of {home}: `leadline restored` comes first");
    }
    let stored = find(store, &client, lead).await?;
    let id = stored.lead.id;
    let word = match said.sent {
        true => Word::Sent { provider_id: said.provider_id.clone() },
        false => Word::NotSent,
    };
    if let Some(text) = &stored.lead.in_flight {
        let what = if said.sent { "went out" } else { "did not go out" };
        let to = text.to.masked();
        let question = format!("Step {} to {to}, claimed {}: it {what}. Write that?", text.step, utc(text.at));
        person.agrees(&question)?;
    }
    let hand = OperatorActions {
        directory: store,
        leads: store,
        alerts: told_here(store),
        ids: &RandomIds,
        by: &by,
        now: there.now,
    };
    let because = if because.is_empty() { "no reason was given" } else { because };
    let settled = hand.settle(&client, id, &word, because).await?;
    writeln!(out, "Lead {id}: {}.", in_words(&settled))?;
    Ok(())
}

fn in_words(settled: &Settled) -> String {
    match settled {
        Settled::Advanced => "written as sent; the sequence goes on with the next text".to_owned(),
        Settled::Completed => "written as sent; it was the last text of the sequence".to_owned(),
        Settled::Recorded => "written; the sequence had ended meanwhile".to_owned(),
        Settled::Retrying { at } => format!("written as not sent; it is tried again {}, if it may still go", utc(*at)),
        Settled::PutOff { at, .. } => format!("the provider asked to wait; it can go from {}", utc(*at)),
        Settled::ForReview(reason) => {
            format!("written as not sent; its tries are used up ({reason}), `leadline redrive` begins anew")
        }
        Settled::Already => "somebody else settled it just now; nothing was written".to_owned(),
        Settled::Unclear { why, .. } => format!("unclear still: {why}"),
        Settled::Undeliverable(refusal)
        | Settled::OptedOut(refusal)
        | Settled::AccountRefused(refusal)
        | Settled::AccountFailed(refusal) => {
            format!("refused: {refusal}")
        }
    }
}
