//! Campaigns: which forms enroll, what is sent when. A lead is pinned to the version it enrolled in.

mod again;
mod schedule;
mod step;
mod webinar;

use chrono::{Datelike, TimeDelta};
use serde::{Deserialize, Serialize};

use super::{
    Instant,
    consent::ConsentTerms,
    ids::{CampaignId, FormId},
    input::{self, InvalidInput},
    template::InvalidTemplate,
    trigger::{Named, On, Then, Trigger, TriggerProblem},
    window::Window,
};
pub use again::{NotAgain, ReEnroll};
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
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_gets_a_version_of_its_own_when_it_changes_and_nothing_else_does() {
        let standing = Campaign { version: 3, status: CampaignStatus::Paused, ..crate::fixtures::campaign() };
        let named = Campaign { name: "Another name".to_owned(), ..crate::fixtures::campaign() };
        let same = named.replacing(Some(&standing)).expect("it can be changed");
        assert_eq!((same.version, same.status, same.name.as_str()), (3, CampaignStatus::Paused, "Another name"));
        let mut changed = crate::fixtures::campaign();
        changed.messages[1] = changed.messages[1].clone().after_minutes(2_880);
        assert_eq!(changed.replacing(Some(&standing)).map(|changed| changed.version), Ok(4));
        assert_eq!(crate::fixtures::campaign().replacing(None).map(|new| new.version), Ok(1));
        let over = Campaign { status: CampaignStatus::Deactivated { at: chrono::DateTime::UNIX_EPOCH }, ..standing };
        assert_eq!(crate::fixtures::campaign().replacing(Some(&over)), Err(CampaignProblem::Over));
    }

    #[test]
    fn what_a_form_becomes_by_itself_is_the_same_each_time_and_texts_nobody() {
        let form = |id: &str| FormId::parse(id).expect("an id");
        let found = Campaign::discovered(&form("2150000777"), Some(" Free\u{7} webinar "));
        assert_eq!(found, Campaign::discovered(&form("2150000777"), Some("Free webinar")));
        assert_eq!((found.id.as_str(), found.name.as_str()), ("form-2150000777", "Free webinar"));
        assert!(found.awaits_review() && found.problems().is_empty(), "{:?}", found.problems());
        assert_eq!(Campaign::discovered(&form("7"), None).name, "Form 7");
        let odd = [form("A_b.C"), form("a-b-c"), form(&"9".repeat(64)), form(&"8".repeat(64)), form("a_b.c")];
        let mut ids: Vec<_> = odd.iter().map(|form| Campaign::discovered(form, None).id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 5, "{ids:?}");
        let resumed = Campaign { status: CampaignStatus::Active, ..found.clone() };
        assert!(!resumed.awaits_review());
        let mut reviewed = found;
        reviewed.forms.clone_from(&crate::fixtures::campaign().forms);
        assert!(!reviewed.awaits_review());
    }

    #[test]
    fn a_text_that_is_no_template_is_a_problem_at_its_place() {
        let mut campaign = crate::fixtures::campaign();
        campaign.messages[1].text = serde_json::from_value("Hi {first_name}".into()).ok();
        let problem = campaign.problems().pop().expect("a problem");
        assert_eq!((problem.pointer().as_str(), campaign.problems().len()), ("/messages/1/text", 1));
        assert!(problem.to_string().starts_with("step 2: `{first_name}` is a merge tag"), "{problem}");
    }

    #[test]
    fn a_name_that_is_none_and_too_much_of_anything_are_problems() {
        let mut campaign = crate::fixtures::campaign();
        campaign.name = "\u{7}".to_owned();
        campaign.forms =
            (0..41).map(|n| FormRule { form: FormId::parse(&n.to_string()).expect("an id"), consent: None }).collect();
        let pointers: Vec<String> = campaign.problems().iter().map(CampaignProblem::pointer).collect();
        assert_eq!(pointers, ["/name", "/forms"]);
    }

    #[test]
    fn a_step_that_is_not_active_is_passed_over() {
        let mut campaign = crate::fixtures::campaign();
        campaign.messages[0].active = false;
        let plan = campaign.plan();
        assert_eq!(plan.first().map(|step| step.step), Some(2));
        assert!(plan.is_first(2) && !plan.is_first(1));
        assert_eq!(plan.after(2), None);
    }

    #[test]
    fn a_campaign_that_can_never_send_says_why() {
        let mut campaign = crate::fixtures::campaign();
        assert_eq!(campaign.problems(), []);
        campaign.messages[0] = campaign.messages[0].clone().after_minutes(200);
        campaign.messages[1].step = 1;
        assert_eq!(
            campaign.problems(),
            [CampaignProblem::StepOrder(1), CampaignProblem::NeverInTime { due: 200, latest: 180 }]
        );
        campaign.messages.clear();
        assert_eq!(campaign.problems(), [CampaignProblem::NoMessages]);
    }

    #[test]
    fn what_is_further_away_than_anybody_means_is_no_campaign() {
        let mut campaign = crate::fixtures::campaign();
        campaign.messages[1] = campaign.messages[1].clone().after_minutes(u32::MAX);
        campaign.timing.latest_minutes = u32::MAX;
        assert_eq!(campaign.problems(), [CampaignProblem::TooFar(2), CampaignProblem::TimingTooFar]);
        let mut campaign = crate::fixtures::campaign();
        let far = serde_json::from_value(
            serde_json::json!({"at": "+262142-12-31T00:00:00Z", "link": "https://example.com/live"}),
        );
        campaign.webinar = Some(far.expect("a webinar"));
        assert_eq!(campaign.problems(), [CampaignProblem::WebinarEra]);
        let webinar = campaign.webinar.expect("there");
        assert_eq!(webinar.after(i32::MAX), webinar.at, "and no overflow");
    }
}
