"""Topics and queues that a composition names: those that it makes at its start, and those in variables.

Only variables that are named after a topic or a queue are looked at, and of those only plain names.
Sources: Apache Kafka documentation, *Basic operations*; Redpanda documentation, *rpk topic create*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.formats.imports.compose_images import commands, variables
from simulator.formats.imports.values import whole

MOST_TOPICS = 200
#: Settings of a broker that its topics have where they say nothing else, and what one of the value is in the
#: setting of a topic; of several that say the same the first goes before (Apache Kafka, *Broker configs*).
_DEFAULTS = (
    ("NUM_PARTITIONS", "partitions", 1),
    ("DEFAULT_REPLICATION_FACTOR", "replication.factor", 1),
    ("MIN_INSYNC_REPLICAS", "min.insync.replicas", 1),
    ("LOG_RETENTION_MS", "retention.ms", 1),
    ("LOG_RETENTION_MINUTES", "retention.ms", 60_000),
    ("LOG_RETENTION_HOURS", "retention.ms", 3_600_000),
    ("LOG_RETENTION_BYTES", "retention.bytes", 1),
    ("MESSAGE_MAX_BYTES", "max.message.bytes", 1),
)
_NAME = r"[A-Za-z0-9._-]{1,249}"
_CREATE = re.compile(r"kafka-topics(?:\.sh)?\b(?P<rest>[^\n;&|]{0,600})")
_RPK = re.compile(r"\brpk\s+topic\s+create\s+(?P<rest>[^\n;&|]{0,600})")
_LOOP = re.compile(
    rf"\bfor\s+(?P<name>\w{{1,60}})\s+in\s+(?P<words>(?:[\"']?{_NAME}[\"']?\s+){{0,100}}[\"']?{_NAME}[\"']?)\s*[;\n]"
)
_MADE_BY = ("KAFKA_CREATE_TOPICS", "KAFKA_CFG_CREATE_TOPICS", "CREATE_TOPICS")
#: Addresses of queues, in AWS and at what stands for it.
_QUEUE_URL = re.compile(rf"https?://[^/\s]{{1,200}}/(?:\d{{12}}|queue)/({_NAME})")
#: Variables that hold the name of a topic or a queue, and those that say something else of one.
_NAMES_ONE = re.compile(r"(?:^|_)(?:TOPICS?|QUEUES?)(?:_|$)|TOPIC(?:NAME|ID)?$|QUEUE(?:NAME)?$")
_NAMES_NONE = re.compile(
    r"ENABLE|FACTOR|PARTITION|PREFIX|SUFFIX|PATTERN|REGEX|COUNT|SIZE|AUTO|CREATE|STORAGE|CONFIG|MAX|MIN|TIMEOUT|"
    r"BACKEND|DRIVER|CONNECTION|HOST|PORT|TYPE|RETENTION|REPLICA|USER|PASS|SECRET|KEY|ISR|OFFSETS|STATUS|REFRESH"
)
_NO_NAME = re.compile(
    r"true|false|yes|no|on|off|none|null|redis|rabbitmq|kafka|sqs|sync|database|\d+", re.IGNORECASE
)
_READ = re.compile(
    r"(?:^|_)(?:IN|INPUT|SOURCE|SRC|CONSUMER?|CONSUME|SUBSCRIBE|READ|LISTEN|INBOUND|INCOMING)(?:_|$)"
)
_WRITTEN = re.compile(
    r"(?:^|_)(?:OUT|OUTPUT|SINK|DEST|DESTINATION|TARGET|PRODUCER?|PRODUCE|PUBLISH|WRITE|RESULTS?|OUTBOUND|OUTGOING|"
    r"DLQ|DEAD|ERRORS?)(?:_|$)"
)


@dataclass(slots=True)
class Made:
    """A topic that a composition makes, with its settings."""

    name: str
    config: dict[str, Any] = field(default_factory=dict)


def topic_defaults(service: dict[str, Any]) -> dict[str, int]:
    """What topics of a Kafka broker have by its variables (``KAFKA_NUM_PARTITIONS``, ``KAFKA_CFG_...``)."""
    given = {
        name.removeprefix("KAFKA_").removeprefix("CFG_"): value
        for name, value in variables(service)
        if name.startswith("KAFKA_")
    }
    found: dict[str, int] = {}
    for name, setting, factor in _DEFAULTS:
        count = whole(given.get(name))
        if count is not None and setting not in found:
            found[setting] = count * factor if count > 0 else count
    return found


def by_variable(service: dict[str, Any]) -> list[Made]:
    """Topics that an image makes when it starts (``KAFKA_CREATE_TOPICS: orders:3:1``)."""
    found: list[Made] = []
    for name, value in variables(service):
        for entry in value.split(",")[:MOST_TOPICS] if name in _MADE_BY else ():
            parts = entry.strip().split(":")
            if re.fullmatch(_NAME, parts[0]):
                found.append(_made(parts[0], "".join(parts[1:2]), "".join(parts[2:3])))
    return found


def by_command(service: dict[str, Any]) -> tuple[bool, list[Made]]:
    """Whether a service makes topics by Kafka's tools, and those that can be read."""
    words = commands(service).replace("\\\n", " ").replace("$$", "$")
    found: list[Made] = []
    loops = {one["name"]: re.findall(_NAME, one["words"]) for one in _LOOP.finditer(words)}
    makes = False
    # One command that is written as a list has its words in lines of their own.
    joined = words if re.search(r"kafka-topics(?:\.sh)?[ \t]", words) else words.replace("\n", " ")
    for one in _CREATE.finditer(joined):
        rest = one["rest"]
        if "--create" not in rest:
            continue
        makes = True
        partitions, replicas = (_option(rest, option) for option in ("partitions", "replication-factor"))
        topic = re.search(rf"--topic[= ]+[\"']?(?P<name>\$?\{{?{_NAME}\}}?)", rest)
        names = _expanded(topic["name"], loops) if topic else []
        found += [_made(name, partitions, replicas) for name in names]
    for one in _RPK.finditer(words if "rpk topic" in words else words.replace("\n", " ")):
        makes = True
        rest = re.split(r"\s--?(?:brokers|X)\b", one["rest"])[0]
        partitions, replicas = (_option(rest, option) for option in ("partitions|-p", "replicas|-r"))
        for name in re.split(r"\s-", rest)[0].split():
            found += [_made(each, partitions, replicas) for each in _expanded(name.strip("\"'"), loops)]
    unique = {made.name: made for made in found}
    return makes, list(unique.values())[:MOST_TOPICS]


