//! An array in the place of an object is refused wherever the API reads one, and what is guarded stays as it is
//! whatever shape a change has.

use lambda_http::{Body, Request, http::Method};
use leadline::{domain::client::TokenHash, ports::Directory};
use leadline_tests::world::{PUBLIC_URL, TOKEN, World, form, sample};
use serde_json::{Map, Value, json};

const KEY: &str = "manage-key-of-enough-length";
const PAT: &str = "+13055550123";
/// What the API says of an array in the place of an object.
const NO_OBJECT: &str = "must be an object";

async fn world() -> World {
    let mut client = sample();
    client["settings"]["tier"] = "enterprise".into();
    client["settings"]["api_keys"] =
        json!([{"name": "manage", "hash": TokenHash::of(KEY), "scopes": ["manage", "send", "status"]}]);
    World::with(client, "2026-01-06 10:00").await
}

async fn ask(world: &World, method: &str, path: &str, body: &Value) -> (u16, Value) {
    ask_in_words(world, method, path, &body.to_string()).await
}

async fn ask_in_words(world: &World, method: &str, path: &str, body: &str) -> (u16, Value) {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
    *request.uri_mut() = format!("{PUBLIC_URL}{path}").parse().expect("an address");
    request.headers_mut().insert("authorization", format!("Bearer acme.{KEY}").parse().expect("a header"));
    request.headers_mut().insert("content-type", "application/json".parse().expect("a header"));
    let response = world.system.post(request).await;
    let status = response.status().as_u16();
    (status, serde_json::from_slice(response.body()).unwrap_or(Value::Null))
}

async fn stands(world: &World) -> (Value, Value, usize) {
    let store = &world.system.store;
    let client = store.client(&world.client()).await.expect("the store").expect("settings");
    let campaigns = store.campaigns(&world.client()).await.expect("the store");
    let journal = world.journal().await.len();
    (json!(client), json!(campaigns), journal)
}

#[tokio::test]
async fn no_patch_of_any_shape_replaces_the_webhooks_token() {
    let world = world().await;
    let before = stands(&world).await;
    let planted = "a-planted-token-of-enough-length";
    let hash = TokenHash::of(planted);
    for (patch, status) in [
        (json!({"kajabi": [[hash]]}), 422),
        (json!({"kajabi": [[hash], false, null]}), 422),
        (json!({"kajabi": {"token_hashes": [hash]}}), 400),
        (json!({"kajabi": null}), 422),
        (json!({"simpletexting": [[hash]]}), 400),
        (json!([{"kajabi": [[hash]]}]), 400),
        (json!({"sending": "on"}), 400),
        (json!({"limits": [1, 1, 1, 1, 1]}), 422),
        (json!({"mode": {"test": [PAT, null]}}), 422),
        (json!({"recipient_policy": [["TX"]]}), 422),
    ] {
        let (answered, problem) = ask(&world, "patch", "/admin/settings", &patch).await;
        assert_eq!(answered, status, "{patch}: {problem}");
    }
    let (_, problem) = ask(&world, "patch", "/admin/settings", &json!({"kajabi": [[hash]]})).await;
    assert_eq!(problem["errors"][0]["pointer"], "/kajabi");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(NO_OBJECT)), "{problem}");
    assert_eq!(stands(&world).await, before);

    let event = form("1", "Pat Rivera", PAT).to_string();
    let json = [("content-type", "application/json")];
    assert_eq!(world.post(&format!("/webhooks/kajabi/acme/{planted}"), event.clone(), &json).await, 404);
    assert_eq!(world.post(&format!("/webhooks/kajabi/acme/{TOKEN}"), event, &json).await, 200);
    let (status, settings) =
        ask(&world, "patch", "/admin/settings", &json!({"kajabi": {"require_signature": true}})).await;
    assert_eq!((status, &settings["kajabi"]["require_signature"]), (200, &json!(true)), "the rest may be changed");
}

/// Instances of the schemas of a description.
struct Schemas<'a>(&'a Map<String, Value>);

