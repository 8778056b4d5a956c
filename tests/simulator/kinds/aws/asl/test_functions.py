"""Intrinsic functions of JSONPath states, and JSONata with the functions that Step Functions adds.

Source: Step Functions developer guide, *Intrinsic functions for JSONPath states* and *Transforming data with
JSONata in Step Functions*; JSONata 2.0.6 documentation.
"""

from __future__ import annotations

import re

import pytest

from simulator.kinds.aws.asl import execute
from simulator.kinds.aws.asl.intrinsic_functions import FUNCTIONS
from tests.simulator.kinds.aws.asl.machines import evaluated, failed, machine, passing, said

INPUT = {
    "name": "Ann's",
    "n": 4,
    "f": 1.5,
    "list": [1, 2, 3, 4, 5, 2, "1", True, 1.0],
    "a": {"x": 1, "y": {"z": 1}},
    "b": {"y": {"w": 2}, "v": None},
    "json": '{"k":[1,2,{"m":null}]}',
    "text": "1.2+3,4",
}
CALLS = [
    ("States.Format('Hi {}, {} of {}', $.name, $.n, $.f)", "Hi Ann's, 4 of 1.5"),
    ("States.Format('plain')", "plain"),
    ("States.Format('\\{\\} \\'{}\\' \\\\', true)", "{} 'true' \\"),
    ("States.Format('{} {} {}', null, $.a, 'x')", 'null {"x":1,"y":{"z":1}} x'),
    ("States.StringToJson($.json)", {"k": [1, 2, {"m": None}]}),
    ("States.StringToJson('7')", 7),
    ("States.JsonToString($.a)", '{"x":1,"y":{"z":1}}'),
    ("States.Array()", []),
    ("States.Array($.n, 'a', 1.5, null, false)", [4, "a", 1.5, None, False]),
    ("States.ArrayPartition($.list, 4)", [[1, 2, 3, 4], [5, 2, "1", True], [1.0]]),
    ("States.ArrayContains($.list, 5)", True),
    ("States.ArrayContains($.list, '5')", False),
    ("States.ArrayContains(States.Array(1), true)", False),
    ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
    ("States.ArrayRange(1, 8, 3)", [1, 4, 7]),
    ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
    ("States.ArrayRange(0, 999, 1)", list(range(1000))),
    ("States.ArrayGetItem($.list, 2)", 3),
    ("States.ArrayLength($.list)", 9),
    ("States.ArrayUnique($.list)", [1, 2, 3, 4, 5, "1", True]),
    ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
    ("States.Base64Decode('RGVjb2RlZCBkYXRh')", "Decoded data"),
    ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
    ("States.Hash('', 'MD5')", "d41d8cd98f00b204e9800998ecf8427e"),
    ("States.JsonMerge($.a, $.b, false)", {"x": 1, "y": {"w": 2}, "v": None}),
    ("States.MathAdd($.n, -1)", 3),
    ("States.MathAdd($.f, 0.4)", 2),
    ("States.StringSplit($.text, '.+,')", ["1", "2", "3", "4"]),
    ("States.StringSplit('a,,b,', ',')", ["a", "b"]),
    ("States.StringSplit('', ',')", []),
    ("States.ArrayGetItem(States.StringSplit('a/b', '/'), 1)", "b"),
    ("States.Array($.list[?(@ == 5)], $['name'])", [[5], "Ann's"]),
    ("  States.Array( 1 ,2 )  ", [1, 2]),
]


@pytest.mark.parametrize(("call", "value"), CALLS)
def test_a_function_gives(call, value):
    found = passing(input=INPUT, Parameters={"v.$": call})["v"]
    assert found == value
    assert repr(found) == repr(value)


def test_a_hash_of_an_object_is_that_of_its_text():
    import hashlib

    expected = hashlib.md5(b'{"x":1,"y":{"z":1}}', usedforsecurity=False).hexdigest()
    assert passing(input=INPUT, Parameters={"v.$": "States.Hash($.a, 'MD5')"}) == {"v": expected}


def test_every_function_is_tried():
    named = {name for call, _ in CALLS for name in re.findall(r"States\.\w+", call)}
    assert named | {"States.UUID", "States.MathRandom"} == set(FUNCTIONS)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("States.Format('{} {}', 1)", "2 places"),
        ("States.Format('{')", "brace"),
        ("States.StringToJson('{a')", "not JSON"),
        ("States.StringToJson('NaN')", "not JSON"),
        ("States.ArrayPartition($.list, 0)", "positive"),
        ("States.ArrayPartition($.n, 2)", "must be an array"),
        ("States.ArrayRange(1, 9, 0)", "must not be 0"),
        ("States.ArrayRange(0, 1000, 1)", "1,001 items"),
        ("States.ArrayGetItem($.list, 9)", "outside"),
        ("States.ArrayGetItem($.list, -1)", "outside"),
        ("States.ArrayLength('abc')", "must be an array"),
        ("States.Base64Decode('*')", "not Base64"),
        ("States.Hash('a', 'SHA-3')", "none of MD5"),
        ("States.JsonMerge($.a, $.b, true)", "must be false"),
        ("States.JsonMerge($.a, $.n, false)", "must be objects"),
        ("States.MathAdd('1', 1)", "must be a number"),
        ("States.MathAdd(2147483647, 1)", "32 bits"),
        ("States.StringSplit(1, ',')", "must be a string"),
        ("States.MathRandom(5, 5)", "below"),
    ],
)
def test_a_function_refuses(call, reason):
    done = execute(machine({"Type": "Pass", "Parameters": {"v.$": call}}), INPUT)
    assert failed(done)[:2] == ("FAILED", "States.IntrinsicFailure")
    assert f"The function '{call}' had the following error: " in said(done)
    assert reason in said(done)


