"""How a parser refuses a text, and the bounds that all parsers of designs share."""

from __future__ import annotations

MOST_DEPTH = 64
MOST_SCALARS = 2_000_000
LONGEST_INTEGER = 40
"""Digits of a whole number; no quantity of a design needs more."""


class Refused(Exception):
    """A text cannot be read; becomes one problem of ``InvalidDesign``."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        """Code (D100 or D108), a message with line and column, and how to mend it."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def place(text: str, position: int) -> str:
    """Line and column of a character, as "line 3, column 7"."""
    line = text.count("\n", 0, position) + 1
    return f"line {line}, column {position - text.rfind(chr(10), 0, position)}"


def too_deep(where: str) -> Refused:
    """The refusal of nesting beyond the bound."""
    return Refused("D108", f"{where}: nested deeper than {MOST_DEPTH} levels", "Flatten the document.")


def too_many(where: str) -> Refused:
    """The refusal of more values than the bound."""
    return Refused(
        "D108", f"{where}: more than {MOST_SCALARS:,} values", "Keep large traces in a file of their own."
    )


def duplicate_key(where: str, key: str) -> Refused:
    """The refusal of a key that stands twice in one mapping."""
    return Refused("D100", f"{where}: the key {key[:60]!r} stands twice", "Remove or rename one of them.")


def not_finite(where: str, text: str) -> Refused:
    """The refusal of NaN, Infinity and numbers beyond the range of a double."""
    return Refused("D100", f"{where}: {text[:40]} is not a finite number", "Write an ordinary number.")
