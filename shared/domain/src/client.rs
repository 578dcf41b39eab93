//! A client's settings. They are data: nothing here falls back to something silently.

use std::fmt;

use chrono::{NaiveTime, TimeDelta, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{
    Instant,
    api_key::ApiKey,
    booking::OnCancelled,
    capabilities::Capabilities,
    email::EmailAddress,
    ids::{AttemptId, ClientId, SiteId},
    message::{LEASE, wait_until},
    phone::{PhoneNumber, Region},
    place::State,
    template::Template,
    window::{Hours, Window},
};

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

/// The red button.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Sending {
    /// Texts leave.
    #[default]
    On,
    /// Nothing leaves until it is lifted.
    OnHold {
        /// Why, in words.
        reason: String,
        /// Since when.
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
        since: Instant,
        /// When one text is tried, to see whether the account can send again. `None`: only a person
        /// lifts it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
        try_at: Option<Instant>,
        /// How often in a row the account refused, or the provider asked to wait.
        #[serde(default, skip_serializing_if = "is_zero")]
        refusals: u8,
        /// Whether the provider only asked to wait: too many requests. The account itself was not refused.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        throttled: bool,
    },
}

fn is_zero(number: &u8) -> bool {
    *number == 0
}

/// How long an account that refused is left alone at first. Each further refusal doubles it.
const FIRST_REST: TimeDelta = TimeDelta::minutes(15);
/// The longest that an account is left alone: four tries a day.
const LONGEST_REST: TimeDelta = TimeDelta::hours(6);

/// How long a provider may ask to wait before an operator is told: a few calls too many are no news.
pub const THROTTLED_LONG: TimeDelta = TimeDelta::minutes(30);

/// A circuit breaker: it opens when the account refuses or the provider asks to wait, lets single texts
/// through to try again, and closes when one of them is accepted. A hold by a person only opens by a person.
impl Sending {
    /// A person's hold.
    #[must_use]
    pub fn held(reason: impl Into<String>, since: Instant) -> Self {
        Self::OnHold { reason: reason.into(), since, try_at: None, refusals: 0, throttled: false }
    }

    /// Whether a text may leave at `now`.
    #[must_use]
    pub fn lets_through(&self, now: Instant) -> bool {
        match self {
            Self::On => true,
            Self::OnHold { try_at, .. } => try_at.is_some_and(|at| at <= now),
        }
    }

    /// What the account's refusal at `now` makes of it, or `None` if it stays as it is.
    #[must_use]
    pub fn after_refusal(&self, reason: &str, now: Instant) -> Option<Self> {
        let (since, refusals) = match self {
            // A refusal says more than that there is too much to do.
            Self::On | Self::OnHold { throttled: true, .. } => (now, 0),
            held @ Self::OnHold { since, refusals, .. } if held.lets_through(now) => (*since, *refusals),
            Self::OnHold { .. } => return None,
        };
        let rest = (FIRST_REST * 2_i32.pow(u32::from(refusals.min(10)))).min(LONGEST_REST);
        let (reason, refusals) = (reason.to_owned(), refusals.saturating_add(1));
        Some(Self::OnHold { reason, since, try_at: Some(now + rest), refusals, throttled: false })
    }

    /// What it makes of it that the provider asked to wait, at `now`, with the text of `attempt`; `None` if it
    /// stays as it is. An account that had refused goes on being held as that: only that it is tried again soon.
    #[must_use]
    pub fn after_throttle(
        &self,
        why: &str,
        retry_after: Option<TimeDelta>,
        attempt: AttemptId,
        now: Instant,
    ) -> Option<Self> {
        let until = |times| Some(wait_until(times, retry_after, attempt, now));
        match self {
            Self::On => {
                let reason = format!("the SMS provider asks to wait: {why}");
                Some(Self::OnHold { reason, since: now, try_at: until(0), refusals: 1, throttled: true })
            }
            Self::OnHold { reason, since, refusals, throttled, .. } if self.lets_through(now) => {
                let (times, next) = if *throttled { (*refusals, refusals.saturating_add(1)) } else { (0, *refusals) };
                let (reason, since, throttled) = (reason.clone(), *since, *throttled);
                Some(Self::OnHold { reason, since, try_at: until(times), refusals: next, throttled })
            }
            Self::OnHold { .. } => None,
        }
    }

