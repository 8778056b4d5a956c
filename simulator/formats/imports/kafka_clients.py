"""Who reads and writes Kafka topics, as Strimzi resources say it: users with their rights, and connectors.

Source: Strimzi documentation, *KafkaUser schema reference* (AclRule), *KafkaConnector schema reference*;
Apache Kafka documentation, *Operations available for ACLs*, *Sink connector configuration*.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from simulator.formats.imports.assumed_work import handler_work
from simulator.formats.imports.reading import HANDLER, Name, Origin, Reading
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, rows, text

#: Settings of source connectors that name the one topic they write.
_WRITTEN = ("topic", "kafka.topic", "topics.out", "output.topic")
ASSUMED_RATE = 10.0


def read_user(reading: Reading, row: dict[str, Any], path: Path, topics: Sequence[str]) -> None:
    """A KafkaUser: by its rights it reads topics, writes them, or both; its credentials are not looked at."""
    user = text(mapping(row.get("metadata")).get("name"))
    spec = mapping(row.get("spec"))
    place = (*path, "spec", "authorization", "acls")
    group, read, written = "", dict[Name, str](), dict[Name, str]()
    for rule in rows(mapping(spec.get("authorization")).get("acls")):
        given = mapping(rule)
        resource = mapping(given.get("resource"))
        asked = {
            one.lower()
            for key in ("operations", "operation")
            for one in rows(given.get(key))
            if isinstance(one, str)
        }
        if text(given.get("type")) == "deny":
            continue
        kind, name = text(resource.get("type")), text(resource.get("name"))
        if kind == "group" and not group and name != "*" and asked & {"read", "all"}:
            group = name
        if kind != "topic":
            continue
        for topic, label in _meant(reading, name, text(resource.get("patternType")), topics, place):
            if asked & {"read", "all"}:
                read[topic] = label
            if asked & {"write", "all"}:
                written[topic] = label
    if not user or not (read or written):
        reading.not_modelled(f"KafkaUser {user[:80]}: no right to read or write a topic", *path)
        return
    # What somebody may both read and write is read: an edge both ways would send messages round and round.
    both = sorted(label for name, label in written.items() if name in read)
    written = {name: label for name, label in written.items() if name not in read}
    if both:
        reading.assumed(f"{user} reads {', '.join(both)[:160]}, which it may write as well", *place)
    config = {"group.id": group or user}
    _add(reading, user, f"KafkaUser {user}", list(read), list(written), config, path, place)


def _meant(
    reading: Reading, name: str, pattern: str, topics: Sequence[str], path: Path
) -> list[tuple[Name, str]]:
    """The topics that a rule means: one by its name, or those of all files that begin with a prefix."""
    if name == "*" or pattern == "prefix":
        prefix = "" if name == "*" else name
        found = [topic for topic in topics if topic.startswith(prefix)]
        if not found:
            reading.not_understood(f"no topic of the files begins with {prefix[:80]!r}", *path)
        return [_topic(reading, topic, path) for topic in found]
    return [_topic(reading, name, path)] if name else []


def _topic(reading: Reading, name: str, path: Path) -> tuple[Name, str]:
    found = ("kafka topic", name)
    if not reading.has(found):
        reading.add("kafka.topic", name, [found], path, is_defined=False)
        reading.assumed(f"topic {name} is mentioned, not defined: its settings are the defaults", *path)
    return found, name


def _add(
    reading: Reading,
    who: str,
    what: str,
    read: list[Name],
    written: list[Name],
    config: dict[str, Any],
    path: Path,
    place: Path,
) -> None:
    """A client: a consumer that may send on, or a producer where it reads nothing."""
    name = ("kafka client", who)
    if read:
        work, origins = handler_work(0.01)
        reading.add(HANDLER, who, [name], path, work, origins=origins)
    else:
        arrivals = {"process": "poisson", "rate": ASSUMED_RATE}
        origin = {"arrivals": Origin("guess", "the file holds no rate")}
        reading.add("producer", who, [name], path, {"arrivals": arrivals}, origins=origin)
        reading.assumed(f"{who} sends {ASSUMED_RATE:g} messages a second: the file holds no rate", *path)
    reading.note("read", what, *path)
    for topic in read:
        reading.link(topic, name, place, "consume", config)
    for topic in written:
        reading.link(name, topic, place, "publish", is_guess=bool(read))
    if read and written:
        reading.assumed(f"{who} sends one message to each topic it writes for every one it reads", *place)


def read_connector(reading: Reading, row: dict[str, Any], path: Path, _topics: Sequence[str]) -> None:
    """A KafkaConnector: a sink reads its ``topics``, a source writes its ``topic``."""
    connector = text(mapping(row.get("metadata")).get("name"))
    spec = mapping(row.get("spec"))
    config = mapping(spec.get("config"))
    place = (*path, "spec", "config")
    given = config.get("topics")
    names = (
        given.split(",") if isinstance(given, str) else [one for one in rows(given) if isinstance(one, str)]
    )
    read = [_topic(reading, name.strip(), place)[0] for name in names if name.strip()]
    wanted = [text(config.get(key)) for key in _WRITTEN] if not read else []
    written = [_topic(reading, name, place)[0] for name in wanted if name]
    if not connector or not (read or written):
        reading.not_understood(f"KafkaConnector {connector[:80]}: the topics it reads or writes", *path)
        return
    _add(
        reading,
        connector,
        f"KafkaConnector {connector}",
        read,
        written,
        {"group.id": f"connect-{connector}"[:249]},
        path,
        place,
    )


#: By the kind of a resource.
CLIENTS: dict[str, Callable[[Reading, dict[str, Any], Path, Sequence[str]], None]] = {
    "KafkaUser": read_user,
    "KafkaConnector": read_connector,
}
