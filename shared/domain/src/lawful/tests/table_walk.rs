//! Every row of the table over two years, to the minute at its edges, against a naive reading of the
//! same files: local date, day of the week, minute of the day, compared as texts and numbers.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Timelike};
use proptest::prelude::*;

use super::{
    super::super::{decide::next_sendable, window::next_all_open},
    *,
};

const HOURS: &str = include_str!("../../../../data/lawful_hours.csv");
const HOLIDAYS: &str = include_str!("../../../../data/holidays.csv");

fn lines(file: &'static str) -> Vec<Vec<&'static str>> {
    let lines = file.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.map(|line| line.split(',').collect()).collect()
}

/// What the files say, read anew for each question.
struct Naive {
    rows: Vec<Vec<&'static str>>,
    holidays: BTreeSet<(String, &'static str)>,
}

impl Naive {
    fn read() -> Self {
        let rows = lines(HOURS).into_iter().filter(|row| row[2] != "-").collect();
        Self { rows, holidays: lines(HOLIDAYS).into_iter().map(|row| (row[0].to_owned(), row[1])).collect() }
    }

    /// The rows that hold in a jurisdiction on a date.
    fn rows_on(&self, jurisdiction: &str, date: &str) -> Vec<&Vec<&'static str>> {
        let holds = |row: &&Vec<&str>| (row[6] == "-" || row[6] <= date) && (row[7] == "-" || date <= row[7]);
        let of = |name: &str| self.rows.iter().filter(|row| row[0] == name).filter(holds).collect::<Vec<_>>();
        let own = of(jurisdiction);
        if own.is_empty() { of(&jurisdiction[..2]) } else { own }
    }

    /// The minutes of a local date at which a jurisdiction is open, from and until.
    fn minutes(&self, jurisdiction: &str, date: NaiveDate) -> Option<(u32, u32)> {
        let shown = date.to_string();
        let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let today = date.weekday().num_days_from_monday() as usize;
        let minute = |text: &str| {
            let (hours, minutes) = text.split_once(':').expect("a time");
            hours.parse::<u32>().expect("hours") * 60 + minutes.parse::<u32>().expect("minutes")
        };
        self.rows_on(jurisdiction, &shown).into_iter().find_map(|row| {
            let place = |day: &str| week.iter().position(|name| *name == day).expect("a day");
            let (first, last) = row[1].split_once('-').unwrap_or((row[1], row[1]));
            let country = if row[0] == "policy" { "US" } else { &row[0][..2] };
            let closed = match row[5] {
                "federal" => self.holidays.contains(&(shown.clone(), country)),
                "state" => [country, row[0]].iter().any(|list| self.holidays.contains(&(shown.clone(), *list))),
                _ => false,
            };
            (place(first) <= today && today <= place(last) && !closed).then(|| (minute(row[2]), minute(row[3])))
        })
    }

    fn open(&self, jurisdiction: &str, zone: Tz, at: Instant) -> bool {
        let local = at.with_timezone(&zone);
        let now = local.hour() * 60 + local.minute();
        self.minutes(jurisdiction, local.date_naive()).is_some_and(|(from, until)| from <= now && now < until)
    }

    fn jurisdictions(&self) -> BTreeSet<&'static str> {
        self.rows.iter().map(|row| row[0]).collect()
    }
}

/// A zone of a jurisdiction that has clock changes where that can be, and one that has none.
fn zones_of(jurisdiction: &str) -> Vec<Tz> {
    match jurisdiction.strip_prefix("US-") {
        Some(state) => State::parse(state).expect("a state").zones().collect(),
        None if jurisdiction == "GB" => vec![Tz::Europe__London],
        None => vec![Tz::America__New_York, Tz::America__Phoenix, Tz::America__St_Johns],
    }
}

fn days_from(first: &str) -> impl Iterator<Item = NaiveDate> {
    let first: NaiveDate = first.parse().expect("a date");
    (0..731).map(move |n| first + Days::new(n))
}

#[test]
fn every_row_is_open_from_its_first_minute_to_its_last_on_every_day_of_two_years() {
    let naive = Naive::read();
    let (mut edges, mut closed_days) = (0, 0);
    for jurisdiction in naive.jurisdictions() {
        for zone in zones_of(jurisdiction) {
            let hours = Hours::dated(table().schedule(jurisdiction), zone);
            // From before the youngest rows began, over clock changes and holidays.
            for date in days_from("2025-06-01") {
                let noon =
                    zone.from_local_datetime(&date.and_time(NaiveTime::MIN)).earliest().expect("midnight is there");
                let noon = noon.to_utc() + TimeDelta::hours(12);
                let Some((from, until)) = naive.minutes(jurisdiction, date) else {
                    assert!(
                        (-8..8).all(|n| !hours.contain(noon + TimeDelta::hours(n))),
                        "{jurisdiction} {date} is closed"
                    );
                    closed_days += 1;
                    continue;
                };
                for (minute, inside) in [(from - 1, false), (from, true), (until - 1, true), (until, false)] {
                    let time = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).expect("a time");
                    let at = zone.from_local_datetime(&date.and_time(time)).single().expect("no change at this hour");
                    let at = at.to_utc();
                    assert_eq!(hours.contain(at), inside, "{jurisdiction} {zone} {date} {time}");
                    assert_eq!(
                        hours.contain(at + TimeDelta::seconds(59)),
                        inside,
                        "{jurisdiction} {zone} {date} {time}"
                    );
                    edges += 1;
                }
            }
        }
    }
    assert!(edges > 120_000 && closed_days > 1_000, "{edges} edges, {closed_days} closed days");
}

