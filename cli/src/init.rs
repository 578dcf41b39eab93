//! `leadline init`: a client in one step: settings, tokens, a key, campaigns to begin with, and what is left
//! for a person to do. Nobody is texted by it: campaigns are paused, and it is in test mode unless asked.

use std::io::Write;

use anyhow::{Context, bail};
use chrono_tz::Tz;
use leadline::{
    domain::{
        Instant,
        api_key::{ApiKey, Scope},
        campaign::{Campaign, FormRule},
        client::{Client, Mode, SettingsProblem, TokenHash},
        consent::{ConsentTerms, GivenBy},
        email::EmailAddress,
        ids::{ClientId, FormId},
        phone::{PhoneNumber, Region},
        starter::starter,
    },
    ports::Directory,
    runtime::new_secret,
};
use serde_json::{Value, json};

use crate::{
    connect::{Connection, Target},
    person::Person,
    settings::{addresses, changed},
};

/// The name of the key that a client begins with.
const FIRST_KEY: &str = "first";
/// The version of the consent words that are given with `--form`.
const FIRST_WORDS: &str = "1";

/// Who the client is.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Its id, which is in its webhook addresses: small letters, digits and dashes. It cannot be changed.
    #[arg(long)]
    pub id: ClientId,
    /// The business name, as its leads know it.
    #[arg(long)]
    pub name: String,
    /// The zone of its sending hours and of its report's day, such as America/New_York.
    #[arg(long)]
    pub zone: Tz,
    /// Whom reports and alerts go to.
    #[arg(long, value_parser = email)]
    pub admin: EmailAddress,
    /// What texts are sent by.
    #[arg(long, value_enum)]
    pub provider: Provider,
    /// Who texts come from: a number, or for Twilio a Messaging Service (MG…).
    #[arg(long)]
    pub sender: String,
    /// The account: Twilio's account SID (AC…), OpenPhone's id of the number (PN…). SimpleTexting has none.
    #[arg(long, default_value = "")]
    pub account: String,
    /// Where numbers without a country code belong, and the one country that is texted.
    #[arg(long, default_value = "US", value_parser = region)]
    pub region: Region,
    /// Text leads, as soon as a campaign is resumed. Without it the client is in test mode.
    #[arg(long, conflicts_with_all = ["test_phone", "test_email"])]
    pub live: bool,
    /// The one phone that is texted in test mode. Without it nobody is.
    #[arg(long)]
    pub test_phone: Option<String>,
    /// The one address that is written to in test mode. Without it, --admin.
    #[arg(long, value_parser = email)]
    pub test_email: Option<EmailAddress>,
    /// What `{{booking_link}}` in texts stands for.
    #[arg(long, value_name = "LINK")]
    pub booking_link: Option<String>,
    /// A form whose senders enter the first campaign.
    #[arg(long, requires = "consent")]
    pub form: Option<FormId>,
    /// The words on that form by which they agree to texts, exactly as they are shown there.
    #[arg(long, value_name = "WORDS", requires = "form")]
    pub consent: Option<String>,
    /// The base of the webhook addresses: the stack's output `WebhookBaseUrl`. The local run says it by itself.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// What the names of secrets begin with: the stack's parameter `SecretsPrefix`.
    #[arg(long, value_name = "PREFIX", default_value = crate::services::SECRETS_PREFIX)]
    pub secrets_prefix: String,
    /// JSON instead of words.
    #[arg(long)]
    pub json: bool,
}

/// The SMS providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Provider {
    /// Twilio.
    Twilio,
    /// OpenPhone, which is called Quo now.
    #[value(name = "openphone")]
    OpenPhone,
    /// SimpleTexting.
    #[value(name = "simpletexting")]
    SimpleTexting,
}

fn email(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).map_err(|error| error.to_string())
}

fn region(text: &str) -> Result<Region, String> {
    Region::try_from(text.to_owned()).map_err(|error| error.to_string())
}

/// What a client begins with, and what is shown once.
struct New {
    client: Client,
    campaigns: Vec<Campaign>,
    token: String,
    key: String,
}

/// Sets a client up.
///
/// # Errors
/// When there is such a client, something given makes no sense, or the data cannot be reached.
pub async fn init(target: &Target, options: &Options, person: &Person, out: &mut dyn Write) -> anyhow::Result<()> {
    let place = target.open().await?;
    let url = options.url.clone().or_else(|| place.page().map(str::to_owned));
    let there = Connection { store: place.store, now: place.now, client: options.id.clone() };
    run(&there, options, url.as_deref(), person, out).await
}

