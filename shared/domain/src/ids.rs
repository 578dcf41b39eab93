//! Every identifier has its own type, so that no two can be mixed up.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use ulid::Ulid;

/// Why a string is not an identifier of the asked kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} `{given}` is not valid: {rule}")]
pub struct InvalidId {
    kind: &'static str,
    given: String,
    rule: &'static str,
}

const SLUG_RULE: &str = "1 to 48 characters of a-z, 0-9 and `-`, not starting with `-`";

fn is_slug(text: &str) -> bool {
    (1..=48).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

const FOREIGN_RULE: &str = "1 to 64 characters of A-Z, a-z, 0-9, `-`, `_` and `.`";

fn is_foreign(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:ident, $rule:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses the identifier.
            ///
            /// # Errors
            /// [`InvalidId`] names the rule that the text breaks.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                if $check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    let given = text.chars().take(64).collect();
                    Err(InvalidId { kind: $kind, given, rule: $rule })
                }
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }
    };
}

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub Ulid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Ulid::from_string(text).map($name).map_err(|_| InvalidId {
                    kind: stringify!($name),
                    given: text.chars().take(64).collect(),
                    rule: "26 characters of a ULID",
                })
            }
        }
    };
}

text_id!(
    /// A client: one business with its own Kajabi site, number and settings.
    ClientId, "client id", is_slug, SLUG_RULE
);
text_id!(
    /// A campaign of one client.
    CampaignId, "campaign id", is_slug, SLUG_RULE
);
text_id!(
    /// A Kajabi form's id, as Kajabi gives it (number or string).
    FormId, "form id", is_foreign, FOREIGN_RULE
);
text_id!(
    /// A Kajabi site's id, as Kajabi gives it.
    SiteId, "site id", is_foreign, FOREIGN_RULE
);

impl CampaignId {
    /// The id of the campaign that a form becomes by itself: always the same. A form's id that is no slug, or
    /// too long, is told by its hash.
    #[must_use]
    pub fn of_form(form: &FormId) -> Self {
        use sha2::{Digest, Sha256};
        let plain = format!("form-{form}");
        let id =
            if is_slug(&plain) { plain } else { format!("form-{}", &hex::encode(Sha256::digest(form.as_str()))[..40]) };
        Self(id)
    }
}

ulid_id!(
    /// A lead: one person known to one client.
    LeadId
);
ulid_id!(
    /// One enrollment of one lead in one campaign.
    EnrollmentId
);
ulid_id!(
    /// One call to an SMS provider. Its time part is the moment of the claim.
    AttemptId
);
ulid_id!(
    /// One run of a function (the execution id of the audit).
    RunId
);
ulid_id!(
    /// One audit event. Sorts by time.
    AuditId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_is_a_slug_and_nothing_else() {
        assert!(ClientId::parse("acme-coaching").is_ok());
        for bad in ["", "-acme", "Acme", "a b", "a/b", "a#b", &"a".repeat(49)] {
            assert!(ClientId::parse(bad).is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn a_form_id_cannot_hold_a_key_separator() {
        assert!(FormId::parse("2150000777").is_ok());
        assert!(FormId::parse("21#50").is_err());
    }
}
