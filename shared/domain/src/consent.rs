//! Consent to be texted: what was shown, where, when, and how it was given.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Instant, ids::FormId};

/// The words of a form's consent, and how a person gives it there. Campaign data, never code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentTerms {
    /// Which version of the words it is; each consent on record points to one.
    pub version: String,
    /// The words as they are shown.
    pub words: String,
    /// What counts as giving it.
    #[serde(default)]
    pub given_by: GivenBy,
}

/// How consent is given on a form.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum GivenBy {
    /// Sending the form is consent: its wording says so beside the button.
    #[default]
    Submission,
    /// A field of the form must hold one of these answers (compared without case), such as a ticked box.
    Answer {
        /// The field's name in the payload, such as `custom_1`.
        field: String,
        /// The answers that are a yes.
        values: Vec<String>,
    },
}

/// A consent on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Consent {
    /// The form it was given on, if it was given on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<FormId>,
    /// The version of the words that were shown.
    pub terms: String,
    /// When the event reached us (Kajabi sends no time of its own).
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Instant,
    /// The idempotency key of the raw event, which is kept as proof; `audit:` and the id of the audit event
    /// where a person stated it.
    pub event: String,
    /// How it was given: `form sent`, the field and its answer, or what it follows from.
    pub how: String,
}

impl ConsentTerms {
    /// How these answers give consent, or `None` if they do not.
    #[must_use]
    pub fn given(&self, answers: &BTreeMap<String, String>) -> Option<String> {
        match &self.given_by {
            GivenBy::Submission => Some("form sent".to_owned()),
            GivenBy::Answer { field, values } => answered(field, values, answers),
        }
    }
}

/// How a field gives consent, or `None` if its answer is not one of these (compared without case).
pub(super) fn answered(field: &str, values: &[String], answers: &BTreeMap<String, String>) -> Option<String> {
    let answer = answers.get(field)?.trim();
    let yes = values.iter().any(|value| value.to_lowercase() == answer.to_lowercase());
    yes.then(|| format!("{field} answered `{answer}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_that_is_not_ticked_is_no_consent() {
        let terms = ConsentTerms {
            version: "2026-01".into(),
            words: "Yes, text me.".into(),
            given_by: GivenBy::Answer { field: "custom_1".into(), values: vec!["Yes".into()] },
        };
        let answers = |answer: &str| BTreeMap::from([("custom_1".to_owned(), answer.to_owned())]);
        assert_eq!(terms.given(&answers(" yes ")).as_deref(), Some("custom_1 answered `yes`"));
        assert_eq!(terms.given(&answers("no")), None);
        assert_eq!(terms.given(&answers("")), None);
        assert_eq!(terms.given(&BTreeMap::new()), None);
    }
}
