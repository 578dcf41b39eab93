//! A client's settings. They are data: nothing here falls back to something silently.

mod provider;
mod sending;
mod tokens;

use std::fmt;

use chrono::{NaiveTime, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{
    Instant,
    api_key::ApiKey,
    booking::OnCancelled,
    email::EmailAddress,
    ids::ClientId,
    phone::{PhoneNumber, Region},
    place::State,
    template::Template,
    window::{Hours, Window},
};

pub use provider::{OpenPhoneWebhooks, ProviderSettings, TwilioSender};
pub use sending::{Sending, THROTTLED_LONG};
use tokens::any_matches;
pub use tokens::{CompareSettings, InvalidTokenHash, KajabiSettings, SimpleTextingSettings, TokenHash};

/// One business: its own Kajabi site, number and settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Client {
    /// Its id, which is in its webhook addresses.
    pub id: ClientId,
    /// The business name, as its leads know it.
    pub name: String,
    /// The zone of its sending window and of its report's day.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "America/New_York"))]
    pub zone: Tz,
    /// Whom alerts and reports go to.
    pub admin_email: EmailAddress,
    /// Live, or test mode. There is no default: a record that does not say is not sent for.
    pub mode: Mode,
    /// The account that texts are sent by.
    pub provider: ProviderSettings,
    /// How its Kajabi site proves that it is it.
    pub kajabi: KajabiSettings,
    /// How SimpleTexting proves that it is it, for a client that texts by it.
    #[serde(default, skip_serializing_if = "SimpleTextingSettings::is_empty")]
    pub simpletexting: SimpleTextingSettings,
    /// When the client began. There is no report on the days before.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub since: Option<Instant>,
    /// Whether anything is sent at all.
    #[serde(default)]
    pub sending: Sending,
    /// Where numbers without a country code belong.
    #[serde(default)]
    pub region: Region,
    /// The countries that are texted. Anything else is refused.
    #[serde(default = "default_countries")]
    pub countries: Vec<Region>,
    /// When texts may leave, in the client's zone.
    #[serde(default = "default_window")]
    pub window: Window,
    /// Our own narrower hours for people in the US, on top of the law; `None` for the law alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_policy: Option<RecipientPolicy>,
    /// States with a law that asks for more than hours, of which the client has said how it meets it.
    /// Nobody there is texted before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleared_states: Vec<State>,
    /// How much may be sent.
    #[serde(default)]
    pub limits: Limits,
    /// The text for a step without one of its own.
    #[serde(default)]
    pub default_text: Option<Template>,
    /// What is answered by itself. Nothing, unless there is a text.
    #[serde(default, skip_serializing_if = "Answers::is_empty")]
    pub answers: Answers,
    /// What `{{booking_link}}` stands for.
    #[serde(default)]
    pub booking_link: Option<String>,
    /// The keys that its own programs come in with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub api_keys: Vec<ApiKey>,
    /// How many requests a minute its own programs may make, all keys together.
    #[serde(default)]
    pub tier: Tier,
    /// What a booking that is called off leads to.
    #[serde(default)]
    pub on_cancelled: OnCancelled,
    /// In how many sequences a person may be at a time.
    #[serde(default)]
    pub sequences: Sequences,
    /// When the daily report goes out, in the client's zone.
    #[serde(default = "default_report_hour")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"))]
    pub report_at: NaiveTime,
}

/// Live, or everything to a test phone and a test address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Mode {
    /// Texts go to the leads.
    Live,
    /// Texts go to the test phone or nowhere, emails to the test address or nowhere.
    Test {
        /// The one number that is texted.
        phone: Option<PhoneNumber>,
        /// The one address that is written to.
        email: Option<EmailAddress>,
    },
}

/// How much a client's own programs may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Tier {
    /// 60 requests a minute.
    #[default]
    Free,
    /// 300 requests a minute.
    Pro,
    /// 1,000 requests a minute.
    Enterprise,
}

impl Tier {
    /// Requests in one clock minute.
    #[must_use]
    pub fn per_minute(self) -> u32 {
        match self {
            Self::Free => 60,
            Self::Pro => 300,
            Self::Enterprise => 1_000,
        }
    }
}

