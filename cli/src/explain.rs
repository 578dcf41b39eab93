//! `leadline why` and `leadline preview`: the decision, explained and looked ahead.

use std::{collections::BTreeMap, io::Write};

use anyhow::{Context, bail};
use chrono_tz::Tz;
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use leadline::{
    aws::dynamodb::DynamoStore,
    domain::{
        Instant,
        campaign::Campaign,
        client::{Client, Sending},
        decide::{Case, decide},
        email::EmailAddress,
        gate::{Decision, Verdict},
        ids::{CampaignId, LeadId},
        message::{InFlight, InFlightState, RETRY_DELAYS},
        phone::PhoneNumber,
        receipt::{Arrival, deliveries},
    },
    flows::{
        preview::{Happening, Outlook, Planned, preview},
        reading::Plans,
    },
    ports::{Directory, DueIndex, DueWork, LeadStore, StoredLead},
};

use crate::{
    connect::{Connection, Target},
    system::SCHEDULER_EVERY,
};

/// Leads that a preview looks at, at most.
const MOST_LEADS: usize = 10_000;
/// Leads that are read in one go.
const PAGE: usize = 50;

/// Prints why a lead is where it is: every gate, with the fact it went by.
///
/// # Errors
/// When there is no such lead, or the data cannot be reached.
pub async fn why(
    target: &Target,
    lead: &str,
    at: Option<Instant>,
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let there = target.connect().await?;
    let now = at.unwrap_or(there.now);
    let client = there.store.client(&there.client).await??;
    let stored = find(&there.store, &client, lead).await?;
    let all = there.store.campaigns(&there.client).await?;
    let outlook = outlook(&there, &client, &all, &Plans::default(), &stored).await?;
    let cases = cases(&outlook);
    let verdicts: Vec<Verdict> = cases.iter().map(|case| decide(case, now)).collect();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&verdicts)?)?;
        return Ok(());
    }
    let show = |at: Instant| local(at, client.zone);
    let phone = stored.lead.phone.as_ref().map_or_else(|| "no number".to_owned(), PhoneNumber::masked);
    writeln!(out, "Lead {} · {phone} · {}", stored.lead.id, stored.lead.processing_status())?;
    writeln!(out, "As of {}", show(now))?;
    if let Some(words) = held(&client.sending, &show) {
        writeln!(out, "{words}")?;
    }
    if let Some(text) = &stored.lead.in_flight {
        writeln!(out, "{}", on_its_way(text, client.zone))?;
    }
    let journey = there.store.journey(&there.client, stored.lead.id, Instant::UNIX_EPOCH).await?;
    for (text, delivery) in deliveries(&journey) {
        let campaign = text.campaign.as_ref().map_or("?", CampaignId::as_str);
        let arrival = Arrival::of(delivery, text.at, now, client.provider.capabilities()).in_words();
        let (step, code) = (text.step.unwrap_or(0), delivery.code());
        writeln!(out, "Text of {campaign}, step {step}, {}: {code}{arrival}", show(text.at))?;
    }
    for past in &stored.lead.history {
        let ended = show(past.completed_at);
        writeln!(out, "\n{}: {} {ended} after {} text(s): {}", past.campaign, past.outcome, past.sent, past.reason)?;
    }
    for (case, verdict) in cases.iter().zip(&verdicts) {
        writeln!(
            out,
            "\n{}, step {}: {}",
            case.enrollment.campaign,
            verdict.step,
            in_words(&verdict.decision, client.zone)
        )?;
        let mut table = table(["", "gate", "fact", "from"]);
        for gate in &verdict.gates {
            let mark = if gate.open { "open" } else { "SHUT" };
            table.add_row([mark, &gate.gate.code(), &gate.fact, &gate.source]);
        }
        writeln!(out, "{table}")?;
        if let Some(opens) = verdict.opens_at {
            writeln!(out, "All gates are open from {}.", show(opens))?;
        }
    }
    if verdicts.is_empty() {
        writeln!(out, "\nIt is in no campaign now.")?;
        for event in journey.iter().rev().take(5) {
            let reason = event.detail.as_deref().unwrap_or_default();
            writeln!(out, "  {}  {} {reason}", show(event.at), event.event.code())?;
        }
    }
    Ok(())
}

