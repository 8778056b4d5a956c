"""Sweeps: the same bits for any number of processes, nothing lost when a worker dies."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simulator import Document, InvalidDesign
from simulator.experiments.executor import Workers, WorkersDied
from simulator.experiments.options import RunOptions
from simulator.experiments.parameters import parse_vary
from simulator.experiments.plan import SCHEDULER, Cancelled
from simulator.experiments.runner import Runner, Task, design_text
from simulator.experiments.sweep import point_measures, sweep
from simulator.measurement.slices import Recording
from simulator.report.sweep_table import sweep_csv, sweep_parquet, sweep_table
from simulator.theory.markovian import mmc
from tests.simulator.designs import single_server

SERVER = single_server(80, 0.02, duration=30, warmup=3)
INSTANCES = "nodes.worker.config.instances"


def run(text: str, document: Document = SERVER, **options: Any) -> dict[str, Any]:
    return sweep(document, [parse_vary(document, one) for one in text.split()], **options)


@pytest.fixture(scope="module")
def instances() -> dict[str, Any]:
    return run(f"{INSTANCES}=1:4", duration=60, warmup=6)


def test_every_point_agrees_with_the_closed_form(instances: dict[str, Any]) -> None:
    assert [point["values"] for point in instances["points"]] == [[1], [2], [3], [4]]
    assert instances["points"][0]["stability"] == "growing"
    for point in instances["points"][1:]:
        found = point["flows"][0]["end_to_end_latency.mean"]
        theory = mmc(80, 0.02, point["values"][0]).sojourn_time
        # Twice the 95 % interval of 5 replications (t = 2.78) is one of 99.5 %.
        assert abs(found["mean"] - theory) <= found["ci95"][1] - found["ci95"][0]


def test_more_servers_never_wait_longer_under_the_same_random_numbers(instances: dict[str, Any]) -> None:
    waits = [point["nodes"]["line"]["waiting_time.mean"]["mean"] for point in instances["points"]]
    assert waits == sorted(waits, reverse=True)


def test_table_and_csv_have_every_point(instances: dict[str, Any]) -> None:
    table = sweep_table(instances)
    assert "no steady state" in table
    assert table.count("source → worker") == 4
    rows = list(csv.DictReader(io.StringIO(sweep_csv(instances))))
    assert {row[INSTANCES] for row in rows} == {"1", "2", "3", "4"}
    assert all(float(row["low"]) <= float(row["mean"]) for row in rows if row["low"])


def test_parquet_has_the_rows_of_the_csv(instances: dict[str, Any], tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="PyArrow is an optional part (extra parquet)")
    (tmp_path / "sweep.parquet").write_bytes(sweep_parquet(instances))
    rows = list(csv.DictReader(io.StringIO(sweep_csv(instances))))
    assert parquet.read_table(tmp_path / "sweep.parquet").num_rows == len(rows)


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ((1, 2.5), [1.0, 2.5]),
        (("all", 1, 0), ["all", "1", "0"]),
        ((None, 4), [None, 4]),
        ((True, "both"), ["true", "both"]),
    ],
)
def test_a_column_of_parquet_has_one_type(
    values: tuple[Any, ...], written: list[Any], instances: dict[str, Any], tmp_path: Path
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="PyArrow is an optional part (extra parquet)")
    point = instances["points"][0]
    document = {
        "varied": [{"path": "setting", "values": list(values)}],
        "points": [{**point, "values": [value]} for value in values],
    }
    (tmp_path / "sweep.parquet").write_bytes(sweep_parquet(document))
    column = parquet.read_table(tmp_path / "sweep.parquet")["setting"].to_pylist()
    assert list(dict.fromkeys(column)) == written


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{INSTANCES}=1:1000 nodes.source.config.arrivals.rate=1:1000:1", "1,000,000 points"),
        (f"{INSTANCES}=0:3", "cannot be run"),
        (f"{INSTANCES}=1:2 {INSTANCES}=3:4", "one or two different settings"),
    ],
)
def test_sweeps_that_cannot_be_made_are_refused_before_anything_runs(text: str, said: str) -> None:
    with pytest.raises(InvalidDesign, match=said):
        run(text)


def test_a_stop_keeps_the_points_that_are_done() -> None:
    asked = 0

    def is_stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 250

    found = run(f"{INSTANCES}=2:6", duration=5, replications=1, is_stopped=is_stopped)
    assert found["stopped"] == "cancelled"
    assert 0 < len(found["points"]) < 5
    with pytest.raises(Cancelled):
        run(f"{INSTANCES}=2:6", is_stopped=lambda: True)


# -- workers that die --------------------------------------------------------------------------------
MARKER = "HEADRACE_TEST_MARKER"


def die_once(document: Document, recordings: list[Recording], task: Task) -> dict[str, Any]:
    """Kill the worker at the first task that comes here, measure at all others."""
    marker = Path(os.environ[MARKER])
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return point_measures(document, recordings, task)


def tasks(measure: Any, count: int = 4) -> list[Task]:
    options = RunOptions.of(SERVER, duration=3, warmup=0)
    text = design_text(SERVER)
    return [Task(text, options.seed, (number,), 3.0, 0.0, measure) for number in range(count)]


def test_two_processes_give_the_same_bits_as_one_and_a_worker_that_dies_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MARKER, str(tmp_path / "marker"))
    with Runner(jobs=2) as runner:
        found = runner.run(tasks(die_once))
    with Runner() as here:
        assert json.dumps(found) == json.dumps(here.run(tasks(point_measures)))
    assert (tmp_path / "marker").exists()


def test_workers_that_always_die_end_the_experiment_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dying:
        def submit(self, *_args: object) -> Future[None]:
            future: Future[None] = Future()
            future.set_exception(BrokenProcessPool("a process in the process pool was terminated"))
            return future

    begun = 0

    @contextmanager
    def dying(_jobs: int, slots: int) -> Iterator[Workers]:
        nonlocal begun
        begun += 1
        yield Workers(Dying(), None, lambda: None, [0.0] * slots)  # type: ignore[arg-type]

    monkeypatch.setattr("simulator.experiments.runner.open_workers", dying)
    with Runner(jobs=2) as runner, pytest.raises(WorkersDied, match="enough memory"):
        runner.run(tasks(point_measures))
    assert begun == 4  # as they are, and three times again


def test_a_dask_cluster_of_two_workers_gives_the_same_bits_and_a_worker_that_dies_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is an optional part (extra dask)")
    monkeypatch.setenv(MARKER, str(tmp_path / "marker"))
    alone = run(f"{INSTANCES}=2:4", duration=5, replications=2)
    with Runner() as here:
        answers = here.run(tasks(point_measures))
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        monkeypatch.setenv(SCHEDULER, cluster.scheduler_address)
        assert json.dumps(run(f"{INSTANCES}=2:4", duration=5, replications=2)) == json.dumps(alone)
        with Runner() as runner:
            assert json.dumps(runner.run(tasks(die_once))) == json.dumps(answers)
    assert (tmp_path / "marker").exists()


def test_a_dask_cluster_whose_workers_always_die_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is an optional part (extra dask)")

    class Dying:
        def submit(self, *_args: object) -> Future[None]:
            future: Future[None] = Future()
            future.set_exception(distributed.KilledWorker("a task", SimpleNamespace(address="tcp://b"), 3))
            return future

    @contextmanager
    def dying(_jobs: int, _slots: int) -> Iterator[Workers]:
        yield Workers(Dying(), None, lambda: None, [])  # type: ignore[arg-type]

    monkeypatch.setenv(SCHEDULER, "tcp://nowhere:1")
    monkeypatch.setattr("simulator.experiments.runner.open_workers", dying)
    with Runner() as runner, pytest.raises(WorkersDied, match="Dask cluster has given up"):
        runner.run(tasks(point_measures))
