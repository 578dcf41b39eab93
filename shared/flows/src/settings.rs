//! Changing a client's settings and keys, over what stands, recorded with who, what and from where.

use super::{
    campaigns::{Actor, note},
    record::Recorder,
    update::Retries,
};
use domain::{
    api_key::{ApiKey, Scope},
    client::{Client, SettingsProblem, TokenHash},
    document::{Problem, differences, in_words},
    ids::RunId,
};
use ports::{Directory, IdSource, Journal, StoreError};

/// Somebody at work on a client's settings.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// Where they are.
    pub directory: &'a dyn Directory,
    /// Where changes are recorded.
    pub journal: &'a dyn Journal,
    /// New ids.
    pub ids: &'a dyn IdSource,
    /// Who.
    pub actor: &'a Actor,
    /// The moment.
    pub now: domain::Instant,
}

/// Why settings were not changed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum NotSet {
    /// The store. Whether anything was written is not known.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What stands cannot be read.
    #[error("the settings cannot be used")]
    Settings(#[from] SettingsProblem),
    /// They would make no sense.
    #[error("the settings make no sense: {}", in_words(.0))]
    Senseless(Vec<Problem>),
    /// As things stand it may not be done.
    #[error("{0}")]
    Refused(String),
}

impl Settings<'_> {
    /// Changes settings by `edit`, which is done again on what stands when somebody else was faster. Whether
    /// the client sends stays as it stands.
    ///
    /// # Errors
    /// [`NotSet`].
    pub async fn change(
        &self,
        client: &Client,
        edit: impl Fn(&Client) -> Result<Client, NotSet> + Send + Sync,
    ) -> Result<Client, NotSet> {
        let words = |old: &Client, new: &Client| format!("settings: {}", differences(old, new).join(", "));
        self.write(client, edit, words).await
    }

    /// Adds a key. Only its hash is kept.
    ///
    /// # Errors
    /// [`NotSet::Refused`] when another key has the name.
    pub async fn add_key(&self, client: &Client, key: &ApiKey) -> Result<Client, NotSet> {
        let edit = |stands: &Client| {
            if stands.api_keys.iter().any(|other| other.name == key.name) {
                return Err(NotSet::Refused(format!("there is a key `{}` already", key.name)));
            }
            let mut new = stands.clone();
            new.api_keys.push(key.clone());
            Ok(new)
        };
        let opens = |scope: &Scope| format!("{scope:?}").to_lowercase();
        let scopes: Vec<String> = key.scopes.iter().map(opens).collect();
        let ends =
            key.expires_at.map_or_else(|| "does not end".to_owned(), |at| format!("ends {}", at.format("%Y-%m-%d")));
        let words = format!("a key for {}: opens {}, {ends}", key.name, scopes.join(", "));
        self.write(client, edit, |_, _| words.clone()).await
    }

    /// Takes a key out: it opens nothing any more. Gives whether there was one.
    ///
    /// # Errors
    /// [`NotSet`].
    pub async fn revoke_key(&self, client: &Client, name: &str) -> Result<bool, NotSet> {
        let edit = |stands: &Client| {
            let mut new = stands.clone();
            new.api_keys.retain(|key| key.name != name);
            Ok(new)
        };
        let words = format!("the key of {name} was revoked");
        let before = client.api_keys.iter().any(|key| key.name == name);
        self.write(client, edit, |_, _| words.clone()).await?;
        Ok(before)
    }

    /// What a key is kept as.
    #[must_use]
    pub fn key(&self, name: String, scopes: Vec<Scope>, days: Option<u16>, secret: &str) -> ApiKey {
        let expires_at = days.map(|days| self.now + chrono::TimeDelta::days(i64::from(days)));
        ApiKey { name, hash: TokenHash::of(secret), scopes, expires_at }
    }

    async fn write(
        &self,
        client: &Client,
        edit: impl Fn(&Client) -> Result<Client, NotSet> + Send + Sync,
        words: impl Fn(&Client, &Client) -> String + Send + Sync,
    ) -> Result<Client, NotSet> {
        let mut retries = Retries::default();
        loop {
            let old = self.directory.client(&client.id).await??;
            let new = edit(&old)?.cleaned();
            let known = old.problems();
            let mut problems = new.problems();
            // What stands and was not touched does not keep anybody from changing something else.
            problems.retain(|problem| !known.contains(problem));
            if !problems.is_empty() {
                return Err(NotSet::Senseless(problems));
            }
            if new == old {
                return Ok(new);
            }
            let written = self.directory.change_client(&old, &new).await;
            if retries.again(&written) {
                continue;
            }
            written?;
            let run = RunId(self.ids.new_id(self.now));
            let recorder = Recorder { ids: self.ids, client: &new.id, test: new.in_test(), run, now: self.now };
            note(self.journal, &recorder, self.actor, &words(&old, &new)).await?;
            return Ok(new);
        }
    }
}
