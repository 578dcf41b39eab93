#!/usr/bin/env python3
"""Writes phone numbers as people write them, with what libphonenumber makes of each, by the PyPI package
`phonenumbers`, a port that nobody here wrote: number, region, E.164 or nothing if it is no valid number.

    python3 -m venv V && V/bin/pip install phonenumbers==9.0.43    (VERSION below)
    V/bin/python phone_cases.py FILE --count 100000    for PHONE_CASES=FILE cargo test -p leadline-domain --test numbers
    V/bin/python phone_cases.py                        write phone_sample.csv, a few hundred of them
    V/bin/python phone_cases.py --check                exit 1 if that file is not what would be written

The same seed gives the same numbers. Digits are random: the real shapes of a country's numbers, not numbers
of people; phone_sample.csv holds only numbers that are set aside for examples.
"""
import argparse
import csv
import io
import random
import re
import sys
from pathlib import Path

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat

VERSION = "9.0.43"
SAMPLE = Path(__file__).with_name("phone_sample.csv")
SEED = 20261201
REGIONS = """AG AI AS AU BB BM BS CA CC CX DM DO GB GD GG GU IE IM JE JM KN KY LC MP MS NZ PR SX TC TT US VC VG
VI""".split()
NANP = {region for region in REGIONS if phonenumbers.country_code_for_region(region) == 1}
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212"
BLANKS = " \u00a0\u2009"
KINDS = "fixed_line mobile toll_free premium_rate shared_cost personal_number voip pager uan".split()
# ITU and the regulators set these aside: NANPA 555-01xx, Ofcom, ACMA, ComReg, and the like of New Zealand.
EXAMPLES = {"US": "305555010{}", "CA": "416555010{}", "PR": "787555010{}", "BS": "242555010{}", "JM": "876555010{}",
            "GB": "207946000{}", "AU": "49157015{}", "IE": "20910010{}"}


def shapes(region):
    """National numbers of a region: the examples of its kinds, in which the last digits are drawn anew."""
    metadata = PhoneMetadata.metadata_for_region(region)
    found = [getattr(metadata, kind).example_number for kind in KINDS if getattr(metadata, kind)]
    return [number for number in found if number]


def drawn(rng, region):
    """A national number: of a real shape, near one, or of any digits."""
    number = rng.choice(shapes(region))
    kind = rng.random()
    if kind < 0.7:
        keep = rng.randint(3, len(number))
        return number[:keep] + "".join(rng.choice("0123456789") for _ in number[keep:])
    if kind < 0.8:
        return number[:-1] if rng.random() < 0.5 else number + rng.choice("0123456789")
    return "".join(rng.choice("0123456789") for _ in range(rng.randint(4, 13)))


def grouped(rng, national):
    """The digits in groups, with separators and brackets."""
    if rng.random() < 0.25:
        return national
    separator = rng.choice([" ", "-", ".", rng.choice(DASHES), rng.choice(BLANKS), " - ", "/"])
    cuts = [3, 6] if rng.random() < 0.7 else sorted(rng.sample(range(1, len(national)), min(2, len(national) - 1)))
    groups = [group for group in (national[:cuts[0]], national[cuts[0]:cuts[-1]], national[cuts[-1]:]) if group]
    if rng.random() < 0.3:
        groups[0] = f"({groups[0]})"
        return groups[0] + rng.choice(["", " "]) + separator.join(groups[1:])
    return separator.join(groups)


def with_code(rng, region, national, grouped_digits):
    """With a country code, as it is dialed from somewhere, or without."""
    code = str(phonenumbers.country_code_for_region(region))
    trunk = phonenumbers.ndd_prefix_for_region(region, True) or ""
    space = rng.choice(["", " ", "-", "."])
    kind = rng.random()
    if kind < 0.35:
        return grouped_digits
    if kind < 0.5:
        return f"{trunk}{space if region in NANP else ''}{grouped_digits}"
    if kind < 0.75:
        return f"+{code}{space}{grouped_digits}"
    if kind < 0.8:
        return f"+{code} (0){grouped_digits}"
    if kind < 0.85:
        return f"(+{code}) {grouped_digits}"
    if kind < 0.9:
        return f"00{space}{code}{space}{grouped_digits}"
    if kind < 0.95:
        return f"011{space}{code}{space}{grouped_digits}"
    return f"{code}{space}{grouped_digits}"


def dressed(rng, text):
    """With what else people and programs put into a phone field."""
    kind = rng.random()
    if kind < 0.05:
        return text + rng.choice([" ext. 12", " x12", "x3", " ext 4", " #12", ";ext=12", ", ext 7", " extension 9"])
    if kind < 0.09:
        return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    if kind < 0.11:
        return "".join(chr(0x660 + int(c)) if c.isascii() and c.isdigit() else c for c in text)
    if kind < 0.13:
        return rng.choice(["\u202a", "\ufeff", " ", "tel:"]) + text + rng.choice(["\u202c", " ", ""])
    if kind < 0.16:
        return rng.choice(["Cell: ", "Tel. ", "Mobile ", "phone "]) + text
    if kind < 0.18:
        return text + rng.choice([" (cell)", " (home)", " mobile", ".", ","])
    if kind < 0.22:
        at = rng.randrange(len(text))
        return text[:at] + rng.choice("OolISBxABCe") + text[at + 1:]
    if kind < 0.235:
        digits = re.sub(r"\D", "", text)
        return rng.choice([f"{digits}.0", f"{digits}.00", f"{digits[:1]}.{digits[1:]}E{len(digits) - 1}"])
    if kind < 0.25:
        return text + rng.choice([" / ", " or ", "; ", ", ", "/"]) + text[:-1] + rng.choice("0123456789")
    if kind < 0.26:
        at = rng.randrange(len(text))
        return text[:at] + rng.choice("*?_#:'") + text[at:]
    return text


def verdict(text, region):
    """E.164, or nothing."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if phonenumbers.is_valid_number(number) else ""


def rows(count, seed):
    rng = random.Random(seed)
    for _ in range(count):
        region = rng.choice(["US", "US", "US", "CA", "GB", "GB"] + REGIONS)
        national = drawn(rng, region)
        text = dressed(rng, with_code(rng, region, national, grouped(rng, national)))
        # Most people fill in a form of their own country.
        at = region if rng.random() < 0.8 else rng.choice(REGIONS)
        yield text, at, verdict(text, at)


def sample(seed):
    rng = random.Random(seed)
    for n in range(320):
        region = list(EXAMPLES)[n % len(EXAMPLES)]
        national = EXAMPLES[region].format(rng.randrange(10))
        text = dressed(rng, with_code(rng, region, national, grouped(rng, national)))
        at = region if rng.random() < 0.8 else rng.choice(list(EXAMPLES))
        read = verdict(text, at)
        # A number of another country may be one of a person here.
        if not read.startswith("+1") or re.fullmatch(r"\+1\d{3}55501\d\d", read):
            yield text, at, read


def written(cases):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["number", "region", "e164"])
    writer.writerows(cases)
    return out.getvalue().encode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    assert phonenumbers.__version__ == VERSION, phonenumbers.__version__
    if options.file:
        options.file.write_bytes(written(rows(options.count, options.seed)))
        return 0
    made = written(sample(options.seed))
    if not options.check:
        SAMPLE.write_bytes(made)
    elif SAMPLE.read_bytes() != made:
        print(f"{SAMPLE.name} is not what {Path(__file__).name} writes", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
