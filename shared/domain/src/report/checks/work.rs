//! Checks of the work itself: runs, overdue leads, failures, what waits for a person.

use super::{Action, Check, Facts, Ledger, Report, THRESHOLDS, Verdict, age, counted};
use crate::{
    Instant,
    audit::Event,
    client::{Sending, THROTTLED_LONG},
    report::{Rate, Usual, scrubbed},
};

pub(super) fn actions(report: &Report, ledger: &Ledger, facts: &Facts) -> Vec<Action> {
    let found = [
        runs(report),
        on_hold(ledger, facts),
        overdue(report, facts),
        given_up(ledger),
        failures(report, ledger),
        spike(report),
        silence(report),
    ];
    found.into_iter().flatten().chain(problems(ledger)).collect()
}

fn runs(report: &Report) -> Option<Action> {
    let runs = report.figures.runs;
    if runs.longest_gap <= THRESHOLDS.gap_act {
        return None;
    }
    let gap = runs.longest_gap.num_minutes();
    let (headline, what) = if runs.done == 0 {
        (
            "the scheduler did not run".to_owned(),
            format!("The scheduler did not run at all; {} runs were expected", runs.expected),
        )
    } else {
        let headline = format!("{gap} min without a run");
        (
            headline,
            format!("The scheduler did not run for {gap} min; {} of {} runs were done", runs.done, runs.expected),
        )
    };
    let consequence = "Without runs nothing is sent, and first texts are given up as too late. Look at the schedule and the scheduler's log.";
    Some(Action::new(Check::Runs, Verdict::Act, runs.expected.saturating_sub(runs.done), headline, what, consequence))
}

fn on_hold(ledger: &Ledger, facts: &Facts) -> Option<Action> {
    let consequence = "Nothing is sent until the hold is lifted; first texts are given up as too late.";
    if let Some(span) = facts.client.sending.throttled_for(facts.now) {
        // It ends by itself, and an operator can do something about it only if it goes on.
        return (span >= THROTTLED_LONG).then(|| throttled(&facts.client.sending, facts.now));
    }
    match (&facts.client.sending, ledger.day.problems.get(&Event::SendingHeld)) {
        (Sending::OnHold { reason, since, .. }, _) => {
            let what = format!("Sending is on hold for {}: {}", age(*since, facts.now), scrubbed(reason));
            Some(
                Action::new(Check::OnHold, Verdict::Act, 1, "sending is on hold", what, consequence)
                    .about(Some(*since), &[]),
            )
        }
        (Sending::On, Some(held)) => {
            let what = format!(
                "Sending was put on hold {}; the hold has been lifted since",
                if held.count == 1 { "once".to_owned() } else { format!("{} times", held.count) }
            );
            let action = Action::new(
                Check::OnHold,
                Verdict::Look,
                held.count,
                "sending was on hold",
                what,
                "Check that the cause is gone.",
            );
            Some(action.about(held.since, &[]))
        }
        (Sending::On, None) => None,
    }
}

fn throttled(sending: &Sending, now: Instant) -> Action {
    let (since, reason) = match sending {
        Sending::OnHold { since, reason, .. } => (*since, reason.as_str()),
        Sending::On => (now, ""),
    };
    let what = format!("The SMS provider has been asking to wait for {}: {}", age(since, now), scrubbed(reason));
    let consequence = "One text is tried every few minutes, and the others go once it is accepted; first texts whose time runs out are given up as too late. If it goes on, ask the provider to raise the account's limit.";
    let headline = "the SMS provider asks to wait";
    Action::new(Check::OnHold, Verdict::Look, 1, headline, what, consequence).about(Some(since), &[])
}

fn overdue(report: &Report, facts: &Facts) -> Option<Action> {
    if matches!(facts.client.sending, Sending::OnHold { .. }) {
        // They are, and that is what a hold is for; it has an action of its own.
        return None;
    }
    let overdue = report.overdue?;
    let since = overdue.since.filter(|since| report.as_of - *since > THRESHOLDS.overdue_look)?;
    let verdict = if report.as_of - since > THRESHOLDS.overdue_act { Verdict::Act } else { Verdict::Look };
    let local = since.with_timezone(&report.zone());
    let same_day = local.date_naive() == report.as_of.with_timezone(&report.zone()).date_naive();
    let since_words = local.format(if same_day { "%H:%M" } else { "%-d %b %H:%M" });
    let headline = format!("{} overdue since {since_words}", counted(overdue.leads, "lead"));
    let what = format!(
        "{} due and not looked at; the oldest for {}",
        if overdue.leads == 1 { "1 lead is".to_owned() } else { format!("{} leads are", overdue.leads) },
        age(since, report.as_of)
    );
    let consequence = "Their texts go later than planned, and first texts are given up as too late. Look at the scheduler, the settings and the limits.";
    Some(Action::new(Check::Overdue, verdict, overdue.leads, headline, what, consequence).about(Some(since), &[]))
}

