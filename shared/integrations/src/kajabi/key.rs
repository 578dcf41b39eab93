//! Idempotency keys: what makes two deliveries the same event. Contract: kajabi.md, section 5.

use sha2::{Digest, Sha256};

use super::{
    event::{self, Kind},
    shape::{Inside, Object, Shape, id_at},
};
use domain::{Instant, event::EventKey, trigger::On};

/// The longest id that stands in a key as it is.
const MAX_ID: usize = 100;
/// The longest tail of several ids.
const MAX_IDS: usize = 150;

/// The key that the ids of a body give, or `None` if it lacks them.
pub(super) fn of(shape: &Shape<'_>, kind: Kind) -> Option<EventKey> {
    match shape.inside {
        Inside::Resources(_) => of_resources(shape, kind),
        Inside::Flat(_) => of_fields(shape, kind),
    }
}

/// The key of a body without ids: the body itself, on the UTC day that it came.
pub(super) fn of_body(body: &[u8], received_at: Instant) -> EventKey {
    EventKey(format!("kj:d:sha256:{}:{}", sha256(body), received_at.format("%Y-%m-%d")))
}

/// The id of the envelope is not used where a resource lacks its own: it is not documented to be
/// unique, and a key that repeats loses a lead.
fn of_resources(shape: &Shape<'_>, kind: Kind) -> Option<EventKey> {
    let id = |of_type| resource_id(shape, of_type);
    match kind {
        Kind::Form if super::fields::submissions_differ(shape) => None,
        Kind::Form => Some(key("kj:fs", &[id("form_submissions")?])),
        Kind::CommerceEvent(On::Purchase) => Some(key("kj:pur", &[id("purchases")?])),
        Kind::CommerceEvent(On::Payment) => Some(key("kj:txn", &[id("transactions")?])),
        Kind::CommerceEvent(On::Order | On::Cart) => Some(key("kj:ord", &[id("orders")?])),
        Kind::CommerceEvent(On::TagAdded) => tag("kj:tag:tag_added", shape),
        Kind::CommerceEvent(On::TagRemoved) => tag("kj:tag:tag_removed", shape),
        Kind::CommerceEvent(On::ContactUpdated) => {
            let (contact, updated_at) = changed_contact(shape)?;
            Some(key("kj:d:contact_updated", &[contact, updated_at]))
        }
        Kind::CommerceEvent(On::Refund | On::ContactCreated) | Kind::Unknown => named(shape, kind),
    }
}

fn of_fields(shape: &Shape<'_>, kind: Kind) -> Option<EventKey> {
    let id = |path: &[&str]| shape.flat().find_map(|fields| id_at(fields, path));
    match kind {
        Kind::Form => Some(key("kj:d:form", &[shape.id()?])),
        // One transaction may be of several offers, each posted by itself.
        Kind::CommerceEvent(On::Purchase) => {
            let sale = id(&["transaction_id"]).or_else(|| shape.id())?;
            let offer = id(&["offer_id"]).or_else(|| id(&["offer", "id"]));
            Some(key("kj:d:pur", &[Some(sale), offer].into_iter().flatten().collect::<Vec<_>>()))
        }
        Kind::CommerceEvent(On::Payment) => {
            id(&["payment_transaction", "id"]).map(|id| key("kj:d:txn", &[id])).or_else(|| named(shape, kind))
        }
        Kind::CommerceEvent(On::Order | On::Cart) => {
            id(&["order", "id"]).map(|id| key("kj:d:ord", &[id])).or_else(|| named(shape, kind))
        }
        // Its id may be the contact's, which is the same at every change.
        Kind::CommerceEvent(On::ContactUpdated) => None,
        Kind::CommerceEvent(On::TagAdded | On::TagRemoved | On::Refund | On::ContactCreated) | Kind::Unknown => {
            named(shape, kind)
        }
    }
}

/// The same tag may come again, so the moment of the change belongs to the key.
fn tag(prefix: &str, shape: &Shape<'_>) -> Option<EventKey> {
    let (contact, updated_at) = changed_contact(shape)?;
    let tag = resource_id(shape, "contact_tags")?;
    Some(key(prefix, &[contact, tag, updated_at]))
}

/// A contact and the moment at which Kajabi changed it last.
fn changed_contact(shape: &Shape<'_>) -> Option<(String, String)> {
    let contact = resource_id(shape, "contacts")?;
    let of_contact = |resource: &&Object| id_at(resource, &["id"]).as_ref() == Some(&contact);
    let changed = shape.resources("contacts").find(of_contact)?;
    Some((contact, id_at(changed, &["attributes", "updated_at"])?))
}

fn named(shape: &Shape<'_>, kind: Kind) -> Option<EventKey> {
    let name = event::name(shape, kind).to_ascii_lowercase().replace(['.', '-'], "_");
    let name: String = name.chars().take(40).collect();
    Some(key(&format!("kj:d:{name}"), &[shape.id()?]))
}

/// Resources come in no order, so of several the least id counts.
fn resource_id(shape: &Shape<'_>, of_type: &str) -> Option<String> {
    shape.resources(of_type).filter_map(|resource| id_at(resource, &["id"])).min()
}

fn key(prefix: &str, ids: &[String]) -> EventKey {
    let ids = ids.iter().map(|id| bounded(id, MAX_ID)).collect::<Vec<_>>().join(":");
    EventKey(format!("{prefix}:{}", bounded(&ids, MAX_IDS)))
}

