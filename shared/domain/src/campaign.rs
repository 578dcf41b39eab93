//! Campaigns: which forms enroll, what is sent when. A lead is pinned to the version it enrolled in.

mod again;
mod problem;
mod schedule;
mod step;
mod webinar;

use chrono::{Datelike, TimeDelta};
use serde::{Deserialize, Serialize};

use super::{
    Instant,
    consent::ConsentTerms,
    ids::{CampaignId, FormId},
    input,
    trigger::{Named, On, Then, Trigger},
    window::Window,
};
pub use again::{NotAgain, ReEnroll};
pub use problem::CampaignProblem;
pub use schedule::ScheduleProblem;
pub use step::{Channel, InvalidStep, Late, LateDoc, Step, StepDoc, When};
pub use webinar::{InvalidWebinarLink, Webinar, WebinarLink};

/// The campaign that single texts belong to, which are asked for one by one.
pub const DIRECT: &str = "direct";

/// The most minutes that a text may be away or late: two years.
const LONGEST: u32 = 2 * 366 * 24 * 60;

/// The most forms, messages or triggers of a campaign: its forms are written in one transaction, of up to 100.
pub const MOST: usize = 40;

/// A campaign of one client, at its newest version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// Its name, for people.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub name: String,
    /// Whether it sends and enrolls.
    #[serde(default)]
    pub status: CampaignStatus,
    /// The forms that enroll into it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 40))]
    pub forms: Vec<FormRule>,
    /// What events other than a form do: enroll into it, or end it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 40))]
    pub triggers: Vec<Trigger>,
    /// Counts up with every change of what is sent.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The texts in order.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 40))]
    pub messages: Vec<Step>,
    /// When the first text goes.
    #[serde(default)]
    pub timing: Timing,
    /// Sending hours of its own, in the client's zone.
    #[serde(default)]
    pub window: Option<Window>,
    /// What a reply that is no stop does to a sequence. Counts for all versions.
    #[serde(default)]
    pub on_reply: OnReply,
    /// The webinar that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webinar: Option<Webinar>,
    /// Whether somebody who was in it may enter it again. Counts for all versions.
    #[serde(default)]
    pub re_enroll: ReEnroll,
    /// It came about by itself, for a form that no campaign knew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto_discovered: bool,
}

/// What a reply that is no stop, and may not mean one, does to a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum OnReply {
    /// Ends it: a person goes on from here.
    #[default]
    End,
    /// Nothing: the next text goes out at its time.
    GoOn,
}

/// What a lead is pinned to: one version of a campaign's texts. Never changed once written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The version.
    pub version: u32,
    /// The texts in order.
    pub messages: Vec<Step>,
    /// When the first text goes.
    pub timing: Timing,
    /// Sending hours of its own.
    pub window: Option<Window>,
    /// The webinar that the texts are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webinar: Option<Webinar>,
}

/// Whether a campaign sends and enrolls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CampaignStatus {
    /// It does both.
    #[default]
    Active,
    /// It enrolls, but no text goes out. Can be lifted.
    Paused,
    /// Neither, for good.
    Deactivated {
        /// Since when.
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
        at: Instant,
    },
}

/// A form that enrolls, and what its senders consent to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FormRule {
    /// Kajabi's id of the form.
    pub form: FormId,
    /// The consent that the form asks for. Without it nobody who sends the form is texted.
    #[serde(default)]
    pub consent: Option<ConsentTerms>,
}

/// When the first text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Timing {
    /// Minutes after the import before which it never goes.
    pub earliest_minutes: u32,
    /// Minutes after the import after which it is given up as expired.
    pub latest_minutes: u32,
    /// Which minutes count towards giving up.
    pub latest_counts: LatestCounts,
}

/// Which minutes count towards giving up on the first text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LatestCounts {
    /// All of them: who comes in the evening gets no text.
    #[default]
    WallClock,
    /// Only those in which a text could have gone out: who comes in the evening gets it the next morning.
    OpenHours,
}

impl Default for Timing {
    fn default() -> Self {
        Self { earliest_minutes: 60, latest_minutes: 180, latest_counts: LatestCounts::WallClock }
    }
}

fn first_version() -> u32 {
    1
}

impl Campaign {
    /// What a form that nobody knew becomes by itself: paused, without terms of consent, so that nobody is
    /// texted by it before a person has looked, and with the client's default text.
    #[must_use]
    pub fn discovered(form: &FormId, name: Option<&str>) -> Self {
        let when = When::After { minutes: 0, then: None };
        let step = Step { step: 1, when, late: Late::Send, text: None, channel: Channel::Sms, active: true };
        Self {
            id: CampaignId::of_form(form),
            name: name.and_then(input::name_of).unwrap_or_else(|| format!("Form {form}")),
            status: CampaignStatus::Paused,
            forms: vec![FormRule { form: form.clone(), consent: None }],
            triggers: Vec::new(),
            version: first_version(),
            messages: vec![step],
            timing: Timing::default(),
            window: None,
            on_reply: OnReply::default(),
            webinar: None,
            re_enroll: ReEnroll::default(),
            auto_discovered: true,
        }
    }

    /// Whether it came about by itself and nobody has yet said what its forms consent to, or resumed it.
    #[must_use]
    pub fn awaits_review(&self) -> bool {
        let unsaid = self.forms.iter().all(|rule| rule.consent.is_none());
        self.auto_discovered && self.status == CampaignStatus::Paused && unsaid
    }

