//! The recipient's own lawful hours: every zone that could be theirs must be open.
//!
//! Rules and zones are dated data files (`shared/data/`), so that a lawyer can correct a row.
//! Today the rows of whole countries are applied; the rows of US states are in the file and are not
//! read yet.

use std::sync::LazyLock;

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;
use serde::Deserialize;

use super::{
    Instant,
    client::Client,
    phone::PhoneNumber,
    window::{Hours, Window},
};

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| rows(include_str!("../../data/lawful_hours.csv")));
static AREA_CODES: LazyLock<Vec<AreaCode>> = LazyLock::new(|| rows(include_str!("../../data/nanp_zones.csv")));

/// The zones of all US states: for a US number that belongs to no place, such as a toll-free one.
const US_ZONES: [Tz; 6] = [
    Tz::America__New_York,
    Tz::America__Chicago,
    Tz::America__Denver,
    Tz::America__Los_Angeles,
    Tz::America__Anchorage,
    Tz::Pacific__Honolulu,
];

#[derive(Debug, Deserialize)]
struct Rule {
    jurisdiction: String,
    days: String,
    open: String,
    close: String,
    valid_from: String,
    valid_to: String,
    source: String,
}

#[derive(Debug, Deserialize)]
struct AreaCode {
    area_code: String,
    country: String,
    kind: String,
    zones: String,
}

fn rows<T: for<'a> Deserialize<'a>>(file: &str) -> Vec<T> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(file.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().expect("a data file of this crate can be read")
}

/// When a person may be texted by the law of where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LawfulHours {
    /// One per zone that could be the person's: all must be open.
    pub all: Vec<Hours>,
    /// Where the zones come from, and the rule, in words.
    pub source: String,
}

/// Why no lawful hours are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotServed {
    /// The number's country is not on the client's list, or cannot be told.
    #[error("numbers of {0} are not texted for this client")]
    Country(String),
    /// No rule is known for it.
    #[error("no lawful hours are on file for {0}")]
    NoRule(String),
}

/// The lawful hours for a number at about `now`: the stated zone if the lead gave one, else every
/// zone that its area code or country could be in.
///
/// # Errors
/// [`NotServed`] when the country is not texted or no rule is on file for it.
pub fn lawful_hours(
    phone: &PhoneNumber,
    stated: Option<Tz>,
    client: &Client,
    now: Instant,
) -> Result<LawfulHours, NotServed> {
    let area = phone.area_code().and_then(|code| AREA_CODES.iter().find(|row| row.area_code == code));
    let country = area
        .map(|row| row.country.clone())
        .filter(|country| !country.is_empty())
        .or_else(|| phone.country())
        .unwrap_or_else(|| "an unknown country".to_owned());
    if !client.countries.iter().any(|served| served.code() == country) {
        return Err(NotServed::Country(country));
    }
    let (zones, origin) = zones(phone, area, &country, stated, client);
    let today = now.with_timezone(&client.zone).date_naive();
    let in_force: Vec<&Rule> =
        RULES.iter().filter(|rule| rule.jurisdiction == country && rule.in_force(today)).collect();
    let source = in_force.first().map(|rule| rule.source.clone()).ok_or(NotServed::NoRule(country))?;
    let windows: Vec<Window> = in_force.iter().map(|rule| rule.window()).collect();
    let all = zones.into_iter().map(|zone| Hours { windows: windows.clone(), zone }).collect();
    Ok(LawfulHours { all, source: format!("{source}; zone from {origin}") })
}

fn zones(
    phone: &PhoneNumber,
    area: Option<&AreaCode>,
    country: &str,
    stated: Option<Tz>,
    client: &Client,
) -> (Vec<Tz>, String) {
    // A zone that nobody with such a number lives in is a mistake, or a trick: the number counts then.
    if let Some(zone) = stated.filter(|zone| is_zone_of(*zone, country)) {
        return (vec![zone], "the lead's own statement".to_owned());
    }
    let candidates: Vec<Tz> =
        area.iter().flat_map(|row| row.zones.split_whitespace()).filter_map(|zone| zone.parse().ok()).collect();
    match (phone.area_code(), country) {
        (Some(code), _) if !candidates.is_empty() => (candidates, format!("area code {code}")),
        (Some(code), "US") => {
            let why = area.map_or("unknown", |row| row.kind.as_str());
            (US_ZONES.to_vec(), format!("the whole US (area code {code} is {why})"))
        }
        (_, "GB") => (vec![Tz::Europe__London], "the country GB".to_owned()),
        _ => (vec![client.zone], "the client's own zone (a guess)".to_owned()),
    }
}

