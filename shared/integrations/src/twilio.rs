//! What Twilio posts to us, and what its codes mean. Its wire forms stay in here and in the provider.

pub mod codes;
pub mod inbound;
#[cfg(feature = "outbound")]
pub mod outbound;
pub mod signature;
pub mod status;
pub mod webhook;

use std::fmt;

/// The fields of a form, decoded, in the order they came.
pub type Form = [(String, String)];

/// A webhook of Twilio that lacks what every one of its kind has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} is missing or not readable")]
pub struct Unreadable {
    field: &'static str,
}

/// The id of a message: `SM` or `MM`, then 32 letters or digits. It cannot hold a key separator.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageSid(String);

impl MessageSid {
    /// Reads an id, or gives nothing if `text` is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let kind = text.starts_with("SM") || text.starts_with("MM");
        (kind && is_sid(text)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of_form(form: &Form) -> Result<Self, Unreadable> {
        let given = field(form, "MessageSid").and_then(Self::parse);
        given.ok_or(Unreadable { field: "MessageSid" })
    }
}

impl fmt::Display for MessageSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) fn is_sid(text: &str) -> bool {
    text.len() == 34 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn field<'a>(form: &'a Form, name: &str) -> Option<&'a str> {
    form.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}
