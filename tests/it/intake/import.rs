//! `leadline import`: a list of people, what becomes of each row, and that doing it again changes nothing.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture},
        orchestrator::{HttpRequest, HttpResponse},
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use leadline::{
    aws::dynamodb::DynamoStore,
    domain::audit::Event,
    ports::{Clock, Directory},
};
use leadline_cli::{
    connect::Connection,
    import::{Options, Summary, run},
    system::TABLE,
};
use leadline_standins::dynamo::{DynamoConnector, client_over, operation};
use leadline_tests::world::{World, sample};
use serde_json::json;

const LIST: &str = "\
First Name,Mobile,email,custom_1
Pat,(305) 555-0123,pat@example.org,Yes
Kim,305-555-0124,kim@example.org,Yes
Pat again,+1 305 555 0123,pat2@example.org,Yes
Nobody,12,nobody@example.org,Yes
Lou,3055550125,lou@example.org,no
";

/// The sample client, whose campaign lists a form for imports, with a box for consent.
async fn world() -> World {
    let mut client = sample();
    let consent = json!({"version": "list-1", "words": "Text me.", "given_by": {"answer": {"field": "custom_1", "values": ["yes"]}}});
    client["campaigns"][0]["forms"].as_array_mut().expect("forms").push(json!({"form": "list", "consent": consent}));
    World::with(client, "2026-01-06 10:00").await
}

async fn import(world: &World, folder: &tempfile::TempDir, list: &str, dry_run: bool) -> anyhow::Result<Summary> {
    import_into(DynamoStore::new(world.system.dynamo.client(), TABLE), world, folder, list, dry_run).await
}

async fn import_into(
    store: DynamoStore,
    world: &World,
    folder: &tempfile::TempDir,
    list: &str,
    dry_run: bool,
) -> anyhow::Result<Summary> {
    let file = folder.path().join("list.csv");
    std::fs::write(&file, list)?;
    let there = Connection { store, now: world.system.clock.now(), client: world.client() };
    let client = world.system.store.client(&world.client()).await??;
    let options = Options {
        file,
        form: "list".parse()?,
        maps: vec![("Mobile".to_owned(), "phone".to_owned())],
        dry_run,
        rejected: None,
        json: false,
        quiet: true,
    };
    run(&there, &client, &options, u64::try_from(list.lines().count() - 1)?).await
}

fn rejected(summary: &Summary) -> Vec<Vec<String>> {
    let path: &PathBuf = summary.rejected_file.as_ref().expect("a file of rejected rows");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).expect("the file");
    reader.records().map(|record| record.expect("a record").iter().map(str::to_owned).collect()).collect()
}

fn counts(summary: &Summary) -> (u64, u64, Vec<(&str, u64)>) {
    let turned = summary.turned_away.iter().map(|(code, count)| (code.as_str(), *count)).collect();
    (summary.enrolled, summary.known, turned)
}

#[tokio::test]
async fn each_row_ends_enrolled_or_with_a_reason_and_again_changes_nothing() {
    let mut world = world().await;
    let folder = tempfile::tempdir().expect("a folder");
    let dry = import(&world, &folder, LIST, true).await.expect("it can be looked at");
    assert_eq!(counts(&dry), (3, 0, vec![("no_valid_phone", 1), ("twice_in_the_file", 1)]));
    assert!(world.reasons(Event::EventReceived).await.is_empty(), "a dry run writes nothing");

    let summary = import(&world, &folder, LIST, false).await.expect("it can be brought in");
    let turned = vec![("no_consent", 1), ("no_valid_phone", 1), ("twice_in_the_file", 1)];
    assert_eq!(counts(&summary), (2, 0, turned.clone()));
    let mut reasons: Vec<(String, String)> =
        rejected(&summary).into_iter().map(|row| (row[0].clone(), row[4].clone())).collect();
    reasons[1..].sort();
    assert_eq!(reasons[0], ("First Name".to_owned(), "reason".to_owned()));
    assert_eq!(reasons.len(), 4);
    assert!(reasons.contains(&("Pat again".to_owned(), "the number is in line 2 already".to_owned())), "{reasons:?}");

    let journal = world.journal().await.len();
    let again = import(&world, &folder, LIST, false).await.expect("it can be brought in");
    assert_eq!(counts(&again), (0, 3, vec![("no_valid_phone", 1), ("twice_in_the_file", 1)]));
    assert_eq!(world.journal().await.len(), journal, "nothing happened");

    world.until("2026-01-06 11:30").await;
    let mut texted: Vec<String> = world.texts().into_iter().map(|text| text.1).collect();
    texted.sort();
    assert_eq!(texted, ["+13055550123", "+13055550124"]);
}

