"""The socket of a run in a real server: who may connect, what arrives, what is refused."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from architect.asgi import websocket_routes
from architect.runs.sockets import SOCKETS_PER_RUN
from tests.architect.live import LiveServer
from tests.architect.samples import endless, work_queue
from tests.architect.sockets import Watcher
from tests.architect.test_live_runs import start

NO_ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def finished(server: LiveServer) -> str:
    """A run with 40 frames."""
    run_id = start(server, work_queue(duration=40))
    server.wait_for(run_id, "finished")
    return run_id


def test_every_socket_address_is_known_to_these_tests() -> None:
    assert [str(route.pattern) for route in websocket_routes] == ["ws/runs/<uuid:run_id>/", ""]


# -- who may connect ---------------------------------------------------------------------------------


def origins(server: LiveServer) -> dict[str, str | None]:
    """Every origin that is not the server's."""
    port = urlsplit(server.url).port
    return {
        "missing": None,
        "null": "null",
        "another site": "http://evil.example",
        "another port": "http://127.0.0.1:9999",
        "no port": "http://127.0.0.1",
        "https": f"https://127.0.0.1:{port}",
        "another name of this machine": f"http://localhost:{port}",
        "a subdomain": f"http://a.127.0.0.1:{port}",
        "a user name": f"http://127.0.0.1:{port}@evil.example",
        "a longer name": f"http://127.0.0.1.evil.example:{port}",
        "a path": f"http://127.0.0.1:{port}/x",
    }


def test_only_pages_of_this_very_server_may_connect(server: LiveServer, finished: str) -> None:
    for name, origin in origins(server).items():
        with pytest.raises(InvalidStatus) as refused:
            Watcher(server, finished, origin=origin)
        assert refused.value.response.status_code == 403, name
    with Watcher(server, finished) as watcher:
        watcher.frame()
    with Watcher(server, finished, origin=server.url.upper().replace("HTTP", "http")) as watcher:
        watcher.frame()


def test_a_host_name_that_was_rebound_to_this_machine_may_not_connect(
    server: LiveServer, finished: str
) -> None:
    port = urlsplit(server.url).port
    url = f"ws://evil.example:{port}/ws/runs/{finished}/"
    with socket.create_connection(("127.0.0.1", port or 0)) as plain, pytest.raises(InvalidStatus) as refused:
        connect(url, sock=plain, origin=Origin(f"http://evil.example:{port}"), proxy=None).__enter__()
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("path", ["/ws/", "/ws/runs/1/", "/ws/nothing/", f"/ws/runs/{NO_ID}", "/"])
def test_there_is_no_other_socket(server: LiveServer, path: str) -> None:
    url = server.url.replace("http", "ws", 1) + path
    with pytest.raises(InvalidStatus) as refused:
        connect(url, origin=Origin(server.url), proxy=None).__enter__()
    assert refused.value.response.status_code == 403


def closing_of(watcher: Watcher) -> tuple[int, str]:
    """The close code, and the last sentence that came before it."""
    with pytest.raises(ConnectionClosed) as closed:
        watcher.until_closed()
    said = [message["message"] for message in watcher.others if message["type"] == "error"]
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, said[-1] if said else ""


def test_a_run_that_does_not_exist_is_said_to_be_none(server: LiveServer) -> None:
    with Watcher(server, NO_ID) as watcher:
        assert closing_of(watcher) == (4404, "There is no run with this id.")


@pytest.mark.parametrize(
    "query",
    [
        "after=-1",
        "after=x",
        "after=1.5",
        "after=",
        "after=1&after=2",
        "window=0",
        "window=9999999",
        "window=a",
    ],
)
def test_a_question_that_makes_no_sense_is_refused(server: LiveServer, finished: str, query: str) -> None:
    with Watcher(server, finished, query) as watcher:
        code, sentence = closing_of(watcher)
    assert code == 1008
    assert "whole number" in sentence


# -- what arrives --------------------------------------------------------------------------------------


def test_a_finished_run_is_sent_whole_with_its_state(server: LiveServer, finished: str) -> None:
    with Watcher(server, finished) as watcher:
        assert [frame["seq"] for frame in watcher.until_done()] == list(range(1, 41))
        assert watcher.others[0]["status"] == "finished"
        assert watcher.frames[-1]["status"] == "finished"


def test_a_client_gets_only_what_came_after_the_frame_it_saw(server: LiveServer, finished: str) -> None:
    with Watcher(server, finished, "after=38") as watcher:
        watcher.until_done()
        assert watcher.seqs == [39, 40]


def test_live_frames_arrive_as_they_are_stored(server: LiveServer) -> None:
    run_id = start(server, work_queue(duration=200), speed=100)
    with Watcher(server, run_id) as watcher:
        frames = watcher.until_done()
    assert watcher.seqs == list(range(1, 201))
    stored = server.get(f"/api/runs/{run_id}/frames?limit=1000")["frames"]
    assert frames == stored
    assert [message["status"] for message in watcher.others if message["type"] == "status"][-1] in (
        "finished",
        "running",
    )


def test_reconnecting_again_and_again_gives_every_frame_once_and_in_order(server: LiveServer) -> None:
    run_id = start(server, work_queue(duration=1200), speed=400)
    seen: list[int] = []
    is_done = False
    while not is_done:
        with Watcher(server, run_id, f"after={seen[-1] if seen else 0}") as watcher:
            for _ in range(120):
                frame = watcher.frame()
                seen.append(frame["seq"])
                is_done = frame["done"]
                if is_done:
                    break
    assert seen == list(range(1, 1201))


