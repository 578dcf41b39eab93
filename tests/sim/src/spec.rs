//! What one world is made of, all of it from its seed: clients, people, and what goes wrong when.

mod life;
mod weather;

use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, TimeZone, Weekday};
use chrono_tz::Tz;
use leadline::domain::{
    Instant,
    campaign::Campaign,
    client::{Client, TokenHash},
};
use serde_json::{Value, json};

use crate::rng::{Rng, key};
pub use weather::{Outage, Storm, Weather};

/// Area codes, the state of each, and every zone that a number of it could be in. Written down here and not read from
/// the system's own file, which is among what is judged.
pub const AREAS: [(u32, &str, &[Tz]); 32] = {
    use chrono_tz::{America as A, Pacific as P};
    [
        (305, "FL", &[A::New_York]),
        (212, "NY", &[A::New_York]),
        (617, "MA", &[A::New_York]),
        (404, "GA", &[A::New_York]),
        (202, "DC", &[A::New_York]),
        (216, "OH", &[A::New_York]),
        (313, "MI", &[A::New_York]),
        (312, "IL", &[A::Chicago]),
        (214, "TX", &[A::Chicago]),
        (713, "TX", &[A::Chicago]),
        (504, "LA", &[A::Chicago]),
        (612, "MN", &[A::Chicago]),
        (303, "CO", &[A::Denver]),
        (505, "NM", &[A::Denver]),
        (801, "UT", &[A::Denver]),
        (602, "AZ", &[A::Phoenix]),
        (213, "CA", &[A::Los_Angeles]),
        (206, "WA", &[A::Los_Angeles]),
        (415, "CA", &[A::Los_Angeles]),
        (619, "CA", &[A::Los_Angeles]),
        (702, "NV", &[A::Los_Angeles]),
        (808, "HI", &[P::Honolulu]),
        (907, "AK", &[A::Adak, A::Anchorage, A::Juneau, P::Honolulu]),
        (219, "IN", &[A::Chicago, A::New_York]),
        (850, "FL", &[A::Chicago, A::New_York]),
        (423, "TN", &[A::Chicago, A::New_York]),
        (208, "ID", &[A::Boise, A::Denver, A::Los_Angeles]),
        (701, "ND", &[A::Chicago, A::Denver]),
        (605, "SD", &[A::Chicago, A::Denver]),
        (541, "OR", &[A::Denver, A::Los_Angeles]),
        (915, "TX", &[A::Denver]),
        (888, "", &[A::New_York, A::Chicago, A::Denver, A::Los_Angeles, A::Anchorage, P::Honolulu]),
    ]
};

/// How large worlds are.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// People in each.
    pub people: usize,
    /// Days in which they come.
    pub days: i64,
}

impl Default for Scale {
    fn default() -> Self {
        Self { people: 900, days: 45 }
    }
}

/// One world.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Its own seed.
    pub seed: u64,
    /// Its number in the run.
    pub number: u64,
    /// When it begins.
    pub start: Instant,
    /// When nobody comes any more and nothing goes wrong any more.
    pub quiet: Instant,
    /// Its clients.
    pub clients: Vec<ClientSpec>,
    /// Its people.
    pub people: Vec<Person>,
    /// What goes wrong.
    pub weather: Weather,
}

/// One client.
#[derive(Debug, Clone)]
pub struct ClientSpec {
    /// Its settings at the start.
    pub settings: Client,
    /// The token in its Kajabi address.
    pub token: String,
    /// What Twilio signs with.
    pub auth_token: String,
    /// The number that texts come from.
    pub number: String,
    /// Its campaigns at the start.
    pub campaigns: Vec<Campaign>,
}

/// One person, who is a lead of one client.
#[derive(Debug, Clone)]
pub struct Person {
    /// The number in the world.
    pub n: usize,
    /// Whose lead.
    pub client: usize,
    /// A first name that nobody else of the world has.
    pub name: String,
    /// The number, E.164.
    pub phone: String,
    /// Every zone that the person could be in.
    pub zones: Vec<Tz>,
    /// The state of the area code, by two letters; empty for a number that has none.
    pub state: &'static str,
    /// The zone that the person states.
    pub stated: Option<Tz>,
    /// The forms that are sent, whatever happens.
    pub visits: Vec<Visit>,
    /// What the number is like.
    pub number: NumberKind,
    /// How ready the person is to answer, of ten thousand.
    pub answers: u32,
    /// A text of the person at a moment that has nothing to do with ours.
    pub writes: Option<(Instant, bool)>,
}

