//! The decision: may this step be sent to this lead now, and if not, why and when.
//!
//! The scheduler, the sender, `leadline why` and `leadline preview` all call [`decide`], so that
//! they cannot disagree. It is pure: the same case and moment always give the same verdict.

mod gates;
mod schedule;

use chrono::TimeDelta;

use super::{
    Instant,
    campaign::{CampaignStatus, Plan},
    client::Client,
    gate::{Decision, Gate, GateReport, Refusal, RefusalReason, SendNow, Verdict},
    lawful::{LawfulHours, lawful_hours},
    lead::{Enrollment, Lead, Outcome},
    profile::Profile,
    template::CannotRender,
    window::{Hours, described, first_close, next_all_open},
};

/// Everything that a decision is made from.
#[derive(Debug, Clone)]
pub struct Case {
    /// The client's settings.
    pub client: Client,
    /// Whether the campaign sends.
    pub campaign: CampaignStatus,
    /// The version that the enrollment is pinned to.
    pub plan: Plan,
    /// The lead.
    pub lead: Lead,
    /// The lead's own data.
    pub profile: Profile,
    /// The enrollment that is decided on.
    pub enrollment: Enrollment,
}

/// The longest that a text may wait at the provider. Later than that it is decided on again.
const LONGEST_AT_PROVIDER: TimeDelta = TimeDelta::minutes(60);

/// What a call to a provider may take, with room to spare: a text whose window closes sooner waits
/// for the next one, so that none leaves a moment too late.
const CALL_MARGIN: TimeDelta = TimeDelta::seconds(15);

/// The first instant from `at` on at which all are open, and stay so for as long as a call may take.
pub(super) fn next_sendable(all: &[Hours], at: Instant) -> Option<Instant> {
    let open = next_all_open(all, at)?;
    match first_close(all, open) {
        Some(closes) if closes - open < CALL_MARGIN => next_all_open(all, closes),
        _ => Some(open),
    }
}

/// The text of an enrollment's step, exactly as a decision to send it would give it. `None` if it
/// could not be sent.
#[must_use]
pub fn text_of(plan: &Plan, enrollment: &Enrollment, client: &Client, profile: &Profile) -> Option<String> {
    rendered(plan, enrollment, client, profile)?.ok()
}

/// The same, with the reason if it could not be sent. `None` if there is no text at all.
#[must_use]
pub fn rendered(
    plan: &Plan,
    enrollment: &Enrollment,
    client: &Client,
    profile: &Profile,
) -> Option<Result<String, CannotRender>> {
    gates::rendered(plan, enrollment, client, profile)
}

/// The moment before which the next step of an enrollment is never sent, by what the enrollment and
/// its plan say and whatever it waits for. `None` for a step that goes by a webinar that there is not.
#[must_use]
pub fn not_before(plan: &Plan, enrollment: &Enrollment, client: &Client) -> Option<Instant> {
    schedule::due(plan, enrollment, client.zone).map(|due| due.at)
}

/// The first moment at which it makes sense to decide on the next step of an enrollment: not later than
/// [`not_before`], and known without the client's zone.
#[must_use]
pub fn look_from(plan: &Plan, enrollment: &Enrollment) -> Instant {
    schedule::look_from(plan, enrollment)
}

/// Decides on one step at one moment.
#[must_use]
pub fn decide(case: &Case, now: Instant) -> Verdict {
    let step = case.enrollment.step;
    let Profile { zone, place, .. } = &case.profile;
    let lawful = case.lead.phone.as_ref().map(|phone| lawful_hours(phone, *zone, place, &case.client, now));
    let own = case.client.hours(case.plan.window.as_ref());
    let lawful_all = lawful.iter().flatten().flat_map(|lawful| lawful.all.iter().cloned());
    let all: Vec<Hours> = std::iter::once(own.clone()).chain(lawful_all).collect();

    let mut checked = vec![
        gates::client_sends(case, now),
        gates::test_mode(case),
        gates::campaign_sends(case),
        gates::standing(case),
        gates::booking(case, now),
        gates::review(case),
        gates::phone(case),
        gates::country(lawful.as_ref()),
        gates::state(lawful.as_ref()),
        gates::consent(case),
    ];
    let (template, rendered) = gates::template(case);
    checked.push(template);
    let in_flight = gates::in_flight(case, now);
    let caps = [
        gates::per_hour(case, now),
        gates::per_day(case, lawful.as_ref().and_then(|lawful| lawful.as_ref().ok()), now),
    ];
    let others = caps.iter().chain([&in_flight]).filter_map(|gate| gate.shut.as_ref()?.opens_at());
    let others = others.fold(now, Instant::max);
    let planned = schedule::due(&case.plan, &case.enrollment, case.client.zone);
    let due = planned.map(|due| schedule::shifted(case, due, others, &all));
    checked.extend([in_flight, schedule::delay(case, planned, due, now)]);
    checked.extend(caps);

    // The timed gates before the hours only ever open; so when the last of them has, the hours decide.
    let after_delays =
        checked.iter().filter_map(|gate| gate.shut.as_ref().and_then(Shut::opens_at)).fold(now, Instant::max);
    let opens_at = next_sendable(&all, after_delays);
    checked.push(match opens_at {
        Some(_) => gates::hours_gate(Gate::Window, "client settings".to_owned(), std::slice::from_ref(&own), now),
        None => gates::hours_gate(Gate::Window, "client settings and lawful hours".to_owned(), &all, now),
    });
    if let Some(Ok(lawful)) = &lawful {
        checked.push(gates::hours_gate(Gate::LawfulHours, lawful.source.clone(), &lawful.all, now));
    }
    checked.push(schedule::patience(case, due, &all, opens_at, now));

    let indefinite = checked.iter().any(|gate| gate.shut.as_ref().is_some_and(|shut| shut.opens_at().is_none()));
    let opens_at = if indefinite { None } else { opens_at };
    let decision = match conclude(&checked, opens_at, case, now) {
        Some(Decision::Wait { until: Some(opens), gate, reason }) => {
            Decision::Wait { until: Some(schedule::look_at(case, due, opens, now)), gate, reason }
        }
        Some(decision) => decision,
        None => send(case, due, &all, lawful.as_ref(), rendered, now),
    };
    let gates = checked.into_iter().map(Checked::report).collect();
    let given_up_at = schedule::given_up_at(case);
    Verdict { at: now, enrollment: case.enrollment.id, step, decision, gates, opens_at, given_up_at }
}

