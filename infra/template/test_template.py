"""Asserts on the expanded template, and shows of every assertion that it can fail."""

import copy

import pytest

import checks
from expand import expand, load
from mistakes import MISTAKES

SOURCE = load()


def named(check):
    return check.__name__.replace("_", " ")


@pytest.fixture(scope="session")
def expanded():
    return expand(SOURCE)


@pytest.mark.parametrize("check", checks.ALL, ids=named)
def test_template(check, expanded):
    assert check(expanded) == []


@pytest.mark.parametrize(
    ("plant", "check"), [mistake[1:] for mistake in MISTAKES], ids=[m[0] for m in MISTAKES]
)
def test_planted_mistake_is_noticed(plant, check):
    broken = copy.deepcopy(SOURCE)
    plant(broken)
    assert broken != SOURCE, "the mistake changed nothing"
    assert check(expand(broken)), "nobody would notice"


def test_every_check_is_known_to_fail():
    assert {mistake[2] for mistake in MISTAKES} == set(checks.ALL)
