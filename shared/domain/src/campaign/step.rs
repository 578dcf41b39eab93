//! One text of a sequence: when it goes, and what becomes of it when it is late.

use std::fmt;

use chrono::{NaiveTime, TimeDelta, Weekday};
use serde::{Deserialize, Serialize};

use super::super::{template::Template, window::LocalTime};

/// One text of a campaign's sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StepDoc", into = "StepDoc")]
pub struct Step {
    /// Its number; the sequence runs in this order.
    pub step: u16,
    /// When it goes.
    pub when: When,
    /// What becomes of it when it could not go then.
    pub late: Late,
    /// What is sent. A step without a text uses the client's default text or waits for review.
    pub text: Option<Template>,
    /// What it is sent by.
    pub channel: Channel,
    /// Steps that are not active are passed over.
    pub active: bool,
}

/// When a step goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// After the previous text, or after the import for the first.
    After {
        /// Minutes after it.
        minutes: u32,
        /// The local time that is waited for once they are over, if one is.
        then: Option<LocalTime>,
    },
    /// By the webinar of the campaign.
    Webinar {
        /// Minutes after its beginning; negative is before.
        minutes: i32,
    },
}

/// What becomes of a step that could not go when it was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// It goes as soon as it may.
    Send,
    /// It is passed over.
    Skip {
        /// Minutes after it was due for which it makes sense still.
        within: u32,
    },
    /// It waits for the next such local time; a step without one goes as soon as it may.
    Shift {
        /// Minutes after it was due for which it makes sense still.
        within: u32,
    },
}

/// What a step is sent by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Channel {
    /// A text message.
    #[default]
    Sms,
}

/// How late a text about a webinar may be where its step does not say so, in minutes: "we start in an
/// hour" makes no sense once it has started.
const WEBINAR_WITHIN: u32 = 60;

/// The least that a step may be late, in minutes. Runs are 15 minutes apart, and a text takes some more.
pub const LEAST_WITHIN: u32 = 20;

/// A step as it is written in files and in the table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepDoc {
    /// Its number.
    #[cfg_attr(feature = "openapi", schema(maximum = 65535))]
    pub step: u16,
    /// Minutes after the previous text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_minutes: Option<u32>,
    /// The time of day that is waited for then, `HH:MM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub at: Option<String>,
    /// The days on which it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<crate::openapi::Day>>, min_items = 1))]
    pub weekdays: Option<Vec<Weekday>>,
    /// Minutes after the webinar begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webinar_minutes: Option<i32>,
    /// How late it may be, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_minutes: Option<u32>,
    /// What becomes of it when it is later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<LateDoc>,
    /// What is sent.
    #[serde(default)]
    pub text: Option<Template>,
    /// What it is sent by.
    #[serde(default, alias = "type")]
    pub channel: Channel,
    /// Whether it is sent at all.
    #[serde(default = "yes")]
    pub active: bool,
}

/// What becomes of a late step, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LateDoc {
    /// It goes.
    Send,
    /// It is passed over.
    Skip,
    /// It waits for its next time.
    Shift,
}

fn yes() -> bool {
    true
}

/// Why a step makes no sense by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStep {
    /// Two schedules at once.
    #[error("step {0} goes by the webinar (`webinar_minutes`), so it takes no `delay_minutes`, `at` or `weekdays`")]
    TwoSchedules(u16),
    /// A time of day that is none.
    #[error("step {step}: `{at}` is no time of day such as 10:00")]
    Time {
        /// Which step.
        step: u16,
        /// What was given.
        at: String,
    },
    /// It would never go.
    #[error("step {0}: `weekdays` is empty, so it would never go")]
    NoDays(u16),
    /// When is it late?
    #[error("step {step}: `late` is \"{late}\", so `latest_minutes` must say from when on it is late")]
    NoLatest {
        /// Which step.
        step: u16,
        /// What was given.
        late: &'static str,
    },
    /// A latest moment after which it goes all the same.
    #[error("step {0} has `latest_minutes` and goes however late it is: set `late` to \"skip\" or \"shift\"")]
    GoesAnyway(u16),
    /// It would be late by chance.
    #[error("step {0}: `latest_minutes` is at least {LEAST_WITHIN}, as texts leave every 15 minutes")]
    TooShort(u16),
    /// A webinar has no next time.
    #[error("step {0} goes by the webinar, which comes once: `late` is \"skip\" or \"send\"")]
    NoNextTime(u16),
}

