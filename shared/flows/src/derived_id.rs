//! Ids that follow from what they are made for, so that doing a thing twice makes one of it.

use domain::{
    Instant,
    audit::AuditEvent,
    event::{EventState, RawEvent},
    ids::{AuditId, ClientId, FormId},
    phone::PhoneNumber,
};

/// An id that is the same for the same event of the same client, so that working on it twice makes one.
pub(super) fn of_event(event: &RawEvent, what: &str) -> ulid::Ulid {
    id_of(&format!("{what}/{}/{}", event.client, event.key.0), event.received_at)
}

/// The id of the audit event that says what came of a raw event: the same however often it is
/// worked on, so that each event received has one outcome and the books balance.
pub(super) fn outcome_of(event: &RawEvent) -> AuditId {
    // An event that was put off has its outcome on the day it was put off to: days before are closed.
    let at = match event.state {
        EventState::Received { due, tries } if tries > 0 => due,
        _ => event.received_at,
    };
    AuditId(id_of(&format!("outcome/{}/{}", event.client, event.key.0), at))
}

/// `came` as the audit event that says what came of a raw event: under its id, and with its key.
pub(super) fn outcome(event: &RawEvent, came: AuditEvent) -> AuditEvent {
    AuditEvent { id: outcome_of(event), raw: Some(event.key.0.clone()), ..came }
}

/// The id of a lead of whom nothing is known but the number.
pub(super) fn of_phone(client: &ClientId, phone: &PhoneNumber, at: Instant) -> ulid::Ulid {
    id_of(&format!("phone/{client}/{}", phone.e164()), at)
}

/// The key of a row of an imported list: the same for the same row of the same form.
pub(super) fn of_row(form: &FormId, row: &str) -> String {
    use sha2::{Digest, Sha256};
    format!("imp:{form}:{}", hex::encode(Sha256::digest(row)))
}

/// An id for a text that the provider lists and we do not know of.
pub(super) fn of_listed(client: &ClientId, provider_id: &str, at: Instant) -> ulid::Ulid {
    id_of(&format!("listed/{client}/{provider_id}"), at)
}

fn id_of(what: &str, at: Instant) -> ulid::Ulid {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(what);
    let mut random = [0; 16];
    random[6..].copy_from_slice(&digest[..10]);
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    ulid::Ulid::from_parts(millis, u128::from_be_bytes(random))
}
