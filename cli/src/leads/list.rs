//! The list of a client's leads, page by page: what is not shown is never held.

use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

use indicatif::ProgressBar;
use leadline::{
    domain::{
        client::Client,
        contact_status::ContactStatus,
        ids::{CampaignId, LeadId},
        lead::{Lead, Outcome, Waits},
        message::InFlightState,
    },
    ports::{Census, LeadStore, StoredLead},
};
use serde_json::json;

use super::named;
use crate::{
    connect::Connection,
    explain::{local, table},
};

/// Leads that are read in one go.
const PAGE: usize = 100;

/// Which leads.
#[derive(Debug, Clone, clap::Args)]
pub struct Filter {
    /// Only those that are or were in this campaign.
    #[arg(long)]
    pub campaign: Option<CampaignId>,
    /// Only those that stand like this.
    #[arg(long, value_enum)]
    pub status: Option<Status>,
    /// At most so many.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// Those after this lead: the last one of the page before.
    #[arg(long, value_name = "ID")]
    pub after: Option<LeadId>,
    /// No progress on stderr.
    #[arg(long, short)]
    pub quiet: bool,
}

/// How a lead stands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// In a campaign, and nothing was sent yet.
    New,
    /// In a campaign, and texted.
    InSequence,
    /// Something waits for a person: a text, or an enrollment.
    Review,
    /// On hold until a person lifts it.
    Held,
    /// Wrote, and nobody has answered. Whoever is on hold or has opted out is found by this, too.
    Unanswered,
    /// Said no.
    OptedOut,
    /// Was in a campaign, and is in none now.
    Ended,
    /// Was never in any.
    NotEnrolled,
}

impl Status {
    /// How a lead stands.
    #[must_use]
    pub fn of(lead: &Lead) -> Self {
        let waits = lead.enrollments.iter().any(|live| matches!(live.waits, Waits::ForReview { .. }));
        let unclear = lead
            .in_flight
            .as_ref()
            .is_some_and(|text| matches!(text.state, InFlightState::Unknown { ask_at: None, .. }));
        match &lead.standing {
            ContactStatus::OptedOut(_) => Self::OptedOut,
            ContactStatus::Held { .. } => Self::Held,
            ContactStatus::Open if waits || unclear => Self::Review,
            ContactStatus::Open if lead.unanswered.is_some() => Self::Unanswered,
            ContactStatus::Open if lead.enrollments.iter().any(|live| live.sent > 0) => Self::InSequence,
            ContactStatus::Open if !lead.enrollments.is_empty() => Self::New,
            ContactStatus::Open if !lead.history.is_empty() => Self::Ended,
            ContactStatus::Open => Self::NotEnrolled,
        }
    }

    /// As it is written in a table.
    fn words(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::InSequence => "in sequence",
            Self::Review => "REVIEW",
            Self::Held => "on hold",
            Self::Unanswered => "UNANSWERED",
            Self::OptedOut => "opted out",
            Self::Ended => "ended",
            Self::NotEnrolled => "not enrolled",
        }
    }
}

impl Filter {
    fn fits(&self, lead: &Lead) -> bool {
        let campaign = self.campaign.as_ref().is_none_or(|campaign| {
            lead.enrollments.iter().any(|live| live.campaign == *campaign)
                || lead.history.iter().any(|past| past.campaign == *campaign)
        });
        let unanswered = |status| status == Status::Unanswered && lead.unanswered.is_some();
        let stands = |status| unanswered(status) || status == Status::of(lead);
        campaign && self.status.is_none_or(stands)
    }
}

/// Prints the leads that fit.
///
/// # Errors
/// When they cannot be read.
pub(super) async fn list(
    there: &Connection,
    client: &Client,
    filter: &Filter,
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let most = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let mut shown = table(["id", "name", "number", "status", "in", "was in", "texts", "next"]);
    let bar = progress(filter.quiet);
    let (mut looked_at, mut found, mut last) = (0_u64, 0, None);
    let mut after = filter.after;
    'pages: loop {
        let ids = there.store.lead_ids(&client.id, after, PAGE).await?;
        let mut page = there.store.leads(&client.id, &ids).await?;
        page.sort_by_key(|stored| stored.lead.id);
        for stored in page {
            looked_at += 1;
            if !filter.fits(&stored.lead) {
                continue;
            }
            if found == most {
                break 'pages;
            }
            found += 1;
            last = Some(stored.lead.id);
            match json {
                true => writeln!(out, "{}", in_json(&stored))?,
                false => drop(shown.add_row(row(&stored, client))),
            }
        }
        bar.set_message(format!("{looked_at} leads looked at, {found} found"));
        after = ids.last().copied();
        if ids.len() < PAGE {
            last = None;
            break;
        }
    }
    bar.finish_and_clear();
    if !json {
        if found > 0 {
            writeln!(out, "{shown}")?;
        }
        writeln!(out, "{found} lead(s) of {looked_at} looked at.")?;
        if let Some(last) = last {
            writeln!(out, "There may be more: --after {last}")?;
        }
    }
    Ok(())
}

fn row(stored: &StoredLead, client: &Client) -> [String; 8] {
    let lead = &stored.lead;
    let [id, name, number] = named(lead.id, stored);
    let live: Vec<String> = lead.enrollments.iter().map(|live| format!("{}:{}", live.campaign, live.step)).collect();
    let past: Vec<String> = lead.history.iter().map(|past| format!("{} ({})", past.campaign, past.outcome)).collect();
    [
        id,
        name,
        number,
        Status::of(lead).words().to_owned(),
        live.join(" "),
        past.join(" "),
        sent(lead).to_string(),
        lead.due().map(|at| local(at, client.zone)).unwrap_or_default(),
    ]
}

/// Texts that were accepted, all campaigns together.
pub(super) fn sent(lead: &Lead) -> u32 {
    let live = lead.enrollments.iter().map(|live| u32::from(live.sent));
    live.chain(lead.history.iter().map(|past| u32::from(past.sent))).sum()
}

fn in_json(stored: &StoredLead) -> serde_json::Value {
    let (lead, profile) = (&stored.lead, &stored.profile);
    let live: Vec<_> =
        lead.enrollments.iter().map(|live| json!({"campaign": live.campaign, "step": live.step})).collect();
    let past: Vec<(_, Outcome)> = lead.history.iter().map(|past| (&past.campaign, past.outcome)).collect();
    let past: Vec<_> =
        past.into_iter().map(|(campaign, outcome)| json!({"campaign": campaign, "outcome": outcome})).collect();
    json!({
        "id": lead.id, "phone": lead.phone, "email": profile.email, "first_name": profile.first_name,
        "last_name": profile.last_name, "status": Status::of(lead),
        "unanswered_since": lead.unanswered.as_ref().map(|unanswered| unanswered.since), "in": live, "was_in": past, "texts": sent(lead),
        "next": lead.due(), "created_at": profile.created_at,
    })
}

/// Looking through many leads takes its time: somebody who waits sees that it goes on.
fn progress(quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
