//! The law of the states that people of a world come from, written down once more and by itself: the
//! system's own tables are among what is judged. It knows the years from 2026 on.

use std::ops::Range;

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// The hours of a local day in which a person of a state may be texted; `None` when it is closed. A
/// number without a state may be of any, and goes by the narrowest common hours.
pub(super) fn hours(state: &str, day: NaiveDate) -> Option<Range<u32>> {
    let sunday = day.weekday() == Weekday::Sun;
    match state {
        "" => (!sunday && !federal_holiday(day)).then_some(10..20),
        "FL" | "MA" | "OR" | "WA" => Some(8..20),
        "LA" => (!sunday && !federal_holiday(day) && !holiday_of_louisiana(day)).then_some(8..20),
        "UT" => (!sunday && !federal_holiday(day) && !holiday_of_utah(day)).then_some(8..21),
        "NV" => Some(9..20),
        "TX" if sunday => Some(12..21),
        "CA" | "IL" | "MI" | "MN" | "NM" | "TX" => Some(9..21),
        _ => Some(8..21),
    }
}

/// Texts to one number of a state in 24 hours.
pub(super) fn cap(state: &str) -> usize {
    if matches!(state, "" | "FL" | "OR") { 3 } else { usize::MAX }
}

/// Whether a day is the `n`-th such weekday of its month.
fn nth(day: NaiveDate, month: u32, weekday: Weekday, n: u32) -> bool {
    day.month() == month && day.weekday() == weekday && day.day0() / 7 + 1 == n
}

/// Whether a day is this one of some year, or the working day on which it is kept.
fn kept(day: NaiveDate, month: u32, of_month: u32) -> bool {
    let is = |day: NaiveDate| (day.month(), day.day()) == (month, of_month);
    is(day)
        || (day.weekday() == Weekday::Fri && is(day + Days::new(1)))
        || (day.weekday() == Weekday::Mon && is(day - Days::new(1)))
}

fn federal_holiday(day: NaiveDate) -> bool {
    let last_monday_of_may = day.month() == 5 && day.weekday() == Weekday::Mon && day.day() > 24;
    [(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)].iter().any(|(month, of_month)| kept(day, *month, *of_month))
        || nth(day, 1, Weekday::Mon, 3)
        || nth(day, 2, Weekday::Mon, 3)
        || last_monday_of_may
        || nth(day, 9, Weekday::Mon, 1)
        || nth(day, 10, Weekday::Mon, 2)
        || nth(day, 11, Weekday::Thu, 4)
        || (day.year() % 4 == 1 && kept(day, 1, 20))
}

fn holiday_of_louisiana(day: NaiveDate) -> bool {
    // Mardi Gras and Good Friday of 2026 to 2030.
    let moving = [(2, 17), (4, 3), (2, 9), (3, 26), (2, 29), (4, 14), (2, 13), (3, 30), (3, 5), (4, 19)];
    let of_year = usize::try_from(day.year() - 2026).unwrap_or(0) * 2;
    let election =
        day.year() % 2 == 0 && day.month() == 11 && day.weekday() == Weekday::Tue && (2..9).contains(&day.day());
    [(1, 8), (8, 30), (11, 1)].iter().any(|(month, of_month)| kept(day, *month, *of_month))
        || moving.iter().skip(of_year).take(2).any(|date| *date == (day.month(), day.day()))
        || nth(day - Days::new(1), 11, Weekday::Thu, 4)
        || election
}

fn holiday_of_utah(day: NaiveDate) -> bool {
    let juneteenth = day.month() == 6 && day.weekday() == Weekday::Mon && (15..=18).contains(&day.day());
    juneteenth || kept(day, 7, 24)
}
