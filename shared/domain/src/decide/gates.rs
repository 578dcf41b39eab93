//! The gates, one function each: the fact it goes by, where that comes from, and what keeps it shut.

use chrono::TimeDelta;

use super::{
    super::{
        Instant,
        booking::Booking,
        campaign::{CampaignStatus, Plan},
        client::{Client, Sending},
        contact_status::ContactStatus,
        gate::{Gate, Refusal, RefusalReason},
        lawful::{LawfulHours, NotServed},
        lead::{Enrollment, Outcome, Waits},
        message::{InFlight, InFlightState},
        profile::Profile,
        segments,
        template::{CannotRender, Field, Template},
        window::{Hours, described},
    },
    Case, Checked, Shut, next_sendable,
};

pub(super) fn client_sends(case: &Case, now: Instant) -> Checked {
    let (fact, shut) = match &case.client.sending {
        Sending::On => ("sending is on".to_owned(), None),
        held @ Sending::OnHold { reason, .. } if held.lets_through(now) => {
            (format!("sending was on hold and is tried again: {reason}"), None)
        }
        Sending::OnHold { reason, since, try_at, .. } => {
            let next = try_at.map(|at| format!("; one text is tried from {}", local(at, case))).unwrap_or_default();
            let fact = format!("sending is on hold since {}: {reason}{next}", local(*since, case));
            (fact.clone(), Some(Shut::ForNow(fact)))
        }
    };
    Checked::new(Gate::Client, "client settings", fact, shut)
}

pub(super) fn test_mode(case: &Case) -> Checked {
    let missing = case.lead.phone.as_ref().and_then(|phone| case.client.destination(phone).err());
    let fact = match (&missing, case.client.in_test()) {
        (Some(problem), _) => problem.to_string(),
        (None, true) => "texts go to the test phone".to_owned(),
        (None, false) => "live".to_owned(),
    };
    Checked::new(Gate::TestMode, "client settings", fact, missing.map(|problem| Shut::ForNow(problem.to_string())))
}

