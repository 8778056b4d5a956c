"""Replications elsewhere: the same result, progress, and a stop that is heard at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from math import inf
from pathlib import Path

import pytest

from simulator import simulate
from simulator.experiments.executor import NoCluster
from simulator.experiments.plan import SCHEDULER, Cancelled
from tests.simulator.designs import single_server

SMALL = single_server(40, 0.02, duration=20, replications=4)
#: Half a minute of work and more in each of four replications.
LARGE = single_server(4000, 0.0002, duration=6_000, replications=4)


def test_processes_report_how_far_they_are_and_give_the_same_result() -> None:
    reports: list[dict[str, float]] = []
    alone, together = simulate(SMALL), simulate(SMALL, jobs=2, on_progress=reports.append)
    assert json.dumps(alone) == json.dumps(together)
    shares = [(report["replication"] + report["t"] / report["duration"]) / 4 for report in reports]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_frames_of_the_first_replication_are_made_here_while_the_others_run_elsewhere() -> None:
    frames: list[dict[str, object]] = []
    result = simulate(SMALL, jobs=3, on_frame=frames.append)
    assert json.dumps(result) == json.dumps(simulate(SMALL))
    assert frames[-1]["done"]
    assert len(frames) == 20


def test_a_stop_is_heard_in_other_processes_long_before_their_end() -> None:
    stopped_at = 0.0
    began = time.perf_counter()

    def control(now: float) -> float | None:
        nonlocal stopped_at
        if 0.0 < now < 6_000.0:  # one of them is under way
            stopped_at = stopped_at or time.perf_counter()
            return None
        return inf

    result = simulate(LARGE, jobs=2, control=control)
    # Tenths of a second; on a busy machine more, but a stop that is not heard takes a minute.
    assert time.perf_counter() - stopped_at < 10
    assert stopped_at - began < 30
    assert result["stopped"] == "cancelled"
    assert result["messages"] > 0
    assert result["conservation"]["ok"]


def test_a_stop_before_anything_has_happened_says_so() -> None:
    with pytest.raises(Cancelled, match="no result"):
        simulate(LARGE, jobs=2, control=lambda _now: None)


def test_a_killed_parent_leaves_no_worker_behind(tmp_path: Path) -> None:
    design = tmp_path / "large.yaml"
    design.write_text(json.dumps(LARGE.to_data()))
    command = [sys.executable, "-m", "simulator", "simulate", str(design), "--jobs", "2"]
    parent = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    children: list[int] = []
    deadline = time.monotonic() + 30
    while len(children) < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
        children = _workers_of(parent.pid)
    assert len(children) >= 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    while time.monotonic() < deadline and any(_is_alive(child) for child in children):
        time.sleep(0.1)
    assert [child for child in children if _is_alive(child)] == []


def _workers_of(parent: int) -> list[int]:
    path = Path(f"/proc/{parent}/task/{parent}/children")
    if not path.exists():
        pytest.skip("the children of a process can be listed on Linux only")
    found = [int(child) for child in path.read_text().split()]
    return [child for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def _is_alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def test_a_cluster_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="Dask is an optional part (extra dask)")
    monkeypatch.setenv(SCHEDULER, "nonsense://nowhere")
    with pytest.raises(NoCluster, match="nonsense"):
        simulate(SMALL)


def test_a_dask_cluster_gives_the_same_result_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is an optional part (extra dask)")
    alone = simulate(SMALL)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, protocol="inproc"
    ) as cluster:
        monkeypatch.setenv(SCHEDULER, cluster.scheduler_address)
        assert json.dumps(simulate(SMALL)) == json.dumps(alone)
        began = time.perf_counter()
        with pytest.raises(Cancelled):
            simulate(LARGE, control=lambda _now: None)
        assert time.perf_counter() - began < 10
    monkeypatch.delenv(SCHEDULER)
    assert os.environ.get(SCHEDULER) is None
