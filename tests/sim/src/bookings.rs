//! Who books: at any moment, after a text, in the gaps of a sender's work on one; then moves the
//! appointment, its two halves in either order, or calls it off.

use std::{collections::BTreeSet, sync::Arc};

use chrono::TimeDelta;
use futures_util::FutureExt;
use leadline::{
    domain::{
        Instant,
        ids::LeadId,
        phone::{PhoneNumber, Region},
    },
    ports::{Clock, LeadStore},
};
use leadline_standins::signature;
use serde_json::{Value, json};

use crate::{
    executor::lock,
    notes::Appointment,
    people::named,
    provider::Offer,
    rng::{Rng, key},
    spec::{FormKind, Person},
    world::World,
};

/// When Calendly posts again what was not taken; it goes on for a day.
const CALENDLY_TRIES: [i64; 6] = [0, 60, 300, 1_800, 7_200, 28_800];
/// Cal.com posts once.
const CALCOM_TRIES: [i64; 1] = [0];

/// What a client's calendars sign with.
#[must_use]
pub fn secrets(client: usize) -> [(&'static str, String); 2] {
    [
        ("calendly_signing_key", format!("calendly-key-of-client-{client}")),
        ("calcom_secret", format!("calcom-secret-of-client-{client}")),
    ]
}

/// Starts those who book whatever happens.
pub fn begin(world: &Arc<World>, only: Option<&BTreeSet<usize>>) {
    for person in world.spec.people.iter().filter(|person| only.is_none_or(|only| only.contains(&person.n))) {
        let mut rng = Rng::of(&[world.spec.seed, 61, person.n as u64]);
        if !rng.chance(900) {
            continue;
        }
        let longest = *rng.pick(&[90, 300, 4 * 1_440, 20 * 1_440]);
        let at = person.visits[0].at + TimeDelta::minutes(rng.between(-300, longest));
        let (world, n) = (world.clone(), person.n);
        world.handle.clone().start(async move {
            world.handle.sleep_until(at).await;
            book(&world, n, 1).await;
        });
    }
}

/// Some book by the link in a text.
pub async fn after(world: Arc<World>, offer: Offer, words: u64) {
    let Some(person) = named(&world.spec.people, &offer.body).filter(|person| person.phone == offer.to) else { return };
    let mut rng = Rng::of(&[world.spec.seed, 62, person.n as u64, words]);
    if !rng.chance(500) {
        return;
    }
    let longest = *rng.pick(&[1, 60, 3_600, 200_000]);
    world.handle.sleep(TimeDelta::milliseconds(rng.between(50, longest * 1_000))).await;
    book(&world, person.n, words).await;
}

/// How the calendar knows who it is.
#[derive(Clone)]
struct Who {
    email: String,
    phone: Option<String>,
    lead: Option<LeadId>,
}

impl Who {
    /// By the link, or by the number, or by the address where that is the only lead's.
    fn of(world: &World, person: &Person, rng: &mut Rng) -> Self {
        let own = format!("{}@example.org", person.name);
        let other = format!("{}@example.com", person.name);
        let phone = PhoneNumber::parse(&person.phone, Region::default()).ok();
        let client = &world.spec.clients[person.client].settings.id;
        let found = phone.and_then(|phone| world.store.phone(client, &phone).now_or_never());
        let lead = found.and_then(Result::ok).and_then(|found| found.lead);
        let special = |form| matches!(form, FormKind::Foreign | FormKind::NoPhone | FormKind::BadPhone);
        let one = person.writes.is_none() && person.visits.iter().all(|visit| !special(visit.form));
        match (rng.between(0, 2), lead) {
            (0, Some(lead)) => Self { email: other, phone: None, lead: Some(lead) },
            (1, _) if one => Self { email: own, phone: None, lead: None },
            _ => Self {
                email: if rng.chance(5_000) { own } else { other },
                phone: Some(person.phone.clone()),
                lead: None,
            },
        }
    }
}

/// One appointment, with everything that the person and the host make of it.
struct Booking<'a> {
    world: &'a Arc<World>,
    n: usize,
    salt: u64,
    calendly: bool,
    who: Who,
}

/// Books, and then perhaps moves it or calls it off.
pub async fn book(world: &Arc<World>, n: usize, salt: u64) {
    if world.faults.over() {
        return;
    }
    let mut rng = Rng::of(&[world.spec.seed, 63, n as u64, salt]);
    let who = Who::of(world, &world.spec.people[n], &mut rng);
    let booking = Booking { world, n, salt, calendly: rng.chance(6_000), who };
    let mut start = booking.a_time(&mut rng);
    let mut number = 0;
    if !booking.calendly && rng.chance(3_000) {
        booking.post("BOOKING_REQUESTED", number, start, None).await;
        booking.a_while(&mut rng).await;
        if rng.chance(3_000) {
            booking.post("BOOKING_REJECTED", number, start, None).await;
            return;
        }
    }
    let mut noted = booking.note(start);
    booking.stands(noted, number, start, None).await;
    while number < 2 && rng.chance(3_000) {
        booking.a_while(&mut rng).await;
        if world.faults.over() {
            return;
        }
        let (old, was) = (number, start);
        (number, start) = (number + 1, booking.a_time(&mut rng));
        let moved = booking.note(start);
        let longest = *rng.pick(&[10, 3_000, 400_000]);
        let between = TimeDelta::milliseconds(rng.between(0, longest));
        let away_first = rng.chance(5_000);
        let away = async {
            if booking.calendly {
                if !away_first {
                    world.handle.sleep(between).await;
                }
                booking.post("moved", old, was, None).await;
            }
        };
        let to = async {
            if away_first {
                world.handle.sleep(between).await;
            }
            booking.no_more(noted);
            booking.stands(moved, number, start, Some(old)).await;
        };
        futures_util::join!(away, to);
        noted = moved;
    }
    if rng.chance(4_000) {
        booking.a_while(&mut rng).await;
        if !world.faults.over() {
            booking.no_more(noted);
            let old = number.checked_sub(1);
            booking
                .post(if booking.calendly { "invitee.canceled" } else { "BOOKING_CANCELLED" }, number, start, old)
                .await;
        }
    }
}