impl Step {
    /// The delay as a duration: none for a step that goes by the webinar.
    #[must_use]
    pub fn delay(&self) -> TimeDelta {
        match self.when {
            When::After { minutes, .. } => TimeDelta::minutes(i64::from(minutes)),
            When::Webinar { .. } => TimeDelta::zero(),
        }
    }

    /// The most minutes that anything in it counts.
    #[must_use]
    pub fn reaches(&self) -> u32 {
        let away = match self.when {
            When::After { minutes, .. } => minutes,
            When::Webinar { minutes } => minutes.unsigned_abs(),
        };
        match self.late {
            Late::Send => away,
            Late::Skip { within } | Late::Shift { within } => away.max(within),
        }
    }

    /// The same step, so many minutes after the text before it and at no special time.
    #[must_use]
    pub fn after_minutes(self, minutes: u32) -> Self {
        Self { when: When::After { minutes, then: None }, late: Late::Send, ..self }
    }
}

impl TryFrom<StepDoc> for Step {
    type Error = InvalidStep;

    fn try_from(doc: StepDoc) -> Result<Self, InvalidStep> {
        let number = doc.step;
        let by_webinar = doc.webinar_minutes.is_some();
        let when = match doc.webinar_minutes {
            Some(minutes) if doc.delay_minutes.unwrap_or(0) == 0 && doc.at.is_none() && doc.weekdays.is_none() => {
                When::Webinar { minutes }
            }
            Some(_) => return Err(InvalidStep::TwoSchedules(number)),
            None => {
                let at = doc.at.map(|at| match NaiveTime::parse_from_str(&at, "%H:%M") {
                    Ok(time) => Ok(time),
                    Err(_) => Err(InvalidStep::Time { step: number, at }),
                });
                let then = match (at.transpose()?, doc.weekdays) {
                    (None, None) => None,
                    (at, days) => Some(LocalTime::new(at, days).ok_or(InvalidStep::NoDays(number))?),
                };
                When::After { minutes: doc.delay_minutes.unwrap_or(0), then }
            }
        };
        let late = match (doc.late, doc.latest_minutes) {
            (None, None) if by_webinar => Late::Skip { within: WEBINAR_WITHIN },
            (None, Some(within)) if by_webinar => Late::Skip { within },
            (None | Some(LateDoc::Send), Some(_)) => return Err(InvalidStep::GoesAnyway(number)),
            (None | Some(LateDoc::Send), None) => Late::Send,
            (Some(LateDoc::Shift), _) if by_webinar => return Err(InvalidStep::NoNextTime(number)),
            (Some(LateDoc::Skip), None) if by_webinar => Late::Skip { within: WEBINAR_WITHIN },
            (Some(LateDoc::Skip), None) => return Err(InvalidStep::NoLatest { step: number, late: "skip" }),
            (Some(LateDoc::Shift), None) => return Err(InvalidStep::NoLatest { step: number, late: "shift" }),
            (Some(LateDoc::Skip), Some(within)) => Late::Skip { within },
            (Some(LateDoc::Shift), Some(within)) => Late::Shift { within },
        };
        if let Late::Skip { within } | Late::Shift { within } = late
            && within < LEAST_WITHIN
        {
            return Err(InvalidStep::TooShort(number));
        }
        Ok(Self { step: number, when, late, text: doc.text, channel: doc.channel, active: doc.active })
    }
}

