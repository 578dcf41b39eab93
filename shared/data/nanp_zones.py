#!/usr/bin/env python3
"""Writes nanp_zones.csv: North American area code -> every IANA zone its numbers may be in and its
US state, from libphonenumber's data as the PyPI package `phonenumbers` carries it. An area code is
never narrowed to one exchange: mobiles and ported numbers do not follow exchanges.

    python3 -m venv V && V/bin/pip install phonenumbers==9.0.43    (VERSION below)
    V/bin/python nanp_zones.py                 write the file
    V/bin/python nanp_zones.py --check         exit 1 if the file is not what would be written
    python3 nanp_zones.py --check-file         only the assertions, on the file as it is; no package
"""
import argparse
import re
import sys
from collections import defaultdict
from pathlib import Path

FILE = Path(__file__).with_name("nanp_zones.csv")
VERSION = "9.0.43"
COLUMNS = "area_code,country,kind,zones,states"
CODES = [str(code) for code in range(200, 1000)]
KINDS = """fixed_line mobile toll_free premium_rate shared_cost personal_number voip pager uan voicemail
no_international_dialling""".split()

# Overlays that numbers of a two-zone parent share, where the source gives the overlay less than
# its parent. Checked below: same state or province, and no finer rows of its own.
OVERLAYS = {
    "364": ["270"],         # Kentucky
    "367": ["418"], "581": ["418"],  # Quebec
    "273": ["418"],         # Quebec; newer than the others: which part of it is not looked up, so wide
    "448": ["850"],         # Florida
    "458": ["541"],         # Oregon
    "474": ["306", "639"],  # Saskatchewan; the source says Winnipeg
    "236": ["250", "604"], "257": ["250", "604"], "672": ["250", "604"], "778": ["250", "604"],
    "689": ["321", "407"],  # Florida (Orlando); the source says Chicago
    "879": ["709"],         # Newfoundland and Labrador
    "930": ["812"],         # Indiana
    "986": ["208"],         # Idaho
}
# The other way round: the source gives the parent less than its overlay.
PARENTS = {"709": ["879"]}  # Newfoundland and Labrador
# Without finer rows, in a state or province of several zones, and looked at: their numbers are in
# the part that their own base row names. A code in neither list stops the generator.
STANDALONE = set("""239 305 321 324 352 386 407 561 645 656 727 728 754 772 786 813 863 904 941
954 260 317 463 765 502 859 615 629 731 865 901 931 316 913 402 531 231 248 269 313 517 586 616 734
810 947 989 503 971 480 520 602 623 702 725 604 249 226 289 343 365 382 416 437 519 548 613 647 683
705 742 753 905 942 263 354 438 450 468 514 579 819 873 306 639 210 214 254 281 325 346 361 409 430
432 469 512 682 713 726 737 806 817 830 832 903 915 936 940 945 956 972 979""".split())

STATES = dict(zip("""AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO
MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY""".split(),
    """Alabama;Alaska;Arizona;Arkansas;California;Colorado;Connecticut;Delaware;Washington D.C.;Florida;
Georgia;Hawaii;Idaho;Illinois;Indiana;Iowa;Kansas;Kentucky;Louisiana;Maine;Maryland;Massachusetts;
Michigan;Minnesota;Mississippi;Missouri;Montana;Nebraska;Nevada;New Hampshire;New Jersey;New Mexico;
New York;North Carolina;North Dakota;Ohio;Oklahoma;Oregon;Pennsylvania;Rhode Island;South Carolina;
South Dakota;Tennessee;Texas;Utah;Vermont;Virginia;Washington State;West Virginia;Wisconsin;Wyoming
""".replace("\n", "").split(";")))
REGIONS = {name: code for code, name in STATES.items()} | {
    "Alberta": "AB", "British Columbia": "BC", "British Colombia": "BC", "Manitoba": "MB", "New Brunswick": "NB",
    "Newfoundland and Labrador": "NL", "Ontario": "ON", "Quebec": "QC", "Saskatchewan": "SK"}

