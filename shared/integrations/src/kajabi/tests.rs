//! The recorded payloads, and that nothing that is sent to us can do harm.

use std::{collections::BTreeSet, path::PathBuf};

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use domain::{person::Person, trigger::On};

fn received_at() -> Instant {
    DateTime::from_timestamp(1_767_398_400, 0).expect("a time") // 2026-01-03T00:00:00Z
}

fn events() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/kajabi"))
}

fn read_file(name: &str) -> Delivery {
    let body = std::fs::read(events().join(name)).expect(name);
    read(&body, None, received_at())
}

struct Form(&'static str, &'static str, [Option<&'static str>; 4], &'static str, bool);

const YES: &str = "Yes, tell me about coaching";

/// File, key, email and phone and names, `custom_1`, whether a test.
const FORMS: [Form; 10] = [
    Form(
        "form_submission.json",
        "kj:fs:2150000001",
        [Some("pat@example.org"), Some("(305) 555-0123"), Some("Pat"), Some("Rivera")],
        YES,
        false,
    ),
    Form(
        "form_flat.json",
        "kj:d:form:2150000002",
        [Some("sam@example.org"), Some("+1 305 555 0124"), Some("Sam"), Some("Okafor")],
        YES,
        false,
    ),
    Form(
        "form_payload_object.json",
        "kj:d:form:2150000003",
        [Some("alex@example.org"), Some("305.555.0125"), Some("Alex"), Some("de la Cruz")],
        YES,
        false,
    ),
    Form(
        "form_bare_array.json",
        "kj:fs:2150000004",
        [Some("kim@example.org"), Some("(305) 555-0126"), Some("Kim"), Some("Larsen")],
        YES,
        false,
    ),
    Form(
        "form_urlencoded.txt",
        "kj:d:form:2150000005",
        [Some("ana@example.org"), Some("(305) 555-0128"), Some("Ana"), Some("María Soto")],
        YES,
        false,
    ),
    Form(
        "form_no_phone.json",
        "kj:fs:2150000006",
        [Some("robin@example.org"), None, Some("Robin"), Some("Hale")],
        YES,
        false,
    ),
    Form(
        "form_invalid_phone.json",
        "kj:fs:2150000007",
        [Some("jo@example.org"), Some("(105) 555-0129"), Some("Jo"), Some("Brandt")],
        YES,
        false,
    ),
    Form(
        "form_no_consent.json",
        "kj:fs:2150000008",
        [Some("lee@example.org"), Some("(305) 555-0130"), Some("Lee"), Some("Novak")],
        "No",
        false,
    ),
    Form(
        "form_sample_id0.json",
        "kj:fs:0",
        [Some("sample@example.org"), Some("(305) 555-0131"), Some("Test"), Some("Sample")],
        YES,
        true,
    ),
    Form(
        "form_numbers_as_ids.json",
        "kj:fs:2150000009",
        [Some("max@example.org"), Some("3055550127"), Some("Max"), Some("Weiss")],
        YES,
        false,
    ),
];

/// File, key, kind, first offer or tag, amount, phone.
struct Told(
    &'static str,
    &'static str,
    On,
    Option<(&'static str, &'static str)>,
    Option<&'static str>,
    Option<&'static str>,
);

const COHORT: Option<(&str, &str)> = Some(("2150100001", "Spring Cohort"));
const NO_SHOW: Option<(&str, &str)> = Some(("8800001", "Webinar no-show"));
const PAID: Option<&str> = Some("497.00 USD");

const OTHERS: [Told; 17] = [
    Told("purchase.json", "kj:pur:6600001", On::Purchase, COHORT, PAID, Some("(305) 555-0123")),
    Told("purchase_bare_array.json", "kj:pur:6600004", On::Purchase, COHORT, PAID, Some("(305) 555-0123")),
    Told("payment_succeeded.json", "kj:txn:7700001", On::Payment, None, PAID, None),
    Told(
        "payment_several_offers.json",
        "kj:txn:7700002",
        On::Payment,
        COHORT,
        Some("694.00 USD"),
        Some("(305) 555-0123"),
    ),
    Told("order_created.json", "kj:ord:9900001", On::Order, COHORT, PAID, None),
    Told("refund.json", "kj:d:refund:8100001", On::Refund, Some(("2150100001", "")), PAID, None),
    Told(
        "tag_added.json",
        "kj:tag:tag_added:3300001:8800001:2026-01-02T15:04:05.000Z",
        On::TagAdded,
        NO_SHOW,
        None,
        Some("3055550123"),
    ),
    Told(
        "tag_added_sample_id0.json",
        "kj:tag:tag_added:0:0:2026-01-02T15:04:05.000Z",
        On::TagAdded,
        Some(("0", "Webinar no-show")),
        None,
        Some("3055550123"),
    ),
    Told(
        "tag_removed.json",
        "kj:tag:tag_removed:3300001:8800001:2026-01-02T15:04:05.000Z",
        On::TagRemoved,
        NO_SHOW,
        None,
        Some("3055550123"),
    ),
    Told("contact_created.json", "kj:d:contact_created:3300001", On::ContactCreated, None, None, Some("3055550123")),
    Told(
        "contact_updated.json",
        "kj:d:contact_updated:3300001:2026-01-02T16:00:00.000Z",
        On::ContactUpdated,
        None,
        None,
        Some("3055550123"),
    ),
    Told("dashboard_purchase_created.json", "kj:d:pur:tx_demo_1:2150100001", On::Purchase, COHORT, PAID, None),
    Told(
        "dashboard_purchase_flat.json",
        "kj:d:pur:7700003:2150100001",
        On::Purchase,
        COHORT,
        PAID,
        Some("(305) 555-0123"),
    ),
    Told("dashboard_payment_succeeded.json", "kj:d:txn:7700001", On::Payment, COHORT, PAID, None),
    Told("dashboard_cart.json", "kj:d:ord:9900001", On::Cart, COHORT, PAID, None),
    Told("dashboard_refund.json", "kj:d:payment_refunded:9100004", On::Refund, COHORT, PAID, None),
    Told("dashboard_contact_updated.json", "kj:d:sha256:", On::ContactUpdated, None, None, Some("(305) 555-0123")),
];

#[test]
fn each_recorded_form_is_read() {
    for Form(name, key, person, custom_1, is_test) in FORMS {
        let delivery = read_file(name);
        assert_eq!(delivery.key.0, key, "{name}");
        let Content::Form(form) = delivery.content else { panic!("{name}: {:?}", delivery.content) };
        assert_eq!(
            [&form.person.email, &form.person.phone, &form.person.first_name, &form.person.last_name]
                .map(Option::as_deref),
            person,
            "{name}"
        );
        assert_eq!(form.form.as_ref().map(FormId::as_str), Some("2150000777"), "{name}");
        assert_eq!(form.form_title.as_deref(), Some("Free webinar"), "{name}");
        assert_eq!(form.person.answers.get("custom_1").map(String::as_str), Some(custom_1), "{name}");
        assert_eq!(form.is_test, is_test, "{name}");
    }
}

#[test]
fn each_other_recorded_event_is_read() {
    for Told(name, key, on, about, amount, phone) in OTHERS {
        let delivery = read_file(name);
        assert!(
            delivery.key.0.starts_with(key) && (delivery.key.0 == key || key.ends_with(':')),
            "{name}: {:?}",
            delivery.key
        );
        let Content::CommerceEvent(told) = delivery.content else { panic!("{name}: {:?}", delivery.content) };
        assert_eq!(told.on, on, "{name}");
        let first = told.about.first();
        let first = first.map(|named| (named.id.as_deref().unwrap_or(""), named.title.as_deref().unwrap_or("")));
        assert_eq!(first, about, "{name}");
        assert_eq!(told.amount.map(|amount| amount.to_string()).as_deref(), amount, "{name}");
        assert_eq!(told.person.phone.as_deref(), phone, "{name}");
        assert_eq!(told.is_test, name.contains("sample"), "{name}");
        assert_eq!(
            told.person.email.as_deref(),
            Some(if told.is_test { "sample@example.org" } else { "pat@example.org" })
        );
        assert!(told.person.first_name.is_some(), "{name}");
    }
}

#[test]
fn every_recorded_file_is_in_the_tables_and_in_the_readme() {
    let readme = std::fs::read_to_string(events().join("README.md")).expect("a README");
    let in_tables: BTreeSet<String> =
        FORMS.iter().map(|form| form.0).chain(OTHERS.iter().map(|other| other.0)).map(str::to_owned).collect();
    let files = std::fs::read_dir(events())
        .expect("the folder")
        .map(|file| file.expect("a file").file_name().into_string().expect("a name"));
    let files: BTreeSet<String> = files.filter(|name| name != "README.md").collect();
    assert_eq!(files, in_tables);
    assert!(files.iter().all(|name| readme.contains(&format!("`{name}`"))));
}

#[test]
fn the_content_type_changes_nothing_that_is_recorded() {
    for name in FORMS.iter().map(|form| form.0).chain(OTHERS.iter().map(|other| other.0)) {
        let body = std::fs::read(events().join(name)).expect(name);
        for content_type in
            ["application/json", "application/x-www-form-urlencoded", "text/plain; charset=utf-8", "", "\u{0}"]
        {
            assert_eq!(read(&body, Some(content_type), received_at()), read_file(name), "{name} as {content_type}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_kept_under_its_hash_and_says_why() {
    let nested = "[".repeat(10_000);
    let object = "{\"payload\":".repeat(10_000);
    let junk: Vec<u8> = (0..1_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (body, why) in [
        (&b""[..], "empty"),
        (b"hello", "not JSON"),
        (b"null", "neither an object nor a list"),
        (b"\"text\"", "neither an object nor a list"),
        (b"[]", "names no event"),
        (nested.as_bytes(), "nested too deep"),
        (object.as_bytes(), "nested too deep"),
        (&junk, "larger"),
    ] {
        let delivery = read(body, None, received_at());
        let Content::Unusable { reason } = delivery.content else { panic!("{:?}", delivery.content) };
        assert!(reason.contains(why), "{reason}");
        assert!(
            delivery.key.0.starts_with("kj:d:sha256:") && delivery.key.0.ends_with(":2026-01-03"),
            "{:?}",
            delivery.key
        );
    }
}

#[test]
fn an_event_that_we_do_not_know_is_not_passed_over_in_silence() {
    let body = json!({"id": "7", "event": "contact created <b>", "payload": {"email": "pat@example.org"}}).to_string();
    let delivery = read(body.as_bytes(), None, received_at());
    assert_eq!(delivery.key.0, "kj:d:contact_created__b_:7");
    assert_eq!(
        delivery.content,
        Content::Unusable { reason: "the event `contact_created__b_` is not known".to_owned() }
    );
}

#[test]
fn neither_debug_nor_a_reason_shows_who_it_is() {
    let shown = format!("{:?}", read_file("form_submission.json"));
    for secret in ["pat", "Rivera", "555", "coaching"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let broken = read(b"{\"email\":\"pat@example.org\",", None, received_at());
    assert!(!format!("{broken:?}").contains("pat"), "{broken:?}");
}

fn bounded(person: &Person) -> Result<(), TestCaseError> {
    let texts = [&person.email, &person.phone, &person.first_name, &person.last_name];
    prop_assert!(texts.into_iter().flatten().all(|text| text.chars().count() <= 500));
    prop_assert!(person.answers.len() <= 40);
    prop_assert!(person.answers.iter().all(|(name, value)| name.chars().count() <= 64 && value.chars().count() <= 500));
    Ok(())
}

fn harmless(body: &[u8], content_type: Option<&str>) -> Result<(), TestCaseError> {
    let delivery = read(body, content_type, received_at());
    let key = &delivery.key.0;
    prop_assert!(key.starts_with("kj:") && key.len() <= 200, "{key}");
    prop_assert!(key.bytes().all(|byte| byte.is_ascii_graphic()), "{key:?}");
    prop_assert_eq!(&delivery, &read(body, content_type, received_at()));
    match delivery.content {
        Content::Form(form) => {
            prop_assert!(!form.person.is_nobody());
            bounded(&form.person)?;
        }
        Content::CommerceEvent(told) => {
            prop_assert!((1..=64).contains(&told.name.len()));
            bounded(&told.person)?;
            prop_assert!(told.about.len() <= 40);
            for named in &told.about {
                prop_assert!(named.id.is_some() || named.title.is_some());
                prop_assert!(named.id.as_ref().is_none_or(|id| (1..=100).contains(&id.len())));
                prop_assert!(named.title.as_ref().is_none_or(|title| title.chars().count() <= 500));
            }
            let currency = told.amount.and_then(|amount| amount.currency);
            prop_assert!(currency.is_none_or(|code| code.len() == 3));
        }
        Content::Unusable { reason } => prop_assert!((1..=200).contains(&reason.len())),
    }
    Ok(())
}

const EVENTS: [&str; 9] = [
    "form_submission",
    "purchase",
    "payment_succeeded",
    "order_created",
    "cart.purchase",
    "refund",
    "tag_added",
    "contact.created",
    "contact_updated",
];

/// JSON out of the names and values that the reader looks for, put together at random.
fn near_kajabi() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "id",
        "event",
        "payload",
        "type",
        "attributes",
        "relationships",
        "form",
        "form_id",
        "data",
        "member",
        "contact",
        "email",
        "phone",
        "mobile_phone_number",
        "name",
        "custom_1",
        "order",
        "payment_transaction",
        "transaction_id",
        "offer",
        "offers",
        "order_items",
        "title",
        "tag",
        "tags",
        "amount_in_cents",
        "amount_paid_decimal",
        "currency",
        "customer",
        "raw_extra_contact_information",
        "updated_at",
    ]);
    let values = prop::sample::select(vec![
        "form_submission",
        "form_submissions",
        "forms",
        "purchase",
        "purchases",
        "payment.succeeded",
        "transactions",
        "orders",
        "cart",
        "tag_added",
        "contacts",
        "contact_tags",
        "0",
        "",
        "\u{0}",
        "pat@example.org",
        "(305) 555-0123",
    ]);
    let leaf = prop_oneof![
        values.prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "\\PC{0,300}".prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..8).prop_map(|fields| Value::Object(
                fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    })
}

/// Resources that mostly have what a key is made of, ids of any length and kind among it.
fn near_resource() -> impl Strategy<Value = Value> {
    let types = prop::sample::select(vec![
        "form_submissions",
        "forms",
        "purchases",
        "transactions",
        "orders",
        "contacts",
        "customers",
        "contact_tags",
        "offers",
        "order_items",
    ]);
    let id = || {
        prop_oneof![
            "[0-9]{1,12}".prop_map(Value::from),
            "\\PC{0,120}".prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            near_kajabi()
        ]
    };
    (types, id(), id(), near_kajabi()).prop_map(|(of_type, id, updated_at, email)| {
        let attributes = json!({
            "updated_at": updated_at, "email": email, "phone": "(305) 555-0123", "title": email, "name": email,
            "amount_in_cents": id, "item_id": updated_at, "raw_extra_contact_information": email,
        });
        json!({"type": of_type, "id": id, "attributes": attributes, "relationships": {"offer": {"data": {"id": updated_at}}}})
    })
}

proptest! {
    #[test]
    fn no_bytes_do_harm(body in prop::collection::vec(any::<u8>(), 0..2_000), content_type in prop::option::of(".*")) {
        harmless(&body, content_type.as_deref())?;
        harmless(&body, Some("application/x-www-form-urlencoded"))?;
    }

    #[test]
    fn no_json_does_harm(body in near_kajabi()) {
        harmless(body.to_string().as_bytes(), None)?;
    }

    #[test]
    fn no_resources_do_harm(event in prop::option::of(prop::sample::select(EVENTS.to_vec())), resources in prop::collection::vec(near_resource(), 0..4)) {
        harmless(json!({"id": "7", "event": event, "payload": resources}).to_string().as_bytes(), None)?;
        harmless(json!(resources).to_string().as_bytes(), None)?;
    }

    #[test]
    fn no_form_does_harm(body in "([a-z\\[\\]%=&+]{0,10}(id|email|phone|form\\[id\\]|member\\[email\\])=[^&]{0,20}&){0,6}") {
        harmless(body.as_bytes(), Some("application/x-www-form-urlencoded"))?;
        harmless(body.as_bytes(), None)?;
    }
}