def test_ten_thousand_characters_can_be_encoded_and_no_more():
    state = {"Type": "Pass", "Parameters": {"v.$": "States.Base64Encode($)"}}
    assert execute(machine(state), "x" * 10_000).status == "SUCCEEDED"
    assert execute(machine(state), "x" * 10_001).error == "States.IntrinsicFailure"


def test_a_path_to_nothing_inside_a_call_fails_for_good():
    done = execute(machine({"Type": "Pass", "Parameters": {"v.$": "States.Array($.nope)"}}), {"a": 1})
    assert failed(done)[:2] == ("FAILED", "States.Runtime")


def test_chance_is_repeatable_by_seed_and_within_its_bounds():
    state = {"Type": "Pass", "Parameters": {"n.$": "States.MathRandom(1, 4)", "id.$": "States.UUID()"}}
    made = [execute(machine(state), seed=seed).output for seed in range(60)]
    assert made == [execute(machine(state), seed=seed).output for seed in range(60)]
    assert {one["n"] for one in made} == {1, 2, 3}
    assert len({one["id"] for one in made}) == 60
    form = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert all(re.fullmatch(form, one["id"]) for one in made)


def test_a_seeded_random_number_depends_on_the_seed_alone():
    state = {
        "Type": "Pass",
        "Parameters": {"a.$": "States.MathRandom(1, 999, 7)", "b.$": "States.MathRandom(1, 999, 7)"},
    }
    first, second = (execute(machine(state), seed=seed).output for seed in (1, 2))
    assert first == second
    assert first["a"] == first["b"]


# ---------------------------------------------------------------- JSONata