/// Whether a zone is one of a country's, as far as its numbers tell.
fn is_zone_of(zone: Tz, country: &str) -> bool {
    let of_numbers = AREA_CODES.iter().filter(|row| row.country == country);
    let known = of_numbers.flat_map(|row| row.zones.split_whitespace()).any(|name| name == zone.name());
    known || (country == "GB" && zone == Tz::Europe__London)
}

impl Rule {
    fn in_force(&self, today: NaiveDate) -> bool {
        let date = |text: &str| text.parse::<NaiveDate>().ok();
        date(&self.valid_from).is_none_or(|from| from <= today) && date(&self.valid_to).is_none_or(|to| today <= to)
    }

    fn window(&self) -> Window {
        let (first, last) = self.days.split_once('-').unwrap_or((&self.days, &self.days));
        let day = |text: &str| text.parse::<Weekday>().expect("a weekday in lawful_hours.csv");
        let mut days = vec![day(first)];
        while let Some(&latest) = days.last()
            && latest != day(last)
        {
            days.push(latest.succ());
        }
        Window::parse(&days, &self.open, &self.close).expect("hours in lawful_hours.csv")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{client::samples, phone::Region};
    use super::*;

    fn zones_of(number: &str) -> Vec<Tz> {
        let phone = PhoneNumber::parse(number, Region::default()).expect(number);
        let now = "2026-06-02T15:00:00Z".parse().expect("an instant");
        let hours = lawful_hours(&phone, None, &samples::client(), now).expect("served");
        hours.all.iter().map(|hours| hours.zone).collect()
    }

    #[test]
    fn every_zone_an_area_code_could_be_in_must_be_open() {
        use Tz::{America__Chicago as Chicago, America__New_York as NewYork};
        assert_eq!(zones_of("+13055550123"), [NewYork]);
        for split in ["+12195550123", "+12705550123", "+18505550123", "+14235550123"] {
            let zones = zones_of(split);
            assert!(zones.contains(&NewYork) && zones.contains(&Chicago), "{split}: {zones:?}");
        }
    }

    #[test]
    fn a_toll_free_number_could_be_anywhere_in_the_country() {
        assert_eq!(zones_of("+18885550123"), US_ZONES);
    }

    #[test]
    fn a_stated_zone_is_better_evidence_than_the_area_code() {
        let phone = PhoneNumber::parse("+12195550123", Region::default()).expect("valid");
        let now = "2026-06-02T15:00:00Z".parse().expect("an instant");
        let hours = lawful_hours(&phone, Some(Tz::Pacific__Honolulu), &samples::client(), now).expect("served");
        assert_eq!(hours.all.len(), 1);
        assert!(hours.source.contains("own statement"), "{}", hours.source);
    }

    #[test]
    fn a_country_that_is_not_on_the_list_is_not_texted() {
        let phone = PhoneNumber::parse("+44 20 7946 0123", Region::default()).expect("valid");
        let now = "2026-06-02T15:00:00Z".parse().expect("an instant");
        let mut client = samples::client();
        assert_eq!(lawful_hours(&phone, None, &client, now), Err(NotServed::Country("GB".into())));
        client.countries.push("GB".to_owned().try_into().expect("GB"));
        let hours = lawful_hours(&phone, None, &client, now).expect("served");
        assert_eq!(hours.all[0].to_string(), "Mon–Sun 09:00–20:00 Europe/London");
    }

    #[test]
    fn every_row_of_the_data_files_can_be_read() {
        for rule in RULES.iter().filter(|rule| rule.open != "-") {
            let window = rule.window();
            assert!(!window.to_string().is_empty());
        }
        for row in AREA_CODES.iter() {
            let unread: Vec<_> = row.zones.split_whitespace().filter(|zone| zone.parse::<Tz>().is_err()).collect();
            assert_eq!(unread, Vec::<&str>::new(), "{}", row.area_code);
        }
    }
}
