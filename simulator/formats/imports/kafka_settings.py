"""Settings of Kafka topics, as they stand in operators' resources and in the output of Kafka's own tools."""

from __future__ import annotations

from typing import Any

from simulator.formats.imports.reading import Reading
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import number, switch, text
from simulator.kinds.catalogue import KINDS

_TOPIC = "kafka.topic"


def topic_config(reading: Reading, topic: str, given: dict[str, Any], path: Path) -> dict[str, Any]:
    """The settings of a topic that the kind has, by Kafka's own names; the others are noted."""
    known = {field.alias or name for name, field in KINDS[_TOPIC].settings.model_fields.items()}
    config: dict[str, Any] = {}
    others = []
    for key, value in given.items():
        if key not in known:
            others.append(str(key)[:60])
            continue
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            value = ",".join(sorted(value))  # as AsyncAPI writes cleanup.policy
        found = next((one for read in (switch, number, text) if (one := read(value)) not in (None, "")), None)
        if found is not None:
            config[key] = found
        else:
            reading.not_understood(f"topic {topic}: the value of {key}", *path)
    if others:
        reading.not_modelled(f"topic {topic}: {', '.join(others)[:240]}", *path)
    return config
