"""Runs in a real server with real workers: start, steer, cancel, repeat, fail, queue."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from architect.runs.worker_job import SILENCE
from tests.architect.live import LiveServer
from tests.architect.samples import endless, work_queue
from tests.architect.sockets import Watcher


def start(server: LiveServer, document: dict[str, Any], **asked: Any) -> str:
    """Save a design and start a run of it."""
    design = server.post("/api/designs", {"document": document})
    run_id: str = server.post("/api/runs", {"design": design["id"], **asked})["id"]
    return run_id


def all_frames(server: LiveServer, run_id: str) -> list[dict[str, Any]]:
    """Every stored frame, page by page."""
    frames: list[dict[str, Any]] = []
    while True:
        page = server.get(f"/api/runs/{run_id}/frames?after={len(frames)}&limit=7")
        frames += page["frames"]
        if not page["frames"]:
            assert len(frames) == page["last_seq"]
            return frames


def test_a_run_finishes_with_frames_a_result_and_its_snapshot(server: LiveServer) -> None:
    run_id = start(server, work_queue(duration=40), seed=11)
    run = server.wait_for(run_id, "finished")
    assert (run["progress"], run["t"], run["seed"], run["reason"]) == (1.0, 40.0, 11, None)
    assert run["wall_seconds"] > 0
    assert run["headline"]["bottleneck"]["node"] == "billing"
    frames = all_frames(server, run_id)
    assert [frame["seq"] for frame in frames] == list(range(1, 41))
    assert [frame["done"] for frame in frames] == [False] * 39 + [True]
    assert (frames[-1]["status"], frames[-1]["t"]) == ("finished", 40.0)
    result = server.get(f"/api/runs/{run_id}/result")
    assert (result["format"], result["seed"], result["stopped"]) == ("headrace-result/1", 11, None)
    assert result["design"]["digest"] == run["digest"]
    assert server.get(f"/api/runs/{run_id}/document")["name"] == "Work queue"


def test_a_repeat_gives_the_same_result_bit_for_bit(server: LiveServer) -> None:
    run_id = start(server, work_queue(duration=60), seed=3)
    server.wait_for(run_id, "finished")
    again = server.post(f"/api/runs/{run_id}/repeat")["id"]
    server.wait_for(again, "finished")
    assert server.get(f"/api/runs/{again}/result") == server.get(f"/api/runs/{run_id}/result")


def test_the_first_numbers_come_within_a_second(server: LiveServer) -> None:
    design = server.post("/api/designs", {"document": work_queue(duration=2000)})
    taken = []
    for _ in range(5):  # the best of five: what else this machine does is not what is judged
        time.sleep(2)  # the spare worker is warm
        began = time.monotonic()
        run_id = server.post("/api/runs", {"design": design["id"], "speed": 50})["id"]
        with Watcher(server, run_id) as watcher:
            watcher.frame()
            taken.append(time.monotonic() - began)
        server.post(f"/api/runs/{run_id}/cancel")
        if taken[-1] < 1.0:
            break
    assert min(taken) < 1.0


def test_cancelling_takes_less_than_a_second_and_keeps_the_partial_result(server: LiveServer) -> None:
    taken = []
    for _ in range(3):
        run_id = start(server, endless())
        server.wait_for(run_id, "running")
        while server.get(f"/api/runs/{run_id}")["last_seq"] < 2:
            time.sleep(0.02)
        began = time.monotonic()
        run = server.post(f"/api/runs/{run_id}/cancel")
        taken.append(time.monotonic() - began)
        assert (run["status"], run["reason"]) == ("cancelled", "cancelled on request")
        assert server.get(f"/api/runs/{run_id}/result")["stopped"] == "cancelled"
        last = all_frames(server, run_id)[-1]
        assert (last["done"], last["status"]) == (True, "cancelled")
    assert min(taken) < 1.0  # beside other tests on few cores one of them may take longer


def test_cancelling_twice_or_after_the_end_changes_nothing(server: LiveServer) -> None:
    run_id = start(server, endless())
    first = server.post(f"/api/runs/{run_id}/cancel")
    assert first["status"] == "cancelled"
    assert server.post(f"/api/runs/{run_id}/cancel")["ended_at"] == first["ended_at"]
    finished = start(server, work_queue(duration=5))
    server.wait_for(finished, "finished")
    assert server.post(f"/api/runs/{finished}/cancel")["status"] == "finished"


def test_pause_step_resume_and_speed(server: LiveServer) -> None:
    run_id = start(server, work_queue(duration=1200), speed=20)
    control = f"/api/runs/{run_id}/control"
    server.wait_for(run_id, "running")
    assert server.post(control, {"action": "pause"})["status"] == "paused"
    time.sleep(0.3)
    stood = server.get(f"/api/runs/{run_id}")["last_seq"]
    time.sleep(0.3)
    assert server.get(f"/api/runs/{run_id}")["last_seq"] == stood
    server.post(control, {"action": "step"})
    server.post(control, {"action": "step"})
    time.sleep(0.4)
    assert server.get(f"/api/runs/{run_id}")["last_seq"] == stood + 2
    assert server.post(control, {"action": "speed", "speed": None})["speed"] is None
    assert server.post(control, {"action": "resume"})["status"] == "running"
    assert server.wait_for(run_id, "finished")["last_seq"] == 1200


@pytest.mark.parametrize("action", ["pause", "resume", "step", "speed"])
def test_an_ended_run_cannot_be_steered(server: LiveServer, action: str) -> None:
    run_id = start(server, work_queue(duration=1))
    server.wait_for(run_id, "finished")
    answer = httpx.post(f"{server.url}/api/runs/{run_id}/control", json={"action": action, "speed": 2})
    assert answer.status_code == 409
    assert "finished" in answer.json()["detail"]


def test_a_killed_worker_fails_its_run_within_three_seconds_and_keeps_its_frames(server: LiveServer) -> None:
    run_id = start(server, work_queue(duration=4000), speed=20)
    while server.get(f"/api/runs/{run_id}")["last_seq"] < 3:
        time.sleep(0.02)
    began = time.monotonic()
    kill_busy_worker(server)
    run = server.wait_for(run_id, "failed", seconds=3)
    assert time.monotonic() - began < 3
    assert "worker process ended by signal 9 (SIGKILL)" in run["reason"]
    frames = all_frames(server, run_id)
    assert len(frames) >= 4
    assert (frames[-1]["done"], frames[-1]["status"]) == (True, "failed")
    assert frames[-1]["nodes"] == frames[-2]["nodes"]
    again = server.post(f"/api/runs/{run_id}/repeat")["id"]
    server.wait_for(again, "running")
    server.post(f"/api/runs/{again}/cancel")


def kill_busy_worker(server: LiveServer, number: signal.Signals = signal.SIGKILL) -> int:
    """Signal the worker that has a job: the spare one was started after it."""
    pid = min(server.worker_pids(), key=started_at)
    os.kill(pid, number)
    return pid


def started_at(pid: int) -> int:
    """Ticks from the start of the machine to that of the process (proc(5), field 22 of stat)."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def test_a_silent_worker_is_said_to_be_silent_and_goes_on_when_it_wakes(server: LiveServer) -> None:
    run_id = start(server, endless())
    with Watcher(server, run_id) as watcher:
        watcher.frame()
        time.sleep(1.0)  # it has now used more time than a spare one's start
        pid = kill_busy_worker(server, signal.SIGSTOP)
        began = time.monotonic()
        while not (watcher.others and watcher.others[-1].get("stalled")):
            watcher.next(SILENCE + 6)
        assert time.monotonic() - began < SILENCE + 5
        os.kill(pid, signal.SIGCONT)
        while watcher.others[-1].get("stalled"):
            watcher.next()
    run = server.post(f"/api/runs/{run_id}/cancel")
    assert run["status"] == "cancelled"


