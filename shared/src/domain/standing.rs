//! Whether a person may be texted at all, whatever any campaign says.

use serde::{Deserialize, Serialize};

use super::Instant;

/// A person's standing with one client.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Nothing stands against a text.
    #[default]
    Open,
    /// The person said no. Only the person lifts it.
    OptedOut(OptOut),
    /// Someone must look first.
    Held {
        /// Why, in words.
        reason: String,
        /// Since when.
        since: Instant,
    },
}

impl Standing {
    /// Whether nothing stands against a text.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }
}

/// A no, with its proof. It lives with the phone number and outlives the lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptOut {
    /// When it reached us.
    pub at: Instant,
    /// How it was said.
    pub channel: OptOutChannel,
    /// The words themselves, where there are any.
    pub words: Option<String>,
}

/// How a no can be said. There is no exclusive way: 47 CFR 64.1200(a)(10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptOutChannel {
    /// A reply by text.
    Reply,
    /// The provider refused a text because the person had opted out there.
    Provider,
    /// An operator wrote it down.
    Operator,
}
