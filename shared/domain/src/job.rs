//! Jobs on the queue of texts.

use serde::{Deserialize, Serialize};

use super::{
    answer::Answer,
    ids::{CampaignId, ClientId, EnrollmentId, LeadId, RunId},
};

/// A job on the queue of texts. A reader of one release accepts the jobs of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Job {
    /// Send this step to this lead, if it may still be sent when the job is read.
    SendStep(SendStep),
    /// Answer a reply by itself, if that may still be done when the job is read. At most once.
    Answer(Answer),
}

/// Which step to send to whom. It holds nothing that could be stale: the sender reads all of it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendStep {
    /// The client.
    pub client: ClientId,
    /// The lead.
    pub lead: LeadId,
    /// The enrollment.
    pub enrollment: EnrollmentId,
    /// Its campaign.
    pub campaign: CampaignId,
    /// The version it is pinned to.
    pub version: u32,
    /// The step.
    pub step: u16,
    /// The run that put it on the queue.
    pub run: RunId,
    /// Whether it follows a text that tries an account again: it goes only if that one was taken, so its allowance of
    /// the hour is not reserved before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follows: bool,
}
