//! The sweep: what older data or a mistake left behind is found, listed and mended, and nothing else is.

use aws_sdk_dynamodb::types::AttributeValue;
use leadline::{
    aws::dynamodb::DynamoStore,
    domain::{
        audit::Event,
        batch_job::BatchJob,
        contact_status::{ContactStatus, OptOut, OptOutChannel},
        ids::{EnrollmentId, LeadId},
        lead::{Lead, Outcome},
        profile::Profile,
    },
    ports::{AttentionList, BatchJobs, Census, Clock, LeadStore, SideWrites},
};
use leadline_cli::{
    connect::Connection,
    person::Person,
    sweep::{Options, run},
    system::TABLE,
};
use leadline_tests::world::World;

const SWEEP: Options = Options { dry_run: false, restart: false, json: false };

fn sam() -> Person {
    Person { by: Some("sam".to_owned()), yes: true }
}

fn there(world: &World) -> Connection {
    let store = DynamoStore::new(world.system.dynamo.client(), TABLE);
    Connection { store, now: world.system.clock.now(), client: world.client() }
}

async fn sweep(world: &World, options: Options) -> String {
    let mut out = Vec::new();
    run(&there(world), options, &sam(), &mut out).await.expect("it sweeps");
    String::from_utf8(out).expect("text")
}

/// Writes a lead as no function of ours would leave it.
async fn plant(world: &World, phone: &str, change: impl FnOnce(&mut Lead)) -> LeadId {
    let store = &world.system.store;
    let lead = world.lead(phone).await.expect("the lead");
    let stored = store.lead(&world.client(), lead.id).await.expect("the store").expect("the lead");
    let mut lead = stored.lead;
    change(&mut lead);
    store
        .save(&lead, Some(stored.rev), SideWrites { count_later: true, ..SideWrites::default() })
        .await
        .expect("written");
    lead.id
}

fn opted_out(world: &World) -> ContactStatus {
    ContactStatus::OptedOut(OptOut { at: world.system.clock.now(), channel: OptOutChannel::Operator, words: None })
}

#[tokio::test]
async fn who_waits_for_a_person_and_was_written_before_there_was_a_list_comes_into_it() {
    let mut world = World::at("2026-01-06 09:00").await;
    world.form("1", "Pat", "+13055550121").await;
    let id =
        plant(&world, "+13055550121", |lead| _ = lead.hold_person("in doubt", lead.enrollments[0].imported_at)).await;
    let client = world.system.dynamo.client();
    let (pk, sk) = (format!("C#acme#L#{id}"), "LEAD".to_owned());
    let update = client.update_item().table_name(TABLE).update_expression("REMOVE att_pk, att_sk");
    update.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk)).send().await.expect("as it was before");
    let waiting = async |world: &World| there(world).store.waiting(&world.client(), 10).await.expect("read").len();
    assert_eq!(waiting(&world).await, 0);
    world.until("2026-01-06 09:30").await;
    let looked = sweep(&world, Options { dry_run: true, ..SWEEP }).await;
    assert!(looked.contains("1 not_listed, 0 mended") && waiting(&world).await == 0, "{looked}");
    let mended = sweep(&world, SWEEP).await;
    assert!(mended.contains("1 not_listed, 1 mended"), "{mended}");
    assert_eq!(waiting(&world).await, 1);
    let again = sweep(&world, SWEEP).await;
    assert!(!again.contains("not_listed"), "{again}");
}

#[tokio::test]
async fn what_should_have_ended_is_found_without_a_change_and_mended_once() {
    let world = World::at("2026-01-06 09:00").await;
    for (n, phone) in [("1", "+13055550121"), ("2", "+13055550122"), ("3", "+13055550123"), ("4", "+13055550124")] {
        world.form(n, "Pat", phone).await;
    }
    let no = opted_out(&world);
    let said_no = plant(&world, "+13055550121", |lead| lead.standing = no).await;
    plant(&world, "+13055550122", |lead| lead.enrollments[0].step = 9).await;
    plant(&world, "+13055550123", |lead| lead.enrollments[0].campaign = "gone".parse().expect("an id")).await;

    let looked = sweep(&world, Options { dry_run: true, ..SWEEP }).await;
    for words in
        ["has opted out", "no text is left", "the campaign is over", "1 opted_out, 0 mended", "4 leads looked at"]
    {
        assert!(looked.contains(words), "{words}:\n{looked}");
    }
    assert_eq!(world.reasons(Event::EnrollmentEnded).await, Vec::<String>::new(), "a dry run changes nothing");
    assert_eq!(there(&world).store.walk(&world.client(), "sweep").await.expect("read"), None);

    let mended = sweep(&world, SWEEP).await;
    assert!(mended.contains("1 opted_out, 1 mended") && mended.contains(&said_no.to_string()), "{mended}");
    let outcomes = |lead: Lead| lead.history.iter().map(|past| past.outcome).collect::<Vec<_>>();
    for (phone, outcome) in [
        ("+13055550121", Some(Outcome::OptedOut)),
        ("+13055550122", Some(Outcome::Abandoned)),
        ("+13055550123", Some(Outcome::CampaignDeleted)),
        ("+13055550124", None),
    ] {
        let lead = world.lead(phone).await.expect("the lead");
        assert_eq!(outcomes(lead), outcome.into_iter().collect::<Vec<_>>(), "{phone}");
    }
    let recorded = world.reasons(Event::WalkEnded).await;
    assert_eq!(recorded, ["sweep"], "the run is on record");

    let again = sweep(&world, SWEEP).await;
    assert!(again.contains("4 leads looked at, 0 errors") && !again.contains("mended\n"), "{again}");
}