#[test]
fn every_minute_of_the_days_on_which_clocks_or_laws_change_is_as_the_files_say() {
    let naive = Naive::read();
    for jurisdiction in naive.jurisdictions() {
        for zone in zones_of(jurisdiction) {
            let hours = Hours::dated(table().schedule(jurisdiction), zone);
            for day in
                ["2025-08-31", "2025-12-31", "2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01", "2026-12-25"]
            {
                let start = at(&format!("{day}T00:00:00Z"));
                for minute in 0..3 * 1_440 {
                    let at = start + TimeDelta::minutes(minute - 720);
                    assert_eq!(hours.contain(at), naive.open(jurisdiction, zone, at), "{jurisdiction} {zone} {at}");
                }
            }
        }
    }
}

#[test]
fn holidays_are_closed_where_the_table_says_so_and_nowhere_else() {
    for (jurisdiction, day, closed) in [
        ("US-LA", "2026-02-17", true),  // Mardi Gras
        ("US-AL", "2026-06-01", true),  // Jefferson Davis' birthday
        ("US-PA", "2027-11-02", true),  // election day
        ("US-RI", "2026-08-10", true),  // Victory Day
        ("US-UT", "2026-07-24", true),  // Pioneer Day
        ("US-RI", "2026-07-03", true),  // Independence Day, observed
        ("US-RI", "2026-07-04", true),  // and the day itself
        ("US-UT", "2026-08-10", false), // a holiday of Rhode Island's
        ("US-FL", "2026-12-25", false),
        ("US", "2026-12-25", false),
        ("policy", "2026-12-25", true),
        ("policy", "2026-08-10", false),
        ("CA", "2026-07-01", true),
        ("GB", "2026-12-25", false),
    ] {
        let hours = Hours::dated(table().schedule(jurisdiction), Tz::America__New_York);
        assert_eq!(!hours.contain(at(&format!("{day}T16:00:00Z"))), closed, "{jurisdiction} on {day}");
    }
}

#[test]
fn the_holidays_are_on_file_for_years_ahead() {
    let last = lines(HOLIDAYS).into_iter().map(|row| row[0]).max().expect("a holiday");
    assert_eq!(last, "2035-12-26");
}

prop_compose! {
    /// Numbers, addresses and policies that ask for all kinds of rules at once.
    fn people()(
        code in prop::sample::select(vec!["305", "219", "270", "850", "423", "541", "888", "401", "504", "214", "801", "928", "907"]),
        state in prop::option::of(prop::sample::select(State::all_of("US").collect::<Vec<_>>())),
        policy in any::<bool>(),
    ) -> Vec<Hours> {
        let mut client = crate::fixtures::client();
        client.recipient_policy = policy.then(RecipientPolicy::default);
        let answers: Vec<(&str, &str)> = state.iter().map(|state| ("state", state.code())).collect();
        let hours = lawful_hours(&number(&format!("+1{code}5550123")), None, &place(&answers), &client, june());
        let own = client.hours(None);
        std::iter::once(own).chain(hours.expect("served").all).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn no_instant_that_is_found_is_closed_and_none_before_it_is_open(
        all in people(),
        seconds in 1_735_689_600_i64..1_861_920_000,
        between in 0_i64..10_000,
    ) {
        let from = Instant::from_timestamp(seconds, 0).expect("in range");
        let open = |at: Instant| all.iter().all(|hours| hours.contain(at));
        if let Some(found) = next_sendable(&all, from) {
            let call = found + TimeDelta::seconds(15) - TimeDelta::milliseconds(1);
            prop_assert!(found >= from && open(found) && open(call), "{found}");
            let before = from + (found - from) * i32::try_from(between).expect("small") / 10_000;
            prop_assert!(before == found || !(open(before) && open(before + TimeDelta::seconds(15))), "{before} was open");
        } else {
            prop_assert_eq!(next_all_open(&all, from), None);
            prop_assert!((0..28 * 96).all(|n| !open(from + TimeDelta::minutes(15 * n))));
        }
    }
}
