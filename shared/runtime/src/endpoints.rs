//! Where the outside is: its own addresses, or stand-ins that settings name.

use integrations::{
    kajabi::api::KAJABI,
    outbound::{Endpoints, OPENPHONE, SIMPLETEXTING, TWILIO},
};

use super::Settings;

/// The providers' own addresses, or those that the settings `LEADLINE_TWILIO_URL`, `LEADLINE_OPENPHONE_URL` and
/// `LEADLINE_SIMPLETEXTING_URL` name.
#[must_use]
pub fn provider_endpoints(settings: &Settings, public_url: String) -> Endpoints {
    let base = |name, own: &str| settings.optional(name).unwrap_or_else(|| own.to_owned());
    Endpoints {
        twilio_base: base("LEADLINE_TWILIO_URL", TWILIO),
        openphone_base: base("LEADLINE_OPENPHONE_URL", OPENPHONE),
        simpletexting_base: base("LEADLINE_SIMPLETEXTING_URL", SIMPLETEXTING),
        public_url,
    }
}

/// Where Kajabi's Public API is: [`KAJABI`], or what the setting `LEADLINE_KAJABI_URL` names.
#[must_use]
pub fn kajabi_base(settings: &Settings) -> String {
    settings.optional("LEADLINE_KAJABI_URL").unwrap_or_else(|| KAJABI.to_owned())
}
