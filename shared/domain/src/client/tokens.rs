//! What opens the URLs that others post to: tokens, kept as hashes.

use serde::{Deserialize, Serialize};

use crate::ids::SiteId;

/// How a client's Kajabi site proves that it is it. Kajabi signs nothing, so the address holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KajabiSettings {
    /// SHA-256 of the tokens that are accepted, in hexadecimal: one, or two while a new one is rolled out.
    pub token_hashes: Vec<TokenHash>,
    /// Whether a relay in between must sign (`X-Kajabi-Signature`, our own convention).
    #[serde(default)]
    pub require_signature: bool,
    /// Compared every day with the forms that Kajabi itself lists, so that one which was lost on its way
    /// is found. `None`: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<CompareSettings>,
}

/// What Kajabi's Public API is asked for. Its key is in the client's secret, not here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompareSettings {
    /// The site whose forms are compared.
    pub site_id: SiteId,
}

/// How SimpleTexting proves that it is it. It signs nothing, so the address holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SimpleTextingSettings {
    /// SHA-256 of the tokens that are accepted, in hexadecimal: one, or two while a new one is rolled out.
    pub token_hashes: Vec<TokenHash>,
}

impl SimpleTextingSettings {
    pub(super) fn is_empty(&self) -> bool {
        self.token_hashes.is_empty()
    }

    /// Whether a token is one of them. Every hash is compared, in constant time.
    #[must_use]
    pub fn accepts(&self, token: &str) -> bool {
        any_matches(&self.token_hashes, token)
    }
}

/// Whether any hash is that of `token`. Every one is compared, in constant time.
pub(super) fn any_matches(hashes: &[TokenHash], token: &str) -> bool {
    hashes.iter().fold(false, |found, hash| found | hash.matches(token))
}

/// SHA-256 of a webhook token, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenHash([u8; 32]);

/// A text that is no SHA-256 in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a token hash is 64 hexadecimal digits (SHA-256 of the token)")]
pub struct InvalidTokenHash;

impl TokenHash {
    /// The hash of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        use sha2::{Digest, Sha256};
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Whether it is the hash of `token`, in constant time.
    #[must_use]
    pub fn matches(&self, token: &str) -> bool {
        use subtle::ConstantTimeEq;
        self.0.ct_eq(&Self::of(token).0).into()
    }
}

impl TryFrom<String> for TokenHash {
    type Error = InvalidTokenHash;
    fn try_from(text: String) -> Result<Self, InvalidTokenHash> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes).map_err(|_| InvalidTokenHash)?;
        Ok(Self(bytes))
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> String {
        hex::encode(hash.0)
    }
}
