//! Settings as JSON documents: changing them by a merge patch, saying what differs, and what may stand in
//! their texts.

use serde::Serialize;
use serde_json::Value;

/// The longest text in a document, in characters. Texts of messages have a limit of their own below it.
pub const MAX_WORDS: usize = 2_000;

/// A place in a document that makes no sense, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// The place, as a JSON pointer (RFC 6901); empty for the whole of it.
    pub pointer: String,
    /// Why, in words.
    pub detail: String,
}

impl Problem {
    /// A problem at a place.
    #[must_use]
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// Problems in one line, for people.
#[must_use]
pub fn in_words(problems: &[Problem]) -> String {
    let one = |problem: &Problem| match problem.pointer.as_str() {
        "" => problem.detail.clone(),
        pointer => format!("{pointer}: {}", problem.detail),
    };
    problems.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// One step of a JSON pointer.
#[must_use]
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Applies a JSON Merge Patch (RFC 7396).
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(members) = target else { return };
    for (name, change) in changes {
        match change {
            Value::Null => drop(members.remove(name)),
            change => merge(members.entry(name.clone()).or_insert(Value::Null), change),
        }
    }
}

/// The names of the members that differ, in order.
#[must_use]
pub fn differences(old: &impl Serialize, new: &impl Serialize) -> Vec<String> {
    let members = |of: Result<Value, _>| match of {
        Ok(Value::Object(members)) => members,
        Ok(_) | Err(_) => serde_json::Map::new(),
    };
    let (old, new) = (members(serde_json::to_value(old)), members(serde_json::to_value(new)));
    let names = old.keys().chain(new.keys());
    let mut differ: Vec<String> = names.filter(|name| old.get(*name) != new.get(*name)).cloned().collect();
    differ.sort_unstable();
    differ.dedup();
    differ
}

/// The places, of those given as JSON pointers, at which two documents differ. It looks at what was made of a
/// change, and so at no shape of it.
#[must_use]
pub fn touched(old: &impl Serialize, new: &impl Serialize, pointers: &[&str]) -> Vec<Problem> {
    let (Ok(old), Ok(new)) = (serde_json::to_value(old), serde_json::to_value(new)) else {
        return vec![Problem::at("", "it cannot be written as JSON")];
    };
    let differ = pointers.iter().filter(|pointer| old.pointer(pointer) != new.pointer(pointer));
    differ.map(|pointer| Problem::at(*pointer, "it cannot be written here")).collect()
}

/// Texts that are too long or hold control characters other than line breaks and tabs, anywhere in a document.
#[must_use]
pub fn texts_that_do_not_fit(document: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    look(document, &mut String::new(), &mut problems);
    problems
}

fn look(value: &Value, pointer: &mut String, problems: &mut Vec<Problem>) {
    let length = pointer.len();
    match value {
        Value::String(text) => problems.extend(unfit(text).map(|why| Problem::at(pointer.clone(), why))),
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{n}"));
                look(item, pointer, problems);
                pointer.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                pointer.push('/');
                pointer.push_str(&escaped(name));
                look(member, pointer, problems);
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn unfit(text: &str) -> Option<String> {
    let length = text.chars().count();
    if length > MAX_WORDS {
        return Some(format!("it has {length} characters, {MAX_WORDS} are allowed"));
    }
    let odd = text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    odd.then(|| "it holds a control character".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_merge_patch_does_what_the_rfc_says() {
        // The test cases of RFC 7396, appendix A.
        for (mut target, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let before = target.clone();
            merge(&mut target, &patch);
            assert_eq!(target, expected, "{before} with {patch}");
        }
    }

    #[test]
    fn a_text_that_does_not_fit_is_named_by_its_place() {
        let document = json!({"a/b": ["fine\n", {"c~d": "bell\u{7}"}], "e": "x".repeat(MAX_WORDS + 1), "f": 1});
        let found = texts_that_do_not_fit(&document);
        let pointers: Vec<&str> = found.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a~1b/1/c~0d", "/e"]);
        assert!(document.pointer(pointers[0]).is_some());
    }

    #[test]
    fn a_protected_place_that_was_touched_is_named_whatever_touched_it() {
        let old = json!({"id": "a", "kajabi": {"token_hashes": [1]}, "zone": "UTC"});
        let guarded = ["/id", "/kajabi/token_hashes", "/tier"];
        let places = |new: Value| -> Vec<String> {
            touched(&old, &new, &guarded).into_iter().map(|problem| problem.pointer).collect()
        };
        assert_eq!(places(json!({"id": "a", "kajabi": {"token_hashes": [1], "more": 1}, "zone": "x"})), [""; 0]);
        assert_eq!(places(json!({"id": "a", "kajabi": {"token_hashes": [2]}})), ["/kajabi/token_hashes"]);
        assert_eq!(places(json!({"id": "a", "kajabi": null, "tier": "pro"})), ["/kajabi/token_hashes", "/tier"]);
        assert_eq!(places(json!([])), ["/id", "/kajabi/token_hashes"]);
    }

    #[test]
    fn what_differs_is_named_once() {
        let (old, new) = (json!({"a": 1, "b": 2, "c": 3}), json!({"a": 1, "b": 5, "d": 4}));
        assert_eq!(differences(&old, &new), ["b", "c", "d"]);
    }
}
