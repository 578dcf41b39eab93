#!/usr/bin/env python3
"""Writes holidays.csv: the days on which a row of lawful_hours.csv with `federal` or `state` in its
column `holidays` is closed. Needs nothing but Python.

    holidays.py            write the file
    holidays.py --check    exit 1 if the file is not what would be written

A holiday on a Saturday also closes the Friday before, one on a Sunday the Monday after; in Canada
both close the next day that is not closed. The day itself stays closed, too, where the law would only
count the other: too many closed days harm nobody.
"""
import sys
from datetime import date, timedelta
from pathlib import Path

FILE = Path(__file__).with_name("holidays.csv")
YEARS = range(2025, 2036)
COLUMNS = "date,jurisdiction,name"
MON, TUE, THU = 0, 1, 3


def nth(n, weekday, month):
    """The n-th weekday of a month; the last one for n = -1."""
    def day(year):
        if n < 0:
            last = date(year + month // 12, month % 12 + 1, 1) - timedelta(1)
            return last - timedelta((last.weekday() - weekday) % 7)
        first = date(year, month, 1)
        return first + timedelta((weekday - first.weekday()) % 7 + 7 * (n - 1))
    return day


def fixed(month, day):
    return lambda year: date(year, month, day)


def easter(year):
    """Gregorian Easter Sunday (Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    l = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * l) // 451
    return date(year, (h + l - 7 * m + 114) // 31, (h + l - 7 * m + 114) % 31 + 1)


def from_easter(days):
    return lambda year: easter(year) + timedelta(days)


def after(days, of):
    return lambda year: of(year) + timedelta(days)


def only(years, of):
    return lambda year: of(year) if years(year) else None


def juneteenth_of_utah(year):
    """Tuesday to Friday: the Monday before (Utah Code 63G-1-301)."""
    day = date(year, 6, 19)
    return day - timedelta(day.weekday()) if 1 <= day.weekday() <= 4 else None


def victoria_day(year):
    """The Monday before 25 May."""
    return date(year, 5, 24) - timedelta(date(year, 5, 24).weekday())


ELECTION = after(1, nth(1, MON, 11))
THANKSGIVING = nth(4, THU, 11)
HOLIDAYS = {
    # 5 USC 6103
    "US": {
        "New Year's Day": fixed(1, 1), "Martin Luther King Jr. Day": nth(3, MON, 1),
        "Inauguration Day": only(lambda year: year % 4 == 1, fixed(1, 20)),
        "Washington's Birthday": nth(3, MON, 2), "Memorial Day": nth(-1, MON, 5), "Juneteenth": fixed(6, 19),
        "Independence Day": fixed(7, 4), "Labor Day": nth(1, MON, 9), "Columbus Day": nth(2, MON, 10),
        "Veterans Day": fixed(11, 11), "Thanksgiving": THANKSGIVING, "Christmas Day": fixed(12, 25),
    },
    # Ala. Code 1-3-8
    "US-AL": {"Mardi Gras": from_easter(-47), "Confederate Memorial Day": nth(4, MON, 4),
              "Jefferson Davis' Birthday": nth(1, MON, 6)},
    # La. R.S. 1:55
    "US-LA": {
        "Battle of New Orleans": fixed(1, 8), "Mardi Gras": from_easter(-47), "Good Friday": from_easter(-2),
        "Huey P. Long Day": fixed(8, 30), "All Saints' Day": fixed(11, 1), "Acadian Day": after(1, THANKSGIVING),
        "Election Day": only(lambda year: year % 2 == 0, ELECTION),
    },
    # 44 P.S. 11; the day after Thanksgiving is one of the state's offices
    "US-PA": {"Good Friday": from_easter(-2), "Flag Day": fixed(6, 14), "Election Day": ELECTION,
              "Day after Thanksgiving": after(1, THANKSGIVING)},
    # R.I. Gen. Laws 25-1-1
    "US-RI": {"Rhode Island Independence Day": fixed(5, 4), "Victory Day": nth(2, MON, 8),
              "Election Day": only(lambda year: year % 2 == 0, ELECTION)},
    # Utah Code 63G-1-301
    "US-UT": {"Juneteenth (as Utah keeps it)": juneteenth_of_utah, "Pioneer Day": fixed(7, 24)},
    # Canada Labour Code, section 166; Easter Monday and the civic day are not among them
    "CA": {
        "New Year's Day": fixed(1, 1), "Good Friday": from_easter(-2), "Victoria Day": victoria_day,
        "Canada Day": fixed(7, 1), "Labour Day": nth(1, MON, 9),
        "National Day for Truth and Reconciliation": fixed(9, 30), "Thanksgiving": nth(2, MON, 10),
        "Remembrance Day": fixed(11, 11), "Christmas Day": fixed(12, 25), "Boxing Day": fixed(12, 26),
    },
}


def observed(jurisdiction, day, closed):
    """The day on which a holiday of a weekend is kept."""
    if jurisdiction != "CA":
        return day + timedelta(-1 if day.weekday() == 5 else 1)
    while day.weekday() > 4 or day in closed:
        day += timedelta(1)
    return day


def render():
    rows = []
    for jurisdiction, holidays in HOLIDAYS.items():
        # New Year's Day of the year after may be observed in the last year.
        all_days = [(of(year), name) for year in [*YEARS, YEARS.stop] for name, of in holidays.items()]
        found = {day: name for day, name in all_days if day}
        for day, name in sorted(found.items()):
            if day.weekday() > 4:
                found.setdefault(observed(jurisdiction, day, found), f"{name} (observed)")
        rows += [f"{day},{jurisdiction},{name}" for day, name in found.items() if day.year in YEARS]
    head = ["# The days on which rows of lawful_hours.csv are closed. Made by holidays.py, do not edit.",
            "# jurisdiction: the country's list, or what a state adds to it.", COLUMNS]
    return "".join(line + "\n" for line in head + sorted(rows))


def check():
    """Days that are known, and must come out of the rules."""
    known = {
        "US": "2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-07-03 2026-09-07 2026-10-12 2026-11-11 "
              "2026-11-26 2026-12-25 2027-06-18 2027-07-05 2027-12-24 2027-12-31 2028-11-10 2029-01-20",
        "US-LA": "2026-02-17 2026-04-03 2028-02-29 2029-03-30", "US-RI": "2026-05-04 2026-08-10 2026-11-03",
        "US-AL": "2026-04-27 2026-06-01", "US-UT": "2026-06-15 2026-07-24 2027-07-23", "US-PA": "2027-11-02",
        "CA": "2026-05-18 2026-07-01 2026-10-12 2027-05-24 2026-12-28",
    }
    rows = {tuple(line.split(",")[:2]) for line in render().splitlines() if not line.startswith("#")}
    for jurisdiction, dates in known.items():
        for day in dates.split():
            assert (day, jurisdiction) in rows, f"{day} is a holiday of {jurisdiction}"


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    check()
    text = render()
    if not sys.argv[1:]:
        FILE.write_bytes(text.encode("ascii"))
    elif FILE.read_bytes() != text.encode("ascii"):
        sys.exit(f"{FILE.name} is not what {Path(__file__).name} makes")


if __name__ == "__main__":
    main()
