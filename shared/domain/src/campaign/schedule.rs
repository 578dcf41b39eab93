//! When the texts of a plan go, as a whole: which of them are ruled by what, and what makes no sense.

use chrono::TimeDelta;

use super::{
    super::{Instant, template::Field},
    Late, Plan, Step, When,
};

/// The least between a text that goes by a webinar and the text before it. It keeps what is late from
/// running into what comes next, and is short enough not to put off what is in time.
const APART: TimeDelta = TimeDelta::minutes(10);

/// Why the texts of a campaign make no sense together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleProblem {
    /// A step goes by a webinar that there is not.
    #[error("step {0} goes by the webinar, and the campaign has no `webinar`")]
    NoWebinar(u16),
    /// Two steps by the webinar are in the wrong order.
    #[error("step {step} goes by the webinar, and not after step {before}")]
    WebinarOrder {
        /// The later one.
        step: u16,
        /// The one before it.
        before: u16,
    },
    /// The first step has two rules of how late it may be.
    #[error(
        "step {0} is the first and goes by its delay alone, so `timing` says how late it may be, and not `late` and `latest_minutes`"
    )]
    TwoPatiences(u16),
    /// A text names a webinar that there is not.
    #[error("the text of step {step} says {{{{{field}}}}}, and the campaign has no `webinar`")]
    NoWebinarToName {
        /// Which step.
        step: u16,
        /// The placeholder.
        field: String,
    },
}

impl Plan {
    /// Whether `timing` says until when a step makes sense: for the first one, if it goes by its delay
    /// alone. Every other step says so itself.
    #[must_use]
    pub fn ruled_by_timing(&self, step: u16) -> bool {
        self.is_first(step) && self.step(step).is_none_or(|step| matches!(step.when, When::After { then: None, .. }))
    }

    /// The first moment at which it makes sense to decide on `step`, when the text before it went at `sent`.
    #[must_use]
    pub fn first_look(&self, step: &Step, sent: Instant) -> Instant {
        let due = match (&step.when, &self.webinar) {
            (When::Webinar { minutes }, Some(webinar)) => webinar.after(*minutes),
            (When::Webinar { .. }, None) | (When::After { .. }, _) => sent + step.delay(),
        };
        self.overtaken_at(step).map_or(due, |overtaken| due.min(overtaken)).max(sent)
    }

    /// How long a step is kept from the text before it: its own delay, or for one that goes by the webinar
    /// ten minutes, and less if the step by the webinar before it is planned closer than half an hour.
    #[must_use]
    pub fn apart(&self, step: &Step) -> TimeDelta {
        let When::Webinar { minutes } = step.when else { return step.delay() };
        let before = self.messages.iter().rev().find(|before| before.active && before.step < step.step);
        match before.map(|before| &before.when) {
            Some(When::Webinar { minutes: earlier }) => {
                let planned = TimeDelta::minutes(i64::from(minutes) - i64::from(*earlier));
                APART.min(planned / 3).max(TimeDelta::zero())
            }
            Some(When::After { .. }) | None => APART,
        }
    }

    /// The moment from which on a step that may be passed over has been overtaken by the next one, if that
    /// goes by the webinar, which waits for nobody.
    #[must_use]
    pub fn overtaken_at(&self, step: &Step) -> Option<Instant> {
        let (Late::Skip { .. }, Some(webinar)) = (step.late, &self.webinar) else { return None };
        let next = self.after(step.step)?;
        match next.when {
            When::Webinar { minutes } => Some(webinar.after(minutes) - self.apart(next)),
            When::After { .. } => None,
        }
    }

