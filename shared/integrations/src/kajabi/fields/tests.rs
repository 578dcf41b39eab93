//! The names that fields go by, and the bounds on what comes with them.

use serde_json::{Map, json};

use super::*;

fn read(body: &Value) -> FormSubmission {
    let shape = Shape::of(body).expect("a shape");
    form(&shape).unwrap_or_else(|reason| panic!("{body}: {reason}"))
}

fn refused(body: &Value) -> String {
    let shape = Shape::of(body).expect("a shape");
    form(&shape).expect_err("no form")
}

#[test]
fn an_email_address_is_found_under_each_of_its_names() {
    for body in [
        json!({"email": "pat@example.org"}),
        json!({"email": null, "member_email": "pat@example.org"}),
        json!({"email": " ", "member": {"email": "pat@example.org"}}),
        json!({"contact": {"email": " pat@example.org "}}),
        json!({"payload": {"email": "pat@example.org"}}),
        json!({"payload": {"member_email": "pat@example.org"}}),
        json!({"payload": {"contact": {"email": "pat@example.org"}}}),
        json!([{"email": "pat@example.org"}]),
        json!({"payload": [{"type": "form_submissions", "attributes": {"email": "pat@example.org"}}]}),
    ] {
        assert_eq!(read(&body).person.email.as_deref(), Some("pat@example.org"), "{body}");
    }
}

#[test]
fn the_mobile_number_wins_and_blanks_are_passed_over() {
    let all = ["mobile_phone_number", "phone_number", "phone", "business_number"];
    for first in 0..all.len() {
        for blank in [json!(null), json!(""), json!("  "), json!({}), json!(false)] {
            let mut body = Map::new();
            for (place, name) in all.iter().enumerate() {
                let value = if place < first { blank.clone() } else { json!(format!("(305) 555-010{place}")) };
                body.insert((*name).to_owned(), value);
            }
            assert_eq!(read(&Value::Object(body)).person.phone, Some(format!("(305) 555-010{first}")));
        }
    }
    let apart = json!({"phone_number": "(305) 555-0101", "contact": {"mobile_phone_number": 3_055_550_100_u64}});
    assert_eq!(read(&apart).person.phone.as_deref(), Some("3055550100"));
}

#[test]
fn a_name_in_one_piece_is_split_and_a_split_one_is_kept() {
    for (name, first, last) in [
        (json!({"name": "Pat Rivera"}), Some("Pat"), Some("Rivera")),
        (json!({"name": "  Alex   de la\tCruz "}), Some("Alex"), Some("de la Cruz")),
        (json!({"name": "Pat"}), Some("Pat"), None),
        (json!({"name": " "}), None, None),
        (
            json!({"name": "Pat Rivera", "first_name": "Patricia", "last_name": "Rivera Soto"}),
            Some("Patricia"),
            Some("Rivera Soto"),
        ),
        (json!({"name": "Pat Rivera", "first_name": "", "last_name": null}), Some("Pat"), Some("Rivera")),
        (json!({"member_name": "Pat Rivera"}), Some("Pat"), Some("Rivera")),
        (json!({"member": {"first_name": "Pat", "last_name": "Rivera"}}), Some("Pat"), Some("Rivera")),
        (json!({"member_first_name": "Pat"}), Some("Pat"), None),
        (json!({}), None, None),
    ] {
        let read = read(&json!({"phone": "(305) 555-0123", "payload": name}));
        assert_eq!((read.person.first_name.as_deref(), read.person.last_name.as_deref()), (first, last), "{name}");
    }
}

