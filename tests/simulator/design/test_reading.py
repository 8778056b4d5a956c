"""Reading is bounded: whatever the bytes, the answer is plain data or one InvalidDesign, in good time."""

import json
import math
import sys
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.design.reading import read_text
from simulator.design.refusal import Refused
from simulator.design.yaml_text import read_yaml
from simulator.errors import InvalidDesign


def refusal(text, **options):
    with pytest.raises(InvalidDesign) as caught:
        read_text(text, **options)
    (problem,) = caught.value.problems
    assert len(problem.message) <= 300
    return problem


def test_yaml_and_json_give_the_same_data():
    data = {
        "format": "headrace/1",
        "nodes": [{"id": "web", "config": {"rate": 2.5, "list": [1, [], {}, [[True, None]]]}}, {"id": "q"}],
        "edges": [],
        "text": "Grüße 🎉",
    }
    assert read_text(json.dumps(data)) == data
    assert read_text(json.dumps(data, ensure_ascii=False)) == data
    assert read_text(yaml.safe_dump(data)) == data
    assert read_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True)) == data


def test_plain_yaml_scalars_follow_the_core_schema_of_yaml_1_2():
    text = """
country: NO
switch: on
flag: true
nothing:
tilde: ~
octal: 017
hex: 0x1F
real: 1e3
half: .5
minus: -3
date: 2024-01-01
clock: 12:30:00
version: 1.2.3
quoted: '5'
12: number as key
true: word as key
"""
    assert read_text(text) == {
        "country": "NO",
        "switch": "on",
        "flag": True,
        "nothing": None,
        "tilde": None,
        "octal": 17,
        "hex": 31,
        "real": 1000.0,
        "half": 0.5,
        "minus": -3,
        "date": "2024-01-01",
        "clock": "12:30:00",
        "version": "1.2.3",
        "quoted": "5",
        "12": "number as key",
        "true": "word as key",
    }


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)

REFUSED = [
    (BOMB, "D100", "line 1, column 4"),
    ("a: 1\nb: *a\n", "D100", "line 2, column 4"),
    ("a: &x 1\n", "D100", "anchors"),
    ("a: {<<: {b: 1}}", "D100", "merge"),
    ("a: !!python/object/apply:os.system [ls]", "D100", "tags"),
    ("a: !!str 5", "D100", "tags"),
    ("a: ! x", "D100", "tags"),
    ("a: 1\nb: 2\na: 3\n", "D100", "line 3, column 1"),
    ('{"a": 1,\n "b": {"c": 1, "d": 2, "c": 3}}', "D100", "line 2, column 24"),
    ('{"a": NaN}', "D100", "line 1, column 7"),
    ('{"a": [1, -Infinity]}', "D100", "line 1, column 11"),
    ('{"a": 1e999}', "D100", "1e999"),
    ("a: .nan", "D100", "line 1, column 4"),
    ("a: -.inf", "D100", "finite"),
    ("a: 1e999", "D100", "finite"),
    ('{"a": ' + "9" * 5000 + "}", "D100", "5000 digits"),
    ("a: " + "9" * 5000, "D100", "5000 digits"),
    ("[" * 100_000, "D108", "column 65"),
    ('{"a":' * 70 + "1" + "}" * 70, "D108", "deeper than 64"),
    ("[" * 65 + "]" * 65, "D108", "column 65"),
    ("- " * 65 + "x", "D108", "deeper than 64"),
    ("a: " + "[" * 1_000_000, "D108", "deeper than 64"),
    ("a: " + "{b: " * 1_000_000, "D108", "deeper than 64"),
    ("? " * 100_000, "D100", "key"),
    ("? [a]\n: 1", "D100", "key"),
    ("", "D100", "empty"),
    (b"", "D100", "empty"),
    (" \n\t\n", "D100", "empty"),
    ("# only a comment\n", "D100", "empty"),
    ("a: b: c", "D100", "line 1, column 5"),
    ("a:\n\t- b", "D100", "line 2, column 1"),
    ("a: [1, 2\nb: 3\n", "D100", "line 2"),
    ("a: 1\n---\nb: 2\n", "D100", "line 2, column 1"),
    ('{"a": 1,}', "D100", "line 1, column 9"),
    ('{"a": 1} x', "D100", "line 1, column 10"),
    ('{"a": "b', "D100", "line 1, column 7"),
    ('{"a": "b\nc"}', "D100", "line 1"),
    ("{a: 1}", "D100", "read as JSON"),
    (b"a: \xff", "D100", "line 1, column 4"),
    (b"ab: 1\nc: \xc3\x28", "D100", "line 2, column 4"),
    (b"\xff\xfea", "D100", "UTF-16"),
    ("a: 1".encode("utf-32"), "D100", "UTF-32"),
    ("a: \0", "D100", "NUL"),
    (b'{"a": 1}\0', "D100", "NUL"),
    ('{"a": "\\u0000"}', "D100", "NUL"),
    ('{"a": "\\ud800"}', "D100", "surrogate"),
    ('{"\\udc00": 1}', "D100", "surrogate"),
    ("a: '\ud800'", "D100", "surrogate"),
    ('a: "\\0"', "D100", "NUL"),
    ("a: \x07", "D100", "line 1, column 4"),
]


