"""The report of an import as text for a terminal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from simulator.formats.imports.importing import Imported
from simulator.formats.imports.reading import Note

_HEADINGS = (
    ("assumed", "assumed"),
    ("not-modelled", "read, but without an equivalent in a design"),
    ("not-understood", "not understood"),
)


def report_text(imported: Imported) -> str:
    """What was read (one line for each file), then everything assumed, not modelled and not understood."""
    report, document = imported.report, imported.document
    read: dict[str, int] = defaultdict(int)
    for note in report.about("read"):
        read[note.place.file.name] += 1
    lines = [f"read {name}: {format}, {read[name]} item(s)" for name, format in report.files]
    lines.append(f"made {len(document.nodes)} nodes and {len(document.edges)} edges")
    for about, heading in _HEADINGS:
        notes = [note for note in report.notes if note.about == about]
        if notes:
            lines += ["", f"{heading} ({len(notes)}):", *_listed(notes)]
    if report.unsaid:
        lines.append(f"and {report.unsaid:,} more that are not listed")
    return "\n".join(lines) + "\n"


def _listed(notes: Sequence[Note]) -> list[str]:
    return [f"  {note.place}: {note.message}" for note in notes]
