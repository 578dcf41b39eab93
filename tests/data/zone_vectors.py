#!/usr/bin/env python3
"""Writes zone_vectors.csv: what the clock shows and when a window next opens, by an oracle that
shares nothing with the Rust code (Python's zoneinfo, stepping over UTC minutes one by one).

    pip install tzdata==2026.6
    zone_vectors.py                        write the file
    zone_vectors.py --check                exit 1 if the file is not what would be written
    zone_vectors.py --check --zoneinfo /usr/share/zoneinfo   the same, by another tz release
"""
import argparse
import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

FILE = Path(__file__).with_name("zone_vectors.csv")
IANA_RELEASE, PACKAGE = "2026f", "tzdata==2026.6"
YEARS = range(2025, 2029)
ZONES = """America/New_York America/Los_Angeles America/Phoenix Australia/Lord_Howe America/Havana
Europe/Dublin Europe/London America/Chicago America/Denver Pacific/Honolulu America/St_Johns
Asia/Kolkata""".split()

# Only what tz 2025b (inside chrono-tz 0.10.4) and 2026f agree on: Cuba's clock changes after this
# moment differ between them. Nothing at or after it is sampled, nor opens after it.
STABLE_UNTIL = {"America/Havana": datetime(2026, 10, 1, tzinfo=timezone.utc)}

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WINDOWS = {  # name: (weekdays, open, close), both in minutes of the local day
    "mon-fri 08:00-20:00": (range(0, 5), 8 * 60, 20 * 60),
    "mon-sun 00:30-02:45": (range(0, 7), 30, 2 * 60 + 45),
}
AROUND = (-1441, -1440, -121, -120, -119, -61, -60, -59, -31, -30, -29, -1, 0,
          1, 29, 30, 31, 59, 60, 61, 119, 120, 121, 1440, 1441)  # minutes from a clock change
COLUMNS = "kind,zone,window,instant_utc,inside,next_open_utc,local_date,local_time,weekday,utc_offset_seconds"


class Oracle:
    """Answers for one zone; a moment is a whole number of minutes since 1970-01-01T00:00Z."""

    def __init__(self, name, tz):
        self.name, self.tz = name, tz
        self.limit = minute(STABLE_UNTIL.get(name, datetime(2030, 1, 1, tzinfo=timezone.utc)))
        self.opens = {window: {} for window in WINDOWS}

    def local(self, m):
        return datetime.fromtimestamp(m * 60, self.tz)

    def offset(self, m):
        return int(self.local(m).utcoffset().total_seconds())

    def inside(self, window, m):
        days, opens, closes = WINDOWS[window]
        t = self.local(m)
        return t.weekday() in days and opens <= t.hour * 60 + t.minute < closes

    def next_open(self, window, m):
        known, steps = self.opens[window], []
        while m not in known and not self.inside(window, m):
            steps.append(m)
            m += 1
        found = known.get(m, m)
        known.update((s, found) for s in steps)
        return found

    def clock_changes(self):
        first = minute(datetime(YEARS[0], 1, 1, tzinfo=timezone.utc))
        last = minute(datetime(YEARS[-1] + 1, 1, 1, tzinfo=timezone.utc))
        for hour in range(first, last, 60):
            if self.offset(hour) != self.offset(hour + 60):
                change = next(m for m in range(hour + 1, hour + 61) if self.offset(m) != self.offset(hour))
                if change + 2 * 1440 < self.limit:
                    yield change

    def minutes_of(self, day):
        """All UTC minutes whose local date is `day`."""
        noon = minute(datetime(day.year, day.month, day.day, 12, tzinfo=timezone.utc))
        return [m for m in range(noon - 36 * 60, noon + 36 * 60) if self.local(m).date() == day]


def minute(t):
    return int(t.timestamp()) // 60


def utc(m):
    return datetime.fromtimestamp(m * 60, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def ordinary_days():
    """Monday, Friday, Saturday and Sunday of one week in the middle of each quarter."""
    for year in YEARS:
        for month in (2, 5, 8, 11):
            tenth = date(year, month, 10)
            monday = tenth + timedelta(days=-tenth.weekday() % 7)
            yield from (monday + timedelta(days=n) for n in (0, 4, 5, 6))


def samples(oracle):
    """(moments to show on the clock, moments to ask each window about), sorted."""
    clock, asked = set(), {window: set() for window in WINDOWS}
    for change in oracle.clock_changes():
        near = {change + step for step in AROUND}
        clock |= near
        for window in WINDOWS:
            edges = [m for m in range(change - 30 * 60, change + 30 * 60)
                     if oracle.inside(window, m) != oracle.inside(window, m - 1)]
            asked[window] |= near | {edge + step for edge in edges for step in (-1, 0, 1)}
    for day in ordinary_days():
        minutes = oracle.minutes_of(day)
        if minutes[-1] + 4 * 1440 >= oracle.limit:
            continue
        assert len(minutes) == 1440, f"{oracle.name} {day} is not an ordinary day"
        clock |= {minutes[0], minutes[720], minutes[-1]}
        for window, (_, opens, closes) in WINDOWS.items():
            asked[window] |= {minutes[i] for i in (opens - 1, opens, closes - 1, closes)}
    return sorted(clock), {window: sorted(moments) for window, moments in asked.items()}


def body(load):
    yield COLUMNS
    for name in ZONES:
        oracle = Oracle(name, load(name))
        clock, asked = samples(oracle)
        for m in clock:
            t = oracle.local(m)
            yield f"local,{name},,{utc(m)},,,{t:%Y-%m-%d},{t:%H:%M},{DAYS[t.weekday()]},{oracle.offset(m)}"
        for window, moments in asked.items():
            for m in moments:
                opens = oracle.next_open(window, m)
                assert opens < oracle.limit, f"{name}: an answer reaches past the stable rules"
                yield f"window,{name},{window},{utc(m)},{int(opens == m)},{utc(opens)},,,,"


def loader(folder):
    if folder is None:
        try:
            import tzdata
        except ImportError:
            sys.exit(f"needs the tz data this file is made from: pip install {PACKAGE}")
        if tzdata.IANA_VERSION != IANA_RELEASE:
            sys.exit(f"needs tz {IANA_RELEASE}, found {tzdata.IANA_VERSION}: pip install {PACKAGE}")
        folder = Path(tzdata.__file__).parent / "zoneinfo"

    def load(name):
        with open(Path(folder) / name, "rb") as file:
            return ZoneInfo.from_file(file, key=name)
    return load


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--check", action="store_true", help="compare, write nothing")
    options.add_argument("--zoneinfo", help="folder of compiled zones; only with --check")
    given = options.parse_args()
    if given.zoneinfo and not given.check:
        options.error("the file is only written from the pinned release")
    head = (f"# tz {IANA_RELEASE}; made by zone_vectors.py, do not edit. "
            f"Python zoneinfo, years {YEARS[0]}-{YEARS[-1]}, only rules that tz 2025b shares.\n")
    text = head + "".join(line + "\n" for line in body(loader(given.zoneinfo)))
    if not given.check:
        FILE.write_bytes(text.encode("ascii"))
    elif FILE.read_bytes() != text.encode("ascii"):
        sys.exit(f"{FILE.name} is not what {Path(__file__).name} makes")


if __name__ == "__main__":
    main()
