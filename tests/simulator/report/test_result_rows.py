"""The figures of a result as rows."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator import Document, simulate
from simulator.cli import main
from simulator.design.examples import templates
from simulator.report.alternatives_table import safe_cell
from simulator.report.result_rows import COLUMNS, result_csv, result_parquet, result_rows, unit_of_path

WORK_QUEUE = next(one.document for one in templates() if one.slug == "work-queue")


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    return simulate(Document.parse(WORK_QUEUE), duration=60, replications=2)


def estimates(found: Any) -> int:
    """How many estimates there are below a value."""
    if isinstance(found, list):
        return sum(estimates(one) for one in found)
    if not isinstance(found, dict):
        return 0
    if "ci95" in found and not isinstance(found["mean"], dict):
        return 1
    return sum(estimates(one) for one in found.values())


def test_every_estimate_of_nodes_flows_and_edges_has_a_row(result: dict[str, Any]) -> None:
    rows = list(result_rows(result))
    for element, part in (("node", "nodes"), ("flow", "flows"), ("edge", "edges")):
        assert len([row for row in rows if row["element"] == element]) == estimates(result[part]) > 0
    keys = [(row["element"], row["place"], row["metric"]) for row in rows]
    assert len(set(keys)) == len(keys)
    assert {row["verdict"] for row in rows if row["element"] == "objective"} <= {"met", "missed", "undecided"}
    assert {row["element"] for row in rows} >= {"objective", "ledger", "littles_law", "cost"}


def test_a_row_says_value_interval_and_unit(result: dict[str, Any]) -> None:
    rows = {(row["place"], row["metric"]): row for row in result_rows(result) if row["element"] == "node"}
    row = rows["resize", "service_time.mean"]
    found = result["nodes"]["resize"]["service_time"]["mean"]
    assert (row["value"], [row["low"], row["high"]], row["unit"]) == (found["mean"], found["ci95"], "s")
    assert unit_of_path("waiting_time.variance") == "s^2"
    assert unit_of_path("queue_length.max_at") == "s"
    assert unit_of_path("lost") == "messages"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_a_cell_is_never_a_formula(cell: str) -> None:
    assert str(safe_cell(cell)).startswith("'")
    assert safe_cell(-1.5) == -1.5


def test_csv_escapes_what_a_name_could_smuggle_in(result: dict[str, Any]) -> None:
    evil = "=HYPERLINK(0)"
    told = result | {"nodes": {evil: {"throughput": {"mean": -1.0, "ci95": None}}}}
    (row,) = [row for row in csv.DictReader(io.StringIO(result_csv(told))) if row["element"] == "node"]
    assert row["place"] == f"'{evil}"
    assert row["value"] == "-1.0"


def test_parquet_has_the_rows_with_one_type_for_each_column(result: dict[str, Any]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="PyArrow is an optional part (extra parquet)")
    table = parquet.read_table(io.BytesIO(result_parquet(result)))
    assert {field.name: str(field.type).replace("double", "float64") for field in table.schema} == COLUMNS
    assert table.to_pylist() == list(result_rows(result))


def test_the_command_writes_the_figures_of_a_result_and_needs_one(
    tmp_path: Path, result: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    design, file, table = (tmp_path / name for name in ("design.yaml", "result.json", "result.csv"))
    design.write_text(yaml.safe_dump(WORK_QUEUE))
    file.write_text(json.dumps(result))
    assert main(["export", str(design), "--to", "csv", "--result", str(file), "-o", str(table)]) == 0
    assert table.read_text() == result_csv(result)
    assert main(["export", str(design), "--to", "json", "--result", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == result
    assert main(["export", str(design), "--to", "parquet"]) == 2
    assert "give its result with --result" in capsys.readouterr().err
