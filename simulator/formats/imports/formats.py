"""All formats that can be imported: one import and one line in the table for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.errors import InvalidDesign
from simulator.formats.imports import (
    asl,
    asyncapi,
    cloudformation,
    compose,
    csv_tables,
    drawio,
    headrace_design,
    kafka_topics,
    kubernetes,
    mermaid,
    rabbitmq_definitions,
    terraform,
    traces,
)
from simulator.formats.imports.reading import Reading
from simulator.formats.imports.source_file import SourceFile


@dataclass(frozen=True, slots=True)
class Format:
    """A format.

    Args:
        name: for ``--as``.
        title: for people.
        is_it: whether a file holds it, decided by content alone.
        read: reads one file; the other files are there for references between files.
    """

    name: str
    title: str
    is_it: Callable[[SourceFile], bool]
    read: Callable[[SourceFile, Sequence[SourceFile]], Reading]


FORMATS: dict[str, Format] = {
    format.name: format
    for format in (
        # By their first rows: measured values may be far larger than any other file.
        Format(
            "service-times", "service times (CSV)", csv_tables.is_service_times, csv_tables.read_service_times
        ),
        Format("load", "recorded load (CSV)", csv_tables.is_load, csv_tables.read_load_file),
        # By their text: what follows must be JSON or YAML to be recognised.
        Format("kafka", "Kafka topics (printed)", kafka_topics.is_printed, kafka_topics.read_printed),
        Format("mermaid", "Mermaid diagram", mermaid.is_it, mermaid.read),
        Format("drawio", "draw.io diagram", drawio.is_it, drawio.read),
        Format("traces", "traces (OTLP or Jaeger)", traces.is_it, traces.read),
        Format("headrace", "Headrace design", headrace_design.is_it, headrace_design.read),
        Format("asl", "State machine (ASL)", asl.is_it, asl.read),
        Format("asyncapi", "AsyncAPI", asyncapi.is_it, asyncapi.read),
        Format("kubernetes", "Kubernetes resources", kubernetes.is_it, kubernetes.read),
        Format("terraform", "Terraform plan", terraform.is_it, terraform.read),
        Format("cloudformation", "AWS SAM or CloudFormation", cloudformation.is_it, cloudformation.read),
        Format("compose", "docker-compose", compose.is_it, compose.read),
        Format("rabbitmq", "RabbitMQ definitions", rabbitmq_definitions.is_it, rabbitmq_definitions.read),
    )
}
"""In the order in which they are tried."""

#: Formats that are recognised by their text: their files need not be JSON or YAML.
BY_TEXT = frozenset({"service-times", "load", "kafka", "mermaid", "drawio"})


def _read_part(file: SourceFile, _files: Sequence[SourceFile]) -> Reading:
    reading = Reading(file, PART.title)
    reading.note("read", "parts that another of the files refers to")
    return reading


#: What another file refers to, and is nothing by itself.
PART = Format("part", "part of another file", lambda _file: False, _read_part)


#: What a template of Helm is known by: values and control of Go's templates.
_HELM = re.compile(r"\{\{-?\s*(?:\.Values\b|\$?\.Release\b|include\s|range\s|if\s|end\s*-?\}\})")


#: A value of a template that is put in before the file is used.
_PLACEHOLDER = re.compile(r"\$\{[^{}\n]{0,200}\}|\{\{[^{}\n]{0,200}\}\}")
#: Columns of a summary.
_SUMMARY = re.compile(r"average|median|\b(?:avg|med)\b|percent|\d% line")
#: Ends of the names of tables.
CSV = (".csv", ".tsv", ".jtl")


def way_to_read(file: SourceFile) -> str:
    """The command that makes something readable of a source for one program alone ("" for none)."""
    if file.name.lower().endswith(CSV) and _SUMMARY.search(file.start.partition("\n")[0].lower()):
        return (
            "figures of a whole test are neither a load nor service times; a log with a row for each "
            "request, or Locust's NAME_stats_history.csv, is read"
        )
    if file.name.lower().endswith(CSV):
        return "a load is timestamp,count; service times have a column named like duration_ms"
    if file.name.endswith((".tf", ".tf.json", ".tofu")):
        return "terraform show -json > plan.json, after terraform plan -out or apply, writes what is read"
    whole = file.documents[0] if len(file.documents) == 1 else None
    if isinstance(whole, dict) and {"service", "provider", "functions"} <= whole.keys():
        return "serverless package writes what is read: .serverless/cloudformation-template-update-stack.json"
    if file.name.rpartition("/")[2] == "cdk.json":
        return "cdk synth writes what is read: cdk.out/*.template.json"
    return ""


def _read_unknown(file: SourceFile, _files: Sequence[SourceFile]) -> Reading:
    reading = Reading(file, UNKNOWN.title)
    way = way_to_read(file)
    reading.not_understood(
        f"the kind of file is not recognised; nothing of it is in the design{way and f' ({way})'}"
    )
    return reading


#: Files that stand beside others that can be read, such as those of a whole repository.
UNKNOWN = Format("unknown", "not recognised", lambda _file: False, _read_unknown)


def recognise(file: SourceFile) -> Format | None:
    """The format of a file by its content; raises ``InvalidDesign`` when it is no text that can be read."""
    try:
        return next((format for format in FORMATS.values() if format.is_it(file)), None)
    except InvalidDesign:
        if _HELM.search(file.text[:20_000]):
            raise file.refuse("a template of Helm", "helm template writes what is read.") from None
        if file.is_json and _PLACEHOLDER.search(file.text[:20_000]):
            raise file.refuse(
                "a template with ${...} in it", "The file that is made of it is read."
            ) from None
        if file.name.lower().endswith(CSV):
            return None
        raise