/// What a number is like at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberKind {
    /// It takes texts.
    Mobile,
    /// The provider refuses it with this code.
    Refused(u32),
    /// The provider takes texts for it, and reports later that they did not arrive.
    Unreachable(u32),
}

/// One form that a person sends.
#[derive(Debug, Clone)]
pub struct Visit {
    /// When.
    pub at: Instant,
    /// The campaign whose form it is.
    pub campaign: usize,
    /// What is special about it.
    pub form: FormKind,
    /// When the same delivery is posted once more, after it was answered.
    pub again: Option<TimeDelta>,
    /// Whether the other webhook system of Kajabi posts it, too.
    pub both: bool,
}

/// What is special about a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormKind {
    /// Nothing.
    Plain,
    /// Its number cannot be one.
    BadPhone,
    /// It has no number.
    NoPhone,
    /// Its number is of another country.
    Foreign,
    /// The box is not ticked, where there is one.
    NoConsent,
    /// Nobody knows the form.
    UnknownForm,
    /// It does not say which form it is.
    Nameless,
    /// Kajabi's own test.
    Sample,
    /// Something else that happened at Kajabi.
    Purchase,
    /// Not readable at all.
    Garbage,
}

impl Spec {
    /// World `number` of a run.
    #[must_use]
    pub fn of(run: u64, number: u64, scale: Scale) -> Self {
        let seed = key(&[run, number]);
        let mut rng = Rng::of(&[seed, 1]);
        let year = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
        let start = year + TimeDelta::hours(rng.between(0, 3 * 365) * 24 + rng.between(0, 23));
        let days = rng.between(scale.days * 2 / 3, scale.days * 4 / 3).max(3);
        let quiet = start + TimeDelta::days(days);
        let many = usize::try_from(rng.between(1, 5)).unwrap_or(1);
        let clients: Vec<ClientSpec> = (0..many).map(|n| client(seed, n, start)).collect();
        let people = (0..scale.people).map(|n| person(seed, n, &clients, start, days)).collect();
        let weather = weather::of(seed, start, quiet, many);
        Self { seed, number, start, quiet, clients, people, weather }
    }
}

fn client(seed: u64, n: usize, start: Instant) -> ClientSpec {
    let mut rng = Rng::of(&[seed, 2, n as u64]);
    let zones = [
        "America/New_York",
        "America/Chicago",
        "America/Denver",
        "America/Los_Angeles",
        "America/Phoenix",
        "Pacific/Honolulu",
    ];
    let zone = *rng.pick(&zones);
    let id = format!("client-{n}");
    let (number, test_phone) = (format!("+1305555019{n}"), format!("+1305555018{n}"));
    let token = format!("a-token-of-client-{n}-{:016x}", rng.next_word());
    let mode = match (n, rng.between(0, 5)) {
        (1.., 0) => json!({"test": {"phone": test_phone, "email": format!("test-{n}@example.com")}}),
        _ => json!("live"),
    };
    let mut other = Rng::of(&[seed, 6, n as u64]);
    let on_cancelled = other
        .pick(&[json!("nothing"), json!("resume"), json!("resume"), json!({"campaign": format!("c{n}-0")})])
        .clone();
    let settings = json!({
        "id": id, "name": format!("Business {n}"), "zone": zone, "on_cancelled": on_cancelled,
        "sequences": other.pick(&["many", "many", "first", "newest"]),
        "admin_email": format!("owner-{n}@example.com"), "mode": mode,
        "provider": {"twilio": {"account_sid": format!("AC{n:032}"), "sender": {"number": number}}},
        "kajabi": {"token_hashes": [TokenHash::of(&token)]},
        // A client of two has not said yet how it meets the law of Texas.
        "cleared_states": if n.is_multiple_of(2) { vec!["TX"] } else { Vec::new() },
        "since": start, "window": window(&mut rng), "limits": limits(&mut rng),
        "report_at": format!("{:02}:{}0:00", rng.between(5, 11), rng.between(0, 5)),
    });
    let mut settings = settings;
    if n.is_multiple_of(2) {
        let text = format!("Hi {{{{first_name|Friend}}}}, confirmed: no more texts of Business {n}.");
        settings["answers"] = json!({"opted_out": text});
    }
    let many = usize::try_from(rng.between(1, 3)).unwrap_or(1);
    ClientSpec {
        settings: serde_json::from_value(settings).expect("settings of a client"),
        token,
        auth_token: format!("auth-token-of-client-{n}"),
        number,
        campaigns: (0..many).map(|campaign| self::campaign(&mut rng, n, campaign, 1, start)).collect(),
    }
}