/// Whose time ran out on a day on which sending was held up. On any other day it is the campaign's own timing, such
/// as of a form that was sent at night, and stands among the texts that did not go out.
fn given_up(ledger: &Ledger) -> Option<Action> {
    let problem = &ledger.day.given_up;
    if problem.count == 0 || !ledger.day.was_held {
        return None;
    }
    let headline = match problem.count {
        1 => "1 lead was given up".to_owned(),
        many => format!("{many} leads were given up"),
    };
    let what = format!("{headline}: their time ran out on a day on which sending was held up");
    let consequence =
        "Nothing more goes to them by itself. Write or call by hand, or give the campaign a larger `latest_minutes`.";
    Some(
        Action::new(Check::GivenUp, Verdict::Act, problem.count, headline, what, consequence)
            .about(problem.since, &problem.leads),
    )
}

fn failures(report: &Report, ledger: &Ledger) -> Option<Action> {
    let Rate::Percent(rate) = report.figures.failure_rate else { return None };
    if rate <= THRESHOLDS.failure_look {
        return None;
    }
    let verdict = if rate > THRESHOLDS.failure_act { Verdict::Act } else { Verdict::Look };
    let failed = report.figures.failed;
    let headline = format!("{} failed ({rate:.1} %)", counted(failed, "text"));
    let what = format!("{headline}; the reasons stand below under “Not sent”");
    let action = Action::new(
        Check::FailureRate,
        verdict,
        failed,
        headline,
        what,
        "These people got no text. Carriers block senders whose texts fail often.",
    );
    let problem = ledger.day.problems.get(&Event::SmsAttempt);
    Some(action.about(
        problem.and_then(|problem| problem.since),
        problem.map(|problem| problem.leads.as_slice()).unwrap_or_default(),
    ))
}

fn spike(report: &Report) -> Option<Action> {
    let errors = report.figures.errors_in_all();
    (report.figures.error_spike == Some(true)).then(|| {
        let what = format!("{} on the day, far more than usual", counted(errors, "error"));
        Action::new(
            Check::ErrorSpike,
            Verdict::Look,
            errors,
            format!("{errors} errors"),
            what,
            "Something has changed. Look at the kinds of errors below.",
        )
    })
}

fn silence(report: &Report) -> Option<Action> {
    match report.figures.usual_leads {
        Usual::Between(low, high) if report.figures.forms == 0 && low >= THRESHOLDS.silence_from => {
            let what = format!("No lead came in; {low} to {high} are usual on this weekday");
            let consequence = "If the webhook was removed at Kajabi, new leads are lost. Send a test form.";
            Some(Action::new(Check::Silence, Verdict::Look, 0, "no leads came in", what, consequence))
        }
        Usual::Between(..) | Usual::Learning => None,
    }
}

/// Problems that count from the first one.
fn problems(ledger: &Ledger) -> Vec<Action> {
    let kinds = [
        (
            Event::RunStopped,
            Check::RunStopped,
            Verdict::Act,
            "run",
            "stopped by the settings",
            "Nothing is sent for this client until its settings are mended.",
        ),
        (
            Event::TemplateMissing,
            Check::TemplateMissing,
            Verdict::Look,
            "step",
            "without a text",
            "These leads get nothing until the step or the client has a text.",
        ),
        (
            Event::EventUnusable,
            Check::Unusable,
            Verdict::Look,
            "event",
            "that could not be used",
            "They are kept. If one is a lead, nobody texts it until it is replayed.",
        ),
        (
            Event::BookingUnmatched,
            Check::UnmatchedBookings,
            Verdict::Look,
            "booking",
            "of nobody we know",
            "If one is a lead with another number and address, its texts go on. See `leadline bookings --unmatched`.",
        ),
        (
            Event::JobFailed,
            Check::JobFailed,
            Verdict::Look,
            "piece",
            "of work that failed",
            "It is tried again or lies in the dead-letter queue. Look at the log.",
        ),
        (
            Event::SettleFailed,
            Check::SettleFailed,
            Verdict::Look,
            "text",
            "whose outcome could not be written",
            "It is not sent again, but its lead may stand still. Check these leads.",
        ),
    ];
    let found = kinds.into_iter().filter_map(|(event, check, verdict, thing, what, consequence)| {
        let problem = ledger.day.problems.get(&event)?;
        let headline = format!("{} {what}", counted(problem.count, thing));
        let words = match &problem.reason {
            Some(reason) => format!("{headline}; the first: {reason}"),
            None => headline.clone(),
        };
        Some(
            Action::new(check, verdict, problem.count, headline, words, consequence)
                .about(problem.since, &problem.leads),
        )
    });
    found.collect()
}
