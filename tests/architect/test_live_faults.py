"""What a real server survives: being killed, being stopped, cut lines, many writers at once."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.architect.live import LiveServer
from tests.architect.proxy import Proxy
from tests.architect.samples import endless, work_queue
from tests.architect.sockets import Watcher
from tests.architect.test_live_runs import all_frames, start


def test_a_killed_server_leaves_its_run_failed_with_frames_kept_and_its_workers_end(
    own_server: LiveServer,
) -> None:
    run_id = start(own_server, work_queue(duration=4000), speed=50)
    design = own_server.get(f"/api/runs/{run_id}")["design"]
    waiting = [own_server.post("/api/runs", {"design": design})["id"] for _ in range(4)]
    while own_server.get(f"/api/runs/{run_id}")["last_seq"] < 20:
        time.sleep(0.02)
    seen = [frame["seq"] for frame in own_server.get(f"/api/runs/{run_id}/frames")["frames"]]
    saved = own_server.post("/api/designs", {"document": work_queue(name="Saved in the last moment")})
    workers = own_server.worker_pids()
    own_server.kill()
    began = time.monotonic()
    own_server.start()
    run = own_server.get(f"/api/runs/{run_id}")
    assert time.monotonic() - began < 20
    assert run["status"] == "failed"
    assert "the server was restarted while the run was going" in run["reason"]
    frames = all_frames(own_server, run_id)
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    assert len(frames) > len(seen)
    assert (frames[-1]["done"], frames[-1]["status"]) == (True, "failed")
    assert own_server.get(f"/api/designs/{saved['id']}")["name"] == "Saved in the last moment"
    for other in waiting:
        assert own_server.get(f"/api/runs/{other}")["status"] in ("failed", "finished")
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}/cmdline").exists() and is_worker(pid) for pid in workers):
        assert time.monotonic() < deadline, "a worker outlived its server"
        time.sleep(0.05)
    again = own_server.post(f"/api/runs/{run_id}/repeat")["id"]
    own_server.wait_for(again, "running")
    own_server.post(f"/api/runs/{again}/cancel")


def is_worker(pid: int) -> bool:
    """Whether a process is (still) one of our workers and not a zombie."""
    try:
        return b"architect.runs.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_stopped_server_cancels_its_runs_tells_its_clients_and_leaves_with_nought(
    own_server: LiveServer,
) -> None:
    run_id = start(own_server, endless())
    with Watcher(own_server, run_id) as watcher:
        watcher.frame()
        began = time.monotonic()
        assert own_server.stop() == 0
        assert time.monotonic() - began < 10
        with pytest.raises(ConnectionClosed) as closed:
            watcher.until_closed()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
    own_server.start()
    run = own_server.get(f"/api/runs/{run_id}")
    assert run["status"] == "cancelled"
    assert "the server was stopped" in run["reason"]
    assert all_frames(own_server, run_id)[-1]["status"] == "cancelled"


def test_the_database_is_whole_after_a_kill(own_server: LiveServer) -> None:
    start(own_server, work_queue(duration=4000), speed=200)
    time.sleep(0.5)
    own_server.kill()
    with sqlite3.connect(own_server.folder / "data" / "headrace.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_of_twenty_saves_at_once_exactly_one_wins(server: LiveServer) -> None:
    design = server.post("/api/designs", {"document": work_queue()})
    answers: list[httpx.Response] = []
    gate = threading.Barrier(20)

    def save(number: int) -> None:
        body = {"version": 1, "document": work_queue(name=f"Writer {number}")}
        with server.client() as client:
            gate.wait()
            answers.append(client.put(f"/api/designs/{design['id']}", json=body))

    threads = [threading.Thread(target=save, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [409] * 19
    winner = next(answer for answer in answers if answer.status_code == 200).json()["name"]
    assert server.get(f"/api/designs/{design['id']}")["name"] == winner
    assert all(answer.json()["current"]["version"] == 2 for answer in answers if answer.status_code == 409)
    history = server.get(f"/api/designs/{design['id']}/history")
    assert [row["version"] for row in history] == [2, 1]


def test_after_cut_and_frozen_lines_the_client_has_every_frame_once(server: LiveServer) -> None:
    run_id = start(server, work_queue(duration=600), speed=150)
    seen: list[int] = []
    with Proxy(server) as proxy:
        ways = iter(["cut", "freeze", "cut", "freeze", "cut"])
        while True:
            with Watcher(
                proxy.server, run_id, f"after={seen[-1] if seen else 0}", origin=proxy.origin
            ) as watcher:
                try:
                    for _ in range(60):
                        frame = watcher.frame()
                        seen.append(frame["seq"])
                        if frame["done"]:
                            break
                except ConnectionClosed:
                    continue
                if seen and frame["done"]:
                    break
                if next(ways, "") == "cut":
                    proxy.cut()
                else:
                    proxy.freeze(0.5)
    assert seen == list(range(1, 601))