TERRITORIES = {"AS", "GU", "MP", "PR", "VI"}  # countries of their own in the source
# Rows that name another state than their area code's own row does; a new one stops the generator.
STRAY = {("201", "NY")}  # one exchange of 99
BY_AREA_CODE = {
    "FL": "239 305 321 324 352 386 407 448 561 645 656 689 727 728 754 772 786 813 850 863 904 941 954",
    "OK": "405 539 572 580 918",
    "OR": "458 503 541 971",
    "RI": "401",
}


def rows(prefixes):
    """(digits after the leading 1, value) of the prefixes of country code 1."""
    for prefix, value in prefixes.items():
        if prefix.startswith("1") and len(prefix) > 1:
            assert len(prefix) >= 4, f"{prefix} is shorter than an area code"
            yield prefix[1:], value


def geographic_countries(metadata):
    """Area code -> country, and the codes that are valid but belong to no place."""
    countries, elsewhere = defaultdict(set), set()
    for territory in metadata:
        country = territory.id
        if territory.leading_digits:
            for code in CODES:
                if re.fullmatch(territory.leading_digits, code):
                    countries[code].add(country)
            continue
        patterns = {kind: re.compile(pattern) for kind in KINDS
                    if (pattern := getattr(getattr(territory, kind), "national_number_pattern", None))}
        for code in CODES:
            used = {kind for kind, pattern in patterns.items() if any(
                pattern.fullmatch(f"{code}{exchange}4321") for exchange in range(200, 1000))}
            if "fixed_line" in used:
                countries[code].add(country)
            elif used:
                elsewhere.add((code, country))
    assert all(len(c) == 1 for c in countries.values()), "an area code of two countries"
    return {code: min(c) for code, c in countries.items()}, elsewhere


def region(place):
    name = place.rsplit(", ", 1)[-1]
    return REGIONS.get(name, name)


def regions(places):
    """Area code -> the states or provinces that its rows name, and what its own row names."""
    found, own = defaultdict(set), {}
    for digits, place in rows(places):
        found[digits[:3]].add(region(place))
        if len(digits) == 3:
            own[digits] = region(place)
    return found, own


def states_of(code, country, named, own):
    """US states of an area code. Its own row decides; without one, all its rows together."""
    if country in TERRITORIES:
        return {country}
    if country != "US":
        return set()
    if own:
        assert all((code, other) in STRAY for other in named - {own}), f"{code}: {own} or {named}?"
        named = {own}
    assert named <= set(STATES), f"{code}: no states: {named}"
    return named


def build(zones_of, places, metadata):
    own, finer = defaultdict(set), set()
    for digits, zones in rows(zones_of):
        own[digits[:3]] |= set(zones)  # the base row and all finer rows alike
        if len(digits) > 3:
            finer.add(digits[:3])
    countries, elsewhere = geographic_countries(metadata)
    where, own_row = regions(places)

    assert set(own) == set(countries), f"zones and countries disagree: {set(own) ^ set(countries)}"
    in_region = defaultdict(set)
    for code, names in where.items():
        for name in names:
            in_region[name] |= own[code]
    table = {}
    for code, zones in own.items():
        parents = OVERLAYS.get(code, []) + PARENTS.get(code, [])
        several = any(len(in_region[name]) > 1 for name in where.get(code, ()))
        if code not in finer and several and len(zones) == 1:
            assert parents or code in STANDALONE, f"{code} {where[code]}: overlay of what? {zones}"
        for parent in parents:
            assert code not in finer and where[code] & where[parent], f"{code} is no overlay of {parent}"
        inherited = zones.union(*(own[parent] for parent in parents))
        assert not parents or inherited > zones, f"{code} needs no entry in OVERLAYS or PARENTS"
        states = states_of(code, countries[code], where.get(code, set()), own_row.get(code))
        table[code] = (countries[code], "overlay" if code in OVERLAYS else "geographic", inherited, states)
    for code in {c for c, _ in elsewhere}:
        only = [country for c, country in elsewhere if c == code]
        table[code] = (only[0] if only == ["CA"] else "", "non_geographic", set(), set())
    for state in STATES:
        assert any(state in names and countries[c] == "US" for c, names in where.items()), f"no code of {state}"
    return table


