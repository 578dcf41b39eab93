//! The people: who sends forms, who answers, who says stop, each by a stream of randomness of its own.
//! What a person can do is a function here that posts something and notes how it was answered; bookings
//! have a file of their own.

use std::{collections::BTreeSet, sync::Arc};

use chrono::TimeDelta;
use futures_util::FutureExt;
use leadline::{
    domain::phone::{PhoneNumber, Region},
    ports::{Clock, LeadStore},
};
use leadline_standins::signature::sign;
use serde_json::{Value, json};

use crate::{
    bookings,
    executor::lock,
    faults::{Class, Happening},
    notes::{Form, Reply, Said},
    provider::Offer,
    rng::{Rng, key},
    spec::{FormKind, NumberKind, Person, Visit, form_id},
    world::{PUBLIC_URL, World},
};

/// When Kajabi posts again what was not taken: several times over hours.
const KAJABI_TRIES: [i64; 6] = [0, 60, 300, 1_800, 7_200, 28_800];
/// When Twilio posts a reply again, as the README sets it up (`rc=3`).
const TWILIO_TRIES: [i64; 4] = [0, 1, 3, 6];

/// Starts everybody, or some alone, and what answers to texts.
pub fn begin(world: &Arc<World>, only: Option<&BTreeSet<usize>>) {
    for person in world.spec.people.iter().filter(|person| only.is_none_or(|only| only.contains(&person.n))) {
        for (nth, visit) in person.visits.iter().enumerate() {
            let (world, visit, n) = (world.clone(), visit.clone(), person.n);
            world.handle.clone().start(async move {
                world.handle.sleep_until(visit.at).await;
                submit(&world, n, &visit, nth as u64).await;
            });
        }
        if let Some((at, stop)) = person.writes {
            let (world, n) = (world.clone(), person.n);
            world.handle.clone().start(async move {
                world.handle.sleep_until(at).await;
                say(&world, n, stop, 1).await;
            });
        }
    }
    bookings::begin(world, only);
    world.handle.start(react(world.clone()));
}

/// Answers to what happens: to a text, or in the gap of a sender's work on it.
async fn react(world: Arc<World>) {
    loop {
        for happening in world.faults.happened().await {
            match happening {
                Happening::Gap(lead, salt) => {
                    let person = lock(&world.notes).people.get(&lead).copied();
                    if let Some(n) = person {
                        world.handle.start(in_a_gap(world.clone(), n, salt));
                    }
                }
                Happening::Accepted(n) => {
                    if let Some(offer) = world.provider.offer(n) {
                        if world.faults.over() {
                            continue;
                        }
                        let words = world.provider.words(n);
                        world.handle.start(receipts(world.clone(), offer.clone(), n, words));
                        world.handle.start(bookings::after(world.clone(), offer.clone(), words));
                        world.handle.start(answer(world.clone(), offer, words));
                    }
                }
            }
        }
    }
}

async fn in_a_gap(world: Arc<World>, n: usize, salt: u64) {
    let mut rng = Rng::of(&[world.spec.seed, 21, salt]);
    let nap = *rng.pick(&[0, 1, 10, 30, 100, 300, 1_000, 4_000]);
    world.handle.sleep(TimeDelta::milliseconds(rng.between(0, nap))).await;
    match rng.between(0, 9) {
        0..=2 => bookings::book(&world, n, salt).await,
        3..=5 => say(&world, n, false, salt).await,
        _ => say(&world, n, true, salt).await,
    }
}

/// Whose name stands in a text.
#[must_use]
pub fn named<'a>(people: &'a [Person], body: &str) -> Option<&'a Person> {
    let name = body.strip_prefix("Hi ")?.split(',').next()?;
    let letters = name.strip_prefix("Pat")?;
    let n = letters.bytes().try_fold(0_usize, |n, letter| Some(n * 26 + usize::from(letter.checked_sub(b'a')?)))?;
    people.get(n).filter(|person| person.name == name)
}