def test_many_clients_of_a_run_at_full_speed_each_get_every_frame_or_are_told_what_they_missed(
    server: LiveServer,
) -> None:
    run_id = start(server, work_queue(duration=1200))
    results: list[list[int]] = []

    def watch() -> None:
        with Watcher(server, run_id) as watcher:
            watcher.until_done()
            results.append(covered(watcher.frames))  # one that cannot read so fast is shown the newest

    threads = [threading.Thread(target=watch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == [list(range(1, 1201))] * 8


def covered(frames: list[dict[str, Any]]) -> list[int]:
    """Every number that was sent or declared as skipped."""
    numbers: list[int] = []
    for frame in frames:
        if "skipped" in frame:
            numbers += range(frame["skipped"][0], frame["skipped"][1] + 1)
        numbers.append(frame["seq"])
    return numbers


def test_a_client_that_acknowledges_slowly_is_shown_the_newest_and_told_what_it_missed(
    server: LiveServer,
) -> None:
    run_id = start(server, work_queue(duration=1200), speed=200)
    with Watcher(server, run_id, "after=0&window=2") as watcher:
        first, second = watcher.frame(), watcher.frame()
        assert "skipped" not in first
        began = time.monotonic()
        while time.monotonic() - began < 2.5:  # status messages go on, frames do not
            watcher.next()
        assert watcher.seqs == [1, 2]
        began = time.monotonic()
        watcher.say(type="ack", seq=second["seq"])
        newest = watcher.frame()
        assert time.monotonic() - began < 8
        assert newest["skipped"] == [3, newest["seq"] - 1]
        assert newest["seq"] > 200
        watcher.say(type="ack", seq=newest["seq"])
        watcher.until_done(acks=True)
    numbers = covered(watcher.frames)
    assert numbers == list(range(1, 1201))


def test_at_full_speed_every_frame_is_sent_or_declared_as_skipped(server: LiveServer) -> None:
    run_id = start(server, work_queue(duration=1200))
    with Watcher(server, run_id, "after=0&window=64") as watcher:
        watcher.until_done(acks=True)
    assert covered(watcher.frames) == list(range(1, 1201))


def test_a_client_that_stops_reading_does_not_hold_up_the_others_and_catches_up(server: LiveServer) -> None:
    design = work_queue(duration=1200)
    design["nodes"] += [{"id": f"q{number}", "kind": "queue"} for number in range(100)]  # makes frames large
    run_id = start(server, design)
    with Watcher(server, run_id, max_queue=1) as sleeper, Watcher(server, run_id) as other:
        sleeper.frame()
        other.until_done(60)
        assert covered(other.frames) == list(range(1, 1201))
        began = time.monotonic()
        sleeper.until_done()
        assert time.monotonic() - began < 10
    assert covered(sleeper.frames) == list(range(1, 1201))


# -- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x00\x01", 1003),
        ("not json", 1003),
        ("[1]", 1003),
        ("{}", 1008),
        ('{"type":"dance"}', 1008),
        ('{"type":"inject"}', 1008),
        ('{"type":"ack"}', 1008),
        ('{"type":"speed","speed":-1}', 1008),
        ("x" * (256 * 1024 + 1), 1009),
    ],
)
def test_a_message_that_is_none_closes_the_socket_with_the_fitting_code(
    server: LiveServer, finished: str, sent: str | bytes, code: int
) -> None:
    with Watcher(server, finished, "after=40") as watcher:
        watcher.next()
        watcher.connection.send(sent)
        assert closing_of(watcher)[0] == code


def test_too_many_messages_close_the_socket(server: LiveServer, finished: str) -> None:
    with Watcher(server, finished, "after=40") as watcher:
        watcher.next()
        with contextlib.suppress(ConnectionClosed):
            for _ in range(20_000):
                watcher.connection.send('{"type":"ack","seq":1}')
        assert closing_of(watcher)[0] == 1008


def test_a_wish_that_the_state_forbids_is_answered_and_the_socket_stays(
    server: LiveServer, finished: str
) -> None:
    with Watcher(server, finished, "after=39") as watcher:
        watcher.until_done()
        watcher.say(type="pause")
        assert "finished" in watcher.next()["message"]
        watcher.say(type="step")
        assert "finished" in watcher.next()["message"]


def test_a_run_is_steered_over_its_socket(server: LiveServer) -> None:
    run_id = start(server, work_queue(duration=4000), speed=20)
    with Watcher(server, run_id) as watcher:
        watcher.frame()
        watcher.say(type="pause")
        watcher.until_status("paused")
        seen = watcher.seqs[-1]
        watcher.say(type="step")
        assert watcher.frame()["seq"] == seen + 1
        watcher.say(type="speed", speed=1000)
        watcher.say(type="resume")
        assert watcher.until_status("running")["speed"] == 1000
        watcher.say(type="cancel")
        assert watcher.until_done()[-1]["status"] == "cancelled"


def test_there_is_a_limit_to_the_sockets_of_one_run(server: LiveServer) -> None:
    run_id = start(server, endless())
    watchers = [Watcher(server, run_id) for _ in range(SOCKETS_PER_RUN)]
    try:
        with Watcher(server, run_id) as one_too_many:
            assert closing_of(one_too_many)[0] == 4429
    finally:
        for watcher in watchers:
            watcher.__exit__()
    server.post(f"/api/runs/{run_id}/cancel")
    with Watcher(server, run_id) as watcher:
        watcher.until_done()
