//! Every object of our documents, with an array in its place.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::*;
use crate::{
    campaign::Campaign,
    client::{self, Client},
};

fn strictly<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(Strict::new(value.clone())).map_err(|error| error.to_string())
}

/// The pointers of all objects in a document.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(at.to_owned());
            members.iter().for_each(|(name, member)| objects(member, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| objects(item, &format!("{at}/{n}"), found))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Puts arrays in the place of each object. Gives how many places were refused by the reader itself, and not for
/// what serde does not read either (an enum that is an array, say).
fn refused<T: DeserializeOwned>(document: &Value) -> usize {
    strictly::<T>(document).expect("it can be read as it is");
    let mut found = Vec::new();
    objects(document, "", &mut found);
    let mut by_us = 0;
    for at in &found {
        let object = document.pointer(at).and_then(Value::as_object).expect("an object");
        for list in [json!([]), json!([object]), Value::Array(object.values().cloned().collect())] {
            let mut changed = document.clone();
            *changed.pointer_mut(at).expect("the place") = list;
            let why = strictly::<T>(&changed).err().unwrap_or_else(|| panic!("{at} was read from an array"));
            by_us += usize::from(why.contains(NO_OBJECT));
        }
    }
    by_us / 3
}

#[test]
fn no_object_of_a_clients_settings_or_of_a_campaign_is_read_from_an_array() {
    let mut settings = serde_json::to_value(crate::fixtures::client()).expect("JSON");
    for (name, value) in [
        ("kajabi", json!({"token_hashes": ["0".repeat(64)], "compare": {"site_id": "2147000001"}})),
        ("simpletexting", json!({"token_hashes": ["0".repeat(64)]})),
        ("mode", json!({"test": {"phone": null, "email": null}})),
        ("sending", json!({"on-hold": {"reason": "a test", "since": "2026-01-06T00:00:00Z"}})),
        ("recipient_policy", json!({"except": ["TX"]})),
        ("answers", json!({"help": "Sam here."})),
        ("api_keys", json!([{"name": "site", "hash": "0".repeat(64), "scopes": ["send"]}])),
    ] {
        settings[name] = value;
    }
    assert!(refused::<Client>(&settings) >= 8);
    let mut document = serde_json::to_value(crate::fixtures::campaign()).expect("JSON");
    document["window"] = settings["window"].clone();
    document["status"] = json!({"deactivated": {"at": "2026-01-06T00:00:00Z"}});
    document["re_enroll"] = json!({"after_days": 30});
    assert!(refused::<Campaign>(&document) >= 5);
}

#[test]
fn what_serde_reads_from_an_array_is_what_is_refused() {
    let planted = json!([["0".repeat(64)]]);
    assert!(serde_json::from_value::<client::KajabiSettings>(planted.clone()).is_ok(), "serde alone reads it");
    assert_eq!(strictly::<client::KajabiSettings>(&planted), Err(NO_OBJECT.to_owned()));
}

#[test]
fn objects_are_refused_as_arrays_however_deep_they_are() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        #[serde(default)]
        x: u8,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    enum Shape {
        Dot { at: Point },
        Of(Point),
        Pair(Point, Point),
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Wrapped(Point);
    type Named = std::collections::BTreeMap<String, Option<Point>>;

    assert_eq!(strictly::<Vec<(Point, u8)>>(&json!([[{"x": 1}, 2]])), Ok(vec![(Point { x: 1 }, 2)]));
    assert_eq!(strictly::<Shape>(&json!({"Dot": {"at": {}}})), Ok(Shape::Dot { at: Point { x: 0 } }));
    assert_eq!(strictly::<Shape>(&json!({"Pair": [{}, {}]})), Ok(Shape::Pair(Point { x: 0 }, Point { x: 0 })));
    let no = |why: Result<(), String>| assert!(why.as_ref().is_err_and(|why| why.contains(NO_OBJECT)), "{why:?}");
    no(strictly::<Vec<(Point, u8)>>(&json!([[[1], 2]])).map(drop));
    no(strictly::<Shape>(&json!({"Dot": {"at": [1]}})).map(drop));
    assert!(strictly::<Shape>(&json!({"Dot": [{"x": 1}]})).is_err());
    no(strictly::<Shape>(&json!({"Of": [1]})).map(drop));
    no(strictly::<Shape>(&json!({"Pair": [{}, [1]]})).map(drop));
    no(strictly::<Wrapped>(&json!([1])).map(drop));
    no(strictly::<Named>(&json!({"a": null, "b": [1]})).map(drop));
    // The same where it is read from text, as files are.
    let mut text = serde_json::Deserializer::from_str(r#"{"Dot": [{"x": 1}]}"#);
    no(Shape::deserialize(Strict::new(&mut text)).map(drop).map_err(|error| error.to_string()));
}
