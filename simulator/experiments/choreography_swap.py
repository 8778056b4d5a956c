"""Swap of a saga by events: participants that react to each other become services with a coordinator.

It goes only where the meaning allows: participants in a straight line over one channel that nobody else
reads, which undo in reverse order. What changes is said: single steps have a time limit instead of the whole,
commands and replies take two hops instead of one event, and the coordinator forgets nothing that a
participant did not listen to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.design.document import Document, Edge, Node
from simulator.experiments.parameters import refuse
from simulator.experiments.saga_swap import keep_what_means_the_same
from simulator.kinds.traits import Note, assumed, lost, translated

#: Attempts at a step whose work fails and comes again.
_ATTEMPTS = 8
#: Settings of a participant that a service has too.
_SHARED = ("instances", "concurrency", "service_time", "instance_type")


@dataclass(frozen=True, slots=True)
class _Member:
    """A participant in its place."""

    node: Node
    settings: Any

    @property
    def step(self) -> str:
        """Name of the command that does its local transaction."""
        return self.node.id

    @property
    def undo(self) -> str | None:
        """Name of the command that undoes it; None: nothing does."""
        return f"undo-{self.node.id}" if self.settings.compensates_on else None


def swap_choreography(document: Document, node: Node) -> tuple[dict[str, Any], list[Note]]:
    """The document, as plain data, with the saga of `node` under a coordinator, and what that means.

    The coordinator takes the place and the identifier of the channel of the events.

    Raises:
        InvalidDesign: where it cannot mean the same.
    """
    name = node.config.saga  # type: ignore[attr-defined]
    members = [
        _Member(one, one.config)
        for one in document.nodes
        if one.kind == "saga-participant" and one.config.saga == name  # type: ignore[attr-defined]
    ]
    channel = _channel(document, members)
    line = _line(name, members)
    _check_undoing(name, line)
    starts = _starts(document, channel, line)
    notes: list[Note] = []
    data = document.to_data()
    told = _told(document, channel, line)
    data["nodes"] = [_made(one, channel, line, told, notes) for one in data["nodes"]]
    data["edges"] = _edges(document, data["edges"], channel, line, told, starts)
    notes.insert(
        0,
        translated(
            f"{len(line)} participants became services, and {channel.id} their coordinator: "
            + ", ".join(one.step for one in line)
        ),
    )
    notes += [
        translated("an event became a command and its reply: two hops a step instead of one"),
        lost(f"{channel.id} as a {channel.kind}: its settings, and what it keeps of the events"),
        lost("events that wait while a participant is out: a command gets an error, and the saga turns back"),
        assumed("the coordinator stores where a saga stands before every command, in 5 ms"),
    ]
    notes += _forgotten(line)
    changed = {channel.id, *(one.node.id for one in line)}
    keep_what_means_the_same(data, changed, channel.id, notes, gone=channel.id)
    return data, notes


def _channel(document: Document, members: list[_Member]) -> Node:
    """The one node over which all events go."""
    found = {edge.source for one in members for edge in document.edges_into(one.node.id)}
    if len(found) != 1:
        raise refuse(
            f"the participants read from {', '.join(sorted(found)) or 'nothing'}",
            "let all of them read from one topic or log",
        )
    channel = document.node(found.pop())
    ids = {one.node.id for one in members}
    for edge in document.edges_from(channel.id):
        if edge.target not in ids:
            raise refuse(
                f"{edge.target} reads the events of {channel.id} too",
                "a coordinator sends commands, which nobody else hears: take it away first",
            )
    return channel


def _line(name: str, members: list[_Member]) -> list[_Member]:
    """The participants in the order in which they do their part."""
    if len(members) < 2:
        raise refuse(f"the saga {name!r} has one participant only", "a coordinator needs two or more")
    done = {one.settings.done_event for one in members}
    firsts = [one for one in members if not set(one.settings.reacts_to) & done]
    if len(firsts) != 1:
        raise refuse(
            f"{len(firsts)} participants of the saga {name!r} react to what no other one has done",
            "let one begin, and each of the others react to what the one before has done",
        )
    line = firsts
    while True:
        last = line[-1].settings.done_event
        heard = [one for one in members if last is not None and last in one.settings.reacts_to]
        if len(heard) > 1 or any(one in line for one in heard):
            raise refuse(
                f"{' and '.join(one.node.id for one in heard)} react to {last!r}",
                "a coordinator does one step after the other: swap a saga in a straight line",
            )
        if not heard:
            break
        line = [*line, heard[0]]
    left = [one.node.id for one in members if one not in line]
    if left:
        raise refuse(f"nothing leads to {', '.join(left)}", "let each react to what the one before has done")
    return line


def _upon(line: list[_Member], place: int) -> set[str]:
    """Events upon which a participant may undo when everything is undone in reverse order."""
    found = {line[0].settings.timeout_event}
    for later in line[place + 1 :]:
        found.add(later.settings.refused_event)
        if later.undo is not None:
            found.add(later.settings.compensated_event)
            break
    return {event for event in found if event is not None}


def _check_undoing(name: str, line: list[_Member]) -> None:
    if all(one.undo is None for one in line):
        raise refuse(f"nobody undoes anything in the saga {name!r}", "it is no saga: give compensates_on")
    told = {event for one in line for event in one.settings.own_events()}
    told -= {one.settings.compensated_event for one in line if one.undo is None}
    for place, one in enumerate(line):
        strange = sorted(set(one.settings.compensates_on) & told - _upon(line, place))
        if strange:
            raise refuse(
                f"{one.node.id} undoes upon {strange[0]!r}, before those after it have",
                "a coordinator undoes in reverse order: let it wait for what the next one has undone",
            )


def _starts(document: Document, channel: Node, line: list[_Member]) -> set[str]:
    """The edges of producers, whose events begin a saga each."""
    ids = {one.node.id for one in line}
    found = [edge for edge in document.edges_into(channel.id) if edge.source not in ids]
    for edge in found:
        if document.node(edge.source).kind != "producer":
            raise refuse(
                f"{edge.source} tells of the start of the saga beside other things",
                "a coordinator is called by producers here: let one begin it",
            )
    return {edge.id for edge in found}


def _told(document: Document, channel: Node, line: list[_Member]) -> list[Edge]:
    """Edges by which the last participant tells others that all is done."""
    found = []
    for one in line:
        for edge in document.edges_from(one.node.id):
            if edge.target == channel.id:
                continue
            events: list[str] = getattr(edge.settings, "events", [])
            if one is not line[-1] or events != [one.settings.done_event]:
                raise refuse(
                    f"{one.node.id} tells {edge.target} of its events too",
                    "only the last participant may tell of its done event, for that is the end of the saga",
                )
            found.append(edge)
    return found


def _made(
    data: dict[str, Any], channel: Node, line: list[_Member], told: list[Edge], notes: list[Note]
) -> dict[str, Any]:
    """A node of the new design."""
    if data["id"] == channel.id:
        limit = line[0].settings.timeout
        steps: list[dict[str, Any]] = []
        for one in line:
            step: dict[str, Any] = {"name": one.step, "timeout": limit}
            if one.undo is not None:
                step["compensation"] = one.undo
            if one.settings.failure.probability > 0.0:
                step["retry"] = {"max_attempts": _ATTEMPTS}
            steps.append(step)
        steps += [{"name": f"tell-{edge.target}", "timeout": None} for edge in told]
        if told:
            # who has been told cannot be told that nothing was
            steps[len(line) - 1]["pivot"] = True
        config = {
            "steps": steps,
            "idempotent": all(one.settings.idempotent for one in line),
            "tombstones": all(one.settings.tombstones for one in line),
        }
        label = {"label": data["label"]} if "label" in data else {}
        return {"id": channel.id, "kind": "saga", **label, "config": config}
    member = next((one for one in line if one.node.id == data["id"]), None)
    if member is None:
        return data
    given = data.get("config", {})
    config = {key: given[key] for key in _SHARED if key in given}
    if "service_time" not in config:
        config["service_time"] = member.settings.service_time.model_dump(mode="json", by_alias=True)
    if member.settings.failure.probability > 0.0:
        config["failure"] = {"probability": member.settings.failure.probability}
        notes.append(
            assumed(f"work of {member.node.id} that fails is tried {_ATTEMPTS} times, not until it is done")
        )
    if member.settings.compensation_time is not None:
        notes.append(lost(f"the compensation time of {member.node.id}: it takes its service time"))
    return {**{key: data[key] for key in ("id", "label") if key in data}, "kind": "service", "config": config}


def _edges(
    document: Document,
    data: list[dict[str, Any]],
    channel: Node,
    line: list[_Member],
    told: list[Edge],
    starts: set[str],
) -> list[dict[str, Any]]:
    ids = {one.node.id for one in line}
    ends = {edge.id: edge for edge in document.edges}
    after = {edge.id for edge in told}
    made = []
    for one in data:
        edge = ends[one["id"]]
        bare = {key: one[key] for key in ("id", "from", "to")}
        if edge.id in starts:
            made.append({**bare, "role": "invoke"})
        elif edge.source == channel.id:
            member = next(each for each in line if each.node.id == edge.target)
            tasks = [member.step, *([member.undo] if member.undo else [])]
            config: dict[str, Any] = {"tasks": tasks}
            if member.settings.refusal > 0.0:
                config["refusal"] = member.settings.refusal
            made.append({**bare, "role": "invoke", "config": config})
        elif edge.id in after:
            config = {"tasks": [f"tell-{edge.target}"]}
            made.append({**bare, "from": channel.id, "role": "publish", "config": config})
        elif edge.source not in ids:
            made.append(one)
    return made


def _forgotten(line: list[_Member]) -> list[Note]:
    """What a coordinator does otherwise than these participants did."""
    found = []
    first = line[0].settings
    if first.timeout is not None:
        found.append(
            assumed(f"the time limit of the whole, {first.timeout:g} s, became the limit of each step")
        )
        deaf = [
            one.node.id
            for place, one in enumerate(line)
            if one.undo is not None
            and all(later.undo is None for later in line[place + 1 :])
            and first.timeout_event not in one.settings.compensates_on
        ]
        if deaf:
            found.append(
                assumed(f"{', '.join(deaf)}, which did not hear of the time limit, is undone after it")
            )
    for place, one in enumerate(line):
        refused = one.settings.refused_event
        if one.settings.refusal <= 0.0 or place == 0:
            continue
        before = [each for each in line[:place] if each.undo is not None]
        if before and (refused is None or refused not in before[-1].settings.compensates_on):
            found.append(
                assumed(f"what {one.node.id} refuses is undone; by events nobody listened, and it was stuck")
            )
    if len({one.settings.idempotent for one in line}) > 1:
        found.append(assumed("participants are idempotent or not all alike: one that was not counts for all"))
    if len({one.settings.tombstones for one in line}) > 1:
        found.append(assumed("tombstones are kept by all or by nobody: one without counts for all"))
    return found