/// The row `policy` of the table of lawful hours (Monday to Saturday 10:00 to 20:00, closed on federal
/// holidays, three texts a day), applied to everybody in the US.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecipientPolicy {
    /// States for which the law alone counts: it can be widened state by state, never past the law.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<State>,
}

/// How much may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Limits {
    /// Texts in one run of the scheduler.
    pub per_run: u32,
    /// Texts in one run in test mode.
    pub per_run_in_test: u32,
    /// Texts in one clock hour, all campaigns together.
    pub per_hour: u32,
    /// Texts to one number in 60 minutes.
    pub per_number_per_hour: u32,
    /// Texts to one number in 24 hours. Three is the cap of Florida, Oklahoma, Maryland and Oregon.
    pub per_number_per_day: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_run: 50, per_run_in_test: 5, per_hour: 100, per_number_per_hour: 10, per_number_per_day: 3 }
    }
}

/// In how many sequences a person may be at a time. A single text, of the campaign `direct`, is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Sequences {
    /// In one for each campaign.
    #[default]
    Many,
    /// In one: who is in it enters no other.
    First,
    /// In one: who enters another leaves it.
    Newest,
}

/// The texts that some replies are answered with, where the provider does not answer them by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Answers {
    /// The one confirmation of an opt-out: 47 CFR 64.1200(a)(12). No marketing, no persuasion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opted_out: Option<Template>,
    /// Who texts, and how to stop it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<Template>,
}

impl Answers {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn default_countries() -> Vec<Region> {
    vec![Region::default()]
}

fn default_window() -> Window {
    use Weekday::{Fri, Mon, Thu, Tue, Wed};
    Window::parse(&[Mon, Tue, Wed, Thu, Fri], "08:00", "20:00").expect("the default window is one")
}

fn default_report_hour() -> NaiveTime {
    NaiveTime::from_hms_opt(9, 0, 0).expect("09:00 is a time")
}

/// Something in a client's settings that keeps its texts from going out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsProblem {
    /// There is no record at all.
    #[error("the client has no settings record")]
    Missing,
    /// The record cannot be read.
    #[error("the settings record cannot be read: {0}")]
    Unreadable(String),
    /// Test mode without a phone.
    #[error("test mode is on and no test phone is set, so no text is sent")]
    NoTestPhone,
    /// No campaign can send.
    #[error("the client has no active campaign")]
    NoActiveCampaign,
}

impl Client {
    /// Where a text for `lead` goes: to the lead, or in test mode to the test phone and nowhere else.
    ///
    /// # Errors
    /// [`SettingsProblem::NoTestPhone`] in test mode without one.
    pub fn destination(&self, lead: &PhoneNumber) -> Result<PhoneNumber, SettingsProblem> {
        match &self.mode {
            Mode::Live => Ok(lead.clone()),
            Mode::Test { phone: Some(test), .. } => Ok(test.clone()),
            Mode::Test { phone: None, .. } => Err(SettingsProblem::NoTestPhone),
        }
    }

    /// Where emails for this client go, if anywhere.
    #[must_use]
    pub fn mailbox(&self) -> Option<&EmailAddress> {
        match &self.mode {
            Mode::Live => Some(&self.admin_email),
            Mode::Test { email, .. } => email.as_ref(),
        }
    }

    /// Whether everything goes to the test phone.
    #[must_use]
    pub fn in_test(&self) -> bool {
        matches!(self.mode, Mode::Test { .. })
    }

    /// Texts that one run may put on the queue.
    #[must_use]
    pub fn per_run(&self) -> u32 {
        if self.in_test() { self.limits.per_run_in_test } else { self.limits.per_run }
    }

    /// The client's own sending hours, or those of one campaign.
    #[must_use]
    pub fn hours(&self, campaign: Option<&Window>) -> Hours {
        Hours::weekly(campaign.unwrap_or(&self.window).clone(), self.zone)
    }

    /// Whether a token is one of the client's webhook tokens. Every hash is compared, in constant time.
    #[must_use]
    pub fn accepts_token(&self, token: &str) -> bool {
        any_matches(&self.kajabi.token_hashes, token)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Live => "live",
            Self::Test { .. } => "TEST",
        })
    }
}

#[cfg(test)]
mod tests;