/// Sending hours.
pub fn window(rng: &mut Rng) -> Value {
    let (days, opens, closes) = *rng.pick(&[
        ("mon tue wed thu fri", "08:00", "20:00"),
        ("mon tue wed thu fri", "10:00", "18:00"),
        ("mon tue wed thu fri sat", "09:00", "21:00"),
        ("mon tue wed thu fri sat sun", "07:00", "22:00"),
        ("mon tue wed thu fri sat sun", "00:00", "24:00"),
        ("tue thu sat", "12:00", "17:30"),
        // Closed while the texts of a run are still spread over their minute.
        ("mon tue wed thu fri", "08:30", "17:46"),
        ("mon tue wed thu fri sat sun", "09:00", "18:01"),
    ]);
    json!({"days": days.split(' ').collect::<Vec<_>>(), "opens": opens, "closes": closes})
}

/// How much may be sent.
pub fn limits(rng: &mut Rng) -> Value {
    json!({
        "per_run": rng.pick(&[5, 20, 50, 50]), "per_run_in_test": rng.pick(&[2, 5]),
        "per_hour": rng.pick(&[6, 20, 60, 100]), "per_number_per_hour": rng.pick(&[1, 2, 10]),
        "per_number_per_day": rng.pick(&[1, 2, 3, 6]),
    })
}

/// A campaign as it is made at `now`. Every text of a world says whose it is, and which step of what.
pub fn campaign(rng: &mut Rng, client: usize, n: usize, version: u32, now: Instant) -> Campaign {
    let mut own = Rng::of(&[rng.clone().next_word(), 7]);
    let steps = rng.between(1, 4);
    let delays = [5, 30, 60, 120, 24 * 60, 2 * 24 * 60, 3 * 24 * 60, 7 * 24 * 60, 16 * 24 * 60];
    let earliest = *rng.pick(&[0, 5, 60, 60]);
    let messages: Vec<Value> = (1..=steps)
        .map(|step| {
            let delay = if step == 1 { *rng.pick(&[0, 5, 60]) } else { *rng.pick(&delays) };
            let tail = if rng.chance(150) { " {{custom_9}}" } else { "" };
            let text = format!(
                "Hi {{{{first_name|Friend}}}}, step {step} of c{client}-{n}, version {version}.{tail} Reply STOP to end these texts."
            );
            json!({"step": step, "delay_minutes": delay, "text": text})
        })
        .collect();
    let given_by = if rng.chance(3_000) {
        json!({"answer": {"field": "custom_1", "values": ["Yes"]}})
    } else {
        json!("submission")
    };
    let counts = if rng.chance(7_500) { "open-hours" } else { "wall-clock" };
    let window = if rng.chance(1_500) { window(rng) } else { Value::Null };
    let mut campaign = json!({
        "id": format!("c{client}-{n}"), "name": format!("Campaign {n}"), "version": version,
        "forms": [{"form": form_id(client, n), "consent": {"version": "1", "words": "Text me.", "given_by": given_by}}],
        "messages": messages, "window": window,
        "timing": {"earliest_minutes": earliest, "latest_minutes": *rng.pick(&[180, 180, 600]), "latest_counts": counts},
    });
    life::of(&mut own, &mut campaign, now);
    serde_json::from_value(campaign).expect("a campaign")
}

/// Kajabi's id of the form of a campaign.
#[must_use]
pub fn form_id(client: usize, campaign: usize) -> String {
    format!("21500{client}{campaign}")
}

/// A name of letters only, which no other number has.
fn name(n: usize) -> String {
    let letter = |place: usize| {
        char::from(b'a' + u8::try_from(n / 26_usize.pow(u32::try_from(place).unwrap_or(0)) % 26).unwrap_or(0))
    };
    let mut name = "Pat".to_owned();
    name.extend((0..4).rev().map(letter));
    name
}

