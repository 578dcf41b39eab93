//! `leadline erase`: nothing that a person is known by is left in the table but their opt-out.

use lambda_http::{Body, Request, http::Method};
use leadline::{
    aws::dynamodb::{DynamoErasures, DynamoStore},
    domain::{
        audit::{Event, Status},
        client::TokenHash,
        event::{EventKey, Proof, RawEvent, Source},
        ids::{LeadId, RunId},
        lead::Outcome,
        phone::{PhoneNumber, Region},
    },
    flows::{by_hand::OperatorActions, erase::Erased, record::Recorder},
    ports::{Clock, Directory, ErasureLedger, EventStore, LeadStore, OptOuts},
    runtime::RandomIds,
};
use leadline_cli::{
    connect::Connection,
    erase::run,
    import,
    person::told_here,
    system::{ERASURES, TABLE},
};
use leadline_tests::world::{PUBLIC_URL, World, form, sample};
use serde_json::{Value, json};

const PAT: &str = "+13055550123";
const SAID: &str = "SM000000000000000000000000000000aa";

/// Every item of a table, as text.
async fn items(world: &World, table: &str) -> Vec<String> {
    let (mut all, mut from) = (Vec::new(), None);
    loop {
        let scan = world.system.dynamo.client().scan().table_name(table).set_exclusive_start_key(from);
        let found = scan.send().await.expect("the table");
        all.extend(found.items.unwrap_or_default().into_iter().map(|item| format!("{item:?}")));
        from = found.last_evaluated_key;
        if from.is_none() {
            return all;
        }
    }
}

/// Everything in the table, as text.
async fn table(world: &World) -> String {
    items(world, TABLE).await.concat()
}

fn connection(world: &World) -> Connection {
    let store = DynamoStore::new(world.system.dynamo.client(), TABLE);
    Connection { store, now: world.system.clock.now(), client: world.client() }
}

async fn erase_in(world: &World, erasures: &str, lead: &str, because: &str) -> anyhow::Result<Erased> {
    let ledger = DynamoErasures::new(world.system.dynamo.client(), erasures);
    run(&connection(world), &ledger, lead, because, "sam").await
}

async fn erase(world: &World, lead: &str) -> anyhow::Result<Erased> {
    erase_in(world, ERASURES, lead, "asked by email").await
}

async fn texted() -> World {
    let mut world = World::at("2026-01-06 10:00").await;
    world.form("1", "Patricia", PAT).await;
    world.form("2", "Kimberley", "+13055550124").await;
    world.until("2026-01-06 11:30").await;
    world
}

#[tokio::test]
async fn everything_that_a_person_is_known_by_goes_and_nobody_elses_data_does() {
    let mut world = texted().await;
    world.reply(SAID, PAT, "Call me at my sister's place").await;
    let before = table(&world).await;
    for known in ["Patricia", "3055550123", "1@example.org", "sister"] {
        assert!(before.contains(known), "{known} is there before");
    }
    let erased = erase(&world, PAT).await.expect("it can be erased");
    assert_eq!(erased.events_emptied, 2, "the form and the reply");
    let after = table(&world).await;
    for known in ["Patricia", "5550123", "555-0123", "1@example.org", "sister"] {
        assert!(!after.contains(known), "{known} is left");
    }
    assert!(after.contains("Kimberley") && after.contains("3055550124"));
    assert_eq!(world.reasons(Event::Erased).await, ["request"]);
    world.until("2026-01-09 12:00").await;
    assert_eq!(world.texts().iter().filter(|text| text.1 == PAT).count(), 1, "nothing goes out any more");
    assert!(erase(&world, PAT).await.is_err(), "the number leads nowhere");
}

#[tokio::test]
async fn a_no_outlives_the_person_and_stands_when_the_number_comes_again() {
    let mut world = texted().await;
    world.reply(SAID, PAT, "STOP").await;
    erase(&world, PAT).await.expect("it can be erased");
    world.form("3", "Patricia", PAT).await;
    world.until("2026-01-09 12:00").await;
    assert_eq!(world.texts().iter().filter(|text| text.1 == PAT).count(), 1);
    assert_eq!(world.reasons(Event::Rejected).await, ["opted_out"]);
}

