"""Other people's YAML: what designs may not hold is read, and what costs without bound is refused."""

from __future__ import annotations

import time

import pytest

from simulator.design.refusal import Refused
from simulator.errors import InvalidDesign
from simulator.formats.imports.source_file import SourceFile
from simulator.formats.imports.yaml_documents import read_documents


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: !Ref B", {"a": {"Ref": "B"}}),
        ("a: !GetAtt B.Arn", {"a": {"Fn::GetAtt": ["B", "Arn"]}}),
        ("a: !GetAtt B.Outputs.X", {"a": {"Fn::GetAtt": ["B", "Outputs.X"]}}),
        ("a: !Sub '${B}-x'", {"a": {"Fn::Sub": "${B}-x"}}),
        ("a: !If [C, 1, !Ref D]", {"a": {"Fn::If": ["C", 1, {"Ref": "D"}]}}),
        ("a: !Condition C", {"a": {"Condition": "C"}}),
        ("a: !!str 12", {"a": "12"}),
        ("a: !!int '12'", {"a": 12}),
        ("a: ! 12", {"a": "12"}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1, d: 2}\nc:\n  <<: *x\n  d: 3", {"a": {"b": 1, "d": 2}, "c": {"b": 1, "d": 3}}),
        # Of two merged mappings the first one goes before the second.
        (
            "a: &x {b: 1}\ne: &y {b: 5, f: 2}\nc: {<<: [*x, *y]}",
            {"a": {"b": 1}, "e": {"b": 5, "f": 2}, "c": {"b": 1, "f": 2}},
        ),
        ("a: no\nb: 0x10\nc: 1e3\nd: ~", {"a": "no", "b": 16, "c": 1000.0, "d": None}),
    ],
)
def test_tags_anchors_and_merge_keys_are_read(text, data):
    documents, _ = read_documents(text)
    assert documents == [data]


def test_several_documents_are_a_list_and_anchors_end_with_theirs():
    assert read_documents("a: 1\n---\nb: 2\n")[0] == [{"a": 1}, {"b": 2}]
    with pytest.raises(Refused, match="stands for nothing"):
        read_documents("a: &x 1\n---\nb: *x\n")


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
LONG = f"a: &a {'x' * 100_000}\nb: [{','.join(['*a'] * 1_000)}]\n"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (BOMB, "aliases counted"),
        (LONG, "aliases counted"),
        ("a: &a [1, *a]", "stands for nothing, or for what it is in"),
        ("a: &a {<<: *a}", "stands for nothing, or for what it is in"),
        ("a: {<<: 1}", "merges mappings only"),
        ("? [a]\n: b", "as a key"),
        ("a: 1\na: 2", "stands twice"),
        ("a: " + "[" * 70 + "]" * 70, "nested deeper"),
        ("a: [1, 2", "line 2, column 1"),
    ],
)
def test_what_costs_or_means_nothing_is_refused_with_its_place(text, what):
    begun = time.process_time()
    with pytest.raises(Refused, match="line") as refused:
        read_documents(text)
    assert what in refused.value.message
    assert time.process_time() - begun < 2.0


def test_places_have_lines_in_yaml_and_json():
    yaml_file = SourceFile("a.yaml", b"a:\n  b:\n    - x\n    - c: 1\n")
    assert yaml_file.lines([("a",)]) == {}  # nothing was read yet
    assert yaml_file.documents == [{"a": {"b": ["x", {"c": 1}]}}]
    assert yaml_file.lines([("a", "b", 1, "c"), ("a", "b"), ("a", "nowhere")]) == {
        ("a", "b", 1, "c"): 4,
        ("a", "b"): 2,
        ("a", "nowhere"): 1,
    }
    json_file = SourceFile("a.json", b'{"a": {"b": [1,\n {"\\u0063": ":,{",\n "d": []}]},\n "e": 2}')
    assert json_file.data["e"] == 2
    assert json_file.lines([("a", "b", 1, "c"), ("a", "b", 1, "d"), ("e",), ("f",)]) == {
        ("a", "b", 1, "c"): 2,
        ("a", "b", 1, "d"): 3,
        ("e",): 4,
    }
    several = SourceFile("a.yaml", b"a: 1\n---\nb:\n  c: 2\n")
    assert len(several.documents) == 2
    assert several.lines([(1, "b", "c"), (0, "a")]) == {(1, "b", "c"): 4, (0, "a"): 1}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02\xff\xfe", "UTF-8"),
        (b"a\x00b: 1", "NUL"),
        (b"{", "line 1, column"),
        (b"x: 1\n" * 3_000_000, "at most 10 MB"),
        (b"\xff\xfe\x00\x00a", "UTF-32"),
        (b'{"a": NaN}', "not a finite number"),
        (b'{"a": 1, "a": 2}', "stands twice"),
    ],
)
def test_a_file_that_is_no_text_is_refused_by_its_name(content, what):
    with pytest.raises(InvalidDesign) as refused:
        _ = SourceFile("shop.yaml", content).documents
    assert what in str(refused.value)
    assert "shop.yaml" in str(refused.value)
