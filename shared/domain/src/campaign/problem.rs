//! Why a campaign cannot be one.

use super::{MOST, ScheduleProblem};
use crate::{ids::FormId, input::InvalidInput, template::InvalidTemplate, trigger::TriggerProblem};

/// Why a campaign makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CampaignProblem {
    /// There is nothing to send.
    #[error("the campaign has no active message")]
    NoMessages,
    /// A step is further away than anybody means.
    #[error("step {0}: two years are the most that a text may be away, or late")]
    TooFar(u16),
    /// The text of a step holds what would be sent although it is not meant to be.
    #[error("step {step}: {why}")]
    Text {
        /// Which, by its place.
        place: usize,
        /// Which, by its number.
        step: u16,
        /// Why.
        why: InvalidTemplate,
    },
    /// So is the first text.
    #[error("two years are the most that the first text may be away")]
    TimingTooFar,
    /// A webinar of another age.
    #[error("the webinar is in a year from 2000 to 2099")]
    WebinarEra,
    /// It was deactivated.
    #[error("the campaign was deactivated, which is for good; give the new one another id")]
    Over,
    /// Its name is none.
    #[error("the name: {0}")]
    Name(InvalidInput),
    /// There are more than fit.
    #[error("there are {found} {what}, {MOST} are allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
    },
    /// Steps are not in order or a number is there twice.
    #[error("step {0} does not come after the step before it")]
    StepOrder(u16),
    /// A form is there twice.
    #[error("form {0} is there twice")]
    FormTwice(FormId),
    /// A trigger makes no sense.
    #[error("trigger {number}: {problem}")]
    Trigger {
        /// Which, counted from one.
        number: usize,
        /// Why.
        problem: TriggerProblem,
    },
    /// What is sent when makes no sense as a whole.
    #[error(transparent)]
    Schedule(#[from] ScheduleProblem),
    /// The first text could never be in time.
    #[error("the first text is due {due} minutes after the import but given up after {latest}")]
    NeverInTime {
        /// Minutes after which it is due.
        due: u32,
        /// Minutes after which it is given up.
        latest: u32,
    },
}

impl CampaignProblem {
    /// The place in the campaign, as a JSON pointer.
    #[must_use]
    pub fn pointer(&self) -> String {
        match self {
            Self::NoMessages | Self::StepOrder(_) | Self::Schedule(_) | Self::TooFar(_) => "/messages".to_owned(),
            Self::Text { place, .. } => format!("/messages/{place}/text"),
            Self::WebinarEra => "/webinar/at".to_owned(),
            Self::Over => "/status".to_owned(),
            Self::Name(_) => "/name".to_owned(),
            Self::TooMany { what, .. } => format!("/{what}"),
            Self::FormTwice(_) => "/forms".to_owned(),
            Self::Trigger { number, .. } => format!("/triggers/{}", number - 1),
            Self::NeverInTime { .. } | Self::TimingTooFar => "/timing".to_owned(),
        }
    }
}
