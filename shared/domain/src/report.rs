//! The daily report of one client: what happened on its local day, and what of that needs someone.
//!
//! Pure. A [`Ledger`] is fed the audit page by page and closed with the [`Facts`] that were read back
//! beside it. What could not be measured is said, never shown as 0.

mod books;
mod carried;
mod checks;
mod day;
mod figures;
mod last_day;
mod ledger;
mod period;
mod safety;
mod waiting;
mod words;

#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use chrono_tz::Tz;

pub use books::Books;
pub use carried::{Before, Carried, DayFigures, Totals, UnreadableNote};
pub use checks::{Action, Check, THRESHOLDS, Thresholds, Verdict, WebhookFacts};
pub use day::{Kept, NotSent};
pub use figures::{Figures, Rate, Runs, Usual};
pub use last_day::{LastDay, Used};
pub use ledger::{Function, Ledger, TextVersion};
pub use period::{Period, first_instant};
pub use safety::{DueFacts, Facts, LeadFacts, Overdue, Safety, Tested, Windows, age};
pub use waiting::{Listed, MOST_NAMED, Person, WaitingFacts, WaitingFor, named};
pub use words::{in_words, scrubbed};

use super::Instant;

/// What no report of this release measures. It stands at the foot of each, and raises nothing.
pub const NOT_IN_THIS_RELEASE: [&str; 3] =
    ["delivery to the phone", "what the texts cost", "a text that went out twice with more than a day between"];

/// Everything that one day's report says.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The client's name.
    pub client: String,
    /// Counts up by one a day from the first report: a day without one leaves a gap in the numbers.
    pub number: u32,
    /// The day it is about.
    pub period: Period,
    /// When the facts were read.
    pub as_of: Instant,
    /// The worst of all checks.
    pub verdict: Verdict,
    /// What needs someone, worst first.
    pub actions: Vec<Action>,
    /// What the last report asked for and this one does not.
    pub fixed: Vec<Check>,
    /// Who waits for a person; `None` when that was not measured.
    pub waiting: Option<WaitingFacts>,
    /// Texts that nobody should have got.
    pub safety: Safety,
    /// Texts that did not go out, by reason.
    pub not_sent: Vec<NotSent>,
    /// Leads that are long due and not looked at; `None` when that was not measured.
    pub overdue: Option<Overdue>,
    /// Leads that fall due in the next 24 hours; `None` when that was not measured.
    pub next_day: Option<u64>,
    /// The day in numbers.
    pub figures: Figures,
    /// Whether everything that came in is accounted for.
    pub books: Books,
    /// What should have been measured and was not, and why.
    pub not_measured: Vec<String>,
    /// Whether it is this client's first.
    pub first: bool,
    /// Days since the last report that had none.
    pub missed: Vec<NaiveDate>,
    /// When test mode was first seen on, while it is on.
    pub test_since: Option<NaiveDate>,
    /// What the next report needs from this one.
    pub carried: Carried,
}

impl Report {
    /// The zone that all its times are shown in.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.period.zone
    }
}

impl Ledger {
    /// Closes the day's ledger into its report.
    #[must_use]
    pub fn close(self, facts: &Facts) -> Report {
        let (safety, mut not_measured) = self.safety(facts);
        not_measured.extend(facts.unread.iter().cloned());
        let figures = self.figures(facts);
        let books = self.books(facts);
        let missed = facts.before.missed(&self.period);
        let test_since = facts.client.in_test().then(|| match &facts.before {
            Before::Report(carried) => carried.test_since.unwrap_or(self.period.day),
            Before::First | Before::Lost => self.period.day,
        });
        let mut report = Report {
            client: facts.client.name.clone(),
            number: facts.before.number(&self.period),
            period: self.period,
            as_of: facts.now,
            verdict: Verdict::Ok,
            actions: Vec::new(),
            fixed: Vec::new(),
            waiting: facts.waiting.clone(),
            safety,
            not_sent: self.not_sent(),
            overdue: facts.due.as_ref().map(|due| due.overdue),
            next_day: facts.due.as_ref().map(|due| due.next_day),
            figures,
            books,
            not_measured,
            first: matches!(facts.before, Before::First),
            missed,
            test_since,
            carried: Carried::default(),
        };
        report.actions = checks::actions(&report, &self, facts);
        report.verdict = report.actions.iter().map(|action| action.verdict).max().unwrap_or_default();
        report.fixed = facts.before.fixed(&report);
        report.carried = self.carried(&report, facts);
        report
    }
}
