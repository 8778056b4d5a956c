"""Names that another format accepts, unique within one file."""

from __future__ import annotations

import re
from collections.abc import Iterable


def words(text: str) -> list[str]:
    """The runs of ASCII letters and digits in a text."""
    return re.findall(r"[A-Za-z0-9]+", text)


def unique(wanted: Iterable[tuple[str, str]], separator: str = "") -> dict[str, str]:
    """A name for every id: the one wanted, with a number behind it where another has it already."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for id, name in wanted:
        found, count = name, 2
        while found in taken:
            found, count = f"{name}{separator}{count}", count + 1
        taken.add(found)
        names[id] = found
    return names


def logical_ids(ids: Iterable[str]) -> dict[str, str]:
    """CloudFormation's logical ids: letters and digits alone."""
    return unique(
        (id, "".join(word[:1].upper() + word[1:] for word in words(id))[:200] or "Node") for id in ids
    )


def dns_labels(ids: Iterable[str]) -> dict[str, str]:
    """Kubernetes names (RFC 1123): as an id, but at most 63 marks and no hyphen at the end."""
    return unique(((id, id[:58].rstrip("-")) for id in ids), "-")
