//! Whose report is due, and what the one report of a day is called.

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use leadline::domain::{
    Instant,
    client::Client,
    report::{Period, first_instant},
};

/// The zone and hour of a client whose own cannot be read (requirement A17).
const DEFAULT_ZONE: Tz = Tz::America__New_York;
const DEFAULT_HOUR: u32 = 9;

/// The day that is to be reported on at `now`, which is the client's yesterday once its report hour has
/// come, unless the client was not there yet.
pub(crate) fn due(client: &Client, now: Instant) -> Option<Period> {
    let period = passed(client.zone, client.report_at, now).then(|| Period::yesterday(now, client.zone));
    period.filter(|period| client.since.is_none_or(|since| since < period.until))
}

/// Today, once the default report hour has come.
pub(crate) fn default_due(now: Instant) -> Option<NaiveDate> {
    let at = NaiveTime::from_hms_opt(DEFAULT_HOUR, 0, 0)?;
    passed(DEFAULT_ZONE, at, now).then(|| now.with_timezone(&DEFAULT_ZONE).date_naive())
}

/// Whether a time of today is past on the wall clock. Where the clocks skip it, it is when they have moved.
fn passed(zone: Tz, time: NaiveTime, now: Instant) -> bool {
    let today = now.with_timezone(&zone).date_naive();
    first_instant(zone, today.and_time(time)) <= now
}

/// What the report of a day is claimed by.
pub(crate) fn report_of(day: NaiveDate) -> String {
    format!("report#{day}")
}

/// What the comparison of forms before the report of a day is claimed by.
pub(crate) fn comparison_of(day: NaiveDate) -> String {
    format!("comparison#{day}")
}

/// What the word about unreadable settings is claimed by.
pub(crate) fn settings_report_of(day: NaiveDate) -> String {
    format!("settings-report#{day}")
}
