//! `GET /api/state`: everything that the page shows. Numbers are masked; the page escapes all of it.

use axum::{Json, extract::State};
use leadline::{
    domain::{
        Instant,
        audit::Status,
        client::Sending,
        contact_status::ContactStatus,
        decide::decide,
        gate::Verdict,
        ids::{AttemptId, AuditId, CampaignId, ClientId, LeadId},
        lead::{Outcome, SmsStatus},
        phone::{PhoneNumber, Region},
        profile::Profile,
    },
    flows::conclude::case_of,
    ports::{Clock, Directory, LeadStore, StoredLead, TextKey},
};
use leadline_standins::{carrier::Accepted, fakes::Sent};
use serde::Serialize;

use super::{
    Local, World,
    actions::Failed,
    forecast,
    watch::{Seen, Watch},
};

/// Texts and mails that the page shows.
const NEWEST: usize = 100;

/// Everything.
#[derive(Debug, Serialize)]
pub struct Everything {
    now: Instant,
    ahead_minutes: i64,
    provider: String,
    queue_next: Option<Instant>,
    dead_letters: usize,
    clients: Vec<ClientShown>,
    leads: Vec<LeadShown>,
    texts: Vec<TextShown>,
    mails: Vec<MailShown>,
    journal: Vec<EventShown>,
}

#[derive(Debug, Serialize)]
struct ClientShown {
    id: ClientId,
    name: String,
    zone: String,
    local_time: String,
    on_hold: Option<String>,
    curl: String,
    /// What would happen to a lead that came in now.
    forecast: Option<String>,
}

#[derive(Debug, Serialize)]
struct LeadShown {
    id: LeadId,
    client: ClientId,
    name: Option<String>,
    phone: Option<String>,
    sms_status: SmsStatus,
    processing_status: String,
    created_at: Instant,
    standing: Option<String>,
    unanswered_since: Option<Instant>,
    not_enrolled: Option<String>,
    sequences: Vec<SequenceShown>,
    past: Vec<PastShown>,
}

