//! What the flows need besides stores and providers, for tests and simulations: a clock that is set,
//! ids that a seed gives, a mailbox, and secrets at hand. Nothing here is for production.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;
use leadline::domain::{Instant, ids::ClientId};
use leadline::ports::{Clock, Email, IdSource, MailError, Mailer, SecretError, SecretStore, Secrets};
use secrecy::SecretString;
use ulid::Ulid;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that stands still until it is moved. Clones show the same time.
#[derive(Debug, Clone)]
pub struct SimClock {
    now: Arc<Mutex<Instant>>,
}

impl SimClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { now: Arc::new(Mutex::new(now)) }
    }

    /// Shows another time, which may be an earlier one.
    pub fn set(&self, now: Instant) {
        *lock(&self.now) = now;
    }

    /// Moves on, and gives the new time.
    pub fn advance(&self, by: TimeDelta) -> Instant {
        let mut now = lock(&self.now);
        *now += by;
        *now
    }
}

impl Clock for SimClock {
    fn now(&self) -> Instant {
        *lock(&self.now)
    }
}

/// Ids that are the same in every run of the same seed. Of the ids of one millisecond, one that was
/// made later sorts later. Clones share the sequence.
#[derive(Debug, Clone)]
pub struct SeededIds {
    state: Arc<Mutex<Sequence>>,
}

#[derive(Debug)]
struct Sequence {
    made: u64,
    seed: u64,
}

impl SeededIds {
    /// The sequence of one seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: Arc::new(Mutex::new(Sequence { made: 0, seed })) }
    }
}

impl IdSource for SeededIds {
    fn new_id(&self, at: Instant) -> Ulid {
        let mut sequence = lock(&self.state);
        sequence.made += 1;
        // 80 bits: a counter on top, which orders them, and 32 bits of the seed below.
        let random = u128::from(sequence.made) << 32 | u128::from(sequence.next() >> 32);
        Ulid::from_parts(u64::try_from(at.timestamp_millis()).unwrap_or(0), random)
    }
}

impl Sequence {
    /// SplitMix64, by Guy Steele, Doug Lea and Christine Flood (2014).
    fn next(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// An email that was sent, and when.
#[derive(Clone, PartialEq, Eq)]
pub struct Sent {
    /// When it was sent.
    pub at: Instant,
    /// The email.
    pub email: Email,
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}: {}", self.at, self.email.to, self.email.subject)
    }
}

/// Keeps emails instead of sending them. Clones share the box.
#[derive(Clone)]
pub struct Mailbox {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    sent: Vec<Sent>,
    broken: Option<String>,
}

impl Mailbox {
    /// An empty box on this clock.
    #[must_use]
    pub fn new(clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), state: Arc::default() }
    }

    /// Everything that was sent, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        lock(&self.state).sent.clone()
    }

    /// Fails every email for this reason from now on; `None` ends that.
    pub fn fail(&self, why: Option<&str>) {
        lock(&self.state).broken = why.map(str::to_owned);
    }
}

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, email: &Email) -> Result<(), MailError> {
        let at = self.clock.now();
        let mut state = lock(&self.state);
        if let Some(why) = &state.broken {
            return Err(MailError(why.clone()));
        }
        state.sent.push(Sent { at, email: email.clone() });
        Ok(())
    }
}

/// Clients' secrets at hand, with the cache that the real store has. Clones share them.
#[derive(Clone, Default)]
pub struct FixedSecrets {
    state: Arc<Mutex<Safe>>,
}

#[derive(Default)]
struct Safe {
    cached: BTreeMap<ClientId, Secrets>,
    stored: BTreeMap<ClientId, Secrets>,
    broken: Option<String>,
}

impl FixedSecrets {
    /// No secrets at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a client's secret, as if nobody had read an older one.
    pub fn set(&self, client: &ClientId, values: &[(&str, &str)]) {
        self.rotate(client, values);
        lock(&self.state).cached.remove(client);
    }