async fn answer(world: Arc<World>, offer: Offer, words: u64) {
    let Some(person) = named(&world.spec.people, &offer.body) else { return };
    if offer.to != person.phone || person.number != NumberKind::Mobile {
        return;
    }
    let n = person.n;
    let mut rng = Rng::of(&[world.spec.seed, 22, n as u64, words]);
    if !rng.chance(person.answers) {
        return;
    }
    let longest = *rng.pick(&[1, 60, 600, 36_000, 200_000]);
    world.handle.sleep(TimeDelta::milliseconds(rng.between(50, longest * 1_000))).await;
    let stop = rng.chance(5_000);
    say(&world, n, stop, words).await;
    if rng.chance(2_500) {
        // A change of mind: the form once more.
        world.handle.sleep(TimeDelta::minutes(rng.between(0, 9_000))).await;
        let many = world.spec.clients[person.client].campaigns.len() as i64;
        let visit = Visit {
            at: world.handle.now(),
            campaign: usize::try_from(rng.between(0, many - 1)).unwrap_or(0),
            form: FormKind::Plain,
            again: None,
            both: false,
        };
        submit(&world, n, &visit, 50 + words % 100_000).await;
    }
}

/// Sends a form, and posts it until it is taken.
pub async fn submit(world: &Arc<World>, n: usize, visit: &Visit, nth: u64) {
    if world.faults.over() {
        return;
    }
    let id = 1_000_000 + n as u64 * 1_000_000 + nth;
    let body = by_api(world, n, visit, id);
    let expected = match visit.form {
        FormKind::Sample => Some("kj:fs:0".to_owned()),
        FormKind::Purchase => Some(format!("kj:pur:{id}")),
        FormKind::Garbage => None,
        _ => Some(format!("kj:fs:{id}")),
    };
    if visit.both && visit.form == FormKind::Plain {
        let (own, visit, body) = (world.clone(), visit.clone(), flat(world, n, visit, id));
        world.handle.start(async move {
            deliver(&own, n, &visit, body, Some(format!("kj:d:form:{id}")), nth + 500).await;
        });
    }
    deliver(world, n, visit, body, expected, nth).await;
}

async fn deliver(world: &Arc<World>, n: usize, visit: &Visit, body: String, expected: Option<String>, nth: u64) {
    let person = &world.spec.people[n];
    let client = &world.spec.clients[person.client];
    let path = format!("/webhooks/kajabi/{}/{}", client.settings.id, client.token);
    let note = Form {
        person: n,
        client: person.client,
        campaign: visit.campaign,
        kind: visit.form,
        key: expected,
        posted: world.handle.now(),
        taken: None,
    };
    let at = {
        let mut notes = lock(&world.notes);
        notes.forms.push(note);
        notes.forms.len() - 1
    };
    let mut again = visit.again.filter(|_| world.faults.strikes(Class::Duplicate, &[14, n as u64, nth], 10_000));
    for (nth_try, wait) in KAJABI_TRIES.iter().enumerate() {
        world.handle.sleep(TimeDelta::seconds(*wait)).await;
        let subject = key(&[n as u64, nth, nth_try as u64]);
        let status = world.post(subject, &path, body.clone(), &[("content-type", "application/json")]).await;
        world.trace.note(format_args!("{} sends a form {:?}: {status:?}", person.name, visit.form));
        if status.is_some_and(|status| (200..300).contains(&status)) {
            lock(&world.notes).forms[at].taken.get_or_insert(world.handle.now());
            remember(world, n);
            match again.take() {
                Some(after) => {
                    world.handle.sleep(after).await;
                    world.post(subject ^ 1, &path, body.clone(), &[("content-type", "application/json")]).await;
                    return;
                }
                None => return,
            }
        }
    }
}

/// Notes which lead a person has become, so that the person can answer in the gaps of the work on it.
fn remember(world: &World, n: usize) {
    let person = &world.spec.people[n];
    let Ok(phone) = PhoneNumber::parse(&person.phone, Region::default()) else { return };
    let found = world.store.phone(&world.spec.clients[person.client].settings.id, &phone).now_or_never();
    if let Some(Ok(found)) = found
        && let Some(lead) = found.lead
    {
        lock(&world.notes).people.insert(lead, n);
    }
}

fn phone_of(person: &Person, form: FormKind) -> Value {
    match form {
        FormKind::BadPhone => json!("555-0123"),
        FormKind::NoPhone => Value::Null,
        // Numbers that the regulator of Great Britain keeps for stories.
        FormKind::Foreign => json!(format!("+44 20 7946 0{:03}", person.n % 1_000)),
        _ => {
            let digits = &person.phone[2..];
            json!(format!("({}) {}-{}", &digits[..3], &digits[3..6], &digits[6..]))
        }
    }
}

