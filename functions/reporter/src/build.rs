//! Reads what a report is made of. The audit is what it cannot do without; what else cannot be read is
//! said in the report as not measured.

use std::collections::BTreeMap;

use chrono::{Days, TimeDelta};
use leadline::{
    domain::{
        Instant,
        campaign::Campaign,
        client::Client,
        ids::{ClientId, LeadId},
        refusals::Refused,
        report::{
            Before, Carried, DueFacts, Facts, LeadFacts, Ledger, Listed, Overdue, Period, Report, THRESHOLDS,
            WaitingFacts, WebhookFacts, Windows,
        },
    },
    flows::reading::readable,
    ports::{DueWork, StoreError, StoreResult},
};

use crate::{Deps, schedule};

/// How far back the last report is looked for.
const LOOK_BACK_DAYS: u64 = 40;
/// Leads that one call reads.
const LEADS_PER_READ: usize = 100;
/// How far ahead the due index is read: what waits is due by then.
const LOOK_AHEAD: TimeDelta = TimeDelta::hours(24);
/// Pieces of due work that are counted. With more than these nothing is said about them.
const MOST_DUE: usize = 5_000;
/// People who wait for a person that are counted. With more than these the report says so.
const MOST_WAITING: usize = 2_000;
/// How often the books are read again while they do not balance, in case something just moved.
const READINGS: usize = 3;

/// Reads and makes the report of one day. Work goes on while it is read, so books that do not balance
/// are read again: what moved between two readings is not missing. `not_compared` is what else was not measured.
///
/// # Errors
/// [`StoreError`] when the audit or the last report cannot be read.
pub(crate) async fn report(
    client: &Client,
    period: Period,
    not_compared: &[String],
    deps: &Deps,
) -> Result<Report, StoreError> {
    let (mut ledger, mut facts) = read(client, period, not_compared, deps).await?;
    for _ in 1..READINGS {
        if ledger.balances(&facts) {
            break;
        }
        let (later, later_facts) = read(client, period, not_compared, deps).await?;
        if let Some(waited) = ledger.waited(&facts, &later)
            && let Some(due) = &mut facts.due
        {
            due.waiting = waited;
            break;
        }
        (ledger, facts) = (later, later_facts);
    }
    Ok(ledger.close(&facts))
}

/// Reads the audit first, and what waits last.
async fn read(
    client: &Client,
    period: Period,
    not_compared: &[String],
    deps: &Deps,
) -> Result<(Ledger, Facts), StoreError> {
    let mut unread = not_compared.to_vec();
    let before = before(&client.id, &period, deps, &mut unread).await?;
    let mut ledger = Ledger::new(period);
    let now = deps.clock.now();
    feed(&mut ledger, &client.id, before.from(&period), now, deps).await?;
    let followed = before.carried().map(|carried| carried.unclear.clone()).unwrap_or_default();
    let leads = leads(&client.id, ledger.leads().into_iter().chain(followed), deps, &mut unread).await;
    let campaigns = campaigns(&client.id, deps, &mut unread).await;
    let windows = windows(&client.id, campaigns.as_deref().unwrap_or_default(), &ledger, deps).await;
    let waiting = waiting(&client.id, deps, &mut unread).await;
    let campaigns_to_review = campaigns
        .map(|campaigns| campaigns.into_iter().filter(Campaign::awaits_review).map(|campaign| campaign.name).collect());
    let due = due(&client.id, now, deps).await;
    let webhooks = webhooks(&client.id, &period, deps, &mut unread).await;
    let client = client.clone();
    let mut facts =
        Facts { client, now, before, leads, windows, due: None, webhooks, waiting, campaigns_to_review, unread };
    match due {
        Ok(due) => facts.due = Some(due),
        Err(why) => facts.unread.push(format!("what waits and what is overdue: {why}")),
    }
    Ok((ledger, facts))
}

/// The newest report before this one.
async fn before(client: &ClientId, period: &Period, deps: &Deps, unread: &mut Vec<String>) -> StoreResult<Before> {
    for back in 1..=LOOK_BACK_DAYS {
        let Some(day) = period.day.checked_sub_days(Days::new(back)) else { break };
        let Some(note) = deps.store.note(client, &schedule::report_of(day)).await? else { continue };
        return Ok(match Carried::from_note(&note) {
            Ok(carried) => Before::Report(carried),
            Err(problem) => {
                tracing::error!(%client, %day, %problem, "the totals begin anew");
                unread.push(
                    "totals of the days before: the last report's note cannot be read, and they begin anew".to_owned(),
                );
                Before::Lost
            }
        });
    }
    let earliest = period.from - TimeDelta::days(LOOK_BACK_DAYS as i64);
    let mut page = None;
    loop {
        let found = deps.store.happened(client, earliest, period.from, page).await?;
        if !found.events.is_empty() {
            unread.push(format!(
                "totals of the days before: no report was found in {LOOK_BACK_DAYS} days, and they begin anew"
            ));
            return Ok(Before::Lost);
        }
        match found.next {
            Some(next) => page = Some(next),
            None => return Ok(Before::First),
        }
    }
}

async fn feed(ledger: &mut Ledger, client: &ClientId, from: Instant, until: Instant, deps: &Deps) -> StoreResult<()> {
    let mut page = None;
    loop {
        let found = deps.store.happened(client, from, until, page).await?;
        found.events.iter().for_each(|event| ledger.feed(event));
        match found.next {
            Some(next) => page = Some(next),
            None => return Ok(()),
        }
    }
}

