//! `leadline release`: lifts the hold on one lead, such as after a person took the conversation over.

use std::io::Write;

use anyhow::bail;
use leadline::{
    domain::contact_status::ContactStatus, flows::by_hand::OperatorActions, ports::Directory, runtime::RandomIds,
};

use crate::{
    connect::{Connection, Target},
    explain::{find, utc},
    person::{Person, told_here},
};

/// Lifts the hold on a lead.
///
/// # Errors
/// When the lead is not on hold, or the data cannot be reached.
pub async fn release(
    target: &Target,
    lead: &str,
    because: &str,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    run(&target.connect().await?, lead, because, person, out).await
}

/// Does it there.
///
/// # Errors
/// As [`release`].
pub async fn run(
    there: &Connection,
    lead: &str,
    because: &str,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let by = person.name()?;
    let because = because.trim();
    if because.is_empty() {
        bail!("say why: --because \"…\"");
    }
    let store = &there.store;
    let client = store.client(&there.client).await??;
    let stored = find(store, &client, lead).await?;
    if let ContactStatus::Held { reason, since } = &stored.lead.standing {
        let live = stored.lead.enrollments.len();
        person.agrees(&format!("On hold since {}: {reason}. {live} sequence(s) go on then. Lift it?", utc(*since)))?;
    }
    let hand = OperatorActions {
        directory: store,
        leads: store,
        alerts: told_here(store),
        ids: &RandomIds,
        by: &by,
        now: there.now,
    };
    let reason = hand.release(&client, stored.lead.id, because).await?;
    writeln!(out, "Lead {}: the hold is lifted ({reason}); it is decided on again by the next run.", stored.lead.id)?;
    Ok(())
}
