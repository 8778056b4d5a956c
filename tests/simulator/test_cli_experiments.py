"""The commands that run a design many times."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.cli import main

DESIGN = """format: headrace/1
name: small
simulation: {duration: 20, warmup: 2}
nodes:
  - {id: s, kind: producer, config: {arrivals: {process: poisson, rate: 20}}}
  - {id: q, kind: queue}
  - {id: c, kind: consumer, config: {service_time: 0.02}}
edges:
  - {id: e, from: s, to: q}
  - {id: f, from: q, to: c}
"""
SLOWER = "nodes.c.config.service_time.value=0.03"


@pytest.fixture
def design(tmp_path: Path) -> str:
    path = tmp_path / "design.yaml"
    path.write_text(DESIGN)
    return str(path)


def test_compare_prints_differences_and_writes_a_file(
    design: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "found.csv"
    words = ["compare", design, "--set", SLOWER, "--replications", "6", "--output", str(target)]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "difference from as drawn" in printed
    assert "higher by" in printed
    assert target.read_text().startswith("from,to,metric,alternative,value")


def test_compare_takes_several_designs_and_prints_json(
    design: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(DESIGN.replace("0.02", "0.03"))
    assert main(["compare", design, str(other), "--replications", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found["alternatives"]] == [design, str(other)]


def test_compare_without_an_alternative_is_refused(design: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", design]) == 2
    assert "nothing to compare with" in capsys.readouterr().err
    assert main(["compare", design, "--set", "nodes.c.config.nothing=1"]) == 2
    assert "there is no 'nothing'" in capsys.readouterr().err


def test_sweep_prints_a_row_for_every_point(
    design: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "found.json"
    words = ["sweep", design, "--vary", "nodes.c.config.instances=1:2", "--output", str(target)]
    assert main([*words, "--vary", "nodes.s.config.arrivals.rate=10,20", "--replications", "2"]) == 0
    assert capsys.readouterr().out.count("s → c") == 4
    assert len(json.loads(target.read_text())["points"]) == 4
    assert main(["sweep", design, "--vary", "nodes.c.config.instances=4:1"]) == 2
    assert "empty range" in capsys.readouterr().err


def test_capacity_prints_the_answer(design: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "judged.yaml"
    path.write_text(DESIGN + "objectives: [{metric: waiting_time.mean, node: q, below: 0.05}]\n")
    words = ["capacity", str(path), "--node", "s", "--replications", "4", "--precision", "0.2"]
    assert main(words) == 0
    assert "First to break" in capsys.readouterr().out
    assert main(["capacity", design, "--node", "s"]) == 2
    assert "no objectives" in capsys.readouterr().err
