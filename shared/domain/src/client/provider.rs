//! The SMS account of a client.

use serde::{Deserialize, Serialize};

use crate::{capabilities::Capabilities, phone::PhoneNumber};

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
