//! A world in which nothing goes wrong, and each kind of violation planted in what is left of it: every
//! judge must see its own, and no other may cry.

use chrono::TimeDelta;
use leadline::domain::{
    audit::Event,
    campaign::CampaignStatus,
    client::{Mode, Sequences},
    ids::{AttemptId, LeadId},
    lead::Waits,
};

use leadline::ports::Clock;

use super::*;
use crate::{
    executor::lock,
    faults::{Class, Without},
    notes::{Appointment, Mail, Reply},
    run::{finish, left_by},
    spec::Scale,
    world::{Options, World},
};

/// What a mistake is planted in.
struct Planted {
    spec: Spec,
    notes: Notes,
    left: Left,
    now: Instant,
}

impl Planted {
    /// A world in which nothing goes wrong.
    fn calm() -> Self {
        let spec = Spec::of(11, 4, Scale { people: 60, days: 9 });
        let without = Without { classes: Class::ALL.into(), ..Without::default() };
        let (mut executor, world) = World::new(spec, &Options { without, ..Options::default() });
        finish(&mut executor, &world);
        let left = left_by(&world);
        let notes = std::mem::take(&mut *lock(&world.notes));
        Self { spec: world.spec.clone(), notes, left, now: executor.handle().now() }
    }

    fn judges(&self) -> Vec<&'static str> {
        let Self { spec, notes, left, now } = self;
        let found = violations(&Evidence { spec, notes, left, disturbed: &|_| false, now: *now });
        let names: std::collections::BTreeSet<&str> = found.iter().map(|found| found.judge).collect();
        names.into_iter().collect()
    }

    /// The first text that went to a lead and was accepted.
    fn text(&self) -> usize {
        let to_lead = |offer: &Offer| !answers::is_confirmation(offer) && self.person(offer).phone == offer.to;
        self.left.offers.iter().position(|offer| offer.accepted.is_some() && to_lead(offer)).expect("a text")
    }

    fn person(&self, offer: &Offer) -> &Person {
        named(&self.spec.people, &offer.body).expect("a person")
    }

    /// How its client is left right before a text was claimed.
    fn before(&mut self, text: usize, change: impl FnOnce(&mut Snapshot)) {
        let (client, at) = (self.person(&self.left.offers[text]).client, claimed(self.left.offers[text].attempt));
        let last =
            self.notes.settings.iter().rposition(|left| left.client == client && left.at < at).expect("settings");
        let mut snapshot = Snapshot { at: at - TimeDelta::seconds(1), ..self.notes.settings[last].clone() };
        change(&mut snapshot);
        let back = Snapshot { at: at + TimeDelta::hours(2), ..self.notes.settings[last].clone() };
        self.notes.settings.insert(last + 1, snapshot);
        self.notes.settings.insert(last + 2, back);
    }
}

/// The same text once more, by another attempt and as often as it is asked for.
fn once_more(planted: &mut Planted, text: usize, times: u64) {
    for time in 1..=times {
        let mut again = planted.left.offers[text].clone();
        again.attempt =
            AttemptId(ulid::Ulid::from_parts(again.attempt.0.timestamp_ms() + 2_000 * time, u128::from(time)));
        again.accepted = Some(claimed(again.attempt) + TimeDelta::seconds(1));
        again.body = again.body.replace("step 1", &format!("step {}", 10 + time));
        planted.left.offers.push(again);
    }
}

#[test]
fn nothing_is_seen_in_a_calm_world() {
    let planted = Planted::calm();
    assert_eq!(planted.judges(), [""; 0]);
    assert!(planted.left.offers.len() > 20, "{}", planted.left.offers.len());
}

#[test]
fn a_counter_that_is_off_is_seen() {
    let mut planted = Planted::calm();
    let counts = planted.left.counts.values_mut().next().expect("a campaign that somebody entered");
    assert!(counts.enrolled > 0);
    counts.enrolled += 1;
    assert_eq!(planted.judges(), ["counters"]);
}

#[test]
fn a_text_that_went_out_twice_is_seen() {
    let mut planted = Planted::calm();
    let again = planted.left.offers[planted.text()].clone();
    planted.left.offers.push(again);
    let judges = planted.judges();
    assert!(judges.contains(&"never twice") && judges.contains(&"never without a record"), "{judges:?}");
}

