"""All formats that can be imported: one import and one line in the table for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.formats.imports import asl, cloudformation, headrace_design, rabbitmq_definitions
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
        Format("headrace", "Headrace design", headrace_design.is_it, headrace_design.read),
        Format("cloudformation", "AWS SAM or CloudFormation", cloudformation.is_it, cloudformation.read),
        Format("asl", "State machine (ASL)", asl.is_it, asl.read),
        Format("rabbitmq", "RabbitMQ definitions", rabbitmq_definitions.is_it, rabbitmq_definitions.read),
    )
}
"""In the order in which they are tried."""


def recognise(file: SourceFile) -> Format | None:
    """The format of a file by its content; raises ``InvalidDesign`` when it is no text that can be read."""
    return next((format for format in FORMATS.values() if format.is_it(file)), None)