/// Does it there.
///
/// # Errors
/// As [`init`].
pub async fn run(
    there: &Connection,
    options: &Options,
    url: Option<&str>,
    person: &Person,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let by = person.actor()?;
    match there.store.client(&options.id).await? {
        Err(SettingsProblem::Missing) => {}
        Ok(client) => bail!("there is a client {} already ({}); nothing was changed", client.id, client.name),
        Err(problem) => bail!("there is a client {} already, whose settings cannot be used: {problem}", options.id),
    }
    let new = options.new_client(there.now)?;
    let Client { id, name, mode, .. } = &new.client;
    person.agrees(&format!("Write the new client {id} ({name}), {mode}? Its campaigns are paused."))?;
    // The client comes last: what is written of it before does not keep this from being done again.
    let standing = there.store.campaigns(id).await?;
    for campaign in &new.campaigns {
        let over = standing.iter().find(|stands| stands.id == campaign.id);
        let wrote = there.store.put_campaign(id, campaign, over).await;
        wrote.with_context(|| format!("writing campaign {}", campaign.id))?;
    }
    there.store.put_client(&new.client).await?;
    changed(there, &by, format!("a new client, {mode}, with a key `{FIRST_KEY}` and paused campaigns")).await?;
    let told = Told::new(&new, options, url);
    match options.json {
        true => writeln!(out, "{}", told.json(&new)?)?,
        false => told.words(&new, out)?,
    }
    Ok(())
}

impl Options {
    fn new_client(&self, now: Instant) -> anyhow::Result<New> {
        if self.name.trim().is_empty() {
            bail!("--name is empty");
        }
        let (token, key) = (new_secret(), new_secret());
        let mut settings = json!({
            "id": self.id, "name": self.name.trim(), "zone": self.zone, "admin_email": self.admin,
            "mode": self.mode()?, "provider": self.account()?, "region": self.region, "countries": [self.region],
            "kajabi": {"token_hashes": [TokenHash::of(&token)]}, "since": now,
            "default_text": starter().default_text, "booking_link": self.booking_link,
            "api_keys": [ApiKey {
                name: FIRST_KEY.to_owned(), hash: TokenHash::of(&key), scopes: vec![Scope::Send, Scope::Status],
                expires_at: None,
            }],
        });
        if self.provider == Provider::SimpleTexting {
            settings["simpletexting"] = json!({"token_hashes": [TokenHash::of(&token)]});
        }
        let client: Client = serde_json::from_value(settings).context("these are no settings")?;
        if let Some(problem) = client.problems().first() {
            bail!("{}: {}", problem.pointer, problem.detail);
        }
        let mut campaigns = starter().campaigns.clone();
        if let (Some(form), Some(words), Some(first)) = (&self.form, &self.consent, campaigns.first_mut()) {
            let words = words.trim().to_owned();
            if words.is_empty() {
                bail!("--consent is empty: nobody agrees to texts by words that are not there");
            }
            let consent = ConsentTerms { version: FIRST_WORDS.to_owned(), words, given_by: GivenBy::Submission };
            first.forms.push(FormRule { form: form.clone(), consent: Some(consent) });
        }
        let key = format!("{}.{key}", client.id);
        Ok(New { client, campaigns, token, key })
    }

    fn mode(&self) -> anyhow::Result<Mode> {
        if self.live {
            return Ok(Mode::Live);
        }
        let phone = self.test_phone.as_deref().map(|phone| self.number("--test-phone", phone)).transpose()?;
        Ok(Mode::Test { phone, email: Some(self.test_email.clone().unwrap_or_else(|| self.admin.clone())) })
    }

    fn account(&self) -> anyhow::Result<Value> {
        let account = self.account.trim();
        let looks_like = |start: &str, rest: fn(&char) -> bool| {
            account.strip_prefix(start).is_some_and(|id| !id.is_empty() && id.chars().all(|c| rest(&c)))
        };
        let sender = self.sender.trim();
        Ok(match self.provider {
            Provider::Twilio => {
                if !looks_like("AC", char::is_ascii_hexdigit) || account.len() != 34 {
                    bail!("--account is Twilio's account SID: AC and 32 hexadecimal digits");
                }
                let sender = if sender.starts_with("MG") {
                    json!({"service": sender})
                } else {
                    json!({"number": self.number("--sender", sender)?})
                };
                json!({"twilio": {"account_sid": account, "sender": sender}})
            }
            Provider::OpenPhone => {
                if !looks_like("PN", char::is_ascii_alphanumeric) {
                    bail!("--account is OpenPhone's id of the number: PN and letters or digits");
                }
                json!({"openphone": {"phone_number_id": account, "number": self.number("--sender", sender)?}})
            }
            Provider::SimpleTexting => {
                if !account.is_empty() {
                    bail!("SimpleTexting has no --account: its number is all that is needed");
                }
                json!({"simpletexting": {"account_phone": self.number("--sender", sender)?}})
            }
        })
    }

    fn number(&self, option: &str, raw: &str) -> anyhow::Result<PhoneNumber> {
        PhoneNumber::parse(raw, self.region).with_context(|| format!("{option} `{raw}` is no phone number"))
    }

