"""Boxes and arrows of a drawing as parts and links: what a box is follows from its words and its arrows."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from simulator.formats.imports.assumed_work import DEFAULT_TIMEOUT, function_work, handler_work
from simulator.formats.imports.guessing import (
    guess_kind,
    is_aside,
    is_at_a_broker,
    speaks_of_an_answer,
    speaks_of_dead_letters,
    speaks_of_reading,
)
from simulator.formats.imports.reading import HANDLER, Name, Origin, Reading
from simulator.formats.imports.source_file import Path
from simulator.kinds.catalogue import KINDS

#: The shape of a box that sends each message one of several ways.
DECISION = "decision"
#: Words of a line that names what a box is; longer ones say what it does.
MOST_WORDS = 4
_VENDOR_QUEUES = {"aws": "aws.sqs", "rabbitmq": "rabbitmq.queue"}
#: The shape of a database.
CYLINDER = "cylinder"
#: Of kinds that keep messages: what a reader may be drawn to, and what a frame around boxes may name.
_READ_FROM = ("queue", "topic", "kafka.topic", "aws.sqs", "rabbitmq.queue")
#: Brokers of one cluster, as they are drawn.
_NUMBERED = re.compile(r"(.{0,80}\b(?:broker|node)) ?[-#]? ?\d{1,3}", re.IGNORECASE)
_OF_FRAMES = re.compile(r"\b(?:queues?|topics?|streams?)\b", re.IGNORECASE)


@dataclass(slots=True)
class Box:
    """A box: its id in the drawing, its label, words of its shape, its kind where the drawing names one."""

    id: str
    label: str
    shape: str = ""
    kind: str = ""
    wanted_id: str = ""
    path: Path = ()
    #: All lines of the label, where it has several.
    words: str = ""
    #: The title of the frame it stands in.
    frame: str = ""
    #: How many brokers of one cluster are drawn.
    brokers: int = 1


@dataclass(slots=True)
class Arrow:
    """An arrow between two boxes, with its label and the role where the drawing names one."""

    source: str
    target: str
    label: str = ""
    role: str = ""
    path: Path = ()


@dataclass(slots=True)
class Drawn:
    """A drawing."""

    boxes: dict[str, Box] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)


def read_drawn(reading: Reading, drawn: Drawn) -> None:
    """Give every box a kind, and add parts and links."""
    _leave_aside(reading, drawn)
    _join_brokers(reading, drawn)
    guesses = _guesses(drawn)
    _turn(reading, drawn, guesses)
    _put_queues(reading, drawn, guesses)
    into = {arrow.target for arrow in drawn.arrows}
    leaving = {arrow.source for arrow in drawn.arrows}
    scope = f"box of {reading.file.name}"
    for box in drawn.boxes.values():
        kind = box.kind if box.kind in KINDS else ""
        is_said = bool(kind)
        kind = kind or guesses[box.id]
        is_alone = box.id not in into and box.id not in leaving
        if is_alone and not is_said and not _stands_alone(box, kind, has_arrows=bool(drawn.arrows)):
            why = " and no kind in its words" if not kind else ""
            reading.not_understood(f"the box {box.label[:80]!r} has no arrow{why}", *box.path)
            continue
        if kind == "producer" and box.id in into and not is_said:
            kind = HANDLER
        is_store = kind == "store"
        if kind in ("", "store"):
            kind = HANDLER if box.id in into or is_store else "producer"
        config: dict[str, Any] = {}
        origins: dict[str, Origin] = {}
        if kind == HANDLER or (kind in ("service", "consumer")):
            config, origins = handler_work(0.01, "a drawing holds no duration")
        elif kind == "aws.lambda":
            config, origins = function_work(DEFAULT_TIMEOUT, "a drawing holds no duration")
        elif kind == "producer":
            config = {"arrivals": {"process": "poisson", "rate": 10.0}}
            origins = {"arrivals": Origin("guess", "a drawing holds no rate")}
        elif kind == "kafka.topic" and box.brokers > 1:
            config = {"brokers": box.brokers}
            origins = {"brokers": Origin("imported", f"{box.brokers} boxes of the drawing")}
        part = reading.add(kind, box.label or box.id, [(scope, box.id)], box.path, config, origins=origins)
        part.wanted_id = box.wanted_id
        reading.note("read", f"box {box.label[:80] or box.id}", *box.path)
        if not is_said:
            what = f"of kind {kind}"
            if kind == HANDLER:
                what = "a store, for which a service stands" if is_store else "code that handles messages"
            reading.assumed(f"{box.label[:80] or box.id} is {what}, by its words and arrows", *box.path)
    ways = Counter(arrow.source for arrow in drawn.arrows)
    for arrow in drawn.arrows:
        ends: list[Name] = [(scope, arrow.source), (scope, arrow.target)]
        role = arrow.role or None
        target = drawn.boxes.get(arrow.target)
        # Words of a box count where nothing else says what it is.
        words = target.label if target is not None and not target.kind else ""
        source = drawn.boxes.get(arrow.source)
        decides = source is not None and source.shape == DECISION and not source.kind and role is None
        if role is None and not decides and speaks_of_dead_letters(f"{arrow.label} {words}"):
            role = "dead-letter"
        link = reading.link(ends[0], ends[1], arrow.path, role, is_guess=not arrow.role)
        if decides and ways[arrow.source] > 1:
            link.config["probability"] = round(1 / ways[arrow.source], 4)
            link.origins["probability"] = Origin("guess", "each way of a decision is taken equally often")
        reading.note("read", f"arrow {arrow.source} to {arrow.target}", *arrow.path)


def _leave_aside(reading: Reading, drawn: Drawn) -> None:
    """Boxes that no messages go through are listed, with their arrows; so are answers of calls."""
    sending = {arrow.source for arrow in drawn.arrows}
    aside = [
        box.id
        for box in drawn.boxes.values()
        if not box.kind
        and is_aside(f"{box.words or box.label} {box.shape}", sends=box.id in sending)
        and not is_at_a_broker(box.label)
    ]
    ends = Counter(end for arrow in drawn.arrows for end in {arrow.source, arrow.target})
    for id in aside:
        box = drawn.boxes.pop(id)
        arrows = f", nor {ends[id]} arrow{'s'[: ends[id] > 1]} of it" if ends[id] else ""
        reading.not_modelled(f"{box.label[:80] or id}: no messages go through it{arrows}", *box.path)
    left = set(aside)
    pairs = {(arrow.source, arrow.target) for arrow in drawn.arrows}
    kept = []
    for arrow in drawn.arrows:
        if arrow.source in left or arrow.target in left:
            continue
        is_back = (arrow.target, arrow.source) in pairs and arrow.source != arrow.target
        if is_back and not arrow.role and speaks_of_an_answer(arrow.label):
            reading.not_modelled(f"{arrow.label[:80]!r}: the answer of a call is no edge", *arrow.path)
        else:
            kept.append(arrow)
    drawn.arrows = kept


def _join_brokers(reading: Reading, drawn: Drawn) -> None:
    """Numbered brokers of Kafka are one cluster, in which a message is once."""
    clusters: dict[str, list[Box]] = {}
    for box in drawn.boxes.values():
        named = _NUMBERED.fullmatch(box.label)
        if named and not box.kind and guess_kind(named[1]) == "kafka.topic":
            clusters.setdefault(named[1].strip(), []).append(box)
    into: dict[str, str] = {}
    for stem, boxes in clusters.items():
        if len(boxes) < 2:
            continue
        boxes[0].label, boxes[0].brokers = stem, len(boxes)
        reading.assumed(f"{len(boxes)} boxes {stem[:60]} are one topic of a cluster", *boxes[0].path)
        for box in boxes[1:]:
            into[box.id] = boxes[0].id
            del drawn.boxes[box.id]
    seen: set[tuple[str, str, str, str]] = set()
    kept = []
    for arrow in drawn.arrows:
        is_joined = arrow.source in into or arrow.target in into
        arrow.source, arrow.target = (into.get(end, end) for end in (arrow.source, arrow.target))
        key = arrow.source, arrow.target, arrow.label, arrow.role
        if key not in seen:
            kept.append(arrow)
        elif not is_joined:
            reading.assumed(f"an arrow that is drawn twice, from {arrow.source[:60]}, is one", *arrow.path)
        seen.add(key)
    drawn.arrows = kept


def _put_queues(reading: Reading, drawn: Drawn, kinds: dict[str, str]) -> None:
    """An exchange keeps no messages: who reads it has a queue there."""
    for arrow in list(drawn.arrows):
        of, to = (
            "" if (box := drawn.boxes.get(end)) is None else box.kind or kinds[end]
            for end in (arrow.source, arrow.target)
        )
        if of != "rabbitmq.exchange" or to not in (HANDLER, "", "producer", "consumer", "service"):
            continue
        reader = drawn.boxes[arrow.target]
        id = f"{arrow.source}>{arrow.target}"
        if id not in drawn.boxes:
            label = f"Queue of {reader.label[:60] or reader.id}"
            drawn.boxes[id] = Box(id, label, path=arrow.path)
            kinds[id] = "rabbitmq.queue"
            drawn.arrows.append(Arrow(id, arrow.target, "", "", arrow.path))
            reading.assumed(f"{reader.label[:60]} has a queue at the exchange that it reads", *arrow.path)
        arrow.target = id


def _turn(reading: Reading, drawn: Drawn, kinds: dict[str, str]) -> None:
    """An arrow that a reader draws to what it reads leads the other way."""
    brokers = {id for id, box in drawn.boxes.items() if (box.kind or kinds[id]) in _READ_FROM}
    fed = {arrow.target for arrow in drawn.arrows if arrow.source in brokers}
    for arrow in drawn.arrows:
        ends = drawn.boxes.get(arrow.source), drawn.boxes.get(arrow.target)
        if (
            arrow.source in fed
            or arrow.role
            or ends[0] is None
            or ends[1] is None
            or not speaks_of_reading(arrow.label)
        ):
            continue
        of = ends[0].kind or kinds[ends[0].id]
        if ends[1].id in brokers and of in (HANDLER, "", "producer", "consumer", "service", "aws.lambda"):
            arrow.source, arrow.target = arrow.target, arrow.source
            names = ends[0].label[:60], ends[1].label[:60]
            reading.assumed(f"{names[0]} reads {names[1]}: the arrow says {arrow.label[:40]!r}", *arrow.path)


def _stands_alone(box: Box, kind: str, *, has_arrows: bool) -> bool:
    """Whether a box without an arrow is a part: a broker or a function of a short name."""
    is_short = 0 < len(box.label.split()) <= MOST_WORDS
    return bool(kind) and (not has_arrows or (is_short and kind not in ("store", HANDLER, "producer")))


def _guess(box: Box) -> str:
    """By the shape and short lines of the label where they name a vendor's part, by all words otherwise."""
    lines = [line for line in box.words.split("\n") if line.strip() and len(line.split()) <= MOST_WORDS]
    # A worker may be drawn with the icon of what it works at.
    shape = "" if box.shape in (DECISION, CYLINDER) or is_at_a_broker(box.label) else box.shape
    for words in (shape, *lines[1:]):
        kind = guess_kind(words)
        if kind is not None and "." in kind:
            return kind
    kind = guess_kind(f"{box.label} {shape}") or guess_kind(box.words) or ""
    if kind in ("", HANDLER) and box.shape == CYLINDER:
        return "store"
    return kind or _framed(box.frame)


def _framed(title: str) -> str:
    """The kind of what stands in a frame of queues or topics."""
    named = _OF_FRAMES.search(title)
    if named is None:
        return ""
    kind = guess_kind(title)
    return kind if kind in _READ_FROM else "queue" if named[0].lower().startswith("q") else "topic"


def _guesses(drawn: Drawn) -> dict[str, str]:
    """The kind each box's words speak of; a queue behind a vendor's part is that vendor's."""
    kinds = {box.id: _guess(box) for box in drawn.boxes.values()}
    for _ in range(2):  # a dead-letter queue follows the queue that follows its topic
        for arrow in drawn.arrows:
            if kinds.get(arrow.target) == "queue":
                vendor = kinds.get(arrow.source, "").split(".")[0]
                kinds[arrow.target] = _VENDOR_QUEUES.get(vendor, "queue")
    return kinds
