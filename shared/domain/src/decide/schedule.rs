//! When a step is due by its own schedule, and whether it is too late for it.

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::{
    super::{
        Instant,
        campaign::{Late, LatestCounts, Plan, When},
        client::Sending,
        gate::Gate,
        lead::{Enrollment, Outcome},
        message::InFlight,
        window::{Hours, open_time},
    },
    CALL_MARGIN, Case, Checked, Shut,
    gates::local,
    next_sendable,
};

/// When a step is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    /// By its schedule. How late it is is counted from here, and what follows a step that is passed over.
    pub(super) scheduled: Instant,
    /// The first moment at which it may go: not sooner, and not too close to the text before it.
    pub(super) at: Instant,
}

/// Local times that are looked at for a step that waits for the next one: some two months of days.
const TIMES: usize = 60;

/// When the next step of an enrollment is due. `None` for one that goes by a webinar where there is none.
///
/// A delay counts from the text before it, or from when the step before it was due that was passed over,
/// or from the import; and it is never shorter than itself after a text that really went.
pub(super) fn due(plan: &Plan, enrollment: &Enrollment, zone: Tz) -> Option<Due> {
    let step = plan.step(enrollment.step);
    let Enrollment { imported_at, last_sent_at, counts_from, .. } = enrollment;
    let floor = match last_sent_at {
        Some(last) => *last + step.map_or_else(TimeDelta::zero, |step| plan.apart(step)),
        None => *imported_at + plan.timing.earliest(),
    };
    match step.map(|step| &step.when) {
        Some(When::Webinar { minutes }) => {
            let scheduled = plan.webinar.as_ref()?.after(*minutes);
            Some(Due { scheduled, at: scheduled.max(floor) })
        }
        after => {
            let delay = step.map_or_else(TimeDelta::zero, |step| step.delay());
            let over = (counts_from.or(*last_sent_at).unwrap_or(*imported_at) + delay).max(floor);
            let at = match after {
                Some(When::After { then: Some(then), .. }) => then.next(over, zone),
                _ => over,
            };
            Some(Due { scheduled: at, at })
        }
    }
}

/// The first moment at which it makes sense to decide on the next step of an enrollment.
pub(super) fn look_from(plan: &Plan, enrollment: &Enrollment) -> Instant {
    let Enrollment { imported_at, last_sent_at, counts_from, .. } = enrollment;
    let from = counts_from.or(*last_sent_at).unwrap_or(*imported_at);
    let first = plan.step(enrollment.step).map_or(from, |step| plan.first_look(step, from));
    match last_sent_at {
        Some(_) => first,
        None => first.max(*imported_at + plan.timing.earliest()),
    }
}

/// The due moment of a step that waits for its next time when it is late: the first such time from which
/// on it can go soon enough. `others` is when the other timed gates open. If no such time ever fits the
/// hours, it stays due, so that it goes when they open.
pub(super) fn shifted(case: &Case, due: Due, others: Instant, all: &[Hours]) -> Due {
    let Some(step) = case.plan.step(case.enrollment.step) else { return due };
    let (Late::Shift { within }, When::After { then: Some(then), .. }) = (step.late, &step.when) else { return due };
    let within = TimeDelta::minutes(i64::from(within));
    let mut at = due.at;
    for _ in 0..TIMES {
        match next_sendable(all, at.max(others)) {
            Some(goes) if goes + CALL_MARGIN <= at + within => return Due { scheduled: at, at },
            Some(goes) => at = then.next(goes, case.client.zone),
            None => return due,
        }
    }
    due
}

/// The delay gate: whether the step is due.
pub(super) fn delay(case: &Case, own: Option<Due>, due: Option<Due>, now: Instant) -> Checked {
    let Enrollment { step, campaign, last_sent_at, counts_from, .. } = &case.enrollment;
    let when = case.plan.step(*step).map(|step| &step.when);
    let source = match when {
        None | Some(When::After { then: None, .. }) => "campaign timing".to_owned(),
        Some(_) => format!("campaign {campaign}, version {}, step {step}", case.plan.version),
    };
    let (Some(own), Some(due)) = (own, due) else {
        let fact = format!("step {step} goes by a webinar, and the campaign has none");
        return Checked::new(Gate::Delay, source, fact.clone(), Some(Shut::ForNow(fact)));
    };
    let left = (due.at - now).num_milliseconds();
    // Rounded up: "0 minutes left" would be no reason to wait.
    let minutes = (left + 59_999) / 60_000;
    let at = local(due.at, case);
    let fact = match when {
        None | Some(When::After { then: None, .. }) => {
            let since = match (counts_from, last_sent_at) {
                (Some(_), _) => "the step before was due, which was passed over",
                (None, Some(_)) => "the last text",
                (None, None) => "the import",
            };
            if left > 0 {
                format!("too soon after {since}: {minutes} minutes left, due {at}")
            } else {
                format!("the delay after {since} is over since {at}")
            }
        }
        Some(when) => {
            let shifted = if due == own {
                String::new()
            } else {
                format!("; too late for {}, so it waits for the next such time", local(own.at, case))
            };
            if left > 0 {
                format!("it goes {when}{shifted}: {minutes} minutes left, due {at}")
            } else {
                format!("it goes {when}{shifted}: due since {at}")
            }
        }
    };
    Checked::new(Gate::Delay, source, fact, (left > 0).then_some(Shut::Until(due.at)))
}

/// When the first text is given up on the wall clock. `None` for steps that `timing` does not rule and
/// for open hours.
pub(super) fn given_up_at(case: &Case) -> Option<Instant> {
    let on_wall = case.plan.timing.latest_counts == LatestCounts::WallClock;
    (given_up(case) && on_wall).then(|| case.enrollment.imported_at + case.plan.timing.latest())
}

