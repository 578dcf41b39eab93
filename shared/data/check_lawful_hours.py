#!/usr/bin/env python3
"""Checks lawful_hours.csv: every row parses, no two of one jurisdiction overlap, no state is open
when its country is closed, every list of holidays that a row names is there. Prints what is wrong
and exits 1; changes nothing."""
import re
import sys
from datetime import date, time
from pathlib import Path

FILE = Path(__file__).with_name("lawful_hours.csv")
COLUMNS = "jurisdiction,days,open,close,cap24h,holidays,valid_from,valid_to,certainty,source"
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def days(text):
    first, _, last = text.partition("-")
    numbers = range(DAYS.index(first), DAYS.index(last or first) + 1)
    if not numbers:
        raise ValueError(f"days run backwards: {text}")
    return set(numbers)


def clock(text):
    if not re.fullmatch(r"\d\d:\d\d", text):
        raise ValueError(f"not a time: {text}")
    return time.fromisoformat(text)


def parse(line):
    fields = line.split(",")
    if len(fields) != COLUMNS.count(",") + 1 or any(f != f.strip() or not f for f in fields):
        raise ValueError("wrong number of columns, or blanks")
    row = dict(zip(COLUMNS.split(","), fields))
    checks = {"jurisdiction": r"US|GB|CA|US-[A-Z]{2}|policy|switch:[a-z_]+|position:US-[A-Z]{2}", "cap24h": r"-|[1-9]\d?",
              "holidays": "-|federal|state", "certainty": "[ABCM]|-"}
    for column, allowed in checks.items():
        if not re.fullmatch(allowed, row[column]):
            raise ValueError(f"{column}: {row[column]}")
    row["from"] = date.min if row["valid_from"] == "-" else date.fromisoformat(row["valid_from"])
    row["to"] = date.max if row["valid_to"] == "-" else date.fromisoformat(row["valid_to"])
    if row["from"] > row["to"]:
        raise ValueError("valid_to is before valid_from")
    if row["jurisdiction"].startswith(("switch:", "position:")):
        if (row["days"], row["open"], row["close"]) != ("-", "-", "-"):
            raise ValueError("a switch or position has no hours")
        row["days"] = None
        return row
    row["days"], row["open"], row["close"] = days(row["days"]), clock(row["open"]), clock(row["close"])
    if row["open"] >= row["close"]:
        raise ValueError("open is not before close")
    return row


def problems(text, closed):
    """What is wrong with the file; `closed` are the jurisdictions that have holidays on file."""
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line and not line.startswith("#")]
    if not lines or lines[0][1] != COLUMNS:
        return ["the first row must name the columns: " + COLUMNS]
    rows, found = [], []
    for n, line in lines[1:]:
        try:
            rows.append((n, parse(line)))
        except ValueError as problem:
            found.append(f"line {n}: {problem}")
    hours = [(n, row) for n, row in rows if row["days"]]
    for i, (n, a) in enumerate(hours):
        for m, b in hours[:i]:
            if a["jurisdiction"] == b["jurisdiction"] and a["days"] & b["days"] \
                    and a["from"] <= b["to"] and b["from"] <= a["to"]:
                found.append(f"lines {m} and {n} overlap")
            if a["jurisdiction"] == f"US-{a['jurisdiction'][3:]}" and b["jurisdiction"] == "US" \
                    and not b["open"] <= a["open"] < a["close"] <= b["close"]:
                found.append(f"line {n}: outside the federal hours")
            if a["jurisdiction"] == b["jurisdiction"] and (a["cap24h"], a["holidays"]) != (b["cap24h"], b["holidays"]) \
                    and a["from"] <= b["to"] and b["from"] <= a["to"]:
                found.append(f"lines {m} and {n} differ in caps or holidays")
        country = {"policy": "US"}.get(a["jurisdiction"], a["jurisdiction"][:2])
        lists = {"federal": {country}, "state": {country, a["jurisdiction"]}, "-": set()}[a["holidays"]]
        found += [f"line {n}: no holidays of {name}" for name in sorted(lists - closed)]
    found += [f"no row for {name}" for name in ("US", "GB", "CA", "policy")
              if not any(row["jurisdiction"] == name for _, row in hours)]
    return found


def main():
    holidays = FILE.with_name("holidays.csv").read_text("ascii").splitlines()
    closed = {line.split(",")[1] for line in holidays if not line.startswith("#")}
    found = problems(FILE.read_text("ascii"), closed)
    sys.exit("\n".join(found) or 0)


if __name__ == "__main__":
    main()
