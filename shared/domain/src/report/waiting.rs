//! Who waits for a person, as it stands when the report is made: never counted from the day's events.

use std::collections::BTreeMap;

use super::{
    super::{
        Instant,
        contact_status::ContactStatus,
        ids::LeadId,
        lead::{Lead, Need, Waits},
        message::InFlightState,
        profile::Profile,
    },
    scrubbed,
};

/// People of one kind who are named; all are counted.
pub const MOST_NAMED: usize = 20;

/// Characters of a name that are shown.
const LONGEST_NAME: usize = 40;

/// Somebody who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The lead.
    pub lead: LeadId,
    /// First name and initial.
    pub name: String,
    /// The number, masked.
    pub number: String,
    /// Since when.
    pub since: Instant,
    /// What for, in words.
    pub why: String,
    /// The command that settles it.
    pub command: String,
}

/// Those who wait for one thing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WaitingFor {
    /// How many.
    pub count: u64,
    /// Since when the first of them does.
    pub since: Option<Instant>,
    /// Those who have waited longest.
    pub people: Vec<Person>,
}

/// Everybody who waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WaitingFacts {
    /// By what they wait for. Nothing stands there that nobody waits for.
    pub by_need: BTreeMap<Need, WaitingFor>,
    /// Whether all were counted. With very many people it is only those who have waited longest.
    pub complete: bool,
}

/// Somebody in the index of those who wait: what of them is known without reading them.
pub type Listed = (LeadId, BTreeMap<Need, Instant>);

impl WaitingFacts {
    /// Those of the listed whom a report names, who must be read: of each kind those who have waited longest.
    #[must_use]
    pub fn to_read(listed: &[Listed]) -> Vec<LeadId> {
        let mut ids: Vec<LeadId> =
            Need::ALL.into_iter().flat_map(|need| oldest(listed, need)).map(|(_, id)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Makes them of the index and of the people that were read. Whoever was read counts as they stand: the
    /// index may lag behind.
    #[must_use]
    pub fn of(listed: &[Listed], complete: bool, asked: &[LeadId], read: &[(Lead, Profile)]) -> Self {
        let fresh = |(id, needs): &Listed| -> Listed {
            if !asked.contains(id) {
                return (*id, needs.clone());
            }
            let found = read.iter().find(|(lead, _)| lead.id == *id).and_then(|(lead, _)| lead.attention());
            (*id, found.map(|attention| attention.needs).unwrap_or_default())
        };
        let listed: Vec<Listed> = listed.iter().map(fresh).collect();
        let mut by_need = BTreeMap::new();
        for need in Need::ALL {
            let count = listed.iter().filter(|(_, needs)| needs.contains_key(&need)).count() as u64;
            if count == 0 {
                continue;
            }
            let longest = oldest(&listed, need);
            let person = |(since, id): &(Instant, LeadId)| {
                let (lead, profile) = read.iter().find(|(lead, _)| lead.id == *id)?;
                Some(Person::of(lead, profile, need, *since))
            };
            let people = longest.iter().filter_map(person).collect();
            by_need.insert(need, WaitingFor { count, since: longest.first().map(|(since, _)| *since), people });
        }
        Self { by_need, complete }
    }
}

/// Those who have waited longest for something.
fn oldest(listed: &[Listed], need: Need) -> Vec<(Instant, LeadId)> {
    let mut all: Vec<_> = listed.iter().filter_map(|(id, needs)| Some((*needs.get(&need)?, *id))).collect();
    all.sort_unstable();
    all.truncate(MOST_NAMED);
    all
}

impl Person {
    fn of(lead: &Lead, profile: &Profile, need: Need, since: Instant) -> Self {
        let id = lead.id;
        let command = match need {
            Need::Unanswered => format!("leadline conversation {id}, and with --answered once you have answered"),
            Need::Held => format!("leadline answer {id} --go-on, --end or --opt-out"),
            Need::Review => format!("leadline redrive {id}, or leadline leads end {id}"),
            Need::Unclear => format!("leadline settle {id} --sent or --not-sent"),
        };
        let number = lead.phone.as_ref().map_or_else(|| "no number".to_owned(), |phone| phone.masked());
        Self { lead: id, name: short_name(profile), number, since, why: why(lead, need), command }
    }
}

/// What somebody waits for, in words.
fn why(lead: &Lead, need: Need) -> String {
    let words = match need {
        Need::Unanswered => "wrote, and nobody has answered".to_owned(),
        Need::Held => match &lead.standing {
            ContactStatus::Held { reason, .. } => reason.clone(),
            ContactStatus::Open | ContactStatus::OptedOut(_) => String::new(),
        },
        Need::Review => {
            let reasons = lead.enrollments.iter().filter_map(|live| match &live.waits {
                Waits::ForReview { reason, .. } => Some(format!("{} step {}: {reason}", live.campaign, live.step)),
                Waits::Until(_) => None,
            });
            reasons.collect::<Vec<_>>().join("; ")
        }
        Need::Unclear => match lead.in_flight.as_ref().map(|text| (&text.state, text.step)) {
            Some((InFlightState::Unknown { why, .. }, step)) => format!("step {step}: {why}"),
            Some((InFlightState::Claimed { .. } | InFlightState::RetryScheduled { .. }, _)) | None => String::new(),
        },
    };
    scrubbed(&words)
}

/// What a person is called, on one line: `Pat Rivera`.
#[must_use]
pub fn named(profile: &Profile) -> String {
    let parts: Vec<&str> =
        [&profile.first_name, &profile.last_name].into_iter().filter_map(|part| part.as_deref()).collect();
    plain(&parts.join(" "))
}

/// What a person is called, as far as a page needs it: `Pat R.`.
fn short_name(profile: &Profile) -> String {
    let initial = profile.last_name.as_ref().and_then(|last| last.trim().chars().next());
    match (&profile.first_name, initial) {
        (Some(first), Some(initial)) => plain(&format!("{first} {initial}.")),
        _ => named(profile),
    }
}

fn plain(name: &str) -> String {
    let words: Vec<&str> =
        name.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let line: String = words.join(" ").chars().take(LONGEST_NAME).collect();
    if line.is_empty() { "Somebody without a name".to_owned() } else { line }
}

#[cfg(test)]
mod tests;
