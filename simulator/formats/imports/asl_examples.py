"""What a state machine reads of its input and of its tasks' results, with values made up for it.

Nobody has the input of an imported machine; without the fields that its states read every execution would
fail. Choices get the values they compare with and one more, each equally often.
Source: Amazon States Language specification, *Paths*, *Choice Rule*.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulator.formats.imports.asl_loops import asked_again
from simulator.formats.imports.source_file import Path

#: Fields of ``$.order.total`` (not of the context ``$$.``), and of ``$states.input.order`` in JSONata.
_NAMES = r"([A-Za-z_](?:[A-Za-z0-9_.]|\[\d{1,6}\]|\[\*\]){0,200})"
_JSONPATH = re.compile(r"(?<![$\w])\$\." + _NAMES)
_JSONATA = re.compile(r"\$states\.(?:input|result)\." + _NAMES)
_JSONATA_NUMBER = re.compile(
    _JSONATA.pattern + r"\s{0,9}(<=|>=|!=|<|>|=|\+|-|\*|/)\s{0,9}(\d{1,12}(?:\.\d{1,9})?)"
)
_JSONATA_WORD = re.compile(_JSONATA.pattern + r"\s{0,9}!?=\s{0,9}[\"']([^\"'{}]{1,100})[\"']")
_INPUT = re.compile(r"(?:\$\$|\$states\.context)\.Execution\.Input\." + _NAMES)
_ITEM = re.compile(r"(?:\$\$|\$states\.context)\.Map\.Item\.Value(?:\." + _NAMES + ")?")
#: ``[0]`` and ``[*]`` of a path: what is before is a list, what is after stands in each of its items.
_INDEX = re.compile(r"\[[\d*]{1,6}\]")
_EACH = "[]"
_FIELDS = (_JSONPATH, _JSONATA, _INPUT, _ITEM)
#: JSON out of a text, in JSONPath and in JSONata; what a function of the machine gives is known.
_FROM_TEXT = re.compile(
    r"States\.StringToJson\(\s{0,9}(\$[^()\s]{1,200})\s{0,9}\)|\$parse\(\s{0,9}(\$states\.[^()\s]{1,200})\s{0,9}\)"
)
_LENGTH = re.compile(
    r"States\.Array(?:Length|GetItem|Contains|Partition|Unique)\(\s*\$\.([A-Za-z_][A-Za-z0-9_.]{0,200})"
)
_COMPARISON = re.compile(r"(String|Numeric|Boolean|Timestamp)([A-Za-z]{1,24}?)(Path)?\Z")
#: What fields are that stand where a number or a time must, by how the key begins.
_TYPED: dict[str, Any] = {
    "Seconds": 1,
    "TimeoutSeconds": 60,
    "HeartbeatSeconds": 60,
    "MaxConcurrency": 10,
    "ToleratedFailureCount": 0,
    "Timestamp": "2026-01-01T00:00:00Z",
}
MOST_FIELDS = 100
MOST_DEPTH = 6
#: What the parts of an item, or of any field that is not compared, are.
_TEXT = "x"
ITEMS = 2


def examples_of(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Fields by name, as the detail of an event template; empty where the machine reads none.

    What a state puts into a field of its own (``ResultPath``) comes from there: of such a field, and of the
    ``Payload`` of a function, only what is read inside is listed, as the result of the task.
    """
    found: dict[str, Any] = {}
    compared: dict[str, list[Any]] = {}
    lists: set[str] = set()
    texts = list(_texts(definition))
    made = {value[2:] for key, value in texts if key == "ResultPath" and value.startswith("$.")}
    items_under = {
        key.removesuffix(".$")
        for key, value in texts
        if (match := _ITEM.search(value)) is not None and not match[1]
    }

    def own(field: str) -> str:
        names = _INDEX.sub(f".{_EACH}", field).rstrip(".").split(".")
        if names[0] in made:
            del names[0]
        if names[:1] == ["Payload"]:
            del names[0]
        while names[:1] == [_EACH]:  # of a list that the machine makes
            del names[0]
        return ".".join(names)

    def readings(field: str) -> list[str]:
        """The field, and what it is inside the item of a Map that stands under its first name."""
        first, _, inside = own(field).partition(".")
        return [own(field), inside] if first in items_under else [own(field)]

    for key, value in texts:
        fields = [name for pattern in _FIELDS for one in pattern.findall(value) for name in readings(one)]
        for field in filter(None, fields[:MOST_FIELDS]):
            _put(found, field.split("."))
        if key in ("ItemsPath", "Items"):
            lists.update(filter(None, fields[:1]))
        lists.update(filter(None, map(own, _LENGTH.findall(value))))
        kind = next((one for one in _TYPED if key.startswith(one)), None)
        if kind is not None and fields and fields[0]:
            compared.setdefault(fields[0], []).append(_TYPED[kind])
        for field, sides in _jsonata_compared(value):
            compared.setdefault(own(field), []).extend(sides)
    for rule in _rules(definition):
        for field, values in _compared(rule):
            compared.setdefault(own(field), []).extend(values)
    _settle(definition, own, found, compared)
    tops = {one.split(".")[0] for one in lists}
    items = {key: value for key, value in _filled(found, "", compared, set()).items() if key not in tops}
    filled = _filled(found, "", compared, lists, items)
    _hand_on(filled, texts, own)
    return filled


