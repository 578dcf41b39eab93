//! Rehearsals: the scenarios that come with the project, the lines they print, and what a wrong one says.

use std::path::{Path, PathBuf};

use leadline_cli::rehearse::rehearse;
use serde_json::{Value, json};

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/scenarios").join(name)
}

async fn lines(path: &Path) -> Vec<Value> {
    let mut out = Vec::new();
    rehearse(path, true, &mut out).await.expect("the scenario runs");
    let text = String::from_utf8(out).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect()
}

async fn error(content: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wrong.json");
    std::fs::write(&path, content).expect("written");
    let error = rehearse(&path, true, &mut Vec::new()).await.expect_err("it is wrong");
    format!("{error:#}").replace(&folder.path().display().to_string(), "")
}

#[tokio::test]
async fn every_line_has_the_fields_that_are_promised_and_the_last_is_the_summary() {
    for name in
        ["tuesday.json", "friday-evening.json", "purchase.json", "bookings.json", "webinar.json", "trouble.json"]
    {
        let all = lines(&scenario(name)).await;
        let (summary, before) = all.split_last().expect("lines");
        assert_eq!(summary["kind"], "summary");
        for field in ["leads", "texts", "emails", "waiting", "ended", "rejected", "at"] {
            assert!(!summary[field].is_null(), "{name}: summary without {field}");
        }
        let mut last = String::new();
        for line in before {
            let fields: &[&str] = match line["kind"].as_str() {
                Some("audit") => &["event", "status"],
                Some("text") => &["to", "body", "campaign", "step", "lead"],
                Some("email") => &["to", "subject", "text"],
                other => panic!("{name}: a line of kind {other:?}"),
            };
            for field in [fields, &["at", "client"]].concat() {
                assert!(!line[field].is_null(), "{name}: no {field} in {line}");
            }
            let at = line["at"].as_str().expect("a moment").to_owned();
            assert!(at[..19] >= last[..], "{name}: {at} comes after {last}");
            last = at[..19].to_owned();
        }
        let count = |kind: &str| before.iter().filter(|line| line["kind"] == kind).count();
        assert_eq!(
            (json!(count("text")), json!(count("email"))),
            (summary["texts"].clone(), summary["emails"].clone())
        );
    }
}

#[tokio::test]
async fn the_scenarios_end_as_they_say() {
    let tuesday = lines(&scenario("tuesday.json")).await;
    let texts: Vec<&Value> = tuesday.iter().filter(|line| line["kind"] == "text").collect();
    assert_eq!(texts.len(), 2);
    assert_eq!(texts[0]["at"], "2026-01-06T20:00:00Z", "three o'clock in New York");
    let friday = lines(&scenario("friday-evening.json")).await;
    assert_eq!(friday.last().expect("a summary")["ended"], json!({"completed": 1, "expired": 1}));
    let purchase = lines(&scenario("purchase.json")).await;
    let summary = purchase.last().expect("a summary");
    assert_eq!(summary["ended"], json!({"completed": 1, "purchased": 1}));
    assert_eq!((&summary["texts"], &summary["enrolled"], &summary["leads"]), (&json!(2), &json!(2), &json!(1)));
    let replies = lines(&scenario("replies.json")).await;
    let summary = replies.last().expect("a summary");
    assert_eq!(summary["ended"], json!({"completed": 1, "opted_out": 3}));
    assert_eq!((&summary["waiting"], &summary["texts"]), (&json!(1), &json!(9)), "one is held, three were answered");
    let bookings = lines(&scenario("bookings.json")).await;
    let steps: Vec<&Value> = bookings.iter().filter(|line| line["kind"] == "text").map(|line| &line["step"]).collect();
    assert_eq!(steps, [&json!(1), &json!(2)], "the second one only once the appointment is called off");
    let summary = bookings.last().expect("a summary");
    assert_eq!(
        (&summary["ended"], &summary["rejected"]),
        (&json!({"booked": 2, "completed": 1}), &json!({"booked": 1}))
    );
    let webinar = lines(&scenario("webinar.json")).await;
    let of = |phone: &str, at: &str, step: u16| (json!(phone), json!(at), json!(step));
    let texts: Vec<_> = webinar
        .iter()
        .filter(|line| line["kind"] == "text")
        .map(|line| (line["to"].clone(), line["at"].clone(), line["step"].clone()))
        .collect();
    let (pat, kim) = ("+13055550123", "+13055550124");
    for text in [
        of(pat, "2026-01-06T20:00:00Z", 1),
        of(pat, "2026-01-08T15:00:00Z", 2),
        of(pat, "2026-01-15T23:00:00Z", 4),
        of(pat, "2026-01-15T23:45:00Z", 5),
        of(pat, "2026-01-16T15:00:00Z", 6),
        of(kim, "2026-01-15T18:00:00Z", 1),
        of(kim, "2026-01-15T23:00:30Z", 4),
        of(kim, "2026-01-15T23:45:30Z", 5),
        // A day after her first text of three: the law's cap in Florida.
        of(kim, "2026-01-16T18:00:00Z", 6),
    ] {
        assert!(texts.contains(&text), "{text:?} is not in {texts:?}");
    }
    let skipped: Vec<&Value> =
        webinar.iter().filter(|line| line["event"] == "step_skipped").map(|line| &line["step"]).collect();
    assert_eq!((texts.len(), skipped), (9, vec![&json!(3), &json!(2), &json!(3)]), "Pat's in the pause, and Kim's");
    assert_eq!(webinar.last().expect("a summary")["ended"], json!({"completed": 2}));
    let trouble = lines(&scenario("trouble.json")).await;
    let summary = trouble.last().expect("a summary");
    assert_eq!(summary["ended"], json!({"opted_out": 1, "replied": 1, "undeliverable": 1}));
    assert_eq!(summary["rejected"], json!({"no_valid_phone": 1, "unknown_form": 1}));
}

