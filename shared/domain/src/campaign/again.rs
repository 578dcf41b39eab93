//! Whether somebody who was in a campaign may enter it again.

use std::num::NonZeroU32;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::super::{
    Instant,
    ids::CampaignId,
    lead::{Outcome, PastEnrollment},
};

/// Who may enter again. Never who left by an opt-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReEnroll {
    /// Nobody.
    #[default]
    Never,
    /// Everybody, at once.
    Always,
    /// Everybody, so many days after the end of the last enrollment.
    AfterDays(NonZeroU32),
}

/// Why somebody may not enter again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAgain {
    /// The code that it is counted by.
    pub code: &'static str,
    /// In words.
    pub words: String,
}

impl ReEnroll {
    /// Whether a person with this history may enter a campaign at `at`.
    ///
    /// # Errors
    /// [`NotAgain`] when the person had it, and the campaign does not let them in again by then.
    pub fn lets_in(self, history: &[PastEnrollment], campaign: &CampaignId, at: Instant) -> Result<(), NotAgain> {
        let had = || history.iter().filter(|past| past.campaign == *campaign && past.had_it());
        let Some(last) = had().map(|past| past.completed_at).max() else { return Ok(()) };
        if had().any(|past| past.outcome == Outcome::OptedOut) {
            let words = format!("opted out of campaign {campaign}, which nobody enters again after that");
            return Err(NotAgain { code: "already_completed", words });
        }
        match self {
            Self::Always => Ok(()),
            Self::Never => {
                Err(NotAgain { code: "already_completed", words: format!("was in campaign {campaign} before") })
            }
            Self::AfterDays(days) => {
                let from = last + TimeDelta::days(i64::from(days.get()));
                if at >= from {
                    return Ok(());
                }
                let day = |at: Instant| at.format("%-d %b %Y %H:%M UTC");
                let words = format!(
                    "was in campaign {campaign} until {}, and may enter it again {days} day(s) after that, from {} on",
                    day(last),
                    day(from)
                );
                Err(NotAgain { code: "too_soon_again", words })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::EnrollmentId;

    const NEVER: ReEnroll = ReEnroll::Never;
    const ALWAYS: ReEnroll = ReEnroll::Always;

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn campaign() -> CampaignId {
        CampaignId::parse("webinar").expect("an id")
    }

    fn past(outcome: Outcome, sent: u16, ended: &str) -> PastEnrollment {
        PastEnrollment {
            id: EnrollmentId(ulid::Ulid::nil()),
            campaign: campaign(),
            enrolled_at: at("2026-01-01T00:00:00Z"),
            completed_at: at(ended),
            sent,
            outcome,
            reason: String::new(),
            version: 1,
            step: 1,
            earlier: Default::default(),
        }
    }

    #[test]
    fn who_enters_again_is_the_campaigns_to_say_and_never_after_an_opt_out() {
        let thirty = ReEnroll::AfterDays(NonZeroU32::new(30).expect("not zero"));
        let ended = |outcome, sent| past(outcome, sent, "2026-01-10T12:00:00Z");
        use Outcome::{Abandoned, Completed, Expired, OptedOut, Purchased};
        for (rule, outcome, sent, now, expected) in [
            (NEVER, Completed, 2, "2027-01-01T00:00:00Z", Some("already_completed")),
            (NEVER, Abandoned, 1, "2027-01-01T00:00:00Z", Some("already_completed")),
            (NEVER, Expired, 0, "2026-01-10T13:00:00Z", None),
            (ALWAYS, Completed, 2, "2026-01-10T12:00:01Z", None),
            (ALWAYS, Purchased, 2, "2026-01-10T12:00:01Z", None),
            (ALWAYS, OptedOut, 0, "2027-01-01T00:00:00Z", Some("already_completed")),
            (thirty, Completed, 2, "2026-02-09T11:59:59Z", Some("too_soon_again")),
            (thirty, Completed, 2, "2026-02-09T12:00:00Z", None),
            (thirty, Expired, 0, "2026-01-10T13:00:00Z", None),
            (thirty, OptedOut, 1, "2027-01-01T00:00:00Z", Some("already_completed")),
        ] {
            let said = rule.lets_in(&[ended(outcome, sent)], &campaign(), at(now)).err().map(|no| no.code);
            assert_eq!(said, expected, "{rule:?} {outcome} {now}");
        }
        let two = [past(Completed, 2, "2025-01-10T12:00:00Z"), ended(Completed, 2)];
        let no = thirty.lets_in(&two, &campaign(), at("2026-01-20T00:00:00Z")).expect_err("too soon");
        assert_eq!(
            no.words,
            "was in campaign webinar until 10 Jan 2026 12:00 UTC, and may enter it again 30 day(s) after that, from 9 Feb 2026 12:00 UTC on"
        );
        let other = CampaignId::parse("other").expect("an id");
        assert_eq!(NEVER.lets_in(&two, &other, at("2026-01-20T00:00:00Z")), Ok(()));
    }

    #[test]
    fn the_setting_is_a_word_or_a_number_of_days() {
        for (text, rule) in [("\"never\"", NEVER), ("\"always\"", ALWAYS)] {
            assert_eq!(serde_json::from_str::<ReEnroll>(text).expect("a rule"), rule);
        }
        let days: ReEnroll = serde_json::from_str(r#"{"after_days": 30}"#).expect("a rule");
        assert_eq!(serde_json::to_string(&days).expect("json"), r#"{"after_days":30}"#);
        assert!(serde_json::from_str::<ReEnroll>(r#"{"after_days": 0}"#).is_err());
    }
}