impl Booking<'_> {
    fn a_time(&self, rng: &mut Rng) -> Instant {
        let longest = *rng.pick(&[2, 48, 20 * 24]);
        self.world.handle.now() + TimeDelta::minutes(rng.between(1, longest * 60))
    }

    async fn a_while(&self, rng: &mut Rng) {
        let longest = *rng.pick(&[5, 3_600, 3 * 86_400]);
        self.world.handle.sleep(TimeDelta::milliseconds(rng.between(0, longest * 1_000))).await;
    }

    fn note(&self, starts_at: Instant) -> usize {
        let mut notes = lock(&self.world.notes);
        notes.appointments.push(Appointment { person: self.n, starts_at, taken: None, until: None });
        notes.appointments.len() - 1
    }

    /// From now on it need not stand any more.
    fn no_more(&self, noted: usize) {
        lock(&self.world.notes).appointments[noted].until.get_or_insert(self.world.handle.now());
    }

    async fn stands(&self, noted: usize, number: u64, start: Instant, old: Option<u64>) {
        let event = match (self.calendly, old) {
            (true, _) => "invitee.created",
            (false, None) => "BOOKING_CREATED",
            (false, Some(_)) => "BOOKING_RESCHEDULED",
        };
        if self.post(event, number, start, old).await {
            let now = self.world.handle.now();
            lock(&self.world.notes).appointments[noted].taken.get_or_insert(now);
        }
    }

    fn uid(&self, number: u64) -> String {
        let uid = format!("{:016x}", key(&[self.world.spec.seed, 64, self.n as u64, self.salt, number]));
        if self.calendly { format!("https://api.calendly.com/scheduled_events/{uid}/invitees/{uid}") } else { uid }
    }

    /// Posts until it is taken, or the calendar gives up. Gives whether it was taken.
    async fn post(&self, event: &str, number: u64, start: Instant, old: Option<u64>) -> bool {
        let world = self.world;
        let person = &world.spec.people[self.n];
        let client = &world.spec.clients[person.client].settings.id;
        let now = world.handle.now();
        let body = if self.calendly {
            self.by_calendly(event, number, start, old, now)
        } else {
            self.by_calcom(event, number, start, old, now)
        };
        let body = body.to_string();
        let [(_, calendly), (_, calcom)] = secrets(person.client);
        let (path, header, signed, tries) = if self.calendly {
            // Signed once: a try after hours is late.
            let signed = signature::calendly(&calendly, now.timestamp(), &body);
            (format!("/webhooks/calendly/{client}"), "calendly-webhook-signature", signed, CALENDLY_TRIES.as_slice())
        } else {
            let signed = signature::calcom(&calcom, &body);
            (format!("/webhooks/calcom/{client}"), "x-cal-signature-256", signed, CALCOM_TRIES.as_slice())
        };
        for (nth, wait) in tries.iter().enumerate() {
            world.handle.sleep(TimeDelta::seconds(*wait)).await;
            let subject = key(&[65, self.n as u64, self.salt, number, crate::rng::word(event), nth as u64]);
            let status = world.post(subject, &path, body.clone(), &[(header, &signed)]).await;
            world.trace.note(format_args!("{} {event} {number}: {status:?}", person.name));
            if status.is_some_and(|status| (200..300).contains(&status)) {
                return true;
            }
        }
        false
    }

    fn by_calendly(&self, event: &str, number: u64, start: Instant, old: Option<u64>, now: Instant) -> Value {
        let moved = event == "moved";
        let person = &self.world.spec.people[self.n];
        json!({
            "event": if moved { "invitee.canceled" } else { event }, "created_at": now,
            "payload": {
                "uri": self.uid(number), "name": format!("{} Example", person.name), "email": self.who.email,
                "rescheduled": moved, "new_invitee": moved.then(|| self.uid(number + 1)),
                "old_invitee": old.map(|old| self.uid(old)),
                "text_reminder_number": self.who.phone, "scheduled_event": {"start_time": start},
                "tracking": {"utm_content": self.who.lead.map(|lead| format!("lead_{lead}"))},
            },
        })
    }

    fn by_calcom(&self, event: &str, number: u64, start: Instant, old: Option<u64>, now: Instant) -> Value {
        let person = &self.world.spec.people[self.n];
        let mut metadata = json!({});
        if let Some(lead) = self.who.lead {
            metadata["lead"] = json!(format!("lead_{lead}"));
        }
        let old = old.filter(|_| event == "BOOKING_RESCHEDULED").map(|old| self.uid(old));
        json!({
            "triggerEvent": event, "createdAt": now,
            "payload": {
                "uid": self.uid(number), "rescheduleUid": old, "startTime": start, "metadata": metadata,
                "responses": {
                    "name": {"value": format!("{} Example", person.name)}, "email": {"value": self.who.email},
                    "attendeePhoneNumber": {"value": self.who.phone},
                },
            },
        })
    }
}
