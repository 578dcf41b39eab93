//! When a reply may be answered.

use super::*;
use crate::{
    client::Mode,
    contact_status::{OptOut, OptOutChannel},
    fixtures::client,
    phone::Region,
    template::Template,
};

fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

fn received() -> Instant {
    at("2026-01-06T03:00:00Z")
}

fn phone() -> PhoneNumber {
    PhoneNumber::parse("+13055550123", Region::default()).expect("a number")
}

fn no(channel: OptOutChannel) -> ContactStatus {
    ContactStatus::OptedOut(OptOut { at: received(), channel, words: None })
}

fn sample() -> (Client, Lead, Profile) {
    let mut client = client();
    let template = |text: &str| Some(Template::parse(text).expect("a template"));
    client.answers.opted_out = template("{{business_name}}: you get no more texts.");
    client.answers.help = template("{{business_name}}. Reply STOP to end.");
    let mut lead = Lead::new(LeadId(ulid::Ulid::from_parts(1, 1)), client.id.clone());
    lead.phone = Some(phone());
    lead.standing = no(OptOutChannel::FreeText);
    let profile = Profile::new(lead.id, received());
    (client, lead, profile)
}

fn asked(to: Answered, lead: &Lead) -> Answer {
    Answer { client: lead.client.clone(), lead: lead.id, to, received_at: received() }
}

#[test]
fn an_opt_out_is_confirmed_at_any_hour_within_five_minutes_and_not_after() {
    let (client, lead, profile) = sample();
    let answer = asked(Answered::OptOut(received()), &lead);
    let soon = answer.decide(&client, &lead, &profile, received() + TimeDelta::seconds(290)).expect("an answer");
    assert_eq!((soon.text.as_str(), &soon.to), ("Acme Coaching: you get no more texts.", &phone()));
    assert_eq!(soon.until, received() + TimeDelta::minutes(5));
    let late = answer.decide(&client, &lead, &profile, received() + TimeDelta::seconds(291));
    assert_eq!(late, Err(NoAnswer::TooLate), "the call could end after the five minutes");
}

#[test]
fn nothing_but_the_confirmation_of_the_no_that_stands_goes_to_who_has_opted_out() {
    let (client, mut lead, profile) = sample();
    let decide = |to, lead: &Lead| asked(to, lead).decide(&client, lead, &profile, received()).map(|may| may.text);
    assert_eq!(decide(Answered::Help, &lead), Err(NoAnswer::OptedOut));
    let other = received() - TimeDelta::seconds(1);
    assert_eq!(decide(Answered::OptOut(other), &lead), Err(NoAnswer::NoOptOut), "another no");
    for standing in [ContactStatus::Open, ContactStatus::Held { reason: "looked at".to_owned(), since: received() }] {
        lead.standing = standing;
        assert_eq!(decide(Answered::OptOut(received()), &lead), Err(NoAnswer::NoOptOut));
        assert_eq!(decide(Answered::Help, &lead).as_deref(), Ok("Acme Coaching. Reply STOP to end."));
    }
}

#[test]
fn without_a_text_on_hold_or_abroad_nothing_is_answered_and_in_test_mode_only_to_the_test_phone() {
    let (good, lead, profile) = sample();
    let decide = |change: fn(&mut Client)| {
        let mut client = good.clone();
        change(&mut client);
        asked(Answered::OptOut(received()), &lead).decide(&client, &lead, &profile, received())
    };
    assert_eq!(decide(|client| client.answers.opted_out = None), Err(NoAnswer::NoText));
    assert_eq!(decide(|client| client.sending = Sending::held("x", received())), Err(NoAnswer::OnHold));
    assert!(matches!(decide(|client| client.countries.clear()), Err(NoAnswer::NoNumber(_))));
    let nowhere = decide(|client| client.mode = Mode::Test { phone: None, email: None });
    assert!(matches!(nowhere, Err(NoAnswer::NoNumber(_))));
    let test_phone = decide(|client| {
        let phone = PhoneNumber::parse("+13055550111", Region::default()).ok();
        client.mode = Mode::Test { phone, email: None };
    });
    assert_eq!(test_phone.map(|may| may.to.e164().to_owned()).as_deref(), Ok("+13055550111"));
}

#[test]
fn an_answer_is_the_same_one_for_the_same_no_and_help_is_answered_once_a_day() {
    let (_, lead, _) = sample();
    let later = received() + TimeDelta::hours(2);
    let key = |to, received_at| Answer { received_at, ..asked(to, &lead) }.key();
    assert_eq!(key(Answered::OptOut(received()), received()), key(Answered::OptOut(received()), later));
    assert_ne!(key(Answered::OptOut(received()), received()), key(Answered::OptOut(later), received()));
    assert_eq!(key(Answered::Help, received()), key(Answered::Help, later));
    assert_ne!(key(Answered::Help, received()), key(Answered::Help, later + TimeDelta::days(1)));
}
