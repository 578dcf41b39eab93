//! Forms that Kajabi lists and that never reached us: found, kept, told of, and never in the report's way.

use std::sync::Arc;

use chrono::TimeDelta;
use leadline::{
    domain::{
        Instant,
        audit::{AuditEvent, Event, Status},
        campaign::Campaign,
        client::Client,
        event::{EventKey, EventState, RawEvent, Source},
        ids::RunId,
        lead::Lead,
        phone::{PhoneNumber, Region},
    },
    flows::{
        alerts::Alerts,
        comparison::{Compared, Comparison},
        intake::Intake,
        record::Recorder,
    },
    integrations,
    ports::{Clock, Directory, EventStore, IdSource, Journal, LeadStore, Receipt},
};
use leadline_reporter::{Deps, Summary, handle};
use leadline_standins::{
    fakes::{Mailbox, SeededIds, SimClock},
    feed::ListedForms,
    memory::MemoryStore,
};
use serde_json::{Value, json};

/// A client, its site and a reporter over stores in memory. It is 09:00 in New York.
struct World {
    store: MemoryStore,
    clock: SimClock,
    ids: SeededIds,
    mailbox: Mailbox,
    site: ListedForms,
    client: Client,
    deps: Deps,
}

fn instant(text: &str) -> Instant {
    text.parse().expect("an instant")
}

fn submission(n: u32, form: &str) -> Value {
    json!({
        "id": n.to_string(), "type": "form_submissions",
        "attributes": {"name": "Pat Rivera", "email": format!("pat{n}@example.org"), "phone_number": format!("+1305555{:04}", 100 + n)},
        "relationships": {"form": {"data": {"id": form, "type": "forms"}}},
    })
}

const FORM: &str = "2150000777";

impl World {
    async fn comparing() -> Self {
        Self::with(json!({"token_hashes": [], "compare": {"site_id": "2147000001"}})).await
    }

    async fn with(kajabi: Value) -> Self {
        let client: Client = serde_json::from_value(json!({
            "id": "acme", "name": "Acme Coaching", "zone": "America/New_York",
            "admin_email": "owner@example.com", "mode": "live",
            "provider": {"twilio": {"account_sid": "AC00000000000000000000000000000001", "sender": {"number": "+13055550199"}}},
            "kajabi": kajabi,
        }))
        .expect("a client");
        let campaign: Campaign = serde_json::from_value(json!({
            "id": "webinar", "name": "Free webinar",
            "forms": [
                {"form": FORM, "consent": {"version": "2026-01", "words": "Text me."}},
                {"form": "2150000888"},
            ],
            "messages": [{"step": 1, "delay_minutes": 60, "text": "Hi {{first_name|there}}, it's Sam."}],
        }))
        .expect("a campaign");
        let (store, clock) = (MemoryStore::new(), SimClock::new(instant("2026-01-07T14:00:00Z")));
        store.put_client(&client).await.expect("written");
        store.put_campaign(&client.id, &campaign, None).await.expect("written");
        let (ids, mailbox, site) = (SeededIds::new(3), Mailbox::new(clock.clone()), ListedForms::new());
        let all = Arc::new(store.clone());
        let deps = Deps {
            read: integrations::read,
            feed: Arc::new(site.clone()),
            store: all,
            receipts_come: false,
            mailer: Arc::new(mailbox.clone()),
            clock: Arc::new(clock.clone()),
            ids: Arc::new(ids.clone()),
        };
        Self { store, clock, ids, mailbox, site, client, deps }
    }

    /// Somebody sends a form, and its webhook comes at a moment.
    async fn came(&self, n: u32, at: &str) {
        let submission = submission(n, FORM);
        self.site.sent(submission.clone());
        let body = json!({"id": n.to_string(), "event": "form_submission", "payload": [submission]}).to_string();
        assert_eq!(self.store_form(n, &body, instant(at)).await, Receipt::New);
    }

    async fn store_form(&self, n: u32, body: &str, at: Instant) -> Receipt {
        let event = RawEvent {
            key: key(n),
            client: self.client.id.clone(),
            source: Source::Kajabi,
            body: body.to_owned(),
            query: None,
            received_at: at,
            state: EventState::Received { due: at, tries: 0 },
            proves: None,
        };
        let recorder = self.recorder(at);
        let received = recorder.event(Event::EventReceived, Status::Ok).because("kajabi", &event.key.0);
        let receipt = self.store.receive(&event, received).await.expect("stored");
        if receipt == Receipt::New {
            self.intake().work(&self.client, event, &recorder).await.expect("worked through");
        }
        receipt
    }

