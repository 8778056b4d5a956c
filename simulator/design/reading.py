"""Bounded reading of a design from text: JSON, or YAML without its dangerous parts.

Text that begins with ``{`` or ``[`` is JSON, anything else YAML. Both are read into plain dicts, lists,
text, numbers, booleans and None. Refused are: too much text, too deep nesting, too many values, duplicate
keys, NaN and Infinity, NUL characters, and in YAML anchors, aliases, tags, merge keys and further documents
(an alias of a few hundred bytes can expand to gigabytes). YAML scalars follow the core schema of YAML 1.2,
so that ``NO`` stays a country and ``1e3`` is a number. Every refusal is one problem with line and column.
"""

from __future__ import annotations

from typing import NoReturn

from simulator.design.json_text import read_json
from simulator.design.refusal import Refused, place
from simulator.design.yaml_text import read_yaml
from simulator.errors import InvalidDesign
from simulator.graph.problem import Problem

MOST_BYTES = 10_000_000

_UTF32_MARKS = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_text(text: str | bytes, *, limit: int = MOST_BYTES) -> object:
    """Read a document of at most ``limit`` bytes; raises ``InvalidDesign`` with one D100 or D108 problem."""
    try:
        decoded = decode(text, limit)
        begin = len(decoded) - len(decoded.lstrip())
        if begin == len(decoded):
            raise Refused("D100", "the document is empty", "A design begins with: format: headrace/1")
        if decoded[begin] in "{[":
            return read_json(decoded)
        return read_yaml(decoded)
    except Refused as refusal:
        raise InvalidDesign(
            [Problem(refusal.code, message=refusal.message[:300], hint=refusal.hint)]
        ) from refusal


def decode(text: str | bytes, limit: int) -> str:
    """Text without byte order mark, within the limit and free of NUL; raises ``Refused``."""
    if isinstance(text, str):
        decoded = text.removeprefix("\ufeff")
        try:
            size = len(decoded) if decoded.isascii() or len(decoded) > limit else len(decoded.encode())
        except UnicodeEncodeError as error:
            _refuse_character(decoded, error.start, "half of a surrogate pair")
    else:
        size = len(text)
    if size > limit:
        raise Refused(
            "D108",
            f"the document has {size / 1e6:.1f} MB; at most {limit / 1e6:g} MB are read",
            "Keep large traces in a file of their own.",
        )
    if isinstance(text, bytes):
        decoded = _from_bytes(text)
    position = decoded.find("\0")
    if position >= 0:
        _refuse_character(decoded, position, "a NUL character")
    return decoded


def _from_bytes(data: bytes) -> str:
    if data.startswith(_UTF32_MARKS):
        raise Refused("D100", "the text is UTF-32", "Save it as UTF-8.")
    encoding = "utf-16" if data.startswith(_UTF16_MARKS) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        kind = "UTF-16" if encoding == "utf-16" else "UTF-8"
        raise Refused(
            "D100", f"line {line}, column {column}: not {kind} text", "Save it as UTF-8."
        ) from error


def _refuse_character(text: str, position: int, what: str) -> NoReturn:
    raise Refused(
        "D100", f"{place(text, position)}: {what}", "This is no text file; export the design again."
    )
