//! What one client's data may do to another's: nothing, but for a legal threat where all clients have one owner.

use leadline::{
    domain::{
        Instant,
        audit::Event,
        contact_status::ContactStatus,
        ids::{ClientId, LeadId},
        lead::Lead,
        phone::{PhoneNumber, Region},
        profile::Profile,
        tenants::{SPREAD_A_DAY, Tenants},
    },
    ports::{Clock, Directory, LeadStore, SideWrites},
};
use leadline_cli::system::ClientSetup;
use leadline_tests::world::{World, sample};
use serde_json::json;

const PAT: &str = "+13055550123";
const THREAT: &str = "I will sue you";
/// What the operator of another client that holds the number reads in the subject.
const ELSEWHERE: &str = "threatened another business";

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, Region::default()).expect("a number")
}

/// The sample client, and another one that knows the people with these numbers.
async fn two_clients(tenants: Tenants, numbers: &[&str]) -> (World, ClientId) {
    let world = World::of(tenants, sample(), "2026-01-06 10:00").await;
    let mut other = sample();
    other["settings"]["id"] = json!("beta");
    other["settings"]["name"] = json!("Beta Coaching");
    other["settings"]["admin_email"] = json!("beta@example.net");
    let other: ClientSetup = serde_json::from_value(other).expect("a client");
    let beta = other.settings.id.clone();
    world.system.store.put_client(&other.settings).await.expect("written");
    for (n, text) in numbers.iter().enumerate() {
        let mut lead = Lead::new(format!("{:026}", n + 1).parse::<LeadId>().expect("an id"), beta.clone());
        lead.phone = Some(number(text));
        let profile = Some(Profile::new(lead.id, world.system.clock.now()));
        world.system.store.save(&lead, None, SideWrites { profile, ..SideWrites::default() }).await.expect("written");
    }
    (world, beta)
}

async fn at_beta(world: &World, beta: &ClientId, text: &str) -> Lead {
    let store = &world.system.store;
    let id = store.phone(beta, &number(text)).await.expect("the store").lead.expect("a lead");
    store.lead(beta, id).await.expect("the store").expect("a lead").lead
}

/// What was mailed to an address, subject and text.
fn mailed(world: &World, to: &str) -> Vec<String> {
    let sent = world.system.mailbox.sent();
    let to_them = sent.into_iter().filter(|mail| mail.email.to.as_str() == to);
    to_them.map(|mail| format!("{}\n{}", mail.email.subject, mail.email.text)).collect()
}

#[tokio::test]
async fn a_threat_to_one_of_separate_clients_changes_nothing_at_another() {
    let (world, beta) = two_clients(Tenants::default(), &[PAT]).await;
    let before = at_beta(&world, &beta, PAT).await;
    assert_eq!(world.reply("SM00000000000000000000000000000001", PAT, THREAT).await, 200);
    let here = world.lead(PAT).await.expect("a lead");
    assert!(matches!(here.standing, ContactStatus::OptedOut(_)), "{:?}", here.standing);
    assert_eq!(at_beta(&world, &beta, PAT).await, before);
    assert_eq!(mailed(&world, "beta@example.net"), [""; 0]);
    let own = mailed(&world, "owner@example.com");
    assert!(own.len() == 1 && own[0].contains("other clients of this installation are not affected"), "{own:?}");
}

#[tokio::test]
async fn where_all_clients_have_one_owner_a_threat_holds_the_number_at_each_and_each_operator_is_told_once() {
    let (world, beta) = two_clients(Tenants::OneOwner, &[PAT]).await;
    for n in 1..=2 {
        assert_eq!(world.reply(&format!("SM{n:032}"), PAT, THREAT).await, 200);
    }
    let there = at_beta(&world, &beta, PAT).await;
    assert!(matches!(there.standing, ContactStatus::Held { .. }), "{:?}", there.standing);
    let journey = world.system.store.journey(&beta, there.id, Instant::UNIX_EPOCH).await.expect("its journey");
    assert_eq!(journey.iter().filter(|event| event.event == Event::LeadHeld).count(), 1);
    assert_eq!(world.alerts("threatens with the law"), 1);
    let told = mailed(&world, "beta@example.net");
    assert!(told.len() == 1 && told[0].contains(ELSEWHERE) && told[0].contains(&there.id.to_string()), "{told:?}");
    // Of whom it was said to, and what was said, not a word.
    for secret in ["acme", "Acme", "sue", PAT] {
        assert!(!told[0].contains(secret), "{secret}: {}", told[0]);
    }
}

#[tokio::test]
async fn one_client_holds_a_few_people_a_day_at_the_others_and_no_more() {
    let numbers: Vec<String> = (0..=SPREAD_A_DAY).map(|n| format!("+1305555014{n}")).collect();
    let all: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let (mut world, beta) = two_clients(Tenants::OneOwner, &all).await;
    for round in 0..2 {
        for (n, text) in numbers.iter().enumerate() {
            assert_eq!(world.reply(&format!("SM{:032}", n + 100 * round), text, THREAT).await, 200);
        }
    }
    let mut held = Vec::new();
    for text in &numbers {
        held.push(matches!(at_beta(&world, &beta, text).await.standing, ContactStatus::Held { .. }));
    }
    assert_eq!(held, [true, true, true, true, true, false], "a repeated one takes up no place of another");
    assert_eq!(world.alerts(ELSEWHERE), usize::from(SPREAD_A_DAY));
    let own = mailed(&world, "owner@example.com");
    assert_eq!(own.iter().filter(|mail| mail.contains("not put on hold at the other clients")).count(), 1, "{own:?}");
    for text in &numbers {
        let here = world.lead(text).await.expect("a lead");
        assert!(matches!(here.standing, ContactStatus::OptedOut(_)), "it is opted out where it said so");
    }
    // The next day there is room again.
    world.until("2026-01-07 10:00").await;
    assert_eq!(world.reply("SM00000000000000000000000000000999", &numbers[5], THREAT).await, 200);
    assert!(matches!(at_beta(&world, &beta, &numbers[5]).await.standing, ContactStatus::Held { .. }));
}