/// A gate that was looked at, and what keeps it shut.
struct Checked {
    gate: Gate,
    fact: String,
    source: String,
    shut: Option<Shut>,
}

/// What keeps a gate shut.
enum Shut {
    /// It opens by itself.
    Until(Instant),
    /// It opens when someone does something.
    ForNow(String),
    /// It cannot be sent as things are.
    Refused(Refusal),
    /// It never opens again for this step, which was due at this moment.
    Late { due: Instant, reason: String },
    /// It never opens again.
    Over(Outcome, String),
}

impl Shut {
    fn opens_at(&self) -> Option<Instant> {
        match self {
            Self::Until(at) => Some(*at),
            Self::ForNow(_) | Self::Refused(_) | Self::Late { .. } | Self::Over(..) => None,
        }
    }
}

impl Checked {
    fn new(gate: Gate, source: impl Into<String>, fact: impl Into<String>, shut: Option<Shut>) -> Self {
        Self { gate, fact: fact.into(), source: source.into(), shut }
    }

    fn report(self) -> GateReport {
        let opens_at = self.shut.as_ref().and_then(Shut::opens_at);
        GateReport { gate: self.gate, open: self.shut.is_none(), fact: self.fact, source: self.source, opens_at }
    }
}

/// What the shut gates come to: over before refused, refused before waiting for a person, that before too
/// late, and that before waiting for a time; `None` if all are open.
fn conclude(gates: &[Checked], opens_at: Option<Instant>, case: &Case, now: Instant) -> Option<Decision> {
    let shut = || gates.iter().filter_map(|gate| Some((gate, gate.shut.as_ref()?)));
    let over = shut().find_map(|(_, shut)| match shut {
        Shut::Over(outcome, reason) => Some(Decision::End { outcome: *outcome, reason: reason.clone() }),
        _ => None,
    });
    let refused = || {
        shut().find_map(|(_, shut)| match shut {
            Shut::Refused(refusal) => Some(Decision::Refuse(refusal.clone())),
            _ => None,
        })
    };
    let for_now = || {
        shut().find_map(|(gate, shut)| match shut {
            Shut::ForNow(reason) => Some(Decision::Wait { until: None, gate: gate.gate, reason: reason.clone() }),
            _ => None,
        })
    };
    let late = || {
        shut().find_map(|(_, shut)| match shut {
            Shut::Late { due, reason } => {
                let next = passed_over(case, *due).map(|next| Box::new(decide(&next, now)));
                Some(Decision::Skip { due: *due, reason: reason.clone(), next })
            }
            _ => None,
        })
    };
    let timed = || {
        let last = shut().max_by_key(|(_, shut)| shut.opens_at())?;
        let reason = match opens_at {
            // When this gate opens another is shut again: a night, a weekend.
            Some(opens) if last.1.opens_at() != Some(opens) => {
                format!("{}; it can go {}", last.0.fact, gates::local(opens, case))
            }
            _ => last.0.fact.clone(),
        };
        Some(Decision::Wait { until: opens_at, gate: last.0.gate, reason })
    };
    over.or_else(refused).or_else(for_now).or_else(late).or_else(timed)
}

/// The case of the step after one that is passed over. `None` if there is none.
fn passed_over(case: &Case, due: Instant) -> Option<Case> {
    let next = case.plan.after(case.enrollment.step)?.step;
    let mut lead = case.lead.clone();
    lead.pass_over(case.enrollment.id, due, next);
    let enrollment = Enrollment { step: next, counts_from: Some(due), ..case.enrollment.clone() };
    Some(Case { lead, enrollment, ..case.clone() })
}

fn send(
    case: &Case,
    due: Option<schedule::Due>,
    all: &[Hours],
    lawful: Option<&Result<LawfulHours, super::lawful::NotServed>>,
    rendered: Option<(String, String)>,
    now: Instant,
) -> Decision {
    let phone = case.lead.phone.as_ref();
    let to = phone.and_then(|phone| case.client.destination(phone).ok());
    match (to, lawful, rendered) {
        (Some(to), Some(Ok(lawful)), Some((text, template))) => {
            let closes = first_close(all, now).unwrap_or(now + LONGEST_AT_PROVIDER);
            let makes_sense = schedule::given_up_at(case).or(schedule::too_late_at(case, due)).unwrap_or(closes);
            let expires_at = closes.min(now + LONGEST_AT_PROVIDER).min(makes_sense);
            let hours = format!("{} [{}]", described(all, now), lawful.source);
            Decision::Send(SendNow { to, text, template, expires_at, hours })
        }
        // Each of these has a gate of its own that was shut; said again so that no text can leave without them.
        _ => Decision::Refuse(Refusal {
            reason: RefusalReason::NoValidPhone,
            text: "number, hours or text are missing".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests;