def _hand_on(fields: dict[str, Any], texts: list[tuple[str, str]], own: Callable[[str], str]) -> None:
    """What becomes the data of later states holds the fields that they read."""
    for key, value in texts:
        whole = _JSONPATH.fullmatch(value) if key in ("InputPath", "OutputPath") else None
        if whole is not None and own(whole[1]):
            _put_all(fields, own(whole[1]).split("."))


def _settle(
    definition: Mapping[str, Any],
    own: Callable[[str], str],
    found: dict[str, Any],
    compared: dict[str, list[Any]],
) -> None:
    """Texts that hold a number, and fields that must not be there."""
    for text, target in number_texts(definition).items():
        numbers = [str(value) for value in compared.get(own(target), []) if type(value) in (int, float)]
        compared.update((own(one), numbers or ["1"]) for pattern in _FIELDS for one in pattern.findall(text))
    for field in filter(None, map(own, asked_again(definition))):
        _take(found, field.split("."))


def json_texts(definition: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Where a machine reads JSON out of a text that nobody has: the path in the definition, and the text."""
    left: list[tuple[Path, Any]] = [((), definition)]
    while left:
        path, value = left.pop()
        if isinstance(value, str):
            if (found := _FROM_TEXT.search(value)) and path[-1:] != ("Comment",):
                yield path, found[1] or found[2]
        elif len(path) < 60:
            inner = (
                value.items()
                if isinstance(value, Mapping)
                else enumerate(value)
                if isinstance(value, list)
                else ()
            )
            left.extend([((*path, key), one) for key, one in inner][::-1])


def number_texts(definition: Mapping[str, Any]) -> dict[str, str]:
    """Texts out of which JSON is read, and no field of it, so that a number will do; where each is put."""
    texts = list(_texts(definition))
    read = {
        name.partition(".")[0]
        for _, value in texts
        for pattern in _FIELDS
        for name in pattern.findall(value)
        if "." in name
    }
    found: dict[str, str] = {}
    for key, value in texts:
        target = key.removesuffix(".$")
        if target not in read and (match := _FROM_TEXT.search(value)) and value.strip("{}% ") == match[0]:
            found[match[1] or match[2]] = target
    return found


def _texts(value: Any, key: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """All texts of a definition, with the key they stand under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping) and depth < 40:
        for name, inner in value.items():
            if name not in ("Comment", "Resource", "Next", "StartAt", "Default"):
                yield from _texts(inner, str(name), depth + 1)
    elif isinstance(value, list) and depth < 40:
        for inner in value:
            yield from _texts(inner, key, depth + 1)