def test_a_stopped_worker_is_cancelled_by_force(server: LiveServer) -> None:
    run_id = start(server, endless())
    server.wait_for(run_id, "running")
    time.sleep(1.0)
    kill_busy_worker(server, signal.SIGSTOP)
    began = time.monotonic()
    run = server.post(f"/api/runs/{run_id}/cancel")
    assert time.monotonic() - began < 5  # a second of patience; otherwise it would take for ever
    assert run["status"] == "cancelled"


def test_runs_beyond_the_cores_wait_and_each_design_gets_its_turn(server: LiveServer) -> None:
    cores = os.cpu_count() or 1
    hog = server.post("/api/designs", {"document": endless()})["id"]
    runs = [server.post("/api/runs", {"design": hog})["id"] for _ in range(cores + 2)]
    for run_id in runs[:cores]:
        server.wait_for(run_id, "running")
    assert server.get(f"/api/runs/{runs[-1]}")["status"] == "queued"
    other = start(server, work_queue(duration=5))
    assert server.get(f"/api/runs/{other}")["status"] == "queued"
    server.post(f"/api/runs/{runs[0]}/cancel")
    server.wait_for(other, "finished")  # before the hog's third run, although that was asked for earlier
    for run_id in runs:
        assert server.post(f"/api/runs/{run_id}/cancel")["status"] == "cancelled"


def test_a_paused_run_leaves_its_core_to_others(server: LiveServer) -> None:
    paused = [start(server, endless()) for _ in range(os.cpu_count() or 1)]
    for run_id in paused:
        server.wait_for(run_id, "running")
        server.post(f"/api/runs/{run_id}/control", {"action": "pause"})
    other = start(server, work_queue(duration=5))
    server.wait_for(other, "finished")
    for run_id in paused:
        assert server.post(f"/api/runs/{run_id}/cancel")["status"] == "cancelled"


def test_a_design_that_grows_without_bound_ends_with_the_reason_and_its_partial_result(
    server: LiveServer,
) -> None:
    run_id = start(server, work_queue(rate=50_000, duration=1e5))
    run = server.wait_for(run_id, "failed", seconds=100)
    assert "orders" in run["reason"] or "memory" in run["reason"]
    assert run["last_seq"] > 0
    assert server.get("/healthz") == {"status": "ok"}


