//! Sources of events: how each one's calls are routed, proved, named and answered. Implementations are pure: they
//! read what came, store nothing and decide nothing.

use std::collections::BTreeMap;

use domain::{
    Instant,
    client::Client,
    event::{EventKey, Source},
};

use super::{Receipt, Secrets};

/// The largest body that is read of any source, in bytes.
pub const BODY_LIMIT: usize = 256 * 1024;

/// A call that somebody made to us.
#[derive(Debug)]
pub struct Call<'a> {
    /// Headers that are text, by their names in small letters.
    pub headers: BTreeMap<&'a str, &'a str>,
    /// The URL that we gave out for it: our public URL, the path and the query. Never what the call says of itself.
    pub url: String,
    /// The query, without `?`.
    pub query: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// When it came.
    pub now: Instant,
}

impl<'a> Call<'a> {
    /// A header by its name, in letters of either case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name.to_ascii_lowercase().as_str()).copied()
    }

    /// The body as text, as far as it can be read. What cannot be read may grow, so it is cut at [`BODY_LIMIT`].
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::from_utf8_lossy(self.body).into_owned();
        text.truncate(text.floor_char_boundary(BODY_LIMIT));
        text
    }
}

/// Whose path it is, as it was written: neither is parsed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route<'p> {
    /// The client.
    pub client: &'p str,
    /// The token, where the path holds one.
    pub token: Option<&'p str>,
}

/// An event as its source names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its idempotency key.
    pub key: EventKey,
    /// The query, where that says something.
    pub query: Option<String>,
}

/// What a source is answered once its event is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The content type, and the body; `None` for an empty one.
    pub body: Option<(&'static str, &'static str)>,
}

impl Reply {
    /// No body.
    #[must_use]
    pub const fn empty(status: u16) -> Self {
        Self { status, body: None }
    }
}

/// One source of events.
pub trait InboundSource: Send + Sync {
    /// Which one.
    fn source(&self) -> Source;

    /// Whether a path is its own, by the parts after `/webhooks/`.
    fn route<'p>(&self, parts: &[&'p str]) -> Option<Route<'p>>;

    /// Returns `true` if it looks whether the URL is there (GET, HEAD) before it posts.
    fn probes(&self) -> bool {
        false
    }

    /// The largest body that is read, in bytes.
    fn body_limit(&self) -> usize {
        BODY_LIMIT
    }

    /// Whether a call carries what can prove it. Judged before anything is read from the table.
    ///
    /// # Errors
    /// Why not, for the log.
    fn carries_proof(&self, _call: &Call<'_>) -> Result<(), String> {
        Ok(())
    }

    /// Whether the token in the path is the client's. `None`: the source is proved by its signature alone.
    fn token_is_right(&self, _client: &Client, _token: Option<&str>) -> Option<bool> {
        None
    }

    /// Returns `true` if a call must be signed.
    fn must_be_signed(&self, call: &Call<'_>, client: &Client) -> bool;

    /// Verifies the signature with the client's secrets.
    ///
    /// # Errors
    /// Why it is refused, for the log; nothing of a secret.
    fn verify(&self, call: &Call<'_>, secrets: &Secrets) -> Result<(), String>;

    /// Returns `true` if a call names the client's own account, which strangers do not know.
    fn names_account(&self, _call: &Call<'_>, _client: &Client) -> bool {
        false
    }

    /// What makes an event the same when it comes again. What cannot be read has a key of its own: it is kept.
    fn name(&self, call: &Call<'_>) -> Named;

    /// What the log should say of a verified call.
    fn remark(&self, _call: &Call<'_>) -> Option<String> {
        None
    }

    /// What it is answered once its event is stored.
    fn reply(&self, receipt: Receipt) -> Reply;
}
