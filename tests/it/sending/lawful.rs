//! The law of the place where a person is, end to end: hours and caps by state, addresses on forms,
//! holidays, and a state that must be cleared first.

use leadline::{
    domain::{audit::Event, client::RecipientPolicy, lead::Waits, place::State},
    ports::LeadStore,
};
use leadline_tests::world::{World, form, sample};
use serde_json::{Value, json};

/// A client whose first texts wait for open hours however long that takes.
fn patient() -> Value {
    let mut client = sample();
    client["campaigns"][0]["timing"] = json!({"latest_counts": "open-hours"});
    client
}

fn from(address: &[(&str, &str)], id: &str, phone: &str) -> Value {
    let mut event = form(id, "Pat", phone);
    for (field, value) in address {
        event["payload"][0]["attributes"][*field] = json!(value);
    }
    event
}

#[tokio::test]
async fn a_number_that_moved_is_texted_by_the_hours_of_both_of_its_states_where_it_is() {
    let mut client = patient();
    client["settings"]["window"] = json!({"days": ["tue", "wed"], "opens": "00:00", "closes": "24:00"});
    let mut world = World::with(client, "2026-01-06 06:00").await;
    // Number of New York, address in Kentucky: 10:00 in its Central part is 11:00 in New York.
    let address = [("address_state", "Kentucky"), ("address_zip", "42001"), ("address_country", "United States")];
    world.kajabi(&from(&address, "1", "(212) 555-0123")).await;
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts()[0].0, "2026-01-06 11:00");
    let attempt = world.journal().await.into_iter().find(|event| event.event == Event::SmsAttempt).expect("an attempt");
    let hours = attempt.text.expect("a text").hours;
    assert_eq!(
        hours,
        "Tue–Wed 00:00–24:00 America/New_York and Mon–Sun 10:00–21:00 Chicago+New_York and Mon–Sun 08:00–21:00 Chicago+New_York \
         [US-KY KRS367.46955 (B), US-NY NY mini-TCPA (C); zone Chicago+New_York by the address (postal code 420…, state KY)]"
    );
}

#[tokio::test]
async fn the_cap_of_a_state_counts_all_campaigns_together_and_holds_whatever_the_client_allows() {
    let mut client = patient();
    client["settings"]["limits"] = json!({"per_number_per_day": 9});
    let texts = |words: &str| -> Vec<Value> {
        (1..=4).map(|step| json!({"step": step, "delay_minutes": 5, "text": format!("{words} {step}")})).collect()
    };
    client["campaigns"][0]["messages"] = json!(texts("One"));
    let mut other = client["campaigns"][0].clone();
    (other["id"], other["name"]) = (json!("other"), json!("Other"));
    other["messages"] = json!(texts("Other"));
    other["forms"][0]["form"] = json!("2150000888");
    client["campaigns"].as_array_mut().expect("campaigns").push(other);
    let mut world = World::with(client, "2026-01-06 08:00").await;
    // Miami, where three are the cap, and Cleveland, where there is none.
    for (n, phone) in ["(305) 555-0123", "(216) 555-0123"].into_iter().enumerate() {
        world.kajabi(&form(&format!("{}1", n + 1), "Pat", phone)).await;
        let mut second = form(&format!("{}2", n + 1), "Pat", phone);
        second["payload"][0]["relationships"]["form"]["data"]["id"] = json!("2150000888");
        world.kajabi(&second).await;
    }
    world.until("2026-01-06 20:00").await;
    let to = |world: &World, phone: &str| world.texts().iter().filter(|(_, to, _)| to == phone).count();
    assert_eq!((to(&world, "+13055550123"), to(&world, "+12165550123")), (3, 8));
    world.until("2026-01-09 20:00").await;
    assert_eq!(to(&world, "+13055550123"), 8, "the others follow when the first are a day old");
    let mut times: Vec<String> =
        world.texts().into_iter().filter(|(_, to, _)| to == "+13055550123").map(|(at, ..)| at).collect();
    times.sort();
    assert_eq!(&times[3][..10], "2026-01-07");
}

#[tokio::test]
async fn nobody_in_texas_is_texted_until_the_client_has_cleared_it_and_the_lead_only_waits() {
    let mut world = World::with(patient(), "2026-01-06 09:00").await;
    world.form("1", "Pat", "(214) 555-0123").await;
    world.kajabi(&from(&[("address_zip", "78701")], "2", "(216) 555-0124")).await;
    world.form("3", "Pat", "(216) 555-0125").await;
    world.until("2026-01-07 20:00").await;
    assert_eq!(world.texts().len(), 1, "{:?}", world.texts());
    assert_eq!(world.reasons(Event::ReviewNeeded).await, ["state_not_cleared", "state_not_cleared"]);
    assert_eq!(world.alerts("TX is not among the client's cleared states"), 1, "one alert for all of them");
    let lead = world.lead("+12145550123").await.expect("a lead");
    assert!(matches!(lead.enrollments[0].waits, Waits::ForReview { .. }), "it can be taken up again");

    let mut client = patient();
    client["settings"]["cleared_states"] = json!(["TX"]);
    let mut world = World::with(client, "2026-01-06 09:00").await;
    world.form("1", "Pat", "(214) 555-0123").await;
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn a_clients_own_row_keeps_holidays_and_early_hours_free() {
    let mut world = World::with(patient(), "2026-11-25 19:30").await;
    world.change(|client| client.recipient_policy = Some(RecipientPolicy::default())).await;
    world.form("1", "Pat", "(216) 555-0123").await;
    world.until("2026-11-27 20:00").await;
    assert_eq!(world.texts()[0].0, "2026-11-27 10:00", "not on Thanksgiving, and not before ten");

    // Without it the law of Ohio knows no holiday.
    let mut world = World::with(patient(), "2026-11-25 19:30").await;
    world.form("1", "Pat", "(216) 555-0123").await;
    world.until("2026-11-27 20:00").await;
    assert_eq!(world.texts()[0].0, "2026-11-26 08:00");
}

#[tokio::test]
async fn an_address_on_a_form_is_kept_as_a_place_and_judged_by_only_from_then_on() {
    let mut world = World::at("2026-01-06 08:10").await;
    world.form("1", "Pat", "(216) 555-0123").await;
    world.until("2026-01-06 10:00").await;
    assert_eq!(world.texts().len(), 1);
    // The text left at 09:15, by what was known then. In Hawaii it was four o'clock at night.
    world.kajabi(&from(&[("address_state", "Hawaii")], "2", "(216) 555-0123")).await;
    let lead = world.lead("+12165550123").await.expect("a lead");
    let stored = world.system.store.lead(&world.client(), lead.id).await.expect("a store").expect("a lead");
    assert_eq!(stored.profile.place.states(), [State::parse("HI").expect("a state")]);
    world.until("2026-01-07 10:00").await;
    let report = world.system.mailbox.sent().pop().expect("a report").email.text;
    assert!(report.contains("Outside the lawful hours            0"), "{report}");
}