#[test]
fn a_text_after_a_stop_or_a_reply_is_seen_and_one_claimed_before_it_is_not() {
    for (stop, after, expected) in
        [(true, -1, true), (true, 0, false), (true, 1, false), (false, -1, true), (false, 1, false)]
    {
        let mut planted = Planted::calm();
        let offer = planted.left.offers[planted.text()].clone();
        let (person, claimed) = (planted.person(&offer).n, claimed(offer.attempt));
        // What enrolled the person has not come after the reply.
        for journal in &mut planted.left.journals {
            journal.retain(|event| {
                event.event != Event::Enrolled
                    || event.lead != Some(offer.lead)
                    || event.at < claimed - TimeDelta::minutes(4)
            });
        }
        planted.left.offers = vec![offer];
        planted.notes.replies = vec![Reply { person, stop, taken: claimed + TimeDelta::seconds(after) }];
        assert_eq!(planted.judges().contains(&"never after no"), expected, "{stop} {after}");
    }
}

#[test]
fn a_text_too_soon_after_the_one_before_it_is_seen() {
    let mut planted = Planted::calm();
    let offers = &planted.left.offers;
    let step = |offer: &Offer, n: u16| offer.accepted.is_some() && offer.body.contains(&format!(", step {n} of "));
    let (first, second) = offers
        .iter()
        .enumerate()
        .filter(|(_, offer)| step(offer, 1))
        .find_map(|(n, first)| {
            let same = |second: &Offer| second.body == first.body.replace("step 1", "step 2") && step(second, 2);
            Some((n, offers.iter().position(same)?))
        })
        .expect("somebody got two texts");
    let soon = offers[first].accepted.expect("accepted") + TimeDelta::seconds(1);
    let at = u64::try_from(soon.timestamp_millis()).expect("after 1970");
    planted.left.offers[second].attempt = AttemptId(ulid::Ulid::from_parts(at, 1));
    assert!(planted.judges().contains(&"schedule"), "{:?}", planted.judges());
}

#[test]
fn a_second_sequence_beside_the_first_is_seen_where_a_client_wants_one() {
    for (sequences, expected) in [(Sequences::Many, false), (Sequences::First, true)] {
        let mut planted = Planted::calm();
        let began = |event: &&leadline::domain::audit::AuditEvent| event.event == Event::Enrolled;
        let client =
            planted.left.journals.iter().position(|journal| journal.iter().any(|e| began(&e))).expect("a client");
        planted.spec.clients.iter_mut().for_each(|client| client.settings.sequences = sequences);
        let journal = &mut planted.left.journals[client];
        let mut second = journal.iter().find(began).expect("an enrollment").clone();
        // Nothing of the first one has ended by then.
        journal.retain(|event| event.lead != second.lead || event.ended.is_none());
        second.at += TimeDelta::hours(1);
        second.campaign = serde_json::from_value(serde_json::json!("another")).ok();
        journal.push(second);
        assert_eq!(planted.judges().contains(&"one sequence"), expected, "{sequences:?}");
    }
}

#[test]
fn a_text_while_an_appointment_stands_is_seen_and_one_before_it_after_it_or_when_it_is_moved_is_not() {
    let minute = |n: i64| TimeDelta::minutes(n);
    for (taken, starts_at, until, expected) in [
        (Some(-1), 60, None, true),
        (Some(-1), 60, Some(1), true),
        (Some(-2), 60, Some(-1), false),
        (Some(-2), -1, None, false),
        (Some(0), 60, None, false),
        (None, 60, None, false),
    ] {
        let mut planted = Planted::calm();
        let offer = planted.left.offers[planted.text()].clone();
        let (person, at) = (planted.person(&offer).n, claimed(offer.attempt));
        planted.left.offers = vec![offer];
        planted.notes.appointments = vec![Appointment {
            person,
            starts_at: at + minute(starts_at),
            taken: taken.map(|taken| at + minute(taken)),
            until: until.map(|until| at + minute(until)),
        }];
        let judges = planted.judges();
        assert_eq!(judges.contains(&"never after no"), expected, "{taken:?} {starts_at} {until:?}: {judges:?}");
    }
}

