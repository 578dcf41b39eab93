//! All that is known of one lead.

use std::io::Write;

use leadline::{
    domain::{Instant, client::Client, contact_status::ContactStatus, lead::Waits, phone::PhoneNumber},
    ports::{LeadStore, StoredLead},
};
use serde_json::json;

use super::{
    list::{Status, sent},
    safe,
};
use crate::{
    connect::Connection,
    explain::{local, table},
};

/// Prints who a lead is, what it is in and was in, and what happened, oldest first.
///
/// # Errors
/// When the journey cannot be read.
pub(super) async fn show(
    there: &Connection,
    client: &Client,
    stored: &StoredLead,
    as_json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let StoredLead { lead, profile, .. } = stored;
    let journey = there.store.journey(&client.id, lead.id, Instant::UNIX_EPOCH).await?;
    if as_json {
        let all = json!({"status": Status::of(lead), "lead": lead, "profile": profile, "journey": journey});
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(());
    }
    let at = |moment: Instant| local(moment, client.zone);
    let names = [&profile.first_name, &profile.last_name].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    let mut facts = table(["", ""]);
    facts.set_header(Vec::<String>::new());
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            facts.add_row([name.to_owned(), safe(&value)]);
        }
    };
    fact("lead", lead.id.to_string());
    fact("name", names);
    fact("number", lead.phone.as_ref().map(PhoneNumber::national).unwrap_or_default());
    fact("number that could not be read", profile.unread_phone.clone().unwrap_or_default());
    fact("address", profile.email.as_ref().map(ToString::to_string).unwrap_or_default());
    fact("zone stated", profile.zone.map(|zone| zone.to_string()).unwrap_or_default());
    fact("first seen", at(profile.created_at));
    fact("texting", format!("{:?}", lead.sms_status()));
    fact("stands", format!("{}{}", lead.processing_status(), standing(&lead.standing, &at)));
    fact("waits for your answer", lead.unanswered.as_ref().map(|waits| at(waits.since)).unwrap_or_default());
    fact("texts", sent(lead).to_string());
    fact(
        "consent",
        profile.consent.as_ref().map_or_else(
            || "none on record".to_owned(),
            |given| format!("words {}, given {}: {} ({})", given.terms, at(given.at), given.how, given.event),
        ),
    );
    for (field, answer) in &profile.answers {
        fact(field, answer.clone());
    }
    writeln!(out, "{facts}")?;

    for live in &lead.enrollments {
        let waits = match &live.waits {
            Waits::Until(_) if live.parked => "waits for its campaign to be resumed".to_owned(),
            Waits::Until(moment) => format!("decided on {}", at(*moment)),
            Waits::ForReview { reason, since } => format!("WAITS FOR A PERSON since {}: {}", at(*since), safe(reason)),
        };
        writeln!(
            out,
            "\nIn {} since {}: version {}, {} text(s) sent, step {} is next, {waits}",
            live.campaign,
            at(live.imported_at),
            live.version,
            live.sent,
            live.step
        )?;
    }
    for past in &lead.history {
        writeln!(
            out,
            "\nWas in {} from {} to {}: {} after {} text(s): {}",
            past.campaign,
            at(past.enrolled_at),
            at(past.completed_at),
            past.outcome,
            past.sent,
            safe(&past.reason)
        )?;
    }
    if !journey.is_empty() {
        writeln!(out, "\nWhat happened:")?;
        let mut rows = table(["when", "what", "campaign", "step", "why", "in words"]);
        for event in &journey {
            let text = event.text.as_ref().map(|text| text.body.clone());
            rows.add_row([
                at(event.at),
                event.event.code().replace('_', " "),
                event.campaign.as_ref().map(ToString::to_string).unwrap_or_default(),
                event.step.map(|step| step.to_string()).unwrap_or_default(),
                event.reason.clone().unwrap_or_default(),
                safe(&text.or_else(|| event.detail.clone()).unwrap_or_default()),
            ]);
        }
        writeln!(out, "{rows}")?;
    }
    Ok(())
}

fn standing(standing: &ContactStatus, at: &dyn Fn(Instant) -> String) -> String {
    match standing {
        ContactStatus::Open => String::new(),
        ContactStatus::OptedOut(no) => format!("; opted out {} ({})", at(no.at), no.channel.code()),
        ContactStatus::Held { reason, since } => format!("; on hold since {}: {reason}", at(*since)),
    }
}