    /// The hold while one text is let through at `now` to try the account: no other is for as long as its
    /// sender may have it. `None` where no hold is tried.
    #[must_use]
    pub fn tried_at(&self, now: Instant) -> Option<Self> {
        match self {
            Self::OnHold { reason, since, refusals, throttled, .. } if self.lets_through(now) => {
                let (reason, since, try_at) = (reason.clone(), *since, Some(now + LEASE));
                Some(Self::OnHold { reason, since, try_at, refusals: *refusals, throttled: *throttled })
            }
            Self::On | Self::OnHold { .. } => None,
        }
    }

    /// For how long the provider is known to have asked to wait, at `now`: up to when it may be called again, as
    /// nothing says more while there is no text to try. `None` if it does not.
    #[must_use]
    pub fn throttled_for(&self, now: Instant) -> Option<TimeDelta> {
        match self {
            Self::OnHold { throttled: true, since, try_at: Some(try_at), .. } => Some(now.min(*try_at) - *since),
            Self::On | Self::OnHold { .. } => None,
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

/// The SMS account of a client. Its credentials are in the client's secret, not here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ProviderSettings {
    /// Twilio Programmable Messaging.
    Twilio {
        /// `AC` and 32 hexadecimal digits.
        account_sid: String,
        /// Who a text comes from.
        sender: TwilioSender,
    },
    /// OpenPhone, which is called Quo now.
    #[serde(rename = "openphone")]
    OpenPhone {
        /// The id of the number that texts come from: `PN` and letters or digits.
        phone_number_id: String,
        /// The number itself.
        number: PhoneNumber,
        /// Who of the workspace a text comes from (`US…`), if not the number's owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<String>,
        /// Which webhooks the workspace posts to us.
        #[serde(default)]
        webhooks: OpenPhoneWebhooks,
    },
    /// SimpleTexting, which texts North American numbers only.
    #[serde(rename = "simpletexting")]
    SimpleTexting {
        /// The number that texts come from.
        account_phone: PhoneNumber,
    },
}

impl ProviderSettings {
    /// What the provider can do, as this client uses it.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        match self {
            Self::Twilio { .. } => Capabilities::TWILIO,
            Self::OpenPhone { webhooks: OpenPhoneWebhooks::Current, .. } => Capabilities::OPENPHONE,
            Self::OpenPhone { webhooks: OpenPhoneWebhooks::Legacy, .. } => Capabilities::OPENPHONE_LEGACY,
            Self::SimpleTexting { .. } => Capabilities::SIMPLETEXTING,
        }
    }

    /// What tells one account from another, in a few characters: not from which of its numbers a text comes.
    #[must_use]
    pub fn mark(&self) -> String {
        use sha2::{Digest, Sha256};
        let account = match self {
            Self::Twilio { account_sid, .. } => format!("twilio:{account_sid}"),
            Self::OpenPhone { phone_number_id, .. } => format!("openphone:{phone_number_id}"),
            Self::SimpleTexting { account_phone } => format!("simpletexting:{}", account_phone.e164()),
        };
        hex::encode(&Sha256::digest(account)[..4])
    }

    /// The number that texts come from. A Messaging Service picks one, so it has none.
    #[must_use]
    pub fn number(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Twilio { sender: TwilioSender::Number(number), .. }
            | Self::OpenPhone { number, .. }
            | Self::SimpleTexting { account_phone: number } => Some(number),
            Self::Twilio { sender: TwilioSender::Service(_), .. } => None,
        }
    }
}

/// The two generations of OpenPhone's webhooks. A signature of either is accepted while its key is there;
/// this says what can be expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum OpenPhoneWebhooks {
    /// Those of the versioned API, which report failures.
    #[default]
    Current,
    /// Those of the app's settings, which report what was delivered and nothing of what was not.
    Legacy,
}

