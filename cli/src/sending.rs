//! `leadline hold` and `leadline resume`: the red button.

use std::io::Write;

use anyhow::bail;
use leadline::{
    domain::{client::Sending, ids::ClientId},
    flows::by_hand::{Changed, MOST_COUNTED, OperatorActions, leads_due},
    runtime::RandomIds,
};

use crate::{
    connect::{Place, Target},
    explain::utc,
    person::{Person, told_here},
};

/// What to do with sending.
#[derive(Debug, Clone)]
pub enum Button {
    /// Hold it, for a reason.
    Hold(String),
    /// Lift the hold.
    Resume,
}

/// Holds sending or lifts the hold, for one client or for all of them.
///
/// # Errors
/// When a client's settings cannot be read or written. The other clients are done all the same.
pub async fn press(
    button: &Button,
    target: &Target,
    all_clients: bool,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let by = person.name_if_known();
    if let Button::Hold(reason) = button
        && reason.trim().is_empty()
    {
        bail!("say why: --reason \"…\"");
    }
    let place = target.open().await?;
    let clients = match all_clients {
        true => target.clients_in(&place.store).await?,
        false => vec![target.client_in(&place.store).await?],
    };
    let mut failed = Vec::new();
    for client in &clients {
        match press_one(button, &place, client, &by).await {
            Ok(words) => writeln!(out, "{client}: {words}")?,
            Err(error) => failed.push(format!("{client}: {error:#}")),
        }
    }
    match failed.as_slice() {
        [] => Ok(()),
        some => bail!("{}", some.join("; ")),
    }
}

async fn press_one(button: &Button, place: &Place, client: &ClientId, by: &str) -> anyhow::Result<String> {
    let store = &place.store;
    let person = OperatorActions {
        directory: store,
        leads: store,
        alerts: told_here(store),
        ids: &RandomIds,
        by,
        now: place.now,
    };
    if let (Button::Resume, Some(home)) = (button, store.copy_of(client).await?) {
        bail!(
            "this table is a copy of {home}, and does not know whom it texted since: `leadline restored` comes first"
        );
    }
    let changed = match button {
        Button::Hold(reason) => person.hold(client, reason.trim()).await?,
        Button::Resume => person.resume(client).await?,
    };
    let due = waiting(leads_due(store, client, place.now).await?);
    Ok(match (button, changed) {
        (Button::Hold(_), Changed::Done(_)) => format!("sending is on hold now ({due})"),
        (Button::Resume, Changed::Done(before)) => {
            format!("sending is on again from the next run on ({due}); it was on hold {}", since(&before))
        }
        (Button::Hold(_), Changed::Before(before)) => {
            format!("nothing was changed: sending is on hold already ({due}), {}", since(&before))
        }
        (Button::Resume, Changed::Before(_)) => format!("nothing was changed: sending is on already ({due})"),
    })
}

fn waiting(due: usize) -> String {
    match due {
        0 => "no lead is due".to_owned(),
        1 => "1 lead is due".to_owned(),
        MOST_COUNTED => format!("{MOST_COUNTED} leads or more are due"),
        some => format!("{some} leads are due"),
    }
}

fn since(sending: &Sending) -> String {
    match sending {
        Sending::On => "never".to_owned(),
        Sending::OnHold { reason, since, .. } => format!("since {}: {reason}", utc(*since)),
    }
}
