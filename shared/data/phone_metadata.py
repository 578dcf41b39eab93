#!/usr/bin/env python3
"""Writes phone_metadata.binpb, the numbering plans by which numbers are read: a part of what the crate
`rlibphonenumber` carries, so that a fresh process has less to set up. And calling_codes.csv, the calling
codes of all the countries that are left out, so that a number of one of them is refused by its country.

    python3 phone_metadata.py              write the files (calling_codes.csv needs phonenumbers==VERSION)
    python3 phone_metadata.py --check      exit 1 if a file is not what would be written
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PLANS = HERE / "phone_metadata.binpb"
CODES = HERE / "calling_codes.csv"
CRATE, CRATE_VERSION = "rlibphonenumber", "2.2.15"
VERSION = "9.0.43"  # of the PyPI package `phonenumbers`
# A calling code is kept whole: all 25 of +1, and Guernsey, the Isle of Man and Jersey with Great Britain.
NANP = "AG AI AS BB BM BS CA DM DO GD GU JM KN KY LC MP MS PR SX TC TT US VC VG VI".split()
KEEP = set(NANP + "GB GG IM JE IE AU CC CX NZ".split())
KEPT_CODES = {1, 44, 353, 61, 64}


def crate_metadata():
    """The whole metadata, as the crate has it."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    found = subprocess.run(command, cwd=HERE, capture_output=True, check=True, text=True)
    package = [package for package in json.loads(found.stdout)["packages"] if package["name"] == CRATE]
    assert [package["version"] for package in package] == [CRATE_VERSION], package
    return (Path(package[0]["manifest_path"]).parent / "src/generated/metadata/metadata.bin").read_bytes()


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """(number, value, whole bytes) of every field of a message of the protobuf wire format."""
    at = 0
    while at < len(data):
        start = at
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 2:
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
            assert len(value) == length
        else:
            raise ValueError(f"field {number} of kind {kind}")
        yield number, value, data[start:at]


def subset(data):
    """The regions of KEEP, in the order of the source. PhoneMetadata: 9 is the id, 10 the calling code."""
    kept, seen = b"", set()
    for number, value, whole in fields(data):
        assert number == 1, number
        of = {n: v for n, v, _ in fields(value) if n in (9, 10)}
        region, code = of[9].decode(), of[10]
        assert (region in KEEP) == (code in KEPT_CODES), f"{region} of +{code}: a calling code is kept whole"
        if region in KEEP:
            seen.add(region)
            kept += whole
    assert seen == KEEP, KEEP - seen
    return kept


def codes():
    import phonenumbers
    assert phonenumbers.__version__ == VERSION, phonenumbers.__version__
    rows = ["# Written by phone_metadata.py. Calling codes of the countries that are not read.", "code,regions"]
    for code, regions in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()):
        if code not in KEPT_CODES:
            rows.append(f"{code},{' '.join(regions) if regions != ('001',) else 'no single country'}")
    return ("\n".join(rows) + "\n").encode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    wrong = 0
    for file, made in ((PLANS, subset(crate_metadata())), (CODES, codes())):
        if not check:
            file.write_bytes(made)
        elif not file.exists() or file.read_bytes() != made:
            wrong += 1
            print(f"{file.name} is not what {Path(__file__).name} writes", file=sys.stderr)
        print(f"{file.name}: {len(made)} bytes")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
