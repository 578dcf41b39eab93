//! The comparison with what a client's Kajabi site itself lists: a form that was sent and never reached us
//! is found, kept as a lead, and told of. Nobody is texted by itself for it.
//!
//! Kajabi says neither when a form was sent nor that it tries again. So what proves that one was lost is
//! the order of the list, or that it is missing for the second day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{alerts::Alert, intake::Intake, record::Recorder};
use domain::{
    Instant,
    audit::{Event, Status},
    client::Client,
    event::{EventKey, EventState, RawEvent, Source},
    ids::FormId,
    incoming::ListedForm,
};
use ports::{Clock, FormFeed, Receipt, StoreResult};

/// Pages that are read at most.
const PAGES: u32 = 20;
/// So many known forms in a row say that the older ones are known as well.
const KNOWN_IN_A_ROW: usize = 25;
/// How long a form may be on its way to us. Only what must be older than this is lost.
const MAY_BE_ON_ITS_WAY: TimeDelta = TimeDelta::minutes(30);
/// A form that came in since then is known: those that gave no consent are kept for eight weeks, and TTL is no timer.
const REMEMBERED: TimeDelta = TimeDelta::days(55);
/// What is older than a form that was known this long ago was listed at the last comparison, too.
const LOOKED_AT: TimeDelta = TimeDelta::days(2);
/// Forms that are kept to be looked at again the next day, and those that an alert names.
const MOST_NAMED: usize = 20;
/// What one day's comparison came to. It is kept as the day's note, for the next day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Forms that were lost on their way and are kept now.
    pub missed: usize,
    /// What could not be compared, in words, without anything personal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Forms that are not known and may be on their way still.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaited: Vec<EventKey>,
}

/// What a comparison needs.
#[derive(Clone, Copy)]
pub struct Comparison<'a> {
    /// What the site lists.
    pub feed: &'a dyn FormFeed,
    /// Where missed forms are taken in.
    pub intake: Intake<'a>,
    /// The time, which is looked at between pages.
    pub clock: &'a dyn Clock,
    /// No page is begun after it.
    pub ends: Instant,
    /// When the day began that it is made for: what was found since then was found by it.
    pub since: Instant,
}

/// A form as the site lists it.
struct Listed {
    form: ListedForm,
    known: Option<RawEvent>,
}