    /// Sets a client's secret. Whoever has read the older one sees that until it reads anew.
    pub fn rotate(&self, client: &ClientId, values: &[(&str, &str)]) {
        let secret = |(name, value): &(&str, &str)| ((*name).to_owned(), SecretString::from(*value));
        lock(&self.state).stored.insert(client.clone(), values.iter().map(secret).collect());
    }

    /// Fails every read for this reason from now on, cached or not; `None` ends that.
    pub fn fail(&self, why: Option<&str>) {
        lock(&self.state).broken = why.map(str::to_owned);
    }
}

impl Safe {
    fn read(&mut self, client: &ClientId, anew: bool) -> Result<Secrets, SecretError> {
        if let Some(why) = &self.broken {
            return Err(SecretError::Unavailable(why.clone()));
        }
        let cached = self.cached.get(client).filter(|_| !anew);
        let found = cached.or_else(|| self.stored.get(client)).cloned();
        let secrets = found.ok_or_else(|| SecretError::Missing(client.clone()))?;
        self.cached.insert(client.clone(), secrets.clone());
        Ok(secrets)
    }
}

#[async_trait]
impl SecretStore for FixedSecrets {
    async fn secrets(&self, client: &ClientId) -> Result<Secrets, SecretError> {
        lock(&self.state).read(client, false)
    }

    async fn refreshed(&self, client: &ClientId) -> Result<Secrets, SecretError> {
        lock(&self.state).read(client, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadline::domain::email::EmailAddress;
    use secrecy::ExposeSecret;

    #[test]
    fn ids_are_the_same_for_a_seed_and_sort_as_they_were_made() {
        let made = |seed| {
            let ids = SeededIds::new(seed);
            let at = Instant::UNIX_EPOCH + TimeDelta::milliseconds(7);
            let mut made: Vec<_> = (0..300).map(|_| ids.new_id(at)).collect();
            made.push(ids.new_id(at + TimeDelta::milliseconds(1)));
            assert!(made.iter().all(|id| id.timestamp_ms() >= 7));
            made
        };
        assert!(made(1).is_sorted_by(|a, b| a < b));
        assert_eq!(made(1), made(1));
        assert!(made(1).iter().all(|id| !made(2).contains(id)));
    }

    #[tokio::test]
    async fn a_mailbox_keeps_what_was_sent_and_when_and_fails_when_told() {
        let clock = SimClock::new(Instant::UNIX_EPOCH);
        let mailbox = Mailbox::new(clock.clone());
        let to = EmailAddress::parse("owner@example.com").expect("an address");
        let email = Email { to, subject: "All well".into(), text: "…".into(), html: None };
        mailbox.fail(Some("no such region"));
        assert!(mailbox.send(&email).await.is_err());
        mailbox.fail(None);
        let at = clock.advance(TimeDelta::hours(1));
        mailbox.send(&email).await.expect("sent");
        assert_eq!(mailbox.sent(), [Sent { at, email }]);
    }

    #[tokio::test]
    async fn a_rotated_secret_is_seen_by_who_reads_anew() {
        let (secrets, client) = (FixedSecrets::new(), ClientId::parse("acme").expect("an id"));
        assert!(matches!(secrets.secrets(&client).await, Err(SecretError::Missing(_))));
        let value = |found: Result<Secrets, _>| found.map(|found| found["key"].expose_secret().to_owned());
        secrets.set(&client, &[("key", "old")]);
        assert_eq!(value(secrets.secrets(&client).await).expect("there"), "old");
        secrets.rotate(&client, &[("key", "new")]);
        assert_eq!(value(secrets.secrets(&client).await).expect("there"), "old");
        assert_eq!(value(secrets.refreshed(&client).await).expect("there"), "new");
        assert_eq!(value(secrets.secrets(&client).await).expect("there"), "new");
        secrets.fail(Some("throttled"));
        assert!(matches!(secrets.refreshed(&client).await, Err(SecretError::Unavailable(_))));
    }
}