/// Whether `timing` says until when the step makes sense.
fn given_up(case: &Case) -> bool {
    case.plan.ruled_by_timing(case.enrollment.step) && case.enrollment.last_sent_at.is_none()
}

/// When the step does not make sense any more, where that is a moment that its own rule says.
pub(super) fn too_late_at(case: &Case, due: Option<Due>) -> Option<Instant> {
    let step = case.plan.step(case.enrollment.step).filter(|_| !given_up(case))?;
    let within = |minutes: u32| Some(due?.scheduled + TimeDelta::minutes(i64::from(minutes)));
    match (step.late, &step.when) {
        (Late::Skip { within: minutes }, _) => {
            let overtaken = case.plan.overtaken_at(step);
            within(minutes).map(|last| overtaken.map_or(last, |overtaken| last.min(overtaken)))
        }
        (Late::Send | Late::Shift { .. }, _) => None,
    }
}

/// When a step that opens at `opens` is next decided on: then, but for one that is too late by then. That
/// is passed over when it is due, so that what comes after it has its time.
pub(super) fn look_at(case: &Case, due: Option<Due>, opens: Instant, now: Instant) -> Instant {
    match (due, too_late_at(case, due)) {
        (Some(due), Some(last)) if opens + CALL_MARGIN > last => due.scheduled.min(last).max(now).min(opens),
        _ => opens,
    }
}

/// The patience gate: whether it is too late for the step.
pub(super) fn patience(
    case: &Case,
    due: Option<Due>,
    all: &[Hours],
    opens_at: Option<Instant>,
    now: Instant,
) -> Checked {
    if given_up(case) {
        return first_text(case, all, opens_at, now);
    }
    let Enrollment { step, campaign, .. } = &case.enrollment;
    let source = format!("campaign {campaign}, version {}, step {step}", case.plan.version);
    let late = case.plan.step(*step).map_or(Late::Send, |step| step.late);
    let (Late::Skip { within }, Some(due), Some(last)) = (late, due, too_late_at(case, due)) else {
        let fact = match late {
            Late::Send => "only the first text of a sequence is given up".to_owned(),
            Late::Skip { .. } => "it is passed over when it is too late, and not due".to_owned(),
            Late::Shift { within } => {
                format!("more than {within} minutes late it waits for its next time, and is never given up")
            }
        };
        let source = if late == Late::Send { "campaign timing".to_owned() } else { source };
        return Checked::new(Gate::Patience, source, fact, None);
    };
    let overtaken = last < due.scheduled + TimeDelta::minutes(i64::from(within));
    let why = if overtaken { "the next one by the webinar is near then" } else { "it makes no sense later" };
    let goes = opens_at.unwrap_or(now).max(now);
    let rule = format!(
        "due {}, it is passed over if it cannot go by {}, as {why}; it could go {}",
        local(due.scheduled, case),
        local(last, case),
        local(goes, case)
    );
    // Not before it is due or overtaken: until then the hours and the limits that keep it may change.
    let too_late = now >= due.scheduled.min(last) && goes + CALL_MARGIN > last && !with_provider(case);
    let reason = || format!("too late: {rule}{}", kept_by(case));
    let shut = too_late.then(|| Shut::Late { due: due.scheduled, reason: reason() });
    Checked::new(Gate::Patience, source, rule, shut)
}

/// What kept a text from going in time, where that is known: the provider, or a hold.
fn kept_by(case: &Case) -> String {
    let own = |text: &&InFlight| text.enrollment == case.enrollment.id && text.is_put_off();
    match (&case.client.sending, case.lead.in_flight.as_ref().filter(own)) {
        (Sending::OnHold { reason, since, .. }, _) => {
            format!("; sending has been on hold since {}: {reason}", local(*since, case))
        }
        (Sending::On, Some(text)) => format!("; the provider asked {} time(s) in a row to wait with it", text.put_off),
        (Sending::On, None) => String::new(),
    }
}

/// A text that may have gone out already is neither given up nor passed over.
fn with_provider(case: &Case) -> bool {
    case.lead.in_flight.as_ref().is_some_and(|text| text.enrollment == case.enrollment.id && !text.is_retry())
}

fn first_text(case: &Case, all: &[Hours], opens_at: Option<Instant>, now: Instant) -> Checked {
    let timing = case.plan.timing;
    let minutes = timing.latest_minutes;
    let (fact, late) = match opens_at {
        None => {
            (format!("given up {minutes} minutes after the import"), given_up_at(case).is_some_and(|last| now >= last))
        }
        Some(opens) => match timing.latest_counts {
            LatestCounts::WallClock => {
                let last = case.enrollment.imported_at + timing.latest();
                let fact = format!(
                    "the first text goes within {minutes} minutes of the import, so by {}; it could go {}",
                    local(last, case),
                    local(opens, case)
                );
                (fact, opens >= last)
            }
            LatestCounts::OpenHours => {
                let enough = timing.latest() + TimeDelta::seconds(1);
                let waited = open_time(all, case.enrollment.imported_at, opens, enough);
                let fact = format!(
                    "the first text goes within {minutes} minutes of open sending hours after the import; {} of them will have passed when it could go, {}",
                    waited.num_minutes(),
                    local(opens, case)
                );
                (fact, waited > timing.latest())
            }
        },
    };
    let reason = || format!("too late: {fact}{}", kept_by(case));
    let shut = (late && !with_provider(case)).then(|| Shut::Over(Outcome::Expired, reason()));
    Checked::new(Gate::Patience, "campaign timing", fact, shut)
}