    fn recorder(&self, now: Instant) -> Recorder<'_> {
        Recorder { ids: &self.ids, client: &self.client.id, test: false, run: RunId(self.ids.new_id(now)), now }
    }

    fn intake(&self) -> Intake<'_> {
        let alerts = Alerts { once: &self.store, mailer: &self.mailbox, journal: &self.store };
        Intake {
            read: integrations::read,
            directory: &self.store,
            leads: &self.store,
            events: &self.store,
            alerts,
            queue: None,
            tenants: Default::default(),
        }
    }

    /// The comparison alone, without a word of it being done.
    async fn compare(&self) -> Compared {
        let (now, since) = (self.clock.now(), instant("2026-01-07T05:00:00Z"));
        let (feed, intake, ends) = (&self.site, self.intake(), now + TimeDelta::seconds(60));
        let comparison = Comparison { feed, intake, clock: &self.clock, ends, since };
        comparison.run(&self.client, &[], &self.recorder(now)).await.expect("compared")
    }

    /// Somebody sends a form, and its webhook is lost.
    fn lost(&self, n: u32) {
        self.site.sent(submission(n, FORM));
    }

    async fn run(&self) -> Summary {
        handle(Value::Null, &self.deps).await.expect("a run")
    }

    async fn next_day(&self) -> Summary {
        self.clock.advance(TimeDelta::days(1));
        self.run().await
    }

    async fn event(&self, n: u32) -> Option<RawEvent> {
        self.store.event(&self.client.id, &key(n)).await.expect("read")
    }

    async fn lead(&self, n: u32) -> Option<Lead> {
        let phone = PhoneNumber::parse(&format!("+1305555{:04}", 100 + n), Region::default()).expect("a number");
        let id = self.store.phone(&self.client.id, &phone).await.expect("read").lead?;
        self.store.lead(&self.client.id, id).await.expect("read").map(|stored| stored.lead)
    }

    /// Everything that was recorded with the key of a form.
    async fn outcomes(&self, n: u32) -> Vec<(Event, String)> {
        let all = self.journal().await.into_iter().filter(|event| event.raw == Some(key(n).0));
        all.map(|event| (event.event, event.reason.unwrap_or_default())).collect()
    }

    async fn journal(&self) -> Vec<AuditEvent> {
        let (mut all, mut page) = (Vec::new(), None);
        loop {
            let (from, until) = (instant("2026-01-01T00:00:00Z"), instant("2026-02-01T00:00:00Z"));
            let found = self.store.happened(&self.client.id, from, until, page).await.expect("read");
            all.extend(found.events);
            page = found.next;
            if page.is_none() {
                return all;
            }
        }
    }

    /// The alerts and reports that were mailed, in order.
    fn mails(&self) -> Vec<(String, String)> {
        self.mailbox.sent().into_iter().map(|sent| (sent.email.subject, sent.email.text)).collect()
    }

    fn report(&self) -> String {
        self.mails().pop().expect("a report").1
    }
}

fn key(n: u32) -> EventKey {
    EventKey(format!("kj:fs:{n}"))
}

#[tokio::test]
async fn a_form_that_was_lost_is_kept_as_a_lead_that_is_told_of_and_not_texted() {
    let world = World::comparing().await;
    world.came(1, "2026-01-06T15:00:00Z").await;
    world.lost(2);
    world.came(3, "2026-01-06T17:00:00Z").await;
    assert_eq!(world.run().await.sent, 1);
    let lead = world.lead(2).await.expect("a lead");
    assert!(lead.enrollments.is_empty() && lead.history.is_empty());
    assert_eq!(world.outcomes(2).await, [(Event::Rejected, "missed".to_owned())]);
    let event = world.event(2).await.expect("stored");
    assert!(event.source == Source::KajabiFeed && matches!(event.state, EventState::Done { .. }));
    let [(subject, text), (verdict, report)] = &world.mails()[..] else { panic!("{:?}", world.mails()) };
    assert_eq!(subject, "acme: ACT. 1 form was sent on Kajabi and did not reach us");
    assert!(text.contains(&format!("kj:fs:2: lead {}", lead.id)) && !text.contains("Pat"), "{text}");
    assert!(!report.contains("Not measured:") && !verdict.contains("books off"), "{report}");
    // The others are in their sequence, as before.
    assert_eq!(world.lead(1).await.expect("a lead").enrollments.len(), 1);
    // A webhook that comes days later is a duplicate.
    assert_eq!(world.store_form(2, "{}", world.clock.now()).await, Receipt::Known);
}

