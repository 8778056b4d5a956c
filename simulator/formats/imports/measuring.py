"""What was measured, put where it belongs: loads to producers, service times to workers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from simulator.formats.imports.merging import Drawing, Vertex
from simulator.formats.imports.reading import Origin, Reading

_WORKERS = ("consumer", "service", "aws.lambda")


def make_room(drawing: Drawing, readings: Sequence[Reading]) -> None:
    """Without any other file a load gets a queue and a consumer, and service times a queue before them."""
    if drawing.vertices:
        return
    for reading in readings:
        place = reading.place()
        for setting, key, value, origin in reading.measured:
            queue = drawing.add(f"{key}-queue", "queue", f"{key} queue", place, {})
            if setting == "arrivals":
                node = drawing.add(key, "producer", key, place, {"arrivals": value})
                node.origins["arrivals"] = origin
                drawing.connect(node.id, queue.id, place, "publish")
            else:
                node = drawing.add(key, "consumer", key, place, {"service_time": value})
                node.origins["service_time"] = origin
                drawing.connect(queue.id, node.id, place, "consume")
            drawing.note("assumed", place, f"a queue stands beside {key}: the file holds nothing else")


def apply_measured(drawing: Drawing, readings: Sequence[Reading]) -> None:
    """Give every measured value to the node it is about; what is about none is said."""
    for reading in readings:
        for setting, key, value, origin in reading.measured:
            kinds = ("producer",) if setting == "arrivals" else _WORKERS
            able = [vertex for vertex in drawing.vertices.values() if vertex.kind in kinds]
            found = _about(drawing, able, key, is_producer=setting == "arrivals")
            if found is None:
                names = ", ".join(vertex.id for vertex in able[:5]) or "none"
                drawing.note(
                    "not-understood",
                    reading.place(),
                    f"whose {setting.replace('_', ' ')} {key} is; name the file after one of: {names}",
                )
                continue
            found.config[setting] = value
            found.origins[setting] = Origin(origin.basis, origin.note)
            drawing.note("read", reading.place(), f"{setting.replace('_', ' ')} of {found.label or found.id}")


def _about(drawing: Drawing, able: Sequence[Vertex], key: str, *, is_producer: bool) -> Vertex | None:
    plain = _plain(key)
    for vertex in able:
        if plain in (_plain(vertex.id), _plain(vertex.label)):
            return vertex
    ends = {}
    for wire in drawing.wires:  # a source is also found by what it feeds, a worker by what it reads
        own, other = (wire.source, wire.target) if is_producer else (wire.target, wire.source)
        if plain in (_plain(other), _plain(drawing.vertices[other].label)):
            ends[own] = True
    near = [vertex for vertex in able if vertex.id in ends]
    if len(near) == 1:
        return near[0]
    return able[0] if len(able) == 1 else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name.lower())
