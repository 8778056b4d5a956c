"""The design document itself as YAML, its keys always in the same order: for review and version control."""

from __future__ import annotations

from simulator.design.document import Document
from simulator.design.yaml_writing import write_yaml


def own_yaml(document: Document) -> str:
    """What was set, in the order of the document's definition; reads back to the same document."""
    return write_yaml(document.to_data())
