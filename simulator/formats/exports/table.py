"""All formats a design can be written in: one line each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simulator.design.document import Document
from simulator.formats.diagram import Diagram, diagram_of
from simulator.formats.exports.asl import asl
from simulator.formats.exports.asyncapi import asyncapi
from simulator.formats.exports.c4 import plantuml, structurizr
from simulator.formats.exports.drawio import drawio
from simulator.formats.exports.graphviz import dot
from simulator.formats.exports.infracost import RESOURCES, infracost
from simulator.formats.exports.mermaid import mermaid
from simulator.formats.exports.own_yaml import own_yaml
from simulator.formats.exports.palette import Theme
from simulator.formats.exports.rabbitmq_definitions import rabbitmq_definitions
from simulator.formats.exports.refusal import CannotExport
from simulator.formats.exports.sam import sam
from simulator.formats.exports.strimzi import strimzi
from simulator.formats.exports.svg import svg
from simulator.kinds.catalogue import KINDS
from simulator.report.result_rows import result_csv, result_parquet

Sort = Literal["diagram", "configuration", "design", "data"]
Write = Callable[[Document, Mapping[str, Any] | None, Theme], str | bytes]


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One format.

    Args:
        name: on the command line and in the API.
        title, sort: for the page; diagrams can carry the numbers of a result, and data are those of a run.
        suffix: of the file, with its dot; `media_type` of the answer.
        needs: kinds of which the design must have one; empty for a format that takes every design.
        write: the text (bytes of a picture) from a design, a result document or None, and a theme. Raises
            `CannotExport` for a design that the format has no words for.
    """

    name: str
    title: str
    sort: Sort
    suffix: str
    media_type: str
    write: Write
    needs: tuple[str, ...] = ()


def _drawn(write: Callable[[Diagram], str]) -> Write:
    return lambda document, result, _theme: write(diagram_of(document, result))


def _said(write: Callable[[Document], str]) -> Write:
    return lambda document, _result, _theme: write(document)


def _svg(document: Document, result: Mapping[str, Any] | None, theme: Theme) -> str:
    return svg(diagram_of(document, result), theme)


def _png(document: Document, result: Mapping[str, Any] | None, theme: Theme) -> bytes:
    from simulator.formats.exports.png import png  # the renderer is loaded for pictures alone

    return png(_svg(document, result, theme))


def _traces(document: Document, result: Mapping[str, Any] | None, _theme: Theme) -> str:
    from simulator.formats.exports.otlp import traces  # it runs the design

    return traces(document, result)


def _result_json(result: Mapping[str, Any]) -> str:
    return json.dumps(result, indent=2, allow_nan=False) + "\n"


def _measured(format: str, write: Callable[[Mapping[str, Any]], str | bytes]) -> Write:
    """A format of the numbers of a run."""

    def written(_document: Document, result: Mapping[str, Any] | None, _theme: Theme) -> str | bytes:
        if result is None:
            raise CannotExport(
                format,
                message=f"{format} holds what a run measured: give its result with --result (headrace "
                "simulate --output writes it)",
            )
        return write(result)

    return written


_BROKERS = tuple(kind.kind for kind in KINDS.values() if kind.category in ("queue", "topic", "bus"))
_XML, _YAML, _TEXT, _JSON = "application/xml", "application/yaml", "text/plain", "application/json"

EXPORTS: dict[str, ExportFormat] = {
    entry.name: entry
    for entry in (
        ExportFormat("yaml", "Headrace design", "design", ".headrace.yaml", _YAML, _said(own_yaml)),
        ExportFormat("svg", "SVG drawing", "diagram", ".svg", "image/svg+xml", _svg),
        ExportFormat("png", "PNG picture", "diagram", ".png", "image/png", _png),
        ExportFormat("mermaid", "Mermaid flowchart", "diagram", ".mmd", _TEXT, _drawn(mermaid)),
        ExportFormat("drawio", "draw.io drawing", "diagram", ".drawio", _XML, _drawn(drawio)),
        ExportFormat("structurizr", "Structurizr DSL", "diagram", ".dsl", _TEXT, _drawn(structurizr)),
        ExportFormat("plantuml", "PlantUML C4", "diagram", ".puml", _TEXT, _drawn(plantuml)),
        ExportFormat("dot", "Graphviz DOT", "diagram", ".dot", _TEXT, _drawn(dot)),
        ExportFormat(
            "rabbitmq",
            "RabbitMQ definitions",
            "configuration",
            ".definitions.json",
            _JSON,
            _said(rabbitmq_definitions),
            ("rabbitmq.exchange", "rabbitmq.queue"),
        ),
        ExportFormat(
            "strimzi",
            "Kafka topics (Strimzi)",
            "configuration",
            ".topics.yaml",
            _YAML,
            _said(strimzi),
            ("kafka.topic",),
        ),
        ExportFormat(
            "asyncapi", "AsyncAPI 3", "configuration", ".asyncapi.yaml", _YAML, _said(asyncapi), _BROKERS
        ),
        ExportFormat(
            "sam",
            "AWS SAM template",
            "configuration",
            ".template.yaml",
            _YAML,
            _said(sam),
            ("aws.sqs", "aws.sns", "aws.eventbridge", "aws.lambda", "aws.dynamodb", "aws.stepfunctions"),
        ),
        ExportFormat(
            "asl",
            "State machine (ASL)",
            "configuration",
            ".asl.json",
            _JSON,
            _said(asl),
            ("aws.stepfunctions",),
        ),
        ExportFormat(
            "infracost",
            "Infracost usage",
            "configuration",
            ".infracost-usage.yml",
            _YAML,
            lambda document, result, _theme: infracost(document, result),
            tuple(RESOURCES),
        ),
        ExportFormat("json", "Result (JSON)", "data", ".result.json", _JSON, _measured("json", _result_json)),
        ExportFormat("csv", "Result (CSV)", "data", ".result.csv", "text/csv", _measured("csv", result_csv)),
        ExportFormat(
            "parquet",
            "Result (Parquet)",
            "data",
            ".result.parquet",
            "application/vnd.apache.parquet",
            _measured("parquet", result_parquet),
        ),
        ExportFormat("otlp", "Traces (OTLP)", "data", ".traces.json", _JSON, _traces),
    )
}
