//! The API under `/admin`: what a client's own programs see to with a key, and what no key can reach.

use lambda_http::{Body, Request, Response, http::Method};
use leadline::{
    domain::{audit::Event, client::TokenHash},
    ports::Directory,
};
use leadline_tests::world::{PUBLIC_URL, World, sample};
use serde_json::{Value, json};

const MANAGE: &str = "Bearer acme.manage-key-of-enough-length";
const READ: &str = "Bearer acme.read-key-of-enough-length";
const SEND: &str = "Bearer acme.send-key-of-enough-length";
const OVER: &str = "Bearer acme.over-key-of-enough-length";
const PAT: &str = "+13055550123";

fn client() -> Value {
    let mut client = sample();
    let key = |name: &str, scope: &str| json!({"name": name, "hash": TokenHash::of(&format!("{name}-key-of-enough-length")), "scopes": [scope]});
    let mut over = key("over", "manage");
    over["expires_at"] = "2026-01-01T00:00:00Z".into();
    client["settings"]["api_keys"] = json!([key("manage", "manage"), key("read", "read"), key("send", "send"), over]);
    client
}

async fn world() -> World {
    World::with(client(), "2026-01-06 10:00").await
}

struct Answered {
    status: u16,
    body: Value,
    response: Response<Body>,
}

async fn ask(world: &World, key: &str, method: Method, path: &str, body: impl Into<Body>) -> Answered {
    let mut request = Request::new(body.into());
    *request.method_mut() = method;
    *request.uri_mut() = format!("{PUBLIC_URL}{path}").parse().expect("an address");
    request.headers_mut().insert("authorization", key.parse().expect("a header"));
    request.headers_mut().insert("content-type", "application/json".parse().expect("a header"));
    let response = world.system.post(request).await;
    let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    Answered { status: response.status().as_u16(), body, response }
}

async fn get(world: &World, path: &str) -> Value {
    let answered = ask(world, READ, Method::GET, path, "").await;
    assert_eq!(answered.status, 200, "{}", answered.body);
    answered.body
}

async fn manage(world: &World, method: Method, path: &str, body: Value) -> (u16, Value) {
    let answered = ask(world, MANAGE, method, path, body.to_string()).await;
    (answered.status, answered.body)
}

