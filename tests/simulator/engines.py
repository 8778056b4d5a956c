"""Both engines on one design: whether it has stages, and all that an engine shows of it."""

from __future__ import annotations

import json
from typing import Any

from simulator import Document, simulate
from simulator.engine.ahead_stage import AheadStage
from simulator.experiments.replication import Engine, Replication, build_world


def parts(document: Document) -> tuple[int, int]:
    """How many stages, edges with a delay between them included, and sources the design has."""
    recursion = build_world(document, 1, 0, document.simulation.duration, "auto").recursion
    return (0, 0) if recursion is None else (len(recursion._stages), len(recursion._sources))


def turns(document: Document) -> list[list[float]]:
    """By stage when it gave way to events and took back (seconds), of one run that did not begin anew."""
    replication = Replication(document, 1, 0, document.simulation.duration, 0.0)
    recursion = replication.world.recursion
    assert recursion is not None
    end = replication.run().boundaries[-1]
    assert replication.world.env.now == end == document.simulation.duration
    return [stage.turns for stage in recursion._stages if isinstance(stage, AheadStage)]


def seen(document: Document, engine: Engine, **options: Any) -> tuple[str, str]:
    """Result and frames of an engine."""
    frames: list[Any] = []
    result = simulate(document, engine=engine, on_frame=frames.append, **options)
    return json.dumps(result), json.dumps(frames)
