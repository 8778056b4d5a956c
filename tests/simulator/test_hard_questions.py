"""Bad input and hard cases: each gets a plain statement, never NaN, a traceback or a bare mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator import Document, InvalidDesign, simulate
from simulator.cli import main
from tests.simulator.designs import at, design, node, single_server


def chain(arrivals: dict[str, Any], service: Any, **simulation: Any) -> Document:
    return design(
        [
            node("p", "producer", arrivals=arrivals),
            node("q", "queue"),
            node("c", "consumer", service_time=service),
        ],
        ["p->q", "q->c"],
        simulation=simulation,
    )


OVERLOAD = single_server(60, 0.02, duration=120)
CASES: list[tuple[str, Document, str]] = [
    ("an unstable system", OVERLOAD, "growing"),
    ("no variance at all", chain({"process": "constant", "rate": 10}, 0.05, duration=60), "no-variance"),
    ("one message", chain({"process": "poisson", "rate": 10, "limit": 1}, 0.05, duration=60), "few-messages"),
    ("no completion", chain(at(1.0), 1000, duration=60), "nothing-completed"),
    ("no arrival", chain({"process": "poisson", "rate": 0}, 0.05, duration=60), "nothing-completed"),
    ("a tiny duration", single_server(40, 0.02, duration=1e-6), "nothing-completed"),
    ("a start-up without end", single_server(55, 0.02, duration=60, replications=10), "warmup-too-short"),
]


def run(
    document: Document, tmp_path: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, str, str]:
    path = tmp_path / "design.json"
    path.write_text(json.dumps(document.to_data()))
    code = main(["simulate", str(path), *options])
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.mark.parametrize(("what", "document", "code"), CASES, ids=[what for what, _, _ in CASES])
def test_a_hard_case_is_put_into_words(
    what: str, document: Document, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = simulate(document)
    json.dumps(result, allow_nan=False)
    found = [one for one in result["statistics"]["statements"] if one["code"] == code]
    assert found, result["statistics"]["statements"]
    assert len(found[0]["text"]) > 30
    exit_code, text, errors = run(document, tmp_path, capsys)
    assert exit_code == 0
    assert found[0]["text"] in text
    assert "nan" not in text.lower().replace("naming", "")
    assert "Traceback" not in errors


@pytest.mark.parametrize("replications", [1, 10])
def test_an_unstable_system_shows_its_growth_and_no_mean_of_a_steady_state(replications: int) -> None:
    result = simulate(OVERLOAD, replications=replications)
    found = result["statistics"]["stability"]
    assert found["verdict"] == found["nodes"]["line"]["verdict"] == "growing"
    rate = found["nodes"]["line"]["growth_rate"]
    assert rate["ci95"][0] < 10 < rate["ci95"][1]  # 60 arrive and 50 leave per second
    for place in (result["nodes"]["line"]["waiting_time"], result["flows"][0]["end_to_end_latency"]):
        assert place["mean"]["steady_state"] is False
        assert place["p99"]["steady_state"] is False
    assert "steady_state" not in result["nodes"]["worker"]["throughput"]
    assert result["theory"] == []


def test_an_objective_on_a_growing_backlog_is_never_met() -> None:
    data = OVERLOAD.to_data()
    data["objectives"] = [{"metric": "waiting_time.mean", "node": "line", "below": 1000}]
    assert simulate(Document.parse(data))["objectives"][0]["verdict"] == "undecided"


def test_a_precision_out_of_reach_names_what_was_achieved_and_what_it_would_take() -> None:
    result = simulate(single_server(40, 0.02, duration=20), precision=0.001, replications=20)
    precision = result["statistics"]["precision"]
    assert result["replications"] == 20
    assert not precision["reached"]
    assert precision["achieved"] > 0.001
    assert precision["messages_needed"] > result["messages"]
    assert "not reached" in precision["statement"]
    assert "20 replications" in precision["statement"]


def test_a_precision_within_reach_stops_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = single_server(20, 0.02, duration=100)
    code, text, _ = run(document, tmp_path, capsys, "--precision", "0.05")
    assert code == 0
    assert "Stopped at ±" in text
    assert "wanted ±5 %" in text


def test_a_precision_makes_no_sense_without_a_steady_state() -> None:
    precision = simulate(OVERLOAD, precision=0.05)["statistics"]["precision"]
    assert (precision["reached"], precision["messages_needed"]) == (False, None)
    assert "no steady state" in precision["statement"]


def test_a_precision_cannot_be_judged_where_nothing_arrives() -> None:
    precision = simulate(chain(at(1.0), 1000, duration=60), precision=0.05)["statistics"]["precision"]
    assert (precision["achieved"], precision["reached"]) == (None, False)


REFUSED: list[tuple[dict[str, Any], list[str], str]] = [
    ({"replications": 0}, ["--replications", "0"], "replications"),
    ({"replications": 10**6}, ["--replications", "1000000"], "replications"),
    ({"warmup": 50.0}, ["--warmup", "50"], "warm"),
    ({"warmup": -1.0}, ["--warmup", "-1"], "warm"),
    ({"warmup": float("nan")}, ["--warmup", "nan"], "warm"),
    ({"warmup": "later"}, ["--warmup", "later"], "warm"),
    ({"duration": 0.0}, ["--duration", "0"], "duration"),
    ({"duration": float("inf")}, ["--duration", "inf"], "duration"),
    ({"precision": 0.0}, ["--precision", "0"], "precision"),
    ({"precision": 1.5}, ["--precision", "1.5"], "precision"),
    ({"seed": -1}, ["--seed", "-1"], "seed"),
    ({"jobs": 0}, ["--jobs", "0"], "jobs"),
]


@pytest.mark.parametrize(
    ("options", "words", "field"), REFUSED, ids=[" ".join(words) for _, words, _ in REFUSED]
)
def test_a_senseless_number_is_refused_by_its_name(
    options: dict[str, Any], words: list[str], field: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = single_server(40, 0.02, duration=20)
    with pytest.raises(InvalidDesign) as refused:
        simulate(document, **options)
    assert all(problem.code == "D104" and problem.hint for problem in refused.value.problems)
    assert field in str(refused.value)
    try:
        code, text, errors = run(document, tmp_path, capsys, *words)
    except SystemExit as ended:
        code, (text, errors) = int(str(ended.code)), capsys.readouterr()
    assert code == 2
    assert field in errors
    assert "Traceback" not in errors
    assert text == ""


def test_one_sample_has_no_variance() -> None:
    document = chain({"process": "constant", "rate": 10, "limit": 1}, 0.05, duration=60)
    waiting = simulate(document)["nodes"]["q"]["waiting_time"]
    assert "variance" not in waiting
    assert waiting["mean"] == {"mean": 0.0, "ci95": None}


def test_none_seen_is_bounded_and_not_zero() -> None:
    flow = simulate(single_server(40, 0.02, duration=100))["flows"][0]
    assert flow["lost"]["mean"] == 0.0
    assert flow["lost"]["upper95"] == pytest.approx(3 / flow["lost"]["of"])