    /// What the client's secret must hold.
    fn secrets(&self) -> &'static [&'static str] {
        match self.provider {
            Provider::Twilio => &["twilio_api_key_sid", "twilio_api_key_secret", "twilio_auth_token"],
            Provider::OpenPhone => &["openphone_api_key", "openphone_webhook_secret"],
            Provider::SimpleTexting => &["simpletexting_token"],
        }
    }
}

/// What the person is told.
struct Told {
    addresses: Vec<(&'static str, String)>,
    /// Whether the addresses are whole.
    whole: bool,
    secret: String,
    secret_names: &'static [&'static str],
    next: Vec<String>,
}

impl Told {
    fn new(new: &New, options: &Options, url: Option<&str>) -> Self {
        let id = &new.client.id;
        let base = url.map(|url| url.trim_end_matches('/'));
        let whole = |path: String| format!("{}{path}", base.unwrap_or_default());
        let first = &new.campaigns[0];
        let mut next = vec![
            "Put the provider's credentials into the secret, and paste the addresses where they belong.".to_owned(),
            format!(
                "Make the texts yours: `leadline campaigns show {} --client {id} > {}.json`, edit it, \
                 `leadline campaigns put {0}.json --client {id}`, `leadline templates check --client {id}`.",
                first.id, first.id
            ),
        ];
        if first.forms.is_empty() {
            next.push(format!(
                "List your Kajabi forms under `forms` of campaign {}, each with the consent words that it shows.",
                first.id
            ));
        }
        if matches!(new.client.mode, Mode::Test { phone: None, .. }) {
            next.push(format!(
                "Set a test phone: `leadline clients set mode.test.phone NUMBER --client {id}`. Without it nothing is sent."
            ));
        }
        next.push(format!(
            "Have texts go out: `leadline campaigns resume {} --client {id}`, send the form yourself, \
             and see `leadline why`.",
            first.id
        ));
        if new.client.in_test() {
            next.push(format!("Go live: `leadline clients set mode live --client {id}`."));
        }
        Self {
            addresses: addresses(&new.client, &new.token).into_iter().map(|(who, path)| (who, whole(path))).collect(),
            whole: base.is_some(),
            secret: format!("{}/{id}", options.secrets_prefix),
            secret_names: options.secrets(),
            next,
        }
    }

    /// How the secret is made.
    fn command(&self) -> String {
        format!("aws secretsmanager create-secret --name {} --secret-string file://secret.json", self.secret)
    }

    fn secret_file(&self) -> String {
        let lines: Vec<String> = self.secret_names.iter().map(|name| format!("  \"{name}\": \"…\"")).collect();
        format!("{{\n{}\n}}", lines.join(",\n"))
    }

    fn json(&self, new: &New) -> anyhow::Result<Value> {
        let addresses: serde_json::Map<String, Value> =
            self.addresses.iter().map(|(who, address)| ((*who).to_owned(), address.clone().into())).collect();
        let campaigns: Vec<_> = new.campaigns.iter().map(|campaign| &campaign.id).collect();
        Ok(json!({
            "client": new.client.id, "mode": new.client.mode.to_string(), "campaigns": campaigns,
            "webhook_token": new.token, "api_key": new.key, "addresses": addresses,
            "secret": {"name": self.secret, "holds": self.secret_names, "command": self.command()},
            "next": self.next,
        }))
    }

    fn words(&self, new: &New, out: &mut dyn Write) -> anyhow::Result<()> {
        let Client { id, name, mode, .. } = &new.client;
        writeln!(out, "Client {id} ({name}) is set up, {mode}. Nothing is sent yet: its campaigns are paused.")?;
        writeln!(out, "\nAddresses to paste. The token in them is a secret that is shown now and never again:")?;
        if !self.whole {
            writeln!(out, "(each after the base of the webhook; give --url, the stack's output WebhookBaseUrl)")?;
        }
        for (who, address) in &self.addresses {
            writeln!(out, "  {who:<13} {address}")?;
        }
        writeln!(out, "\nKey for the client's own programs, shown now and never again:\n  {}", new.key)?;
        writeln!(out, "\nSecret. Write this into secret.json, with the values of the provider:")?;
        writeln!(out, "{}\nThen:\n  {}\n  rm secret.json", self.secret_file(), self.command())?;
        writeln!(out, "\nCampaigns, paused:")?;
        for campaign in &new.campaigns {
            writeln!(out, "  {} ({})", campaign.id, campaign.name)?;
            for step in &campaign.messages {
                let text = step.text.as_ref().map_or("", |text| text.source());
                writeln!(out, "    {}. {}: {text}", step.step, step.when)?;
            }
        }
        writeln!(out, "\nNext:")?;
        for (n, step) in self.next.iter().enumerate() {
            writeln!(out, "  {}. {step}", n + 1)?;
        }
        Ok(())
    }
}
