//! How texting went in the last 24 hours, for programs: `GET /sms/status`.

use chrono::{TimeDelta, Timelike};
use serde::Serialize;

use super::{Ledger, Period};
use crate::{Instant, client::Client};

/// How texting went in the last 24 hours.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LastDay {
    /// From when.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub from: Instant,
    /// Until when.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub until: Instant,
    /// Whether all of it was counted. On a very busy day only its first part is.
    pub complete: bool,
    /// Texts that the provider took.
    pub sent: u64,
    /// Texts that were given up or refused.
    pub failed: u64,
    /// Tries that did not go out and were or are repeated.
    pub retries: u64,
    /// `sent` of all that came to an end, from 0 to 1. `None` without any.
    pub success_rate: Option<f64>,
    /// Texts that people sent to us.
    pub received: u64,
    /// People who said no.
    pub opted_out: u64,
    /// New leads.
    pub leads_created: u64,
    /// Minutes from the form to the first text, on average. `None` without any.
    pub minutes_to_first_text: Option<f64>,
    /// How much of this clock hour's allowance is used.
    pub this_hour: Used,
}

/// How much of a limit is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Used {
    /// Texts sent.
    pub used: u64,
    /// Texts allowed.
    pub limit: u32,
}

impl LastDay {
    /// The 24 hours before `now`, to make a [`Ledger`] of.
    #[must_use]
    pub fn period(client: &Client, now: Instant) -> Period {
        let day = now.with_timezone(&client.zone).date_naive();
        Period { day, zone: client.zone, from: now - TimeDelta::hours(24), until: now }
    }

    /// The figures of a ledger that was fed the 24 hours before `now`.
    #[must_use]
    pub fn of(ledger: &Ledger, client: &Client, now: Instant) -> Self {
        let day = &ledger.day;
        let whole = |count: u64| u32::try_from(count).map_or(f64::MAX, f64::from);
        let hour = now.with_minute(0).and_then(|at| at.with_second(0)).unwrap_or(now);
        let used = ledger.texts.iter().filter(|text| text.at >= hour).count();
        let done = day.texts + day.failed;
        Self {
            from: ledger.period.from,
            until: now,
            complete: true,
            sent: day.texts,
            failed: day.failed,
            retries: day.retried,
            success_rate: (done > 0).then(|| whole(day.texts) / whole(done)),
            received: day.replies,
            opted_out: day.opt_outs,
            leads_created: day.new_leads,
            minutes_to_first_text: (day.first_texts > 0)
                .then(|| whole(u64::try_from(day.first_text_minutes).unwrap_or(0)) / whole(day.first_texts)),
            this_hour: Used { used: used as u64, limit: client.limits.per_hour },
        }
    }
}
