//! What an event comes to for one lead. Pure: everything was read before, nothing is written here.

use chrono::TimeDelta;

use super::super::{
    enter::{Entering, Entry},
    known::Known,
};
use crate::{alerts::Alert, derived_id, record::Recorder};
use domain::{
    Instant,
    audit::{AuditEvent, Event, Status},
    campaign::Campaign,
    client::Client,
    consent::Consent,
    event::RawEvent,
    ids::{AuditId, EnrollmentId},
    incoming::{CommerceEvent, Reason},
    lead::{Lead, Outcome, PastEnrollment},
    trigger::{EventTerms, On, Then, Trigger},
};

/// Longest title of an offer or a tag that is repeated in words.
const TITLE: usize = 80;

/// An event, and what the campaigns say that it does.
pub(super) struct Happens<'a> {
    client: &'a Client,
    event: &'a RawEvent,
    happening: &'a CommerceEvent,
    ends: Vec<(&'a Campaign, Outcome)>,
    enrolls: Vec<(&'a Campaign, &'a Trigger, &'a EventTerms)>,
}

/// What was ended, in words, and whose it was.
#[derive(Clone, Default)]
pub(super) struct Ended {
    pub(super) lead: Option<Lead>,
    pub(super) words: Vec<String>,
}

/// What an event came to.
pub(super) struct Came {
    /// What to record, the event's one outcome among it.
    pub(super) audit: Vec<AuditEvent>,
    pub(super) words: String,
    pub(super) alerts: Vec<Alert>,
    pub(super) writes_lead: bool,
    pub(super) writes_profile: bool,
}

impl<'a> Happens<'a> {
    pub(super) fn of(
        client: &'a Client,
        event: &'a RawEvent,
        happening: &'a CommerceEvent,
        campaigns: &'a [Campaign],
    ) -> Self {
        let mut happens = Self { client, event, happening, ends: Vec::new(), enrolls: Vec::new() };
        for campaign in campaigns {
            let Some(trigger) = campaign.trigger(happening.on, &happening.about) else { continue };
            match &trigger.then {
                Then::Enroll { consent } => happens.enrolls.push((campaign, trigger, consent)),
                Then::End(end) => happens.ends.push((campaign, (*end).into())),
            }
        }
        happens
    }

    /// Why nothing is to be done, if nothing is.
    pub(super) fn nothing(&self, campaigns: &[Campaign]) -> Option<Reason> {
        let CommerceEvent { on, name, about, .. } = self.happening;
        if !self.ends.is_empty() || !self.enrolls.is_empty() || on.is_contact() {
            return None;
        }
        let waits = campaigns.iter().flat_map(|campaign| &campaign.triggers).any(|trigger| trigger.on == *on);
        Some(if waits && about.is_empty() {
            Reason::new("not_named", format!("a {name} event that does not say what it is about"))
        } else {
            Reason::new(name, format!("a {name} event starts nothing"))
        })
    }

    pub(super) fn ends_something(&self) -> bool {
        !self.ends.is_empty()
    }

    /// Whether it only ends something and finds nothing to end before `until`: the form that begins it may
    /// come after it.
    pub(super) fn came_early(&self, lead: &Lead, has_other: bool, now: Instant, until: Instant) -> bool {
        let live = |campaign: &Campaign| lead.enrollments.iter().any(|live| live.campaign == campaign.id);
        let was = |campaign: &Campaign| lead.history.iter().any(|past| past.campaign == campaign.id);
        let idle = self.ends.iter().all(|(campaign, _)| !live(campaign) && !was(campaign));
        now < until && !has_other && idle && !self.ends.is_empty() && self.enrolls.is_empty()
    }

    /// Ends the lead's enrollments in the campaigns that say so. Gives what to record, and in words.
    pub(super) fn end(&self, lead: &mut Lead, recorder: &Recorder<'_>) -> (Vec<AuditEvent>, Vec<String>) {
        let (mut audit, mut all_words) = (Vec::new(), Vec::new());
        for (campaign, outcome) in &self.ends {
            let live = lead.enrollments.iter().filter(|live| live.campaign == campaign.id);
            let live: Vec<_> = live.map(|live| (live.id, live.step)).collect();
            let words = self.in_words();
            if !live.is_empty() {
                all_words.push(format!("left campaign {}, {outcome}: {words}", campaign.id));
            }
            for (id, step) in live {
                lead.end(id, *outcome, &words, recorder.now);
                let ended = recorder.about(lead, Event::EnrollmentEnded, Status::Ok);
                audit.push(ended.ending(*outcome, &words).in_campaign(&campaign.id, Some(step)));
            }
            let of_this = |past: &PastEnrollment| past.campaign == campaign.id && Some(past.id) == lead.may_resume;
            if lead.history.iter().any(of_this) {
                lead.may_resume = None;
                all_words.push(format!("campaign {} does not go on after a booking any more: {words}", campaign.id));
            }
        }
        (audit, all_words)
    }

    /// Does to the lead what the event does, and says what came of it. `elsewhere` was ended before.
    pub(super) fn come_to(&self, known: &mut Known, elsewhere: Ended, recorder: &Recorder<'_>) -> Came {
        let is_known = known.read_at.is_some();
        let Ended { lead: mut about, mut words } = elsewhere;
        let before = known.lead.clone();
        let ended = if is_known {
            let (audit, ended) = self.end(&mut known.lead, recorder);
            words.extend(ended);
            audit
        } else {
            Vec::new()
        };
        let described = is_known && self.happening.on.is_contact() && {
            let before = known.profile.clone();
            known.describe(&self.happening.person, recorder.now);
            known.profile != before
        };
        if described {
            words.push("updated what is known of the person".to_owned());
        }
        let applied = !words.is_empty();
        let (entries, cooling) = self.enroll(known, recorder);

        let writes_profile = described || !entries.is_empty();
        let writes_lead = writes_profile || known.lead != before;
        if is_known || writes_lead {
            about = Some(known.lead.clone());
        }
        let outcome = |kind: Event, Reason { code, words }: Reason| {
            let event = match &about {
                Some(lead) => recorder.about(lead, kind, Status::Ok),
                None => recorder.event(kind, Status::Ok),
            };
            derived_id::outcome(self.event, event.because(code, words))
        };
        let mut audit = Vec::new();
        if writes_profile {
            let told = if is_known { Event::LeadUpdated } else { Event::LeadCreated };
            audit.push(recorder.about(&known.lead, told, Status::Ok));
        }
        audit.extend(ended);

        let enrolled = entries.iter().any(Entry::enrolled);
        let repeated = entries.iter().any(|entry| entry.came.is_none());
        let (mut entered, mut alerts) = (Vec::new(), Vec::new());
        for entry in entries {
            words.push(entry.words);
            entered.extend(entry.came);
            audit.extend(entry.audit);
            alerts.extend(entry.alert);
        }
        let nothing = self.why_nothing(is_known || known.other.is_some(), cooling);
        if words.is_empty() {
            words.push(nothing.words.clone());
        }
        let words = words.join("; ");
        if enrolled {
            // Of several enrollments one is the event's outcome: it has one.
            let enrolled = entered.into_iter().filter(|came| came.event == Event::Enrolled).enumerate();
            let also = |came| AuditEvent {
                id: AuditId(recorder.ids.new_id(recorder.now)),
                event: Event::AlsoEnrolled,
                ..came
            };
            audit.extend(enrolled.map(|(n, came)| if n == 0 { came } else { also(came) }));
        } else if applied && !repeated {
            audit.push(outcome(Event::EventApplied, Reason::new(self.code(), &words)));
        } else if let Some(turned_away) = entered.into_iter().next() {
            audit.push(turned_away);
        } else if !repeated {
            audit.push(outcome(Event::EventIgnored, nothing));
        }
        Came { audit, words, alerts, writes_lead, writes_profile }
    }

    /// Enrolls the lead in each campaign that says so. Gives what each came to, and whether a tag was
    /// passed over because it had come before.
    fn enroll(&self, known: &mut Known, recorder: &Recorder<'_>) -> (Vec<Entry>, bool) {
        let mut entries = Vec::new();
        let mut cooling = false;
        for (campaign, trigger, terms) in &self.enrolls {
            let tag = self.tag(campaign, trigger);
            let at = self.event.received_at;
            let cool_down = TimeDelta::hours(i64::from(trigger.cool_down_hours));
            let last = tag.as_ref().and_then(|tag| known.profile.tags.last(tag));
            if last.is_some_and(|last| (at - last).abs() < cool_down) {
                cooling = true;
                continue;
            }
            if entries.is_empty() {
                known.update(self.client, self.event, &self.happening.person, recorder.now);
            }
            let given = known.consents(self.consent(terms));
            let own = EnrollmentId(derived_id::of_event(self.event, &format!("enrollment/{}", campaign.id)));
            let (client, event) = (self.client, self.event);
            let entry = Entering { client, campaign: Ok(campaign), own, given, event, recorder }.enter(known);
            if let (true, Some(tag)) = (entry.enrolled(), tag) {
                known.profile.tags.note(tag, at);
            }
            entries.push(entry);
        }
        (entries, cooling)
    }

    /// What a tag that enrolls into a campaign is remembered by. `None` for other events.
    fn tag(&self, campaign: &Campaign, trigger: &Trigger) -> Option<String> {
        let on = match trigger.on {
            On::TagAdded => "added",
            On::TagRemoved => "removed",
            _ => return None,
        };
        let about = &self.happening.about;
        let tag = trigger.which(about).or(about.first());
        let name = tag.and_then(|tag| tag.id.clone().or_else(|| tag.title.as_ref().map(|title| title.to_lowercase())));
        Some(format!("{}/{on}/{}", campaign.id, name.unwrap_or_default()))
    }

    fn consent(&self, terms: &EventTerms) -> Option<Consent> {
        let why = terms.given(&self.happening.person.answers)?;
        Some(Consent {
            form: None,
            terms: terms.version.clone(),
            at: self.event.received_at,
            event: self.event.key.0.clone(),
            how: format!("{}: {why}", self.in_words()),
        })
    }

    /// The event in words: its name, what it is about, and what was paid.
    fn in_words(&self) -> String {
        let short = |text: &String| text.chars().filter(|c| !c.is_control()).take(TITLE).collect::<String>();
        let named = self.happening.about.iter().take(3).filter_map(|named| named.title.as_ref().or(named.id.as_ref()));
        let about: Vec<String> = named.map(|name| format!("`{}`", short(name))).collect();
        let amount = self.happening.amount.as_ref().map(ToString::to_string);
        let parts: Vec<String> = [about.join(", ")].into_iter().chain(amount).filter(|part| !part.is_empty()).collect();
        let name = &self.happening.name;
        if parts.is_empty() { name.clone() } else { format!("{name} {}", parts.join(", ")) }
    }

    fn code(&self) -> String {
        self.happening.name.to_ascii_lowercase().replace(['.', '-'], "_")
    }

    /// Why nothing came of it.
    fn why_nothing(&self, is_known: bool, cooling: bool) -> Reason {
        let name = &self.happening.name;
        let (code, words) = if cooling {
            ("cool_down", "of a tag that enrolled the person not long ago")
        } else if !is_known {
            ("no_lead", "about nobody that is known")
        } else if self.happening.on.is_contact() && self.ends.is_empty() {
            ("nothing_new", "that says nothing new")
        } else {
            ("not_enrolled", "about a lead that is in none of the campaigns that it ends")
        };
        Reason::new(code, format!("a {name} event {words}"))
    }
}
