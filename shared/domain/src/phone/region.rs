//! Countries by their codes.

use serde::{Deserialize, Serialize};

/// ISO 3166-1 alpha-2, and AC, TA and XK, which have numbering plans, too.
const CODES: &str = "AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC \
    EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK \
    HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB \
    LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ \
    NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU \
    RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM \
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// A country by its ISO 3166 code: where numbers written without a country code belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(Code);

/// A code of [`CODES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Code(&'static str);

impl Region {
    /// The two-letter code.
    #[must_use]
    pub fn code(&self) -> &str {
        self.0.0
    }

    /// Returns `true` if numbers of the country are read, whatever hours are on file for it.
    #[must_use]
    pub fn is_read(self) -> bool {
        super::plan::has(self)
    }

    pub(super) fn code_of_country(self) -> &'static str {
        self.0.0
    }
}

impl Default for Region {
    fn default() -> Self {
        Self(Code("US"))
    }
}

/// A text that is no ISO 3166 country code.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a country code such as US or GB")]
pub struct InvalidRegion(String);

impl TryFrom<String> for Region {
    type Error = InvalidRegion;
    fn try_from(text: String) -> Result<Self, InvalidRegion> {
        CODES.split(' ').find(|code| *code == text).map(|code| Self(Code(code))).ok_or(InvalidRegion(text))
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

    #[test]
    fn a_country_is_known_by_its_code_in_capitals() {
        for code in ["US", "GB", "AC", "ZW", "AQ"] {
            assert_eq!(Region::try_from(code.to_owned()).expect(code).code(), code);
        }
        for none in ["", "us", "U", "USA", "UK", "US CA", " "] {
            assert!(Region::try_from(none.to_owned()).is_err(), "{none:?}");
        }
        let read = |code: &str| Region::try_from(code.to_owned()).expect(code).is_read();
        assert!(read("US") && read("PR") && read("JE") && read("NZ") && !read("DE") && !read("AQ"));
        assert!(CODES.split(' ').all(|code| code.len() == 2));
    }
}