#[tokio::test]
async fn a_no_that_was_taken_back_goes_with_everything_else() {
    let world = texted().await;
    world.reply(SAID, PAT, "leave me alone, says my sister").await;
    world.reply("SM000000000000000000000000000000ab", PAT, "START").await;
    erase(&world, PAT).await.expect("it can be erased");
    let after = table(&world).await;
    for known in ["Patricia", "5550123", "sister"] {
        assert!(!after.contains(known), "{known} is left");
    }
}

#[tokio::test]
async fn the_sequence_ends_and_the_books_still_balance() {
    let mut world = texted().await;
    erase(&world, PAT).await.expect("it can be erased");
    let ended: Vec<Option<Outcome>> =
        world.journal().await.iter().filter(|event| event.event == Event::EnrollmentEnded).map(|e| e.ended).collect();
    assert_eq!(ended, [Some(Outcome::Abandoned)]);
    world.until("2026-01-07 12:00").await;
    assert_eq!(world.alerts("books off"), 0);
}

/// What Patricia Rosenqvist of 12 Maple Street is known by, in lower case. Numbers are compared by their digits.
const KNOWN: [&str; 9] = [
    "patricia",
    "rosenqvist",
    "maple",
    "3055550123",
    "3055550177",
    "pr@example.org",
    "pr%40example.org",
    "rosenqvist@example.net",
    "pr.office@example.com",
];
const CALL: &str = "Call me at 12 Maple Street, says Patricia, or write to pr@example.org";

/// The items of a table that hold something that the person is known by, and what.
async fn traces(world: &World, table: &str) -> Vec<(&'static str, String)> {
    let mut traces = Vec::new();
    for item in items(world, table).await {
        let lower = item.to_lowercase();
        let digits: String = item.chars().filter(char::is_ascii_digit).collect();
        for known in KNOWN {
            if lower.contains(known) || (known.starts_with("305") && digits.contains(known)) {
                traces.push((known, item.clone()));
            }
        }
    }
    traces
}

/// The sample client with single texts by API, a form for imported lists, and a purchase that ends the sequence.
fn client() -> Value {
    let mut client = sample();
    client["settings"]["api_keys"] =
        json!([{"name": "site", "hash": TokenHash::of("local-key-for-this-machine"), "scopes": ["send", "status"]}]);
    let all = client["campaigns"].as_array_mut().expect("campaigns");
    all[0]["forms"]
        .as_array_mut()
        .expect("forms")
        .push(json!({"form": "list", "consent": {"version": "list-1", "words": "Text me."}}));
    all.push(json!({
        "id": "direct", "name": "Single texts", "messages": [{"step": 1, "text": "{{message}}"}],
        "timing": {"earliest_minutes": 0, "latest_minutes": 1440, "latest_counts": "wall-clock"},
    }));
    client
}

fn patricia(id: &str, email: &str, phone: &str) -> Value {
    let mut sent = form(id, "Patricia Rosenqvist", phone);
    sent["payload"][0]["attributes"]["email"] = json!(email);
    sent["payload"][0]["attributes"]["address_line_1"] = json!("12 Maple Street");
    sent
}

