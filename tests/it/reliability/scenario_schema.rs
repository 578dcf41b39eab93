//! The published schema of scenarios against the scenarios that we ship: editors check files with it,
//! so it must neither refuse what is right nor let through what is misspelt.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jsonschema::Validator;
use serde_json::{Value, json};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The JSON files of one folder of `events/`. A folder without one would make its test say nothing.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(ROOT).join("events").join(folder)).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "events/{folder} holds no JSON file");
    files
}

fn schema() -> Validator {
    let schema = read(&Path::new(ROOT).join("docs/scenario.schema.json"));
    jsonschema::validator_for(&schema).expect("the schema is one")
}

/// Everything that the schema says against a scenario.
fn problems(schema: &Validator, scenario: &Value) -> Vec<String> {
    schema.iter_errors(scenario).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn tuesday() -> Value {
    read(&Path::new(ROOT).join("events/scenarios/tuesday.json"))
}

#[test]
fn every_scenario_that_we_ship_keeps_to_the_schema() {
    let schema = schema();
    for file in files("scenarios") {
        assert_eq!(problems(&schema, &read(&file)), Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn the_sample_clients_can_stand_in_a_scenario() {
    let schema = schema();
    for file in files("sample") {
        let mut scenario = read(&file);
        scenario["start"] = json!("2026-01-06T13:55:00-05:00");
        assert_eq!(problems(&schema, &scenario), Vec::<String>::new(), "{}", file.display());
    }
}

/// A place in the scenario, as a JSON pointer, and what is put there.
type Mistake = (&'static str, &'static str, Value);

fn mistakes() -> Vec<Mistake> {
    let settings = "/clients/0/settings";
    let campaign = "/clients/0/campaigns/0";
    vec![
        ("", "nonsense", json!(1)),
        ("/clients/0", "nonsense", json!(1)),
        (settings, "zoen", json!("America/New_York")),
        (settings, "mode", json!("lively")),
        (settings, "limits", json!({"per_rnu": 50})),
        (settings, "window", json!({"days": [], "opens": "08:00", "closes": "20:00"})),
        (campaign, "forms", json!([{"form": 2_150_000_777_u64}])),
        (campaign, "messages", json!([{"step": 1, "text": " "}])),
        (campaign, "triggers", json!([{"on": "bought", "then": {"end": "purchased"}}])),
        (campaign, "triggers", json!([{"on": "order", "then": {"end": "completed"}}])),
        (campaign, "triggers", json!([{"on": "tag-added", "then": {"enroll": {}}}])),
        (campaign, "messages", json!([{"step": 1, "at": "25:00"}])),
        (campaign, "messages", json!([{"step": 1, "weekdays": []}])),
        (campaign, "messages", json!([{"step": 1, "late": "later"}])),
        (campaign, "webinar", json!({"at": "2026-01-15T19:00:00-05:00", "link": "http://example.com/live"})),
        (campaign, "re_enroll", json!({"after_days": 0})),
        (settings, "sequences", json!("one")),
        ("", "start", json!("2026-01-06T13:55:00")),
        ("/deliveries/0", "sending", json!({"state": "on"})),
        ("/deliveries/0/kajabi", "clinet", json!("acme")),
        ("/deliveries/0/kajabi", "body", json!({})),
        (settings, "on_cancelled", json!({"campain": "webinar"})),
        ("/deliveries/0", "booking", json!({"by": "calendly", "body": {}})),
    ]
}

#[test]
fn a_scenario_with_a_mistake_is_refused() {
    let schema = schema();
    assert_eq!(problems(&schema, &tuesday()), Vec::<String>::new());
    for (place, field, value) in mistakes() {
        let mut scenario = tuesday();
        let there = scenario.pointer_mut(place).and_then(Value::as_object_mut).expect("an object");
        there.insert(field.to_owned(), value);
        assert!(!schema.is_valid(&scenario), "`{field}` in `{place}` was let through");
    }
}