#[tokio::test]
async fn counters_that_are_off_are_set_right() {
    let world = World::at("2026-01-06 09:00").await;
    for n in 1..=3 {
        world.form(&n.to_string(), "Pat", &format!("+1305555012{n}")).await;
    }
    let (store, client, webinar) = (&world.system.store, world.client(), "webinar".parse().expect("an id"));
    let right = store.counts(&client, &webinar).await.expect("counters");
    let wrong = leadline::domain::counts::Counts { enrolled: 8, ..right.clone() };
    store.correct(&client, &webinar, &right, &wrong).await.expect("planted");
    let looked = sweep(&world, Options { dry_run: true, ..SWEEP }).await;
    assert!(looked.contains("say 8 in it"), "{looked}");
    let mended = sweep(&world, SWEEP).await;
    assert!(mended.contains("said 8 in it, set right"), "{mended}");
    assert_eq!(store.counts(&client, &webinar).await.expect("counters").enrolled, right.enrolled);
    let again = sweep(&world, SWEEP).await;
    assert!(again.contains("right") && !again.contains("set right"), "{again}");
}

#[tokio::test]
async fn a_sweep_that_was_left_goes_on_where_it_was_and_sees_every_batch() {
    let world = World::at("2026-01-06 09:00").await;
    let (store, client) = (&world.system.store, world.client());
    let mut ids = Vec::new();
    for n in 1..=230u64 {
        let id: LeadId = format!("{n:026}").parse().expect("an id");
        let mut lead = Lead::new(id, client.clone());
        lead.enroll(leadline::domain::lead::Enrollment {
            id: EnrollmentId(id.0),
            campaign: "gone".parse().expect("an id"),
            version: 1,
            step: 1,
            imported_at: world.system.clock.now(),
            waits: leadline::domain::lead::Waits::Until(world.system.clock.now()),
            sent: 0,
            last_sent_at: None,
            counts_from: None,
            message: None,
            parked: false,
        });
        let profile = Some(Profile::new(id, world.system.clock.now()));
        store.save(&lead, None, SideWrites { profile, ..SideWrites::default() }).await.expect("written");
        ids.push(id);
    }
    let there = there(&world);
    let mut left = BatchJob::new("00000000000000000000000001".parse().expect("an id"), "kim", there.now);
    (left.after, left.looked_at) = (Some(ids[99]), 100);
    there.store.put_walk(&client, "sweep", &left).await.expect("written");
    let went_on = sweep(&world, SWEEP).await;
    assert!(went_on.contains("230 leads looked at") && went_on.contains("130 campaign_over, 130 mended"), "{went_on}");
    let anew = sweep(&world, Options { restart: true, ..SWEEP }).await;
    assert!(anew.contains("230 leads looked at") && anew.contains("100 campaign_over, 100 mended"), "{anew}");
    let gone = store.counts(&client, &"gone".parse().expect("an id")).await.expect("counters");
    assert_eq!((gone.enrolled, gone.active(), gone.ended(Outcome::CampaignDeleted)), (230, 0, 230));
}

#[tokio::test]
async fn a_walk_that_could_not_read_everybody_sets_no_counter() {
    use leadline::{
        domain::{counts::Counts, ids::RunId},
        flows::{record::Recorder, sweep::recount},
    };
    let world = World::at("2026-01-06 09:00").await;
    world.form("1", "Pat", "+13055550123").await;
    let (client, webinar) = (world.client(), "webinar".parse().expect("an id"));
    let (store, now) = (world.system.store.as_ref(), world.system.clock.now());
    let right = store.counts(&client, &webinar).await.expect("counters");
    let run: RunId = "00000000000000000000000001".parse().expect("an id");
    let recorder = Recorder { ids: world.system.scheduler.ids.as_ref(), client: &client, test: false, run, now };
    let mut walk = BatchJob::new(run, "sam", now);
    walk.counted_before.insert("webinar".parse().expect("an id"), right.clone());
    walk.recount.insert("webinar".parse().expect("an id"), Counts::default());
    walk.failed("a batch was not read".to_owned());
    let told = recount(store, &walk, [&webinar], false, &recorder).await.expect("recounted");
    assert_eq!((told[0].people.clone(), told[0].mended), (None, false));
    assert_eq!(store.counts(&client, &webinar).await.expect("counters").enrolled, right.enrolled);
}
