"""What a report is made of, whatever it is written as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["plain", "good", "bad", "doubt", "note"]


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One objective: its verdict in a word, what was asked and what was found."""

    word: str
    tone: Tone
    asked: str
    found: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a heading; the first `left` columns stand to the left, the others to the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG drawing, and what it shows in words."""

    svg: str
    caption: str


@dataclass(frozen=True, slots=True)
class Code:
    """Text to be read as it stands."""

    text: str


Block = Text | Verdict | Table | Picture | Code


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole report.

    Args:
        title, authors, notes: of the reader's own; authors and notes may be empty.
        extent: one line on what was simulated.
    """

    title: str
    authors: str
    notes: str
    extent: str
    sections: tuple[Section, ...]


def table(rows: list[list[str]], *, left: int = 1, caption: str = "") -> Table:
    """A table of rows whose first is the heading; columns in which nothing stands are left out."""
    kept = [
        column
        for column in range(len(rows[0]))
        if column < left or any(row[column] not in ("", "–") for row in rows[1:])
    ]
    head, *body = [tuple(row[column] for column in kept) for row in rows]
    return Table(head, tuple(body), left, caption)