pub(super) fn campaign_sends(case: &Case) -> Checked {
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

pub(super) fn standing(case: &Case) -> Checked {
    let (fact, shut) = match &case.lead.standing {
        ContactStatus::Open => ("has not said no".to_owned(), None),
        ContactStatus::OptedOut(opt_out) => {
            let fact = format!("opted out {}", local(opt_out.at, case));
            (fact.clone(), Some(Shut::Over(Outcome::OptedOut, fact)))
        }
        ContactStatus::Held { reason, since } => {
            let fact = format!("on hold since {}: {reason}", local(*since, case));
            (fact.clone(), Some(Shut::ForNow(fact)))
        }
    };
    Checked::new(Gate::Standing, "lead", fact, shut)
}

pub(super) fn booking(case: &Case, now: Instant) -> Checked {
    let when = |booking: &Booking| match booking.starts_at {
        Some(at) => format!("for {}", local(at, case)),
        None => "for a time that was not said".to_owned(),
    };
    let (fact, shut) = match (case.lead.booking_ahead(now), case.lead.booking_requested(now)) {
        (Some(booking), _) => {
            let fact = format!("has booked {}", when(booking));
            (fact.clone(), Some(Shut::Over(Outcome::Booked, fact)))
        }
        (None, Some(request)) => {
            let fact = format!("has asked for an appointment {}, and the host has not answered", when(request));
            (fact.clone(), Some(Shut::ForNow(fact)))
        }
        (None, None) => ("has no appointment ahead".to_owned(), None),
    };
    Checked::new(Gate::Booking, "lead", fact, shut)
}

pub(super) fn review(case: &Case) -> Checked {
    let (fact, shut) = match &case.enrollment.waits {
        Waits::Until(_) => ("needs no review".to_owned(), None),
        Waits::ForReview { reason, since } => {
            let fact = format!("waits for review since {}: {reason}", local(*since, case));
            (fact.clone(), Some(Shut::ForNow(fact)))
        }
    };
    Checked::new(Gate::Review, "enrollment", fact, shut)
}

pub(super) fn phone(case: &Case) -> Checked {
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

pub(super) fn country(lawful: Option<&Result<LawfulHours, NotServed>>) -> Checked {
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

pub(super) fn state(lawful: Option<&Result<LawfulHours, NotServed>>) -> Checked {
    let not_cleared = lawful.and_then(|lawful| lawful.as_ref().ok()?.not_cleared.clone());
    let fact = not_cleared.clone().unwrap_or_else(|| "no state asks for more than hours first".to_owned());
    let shut = not_cleared.map(|text| Shut::Refused(Refusal { reason: RefusalReason::StateNotCleared, text }));
    Checked::new(Gate::State, "client settings", fact, shut)
}

pub(super) fn consent(case: &Case) -> Checked {
    match &case.profile.consent {
        Some(consent) => {
            let on = consent.form.as_ref().map(|form| format!(" on form {form}")).unwrap_or_default();
            let fact = format!("given {}{on}, words {}, {}", local(consent.at, case), consent.terms, consent.how);
            Checked::new(Gate::Consent, format!("event {}", consent.event), fact, None)
        }
        None => {
            let fact = "no consent to be texted is on record";
            let refusal = Refusal { reason: RefusalReason::NoConsent, text: fact.to_owned() };
            Checked::new(Gate::Consent, "profile", fact, Some(Shut::Refused(refusal)))
        }
    }
}

/// The text of an enrollment's step: its own, or the client's default. `None` if there is neither.
pub(super) fn rendered(
    plan: &Plan,
    enrollment: &Enrollment,
    client: &Client,
    profile: &Profile,
) -> Option<Result<String, CannotRender>> {
    let own = plan.step(enrollment.step).and_then(|step| step.text.as_ref());
    let template: &Template = own.or(client.default_text.as_ref())?;
    Some(template.render(|field| match field {
        Field::Message => enrollment.message.clone(),
        field => {
            let of_webinar = plan.webinar.as_ref().and_then(|webinar| webinar.value(field, client.zone));
            of_webinar.or_else(|| profile.value(field, client))
        }
    }))
}

/// The text of the step, with the name of its template; or the reason why there is none.
pub(super) fn template(case: &Case) -> (Checked, Option<(String, String)>) {
    let number = case.enrollment.step;
    let name = case.plan.template_name(&case.enrollment.campaign, number);
    let Some(rendered) = rendered(&case.plan, &case.enrollment, &case.client, &case.profile) else {
        let text = format!(
            "step {number} of campaign {} has no text and the client no default text",
            case.enrollment.campaign
        );
        let refusal = Refusal { reason: RefusalReason::TemplateMissing, text: text.clone() };
        return (Checked::new(Gate::Template, "campaign", text, Some(Shut::Refused(refusal))), None);
    };
    match rendered {
        Ok(text) => {
            let segments = segments::count(&text);
            let fact = format!("{} segment(s), {} characters", segments.count, text.chars().count());
            (Checked::new(Gate::Template, name.clone(), fact, None), Some((text, name)))
        }
        Err(problem) => {
            let reason = match problem {
                CannotRender::NoValue(_) => RefusalReason::PlaceholderEmpty,
                CannotRender::TooLong(_) => RefusalReason::TextTooLong,
                CannotRender::Invalid(_) => RefusalReason::TemplateInvalid,
            };
            let refusal = Refusal { reason, text: problem.to_string() };
            (Checked::new(Gate::Template, name, problem.to_string(), Some(Shut::Refused(refusal))), None)
        }
    }
}

pub(super) fn in_flight(case: &Case, now: Instant) -> Checked {
    let (fact, shut) = match case.lead.in_flight.as_ref().map(|text| &text.state) {
        None => ("no text is on its way".to_owned(), None),
        Some(InFlightState::RetryScheduled { at }) => {
            let mine = case.lead.in_flight.as_ref().is_some_and(|text| text.enrollment == case.enrollment.id);
            let put_off = case.lead.in_flight.as_ref().is_some_and(InFlight::is_put_off);
            let why = if put_off { "the provider asked to wait" } else { "the last try did not go out" };
            let fact = format!("{why}; next try {}", local(*at, case));
            let shut = match (mine, *at <= now) {
                (true, true) => None,
                (true, false) => Some(Shut::Until(*at)),
                (false, true) => None,
                (false, false) => Some(Shut::Until(*at)),
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
        Some(InFlightState::Unknown { since, why, ask_at, .. }) => {
            let next = match ask_at {
                Some(at) => format!("the provider is asked {}", local(*at, case)),
                None => "the provider cannot tell, so a person must".to_owned(),
            };
            let fact = format!("whether a text went out {} is not known: {why}; {next}", local(*since, case));
            (fact.clone(), Some(Shut::ForNow(fact)))
        }
    };
    Checked::new(Gate::InFlight, "lead", fact, shut)
}

pub(super) fn hours_gate(gate: Gate, source: String, all: &[Hours], now: Instant) -> Checked {
    let shown = described(all, now);
    match next_sendable(all, now) {
        Some(open) if open == now => Checked::new(gate, source, format!("inside {shown}"), None),
        Some(open) => {
            let zone = all.first().map_or(chrono_tz::UTC, Hours::zone);
            let fact = format!("outside {shown}; opens {}", open.with_timezone(&zone).format("%a %-d %b %H:%M %Z"));
            Checked::new(gate, source, fact, Some(Shut::Until(open)))
        }
        None => {
            let fact = format!("{shown} never open together");
            Checked::new(gate, source, fact.clone(), Some(Shut::ForNow(fact)))
        }
    }
}

pub(super) fn per_hour(case: &Case, now: Instant) -> Checked {
    let limit = (case.client.limits.per_number_per_hour, CLIENT_LIMITS.to_owned());
    number_cap(Gate::NumberPerHour, case, now, TimeDelta::hours(1), limit)
}

/// The client's own limit, or that of the law where it is smaller.
pub(super) fn per_day(case: &Case, lawful: Option<&LawfulHours>, now: Instant) -> Checked {
    let own = case.client.limits.per_number_per_day;
    let limit = match lawful.and_then(|lawful| lawful.cap.as_ref()) {
        Some(cap) if cap.per_day < own => (cap.per_day, cap.source.clone()),
        _ => (own, CLIENT_LIMITS.to_owned()),
    };
    number_cap(Gate::NumberPerDay, case, now, TimeDelta::hours(24), limit)
}

const CLIENT_LIMITS: &str = "client limits";

fn number_cap(gate: Gate, case: &Case, now: Instant, span: TimeDelta, (limit, source): (u32, String)) -> Checked {
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
    Checked::new(gate, source, fact, shut)
}

pub(super) fn local(at: Instant, case: &Case) -> String {
    at.with_timezone(&case.client.zone).format("%a %-d %b %Y %H:%M %Z").to_string()
}
