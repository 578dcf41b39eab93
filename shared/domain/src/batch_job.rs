//! A long job over all leads of a client: how far it has come, and what it found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Instant,
    counts::Counts,
    ids::{CampaignId, LeadId, RunId},
};

/// Most errors that a job keeps in words; all are counted.
const ERRORS_KEPT: usize = 20;

/// How far a job has come. Written after every batch, so that it can go on where it was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchJob {
    /// The run that began it.
    pub run: RunId,
    /// Who did.
    pub by: String,
    /// When.
    pub began_at: Instant,
    /// When it came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Instant>,
    /// The last lead that it was done with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<LeadId>,
    /// Leads that it looked at.
    #[serde(default)]
    pub looked_at: u64,
    /// What it found, by kind.
    #[serde(default)]
    pub found: BTreeMap<String, Tally>,
    /// The first things that went wrong, in words.
    #[serde(default)]
    pub errors: Vec<String>,
    /// How many things went wrong.
    #[serde(default)]
    pub errors_in_all: u64,
    /// The people of each campaign, counted on the way.
    #[serde(default)]
    pub recount: BTreeMap<CampaignId, Counts>,
    /// What the counters said when it began.
    #[serde(default)]
    pub counted_before: BTreeMap<CampaignId, Counts>,
}

/// How much of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How much was found.
    pub found: u64,
    /// How much of it was mended.
    pub mended: u64,
}

impl BatchJob {
    /// One that begins.
    #[must_use]
    pub fn new(run: RunId, by: &str, now: Instant) -> Self {
        Self {
            run,
            by: by.to_owned(),
            began_at: now,
            ended_at: None,
            after: None,
            looked_at: 0,
            found: BTreeMap::new(),
            errors: Vec::new(),
            errors_in_all: 0,
            recount: BTreeMap::new(),
            counted_before: BTreeMap::new(),
        }
    }

    /// Notes something that was found.
    pub fn found(&mut self, code: &str, mended: bool) {
        let tally = self.found.entry(code.to_owned()).or_default();
        tally.found += 1;
        tally.mended += u64::from(mended);
    }

    /// Notes something that went wrong.
    pub fn failed(&mut self, why: String) {
        self.errors_in_all += 1;
        if self.errors.len() < ERRORS_KEPT {
            self.errors.push(why);
        }
    }

    /// In words, for the audit.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = format!("begun {} by {}, {} leads looked at", self.began_at, self.by, self.looked_at);
        for (code, Tally { found, mended }) in &self.found {
            words.push_str(&format!(", {found} {code} ({mended} mended)"));
        }
        if self.errors_in_all > 0 {
            words.push_str(&format!(", {} errors: {}", self.errors_in_all, self.errors.join("; ")));
        }
        words
    }
}
