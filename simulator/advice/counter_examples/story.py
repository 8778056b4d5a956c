"""What happens in a run of a few messages, moment by moment, from its frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.advice.counter_examples import CounterExample
    from simulator.design.document import Document
    from simulator.measurement.frame import Frame

#: Counts of a node that are told when they grow.
_TOLD = {
    "redelivered": "delivered again",
    "expired": "expired",
    "dead_lettered": "dead-lettered",
    "dropped": "dropped",
    "rejected": "refused",
    "throttled": "throttled",
}
_FLOW = {"delivered": "done", "duplicates": "done once more", "lost": "lost"}


def told(
    example: CounterExample,
    document: Document,
    frames: list[Frame],
    result: dict[str, Any],
    cured: dict[str, Any],
) -> list[str]:
    """What a run of a counter-example showed: the steps, the damage, and the same after the cure."""
    return [
        *story(document, frames),
        "",
        f"Damage: {example.damage.format(example.measure(result))}.",
        f"Mended: {example.cured.format(example.measure(cured))}.",
    ]


def story(document: Document, frames: list[Frame]) -> Iterator[str]:
    """A line for every frame in which something happened: its time, then what.

    What happens in the same words frame after frame is told once, with the time of the last.
    """
    edges = {edge.id: f"{edge.source} -> {edge.target}" for edge in document.edges}
    services = {node.id for node in document.nodes if node.kind == "service"}
    seen: dict[tuple[str, str, str], float] = {}

    def grown(group: str, id: str, metric: str, value: Any) -> int:
        if not isinstance(value, int | float):
            return 0
        more = value - seen.get((group, id, metric), 0)
        seen[group, id, metric] = value
        return round(more)

    last = until = ""
    for frame in frames:
        said = [event["text"] for event in frame["events"]]
        for id, edge in frame["edges"].items():
            if more := grown("edge", id, "total", edge["total"]):
                said.append(f"{edges[id]} {more}" if id in edges else f"{id} {more}")
        for id, node in frame["nodes"].items():
            said += [
                f"{id}: {more} {'failed' if metric == 'dropped' and id in services else words}"
                for metric, words in _TOLD.items()
                if (more := grown("node", id, metric, node.get(metric))) > 0
            ]
        for flow in frame["flows"]:
            said += [
                f"{flow['to']}: {more} {words}"
                for metric, words in _FLOW.items()
                if (more := grown("flow", f"{flow['from']} {flow['to']}", metric, flow.get(metric))) > 0
            ]
        text = "; ".join(said)
        if text and text == last:
            until = f"{frame['t']:8g} s  ... the same up to here"
        else:
            if until:
                yield until
            until = ""
            if text:
                yield f"{frame['t']:8g} s  {text}"
        last = text
    if until:
        yield until
