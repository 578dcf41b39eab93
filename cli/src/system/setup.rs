//! What the system starts with: clients with their settings, campaigns, tokens and secrets.

use std::collections::BTreeMap;

use anyhow::Context;
use leadline::{
    aws::dynamodb::DynamoStore,
    domain::{
        Instant,
        campaign::Campaign,
        client::{Client, ProviderSettings, TokenHash},
    },
    ports::Directory,
};
use leadline_standins::{fakes::FixedSecrets, twilio::Account};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// The clients that the system starts with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setup {
    /// The clients.
    pub clients: Vec<ClientSetup>,
}

/// One client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClientSetup {
    /// Its settings, as they are stored.
    pub settings: Client,
    /// The token in its Kajabi address. Its hash is added to the settings.
    pub token: String,
    /// What its secret holds. Without it the stand-in provider makes up an account.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// Its campaigns.
    pub campaigns: Vec<Campaign>,
}

impl Setup {
    /// Everything that is wrong with it, in words.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for client in &self.clients {
            for campaign in &client.campaigns {
                for problem in campaign.problems() {
                    problems.push(format!("client {}, campaign {}: {problem}", client.settings.id, campaign.id));
                }
            }
        }
        problems
    }

    /// The accounts that the stand-in provider answers for.
    pub(crate) fn accounts(&self) -> Vec<Account> {
        let account = |client: &ClientSetup| {
            let ProviderSettings::Twilio { account_sid, .. } = &client.settings.provider;
            let secrets = client.all_secrets();
            let of = |name: &str| secrets.get(name).cloned();
            Account {
                account_sid: account_sid.clone(),
                user: of("twilio_api_key_sid").unwrap_or_else(|| account_sid.clone()),
                password: SecretString::from(
                    of("twilio_api_key_secret").or(of("twilio_auth_token")).unwrap_or_default(),
                ),
            }
        };
        self.clients.iter().map(account).collect()
    }

    /// Writes the clients and their campaigns, as a deployed system would hold them. `since` is when a
    /// client began whose settings do not say it.
    pub(crate) async fn write(&self, store: &DynamoStore, since: Option<Instant>) -> anyhow::Result<()> {
        for client in &self.clients {
            let mut settings = client.settings.clone();
            let hash = TokenHash::of(&client.token);
            if !settings.kajabi.token_hashes.contains(&hash) {
                settings.kajabi.token_hashes.push(hash);
            }
            settings.since = settings.since.or(since);
            store.put_client(&settings).await.with_context(|| format!("writing client {}", settings.id))?;
            for campaign in &client.campaigns {
                let wrote = store.put_campaign(&settings.id, campaign).await;
                wrote.with_context(|| format!("writing campaign {} of client {}", campaign.id, settings.id))?;
            }
        }
        Ok(())
    }
}

impl ClientSetup {
    pub(super) fn keep_secrets(&self, in_: &FixedSecrets) {
        let values = self.all_secrets();
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        in_.set(&self.settings.id, &values);
    }

    /// The secrets, with made-up ones for the stand-in provider where none are given.
    #[must_use]
    pub fn all_secrets(&self) -> BTreeMap<String, String> {
        let mut secrets = self.secrets.clone();
        let id = &self.settings.id;
        secrets.entry("twilio_auth_token".to_owned()).or_insert_with(|| format!("stand-in-auth-token-of-{id}"));
        secrets
    }
}
