//! Stored items, jobs and notes as JSON: what cannot be read is an error, and what can is read back the same.
#![no_main]

use leadline::domain::{audit::AuditEvent, campaign::Campaign, client::Client, lead::Lead, profile::Profile, report::Carried, job::Job, event::RawEvent};
use libfuzzer_sys::fuzz_target;

fn same<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(bytes) else { return };
    let written = serde_json::to_vec(&read).expect("what was read can be written");
    assert_eq!(serde_json::from_slice::<T>(&written).expect("and read again"), read);
}

fuzz_target!(|bytes: &[u8]| {
    same::<Client>(bytes);
    same::<Campaign>(bytes);
    same::<Lead>(bytes);
    same::<Profile>(bytes);
    same::<AuditEvent>(bytes);
    same::<Job>(bytes);
    same::<RawEvent>(bytes);
    let _ = Carried::from_note(&String::from_utf8_lossy(bytes));
    if let Ok(campaign) = serde_json::from_slice::<Campaign>(bytes) {
        let _ = campaign.problems();
    }
});
