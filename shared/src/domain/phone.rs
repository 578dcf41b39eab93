//! Phone numbers by libphonenumber's rules, never by a regular expression.

use std::fmt;

use phonenumber::{Mode, country};
use serde::{Deserialize, Serialize};

/// A number that libphonenumber holds valid, kept in E.164. `Debug` and `Display` mask it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber {
    e164: String,
}

/// Why a text is no phone number that can be texted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhone {
    /// Nothing was given.
    #[error("no phone number was given")]
    Missing,
    /// It cannot be read as a phone number at all.
    #[error("it cannot be read as a phone number")]
    Unreadable,
    /// It can be read, but no such number can exist in its country's numbering plan.
    #[error("no such number exists in its country's numbering plan")]
    Impossible,
}

impl PhoneNumber {
    /// Reads a number as people write it. `region` (ISO 3166, such as `US`) is where a number
    /// without a country code belongs.
    ///
    /// # Errors
    /// [`InvalidPhone`] says what is wrong with it.
    pub fn parse(raw: &str, region: Region) -> Result<Self, InvalidPhone> {
        let raw = raw.trim();
        if raw.is_empty() {
            return Err(InvalidPhone::Missing);
        }
        if raw.len() > 64 {
            return Err(InvalidPhone::Unreadable);
        }
        let number = phonenumber::parse(Some(region.0), raw).map_err(|_| InvalidPhone::Unreadable)?;
        if !phonenumber::is_valid(&number) {
            return Err(InvalidPhone::Impossible);
        }
        Ok(Self { e164: number.format().mode(Mode::E164).to_string() })
    }

    /// `+` and digits, as providers want it. The only way to see the whole number.
    #[must_use]
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// As people of its country read it: `(305) 555-0123`.
    #[must_use]
    pub fn national(&self) -> String {
        self.parsed().map_or_else(|| self.e164.clone(), |number| number.format().mode(Mode::National).to_string())
    }

    /// ISO 3166 code of the country that the number belongs to, where it can be told.
    #[must_use]
    pub fn country(&self) -> Option<String> {
        let id = self.parsed()?.country().id()?;
        Some(id.as_ref().to_owned())
    }

    /// The three digits of a North American area code, when it is such a number.
    #[must_use]
    pub fn area_code(&self) -> Option<&str> {
        (self.e164.len() == 12).then(|| self.e164.strip_prefix("+1")?.get(..3)).flatten()
    }

    fn parsed(&self) -> Option<phonenumber::PhoneNumber> {
        phonenumber::parse(None, &self.e164).ok()
    }

    /// The number with all but its country code and last three digits hidden.
    #[must_use]
    pub fn masked(&self) -> String {
        let shown = self.e164.len().saturating_sub(3);
        format!("{}•••••••{}", &self.e164[..2], &self.e164[shown..])
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = InvalidPhone;
    fn try_from(text: String) -> Result<Self, InvalidPhone> {
        Self::parse(&text, Region::default())
    }
}

impl From<PhoneNumber> for String {
    fn from(phone: PhoneNumber) -> String {
        phone.e164
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// A country by its ISO 3166 code: where numbers written without a country code belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(country::Id);

impl Region {
    /// The two-letter code.
    #[must_use]
    pub fn code(&self) -> &str {
        self.0.as_ref()
    }
}

impl Default for Region {
    fn default() -> Self {
        Self(country::US)
    }
}

/// A text that is no ISO 3166 country code.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a country code such as US or GB")]
pub struct InvalidRegion(String);

impl TryFrom<String> for Region {
    type Error = InvalidRegion;
    fn try_from(text: String) -> Result<Self, InvalidRegion> {
        text.parse().map(Self).map_err(|_| InvalidRegion(text))
    }
}

impl From<Region> for String {
    fn from(region: Region) -> String {
        region.code().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us(raw: &str) -> Result<PhoneNumber, InvalidPhone> {
        PhoneNumber::parse(raw, Region::default())
    }

    #[test]
    fn every_way_of_writing_one_number_is_the_same_number() {
        for raw in ["3055550123", "(305) 555-0123", "+1 305 555 0123", "1-305-555-0123", " 305.555.0123 "] {
            assert_eq!(us(raw).expect(raw).e164(), "+13055550123");
        }
    }

    #[test]
    fn what_cannot_be_a_number_says_why() {
        assert_eq!(us("  "), Err(InvalidPhone::Missing));
        assert_eq!(us("call me"), Err(InvalidPhone::Unreadable));
        assert_eq!(us("555-0123"), Err(InvalidPhone::Impossible));
        assert_eq!(us("(105) 555-0123"), Err(InvalidPhone::Impossible));
        assert!(us(&"1".repeat(5_000)).is_err());
    }

    #[test]
    fn a_number_shows_its_country_and_area_code_but_not_itself() {
        let phone = us("+1 305 555 0123").expect("valid");
        assert_eq!(phone.country().as_deref(), Some("US"));
        assert_eq!(phone.area_code(), Some("305"));
        assert_eq!(phone.national(), "(305) 555-0123");
        assert_eq!(format!("{phone} {phone:?}"), "+1•••••••123 +1•••••••123");
        let london = us("+44 20 7946 0123").expect("valid");
        assert_eq!(london.country().as_deref(), Some("GB"));
        assert_eq!(london.area_code(), None);
    }
}
