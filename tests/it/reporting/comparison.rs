//! A form whose webhook was lost, over the real stores: found before the next morning's report, kept, and
//! not texted; and what Kajabi posts late is known.

use leadline::domain::audit::Event;
use leadline_tests::world::{World, form, sample};
use serde_json::json;

#[tokio::test]
async fn a_form_whose_webhook_was_lost_is_found_the_next_morning_and_texts_nobody() {
    let mut client = sample();
    client["settings"]["kajabi"]["compare"] = json!({"site_id": "2147000001"});
    let mut world = World::with(client, "2026-01-06 09:30").await;
    for (n, phone, arrives) in [(1, "(305) 555-0101", true), (2, "(305) 555-0102", false), (3, "(305) 555-0103", true)]
    {
        let form = form(&format!("215000000{n}"), "Pat Rivera", phone);
        world.system.kajabi.sent(form["payload"][0].clone());
        if arrives {
            assert_eq!(world.kajabi(&form).await, 200);
        }
    }
    world.until("2026-01-07 09:40").await;
    let lead = world.lead("(305) 555-0102").await.expect("the missed form is a lead");
    assert!(lead.enrollments.is_empty());
    assert_eq!(world.reasons(Event::Rejected).await, ["missed"]);
    let mails = world.system.mailbox.sent();
    let subjects: Vec<&str> = mails.iter().map(|sent| sent.email.subject.as_str()).collect();
    assert!(subjects.contains(&"acme: ACT. 1 form was sent on Kajabi and did not reach us"), "{subjects:?}");
    assert_eq!(world.system.kajabi.asked(), 1);

    let late = form("2150000002", "Pat Rivera", "(305) 555-0102");
    assert_eq!(world.kajabi(&late).await, 200);
    world.until("2026-01-08 09:40").await;
    assert!(world.texts().iter().all(|(_, to, _)| to != "+13055550102"), "{:?}", world.texts());
    assert_eq!(world.texts().len(), 2);
    assert_eq!(world.reasons(Event::Rejected).await.len(), 1);
    let books = world.system.mailbox.sent().pop().expect("a report").email;
    assert!(!books.subject.contains("ACT"), "{}", books.text);
}
