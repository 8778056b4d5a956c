"""From the drawing to a valid document: what the document refuses is taken away, and said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from simulator.design.document import MAX_EDGES, MAX_NODES, Document
from simulator.errors import InvalidDesign
from simulator.formats.imports.merging import Drawing, Vertex, Wire
from simulator.formats.imports.reading import LinkId, PartId
from simulator.graph.checks import readiness_problems
from simulator.graph.placing import layered
from simulator.graph.problem import Problem
from simulator.kinds.catalogue import KINDS

MOST_ROUNDS = 25
_LOOP_DELAY = 0.001


def assemble(drawing: Drawing, name: str, description: str, extras: dict[str, Any]) -> Document:
    """The document of a drawing; raises ``InvalidDesign`` when nothing that can be run is left of it."""
    if len(drawing.vertices) > MAX_NODES or len(drawing.wires) > MAX_EDGES:
        raise InvalidDesign(
            [
                Problem(
                    "D108",
                    message=f"the files hold {len(drawing.vertices):,} nodes and {len(drawing.wires):,} "
                    f"edges; a design has at most {MAX_NODES:,} and {MAX_EDGES:,}",
                    hint="Import the parts of the system that matter.",
                )
            ]
        )
    _give_ids(drawing)
    _resolve(drawing)
    problems: list[Problem] = []
    for _ in range(MOST_ROUNDS):
        try:
            document = Document.parse(_data(drawing, name, description, extras))
            problems = [one for one in readiness_problems(document) if one.blocks == "run"]
            if not problems:
                return document
        except InvalidDesign as invalid:
            problems = invalid.problems
        # Problems name positions: those of the document that was refused, whatever is left out meanwhile.
        owners: dict[str, list[Any]] = {
            "nodes": list(drawing.vertices.values()),
            "edges": list(drawing.wires),
        }
        mended = [_mend(drawing, owners, problem, extras) for problem in problems]
        if not any(mended):
            break
    raise InvalidDesign(problems)


def _give_ids(drawing: Drawing) -> None:
    taken: set[str] = set()
    for wire in drawing.wires:
        stem = f"{wire.source[:30].rstrip('-')}-to-{wire.target[:30].rstrip('-')}"[:58]
        id, number = stem, 1
        while id in taken:
            number += 1
            id = f"{stem}-{number}"
        taken.add(id)
        wire.id = id


def _resolve(drawing: Drawing) -> None:
    """Names in settings become ids; a setting that names what is nowhere is taken away."""

    def part(value: PartId) -> str | None:
        vertex = drawing.owner.get(value.name)
        return vertex.id if vertex is not None else None

    def edge(value: LinkId) -> str | None:
        wire = drawing.wire_of.get(id(value.link))
        return wire.id if wire is not None and wire in drawing.wires else None

    owners: list[Vertex | Wire] = [*drawing.vertices.values(), *drawing.wires]
    for owner in owners:
        for key in list(owner.config):
            value = _resolved(owner.config[key], part, edge)
            if value is None and owner.config[key] is not None:
                drawing.note(
                    "not-understood", owner.place, f"{key} names something that none of the files holds"
                )
                del owner.config[key]
            else:
                owner.config[key] = value


def _resolved(value: Any, part: Callable[[PartId], str | None], edge: Callable[[LinkId], str | None]) -> Any:
    if isinstance(value, PartId):
        return part(value)
    if isinstance(value, LinkId):
        return edge(value)
    if isinstance(value, list) and any(isinstance(item, PartId) for item in value):
        found = [_resolved(item, part, edge) for item in value]
        return [item for item in found if item is not None] or None
    if isinstance(value, dict) and any(isinstance(item, (PartId, list)) for item in value.values()):
        inner = {key: _resolved(item, part, edge) for key, item in value.items()}
        return None if any(item is None and value[key] is not None for key, item in inner.items()) else inner
    return value


def _data(drawing: Drawing, name: str, description: str, extras: dict[str, Any]) -> dict[str, Any]:
    vertices = list(drawing.vertices.values())
    nodes = []
    assumptions: dict[str, Any] = {}
    for vertex in vertices:
        node: dict[str, Any] = {"id": vertex.id, "kind": vertex.kind}
        if vertex.label and vertex.label != vertex.id:
            node["label"] = vertex.label
        if vertex.config:
            node["config"] = vertex.config
        nodes.append(node)
        for key in vertex.config:
            assumptions[f"{vertex.id}.config.{key}"] = _assumption(vertex, key)
    edges = []
    for wire in drawing.wires:
        edge: dict[str, Any] = {"id": wire.id, "from": wire.source, "to": wire.target}
        if wire.role is not None:
            edge["role"] = wire.role
        if wire.config:
            edge["config"] = wire.config
        edges.append(edge)
        for key in wire.config:
            assumptions[f"{wire.id}.config.{key}"] = _assumption(wire, key)
    columns = layered(list(drawing.vertices), [(wire.source, wire.target) for wire in drawing.wires])
    places = {
        **{id: {"x": x, "y": y} for id, (x, y) in columns.items()},
        **{id: point for id, point in extras.get("layout", {}).items() if id in drawing.vertices},
    }
    data: dict[str, Any] = {"format": "headrace/1", "name": name[:200] or "Imported design"}
    if description:
        data["description"] = description[:10_000]
    data |= {"nodes": nodes, "edges": edges}
    data |= {key: extras[key] for key in ("faults", "objectives", "simulation") if extras.get(key)}
    return {**data, "layout": places, "assumptions": assumptions}


def _assumption(owner: Vertex | Wire, key: str) -> dict[str, str]:
    origin = owner.origins.get(key)
    if origin is None:
        return {"source": "imported", "note": f"read from {owner.place}"[:500]}
    return {"source": origin.basis, "note": origin.note[:500]}


# -- mending -----------------------------------------------------------------------------------------
def _mend(drawing: Drawing, owners: dict[str, list[Any]], problem: Problem, extras: dict[str, Any]) -> bool:
    """Take away what a problem is about; False when that is not known."""
    if problem.code == "D204":
        return _delay_loop(drawing, problem)
    where, _, rest = problem.path.partition("].")
    list_name, _, number = where.partition("[")
    number = number.rstrip("]")
    if list_name in ("faults", "objectives") and number.isdigit():
        return _forget(drawing, extras, list_name, problem)
    if not number.isdigit():
        return False
    if int(number) >= len(owners.get(list_name, ())):
        return False
    owner: Vertex | Wire = owners[list_name][int(number)]
    key = _key_of(owner, rest, problem.message)
    if key is not None:
        # A later problem of the same round may be about a setting that is gone already.
        del owner.config[key]
        owner.origins.pop(key, None)
        drawing.note("not-understood", owner.place, f"{key} left out: {problem.message}")
        return True
    if rest.startswith("config") and owner.config:
        names = ", ".join(owner.config)
        owner.config.clear()
        drawing.note("not-understood", owner.place, f"{names} left out: {problem.message}")
        return True
    if isinstance(owner, Wire):
        drawing.note("not-understood", owner.place, f"edge {owner.id} left out: {problem.message}")
        drawing.wires = [wire for wire in drawing.wires if wire is not owner]
        return True
    if rest == "label" and owner.label:
        drawing.note("not-understood", owner.place, f"the label of {owner.id} left out: {problem.message}")
        owner.label = ""
        return True
    return False


def _key_of(owner: Vertex | Wire, rest: str, message: str) -> str | None:
    """The setting a path leads to (names of settings have dots themselves), or that a message names."""
    inner = rest.removeprefix("config.")
    if inner != rest:
        fitting = [key for key in owner.config if inner == key or inner.startswith((f"{key}.", f"{key}["))]
        if fitting:
            return max(fitting, key=len)
    named = [key for key in owner.config if key in message]
    return max(named, key=len) if named else None


def _delay_loop(drawing: Drawing, problem: Problem) -> bool:
    """A loop that takes no time gets a delay, or loses an edge that can have none."""
    ids = problem.message.partition("round ")[2].partition(" without")[0].split(" -> ")
    for source, target in pairwise(ids):
        for wire in drawing.wires:
            if wire.source != source or wire.target != target:
                continue
            kinds = KINDS[drawing.vertices[source].kind], KINDS[drawing.vertices[target].kind]
            model = kinds[0].edge_settings.get(wire.role or "publish")
            if model is not None and "delay" in model.model_fields and "delay" not in wire.config:
                wire.config["delay"] = _LOOP_DELAY
                note = (
                    f"the loop {' -> '.join(ids)} would take no time: {_LOOP_DELAY * 1000:g} ms on {wire.id}"
                )
                drawing.note("assumed", wire.place, note)
                return True
    loop = [wire for wire in drawing.wires if wire.source in ids and wire.target in ids]
    if not loop:
        return False
    depth = _depths(drawing)
    back = max(loop, key=lambda wire: depth.get(wire.source, 0) - depth.get(wire.target, 0))
    drawing.note("not-understood", back.place, f"edge {back.id} left out: {problem.message}")
    drawing.wires = [one for one in drawing.wires if one is not back]
    return True


def _depths(drawing: Drawing) -> dict[str, int]:
    """How many edges lie between each node and the nearest producer."""
    onward: dict[str, list[str]] = defaultdict(list)
    for wire in drawing.wires:
        onward[wire.source].append(wire.target)
    level = [id for id, vertex in drawing.vertices.items() if KINDS[vertex.kind].category == "producer"]
    depth = dict.fromkeys(level, 0)
    while level:
        deeper = []
        for id in level:
            for target in onward[id]:
                if target not in depth:
                    depth[target] = depth[id] + 1
                    deeper.append(target)
        level = deeper
    return depth


def _forget(drawing: Drawing, extras: dict[str, Any], list_name: str, problem: Problem) -> bool:
    place = next(iter(drawing.vertices.values())).place if drawing.vertices else None
    if place is not None:
        drawing.note("not-understood", place, f"{list_name} left out: {problem.message}")
    return extras.pop(list_name, None) is not None
