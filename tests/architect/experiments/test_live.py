"""Experiments in real worker processes of a real server; the figures are the command line's."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from simulator import Document
from simulator.experiments.assumed import parse_over
from simulator.experiments.capacity import capacity, rate_path
from simulator.experiments.cheapest import cheapest
from simulator.experiments.compare import Alternative, compare
from simulator.experiments.parameters import parse_vary
from simulator.experiments.sensitivity import sensitivity
from simulator.experiments.swap import swapped
from simulator.experiments.sweep import sweep
from tests.architect.live import LiveServer
from tests.architect.samples import endless, work_queue

ENDED = {"finished", "cancelled", "failed"}
OBJECTIVES = [{"metric": "end_to_end_latency.mean", "from": "web", "to": "billing", "below": 0.12}]


def sample() -> dict[str, Any]:
    return {**work_queue(rate=30.0, duration=20.0, seed=3), "objectives": OBJECTIVES}


def started(server: LiveServer, place: str, document: dict[str, Any], **asked: Any) -> str:
    design = server.post("/api/designs", {"document": document})["id"]
    return f"/api/{place}/{server.post(f'/api/{place}', {'design': design, **asked})['id']}"


def ended(server: LiveServer, path: str, seconds: float = 40.0) -> dict[str, Any]:
    return waited(server, path, lambda found: found["status"] in ENDED, seconds)


def waited(server: LiveServer, path: str, is_so: Any, seconds: float = 40.0) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while True:
        found: dict[str, Any] = server.get(path)
        if is_so(found):
            return found
        assert time.monotonic() < deadline, f"{found}\n{server.log()}"
        time.sleep(0.05)


def worker_pids(server: LiveServer) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(server.pid)], capture_output=True, text=True, check=False
    )
    rows = [row.split(None, 1) for row in listed.stdout.splitlines()]
    return [int(pid) for pid, arguments in rows if "architect.experiments.worker" in arguments]


def test_a_comparison_gives_the_figures_of_the_command_line(server: LiveServer) -> None:
    path = started(
        server, "comparisons", sample(), alternatives=[{"swap": {"orders": "aws.sqs"}}], replications=20
    )
    found = ended(server, path)
    assert (found["status"], found["progress"]) == ("finished", 1.0), found
    document = Document.parse(sample())
    expected = compare(
        [Alternative("as drawn", document), swapped(document, "orders=aws.sqs")], replications=20
    )
    assert server.get(f"{path}/result") == expected
    assert found["headline"]
    page = urllib.request.urlopen(f"{server.url}{path}/report.html?title=Which%3F").read().decode()
    assert "Which?" in page
    assert "What was translated, assumed and lost" in page
    assert found["versions"]["headrace"]


def test_a_sweep_gives_the_figures_of_the_command_line(server: LiveServer) -> None:
    vary = {"path": "nodes.billing.config.instances", "range": "1:3"}
    path = started(server, "sweeps", sample(), vary=[vary], replications=2)
    assert ended(server, path)["status"] == "finished"
    document = Document.parse(sample())
    expected = sweep(document, [parse_vary(document, "nodes.billing.config.instances=1:3")], replications=2)
    assert server.get(f"{path}/result") == expected


def test_a_capacity_gives_the_figures_of_the_command_line(server: LiveServer) -> None:
    path = started(server, "capacities", sample(), node="web", replications=4, precision=0.2)
    found = ended(server, path)
    assert found["status"] == "finished", found
    assert found["partials"] >= 3
    document = Document.parse(sample())
    expected = capacity(document, rate_path(document, "web"), replications=4, precision=0.2)
    assert server.get(f"{path}/result") == expected


def test_the_cheapest_and_the_sensitivity_are_the_command_line_s(server: LiveServer) -> None:
    priced = sample()
    priced["nodes"][2]["config"]["instance_type"] = "m7g.large"
    vary = {"path": "nodes.billing.config.instances", "range": "1:3"}
    over = {"path": "nodes.billing.config.service_time", "low": 0.02, "high": 0.06}
    asked = {"vary": [vary], "replications": 4}
    cheap = started(server, "cheapest", priced, **asked)
    swung = started(server, "sensitivities", sample(), over=[over], trajectories=2, replications=2)
    document = Document.parse(priced)
    varied = [parse_vary(document, "nodes.billing.config.instances=1:3")]
    assert "The cheapest of 3 configurations that meets" in ended(server, cheap)["headline"]
    assert server.get(f"{cheap}/result") == cheapest(document, varied, replications=4)
    document = Document.parse(sample())
    numbers = [parse_over(document, "nodes.billing.config.service_time=0.02..0.06")]
    assert ended(server, swung)["status"] == "finished"
    assert server.get(f"{swung}/result") == sensitivity(document, numbers, trajectories=2, replications=2)


def test_experiments_go_to_the_cluster_that_the_server_was_told(
    tmp_path: Path,
) -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is an optional part (extra dask)")
    vary = {"path": "nodes.billing.config.instances", "range": "1:6"}
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        LiveServer(tmp_path, environment={"HEADRACE_DASK_SCHEDULER": cluster.scheduler_address}) as server,
    ):
        path = started(server, "sweeps", sample(), vary=[vary], replications=4)
        assert ended(server, path)["status"] == "finished"
        carried_out = [
            key for story in cluster.scheduler.transition_log for key in story[:1] if "elsewhere" in str(key)
        ]
        assert carried_out
        found = server.get(f"{path}/result")
    document = Document.parse(sample())
    expected = sweep(document, [parse_vary(document, "nodes.billing.config.instances=1:6")], replications=4)
    assert found == expected


def test_one_is_cancelled_at_once_and_one_whose_worker_is_killed_says_so(server: LiveServer) -> None:
    document = {**endless(), "objectives": OBJECTIVES}
    cancelled = started(server, "comparisons", document, alternatives=[{"swap": {"orders": "aws.sqs"}}])
    waited(server, cancelled, lambda found: found["progress"] > 0.0)
    killed = started(server, "capacities", document, node="web")
    began = time.monotonic()
    found = server.post(f"{cancelled}/cancel")
    assert time.monotonic() - began < 5  # it would go on for ever
    assert (found["status"], found["reason"]) == ("cancelled", "cancelled on request")

    waited(server, killed, lambda found: found["progress"] > 0.0)
    (pid,) = worker_pids(server)
    os.kill(pid, signal.SIGKILL)
    found = ended(server, killed)
    assert found["status"] == "failed"
    assert "signal 9 (SIGKILL)" in found["reason"]
    assert "nothing was known by then" in found["reason"]


def test_a_server_that_is_killed_takes_its_workers_with_it_and_marks_what_was_going(
    own_server: LiveServer,
) -> None:
    path = started(own_server, "comparisons", endless(), alternatives=[{"swap": {"orders": "aws.sqs"}}])
    waited(own_server, path, lambda found: found["progress"] > 0.0)
    (pid,) = worker_pids(own_server)
    own_server.kill()
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(pid)
    own_server.start()
    found = own_server.get(path)
    assert (found["status"], "the server was restarted" in found["reason"]) == ("failed", True), found


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}/task").exists()