    /// What a lead that enrolls now is pinned to.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Plan {
            version: self.version,
            messages: self.messages.clone(),
            timing: self.timing,
            window: self.window.clone(),
            webinar: self.webinar.clone(),
        }
    }

    /// This campaign as it takes the place of the one that stands: what is sent gets a version of its own
    /// when it changes, as leads are pinned to theirs, and whether it sends stays as it stands.
    ///
    /// # Errors
    /// [`CampaignProblem::Over`] when the one that stands was deactivated, which is for good.
    pub fn replacing(self, standing: Option<&Self>) -> Result<Self, CampaignProblem> {
        let Some(standing) = standing else {
            return Ok(Self { version: first_version(), auto_discovered: false, ..self });
        };
        if let CampaignStatus::Deactivated { .. } = standing.status {
            return Err(CampaignProblem::Over);
        }
        let (mut new, old) = (self.plan(), standing.plan());
        new.version = old.version;
        let version = if new == old { old.version } else { old.version + 1 };
        let auto_discovered = standing.auto_discovered;
        Ok(Self { version, status: standing.status.clone(), auto_discovered, ..self })
    }

    /// The rule of one form, if the form enrolls into this campaign.
    #[must_use]
    pub fn rule(&self, form: &FormId) -> Option<&FormRule> {
        self.forms.iter().find(|rule| rule.form == *form)
    }

    /// What an event of this kind does here that is about these: of the triggers that fit one that ends,
    /// else the first. Who bought what ends a sequence is not enrolled for what came with it.
    #[must_use]
    pub fn trigger(&self, on: On, about: &[Named]) -> Option<&Trigger> {
        let mut fitting = self.triggers.iter().filter(|trigger| trigger.fits(on, about));
        let ends = |trigger: &&Trigger| matches!(trigger.then, Then::End(_));
        fitting.clone().find(ends).or_else(|| fitting.next())
    }

    /// Everything about it that makes no sense.
    #[must_use]
    pub fn problems(&self) -> Vec<CampaignProblem> {
        let mut problems = Vec::new();
        problems.extend(input::name(&self.name).err().map(CampaignProblem::Name));
        let lists = [("forms", self.forms.len()), ("messages", self.messages.len()), ("triggers", self.triggers.len())];
        let too_many = lists.into_iter().filter(|(_, found)| *found > MOST);
        problems.extend(too_many.map(|(what, found)| CampaignProblem::TooMany { what, found }));
        let too_far = |step: &&Step| step.reaches() > LONGEST;
        problems.extend(self.messages.iter().filter(too_far).map(|step| CampaignProblem::TooFar(step.step)));
        let faults = self.messages.iter().enumerate().filter_map(|(place, step)| {
            let why = step.text.as_ref()?.fault()?.clone();
            Some(CampaignProblem::Text { place, step: step.step, why })
        });
        problems.extend(faults);
        if self.timing.earliest_minutes.max(self.timing.latest_minutes) > LONGEST {
            problems.push(CampaignProblem::TimingTooFar);
        }
        let era = |webinar: &Webinar| !(2000..2100).contains(&webinar.at.year());
        problems.extend(self.webinar.as_ref().filter(|webinar| era(webinar)).map(|_| CampaignProblem::WebinarEra));
        for pair in self.messages.windows(2) {
            if pair[1].step <= pair[0].step {
                problems.push(CampaignProblem::StepOrder(pair[1].step));
            }
        }
        for (n, rule) in self.forms.iter().enumerate() {
            if self.forms[..n].iter().any(|before| before.form == rule.form) {
                problems.push(CampaignProblem::FormTwice(rule.form.clone()));
            }
        }
        for (n, trigger) in self.triggers.iter().enumerate() {
            if let Some(problem) = trigger.problem(&self.triggers[..n]) {
                problems.push(CampaignProblem::Trigger { number: n + 1, problem });
            }
        }
        let plan = self.plan();
        problems.extend(plan.schedule_problems().into_iter().map(CampaignProblem::Schedule));
        match plan.first() {
            None => problems.push(CampaignProblem::NoMessages),
            Some(Step { when: When::Webinar { .. } | When::After { then: Some(_), .. }, .. }) => {}
            Some(Step { when: When::After { minutes, then: None }, .. }) => {
                let due = (*minutes).max(self.timing.earliest_minutes);
                let latest = self.timing.latest_minutes;
                if due > latest {
                    problems.push(CampaignProblem::NeverInTime { due, latest });
                }
            }
        }
        problems
    }
}

impl Plan {
    /// The first step that is sent.
    #[must_use]
    pub fn first(&self) -> Option<&Step> {
        self.messages.iter().find(|step| step.active)
    }

    /// The step that is sent after `step`.
    #[must_use]
    pub fn after(&self, step: u16) -> Option<&Step> {
        self.messages.iter().find(|next| next.active && next.step > step)
    }

    /// The first step that is sent from `step` on.
    #[must_use]
    pub fn at_or_after(&self, step: u16) -> Option<&Step> {
        self.messages.iter().find(|next| next.active && next.step >= step)
    }

    /// A step by its number.
    #[must_use]
    pub fn step(&self, step: u16) -> Option<&Step> {
        self.messages.iter().find(|found| found.step == step)
    }

    /// What the text of a step is called: its own in this version, or the client's default.
    #[must_use]
    pub fn template_name(&self, campaign: &CampaignId, step: u16) -> String {
        match self.step(step).and_then(|step| step.text.as_ref()) {
            Some(_) => format!("{campaign}/v{}/step-{step}", self.version),
            None => "client default".to_owned(),
        }
    }

    /// Whether `step` is the one that the give-up time counts for.
    #[must_use]
    pub fn is_first(&self, step: u16) -> bool {
        self.first().is_some_and(|first| first.step == step)
    }
}

impl Timing {
    /// The earliest moment after the import.
    #[must_use]
    pub fn earliest(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.earliest_minutes))
    }

    /// How long after the import the first text is given up.
    #[must_use]
    pub fn latest(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.latest_minutes))
    }
}

#[cfg(test)]
mod tests;
