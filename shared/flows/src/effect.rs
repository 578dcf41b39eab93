//! What a change of a campaign would do today, before it is made: by the same decision, and writing nothing.

use std::collections::BTreeMap;

use chrono::{DurationRound, TimeDelta};
use serde::Serialize;

use super::{
    newest::onto,
    preview::{Happening, Outlook, preview},
    reading::Plans,
    record::Recorder,
};
use domain::{
    Instant,
    campaign::{Campaign, CampaignStatus, Plan},
    client::Client,
    ids::{CampaignId, LeadId},
    lead::{Lead, Outcome},
    window::Hours,
};
use ports::{Census, Directory, DueIndex, DueKind, DueWork, LeadStore, StoreResult, StoredLead};

/// Most leads of each kind that are looked at where nobody waits for an answer within seconds.
pub const MOST_LEADS: usize = 2_000;
/// Leads that are read in one go.
const PAGE: usize = 50;
/// How often the scheduler runs.
const EVERY: TimeDelta = TimeDelta::minutes(15);

/// What is meant to be done with a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intended {
    /// No texts until it is resumed.
    Pause,
    /// Texts go out, for the first time or again.
    Resume,
    /// No texts for good.
    Deactivate,
    /// It is changed. Who is in it goes on with the texts of their version.
    Change(Box<Campaign>),
    /// Everybody who is in it goes on with the newest version.
    MoveToNewest,
}

/// What it would come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Effect {
    /// The campaign.
    pub campaign: CampaignId,
    /// How many are in it.
    pub people: u64,
    /// How many of them were looked at: those who are due today, and those who wait for it to be resumed.
    pub looked_at: usize,
    /// Whether that was everybody of whom something could happen today.
    pub complete: bool,
    /// How many of those would go on otherwise than they would without it.
    pub affected: usize,
    /// The rest of the day as things stand.
    pub before: Day,
    /// The rest of the day as it would be.
    pub after: Day,
}

/// What happens in a campaign until midnight in the client's zone, if every text is accepted and nobody
/// replies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Day {
    /// Texts that go out.
    pub texts: usize,
    /// What they cost, in segments.
    pub segments: usize,
    /// When, by the clock hour in which they go.
    pub by_hour: Vec<Hour>,
    /// Texts that the limit per hour leaves for another day.
    pub later: usize,
    /// Sequences that end, by how.
    pub ends: BTreeMap<Outcome, usize>,
}

/// What goes out in a clock hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hour {
    /// Its beginning.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub from: Instant,
    /// Texts.
    pub texts: usize,
    /// What they cost, in segments.
    pub segments: usize,
}

/// What looking ahead needs.
#[derive(Clone, Copy)]
pub struct Effects<'a> {
    /// Campaigns.
    pub directory: &'a dyn Directory,
    /// Leads.
    pub leads: &'a dyn LeadStore,
    /// Who is due.
    pub due: &'a dyn DueIndex,
    /// How many there are.
    pub census: &'a dyn Census,
    /// The client, the moment.
    pub recorder: Recorder<'a>,
    /// Most leads of each kind that are looked at: who is due, and who waits for the campaign.
    pub most: usize,
}

impl Effects<'_> {
    /// What would come of it.
    ///
    /// # Errors
    /// [`StoreError`](ports::StoreError) when something cannot be read.
    pub async fn of(&self, client: &Client, campaign: &Campaign, intended: &Intended) -> StoreResult<Effect> {
        let now = self.recorder.now;
        let midnight = end_of_day(client, now);
        let campaigns = self.directory.campaigns(&client.id).await?;
        let (plans, newest) = (Plans::default(), newest(campaign, intended).plan());
        let (ids, complete) = self.candidates(client, &campaign.id, midnight).await?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let (mut looked_at, mut affected) = (0, 0);
        for some in ids.chunks(PAGE) {
            for stored in self.leads.leads(&client.id, some).await? {
                let Some(outlook) = self.outlook(client, &campaigns, &plans, &campaign.id, stored).await? else {
                    continue;
                };
                let changed = changed(&outlook, campaign, &newest, intended, now);
                let today = |outlook: &Outlook| {
                    let mut planned = preview(outlook, now, midnight, EVERY);
                    planned.retain(|one| one.campaign == campaign.id && one.at < midnight);
                    planned
                };
                let (stands, would) = (today(&outlook), today(&changed));
                looked_at += 1;
                let moved =
                    |lead: &Lead| lead.enrollments.iter().map(|live| (live.id, live.version)).collect::<Vec<_>>();
                affected += usize::from(stands != would || moved(&outlook.lead) != moved(&changed.lead));
                before.extend(stands);
                after.extend(would);
            }
        }
        let people = self.census.counts(&client.id, &campaign.id).await?.active();
        let hours = client.hours(campaign.window.as_ref());
        let day = |planned: Vec<_>| Day::of(planned, client, &hours, midnight);
        let (before, after) = (day(before), day(after));
        Ok(Effect { campaign: campaign.id.clone(), people, looked_at, complete, affected, before, after })
    }

    /// Who is due today, and who waits for the campaign to be resumed; and whether that is everybody.
    async fn candidates(&self, client: &Client, id: &CampaignId, until: Instant) -> StoreResult<(Vec<LeadId>, bool)> {
        let due = self.due.due_of(&client.id, DueKind::Leads, until, self.most).await?;
        let parked = self.due.parked(&client.id, id, None, self.most).await?;
        let complete = due.len() < self.most && parked.len() < self.most;
        Ok((due.iter().filter_map(DueWork::lead).chain(parked).collect(), complete))
    }

    /// A lead with all that decisions on it are made from, if it is in the campaign.
    async fn outlook(
        &self,
        client: &Client,
        campaigns: &[Campaign],
        plans: &Plans,
        id: &CampaignId,
        stored: StoredLead,
    ) -> StoreResult<Option<Outlook>> {
        let StoredLead { lead, profile, .. } = stored;
        if lead.enrollments.iter().all(|live| live.campaign != *id) {
            return Ok(None);
        }
        let mut of_lead = BTreeMap::new();
        for live in &lead.enrollments {
            let status = campaigns.iter().find(|campaign| campaign.id == live.campaign);
            let plan = plans.get(self.directory, &client.id, &live.campaign, live.version).await?;
            // What is not there is decided on by nobody.
            if let (Some(status), Some(plan)) = (status, plan) {
                of_lead.insert(live.campaign.clone(), (status.status.clone(), plan));
            }
        }
        Ok(Some(Outlook { client: client.clone(), lead, profile, campaigns: of_lead }))
    }
}

