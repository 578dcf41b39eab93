//! Where a person may be: every zone and every state that could be theirs, and where that comes from.

use std::sync::LazyLock;

use chrono_tz::Tz;
use serde::Deserialize;

use super::super::{
    client::Client,
    phone::PhoneNumber,
    place::{Place, State, rows},
};

static AREA_CODES: LazyLock<Vec<AreaCode>> = LazyLock::new(|| rows(include_str!("../../../data/nanp_zones.csv")));

/// The zones of all US states: for a US number that belongs to no place, such as a toll-free one.
pub(super) const US_ZONES: [Tz; 6] = [
    Tz::America__New_York,
    Tz::America__Chicago,
    Tz::America__Denver,
    Tz::America__Los_Angeles,
    Tz::America__Anchorage,
    Tz::Pacific__Honolulu,
];

#[derive(Debug, Deserialize)]
struct AreaCode {
    area_code: String,
    country: String,
    kind: String,
    zones: String,
    states: String,
}

/// Where a person may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whereabouts {
    /// ISO 3166 code of the number's country, or words if it cannot be told.
    pub(super) country: String,
    /// The states whose rules count: those of the address, in whatever country, and those of the area code.
    pub(super) states: Vec<State>,
    /// Other countries that the address names.
    pub(super) abroad: Vec<String>,
    /// Every zone that could be theirs.
    pub(super) zones: Vec<Tz>,
    /// What the zones were read from, in words.
    pub(super) origin: String,
}

/// Reads everything that is known. Better evidence takes the place of worse: a zone that was stated, an
/// address, the area code. For the states it only adds, as the laws of several name the area code.
pub(super) fn whereabouts(phone: &PhoneNumber, stated: Option<Tz>, place: &Place, client: &Client) -> Whereabouts {
    let area = phone.area_code().and_then(|code| AREA_CODES.iter().find(|row| row.area_code == code));
    let country = area
        .map(|row| row.country.clone())
        .filter(|country| !country.is_empty())
        .or_else(|| phone.country())
        .unwrap_or_else(|| "an unknown country".to_owned());
    let (here, there): (Vec<State>, Vec<State>) =
        place.states().into_iter().partition(|state| state.country() == country);
    let abroad: Vec<String> =
        place.countries().into_iter().filter(|other| *other != country).map(str::to_owned).collect();

    let (mut zones, mut origin) = match stated.filter(|zone| is_zone_of(*zone, &country)) {
        Some(zone) => (vec![zone], "the lead's own statement".to_owned()),
        None if !here.is_empty() => (here.iter().flat_map(State::zones).collect(), format!("the address ({place})")),
        None => of_number(phone, area, &country, client),
    };
    for other in &abroad {
        let named = there.iter().filter(|state| state.country() == other).copied();
        let named: Vec<State> = named.collect();
        let of_it = if named.is_empty() { zones_of(other) } else { named.iter().flat_map(State::zones).collect() };
        zones.extend(of_it);
    }
    if !abroad.is_empty() {
        origin = format!("{origin} and an address in {}", abroad.join(" and "));
    }
    let mut distinct: Vec<Tz> = Vec::new();
    for zone in zones {
        if !distinct.contains(&zone) {
            distinct.push(zone);
        }
    }

    let of_area: Vec<State> = area
        .map(|row| row.states.split_whitespace().filter_map(|code| State::parse(code).ok()).collect())
        .unwrap_or_default();
    // Of an area code in several states the address says which one it is.
    let told = of_area.len() > 1 && of_area.iter().any(|state| here.contains(state));
    let mut states = here;
    states.extend(there);
    states.extend(of_area.into_iter().filter(|_| !told));
    states.sort_unstable();
    states.dedup();
    Whereabouts { country, states, abroad, zones: distinct, origin }
}

/// The zones that a number alone could be in.
fn of_number(phone: &PhoneNumber, area: Option<&AreaCode>, country: &str, client: &Client) -> (Vec<Tz>, String) {
    let candidates: Vec<Tz> =
        area.iter().flat_map(|row| row.zones.split_whitespace()).filter_map(|zone| zone.parse().ok()).collect();
    let all = zones_of(country);
    match phone.area_code() {
        Some(code) if !candidates.is_empty() => (candidates, format!("area code {code}")),
        Some(code) if !all.is_empty() => {
            let why = area.map_or("unknown", |row| row.kind.as_str());
            (all, format!("the whole {country} (area code {code} is {why})"))
        }
        _ if !all.is_empty() => (all, format!("the country {country}")),
        _ => (vec![client.zone], "the client's own zone (a guess)".to_owned()),
    }
}

/// Every zone of a country, one for each clock that shows; empty for one that is not known.
fn zones_of(country: &str) -> Vec<Tz> {
    match country {
        "US" => US_ZONES.to_vec(),
        "GB" => vec![Tz::Europe__London],
        _ => {
            let mut zones: Vec<Tz> = State::all_of(country).flat_map(|state| state.zones()).collect();
            zones.sort_unstable_by_key(|zone| zone.name());
            zones.dedup();
            zones
        }
    }
}

/// Whether a zone is one of a country's, as far as its numbers and its states tell. A zone that nobody
/// with such a number lives in is a mistake, or a trick.
fn is_zone_of(zone: Tz, country: &str) -> bool {
    let of_numbers = AREA_CODES.iter().filter(|row| row.country == country);
    of_numbers.flat_map(|row| row.zones.split_whitespace()).any(|name| name == zone.name())
        || State::all_of(country).any(|state| state.zones().any(|own| own == zone))
        || (country == "GB" && zone == Tz::Europe__London)
}

#[cfg(test)]
mod tests {
    use chrono::{Offset, TimeDelta, TimeZone};

    use super::*;

    #[test]
    fn every_row_can_be_read_and_lies_in_the_states_it_names_by_their_clocks() {
        // AK: the source also gives 907 Honolulu, of which nobody is known to be there.
        let known_too_wide = [("AK", "Pacific/Honolulu")];
        let shows = |zone: Tz, at: super::super::super::Instant| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        let start: super::super::super::Instant = "2025-01-01T12:00:00Z".parse().expect("an instant");
        let same_clock = |a: Tz, b: Tz| {
            (0..104).all(|week| {
                let at = start + TimeDelta::weeks(week);
                shows(a, at) == shows(b, at)
            })
        };
        for row in AREA_CODES.iter() {
            for name in row.zones.split_whitespace() {
                let zone: Tz = name.parse().unwrap_or_else(|_| panic!("{}: {name}", row.area_code));
                for code in row.states.split_whitespace().filter(|code| !known_too_wide.contains(&(*code, name))) {
                    let state = State::parse(code).unwrap_or_else(|_| panic!("{}: {code}", row.area_code));
                    assert!(state.zones().any(|own| same_clock(own, zone)), "{}: {name} in {code}", row.area_code);
                }
            }
        }
    }
}
