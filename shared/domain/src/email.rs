//! Email addresses, only as far as they identify a lead or can be written to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An address in lower case. `Debug` and `Display` mask it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// A text that cannot be an email address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not an email address")]
pub struct InvalidEmail;

impl EmailAddress {
    /// Reads an address leniently: one `@`, something on both sides, a dot in the domain, no blanks.
    ///
    /// # Errors
    /// [`InvalidEmail`] when it cannot be one.
    pub fn parse(raw: &str) -> Result<Self, InvalidEmail> {
        let address = raw.trim().to_lowercase();
        let (local, domain) = address.split_once('@').ok_or(InvalidEmail)?;
        let plausible = !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !domain.contains('@')
            && address.len() <= 254
            && !address
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"'));
        plausible.then_some(Self(address)).ok_or(InvalidEmail)
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;
    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> String {
        address.0
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = self.0.split_once('@').map_or("", |(_, domain)| domain);
        write!(f, "•••@{domain}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_without_case_and_never_shown() {
        let address = EmailAddress::parse(" Pat@Example.org ").expect("valid");
        assert_eq!(address.as_str(), "pat@example.org");
        assert_eq!(address.to_string(), "•••@example.org");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            "pat",
            "@example.org",
            "pat@",
            "pat@example",
            "pat@.org",
            "a b@example.org",
            "a@b@example.org",
            "x@example.org\nBcc: z@example.org",
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad:?} was accepted");
        }
    }
}