DATA = {"a": [{"b": 2, "c": None}, {"b": 3}], "f": 1.0, "e": [], "nul": None, "s": "x", "one": [5]}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$states.input.s", "x"),
        ("$states.input.a.b", [2, 3]),
        ("$states.input.a[b=2].c", None),
        ("$states.input.nul", None),
        ("$states.input.one", [5]),
        ("$states.input.e", []),
        ("$states.context.Execution.Name", "execution"),
        ("$states.context.State.Name", "S0"),
        ("$states.input.a[0].b + 1", 3),
        ("10 / 4", 2.5),
        ("10 / 5", 2),
        ("7 % 4", 3),
        ("0.1 + 0.2", 0.30000000000000004),
        ("$round(2.5)", 2),
        ("$round(-3.5)", -4),
        ("$string(10 / 5)", "2"),
        ("$number('12.50')", 12.5),
        ("'n: ' & 1.5 & true & null", "n: 1.5truenull"),
        ("$sum($states.input.a.b)", 5),
        ("$map($states.input.a, function($v) { $v.b * 2 })", [4, 6]),
        ("$states.input.a ~> $count", 2),
        ("$states.input.a^(>b).b", [3, 2]),
        ("$merge([$states.input.a[1], {'z': 1}])", {"b": 3, "z": 1}),
        ("{'kept': null, 'gone': $states.input.nope}", {"kept": None}),
        ("$exists($states.input.nul)", True),
        ("$exists($states.input.nope)", False),
        ("$type($states.input.nul)", "null"),
        ("[1..4]", [1, 2, 3, 4]),
        ("$toMillis('2024-01-01T00:00:00Z')", 1704067200000),
        ("$toMillis('2024-01-01')", 1704067200000),
        ("$fromMillis(1700000000000)", "2023-11-14T22:13:20.000Z"),
        ("$fromMillis(1700000000000, '[Y0001]-[M01]-[D01]')", "2023-11-14"),
        ("$now()", "2025-01-01T00:00:00.000Z"),
        ("$millis()", 1735689600000),
        ("$now('[Y]')", "2025"),
        ("$partition([1, 2, 3, 4, 5], 2)", [[1, 2], [3, 4], [5]]),
        ("$range(0, 10, 5)", [0, 5, 10]),
        ("$hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("$parse('{\"k\": [1, null]}')", {"k": [1, None]}),
        ("$random(3) = $random(3)", True),
        ("$random() < 1", True),
        ("$length($uuid())", 36),
        ("$sort($shuffle([3, 1, 2]))", [1, 2, 3]),
        ("( $x := 2; $y := $x * 3; $x + $y )", 8),
        ("$reduce([1, 2, 3], function($i, $j) { $i * $j })", 6),
        ("$states.input.s = 'x' ? 'is' : 'is not'", "is"),
    ],
)
def test_jsonata_gives(expression, value):
    found = evaluated(expression, DATA)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("$states.input.nope", "returned nothing (undefined)."),
        ("$nope", "returned nothing (undefined)."),
        ("s", "returned nothing (undefined)."),
        ("$", "returned nothing (undefined)."),
        ("$filter([1], function($v) { $v > 5 })", "returned nothing (undefined)."),
        ("'a' + 1", "threw an error during evaluation. T2001"),
        ("1 / 0", "threw an error during evaluation."),
        ("$sum", "threw an error during evaluation."),
        ("$eval('1')", "$eval is not supported: use $parse"),
        ("$error('mine')", "mine"),
        ("$number('abc')", "threw an error during evaluation."),
        ("( $f := function($x) { 1 + $f($x) }; $f(1) )", "Stack overflow"),
    ],
)
def test_jsonata_fails_with_query_evaluation_error(expression, reason):
    state = {"Type": "Pass", "Output": {"deep": ["{% " + expression + " %}"]}}
    done = execute(machine(state, QueryLanguage="JSONata"), DATA)
    assert failed(done)[:2] == ("FAILED", "States.QueryEvaluationError")
    assert f"The JSONata expression '{expression}' specified for the field 'Output/deep[0]' " in said(done)
    assert reason in said(done)
    assert done.event_types[-2:] == ["EvaluationFailed", "ExecutionFailed"]


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("( $f := function($x) { $f($x + 1) }; $f(1) )", "it takes more than 2,000 steps"),
        ("$match($states.input.long, /(a|a)*(a|a)*(a|a)*b/)", "it takes more than 2,000 steps"),
        ("( $f := function($s) { $f($s & $s) }; $f('0123456789') )", "a value of more than 10,000,000"),
    ],
)
def test_an_expression_that_takes_too_much_fails_by_its_steps(monkeypatch, expression, reason):
    monkeypatch.setattr("simulator.kinds.aws.asl.jsonata_expressions.MAX_STEPS", 2_000)
    state = {"Type": "Pass", "Output": "{% " + expression + " %}"}
    done = execute(machine(state, QueryLanguage="JSONata"), {"long": "a" * 500})
    assert done.error == "States.QueryEvaluationError"
    assert reason in said(done)


def test_nested_repetitions_of_regular_expressions_end():
    long = {"s": "a" * 1_000 + "!", "mail": "a.b@shop.example.com"}
    assert evaluated("$contains($states.input.s, /^(a+)+$/)", long) is False
    assert evaluated(r"$match($states.input.mail, /^([\w.]+)@(?:[\w-]+\.)+[\w-]{2,4}$/).groups", long) == [
        "a.b"
    ]
    assert passing(input={"l": [{"x": "aaa"}, long]}, Parameters={"v.$": "$.l[?(@.x =~ /(a+)+/)].x"}) == {
        "v": ["aaa"]
    }
    assert passing(input={"l": [{"x": long["s"]}]}, Parameters={"v.$": "$.l[?(@.x =~ /(a+)+/)].x"}) == {
        "v": []
    }


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (r"$replace('10-24', /(\d+)-(\d+)/, '$2:$1 $12')", "24:10 102"),
        ("$split('a1b22c', /[0-9]+/)", ["a", "b", "c"]),
        ("$replace('aBa', /A/i, 'x', 1)", "xBa"),
        ("$match('ab cd', /\\w+/)[1].index", 3),
    ],
)
def test_regular_expressions_of_jsonata(expression, value):
    assert evaluated(expression) == value


def test_a_text_without_marks_is_a_text():
    state = {"Type": "Pass", "Output": {"a": "$states.input", "c": ["{%1%}"]}}
    assert execute(machine(state, QueryLanguage="JSONata")).output == {"a": "$states.input", "c": [1]}


def test_a_variable_can_be_null():
    states = ({"Type": "Pass", "Assign": {"v": None}}, {"Type": "Pass", "Output": {"v": "{% $v %}"}})
    assert execute(machine(*states, QueryLanguage="JSONata")).output == {"v": None}


def test_what_an_expression_does_to_data_stays_in_its_result():
    states = (
        {
            "Type": "Pass",
            "Assign": {"v": "{% $states.input %}"},
            "Output": "{% $merge([$states.input, {'n': 2}]) %}",
        },
        {"Type": "Pass", "Output": "{% [$v.n, $states.input.n] %}"},
    )
    assert execute(machine(*states, QueryLanguage="JSONata"), {"n": 1}).output == [1, 2]
