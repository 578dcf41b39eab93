//! Where each item stands. The only place that knows how keys are written.

use chrono::SecondsFormat;

use domain::{
    Instant,
    email::EmailAddress,
    event::EventKey,
    ids::{AuditId, CampaignId, ClientId, FormId, LeadId},
    lead::{Attention, Need},
    phone::PhoneNumber,
};
use ports::WaitingLead;

/// Partitions of the due index per client, so that one client's rush is spread.
pub const DUE_SHARDS: u8 = 4;

/// A partition key and a sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

fn key(pk: impl Into<String>, sk: impl Into<String>) -> Key {
    Key { pk: pk.into(), sk: sk.into() }
}

pub const CLIENTS: &str = "CLIENTS";
pub const CAMPAIGN_PREFIX: &str = "CAMPAIGN#";
pub const LOG_PREFIX: &str = "LOG#";

pub fn client_entry(id: &ClientId) -> Key {
    key(CLIENTS, id.as_str())
}

/// Alone in its partition: a role can be kept from writing settings, and so keys, by `dynamodb:LeadingKeys`.
pub fn settings(id: &ClientId) -> Key {
    key(format!("S#{id}"), "SETTINGS")
}

pub fn client(id: &ClientId) -> String {
    format!("C#{id}")
}

pub fn campaign(id: &ClientId, campaign: &CampaignId) -> Key {
    key(client(id), format!("{CAMPAIGN_PREFIX}{campaign}"))
}

pub fn plan(id: &ClientId, campaign: &CampaignId, version: u32) -> Key {
    key(client(id), format!("PLAN#{campaign}#{version:06}"))
}

pub fn form(id: &ClientId, form: &FormId) -> Key {
    key(client(id), format!("FORM#{form}"))
}

/// Shards of a campaign's counters, so that many people can enter at the same moment.
const COUNT_SHARDS: u8 = 16;

/// What the counters of a campaign begin with.
pub fn counts_prefix(campaign: &CampaignId) -> String {
    format!("COUNT#{campaign}#")
}

/// The counters of a campaign that a lead belongs to, for ever.
pub fn counts(id: &ClientId, campaign: &CampaignId, lead: LeadId) -> Key {
    let shard = spread(&lead.to_string()) % COUNT_SHARDS;
    key(client(id), format!("{}{shard:02}", counts_prefix(campaign)))
}

/// The first shard of a campaign's counters.
pub fn first_counts(id: &ClientId, campaign: &CampaignId) -> Key {
    key(client(id), format!("{}00", counts_prefix(campaign)))
}

/// Where a walk over a client's leads has come to.
pub fn walk(id: &ClientId, name: &str) -> Key {
    key(client(id), format!("WALK#{name}"))
}

/// The list of a client's leads.
pub fn leads(id: &ClientId) -> String {
    format!("C#{id}#LEADS")
}

pub fn listed_lead(id: &ClientId, lead: LeadId) -> Key {
    key(leads(id), lead.to_string())
}

pub fn lead_collection(id: &ClientId, lead: LeadId) -> String {
    format!("C#{id}#L#{lead}")
}

pub fn lead(id: &ClientId, lead: LeadId) -> Key {
    key(lead_collection(id, lead), "LEAD")
}

pub fn profile(id: &ClientId, lead: LeadId) -> Key {
    key(lead_collection(id, lead), "PROFILE")
}

pub fn phone(id: &ClientId, phone: &PhoneNumber) -> Key {
    key(format!("C#{id}#P#{}", phone.e164()), "PHONE")
}

/// The collection of a client's opt-outs.
pub fn opt_outs(id: &ClientId) -> String {
    format!("C#{id}#OPTOUTS")
}

pub fn opt_out(id: &ClientId, phone: &PhoneNumber) -> Key {
    key(opt_outs(id), phone.e164())
}

pub fn email(id: &ClientId, email: &EmailAddress) -> Key {
    key(format!("C#{id}#E#{}", email.as_str()), "EMAIL")
}

pub fn event(id: &ClientId, event: &EventKey) -> Key {
    key(format!("C#{id}#EV#{}", event.0), "EVENT")
}

/// A remembered erasure, in a table of its own.
pub fn erasure(id: &ClientId, lead: LeadId) -> Key {
    key(client(id), lead.to_string())
}

/// An audit event stands with its lead, or with its client when it is about no lead.
pub fn log(client_id: &ClientId, lead: Option<LeadId>, id: AuditId) -> Key {
    let pk = lead.map_or_else(|| format!("C#{client_id}#LOG"), |lead| lead_collection(client_id, lead));
    key(pk, format!("{LOG_PREFIX}{id}"))
}

