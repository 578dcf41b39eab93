//! Where a person lives, as far as the address on a form tells: country, state, first part of the
//! postal code. What cannot be a place is left out and not guessed.

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use chrono_tz::Tz;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::phone::Region;

static STATES: LazyLock<Vec<StateRow>> = LazyLock::new(|| rows(include_str!("../../data/state_zones.csv")));
static POSTAL: LazyLock<Vec<PostalRow>> = LazyLock::new(|| rows(include_str!("../../data/postal_states.csv")));

#[derive(Debug, Deserialize)]
struct StateRow {
    code: String,
    country: String,
    names: String,
    zones: String,
}

#[derive(Debug, Deserialize)]
struct PostalRow {
    country: String,
    first: String,
    last: String,
    states: String,
}

/// The rows of a data file of this crate.
pub(super) fn rows<T: DeserializeOwned>(file: &str) -> Vec<T> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(file.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().expect("a data file of this crate can be read")
}

/// A US state or territory, or a Canadian province, by the two letters that the post uses.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct State(&'static StateRow);

/// A text that is no US state or Canadian province.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no US state and no Canadian province, such as FL or ON")]
pub struct InvalidState(String);

impl State {
    /// Reads a state as people write it: `FL`, `fl`, `Florida`, `US-FL`, `Washington, D.C.`
    ///
    /// # Errors
    /// [`InvalidState`] when there is none of that name.
    pub fn parse(raw: &str) -> Result<Self, InvalidState> {
        let text = raw.trim();
        let code = text.strip_prefix("US-").or_else(|| text.strip_prefix("CA-")).unwrap_or(text);
        let of_code = |code: &str| STATES.iter().find(|row| row.code == code);
        let of_name = |name: &str| STATES.iter().find(|row| row.names.split(';').any(|known| letters(known) == name));
        let found = of_code(code).or_else(|| {
            let wanted = letters(code);
            of_code(&wanted).or_else(|| of_name(&wanted))
        });
        found.map(Self).ok_or_else(|| InvalidState(raw.chars().take(64).collect()))
    }

    /// The two letters.
    #[must_use]
    pub fn code(&self) -> &'static str {
        &self.0.code
    }

    /// ISO 3166 code of its country.
    #[must_use]
    pub fn country(&self) -> &'static str {
        &self.0.country
    }

    /// Its name in the table of lawful hours: `US-FL`.
    #[must_use]
    pub fn jurisdiction(&self) -> String {
        format!("{}-{}", self.country(), self.code())
    }

    /// Every zone of it.
    pub fn zones(&self) -> impl Iterator<Item = Tz> + use<> {
        self.0.zones.split(' ').map(|zone| zone.parse().expect("a zone in state_zones.csv"))
    }

    /// All states of a country.
    pub fn all_of(country: &str) -> impl Iterator<Item = Self> {
        STATES.iter().filter(move |row| row.country == country).map(Self)
    }
}

/// Letters only, in capitals.
fn letters(text: &str) -> String {
    let plain = |c: char| if matches!(c, 'é' | 'É') { 'E' } else { c.to_ascii_uppercase() };
    text.chars().map(plain).filter(char::is_ascii_alphabetic).collect()
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code()
    }
}

impl Eq for State {}

impl PartialOrd for State {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for State {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl TryFrom<String> for State {
    type Error = InvalidState;
    fn try_from(text: String) -> Result<Self, InvalidState> {
        Self::parse(&text)
    }
}

impl From<State> for String {
    fn from(state: State) -> String {
        state.code().to_owned()
    }
}

/// The first part of a postal code, which names a state: three digits of a US ZIP Code, or the first
/// letter of a Canadian code. The rest is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PostalArea(String);

/// A text that is no postal code of a place that is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no US ZIP Code and no Canadian postal code of a state or province that is known")]
pub struct InvalidPostalArea;

impl PostalArea {
    /// Reads a postal code as people write it: `33101`, `33101-2345`, `K1A 0B1`. Four digits are a ZIP
    /// Code that lost its first 0 in a spreadsheet.
    ///
    /// # Errors
    /// [`InvalidPostalArea`] when no state or province has such a code.
    pub fn parse(raw: &str) -> Result<Self, InvalidPostalArea> {
        let code: String = raw.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
        let shape: String = code.chars().map(|c| if c.is_ascii_digit() { '9' } else { 'A' }).collect();
        let area = match shape.as_str() {
            "9999" => format!("0{}", &code[..2]),
            "99999" | "999999999" => code[..3].to_owned(),
            "A9A9A9" => code[..1].to_owned(),
            _ => return Err(InvalidPostalArea),
        };
        Self::try_from(area)
    }

    /// The states or provinces that use it.
    #[must_use]
    pub fn states(&self) -> Vec<State> {
        let codes = self.row().map_or("", |row| &row.states);
        codes.split_whitespace().map(|code| State::parse(code).expect("a state in postal_states.csv")).collect()
    }

    fn row(&self) -> Option<&'static PostalRow> {
        let country = if self.0.len() == 3 { "US" } else { "CA" };
        POSTAL.iter().filter(|row| row.country == country).find(|row| row.first <= self.0 && self.0 <= row.last)
    }
}

impl TryFrom<String> for PostalArea {
    type Error = InvalidPostalArea;
    fn try_from(text: String) -> Result<Self, InvalidPostalArea> {
        let area = Self(text);
        if area.row().is_some() { Ok(area) } else { Err(InvalidPostalArea) }
    }
}

impl From<PostalArea> for String {
    fn from(area: PostalArea) -> String {
        area.0
    }
}

impl fmt::Display for PostalArea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a person says to live. A part that could not be read is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// The country, if it was named and is one with hours on file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    country: Option<Region>,
    /// The state or province.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "if_known")]
    state: Option<State>,
    /// The first part of the postal code.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "if_known")]
    postal: Option<PostalArea>,
    /// A country of which no hours are on file, as it was written. The rest of such an address is not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    elsewhere: Option<String>,
}

