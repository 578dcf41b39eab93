//! Keys that a client's own programs come in with. Only their hashes are kept.

use serde::{Deserialize, Serialize};

use super::{
    Instant,
    client::{Client, TokenHash},
    ids::ClientId,
};

/// A key of one client. It is revoked by being taken out of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKey {
    /// Who has it, for people; it is in the audit of what is done with it.
    pub name: String,
    /// SHA-256 of its secret part.
    pub hash: TokenHash,
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Instant>,
}

/// What a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Scope {
    /// Sending single texts.
    Send,
    /// Reading how texting goes.
    Status,
    /// Reading campaigns, settings, opt-outs and leads.
    Read,
    /// Reading them, and changing them.
    Manage,
}

impl Scope {
    /// Whether who has this scope has also `other`.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self == other || (self == Self::Manage && other == Self::Read)
    }
}

/// A key as it is presented: the client's id, a full stop, and the secret part. `Debug` hides it.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    secret: &'a str,
}

impl std::fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Presented(•••)")
    }
}

impl<'a> Presented<'a> {
    /// Reads the value of an `Authorization` header: `Bearer acme.SECRET`. Gives whose key it says it is.
    #[must_use]
    pub fn parse(header: &'a str) -> Option<(ClientId, Self)> {
        let (scheme, key) = header.split_once(' ')?;
        let (client, secret) = key.trim().split_once('.')?;
        let plausible = scheme.eq_ignore_ascii_case("bearer") && (16..=128).contains(&secret.len());
        let client = ClientId::parse(client).ok()?;
        plausible.then_some((client, Self { secret }))
    }
}

/// Why a key does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefused {
    /// It is no key of this client.
    #[error("the key is not known")]
    Unknown,
    /// It was one.
    #[error("the key `{name}` expired {at}")]
    Expired {
        /// Whose.
        name: String,
        /// When.
        at: Instant,
    },
    /// It is one, for something else.
    #[error("the key `{name}` is not for this")]
    OtherScope {
        /// Whose.
        name: String,
    },
}

impl Client {
    /// The client's own key that was presented, if it opens `scope` at `now`. All hashes are compared, in
    /// constant time.
    ///
    /// # Errors
    /// [`KeyRefused`] says why it does not.
    pub fn opens(&self, presented: Presented<'_>, scope: Scope, now: Instant) -> Result<&ApiKey, KeyRefused> {
        let matching: Vec<&ApiKey> = self.api_keys.iter().filter(|key| key.hash.matches(presented.secret)).collect();
        let key = *matching.first().ok_or(KeyRefused::Unknown)?;
        match key.expires_at {
            Some(at) if at <= now => Err(KeyRefused::Expired { name: key.name.clone(), at }),
            _ if key.scopes.iter().any(|has| has.covers(scope)) => Ok(key),
            _ => Err(KeyRefused::OtherScope { name: key.name.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a-secret-of-enough-length";

    #[test]
    fn who_may_manage_may_read_and_nothing_more_follows_from_a_scope() {
        use Scope::{Manage, Read, Send, Status};
        let all = [Send, Status, Read, Manage];
        for has in all {
            for asked in all {
                assert_eq!(has.covers(asked), has == asked || (has, asked) == (Manage, Read), "{has:?}, {asked:?}");
            }
        }
    }

    fn client() -> Client {
        let key = |name: &str, secret: &str, scopes: &[Scope], expires_at: Option<&str>| ApiKey {
            name: name.to_owned(),
            hash: TokenHash::of(secret),
            scopes: scopes.to_vec(),
            expires_at: expires_at.map(|at| at.parse().expect("an instant")),
        };
        Client {
            api_keys: vec![
                key("site", SECRET, &[Scope::Send], None),
                key("old site", "an-older-secret-of-length", &[Scope::Send], Some("2026-01-01T00:00:00Z")),
            ],
            ..crate::fixtures::client()
        }
    }

    #[test]
    fn a_key_opens_what_it_is_for_while_it_lasts_and_nothing_else() {
        let now = "2026-06-02T15:00:00Z".parse().expect("an instant");
        let client = client();
        let opens = |header: &str, scope| {
            let (id, presented) = Presented::parse(header)?;
            assert_eq!(id, client.id);
            Some(client.opens(presented, scope, now).map(|key| key.name.clone()))
        };
        let site = format!("Bearer acme.{SECRET}");
        assert_eq!(opens(&site, Scope::Send), Some(Ok("site".to_owned())));
        assert_eq!(opens(&site, Scope::Status), Some(Err(KeyRefused::OtherScope { name: "site".to_owned() })));
        let old = opens("bearer acme.an-older-secret-of-length", Scope::Send);
        assert!(matches!(old, Some(Err(KeyRefused::Expired { .. }))), "{old:?}");
        assert_eq!(opens("Bearer acme.some-other-secret-of-length", Scope::Send), Some(Err(KeyRefused::Unknown)));
        for no_key in ["", "Bearer", "Bearer acme", "Bearer acme.short", "Basic acme.a-secret-of-enough-length"] {
            assert_eq!(opens(no_key, Scope::Send), None, "{no_key:?}");
        }
    }
}
