//! What follows from the types' descriptions: nothing but what is named may be there, what a merge patch of
//! each may hold, and what of a client's settings is shown.

use serde_json::{Map, Value, json};

use crate::admin::{CAMPAIGN_NOT_CHANGED, SETTINGS_NOT_CHANGED};

/// Completes the descriptions.
pub fn complete(schemas: &mut Map<String, Value>) {
    schemas.values_mut().for_each(closed);
    let mut settings = schemas.remove("Client").unwrap_or_default();
    without(&mut settings, &["api_keys", "simpletexting"]);
    if let Some(kajabi) = schemas.get_mut("KajabiSettings") {
        without(kajabi, &["token_hashes"]);
    }
    for hidden in ["ApiKey", "TokenHash", "SimpleTextingSettings"] {
        schemas.remove(hidden);
    }
    settings["description"] = "A client's settings, without what opens.".into();
    let mut settings_patch = patched(&settings, schemas);
    without(&mut settings_patch, &SETTINGS_NOT_CHANGED);
    let campaign = schemas.get("Campaign").cloned().unwrap_or_default();
    let mut campaign_patch = patched(&campaign, schemas);
    without(&mut campaign_patch, &CAMPAIGN_NOT_CHANGED);
    let mut new_campaign = campaign;
    without(&mut new_campaign, &["version", "auto_discovered"]);
    // Whoever writes one says nothing of its end.
    new_campaign["properties"]["status"] = json!({"type": "string", "enum": ["active", "paused"], "default": "active"});
    new_campaign["examples"] = json!([{
        "id": "spring-retreat", "name": "Spring retreat", "status": "paused",
        "forms": [{"form": "2150000888", "consent": {"version": "2026-01", "words": "Text me about the retreat."}}],
        "messages": [
            {"step": 1, "delay_minutes": 60, "text": "Hi {{first_name|there}}, it's Sam. A question about the retreat?"},
            {"step": 2, "delay_minutes": 1440, "text": "Still there, {{first_name|friend}}?"},
        ],
    }]);
    if let Some(intend) = schemas.get_mut("Intend") {
        let patch = json!({"$ref": "#/components/schemas/CampaignPatch"});
        intend["properties"]["patch"] =
            json!({"oneOf": [patch, {"type": "null"}], "description": "For `patch`: the change."});
    }
    for (name, schema) in [
        ("Settings", settings),
        ("SettingsPatch", settings_patch),
        ("CampaignPatch", campaign_patch),
        ("NewCampaign", new_campaign),
    ] {
        schemas.insert(name.to_owned(), schema);
    }
}

/// What is read strictly has no members but those that are named.
fn closed(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), false.into());
            }
            members.values_mut().for_each(closed);
        }
        Value::Array(items) => items.iter_mut().for_each(closed),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn without(schema: &mut Value, names: &[&str]) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| !names.contains(&name.as_str()));
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| name.as_str().is_none_or(|name| !names.contains(&name)));
    }
}

/// What a merge patch of it may hold: any of its members, or null for one that is to go. Lists are replaced
/// whole.
fn patched(schema: &Value, schemas: &Map<String, Value>) -> Value {
    let pointed = schema.get("$ref").and_then(Value::as_str).and_then(|to| schemas.get(to.rsplit('/').next()?));
    let schema = pointed.unwrap_or(schema);
    let Some(members) = schema.as_object() else { return schema.clone() };
    let mut members = members.clone();
    members.remove("required");
    members.remove("default");
    if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
        for property in properties.values_mut() {
            let change = patched(property, schemas);
            *property = json!({"anyOf": [change, {"type": "null"}]});
        }
    }
    // Of a patch of one of several forms it cannot be told which it is of.
    if let Some(forms) = members.remove("oneOf").or_else(|| members.remove("anyOf")) {
        let forms = forms.as_array().cloned().unwrap_or_default();
        members.insert("anyOf".to_owned(), forms.iter().map(|form| patched(form, schemas)).collect());
    }
    Value::Object(members)
}
