"""The edges of the pattern language, beyond what was recorded from the service.

Sources, by the letter of the case: U, Amazon EventBridge user guide, *Creating event patterns*, *Comparison
operators*; R, how the open-source matcher aws/event-ruler reads patterns and events; S, Amazon SNS developer
guide, *Amazon SNS subscription filter policies*, *Filter policy constraints*.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kinds.aws import event_patterns, filter_policies
from simulator.kinds.aws.event_explain import explain

MATCH, NO_MATCH, INVALID = "match", "no match", "invalid"
OTHER = {"other": 1}


def one(rule: Any) -> dict[str, Any]:
    return {"a": [rule]}


def value(found: Any) -> dict[str, Any]:
    return {"a": found}


def but(excluded: Any) -> dict[str, Any]:
    return one({"anything-but": excluded})


#: (source, pattern, event, expected)
CASES: list[tuple[str, Any, Any, str]] = [
    # -- anything-but ----------------------------------------------------------------------------
    ("U", but({"prefix": ["ab", "cd"]}), value("cde"), NO_MATCH),
    ("U", but({"prefix": ["ab", "cd"]}), value("ef"), MATCH),
    ("U", but({"suffix": [".txt", ".rtf"]}), value("x.rtf"), NO_MATCH),
    ("U", but({"suffix": [".txt", ".rtf"]}), value("x.pdf"), MATCH),
    ("U", but({"equals-ignore-case": ["ON", "Off"]}), value("oFF"), NO_MATCH),
    ("U", but({"equals-ignore-case": ["ON", "Off"]}), value("standby"), MATCH),
    ("U", but({"wildcard": ["*/tmp/*", "*.log"]}), value("/a/tmp/b"), NO_MATCH),
    ("U", but({"wildcard": ["*/tmp/*", "*.log"]}), value("a.log"), NO_MATCH),
    ("U", but({"wildcard": ["*/tmp/*", "*.log"]}), value("/a/b"), MATCH),
    ("U", but([100, 200]), value(200.0), NO_MATCH),
    ("U", but([100, 200]), value("200"), MATCH),
    ("U", but(["100"]), value(100), MATCH),
    # A value that is no string has no prefix: it is something else.
    ("R", but({"prefix": "ab"}), value(5), MATCH),
    ("R", but({"suffix": "ab"}), value(None), MATCH),
    ("R", but({"wildcard": "*"}), value(True), MATCH),
    ("R", but("x"), value(False), MATCH),
    ("R", but("x"), value(None), MATCH),
    ("R", but("x"), value({"b": "y"}), NO_MATCH),
    ("R", but("x"), value([]), NO_MATCH),
    ("R", but("x"), value(["x", "x"]), NO_MATCH),
    ("R", but("x"), OTHER, NO_MATCH),
    ("R", but({"wildcard": "a**b"}), None, INVALID),
    ("R", but({"wildcard": ["*", "a**b"]}), None, INVALID),
    ("R", but({"prefix": ["a", ""]}), None, INVALID),
    ("R", but({"equals-ignore-case": ["a", 1]}), None, INVALID),
    ("R", but({"prefix": {"equals-ignore-case": "a"}}), None, INVALID),
    ("R", but({"numeric": ["=", 1]}), None, INVALID),
    ("R", but({"exists": True}), None, INVALID),
    ("R", but({"prefix": "a", "suffix": "b"}), None, INVALID),
    ("R", but({}), None, INVALID),
    ("R", but(None), None, INVALID),
    ("R", but(True), None, INVALID),
    ("R", but([["x"]]), None, INVALID),
    # -- numbers ---------------------------------------------------------------------------------
    ("U", one({"numeric": [">", 0, "<=", 5]}), value(0), NO_MATCH),
    ("U", one({"numeric": [">", 0, "<=", 5]}), value(5), MATCH),
    ("U", one({"numeric": [">=", -5, "<", 0]}), value(-5.0), MATCH),
    ("U", one({"numeric": [">=", -5, "<", 0]}), value(-0.0), NO_MATCH),
    ("U", one({"numeric": ["=", 3.018e2]}), value(301.8), MATCH),
    ("U", one({"numeric": ["=", 0]}), value(False), NO_MATCH),
    ("U", one({"numeric": [">", 0]}), value("1"), NO_MATCH),
    ("U", one({"numeric": [">", 0]}), value([-1, "x", 2]), MATCH),
    ("U", one(300), '{"a": 3.0e2}', MATCH),
    ("U", one({"numeric": ["<=", 5e9]}), value(5_000_000_000), MATCH),
    ("U", one({"numeric": [">", -5_000_000_001]}), None, INVALID),
    ("R", one({"numeric": ["=", 5, "<", 6]}), None, INVALID),
    ("R", one({"numeric": [">", 1, "<"]}), None, INVALID),
    ("R", one({"numeric": [">", 1, "=", 2]}), None, INVALID),
    ("R", one({"numeric": [">", 1, ">=", 2]}), None, INVALID),
    ("R", one({"numeric": [">", 5, "<", 5]}), None, INVALID),
    ("R", one({"numeric": [">", True]}), None, INVALID),
    ("R", one({"numeric": [1, ">"]}), None, INVALID),
    ("R", one({"numeric": []}), None, INVALID),
    ("R", one({"numeric": ["==", 1]}), None, INVALID),
    ("R", one({"numeric": {">": 1}}), None, INVALID),
    # -- addresses -------------------------------------------------------------------------------
    ("U", one({"cidr": "2001:db8::/32"}), value("2001:db8:ffff::1"), MATCH),
    ("U", one({"cidr": "2001:db8::/32"}), value("2001:db9::1"), NO_MATCH),
    ("U", one({"cidr": "2001:db8::/32"}), value("10.0.0.1"), NO_MATCH),
    ("R", one({"cidr": "10.0.0.77/24"}), value("10.0.0.1"), MATCH),
    ("R", one({"cidr": "0.0.0.0/0"}), value("255.255.255.255"), MATCH),
    ("R", one({"cidr": "::/0"}), value("255.255.255.255"), NO_MATCH),
    ("R", one({"cidr": "10.0.0.0/8"}), value("010.1.2.3"), MATCH),
    ("R", one({"cidr": "10.0.0.0/8"}), value("10.1.2"), NO_MATCH),
    ("R", one({"cidr": "10.0.0.0/8"}), value("10.1.2.3/24"), NO_MATCH),
    ("R", one({"cidr": "10.0.0.1/32"}), None, INVALID),
    ("R", one({"cidr": "2001:db8::1/128"}), None, INVALID),
    ("R", one({"cidr": "10.0.0.0/33"}), None, INVALID),
    ("R", one({"cidr": "10.0.0.0/255.0.0.0"}), None, INVALID),
    ("R", one({"cidr": "10.0.0.0/-1"}), None, INVALID),
    ("R", one({"cidr": "10.0.0.0/"}), None, INVALID),
    ("R", one({"cidr": "10.0.0.0/8/8"}), None, INVALID),
    ("R", one({"cidr": "10.0.0/8"}), None, INVALID),
    ("R", one({"cidr": "fe80::1%eth0/64"}), None, INVALID),
    ("R", one({"cidr": ["10.0.0.0/8"]}), None, INVALID),
    # A value that is an address is compared as one.
    ("R", one("2001:db8::1"), value("2001:0DB8:0:0:0:0:0:1"), MATCH),
    ("R", one("10.0.0.1"), value("10.0.0.001"), MATCH),
    ("R", one("10.0.0.1"), value("10.0.0.10"), NO_MATCH),
    # -- wildcards -------------------------------------------------------------------------------
    ("U", one({"wildcard": "*"}), value(""), MATCH),
    ("U", one({"wildcard": "*"}), value(1), NO_MATCH),
    ("U", one({"wildcard": "a*"}), value("a"), MATCH),
    ("U", one({"wildcard": "ab*ba"}), value("aba"), NO_MATCH),
    ("U", one({"wildcard": r"a\*b"}), value("a*b"), MATCH),
    ("U", one({"wildcard": r"a\*b"}), value("axb"), NO_MATCH),
    ("U", one({"wildcard": r"a\\*"}), value("a\\xyz"), MATCH),
    ("U", one({"wildcard": "*ü*"}), value("grün"), MATCH),
    ("U", one({"wildcard": "a**"}), None, INVALID),
    ("U", one({"wildcard": "**"}), None, INVALID),
    ("R", one({"wildcard": r"a\*\*b"}), value("a**b"), MATCH),
    ("R", one({"wildcard": "a\\"}), None, INVALID),
    ("R", one({"wildcard": r"\a"}), None, INVALID),
    ("R", one({"wildcard": None}), None, INVALID),
    # -- text ------------------------------------------------------------------------------------
    ("U", one({"prefix": ""}), value("x"), MATCH),
    ("R", one({"prefix": ""}), value(1), NO_MATCH),
    ("U", one({"prefix": {"equals-ignore-case": "Ä"}}), value("äpfel"), MATCH),
    ("U", one({"suffix": {"equals-ignore-case": ".PNG"}}), value("a.Png"), MATCH),
    ("U", one({"equals-ignore-case": "grün"}), value("GRÜN"), MATCH),
    ("R", one({"equals-ignore-case": "1"}), value(1), NO_MATCH),
    ("R", one({"prefix": {"prefix": "a"}}), None, INVALID),
    ("R", one({"prefix": {"equals-ignore-case": 1}}), None, INVALID),
    ("R", one({"suffix": {"equals-ignore-case": ["a"]}}), None, INVALID),
    ("R", one({"exactly": "x"}), value("x"), MATCH),
    ("R", one({"exactly": "x"}), value("X"), NO_MATCH),
    ("R", one({"exactly": 1}), None, INVALID),
    ("U", one("日本"), '{"a": "\\u65e5\\u672c"}', MATCH),
    ("U", {"größe": ["x"]}, {"größe": "x"}, MATCH),
    ("U", one(""), value(""), MATCH),
    ("U", one(""), value(None), NO_MATCH),
    ("U", one(None), value(None), MATCH),
    ("U", one(None), OTHER, NO_MATCH),
    ("U", one("null"), value(None), NO_MATCH),
    ("U", one(True), value("true"), NO_MATCH),
    ("U", one(False), value(0), NO_MATCH),
    # -- exists ----------------------------------------------------------------------------------
    ("U", one({"exists": True}), value(None), MATCH),
    ("U", one({"exists": True}), value({"b": 1}), NO_MATCH),
    ("U", one({"exists": False}), value({"b": 1}), MATCH),
    ("U", one({"exists": False}), value([]), MATCH),
    ("U", one({"exists": True}), value([]), NO_MATCH),
    ("U", one({"exists": True}), value([{"b": 1}]), NO_MATCH),
    ("U", {"a": {"b": [{"exists": False}]}}, OTHER, MATCH),
    ("U", {"a": {"b": [{"exists": False}]}}, value("text"), MATCH),
    ("U", {"a": {"b": [{"exists": True}]}}, value([{"c": 1}, {"b": 1}]), MATCH),
    ("R", {"a": {"b": [{"exists": False}]}}, value([{"c": 1}, {"b": 1}]), NO_MATCH),
    ("U", {"a": ["x", {"exists": False}]}, OTHER, MATCH),
    ("U", {"a": ["x", {"exists": False}]}, value("y"), NO_MATCH),
    ("R", one({"exists": "true"}), None, INVALID),
    ("R", one({"exists": 1}), None, INVALID),
    ("R", one({"exists": None}), None, INVALID),
    # -- arrays and paths ------------------------------------------------------------------------
    ("U", one(2), value([[1, [2]]]), MATCH),
    ("U", {"a.b": [1]}, {"a": {"b": 1}}, MATCH),
    ("U", {"a": {"b": [1]}}, {"a.b": 1}, MATCH),
    ("U", {"a": {"b": ["x"], "c": ["y"]}}, value([{"b": "x", "c": "n"}, {"b": "n", "c": "y"}]), NO_MATCH),
    ("U", {"a": {"b": ["x"], "c": ["y"]}}, value([{"b": ["n", "x"], "c": "y"}]), MATCH),
    ("R", {"a": {"b": {"c": [1], "d": [2]}}}, value([{"b": [{"c": 1}, {"c": 1, "d": 2}]}]), MATCH),
    ("R", {"a": {"b": [1]}, "c": {"d": [2]}}, {"a": [{"b": 1}], "c": [{"d": 9}, {"d": 2}]}, MATCH),
    # -- $or -------------------------------------------------------------------------------------
    ("U", {"$or": [{"a": [1]}, {"b": [2]}], "c": [3]}, {"b": 2, "c": 3}, MATCH),
    ("U", {"$or": [{"a": [1]}, {"b": [2]}], "c": [3]}, {"b": 2}, NO_MATCH),
    ("U", {"d": {"$or": [{"a": [1]}, {"$or": [{"b": [2]}, {"c": [3]}]}]}}, {"d": {"c": 3}}, MATCH),
    ("U", {"$or": [{"a": [1], "b": [2]}, {"c": [3]}]}, {"a": 1}, NO_MATCH),
    ("U", {"$or": [{"a": {"x": [1]}}, {"a": {"y": [{"exists": False}]}}]}, {"a": {"y": 1}}, NO_MATCH),
    (
        "U",
        {"$or": [{"a": [1]}, {"b": [2]}], "d": {"$or": [{"x": [1]}, {"y": [2]}]}},
        {"a": 1, "d": {"y": 2}},
        MATCH,
    ),
    # Of two conditions for one field the one written last counts.
    ("R", {"a": [1], "$or": [{"a": [2]}, {"b": [3]}]}, {"a": 2}, MATCH),
    ("R", {"a": [1], "$or": [{"a": [2]}, {"b": [3]}]}, {"a": 1}, NO_MATCH),
    ("R", {"$or": [{"a": [2]}, {"b": [3]}], "a": [1]}, {"a": 2}, NO_MATCH),
    ("R", {"$or": [{"a": [2]}, {"b": [3]}], "a": [1]}, {"a": 1}, MATCH),
    ("R", {"a.b": [1], "a": {"b": [2]}}, {"a": {"b": 2}}, MATCH),
    # A $or that is no choice of patterns is a field of that name.
    ("R", {"$or": {"a": [1]}}, {"$or": {"a": 1}}, MATCH),
    ("R", {"$or": ["x", "y"]}, {"$or": "y"}, MATCH),
    ("R", {"$or": [{"prefix": "ab"}, {"suffix": "yz"}]}, {"$or": "abc"}, MATCH),
    ("R", {"$or": [{"prefix": "ab"}, {"suffix": "yz"}]}, {"prefix": "ab"}, NO_MATCH),
    ("R", {"$or": [{"a": [1]}]}, None, INVALID),
    ("R", {"$or": [{"a": [1]}, "x"]}, None, INVALID),
    ("R", {"$or": [{"a": [1]}, {}]}, None, INVALID),
    ("R", {"$or": [{"a": [1]}, {"prefix": ["x"]}]}, None, INVALID),
    ("R", {"$or": []}, None, INVALID),
    # -- form ------------------------------------------------------------------------------------
    ("R", {"a": {}}, None, INVALID),
    ("R", {"a": None}, None, INVALID),
    ("R", {"a": [{}]}, None, INVALID),
    ("R", {"a": [[1]]}, None, INVALID),
    ("R", '{"a": [NaN]}', None, INVALID),
    ("R", '["a"]', None, INVALID),
    ("R", "", None, INVALID),
    ("U", {"nonesuch": [{"exists": False}]}, {"source": "x"}, MATCH),
]


def said(pattern: Any, event: Any) -> str:
    try:
        if event is None:
            event_patterns.validate(pattern)
            return "valid"
        return MATCH if event_patterns.matches(pattern, event) else NO_MATCH
    except event_patterns.InvalidPattern as invalid:
        return INVALID if invalid.reason and invalid.hint else "invalid, without help"


@pytest.mark.parametrize(("source", "pattern", "event", "expected"), CASES, ids=lambda part: str(part)[:50])
def test_an_edge_of_the_language(source: str, pattern: Any, event: Any, expected: str):
    assert source in "UR"
    assert said(pattern, event) == expected


@pytest.mark.parametrize(
    ("pattern", "event"), [case[1:3] for case in CASES if case[3] != INVALID], ids=lambda part: str(part)[:50]
)
def test_the_tester_has_a_sentence_for_every_edge(pattern: Any, event: Any):
    sentence = explain(pattern, event)
    assert (sentence == "every field of the pattern matches") is event_patterns.matches(pattern, event)


def test_choices_inside_choices_are_multiplied():
    """User guide, *Or matching*: the product of the lengths of all $or arrays, at most 1,000."""
    ten = [{"x": [number]} for number in range(10)]
    event_patterns.validate({"a": {"$or": ten}, "b": {"$or": ten}, "c": {"$or": ten}})
    nested = [{"$or": ten, "y": [number]} for number in range(4)]
    with pytest.raises(event_patterns.InvalidPattern, match="1000 combinations"):
        event_patterns.validate({"$or": nested})


STRING, NUMBER = "String", "Number"


def attribute(kind: str, text: str) -> dict[str, Any]:
    return {"a": {"Type": kind, "Value": text}}


#: (policy, message attributes, whether it is delivered)
ATTRIBUTES: list[tuple[Any, dict[str, Any], bool]] = [
    (one({"numeric": ["=", 301.5]}), attribute(NUMBER, "3.015e2"), True),
    (one({"numeric": [">", 0, "<=", 150]}), attribute(NUMBER, "150.00001"), False),
    (one({"numeric": [">", 0]}), attribute(STRING, "5"), False),
    (one({"anything-but": [100, 500]}), attribute(NUMBER, "500.0"), False),
    (one({"anything-but": [100, 500]}), attribute(NUMBER, "101"), True),
    (one({"anything-but": {"prefix": "order-"}}), attribute(STRING, "order-7"), False),
    (one({"anything-but": {"prefix": "order-"}}), {}, False),
    (one({"exists": False}), attribute(STRING, "x"), False),
    (one({"exists": True}), attribute(STRING, ""), True),
    (one({"equals-ignore-case": "tennis"}), attribute(STRING, "TENNIS"), True),
    (one({"suffix": "ball"}), attribute(STRING, "baseball"), True),
    (one({"cidr": "10.0.0.0/24"}), attribute(STRING, "10.0.0.255"), True),
    (one({"cidr": "10.0.0.0/24"}), attribute(STRING, "10.0.1.0"), False),
    (one("b"), attribute("String.Array", '["a", "b", 3, true, null]'), True),
    (one(3), attribute("String.Array", '["a", "b", 3, true, null]'), True),
    (one(True), attribute("String.Array", '["a", true]'), True),
    (one(None), attribute("String.Array", '["a", null]'), True),
    (one("true"), attribute("String.Array", '["a", true]'), False),
    ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, attribute(STRING, "x"), True),
    ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, attribute(STRING, "z"), False),
    ({"a": ["x"], "$or": [{"b": [1]}, {"c": [1]}]}, attribute(STRING, "x"), False),
]


@pytest.mark.parametrize(
    ("policy", "attributes", "is_delivered"), ATTRIBUTES, ids=lambda part: str(part)[:50]
)
def test_an_edge_of_a_policy_on_attributes(policy: Any, attributes: dict[str, Any], is_delivered: bool):
    assert filter_policies.matches(policy, attributes=attributes) is is_delivered


#: (policy, message body, whether it is delivered)
BODIES: list[tuple[Any, Any, bool]] = [
    ({"o": {"$or": [{"a": ["x"]}, {"b": {"c": [{"numeric": [">", 1]}]}}]}}, {"o": {"b": {"c": 2}}}, True),
    ({"o": {"$or": [{"a": ["x"]}, {"b": {"c": [{"numeric": [">", 1]}]}}]}}, {"o": {"b": {"c": 1}}}, False),
    ({"o": {"$or": [{"a": ["x"]}, {"$or": [{"b": [1]}, {"c": [1]}]}]}}, {"o": {"c": 1}}, True),
    ({"o": {"a": ["x"], "$or": [{"b": [1]}, {"c": [1]}]}}, {"o": {"c": 1}}, False),
    ({"o": {"sku": ["A"], "n": [2]}}, {"o": [{"sku": "A", "n": 1}, {"sku": "B", "n": 2}]}, False),
    ({"o": {"sku": ["A"], "n": [2]}}, {"o": [{"sku": "A", "n": 2}]}, True),
    ({"o": {"lines": {"sku": ["A-1"]}}}, {"order": "A-1"}, False),
    ({"o": [{"exists": False}]}, {"o": {"a": 1}}, True),
    ({"o": [None]}, {"o": None}, True),
    ({"o": ["x"]}, '{"o": "x"', False),
    ({"o": ["x"]}, '["x"]', False),
    ({"o": ["ü"]}, '{"o": "\\u00fc"}', True),
]


@pytest.mark.parametrize(("policy", "body", "is_delivered"), BODIES, ids=lambda part: str(part)[:50])
def test_an_edge_of_a_policy_on_the_body(policy: Any, body: Any, is_delivered: bool):
    assert filter_policies.matches(policy, body=body) is is_delivered


@pytest.mark.parametrize(
    ("policy", "combinations"),
    [
        # The developer guide's own: 4 x 3 values at the third level, 3 x 2 at the second and third.
        ({"a": {"b": {"c": list("1234")}}, "d": {"e": list("123")}, "f": list("123")}, 4 * 3 * 3 * 2 * 3),
        ({"$or": [{"a": list("12")}, {"b": list("123")}], "c": list("12")}, (2 + 3) * 2),
        ({"x": {"$or": [{"a": list("12")}, {"b": list("123")}]}}, (2 + 3) * 2),
        ({"$or": {"a": list("12")}}, 2 * 2),
    ],
)
def test_combinations_of_a_policy(policy: Any, combinations: int):
    assert filter_policies.combinations(policy) == combinations


@pytest.mark.parametrize(
    ("policy", "scope"),
    [
        ({"a": [{"wildcard": "x*"}]}, None),
        ({"a": [{"exactly": "x"}]}, None),
        ({"a": [{"anything-but": {"equals-ignore-case": "x"}}]}, None),
        ({"a": [{"prefix": {"equals-ignore-case": "x"}}]}, None),
        ({"a": [{"numeric": [">", 1.1e9]}]}, None),
        ({"a": {"b": ["x"]}}, "MessageAttributes"),
        ({"$or": [{"a": {"b": ["x"]}}, {"c": ["y"]}]}, "MessageAttributes"),
        ({"a": []}, None),
        ({"a": [{}]}, None),
        ({"a": ["x", ["y"]]}, None),
        ({"$or": [{"a": ["x"]}]}, None),
        ({"a": {"b": {}}}, "MessageBody"),
    ],
    ids=lambda part: str(part)[:50],
)
def test_a_policy_that_sns_refuses(policy: Any, scope: Any):
    with pytest.raises(filter_policies.InvalidPattern) as refused:
        filter_policies.validate(policy, scope=scope)
    assert refused.value.hint
