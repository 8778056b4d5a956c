"""Boxes and arrows of a drawing as parts and links: what a box is follows from its words and its arrows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from simulator.formats.imports.assumed_work import DEFAULT_TIMEOUT, function_work, handler_work
from simulator.formats.imports.guessing import guess_kind, is_at_a_broker, speaks_of_dead_letters
from simulator.formats.imports.reading import HANDLER, Name, Origin, Reading
from simulator.formats.imports.source_file import Path
from simulator.kinds.catalogue import KINDS

#: The shape of a box that sends each message one of several ways.
DECISION = "decision"
#: Words of a line that names what a box is; longer ones say what it does.
MOST_WORDS = 4
_VENDOR_QUEUES = {"aws": "aws.sqs", "rabbitmq": "rabbitmq.queue"}


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
    into = {arrow.target for arrow in drawn.arrows}
    leaving = {arrow.source for arrow in drawn.arrows}
    scope = f"box of {reading.file.name}"
    guesses = _guesses(drawn)
    for box in drawn.boxes.values():
        kind = box.kind if box.kind in KINDS else ""
        is_said = bool(kind)
        kind = kind or guesses[box.id]
        if not kind and box.id not in into and box.id not in leaving:
            reading.not_understood(
                f"the box {box.label[:80]!r} has no arrow and no kind in its words", *box.path
            )
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


def _guess(box: Box) -> str:
    """By the shape and short lines of the label where they name a vendor's part, by all words otherwise."""
    lines = [line for line in box.words.split("\n") if line.strip() and len(line.split()) <= MOST_WORDS]
    # A worker may be drawn with the icon of what it works at.
    shape = "" if box.shape == DECISION or is_at_a_broker(box.label) else box.shape
    for words in (shape, *lines[1:]):
        kind = guess_kind(words)
        if kind is not None and "." in kind:
            return kind
    return guess_kind(f"{box.label} {shape}") or guess_kind(box.words) or ""


def _guesses(drawn: Drawn) -> dict[str, str]:
    """The kind each box's words speak of; a queue behind a vendor's part is that vendor's."""
    kinds = {box.id: _guess(box) for box in drawn.boxes.values()}
    for _ in range(2):  # a dead-letter queue follows the queue that follows its topic
        for arrow in drawn.arrows:
            if kinds.get(arrow.target) == "queue":
                vendor = kinds.get(arrow.source, "").split(".")[0]
                kinds[arrow.target] = _VENDOR_QUEUES.get(vendor, "queue")
    return kinds
