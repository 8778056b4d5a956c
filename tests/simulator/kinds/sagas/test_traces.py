"""Golden traces of sagas: what is done, refused, undone and told, as text that is read and reviewed.

`HEADRACE_WRITE_TRACES=1` writes them anew; the difference is looked at before it is committed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator import Document
from simulator.experiments.replication import Replication
from simulator.kinds.sagas.channels import Command
from simulator.kinds.sagas.coordinator import SagaNode
from simulator.kinds.sagas.participant import Participant
from simulator.kinds.sagas.record import SagaBook, SagaRecord
from tests.simulator.kinds.sagas.designs import ORDER, PAY, STOCK, choreographed, orchestrated
from tests.simulator.kinds.sagas.test_choreography import WITH_TIMEOUT
from tests.simulator.kinds.sagas.test_saga import late_design

FOLDER = Path(__file__).parent / "traces"


class Told:
    """Writes down what sagas do, by standing before their methods."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.lines: list[str] = []
        self._patch = patch
        self._stand_by(SagaBook, "do", lambda book, step, _: self._tell(book, f"{step}: a step comes"))
        self._stand_by(
            SagaBook, "undo", lambda book, step, _: self._tell(book, f"{step}: a compensation comes")
        )
        self._stand_by(
            SagaBook, "refuse", lambda book, step, _: self._tell(book, f"{step}: refused for good")
        )
        self._stand_by(SagaBook, "end", self._ended)
        self._stand_by(
            SagaNode, "timed_out", lambda node, command, _: self._tell(node, f"{command.name}: no reply")
        )
        self._stand_by(
            Command, "message", lambda command: self._tell(command.node, f"command {command.name}")
        )
        self._stand_by(Participant, "_publish", self._published)

    def _stand_by(self, owner: type, name: str, say: Callable[..., None]) -> None:
        inner = getattr(owner, name)

        def both(*args: Any, **more: Any) -> Any:
            say(*args, **more)
            before = self._marks(args[0])
            found = inner(*args, **more)
            after = self._marks(args[0])
            for mark, count in after.items():
                if count > before[mark]:
                    self._tell(args[0], f"  {mark}")
            return found

        self._patch.setattr(owner, name, both)

    @staticmethod
    def _marks(owner: Any) -> dict[str, int]:
        if not isinstance(owner, SagaBook):
            return {}
        counts = owner.counts()
        return {
            "takes effect": counts["steps_done"],
            "undone, or barred": counts["compensations"],
            "a tombstone refuses it": counts["late_steps_refused"],
            "known already": counts["repeats_refused"],
            "takes effect once more": counts["effects_repeated"],
        }

    def _tell(self, owner: Any, text: str) -> None:
        self.lines.append(f"{owner.env.now:8.3f}  {text}")

    def _published(self, node: Participant, type: str | None, *_: Any) -> None:
        if type is not None:
            self._tell(node, f"{node.id} publishes {type}")

    def _ended(self, book: SagaBook, record: SagaRecord, outcome: str, _at: float | None = None) -> None:
        self._tell(book, f"the saga is {outcome}; in place: {', '.join(record.held) or 'nothing'}")


REFUSED = {"payment": {"refusal": 1.0}}
CASES: dict[str, Document] = {
    "orchestration-payment-is-declined": orchestrated(1.0, refusal=1.0),
    "orchestration-a-tombstone": late_design(),
    "orchestration-no-reply-in-time": orchestrated(
        1.0,
        steps=[ORDER, {**STOCK, "timeout": 0.5}, PAY],
        stock={"concurrency": 2, "service_time": 0.7},
        saga={"recovery_timeout": 5.0},
    ),
    "orchestration-the-coordinator-is-out": orchestrated(
        1.0, refusal=1.0, faults=[{"kind": "outage", "node": "saga", "at": 1.5, "duration": 5}]
    ),
    "orchestration-a-compensation-is-retried": orchestrated(
        1.0,
        refusal=1.0,
        saga={"recovery": {"max_attempts": 8, "wait": 1.0, "jitter": "none"}},
        faults=[{"kind": "outage", "node": "stock", "at": 1.4, "duration": 5}],
    ),
    "choreography-payment-is-declined": choreographed(1.0, changes=REFUSED),
    "choreography-payment-failed-comes-twice": choreographed(
        1.0, changes=REFUSED, edges={"payment->events": {"duplication": 1.0}}
    ),
    "choreography-reserved-comes-after-the-timeout": choreographed(
        1.0, changes=WITH_TIMEOUT, edges={"stock->events": {"delay": 40.0}}
    ),
    "choreography-an-event-is-lost": choreographed(1.0, edges={"stock->events": {"loss": 1.0}}),
}


@pytest.mark.parametrize("name", CASES)
def test_the_story_of_every_saga_is_as_its_trace_says(name: str, monkeypatch: pytest.MonkeyPatch):
    told = Told(monkeypatch)
    Replication(CASES[name], 1, 0, 400.0, 0.0).run()
    text = "\n".join(told.lines) + "\n"
    trace = FOLDER / f"{name}.txt"
    if os.environ.get("HEADRACE_WRITE_TRACES"):
        trace.parent.mkdir(exist_ok=True)
        trace.write_text(text)
    assert text == trace.read_text()


def test_every_trace_has_its_case():
    assert {path.stem for path in FOLDER.iterdir()} == set(CASES)
