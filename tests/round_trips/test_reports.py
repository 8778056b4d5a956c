"""What `headrace check` and `headrace lint` write for other programs, read by those programs' own means.

Sources: the JSON schema of SARIF 2.1.0 by its authors; junitparser, a reader of JUnit XML.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.cli import main
from tests.round_trips.tools import NO_SARIF, SARIF_SCHEMA

jsonschema = pytest.importorskip("jsonschema", reason="pip install -e '.[round-trips]'")
junitparser = pytest.importorskip("junitparser", reason="pip install -e '.[round-trips]'")

DESIGN = """\
format: headrace/1
name: Shop <&>
nodes:
  - {id: web, kind: producer, config: {arrivals: {process: poisson, rate: RATE}}}
  - {id: orders, kind: aws.sqs}
  - {id: billing, kind: consumer, config: {service_time: 0.005, failure: {probability: 0.01}}}
edges:
  - {id: e1, from: web, to: orders}
  - {id: e2, from: orders, to: billing}
simulation: {duration: 60, replications: 10}
objectives:
  - {metric: waiting_time.mean, node: orders, below: LIMIT}
  - {metric: waiting_time.p999, node: orders, below: 100}
"""
#: Exit code, and failures and errors of the test report, by what is asked; a p99.9 takes a longer run.
CASES = {
    "missed": ("40", "0.000001", 1, (1, 1)),
    "undecided": ("40", "100", 3, (0, 1)),
    "invalid": ("-4", "100", 2, (1, 0)),
}


@pytest.mark.skipif(not SARIF_SCHEMA.is_file(), reason=NO_SARIF)
@pytest.mark.parametrize("case", CASES)
def test_sarif_keeps_its_schema_and_junit_is_read(case: str, tmp_path: Path) -> None:
    rate, limit, code, counts = CASES[case]
    design = tmp_path / "my shop.headrace.yaml"
    design.write_text(DESIGN.replace("RATE", rate).replace("LIMIT", limit))
    sarif, junit = tmp_path / "report.sarif", tmp_path / "report.xml"
    wishes = ["--write", f"sarif={sarif}", "--write", f"junit={junit}"]
    assert main(["check", str(design), "--budget", "0", *wishes]) == code
    log = json.loads(sarif.read_text())
    assert log["runs"][0]["results"]
    validator = jsonschema.Draft4Validator(json.loads(SARIF_SCHEMA.read_text()))
    assert [error.message for error in validator.iter_errors(log)] == []
    suite = junitparser.JUnitXml.fromfile(str(junit))
    assert (suite.failures, suite.errors) == counts


@pytest.mark.skipif(not SARIF_SCHEMA.is_file(), reason=NO_SARIF)
def test_the_log_of_lint_keeps_the_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    design = tmp_path / "shop.headrace.yaml"
    design.write_text(DESIGN.replace("RATE", "40").replace("LIMIT", "1"))
    assert main(["lint", str(design), "--format", "sarif"]) == 0
    log = json.loads(capsys.readouterr().out)
    assert {result["ruleId"] for result in log["runs"][0]["results"]} >= {"D521", "D523"}
    validator = jsonschema.Draft4Validator(json.loads(SARIF_SCHEMA.read_text()))
    assert [error.message for error in validator.iter_errors(log)] == []
