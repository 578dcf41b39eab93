//! Conservation: everything that came in has become something, and every enrollment is live or ended.

use super::{Before, Facts, Ledger, Totals};

/// The books since the first report, up to when the facts were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Books {
    /// Everything since the books were opened.
    pub totals: Totals,
    /// Events without an outcome that were there when the books were opened.
    pub waited_before: u64,
    /// Events that wait now, counted in the due index; `None` when that was not measured.
    pub waiting: Option<u64>,
    /// Enrollments that have begun and not ended. Reckoned; `None` when the books do not reach back far enough.
    pub active: Option<u64>,
    /// Came in, less what became of it, less what waits. Above zero something was lost, below zero
    /// something was counted twice. `None` when that was not measured.
    pub difference: Option<i64>,
    /// Enrollments that ended without ever having begun.
    pub ended_unbegun: u64,
    /// Whether the books begin with the client's very first event.
    pub from_the_start: bool,
}

impl Ledger {
    pub(super) fn books(&self, facts: &Facts) -> Books {
        let totals = self.totals(facts);
        let waiting = facts.due.as_ref().map(|due| due.waiting);
        let unconcluded = signed(totals.received) - signed(totals.concluded());
        let (from_the_start, waited_before) = match &facts.before {
            Before::First => (true, 0),
            // The books are opened anew, so what waits beyond what came in must have been there before.
            Before::Lost => (false, waiting.map_or(0, |waiting| signed(waiting) - unconcluded)),
            Before::Report(carried) => (carried.from_the_start, signed(carried.waited_before)),
        };
        let waited_before = u64::try_from(waited_before).unwrap_or(0);
        let ended_unbegun = totals.ended.saturating_sub(totals.enrollments());
        Books {
            totals,
            waited_before,
            waiting,
            active: from_the_start.then(|| totals.enrollments().saturating_sub(totals.ended)),
            difference: waiting.map(|waiting| signed(waited_before) + unconcluded - signed(waiting)),
            ended_unbegun: if from_the_start { ended_unbegun } else { 0 },
            from_the_start,
        }
    }

    /// Whether what was read balances. When not, the facts may have been read while something moved,
    /// and are worth reading again.
    #[must_use]
    pub fn balances(&self, facts: &Facts) -> bool {
        self.books(facts).difference.is_none_or(|difference| difference == 0)
    }

    /// How many events waited when this ledger was read, if what was found waiting is explained by what
    /// came in and was concluded between this ledger and a later one of the same day. What waits is read
    /// after the one and before the other.
    #[must_use]
    pub fn waited(&self, facts: &Facts, later: &Self) -> Option<u64> {
        let (then, since) = (self.totals(facts), later.totals(facts));
        let books = self.books(facts);
        let waited_before = signed(books.waited_before);
        let least = waited_before + signed(then.received) - signed(since.concluded());
        let most = waited_before + signed(since.received) - signed(then.concluded());
        let waited = waited_before + signed(then.received) - signed(then.concluded());
        (least..=most).contains(&signed(books.waiting?)).then(|| u64::try_from(waited).ok())?
    }

    /// Everything since the books were opened, until this ledger was read.
    fn totals(&self, facts: &Facts) -> Totals {
        facts.before.carried().map(|carried| carried.totals).unwrap_or_default() + self.until_midnight() + self.after
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
