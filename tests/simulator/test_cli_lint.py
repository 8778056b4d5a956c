"""`headrace lint`: reports, and mends in the file itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from simulator import Document
from simulator.advice.text_edits import edited_text
from simulator.cli import main
from simulator.design.reading import read_text
from simulator.graph.edits import SetSetting, edited
from tests.simulator.advice.rule_cases import CASES

DESIGN = """\
format: headrace/1
name: Shop   # the one in Aarhus
nodes:
  # people
  - {id: web, kind: producer, config: {arrivals: {process: poisson, rate: 40}}}
  - id: orders
    kind: aws.sqs
    config:
      # as in production
      VisibilityTimeout: 1   # s
  - id: billing
    kind: consumer
    config:
      service_time: {distribution: constant, value: 0.02}
      failure: {probability: 0.1}   # measured
edges:
  - {id: e1, from: web, to: orders}
  - {id: e2, from: orders, to: billing}
layout:
  orders: {x: 10, y: 20}
"""
MENDED = """\
format: headrace/1
name: Shop   # the one in Aarhus
nodes:
  # people
  - {id: web, kind: producer, config: {arrivals: {process: poisson, rate: 40}}}
  - id: orders
    kind: aws.sqs
    config:
      # as in production
      VisibilityTimeout: 1   # s
  - id: billing
    kind: consumer
    config:
      service_time: {distribution: constant, value: 0.02}
      failure: {probability: 0.1}   # measured
  - {id: orders-dlq, kind: aws.sqs, config: {MessageRetentionPeriod: 1209600}}
edges:
  - {id: e1, from: web, to: orders}
  - {id: e2, from: orders, to: billing, config: {WaitTimeSeconds: 20}}
  - {id: e3, from: orders, to: orders-dlq, role: dead-letter, config: {maxReceiveCount: 5}}
layout:
  orders: {x: 10, y: 20}
  orders-dlq: {x: 330, y: 180}
objectives: [{metric: dead_lettered, node: orders, equals: 0}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.headrace.yaml"
    path.write_text(DESIGN, encoding="utf-8")
    return path


def test_a_finding_is_told_with_reason_source_remedy_and_mend(file, capsys):
    assert main(["lint", str(file)]) == 0
    out = capsys.readouterr().out
    for words in (
        "(set 20: long polling) [D521]",
        "  why: ",
        "  source: ",
        "set WaitTimeSeconds of e2 to 20",
    ):
        assert words in out
    assert out.endswith("2 hints\n")


def test_programs_get_the_same(file, capsys):
    assert main(["lint", str(file), "--format", "json"]) == 0
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [problem["code"] for problem in problems] == ["D521", "D523"]
    assert all(problem["why"] and problem["source"] and problem["remedy"] for problem in problems)
    assert problems[0]["mend"] == [
        {"edit": "set", "on": "edge", "id": "e2", "path": ["WaitTimeSeconds"], "value": 20}
    ]
    assert main(["lint", str(file), "--format", "sarif"]) == 0
    run = json.loads(capsys.readouterr().out)["runs"][0]
    rule = run["tool"]["driver"]["rules"][0]
    assert (rule["id"], rule["defaultConfiguration"]["level"]) == ("D521", "note")
    assert "Source: Amazon SQS" in rule["help"]["text"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 18


def test_check_carries_reason_and_source(file, capsys):
    main(["check", str(file), "--duration", "20", "--format", "json"])
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert all(problem["source"] and problem["remedy"] for problem in problems)


def test_a_fix_leaves_comments_and_order_as_they_were(file, capsys):
    assert main(["lint", str(file), "--fix"]) == 0
    assert file.read_text() == MENDED
    assert "mended: D521 e2: set WaitTimeSeconds of e2 to 20" in capsys.readouterr().err
    assert main(["lint", str(file), "--fix"]) == 0
    assert file.read_text() == MENDED


def test_a_fix_may_go_to_another_file(file, tmp_path):
    other = tmp_path / "mended.yaml"
    assert main(["lint", str(file), "--fix", "-o", str(other)]) == 0
    assert (file.read_text(), other.read_text()) == (DESIGN, MENDED)


@pytest.mark.parametrize(
    ("options", "says"),
    [([], "give a design"), (["DESIGN", "-o", "x.yaml"], "--output is for"), (["none.yaml"], "no such file")],
)
def test_what_cannot_be_done_is_said(options, says, file, capsys):
    assert main(["lint", *[part.replace("DESIGN", str(file)) for part in options]]) == 2
    assert says in capsys.readouterr().err


def test_errors_have_an_exit_code_of_their_own(tmp_path, capsys):
    path = tmp_path / "empty.yaml"
    path.write_text("format: headrace/1\nname: x\n")
    assert main(["lint", str(path)]) == 1
    assert "[D280]" in capsys.readouterr().out
    path.write_text("nodes: [")
    assert main(["lint", str(path)]) == 2


def test_a_design_that_names_a_load_file_is_linted_and_mended_with_it(tmp_path, capsys):
    (tmp_path / "load.csv").write_text("1\n2\n3\n")
    path = tmp_path / "shop.headrace.yaml"
    text = DESIGN.replace("{process: poisson, rate: 40}", "{process: trace, file: load.csv}")
    path.write_text(text)
    assert main(["lint", str(path)]) == 0
    assert "[D521]" in capsys.readouterr().out
    assert main(["lint", str(path), "--fix"]) == 0
    assert path.read_text() == MENDED.replace(
        "{process: poisson, rate: 40}", "{process: trace, file: load.csv}"
    )


@pytest.mark.parametrize("style", ["block", "leaves", "json"])
@pytest.mark.parametrize("code", [code for code, (_, quiet) in CASES.items() if quiet is None])
def test_every_mend_can_be_written_into_every_style(code: str, style: str):
    from simulator.advice.table import all_problems

    document = CASES[code][0]
    data = document.to_data()
    edits = next(one.mend for one in all_problems(document) if one.code == code)
    as_yaml = yaml.safe_dump(data, default_flow_style=False if style == "block" else None, sort_keys=False)
    text = json.dumps(data) if style == "json" else as_yaml
    made = edited_text(text, edits)
    assert read_text(made) == edited(data, edits)
    assert Document.from_text(made).nodes
    assert len(made.splitlines()) <= len(text.splitlines()) + 4  # not written anew


@pytest.mark.parametrize(
    "text",
    [
        "nodes:\n- id: q\n  config:\n    capacity:\n      a: 1\n",
        "nodes:\n- id: q\n  config:\n    capacity: |\n      words\n",
        "nodes:\n- id: q\n  label: |\n    words\n",
    ],
)
def test_what_text_cannot_be_put_into_is_written_anew(text: str):
    edit = SetSetting("node", "q", ("capacity",), 5)
    made = read_text(edited_text(text, [edit]))
    assert made == edited(read_text(text), [edit])  # type: ignore[arg-type]
