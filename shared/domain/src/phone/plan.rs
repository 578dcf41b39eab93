//! The numbering plans of the countries whose numbers are read. What they are made of, and how they were
//! made: `shared/data/phone_metadata.py` and `docs/decisions/0025-numbers-are-read-by-rlibphonenumber.md`.

use std::sync::LazyLock;

use prost::Message;
use rlibphonenumber::{
    ParseError, PhoneMetadataCollection, PhoneNumber, PhoneNumberFormat, PhoneNumberType, PhoneNumberUtil,
    Region as PlanRegion,
};

use super::{InvalidPhone, Region};

static PLANS: LazyLock<PhoneNumberUtil> = LazyLock::new(|| {
    let data: &[u8] = include_bytes!("../../../data/phone_metadata.binpb");
    let plans = PhoneMetadataCollection::decode(data).expect("a data file of this crate can be read");
    PhoneNumberUtil::new_for_metadata(plans).expect("a data file of this crate names known regions")
});

/// Calling codes of the countries that are not read, each with what to call it: `+49 (DE)`.
static NOT_READ: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let file = include_str!("../../../data/calling_codes.csv");
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(file.as_bytes());
    let rows = reader.deserialize::<(String, String)>().collect::<Result<Vec<_>, _>>();
    let rows = rows.expect("a data file of this crate can be read").into_iter();
    rows.map(|(code, regions)| (code.clone(), format!("+{code} ({regions})"))).collect()
});

/// Reads digits with separators, and `+` before a country code, as one number. Gives E.164.
pub(super) fn read(written: &str, region: Region) -> Result<String, InvalidPhone> {
    let here = plan_region(region);
    // No number of North America begins with 0, and much of the world dials 00 before a country code.
    let begins = |prefix: &str| written.trim_start_matches(['(', ' ']).starts_with(prefix);
    let dialed = here.is_some_and(|here| PLANS.is_nanpa_country(here)) && begins("00");
    let digits = || written.chars().filter(char::is_ascii_digit).skip(2).collect::<String>();
    let international = if dialed { format!("+{}", digits()) } else { written.to_owned() };
    let number = match PLANS.parse(&international, here) {
        Ok(number) => number,
        Err(ParseError::InvalidCountryCode) => return Err(foreign(&international, region)),
        Err(ParseError::NotANumber(_)) => return Err(InvalidPhone::Unreadable),
        Err(ParseError::TooShortAfterIdd | ParseError::TooShortNsn | ParseError::TooLongNsn) => {
            return Err(InvalidPhone::Impossible);
        }
    };
    if !PLANS.is_valid_number(&number) {
        return Err(InvalidPhone::Impossible);
    }
    match PLANS.get_number_type(&number) {
        // Who is texted there pays for it, or is whoever rents the number at the moment.
        PhoneNumberType::PremiumRate
        | PhoneNumberType::SharedCost
        | PhoneNumberType::PersonalNumber
        | PhoneNumberType::Pager
        | PhoneNumberType::UAN
        | PhoneNumberType::VoiceMail => Err(InvalidPhone::NotForPeople),
        _ => Ok(shown(&number, PhoneNumberFormat::E164)),
    }
}

/// Whether the numbering plan of a country is kept here.
pub(super) fn has(region: Region) -> bool {
    plan_region(region).is_some()
}

/// As people of its country read it.
pub(super) fn national(e164: &str) -> Option<String> {
    Some(shown(&PLANS.parse(e164, None).ok()?, PhoneNumberFormat::National))
}

/// The country that it belongs to.
pub(super) fn country(e164: &str) -> Option<String> {
    let number = PLANS.parse(e164, None).ok()?;
    let region = PLANS.get_region_for_number(&number)?;
    Some(region.to_string())
}

fn shown(number: &PhoneNumber, format: PhoneNumberFormat) -> String {
    PLANS.format(number, format).into_owned()
}

fn plan_region(region: Region) -> Option<PlanRegion> {
    let known = PlanRegion::try_from(region.code()).ok()?;
    PLANS.get_country_code_for_region(known).is_some().then_some(known)
}

/// Why a number that is of none of the plans is not read: its country is named, if there is one.
fn foreign(written: &str, region: Region) -> InvalidPhone {
    let plain: String = written.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let Some(digits) = plain.strip_prefix('+').or_else(|| dialed(&plain, region)) else {
        return InvalidPhone::CountryNotRead(region.code_of_country());
    };
    let named = NOT_READ.iter().find(|(code, _)| digits.starts_with(code.as_str()));
    named.map_or(InvalidPhone::Impossible, |(_, name)| InvalidPhone::CountryNotRead(name))
}

/// What follows the prefix that is dialed before a country code.
fn dialed(plain: &str, region: Region) -> Option<&str> {
    plan_region(region)?;
    ["0011", "011", "00"].into_iter().find_map(|prefix| plain.strip_prefix(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plans_are_those_of_whole_calling_codes() {
        let mut codes: Vec<i32> = PLANS.get_supported_calling_codes().collect();
        codes.sort_unstable();
        assert_eq!(codes, [1, 44, 61, 64, 353]);
        assert_eq!(PLANS.get_supported_regions().len(), 34);
        let plans: &[u8] = include_bytes!("../../../data/phone_metadata.binpb");
        let plans = PhoneMetadataCollection::decode(plans).expect("metadata");
        rlibphonenumber::metadata_validator::validate_metadata(plans, false).expect("metadata that make sense");
    }

    #[test]
    fn a_country_that_is_not_read_is_named() {
        let read_at = |written: &str, region: &str| {
            let region = Region::try_from(region.to_owned()).expect("a country");
            read(written, region).expect_err(written).to_string()
        };
        assert_eq!(read_at("+49 30 123456", "US"), "numbers of +49 (DE) are not read");
        assert_eq!(read_at("011 49 30 123456", "US"), "numbers of +49 (DE) are not read");
        assert_eq!(read_at("0049 30 123456", "US"), "numbers of +49 (DE) are not read");
        assert_eq!(read_at("0049 30 123456", "GB"), "numbers of +49 (DE) are not read");
        assert_eq!(read_at("+7 495 1234567", "US"), "numbers of +7 (RU KZ) are not read");
        assert_eq!(read_at("+800 1234 5678", "US"), "numbers of +800 (no single country) are not read");
        assert_eq!(read_at("030 123456", "DE"), "numbers of DE are not read");
        assert_eq!(read_at("+999 1234567", "US"), InvalidPhone::Impossible.to_string());
    }
}