impl From<Step> for StepDoc {
    fn from(step: Step) -> Self {
        let (delay_minutes, then, webinar_minutes) = match step.when {
            When::After { minutes, then } => (Some(minutes), then, None),
            When::Webinar { minutes } => (None, None, Some(minutes)),
        };
        let by_webinar = webinar_minutes.is_some();
        let (late, latest_minutes) = match step.late {
            Late::Send => (by_webinar.then_some(LateDoc::Send), None),
            Late::Skip { within } => (Some(LateDoc::Skip), Some(within)),
            Late::Shift { within } => (Some(LateDoc::Shift), Some(within)),
        };
        Self {
            step: step.step,
            delay_minutes,
            at: then.as_ref().and_then(LocalTime::time).map(|at| at.format("%H:%M").to_string()),
            weekdays: then.as_ref().and_then(LocalTime::days).map(<[Weekday]>::to_vec),
            webinar_minutes,
            latest_minutes,
            late,
            text: step.text,
            channel: step.channel,
            active: step.active,
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After { minutes, then: None } => write!(f, "{minutes} minutes after the text before"),
            Self::After { minutes: 0, then: Some(then) } => write!(f, "{then} after the text before"),
            Self::After { minutes, then: Some(then) } => {
                write!(f, "{then}, {minutes} minutes or more after the text before")
            }
            Self::Webinar { minutes: 0 } => f.write_str("when the webinar begins"),
            Self::Webinar { minutes } if *minutes < 0 => {
                write!(f, "{} minutes before the webinar", minutes.unsigned_abs())
            }
            Self::Webinar { minutes } => write!(f, "{minutes} minutes after the webinar began"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(step: Value) -> Result<Step, String> {
        serde_json::from_value(step).map_err(|error| error.to_string())
    }

    #[test]
    fn a_step_of_the_release_before_is_read_and_written_as_it_was() {
        let before = json!({"step": 2, "delay_minutes": 1440, "text": null, "channel": "sms", "active": true});
        let step = read(before.clone()).expect("a step");
        assert_eq!((&step.when, step.late), (&When::After { minutes: 1_440, then: None }, Late::Send));
        assert_eq!(serde_json::to_value(step).expect("json"), before);
        let bare = read(json!({"step": 1})).expect("a step");
        assert_eq!((bare.when, bare.active), (When::After { minutes: 0, then: None }, true));
    }

    #[test]
    fn every_schedule_is_written_as_it_was_read() {
        for fields in [
            json!({"delay_minutes": 720, "at": "10:00"}),
            json!({"delay_minutes": 0, "weekdays": ["Mon", "Thu"]}),
            json!({"delay_minutes": 60, "at": "09:30", "weekdays": ["Sat"], "late": "shift", "latest_minutes": 120}),
            json!({"delay_minutes": 60, "late": "skip", "latest_minutes": 60}),
            json!({"webinar_minutes": -60, "late": "skip", "latest_minutes": 60}),
            json!({"webinar_minutes": 1_440, "late": "send"}),
        ] {
            let mut doc = json!({"step": 1, "text": null, "channel": "sms", "active": true});
            doc.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
            let step = read(doc.clone()).expect("a step");
            assert_eq!(serde_json::to_value(step).expect("json"), doc);
        }
    }

    #[test]
    fn a_text_about_a_webinar_is_passed_over_an_hour_late_unless_it_says_otherwise() {
        for (fields, late) in [
            (json!({"step": 1, "webinar_minutes": -60}), Late::Skip { within: 60 }),
            (json!({"step": 1, "webinar_minutes": -60, "latest_minutes": 20}), Late::Skip { within: 20 }),
            (json!({"step": 1, "webinar_minutes": 60, "late": "send"}), Late::Send),
            (json!({"step": 1, "webinar_minutes": 60, "delay_minutes": 0, "late": "skip"}), Late::Skip { within: 60 }),
        ] {
            assert_eq!(read(fields).map(|step| step.late), Ok(late));
        }
    }

    #[test]
    fn what_cannot_be_meant_says_why() {
        for (step, why) in [
            (json!({"step": 2, "webinar_minutes": -60, "delay_minutes": 5}), "takes no `delay_minutes`"),
            (json!({"step": 2, "webinar_minutes": -60, "at": "10:00"}), "takes no `delay_minutes`"),
            (json!({"step": 2, "webinar_minutes": -60, "late": "shift"}), "which comes once"),
            (json!({"step": 2, "at": "25:00"}), "`25:00` is no time of day"),
            (json!({"step": 2, "weekdays": []}), "`weekdays` is empty"),
            (json!({"step": 2, "weekdays": ["Someday"]}), "weekday names expected"),
            (json!({"step": 2, "late": "skip"}), "`latest_minutes` must say"),
            (json!({"step": 2, "late": "shift"}), "\"shift\", so `latest_minutes`"),
            (json!({"step": 2, "latest_minutes": 60}), "goes however late it is"),
            (json!({"step": 2, "late": "send", "latest_minutes": 60}), "goes however late it is"),
            (json!({"step": 2, "late": "skip", "latest_minutes": 5}), "at least 20"),
        ] {
            let error = read(step.clone()).expect_err("no step");
            assert!(error.contains(why), "{step}: {error}");
        }
    }
}
