"""Own designs among the files: they keep their ids, and other files add to them."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.design.document import Document
from simulator.errors import InvalidDesign
from simulator.formats.imports.reading import Link, LinkId, Origin, Reading
from simulator.formats.imports.source_file import SourceFile

#: Settings of dead-letter edges that name an edge of the same node.
_EDGE_NAMES = ("subscription", "target", "source")


def is_it(file: SourceFile) -> bool:
    """Whether the file is a design of its own (``format: headrace/...``)."""
    data = file.data
    return isinstance(data, dict) and str(data.get("format", "")).startswith("headrace/")


def own_document(file: SourceFile) -> Document:
    """The design in the file; raises ``InvalidDesign`` with every problem, each with file and line."""
    try:
        return Document.parse(file.data)
    except InvalidDesign as invalid:
        raise file.named(invalid) from invalid


def read(file: SourceFile, _files: Sequence[SourceFile]) -> Reading:
    """Read a valid design; raises ``InvalidDesign`` with every problem of it."""
    document = own_document(file)
    data = document.to_data()
    reading = Reading(file, "Headrace design")
    reading.title = document.name
    assumptions = document.assumptions
    for position, node in enumerate(data.get("nodes", [])):
        part = reading.add(
            node["kind"],
            node.get("label") or node["id"],
            [("node", node["id"])],
            ("nodes", position),
            node.get("config"),
        )
        part.wanted_id = node["id"]
        for key in part.config:
            known = assumptions.get(f"{node['id']}.config.{key}")
            part.origins[key] = (
                Origin(known.source, known.note)
                if known
                else Origin("imported", f"of the design {file.name}")
            )
    links: dict[str, Link] = {}
    for position, edge in enumerate(data.get("edges", [])):
        links[edge["id"]] = reading.link(
            ("node", edge["from"]),
            ("node", edge["to"]),
            ("edges", position),
            edge.get("role"),
            edge.get("config"),
        )
    for link in links.values():
        for key in _EDGE_NAMES:
            named = link.config.get(key) if link.role == "dead-letter" else None
            if isinstance(named, str) and named in links:
                link.config[key] = LinkId(links[named])
    reading.extras = {
        key: data[key] for key in ("faults", "objectives", "simulation", "layout") if data.get(key)
    }
    reading.note("read", f"a design of {len(document.nodes)} nodes and {len(document.edges)} edges")
    return reading
