//! What the checks write. Every sample is the same each time, told apart by a number.

use chrono::TimeDelta;
use leadline::domain::{
    Instant,
    audit::{AuditEvent, Event, Status},
    campaign::Campaign,
    client::{Client, TokenHash},
    contact_status::{OptOut, OptOutChannel},
    email::EmailAddress,
    ids::{AuditId, CampaignId, ClientId, EnrollmentId, FormId, LeadId, RunId},
    lead::{Enrollment, Lead, Waits},
    phone::{PhoneNumber, Region},
    profile::Profile,
};
use leadline::{
    domain::event::{EventKey, EventState, RawEvent, Source},
    ports::{Directory, IdSource, LeadStore, Rev, SideWrites, StoreResult},
};
use leadline_standins::fakes::SeededIds;
use serde_json::json;

/// The client that most checks are about.
pub(super) fn acme() -> ClientId {
    ClientId::parse("acme").expect("an id")
}

/// Another client.
pub(super) fn bolt() -> ClientId {
    ClientId::parse("bolt").expect("an id")
}

/// A moment, in minutes after noon of a summer day.
pub(super) fn at(minutes: i64) -> Instant {
    Instant::UNIX_EPOCH + TimeDelta::days(20_636) + TimeDelta::hours(12) + TimeDelta::minutes(minutes)
}

/// A client's settings.
pub(super) fn settings(id: &ClientId) -> Client {
    serde_json::from_value(json!({
        "id": id, "name": "Coaching", "zone": "America/New_York",
        "admin_email": "owner@example.com", "mode": "live",
        "provider": {"twilio": {"account_sid": "AC1", "sender": {"number": "+13055550199"}}},
        "kajabi": {"token_hashes": [TokenHash::of("a-token")]},
    }))
    .expect("a client")
}

/// A campaign at its first version, with these forms.
pub(super) fn campaign(id: &str, forms: &[&str]) -> Campaign {
    let forms: Vec<_> = forms.iter().map(|form| json!({"form": form})).collect();
    let message = json!({"step": 1, "delay_minutes": 60, "text": "Hi {{first_name|there}}."});
    serde_json::from_value(json!({"id": id, "name": id, "forms": forms, "messages": [message]})).expect("a campaign")
}

/// The next version of a campaign, which waits longer.
pub(super) fn next_version(campaign: &Campaign) -> Campaign {
    let mut next = campaign.clone();
    next.version += 1;
    next.messages[0] = next.messages[0].clone().after_minutes(90);
    next
}

/// A form's id.
pub(super) fn form(id: &str) -> FormId {
    FormId::parse(id).expect("an id")
}

/// A number, one of 9,000.
pub(super) fn phone(n: u64) -> PhoneNumber {
    PhoneNumber::parse(&format!("+1305555{:04}", 100 + n), Region::default()).expect("a number")
}

/// An address.
pub(super) fn email(n: u64) -> EmailAddress {
    EmailAddress::parse(&format!("lead{n}@example.org")).expect("an address")
}

/// A lead of acme's without a number and in no campaign.
pub(super) fn lead(n: u64) -> Lead {
    Lead::new(lead_id(n), acme())
}

/// A lead's id.
pub(super) fn lead_id(n: u64) -> LeadId {
    format!("{n:026}").parse().expect("an id")
}

/// A lead that has a number.
pub(super) fn lead_with_phone(n: u64, number: u64) -> Lead {
    Lead { phone: Some(phone(number)), ..lead(n) }
}

/// A lead that waits for a moment.
pub(super) fn lead_due(n: u64, due: Instant) -> Lead {
    let mut lead = lead(n);
    lead.enroll(Enrollment {
        id: enrollment_id(n),
        campaign: CampaignId::parse("webinar").expect("an id"),
        version: 1,
        step: 1,
        imported_at: at(0),
        waits: Waits::Until(due),
        sent: 0,
        last_sent_at: None,
        counts_from: None,
        message: None,
        parked: false,
    });
    // As it reads back: who entered was counted.
    lead.uncounted.clear();
    lead
}

/// The id of the enrollment of [`lead_due`].
pub(super) fn enrollment_id(n: u64) -> EnrollmentId {
    format!("{n:026}").parse().expect("an id")
}

/// A run's id.
pub(super) fn run_id(n: u64) -> RunId {
    format!("{n:026}").parse().expect("an id")
}

/// A lead's data, without an address.
pub(super) fn profile(lead: &Lead) -> Profile {
    Profile { first_name: Some("Pat".to_owned()), ..Profile::new(lead.id, at(0)) }
}

/// A lead's data, with an address.
pub(super) fn profile_with_email(lead: &Lead, n: u64) -> Profile {
    Profile { email: Some(email(n)), ..profile(lead) }
}

/// What is written with a lead: only its data.
pub(super) fn with(profile: Profile) -> SideWrites {
    SideWrites { profile: Some(profile), ..SideWrites::default() }
}

/// Writes a new lead with its data.
pub(super) async fn add(store: &impl LeadStore, lead: &Lead) -> StoreResult<Rev> {
    store.save(lead, None, with(profile(lead))).await
}

/// Writes a campaign over what stands.
pub(super) async fn put(store: &impl Directory, client: &ClientId, campaign: &Campaign) -> StoreResult<()> {
    let stands = store.campaigns(client).await?.into_iter().find(|stands| stands.id == campaign.id);
    store.put_campaign(client, campaign, stands.as_ref()).await
}

/// An audit event of acme's.
pub(super) fn audit(n: u64, at: Instant) -> AuditEvent {
    let id = AuditId(SeededIds::new(n).new_id(at));
    AuditEvent { detail: Some(format!("run {n}")), ..AuditEvent::new(id, at, acme(), Event::SchedulerRun, Status::Ok) }
}

/// An audit event of a lead of acme's.
pub(super) fn audit_of(n: u64, at: Instant, lead: &Lead) -> AuditEvent {
    AuditEvent { lead: Some(lead.id), event: Event::LeadUpdated, ..audit(n, at) }
}

/// A no that was said by text.
pub(super) fn opt_out(at: Instant, words: &str) -> OptOut {
    OptOut { at, channel: OptOutChannel::Reply, words: Some(words.to_owned()) }
}

/// A raw event's key.
pub(super) fn key(n: u64) -> EventKey {
    EventKey(format!("kajabi/form/{n}"))
}

/// A raw event of acme's that waits until `due`.
pub(super) fn raw_event(n: u64, due: Instant) -> RawEvent {
    RawEvent {
        query: None,
        key: key(n),
        client: acme(),
        source: Source::Kajabi,
        body: format!("{{\"n\": {n}, \"name\": \"Zoë 👋\"}}"),
        received_at: at(0),
        state: EventState::Received { due, tries: 0 },
        proves: None,
    }
}