impl Schemas<'_> {
    fn resolved<'b>(&'b self, schema: &'b Value) -> &'b Value {
        let named = schema["$ref"].as_str().and_then(|to| self.0.get(to.rsplit('/').next()?));
        named.map_or(schema, |schema| self.resolved(schema))
    }

    fn forms(schema: &Value) -> &[Value] {
        let of = |name: &str| schema[name].as_array().map(Vec::as_slice);
        of("oneOf").or_else(|| of("anyOf")).unwrap_or_default()
    }

    /// Something that looks like what is described, with nothing that may be left out.
    fn example(&self, schema: &Value) -> Value {
        let schema = self.resolved(schema);
        if let Some(example) = schema.get("example").or_else(|| schema["examples"].get(0)) {
            return example.clone();
        }
        if let Some(first) = schema.get("const").or_else(|| schema["enum"].get(0)) {
            return first.clone();
        }
        if let Some(first) = Self::forms(schema).first() {
            return self.example(first);
        }
        let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or_default();
        match kind {
            "object" => {
                let required = schema["required"].as_array().cloned().unwrap_or_default();
                let names = required.iter().filter_map(Value::as_str);
                names.map(|name| (name.to_owned(), self.example(&schema["properties"][name]))).collect()
            }
            "array" => json!([self.example(&schema["items"])]),
            "integer" | "number" => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
            "boolean" => json!(true),
            "string" if schema["format"] == "date-time" => json!("2026-01-06T00:00:00Z"),
            "string" => json!("888"),
            _ => Value::Null,
        }
    }

    /// What looks like what is described but for one object, in whose place there is an array, for each object and
    /// each way to write its members in order.
    fn with_an_array(&self, schema: &Value, depth: usize) -> Vec<Value> {
        let schema = self.resolved(schema);
        let mut found = Vec::new();
        if depth == 0 {
            return found;
        }
        found.extend(Self::forms(schema).iter().flat_map(|form| self.with_an_array(form, depth)));
        if let Some(properties) = schema["properties"].as_object() {
            found.push(json!([]));
            found.push(properties.values().map(|property| self.example(property)).collect());
            for (name, property) in properties {
                found.extend(self.with_an_array(property, depth - 1).into_iter().map(|inner| {
                    let mut whole = self.example(schema);
                    whole[name.as_str()] = inner;
                    whole
                }));
            }
        }
        if let Some(items) = schema.get("items") {
            found.extend(self.with_an_array(items, depth).into_iter().map(|inner| json!([inner])));
        }
        found
    }
}

#[tokio::test]
async fn every_object_of_every_body_in_the_description_is_refused_as_an_array() {
    let world = world().await;
    world.form("1", "Pat Rivera", PAT).await;
    let lead = world.lead(PAT).await.expect("a lead").id.to_string();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let document: Value = serde_json::from_slice(&std::fs::read(path).expect("the file")).expect("JSON");
    let schemas = Schemas(document["components"]["schemas"].as_object().expect("schemas"));
    let before = stands(&world).await;
    let (mut tried, mut as_arrays) = (0, 0);
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let Some(content) = operation["requestBody"]["content"].as_object() else { continue };
            let at = path.replace("{id}", if path.contains("/leads/") { &lead } else { "webinar" });
            for body in content.values().flat_map(|kind| schemas.with_an_array(&kind["schema"], 6)) {
                let (status, problem) = ask(&world, method, &at, &body).await;
                assert!(matches!(status, 400 | 422), "{method} {at} {body}: {status} {problem}");
                tried += 1;
                as_arrays += usize::from(problem["detail"].as_str().is_some_and(|why| why.contains(NO_OBJECT)));
            }
        }
    }
    assert_eq!(stands(&world).await, before);
    // The rest has forms of which serde reads none from an array, or is a patch as a whole.
    assert!(tried >= 150 && as_arrays >= 60, "{as_arrays} of {tried} were refused as arrays of members");
}

#[tokio::test]
async fn a_member_that_stands_twice_is_refused_and_nothing_is_changed() {
    let world = world().await;
    let before = stands(&world).await;
    for (method, path, body) in [
        ("post", "/admin/opt-outs", r#"{"phone":"(305) 555-0123","phone":"(305) 555-0124","reason":"x"}"#),
        ("patch", "/admin/settings", r#"{"limits":{"per_hour":1,"per_hour":9}}"#),
        ("post", "/admin/settings/hold", r#"{"reason":"a","reason":"b"}"#),
    ] {
        let (status, problem) = ask_in_words(&world, method, path, body).await;
        assert_eq!(status, 400, "{path}: {problem}");
        assert!(problem.to_string().contains("stands twice"), "{path}: {problem}");
    }
    assert_eq!(stands(&world).await, before);
}