async fn leads(
    client: &ClientId,
    ids: impl Iterator<Item = LeadId>,
    deps: &Deps,
    unread: &mut Vec<String>,
) -> BTreeMap<LeadId, LeadFacts> {
    let mut ids: Vec<LeadId> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    let (mut read, mut failed) = (BTreeMap::new(), 0);
    for some in ids.chunks(LEADS_PER_READ) {
        match deps.store.leads(client, some).await {
            Ok(found) => {
                read.extend(found.iter().map(|stored| (stored.lead.id, LeadFacts::of(&stored.lead, &stored.profile))))
            }
            Err(error) => {
                tracing::error!(%client, %error, "texted leads could not be read back");
                failed += some.len();
            }
        }
    }
    if failed > 0 {
        unread.push(format!("{failed} texted leads, which could not be read back"));
    }
    read
}

/// Who waits for a person: counted from the index, and those read who are named. How many are read does not
/// depend on how many leads there are.
async fn waiting(client: &ClientId, deps: &Deps, unread: &mut Vec<String>) -> Option<WaitingFacts> {
    let read = async {
        let mut listed = deps.store.waiting(client, MOST_WAITING + 1).await?;
        let complete = listed.len() <= MOST_WAITING;
        listed.truncate(MOST_WAITING);
        let listed: Vec<Listed> = listed.into_iter().map(|waiting| (waiting.lead, waiting.needs)).collect();
        let asked = WaitingFacts::to_read(&listed);
        let found = readable(deps.store.as_ref(), client, &asked).await?;
        let leads: Vec<_> = found.leads.into_iter().map(|stored| (stored.lead, stored.profile)).collect();
        StoreResult::Ok((WaitingFacts::of(&listed, complete, &asked, &leads), found.unread))
    };
    match read.await {
        Ok((waiting, unreadable)) => {
            for (lead, error) in unreadable {
                tracing::error!(%client, %lead, %error, "a lead that waits for a person cannot be read");
                unread.push(format!("lead {lead}, which waits for a person"));
            }
            if !waiting.complete {
                unread.push(format!("people who wait for a person, beyond the first {MOST_WAITING}"));
            }
            Some(waiting)
        }
        Err(error) => {
            tracing::error!(%client, %error, "who waits for a person could not be read");
            unread.push("who waits for a person".to_owned());
            None
        }
    }
}

async fn campaigns(client: &ClientId, deps: &Deps, unread: &mut Vec<String>) -> Option<Vec<Campaign>> {
    match deps.store.campaigns(client).await {
        Ok(campaigns) => Some(campaigns),
        Err(error) => {
            tracing::error!(%client, %error, "the campaigns could not be read");
            unread.push("the campaigns, and their sending hours".to_owned());
            None
        }
    }
}

/// The sending hours of the versions that texts came from; of the campaign as it is now where a text
/// does not say its version.
async fn windows(client: &ClientId, campaigns: &[Campaign], ledger: &Ledger, deps: &Deps) -> Windows {
    let mut windows = Windows::new();
    for (id, version) in ledger.versions() {
        let current = campaigns
            .iter()
            .find(|campaign| campaign.id == id && version.is_none_or(|version| version == campaign.version));
        let window = match (current, version) {
            (Some(campaign), _) => Some(campaign.window.clone()),
            (None, Some(version)) => match deps.store.plan(client, &id, version).await {
                Ok(plan) => plan.map(|plan| plan.window),
                Err(error) => {
                    tracing::error!(%client, campaign = %id, version, %error, "a version of a campaign could not be read");
                    None
                }
            },
            (None, None) => None,
        };
        if let Some(window) = window {
            windows.insert((id, version), window);
        }
    }
    windows
}

/// What was turned away on the day.
async fn webhooks(client: &ClientId, period: &Period, deps: &Deps, unread: &mut Vec<String>) -> WebhookFacts {
    let refused = deps.store.refused(client, period.from, period.until).await.unwrap_or_else(|error| {
        tracing::error!(%client, %error, "what was turned away could not be read");
        unread.push("calls that were turned away".to_owned());
        Refused::new()
    });
    WebhookFacts { refused, receipts_come: deps.receipts_come }
}

/// What waits, counted in the due index; or why it was not.
async fn due(client: &ClientId, now: Instant, deps: &Deps) -> Result<DueFacts, String> {
    let work = deps.store.due(client, now + LOOK_AHEAD, MOST_DUE + 1).await.map_err(|error| {
        tracing::error!(%client, %error, "the due index could not be read");
        "the due index could not be read".to_owned()
    })?;
    if work.len() > MOST_DUE {
        return Err(format!("more than {MOST_DUE} pieces of work are due within a day"));
    }
    let mut facts = DueFacts { waiting: 0, overdue: Overdue::default(), next_day: 0 };
    for work in work {
        match work {
            DueWork::Event { .. } => facts.waiting += 1,
            DueWork::Lead { due, .. } => {
                facts.next_day += 1;
                if due + THRESHOLDS.overdue_look < now {
                    facts.overdue.leads += 1;
                    facts.overdue.since = Some(facts.overdue.since.map_or(due, |since| since.min(due)));
                }
            }
        }
    }
    Ok(facts)
}
