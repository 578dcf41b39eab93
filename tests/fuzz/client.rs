//! A client, for what is read in the light of its settings.

use std::sync::LazyLock;

use leadline::domain::client::Client;

/// A client in New York with all defaults.
pub static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    serde_json::from_value(serde_json::json!({
        "id": "acme", "name": "Acme Coaching", "zone": "America/New_York",
        "admin_email": "owner@example.com", "mode": "live",
        "provider": {"twilio": {"account_sid": "AC00000000000000000000000000000001", "sender": {"number": "+13055550199"}}},
        "kajabi": {"token_hashes": []},
    }))
    .expect("a client")
});
