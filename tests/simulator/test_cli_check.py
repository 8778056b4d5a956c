"""`headrace check` as a gate: files it writes, baselines, SARIF, and rounds until a verdict is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from simulator import Document, simulate
from simulator.cli import main
from simulator.report.changes import Change, changes
from simulator.report.sarif import Lines

DESIGN = """\
format: headrace/1
name: Shop
nodes:
  - {id: web, kind: producer, config: {arrivals: {process: poisson, rate: 40}}}
  - {id: orders, kind: queue}
  - id: billing
    kind: consumer
    config:
      service_time: {distribution: exponential, mean: MEAN}
edges:
  - {id: e1, from: web, to: orders}
  - {id: e2, from: orders, to: billing}
simulation: {duration: 100, replications: REPLICATIONS}
objectives:
  - {metric: waiting_time.mean, node: orders, below: LIMIT}
"""


def written(folder: Path, *, mean: str = "0.02", limit: str = "10", replications: str = "3") -> str:
    path = folder / "shop.headrace.yaml"
    text = DESIGN.replace("MEAN", mean).replace("LIMIT", limit).replace("REPLICATIONS", replications)
    path.write_text(text, encoding="utf-8")
    return str(path)


def result_of(folder: Path, **values: str) -> Path:
    kept = folder / f"result{len(list(folder.iterdir()))}.json"
    main(["check", written(folder, **values), "--budget", "0", "--result", str(kept)])
    return kept


def test_one_run_writes_every_report(tmp_path, capsys):
    files = {form: tmp_path / f"report.{form}" for form in ("junit", "sarif", "markdown", "json", "text")}
    wishes = [part for form, file in files.items() for part in ("--write", f"{form}={file}")]
    assert main(["check", written(tmp_path), *wishes]) == 0
    assert files["text"].read_text() == capsys.readouterr().out
    assert ElementTree.parse(files["junit"]).getroot().get("tests") == "2"
    assert json.loads(files["json"].read_text())["verdict"] == "met"
    assert json.loads(files["sarif"].read_text())["version"] == "2.1.0"
    assert files["markdown"].read_text().startswith("### Shop: met")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--write", "junit"], "give FORMAT=FILE"),
        (["--write", "xml=a.xml"], "the format is one of"),
        (["--write", "junit=nowhere/at/all.xml"], "there is no folder"),
        (["--result", "nowhere/at/all.json"], "--result nowhere/at/all.json: there is no folder"),
        (["--baseline", "missing.json"], "there is no such file"),
        (["--baseline", "DESIGN"], "not JSON"),
        (["--baseline", "EMPTY"], "headrace check DESIGN --result FILE"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_run(options, says, tmp_path, capsys):
    design = written(tmp_path)
    empty = tmp_path / "empty.json"
    empty.write_text("{}")
    given = [part.replace("DESIGN", design).replace("EMPTY", str(empty)) for part in options]
    assert main(["check", design, *given]) == 2
    caught = capsys.readouterr()
    assert says in caught.err
    assert caught.out == ""


# ---------------------------------------------------------------- rounds


def test_more_replications_are_made_until_the_verdict_is_there(tmp_path, capsys):
    # M/M/1 at 0.8: a mean wait of 0.08 s. Three replications of 4,000 messages cannot tell it from 0.09.
    design = written(tmp_path, limit="0.09")
    assert main(["check", design, "--budget", "0", "--format", "json"]) == 3
    assert json.loads(capsys.readouterr().out)["replications"] == 3
    assert main(["check", design, "--budget", "1 h", "--format", "json"]) == 0
    made = json.loads(capsys.readouterr().out)["replications"]
    assert made >= 10
    assert made % 10 == 0


def test_a_number_of_replications_is_the_most_that_are_made(tmp_path, capsys):
    design = written(tmp_path, limit="0.0745")
    code = main(["check", design, "--budget", "1 h", "--replications", "12", "--format", "json"])
    assert (code, json.loads(capsys.readouterr().out)["replications"]) == (3, 12)


def test_a_round_that_would_not_end_within_the_budget_is_not_begun(tmp_path, capsys):
    design = written(tmp_path, limit="0.0745")
    assert main(["check", design, "--budget", "0.000001", "--format", "json"]) == 3
    assert json.loads(capsys.readouterr().out)["replications"] == 3


def test_one_run_without_intervals_is_followed_by_replications(tmp_path, capsys):
    # The pause changes the load of the server: one run has no interval then.
    text = Path(written(tmp_path, replications="1")).read_text()
    design = tmp_path / "pause.headrace.yaml"
    design.write_text(text + "faults: [{kind: pause, node: billing, at: 20, duration: 2}]\n")
    assert main(["check", str(design), "--budget", "0"]) == 3
    assert "one run gives no interval for it" in capsys.readouterr().out
    assert main(["check", str(design), "--budget", "1 h", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["replications"] == 10


def test_where_ten_replications_are_too_many_fewer_are_made():
    asked = []

    def may_go_on(made: int, wanted: int) -> bool:
        asked.append((made, wanted))
        return wanted <= 3

    document = Document.from_text(
        DESIGN.replace("MEAN", "0.02").replace("REPLICATIONS", "1").replace("LIMIT", "0.08")
        + "faults: [{kind: pause, node: billing, at: 20, duration: 2}]\n"
    )
    assert simulate(document, until_decided=may_go_on)["replications"] == 3
    assert asked[:3] == [(1, 10), (1, 5), (1, 3)]


LOOP = DESIGN.replace("simulation:", "  - {id: e3, from: billing, to: orders}\nsimulation:")


def test_messages_that_go_round_for_ever_are_told_at_once_and_the_run_ends_with_the_budget(tmp_path, capsys):
    design = tmp_path / "loop.headrace.yaml"
    # In a run of 100 s no wait comes near the limit, however far a machine gets within the budget.
    design.write_text(LOOP.replace("MEAN", "0.001").replace("LIMIT", "1000").replace("REPLICATIONS", "1"))
    report = tmp_path / "junit.xml"
    assert main(["check", str(design), "--budget", "0.2", "--write", f"junit={report}"]) == 3
    said = capsys.readouterr()
    assert said.err.splitlines()[0].endswith("[D350]")
    assert "undecided: the run ended early: out of time (200 ms of wall time)" in said.out
    suite = ElementTree.parse(report).getroot()
    assert (suite.get("failures"), suite.get("errors")) == ("0", "2")


# ---------------------------------------------------------------- baselines


def test_a_comment_says_what_has_changed_and_what_cannot_be_told_apart(tmp_path, capsys):
    before = result_of(tmp_path, replications="10")
    slower = written(tmp_path, mean="0.0225", replications="10")
    capsys.readouterr()
    main(["check", slower, "--baseline", str(before), "--format", "markdown"])
    lines = capsys.readouterr().out.splitlines()
    waits = next(line for line in lines if line.startswith("| waiting\\_time.mean of orders |"))
    assert waits.endswith("| differs |")
    goodput = next(line for line in lines if line.startswith("| goodput of web → billing"))
    assert goodput.endswith("| not distinguishable |")


def test_the_same_design_has_not_changed(tmp_path, capsys):
    before = result_of(tmp_path)
    capsys.readouterr()
    main(["check", written(tmp_path), "--budget", "0", "--baseline", str(before), "--format", "json"])
    found = json.loads(capsys.readouterr().out)["changes"]
    assert {change["finding"] for change in found} == {"same"}
    assert len(found) > 5


def estimate(mean: float, low: float, high: float) -> dict[str, Any]:
    return {"mean": mean, "ci95": [low, high]}


@pytest.mark.parametrize(
    ("before", "after", "finding", "difference"),
    [
        (estimate(10, 9, 11), estimate(10, 9, 11), "same", "0.0 %"),
        (estimate(10, 9, 11), estimate(13, 10.9, 15), "not distinguishable", "+30 %"),
        (estimate(10, 9, 11), estimate(13, 12, 14), "differs", "+30 %"),
        (estimate(10, 9, 11), estimate(5, 4, 6), "differs", "-50 %"),
        (estimate(10, 9, 11), estimate(9.999, 9, 11), "not distinguishable", "-0.01 %"),
        # Without an interval nothing is claimed; none seen of many has the bound of the rule of three.
        ({"mean": 0.0, "ci95": None}, {"mean": 3.0, "ci95": None}, "no interval", ""),
        ({"mean": 0.0, "ci95": None, "of": 1_000, "upper95": 0.003}, estimate(30, 20, 40), "differs", ""),
        (None, estimate(1, 1, 1), "new", ""),
        (estimate(1, 1, 1), None, "gone", ""),
    ],
)
def test_only_intervals_that_do_not_overlap_are_a_difference(before, after, finding, difference):
    change = Change("orders", "waiting_time.mean", before, after)
    assert (change.finding, change.difference) == (finding, difference)


def test_a_flow_of_one_result_only_is_new_or_gone(tmp_path):
    result = json.loads(result_of(tmp_path).read_text())
    without = {**result, "flows": []}
    assert {change.finding for change in changes(without, result) if "→" in change.place} == {"new"}
    assert {change.finding for change in changes(result, without) if "→" in change.place} == {"gone"}


# ---------------------------------------------------------------- SARIF


def sarif_of(design: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    main(["check", design, "--budget", "0", "--format", "sarif"])
    run: dict[str, Any] = json.loads(capsys.readouterr().out)["runs"][0]
    return run


def test_a_missed_objective_is_an_error_at_its_line(tmp_path, capsys):
    design = written(tmp_path, limit="0.001")
    [found] = sarif_of(design, capsys)["results"]
    assert (found["ruleId"], found["level"]) == ("objective-missed", "error")
    place = found["locations"][0]["physicalLocation"]
    line = Path(design).read_text().splitlines()[place["region"]["startLine"] - 1]
    assert "waiting_time.mean" in line
    assert place["artifactLocation"]["uri"].endswith("shop.headrace.yaml")


def test_a_problem_stands_beside_the_setting_it_is_about(tmp_path, capsys):
    design = written(tmp_path, mean="-1")
    run = sarif_of(design, capsys)
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {"D104"}
    line = run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert "mean: -1" in Path(design).read_text().splitlines()[line - 1]


def test_every_rule_of_a_log_says_what_it_is(tmp_path, capsys):
    design = written(tmp_path, mean="0.05", limit="0.001")  # overloaded, too
    run = sarif_of(design, capsys)
    rules = {rule["id"]: rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"]}
    assert set(rules) == {result["ruleId"] for result in run["results"]} >= {"D301", "objective-missed"}
    assert all(rules.values())


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("nodes[2]", 6),
        ("nodes[2].config.service_time.mean", 9),
        ("nodes[2].config.service_time.missing", 9),
        ("nodes[7].config", 3),
        ("objectives[0]", 15),
        ("", 1),
        ("nowhere", 1),
    ],
)
def test_the_innermost_part_of_a_path_that_is_there_gives_the_line(path, line):
    assert Lines(DESIGN).of(path) == line


def test_json_has_lines_as_well_and_what_cannot_be_read_is_line_1():
    text = json.dumps(yaml.safe_load(DESIGN), indent=1)
    assert '"billing"' in text.splitlines()[Lines(text).of("nodes[2].id") - 1]
    assert Lines("nodes: [").of("nodes[0]") == 1