fn person(seed: u64, n: usize, clients: &[ClientSpec], start: Instant, days: i64) -> Person {
    let mut rng = Rng::of(&[seed, 3, n as u64]);
    let client = usize::try_from(rng.between(0, clients.len() as i64 - 1)).unwrap_or(0);
    let (area, state, zones) = AREAS[n % AREAS.len()];
    let line = 100 + n / AREAS.len() % 80;
    let stated = rng.chance(1_000).then(|| *rng.pick(&[chrono_tz::America::New_York, chrono_tz::America::Los_Angeles]));
    let number = match rng.between(0, 199) {
        0..=2 => NumberKind::Refused(*rng.pick(&[21211, 21614, 30006])),
        3..=4 => NumberKind::Refused(21610),
        5 => NumberKind::Refused(21617),
        6..=8 => NumberKind::Unreachable(*rng.pick(&[30003, 30005, 30006])),
        9 => NumberKind::Unreachable(*rng.pick(&[30004, 30007])),
        _ => NumberKind::Mobile,
    };
    let zone = clients[client].settings.zone;
    let campaigns = clients[client].campaigns.len() as i64;
    let came = start + TimeDelta::minutes(rng.between(0, days * 24 * 60 * 7 / 10));
    let first = if rng.chance(3_000) {
        // After a webinar many come at once, and the limits are felt.
        let (which, after) = (rng.next_word() % 3, rng.between(0, 1_200));
        webinar(seed, client, which, start, days, zone) + TimeDelta::seconds(after)
    } else {
        daytime(&mut rng, came, zone)
    };
    let mut visits = vec![visit(&mut rng, first, campaigns)];
    while visits.len() < 4 && rng.chance(2_800) {
        let after = *rng.pick(&[2, 40, 600, 3 * 1_440, 12 * 1_440]);
        let at = visits[visits.len() - 1].at + TimeDelta::minutes(rng.between(1, after));
        visits.push(visit(&mut rng, at, campaigns));
    }
    let writes = rng.chance(500).then(|| (first + TimeDelta::minutes(rng.between(1, 20 * 1_440)), rng.chance(5_000)));
    Person {
        n,
        client,
        name: name(n),
        phone: format!("+1{area}5550{line}"),
        zones: stated.map_or_else(|| zones.to_vec(), |zone| vec![zone]),
        state,
        stated,
        visits,
        number,
        answers: *rng.pick(&[0, 0, 300, 1_000, 4_000]),
        writes,
    }
}

fn webinar(seed: u64, client: usize, which: u64, start: Instant, days: i64, zone: Tz) -> Instant {
    let mut rng = Rng::of(&[seed, 5, client as u64, which]);
    let day = start + TimeDelta::minutes(rng.between(0, days * 24 * 60 * 7 / 10));
    daytime(&mut rng, day, zone)
}

fn visit(rng: &mut Rng, at: Instant, campaigns: i64) -> Visit {
    use FormKind::{BadPhone, Foreign, Garbage, Nameless, NoConsent, NoPhone, Plain, Purchase, Sample, UnknownForm};
    let special = [BadPhone, NoPhone, Foreign, NoConsent, NoConsent, UnknownForm, Nameless, Sample, Purchase, Garbage];
    Visit {
        at,
        campaign: usize::try_from(rng.between(0, campaigns - 1)).unwrap_or(0),
        form: if rng.chance(1_000) { *rng.pick(&special) } else { Plain },
        again: rng.chance(800).then(|| TimeDelta::seconds(*rng.pick(&[1, 20, 200, 90_000]))),
        both: rng.chance(500),
    }
}

/// Moves most moments of the night to the day: people send forms when they are awake.
fn daytime(rng: &mut Rng, at: Instant, zone: Tz) -> Instant {
    if rng.chance(1_500) {
        return at;
    }
    let local = at.with_timezone(&zone);
    let time = NaiveTime::MIN + TimeDelta::seconds(rng.between(7 * 3_600, 21 * 3_600));
    let mut day = local.date_naive();
    if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && rng.chance(5_000) {
        day = day + Days::new(2);
    }
    zone.from_local_datetime(&day.and_time(time)).earliest().map_or(at, |found| found.to_utc())
}

#[cfg(test)]
mod tests;
