"""Topic bindings against RabbitMQ's own expectations, and against a plain reference."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kinds.rabbitmq.topic_matching import matches

#: Recorded expectations lie beside the repository, or where the environment says.
FOLDER = Path(
    os.environ.get("HEADRACE_CONFORMANCE", Path(__file__).resolve().parents[5] / "shared/conformance")
)
RECORDED = FOLDER / "rabbitmq_topic_bindings.json"


def recorded_cases() -> list[Any]:
    if not RECORDED.exists():
        absent = pytest.mark.skip(reason="the recorded expectations are not beside the repository")
        return [pytest.param([], "", [], marks=absent)]
    return [
        pytest.param(group["bindings"], case["routing_key"], case["expected_queues"], id=f"{group['id']}-{n}")
        for group in json.loads(RECORDED.read_text())["sets"]
        for n, case in enumerate(group["cases"])
    ]


@pytest.mark.parametrize(("bindings", "key", "expected"), recorded_cases())
def test_a_key_reaches_the_queues_that_rabbitmq_says(bindings: list[Any], key: str, expected: list[str]):
    assert {one["queue"] for one in bindings if matches(one["binding_key"], key)} == set(expected)


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("stock.*", ["stock.nyse", "stock."], ["stock", "stock.nyse.ibm"]),
        ("stock.#", ["stock", "stock.nyse", "stock.nyse.ibm"], ["stocks", ""]),
        ("#.ibm", ["ibm", "stock.ibm", "a.b.ibm", ".ibm"], ["ibm.a", ""]),
        ("*.#", ["a", "a.b", "."], [""]),
        ("stock.#.ibm", ["stock.ibm", "stock.a.b.ibm"], ["stock", "ibm", "stock.ibm.a"]),
        ("", [""], ["a", "."]),
        ("#", ["", "a", "a.b", "."], []),
        ("#.#", ["", "a", "a.b"], []),
        ("*", ["a"], ["", "a.b", "."]),
        (".a", [".a"], ["a", "b.a"]),
        ("*.a", [".a", "b.a"], ["a"]),
        ("a..b", ["a..b"], ["a.b", "a.x.b"]),
        ("a*.b", ["a*.b"], ["ax.b"]),
        ("a#", ["a#"], ["a", "ab"]),
    ],
)
def test_the_words_of_a_pattern_say_what_it_matches(pattern: str, matching: list[str], others: list[str]):
    assert [key for key in matching if not matches(pattern, key)] == []
    assert [key for key in others if matches(pattern, key)] == []


def plainly(pattern: list[str], key: list[str]) -> bool:
    """The rule as it is said, tried out."""
    if not pattern:
        return not key
    if pattern[0] == "#":
        return plainly(pattern[1:], key) or (bool(key) and plainly(pattern, key[1:]))
    return bool(key) and pattern[0] in ("*", key[0]) and plainly(pattern[1:], key[1:])


@given(
    st.lists(st.sampled_from(["a", "b", "", "*", "#"]), max_size=6),
    st.lists(st.sampled_from(["a", "b", "", "#", "*"]), max_size=7),
)
def test_it_is_the_rule_tried_out(pattern: list[str], key: list[str]):
    dotted, routing_key = ".".join(pattern), ".".join(key)
    said = plainly(dotted.split(".") if dotted else [], routing_key.split(".") if routing_key else [])
    assert matches(dotted, routing_key) == said


def test_many_hashes_cost_no_more_than_a_step_for_each_word():
    pattern = ".".join(["#", "a"] * 60 + ["b"])
    start = time.perf_counter()
    assert not matches(pattern, ".".join(["a"] * 5_000))
    assert time.perf_counter() - start < 5.0
