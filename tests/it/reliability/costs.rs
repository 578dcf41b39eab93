//! What a text costs at the table, counted: at most 4 calls and 6 write units, its audit included.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture},
    orchestrator::HttpRequest,
};
use aws_smithy_types::body::SdkBody;
use leadline::{
    aws::dynamodb::DynamoStore,
    ports::{Census, Clock, LeadStore, SideWrites},
};
use leadline_cli::system::TABLE;
use leadline_standins::dynamo::{self, DynamoConnector};
use leadline_tests::world::{World, new_york, sample};
use serde_json::{Value, json};

/// One call, and what it consumed.
#[derive(Debug, Clone, PartialEq)]
struct Call {
    operation: String,
    units: f64,
}

/// Asks for the consumed capacity of every call, and adds it up.
#[derive(Debug, Clone)]
struct Meter {
    inner: DynamoConnector,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl HttpConnector for Meter {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let operation = dynamo::operation(&request).unwrap_or_default().to_owned();
        let mut body: Value = serde_json::from_slice(request.body().bytes().expect("a body in memory")).expect("JSON");
        body["ReturnConsumedCapacity"] = json!("TOTAL");
        *request.body_mut() = SdkBody::from(body.to_string());
        let (answer, calls) = (self.inner.call(request), self.calls.clone());
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            let body: Value = serde_json::from_slice(answer.body().bytes().expect("a body in memory")).expect("JSON");
            let of_one = |consumed: &Value| consumed["CapacityUnits"].as_f64().unwrap_or_default();
            let units = match &body["ConsumedCapacity"] {
                Value::Array(tables) => tables.iter().map(of_one).sum(),
                consumed => of_one(consumed),
            };
            calls.lock().expect("no panic").push(Call { operation, units });
            Ok(answer)
        })
    }
}

impl Meter {
    fn over(world: &World) -> (Self, Arc<DynamoStore>) {
        let meter = Self { inner: world.system.dynamo.connector(), calls: Arc::default() };
        let client: Client = dynamo::client_over(meter.clone());
        (meter, Arc::new(DynamoStore::new(client, TABLE)))
    }

    fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().expect("no panic"))
    }
}

fn write_units(calls: &[Call]) -> f64 {
    let writes = |call: &&Call| !matches!(call.operation.as_str(), "GetItem" | "BatchGetItem" | "Query");
    calls.iter().filter(writes).map(|call| call.units).sum()
}

fn names(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.operation.as_str()).collect()
}

/// What the sender does at the table for one text.
async fn cost_of_a_text(world: &mut World) -> Vec<Call> {
    world.system.schedule().await.expect("a run");
    let (meter, store) = Meter::over(world);
    world.system.sender.store = store.clone();
    let before = world.texts().len();
    world.system.send().await;
    assert_eq!(world.texts().len(), before + 1);
    meter.calls()
}

#[tokio::test]
async fn a_text_costs_four_calls_and_at_most_six_write_units() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat Rivera", "3055550123").await;
    for (day, which) in [("2026-01-06 15:00", "first"), ("2026-01-08 15:00", "last")] {
        world.system.clock.set(new_york(day));
        let calls = cost_of_a_text(&mut world).await;
        assert_eq!(names(&calls), ["BatchGetItem", "PutItem", "PutItem", "PutItem"], "the {which} text");
        let units = write_units(&calls);
        assert!(units <= 6.0, "the {which} text cost {units}: {calls:?}");
    }
}

#[tokio::test]
async fn a_text_of_two_segments_and_a_long_name_costs_no_more() {
    let mut client = sample();
    let text =
        format!("Hi {{{{first_name|there}}}}, it's Sam from Acme Coaching. {} Reply STOP to end.", "word ".repeat(40));
    client["campaigns"][0]["messages"][0]["text"] = json!(text);
    let mut world = World::with(client, "2026-01-06 14:00").await;
    world.form("1", "Maximiliana Featherstonehaugh-Cholmondeley", "3055550123").await;
    world.system.clock.set(new_york("2026-01-06 15:00"));
    let calls = cost_of_a_text(&mut world).await;
    assert!(write_units(&calls) <= 6.0, "{calls:?}");
}

