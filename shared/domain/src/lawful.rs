//! The recipient's own lawful hours: every rule that could be theirs must be open in every zone that
//! could be theirs.
//!
//! Rules, zones and holidays are dated data files (`shared/data/`), so that a lawyer can correct a row.
//! Each instant goes by the rows of its own local day, so hours that are computed ahead are right
//! across a change of the law.

mod rules;
mod whereabouts;

use chrono::NaiveDate;
use chrono_tz::Tz;

use self::{
    rules::{POLICY, Rule, Table, table},
    whereabouts::{Whereabouts, whereabouts},
};
use super::{
    Instant,
    client::{Client, RecipientPolicy},
    phone::PhoneNumber,
    place::{Place, State},
    window::{Hours, Zones},
};

/// When and how often a person may be texted by the law of where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LawfulHours {
    /// One per rule and zone that could be the person's: all must be open.
    pub all: Vec<Hours>,
    /// The rules in force on the day, how sure each is, the zones and where they come from, in words.
    pub source: String,
    /// The smallest cap of the rules in force on the day.
    pub cap: Option<Cap>,
    /// Why nobody there is texted yet, in words: a state that the client has not cleared.
    pub not_cleared: Option<String>,
}

/// How many texts a number may get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// In 24 hours.
    pub per_day: u32,
    /// The rule.
    pub source: String,
}

/// Why no lawful hours are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotServed {
    /// The number's country is not on the client's list, or cannot be told.
    #[error("numbers of {0} are not texted for this client")]
    Country(String),
    /// The person lives in a country of which no hours are on file.
    #[error("the address is in {0}, and no lawful hours are on file for it")]
    Elsewhere(String),
    /// No rule is known for it.
    #[error("no lawful hours are on file for {0}")]
    NoRule(String),
}

/// The lawful hours of a number.
///
/// Zones: the one that the lead stated, else all of the address, else all of the area code, else all of
/// the country. Rules: of every state of the address and of the area code, each in every zone; the
/// country's where a state has none. Of a US number whose state nothing tells, our own policy row counts,
/// too, as it lies inside nearly every state's.
///
/// `now` picks the rows that are named as the source and the caps; [`LawfulHours::all`] is right on
/// every date.
///
/// # Errors
/// [`NotServed`] when the country is not texted or no rule is on file for it.
pub fn lawful_hours(
    phone: &PhoneNumber,
    stated: Option<Tz>,
    place: &Place,
    client: &Client,
    now: Instant,
) -> Result<LawfulHours, NotServed> {
    by_table(table(), phone, stated, place, client, now)
}

fn by_table(
    table: &Table,
    phone: &PhoneNumber,
    stated: Option<Tz>,
    place: &Place,
    client: &Client,
    now: Instant,
) -> Result<LawfulHours, NotServed> {
    if let Some(country) = place.elsewhere() {
        return Err(NotServed::Elsewhere(country.to_owned()));
    }
    let at = whereabouts(phone, stated, place, client);
    if !client.countries.iter().any(|served| served.code() == at.country) {
        return Err(NotServed::Country(at.country));
    }
    let names = jurisdictions(table, &at, client.recipient_policy.as_ref());
    if table.named(&at.country).is_none() {
        return Err(NotServed::NoRule(at.country));
    }
    let mut all = Vec::new();
    for name in &names {
        let windows = table.schedule(name);
        all.extend(at.zones.iter().map(|zone| Hours::dated(windows.clone(), *zone)));
    }
    let days = days(&at.zones, now);
    let mut in_force: Vec<&Rule> = Vec::new();
    for rule in names.iter().flat_map(|name| days.iter().flat_map(|day| table.in_force(name, *day))) {
        // The rows of one jurisdiction differ in their days only.
        if in_force.iter().all(|known| known.to_string() != rule.to_string()) {
            in_force.push(rule);
        }
    }
    let caps = in_force.iter().filter_map(|rule| Some(Cap { per_day: rule.cap?, source: rule.to_string() }));
    let shown: Vec<String> = in_force.iter().map(ToString::to_string).collect();
    Ok(LawfulHours {
        cap: caps.min_by_key(|cap| cap.per_day),
        not_cleared: not_cleared(table, &at, client, &days),
        source: format!("{}; zone {} by {}", shown.join(", "), Zones(&at.zones), at.origin),
        all,
    })
}

/// The names in the table whose rows count.
fn jurisdictions<'a>(table: &'a Table, at: &Whereabouts, policy: Option<&RecipientPolicy>) -> Vec<&'a str> {
    let states = at.states.iter().map(State::jurisdiction);
    let country = at.states.iter().all(|state| state.country() != at.country).then(|| at.country.clone());
    let mut of_us = at.states.iter().filter(|state| state.country() == "US");
    let in_us = at.country == "US" || at.abroad.iter().any(|other| other == "US");
    let unknown = in_us && of_us.clone().next().is_none();
    let mut narrowed = |policy: &RecipientPolicy| in_us && !of_us.all(|state| policy.except.contains(state));
    let policy = (unknown || policy.is_some_and(&mut narrowed)).then(|| POLICY.to_owned());
    let mut names: Vec<&str> = Vec::new();
    for wanted in states.chain(country).chain(at.abroad.iter().cloned()).chain(policy) {
        if let Some(name) = table.named(&wanted).filter(|name| !names.contains(name)) {
            names.push(name);
        }
    }
    names
}

/// The local days of a moment.
fn days(zones: &[Tz], at: Instant) -> Vec<NaiveDate> {
    let mut days: Vec<NaiveDate> = zones.iter().map(|zone| at.with_timezone(zone).date_naive()).collect();
    days.sort_unstable();
    days.dedup();
    days
}

fn not_cleared(table: &Table, at: &Whereabouts, client: &Client, days: &[NaiveDate]) -> Option<String> {
    at.states.iter().filter(|state| !client.cleared_states.contains(state)).find_map(|state| {
        let source = days.iter().find_map(|day| table.position(&state.jurisdiction(), *day))?;
        Some(format!("{state} is not among the client's cleared states, and its law asks for a position ({source})"))
    })
}

#[cfg(test)]
mod tests;
