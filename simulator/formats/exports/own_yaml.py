"""The design document itself as YAML, its keys always in the same order: for review and version control."""

from __future__ import annotations

import yaml

from simulator.design.document import Document


def own_yaml(document: Document) -> str:
    """What was set, in the order of the document's definition; reads back to the same document."""
    return yaml.safe_dump(document.to_data(), sort_keys=False, allow_unicode=True, width=100)