#[tokio::test]
async fn a_run_reads_only_what_is_due_however_many_leads_there_are() {
    let mut counts = Vec::new();
    for waiting in [10, 400] {
        let mut client = sample();
        client["campaigns"][0]["messages"][0]["delay_minutes"] = json!(100);
        client["campaigns"].as_array_mut().expect("campaigns").push(json!({
            "id": "soon", "name": "Soon",
            "forms": [{"form": "2150000888", "consent": {"version": "1", "words": "Text me."}}],
            "messages": [{"step": 1, "delay_minutes": 60, "text": "Hi."}],
        }));
        let mut world = World::with(client, "2026-01-06 14:00").await;
        for n in 0..waiting {
            world.form(&(n + 1).to_string(), "Pat", &format!("30555{:05}", 50_000 + n)).await;
        }
        for n in 0..5 {
            let mut event = leadline_tests::world::form(&(n + 10_001).to_string(), "Kim", &format!("305555010{n}"));
            event["payload"][0]["relationships"]["form"]["data"]["id"] = json!("2150000888");
            assert_eq!(world.kajabi(&event).await, 200);
        }
        world.system.clock.set(new_york("2026-01-06 15:00"));
        let (meter, store) = Meter::over(&world);
        let scheduler = &mut world.system.scheduler;
        scheduler.store = store.clone();
        let summary = world.system.schedule().await.expect("a run");
        assert_eq!(summary.queued, 5);
        let calls = meter.calls();
        let units: f64 = calls.iter().map(|call| call.units).sum();
        counts.push((calls.len(), units));
        world.leaves_jobs();
    }
    assert_eq!(counts[0], counts[1], "(calls, units) with 10 leads waiting and with 400");
}

#[tokio::test]
async fn a_text_to_somebody_who_waits_for_an_answer_costs_no_more() {
    let mut client = sample();
    client["campaigns"][0]["on_reply"] = json!("go-on");
    let mut world = World::with(client, "2026-01-06 14:00").await;
    world.form("1", "Pat Rivera", "3055550123").await;
    world.until("2026-01-06 15:10").await;
    assert_eq!(world.reply(&format!("SM{:032}", 1), "+13055550123", "How much is it?").await, 200);
    world.system.clock.set(new_york("2026-01-08 15:01"));
    let calls = cost_of_a_text(&mut world).await;
    assert_eq!(names(&calls), ["BatchGetItem", "PutItem", "PutItem", "PutItem"]);
    assert!(write_units(&calls) <= 6.0, "{calls:?}");
    assert!(world.lead("+13055550123").await.is_some_and(|lead| lead.unanswered.is_some()));
}

#[tokio::test]
async fn what_a_report_reads_of_those_who_wait_does_not_depend_on_how_many_leads_there_are() {
    let mut counts = Vec::new();
    for (leads, held) in [(10, 3), (200, 3), (200, 60)] {
        let mut client = sample();
        client["campaigns"][0]["messages"][0]["delay_minutes"] = json!(9_000);
        client["campaigns"][0]["timing"] = json!({"earliest_minutes": 60, "latest_minutes": 20_000});
        let mut world = World::with(client, "2026-01-06 14:00").await;
        for n in 0..leads {
            world.form(&(n + 1).to_string(), "Pat", &format!("30555{:05}", 50_000 + n)).await;
        }
        let store = world.system.store.clone();
        for id in store.lead_ids(&world.client(), None, held).await.expect("the store") {
            let stored = store.lead(&world.client(), id).await.expect("the store").expect("a lead");
            let mut lead = stored.lead;
            lead.hold_person("in doubt", world.system.clock.now());
            store.save(&lead, Some(stored.rev), SideWrites::default()).await.expect("written");
        }
        for day in ["2026-01-07 09:00", "2026-01-08 09:00"] {
            world.system.clock.set(new_york(day));
            world.system.report().await.expect("a report");
        }
        world.system.clock.set(new_york("2026-01-09 09:00"));
        let (meter, metered) = Meter::over(&world);
        let reporter = &mut world.system.reporter;
        reporter.store = metered.clone();
        world.system.report().await.expect("a report");
        let report = world.system.mailbox.sent().pop().expect("a report").email;
        assert!(report.text.contains(&format!("{held} people are held for your decision")), "{}", report.text);
        counts
            .push(meter.calls().iter().filter(|call| call.operation != "PutItem").map(|call| call.units).sum::<f64>());
        world.leaves_jobs();
    }
    assert!((counts[0] - counts[1]).abs() < f64::EPSILON, "read units with 10 leads and with 200: {counts:?}");
    // At most 20 of a kind are read, each with its data: 40 items of at most a unit each, and the keys.
    assert!(counts[2] <= counts[0] + 45.0, "with 60 held of 200: {counts:?}");
}
