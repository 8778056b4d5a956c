"""The schema that forms, editors and other programs build on: the only thing the page knows of a kind."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from simulator.design.arrivals import arrival_schemas
from simulator.design.distributions import distribution_schemas
from simulator.design.document import Document
from simulator.design.edges import PlainSettings, settings_of_edge
from simulator.graph.wiring import table, wire
from simulator.kinds.catalogue import KINDS
from simulator.report.metrics import METRICS


def document_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the design document."""
    made = Document.model_json_schema(by_alias=True)
    return {"$schema": GenerateJsonSchema.schema_dialect, "title": "Headrace design", **made}


def schema() -> dict[str, Any]:
    """Everything a front end needs: document, kinds, edges, wiring, distributions, arrivals, metrics."""
    return {
        "document": document_schema(),
        "kinds": [
            {
                "kind": kind.kind,
                "title": kind.title,
                "group": kind.group,
                "category": kind.category,
                "summary": kind.summary,
                "docs": kind.docs,
                "config": kind.settings.model_json_schema(by_alias=True),
                "defaults": kind.settings().model_dump(mode="json", by_alias=True),
                "badges": list(kind.badges),
                "roles": list(kind.edge_settings),
                "faults": [
                    {
                        "fault": fault.fault,
                        "title": fault.title,
                        "summary": fault.summary,
                        "lasts": fault.lasts,
                        "config": fault.settings.model_json_schema(by_alias=True),
                    }
                    for fault in kind.possible_faults
                ],
                "trial": kind.trial
                and {
                    "title": kind.trial.title,
                    "summary": kind.trial.summary,
                    "sample": dict(kind.trial.sample),
                },
            }
            for kind in KINDS.values()
        ],
        "roles": {
            "publish": {"title": "publishes to"},
            "consume": {"title": "is read by"},
            "invoke": {"title": "invokes"},
            "dead-letter": {"title": "dead letters to"},
        },
        "edge_configs": [
            {
                "from": kind.kind,
                "role": role,
                "schema": settings.model_json_schema(by_alias=True),
            }
            for kind in KINDS.values()
            for role, settings in kind.edge_settings.items()
            if settings is not PlainSettings
        ]
        + [
            {
                "from": source.kind,
                "role": role,
                "to": kind.kind,
                "schema": settings.model_json_schema(by_alias=True),
            }
            for kind in KINDS.values()
            for role, entering in kind.entering_settings.items()
            for source in KINDS.values()
            if (leaving := source.edge_settings.get(role)) is not None
            and wire(source.category, kind.category).roles
            and (settings := settings_of_edge(leaving, entering, role)) is not leaving
        ],
        "wiring": [wire.as_dict() for wire in table()],
        "distributions": distribution_schemas(),
        "arrivals": arrival_schemas(),
        "metrics": METRICS,
    }