#[test]
fn a_text_in_a_hold_a_pause_or_without_settings_is_seen() {
    let plants: [fn(&mut Snapshot); 3] = [
        |snapshot| snapshot.held = true,
        |snapshot| snapshot.settings = None,
        |snapshot| snapshot.campaigns.iter_mut().for_each(|campaign| campaign.status = CampaignStatus::Paused),
    ];
    for plant in plants {
        let mut planted = Planted::calm();
        planted.before(planted.text(), plant);
        assert!(planted.judges().contains(&"never after no"), "{:?}", planted.judges());
    }
}

/// The judges but that of schedules: of a text that is moved, the next one comes too soon after it.
fn without_schedule(planted: &Planted) -> Vec<&'static str> {
    planted.judges().into_iter().filter(|judge| *judge != "schedule").collect()
}

#[test]
fn a_text_at_night_or_after_its_time_is_seen() {
    for hours in [9, 12, 15] {
        let mut planted = Planted::calm();
        let text = planted.text();
        let offer = &mut planted.left.offers[text];
        offer.accepted = offer.accepted.map(|at| at + TimeDelta::hours(hours));
        offer.expires_at = offer.accepted.unwrap_or_default() + TimeDelta::minutes(1);
        assert_eq!(without_schedule(&planted), ["never at the wrong hour"], "{hours}");
    }
    let mut planted = Planted::calm();
    let text = planted.text();
    let offer = &mut planted.left.offers[text];
    offer.accepted = Some(offer.expires_at);
    assert_eq!(without_schedule(&planted), ["never at the wrong hour"]);
}

#[test]
fn a_text_to_another_number_than_the_mode_says_is_seen() {
    let mut planted = Planted::calm();
    let text = planted.text();
    planted.left.offers[text].to = "+13055550199".to_owned();
    assert_eq!(planted.judges(), ["test mode"]);
    let mut planted = Planted::calm();
    let phone = serde_json::from_value(serde_json::json!("+13055550180")).ok();
    planted.before(planted.text(), |snapshot| {
        if let Some(settings) = &mut snapshot.settings {
            settings.mode = Mode::Test { phone, email: None };
        }
    });
    assert!(planted.judges().contains(&"test mode"));
}

#[test]
fn more_texts_than_the_limits_are_seen() {
    let mut planted = Planted::calm();
    let text = planted.text();
    once_more(&mut planted, text, 101);
    let judges = planted.judges();
    assert!(judges.contains(&"limit per hour") && judges.contains(&"limit per number"), "{judges:?}");
}

#[test]
fn a_form_that_was_answered_and_is_not_there_or_not_done_is_seen() {
    let mut planted = Planted::calm();
    planted.left.events.pop_first();
    assert_eq!(planted.judges(), ["never lost"]);
    let mut planted = Planted::calm();
    if let Some(mut event) = planted.left.events.first_entry() {
        event.insert(EventState::Received { due: Instant::UNIX_EPOCH, tries: 1 });
    }
    assert_eq!(planted.judges(), ["never lost"]);
}

#[test]
fn a_lead_that_nobody_looks_at_is_seen() {
    let mut planted = Planted::calm();
    let waiting = |stored: &StoredLead| stored.lead.due().is_some();
    let at = planted.left.leads.iter().position(waiting).expect("a lead that waits");
    let id: LeadId = planted.left.leads[at].lead.id;
    for due in &mut planted.left.due {
        due.retain(|work| !matches!(work, leadline::ports::DueWork::Lead { id: of, .. } if *of == id));
    }
    assert_eq!(planted.judges(), ["never lost"]);
    let mut planted = Planted::calm();
    let long_ago = planted.now - TimeDelta::hours(5);
    planted.left.leads[at].lead.enrollments[0].waits = Waits::Until(long_ago);
    assert_eq!(planted.judges(), ["never lost"]);
}