#[derive(Debug, Serialize)]
struct SequenceShown {
    campaign: CampaignId,
    step: u16,
    sent: u16,
    verdict: Option<Verdict>,
    /// Why there is no verdict.
    problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct PastShown {
    campaign: CampaignId,
    outcome: Outcome,
    reason: String,
    at: Instant,
    sent: u16,
}

#[derive(Debug, Serialize)]
struct TextShown {
    at: Instant,
    to: String,
    lead: Option<LeadId>,
    body: String,
    status: String,
}

#[derive(Debug, Serialize)]
struct MailShown {
    number: usize,
    at: Instant,
    to: String,
    subject: String,
    text: String,
    has_html: bool,
}

#[derive(Debug, Serialize)]
struct EventShown {
    id: AuditId,
    at: Instant,
    client: ClientId,
    event: String,
    status: Status,
    reason: Option<String>,
    detail: Option<String>,
    lead: Option<LeadId>,
    campaign: Option<CampaignId>,
    step: Option<u16>,
    times: u32,
}

/// `GET /api/state`.
pub async fn state(State(local): State<Local>) -> Result<Json<Everything>, Failed> {
    Ok(Json(local.work(async |local| everything(&local).await).await??))
}

async fn everything(local: &Local) -> anyhow::Result<Everything> {
    let mut world = local.present().await?;
    let World { system, watch, ahead, provider } = &mut *world;
    watch.catch_up(system).await?;
    let now = system.clock.now();
    let mut clients = Vec::new();
    for setup in &system.clients {
        let id = &setup.settings.id;
        let stored = system.store.client(id).await?;
        let client = stored.unwrap_or_else(|_| setup.settings.clone());
        let verdict = forecast::of_lead_now(&client, setup, now);
        clients.push(ClientShown {
            id: id.clone(),
            name: client.name.clone(),
            zone: client.zone.to_string(),
            local_time: now.with_timezone(&client.zone).format("%a %-d %b %Y %H:%M %Z").to_string(),
            on_hold: match &client.sending {
                Sending::On => None,
                Sending::OnHold { reason, .. } => Some(reason.clone()),
            },
            curl: forecast::curl(&local.url, setup),
            forecast: verdict.map(|verdict| forecast::in_words(&verdict, client.zone)),
        });
    }
    let ledger = system.carrier.ledger();
    let mails = system.mailbox.sent();
    Ok(Everything {
        now,
        ahead_minutes: ahead.num_minutes(),
        provider: provider.clone(),
        queue_next: system.queue.next_visible_at(),
        dead_letters: system.queue.dead_letters().len(),
        clients,
        leads: leads(system, watch).await?,
        texts: ledger.iter().rev().take(NEWEST).map(|text| shown_text(text, watch)).collect(),
        mails: mails.iter().enumerate().rev().take(NEWEST).map(shown_mail).collect(),
        journal: watch.events.iter().rev().map(shown_event).collect(),
    })
}

/// The newest leads, the newest first, each with the decision on what is next.
async fn leads(system: &crate::system::System, watch: &Watch) -> anyhow::Result<Vec<LeadShown>> {
    let mut found = Vec::new();
    for setup in &system.clients {
        let id = &setup.settings.id;
        let of_client: Vec<LeadId> =
            watch.leads.iter().filter(|(client, _)| client == id).map(|(_, lead)| *lead).collect();
        for part in of_client.chunks(50) {
            found.extend(system.store.leads(id, part).await?);
        }
    }
    found.sort_by_key(|stored| std::cmp::Reverse(stored.lead.id));
    let mut shown = Vec::new();
    for stored in found {
        shown.push(shown_lead(system, watch, stored).await?);
    }
    Ok(shown)
}

async fn shown_lead(system: &crate::system::System, watch: &Watch, stored: StoredLead) -> anyhow::Result<LeadShown> {
    let StoredLead { lead, profile, .. } = stored;
    let mut sequences = Vec::new();
    for enrollment in &lead.enrollments {
        let key = TextKey {
            client: lead.client.clone(),
            lead: lead.id,
            campaign: enrollment.campaign.clone(),
            version: enrollment.version,
        };
        let case = case_of(system.store.read_for_text(&key).await?, enrollment.id);
        let (verdict, problem) = match case {
            Ok((_, case)) => (Some(decide(&case, system.clock.now())), None),
            Err(why) => (None, Some(why.to_string())),
        };
        let (campaign, step, sent) = (enrollment.campaign.clone(), enrollment.step, enrollment.sent);
        sequences.push(SequenceShown { campaign, step, sent, verdict, problem });
    }
    let past = lead.history.iter().map(|past| PastShown {
        campaign: past.campaign.clone(),
        outcome: past.outcome,
        reason: past.reason.clone(),
        at: past.completed_at,
        sent: past.sent,
    });
    Ok(LeadShown {
        id: lead.id,
        client: lead.client.clone(),
        name: name(&profile),
        phone: lead.phone.as_ref().map(PhoneNumber::masked),
        sms_status: lead.sms_status(),
        processing_status: lead.processing_status(),
        created_at: profile.created_at,
        standing: match &lead.standing {
            ContactStatus::Open => None,
            ContactStatus::OptedOut(_) => Some("opted out".to_owned()),
            ContactStatus::Held { reason, .. } => Some(format!("on hold: {reason}")),
        },
        unanswered_since: lead.unanswered.as_ref().map(|unanswered| unanswered.since),
        not_enrolled: watch.rejected.get(&lead.id).cloned(),
        past: past.collect(),
        sequences,
    })
}

fn name(profile: &Profile) -> Option<String> {
    let names: Vec<&str> =
        [&profile.first_name, &profile.last_name].into_iter().filter_map(|name| name.as_deref()).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

fn shown_text(text: &Accepted, watch: &Watch) -> TextShown {
    let attempt = text.in_callback("att").and_then(|id| id.parse::<AttemptId>().ok());
    let to = PhoneNumber::parse(&text.to, Region::default());
    TextShown {
        at: text.at,
        to: to.map_or_else(|_| "a number that cannot be read".to_owned(), |number| number.masked()),
        lead: attempt.and_then(|id| watch.texted.get(&AuditId(id.0)).copied()),
        body: text.body.clone(),
        status: text.status.clone(),
    }
}

fn shown_mail((number, sent): (usize, &Sent)) -> MailShown {
    MailShown {
        number,
        at: sent.at,
        to: sent.email.to.as_str().to_owned(),
        subject: sent.email.subject.clone(),
        text: sent.email.text.clone(),
        has_html: sent.email.html.is_some(),
    }
}

fn shown_event(Seen { event, times }: &Seen) -> EventShown {
    EventShown {
        id: event.id,
        at: event.at,
        client: event.client.clone(),
        event: event.event.code(),
        status: event.status,
        reason: event.reason.clone(),
        detail: event.detail.clone(),
        lead: event.lead,
        campaign: event.campaign.clone(),
        step: event.step,
        times: *times,
    }
}