#[test]
fn a_form_is_found_under_each_of_its_names() {
    let relation = json!({"form": {"data": {"id": "77", "type": "forms"}}});
    for body in [
        json!({"email": "x", "form": {"id": 77}}),
        json!({"email": "x", "form_id": "77"}),
        json!({"email": "x", "form": {"id": "not an id"}, "form_id": 77}),
        json!({"email": "x", "relationships": relation}),
        json!({"form_id": 77, "payload": {"email": "x"}}),
        json!([{"type": "form_submissions", "attributes": {"email": "x"}, "relationships": relation}]),
        json!([{"type": "form_submissions", "attributes": {"email": "x", "form_id": 77}}]),
        json!([{"type": "forms", "id": 77, "attributes": {}}, {"type": "form_submissions", "attributes": {"email": "x"}}]),
    ] {
        assert_eq!(read(&body).form.as_ref().map(FormId::as_str), Some("77"), "{body}");
    }
    for body in [
        json!({"email": "x"}),
        json!({"email": "x", "form_id": "7#7"}),
        json!({"email": "x", "form_id": "7".repeat(65)}),
    ] {
        assert_eq!(read(&body).form, None, "{body}");
    }
    let titled = json!({"email": "x", "form": {"id": 77, "title": "Free webinar"}});
    assert_eq!(read(&titled).form_title.as_deref(), Some("Free webinar"));
    assert_eq!(read(&json!({"email": "x", "form_title": "Free webinar"})).form_title.as_deref(), Some("Free webinar"));
}

#[test]
fn other_plain_values_are_answers_and_nested_ones_are_not() {
    let body = json!({
        "id": 1, "event": "form_submission", "form_id": 7, "form_title": "t", "email": "x", "phone": "y", "name": "z",
        "custom_1": " Yes ", "custom_12": true, "custom_2": false, "budget": 500, "empty": "", "none": null,
        "list": ["a"], "object": {"a": 1}, "a\u{0}b": "control", " ": "nameless", "address_city": "Miami",
    });
    let expected = [
        ("address_city", "Miami"),
        ("budget", "500"),
        ("custom_1", "Yes"),
        ("custom_12", "true"),
        ("custom_2", "false"),
    ];
    let expected: BTreeMap<String, String> =
        expected.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(read(&body).person.answers, expected);
}

#[test]
fn a_flood_of_fields_is_bounded_and_cannot_push_out_an_answer() {
    let mut body: Map<String, Value> =
        (0..5_000).map(|n| (format!("a{n:04}{}", "é".repeat(100)), json!("ü".repeat(2_000)))).collect();
    body.extend([
        ("custom_1".to_owned(), json!("Yes")),
        ("address_zip".to_owned(), json!(33_101)),
        ("email".to_owned(), json!("x")),
    ]);
    let answers = read(&Value::Object(body)).person.answers;
    assert_eq!(answers.len(), 40);
    assert_eq!(answers.get("custom_1").map(String::as_str), Some("Yes"));
    assert_eq!(answers.get("address_zip").map(String::as_str), Some("33101"));
    assert!(answers.keys().all(|name| name.chars().count() <= 64));
    assert!(answers.values().all(|value| value.chars().count() <= 500));
    let long = read(&json!({"email": "e".repeat(9_000), "phone": "1".repeat(9_000), "name": "n".repeat(9_000)}));
    assert!(
        [long.person.email, long.person.phone, long.person.first_name]
            .into_iter()
            .flatten()
            .all(|text| text.len() == 500)
    );
}

#[test]
fn id_0_anywhere_is_a_test() {
    let submission = |id: Value, form: Value| json!([{"type": "form_submissions", "id": id, "attributes": {"email": "x", "form_id": form}}]);
    for (body, is_test) in [
        (submission(json!("0"), json!(7)), true),
        (submission(json!(0), json!(7)), true),
        (submission(json!(1), json!("0")), true),
        (submission(json!(10), json!(70)), false),
        (json!({"id": "0", "payload": submission(json!(1), json!(7))}), true),
        (json!({"id": 0, "payload": {"id": 5, "email": "x"}}), true),
        (json!({"email": "x"}), false),
    ] {
        assert_eq!(read(&body).is_test, is_test, "{body}");
    }
}

#[test]
fn what_cannot_be_used_says_why() {
    let submission = |id: u32| json!({"type": "form_submissions", "id": id, "attributes": {"email": "x"}});
    for (body, why) in [
        (json!({"name": "Pat", "email": null, "phone": ""}), "neither an email address nor a phone number"),
        (json!({}), "neither"),
        (json!({"payload": []}), "no form submission"),
        (json!([{"type": "contacts", "attributes": {"email": "x"}}]), "no form submission"),
        (json!([{"type": "form_submissions"}, 7]), "no form submission"),
        (json!([submission(1), submission(2)]), "several form submissions"),
    ] {
        let reason = refused(&body);
        assert!(reason.contains(why), "{body}: {reason}");
    }
    assert!(read(&json!([submission(1), submission(1)])).person.email.is_some());
}
