"""State machines in the Amazon States Language: the machine, and what its tasks call."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Any

from simulator.formats.imports.asl_tasks import read_machine, states_of
from simulator.formats.imports.assumed_work import mentioned
from simulator.formats.imports.aws_names import SERVICES, as_name, named_by
from simulator.formats.imports.intrinsics import External
from simulator.formats.imports.reading import Name, Reading
from simulator.formats.imports.source_file import SourceFile
from simulator.formats.imports.values import mapping


def is_it(file: SourceFile) -> bool:
    """Whether the file is a state machine: it says where to start, and what its states are."""
    data = file.data
    return (
        isinstance(data, dict)
        and isinstance(data.get("StartAt"), str)
        and isinstance(data.get("States"), dict)
    )


def read(file: SourceFile, files: Sequence[SourceFile]) -> Reading:
    """Read one state machine; one that a template among the files defines is read with the template."""
    definition = file.data
    if not isinstance(definition, dict) or not mapping(definition.get("States")):
        raise file.refuse("a state machine is a mapping with StartAt and States")
    reading = Reading(file, "State machine (ASL)")
    reading.version(definition.get("Version"), ("1.0",), "Version")
    base = posixpath.basename(file.name)
    for other in files:
        if other is not file and base in other.text and _has_resources(other):
            reading.note("read", f"a state machine of {other.name}, read with it")
            return reading
    label = base.split(".")[0]
    name = ("states", label)
    machine = reading.add("aws.stepfunctions", label, [name], ())
    count = sum(1 for _ in states_of(definition))
    reading.note("read", f"state machine of {count} states")

    def find(value: Any, hint: str, what: str) -> Name | None:
        service, called = SERVICES.get(hint), ""
        if isinstance(value, External):
            called = value.name
        elif isinstance(value, str):
            known = named_by(value)
            if known is not None:
                service, called = known
            else:
                called = value.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
        if service is None or not called:
            reading.not_understood(what)
            return None
        found = as_name(service, called)
        if not reading.has(found):
            config, origins = mentioned(service, called)
            reading.add(service.kind, called, [found], (), config, origins=origins, is_defined=False)
            reading.assumed(
                f"{called} ({service.space}) is mentioned, not defined: its settings are the defaults"
                + (f"; {service.note}" if service.note else "")
            )
        return found

    read_machine(reading, machine, definition, (), find, {})
    return reading


def _has_resources(file: SourceFile) -> bool:
    return isinstance(file.data, dict) and isinstance(file.data.get("Resources"), dict)