/// A form as Kajabi's public API posts it.
fn by_api(world: &World, n: usize, visit: &Visit, id: u64) -> String {
    let person = &world.spec.people[n];
    let form = match visit.form {
        FormKind::UnknownForm => "2159999999".to_owned(),
        _ => form_id(person.client, visit.campaign),
    };
    let id = if visit.form == FormKind::Sample { "0".to_owned() } else { id.to_string() };
    if visit.form == FormKind::Garbage {
        return format!("{{\"event\": \"form_submission\", \"of\": \"{}\"", person.name);
    }
    if visit.form == FormKind::Purchase {
        return json!({"id": id, "event": "purchase", "payload": [{"id": id, "type": "purchases", "attributes": {}}]})
            .to_string();
    }
    let ticked = if visit.form == FormKind::NoConsent { "No" } else { "Yes" };
    let mut attributes = json!({
        "name": format!("{} Example", person.name), "email": format!("{}@example.org", person.name),
        "phone_number": phone_of(person, visit.form), "custom_1": ticked, "custom_2": null,
    });
    if let Some(zone) = person.stated {
        attributes["time_zone"] = json!(zone.name());
    }
    let relationships = match visit.form {
        FormKind::Nameless => json!({}),
        _ => json!({"form": {"data": {"id": form, "type": "forms"}}}),
    };
    let submission =
        json!({"id": id, "type": "form_submissions", "attributes": attributes, "relationships": relationships});
    json!({"id": id, "event": "form_submission", "payload": [submission]}).to_string()
}

/// The same form as a dashboard webhook posts it.
fn flat(world: &World, n: usize, visit: &Visit, id: u64) -> String {
    let person = &world.spec.people[n];
    let mut body = json!({
        "id": id.to_string(), "first_name": person.name, "last_name": "Example",
        "email": format!("{}@example.org", person.name), "mobile_phone_number": phone_of(person, visit.form),
        "form_id": form_id(person.client, visit.campaign), "form_title": "Free webinar", "custom_1": "Yes",
    });
    if let Some(zone) = person.stated {
        body["time_zone"] = json!(zone.name());
    }
    body.to_string()
}

/// What phones write by themselves: nobody replied, and nothing is changed by it.
const BY_ITSELF: [&str; 2] = [
    "Liked “Hi, step 1. Reply STOP to end these texts.”",
    "I'm driving with Focus turned on. I'll see your message when I get where I'm going.",
];

/// Writes to the client's number: a stop word, or something else.
pub async fn say(world: &Arc<World>, n: usize, stop: bool, salt: u64) {
    if world.faults.over() {
        return;
    }
    let person = &world.spec.people[n];
    let client = &world.spec.clients[person.client];
    let mut rng = Rng::of(&[world.spec.seed, 23, n as u64, salt]);
    let words = if stop {
        *rng.pick(&[
            "STOP",
            "stop",
            " Stop. ",
            "Unsubscribe",
            "CANCEL",
            "opt-out",
            "please stop",
            "leave me alone",
            "take me off your list",
            "no more texts",
        ])
    } else {
        *rng.pick(&[
            "Yes please",
            "who is this",
            "When does it end?",
            "ok 👍",
            "",
            "call me tomorrow",
            "no thanks",
            BY_ITSELF[0],
            BY_ITSELF[1],
        ])
    };
    let sid = format!("SM{:032x}", u128::from(key(&[world.spec.seed, 24, n as u64, salt])));
    let path = format!("/webhooks/twilio/{}/inbound", client.settings.id);
    let mut fields = vec![
        ("Body", words),
        ("From", person.phone.as_str()),
        ("MessageSid", sid.as_str()),
        ("NumMedia", "0"),
        ("To", client.number.as_str()),
    ];
    let by_provider = stop && rng.chance(6_000);
    if by_provider {
        fields.push(("OptOutType", "STOP"));
    }
    // Words that the provider takes for no keyword, however they are written.
    let in_free_words = ["please stop", "leave me alone", "take me off your list", "no more texts"].contains(&words);
    let to_confirm = stop && in_free_words && !by_provider;
    let twice = world.faults.strikes(Class::Duplicate, &[15, n as u64, salt], 300);
    for (nth, wait) in TWILIO_TRIES.iter().enumerate() {
        world.handle.sleep(TimeDelta::seconds(*wait)).await;
        lock(&world.notes).said.push(Said { person: n, to_confirm, at: world.handle.now() });
        let status = signed(world, key(&[n as u64, salt, nth as u64]), n, &path, &fields).await;
        world.trace.note(format_args!("{} writes {words:?}: {status:?}", person.name));
        if status.is_some_and(|status| (200..300).contains(&status)) {
            let taken = world.handle.now();
            if !BY_ITSELF.contains(&words) {
                lock(&world.notes).replies.push(Reply { person: n, stop, taken });
            }
            if twice {
                world.handle.sleep(TimeDelta::seconds(rng.between(0, 90))).await;
                lock(&world.notes).said.push(Said { person: n, to_confirm, at: world.handle.now() });
                signed(world, key(&[n as u64, salt, 99]), n, &path, &fields).await;
            }
            return;
        }
    }
}