/// How a hold stands, and when it is tried whether it can be lifted.
fn held(sending: &Sending, show: &dyn Fn(Instant) -> String) -> Option<String> {
    let Sending::OnHold { reason, since, try_at, refusals, throttled } = sending else { return None };
    let next = match try_at {
        Some(at) if *throttled => format!("one text is tried from {}, and if it is accepted the others go", show(*at)),
        Some(at) => format!("after {refusals} refusal(s) one text is tried from {}", show(*at)),
        None => "only a person lifts it, with `leadline resume`".to_owned(),
    };
    Some(format!("Sending is on hold since {}: {reason}; {next}", show(*since)))
}

/// The text on its way: which try it is, and what happens next.
fn on_its_way(text: &InFlight, zone: Tz) -> String {
    // To the second: the first retry is half a minute away.
    let show = |at: Instant| at.with_timezone(&zone).format("%a %-d %b %Y %H:%M:%S %Z").to_string();
    let next = match &text.state {
        InFlightState::Claimed { until } => format!("a sender has it until {}", show(*until)),
        InFlightState::RetryScheduled { at } if text.is_put_off() => {
            let times = text.put_off;
            format!(
                "the provider asked to wait ({times} time(s) in a row), which uses up no try; it can go from {}",
                show(*at)
            )
        }
        InFlightState::RetryScheduled { at } => format!("it did not go out and is tried again {}", show(*at)),
        InFlightState::Unknown { why, asked, ask_at: Some(at), .. } => {
            format!("it may have gone out ({why}); asked {asked} time(s), the provider is asked next {}", show(*at))
        }
        InFlightState::Unknown { why, asked, ask_at: None, .. } => format!(
            "it may have gone out ({why}); asked {asked} time(s), the provider cannot tell, so a person must: \
             `leadline settle`"
        ),
    };
    let tries = 1 + RETRY_DELAYS.len();
    format!("On its way: step {}, try {} of {tries}, claimed {}; {next}", text.step, text.tries, show(text.at))
}

/// Prints every text that will go out until `until`, and why what does not go out does not.
///
/// # Errors
/// When the data cannot be reached.
pub async fn look_ahead(
    target: &Target,
    until: Instant,
    lead: Option<&str>,
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let there = target.connect().await?;
    if until <= there.now {
        bail!("--until {until} is not after {}", there.now);
    }
    let client = there.store.client(&there.client).await??;
    let all = there.store.campaigns(&there.client).await?;
    let leads = match lead {
        Some(lead) => vec![find(&there.store, &client, lead).await?.lead.id],
        None => due_leads(&there, until).await?,
    };
    let more = leads.len() >= MOST_LEADS;
    let (mut planned, plans): (Vec<Planned>, _) = (Vec::new(), Plans::default());
    for some in leads.chunks(PAGE) {
        for stored in there.store.leads(&there.client, some).await? {
            let outlook = outlook(&there, &client, &all, &plans, &stored).await?;
            planned.extend(preview(&outlook, there.now, until, SCHEDULER_EVERY));
        }
    }
    planned.sort_by_key(|planned| planned.at);
    if json {
        for one in &planned {
            writeln!(out, "{}", serde_json::to_string(one)?)?;
        }
        return Ok(());
    }
    let mut table = table(["when", "lead", "campaign", "step", "what"]);
    let (mut texts, mut cost) = (0, 0);
    for one in &planned {
        let what = match &one.what {
            Happening::Text { text, segments } => {
                texts += 1;
                cost += segments;
                format!("TEXT ({segments} seg.): {text}")
            }
            Happening::Skipped { reason } => format!("is passed over: {reason}"),
            Happening::Ends { outcome, reason } => format!("ends, {outcome}: {reason}"),
            Happening::Waits { reason, .. } => format!("waits: {reason}"),
        };
        table.add_row([
            local(one.at, client.zone),
            one.lead.to_string(),
            one.campaign.to_string(),
            one.step.to_string(),
            what,
        ]);
    }
    if !planned.is_empty() {
        writeln!(out, "{table}")?;
    }
    writeln!(
        out,
        "{texts} text(s), {cost} segment(s) until {}, if every text is accepted and nobody replies.",
        local(until, client.zone)
    )?;
    writeln!(out, "Limits per run and per hour are not counted here. Nothing was written.")?;
    if more {
        writeln!(out, "Only the first {MOST_LEADS} leads were looked at.")?;
    }
    Ok(())
}

