"""Mermaid architecture diagrams: services with icons in groups, edges between sides, junctions.

Source: Mermaid documentation, *Architecture Diagrams Documentation*.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simulator.formats.imports.drawn_graph import Arrow, Box, Drawn
from simulator.formats.imports.guessing import guess_kind
from simulator.formats.imports.reading import Reading

#: Arrows that one junction may stand for.
MOST_PAIRS = 30
MOST_LINE = 2_000
#: Of a line whose spaces are single ones.
_PART = re.compile(
    r"(?P<what>group|service|junction) (?P<id>[\w-]{1,200}) ?(?:\((?P<icon>[^()]{0,200})\))? ?"
    r"(?:\[(?P<title>[^\[\]]{0,300})\])? ?(?:in (?P<group>[\w-]{1,200}))?"
)
_EDGE = re.compile(
    r"(?P<left>[\w-]{1,200})(?P<left_group>\{group\})? ?: ?[LRTB] ?(?P<left_head>[<>]?) ?"
    r"(?:--|- ?\[(?P<label>[^\[\]]{0,300})\] ?-) ?(?P<right_head>[<>]?) ?[LRTB] ?: ?"
    r"(?P<right>[\w-]{1,200})(?P<right_group>\{group\})?"
)
_TITLE = re.compile(r"title (.{1,200})")
_QUIET = re.compile(r"%%|title\b|accTitle\b|accDescr\b|---|config:|\}")
#: Who comes first and who last where an edge has no head; all others are between.
_RANKS = {"producer": 0, "store": 2, "aws.dynamodb": 2}
_QUEUES = ("queue", "aws.sqs", "rabbitmq.queue")
_TOPICS = ("topic", "aws.sns", "aws.eventbridge", "kafka.topic", "rabbitmq.exchange")
#: Icons that come with Mermaid: they say less than the title.
_PLAIN_ICONS = ("cloud", "database", "disk", "internet", "server")


@dataclass(slots=True)
class _Edge:
    left: str
    right: str
    to_left: bool
    to_right: bool
    label: str
    place: str


@dataclass(slots=True)
class _Architecture:
    reading: Reading
    clean: Callable[[str], str]
    drawn: Drawn = field(default_factory=Drawn)
    groups: set[str] = field(default_factory=set)
    junctions: dict[str, str] = field(default_factory=dict)
    edges: list[_Edge] = field(default_factory=list)


def read_architecture(
    reading: Reading, lines: Sequence[tuple[int, str]], clean: Callable[[str], str]
) -> Drawn:
    """Boxes and arrows of the numbered lines after the header; `clean` makes plain text of a title."""
    found = _Architecture(reading, clean)
    for number, line in lines:
        if len(line) > MOST_LINE:
            reading.not_understood(f"a line of {len(line):,} characters", f"line {number}")
        else:
            _statement(found, " ".join(line.split()), f"line {number}")
    for edge in found.edges:
        for end in (edge.left, edge.right):
            if end not in found.drawn.boxes and end not in found.junctions:
                what = "a group, which no edge may name" if end in found.groups else "declared nowhere"
                reading.not_understood(f"an edge of {end[:80]}, which is {what}", edge.place)
                edge.left = edge.right = ""
                break
    _arrows(found)
    return found.drawn


def _statement(found: _Architecture, line: str, place: str) -> None:
    if title := _TITLE.fullmatch(line):
        found.reading.title = found.reading.title or found.clean(title[1])
    if not line or _QUIET.match(line):
        return
    if part := _PART.fullmatch(line):
        id = part["id"]
        if part["what"] == "group":
            found.groups.add(id)
        elif part["what"] == "junction":
            found.junctions[id] = place
        else:
            icon = " ".join(re.split(r"[:_\-]", (part["icon"] or "").strip('"')))
            label = found.clean(part["title"] or "") or id
            is_plain = icon in _PLAIN_ICONS
            words = f"{label}\n{icon}" if is_plain else label
            found.drawn.boxes[id] = Box(id, label, "" if is_plain else icon, path=(place,), words=words)
        return
    if edge := _EDGE.fullmatch(line):
        for side in ("left", "right"):
            if edge[f"{side}_group"]:
                inside = edge[side][:80]
                found.reading.assumed(f"the edge at the group around {inside} is one of {inside}", place)
        label = found.clean(edge["label"] or "")
        heads = bool(edge["left_head"]), bool(edge["right_head"])
        found.edges.append(_Edge(edge["left"], edge["right"], *heads, label, place))
        return
    found.reading.not_understood(f"the statement {line[:80]!r}", place)


def _arrows(found: _Architecture) -> None:
    """Arrows of edges between services; what meets in junctions leads from all that send to all others."""
    for edge in found.edges:
        if edge.left in found.drawn.boxes and edge.right in found.drawn.boxes:
            source, target = _directed(found, edge)
            found.drawn.arrows.append(Arrow(source, target, edge.label, "", (edge.place,)))
    for meeting in _meetings(found):
        senders: list[tuple[str, str]] = []
        others: list[tuple[str, str]] = []
        has_heads = any(edge.to_left or edge.to_right for edge in meeting)
        for edge in meeting:
            for end, is_target, is_left in (
                (edge.left, edge.to_left, True),
                (edge.right, edge.to_right, False),
            ):
                if end in found.drawn.boxes:
                    rank = _RANKS.get(_kind(found, end), 1)
                    sends = not is_target if edge.to_left or edge.to_right else is_left
                    if not has_heads and rank != 1:
                        sends = rank == 0
                    (senders if sends else others).append((end, edge.label))
        place = meeting[0].place
        if not others and len(senders) > 1:  # all lead into it: the last of them is what they lead to
            others = [senders.pop()]
        elif not senders and len(others) > 1:
            senders = [min(others, key=lambda end: _RANKS.get(_kind(found, end[0]), 1))]
            others.remove(senders[0])
        count = len(senders) * len(others)
        pairs = [
            (one, other)
            for one in senders
            for other in (others if count <= MOST_PAIRS else ())
            if one[0] != other[0]
        ]
        if not pairs:
            found.reading.not_understood(
                f"a junction that joins {len(senders) + len(others)} edges, {count:,} arrows", place
            )
            continue
        names = [found.drawn.boxes[id].label[:40] for ends in (senders, others) for id, _ in ends]
        found.reading.assumed(
            f"what meets in a junction leads from {', '.join(names[: len(senders)])[:120]} "
            f"to {', '.join(names[len(senders) :])[:120]}",
            place,
        )
        found.drawn.arrows += [
            Arrow(one, other, label or other_label, "", (place,))
            for (one, label), (other, other_label) in pairs
        ]


def _directed(found: _Architecture, edge: _Edge) -> tuple[str, str]:
    """From where to where an edge leads; one without a head leads to what is called, which is assumed."""
    if edge.to_right != edge.to_left:
        return (edge.left, edge.right) if edge.to_right else (edge.right, edge.left)
    kinds = _kind(found, edge.left), _kind(found, edge.right)
    ranks = [_RANKS.get(kind, 1) for kind in kinds]
    turned = ranks[0] > ranks[1] or (kinds[0] in _QUEUES and kinds[1] in _TOPICS)
    source, target = (edge.right, edge.left) if turned else (edge.left, edge.right)
    labels = found.drawn.boxes[source].label[:80], found.drawn.boxes[target].label[:80]
    drawn = "both ways" if edge.to_left else "without an arrow"
    found.reading.assumed(f"the edge {drawn} leads from {labels[0]} to {labels[1]}", edge.place)
    return source, target


def _kind(found: _Architecture, id: str) -> str:
    box = found.drawn.boxes[id]
    return guess_kind(f"{box.words}\n{box.shape}") or ""


def _meetings(found: _Architecture) -> list[list[_Edge]]:
    """The edges that meet in the same junctions, those from junction to junction included."""
    group_of = {id: id for id in found.junctions}

    def root(id: str) -> str:
        while group_of[id] != id:
            group_of[id] = group_of[group_of[id]]
            id = group_of[id]
        return id

    for edge in found.edges:
        if edge.left in group_of and edge.right in group_of:
            group_of[root(edge.left)] = root(edge.right)
    meetings: dict[str, list[_Edge]] = {}
    for edge in found.edges:
        junction = next((end for end in (edge.left, edge.right) if end in group_of), None)
        if junction is not None:
            meetings.setdefault(root(junction), []).append(edge)
    for id, place in found.junctions.items():
        if root(id) not in meetings:
            found.reading.not_understood(f"the junction {id[:80]}, which no edge leads to", place)
    return list(meetings.values())