def _option(rest: str, name: str) -> str:
    long, _, short = name.partition("|")
    found = re.search(rf"(?:--{long}{f'|{short}' if short else ''})[= ]+[\"']?(\d{{1,6}})", rest)
    return found[1] if found else ""


def _expanded(name: str, loops: dict[str, list[str]]) -> list[str]:
    if name.startswith("$"):
        return loops.get(name.strip("${}"), [])
    return [name] if re.fullmatch(_NAME, name) else []


def _made(name: str, partitions: str, replicas: str) -> Made:
    given = {"partitions": whole(partitions), "replication.factor": whole(replicas)}
    return Made(name, {key: count for key, count in given.items() if count})


def named(service: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Variables that name a topic or a queue: the variable, the name, and "read", "written" or ""."""
    for variable, value in variables(service):
        upper = re.sub(r"(?<=[a-z])(?=[A-Z])|[.\-]", "_", variable).upper()
        if queue := _QUEUE_URL.fullmatch(value.strip()):
            names = [queue[1]]
        elif not _NAMES_ONE.search(upper) or _NAMES_NONE.search(upper):
            continue
        else:
            names = [one.strip() for one in value.split(",")[:20]]
        way = "written" if _WRITTEN.search(upper) else "read" if _READ.search(upper) else ""
        for name in names:
            if re.fullmatch(_NAME, name) and not _NO_NAME.fullmatch(name):
                yield variable, name, way
