//! Texts that nobody should have got, recomputed from stored facts and never from what the sender believed.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::{
    super::{
        Instant, answer,
        client::Client,
        contact_status::ContactStatus,
        ids::LeadId,
        lawful::lawful_hours,
        lead::{Lead, Need},
        message::InFlightState,
        phone::PhoneNumber,
        place::Place,
        profile::Profile,
        window::Window,
    },
    Before, Ledger, TextVersion, WaitingFacts, WebhookFacts,
    ledger::{SentAnswer, SentText},
};

/// Leads that one fault names.
const NAMED: usize = 3;

/// The longest that working on an event takes, to its write.
const LONGEST_INTAKE: TimeDelta = TimeDelta::minutes(5);

/// Sending hours by the version of a campaign that texts came from; `None` for the client's own.
pub type Windows = BTreeMap<TextVersion, Option<Window>>;

/// What was read back beside the audit.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The client's settings.
    pub client: Client,
    /// When the facts were read.
    pub now: Instant,
    /// The report before.
    pub before: Before,
    /// The leads that [`Ledger::leads`] and the last report ask for. Those that are missing are said so.
    pub leads: BTreeMap<LeadId, LeadFacts>,
    /// The hours that [`Ledger::versions`] asks for.
    pub windows: Windows,
    /// The due index; `None` when it could not be read, or held more than is counted.
    pub due: Option<DueFacts>,
    /// What others posted to us and was turned away.
    pub webhooks: WebhookFacts,
    /// Who waits for a person; `None` when it could not be read.
    pub waiting: Option<WaitingFacts>,
    /// Campaigns that came about by themselves and wait for review, by name; `None` when they could not be read.
    pub campaigns_to_review: Option<Vec<String>>,
    /// What could not be read, in words.
    pub unread: Vec<String>,
}

/// A texted lead as it was read back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadFacts {
    /// When it said no, if it did.
    pub opted_out: Option<Instant>,
    /// The zone that it stated.
    pub zone: Option<Tz>,
    /// The place that its address named.
    pub place: Place,
    /// Since when zone and place are known as they are.
    pub place_since: Option<Instant>,
    /// Its number.
    pub phone: Option<PhoneNumber>,
    /// Since when it is not known whether a text went out.
    pub unclear_since: Option<Instant>,
}

impl LeadFacts {
    /// What the checks need of a lead.
    #[must_use]
    pub fn of(lead: &Lead, profile: &Profile) -> Self {
        let opted_out = match &lead.standing {
            ContactStatus::OptedOut(opt_out) => Some(opt_out.at),
            ContactStatus::Open | ContactStatus::Held { .. } => None,
        };
        let unclear_since = lead.in_flight.as_ref().and_then(|text| match text.state {
            InFlightState::Unknown { since, .. } => Some(since),
            InFlightState::Claimed { .. } | InFlightState::RetryScheduled { .. } => None,
        });
        let (zone, place, place_since) = (profile.zone, profile.place.clone(), profile.place_since);
        Self { opted_out, zone, place, place_since, phone: lead.phone.clone(), unclear_since }
    }
}

/// The due index at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueFacts {
    /// Raw events that were stored and not worked through.
    pub waiting: u64,
    /// Leads whose time has long come and that no run has looked at.
    pub overdue: Overdue,
    /// Leads that fall due in the next 24 hours.
    pub next_day: u64,
}

/// Leads that have been due for longer than [`Thresholds::overdue_look`](super::Thresholds), and not looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overdue {
    /// How many.
    pub leads: u64,
    /// Since when the oldest is.
    pub since: Option<Instant>,
}

/// How many of the things that were looked at are wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tested {
    /// Wrong.
    pub found: u64,
    /// Could not be looked at.
    pub unchecked: u64,
    /// All of them.
    pub of: u64,
    /// Since when, if any is wrong.
    pub since: Option<Instant>,
    /// Some leads that it is about.
    pub leads: Vec<LeadId>,
}