/// A part that the data of this release does not know any more is left out, and the rest is read.
fn if_known<'de, D: serde::Deserializer<'de>, T: TryFrom<String>>(stored: D) -> Result<Option<T>, D::Error> {
    Ok(Option::<String>::deserialize(stored)?.and_then(|text| T::try_from(text).ok()))
}

const COUNTRY: [&str; 2] = ["address_country", "country"];
const STATE: [&str; 5] = ["address_state", "state", "address_province", "province", "state_province"];
const POSTAL_CODE: [&str; 8] =
    ["address_zip", "zip", "zip_code", "zipcode", "postal_code", "postcode", "address_postal_code", "address_postcode"];

impl Place {
    /// The place that a form's answers give, if they give any.
    #[must_use]
    pub fn read(answers: &BTreeMap<String, String>) -> Option<Self> {
        let given = |names: &[&str]| {
            let mut found = names.iter().filter_map(|name| answers.get(*name).map(|answer| answer.trim()));
            found.find(|answer| !answer.is_empty())
        };
        let state_named = given(&STATE).and_then(|raw| State::parse(raw).ok().filter(|_| raw.chars().count() > 3));
        // A country that is no word, such as a dash, is none.
        let named = given(&COUNTRY).filter(|raw| letters(raw).chars().count() > 1);
        let country = match named.map(|raw| (raw, country(raw))) {
            None => None,
            Some((_, Some(country))) => Some(country),
            // However the country is written: a state in full and a postal code of it say where it is.
            Some((_, None))
                if state_named.is_some_and(|state| {
                    let postal = given(&POSTAL_CODE).and_then(|raw| PostalArea::parse(raw).ok());
                    postal.is_some_and(|area| area.states().contains(&state))
                }) =>
            {
                None
            }
            // Elsewhere its state and postal code are not ours to read.
            Some((raw, None)) => {
                let elsewhere = Some(raw.chars().filter(|c| !c.is_control()).take(60).collect());
                return Some(Self { elsewhere, ..Self::default() });
            }
        };
        let here = |state: &State| country.is_none_or(|country| country.code() == state.country());
        let state = given(&STATE).and_then(|raw| State::parse(raw).ok()).filter(here);
        let postal = given(&POSTAL_CODE).and_then(|raw| PostalArea::parse(raw).ok());
        let postal = postal.filter(|area| area.states().iter().all(here));
        let place = Self { country, state, postal, elsewhere: None };
        (!place.is_unknown()).then_some(place)
    }

    /// Whether nothing is known of it.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// The country of the address, if it is one of which no hours are on file.
    #[must_use]
    pub fn elsewhere(&self) -> Option<&str> {
        self.elsewhere.as_deref()
    }

    /// Every state or province that it names; two if state and postal code disagree.
    #[must_use]
    pub fn states(&self) -> Vec<State> {
        let of_postal = self.postal.iter().flat_map(PostalArea::states);
        // The state says which one it is where a postal code is used in several.
        let mut states: Vec<State> = match self.state {
            Some(state) if self.postal.as_ref().is_some_and(|area| area.states().contains(&state)) => vec![state],
            state => state.into_iter().chain(of_postal).collect(),
        };
        states.sort_unstable();
        states.dedup();
        states
    }

    /// Every country that it is in, as far as it tells.
    #[must_use]
    pub fn countries(&self) -> Vec<&str> {
        let mut countries: Vec<&str> = self.country.iter().map(Region::code).collect();
        countries.extend(self.states().iter().map(|state| -> &str { state.country() }));
        countries.sort_unstable();
        countries.dedup();
        countries
    }
}

impl fmt::Display for Place {
    /// What it was read from: `ZIP 331.., state FL`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let postal = self.postal.as_ref().map(|area| format!("postal code {area}…"));
        let state = self.state.map(|state| format!("state {state}"));
        let country = self.country.map(|country| format!("country {}", country.code()));
        let country = country.or_else(|| self.elsewhere.as_ref().map(|name| format!("country {name}")));
        let parts: Vec<String> = match (postal, state) {
            (None, None) => country.into_iter().collect(),
            (postal, state) => postal.into_iter().chain(state).collect(),
        };
        f.write_str(&parts.join(", "))
    }
}

/// A country with hours on file, by its code or the names that people write.
fn country(raw: &str) -> Option<Region> {
    let letters = letters(raw);
    let code = match letters.strip_prefix("THE").unwrap_or(&letters) {
        "US"
        | "USA"
        | "USOFA"
        | "AMERICA"
        | "UNITEDSTATES"
        | "UNITEDSTATESOFAMERICA"
        | "UNITEDSTATESUS"
        | "UNITEDSTATESUSA"
        | "UNITEDSTATESOFAMERICAUSA"
        | "UNITEDSTATESOFAMERICAUS" => "US",
        "CA" | "CAN" | "CANADA" => "CA",
        "GB" | "GBR" | "UK" | "UNITEDKINGDOM" | "GREATBRITAIN" | "ENGLAND" | "SCOTLAND" | "WALES"
        | "NORTHERNIRELAND" => "GB",
        _ => return None,
    };
    Region::try_from(code.to_owned()).ok()
}

#[cfg(test)]
mod tests;
