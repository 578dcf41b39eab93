//! The red button, and the circuit breaker behind it. Pure.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    Instant,
    ids::AttemptId,
    message::{LEASE, wait_until},
};

/// The red button.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Sending {
    /// Texts leave.
    #[default]
    On,
    /// Nothing leaves until it is lifted.
    OnHold {
        /// Why, in words.
        reason: String,
        /// Since when.
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
        since: Instant,
        /// When one text is tried, to see whether the account can send again. `None`: only a person
        /// lifts it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
        try_at: Option<Instant>,
        /// How often in a row the account refused, or the provider asked to wait.
        #[serde(default, skip_serializing_if = "is_zero")]
        refusals: u8,
        /// Whether the provider only asked to wait: too many requests. The account itself was not refused.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        throttled: bool,
    },
}

fn is_zero(number: &u8) -> bool {
    *number == 0
}

/// How long an account that refused is left alone at first. Each further refusal doubles it.
const FIRST_REST: TimeDelta = TimeDelta::minutes(15);
/// The longest that an account is left alone: four tries a day.
const LONGEST_REST: TimeDelta = TimeDelta::hours(6);

/// How long a provider may ask to wait before an operator is told: a few calls too many are no news.
pub const THROTTLED_LONG: TimeDelta = TimeDelta::minutes(30);

/// A circuit breaker: it opens when the account refuses or the provider asks to wait, lets single texts
/// through to try again, and closes when one of them is accepted. A hold by a person only opens by a person.
impl Sending {
    /// A person's hold.
    #[must_use]
    pub fn held(reason: impl Into<String>, since: Instant) -> Self {
        Self::OnHold { reason: reason.into(), since, try_at: None, refusals: 0, throttled: false }
    }

    /// The same hold with its reason changed.
    #[must_use]
    pub fn reworded(&self, change: impl Fn(&str) -> String) -> Self {
        let mut new = self.clone();
        if let Self::OnHold { reason, .. } = &mut new {
            *reason = change(reason);
        }
        new
    }

    /// Whether a text may leave at `now`.
    #[must_use]
    pub fn lets_through(&self, now: Instant) -> bool {
        match self {
            Self::On => true,
            Self::OnHold { try_at, .. } => try_at.is_some_and(|at| at <= now),
        }
    }

    /// How many of so many texts try it: of an account that is only tried again, one does so.
    #[must_use]
    pub fn at_most(&self, texts: u32) -> u32 {
        match self {
            Self::On => texts,
            Self::OnHold { .. } => texts.min(1),
        }
    }

    /// What the account's refusal at `now` makes of it, or `None` if it stays as it is.
    #[must_use]
    pub fn after_refusal(&self, reason: &str, now: Instant) -> Option<Self> {
        let (since, refusals) = match self {
            // A refusal says more than that there is too much to do.
            Self::On | Self::OnHold { throttled: true, .. } => (now, 0),
            held @ Self::OnHold { since, refusals, .. } if held.lets_through(now) => (*since, *refusals),
            Self::OnHold { .. } => return None,
        };
        let rest = (FIRST_REST * 2_i32.pow(u32::from(refusals.min(10)))).min(LONGEST_REST);
        let (reason, refusals) = (reason.to_owned(), refusals.saturating_add(1));
        Some(Self::OnHold { reason, since, try_at: Some(now + rest), refusals, throttled: false })
    }

    /// What it makes of it that the provider asked to wait, at `now`, with the text of `attempt`; `None` if it
    /// stays as it is. An account that had refused goes on being held as that: only that it is tried again soon.
    #[must_use]
    pub fn after_throttle(
        &self,
        why: &str,
        retry_after: Option<TimeDelta>,
        attempt: AttemptId,
        now: Instant,
    ) -> Option<Self> {
        let until = |times| Some(wait_until(times, retry_after, attempt, now));
        match self {
            Self::On => {
                let reason = format!("the SMS provider asks to wait: {why}");
                Some(Self::OnHold { reason, since: now, try_at: until(0), refusals: 1, throttled: true })
            }
            Self::OnHold { reason, since, refusals, throttled, .. } if self.lets_through(now) => {
                let (times, next) = if *throttled { (*refusals, refusals.saturating_add(1)) } else { (0, *refusals) };
                let (reason, since, throttled) = (reason.clone(), *since, *throttled);
                Some(Self::OnHold { reason, since, try_at: until(times), refusals: next, throttled })
            }
            Self::OnHold { .. } => None,
        }
    }

    /// The hold while one text is let through at `now` to try the account: no other is for as long as its
    /// sender may have it. `None` where no hold is tried.
    #[must_use]
    pub fn tried_at(&self, now: Instant) -> Option<Self> {
        match self {
            Self::OnHold { reason, since, refusals, throttled, .. } if self.lets_through(now) => {
                let (reason, since, try_at) = (reason.clone(), *since, Some(now + LEASE));
                Some(Self::OnHold { reason, since, try_at, refusals: *refusals, throttled: *throttled })
            }
            Self::On | Self::OnHold { .. } => None,
        }
    }

    /// For how long the provider is known to have asked to wait, at `now`: up to when it may be called again, as
    /// nothing says more while there is no text to try. `None` if it does not.
    #[must_use]
    pub fn throttled_for(&self, now: Instant) -> Option<TimeDelta> {
        match self {
            Self::OnHold { throttled: true, since, try_at: Some(try_at), .. } => Some(now.min(*try_at) - *since),
            Self::On | Self::OnHold { .. } => None,
        }
    }
}