#[tokio::test]
async fn who_was_texted_lately_is_passed_over_and_who_said_no_is_not_brought_in() {
    let mut world = world().await;
    world.form("1", "Pat", "+13055550123").await;
    world.form("2", "Kim", "+13055550124").await;
    world.until("2026-01-06 12:00").await;
    world.reply("SM000000000000000000000000000000aa", "+13055550124", "STOP").await;
    let folder = tempfile::tempdir().expect("a folder");
    let summary = import(&world, &folder, LIST, false).await.expect("it can be brought in");
    assert_eq!(summary.enrolled, 0);
    let turned: Vec<&str> = summary.turned_away.keys().map(String::as_str).collect();
    assert_eq!(turned, ["no_consent", "no_valid_phone", "opted_out", "texted_lately", "twice_in_the_file"]);
}

#[tokio::test]
async fn a_list_without_a_campaign_or_a_number_is_refused_whole() {
    let world = World::at("2026-01-06 10:00").await;
    let folder = tempfile::tempdir().expect("a folder");
    let error = import(&world, &folder, LIST, false).await.expect_err("no campaign lists the form");
    assert!(error.to_string().contains("no campaign lists form list"), "{error}");
    let world = self::world().await;
    let error = import(&world, &folder, "Mobile,email\n", false).await;
    assert_eq!(error.expect("an empty list").rows, 0);
    let error = import(&world, &folder, "name,email\nPat,pat@example.org\n", false).await.expect_err("no such column");
    assert!(error.to_string().contains("there is no column `Mobile`"), "{error}");
}

/// A table that at first is too busy for every third write, or that writes and loses the answer.
#[derive(Debug, Clone)]
struct Busy {
    inner: DynamoConnector,
    writes: Arc<AtomicU32>,
    loses: bool,
}

/// Writes after which it is busy no more: fewer than all rows make, so that no row is turned away in every try.
const BUSY: u32 = 45;

impl HttpConnector for Busy {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let write = operation(&request) == Some("TransactWriteItems");
        let busy = write && {
            let before = self.writes.fetch_add(1, Ordering::Relaxed);
            before < BUSY && before.is_multiple_of(3)
        };
        if !busy {
            return self.inner.call(request);
        }
        let body = json!({"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "busy"});
        let status = StatusCode::try_from(400).expect("a status");
        let answer = HttpResponse::new(status, SdkBody::from(body.to_string()));
        let written = self.loses.then(|| self.inner.call(request));
        HttpConnectorFuture::new(async move {
            if let Some(written) = written {
                written.await?;
            }
            Ok(answer)
        })
    }
}

#[tokio::test]
async fn a_table_that_is_busy_or_loses_answers_makes_it_slower_and_nothing_else() {
    for loses in [false, true] {
        let mut world = world().await;
        let folder = tempfile::tempdir().expect("a folder");
        let mut list = "Mobile,email,custom_1\n".to_owned();
        for n in 10..40 {
            list.push_str(&format!("+130555501{n},person{n}@example.org,yes\n"));
        }
        let writes = Arc::new(AtomicU32::new(0));
        let busy = Busy { inner: world.system.dynamo.connector(), writes: writes.clone(), loses };
        let store = DynamoStore::new(client_over(busy), TABLE);
        let summary = import_into(store, &world, &folder, &list, false).await.expect("it can be brought in");
        assert_eq!(counts(&summary), (30, 0, vec![]), "loses answers: {loses}");
        assert!(writes.load(Ordering::Relaxed) > 60, "some were written twice");
        let again = import(&world, &folder, &list, false).await.expect("it can be brought in");
        assert_eq!(counts(&again), (0, 30, vec![]));
        world.until("2026-01-06 11:30").await;
        let texted: BTreeSet<String> = world.texts().into_iter().map(|text| text.1).collect();
        assert_eq!((world.texts().len(), texted.len()), (30, 30), "each of them once");
    }
}
