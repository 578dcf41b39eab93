//! The decision: may this step be sent to this lead now, and if not, why and when.
//!
//! The scheduler, the sender, `leadline why` and `leadline preview` all call [`decide`], so that
//! they cannot disagree. It is pure: the same case and moment always give the same verdict.

use chrono::TimeDelta;

use super::{
    Instant,
    campaign::{CampaignStatus, LatestCounts, Plan, Step},
    client::{Client, Sending},
    gate::{Decision, Gate, GateReport, Refusal, RefusalReason, SendNow, Verdict},
    lawful::{LawfulHours, lawful_hours},
    lead::{Enrollment, Lead, Outcome, Waits},
    message::InFlightState,
    profile::Profile,
    standing::Standing,
    template::{CannotRender, Template},
    window::{Hours, first_close, next_all_open, open_time},
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
fn next_sendable(all: &[Hours], at: Instant) -> Option<Instant> {
    let open = next_all_open(all, at)?;
    match first_close(all, open) {
        Some(closes) if closes - open < CALL_MARGIN => next_all_open(all, closes),
        _ => Some(open),
    }
}

/// Decides on one step at one moment.
#[must_use]
pub fn decide(case: &Case, now: Instant) -> Verdict {
    let step = case.enrollment.step;
    let lawful = case.lead.phone.as_ref().map(|phone| lawful_hours(phone, case.profile.zone, &case.client, now));
    let own = case.client.hours(case.plan.window.as_ref());
    let lawful_all = lawful.iter().flatten().flat_map(|lawful| lawful.all.iter().cloned());
    let all: Vec<Hours> = std::iter::once(own.clone()).chain(lawful_all).collect();

    let mut gates = vec![
        client_sends(case),
        test_mode(case),
        campaign_sends(case),
        standing(case),
        review(case),
        phone(case),
        country(lawful.as_ref()),
        consent(case),
    ];
    let (template, rendered) = template(case);
    gates.push(template);
    gates.extend([in_flight(case, now), delay(case, now), per_hour(case, now), per_day(case, now)]);

    // The timed gates before the hours only ever open; so when the last of them has, the hours decide.
    let after_delays =
        gates.iter().filter_map(|gate| gate.shut.as_ref().and_then(Shut::opens_at)).fold(now, Instant::max);
    let opens_at = next_sendable(&all, after_delays);
    gates.push(match opens_at {
        Some(_) => hours_gate(Gate::Window, "client settings".to_owned(), std::slice::from_ref(&own), now),
        None => hours_gate(Gate::Window, "client settings and lawful hours".to_owned(), &all, now),
    });
    if let Some(Ok(lawful)) = &lawful {
        gates.push(hours_gate(Gate::LawfulHours, lawful.source.clone(), &lawful.all, now));
    }
    gates.push(patience(case, &all, opens_at, now));

    let indefinite = gates.iter().any(|gate| gate.shut.as_ref().is_some_and(|shut| shut.opens_at().is_none()));
    let opens_at = if indefinite { None } else { opens_at };
    let decision = match conclude(&gates, opens_at, case) {
        Some(decision) => decision,
        None => send(case, &all, lawful.as_ref(), rendered, now),
    };
    let gates = gates.into_iter().map(Checked::report).collect();
    Verdict { at: now, enrollment: case.enrollment.id, step, decision, gates, opens_at }
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
    /// It never opens again.
    Over(Outcome, String),
}

impl Shut {
    fn opens_at(&self) -> Option<Instant> {
        match self {
            Self::Until(at) => Some(*at),
            Self::ForNow(_) | Self::Refused(_) | Self::Over(..) => None,
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

/// What the shut gates come to: over before refused, refused before waiting; `None` if all are open.
fn conclude(gates: &[Checked], opens_at: Option<Instant>, case: &Case) -> Option<Decision> {
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
    let timed = || {
        let last = shut().max_by_key(|(_, shut)| shut.opens_at())?;
        let reason = match opens_at {
            // When this gate opens another is shut again: a night, a weekend.
            Some(opens) if last.1.opens_at() != Some(opens) => {
                format!("{}; it can go {}", last.0.fact, local(opens, case))
            }
            _ => last.0.fact.clone(),
        };
        Some(Decision::Wait { until: opens_at, gate: last.0.gate, reason })
    };
    over.or_else(refused).or_else(for_now).or_else(timed)
}

fn send(
    case: &Case,
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
            let expires_at = closes.min(now + LONGEST_AT_PROVIDER).min(given_up_at(case).unwrap_or(closes));
            let open: Vec<String> = all.iter().map(Hours::to_string).collect();
            let hours = format!("{} [{}]", open.join(" and "), lawful.source);
            Decision::Send(SendNow { to, text, template, expires_at, hours })
        }
        // Each of these has a gate of its own that was shut; said again so that no text can leave without them.
        _ => Decision::Refuse(Refusal {
            reason: RefusalReason::NoValidPhone,
            text: "number, hours or text are missing".to_owned(),
        }),
    }
}

fn client_sends(case: &Case) -> Checked {
    let (fact, shut) = match &case.client.sending {
        Sending::On => ("sending is on".to_owned(), None),
        Sending::OnHold { reason, since } => {
            let fact = format!("sending is on hold since {}: {reason}", local(*since, case));
            (fact.clone(), Some(Shut::ForNow(fact)))
        }
    };
    Checked::new(Gate::Client, "client settings", fact, shut)
}

fn test_mode(case: &Case) -> Checked {
    let missing = case.lead.phone.as_ref().and_then(|phone| case.client.destination(phone).err());
    let fact = match (&missing, case.client.in_test()) {
        (Some(problem), _) => problem.to_string(),
        (None, true) => "texts go to the test phone".to_owned(),
        (None, false) => "live".to_owned(),
    };
    Checked::new(Gate::TestMode, "client settings", fact, missing.map(|problem| Shut::ForNow(problem.to_string())))
}

fn campaign_sends(case: &Case) -> Checked {
    let name = &case.enrollment.campaign;
    let (fact, shut) = match case.campaign {
        CampaignStatus::Active => (format!("campaign {name} is active"), None),
        CampaignStatus::Paused => {
            let fact = format!("campaign {name} is paused");
            (fact.clone(), Some(Shut::ForNow(fact)))
        }
        CampaignStatus::Deactivated { at } => {
            let fact = format!("campaign {name} was deactivated {}", local(at, case));
            (fact.clone(), Some(Shut::Over(Outcome::CampaignDeleted, fact)))
        }
    };
    Checked::new(Gate::Campaign, "campaign", fact, shut)
}

fn standing(case: &Case) -> Checked {
    let (fact, shut) = match &case.lead.standing {
        Standing::Open => ("has not said no".to_owned(), None),
        Standing::OptedOut(opt_out) => {
            let fact = format!("opted out {}", local(opt_out.at, case));
            (fact.clone(), Some(Shut::Over(Outcome::OptedOut, fact)))
        }
        Standing::Held { reason, since } => {
            let fact = format!("on hold since {}: {reason}", local(*since, case));
            (fact.clone(), Some(Shut::ForNow(fact)))
        }
    };
    Checked::new(Gate::Standing, "lead", fact, shut)
}

fn review(case: &Case) -> Checked {
    let (fact, shut) = match &case.enrollment.waits {
        Waits::Until(_) => ("needs no review".to_owned(), None),
        Waits::ForReview { reason, since } => {
            let fact = format!("waits for review since {}: {reason}", local(*since, case));
            (fact.clone(), Some(Shut::ForNow(fact)))
        }
    };
    Checked::new(Gate::Review, "enrollment", fact, shut)
}

fn phone(case: &Case) -> Checked {
    let (fact, shut) = match (&case.lead.phone, &case.profile.unread_phone) {
        (Some(phone), _) => (format!("{phone} is a valid number"), None),
        (None, unread) => {
            let fact =
                if unread.is_some() { "the phone number given is not valid" } else { "no phone number was given" };
            let refusal = Refusal { reason: RefusalReason::NoValidPhone, text: fact.to_owned() };
            (fact.to_owned(), Some(Shut::Refused(refusal)))
        }
    };
    Checked::new(Gate::Phone, "form, read by libphonenumber's rules", fact, shut)
}

fn country(lawful: Option<&Result<LawfulHours, super::lawful::NotServed>>) -> Checked {
    let (fact, shut) = match lawful {
        None => ("no number, so no country".to_owned(), None),
        Some(Ok(_)) => ("the number's country is texted".to_owned(), None),
        Some(Err(not_served)) => {
            let refusal = Refusal { reason: RefusalReason::CountryNotServed, text: not_served.to_string() };
            (not_served.to_string(), Some(Shut::Refused(refusal)))
        }
    };
    Checked::new(Gate::Country, "client settings", fact, shut)
}

fn consent(case: &Case) -> Checked {
    match &case.profile.consent {
        Some(consent) => {
            let fact = format!(
                "given {} on form {}, words {}, {}",
                local(consent.at, case),
                consent.form,
                consent.terms,
                consent.how
            );
            Checked::new(Gate::Consent, format!("event {}", consent.event), fact, None)
        }
        None => {
            let fact = "no consent to be texted is on record";
            let refusal = Refusal { reason: RefusalReason::NoConsent, text: fact.to_owned() };
            Checked::new(Gate::Consent, "profile", fact, Some(Shut::Refused(refusal)))
        }
    }
}

/// The text of the step, with the name of its template; or the reason why there is none.
fn template(case: &Case) -> (Checked, Option<(String, String)>) {
    let number = case.enrollment.step;
    let own = case.plan.step(number).and_then(|step: &Step| step.text.as_ref());
    let pinned = format!("{}/v{}/step-{number}", case.enrollment.campaign, case.plan.version);
    let (template, name): (&Template, String) = match (own, &case.client.default_text) {
        (Some(own), _) => (own, pinned),
        (None, Some(default)) => (default, "client default".to_owned()),
        (None, None) => {
            let text = format!(
                "step {number} of campaign {} has no text and the client no default text",
                case.enrollment.campaign
            );
            let refusal = Refusal { reason: RefusalReason::TemplateMissing, text: text.clone() };
            return (Checked::new(Gate::Template, "campaign", text, Some(Shut::Refused(refusal))), None);
        }
    };
    match template.render(|field| case.profile.value(field, &case.client)) {
        Ok(text) => {
            let segments = super::segments::count(&text);
            let fact = format!("{} segment(s), {} characters", segments.count, text.chars().count());
            (Checked::new(Gate::Template, name.clone(), fact, None), Some((text, name)))
        }
        Err(problem) => {
            let reason = match problem {
                CannotRender::NoValue(_) => RefusalReason::PlaceholderEmpty,
                CannotRender::TooLong(_) => RefusalReason::TextTooLong,
            };
            let refusal = Refusal { reason, text: problem.to_string() };
            (Checked::new(Gate::Template, name, problem.to_string(), Some(Shut::Refused(refusal))), None)
        }
    }
}

fn in_flight(case: &Case, now: Instant) -> Checked {
    let (fact, shut) = match case.lead.in_flight.as_ref().map(|text| &text.state) {
        None => ("no text is on its way".to_owned(), None),
        Some(InFlightState::RetryScheduled { at }) => {
            let mine = case.lead.in_flight.as_ref().is_some_and(|text| text.enrollment == case.enrollment.id);
            let fact = format!("the last try did not go out; next try {}", local(*at, case));
            let shut = match (mine, *at <= now) {
                (true, true) => None,
                (true, false) => Some(Shut::Until(*at)),
                (false, _) => Some(Shut::Until((*at).max(now) + TimeDelta::minutes(1))),
            };
            (fact, shut)
        }
        Some(InFlightState::Claimed { until }) if *until > now => {
            (format!("a sender has a text until {}", local(*until, case)), Some(Shut::Until(*until)))
        }
        Some(InFlightState::Claimed { .. }) => {
            let fact = "a sender claimed a text and never came back".to_owned();
            (fact.clone(), Some(Shut::ForNow(fact)))
        }
        Some(InFlightState::Unknown { since, why }) => {
            let fact = format!("whether a text went out {} is not known: {why}", local(*since, case));
            (fact.clone(), Some(Shut::ForNow(fact)))
        }
    };
    Checked::new(Gate::InFlight, "lead", fact, shut)
}

/// The delay of a step, counted from the import or from the last text.
fn due_at(case: &Case) -> Instant {
    let enrollment = &case.enrollment;
    let delay = case.plan.step(enrollment.step).map_or_else(TimeDelta::zero, Step::delay);
    match enrollment.last_sent_at {
        Some(last) => last + delay,
        None => enrollment.imported_at + delay.max(case.plan.timing.earliest()),
    }
}

fn delay(case: &Case, now: Instant) -> Checked {
    let due = due_at(case);
    let since = if case.enrollment.last_sent_at.is_some() { "the last text" } else { "the import" };
    let left = (due - now).num_milliseconds();
    let fact = if left > 0 {
        // Rounded up: "0 minutes left" would be no reason to wait.
        format!("too soon after {since}: {} minutes left, due {}", (left + 59_999) / 60_000, local(due, case))
    } else {
        format!("the delay after {since} is over since {}", local(due, case))
    };
    Checked::new(Gate::Delay, "campaign timing", fact, (left > 0).then_some(Shut::Until(due)))
}

fn hours_gate(gate: Gate, source: String, all: &[Hours], now: Instant) -> Checked {
    let shown: Vec<String> = all.iter().map(Hours::to_string).collect();
    let shown = shown.join(" and ");
    match next_sendable(all, now) {
        Some(open) if open == now => Checked::new(gate, source, format!("inside {shown}"), None),
        Some(open) => {
            let zone = all.first().map_or(chrono_tz::UTC, |hours| hours.zone);
            let fact = format!("outside {shown}; opens {}", open.with_timezone(&zone).format("%a %-d %b %H:%M %Z"));
            Checked::new(gate, source, fact, Some(Shut::Until(open)))
        }
        None => {
            let fact = format!("{shown} never open together");
            Checked::new(gate, source, fact.clone(), Some(Shut::ForNow(fact)))
        }
    }
}

fn per_hour(case: &Case, now: Instant) -> Checked {
    number_cap(Gate::NumberPerHour, case, now, TimeDelta::hours(1), case.client.limits.per_number_per_hour)
}

fn per_day(case: &Case, now: Instant) -> Checked {
    number_cap(Gate::NumberPerDay, case, now, TimeDelta::hours(24), case.client.limits.per_number_per_day)
}

fn number_cap(gate: Gate, case: &Case, now: Instant, span: TimeDelta, limit: u32) -> Checked {
    let limit = limit as usize;
    let mut sent: Vec<Instant> = case.lead.recent.iter().copied().filter(|at| *at > now - span).collect();
    sent.sort_unstable();
    let fact = format!("{} of {limit} texts to this number in {} hour(s)", sent.len(), span.num_hours());
    let shut = if sent.len() < limit {
        None
    } else {
        // It opens when enough of the oldest have left the span.
        match sent.get(sent.len() - limit) {
            Some(freeing) if limit > 0 => Some(Shut::Until(*freeing + span)),
            _ => Some(Shut::ForNow(fact.clone())),
        }
    };
    Checked::new(gate, "client limits", fact, shut)
}

/// When the first text is given up on the wall clock. `None` for later steps and for open hours.
fn given_up_at(case: &Case) -> Option<Instant> {
    let first = case.plan.is_first(case.enrollment.step) && case.enrollment.last_sent_at.is_none();
    let on_wall = case.plan.timing.latest_counts == LatestCounts::WallClock;
    (first && on_wall).then(|| case.enrollment.imported_at + case.plan.timing.latest())
}

fn patience(case: &Case, all: &[Hours], opens_at: Option<Instant>, now: Instant) -> Checked {
    let timing = case.plan.timing;
    let minutes = timing.latest_minutes;
    let first = case.plan.is_first(case.enrollment.step) && case.enrollment.last_sent_at.is_none();
    let (fact, late) = match (first, opens_at) {
        (false, _) => ("only the first text of a sequence is given up".to_owned(), false),
        (true, None) => {
            (format!("given up {minutes} minutes after the import"), given_up_at(case).is_some_and(|last| now >= last))
        }
        (true, Some(opens)) => match timing.latest_counts {
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
    // A text that may have gone out already is not given up.
    let with_provider =
        case.lead.in_flight.as_ref().is_some_and(|text| text.enrollment == case.enrollment.id && !text.is_retry());
    let shut = (late && !with_provider).then(|| Shut::Over(Outcome::Expired, format!("too late: {fact}")));
    Checked::new(Gate::Patience, "campaign timing", fact, shut)
}

fn local(at: Instant, case: &Case) -> String {
    at.with_timezone(&case.client.zone).format("%a %-d %b %Y %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests;
