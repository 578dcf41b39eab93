//! The webinar that a campaign is about.

use std::fmt;

use chrono::TimeDelta;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use url::Url;

use super::super::{Instant, template::Field};

/// When a webinar begins, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Webinar {
    /// When it begins.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Instant,
    /// Where people join it.
    pub link: WebinarLink,
}

/// The longest link that a text has room for, in characters.
const LONGEST_LINK: usize = 300;

/// An address that a phone makes a link of, and that nobody on the way can change: `https` only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebinarLink(String);

/// A text that is no link to a webinar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no https address such as https://example.com/webinar, of {LONGEST_LINK} characters at most")]
pub struct InvalidWebinarLink(pub String);

impl WebinarLink {
    /// The link as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for WebinarLink {
    type Error = InvalidWebinarLink;

    fn try_from(text: String) -> Result<Self, InvalidWebinarLink> {
        let plain = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
        let url = Url::parse(&text).ok().filter(|url| url.scheme() == "https" && url.username().is_empty());
        let named = url.as_ref().and_then(Url::domain).is_some_and(|domain| domain.contains('.'));
        // Read leniently a URL may have lost its slashes; a phone would not make a link of that.
        let written = text.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
        if plain && named && written && text.chars().count() <= LONGEST_LINK {
            Ok(Self(text))
        } else {
            Err(InvalidWebinarLink(text.chars().filter(|c| !c.is_control()).take(80).collect()))
        }
    }
}

impl From<WebinarLink> for String {
    fn from(link: WebinarLink) -> String {
        link.0
    }
}

impl fmt::Display for WebinarLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Webinar {
    /// The moment so many minutes after it begins.
    #[must_use]
    pub fn after(&self, minutes: i32) -> Instant {
        self.at.checked_add_signed(TimeDelta::minutes(i64::from(minutes))).unwrap_or(self.at)
    }

    /// What a placeholder stands for that is about it.
    #[must_use]
    pub fn value(&self, field: &Field, zone: Tz) -> Option<String> {
        match field {
            Field::WebinarLink => Some(self.link.to_string()),
            Field::WebinarDate => Some(self.date(zone)),
            Field::WebinarTime => Some(self.time(zone)),
            _ => None,
        }
    }

    /// Its date in `zone`, for a text: `Thursday, January 15`.
    #[must_use]
    pub fn date(&self, zone: Tz) -> String {
        self.at.with_timezone(&zone).format("%A, %B %-d").to_string()
    }

    /// Its time of day in `zone`, for a text: `7:00 PM EST`.
    #[must_use]
    pub fn time(&self, zone: Tz) -> String {
        self.at.with_timezone(&zone).format("%-I:%M %p %Z").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_https_address_is_a_link() {
        for (link, is_one) in [
            ("https://example.com/live?room=1", true),
            ("HTTPS://example.com/live", true),
            ("http://example.com/live", false),
            ("example.com/live", false),
            ("https:example.com", false),
            ("https://example.com/a b", false),
            ("https://localhost/live", false),
            ("https://somebody@example.com/", false),
            ("javascript:alert(1)", false),
            ("", false),
        ] {
            assert_eq!(WebinarLink::try_from(link.to_owned()).is_ok(), is_one, "{link}");
        }
        assert!(WebinarLink::try_from(format!("https://example.com/{}", "a".repeat(300))).is_err());
    }

    #[test]
    fn date_and_time_are_those_of_the_clients_wall_clock() {
        let webinar: Webinar = serde_json::from_value(
            serde_json::json!({"at": "2026-07-17T01:30:00+02:00", "link": "https://example.com/live"}),
        )
        .expect("a webinar");
        let zone = Tz::America__New_York;
        assert_eq!(webinar.date(zone), "Thursday, July 16");
        assert_eq!(webinar.time(zone), "7:30 PM EDT");
    }
}
