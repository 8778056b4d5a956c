"""What must not be stored: values that are named like secrets, or look like one, and paths of web addresses.

Definitions of state machines and templates of inputs are kept as they are written, and people write headers,
keys and hooks into them. Their place stays, with a word in it; the report says which they were.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from simulator.formats.imports.aws_names import named_by

LEFT_OUT = "(left out)"
_NAMES = re.compile(
    r"pass(?:word|wd|phrase)|secret|token|api[-_ ]?key|authori[sz]ation|credential|private[-_ ]?key|"
    r"access[-_ ]?key|connection[-_ ]?string|signature|cookie",
    re.IGNORECASE,
)
#: Keys of AWS, GitHub and Slack, private keys, and credentials in a header.
_LOOKS = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|"
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----|\b(?:Bearer|Basic) (?=\S{0,200}\d)[A-Za-z0-9._~+/=-]{8,}"
)
#: A pair of a JSON text.
_PAIR = re.compile(r'"([^"\\]{1,100})"(\s{0,10}:\s{0,10})"((?:[^"\\<]|\\.){1,2000})"')
_URL = re.compile(r"\b(https?)://[^\s\"'<>{}]{1,2000}")
#: What stands for a value that is found when the machine runs.
_AT_RUN_TIME = ("$", "{%", "States.")
MOST_DEPTH = 100


def without_secrets(value: Any, names: set[str], key: str = "", depth: int = 0) -> Any:
    """The value with nothing secret in it; `names` gets the keys of what was left out."""
    if isinstance(value, dict):
        if depth >= MOST_DEPTH:
            return {}
        return {
            str(name): without_secrets(inner, names, str(name), depth + 1) for name, inner in value.items()
        }
    if isinstance(value, list):
        return (
            [without_secrets(inner, names, key, depth + 1) for inner in value] if depth < MOST_DEPTH else []
        )
    if not isinstance(value, str) or value.startswith(_AT_RUN_TIME):
        return value
    if _NAMES.search(key) and not key.endswith(".$"):
        names.add(key)
        return LEFT_OUT
    return clean_text(value, names, key)


def clean_text(value: str, names: set[str], key: str = "") -> str:
    """A text, also one of JSON, with nothing secret in it."""

    def pair(found: re.Match[str]) -> str:
        if not _NAMES.search(found[1]) or found[3].startswith(_AT_RUN_TIME):
            return found[0]
        names.add(found[1])
        return f'"{found[1]}"{found[2]}"{LEFT_OUT}"'

    def address(found: re.Match[str]) -> str:
        short = _host_of(found[0], found[1])
        if short != found[0] and key != "Comment":
            names.add(key or "an address")
        return short

    cleaned = _LOOKS.sub(LEFT_OUT, value)
    if cleaned != value:
        names.add(key or "a text")
    return _URL.sub(address, _PAIR.sub(pair, cleaned))


def _host_of(url: str, scheme: str) -> str:
    """An address without user, path and query, which may hold a token; that of a queue as it is."""
    if named_by(url) is not None:
        return url
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    return (
        url
        if host and url in (f"{scheme}://{host}", f"{scheme}://{host}/")
        else f"{scheme}://{host or 'host'}"
    )