#[tokio::test]
async fn the_same_scenario_gives_the_same_lines() {
    let path = scenario("trouble.json");
    assert_eq!(lines(&path).await, lines(&path).await);
}

#[tokio::test]
async fn what_cannot_be_read_names_file_line_and_field() {
    let at = "2026-01-06T14:00:00-05:00";
    for (content, expected) in [
        ("{\n\"start\": \"yesterday\"}".to_owned(), "/wrong.json:2: `start`: "),
        (
            format!("{{\"start\": \"{at}\", \"clients\": [],\n\"ends\": 1}}"),
            "/wrong.json:2: `ends`: there is no such field",
        ),
        (
            format!(
                "{{\"start\": \"{at}\", \"clients\": [], \"deliveries\": [\n{{\"at\": \"{at}\", \"kajabbi\": {{}}}}]}}"
            ),
            "/wrong.json:2: `deliveries.0.kajabbi`: there is no such field",
        ),
        (
            format!("{{\"start\": \"{at}\", \"clients\": [], \"deliveries\": [{{\"at\": \"{at}\"}}]}}"),
            "/wrong.json: `deliveries[0]`: give exactly one of",
        ),
        (
            format!(
                "{{\"start\": \"{at}\", \"clients\": [], \"deliveries\": [{{\"at\": \"{at}\", \"reply\": {{\"client\": \"acme\", \"from\": \"1\", \"body\": \"x\"}}}}]}}"
            ),
            "/wrong.json: `deliveries[0]`: `client`: there is no client acme",
        ),
        ("{\"start\": ".to_owned(), "/wrong.json:1: "),
    ] {
        let error = error(&content).await;
        assert!(error.starts_with(expected), "{error}");
    }
}

#[tokio::test]
async fn a_payload_that_cannot_be_read_is_named_too() {
    let mut wrong: Value =
        serde_json::from_slice(&std::fs::read(scenario("tuesday.json")).expect("the file")).expect("JSON");
    wrong["deliveries"][0]["kajabi"]["body_file"] = json!("broken.json");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wrong.json");
    std::fs::write(&path, wrong.to_string()).expect("written");
    let missing = rehearse(&path, true, &mut Vec::new()).await.expect_err("no such file");
    assert!(format!("{missing:#}").contains("broken.json: No such file"), "{missing:#}");
    std::fs::write(folder.path().join("broken.json"), "{\n\"id\": }").expect("written");
    let broken = rehearse(&path, true, &mut Vec::new()).await.expect_err("no JSON");
    assert!(format!("{broken:#}").contains("broken.json:2: "), "{broken:#}");
}
