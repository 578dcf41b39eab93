//! The shapes that Kajabi's bodies come in, told apart once so that nobody else has to.

use serde_json::{Map, Value};

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// A body whose shape is known.
pub(super) struct Shape<'a> {
    /// The object that is the body, unless the body is a list.
    pub outer: Option<&'a Object>,
    /// What the event is about.
    pub inside: Inside<'a>,
}

/// What an event is about.
pub(super) enum Inside<'a> {
    /// JSON:API resources, in no order (Public API).
    Resources(Vec<&'a Object>),
    /// Plain fields (dashboard): those of `payload`, if there is one, and of the outer object.
    Flat(Option<&'a Object>),
}

impl<'a> Shape<'a> {
    /// The shape of a body, or `None` if it is neither an object nor a list.
    pub fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::Array(items) => Some(Self { outer: None, inside: Inside::of_list(items) }),
            Value::Object(outer) => {
                let inside = match outer.get("payload") {
                    Some(Value::Array(items)) => Inside::of_list(items),
                    Some(Value::Object(payload)) if is_resource(payload) => Inside::Resources(vec![payload]),
                    Some(Value::Object(payload)) => Inside::Flat(Some(payload)),
                    _ if is_resource(outer) => Inside::Resources(vec![outer]),
                    _ => Inside::Flat(None),
                };
                Some(Self { outer: Some(outer), inside })
            }
            _ => None,
        }
    }

    /// The objects that plain fields are looked for in, the outer one first.
    pub fn flat(&self) -> impl Iterator<Item = &'a Object> {
        let payload = match self.inside {
            Inside::Flat(payload) => payload,
            Inside::Resources(_) => None,
        };
        self.outer.into_iter().chain(payload)
    }

    /// The resources of one type.
    pub fn resources(&self, of_type: &str) -> impl Iterator<Item = &'a Object> {
        let all = match &self.inside {
            Inside::Resources(all) => all.as_slice(),
            Inside::Flat(_) => &[],
        };
        all.iter().copied().filter(move |resource| resource.get("type").and_then(Value::as_str) == Some(of_type))
    }

    /// The event's name, if it says one.
    pub fn event(&self) -> Option<&'a str> {
        self.flat().find_map(|fields| fields.get("event")?.as_str().map(str::trim).filter(|name| !name.is_empty()))
    }

    /// The id of the outer object or, if it has none, of the payload.
    pub fn id(&self) -> Option<String> {
        self.flat().find_map(|fields| id_at(fields, &["id"]))
    }
}

impl<'a> Inside<'a> {
    fn of_list(items: &'a [Value]) -> Self {
        match items {
            [Value::Object(only)] if !is_resource(only) => Self::Flat(Some(only)),
            _ => Self::Resources(items.iter().filter_map(Value::as_object).collect()),
        }
    }
}

fn is_resource(object: &Object) -> bool {
    object.get("attributes").is_some_and(Value::is_object)
}

/// The value at a path of names.
pub(super) fn at<'a>(object: &'a Object, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(object.get(*first)?, |value, name| value.get(*name))
}

/// An id at a path of names: Kajabi gives ids as texts and as numbers.
pub(super) fn id_at(object: &Object, path: &[&str]) -> Option<String> {
    match at(object, path)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|id| !id.is_empty()),
        number => integer(number),
    }
}

/// A whole number as text. One that JSON cannot carry exactly is none: two ids could become one.
pub(super) fn integer(value: &Value) -> Option<String> {
    const EXACT: f64 = 9_007_199_254_740_991.0;
    let Value::Number(number) = value else { return None };
    if number.is_u64() || number.is_i64() {
        return Some(number.to_string());
    }
    number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT).map(|float| format!("{float:.0}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_id_is_a_text_or_a_whole_number() {
        for (id, read) in [
            (json!("2150000001"), Some("2150000001")),
            (json!(" a-b "), Some("a-b")),
            (json!(2_150_000_001_u64), Some("2150000001")),
            (json!(2150000001.0), Some("2150000001")),
            (json!(0), Some("0")),
            (json!(""), None),
            (json!(1.5), None),
            (json!(1e300), None),
            (json!(null), None),
            (json!(true), None),
            (json!({"id": 1}), None),
        ] {
            let body = json!({"id": id});
            assert_eq!(Shape::of(&body).and_then(|shape| shape.id()).as_deref(), read, "{body}");
        }
        let large: Value = serde_json::from_str(r#"{"id":18446744073709551617}"#).expect("JSON");
        assert_eq!(Shape::of(&large).and_then(|shape| shape.id()), None);
    }

    #[test]
    fn each_shape_is_told_apart() {
        let resource = json!({"id": "1", "type": "form_submissions", "attributes": {}});
        for body in [json!({"payload": [resource]}), json!([resource]), json!({"payload": resource}), resource.clone()]
        {
            let shape = Shape::of(&body).expect("a shape");
            assert_eq!(shape.resources("form_submissions").count(), 1, "{body}");
        }
        for body in [
            json!({"email": "x"}),
            json!({"payload": {"email": "x"}}),
            json!([{"email": "x"}]),
            json!({"payload": [{"email": "x"}]}),
        ] {
            let shape = Shape::of(&body).expect("a shape");
            assert!(shape.flat().any(|fields| fields.contains_key("email")), "{body}");
        }
        for body in [json!(null), json!(1), json!("x"), json!(true)] {
            assert!(Shape::of(&body).is_none(), "{body}");
        }
    }
}