fn header(answered: &Answered, name: &str) -> String {
    let value = answered.response.headers().get(name);
    value.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// The places that a problem names.
fn places(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().filter_map(|error| error["pointer"].as_str()).collect()
}

/// What was recorded of changes, in words.
async fn changes(world: &World) -> Vec<String> {
    let all = world.journal().await.into_iter().filter(|event| event.event == Event::SettingsChanged);
    all.filter_map(|event| event.detail).collect()
}

#[tokio::test]
async fn a_key_opens_what_its_scopes_say_while_it_lasts_and_nothing_else() {
    let world = world().await;
    let campaigns = "/admin/campaigns";
    for (key, method, path, status) in [
        (READ, Method::GET, campaigns, 200),
        (MANAGE, Method::GET, campaigns, 200),
        (READ, Method::POST, campaigns, 403),
        (SEND, Method::GET, campaigns, 403),
        (READ, Method::GET, "/sms/status", 403),
        (OVER, Method::GET, campaigns, 401),
        ("Bearer acme.some-other-key-of-this-length", Method::GET, campaigns, 401),
        ("Bearer nobody.manage-key-of-enough-length", Method::GET, campaigns, 401),
        ("Basic x", Method::GET, campaigns, 401),
        (MANAGE, Method::GET, "/admin", 404),
        (MANAGE, Method::GET, "/admin/nothing", 404),
        (MANAGE, Method::PUT, campaigns, 405),
    ] {
        let answered = ask(&world, key, method.clone(), path, "{}").await;
        assert_eq!(answered.status, status, "{method} {path} with {key}: {}", answered.body);
        if status != 200 {
            assert_eq!(header(&answered, "content-type"), "application/problem+json");
            assert_eq!(answered.body["status"], json!(status));
        }
        match status {
            401 => assert_eq!(header(&answered, "www-authenticate"), "Bearer"),
            405 => assert_eq!(header(&answered, "allow"), "GET, POST"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_campaign_is_created_changed_and_ended_and_each_change_is_recorded() {
    let world = world().await;
    let new = json!({
        "id": "retreat", "name": "  Spring   retreat ",
        "forms": [{"form": "888", "consent": {"version": "1", "words": "Text me."}}],
        "messages": [{"step": 1, "delay_minutes": 60, "text": "Hi {{first_name|there}}."}],
    });
    let (status, created) = manage(&world, Method::POST, "/admin/campaigns", new.clone()).await;
    let made = &created["campaign"];
    assert_eq!((status, &made["name"], &made["version"]), (201, &json!("Spring retreat"), &json!(1)), "{created}");
    assert!(created["warnings"].as_array().is_some_and(|warnings| !warnings.is_empty()), "who writes? {created}");
    let mut shortened = new.clone();
    shortened["id"] = "shortened".into();
    shortened["messages"][0]["text"] = "See https://bit.ly/abc".into();
    let (status, problem) = manage(&world, Method::POST, "/admin/campaigns", shortened).await;
    assert_eq!((status, places(&problem)), (422, vec!["/messages/0/text"]), "carriers drop it: {problem}");
    assert_eq!(manage(&world, Method::POST, "/admin/campaigns", new.clone()).await.0, 409, "there is one");
    let mut thief = new;
    thief["id"] = "thief".into();
    let (status, problem) = manage(&world, Method::POST, "/admin/campaigns", thief).await;
    assert_eq!(status, 409, "{problem}");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("form 888 is another campaign's")));

    let at = "/admin/campaigns/retreat";
    let messages = json!([{"step": 1, "delay_minutes": 90, "text": "Hello!"}]);
    let (status, changed) = manage(&world, Method::PATCH, at, json!({"messages": messages, "name": "Retreat"})).await;
    let now = &changed["campaign"];
    assert_eq!((status, &now["version"], &now["name"]), (200, &json!(2), &json!("Retreat")), "{changed}");
    let (status, same) = manage(&world, Method::PATCH, at, json!({"name": "Retreat"})).await;
    assert_eq!((status, &same), (200, &changed), "nothing changes");
    let (status, problem) = manage(&world, Method::PATCH, at, json!({"status": "active", "version": 7})).await;
    assert_eq!((status, places(&problem)), (400, vec!["/status", "/version"]));
    let (status, problem) = manage(&world, Method::PATCH, at, json!({"naem": null, "messages": []})).await;
    assert_eq!((status, places(&problem)), (422, vec!["/naem"]));
    let bad = json!({"messages": [{"step": 1, "delay_minutes": 500}], "name": "x".repeat(256)});
    let (status, problem) = manage(&world, Method::PATCH, at, bad).await;
    assert_eq!((status, places(&problem)), (422, vec!["/name", "/timing"]), "{problem}");
    let (_, problem) = manage(&world, Method::PATCH, at, json!({"messages": [{"step": 1, "text": "{{dog}}"}]})).await;
    assert_eq!(places(&problem), ["/messages/0/text"]);

    for (what, status) in [("pause", "paused"), ("resume", "active")] {
        let (code, campaign) = manage(&world, Method::POST, &format!("{at}/{what}"), Value::Null).await;
        assert_eq!((code, &campaign["status"]), (200, &json!(status)));
    }
    let (code, campaign) = manage(&world, Method::DELETE, at, Value::Null).await;
    assert_eq!((code, &campaign["status"]), (200, &json!("paused")), "a deletion is soft");
    let (code, campaign) = manage(&world, Method::POST, &format!("{at}/deactivate"), Value::Null).await;
    assert_eq!((code, &campaign["forms"]), (200, &json!([])), "its forms are free");
    assert_eq!(manage(&world, Method::POST, &format!("{at}/resume"), Value::Null).await.0, 409, "for good");
    assert_eq!(manage(&world, Method::PATCH, at, json!({"name": "Again"})).await.0, 409, "for good");
    assert_eq!(manage(&world, Method::GET, "/admin/campaigns/none", Value::Null).await.0, 404);
    assert_eq!(manage(&world, Method::GET, "/admin/campaigns/Not%20One", Value::Null).await.0, 404);

    let said = changes(&world).await;
    assert_eq!(said.len(), 6, "{said:?}");
    assert!(said.iter().all(|said| said.contains("by the key `manage` from ")), "{said:?}");
    assert!(said.iter().any(|said| said.starts_with("campaign retreat, version 1 to 2: messages, name, ")), "{said:?}");
}

#[tokio::test]
async fn a_form_is_made_a_campaign_once_and_by_its_own_client() {
    let world = world().await;
    let path = "/admin/campaigns/auto-create";
    let health = ask(&world, "none", Method::GET, path, "").await;
    assert_eq!((health.status, &health.body["status"]), (200, &json!("ok")));
    let asked = json!({"client_id": "acme", "form_id": "2150000999", "form_name": "Spring retreat"});
    let (first, second) = tokio::join!(
        manage(&world, Method::POST, path, asked.clone()),
        manage(&world, Method::POST, path, asked.clone())
    );
    let mut statuses = [first.0, second.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201]);
    let (made, known) = if first.0 == 201 { (first.1, second.1) } else { (second.1, first.1) };
    assert_eq!((&made["created"], &known["created"]), (&json!(true), &json!(false)));
    assert_eq!(made["campaign"], known["campaign"]);
    assert_eq!((&made["campaign"]["status"], &made["campaign"]["auto_discovered"]), (&json!("paused"), &json!(true)));
    assert_eq!(world.alerts("a form that no campaign knows: Spring retreat"), 1);
    let (status, known) =
        manage(&world, Method::POST, path, json!({"client_id": "acme", "form_id": "2150000777"})).await;
    assert_eq!((status, &known["campaign"]["id"]), (200, &json!("webinar")), "a form that a campaign knows");

    let bad = json!({"client_id": "Not One", "form_id": "a#b", "form_name": ""});
    let (status, problem) = manage(&world, Method::POST, path, bad).await;
    assert_eq!((status, places(&problem)), (400, vec!["/client_id", "/form_id", "/form_name"]));
    let (status, problem) = manage(&world, Method::POST, path, json!({"client_id": "acme", "form": "1"})).await;
    assert_eq!((status, places(&problem)), (400, vec!["/form", ""]));
    for other in ["bolt", "nobody"] {
        let (status, _) = manage(&world, Method::POST, path, json!({"client_id": other, "form_id": "1"})).await;
        assert_eq!(status, 403, "whether there is a client {other} is not told");
    }
    assert_eq!(ask(&world, READ, Method::POST, path, asked.to_string()).await.status, 403);
    assert_eq!(ask(&world, "none", Method::POST, path, asked.to_string()).await.status, 401);
}

#[tokio::test]
async fn settings_are_changed_without_what_opens_and_sending_only_with_a_reason() {
    let world = world().await;
    let settings = get(&world, "/admin/settings").await;
    assert_eq!(settings["name"], "Acme Coaching");
    let shown = settings.to_string();
    assert!(!shown.contains("hash") && !shown.contains("api_keys") && !shown.contains("token"), "{shown}");
    let at = "/admin/settings";
    let patch = json!({"name": " Acme  Academy ", "booking_link": "https://cal.com/acme", "limits": {"per_hour": 50}});
    let (status, changed) = manage(&world, Method::PATCH, at, patch).await;
    assert_eq!((status, &changed["name"], &changed["limits"]["per_hour"]), (200, &json!("Acme Academy"), &json!(50)));
    assert_eq!(changed["limits"]["per_run"], 50, "what is not named stays");
    for (patch, place) in [
        (json!({"sending": "on"}), "/sending"),
        (json!({"tier": "enterprise"}), "/tier"),
        (json!({"api_keys": []}), "/api_keys"),
        (json!({"id": "bolt"}), "/id"),
        (json!({"kajabi": {"token_hashes": []}}), "/kajabi/token_hashes"),
    ] {
        let (status, problem) = manage(&world, Method::PATCH, at, patch).await;
        assert_eq!((status, places(&problem)), (400, vec![place]));
    }
    for (patch, place) in [
        (json!({"booking_link": "javascript:alert(1)"}), "/booking_link"),
        (json!({"zone": "Mars"}), "/zone"),
        (json!({"limits": {"per_huor": 1}}), "/limits/per_huor"),
        (json!({"name": "bell\u{7}"}), "/name"),
    ] {
        let (status, problem) = manage(&world, Method::PATCH, at, patch).await;
        assert_eq!((status, places(&problem)), (422, vec![place]));
    }
    assert_eq!(manage(&world, Method::PATCH, at, json!([])).await.0, 400);
    let settings = world.system.store.client(&world.client()).await.expect("the store").expect("settings");
    assert_eq!((settings.api_keys.len(), settings.kajabi.token_hashes.len()), (4, 1), "what opens is as it was");

    assert_eq!(manage(&world, Method::POST, "/admin/settings/hold", json!({"reason": " "})).await.0, 400);
    let (status, held) = manage(&world, Method::POST, "/admin/settings/hold", json!({"reason": "wrong text"})).await;
    assert_eq!((status, &held["sending"]["on-hold"]["reason"]), (200, &json!("wrong text")));
    let (status, on) = manage(&world, Method::POST, "/admin/settings/resume", json!({"reason": "mended"})).await;
    assert_eq!((status, &on["sending"]), (200, &json!("on")));
    assert_eq!(changes(&world).await.len(), 1);
    let journal = world.journal().await;
    let lifted = journal.iter().find(|event| event.event == Event::SendingResumed).expect("recorded");
    assert!(lifted.detail.as_deref().is_some_and(|said| said.contains("the key `manage`") && said.contains("mended")));
}

#[tokio::test]
async fn a_key_is_shown_once_opens_until_it_is_revoked_and_is_listed_without_its_hash() {
    let world = world().await;
    let more = json!({"name": "more", "scopes": ["send", "manage"]});
    let (status, body) = manage(&world, Method::POST, "/admin/keys", more).await;
    assert_eq!(status, 403, "a key gives no more than it has: {body}");
    let new = json!({"name": "site", "scopes": ["read"], "days": 30});
    let (status, added) = manage(&world, Method::POST, "/admin/keys", new.clone()).await;
    assert_eq!((status, &added["expires_at"]), (201, &json!("2026-02-05T15:00:00Z")), "{added}");
    assert_eq!(manage(&world, Method::POST, "/admin/keys", new).await.0, 409, "one of that name is there");
    let key = format!("Bearer {}", added["key"].as_str().expect("a key"));
    assert_eq!(ask(&world, &key, Method::GET, "/admin/keys", "").await.status, 200);
    let listed = get(&world, "/admin/keys").await;
    assert_eq!(listed["items"][4], json!({"name": "site", "scopes": ["read"], "expires_at": "2026-02-05T15:00:00Z"}));
    assert!(!listed.to_string().contains("hash"));
    let (status, problem) =
        manage(&world, Method::POST, "/admin/keys", json!({"name": "a b", "scopes": ["read"]})).await;
    assert_eq!((status, places(&problem)), (400, vec!["/name"]));
    assert_eq!(manage(&world, Method::POST, "/admin/keys", json!({"name": "x", "scopes": ["all"]})).await.0, 400);
    assert_eq!(manage(&world, Method::DELETE, "/admin/keys/manage", Value::Null).await.0, 409, "not itself");
    assert_eq!(manage(&world, Method::DELETE, "/admin/keys/site", Value::Null).await.0, 204);
    assert_eq!(manage(&world, Method::DELETE, "/admin/keys/site", Value::Null).await.0, 404);
    assert_eq!(ask(&world, &key, Method::GET, "/admin/keys", "").await.status, 401);
    let mut said = changes(&world).await;
    said.sort();
    assert!(said[0].starts_with("a key for site: opens read, ends 2026-02-05, by the key `manage`"), "{said:?}");
    assert!(said[1].starts_with("the key of site was revoked, by the key `manage`"), "{said:?}");
}

#[tokio::test]
async fn a_minute_holds_what_the_tier_says_for_all_keys_together_and_says_when_to_go_on() {
    let mut world = world().await;
    for n in 0..60 {
        let (key, path) = if n % 2 == 0 { (READ, "/admin/keys") } else { (SEND, "/sms/status") };
        assert_ne!(ask(&world, key, Method::GET, path, "").await.status, 429, "request {n}");
    }
    let over = ask(&world, MANAGE, Method::GET, "/admin/keys", "").await;
    assert_eq!((over.status, header(&over, "retry-after")), (429, "60".to_owned()));
    assert_eq!(header(&over, "content-type"), "application/problem+json");
    let stranger = ask(&world, "Bearer acme.some-other-key-of-this-length", Method::GET, "/admin/keys", "").await;
    assert_eq!(stranger.status, 401, "a key that is none counts nothing");
    world.until("2026-01-06 10:01").await;
    assert_eq!(ask(&world, READ, Method::GET, "/admin/keys", "").await.status, 200);
    world.change(|client| client.tier = leadline::domain::client::Tier::Pro).await;
    for _ in 0..61 {
        assert_eq!(ask(&world, READ, Method::GET, "/admin/keys", "").await.status, 200);
    }
}

#[tokio::test]
async fn texts_are_listed_with_what_they_cost_and_one_is_shown_as_it_would_read() {
    let world = world().await;
    world.form("1", "Pat Rivera", PAT).await;
    let texts = get(&world, "/admin/templates").await;
    let names: Vec<&Value> = texts["items"].as_array().expect("items").iter().map(|text| &text["name"]).collect();
    assert_eq!(names, ["default", "webinar/00001", "webinar/00002"]);
    assert_eq!(texts["items"][1]["cost"], json!({"characters": 34, "segments": 1, "encoding": "gsm7"}));
    let check = async |body: Value| ask(&world, READ, Method::POST, "/admin/templates/check", body.to_string()).await;
    let text = "Hi {{first_name|there}}, it’s {{business_name}}.";
    let checked = check(json!({"text": text, "sample": {"first_name": "Kim"}})).await.body;
    assert_eq!((&checked["ok"], &checked["text"]), (&json!(true), &json!("Hi Kim, it’s Acme Coaching.")));
    assert_eq!((&checked["cost"]["encoding"], &checked["cost"]["odd"]), (&json!("ucs2"), &json!("’")));
    let lead = world.lead(PAT).await.expect("a lead").id;
    let checked = check(json!({"text": text, "lead": lead})).await.body;
    assert_eq!(checked["text"], "Hi Pat, it’s Acme Coaching.");
    for (bad, why) in [("{{dog}}", "is not a placeholder"), ("Hi {{last_name}}", "no value and no fallback")] {
        let checked = check(json!({"text": bad})).await.body;
        assert_eq!((&checked["ok"], places(&json!({"errors": checked["problems"]}))), (&json!(false), vec!["/text"]));
        assert!(checked["problems"][0]["detail"].as_str().is_some_and(|detail| detail.contains(why)), "{checked}");
    }
    assert_eq!(check(json!({"text": "Hi.", "lead": "01ARZ3NDEKTSV4RRFFQ69G5FAV"})).await.status, 404);
}

#[tokio::test]
async fn a_no_is_written_down_listed_and_taken_back_on_the_persons_own_wish() {
    let mut world = world().await;
    world.form("1", "Pat", PAT).await;
    let no = json!({"phone": "(305) 555-0123", "reason": "asked by phone"});
    let (status, said) = manage(&world, Method::POST, "/admin/opt-outs", no.clone()).await;
    assert_eq!((status, &said), (201, &json!({"phone": PAT, "opted_out": true, "ended": 1})));
    assert_eq!(manage(&world, Method::POST, "/admin/opt-outs", no).await.0, 200, "the first proof counts");
    let second = json!({"phone": "+13055550124", "reason": "a letter"});
    assert_eq!(manage(&world, Method::POST, "/admin/opt-outs", second).await.0, 201, "of nobody we know");
    let page = get(&world, "/admin/opt-outs?limit=1").await;
    assert_eq!((&page["items"][0]["phone"], &page["next"]), (&json!(PAT), &json!(PAT)));
    let page = get(&world, "/admin/opt-outs?limit=1&after=%2B13055550123").await;
    assert_eq!((&page["items"][0]["phone"], &page["next"]), (&json!("+13055550124"), &Value::Null));
    let lift = json!({"phone": PAT, "reason": "wants texts again", "proof": "email of 3 March"});
    let (status, said) = manage(&world, Method::POST, "/admin/opt-outs/lift", lift.clone()).await;
    assert_eq!((status, &said["opted_out"]), (200, &json!(false)));
    assert_eq!(manage(&world, Method::POST, "/admin/opt-outs/lift", lift).await.0, 409, "there is nothing to lift");
    let (status, problem) =
        manage(&world, Method::POST, "/admin/opt-outs", json!({"phone": "12", "reason": "x"})).await;
    assert_eq!((status, places(&problem)), (422, vec!["/phone"]));
    world.until("2026-01-06 12:00").await;
    assert_eq!(world.texts(), [], "nothing goes on by itself");
}

#[tokio::test]
async fn leads_are_given_by_page_and_one_with_all_that_happened_to_it() {
    let mut world = world().await;
    for n in 0..5 {
        world.form(&format!("{}", n + 1), "Pat", &format!("+1305555012{n}")).await;
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = get(&world, &format!("/admin/leads?limit=2{after}")).await;
        seen.extend(page["items"].as_array().expect("items").iter().map(|lead| lead["id"].to_string()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let all = seen.len();
    seen.dedup();
    assert_eq!((all, seen.len()), (5, 5));
    world.until("2026-01-06 11:30").await;
    let lead = world.lead(PAT).await.expect("a lead").id;
    let known = get(&world, &format!("/admin/leads/{lead}")).await;
    let events: Vec<&str> =
        known["journey"].as_array().expect("events").iter().filter_map(|e| e["event"].as_str()).collect();
    assert!(events.contains(&"enrolled") && events.contains(&"sms_attempt"), "{events:?}");
    assert_eq!((&known["lead"]["phone"], &known["complete"]), (&json!(PAT), &json!(true)));
    let counted = get(&world, "/admin/campaigns/webinar").await;
    assert_eq!(
        (&counted["enrolled"], &counted["active"], &counted["campaign"]["id"]),
        (&json!(5), &json!(5), &json!("webinar"))
    );
    assert_eq!(manage(&world, Method::GET, "/admin/leads/nobody", Value::Null).await.0, 404);
    world.leaves_jobs();
}

#[tokio::test]
async fn a_reply_is_noted_as_answered_once() {
    let mut world = world().await;
    world.form("1", "Pat", PAT).await;
    world.until("2026-01-06 11:10").await;
    assert_eq!(world.write(PAT, "How much is it?").await, 200);
    let path = format!("/admin/leads/{}", world.lead(PAT).await.expect("a lead").id);
    let lead = get(&world, &path).await;
    assert!(
        lead["lead"]["unanswered_since"].as_str().is_some_and(|since| since.starts_with("2026-01-06T16:10")),
        "{lead}"
    );
    let path = format!("{path}/answered");
    assert_eq!(ask(&world, READ, Method::POST, &path, "").await.status, 403);
    let (status, lead) = manage(&world, Method::POST, &path, Value::Null).await;
    assert_eq!((status, &lead["unanswered_since"]), (200, &Value::Null), "{lead}");
    assert_eq!(manage(&world, Method::POST, &path, Value::Null).await.0, 409, "nothing is left to answer");
    let nobody = "/admin/leads/01ARZ3NDEKTSV4RRFFQ69G5FAV/answered";
    assert_eq!(manage(&world, Method::POST, nobody, Value::Null).await.0, 404);
}

#[tokio::test]
async fn a_lead_is_held_released_ended_and_put_in_again_with_who_and_why() {
    let world = world().await;
    world.form("1", "Pat", PAT).await;
    let lead = world.lead(PAT).await.expect("a lead").id;
    let act = async |what: &str, body: Value| {
        manage(&world, Method::POST, &format!("/admin/leads/{lead}/{what}"), body).await
    };
    let because = || json!({"because": "on the phone with Sam"});
    assert_eq!(act("release", because()).await.0, 409, "it is not on hold");
    let (status, held) = act("hold", because()).await;
    assert_eq!((status, &held["standing"]["held"]["reason"]), (200, &json!("on the phone with Sam")), "{held}");
    let (status, open) = act("release", because()).await;
    assert_eq!((status, &open["standing"]), (200, &json!("open")), "{open}");
    let (status, ended) = act("end", json!({"because": "asked us to", "campaign": "webinar"})).await;
    assert_eq!((status, &ended["enrollments"]), (200, &json!([])), "{ended}");
    let enroll =
        |terms: &str| json!({"campaign": "webinar", "terms": terms, "basis": "paper form of 3 March, in the safe"});
    assert_eq!(act("enroll", enroll("of another year")).await.0, 409, "the campaign lists no such words");
    let (status, again) = act("enroll", enroll("2026-01")).await;
    assert_eq!((status, &again["enrollments"][0]["campaign"]), (200, &json!("webinar")), "{again}");
    assert_eq!(act("hold", json!({"because": " "})).await.0, 400);
    assert_eq!(act("hold", json!({"because": "x".repeat(201)})).await.0, 400);
    let journal = world.journal().await;
    let held = journal.iter().find(|event| event.event == Event::LeadHeld).and_then(|event| event.detail.clone());
    assert!(held.is_some_and(|said| said.contains("by the key `manage` from ")));
    for what in ["hold", "release", "end"] {
        let path = format!("/admin/leads/01ARZ3NDEKTSV4RRFFQ69G5FAV/{what}");
        assert_eq!(manage(&world, Method::POST, &path, because()).await.0, 404);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_its_place() {
    let world = world().await;
    for (path, status) in [
        ("/admin/campaigns?limit=0", 400),
        ("/admin/campaigns?limit=101", 400),
        ("/admin/campaigns?limit=1&limit=2", 400),
        ("/admin/campaigns?page=2", 400),
        ("/admin/leads?after=x", 400),
        ("/admin/campaigns?limit=100", 200),
    ] {
        assert_eq!(ask(&world, READ, Method::GET, path, "").await.status, status, "{path}");
    }
    let post = async |body: &str| ask(&world, MANAGE, Method::POST, "/admin/campaigns", body.to_owned()).await;
    assert_eq!(post("{").await.status, 400);
    assert_eq!(post(&" ".repeat(256 * 1024 + 1)).await.status, 413);
    let mut request = Request::new(Body::from("a=b"));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = format!("{PUBLIC_URL}/admin/campaigns").parse().expect("an address");
    request.headers_mut().insert("authorization", MANAGE.parse().expect("a header"));
    request.headers_mut().insert("content-type", "application/x-www-form-urlencoded".parse().expect("a header"));
    assert_eq!(world.system.post(request).await.status().as_u16(), 415);
}

#[tokio::test]
async fn what_a_change_would_do_is_told_and_nothing_is_changed() {
    let world = world().await;
    world.form("1", "Pat", PAT).await;
    let effect = "/admin/campaigns/webinar/effect";
    let of = async |change: Value| ask(&world, READ, Method::POST, effect, change.to_string()).await;
    let pause = of(json!({"change": "pause"})).await;
    assert_eq!(pause.status, 200, "{}", pause.body);
    assert_eq!((&pause.body["people"], &pause.body["affected"]), (&json!(1), &json!(1)));
    assert_eq!((&pause.body["before"]["texts"], &pause.body["after"]["texts"]), (&json!(1), &json!(0)));
    let patch = of(json!({"change": "patch", "patch": {"name": "Another name"}})).await;
    assert_eq!((patch.status, &patch.body["affected"]), (200, &json!(0)), "{}", patch.body);
    for (change, status, place) in [
        (json!({"change": "patch"}), 422, "/patch"),
        (json!({"change": "pause", "patch": {"name": "x"}}), 422, "/patch"),
        (json!({"change": "patch", "patch": {"status": "paused"}}), 400, "/status"),
        (json!({"change": "patch", "patch": {"messages": []}}), 422, ""),
        (json!({"change": "explode"}), 400, "/change"),
    ] {
        let refused = of(change.clone()).await;
        assert_eq!(refused.status, status, "{change}: {}", refused.body);
        assert!(place.is_empty() || places(&refused.body).contains(&place), "{change}: {}", refused.body);
    }
    assert_eq!(get(&world, "/admin/campaigns/webinar").await["campaign"]["status"], json!("active"));
    assert_eq!(changes(&world).await, [""; 0]);
}