def _jsonata_compared(value: str) -> Iterator[tuple[str, list[Any]]]:
    """The fields of an expression, each with values on both sides of what it is compared with."""
    for field, sign, number in _JSONATA_NUMBER.findall(value):
        limit = float(number) if "." in number else int(number)
        yield field, [limit] if sign in ("=", "!=") else [limit - 1, limit + 1]
    for field, word in _JSONATA_WORD.findall(value):
        yield field, [word, _TEXT]


def _rules(value: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """All rules of all choices, those inside And, Or and Not included."""
    if depth > 40:
        return
    if isinstance(value, Mapping):
        if isinstance(value.get("Variable"), str):
            yield value
        for inner in value.values():
            yield from _rules(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _rules(inner, depth + 1)


def _compared(rule: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """The fields of a rule, each with values on both sides of what it is compared with."""
    named = _JSONPATH.fullmatch(rule["Variable"])
    for key, value in rule.items():
        found = _COMPARISON.match(key)
        if found is None:
            continue
        values: list[Any] = []
        if found[3] and isinstance(value, str) and found[1] == "Numeric":
            values = [1]
            yield from ((field, [1]) for pattern in _FIELDS for field in pattern.findall(value))
        elif found[1] == "Boolean":
            values = [True, False]
        elif found[1] == "Numeric" and isinstance(value, (int, float)) and not isinstance(value, bool):
            values = [value] if found[2] == "Equals" else [value - 1, value + 1]
        elif found[1] == "String" and isinstance(value, str) and "{" not in value:
            values = [value, _TEXT] if found[2] == "Equals" else [value]
        elif found[1] == "Timestamp" and isinstance(value, str):
            values = [value]
        if named is not None:
            yield named[1], values


def _put(fields: dict[str, Any], names: list[str]) -> None:
    here = fields
    for name in names[:MOST_DEPTH]:
        if name in ("choice", "distribution") or (name not in here and len(here) >= MOST_FIELDS):
            return  # such a field would be read as a draw of the template
        here = here.setdefault(name, {})


def _take(fields: dict[str, Any], names: list[str]) -> None:
    """Leave a field out."""
    for name in names[:-1]:
        fields = fields.get(name, {})
    fields.pop(names[-1], None)


def _put_all(fields: dict[str, Any], names: list[str]) -> None:
    """What becomes the data of the states that follow holds what they read."""
    others = {key: value for key, value in fields.items() if key != names[0]}
    here = fields
    for name in names[:-1]:
        inner = here.get(name)
        if not isinstance(inner, dict) or "choice" in inner:
            return
        here = inner
    inner = here.get(names[-1])
    if others and (inner == _TEXT or (isinstance(inner, dict) and "choice" not in inner)):
        here[names[-1]] = {**others, **(inner if isinstance(inner, dict) else {})}


def _filled(
    fields: dict[str, Any],
    path: str,
    compared: Mapping[str, list[Any]],
    lists: set[str],
    items: Any = None,
) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, inner in fields.items():
        at = f"{path}.{name}" if path else name
        if at in lists:
            made[name] = [items or _TEXT] * ITEMS
        elif _EACH in inner:
            each = _filled({_EACH: inner[_EACH]}, at, compared, lists, items)[_EACH]
            made[name] = [each] * ITEMS
        elif inner:  # read as a whole, or by its parts
            made[name] = _filled(inner, at, compared, lists, items)
        else:
            made[name] = _choice(compared.get(at, [])) or _TEXT
    return made


def _choice(values: list[Any]) -> Any:
    kept: list[Any] = []
    for value in values:
        if not any(value == other and type(value) is type(other) for other in kept):
            kept.append(value)
    if len(kept) < 2:
        return kept[0] if kept else None
    return {"choice": [{"value": value, "weight": 1} for value in kept]}