/// The campaign as it would be.
fn newest<'a>(campaign: &'a Campaign, intended: &'a Intended) -> &'a Campaign {
    match intended {
        Intended::Change(new) => new,
        Intended::Pause | Intended::Resume | Intended::Deactivate | Intended::MoveToNewest => campaign,
    }
}

/// A lead's outlook as it would be.
fn changed(outlook: &Outlook, campaign: &Campaign, newest: &Plan, intended: &Intended, now: Instant) -> Outlook {
    let mut outlook = outlook.clone();
    let Some((status, plan)) = outlook.campaigns.get_mut(&campaign.id) else { return outlook };
    match intended {
        Intended::Pause => *status = CampaignStatus::Paused,
        Intended::Resume => *status = CampaignStatus::Active,
        Intended::Deactivate => *status = CampaignStatus::Deactivated { at: now },
        Intended::Change(_) => {}
        Intended::MoveToNewest => {
            let ids: Vec<_> = outlook
                .lead
                .enrollments
                .iter()
                .filter(|live| live.campaign == campaign.id)
                .map(|live| live.id)
                .collect();
            for id in ids {
                onto(&mut outlook.lead, id, newest, now);
            }
            plan.clone_from(newest);
        }
    }
    outlook
}

/// The next midnight in the client's zone.
fn end_of_day(client: &Client, now: Instant) -> Instant {
    let tomorrow = now.with_timezone(&client.zone).date_naive() + chrono::Days::new(1);
    let midnight = tomorrow.and_time(chrono::NaiveTime::MIN).and_local_timezone(client.zone);
    // Where clocks go forward at midnight, the day begins an hour later.
    midnight.earliest().map_or(now + TimeDelta::days(1), |local| local.to_utc())
}

impl Day {
    fn of(mut planned: Vec<super::preview::Planned>, client: &Client, hours: &Hours, midnight: Instant) -> Self {
        planned.sort_by_key(|one| one.at);
        let per_hour = usize::try_from(client.limits.per_hour.min(client.per_run().saturating_mul(4))).unwrap_or(0);
        let mut day = Self::default();
        let mut used: BTreeMap<Instant, (usize, usize)> = BTreeMap::new();
        for one in planned {
            match one.what {
                Happening::Ends { outcome, .. } => *day.ends.entry(outcome).or_default() += 1,
                Happening::Waits { .. } | Happening::Skipped { .. } => {}
                Happening::Text { segments, .. } => {
                    let first = one.at.duration_trunc(TimeDelta::hours(1)).unwrap_or(one.at);
                    let free = |hour: &Instant| used.get(hour).is_none_or(|(texts, _)| *texts < per_hour);
                    let open = |hour: &Instant| *hour < midnight && (*hour <= one.at || hours.contain(*hour));
                    let mut later = std::iter::successors(Some(first), |hour| Some(*hour + TimeDelta::hours(1)));
                    match later.by_ref().take_while(open).find(free) {
                        Some(hour) => {
                            let (texts, cost) = used.entry(hour).or_default();
                            *texts += 1;
                            *cost += segments;
                        }
                        None => day.later += 1,
                    }
                }
            }
        }
        day.by_hour = used.into_iter().map(|(from, (texts, segments))| Hour { from, texts, segments }).collect();
        day.texts = day.by_hour.iter().map(|hour| hour.texts).sum();
        day.segments = day.by_hour.iter().map(|hour| hour.segments).sum();
        day
    }
}
