//! `leadline clients set`: one setting of a client changed by its path, as a merge into what stands.

use std::path::Path;

use anyhow::{Context, bail};
use leadline::domain::{
    client::Client,
    document::{in_words, touched},
};
use serde_json::{Map, Value};

use crate::read;

/// Settings that have a command of their own, or that cannot be changed, with what to do.
const NOT_HERE: [(&str, &str); 6] = [
    ("id", "an id cannot be changed: it is in every address"),
    ("since", "it says when the client began"),
    ("sending", "use `leadline hold` and `leadline resume`"),
    ("api_keys", "use `leadline keys`"),
    ("kajabi.token_hashes", "use `leadline clients token`"),
    ("simpletexting", "use `leadline clients token`"),
];

/// The same as JSON pointers: setting what they are a part of must leave them as they are.
const GUARDED: [&str; 6] = ["/id", "/since", "/sending", "/api_keys", "/kajabi/token_hashes", "/simpletexting"];

/// A change of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path.
    pub path: String,
    /// What stood there; nothing, if it was not set.
    pub old: Option<Value>,
    /// What stands there then.
    pub new: Option<Value>,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "not set".to_owned(), Value::to_string);
        write!(f, "{}: {} → {}", self.path, shown(&self.old), shown(&self.new))
    }
}

/// The settings with one of them changed. `value` is JSON, or else plain words; `null` takes the setting out.
///
/// # Errors
/// When there is no such setting, it cannot hold the value, or it has a command of its own.
pub fn merged(client: &Client, path: &str, value: &str) -> anyhow::Result<Client> {
    let meant = |other: &str| path == other || path.strip_prefix(other).is_some_and(|rest| rest.starts_with('.'));
    if let Some((_, instead)) = NOT_HERE.iter().find(|(other, _)| meant(other)) {
        bail!("`{path}` is not set here: {instead}");
    }
    let words = Value::String(value.to_owned());
    let read_as = serde_json::from_str(value).unwrap_or_else(|_| words.clone());
    match with(client, path, read_as.clone()) {
        // A name may look like a number.
        Err(_) if read_as != words && !read_as.is_null() => {
            with(client, path, words).or_else(|_| with(client, path, read_as))
        }
        done => done,
    }
}

fn with(client: &Client, path: &str, value: Value) -> anyhow::Result<Client> {
    let mut settings = serde_json::to_value(client)?;
    let mut at = settings.as_object_mut().context("settings are an object")?;
    let mut parts: Vec<&str> = path.split('.').collect();
    let last = parts.pop().filter(|last| !last.is_empty()).context("say which setting")?;
    for (n, part) in parts.iter().enumerate() {
        let below = at.entry(*part).or_insert_with(|| Value::Object(Map::new()));
        if below.is_null() {
            *below = Value::Object(Map::new());
        }
        let stands = below.to_string();
        let so_far = path.split('.').take(n + 1).collect::<Vec<_>>().join(".");
        at = below.as_object_mut().with_context(|| format!("`{so_far}` is {stands} and has no parts: set it whole"))?;
    }
    match value {
        Value::Null => drop(at.remove(last)),
        value => drop(at.insert(last.to_owned(), value)),
    }
    // Read like a file: a setting that nothing stands for is an error.
    let new: Client = read::parse(Path::new("the settings"), settings.to_string().as_bytes())?;
    let changed = touched(client, &new, &GUARDED);
    anyhow::ensure!(changed.is_empty(), "{}", in_words(&changed));
    Ok(new)
}

/// What differs, by path.
///
/// # Errors
/// When settings cannot be written as JSON.
pub fn changes(old: &Client, new: &Client) -> anyhow::Result<Vec<Change>> {
    let mut found = Vec::new();
    compare("", Some(&serde_json::to_value(old)?), Some(&serde_json::to_value(new)?), &mut found);
    Ok(found)
}

fn compare(path: &str, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<Change>) {
    if old == new {
        return;
    }
    if let (Some(Value::Object(before)), Some(Value::Object(after))) = (old, new) {
        let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            compare(&path, before.get(name), after.get(name), found);
        }
        return;
    }
    found.push(Change { path: path.to_owned(), old: old.cloned(), new: new.cloned() });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn client() -> Client {
        serde_json::from_value(json!({
            "id": "acme", "name": "Acme Coaching", "zone": "America/New_York", "admin_email": "owner@example.com",
            "mode": {"test": {"phone": null, "email": null}},
            "provider": {"twilio": {"account_sid": "AC1", "sender": {"number": "+13055550199"}}},
            "kajabi": {"token_hashes": []},
        }))
        .expect("a client")
    }

    fn said(path: &str, value: &str) -> Vec<String> {
        let new = merged(&client(), path, value).expect(path);
        changes(&client(), &new).expect("changes").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_setting_is_changed_by_its_path_and_nothing_else_is() {
        assert_eq!(said("zone", "America/Chicago"), [r#"zone: "America/New_York" → "America/Chicago""#]);
        assert_eq!(said("limits.per_hour", "200"), ["limits.per_hour: 100 → 200"]);
        assert_eq!(said("mode.test.phone", "+13055550111"), [r#"mode.test.phone: null → "+13055550111""#]);
        assert_eq!(said("mode", "live"), [r#"mode: {"test":{"email":null,"phone":null}} → "live""#]);
        assert_eq!(said("cleared_states", r#"["TX"]"#), [r#"cleared_states: not set → ["TX"]"#]);
        assert_eq!(said("name", "1234"), [r#"name: "Acme Coaching" → "1234""#], "a name may look like a number");
        assert_eq!(said("kajabi.compare.site_id", "2147000001").len(), 1);
        assert_eq!(said("zone", "America/New_York"), [""; 0]);
        let linked = merged(&client(), "booking_link", "example.org/sam").expect("set");
        assert_eq!(merged(&linked, "booking_link", "null").expect("taken out"), client());
    }

    #[test]
    fn what_makes_no_sense_and_what_has_its_own_command_is_refused() {
        for (path, value, why) in [
            ("zone", "Mars", "`zone`"),
            ("zoen", "America/Chicago", "there is no such field"),
            ("limits.per_hour", "many", "`limits.per_hour`"),
            ("name", "null", "missing field `name`"),
            ("name.first", "Pat", "`name` is \"Acme Coaching\" and has no parts"),
            ("", "x", "say which setting"),
            ("id", "other", "cannot be changed"),
            ("sending", "on", "leadline hold"),
            ("sending.on-hold", "{}", "leadline hold"),
            ("kajabi.token_hashes", "[]", "leadline clients token"),
            ("simpletexting.token_hashes", "[]", "leadline clients token"),
            (
                "kajabi",
                r#"[["0000000000000000000000000000000000000000000000000000000000000000"]]"#,
                "must be an object",
            ),
            (
                "kajabi",
                r#"{"token_hashes": ["0000000000000000000000000000000000000000000000000000000000000000"]}"#,
                "/kajabi/token_hashes: it cannot be written here",
            ),
            ("limits", "[1, 2, 3]", "must be an object"),
        ] {
            let error = format!("{:#}", merged(&client(), path, value).expect_err(path));
            assert!(error.contains(why), "{path}: {error}");
        }
    }
}