fn bounded(text: &str, longest: usize) -> String {
    if text.len() <= longest && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        text.to_owned()
    } else {
        format!("sha256-{}", sha256(text.as_bytes()))
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of_json(body: &Value) -> Option<String> {
        let shape = Shape::of(body)?;
        let kind = Kind::of(&shape)?;
        of(&shape, kind).map(|key| key.0)
    }

    fn resource(of_type: &str, id: impl Into<Value>) -> Value {
        json!({"type": of_type, "id": id.into(), "attributes": {"updated_at": "2026-01-02T15:04:05.000Z"}})
    }

    #[test]
    fn keys_are_those_of_the_contract() {
        for (body, expected) in [
            (
                json!({"id": "9", "event": "form_submission", "payload": [resource("forms", 7), resource("form_submissions", 21)]}),
                "kj:fs:21",
            ),
            (json!([resource("form_submissions", "21")]), "kj:fs:21"),
            (
                json!({"id": "9", "event": "purchase", "payload": [resource("customers", 5), resource("purchases", 22)]}),
                "kj:pur:22",
            ),
            (json!({"id": "9", "event": "payment_succeeded", "payload": [resource("transactions", 23)]}), "kj:txn:23"),
            (
                json!({"id": "9", "event": "order_created", "payload": [resource("transactions", 23), resource("orders", 24)]}),
                "kj:ord:24",
            ),
            (
                json!({"id": "33", "event": "tag_added", "payload": [resource("contact_tags", 88), resource("contacts", "33")]}),
                "kj:tag:tag_added:33:88:2026-01-02T15:04:05.000Z",
            ),
            (
                json!({"id": "33", "event": "tag_removed", "payload": [resource("contacts", 33), resource("contact_tags", 88)]}),
                "kj:tag:tag_removed:33:88:2026-01-02T15:04:05.000Z",
            ),
            (
                json!({"id": "91", "event": "purchase.created", "payload": {"transaction_id": "tx_demo_1"}}),
                "kj:d:pur:tx_demo_1",
            ),
            (json!({"id": "91", "event": "purchase.created", "payload": {"transaction_id": null}}), "kj:d:pur:91"),
            (json!({"id": 92, "event": "payment.succeeded", "payment_transaction": {"id": 77}}), "kj:d:txn:77"),
            (json!({"id": 92, "event": "payment.succeeded"}), "kj:d:payment_succeeded:92"),
            (
                json!({"id": 93, "event": "cart.purchase", "order": {"id": 78}, "payment_transaction": {"id": 77}}),
                "kj:d:ord:78",
            ),
            (json!({"id": 94, "event": "form_submission", "payload": {"email": "x", "id": 1}}), "kj:d:form:94"),
            (json!({"payload": {"email": "x", "id": 1}}), "kj:d:form:1"),
            (json!({"id": "95", "email": "x"}), "kj:d:form:95"),
            (json!({"id": "96", "event": "Contact.Created"}), "kj:d:contact_created:96"),
            (
                json!({"id": "33", "event": "contact_updated", "payload": [resource("contacts", 33)]}),
                "kj:d:contact_updated:33:2026-01-02T15:04:05.000Z",
            ),
            (json!({"id": 97, "event": "refund", "payload": {"transaction_id": "tx_demo_1"}}), "kj:d:refund:97"),
        ] {
            assert_eq!(of_json(&body).as_deref(), Some(expected), "{body}");
        }
    }

    #[test]
    fn a_body_without_ids_is_its_hash_and_its_utc_day() {
        for body in [
            json!({"email": "x"}),
            json!({"id": "33", "event": "contact.updated", "email": "x"}),
            json!({"id": "9", "event": "form_submission", "payload": [{"type": "form_submissions", "attributes": {}}, {}]}),
            json!({"id": "9", "event": "tag_added", "payload": [resource("contacts", 33), {"type": "contact_tags"}]}),
            json!({"id": "9", "event": "form_submission", "payload": [resource("form_submissions", 1), resource("form_submissions", 2)]}),
        ] {
            assert_eq!(of_json(&body), None, "{body}");
        }
        let late = chrono::DateTime::parse_from_rfc3339("2026-01-02T23:59:59-05:00").expect("a time").to_utc();
        assert_eq!(
            of_body(b"", late).0,
            "kj:d:sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855:2026-01-03"
        );
    }

    #[test]
    fn the_order_of_resources_changes_nothing() {
        for (event, one, two) in [
            ("purchase", "purchases", "purchases"),
            ("tag_added", "contact_tags", "contact_tags"),
            ("order_created", "orders", "transactions"),
        ] {
            let (one, two, contact) = (resource(one, 1), resource(two, 2), resource("contacts", 3));
            let forth = json!({"event": event, "payload": [one, two, contact]});
            let back = json!({"event": event, "payload": [contact, two, one]});
            assert!(of_json(&forth).is_some() && of_json(&forth) == of_json(&back), "{event}");
        }
    }

    #[test]
    fn an_id_that_is_long_or_strange_is_hashed() {
        let id = |id: &str| of_json(&json!([resource("form_submissions", id)])).expect("a key");
        assert_eq!(id(&"7".repeat(100)), format!("kj:fs:{}", "7".repeat(100)));
        for strange in [
            "7".repeat(101),
            "7\u{0}7".to_owned(),
            "7\n7".to_owned(),
            "7 7".to_owned(),
            "é".to_owned(),
            "7".repeat(200_000),
        ] {
            assert_eq!(id(&strange), format!("kj:fs:sha256-{}", sha256(strange.as_bytes())));
        }
        let tag = json!({"event": "tag_removed", "payload": [resource("contacts", "3".repeat(100)), resource("contact_tags", "8".repeat(100))]});
        let key = of_json(&tag).expect("a key");
        assert!(key.starts_with("kj:tag:tag_removed:sha256-") && key.len() <= 200, "{key}");
    }
}