#[tokio::test]
async fn comparing_twice_changes_nothing() {
    let world = World::comparing().await;
    world.came(1, "2026-01-06T15:00:00Z").await;
    world.lost(2);
    world.came(3, "2026-01-06T17:00:00Z").await;
    world.run().await;
    let (mails, asked) = (world.mails().len(), world.site.asked());
    let recorded = world.journal().await.len();
    world.clock.advance(TimeDelta::minutes(30));
    world.run().await;
    assert_eq!((world.mails().len(), world.site.asked(), world.journal().await.len()), (mails, asked, recorded));
    // The next day it is known.
    world.next_day().await;
    assert_eq!(world.mails().len(), mails + 1, "{:?}", world.mails());
    assert_eq!(world.outcomes(2).await.len(), 1);
}

#[tokio::test]
async fn a_form_that_may_be_on_its_way_is_left_alone_until_the_next_day() {
    let world = World::comparing().await;
    world.came(1, "2026-01-07T13:50:00Z").await;
    world.lost(2);
    world.came(3, "2026-01-07T13:55:00Z").await;
    world.lost(4);
    world.run().await;
    assert!(world.event(2).await.is_none() && world.event(4).await.is_none());
    // The webhook of one of them was only slow.
    let body = json!({"id": "4", "event": "form_submission", "payload": [submission(4, FORM)]}).to_string();
    world.store_form(4, &body, instant("2026-01-07T14:01:00Z")).await;
    assert_eq!(world.lead(4).await.expect("a lead").enrollments.len(), 1);
    world.next_day().await;
    assert_eq!(world.outcomes(2).await, [(Event::Rejected, "missed".to_owned())]);
    assert_eq!(world.outcomes(4).await, [(Event::Enrolled, "delay".to_owned())]);
}

#[tokio::test]
async fn the_newest_form_of_all_is_found_once_it_is_missing_for_the_second_day() {
    let world = World::comparing().await;
    world.came(1, "2026-01-06T15:00:00Z").await;
    world.lost(2);
    world.run().await;
    assert!(world.event(2).await.is_none());
    world.next_day().await;
    assert_eq!(world.outcomes(2).await, [(Event::Rejected, "missed".to_owned())]);
}

#[tokio::test]
async fn the_first_comparison_takes_nothing_in_and_says_so() {
    let world = World::comparing().await;
    (1..=300).for_each(|n| world.lost(n));
    world.run().await;
    assert_eq!(world.site.asked(), 1);
    assert!(world.event(300).await.is_none());
    assert!(
        world.report().contains("none of the newest 100 that Kajabi lists has ever come in here"),
        "{}",
        world.report()
    );
    world.next_day().await;
    assert!(world.event(300).await.is_none());
}

#[tokio::test]
async fn what_is_older_than_all_that_is_known_of_its_form_is_not_taken_in() {
    let world = World::comparing().await;
    world.lost(1);
    world.site.sent(submission(2, "2150000888"));
    world.came(3, "2026-01-06T15:00:00Z").await;
    world.site.sent(submission(4, "2150000999"));
    world.came(5, "2026-01-06T16:00:00Z").await;
    world.run().await;
    for n in [1, 2, 4] {
        assert!(world.event(n).await.is_none(), "{n}");
    }
    let report = world.report();
    assert!(report.contains("form 2150000888: none of the newest 1") && !report.contains("2150000999"), "{report}");
}

#[tokio::test]
async fn what_may_have_been_forgotten_by_now_is_not_taken_in() {
    for (newer, told) in [("2026-01-07T12:00:00Z", true), ("2026-01-03T12:00:00Z", false)] {
        let world = World::comparing().await;
        world.came(1, "2025-10-01T15:00:00Z").await;
        world.lost(2);
        world.came(3, newer).await;
        let compared = world.compare().await;
        assert!(world.event(2).await.is_none() && compared.missed == 0, "{compared:?}");
        let remarks = compared.remarks.iter().filter(|remark| remark.contains("older than eight weeks")).count();
        assert_eq!(remarks, usize::from(told), "what was listed at the last comparison was looked at then");
        // Behind one that came in since, nothing is forgotten.
        world.lost(4);
        world.came(5, "2026-01-07T12:30:00Z").await;
        assert_eq!((world.compare().await.missed, world.event(4).await.is_some()), (1, true));
    }
}