/// Who a text by Twilio comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TwilioSender {
    /// One number.
    Number(PhoneNumber),
    /// A Messaging Service by its SID, which picks a number.
    Service(String),
}

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
    fn is_empty(&self) -> bool {
        self.token_hashes.is_empty()
    }

    /// Whether a token is one of them. Every hash is compared, in constant time.
    #[must_use]
    pub fn accepts(&self, token: &str) -> bool {
        any_matches(&self.token_hashes, token)
    }
}

/// Whether any hash is that of `token`. Every one is compared, in constant time.
fn any_matches(hashes: &[TokenHash], token: &str) -> bool {
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

    /// Texts that one run may put on the queue: one, while the account is only tried again.
    #[must_use]
    pub fn per_run(&self) -> u32 {
        let limit = if self.in_test() { self.limits.per_run_in_test } else { self.limits.per_run };
        match self.sending {
            Sending::On => limit,
            Sending::OnHold { .. } => limit.min(1),
        }
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
mod tests {
    use super::*;

    #[test]
    fn settings_without_a_mode_are_not_settings() {
        let mut record = serde_json::to_value(crate::fixtures::client()).expect("json");
        record.as_object_mut().expect("an object").remove("mode");
        let error = serde_json::from_value::<Client>(record).expect_err("no mode");
        assert!(error.to_string().contains("missing field `mode`"), "{error}");
    }

    fn attempt() -> AttemptId {
        AttemptId(ulid::Ulid::from(1_001_u128))
    }

    fn minute(n: i64) -> Instant {
        "2026-01-06T15:00:00Z".parse::<Instant>().expect("an instant") + TimeDelta::minutes(n)
    }

    #[test]
    fn a_provider_that_asks_to_wait_is_left_alone_for_1_2_4_8_and_12_minutes_and_tried_by_one_text_at_a_time() {
        let mut sending = Sending::On.after_throttle("busy", None, attempt(), minute(0)).expect("a hold");
        let mut at = minute(0);
        for rest in [1, 2, 4, 8, 12, 12] {
            let Sending::OnHold { try_at: Some(try_at), since, throttled: true, .. } = &sending else {
                panic!("{sending:?}")
            };
            assert_eq!((*try_at, *since), (at + TimeDelta::minutes(rest), minute(0)));
            assert!(!sending.lets_through(*try_at - TimeDelta::seconds(1)) && sending.lets_through(*try_at));
            assert_eq!(sending.after_throttle("busy", None, attempt(), *try_at - TimeDelta::seconds(1)), None);
            assert_eq!(sending.tried_at(*try_at - TimeDelta::seconds(1)), None);
            let tried = sending.tried_at(*try_at).expect("one text");
            assert!(!tried.lets_through(*try_at + TimeDelta::seconds(119)), "no other while it is under way");
            assert!(tried.lets_through(*try_at + LEASE), "its sender may have died");
            at = *try_at;
            sending = sending.after_throttle("busy", None, attempt(), at).expect("a longer one");
        }
        assert_eq!(sending.throttled_for(at), Some(at - minute(0)));
        let long_after = at + TimeDelta::days(3);
        assert!(
            sending.throttled_for(long_after).is_some_and(|span| span < TimeDelta::hours(1)),
            "nothing was tried since"
        );
    }

    #[test]
    fn what_a_person_or_a_refusal_holds_is_not_opened_by_a_provider_that_asks_to_wait() {
        let person = Sending::held("a look first", minute(0));
        assert_eq!(person.after_throttle("busy", None, attempt(), minute(60)), None);
        assert_eq!((person.tried_at(minute(60)), person.throttled_for(minute(60))), (None, None));
        let refused = Sending::On.after_refusal("suspended", minute(0)).expect("a hold");
        let later = refused.after_throttle("busy", None, attempt(), minute(15)).expect("tried again soon");
        let Sending::OnHold { reason, since, refusals, throttled, try_at } = later else { panic!("on hold") };
        assert_eq!((reason.as_str(), since, refusals, throttled), ("suspended", minute(0), 1, false));
        assert_eq!(try_at, Some(minute(16)));
        let busy = Sending::On.after_throttle("busy", None, attempt(), minute(0)).expect("a hold");
        let said_no = busy.after_refusal("suspended", minute(0)).expect("a refusal says more");
        assert_eq!(said_no, Sending::On.after_refusal("suspended", minute(0)).expect("a hold"));
    }

    #[test]
    fn a_hold_is_stored_as_before_and_one_of_before_is_read() {
        let held = Sending::On.after_refusal("suspended", minute(0)).expect("a hold");
        assert!(!serde_json::to_string(&held).expect("json").contains("throttled"));
        let busy = Sending::On.after_throttle("busy", None, attempt(), minute(0)).expect("a hold");
        let stored = serde_json::to_string(&busy).expect("json");
        assert_eq!(serde_json::from_str::<Sending>(&stored).expect("a hold"), busy);
        let before = stored.replace(",\"throttled\":true", "");
        assert_eq!(serde_json::from_str::<Sending>(&before).expect("a hold").throttled_for(minute(9)), None);
    }

    #[test]
    fn each_provider_is_read_with_what_it_can_do() {
        let read = |provider| serde_json::from_value::<ProviderSettings>(provider).expect("settings");
        let openphone = serde_json::json!({"openphone": {"phone_number_id": "PN0demo0001", "number": "+13055550199"}});
        assert_eq!(read(openphone.clone()).capabilities(), Capabilities::OPENPHONE);
        let mut legacy = openphone;
        legacy["openphone"]["webhooks"] = "legacy".into();
        assert!(!read(legacy.clone()).capabilities().failure_events);
        assert_eq!(serde_json::to_value(read(legacy.clone())).expect("json"), legacy, "it is stored as it was read");
        let simple = read(serde_json::json!({"simpletexting": {"account_phone": "+18005550199"}}));
        assert_eq!(simple.capabilities(), Capabilities::SIMPLETEXTING);
        assert_eq!(simple.number().map(PhoneNumber::e164), Some("+18005550199"));
        assert!(serde_json::from_value::<ProviderSettings>(serde_json::json!({"pigeon": {}})).is_err());
    }

    #[test]
    fn a_client_without_simpletexting_is_stored_as_before_and_its_address_opens_to_nobody() {
        let client = crate::fixtures::client();
        assert!(serde_json::to_value(&client).expect("json").get("simpletexting").is_none());
        assert!(!client.simpletexting.accepts("a-token") && !client.simpletexting.accepts(""));
        let settings = SimpleTextingSettings { token_hashes: vec![TokenHash::of("one"), TokenHash::of("two")] };
        assert!(settings.accepts("one") && settings.accepts("two") && !settings.accepts("three"));
    }

    #[test]
    fn in_test_mode_every_text_goes_to_the_test_phone_or_nowhere() {
        let lead = PhoneNumber::parse("3055550123", Region::default()).expect("valid");
        let test = PhoneNumber::parse("3055550111", Region::default()).expect("valid");
        let mut client = crate::fixtures::client();
        assert_eq!(client.destination(&lead), Ok(lead.clone()));
        client.mode = Mode::Test { phone: Some(test.clone()), email: None };
        assert_eq!((client.destination(&lead), client.per_run(), client.mailbox()), (Ok(test), 5, None));
        client.mode = Mode::Test { phone: None, email: None };
        assert_eq!(client.destination(&lead), Err(SettingsProblem::NoTestPhone));
    }

    #[test]
    fn both_tokens_of_a_rotation_are_accepted_and_no_other() {
        let mut client = crate::fixtures::client();
        client.kajabi.token_hashes.push(TokenHash::of("b-token"));
        for (token, accepted) in [("a-token", true), ("b-token", true), ("c-token", false), ("", false)] {
            assert_eq!(client.accepts_token(token), accepted, "{token}");
        }
    }
}
