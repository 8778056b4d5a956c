"""Swap of a saga: a state machine becomes a coordinator, a coordinator becomes participants by events.

Both go only where the meaning allows: a straight line of tasks whose Catch chains undo them in reverse order;
services that nobody else calls and that call nobody. What changes is said: nobody knows the position of a
saga by events, its commands and replies become events, and one hop of two falls away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.design.document import Document, Edge, Node
from simulator.experiments.parameters import refuse
from simulator.kinds.traits import Note, assumed, lost, translated

#: Kinds that a saga may become.
SAGA_TARGETS = ("saga", "saga-participant")
#: Measures that mean the same wherever they stand.
_SAME = (
    "execution_time",
    "half_done",
    "half_done_time",
    "completed_share",
    "compensated_share",
    "stuck_share",
    "effects_left_over",
    "isolation_anomalies",
)
#: Type of the event that begins a saga; the edge from its producer gives it, so that the load stays the same.
_BEGUN = "started"
#: Errors that stand for all of them.
_ALL = ("States.ALL", "States.TaskFailed")


def swap_saga(document: Document, node: Node, kind: str) -> tuple[dict[str, Any], list[Note]]:
    """The document, as plain data, with the saga at `node` as another kind, and what that means.

    Raises:
        InvalidDesign: where it cannot mean the same.
    """
    data = document.to_data()
    notes: list[Note] = []
    if node.kind == "aws.stepfunctions":
        data = _as_coordinator(document, node, data, notes)
        if kind == "saga":
            return data, notes
        document = Document.parse(data)
        node = document.node(node.id)
    elif kind == "saga":
        raise refuse(
            f"{node.id} is a saga already", "name a state machine, or let it become saga-participant"
        )
    return _as_participants(document, node, data, notes), notes


# -- a state machine as a coordinator ----------------------------------------------------------------
def _as_coordinator(
    document: Document, node: Node, data: dict[str, Any], notes: list[Note]
) -> dict[str, Any]:
    from simulator.kinds.aws.stepfunctions.binding import edge_of, tasks_of

    machine: Mapping[str, Any] = node.config.definition  # type: ignore[attr-defined]
    edges = {edge.id: edge for edge in document.edges_from(node.id) if edge.role in ("invoke", "publish")}
    names = {id: edge.settings.tasks for id, edge in edges.items()}  # type: ignore[attr-defined]
    bound = {task.state: edge_of(task, names) for task in tasks_of(machine)}
    line = _line(node.id, machine)
    steps: list[dict[str, Any]] = []
    before: list[str] = []
    for place, name in enumerate(line):
        state = machine["States"][name]
        chain = _undoing(node.id, machine, state)
        if chain is None and place and steps[-1].get("compensation") is None:
            steps[-1]["pivot"] = True
        elif chain is not None and place:
            if chain[1:] == before and chain:
                steps[-1]["compensation"] = chain[0]
            elif chain != before:
                raise refuse(
                    f"{node.id}: the Catch of {name!r} does not undo the steps before it in reverse order",
                    "a saga undoes the last step first, then what the step before it would undo",
                )
        before = before if chain is None else chain
        step: dict[str, Any] = {"name": name, "timeout": float(state.get("TimeoutSeconds", 0)) or None}
        edge_id = bound[name]
        retry = None if edge_id is None else _retry(state, edges[edge_id].settings.error)  # type: ignore[attr-defined]
        if retry is not None:
            step["retry"] = retry
        steps.append(step)
    if not any("compensation" in step for step in steps):
        raise refuse(
            f"{node.id} undoes nothing: it is no saga",
            "give its tasks a Catch that leads to what undoes them",
        )
    known = {name for step in steps for name in (step["name"], step.get("compensation")) if name}
    data = dict(data)
    data["nodes"] = [
        {**one, "kind": "saga", "config": {"steps": steps, "state_time": _transition(node)}}
        if one["id"] == node.id
        else one
        for one in data["nodes"]
    ]
    made = []
    for one in data["edges"]:
        if one["id"] not in edges:
            made.append(one)
            continue
        tasks = [name for name, edge_id in bound.items() if edge_id == one["id"] and name in known]
        if not tasks:
            notes.append(lost(f"the edge {one['id']}: no step goes along it"))
            continue
        if edges[one["id"]].role == "publish":
            notes.append(
                assumed(f"{tasks[0]} is done when its message has been worked on, not when it is sent")
            )
        made.append(
            {
                **{key: one[key] for key in ("id", "from", "to", "role") if key in one},
                "config": {"tasks": tasks},
            }
        )
    data["edges"] = made
    notes.append(translated(f"the machine of {node.id} became {len(steps)} steps: {', '.join(line)}"))
    notes.append(translated("an error of a task is an error of its step; compensations are tried 8 times"))
    keep_what_means_the_same(data, {node.id}, node.id, notes)
    return data


def _transition(node: Node) -> Any:
    given = node.config.model_dump(mode="json", by_alias=True).get("transition_time")
    return 0.035 if given is None else given


def _line(id: str, machine: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    name = machine["StartAt"]
    while True:
        state = machine["States"][name]
        if state["Type"] == "Succeed":
            return found
        if state["Type"] != "Task" or name in found:
            raise refuse(
                f"{id}: {name!r} is a {state['Type']}; a saga is a straight line of tasks",
                "swap a machine of Task states, one after the other",
            )
        found.append(name)
        if state.get("End"):
            return found
        name = state["Next"]


def _undoing(id: str, machine: Mapping[str, Any], state: Mapping[str, Any]) -> list[str] | None:
    """The tasks that the Catch of a state leads through; None without one."""
    rules = state.get("Catch")
    if not rules:
        return None
    found: list[str] = []
    name = rules[-1]["Next"]
    while machine["States"][name]["Type"] == "Task" and name not in found:
        found.append(name)
        if machine["States"][name].get("End"):
            return found
        name = machine["States"][name]["Next"]
    if machine["States"][name]["Type"] not in ("Fail", "Succeed", "Pass"):
        raise refuse(
            f"{id}: {name!r} stands in the way of undoing",
            "let tasks undo, one after the other, up to a Fail",
        )
    return found


def _retry(state: Mapping[str, Any], error: str) -> dict[str, Any] | None:
    for rule in state.get("Retry", ()):
        if error in rule["ErrorEquals"] or any(name in rule["ErrorEquals"] for name in _ALL):
            return {
                "max_attempts": int(rule.get("MaxAttempts", 3)) + 1,
                "wait": float(rule.get("IntervalSeconds", 1)),
                "multiplier": float(rule.get("BackoffRate", 2.0)),
                "max_wait": float(rule.get("MaxDelaySeconds", 86_400)),
                "jitter": "full" if rule.get("JitterStrategy") == "FULL" else "none",
            }
    return None


# -- a coordinator as participants -------------------------------------------------------------------
def _as_participants(
    document: Document, node: Node, data: dict[str, Any], notes: list[Note]
) -> dict[str, Any]:
    settings: Any = node.config
    edges = [edge for edge in document.edges_from(node.id) if edge.role in ("invoke", "publish")]
    ways, told = _ways(node, settings.steps, edges)
    steps = settings.steps[: len(ways)]
    members = [_service(document, node, way) for way in ways]
    if len({one.id for one in members}) != len(members) or len(members) < 2:
        raise refuse(
            f"{node.id}: by events every step is a service of its own, and there are at least two",
            "let each step go to another service",
        )
    _check_starts(document, node)
    pivot = next((place for place, step in enumerate(steps) if step.pivot), None)
    made: dict[str, dict[str, Any]] = {}
    works = [
        _work(member, step, way, is_past_pivot=pivot is not None and place > pivot)
        for place, (step, member, way) in enumerate(zip(steps, members, ways, strict=True))
    ]
    undone = max((place for place, step in enumerate(steps) if step.compensation), default=-1)
    longest = sum(step.timeout or 0.0 for step in steps)
    for place, (step, member, work) in enumerate(zip(steps, members, works, strict=True)):
        config: dict[str, Any] = {
            "saga": node.id,
            "reacts_to": [_BEGUN if place == 0 else f"{steps[place - 1].name} done"],
            "done_event": f"{step.name} done",
            **work,
            "idempotent": settings.idempotent,
            "tombstones": settings.tombstones,
        }
        if work["refusal"] > 0.0 and place > 0:
            config["refused_event"] = f"{step.name} refused"
        heard = _heard(steps, works, place) if step.compensation else []
        if longest:
            if place == 0:
                config |= {"timeout": longest, "timeout_event": "expired"}
            if place >= max(undone, 1):
                heard.append("expired")
        if heard:
            config["compensates_on"] = heard
        if step.compensation and place > 0:
            config["compensated_event"] = f"{step.name} undone"
        made[member.id] = config
    data = dict(data)
    data["nodes"] = [
        {"id": node.id, "kind": "topic", **({"label": f"{node.label} events"} if node.label else {})}
        if one["id"] == node.id
        else {**one, "kind": "saga-participant", "config": made[one["id"]]}
        if one["id"] in made
        else one
        for one in data["nodes"]
    ]
    mine = {edge.id for edge in edges}
    into = {edge.id for edge in document.edges_into(node.id)}
    kept = [
        {key: one[key] for key in ("id", "from", "to")}
        | {"role": "publish", "config": {"event": {"type": _BEGUN}}}
        if one["id"] in into
        else one
        for one in data["edges"]
        if one["id"] not in mine
    ]
    for way, member in zip(ways, members, strict=True):
        kept.append({"id": way.id, "from": node.id, "to": member.id, "role": "consume"})
        kept.append({"id": f"{member.id[:50]}-tells", "from": member.id, "to": node.id, "role": "publish"})
    for way in told:
        events = [f"{steps[-1].name} done"]
        kept.append(
            {
                "id": way.id,
                "from": members[-1].id,
                "to": way.target,
                "role": "publish",
                "config": {"events": events},
            }
        )
    data["edges"] = kept
    notes += [
        translated(f"the commands of {node.id} became events on a topic: one hop a step instead of two"),
        lost("the coordinator: nobody knows the position of a saga, and its state is stored nowhere"),
        lost("time limits of single steps: the first participant has one for all of them together"),
        assumed("who comes after the last compensation hears of the time limit too, and undoes"),
        assumed("errors that were tried again make the event come again; other errors are refusals"),
    ]
    if settings.semantic_lock:
        notes.append(lost("the semantic lock: sagas of one key run side by side"))
    keep_what_means_the_same(data, {node.id, *made}, members[0].id, notes, gone=node.id)
    return data


def _ways(node: Node, steps: list[Any], edges: list[Edge]) -> tuple[list[Edge], list[Edge]]:
    """The edges of the steps: first those to services, then those to queues that take the last steps."""
    from simulator.kinds.sagas.channels import edge_of

    found = []
    for step in steps:
        way = edge_of(step.name, edges)
        if way is None:
            raise refuse(f"{step.name!r} of {node.id} is bound to nothing", "lead an edge to what does it")
        found.append(way)
    ways = [way for way in found if way.role == "invoke"]
    if found[: len(ways)] != ways:
        raise refuse(f"{node.id}: a queue can only take the last steps", "let the others go to services")
    return ways, found[len(ways) :]


def _service(document: Document, node: Node, way: Edge) -> Node:
    member = document.node(way.target)
    others = [edge for edge in document.edges_into(member.id) if edge.source != node.id]
    if member.kind != "service" or others or document.edges_from(member.id) or member.config.endpoints:  # type: ignore[attr-defined]
        raise refuse(
            f"{member.id} is not a plain service of {node.id} alone",
            "by events a participant is a service that nobody else calls and that calls nobody",
        )
    return member


def _check_starts(document: Document, node: Node) -> None:
    """By events a saga begins with an event of a producer; nobody can wait for its end."""
    for edge in document.edges_into(node.id):
        if document.node(edge.source).kind != "producer":
            raise refuse(
                f"{edge.source} waits for the end of {node.id}",
                "by events a saga begins with an event of a producer",
            )


def _heard(steps: list[Any], works: list[dict[str, Any]], place: int) -> list[str]:
    """Upon which events a step is undone: the refusal of a later one, or that the next one is undone."""
    found = []
    for later, work in zip(steps[place + 1 :], works[place + 1 :], strict=True):
        if work["refusal"] > 0.0:
            found.append(f"{later.name} refused")
        if later.compensation:
            found.append(f"{later.name} undone")
            break
    return found


def _work(member: Node, step: Any, way: Edge, *, is_past_pivot: bool) -> dict[str, Any]:
    """Workers, service time and failures of a service as those of a participant."""
    config: Any = member.config
    plain = config.model_dump(mode="json", by_alias=True)
    error, refusal = config.failure.probability, way.settings.refusal  # type: ignore[attr-defined]
    is_again = step.retry is not None or is_past_pivot
    return {
        "instances": config.instances,
        "concurrency": config.concurrency,
        "service_time": plain["service_time"],
        "refusal": 0.0 if is_past_pivot else refusal if is_again else 1.0 - (1.0 - refusal) * (1.0 - error),
        "failure": {"probability": error if is_again else 0.0},
    }


def keep_what_means_the_same(
    data: dict[str, Any], changed: set[str], measured_at: str, notes: list[Note], gone: str = ""
) -> None:
    """Objectives, faults and assumptions of nodes that are something else now."""
    objectives = []
    for one in data.get("objectives", []):
        if one.get("node") not in changed:
            objectives.append(one)
        elif one["metric"].partition(".")[0] in _SAME:
            objectives.append({**one, "node": measured_at})
        else:
            notes.append(lost(f"the objective on {one['metric']} of {one['node']}"))
    faults = []
    for one in data.get("faults", []):
        if one["node"] in changed and (one["kind"] != "outage" or one["node"] == gone):
            notes.append(lost(f"the fault {one['kind']} of {one['node']} at {one['at']:g} s"))
        else:
            faults.append(one)
    data["objectives"], data["faults"] = objectives, faults
    data["assumptions"] = {
        key: value
        for key, value in data.get("assumptions", {}).items()
        if key.partition(".")[0] not in changed
    }
