//! The table of lawful hours: which rows are in force where on which local day.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, LazyLock},
};

use chrono::{Days, NaiveDate, Weekday};
use serde::Deserialize;

use super::super::{
    place::rows,
    window::{Dated, Window},
};

/// Our own default row, which is no law.
pub(super) const POLICY: &str = "policy";

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    Table::read(include_str!("../../../data/lawful_hours.csv"), include_str!("../../../data/holidays.csv"))
});

/// The table of this release.
pub(super) fn table() -> &'static Table {
    &TABLE
}

#[derive(Debug, Deserialize)]
struct Row {
    jurisdiction: String,
    days: String,
    open: String,
    close: String,
    cap24h: String,
    holidays: String,
    valid_from: String,
    valid_to: String,
    certainty: String,
    source: String,
}

#[derive(Debug, Deserialize)]
struct Holiday {
    date: NaiveDate,
    jurisdiction: String,
}

/// One row of hours.
#[derive(Debug)]
pub(super) struct Rule {
    /// `US`, `US-FL`, `GB`, `policy`.
    pub(super) jurisdiction: String,
    hours: Dated,
    /// Texts to one number in 24 hours.
    pub(super) cap: Option<u32>,
    certainty: String,
    source: String,
}

impl fmt::Display for Rule {
    /// Where it holds, its source, and how sure that is: `US-FL FS501.616 (A)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.jurisdiction, self.source)?;
        if self.certainty == "-" { Ok(()) } else { write!(f, " ({})", self.certainty) }
    }
}

/// A state of which a client must have said how it meets the law there.
#[derive(Debug)]
struct Position {
    jurisdiction: String,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    source: String,
}

/// All rows.
#[derive(Debug)]
pub(super) struct Table {
    rules: Vec<Rule>,
    positions: Vec<Position>,
    /// The hours of each jurisdiction that has a row, on all dates.
    schedules: BTreeMap<String, Arc<[Dated]>>,
}

impl Table {
    /// Reads `lawful_hours.csv` and `holidays.csv`.
    pub(super) fn read(hours: &str, holidays: &str) -> Self {
        let mut closed: BTreeMap<String, BTreeSet<NaiveDate>> = BTreeMap::new();
        for holiday in rows::<Holiday>(holidays) {
            closed.entry(holiday.jurisdiction).or_default().insert(holiday.date);
        }
        let (mut rules, mut positions) = (Vec::new(), Vec::new());
        for row in rows::<Row>(hours) {
            let (from, to) = (date(&row.valid_from), date(&row.valid_to));
            if let Some(state) = row.jurisdiction.strip_prefix("position:") {
                positions.push(Position { jurisdiction: state.to_owned(), from, to, source: row.source });
            } else if row.open != "-" {
                let closed = closed_on(&row, &closed);
                let window = Window::parse(&weekdays(&row.days), &row.open, &row.close);
                let window = window.expect("hours in lawful_hours.csv");
                let cap = row.cap24h.parse().ok();
                let (certainty, source) = (row.certainty, row.source);
                let hours = Dated { window, from, to, closed };
                rules.push(Rule { jurisdiction: row.jurisdiction, hours, cap, certainty, source });
            }
        }
        let named: BTreeSet<String> = rules.iter().map(|rule| rule.jurisdiction.clone()).collect();
        let schedules = named.into_iter().map(|name| (name.clone(), schedule(&rules, &name))).collect();
        Self { rules, positions, schedules }
    }

    /// The jurisdiction whose rows hold for `jurisdiction`: itself, or its country if it has none of its
    /// own. `None` if nothing is on file.
    pub(super) fn named(&self, jurisdiction: &str) -> Option<&str> {
        let named = |name: &str| self.schedules.get_key_value(name).map(|(name, _)| name.as_str());
        named(jurisdiction).or_else(|| named(country(jurisdiction)))
    }

    /// The hours of a jurisdiction that is [`named`](Self::named), on all dates.
    pub(super) fn schedule(&self, named: &str) -> Arc<[Dated]> {
        self.schedules.get(named).cloned().unwrap_or_default()
    }

    /// The rows in force on a local date: the jurisdiction's own, or its country's while it has none.
    pub(super) fn in_force(&self, jurisdiction: &str, date: NaiveDate) -> Vec<&Rule> {
        in_force(&self.rules, jurisdiction, date)
    }

    /// Why nobody in a state may be texted on a local date before the client has cleared it, if so.
    pub(super) fn position(&self, jurisdiction: &str, date: NaiveDate) -> Option<&str> {
        let asked = |position: &&Position| {
            position.jurisdiction == jurisdiction
                && position.from.is_none_or(|from| from <= date)
                && position.to.is_none_or(|to| date <= to)
        };
        self.positions.iter().find(asked).map(|position| position.source.as_str())
    }
}

fn country(jurisdiction: &str) -> &str {
    jurisdiction.split_once('-').map_or(jurisdiction, |(country, _)| country)
}

fn in_force<'a>(rules: &'a [Rule], jurisdiction: &str, date: NaiveDate) -> Vec<&'a Rule> {
    let of = |name: &str| -> Vec<&'a Rule> {
        rules.iter().filter(|rule| rule.jurisdiction == name && rule.hours.in_force(date)).collect()
    };
    let own = of(jurisdiction);
    if own.is_empty() { of(country(jurisdiction)) } else { own }
}

/// The rows of a jurisdiction and of its country, each on the dates on which it is the one that counts.
fn schedule(rules: &[Rule], jurisdiction: &str) -> Arc<[Dated]> {
    let of_it = |rule: &&Rule| rule.jurisdiction == jurisdiction || rule.jurisdiction == country(jurisdiction);
    let mut begins: Vec<NaiveDate> = rules
        .iter()
        .filter(of_it)
        .flat_map(|rule| [rule.hours.from, rule.hours.to.and_then(|to| to.checked_add_days(Days::new(1)))])
        .flatten()
        .collect();
    begins.sort_unstable();
    begins.dedup();
    // Between two of these dates the same rows are in force.
    let starts = std::iter::once(None).chain(begins.iter().copied().map(Some));
    let mut dated = Vec::new();
    for (n, from) in starts.enumerate() {
        let to = begins.get(n).and_then(|next| next.pred_opt());
        let any_day = from.or(to).unwrap_or_default();
        dated.extend(in_force(rules, jurisdiction, any_day).into_iter().map(|rule| Dated {
            from,
            to,
            ..rule.hours.clone()
        }));
    }
    dated.into()
}

fn closed_on(row: &Row, holidays: &BTreeMap<String, BTreeSet<NaiveDate>>) -> Arc<[NaiveDate]> {
    let country = if row.jurisdiction == POLICY { "US" } else { country(&row.jurisdiction) };
    let lists: &[&str] = match row.holidays.as_str() {
        "federal" => &[country],
        "state" => &[country, &row.jurisdiction],
        _ => &[],
    };
    let days: BTreeSet<NaiveDate> = lists.iter().filter_map(|list| holidays.get(*list)).flatten().copied().collect();
    days.into_iter().collect()
}

fn date(text: &str) -> Option<NaiveDate> {
    (text != "-").then(|| text.parse().expect("a date in lawful_hours.csv"))
}

/// `mon-sat`, `sun`.
fn weekdays(days: &str) -> Vec<Weekday> {
    let (first, last) = days.split_once('-').unwrap_or((days, days));
    let day = |text: &str| text.parse::<Weekday>().expect("a weekday in lawful_hours.csv");
    let mut days = vec![day(first)];
    while let Some(&latest) = days.last()
        && latest != day(last)
    {
        days.push(latest.succ());
    }
    days
}
