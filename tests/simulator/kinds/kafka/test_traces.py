"""Golden traces: what happens to every record and in every group, as text that is read and reviewed.

`make traces` writes them anew; the difference is looked at before it is committed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator import Document
from simulator.engine.message import Message
from simulator.kinds.kafka.coordinator import Coordinator
from simulator.kinds.kafka.elections import Elections
from simulator.kinds.kafka.group import ConsumerGroup
from simulator.kinds.kafka.member import Cursor, Member
from simulator.kinds.kafka.replicas import Replicas
from simulator.kinds.kafka.topic import KafkaTopic
from tests.simulator.kinds.kafka.faults import broker_down, run_with
from tests.simulator.kinds.kafka.logs import log_design, outage, pause

FOLDER = Path(__file__).parent / "traces"
EACH = {"enable.auto.commit": False, "commit": "after-record"}


class Told:
    """Writes down what a topic and its groups do, by standing before their methods."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines: list[str] = []
        self._patch = monkeypatch
        before: list[tuple[type, str, Callable[..., None]]] = [
            (KafkaTopic, "append", self._appended),
            (KafkaTopic, "truncate", self._truncated),
            (ConsumerGroup, "acknowledge", self._of_record("processed")),
            (ConsumerGroup, "reject", self._of_record("failed")),
            (ConsumerGroup, "commit", lambda _, member, now: self._committed(member.cursors, now)),
            (ConsumerGroup, "commit_position", lambda _, cursor, now: self._committed([cursor], now)),
            (ConsumerGroup, "commit_one", self._committed_one),
            (ConsumerGroup, "let_go", self._let_go),
            (Coordinator, "enter", self._of_member("joins the group")),
            (Coordinator, "leave", self._of_member("is out of the group")),
            (Coordinator, "join", self._of_member("joins again")),
            (Coordinator, "revoke", self._revoked),
            (Elections, "crash", lambda _, number, now, **__: self._tell(now, f"broker {number} is gone")),
            (Elections, "restore", lambda _, number, now: self._tell(now, f"broker {number} is back")),
            (Elections, "caught_up", self._caught_up),
        ]
        for owner, name, say in before:
            self._stand_by(owner, name, say, is_before=True)
        self._stand_by(Elections, "elect", self._elected, is_before=False)
        self._stand_by(Coordinator, "assign", self._assigned, is_before=False)

    def _stand_by(self, owner: type, name: str, say: Callable[..., None], *, is_before: bool) -> None:
        inner = getattr(owner, name)

        def both(*args: Any, **more: Any) -> Any:
            if is_before:
                say(*args, **more)
            found = inner(*args, **more)
            if not is_before:
                say(*args, **more)
            return found

        self._patch.setattr(owner, name, both)

    def _tell(self, now: float, text: str) -> None:
        self.lines.append(f"{now:8.3f}  {text}")

    def _appended(self, topic: KafkaTopic, partition: int, messages: list[Message], now: float) -> None:
        first = topic.logs[partition].end
        for offset, message in enumerate(messages, first):
            self._tell(now, f"#{message.sequence} written to partition {partition} at offset {offset}")

    def _truncated(self, _topic: KafkaTopic, partition: int, end: int, now: float) -> None:
        self._tell(now, f"partition {partition}: cut to offset {end}")

    def _of_record(self, word: str) -> Callable[[ConsumerGroup, Message, int], None]:
        return lambda group, message, _receipt: self._tell(group.env.now, f"#{message.sequence} {word}")

    def _let_go(self, _group: ConsumerGroup, message: Message, now: float, *, is_expired: bool) -> None:
        self._tell(now, f"#{message.sequence} {'expired' if is_expired else 'lost'}")

    def _committed_one(self, _group: Any, _cursor: Any, _member: Any, message: Message, now: float) -> None:
        self._tell(now, f"#{message.sequence} committed")

    def _committed(self, cursors: list[Cursor], now: float) -> None:
        for cursor in cursors:
            if cursor.polled:
                self._tell(now, f"partition {cursor.number}: {len(cursor.polled)} committed")

    def _of_member(self, word: str) -> Callable[[Coordinator, Member, float], None]:
        return lambda _coordinator, member, now: self._member(member, now, word)

    def _member(self, member: Member, now: float, text: str) -> None:
        self._tell(now, f"{member.subscription.consumer.id} {text}")

    def _revoked(self, _coordinator: Coordinator, member: Member, now: float) -> None:
        self._member(member, now, f"gives up {self._numbers(member.to_revoke)}")

    def _elected(self, _elections: Elections, replicas: Replicas, now: float) -> None:
        self._tell(now, f"partition {replicas.number}: leader {replicas.leader}")

    def _caught_up(
        self, _elections: Elections, replicas: Replicas, follower: int, _epoch: int, _inc: int, now: float
    ) -> None:
        self._tell(now, f"broker {follower} has what partition {replicas.number} holds")

    def _assigned(self, coordinator: Coordinator, now: float) -> None:
        for member in coordinator.group.members:
            if member.is_known:
                self._member(member, now, f"reads {self._numbers(member.cursors)}")

    @staticmethod
    def _numbers(cursors: list[Cursor]) -> str:
        return "partitions " + (", ".join(str(cursor.number) for cursor in cursors) or "none")


