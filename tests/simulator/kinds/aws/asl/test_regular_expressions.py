"""Regular expressions whose work is counted find what Python's find."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.kinds.aws.asl.regular_expressions import Budget, Pattern, TooMuchWork

_PATTERNS = [
    r"(a+)+$",
    r"([a-z]+\.)+c",
    r"(\d+)-(\d+)",
    r"\s+",
    r"a|ab|abc",
    r"(a|b)*?c",
    r"(?=a)\w+",
    r"(?<=b)a",
    r"(a)(b)?",
    r"(\w)\1",
    r"a{2,3}?",
    r"x*",
    r"(?:ab|a)(?:bc|c)?",
    r"\bab\b",
    r"^\s*(\w+)\s*=\s*(\w+)\s*$",
    r"(?!b)[ab]c",
    r"a*+b",
    r"(?>a|ab)c",
    r"[^a-c]+",
    r"$",
    r".",
    r"((a)|b)+",
]


def _found(pattern, text):
    return [(match.start(), match.end(), match.group(), match.groups()) for match in pattern.finditer(text)]


@given(
    pattern=st.sampled_from(_PATTERNS),
    flags=st.sampled_from([0, re.IGNORECASE, re.MULTILINE]),
    text=st.text(st.sampled_from("aAbBcC1- \n=x."), max_size=10),
)
@settings(max_examples=200)
def test_matches_are_those_of_python(pattern, flags, text):
    mine, theirs = Pattern(pattern, flags, Budget(100_000)), re.compile(pattern, flags)
    assert _found(mine, text) == _found(theirs, text)
    assert (mine.fullmatch(text) is None) == (theirs.fullmatch(text) is None)
    assert mine.sub(r"<\g<0>>", text) == theirs.sub(r"<\g<0>>", text)


def test_work_is_counted_and_bounded():
    budget = Budget(100_000)
    assert Pattern("(a+)+$", 0, budget).search("a" * 1_000 + "b") is None
    assert 0 < budget.steps - budget.left < 15 * 1_000
    with pytest.raises(TooMuchWork, match="more than 500 steps"):
        Pattern("(a+)+$", 0, Budget(500)).search("a" * 1_000 + "b")


@pytest.mark.parametrize("pattern", ["(", "(a)?(?(1)b|c)", "(?i:a)", "(a{1000}){1000}"])
def test_what_is_left_out_is_refused(pattern):
    with pytest.raises(re.error):
        Pattern(pattern, 0, Budget(1))
