"""The templates in the formats of other programs."""

from __future__ import annotations

from simulator import Document
from simulator.design.examples import templates
from simulator.formats.exports.refusal import CannotExport
from simulator.formats.exports.table import EXPORTS

TEMPLATES = {template.slug: Document.parse(template.document) for template in templates()}


def written(format: str) -> dict[str, str]:
    """The export of every template that the format has words for."""
    found = {}
    for slug, document in TEMPLATES.items():
        try:
            content = EXPORTS[format].write(document, None, "light")
        except CannotExport:
            continue
        assert isinstance(content, str)
        found[slug] = content
    return found
