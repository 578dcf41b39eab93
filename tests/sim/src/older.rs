//! Items as the release of before writes them, and as a release after this one may.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Fields that the release of before does not know. It reads an item without them and writes it back
/// without them; this release must take up such an item where it stands.
const NEWER: [&str; 7] = ["asked", "ask_at", "try_at", "refusals", "query", "counts_from", "unanswered"];

/// An item after the release of before has written it. `None` if this release cannot read it, which it
/// must; or if it cannot read it with a field that a later release adds, which it must as well.
#[must_use]
pub fn older<T: Serialize + DeserializeOwned + PartialEq>(item: &T) -> Option<T> {
    let mut json = serde_json::to_value(item).ok()?;
    let mut newer = json.clone();
    walk(&mut newer, &|object| {
        object.insert("added_later".to_owned(), Value::Bool(true));
    });
    if serde_json::from_value::<T>(newer).ok().as_ref() != Some(item) {
        return None;
    }
    walk(&mut json, &|object| object.retain(|name, _| !NEWER.contains(&name.as_str())));
    serde_json::from_value(json).ok()
}

fn walk(json: &mut Value, change: &impl Fn(&mut serde_json::Map<String, Value>)) {
    match json {
        Value::Object(object) => {
            // Of an enum's variant only the fields grow, not the object that names it.
            let names_a_variant = object.len() == 1 && object.values().all(Value::is_object);
            object.values_mut().for_each(|value| walk(value, change));
            if !names_a_variant {
                change(object);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