/// Where the audit events of a moment begin, and all later ones follow.
pub fn log_from(since: Instant) -> String {
    let millis = u64::try_from(since.timestamp_millis()).unwrap_or(0);
    format!("{LOG_PREFIX}{}", ulid::Ulid::from_parts(millis, 0))
}

pub fn budget(id: &ClientId, hour: Instant) -> Key {
    key(format!("C#{id}#BUDGET"), hour.format("%Y-%m-%dT%H").to_string())
}

pub fn requests(id: &ClientId, minute: Instant) -> Key {
    key(format!("C#{id}#REQUESTS"), minute.format("%Y-%m-%dT%H:%M").to_string())
}

/// Where calls are counted that were turned away.
pub fn refused_of(id: &ClientId) -> String {
    format!("C#{id}#REFUSED")
}

/// The clock hour that they are counted under.
pub fn refused_hour(at: Instant) -> String {
    at.format("%Y-%m-%dT%H").to_string()
}

pub fn refused(id: &ClientId, at: Instant, source: &str) -> Key {
    key(refused_of(id), format!("{}#{source}", refused_hour(at)))
}

pub fn once(id: &ClientId, what: &str) -> Key {
    key(format!("C#{id}#ONCE"), what)
}

/// Partition of the day index: a client's UTC day.
pub fn day(id: &ClientId, at: Instant) -> String {
    format!("DAY#{id}#{}", at.format("%Y-%m-%d"))
}

/// A partition of the due index for leads.
pub fn due_leads(id: &ClientId, shard: u8) -> String {
    format!("DUE#{id}#{shard}")
}

/// The partition of the due index for raw events.
pub fn due_events(id: &ClientId) -> String {
    format!("DUE#{id}#E")
}

/// The partition of the due index for leads that wait for their campaign to be resumed.
pub fn parked(id: &ClientId) -> String {
    format!("DUE#{id}#P")
}

/// Where a campaign's parked leads begin; all of them end before [`parked_end`].
pub fn parked_start(campaign: &CampaignId) -> String {
    format!("{campaign}#")
}

/// Where a campaign's parked leads end whose time has come by `until`, or all of them.
pub fn parked_end(campaign: &CampaignId, until: Option<Instant>) -> String {
    // `~` sorts after everything that is in a key.
    format!("{campaign}#{}~", until.map(sortable).unwrap_or_default())
}

pub fn parked_lead(campaign: &CampaignId, until: Instant, lead: LeadId) -> String {
    format!("{campaign}#{}#L#{lead}", sortable(until))
}

/// The partition of the index of those who wait for a person: one for those with a reply that nobody was told
/// of, one for the others.
pub fn attention(id: &ClientId, untold: bool) -> String {
    if untold { format!("ATT#{id}#U") } else { format!("ATT#{id}") }
}

/// Where a lead stands in that index. What it waits for is in the key, so that it can be counted without a read.
pub fn attention_lead(attention: &Attention, lead: LeadId) -> String {
    let needs = attention.needs.iter().map(|(need, since)| format!("{}{}", need_code(*need), since.timestamp_millis()));
    format!("{}#L#{lead}#{}", sortable(attention.since), needs.collect::<Vec<_>>().join("."))
}

/// The lead and its needs in such a key.
pub fn waiting_lead(key: &str) -> Option<WaitingLead> {
    let mut parts = key.split('#').skip(2);
    let lead = parts.next()?.parse().ok()?;
    let needs = parts.next()?.split('.').map(|coded| {
        let need = Need::ALL.into_iter().find(|need| coded.starts_with(need_code(*need)))?;
        let since = Instant::from_timestamp_millis(coded.get(1..)?.parse().ok()?)?;
        Some((need, since))
    });
    Some(WaitingLead { lead, needs: needs.collect::<Option<_>>()? })
}

fn need_code(need: Need) -> char {
    match need {
        Need::Unanswered => 'u',
        Need::Held => 'h',
        Need::Review => 'r',
        Need::Unclear => 'x',
    }
}

/// The shard that a lead belongs to, for ever.
pub fn shard_of(name: &str) -> u8 {
    spread(name) % DUE_SHARDS
}

fn spread(name: &str) -> u8 {
    name.bytes().fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte))
}

/// How an instant is written so that it sorts. Years of more than four digits would not, and nothing waits
/// for one.
pub fn sortable(at: Instant) -> String {
    let last =
        chrono::NaiveDate::from_ymd_opt(9_999, 1, 1).unwrap_or_default().and_time(chrono::NaiveTime::MIN).and_utc();
    at.min(last).to_rfc3339_opts(SecondsFormat::Millis, true)
}

pub fn due_lead(at: Instant, lead: LeadId) -> String {
    format!("{}#L#{lead}", sortable(at))
}

pub fn due_event(at: Instant, event: &EventKey) -> String {
    format!("{}#E#{}", sortable(at), event.0)
}
