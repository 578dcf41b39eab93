//! Whether a person may be texted at all, whatever any campaign says.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Instant, phone::PhoneNumber};

/// Whether a person may be texted by one client.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ContactStatus {
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
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
        since: Instant,
    },
}

impl ContactStatus {
    /// Whether nothing stands against a text.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }

    /// The same with its words changed: of an opt-out or of a hold.
    #[must_use]
    pub fn reworded(&self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Open => Self::Open,
            Self::OptedOut(opt_out) => Self::OptedOut(opt_out.reworded(change)),
            Self::Held { reason, since } => Self::Held { reason: change(reason), since: *since },
        }
    }
}

/// A no, with its proof. It lives with the phone number and outlives the lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OptOut {
    /// When it reached us.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Instant,
    /// How it was said.
    pub channel: OptOutChannel,
    /// The words themselves, where there are any.
    pub words: Option<String>,
}

impl OptOut {
    /// The opt-out with its words changed.
    #[must_use]
    pub fn reworded(&self, change: impl Fn(&str) -> String) -> Self {
        Self { words: self.words.as_deref().map(change), ..self.clone() }
    }

    /// The opt-out without its words. A hash stays in their place, by which a message that somebody shows later can be
    /// compared: the SHA-256 of the words as they were kept.
    #[must_use]
    pub fn without_words(&self) -> Self {
        const HASHED: &str = "(erased; SHA-256 ";
        let hashed = |words: &String| {
            if words.starts_with(HASHED) {
                return words.clone();
            }
            format!("{HASHED}{})", hex::encode(Sha256::digest(words)))
        };
        Self { words: self.words.as_ref().map(hashed), ..self.clone() }
    }
}

/// How a no can be said. There is no exclusive way: 47 CFR 64.1200(a)(10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum OptOutChannel {
    /// A reply by text, by one of the words that always mean it.
    Reply,
    /// A reply by text, in other words.
    FreeText,
    /// A reply that says that the number is somebody else's.
    WrongPerson,
    /// A reply that threatens with the law.
    Legal,
    /// The provider refused a text because the person had opted out there.
    Provider,
    /// An operator wrote it down.
    Operator,
}

impl OptOutChannel {
    /// The channel as files and commands write it.
    #[must_use]
    pub fn code(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Why an enrollment ends by it, in words.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Reply | Self::FreeText => "the person asked to stop",
            Self::WrongPerson => "the number is somebody else's",
            Self::Legal => "the person threatened with the law",
            Self::Provider => "the provider holds an opt-out of this number",
            Self::Operator => "an operator recorded an opt-out",
        }
    }
}

/// A no that was taken back, with its proof. The no itself is kept with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lifted {
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Instant,
    /// By whom: the person's own reply, or an operator by name.
    pub by: String,
    /// Why, or the person's words.
    pub reason: String,
    /// What proves that it was the person's own wish.
    pub proof: String,
}

/// A number's entry in the list of a client's opt-outs: the last no, and whether it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListedOptOut {
    /// The number.
    pub phone: PhoneNumber,
    /// The no.
    pub opt_out: OptOut,
    /// How it was taken back, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<Lifted>,
}

impl ListedOptOut {
    /// The entry with all of its words changed: of the no, and of how it was taken back.
    #[must_use]
    pub fn reworded(&self, change: impl Fn(&str) -> String) -> Self {
        let lifted = self.lifted.as_ref().map(|lifted| Lifted {
            reason: change(&lifted.reason),
            proof: change(&lifted.proof),
            ..lifted.clone()
        });
        Self { phone: self.phone.clone(), opt_out: self.opt_out.reworded(&change), lifted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opt_out_without_its_words_keeps_a_hash_of_them() {
        let words = Some("STOP".to_owned());
        let said = OptOut { at: chrono::DateTime::UNIX_EPOCH, channel: OptOutChannel::Reply, words };
        let kept = said.without_words();
        let hash = "04dedf8afeb8a4177a009f41bb78018af601e341ed4322d4073911c9ac879726";
        assert_eq!((kept.at, kept.channel), (said.at, said.channel));
        assert_eq!(kept.words, Some(format!("(erased; SHA-256 {hash})")));
        assert_eq!(kept.without_words(), kept, "once is enough");
    }
}