def test_a_design_is_not_deleted_while_its_run_is_going(server: LiveServer) -> None:
    run_id = start(server, endless())
    run = server.get(f"/api/runs/{run_id}")
    with server.client() as client:
        assert client.delete(f"/api/designs/{run['design']}").status_code == 409
        assert client.delete(f"/api/runs/{run_id}").status_code == 409
        server.post(f"/api/runs/{run_id}/cancel")
        assert client.delete(f"/api/runs/{run_id}").status_code == 204
        assert client.get(f"/api/runs/{run_id}").status_code == 404
        assert client.delete(f"/api/designs/{run['design']}").status_code == 204


@pytest.mark.parametrize(
    ("kind", "wrong", "said", "right"),
    [
        ("producer", {"rate": "many"}, "expected a number", {"rate": 3}),
        ("consumer", {"instances": 0}, "instances: must be at least 1", {"instances": 7}),
    ],
)
def test_what_is_set_over_the_socket_stands_in_the_document_of_the_run(
    server: LiveServer, kind: str, wrong: dict[str, Any], said: str, right: dict[str, Any]
) -> None:
    run_id = start(server, work_queue(duration=120), seed=4, speed=20)
    server.wait_for(run_id, "running")
    nodes = server.get(f"/api/runs/{run_id}/document")["nodes"]
    node = next(one["id"] for one in nodes if one["kind"] == kind)

    def answer(watcher: Watcher, kind: str) -> dict[str, Any]:
        while (message := watcher.next()).get("type") != kind:
            pass
        return message

    with Watcher(server, run_id) as watcher:
        watcher.say(type="set", node=node, settings=wrong)
        assert said in answer(watcher, "error")["message"]
        watcher.say(type="set", node=node, settings=right)
        taken = answer(watcher, "injected")["fault"]
    assert (taken["kind"], taken["node"], taken["config"]) == ("set", node, right)
    (fault,) = server.get(f"/api/runs/{run_id}/document")["faults"]
    assert fault["at"] == taken["at"] > 0
    server.post(f"/api/runs/{run_id}/cancel")


@pytest.mark.parametrize("is_paused", [False, True])
def test_a_fault_injected_into_a_going_run_is_repeated_with_it_bit_for_bit(
    server: LiveServer, is_paused: bool
) -> None:
    run_id = start(server, work_queue(duration=120), seed=4, speed=20)
    server.wait_for(run_id, "running")
    time.sleep(0.5)
    if is_paused:
        server.post(f"/api/runs/{run_id}/control", {"action": "pause"})
    fault = {"kind": "outage", "node": "billing", "duration": 5}
    taken = server.post(f"/api/runs/{run_id}/faults", fault)
    assert {key: taken[key] for key in fault} == fault
    assert taken["at"] > 0
    if is_paused:
        server.post(f"/api/runs/{run_id}/control", {"action": "resume"})
    server.post(f"/api/runs/{run_id}/control", {"action": "speed", "speed": None})
    run = server.wait_for(run_id, "finished")
    document = server.get(f"/api/runs/{run_id}/document")
    assert [(one["kind"], one["at"]) for one in document["faults"]] == [("outage", taken["at"])]
    result = server.get(f"/api/runs/{run_id}/result")
    assert result["design"]["digest"] == run["digest"]
    frames = all_frames(server, run_id)
    assert [frame["t"] for frame in frames] == sorted({frame["t"] for frame in frames})
    told = [event["text"] for frame in frames for event in frame["events"]]
    assert [text for text in told if "billing is" in text] == ["billing is out", "billing is back"]
    again = server.post(f"/api/runs/{run_id}/repeat")["id"]
    server.wait_for(again, "finished")
    assert server.get(f"/api/runs/{again}/result") == result


def test_a_fault_that_cannot_happen_is_refused_and_the_run_goes_on_as_if_nothing_had_been(
    server: LiveServer,
) -> None:
    run_id = start(server, endless(), speed=10)
    server.wait_for(run_id, "running")
    for fault, part in (
        ({"kind": "outage", "node": "nobody", "duration": 5}, "'nobody', which does not exist"),
        ({"kind": "outage", "node": "billing"}, "its duration is missing"),
        ({"kind": "outage", "node": "billing", "duration": 1, "config": {"x": 1}}, "has no settings"),
        ({"kind": "outage", "node": "billing", "duration": 1, "at": 5}, "at"),
    ):
        answer = httpx.post(f"{server.url}/api/runs/{run_id}/faults", json=fault)
        assert answer.status_code == 422
        assert part in str(answer.json()["errors"])
    server.post(f"/api/runs/{run_id}/cancel")
    late = httpx.post(
        f"{server.url}/api/runs/{run_id}/faults", json={"kind": "outage", "node": "billing", "duration": 5}
    )
    assert late.status_code == 409
    assert "faults" not in server.get(f"/api/runs/{run_id}/document")
