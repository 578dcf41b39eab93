//! One client's run: settings first, then events left over, then what is due, within the allowance.

use std::time::Duration;

use leadline::{
    domain::{
        Instant,
        audit::{Event, Status},
        campaign::CampaignStatus,
        client::{Client, Sending, SettingsProblem},
        ids::RunId,
        job::{Job, SendStep},
    },
    flows::{
        alerts::{Alert, Alerts},
        intake::Intake,
        record::Recorder,
        unanswered::Unheard,
    },
    ports::{ClientEntry, StoreError},
};

use crate::{Deps, parking, select};

/// Texts of one run are spread over this time, so that a provider sees a trickle and not a burst.
const SPREAD: Duration = Duration::from_secs(60);

/// How long after the text that tries an account again the others follow: its call has ended by then.
const AFTER_THE_FIRST: Duration = Duration::from_secs(30);

/// Why a client's run stopped.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// Its settings.
    #[error(transparent)]
    Settings(#[from] SettingsProblem),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Runs one client and gives how many texts were put on the queue.
pub async fn run_client(deps: &Deps, entry: &ClientEntry, run: RunId, now: Instant) -> Result<usize, Stopped> {
    let settings = deps.store.client(&entry.id).await?;
    let test = settings.as_ref().is_ok_and(Client::in_test);
    let recorder = Recorder { ids: deps.ids.as_ref(), client: &entry.id, test, run, now };
    let alerts = deps.alerts();
    let client = match settings {
        Ok(client) => client,
        Err(problem) => return stop(deps, &alerts, &recorder, Some(&entry.admin_email), problem).await,
    };

    let intake = Intake {
        read: deps.read,
        directory: deps.store.as_ref(),
        leads: deps.store.as_ref(),
        events: deps.store.as_ref(),
        alerts,
        queue: Some(deps.queue.as_ref()),
        tenants: deps.tenants,
    };
    select::resume_events(deps, &client, &intake, &recorder).await?;
    let unheard = Unheard { leads: deps.store.as_ref(), alerts };
    unheard.tell_the_rest(deps.store.as_ref(), &client, &recorder).await;
    if let Sending::OnHold { reason, .. } = &client.sending
        && !client.sending.lets_through(now)
    {
        let held = recorder.event(Event::SchedulerRun, Status::Waiting).because("on_hold", reason);
        deps.store.record(&[held]).await?;
        return Ok(0);
    }
    let campaigns = match deps.store.campaigns(&client.id).await {
        Err(StoreError::Unreadable(why)) => {
            return stop(deps, &alerts, &recorder, client.mailbox(), SettingsProblem::Unreadable(why)).await;
        }
        campaigns => campaigns?,
    };
    if !campaigns.iter().any(|campaign| campaign.status == CampaignStatus::Active) {
        // No text goes out. Who left is counted all the same, and what is over ends.
        parking::put_back(deps, &client, &campaigns, &recorder).await?;
        select::select(deps, &client, &campaigns, &intake, &recorder).await?;
        return stop(deps, &alerts, &recorder, client.mailbox(), SettingsProblem::NoActiveCampaign).await;
    }
    if let Some(problem) = no_test_phone(&client) {
        let alert = alert(&problem);
        alerts.raise(alert, client.mailbox(), &recorder).await;
    }

    // What cannot be put back now keeps nobody else from being texted: the next run goes on.
    let back = parking::put_back(deps, &client, &campaigns, &recorder).await.unwrap_or_else(|error| {
        tracing::error!(client = %client.id, %error, "leads whose campaign goes on were not put back");
        0
    });
    let selected = select::select(deps, &client, &campaigns, &intake, &recorder).await?;
    let tried_again = client.sending != Sending::On;
    let granted = match client.sending.at_most(u32::try_from(selected.jobs.len()).unwrap_or(u32::MAX)) {
        0 => 0,
        wanted => deps.store.reserve(&client.id, now, client.limits.per_hour, wanted, run).await?,
    };
    let mut jobs = selected.jobs;
    // Those that follow the one that tries are counted when they go.
    let may_go = if tried_again && granted > 0 { jobs.len() } else { granted as usize };
    let over_the_hour = jobs.len().saturating_sub(may_go);
    jobs.truncate(may_go);
    let queued = jobs.len();
    let after = selected.left_alone.into_iter().map(|job| (Job::SendStep(job), Duration::ZERO));
    let refused = deps.queue.enqueue(after.chain(spread(jobs, tried_again)).collect()).await;

    let mut audit = Vec::new();
    if over_the_hour > 0 || selected.more {
        let (reason, limit) =
            if over_the_hour > 0 { ("per_hour", client.limits.per_hour) } else { ("per_run", client.per_run()) };
        let words = format!("the limit of {limit} texts was reached; what is left waits for the next run");
        audit.push(recorder.event(Event::LimitHit, Status::Waiting).because(reason, words));
    }
    for job in &refused {
        let words = format!("the queue did not take lead {}; it stays due", job_lead(job));
        audit.push(recorder.event(Event::JobFailed, Status::Failed).because("queue", words));
    }
    let mut words = format!(
        "{} queued, {} put off, {} ended or to review",
        queued.saturating_sub(refused.len()),
        selected.put_off,
        selected.concluded
    );
    if back > 0 {
        words.push_str(&format!(", {back} whose campaign goes on put back"));
    }
    audit.push(recorder.event(Event::SchedulerRun, Status::Ok).because("run", words));
    deps.store.record(&audit).await?;
    Ok(queued.saturating_sub(refused.len()))
}

/// The jobs of a run, each with how long it is left on the queue. Of an account that is `tried_again`, the first one
/// tries it and the others follow.
fn spread(jobs: Vec<SendStep>, tried_again: bool) -> impl Iterator<Item = (Job, Duration)> {
    let gap = SPREAD / u32::try_from(jobs.len().max(1)).unwrap_or(1);
    (0u32..).zip(jobs).map(move |(n, mut job)| {
        job.follows = tried_again && n > 0;
        let after_the_first = if job.follows { AFTER_THE_FIRST } else { Duration::ZERO };
        (Job::SendStep(job), gap * n + after_the_first)
    })
}

fn job_lead(job: &Job) -> String {
    match job {
        Job::SendStep(step) => step.lead.to_string(),
        Job::Answer(answer) => answer.lead.to_string(),
    }
}

fn no_test_phone(client: &Client) -> Option<SettingsProblem> {
    use leadline::domain::client::Mode;
    matches!(client.mode, Mode::Test { phone: None, .. }).then_some(SettingsProblem::NoTestPhone)
}

async fn stop(
    deps: &Deps,
    alerts: &Alerts<'_>,
    recorder: &Recorder<'_>,
    to: Option<&leadline::domain::email::EmailAddress>,
    problem: SettingsProblem,
) -> Result<usize, Stopped> {
    let stopped = recorder.event(Event::RunStopped, Status::Failed).because("settings", problem.to_string());
    deps.store.record(&[stopped]).await?;
    alerts.raise(alert(&problem), to, recorder).await;
    Err(problem.into())
}

fn alert(problem: &SettingsProblem) -> Alert {
    let (cause, todo) = match problem {
        SettingsProblem::Missing => ("settings-missing", "Write the client's settings."),
        SettingsProblem::Unreadable(_) => ("settings-unreadable", "Correct the client's settings."),
        SettingsProblem::NoTestPhone => ("no-test-phone", "Set a test phone, or switch the client to live."),
        SettingsProblem::NoActiveCampaign => ("no-active-campaign", "Activate a campaign, or put the client on hold."),
    };
    Alert {
        cause: cause.to_owned(),
        subject: problem.to_string(),
        text: format!("{problem}.\n\n{todo}\nNo text of this client is sent until then; leads are kept and wait.\n"),
    }
}