/// Posts what Twilio signed.
async fn signed(
    world: &Arc<World>,
    subject: u64,
    n: usize,
    path: &str,
    fields: &[(&'static str, &str)],
) -> Option<u16> {
    let client = &world.spec.clients[world.spec.people[n].client];
    let signature = sign(&client.auth_token, &format!("{PUBLIC_URL}{path}"), fields);
    let body = serde_urlencoded::to_string(fields).ok()?;
    world.post(subject, path, body, &[("x-twilio-signature", &signature)]).await
}

/// What the provider says of a text after it took it: late, twice, out of order, or never.
async fn receipts(world: Arc<World>, offer: Offer, number: usize, words: u64) {
    let Some(n) = named(&world.spec.people, &offer.body).map(|person| person.n) else { return };
    let lead = offer.lead.0.0;
    let about = key(&[world.spec.seed, 25, lead as u64, (lead >> 64) as u64, words]);
    let mut rng = Rng::of(&[about]);
    let kind = world.provider.number(&offer.to);
    let (last, code) = match kind {
        NumberKind::Unreachable(code) => ("undelivered", Some(code)),
        _ if rng.chance(60) => ("undelivered", Some(*rng.pick(&[30003, 30008, 30005, 30007]))),
        _ => ("delivered", None),
    };
    let mut at = 0;
    for (nth, status) in ["queued", "sent", last].into_iter().enumerate() {
        let longest = *rng.pick(&[200, 2_000, 60_000]);
        at += rng.between(10, longest);
        let strikes = |what: u64, rate: u32| world.faults.strikes(Class::Callback, &[about, nth as u64, what], rate);
        if strikes(1, world.faults.weather().lost_receipts) {
            continue;
        }
        let late = if strikes(2, 800) { rng.between(1, 100_000) * 1_000 } else { 0 };
        let times = 1 + usize::from(strikes(3, 500));
        for time in 0..times {
            let nap = TimeDelta::milliseconds(at + late + time as i64 * rng.between(0, 90_000));
            let (world, offer, salt) = (world.clone(), offer.clone(), key(&[about, nth as u64, time as u64]));
            let code = code.filter(|_| nth == 2);
            world.handle.clone().start(async move {
                world.handle.sleep(nap).await;
                receipt(&world, n, &offer, number, status, code, salt).await;
            });
        }
    }
}

async fn receipt(
    world: &Arc<World>,
    n: usize,
    offer: &Offer,
    number: usize,
    status: &str,
    code: Option<u32>,
    salt: u64,
) {
    let client = &world.spec.clients[world.spec.people[n].client];
    let (sid, code) = (Offer::sid(number), code.map(|code| code.to_string()));
    let path = format!("/webhooks/twilio/{}/status?att={}&lead={}", offer.client, offer.attempt, offer.lead);
    let mut fields = vec![
        ("From", client.number.as_str()),
        ("MessageSid", sid.as_str()),
        ("MessageStatus", status),
        ("To", offer.to.as_str()),
    ];
    if let Some(code) = &code {
        fields.push(("ErrorCode", code));
    }
    for nth in 0..2 {
        let answer = signed(world, key(&[salt, nth]), n, &path, &fields).await;
        world.trace.note(format_args!("receipt of {}: {status} {code:?}: {answer:?}", offer.attempt));
        if answer.is_some() {
            return;
        }
        world.handle.sleep(TimeDelta::seconds(5)).await;
    }
}
