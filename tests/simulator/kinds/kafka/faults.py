"""Faults of a topic at exact times, without a document that names them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator import Document
from simulator.engine.environment import Activity
from simulator.kinds.kafka.topic import KIND, KafkaTopic
from simulator.measurement.slices import Recording
from tests.simulator.designs import Watched


class _Call(Activity):
    def __init__(self, do: Any, fault: str, settings: Any) -> None:
        self._do, self._fault, self._settings = do, fault, settings

    def occur(self, now: float) -> None:
        self._do(self._fault, self._settings)


def broker_down(broker: int, at: float, until: float, **config: Any) -> tuple[str, float, float, Any]:
    """A broker that is gone from `at` to `until`."""
    return "broker-down", at, until, {"broker": broker, **config}


def run_with(
    document: Document,
    *faults: tuple[str, float, float | None, Any],
    before: Callable[[Watched], None] = lambda _watched: None,
) -> tuple[Watched, Recording]:
    """Run it with faults of the topic `log`: (kind, from, to, config)."""
    watched = Watched(document, document.simulation.duration)
    before(watched)
    log = topic_of(watched)
    for name, start, end, config in faults:
        kind = next(kind for kind in KIND.faults if kind.fault == name)
        settings = kind.settings.model_validate(config)
        watched.world.env.at(start, _Call(log.strike, name, settings))
        if end is not None:
            watched.world.env.at(end, _Call(log.lift, name, settings))
    recording = watched.run()
    for id, ledger in recording.ledgers.items():
        parts = sum(value for term, value in ledger.items() if term != "accepted")
        assert ledger["accepted"] == parts, (id, ledger)
    return watched, recording


def topic_of(watched: Watched) -> KafkaTopic:
    """The running topic `log`."""
    log = watched.world.nodes["log"]
    assert isinstance(log, KafkaTopic)
    return log


def last_counts(recording: Recording) -> dict[str, int]:
    """The topic's counts at the end."""
    return recording.nodes["log"].counts[-1]


def flow_counts(recording: Recording) -> dict[str, int]:
    """The counts of the one flow at the end."""
    (flow,) = recording.flows
    return flow.counts[-1]
