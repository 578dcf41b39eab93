//! Phone numbers by libphonenumber's rules, never by a regular expression, and by stricter ones of our own for
//! what people type: what is not certain is refused with its reason.

mod plan;
mod region;
mod written;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use region::{InvalidRegion, Region};
use written::Written;

/// A number that libphonenumber holds valid, kept in E.164. `Debug` and `Display` mask it. One that is stored
/// is not looked at again.
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
    /// A letter or a sign stands among the digits, such as the letter O for a zero.
    #[error("a letter or sign stands where a digit belongs, so it is not certain which number is meant")]
    Letter,
    /// A spreadsheet shortened it.
    #[error("it is in scientific notation, in which digits are lost: format the column as text and export it again")]
    Scientific,
    /// There are two, and they differ.
    #[error("it holds two different numbers, and nothing says which one is meant")]
    TwoNumbers,
    /// Words beside it say that it is not for texts.
    #[error("words beside the number say that it is not for texts")]
    NotForTexts,
    /// It is a number of a service: premium rate, a forwarding service, a pager.
    #[error("it is a number of a service, such as one of premium rate, and no person's phone")]
    NotForPeople,
    /// It is of a country whose numbering plan is not kept here.
    #[error("numbers of {0} are not read")]
    CountryNotRead(&'static str),
}

impl InvalidPhone {
    /// The code that rejections are counted by.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TwoNumbers => "two_numbers",
            Self::CountryNotRead(_) => "country_not_served",
            Self::Missing
            | Self::Unreadable
            | Self::Impossible
            | Self::Letter
            | Self::Scientific
            | Self::NotForTexts
            | Self::NotForPeople => "no_valid_phone",
        }
    }
}

impl PhoneNumber {
    /// Reads a number as people write it. `region` (ISO 3166, such as `US`) is where a number
    /// without a country code belongs.
    ///
    /// # Errors
    /// [`InvalidPhone`] says what is wrong with it.
    pub fn parse(raw: &str, region: Region) -> Result<Self, InvalidPhone> {
        let e164 = match written::read(raw)? {
            Written::One(number) => plan::read(&number, region)?,
            Written::Several(numbers) => {
                let mut read = numbers.iter().map(|number| plan::read(number, region));
                let first = read.next().unwrap_or(Err(InvalidPhone::Missing));
                let first = first.map_err(|_| InvalidPhone::TwoNumbers)?;
                match read.all(|other| other.as_ref() == Ok(&first)) {
                    true => first,
                    false => return Err(InvalidPhone::TwoNumbers),
                }
            }
        };
        Ok(Self { e164 })
    }

    /// A number that a provider names: it knows whom it texts, in whatever country. In E.164 it is taken as
    /// it is, else read.
    ///
    /// # Errors
    /// [`InvalidPhone`] says what is wrong with it.
    pub fn of_provider(raw: &str, region: Region) -> Result<Self, InvalidPhone> {
        Self::in_e164(raw.trim()).map_or_else(|| Self::parse(raw, region), Ok)
    }

    /// What has the form of E.164. Whether there is such a number is not looked at.
    fn in_e164(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        ((8..=15).contains(&digits.len()) && !digits.starts_with('0')).then(|| Self { e164: text.to_owned() })
    }

    /// Whether it is a number that can exist, for one that was taken in the form that it is stored in.
    ///
    /// # Errors
    /// [`InvalidPhone`] says why it is none.
    pub fn check(&self) -> Result<(), InvalidPhone> {
        plan::read(&self.e164, Region::default()).map(|_| ())
    }

    /// `+` and digits, as providers want it. The only way to see the whole number.
    #[must_use]
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// As people of its country read it: `(305) 555-0123`.
    #[must_use]
    pub fn national(&self) -> String {
        plan::national(&self.e164).unwrap_or_else(|| self.e164.clone())
    }

    /// ISO 3166 code of the country that the number belongs to, where it can be told.
    #[must_use]
    pub fn country(&self) -> Option<String> {
        plan::country(&self.e164)
    }

    /// The three digits of a North American area code, when it is such a number.
    #[must_use]
    pub fn area_code(&self) -> Option<&str> {
        (self.e164.len() == 12).then(|| self.e164.strip_prefix("+1")?.get(..3)).flatten()
    }

    /// The number with all but its country code and last three digits hidden.
    #[must_use]
    pub fn masked(&self) -> String {
        let shown = self.e164.len().saturating_sub(3);
        format!("{}•••••••{}", &self.e164[..2], &self.e164[shown..])
    }
}

/// As it is stored: E.164 is taken as it is, so that a number of a country that is not read any more stays
/// one, and nothing is set up to read it. Anything else is read. Settings, which people type, are looked at
/// again before they are written (`Client::problems`).
impl TryFrom<String> for PhoneNumber {
    type Error = InvalidPhone;
    fn try_from(text: String) -> Result<Self, InvalidPhone> {
        Self::in_e164(&text).map_or_else(|| Self::parse(&text, Region::default()), Ok)
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

#[cfg(test)]
mod tests;
