//! The hours against `data/zone_vectors.csv`: what another implementation of the zones (Python's
//! zoneinfo, stepping minute by minute) says of every kind of clock change from 2025 to 2028.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, NaiveTime, Offset, Timelike, Weekday};
use chrono_tz::Tz;
use leadline::domain::{
    Instant,
    window::{Hours, Window},
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/zone_vectors.csv");

/// One row: what was asked, and the answer.
struct Vector {
    zone: Tz,
    at: Instant,
    expected: Expected,
}

enum Expected {
    /// What the wall clock shows.
    Local { date: NaiveDate, time: NaiveTime, weekday: Weekday, offset_seconds: i32 },
    /// Whether a window is open, and when it next is.
    Window { window: String, inside: bool, next_open: Instant },
}

fn read<T: std::str::FromStr>(cell: &str) -> T {
    cell.parse().unwrap_or_else(|_| panic!("`{cell}` is no {}", std::any::type_name::<T>()))
}

fn vectors() -> Vec<Vector> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(FILE).expect("the file is there");
    let columns: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| {
        let row = row.expect("a row");
        let cells: BTreeMap<&str, &str> = columns.iter().map(String::as_str).zip(row.iter()).collect();
        let expected = match cells["kind"] {
            "local" => Expected::Local {
                date: read(cells["local_date"]),
                time: NaiveTime::parse_from_str(cells["local_time"], "%H:%M").expect("a time"),
                weekday: read(cells["weekday"]),
                offset_seconds: read(cells["utc_offset_seconds"]),
            },
            "window" => Expected::Window {
                window: cells["window"].to_owned(),
                inside: read::<u8>(cells["inside"]) == 1,
                next_open: read(cells["next_open_utc"]),
            },
            other => panic!("a row of kind `{other}`"),
        };
        Vector { zone: read(cells["zone"]), at: read(cells["instant_utc"]), expected }
    });
    rows.collect()
}

/// Reads `mon-fri 08:00-20:00`.
fn window(text: &str) -> Window {
    let (days, times) = text.split_once(' ').expect("days and times");
    let ((first, last), (opens, closes)) = (days.split_once('-').expect("days"), times.split_once('-').expect("times"));
    let mut days = vec![read::<Weekday>(first)];
    while days[days.len() - 1] != read(last) {
        days.push(days[days.len() - 1].succ());
    }
    Window::parse(&days, opens, closes).expect("a window")
}

/// Fails with the first few of the rows that are not as they should be.
fn none_wrong(wrong: &[String], of: usize) {
    let shown = wrong.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {of} rows are wrong, such as\n{shown}", wrong.len());
}

#[test]
fn every_wall_clock_shows_what_the_vectors_say() {
    let (mut wrong, mut rows) = (Vec::new(), 0);
    for Vector { zone, at, expected } in vectors() {
        let Expected::Local { date, time, weekday, offset_seconds } = expected else { continue };
        rows += 1;
        let local = at.with_timezone(&zone);
        let shown =
            (local.date_naive(), local.hour(), local.minute(), local.weekday(), local.offset().fix().local_minus_utc());
        if shown != (date, time.hour(), time.minute(), weekday, offset_seconds) {
            wrong.push(format!("{zone} {at}: {shown:?}, expected {date} {time} {weekday} {offset_seconds}"));
        }
    }
    assert!(rows > 3_800, "only {rows} rows were read");
    none_wrong(&wrong, rows);
}

#[test]
fn every_window_is_open_when_the_vectors_say_and_opens_next_when_they_say() {
    let (mut wrong, mut rows) = (Vec::new(), 0);
    let mut known: BTreeMap<String, Window> = BTreeMap::new();
    for Vector { zone, at, expected } in vectors() {
        let Expected::Window { window: text, inside, next_open } = expected else { continue };
        rows += 1;
        let window = known.entry(text.clone()).or_insert_with(|| window(&text)).clone();
        let hours = Hours::weekly(window.clone(), zone);
        let found = (window.contains(at, zone), hours.contain(at), hours.next_open(at));
        if found != (inside, inside, Some(next_open)) {
            wrong.push(format!("{zone} {text} {at}: {found:?}, expected {inside}, {next_open}"));
        }
    }
    assert!(rows > 10_000 && known.len() == 2, "only {rows} rows of {} windows were read", known.len());
    none_wrong(&wrong, rows);
}

#[test]
fn every_window_stays_open_until_it_next_closes_and_not_a_minute_longer() {
    let (mut wrong, mut rows) = (Vec::new(), 0);
    for Vector { zone, at, expected } in vectors() {
        let Expected::Window { window: text, inside: true, .. } = expected else { continue };
        rows += 1;
        let hours = Hours::weekly(window(&text), zone);
        let by_minutes = (0..1_440).map(|n| at + chrono::TimeDelta::minutes(n)).find(|at| !hours.contain(*at));
        if hours.next_close(at) != by_minutes {
            wrong.push(format!("{zone} {text} {at}: {:?}, expected {by_minutes:?}", hours.next_close(at)));
        }
    }
    assert!(rows > 3_800, "only {rows} rows were read");
    none_wrong(&wrong, rows);
}
