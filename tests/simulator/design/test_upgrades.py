"""Older formats become the current one; newer and foreign ones are refused."""

import pytest

from simulator.design import upgrades
from simulator.design.upgrades import upgrade
from simulator.errors import InvalidDesign


def test_the_current_format_is_left_as_it_is():
    data = {"format": "headrace/1", "name": "x"}
    assert upgrade(data) is data


@pytest.mark.parametrize(
    ("data", "code", "part"),
    [
        ({}, "D101", "missing"),
        ({"format": "headrace/2"}, "D109", "newer version"),
        ({"format": "headrace/999999"}, "D109", "newer version"),
        ({"format": "headrace/0"}, "D109", "expected headrace/1"),
        ({"format": "headrace/1.5"}, "D109", "expected headrace/1"),
        ({"format": "headrace/" + "9" * 5000}, "D109", "expected headrace/1"),
        ({"format": "headrace"}, "D109", "expected headrace/1"),
        ({"format": "asyncapi/3"}, "D109", "expected headrace/1"),
        ({"format": 1}, "D109", "got 1"),
        ({"format": None}, "D109", "got None"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_another_format_is_refused_with_its_place(data, code, part):
    with pytest.raises(InvalidDesign) as caught:
        upgrade(data)
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == (code, "format")
    assert part in problem.message
    assert problem.hint
    assert len(problem.message) < 200


@pytest.mark.parametrize("data", [[], "text", 5, None])
def test_a_document_that_is_no_mapping_is_refused(data):
    with pytest.raises(InvalidDesign) as caught:
        upgrade(data)
    assert caught.value.problems[0].code == "D103"


def test_older_versions_climb_step_by_step_without_touching_the_original(monkeypatch):
    monkeypatch.setattr(upgrades, "CURRENT", 3)
    monkeypatch.setattr(upgrades, "FORMAT", "headrace/3")
    monkeypatch.setattr(
        upgrades,
        "UPGRADES",
        {
            1: lambda data: {**data, "name": data["title"]},
            2: lambda data: {key: value for key, value in data.items() if key != "title"},
        },
    )
    old = {"format": "headrace/1", "title": "Checkout"}
    assert upgrade(old) == {"format": "headrace/3", "name": "Checkout"}
    assert old == {"format": "headrace/1", "title": "Checkout"}


def test_a_version_nobody_can_climb_from_is_refused(monkeypatch):
    monkeypatch.setattr(upgrades, "CURRENT", 2)
    with pytest.raises(InvalidDesign, match="no longer"):
        upgrade({"format": "headrace/1"})