@pytest.mark.parametrize(("text", "code", "part"), REFUSED, ids=lambda value: repr(value)[:30])
def test_dangerous_or_broken_text_is_refused_at_once_with_its_place(text, code, part):
    begin = time.perf_counter()
    problem = refusal(text)
    assert time.perf_counter() - begin < 5
    assert problem.code == code
    assert part in f"{problem.message} {problem.hint}"


def test_nesting_up_to_the_bound_is_read():
    assert json.dumps(read_text("[" * 64 + "]" * 64)) == "[" * 64 + "]" * 64
    assert read_text("- " * 63 + "x")
    assert read_text("a: " + "[" * 63 + "]" * 63)


@pytest.mark.parametrize("limit", [1_000, 10_000])
def test_what_nests_too_deep_is_said_however_deep_the_parser_may_go(limit):
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)  # as the interpreter of JSONata does when it begins
    try:
        with pytest.raises(InvalidDesign) as refused:
            read_text('{"a":' * 5_000 + "}" * 5_000)  # of which no value stands in the innermost
    finally:
        sys.setrecursionlimit(before)
    assert refused.value.problems[0].code == "D108"


def test_more_bytes_than_the_limit_are_refused():
    assert refusal("a: " + "x" * 10_000_000).code == "D108"
    assert refusal(b"a: " + b"x" * 10_000_000).code == "D108"
    assert refusal("a: xyz", limit=5).code == "D108"
    assert refusal("a: äöü", limit=8).code == "D108"
    assert read_text("a: äöü", limit=9) == {"a": "äöü"}


@pytest.mark.parametrize(
    "text",
    ['{"a":[' + "1," * 2_400_000 + "1]}", "a: [" + "1," * 2_400_000 + "1]", "[" + "[]," * 3_000_000 + "[]]"],
    ids=["json", "yaml", "empty lists"],
)
def test_ten_megabytes_of_values_are_refused_or_read_within_bounds(text):
    begin = time.perf_counter()
    if text.startswith("[["):
        assert read_text(text) == [[]] * 3_000_001
    else:
        assert refusal(text).code == "D108"
    assert time.perf_counter() - begin < 30


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(encoding):
    assert read_text("a: ü\n".encode(encoding)) == {"a": "ü"}
    assert read_text('{"a": "ü"}'.encode(encoding)) == {"a": "ü"}
    assert read_text("\ufeffa: 1") == {"a": 1}


def test_the_parser_of_pure_python_gives_the_same(monkeypatch):
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert read_text("a: {b: [1, x, {c: 2.5}]}\nd:\n- e: f\n  g: h\n") == {
        "a": {"b": [1, "x", {"c": 2.5}]},
        "d": [{"e": "f", "g": "h"}],
    }
    assert refusal(BOMB).code == "D100"
    assert refusal("a: [").code == "D100"
    assert refusal("a: \x07").code == "D100"
    assert refusal('a: "\\ud800"').code == "D100"


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=200)
    | st.binary(max_size=200)
    | st.text(alphabet="{}[]\":,-?&*!<>|#%@`' \n\tab01.eE+\\", max_size=80)
)
def test_any_text_is_data_or_invalid_design(text):
    found, data = [], None
    try:
        data = read_text(text)
    except InvalidDesign as error:
        found = error.problems
    assert len(found) <= 1
    assert all(problem.code in ("D100", "D108") and problem.message for problem in found)
    json.dumps(data, allow_nan=False, ensure_ascii=False).encode()


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text("abcdefgh-.", max_size=8), inner, max_size=5)
    ),
    max_leaves=30,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text("abcdefgh", min_size=1, max_size=8), PLAIN, max_size=5))
def test_what_json_writes_reads_back_by_either_reader(data):
    text = json.dumps(data)
    assert read_text(text) == data
    # JSON is YAML but for \/ and pairs of surrogates; written without escapes it is both
    assert _same(read_yaml(json.dumps(data, ensure_ascii=False)), data)


def _same(found, expected):
    if isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=1e-15)
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(_same(found[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(_same, found, expected))
    return found == expected


def test_a_refusal_names_at_most_the_beginning_of_a_long_key():
    assert len(refusal(f"{'k' * 500}: 1\n{'k' * 500}: 2\n").message) < 120
    assert Refused("D100", "x").hint == ""