impl Tested {
    fn over<'a>(texts: &[&'a SentText], test: impl Fn(&'a SentText) -> Option<bool>) -> Self {
        let mut tested = Self { of: texts.len() as u64, ..Self::default() };
        for text in texts {
            match test(text) {
                Some(true) => tested.wrong(text.at, text.lead),
                Some(false) => {}
                None => tested.unchecked += 1,
            }
        }
        tested
    }

    fn wrong(&mut self, at: Instant, lead: Option<LeadId>) {
        self.found += 1;
        self.since = Some(self.since.map_or(at, |since| since.min(at)));
        if let Some(lead) = lead
            && self.leads.len() < NAMED
            && !self.leads.contains(&lead)
        {
            self.leads.push(lead);
        }
    }

    /// Whether nothing at all could be looked at.
    #[must_use]
    pub fn unmeasured(&self) -> bool {
        self.of > 0 && self.unchecked == self.of && self.found == 0
    }
}

/// Texts that nobody should have got.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Safety {
    /// Texts to someone who had said no before.
    pub after_opt_out: Tested,
    /// Texts outside the sending window or the recipient's own lawful hours.
    pub outside_hours: Tested,
    /// Texts of a step that the lead had got before.
    pub doubles: Tested,
    /// Leads with a text that may have gone out; still unclear when the facts were read.
    pub unclear: Tested,
    /// Those leads.
    pub unclear_leads: Vec<LeadId>,
}

impl Ledger {
    /// The safety figures, and what of them could not be measured.
    pub(super) fn safety(&self, facts: &Facts) -> (Safety, Vec<String>) {
        let texts: Vec<&SentText> = self.texts.iter().filter(|text| self.period.contains(text.at)).collect();
        let (unclear, unclear_leads) = self.unclear(facts);
        let safety = Safety {
            after_opt_out: self.answers_after_opt_out(Tested::over(&texts, |text| self.after_opt_out(text, facts))),
            outside_hours: Tested::over(&texts, |text| outside_hours(text, facts)),
            doubles: self.doubles(&texts),
            unclear,
            unclear_leads,
        };
        let tested = [
            ("texts after an opt-out", &safety.after_opt_out),
            ("texts outside the hours", &safety.outside_hours),
            ("texts that went out twice", &safety.doubles),
        ];
        let unmeasured = tested.into_iter().filter(|(_, tested)| tested.unchecked > 0);
        let unmeasured = unmeasured
            .map(|(what, tested)| format!("{what}: {} of {} could not be checked", tested.unchecked, tested.of));
        let unmeasured = unmeasured.collect();
        (safety, unmeasured)
    }

    fn after_opt_out(&self, text: &SentText, facts: &Facts) -> Option<bool> {
        let lead = text.lead?;
        let heard = self.said_no.get(&lead).is_some_and(|nos| nos.iter().any(|no| no.stood(text.at)));
        match facts.leads.get(&lead).map(|lead| lead.opted_out) {
            _ if heard => Some(true),
            None => None,
            Some(stands) => Some(stands.is_some_and(|no| no < text.at)),
        }
    }

    /// The one confirmation of an opt-out is lawful, within five minutes of it; nothing else is.
    fn answers_after_opt_out(&self, mut tested: Tested) -> Tested {
        let mut confirmed: Vec<(LeadId, Instant)> = Vec::new();
        for SentAnswer { at, lead, confirms } in &self.answers {
            let said = self.said_no.get(lead).into_iter().flatten();
            let no =
                said.filter(|no| no.at <= *at && no.lifted.is_none_or(|lifted| *at <= lifted)).max_by_key(|no| no.at);
            let right = match (confirms, no) {
                (true, Some(no)) => {
                    let first = !confirmed.contains(&(*lead, no.at));
                    confirmed.push((*lead, no.at));
                    first && *at <= no.at + answer::WITHIN
                }
                // The no itself may be of the last minutes of the day before.
                (true, None) => *at <= self.period.from + answer::WITHIN,
                (false, no) => no.is_none(),
            };
            if !right {
                tested.wrong(*at, Some(*lead));
            }
        }
        tested
    }

