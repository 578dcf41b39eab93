//! From bytes to JSON. A form-encoded body becomes the object that it stands for.

use serde_json::{Map, Value};

/// Above it nothing is read: an item of the store holds 400 KB, and Kajabi's bodies a few.
pub(super) const MAX_BODY: usize = 256 * 1024;

/// How deep `a[b][c]=…` is followed.
const MAX_PATH: usize = 8;

/// The body as JSON, or why it is none. JSON is tried first, whatever the content type says: Kajabi
/// does not document the one it sends.
pub(super) fn parse(body: &[u8], content_type: Option<&str>) -> Result<Value, String> {
    if body.len() > MAX_BODY {
        return Err(format!("it is larger than {MAX_BODY} bytes"));
    }
    // A name in another encoding must not cost the lead: what cannot be read is replaced.
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    let error = match serde_json::from_str::<Value>(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if is_form(text, content_type)
        && let Ok(pairs) = serde_urlencoded::from_str::<Vec<(String, String)>>(text)
    {
        return Ok(Value::Object(object(pairs)));
    }
    // serde_json has no other way of telling; its limit is 128.
    if error.to_string().starts_with("recursion limit") {
        return Err("it is nested too deep".to_owned());
    }
    Err(format!("it is not JSON (line {}, column {}) and not form-encoded", error.line(), error.column()))
}

fn is_form(text: &str, content_type: Option<&str>) -> bool {
    let declared = content_type.is_some_and(|given| {
        let media_type = given.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    let Some((name, _)) = text.split_once('=') else { return false };
    // What is stored is read again without its content type, so a form must also show as one.
    declared
        || !(name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || "{}<>\"".contains(c)))
}

/// Pairs as an object; `form[id]=1` stands for `{"form":{"id":"1"}}`. The last of a name counts, as
/// with a hidden field before a box.
fn object(pairs: Vec<(String, String)>) -> Map<String, Value> {
    let mut whole = Map::new();
    for (name, value) in pairs {
        let (head, rest) = name.split_once('[').unwrap_or((&name, ""));
        let path: Vec<&str> =
            rest.split('[').filter(|part| !part.is_empty()).map(|part| part.trim_end_matches(']')).collect();
        if path.len() < MAX_PATH {
            put(&mut whole, head, &path, value);
        }
    }
    whole
}

fn put(object: &mut Map<String, Value>, name: &str, path: &[&str], value: String) {
    let Some((next, rest)) = path.split_first() else {
        object.insert(name.to_owned(), Value::String(value));
        return;
    };
    let inner = object.entry(name).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(inner) = inner {
        put(inner, next, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FORM: Option<&str> = Some("Application/X-WWW-Form-Urlencoded; charset=utf-8");

    #[test]
    fn json_is_read_under_any_content_type() {
        for content_type in [None, FORM, Some("text/plain"), Some("application/json"), Some("")] {
            assert_eq!(parse(b" {\"a\":1}\n", content_type), Ok(json!({"a": 1})), "{content_type:?}");
        }
        assert_eq!(parse(b"\xef\xbb\xbf{\"a\":1}", None), Ok(json!({"a": 1})));
    }

    #[test]
    fn a_form_is_read_with_its_brackets() {
        let body = b"email=pat%40example.org&name=Pat+Rivera&form[id]=7&form[data][x]=y&box=0&box=1";
        let read = json!({"email": "pat@example.org", "name": "Pat Rivera", "form": {"id": "7", "data": {"x": "y"}}, "box": "1"});
        assert_eq!(parse(body, None), Ok(read.clone()));
        assert_eq!(parse(body, FORM), Ok(read));
        assert_eq!(parse(b"a=1&a[b]=2", FORM), Ok(json!({"a": "1"})));
        let deep = format!("a{}=1", "[b]".repeat(50));
        assert_eq!(parse(deep.as_bytes(), FORM), Ok(json!({})));
    }

    #[test]
    fn a_name_in_another_encoding_does_not_cost_the_lead() {
        assert_eq!(parse(b"{\"name\":\"Jos\xe9\"}", None), Ok(json!({"name": "Jos\u{fffd}"})));
    }

    #[test]
    fn what_is_neither_says_so() {
        for (body, why) in [
            (&b""[..], "empty"),
            (b" \n", "empty"),
            (b"hello", "not JSON (line 1, column 1)"),
            (b"{\"a\":", "not JSON"),
            (b"<a b=\"c\"/>", "not form-encoded"),
            (b"=x", "not form-encoded"),
            (b"{\"a\": \"b=c\"", "not form-encoded"),
            (b"Dear sir, a=b", "not form-encoded"),
            (b"\0\x01\xff", "not JSON"),
        ] {
            let reason = parse(body, None).expect_err("unusable");
            assert!(reason.contains(why), "{reason}");
        }
        let reason = parse("[".repeat(10_000).as_bytes(), FORM).expect_err("unusable");
        assert!(reason.contains("too deep"), "{reason}");
        assert!(parse(&vec![b' '; MAX_BODY + 1], None).expect_err("unusable").contains("larger"));
    }
}
