//! What the system starts with: clients with their settings, campaigns, tokens and secrets.

use std::collections::BTreeMap;

use anyhow::Context;
use leadline::{
    aws::dynamodb::DynamoStore,
    domain::{
        Instant,
        campaign::Campaign,
        client::{Client, ProviderSettings, TokenHash},
        tenants::Tenants,
    },
    ports::Directory,
};
use leadline_standins::{fakes::FixedSecrets, openphone, providers::Accounts, simpletexting, twilio};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// The clients that the system starts with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setup {
    /// The clients.
    pub clients: Vec<ClientSetup>,
    /// Whether they have one owner.
    #[serde(default)]
    pub tenants: Tenants,
}

/// One client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClientSetup {
    /// Its settings, as they are stored.
    pub settings: Client,
    /// The token in its Kajabi address, and in its SimpleTexting address if it texts by that. Its hash is
    /// added to the settings.
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
            let id = &client.settings.id;
            let of_settings = client.settings.problems().into_iter();
            problems.extend(of_settings.map(|problem| format!("client {id}, {}: {}", problem.pointer, problem.detail)));
            for campaign in &client.campaigns {
                for problem in campaign.problems() {
                    problems.push(format!("client {}, campaign {}: {problem}", client.settings.id, campaign.id));
                }
            }
        }
        problems
    }

    /// The accounts that the stand-in provider answers for.
    pub(crate) fn accounts(&self) -> Accounts {
        let mut accounts = Accounts::default();
        for client in &self.clients {
            let secrets = client.all_secrets();
            let of = |name: &str| secrets.get(name).cloned();
            let secret = |name: &str| SecretString::from(of(name).unwrap_or_default());
            match &client.settings.provider {
                ProviderSettings::Twilio { account_sid, .. } => accounts.twilio.push(twilio::Account {
                    account_sid: account_sid.clone(),
                    user: of("twilio_api_key_sid").unwrap_or_else(|| account_sid.clone()),
                    password: SecretString::from(
                        of("twilio_api_key_secret").or(of("twilio_auth_token")).unwrap_or_default(),
                    ),
                }),
                ProviderSettings::OpenPhone { phone_number_id, number, .. } => {
                    accounts.openphone.push(openphone::Account {
                        api_key: secret("openphone_api_key"),
                        phone_number_id: phone_number_id.clone(),
                        number: number.e164().to_owned(),
                    });
                }
                ProviderSettings::SimpleTexting { account_phone } => {
                    accounts.simpletexting.push(simpletexting::Account {
                        token: secret("simpletexting_token"),
                        number: account_phone.e164().to_owned(),
                    });
                }
            }
        }
        accounts
    }

    /// Writes the clients and their campaigns, as a deployed system would hold them. `since` is when a
    /// client began whose settings do not say it.
    pub(crate) async fn write(&self, store: &DynamoStore, since: Option<Instant>) -> anyhow::Result<()> {
        for client in &self.clients {
            let mut settings = client.settings.clone();
            let hash = TokenHash::of(&client.token);
            if !settings.kajabi.token_hashes.contains(&hash) {
                settings.kajabi.token_hashes.push(hash.clone());
            }
            let simpletexting = matches!(settings.provider, ProviderSettings::SimpleTexting { .. });
            if simpletexting && !settings.simpletexting.token_hashes.contains(&hash) {
                settings.simpletexting.token_hashes.push(hash);
            }
            settings.since = settings.since.or(since);
            store.put_client(&settings).await.with_context(|| format!("writing client {}", settings.id))?;
            for campaign in &client.campaigns {
                let wrote = store.put_campaign(&settings.id, campaign, None).await;
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

    /// The secrets, with made-up ones for the stand-in provider and the calendars where none are given.
    #[must_use]
    pub fn all_secrets(&self) -> BTreeMap<String, String> {
        let mut secrets = self.secrets.clone();
        let id = &self.settings.id;
        let mut make_up = |name: &str, value: String| {
            secrets.entry(name.to_owned()).or_insert(value);
        };
        match &self.settings.provider {
            ProviderSettings::Twilio { .. } => make_up("twilio_auth_token", format!("stand-in-auth-token-of-{id}")),
            ProviderSettings::OpenPhone { .. } => {
                make_up("openphone_api_key", format!("stand-in-api-key-of-{id}"));
                // Base64, as the real ones are.
                make_up("openphone_webhook_secret", "whsec_c3RhbmQtaW4td2ViaG9vay1zZWNyZXQ=".to_owned());
            }
            ProviderSettings::SimpleTexting { .. } => make_up("simpletexting_token", format!("stand-in-token-of-{id}")),
        }
        make_up("calendly_signing_key", format!("stand-in-calendly-key-of-{id}"));
        make_up("calcom_secret", format!("stand-in-calcom-secret-of-{id}"));
        secrets
    }
}