    /// Everything about the schedule that makes no sense.
    pub(super) fn schedule_problems(&self) -> Vec<ScheduleProblem> {
        let mut problems = Vec::new();
        let mut before: Option<(u16, i32)> = None;
        for step in &self.messages {
            if let When::Webinar { minutes } = step.when {
                if self.webinar.is_none() {
                    problems.push(ScheduleProblem::NoWebinar(step.step));
                }
                if let Some((earlier, at)) = before
                    && minutes <= at
                {
                    problems.push(ScheduleProblem::WebinarOrder { step: step.step, before: earlier });
                }
                before = Some((step.step, minutes));
            }
            if self.ruled_by_timing(step.step) && step.late != Late::Send {
                problems.push(ScheduleProblem::TwoPatiences(step.step));
            }
            let of_webinar =
                |field: &&Field| matches!(field, Field::WebinarLink | Field::WebinarDate | Field::WebinarTime);
            if self.webinar.is_none()
                && let Some(field) =
                    step.text.as_ref().and_then(|text| text.placeholders().map(|(field, _)| field).find(of_webinar))
            {
                problems.push(ScheduleProblem::NoWebinarToName { step: step.step, field: field.to_string() });
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Campaign, CampaignProblem};

    fn problems(messages: Value, webinar: Option<Value>) -> Vec<String> {
        let mut doc = serde_json::to_value(crate::fixtures::campaign()).expect("json");
        doc["messages"] = messages;
        if let Some(webinar) = webinar {
            doc["webinar"] = webinar;
        }
        let campaign: Campaign = serde_json::from_value(doc).expect("a campaign");
        campaign.problems().iter().map(CampaignProblem::to_string).collect()
    }

    #[test]
    fn a_schedule_that_makes_no_sense_as_a_whole_says_why() {
        let webinar = || Some(json!({"at": "2026-01-15T19:00:00-05:00", "link": "https://example.com/live"}));
        for (messages, webinar, expected) in [
            (
                json!([{"step": 1, "webinar_minutes": -60}]),
                None,
                vec!["step 1 goes by the webinar, and the campaign has no `webinar`"],
            ),
            (json!([{"step": 1, "webinar_minutes": -60}, {"step": 2, "webinar_minutes": -15}]), webinar(), vec![]),
            (
                json!([{"step": 1, "webinar_minutes": -15}, {"step": 2, "delay_minutes": 5}, {"step": 3, "webinar_minutes": -60}]),
                webinar(),
                vec!["step 3 goes by the webinar, and not after step 1"],
            ),
            (
                json!([{"step": 1, "delay_minutes": 60, "late": "skip", "latest_minutes": 60}]),
                None,
                vec![
                    "step 1 is the first and goes by its delay alone, so `timing` says how late it may be, and not `late` and `latest_minutes`",
                ],
            ),
            // By a time of day it is not ruled by `timing`, and may be due long after its patience.
            (
                json!([{"step": 1, "delay_minutes": 600, "at": "10:00", "late": "shift", "latest_minutes": 60}]),
                None,
                vec![],
            ),
            (
                json!([{"step": 1, "delay_minutes": 60, "text": "Join: {{ webinar_link }}"}]),
                None,
                vec!["the text of step 1 says {{webinar_link}}, and the campaign has no `webinar`"],
            ),
            (
                json!([{"step": 1, "delay_minutes": 60, "text": "On {{webinar_date}}: {{webinar_link}}"}]),
                webinar(),
                vec![],
            ),
        ] {
            assert_eq!(problems(messages.clone(), webinar), expected, "{messages}");
        }
    }

    #[test]
    fn the_webinar_is_of_the_version_that_a_lead_is_pinned_to() {
        let standing = crate::fixtures::campaign();
        let mut doc = serde_json::to_value(&standing).expect("json");
        doc["webinar"] = json!({"at": "2026-01-15T19:00:00-05:00", "link": "https://example.com/live"});
        let campaign: Campaign = serde_json::from_value(doc).expect("a campaign");
        let changed = campaign.replacing(Some(&standing)).expect("it can be changed");
        assert_eq!((changed.version, changed.plan().webinar), (2, changed.webinar));
        let plan = serde_json::to_value(standing.plan()).expect("json");
        assert!(plan.get("webinar").is_none(), "a plan without one is stored as before");
    }
}