def keyed(*readers: dict[str, Any], times: tuple[float, ...], **more: Any) -> Document:
    keys = {"distribution": "uniform", "low": 0, "high": 1000}
    return log_design(*readers, times=times, keys=keys, **more)


def members(*names: str, service: float = 0.5, edge: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return [{"id": name, "service_time": service, "edge": edge or {}} for name in names]


CASES: dict[str, tuple[Document, list[Any]]] = {
    "an-automatic-commit-and-a-crash": (
        log_design(
            *members("worker", service=1, edge={"max.poll.records": 2}),
            times=(0, 0, 0, 0, 0, 0, 0, 0),
            faults=[outage("worker", 7.5, 3)],
            duration=80,
        ),
        [],
    ),
    "a-commit-after-every-record-and-a-crash": (
        log_design(
            *members("worker", service=1, edge=EACH),
            times=(0, 0, 0, 0),
            faults=[outage("worker", 2.5, 3)],
            duration=80,
        ),
        [],
    ),
    "a-member-dies-and-the-others-take-over": (
        keyed(
            *members("a", "b"),
            times=(1, 2, 3, 20, 40, 60),
            topic={"partitions": 4},
            faults=[outage("b", 10, 80)],
            duration=75,
        ),
        [],
    ),
    "cooperative-members-keep-what-does-not-move": (
        keyed(
            *members("a", "b", edge={"partition.assignment.strategy": "cooperative-sticky"}),
            times=(1, 2, 20, 30, 40),
            topic={"partitions": 4},
            faults=[outage("b", 5, 10)],
            duration=75,
        ),
        [],
    ),
    "a-pause-longer-than-max-poll-interval": (
        keyed(
            *members("a", "b", edge={"max.poll.interval.ms": 10_000}),
            times=(1, 2, 3, 20, 40),
            topic={"partitions": 2},
            faults=[pause("b", 5, 30)],
            duration=60,
        ),
        [],
    ),
    "a-poison-record-holds-its-partition": (
        log_design(
            {"id": "worker", "service_time": 1, "failure": {"probability": 1}, "edge": {"attempts": 3}},
            times=(0, 0),
            duration=20,
        ),
        [],
    ),
    "a-leader-that-fails": (
        log_design(
            *members("worker", service=0.1),
            times=(0, 1, 2.5, 4, 30),
            topic={"brokers": 3, "replication.factor": 3, "min.insync.replicas": 2},
            duration=60,
        ),
        [broker_down(0, 2.0, 20.0)],
    ),
    "retention-before-a-paused-group": (
        log_design(
            *members("worker", service=0.1),
            times=(0, 100, 200, 1900, 4000),
            topic={"retention.ms": 1_800_000, "segment.ms": 600_000},
            faults=[pause("worker", 0.0, 3900)],
            duration=4200,
        ),
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_story_of_every_record_is_as_its_trace_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document, faults = CASES[name]
    told = Told(monkeypatch)
    run_with(document, *faults)
    text = "\n".join(told.lines) + "\n"
    trace = FOLDER / f"{name}.txt"
    if os.environ.get("HEADRACE_WRITE_TRACES"):
        trace.parent.mkdir(exist_ok=True)
        trace.write_text(text)
    assert text == trace.read_text()
