//! Follows the journal, so that the page shows the newest of everything without reading it all again.

use std::collections::{BTreeMap, VecDeque};

use chrono::TimeDelta;
use leadline::{
    domain::{
        Instant,
        audit::{AuditEvent, Event},
        ids::{AuditId, ClientId, LeadId},
    },
    ports::{Clock, Journal},
};

use crate::system::System;

/// Leads that the page shows.
const LEADS: usize = 200;
/// Events that the page shows.
const EVENTS: usize = 100;
/// Texts whose lead is remembered.
const TEXTS: usize = 500;

/// What was seen of the journal.
pub struct Watch {
    looked_until: Instant,
    /// The newest events, the newest last.
    pub events: VecDeque<Seen>,
    /// The newest leads, the newest last.
    pub leads: VecDeque<(ClientId, LeadId)>,
    /// Why leads were not enrolled.
    pub rejected: BTreeMap<LeadId, String>,
    /// Whom a text was for, by its attempt.
    pub texted: BTreeMap<AuditId, LeadId>,
}

/// An event, and how often it came with nothing else in between.
pub struct Seen {
    /// The event, at its last time.
    pub event: AuditEvent,
    /// How often.
    pub times: u32,
}

impl Watch {
    /// Nothing seen yet.
    pub fn from(now: Instant) -> Self {
        Self {
            looked_until: now,
            events: VecDeque::new(),
            leads: VecDeque::new(),
            rejected: BTreeMap::new(),
            texted: BTreeMap::new(),
        }
    }

    /// Reads on to the present.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn catch_up(&mut self, system: &System) -> anyhow::Result<()> {
        let now = system.clock.now();
        let mut new = Vec::new();
        for setup in &system.clients {
            let mut page = None;
            loop {
                let until = now + TimeDelta::milliseconds(1);
                let found = system.store.happened(&setup.settings.id, self.looked_until, until, page).await?;
                new.extend(found.events);
                page = found.next;
                if page.is_none() {
                    break;
                }
            }
        }
        self.looked_until = now;
        new.sort_by_key(|event| event.id);
        for event in new {
            self.see(event);
        }
        Ok(())
    }

    fn see(&mut self, event: AuditEvent) {
        if let Some(known) = self.events.iter_mut().find(|seen| seen.event.id == event.id) {
            known.event = event;
            return;
        }
        if let Some(lead) = event.lead {
            match event.event {
                Event::LeadCreated if !self.leads.iter().any(|(_, known)| *known == lead) => {
                    self.leads.push_back((event.client.clone(), lead));
                }
                Event::Rejected => {
                    self.rejected.insert(lead, event.detail.clone().or(event.reason.clone()).unwrap_or_default());
                }
                Event::SmsAttempt => {
                    self.texted.insert(event.id, lead);
                }
                _ => {}
            }
        }
        // A quiet night is one line and not fifty: a run like the client's last one, with nothing but
        // runs since, takes its place.
        let run = |event: &AuditEvent| event.event == Event::SchedulerRun;
        let since = self.events.iter().rev().take_while(|seen| run(&seen.event)).count();
        let from = self.events.len() - since;
        let last = (from..self.events.len()).rev().find(|n| self.events[*n].event.client == event.client);
        let alike = last.filter(|n| run(&event) && self.events[*n].event.detail == event.detail);
        let before = alike.and_then(|n| self.events.remove(n)).map_or(0, |seen| seen.times);
        self.events.push_back(Seen { event, times: before + 1 });
        self.forget();
    }

    fn forget(&mut self) {
        while self.events.len() > EVENTS {
            self.events.pop_front();
        }
        while self.leads.len() > LEADS {
            self.leads.pop_front();
        }
        while self.rejected.len() > LEADS {
            self.rejected.pop_first();
        }
        while self.texted.len() > TEXTS {
            self.texted.pop_first();
        }
    }
}