    /// A double counts on the day of the first of the two, so that it is reported once.
    fn doubles(&self, of_the_day: &[&SentText]) -> Tested {
        let mut sent: BTreeMap<_, Vec<Instant>> = BTreeMap::new();
        let mut tested = Tested { of: of_the_day.len() as u64, ..Tested::default() };
        for text in &self.texts {
            match (text.lead, &text.campaign, text.step) {
                (Some(lead), Some(campaign), Some(step)) => {
                    sent.entry((lead, campaign, step)).or_default().push(text.at)
                }
                _ => tested.unchecked += u64::from(self.period.contains(text.at)),
            }
        }
        for ((lead, campaign, _), mut times) in sent {
            times.sort_unstable();
            // Who enters a campaign again gets its texts again. The moment is that at which work on it began.
            let entered = self.again.get(&(lead, campaign.clone())).map(Vec::as_slice).unwrap_or_default();
            let anew =
                |from: Instant, until: Instant| entered.iter().any(|at| from - LONGEST_INTAKE < *at && *at < until);
            if times.first().is_some_and(|first| self.period.contains(*first)) {
                for pair in times.windows(2).filter(|pair| !anew(pair[0], pair[1])) {
                    tested.wrong(pair[1], Some(lead));
                }
            }
        }
        tested
    }

    fn unclear(&self, facts: &Facts) -> (Tested, Vec<LeadId>) {
        let earlier = facts.before.carried().map(|carried| carried.unclear.as_slice()).unwrap_or_default();
        let mut open: BTreeMap<LeadId, Instant> = BTreeMap::new();
        let asked = self.unclear.iter().map(|(lead, at)| (*lead, *at));
        for (lead, at) in earlier.iter().map(|lead| (*lead, self.period.from)).chain(asked) {
            match facts.leads.get(&lead) {
                Some(read) => {
                    if let Some(since) = read.unclear_since {
                        open.insert(lead, since);
                    }
                }
                // It could not be read back, so nobody has settled it as far as can be known.
                None => {
                    open.insert(lead, at);
                }
            }
        }
        // Those that only a person can settle stand in the index, however long ago that began.
        let stands = facts.waiting.iter().filter_map(|waiting| waiting.by_need.get(&Need::Unclear));
        open.extend(stands.flat_map(|unclear| &unclear.people).map(|person| (person.lead, person.since)));
        let mut tested = Tested { of: open.len() as u64, ..Tested::default() };
        for (lead, since) in &open {
            tested.wrong(*since, Some(*lead));
        }
        (tested, open.into_keys().collect())
    }
}

/// Whether a text left outside the hours that applied; `None` when that cannot be told.
fn outside_hours(text: &SentText, facts: &Facts) -> Option<bool> {
    let lead = facts.leads.get(&text.lead?)?;
    let own = match &text.campaign {
        Some(campaign) => facts.windows.get(&(campaign.clone(), text.version))?.as_ref(),
        None => None,
    };
    if !facts.client.hours(own).contain(text.at) {
        return Some(true);
    }
    // A test text goes to the test phone, and the hours are the lead's.
    let phone = if text.test { lead.phone.as_ref() } else { text.phone.as_ref() };
    // A number for which no hours are known must not be texted at all.
    // What the lead said of its place after the text was not known when it left.
    let said_later = lead.place_since.is_some_and(|since| since > text.at);
    let (zone, place) = if said_later { (None, Place::default()) } else { (lead.zone, lead.place.clone()) };
    Some(match lawful_hours(phone?, zone, &place, &facts.client, text.at) {
        Ok(lawful) => !lawful.all.iter().all(|hours| hours.contain(text.at)),
        Err(_) => true,
    })
}

/// How long something has been going on, in the largest unit that says it.
#[must_use]
pub fn age(since: Instant, now: Instant) -> String {
    let age = (now - since).max(TimeDelta::zero());
    match age.num_minutes() {
        minutes @ 0..120 => format!("{minutes} min"),
        minutes @ 120..2880 => format!("{} h", minutes / 60),
        minutes => format!("{} days", minutes / 1440),
    }
}

/// A day as reports write it.
#[must_use]
pub(super) fn day(day: NaiveDate) -> String {
    day.format("%a %-d %b %Y").to_string()
}
