//! `leadline bookings`: what calendars said, and above all of whom nobody knew.

use std::io::Write;

use chrono::TimeDelta;
use leadline::{
    domain::{
        Instant,
        audit::{AuditEvent, Event},
        ids::ClientId,
        phone::PhoneNumber,
    },
    ports::{Journal, StoreResult},
};
use serde_json::json;

use crate::{
    connect::Target,
    explain::{table, utc},
};

/// Bookings that one call shows.
const MOST_SHOWN: usize = 1_000;

/// Which bookings.
#[derive(Debug, Clone, clap::Args)]
pub struct Which {
    /// Only those of people who were not known. Look whether one is a lead under another number.
    #[arg(long)]
    pub unmatched: bool,
    /// So many days back.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
    pub days: u16,
}

/// Bookings that were found, oldest first.
#[derive(Debug)]
pub struct Found {
    /// What was recorded of them.
    pub events: Vec<AuditEvent>,
    /// Whether there are more than are shown.
    pub more: bool,
}

/// Looks through the journal page by page: what is not about bookings is never held.
///
/// # Errors
/// [`StoreError`](leadline::ports::StoreError) when it cannot be read.
pub async fn find(journal: &dyn Journal, client: &ClientId, which: &Which, now: Instant) -> StoreResult<Found> {
    let kind = if which.unmatched { Event::BookingUnmatched } else { Event::BookingReceived };
    let from = now - TimeDelta::days(i64::from(which.days));
    let (mut events, mut page): (Vec<AuditEvent>, Option<String>) = (Vec::new(), None);
    loop {
        let next = journal.happened(client, from, now + TimeDelta::seconds(1), page).await?;
        events.extend(next.events.into_iter().filter(|event| event.event == kind));
        page = next.next;
        if events.len() > MOST_SHOWN || page.is_none() {
            let more = events.len() > MOST_SHOWN;
            events.truncate(MOST_SHOWN);
            return Ok(Found { events, more });
        }
    }
}

/// Prints what calendars said of bookings, oldest first, from the journal.
///
/// # Errors
/// When the data cannot be reached.
pub async fn show(target: &Target, which: &Which, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let there = target.connect().await?;
    let Found { events, more } = find(&there.store, &there.client, which, there.now).await?;
    if json {
        for event in &events {
            writeln!(out, "{}", in_json(event))?;
        }
        return Ok(());
    }
    let mut rows = table(["when", "lead", "number", "what", "details"]);
    for event in &events {
        rows.add_row([
            utc(event.at),
            event.lead.map(|lead| lead.to_string()).unwrap_or_default(),
            event.phone.as_ref().map(PhoneNumber::national).unwrap_or_default(),
            event.reason.clone().unwrap_or_default(),
            event.detail.clone().unwrap_or_default(),
        ]);
    }
    if !events.is_empty() {
        writeln!(out, "{rows}")?;
    }
    let what = if which.unmatched { "Bookings of nobody we knew" } else { "News of bookings" };
    writeln!(out, "{what} in {} day(s): {}.", which.days, events.len())?;
    if more {
        writeln!(out, "Only the first {MOST_SHOWN} are shown.")?;
    }
    Ok(())
}

fn in_json(event: &AuditEvent) -> serde_json::Value {
    json!({
        "at": event.at, "client": event.client, "lead": event.lead, "phone": event.phone,
        "what": event.reason, "detail": event.detail,
    })
}
