"""Hub, pace and pump without a server: what is sent, in which order, and what is left out."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from architect.runs import hub as hub_module
from architect.runs import pump as pump_module
from architect.runs.hub import Hub, Listener, Stream
from architect.runs.pace import WINDOW_CHARACTERS, Window
from architect.runs.pump import Pump
from architect.runs.wire import NotAMessage, NotJson, read_client_message, with_skipped

RUN = uuid.UUID(int=7)


def frames(first: int, last: int, pad: int = 0) -> list[tuple[int, str]]:
    """Stored frames."""
    return [(seq, json.dumps({"seq": seq, "pad": "x" * pad})) for seq in range(first, last + 1)]


class Store:
    """Stands for the table of frames."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, str]] = []
        self.reads = 0

    def after(self, _run: uuid.UUID, seq: int, *, limit: int, characters: int) -> list[tuple[int, str]]:
        self.reads += 1
        return [row for row in self.rows if row[0] > seq][:limit]


class Client:
    """What a socket was sent."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    async def send(self, text: str) -> None:
        self.messages.append(json.loads(text))
        await asyncio.sleep(0)

    @property
    def seqs(self) -> list[int]:
        return [message["seq"] for message in self.messages if "seq" in message]

    @property
    def covered(self) -> list[int]:
        """Every number that was sent or declared as skipped, in order."""
        numbers: list[int] = []
        for message in self.messages:
            if "skipped" in message:
                numbers += range(message["skipped"][0], message["skipped"][1] + 1)
            if "seq" in message:
                numbers.append(message["seq"])
        return numbers


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """A table that the pump reads instead of the database."""
    table = Store()
    monkeypatch.setattr("architect.runs.pump.selectors.frames_after", table.after)
    monkeypatch.setattr(pump_module, "database_sync_to_async", lambda read, **_options: asyncio_of(read))
    return table


def asyncio_of(read: Any) -> Any:
    """A coroutine function of a function."""

    async def call(*arguments: Any, **options: Any) -> Any:
        return read(*arguments, **options)

    return call


@asynccontextmanager
async def pumping(
    stream: Stream, client: Client, window: Window, *, after: int = 0, known: int = 0
) -> AsyncIterator[Pump]:
    """A pump at work."""
    listener = Listener(asyncio.get_running_loop())
    stream.join(listener)
    pump = Pump(
        RUN, stream=stream, listener=listener, window=window, send=client.send, after=after, known=known
    )
    task = asyncio.create_task(pump.run())
    yield pump
    assert not task.done()
    task.cancel()


async def until(condition: Any, seconds: float = 3.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def test_what_was_stored_and_what_comes_live_arrives_once_and_in_order(store: Store) -> None:
    store.rows = frames(1, 700)
    stream, client = Stream(), Client()
    stream.publish(store.rows[600:])
    async with pumping(stream, client, Window(None), after=3, known=650):
        store.rows += frames(701, 900)
        stream.publish(frames(701, 900))
        await until(lambda: client.seqs[-1:] == [900])
    assert client.seqs == list(range(4, 901))


async def test_frames_within_the_ring_are_not_read_from_the_database(store: Store) -> None:
    stream, client = Stream(), Client()
    async with pumping(stream, client, Window(None)):
        for first in range(1, 400, 20):
            stream.publish(frames(first, first + 19))
            await asyncio.sleep(0.001)
        await until(lambda: len(client.seqs) == 400)
    assert store.reads == 0


async def test_a_window_holds_back_what_is_not_acknowledged(store: Store) -> None:
    stream, client = Stream(), Client()
    async with pumping(stream, client, Window(3)) as pump:
        stream.publish(frames(1, 10))
        await asyncio.sleep(0.05)
        assert client.seqs == [1, 2, 3]
        pump.acknowledged(2)
        await until(lambda: client.seqs == [1, 2, 3, 4, 5])


async def test_a_client_that_is_behind_gets_the_newest_and_is_told_what_it_missed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump_module, "LAG", 0.05)
    stream, client = Stream(), Client()
    async with pumping(stream, client, Window(2)) as pump:
        for first in range(1, 1001, 10):
            stream.publish(frames(first, first + 9))
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.1)
        assert client.seqs == [1, 2]
        pump.acknowledged(2)
        await until(lambda: client.seqs == [1, 2, 1000])
        assert client.messages[-1]["skipped"] == [3, 999]
    assert client.covered == list(range(1, 1001))


async def test_history_is_never_skipped_however_slow_the_client(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump_module, "LAG", 0.01)
    store.rows = frames(1, 60)
    stream, client = Stream(), Client()
    async with pumping(stream, client, Window(2), known=60) as pump:
        for seq in range(1, 61):
            await until(lambda seq=seq: seq in client.seqs)
            pump.acknowledged(seq)
            await asyncio.sleep(0.002)
    assert client.seqs == list(range(1, 61))


async def test_a_client_that_catches_up_faster_than_the_run_goes_on_misses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump_module, "LAG", 0.02)
    store.rows = frames(1, 400)
    stream, client = Stream(), Client()
    async with pumping(stream, client, Window(16), known=400) as pump:
        newest = 400
        while not client.seqs or client.seqs[-1] < newest:
            if newest < 460:
                newest += 1
                store.rows += frames(newest, newest)
                stream.publish(frames(newest, newest))
            if client.seqs:
                pump.acknowledged(client.seqs[-1])
            await asyncio.sleep(0.001)
    assert client.seqs == list(range(1, newest + 1))


async def test_a_client_whose_connection_was_full_is_shown_the_newest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump_module, "LAG", 0.05)
    stream, client = Stream(), Client()
    is_open = asyncio.Event()
    free_send = client.send

    async def send(text: str) -> None:
        await is_open.wait()
        await free_send(text)

    monkeypatch.setattr(client, "send", send)
    async with pumping(stream, client, Window(None)):
        for seq in range(1, 101):
            store.rows += frames(seq, seq)
            stream.publish(frames(seq, seq))
            await asyncio.sleep(0.001)
        is_open.set()
        await until(lambda: client.seqs == [1, 100])
    assert client.covered == list(range(1, 101))


async def test_a_change_of_state_is_told_at_once_and_mere_progress_seldom(store: Store) -> None:
    stream, client = Stream(), Client()
    async with pumping(stream, client, Window(None)):
        for step in range(50):
            stream.publish((), {"type": "status", "status": "running", "progress": step / 50})
            await asyncio.sleep(0.001)
        stream.publish((), {"type": "status", "status": "paused", "progress": 1.0})
        await until(lambda: client.messages[-1]["status"] == "paused", seconds=0.2)
    assert len(client.messages) < 6


def test_a_window_counts_bytes_too_but_lets_one_large_frame_through() -> None:
    window = Window(100)
    assert window.has_room(WINDOW_CHARACTERS * 2)
    window.sent(1, WINDOW_CHARACTERS * 2)
    assert not window.has_room(1)
    window.acknowledged(1)
    assert window.has_room(1)


def test_the_ring_is_bounded_in_frames_and_in_characters() -> None:
    stream = Stream()
    stream.publish(frames(1, 2000))
    assert stream.after(1, most=10) is None
    assert len(stream.after(2000 - hub_module.RING_FRAMES, most=10_000) or []) == hub_module.RING_FRAMES
    stream.publish(frames(2001, 2010, pad=1_000_000))
    kept = stream.after(2008, most=100)
    assert kept is not None
    assert stream.after(2000, most=100) is None


async def test_a_stream_goes_with_its_last_listener_once_the_run_is_over() -> None:
    own = Hub()
    listener = Listener(asyncio.get_running_loop())
    own.publish(RUN, frames(1, 1))
    own.join(RUN, listener)
    own.end(RUN)
    assert own.counts() == {RUN: 1}
    own.leave(RUN, listener)
    assert own.counts() == {}
    own.leave(RUN, listener)


def test_a_run_nobody_watches_leaves_nothing_behind() -> None:
    own = Hub()
    own.publish(RUN, frames(1, 1))
    own.end(RUN)
    assert own.counts() == {}


def test_the_mark_of_skipped_frames_keeps_the_frame() -> None:
    assert json.loads(with_skipped('{"seq":9}', 5, 8)) == {"skipped": [5, 8], "seq": 9}


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "1", "null", '{"a":', "{'a': 1}", '"pause"', "[" * 100_000, "\x00"]
)
def test_what_is_no_json_object_is_no_message(text: str) -> None:
    with pytest.raises(NotJson):
        read_client_message(text)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"type": "dance"}',
        '{"type": 5}',
        '{"type": "ack"}',
        '{"type": "ack", "seq": "1"}',
        '{"type": "ack", "seq": -1}',
        '{"type": "ack", "seq": 1e999}',
        '{"type": "ack", "seq": 1.5}',
        '{"type": "speed"}',
        '{"type": "speed", "speed": 0}',
        '{"type": "speed", "speed": -3}',
        '{"type": "speed", "speed": "fast"}',
        '{"type": "pause", "more": 1}',
        '{"type": "__proto__"}',
    ],
)
def test_an_object_that_is_none_of_the_messages_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises((NotAMessage, NotJson)) as refused:
        read_client_message(text)
    assert str(refused.value)


@pytest.mark.parametrize(
    "text", ['{"type":"speed","speed":null}', '{"type":"speed","speed":2}', '{"type":"step"}']
)
def test_proper_messages_are_read(text: str) -> None:
    assert read_client_message(text).type in ("speed", "step")
