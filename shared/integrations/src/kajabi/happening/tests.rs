//! Where each fact of an event is found, and what is not taken for one.

use serde_json::json;

use super::*;

fn of(on: On, body: &Value) -> CommerceEvent {
    let shape = Shape::of(body).expect("a shape");
    read(&shape, on, "an_event".to_owned()).unwrap_or_else(|reason| panic!("{body}: {reason}"))
}

fn resource(of_type: &str, id: &str, attributes: &Value) -> Value {
    json!({"type": of_type, "id": id, "attributes": attributes})
}

fn named(found: &[Named]) -> Vec<(Option<&str>, Option<&str>)> {
    found.iter().map(|named| (named.id.as_deref(), named.title.as_deref())).collect()
}

#[test]
fn an_offer_is_found_wherever_it_stands_and_each_one_once() {
    let offer = |id: &str| json!({"offer": {"data": {"id": id, "type": "offers"}}});
    let transaction = |relationships: &Value| json!({"payload": [{"type": "transactions", "id": "1", "attributes": {}, "relationships": relationships}]});
    for (body, expected) in [
        (json!({"payload": {"offer_id": "7", "offer_title": "Course"}}), vec![(Some("7"), Some("Course"))]),
        (json!({"offer": {"id": 7, "title": "Course"}, "offer_id": "7"}), vec![(Some("7"), Some("Course"))]),
        (
            json!({"offer": null, "offers": [{"id": 7}, {"id": 8, "title": "Book"}]}),
            vec![(Some("7"), None), (Some("8"), Some("Book"))],
        ),
        (json!({"offer": null, "payment_transaction": {"id": 1}}), vec![]),
        (
            json!({"order": {"id": 1, "order_items": [{"id": 5, "title": "Course"}, {"offer_id": 8}]}}),
            vec![(None, Some("Course")), (Some("8"), None)],
        ),
        (
            json!({"offer": {"id": 7, "title": "Course"}, "order": {"order_items": [{"id": 5, "title": "Course"}]}}),
            vec![(Some("7"), Some("Course"))],
        ),
        (transaction(&offer("7")), vec![(Some("7"), None)]),
        (transaction(&json!({"offer": {"data": null}})), vec![]),
        (
            transaction(&json!({"offers": {"data": [{"id": "7"}, {"id": "8"}]}})),
            vec![(Some("7"), None), (Some("8"), None)],
        ),
        (
            json!([
                resource("orders", "1", &json!({})),
                resource("order_items", "2", &json!({"item_type": "Offer", "item_id": 7, "title": "Course"})),
                resource("order_items", "3", &json!({"item_type": "Fee", "item_id": 9, "title": "Postage"}))
            ]),
            vec![(Some("7"), Some("Course"))],
        ),
        (json!({"offer_id": "7".repeat(101), "offer_title": " "}), vec![]),
    ] {
        assert_eq!(named(&of(On::Cart, &body).about), expected, "{body}");
    }
    let many: Vec<Value> = (0..100).map(|id| json!({"id": id})).collect();
    assert_eq!(of(On::Order, &json!({"offers": many})).about.len(), MOST_NAMED);
}

#[test]
fn a_tag_is_found_wherever_it_stands() {
    for body in [
        json!([resource("contact_tags", "88", &json!({"name": "VIP"})), resource("contacts", "3", &json!({}))]),
        json!({"tag": {"id": 88, "name": "VIP"}}),
        json!({"payload": {"tag_id": "88", "tag_name": "VIP"}}),
        json!({"tag_id": 88, "tag": "VIP"}),
        json!({"tags": [{"id": "88", "name": "VIP"}]}),
    ] {
        assert_eq!(named(&of(On::TagAdded, &body).about), [(Some("88"), Some("VIP"))], "{body}");
    }
}

#[test]
fn an_amount_is_read_in_cents_or_as_a_decimal_and_never_guessed() {
    for (body, shown) in [
        (json!({"amount_paid": 49_700, "amount_paid_decimal": "1.00", "currency": "usd"}), Some("497.00 USD")),
        (json!({"amount_paid": "49700"}), Some("497.00")),
        (json!({"amount_paid_decimal": "497.5", "currency": "EURO"}), Some("497.50")),
        (json!({"amount_paid_decimal": 497.05}), Some("497.05")),
        (json!({"amount_paid_decimal": 0}), Some("0.00")),
        (json!({"amount_paid": -1}), None),
        (json!({"amount_paid": "4,97"}), None),
        (json!({"amount_paid_decimal": 497.123}), None),
        (json!({"amount_paid_decimal": "1e5"}), None),
        (json!({"amount_paid": u64::MAX}), None),
        (json!({"amount_paid": null}), None),
        (json!([resource("purchases", "1", &json!({"amount_in_cents": "100", "currency": "GBP"}))]), Some("1.00 GBP")),
    ] {
        assert_eq!(of(On::Purchase, &body).amount.map(|amount| amount.to_string()).as_deref(), shown, "{body}");
    }
}

#[test]
fn who_it_is_comes_from_the_contact_the_customer_and_the_checkout() {
    let body = json!([
        resource("customers", "5", &json!({"name": "Pat Rivera", "email": "pat@example.org", "net_revenue": "497.00"})),
        resource(
            "purchases",
            "1",
            &json!({"opt_in": true, "raw_extra_contact_information": {"phone_number": "(305) 555-0123", "address_city": "Miami", "custom_2": "Yes"}})
        ),
    ]);
    let told = of(On::Purchase, &body);
    assert_eq!(told.person.email.as_deref(), Some("pat@example.org"));
    assert_eq!(told.person.phone.as_deref(), Some("(305) 555-0123"));
    let answers: Vec<(&str, &str)> =
        told.person.answers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(answers, [("address_city", "Miami"), ("custom_2", "Yes")], "and neither revenue nor a box about emails");
    let nested = json!({"member": {"email": "pat@example.org"}, "extra_contact_information": {"phone": "3055550123"}});
    assert_eq!(of(On::Cart, &nested).person.phone.as_deref(), Some("3055550123"));
    assert!(of(On::Payment, &json!({"payment_transaction": {"id": 1}})).person.is_nobody());
}

#[test]
fn an_event_about_several_people_is_refused() {
    for of_type in ["contacts", "customers"] {
        let body = json!([resource(of_type, "1", &json!({})), resource(of_type, "2", &json!({}))]);
        let shape = Shape::of(&body).expect("a shape");
        let reason = read(&shape, On::TagAdded, "tag_added".to_owned()).expect_err("whose?");
        assert!(reason.contains("several people"), "{reason}");
    }
}

#[test]
fn any_id_of_zero_is_a_sample() {
    for body in [
        json!({"id": "0"}),
        json!({"id": 0}),
        json!({"payload": {"transaction_id": "0"}}),
        json!({"payment_transaction": {"id": 0}}),
        json!([resource("transactions", "0", &json!({}))]),
        json!([resource("transactions", "1", &json!({})), resource("customers", "0", &json!({}))]),
    ] {
        assert!(of(On::Payment, &body).is_test, "{body}");
    }
    assert!(!of(On::Payment, &json!({"id": 1, "payment_transaction": {"id": 10, "amount_paid": 0}})).is_test);
}
