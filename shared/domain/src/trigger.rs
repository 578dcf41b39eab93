//! What events other than a form do in a campaign: enroll, or end. Campaign data, never code.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Instant, consent::answered, lead::Outcome};

/// What one kind of event does in a campaign. Of several that fit an event the first counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trigger {
    /// The kind of event.
    pub on: On,
    /// Only for this offer or tag: Kajabi's id of it or, for tags, also its name, compared without
    /// case. Without it, for every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// What it does.
    pub then: Then,
    /// Hours in which the same tag enrolls the same person only once: nothing in Kajabi's tag events
    /// proves that one that looks new is not an old one.
    #[serde(default = "a_day")]
    pub cool_down_hours: u32,
}

/// The kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum On {
    /// Somebody bought an offer.
    Purchase,
    /// A payment came in: the first one, an instalment or a renewal.
    Payment,
    /// An order was made.
    Order,
    /// Somebody bought by the Kajabi Cart.
    Cart,
    /// Money was given back.
    Refund,
    /// A contact was given a tag.
    TagAdded,
    /// A contact lost a tag.
    TagRemoved,
    /// A contact is new.
    ContactCreated,
    /// A contact was changed.
    ContactUpdated,
}

/// What an event does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Then {
    /// The person enters the campaign, if they agreed to texts.
    Enroll {
        /// Why they did. No event of Kajabi says it.
        consent: EventTerms,
    },
    /// The person leaves the campaign.
    End(End),
}

/// How an event ends an enrollment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum End {
    /// They bought.
    Purchased,
    /// It is not followed up any more.
    Abandoned,
}

/// The consent that whoever an event is about has given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventTerms {
    /// Which version of the words it is; each consent on record points to one.
    pub version: String,
    /// The words as they were shown.
    pub words: String,
    /// How it is known that they agreed.
    pub basis: Basis,
}

/// How it is known that somebody agreed, where no form was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Basis {
    /// In words, such as: only the checkout, which shows these words, sets the tag.
    Because(String),
    /// A field of the contact holds one of these answers (compared without case).
    Answer {
        /// The field's name in the payload, such as `custom_1`.
        field: String,
        /// The answers that are a yes.
        values: Vec<String>,
    },
}

/// An offer or a tag that an event is about. At least one of the two is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its id, as text.
    pub id: Option<String>,
    /// Its title or name.
    pub title: Option<String>,
}

/// When tags enrolled somebody, by campaign, kind of event and tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TagTimes(BTreeMap<String, Instant>);

/// Most tags whose times are kept of one person. The oldest goes first.
const MOST_TAGS: usize = 20;

/// Why a trigger makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TriggerProblem {
    /// There is nothing in a contact that it could be about.
    #[error("`of` means nothing for an event about a contact")]
    OfContact,
    /// What it is about has no name.
    #[error("`of` is empty")]
    OfNothing,
    /// A consent that proves nothing.
    #[error("its consent needs a version, words, and a basis")]
    NoConsent,
    /// One before it takes every event that it is for.
    #[error("one before it fits every event that it is for")]
    Hidden,
}

fn a_day() -> u32 {
    24
}

impl On {
    /// Whether it is about a tag.
    #[must_use]
    pub fn is_tag(self) -> bool {
        matches!(self, Self::TagAdded | Self::TagRemoved)
    }

    /// Whether it is about a contact and nothing else.
    #[must_use]
    pub fn is_contact(self) -> bool {
        matches!(self, Self::ContactCreated | Self::ContactUpdated)
    }
}

impl Trigger {
    /// Whether it is for an event of this kind that is about these.
    #[must_use]
    pub fn fits(&self, on: On, about: &[Named]) -> bool {
        self.on == on && (self.of.is_none() || self.which(about).is_some())
    }

    /// Which of these it is about, if it says so and it is one of them.
    #[must_use]
    pub fn which<'a>(&self, about: &'a [Named]) -> Option<&'a Named> {
        let of = self.of.as_deref()?.trim();
        about.iter().find(|named| {
            let by_id = named.id.as_deref() == Some(of);
            let lower = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
            by_id || (self.on.is_tag() && named.title.as_deref().is_some_and(|title| lower(title) == lower(of)))
        })
    }

    /// What makes no sense about it, after those before it.
    pub(super) fn problem(&self, before: &[Self]) -> Option<TriggerProblem> {
        let same = |other: &Self| {
            other.on == self.on
                && (other.of.is_none() || other.of.as_deref().map(str::trim) == self.of.as_deref().map(str::trim))
        };
        match &self.of {
            Some(of) if of.trim().is_empty() => Some(TriggerProblem::OfNothing),
            Some(_) if self.on.is_contact() => Some(TriggerProblem::OfContact),
            _ if matches!(&self.then, Then::Enroll { consent } if !consent.says_something()) => {
                Some(TriggerProblem::NoConsent)
            }
            _ => before.iter().any(same).then_some(TriggerProblem::Hidden),
        }
    }
}

impl From<End> for Outcome {
    fn from(end: End) -> Self {
        match end {
            End::Purchased => Self::Purchased,
            End::Abandoned => Self::Abandoned,
        }
    }
}

impl EventTerms {
    /// How consent is given by these answers, or `None` if it is not.
    #[must_use]
    pub fn given(&self, answers: &BTreeMap<String, String>) -> Option<String> {
        if !self.says_something() {
            return None;
        }
        match &self.basis {
            Basis::Because(why) => Some(why.clone()),
            Basis::Answer { field, values } => answered(field, values, answers),
        }
    }