def render(table):
    head = [
        "# North American area code -> all zones its numbers may be in. Made by nanp_zones.py, do not edit.",
        f"# From the PyPI package phonenumbers {VERSION} (tzdata, geodata, metadata), a port of libphonenumber.",
        "# Copyright (C) The Libphonenumber Authors, Apache License 2.0; changed: joined per area code.",
        COLUMNS,
    ]
    body = [f"{code},{country},{kind},{' '.join(sorted(zones))},{' '.join(sorted(states))}"
            for code, (country, kind, zones, states) in sorted(table.items())]
    return "".join(line + "\n" for line in head + body)


def parse(text):
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines[0] == COLUMNS and lines[1:] == sorted(set(lines[1:])), "columns, order or repeats"
    table = {}
    for code, country, kind, zones, states in (line.split(",") for line in lines[1:]):
        assert code not in table and re.fullmatch("[2-9][0-9]{2}", code), code
        table[code] = (country, kind, set(zones.split()), set(states.split()))
    return table


def check(table):
    def zones(code):
        return {zone.removeprefix("America/") for zone in table[code][2]}

    for code, (country, kind, found, states) in table.items():
        assert kind in ("geographic", "overlay", "non_geographic"), code
        assert (kind == "non_geographic") == (not found), f"{code}: empty only without a place"
        assert len(found) < 10, f"{code}: looks like the catch-all row"
        assert country or kind == "non_geographic", code
        if country == "US":
            assert kind == "non_geographic" or len(states) == 1 and states <= set(STATES), f"{code}: {states}"
        else:
            assert states == ({country} & TERRITORIES), f"{code}: {states}"
    for code in "219 270 850 423 812 930 906 574 606".split():
        assert zones(code) == {"Chicago", "New_York"}, code
    for code in "308 620 785".split():
        assert zones(code) == {"Chicago", "Denver"}, code
    assert zones("541") == {"Los_Angeles", "Denver"}
    for overlay, parent in (("448", "850"), ("364", "270"), ("930", "812"), ("458", "541"), ("879", "709")):
        assert zones(overlay) == zones(parent), overlay
    assert zones("986") == zones("208") == {"Boise", "Denver", "Los_Angeles"}
    assert zones("305") == {"New_York"} and zones("808") == {"Pacific/Honolulu"}
    assert zones("907") >= {"Adak", "Anchorage"} and zones("928") == {"Phoenix", "Denver"}
    assert zones("689") >= zones("407") == {"New_York"}
    for code in "800 833 844 855 866 877 888 900 500".split():
        assert table[code] == ("", "non_geographic", set(), set()), code
    assert [table[c][0] for c in "212 416 787 876 671".split()] == ["US", "CA", "PR", "JM", "GU"]
    # States whose law or narrow hours go by the area code: exactly these.
    for state, codes in BY_AREA_CODE.items():
        assert {code for code, row in table.items() if state in row[3]} == set(codes.split()), state
    for state, code in zip("NY CA DC AK HI CT TX NJ PR".split(), "212 310 202 907 808 203 713 201 787".split()):
        assert table[code][3] == {state}, code


def build_from_package():
    import phonenumbers
    from phonenumbers.geodata import GEOCODE_DATA
    from phonenumbers.tzdata import TIMEZONE_DATA

    if phonenumbers.__version__ != VERSION:
        sys.exit(f"phonenumbers {VERSION} is wanted, {phonenumbers.__version__} is installed")
    places = {prefix: names["en"] for prefix, names in GEOCODE_DATA.items() if "en" in names}
    metadata = [phonenumbers.PhoneMetadata.metadata_for_region(country)
                for country in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1]]
    return build(TIMEZONE_DATA, places, metadata)


def main():
    options = argparse.ArgumentParser()
    either = options.add_mutually_exclusive_group()
    either.add_argument("--check", action="store_true", help="compare, write nothing")
    either.add_argument("--check-file", action="store_true", help="only the assertions; needs no package")
    given = options.parse_args()
    if given.check_file:
        return check(parse(FILE.read_text("ascii")))

    table = build_from_package()
    check(table)
    text = render(table)
    assert parse(text) == table
    if not given.check:
        FILE.write_bytes(text.encode("ascii"))
    elif FILE.read_bytes() != text.encode("ascii"):
        sys.exit(f"{FILE.name} is not what {Path(__file__).name} makes")


if __name__ == "__main__":
    main()