/// A lead by its id, its number or its address.
pub(crate) async fn find(store: &DynamoStore, client: &Client, lead: &str) -> anyhow::Result<StoredLead> {
    let id = if let Ok(id) = lead.parse::<LeadId>() {
        Some(id)
    } else if let Ok(email) = EmailAddress::parse(lead) {
        store.lead_of_email(&client.id, &email).await?
    } else {
        let phone = PhoneNumber::parse(lead, client.region)
            .map_err(|why| anyhow::anyhow!("`{lead}` is no lead id and no email address, and as a number {why}"))?;
        store.phone(&client.id, &phone).await?.lead
    };
    let stored = match id {
        Some(id) => store.lead(&client.id, id).await?,
        None => None,
    };
    stored.with_context(|| format!("client {} has no lead `{lead}`", client.id))
}

async fn due_leads(there: &Connection, until: Instant) -> anyhow::Result<Vec<LeadId>> {
    let due = there.store.due(&there.client, until, MOST_LEADS).await?;
    Ok(due.iter().filter_map(DueWork::lead).collect())
}

async fn outlook(
    there: &Connection,
    client: &Client,
    all: &[Campaign],
    plans: &Plans,
    stored: &StoredLead,
) -> anyhow::Result<Outlook> {
    let mut campaigns = BTreeMap::new();
    for enrollment in &stored.lead.enrollments {
        let id = &enrollment.campaign;
        let campaign = all.iter().find(|campaign| campaign.id == *id);
        let plan = plans.get(&there.store, &there.client, id, enrollment.version).await?;
        let (Some(status), Some(plan)) = (campaign.map(|campaign| campaign.status.clone()), plan) else {
            bail!("campaign {id}, version {}, is gone", enrollment.version);
        };
        campaigns.insert(id.clone(), (status, plan));
    }
    Ok(Outlook { client: client.clone(), lead: stored.lead.clone(), profile: stored.profile.clone(), campaigns })
}

fn cases(outlook: &Outlook) -> Vec<Case> {
    outlook.lead.enrollments.iter().filter_map(|enrollment| outlook.case(&outlook.lead, enrollment)).collect()
}

fn in_words(decision: &Decision, zone: Tz) -> String {
    match decision {
        Decision::Send(send) => format!("may be sent now, until {}\n    │ {}", local(send.expires_at, zone), send.text),
        Decision::Wait { until: Some(until), reason, .. } => format!("waits until {}: {reason}", local(*until, zone)),
        Decision::Wait { until: None, reason, .. } => format!("waits: {reason}"),
        Decision::Skip { reason, next, .. } => {
            let next = next.as_ref().map_or_else(
                || "nothing is left, so the sequence ends".to_owned(),
                |next| format!("then step {} {}", next.step, in_words(&next.decision, zone)),
            );
            format!("is passed over: {reason}; {next}")
        }
        Decision::End { outcome, reason } => format!("ends, {outcome}: {reason}"),
        Decision::Refuse(refusal) => format!("cannot be sent: {refusal}"),
    }
}

pub(crate) fn table<const N: usize>(head: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(head);
    table
}

/// A moment as the clocks of a zone show it.
pub(crate) fn local(at: Instant, zone: Tz) -> String {
    at.with_timezone(&zone).format("%a %-d %b %Y %H:%M %Z").to_string()
}

/// A moment in a command that may be about several clients.
pub(crate) fn utc(at: Instant) -> String {
    local(at, Tz::UTC)
}
