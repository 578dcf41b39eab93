#!/usr/bin/env python3
"""Writes a list of people of any size, to see what importing it takes.

    python3 tests/data/import_rows.py 100000 > rows.csv

Nobody is behind these rows. The first numbers are those kept for fiction, 555-0100 to 555-0199, of every
geographic area code of the US (shared/data/nanp_zones.csv). Where these are not enough the rest of the
exchange 555 follows, in which no telephone rings, but for directory assistance (555-1212), which is left
out. Such a list is for the local run only, whose provider is a stand-in: never commit one, and never send
to one.
"""

import csv
import itertools
import pathlib
import sys

ZONES = pathlib.Path(__file__).parents[2] / "shared" / "data" / "nanp_zones.csv"
# Newer than the number rules of the release that this was written for, which turn them away.
TOO_NEW = {"274", "472", "983"}
NAMES = ("Alex", "Kim", "Lou", "Morgan", "Pat", "Robin", "Sam", "Toni")


def area_codes():
    with ZONES.open(encoding="utf-8") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        in_us = (row["area_code"] for row in rows if row["country"] == "US" and row["states"])
        return [code for code in in_us if code not in TOO_NEW]


def numbers():
    lines = itertools.chain(range(100, 200), (n for n in range(200, 10_000) if n != 1212))
    codes = area_codes()
    return (f"+1{code}555{line:04}" for line in lines for code in codes)


def main():
    count = int(sys.argv[1]) if len(sys.argv) == 2 else sys.exit(__doc__)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["phone", "email", "first_name", "custom_1"])
    written = 0
    for n, number in enumerate(itertools.islice(numbers(), count)):
        out.writerow([number, f"person{n}@example.org", NAMES[n % len(NAMES)], "coaching"])
        written = n + 1
    if written < count:
        sys.exit(f"only {written} rows: there are no more such numbers")


if __name__ == "__main__":
    main()