#[tokio::test]
async fn it_stops_where_enough_is_known_and_reads_no_more_than_its_pages() {
    let world = World::comparing().await;
    world.site.paged(10, 0);
    world.lost(1);
    for n in 2..=40 {
        world.came(n, "2026-01-06T15:00:00Z").await;
    }
    world.run().await;
    assert_eq!(world.site.asked(), 3, "25 known forms are on three pages of ten");

    let world = World::comparing().await;
    world.site.paged(2, 0);
    (1..=60).for_each(|n| world.lost(n));
    world.came(61, "2026-01-06T15:00:00Z").await;
    world.run().await;
    assert_eq!(world.site.asked(), 20);
}

#[tokio::test]
async fn pages_that_repeat_rows_make_one_lead_of_each() {
    let world = World::comparing().await;
    world.site.paged(2, 2);
    world.came(1, "2026-01-06T15:00:00Z").await;
    (2..=4).for_each(|n| world.lost(n));
    world.came(5, "2026-01-06T16:00:00Z").await;
    world.run().await;
    for n in 2..=4 {
        assert_eq!(world.outcomes(n).await, [(Event::Rejected, "missed".to_owned())], "{n}");
    }
    assert!(world.mails()[0].0.contains("3 forms were sent"), "{:?}", world.mails());
}

#[tokio::test]
async fn who_would_not_have_been_texted_anyway_is_rejected_for_that_reason() {
    let world = World::comparing().await;
    world.site.sent(submission(1, "2150000888"));
    world.came(2, "2026-01-06T15:00:00Z").await;
    let body = json!({"event": "form_submission", "payload": [submission(1, "2150000888")]}).to_string();
    world.store_form(1, &body, instant("2026-01-06T15:00:00Z")).await;
    world.site.sent(submission(3, "2150000888"));
    let nobody = json!({"id": "4", "type": "form_submissions", "attributes": {"name": "Pat"},
        "relationships": {"form": {"data": {"id": FORM, "type": "forms"}}}});
    world.site.sent(nobody);
    world.came(5, "2026-01-06T16:00:00Z").await;
    world.run().await;
    assert_eq!(world.outcomes(3).await, [(Event::Rejected, "no_consent".to_owned())]);
    assert_eq!(world.outcomes(4).await, [(Event::EventUnusable, "unreadable".to_owned())]);
}

#[tokio::test]
async fn a_site_that_does_not_answer_is_a_line_in_a_report_that_goes_out() {
    let world = World::comparing().await;
    world.came(1, "2026-01-06T15:00:00Z").await;
    world.lost(2);
    world.came(3, "2026-01-06T16:00:00Z").await;
    world.site.fail(Some("Kajabi answered HTTP 503"));
    assert_eq!(world.run().await, Summary { sent: 1, ..Summary::default() });
    assert!(world.report().contains("forms that Kajabi lists, from page 1: Kajabi answered HTTP 503"));
    assert_eq!((world.site.asked(), world.event(2).await), (1, None));
    world.site.fail(None);
    world.next_day().await;
    assert_eq!(world.outcomes(2).await, [(Event::Rejected, "missed".to_owned())]);
}

#[tokio::test]
async fn what_was_taken_in_before_a_crash_is_told_of_after_it() {
    let world = World::comparing().await;
    world.came(1, "2026-01-06T15:00:00Z").await;
    world.lost(2);
    world.came(3, "2026-01-06T16:00:00Z").await;
    // The run ends after the form was stored: nobody was told, and it was not marked as done.
    world.mailbox.fail(Some("no such region"));
    assert_eq!(world.compare().await.missed, 1);
    world.mailbox.fail(None);
    world.clock.advance(TimeDelta::minutes(30));
    assert_eq!(world.run().await.sent, 1);
    assert!(world.mails()[0].0.contains("1 form was sent"), "{:?}", world.mails());
    assert_eq!(world.outcomes(2).await.len(), 1);
}

#[tokio::test]
async fn a_client_that_did_not_set_it_asks_nothing() {
    let world = World::with(json!({"token_hashes": []})).await;
    world.came(1, "2026-01-06T15:00:00Z").await;
    world.lost(2);
    world.came(3, "2026-01-06T16:00:00Z").await;
    world.run().await;
    assert_eq!(world.site.asked(), 0);
    assert!(world.event(2).await.is_none());
}