#[test]
fn a_text_without_a_record_and_books_that_do_not_balance_are_seen() {
    let mut planted = Planted::calm();
    let attempt = planted.left.offers[planted.text()].attempt;
    for journal in &mut planted.left.journals {
        journal.retain(|event| event.id.0 != attempt.0 || event.ended.is_some());
        journal.iter_mut().filter(|event| event.id.0 == attempt.0).for_each(|event| event.text = None);
    }
    assert_eq!(planted.judges(), ["never without a record"]);
    for kind in [Event::EventReceived, Event::Enrolled] {
        let mut planted = Planted::calm();
        let client = planted.left.journals.iter().position(|journal| journal.iter().any(|event| event.event == kind));
        let journal = &mut planted.left.journals[client.expect("a client")];
        let at = journal.iter().position(|event| event.event == kind).expect("an event");
        journal.remove(at);
        assert!(planted.judges().contains(&"books"), "{:?}", planted.judges());
    }
}

#[test]
fn a_red_line_in_a_report_and_a_mail_that_comes_twice_are_seen() {
    let mut planted = Planted::calm();
    let mail = planted.notes.mails.iter_mut().find(|mail| mail.email.text.contains("Books")).expect("a report");
    mail.email.text.push_str("\n 1. books off by 3");
    assert_eq!(planted.judges(), ["report"]);
    let mut planted = Planted::calm();
    let first = planted.notes.mails.first().cloned().expect("a mail");
    planted.notes.mails.insert(1, Mail { at: first.at + TimeDelta::minutes(1), ..first });
    assert_eq!(planted.judges(), ["one mail a cause and day"]);
}

#[test]
fn a_mail_about_one_reply_comes_once_and_about_two_with_the_same_words_twice() {
    let mut planted = Planted::calm();
    let at = planted.notes.mails.iter().position(|mail| mail.email.text.contains("--answered")).expect("a reply");
    let first = planted.notes.mails[at].clone();
    let by_name = |person: &&Person| first.email.text.contains(&person.name);
    let person = planted.spec.people.iter().find(by_name).expect("who wrote").n;
    let came = first.at;
    planted.notes.mails.insert(at + 1, Mail { at: came + TimeDelta::minutes(5), ..first });
    planted.notes.replies.retain(|reply| reply.person != person);
    planted.notes.replies.push(Reply { person, stop: false, taken: came });
    assert_eq!(planted.judges(), ["one mail a cause and day"]);
    planted.notes.replies.push(Reply { person, stop: false, taken: came + TimeDelta::seconds(20) });
    assert_eq!(planted.judges(), [""; 0]);
}

#[test]
fn a_confirmation_that_is_a_second_one_late_elsewhere_or_not_asked_for_is_seen() {
    type Plant = fn(&mut Planted, usize);
    let second: Plant = |planted, n| {
        let again = planted.left.offers[n].clone();
        planted.left.offers.push(again);
    };
    let not_asked_for: Plant = |planted, _| planted.notes.said.clear();
    let late: Plant = |planted, n| {
        let late = TimeDelta::minutes(6);
        planted.left.offers[n].called += late;
        planted.left.offers[n].accepted = planted.left.offers[n].accepted.map(|at| at + late);
    };
    let elsewhere: Plant = |planted, n| planted.left.offers[n].to = "+13055550100".to_owned();
    let held: Plant = |planted, n| {
        let claimed = claimed(planted.left.offers[n].attempt);
        for snapshot in planted.notes.settings.iter_mut().filter(|snapshot| snapshot.at < claimed) {
            snapshot.held = true;
        }
    };
    let without_record: Plant = |planted, _| {
        planted.left.journals.iter_mut().for_each(|journal| journal.retain(|event| event.event != Event::AnswerSent));
    };
    for (name, plant, judge) in [
        ("second", second, "never twice"),
        ("not asked for", not_asked_for, "confirmation"),
        ("late", late, "confirmation"),
        ("elsewhere", elsewhere, "test mode"),
        ("held", held, "confirmation"),
        ("without a record", without_record, "never without a record"),
    ] {
        let mut planted = Planted::calm();
        let sent = |offer: &Offer| answers::is_confirmation(offer) && offer.accepted.is_some();
        let n = planted.left.offers.iter().position(sent).expect("an opt-out was confirmed");
        plant(&mut planted, n);
        let judges = planted.judges();
        assert!(judges.contains(&judge), "{name}: {judges:?}");
    }
}