    fn says_something(&self) -> bool {
        let said = |text: &str| !text.trim().is_empty();
        let basis = match &self.basis {
            Basis::Because(why) => said(why),
            Basis::Answer { field, values } => said(field) && values.iter().any(|value| said(value)),
        };
        said(&self.version) && said(&self.words) && basis
    }
}

impl TagTimes {
    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When this was last noted.
    #[must_use]
    pub fn last(&self, what: &str) -> Option<Instant> {
        self.0.get(what).copied()
    }

    /// Notes it, and forgets the oldest if there are too many.
    pub fn note(&mut self, what: String, at: Instant) {
        self.0.insert(what, at);
        while self.0.len() > MOST_TAGS {
            let oldest = self.0.iter().min_by_key(|(_, at)| **at).map(|(what, _)| what.clone());
            oldest.and_then(|oldest| self.0.remove(&oldest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn trigger(value: Value) -> Trigger {
        serde_json::from_value(value).expect("a trigger")
    }

    fn named(id: &str, title: &str) -> Named {
        Named { id: Some(id.to_owned()), title: Some(title.to_owned()) }
    }

    fn consent(basis: Value) -> Value {
        json!({"enroll": {"consent": {"version": "2026-01", "words": "Text me.", "basis": basis}}})
    }

    #[test]
    fn a_trigger_is_for_one_kind_and_for_one_thing_if_it_says_so() {
        let any = trigger(json!({"on": "purchase", "then": {"end": "purchased"}}));
        let one = trigger(json!({"on": "purchase", "of": "7", "then": {"end": "purchased"}}));
        let several = [named("6", "Other"), named("7", "Spring Cohort")];
        assert!(any.fits(On::Purchase, &[]) && any.fits(On::Purchase, &several));
        assert!(one.fits(On::Purchase, &several), "one of several offers is enough");
        assert!(!one.fits(On::Purchase, &[]), "an offer that is not named is not this one");
        assert!(!one.fits(On::Payment, &several));
        let by_title = trigger(json!({"on": "purchase", "of": "Spring Cohort", "then": {"end": "purchased"}}));
        assert!(!by_title.fits(On::Purchase, &several), "titles of offers are not compared");
    }

    #[test]
    fn a_tag_is_known_by_its_id_and_by_its_name_without_case() {
        let tags = [named("88", "Webinar  No-Show")];
        for (of, fits) in [("88", true), ("webinar no-show", true), (" WEBINAR no-show ", true), ("webinar", false)] {
            let trigger = trigger(json!({"on": "tag-added", "of": of, "then": {"end": "abandoned"}}));
            assert_eq!(trigger.fits(On::TagAdded, &tags), fits, "{of}");
            assert!(!trigger.fits(On::TagRemoved, &tags));
        }
    }

    #[test]
    fn consent_needs_a_basis() {
        let terms = |basis: Value| -> EventTerms {
            serde_json::from_value(json!({"version": "1", "words": "Text me.", "basis": basis})).expect("terms")
        };
        let answers = BTreeMap::from([("custom_1".to_owned(), " YES ".to_owned())]);
        let by_checkout = terms(json!({"because": "the checkout shows the words"}));
        assert_eq!(by_checkout.given(&BTreeMap::new()).as_deref(), Some("the checkout shows the words"));
        let by_answer = terms(json!({"answer": {"field": "custom_1", "values": ["yes"]}}));
        assert_eq!(by_answer.given(&answers).as_deref(), Some("custom_1 answered `YES`"));
        assert_eq!(by_answer.given(&BTreeMap::new()), None);
        assert_eq!(terms(json!({"because": " "})).given(&answers), None);
        let without = serde_json::from_value::<EventTerms>(json!({"version": "1", "words": "Text me."}));
        assert!(without.is_err(), "a basis cannot be left out");
    }

    #[test]
    fn a_trigger_that_makes_no_sense_says_why() {
        let end = json!({"end": "abandoned"});
        let first = trigger(json!({"on": "tag-added", "of": "88", "then": end}));
        let every = trigger(json!({"on": "tag-added", "then": end}));
        for (value, problem) in [
            (json!({"on": "tag-added", "of": " ", "then": end}), Some(TriggerProblem::OfNothing)),
            (json!({"on": "contact-updated", "of": "7", "then": end}), Some(TriggerProblem::OfContact)),
            (json!({"on": "tag-added", "of": "88", "then": end}), Some(TriggerProblem::Hidden)),
            (json!({"on": "tag-removed", "of": "88", "then": end}), None),
            (json!({"on": "tag-added", "of": "89", "then": end}), None),
            (json!({"on": "order", "then": consent(json!({"because": ""}))}), Some(TriggerProblem::NoConsent)),
            (json!({"on": "order", "then": consent(json!({"because": "x"}))}), None),
        ] {
            assert_eq!(trigger(value.clone()).problem(std::slice::from_ref(&first)), problem, "{value}");
        }
        assert_eq!(first.problem(&[every]), Some(TriggerProblem::Hidden));
    }

    #[test]
    fn the_times_of_tags_are_bounded_and_the_oldest_goes_first() {
        let mut times = TagTimes::default();
        let at = |n: i64| Instant::UNIX_EPOCH + chrono::TimeDelta::hours(n);
        for n in (0..30).rev() {
            times.note(format!("tag-{n}"), at(n));
        }
        assert_eq!(times.0.len(), MOST_TAGS);
        assert_eq!((times.last("tag-29"), times.last("tag-9")), (Some(at(29)), None));
    }
}