impl Comparison<'_> {
    /// Compares, takes in what was lost, and raises an alert if there was any. Can be repeated at any point.
    /// `awaited` is what was not known the day before.
    ///
    /// # Errors
    /// [`StoreError`](ports::StoreError) when the store fails. What the site does not answer is a remark.
    pub async fn run(&self, client: &Client, awaited: &[EventKey], recorder: &Recorder<'_>) -> StoreResult<Compared> {
        let campaigns = self.intake.directory.campaigns(&client.id).await?;
        let forms: BTreeSet<FormId> =
            campaigns.iter().flat_map(|campaign| campaign.forms.iter().map(|rule| rule.form.clone())).collect();
        let mut compared = Compared::default();
        if forms.is_empty() {
            return Ok(compared);
        }
        let listed = self.read(client, &forms, &mut compared.remarks).await?;
        let found = |form: &&Listed| form.known.as_ref().is_some_and(|event| self.by_this(event));
        let mut came: Vec<RawEvent> = listed.iter().filter(found).filter_map(|form| form.known.clone()).collect();
        // Oldest first, as they would have come in.
        for lost in self.lost(&listed, awaited, recorder.now, &mut compared).into_iter().rev() {
            came.extend(self.take_in(client, lost, recorder).await?);
        }
        compared.missed = came.len();
        if !came.is_empty() {
            self.intake.alerts.raise(alert(&came), client.mailbox(), recorder).await;
        }
        Ok(compared)
    }

    /// What the site lists of these forms, newest first, as far back as it needs to be known.
    async fn read(
        &self,
        client: &Client,
        forms: &BTreeSet<FormId>,
        remarks: &mut Vec<String>,
    ) -> StoreResult<Vec<Listed>> {
        let (mut listed, mut seen, mut in_a_row, mut odd) = (Vec::new(), BTreeSet::new(), 0, 0);
        'pages: for number in 1..=PAGES {
            if self.clock.now() >= self.ends {
                remarks.push(format!("forms that Kajabi lists: the time was over before page {number}"));
                break;
            }
            let page = match self.feed.page(client, number).await {
                Ok(page) => page,
                Err(why) => {
                    remarks.push(format!("forms that Kajabi lists, from page {number}: {why}"));
                    break;
                }
            };
            odd += page.unreadable;
            for form in page.forms {
                // What no campaign enrolls by is not posted to us.
                if !forms.contains(&form.form) || !seen.insert(form.key.clone()) {
                    continue;
                }
                let known = self.known(client, &form.key).await?;
                in_a_row = if known.is_some() { in_a_row + 1 } else { 0 };
                listed.push(Listed { form, known });
                if in_a_row >= KNOWN_IN_A_ROW {
                    break 'pages;
                }
            }
            let nothing_known = number == 1 && listed.iter().all(|form: &Listed| form.known.is_none());
            if !page.more || (nothing_known && !listed.is_empty()) {
                break;
            }
        }
        if odd > 0 {
            remarks.push(format!("{odd} forms that Kajabi lists without a readable id or form"));
        }
        Ok(listed)
    }

    async fn known(&self, client: &Client, key: &EventKey) -> StoreResult<Option<RawEvent>> {
        let known = self.intake.events.event(&client.id, key).await?;
        if known.is_some() {
            return Ok(known);
        }
        let id = key.0.strip_prefix(EventKey::KAJABI_FORM).unwrap_or_default();
        self.intake.events.event(&client.id, &EventKey(format!("{}{id}", EventKey::KAJABI_DASHBOARD_FORM))).await
    }

    /// Whether this day's comparison took an event in, perhaps in an earlier try.
    fn by_this(&self, event: &RawEvent) -> bool {
        event.source == Source::KajabiFeed && event.received_at >= self.since
    }

    /// The forms that were lost. One that is older than all that is known of its form came before we were
    /// told of that form; one that may be on its way is awaited.
    fn lost<'l>(
        &self,
        listed: &'l [Listed],
        awaited: &[EventKey],
        now: Instant,
        compared: &mut Compared,
    ) -> Vec<&'l ListedForm> {
        let mut oldest_known: BTreeMap<&FormId, usize> = BTreeMap::new();
        for (place, listed) in listed.iter().enumerate().filter(|(_, listed)| listed.known.is_some()) {
            oldest_known.insert(&listed.form.form, place);
        }
        let mut never: BTreeMap<&FormId, usize> = BTreeMap::new();
        let mut lost = Vec::new();
        let (mut older_than_long_known, mut looked_at_before) = (false, false);
        let (next_older, mut forgotten) = (next_older_known(listed), 0);
        for (place, Listed { form, known }) in listed.iter().enumerate() {
            match (known, oldest_known.get(&form.form)) {
                (Some(known), _) => {
                    older_than_long_known |= known.received_at + MAY_BE_ON_ITS_WAY <= now;
                    looked_at_before |= known.received_at + LOOKED_AT <= now;
                }
                (None, None) => *never.entry(&form.form).or_default() += 1,
                (None, Some(oldest)) if place > *oldest => {}
                (None, Some(_)) if next_older[place].is_some_and(|at| at + REMEMBERED <= now) => {
                    forgotten += usize::from(!looked_at_before);
                }
                (None, Some(_)) if older_than_long_known || awaited.contains(&form.key) => lost.push(form),
                (None, Some(_)) if compared.awaited.len() < MOST_NAMED => compared.awaited.push(form.key.clone()),
                (None, Some(_)) => {}
            }
        }
        if forgotten > 0 {
            compared.remarks.push(format!(
                "{forgotten} forms that Kajabi lists are not known here and may be older than eight weeks; a form that gave \
                 no consent is forgotten by then, so none of them was taken in"
            ));
        }
        for (form, count) in never.iter().take(MOST_NAMED) {
            compared.remarks.push(format!(
                "form {form}: none of the newest {count} that Kajabi lists has ever come in here, so none was taken in; \
                 is its webhook set?"
            ));
        }
        lost
    }

    /// Keeps one lost form and works it through. None if it came in meanwhile.
    async fn take_in(
        &self,
        client: &Client,
        lost: &ListedForm,
        recorder: &Recorder<'_>,
    ) -> StoreResult<Option<RawEvent>> {
        let (key, body) = (lost.key.clone(), lost.body.clone());
        let event = RawEvent::new(key, client.id.clone(), Source::KajabiFeed, body, recorder.now);
        let received = recorder.event(Event::EventReceived, Status::Ok).because("kajabi-feed", &event.key.0);
        if self.intake.events.receive(&event, received).await? == Receipt::Known {
            return Ok(None);
        }
        let state = match self.intake.work(client, event.clone(), recorder).await {
            Ok(state) => state,
            Err(error) => {
                // It is stored, and a run of the scheduler takes it up.
                tracing::warn!(client = %client.id, %error, "a missed form was stored and not worked through");
                event.state.clone()
            }
        };
        Ok(Some(RawEvent { state, ..event }))
    }
}

/// When the next older form that is known came in, for every form in the list.
fn next_older_known(listed: &[Listed]) -> Vec<Option<Instant>> {
    let (mut all, mut next) = (vec![None; listed.len()], None);
    for (place, form) in listed.iter().enumerate().rev() {
        all[place] = next;
        next = form.known.as_ref().map(|event| event.received_at).or(next);
    }
    all
}

fn alert(came: &[RawEvent]) -> Alert {
    let row = |event: &RawEvent| match &event.state {
        EventState::Done { result } => format!("* {}: {result}", event.key.0),
        EventState::Unusable { reason } => format!("* {}: cannot be read: {reason}", event.key.0),
        EventState::Received { .. } => format!("* {}: stored, to be worked on by the next run", event.key.0),
    };
    let mut rows: Vec<String> = came.iter().take(MOST_NAMED).map(row).collect();
    if came.len() > MOST_NAMED {
        rows.push(format!("* and {} more, in the report as missed", came.len() - MOST_NAMED));
    }
    let (count, forms) = (came.len(), if came.len() == 1 { "form was" } else { "forms were" });
    Alert {
        cause: "forms-missed".to_owned(),
        subject: format!("{count} {forms} sent on Kajabi and did not reach us"),
        text: format!(
            "Kajabi lists {count} that its webhook never brought here, or that were not stored. They are kept now. \
             Nobody was texted for them, as nothing says when they were sent.\n\n{}\n\n\
             Look each of them up in Kajabi. Who is to be texted still: `leadline import`, under the form's id. \
             Then look at the form's webhook in Kajabi and at the webhook's log: why did they not arrive? \
             The runbook says more under *Missed forms*.\n",
            rows.join("\n")
        ),
    }
}