async fn single_text(world: &World, id: &str, to: &str, text: &str) {
    let mut request = Request::new(Body::from(json!({"to": to, "text": text}).to_string()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = format!("{PUBLIC_URL}/sms/send").parse().expect("an address");
    let key = "Bearer acme.local-key-for-this-machine";
    request.headers_mut().insert("authorization", key.parse().expect("a header"));
    request.headers_mut().insert("idempotency-key", id.parse().expect("a header"));
    assert!(world.system.post(request).await.status().is_success());
}

async fn booked(world: &World, n: u32, more: Value) {
    let uri = format!("https://api.calendly.com/scheduled_events/EVT{n}/invitees/INV{n}");
    let starts = json!({"start_time": "2026-03-09T16:00:00.000000Z"});
    let mut payload = json!({"uri": uri, "name": "Patricia Rosenqvist", "scheduled_event": starts});
    for (name, value) in more.as_object().expect("an object") {
        payload[name] = value.clone();
    }
    let said_at = world.system.clock.now().to_rfc3339();
    let event = json!({"event": "invitee.created", "created_at": said_at, "payload": payload});
    assert_eq!(world.calendly(&event).await, 200);
}

async fn imported(world: &World) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("list.csv");
    let list = "First Name,Last Name,Mobile,email\nPatricia,Rosenqvist,305.555.0123,pr@example.org\n";
    std::fs::write(&file, list).expect("written");
    let maps = vec![("Mobile".to_owned(), "phone".to_owned())];
    let form = "list".parse().expect("a form");
    let options = import::Options { file, form, maps, dry_run: false, rejected: None, json: false, quiet: true };
    let settings = world.system.store.client(&world.client()).await.expect("the store").expect("settings");
    import::run(&connection(world), &settings, &options, 1).await.expect("imported");
}

/// Patricia has left every kind of trace there is.
async fn known_in_every_way() -> (World, LeadId) {
    let mut world = World::with(client(), "2026-01-06 09:00").await;
    // An event that makes no sense, before anybody knows her.
    let mut odd = patricia("90", "pr@example.org", PAT);
    odd["payload"][0]["relationships"] = json!({});
    assert_eq!(world.kajabi(&odd).await, 200);
    booked(&world, 1, json!({"email": "pr.office@example.com", "text_reminder_number": PAT})).await;
    let off = json!({"event": "invitee.canceled", "created_at": "2026-01-06T14:10:00Z", "payload": {
        "uri": "https://api.calendly.com/scheduled_events/EVT1/invitees/INV1", "name": "Patricia Rosenqvist",
        "email": "pr.office@example.com", "scheduled_event": {"start_time": "2026-03-09T16:00:00.000000Z"},
    }});
    world.until("2026-01-06 09:30").await;
    assert_eq!(world.calendly(&off).await, 200);
    assert_eq!(world.kajabi(&patricia("1", "pr@example.org", "(305) 555-0123")).await, 200);
    assert_eq!(world.kajabi(&patricia("1", "pr@example.org", "(305) 555-0123")).await, 200, "posted again");
    assert_eq!(world.kajabi(&patricia("2", "rosenqvist@example.net", "1-305-555-0123")).await, 200);
    let contact = |event: &str, email: &str, phone: &str| {
        let attributes = json!({"name": "Patricia Rosenqvist", "email": email, "phone_number": phone,
            "address_line_1": "12 Maple Street", "updated_at": "2026-01-06T15:00:00.000Z"});
        json!({"id": format!("c-{phone}"), "event": event,
            "payload": [{"id": format!("c-{phone}"), "type": "contacts", "attributes": attributes}]})
    };
    assert_eq!(world.kajabi(&contact("contact_updated", "rosenqvist@example.net", "305-555-0177")).await, 200);
    assert_eq!(world.kajabi(&contact("contact_created", "pr@example.org", "305 555 0177")).await, 200, "a former one");
    imported(&world).await;
    world.until("2026-01-06 11:00").await;
    let texts: Vec<_> = world.system.carrier.ledger();
    assert!(texts.iter().any(|text| text.body.contains("Patricia")), "{texts:?}");
    assert_eq!(world.receipt(&texts[0], "delivered", None).await, 204);
    single_text(&world, "seat-of-305-555-0123", PAT, "Patricia, your seat is saved.").await;
    world.until("2026-01-06 11:30").await;
    let id = world.lead(PAT).await.expect("a lead").id;
    let content = json!({"email": "rosenqvist@example.net", "tracking": {"utm_content": format!("lead_{id}")}});
    booked(&world, 2, content).await;
    world.until("2026-01-07 11:00").await;
    opted_out_and_back(&world, id).await;
    world.until("2026-01-07 12:00").await;
    (world, id)
}

/// She answers, is held, opts out in many words, takes it back, and opts out anew.
async fn opted_out_and_back(world: &World, id: LeadId) {
    let store = world.system.store.as_ref();
    let settings = store.client(&world.client()).await.expect("the store").expect("settings");
    let now = world.system.clock.now();
    let hand =
        OperatorActions { directory: store, leads: store, alerts: told_here(store), ids: &RandomIds, by: "Kim", now };
    assert_eq!(world.reply("SM00000000000000000000000000000001", PAT, CALL).await, 200);
    assert_eq!(world.reply("SM00000000000000000000000000000002", PAT, "no thanks").await, 200);
    hand.decide_held(&settings, id, leadline::flows::by_hand::Verdict::GoOn, "Patricia said so")
        .await
        .expect("decided");
    hand.hold_lead(&settings, id, "Mrs. Rosenqvist is in hospital").await.expect("held");
    assert_eq!(world.reply("SM00000000000000000000000000000003", PAT, "STOP texting Patricia Rosenqvist").await, 200);
    let number = PhoneNumber::parse(PAT, Region::default()).expect("a number");
    hand.lift_opt_out(&settings, &number, "Patricia Rosenqvist asked for it", "a letter from 12 Maple Street")
        .await
        .expect("lifted");
    let words = "Stop texting me, Patricia Rosenqvist, 12 Maple Street";
    assert_eq!(world.reply("SM00000000000000000000000000000004", PAT, words).await, 200);
    assert!(matches!(
        world.lead(PAT).await.expect("a lead").standing,
        leadline::domain::contact_status::ContactStatus::OptedOut(_)
    ));
}

#[tokio::test]
async fn of_every_kind_of_trace_nothing_is_left_but_the_number_of_the_opt_out() {
    let (world, id) = known_in_every_way().await;
    world.form("77", "Kimberley", "+13055550124").await;
    for known in KNOWN {
        assert!(traces(&world, TABLE).await.iter().any(|(found, _)| *found == known), "{known} is there before");
    }
    let erased = erase(&world, PAT).await.expect("it can be erased");
    let left = traces(&world, TABLE).await;
    let kinds: Vec<_> =
        left.iter().map(|(known, item)| (*known, item.contains("OPTOUTS") || item.contains("\"PHONE\""))).collect();
    assert_eq!(kinds, [("3055550123", true), ("3055550123", true)], "{left:#?}");
    assert_eq!(traces(&world, ERASURES).await, [], "what is remembered are hashes");
    assert!((1..=5).contains(&erased.days) && erased.events_searched >= erased.events_emptied, "{erased:?}");
    assert!(erased.events_emptied >= 14 && erased.records_emptied >= 20, "{erased:?}");
    assert_eq!((erased.numbers, erased.addresses, erased.opt_outs), (1, 3, 1), "{erased:?}");
    assert!(erased.other_leads.is_empty(), "{erased:?}");
    assert!(table(&world).await.contains("Kimberley"), "nobody else's data goes");

    let listed = world.system.store.opt_outs(&world.client()).await.expect("the list");
    let words = listed[0].opt_out.words.clone().unwrap_or_default();
    assert!(words.starts_with("(erased; SHA-256 ") && listed[0].lifted.is_none(), "{words}");
    let again = erase(&world, &id.to_string()).await.expect("it can be repeated by the lead's id");
    assert_eq!((again.events_emptied, again.records_emptied, again.numbers), (0, 0, 0), "{again:?}");
}

#[tokio::test]
async fn what_others_said_of_a_person_goes_with_them() {
    let mut world = texted().await;
    let her = world.lead(PAT).await.expect("a lead").id;
    world.form("3", "Robin", "+13055550125").await;
    world.form("4", "Sascha", "+13055550126").await;
    assert_eq!(world.kajabi(&patricia("5", "pr@example.org", PAT)).await, 200);
    world.until("2026-01-06 13:30").await;
    let said = "Stop texting me. I am not Patricia Rosenqvist, she has (305) 555-0123 and pr@example.org";
    world.reply("SM00000000000000000000000000000021", "+13055550124", said).await;
    world.reply("SM00000000000000000000000000000022", "+13055550125", "STOP texting my wife Patricia Rosenqvist").await;
    let store = world.system.store.as_ref();
    let settings = store.client(&world.client()).await.expect("the store").expect("settings");
    let now = world.system.clock.now();
    let by =
        OperatorActions { directory: store, leads: store, alerts: told_here(store), ids: &RandomIds, by: "Kim", now };
    let sascha = world.lead("+13055550126").await.expect("a lead").id;
    by.hold_lead(&settings, sascha, "is the mother of Patricia Rosenqvist, 305-555-0123").await.expect("held");
    let robin = PhoneNumber::parse("+13055550125", Region::default()).expect("a number");
    by.lift_opt_out(&settings, &robin, "he meant pr@example.org", "a call of Patricia Rosenqvist")
        .await
        .expect("lifted");
    by.hold(&settings.id, "Patricia Rosenqvist complained, +1 305 555 0123").await.expect("held");
    let erased = erase(&world, &her.to_string()).await.expect("it can be erased");
    assert!(erased.other_leads.contains(&sascha) && erased.other_leads.len() >= 3, "{erased:?}");
    assert_eq!(traces(&world, TABLE).await, []);
    let after = table(&world).await;
    for kept in ["Stop texting me. I am not xxxxxxxx", "is the mother of xxxxxxxx", "Kimberley", "Robin"] {
        assert!(after.contains(kept), "{kept}");
    }
    let listed = world.system.store.opt_outs(&world.client()).await.expect("the list");
    assert_eq!(listed.len(), 2, "their opt-outs stay");
}

#[tokio::test]
async fn a_namesake_keeps_every_word_and_who_spoke_of_the_person_keeps_all_others() {
    let world = World::at("2026-01-06 09:00").await;
    world.form("1", "Pat Rivera", PAT).await;
    world.form("2", "Pat Rivera", "+13055550144").await;
    let mut told = form("3", "Ola Nor", "+13055550145");
    told["payload"][0]["attributes"]["custom_2"] = json!("Pat Rivera, (305) 555-0123, told me about you");
    assert_eq!(world.kajabi(&told).await, 200);
    let theirs = "Pat Rivera here: can I bring my son on Tuesday at 4?";
    world.reply("SM00000000000000000000000000000031", "+13055550144", theirs).await;
    let boss = "My boss is Pat Rivera. Please call me at 4 on Tuesday, I want two seats";
    world.reply("SM00000000000000000000000000000032", "+13055550145", boss).await;
    erase(&world, PAT).await.expect("it can be erased");
    let after = table(&world).await;
    assert!(after.contains(theirs), "a namesake's own words are theirs");
    assert!(after.contains("My boss is xxx xxxxxx. Please call me at 4 on Tuesday, I want two seats"));
    let ola = world.lead("+13055550145").await.expect("a lead").id;
    let stored = world.system.store.lead(&world.client(), ola).await.expect("the store").expect("Ola");
    let answer = stored.profile.answers.get("custom_2").cloned().unwrap_or_default();
    assert_eq!(answer, "xxx xxxxxx, (xxx) xxx-xxxx, told me about you");
    let ledger = DynamoErasures::new(world.system.dynamo.client(), ERASURES);
    let refused = run(&connection(&world), &ledger, &ola.to_string(), "asked", "Ola Nor").await;
    assert!(refused.expect_err("it would stay in the audit").to_string().contains("names the person"));
}

#[tokio::test]
async fn an_erasure_that_cannot_be_remembered_is_not_begun_and_a_reason_that_names_the_person_is_refused() {
    let world = texted().await;
    let before = items(&world, TABLE).await.iter().filter(|item| item.contains("Patricia")).count();
    let error = erase_in(&world, "nowhere", PAT, "asked by email").await.expect_err("there is no such table");
    assert!(error.to_string().contains("no data was erased"), "{error}");
    for reason in ["Patricia asked", "asked by 1@example.org", "call from (305) 555-0123"] {
        let error = erase_in(&world, ERASURES, PAT, reason).await.expect_err("it would stay in the audit");
        assert!(error.to_string().contains("names the person"), "{error}");
    }
    assert_eq!(items(&world, TABLE).await.iter().filter(|item| item.contains("Patricia")).count(), before);
    assert_eq!(items(&world, ERASURES).await, [""; 0]);
}

#[tokio::test]
async fn an_opt_out_that_is_not_processed_yet_is_not_erased_with_the_person() {
    let world = texted().await;
    let body = format!("MessageSid={SAID}&From=%2B13055550123&To=%2B13055550199&Body=STOP");
    let (key, now) = (EventKey(format!("tw:in:{SAID}")), world.system.clock.now());
    let event = RawEvent::new(key, world.client(), Source::TwilioInbound, body, now);
    let ids = world.system.webhook.ids.as_ref();
    let run = RunId(ids.new_id(now));
    let client = world.client();
    let recorder = Recorder { ids, client: &client, test: false, run, now };
    let received = recorder.event(Event::EventReceived, Status::Ok).because("twilio-inbound", event.key.0.clone());
    world.system.store.receive(&event, received).await.expect("stored");
    let error = erase(&world, PAT).await.expect_err("the opt-out would be lost");
    assert!(error.to_string().contains("not processed yet"), "{error}");
    assert_eq!(items(&world, ERASURES).await, [""; 0], "nothing was begun");
    let mut world = world;
    world.until("2026-01-06 12:00").await;
    erase(&world, PAT).await.expect("it can be erased now");
    let listed = world.system.store.opt_outs(&world.client()).await.expect("the list");
    assert_eq!(listed.len(), 1, "and the opt-out stays with the number");
}

#[tokio::test]
async fn somebody_who_mentions_a_person_is_not_taken_for_them() {
    let world = texted().await;
    let stranger = "+13055550155";
    world.reply(SAID, stranger, "Please text Patricia at (305) 555-0123 instead").await;
    erase(&world, PAT).await.expect("it can be erased");
    let theirs = world.lead(stranger).await.expect("the stranger is a lead of their own");
    assert_eq!(theirs.phone.as_ref().map(PhoneNumber::e164), Some(stranger));
    let shown = table(&world).await;
    assert!(shown.contains("3055550155") && !shown.contains("555-0123"), "only what names the person went");
}

#[tokio::test]
async fn an_erasure_is_remembered_with_the_lead_and_hashes() {
    let world = texted().await;
    let id = world.lead(PAT).await.expect("a lead").id;
    erase(&world, PAT).await.expect("it can be erased");
    let ledger = DynamoErasures::new(world.system.dynamo.client(), ERASURES);
    let kept = ledger.erasures(&world.client(), chrono::DateTime::UNIX_EPOCH).await.expect("the ledger");
    assert_eq!(
        kept.iter().map(|record| (record.lead, record.at)).collect::<Vec<_>>(),
        [(id, world.system.clock.now())]
    );
    let number = PhoneNumber::parse(PAT, Region::default()).expect("a number");
    assert!(kept[0].knows(Some(&number), None) && kept[0].salt.len() >= 32);
}

#[tokio::test]
async fn another_lead_with_the_same_address_keeps_its_data_and_is_named() {
    let world = World::at("2026-01-06 10:00").await;
    assert_eq!(world.kajabi(&patricia("1", "pr@example.org", PAT)).await, 200);
    let mut other = form("2", "Kimberley", "+13055550124");
    other["payload"][0]["attributes"]["email"] = json!("pr@example.org");
    assert_eq!(world.kajabi(&other).await, 200);
    let kim = world.lead("+13055550124").await.expect("another lead");
    let erased = erase(&world, PAT).await.expect("it can be erased");
    assert_eq!((erased.events_emptied, erased.events_redacted), (1, 1), "{erased:?}");
    assert_eq!(erased.other_leads.iter().copied().collect::<Vec<_>>(), [kim.id]);
    assert_eq!(traces(&world, TABLE).await, []);
    let after = table(&world).await;
    assert!(after.contains("Kimberley") && after.contains("13055550124"));
    assert!(world.lead("+13055550124").await.is_some_and(|lead| lead.enrollments.len() == 1), "its sequence goes on");
}

#[tokio::test]
async fn a_raw_event_that_proves_nothing_goes_after_weeks_and_a_proof_after_years() {
    let mut world = World::with(client(), "2026-01-06 10:00").await;
    world.form("1", "Patricia", PAT).await;
    let mut unknown = form("2", "Kimberley", "+13055550124");
    unknown["payload"][0]["relationships"]["form"]["data"]["id"] = json!("5");
    assert_eq!(world.kajabi(&unknown).await, 200);
    world.until("2026-01-06 11:30").await;
    world.reply(SAID, PAT, "Thanks!").await;
    let stop = "SM000000000000000000000000000000ab";
    world.reply(stop, PAT, "STOP").await;
    let start = "SM000000000000000000000000000000ac";
    world.reply(start, PAT, "START").await;
    let now = world.system.clock.now().timestamp();
    let client = world.system.dynamo.client();
    let found = client.scan().table_name(TABLE).send().await.expect("the table").items.expect("items");
    let weeks = |key: &str| {
        let pk = format!("C#acme#EV#{key}");
        let item = found.iter().find(|item| item["pk"].as_s() == Ok(&pk)).expect(key);
        (item["ttl"].as_n().expect("a number").parse::<i64>().expect("seconds") - now) / (7 * 86_400)
    };
    let forms: Vec<String> = found
        .iter()
        .filter_map(|item| item["pk"].as_s().ok()?.strip_prefix("C#acme#EV#kj").map(|rest| format!("kj{rest}")))
        .collect();
    let mut kept: Vec<i64> = forms.iter().map(|key| weeks(key)).collect();
    kept.sort_unstable();
    assert_eq!(kept, [7, 261], "the form of nobody's campaign, and the one that gave consent");
    for (sid, least) in [(SAID, 7), (stop, 260), (start, 260)] {
        let event = world.system.store.event(&world.client(), &EventKey(format!("tw:in:{sid}"))).await;
        let event = event.expect("the store").expect("the event");
        assert_eq!(event.proves, (least > 7).then_some(Proof::OptOut), "{sid}");
        assert!((least..=least + 1).contains(&weeks(&format!("tw:in:{sid}"))), "{sid}");
    }
}
