"""RabbitMQ definitions: what ``rabbitmqctl export_definitions`` and the management plugin write.

Virtual hosts, exchanges, queues, bindings and policies. A policy applies to what has a name that
its pattern matches (unanchored, as the broker does it), the one with the highest priority to each. The
arguments of the queue itself go before those of the policy, except that the lower of two numbers counts.
Users, passwords, permissions and parameters are passed over without being read.
Source: RabbitMQ documentation, *Policies*, *Definition Export and Import*.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from simulator.formats.imports.reading import Name, PartId, Reading
from simulator.formats.imports.source_file import Path, SourceFile
from simulator.formats.imports.values import mapping, whole
from simulator.kinds.rabbitmq.queue_settings import ONLY

#: What files of definitions are called where they stand inside another file.
_DEFINITIONS = re.compile(r"definitions?(?:[\w.-]{0,40}\.json)?$", re.IGNORECASE)
#: Mappings and lists around them.
MOST_DEPTH = 12
_SECTIONS = ("exchanges", "queues", "bindings")
#: Sections that hold no part of the topology; those with secrets are not even looked into.
_PASSED_OVER = {
    "users": "users and their password hashes are never read",
    "permissions": "permissions do not change where messages go",
    "topic_permissions": "topic permissions do not change where messages go",
    "parameters": "parameters but operator policies may hold credentials and are not read",
    "global_parameters": "global parameters do not change where messages go",
}
_META = (
    "rabbit_version",
    "rabbitmq_version",
    "product_name",
    "product_version",
    "rabbitmq_definition_format",
    "original_vhost_name",
    "original_cluster_name",
    "explanation",
    "metadata",
    "description",
    "default_queue_type",
)

#: Arguments of a queue that the simulator knows, by the policy key of the same meaning.
_QUEUE_POLICY = {
    "message-ttl": "x-message-ttl",
    "expires": "x-expires",
    "max-length": "x-max-length",
    "max-length-bytes": "x-max-length-bytes",
    "overflow": "x-overflow",
    "dead-letter-exchange": "x-dead-letter-exchange",
    "dead-letter-routing-key": "x-dead-letter-routing-key",
    "delivery-limit": "x-delivery-limit",
    "max-age": "x-max-age",
    "consumer-timeout": "x-consumer-timeout",
    "queue-mode": "x-queue-mode",
}
_QUEUE_ARGUMENTS = (
    *_QUEUE_POLICY.values(),
    "x-queue-type",
    "x-max-priority",
    "x-single-active-consumer",
    "x-quorum-initial-group-size",
)
#: Arguments that one type of queue alone knows.
_ONLY = dict(ONLY.values())
_LOWEST_COUNTS = ("x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes", "x-delivery-limit")
_EXCHANGE_TYPES = ("direct", "fanout", "topic", "headers", "x-consistent-hash", "x-delayed-message")

#: A pattern of a policy that can take exponential time is not tried: a group with a repetition inside that
#: is repeated itself, or a back reference.
_RISKY = re.compile(r"\([^()]*[*+{|][^()]*\)\s*[*+{]|\\[1-9]|\(\?P?[=<!]")
_LONGEST_PATTERN = 200
_MOST_POLICIES = 500
_LONGEST_MATCHED = 255


def is_it(file: SourceFile) -> bool:
    """Whether the file holds definitions, or values of a chart that hold them."""
    return are_definitions(file.data) or any(
        found is not None for document in file.documents for _, found in definitions_inside(document)
    )


def are_definitions(data: Any) -> bool:
    """Whether a value is definitions: at least one of the sections, in the shape they have."""
    if not isinstance(data, dict):
        return False
    if any(key in data for key in ("rabbit_version", "rabbitmq_version")):
        return True
    rows = [row for key in _SECTIONS for row in _rows(data.get(key))]
    return bool(rows) and any(
        "auto_delete" in row or "destination_type" in row or "arguments" in row or "vhost" in row
        for row in rows
    )


def definitions_inside(value: Any, at: Path = ()) -> Iterator[tuple[Path, dict[str, Any] | None]]:
    """Definitions that stand under the name of their file, as text or in Base64, with their places.

    None for what has such a name and holds none. So Kubernetes keeps files, in Secrets and ConfigMaps, and so
    do the values of Helm's charts.
    """
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, found in inner:
        data: dict[str, Any] = {}
        if is_named := isinstance(key, str) and _DEFINITIONS.search(key) is not None:
            data = mapping(found) or mapping(_from_base64(found))
        if are_definitions(data):
            yield (*at, key), data
        elif is_named and isinstance(found, str):
            yield (*at, key), None
        elif isinstance(found, (dict, list)) and len(at) < MOST_DEPTH:
            yield from definitions_inside(found, (*at, key))


def _from_base64(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    try:
        return base64.b64decode("".join(value.split()), validate=True).decode()
    except ValueError:  # no Base64, or no text in it
        return ""


def read(file: SourceFile, _files: Sequence[SourceFile]) -> Reading:
    """Read the topology of every virtual host."""
    data = file.data
    if not isinstance(data, dict):
        raise file.refuse("RabbitMQ definitions are a mapping with queues, exchanges and bindings")
    reading = Reading(file, "RabbitMQ definitions")
    is_alone = len(file.documents) == 1
    inside = [
        (at, found)
        for position, document in enumerate(file.documents)
        for at, found in definitions_inside(document, () if is_alone else (position,))
    ]
    if are_definitions(data) or not inside:
        read_inside(reading, data, ())
        return reading
    for at, found in inside:
        read_inside(reading, found, at)
    reading.not_modelled("all of the file but the definitions")
    return reading


def read_inside(reading: Reading, data: dict[str, Any] | None, at: Path) -> None:
    """Read definitions that stand at a place of a file; None for something else in their place."""
    if data is None:
        reading.not_understood("no definitions of RabbitMQ, in JSON or in Base64", *at)
        return
    data = _with_operator_policies(data)
    for key, why in _PASSED_OVER.items():
        if data.get(key):
            reading.not_modelled(f"{key}: {why}", *at, key)
    for key in data:
        if key not in (*_SECTIONS, *_PASSED_OVER, *_META, "policies", "vhosts", "operator_policies"):
            reading.not_understood(f"the section {key[:60]}", *at, key)
    _Definitions(reading, data, at).read()


def _is_operator_policy(row: Any) -> bool:
    return isinstance(row, dict) and row.get("component") == "operator_policy"


def _with_operator_policies(data: dict[str, Any]) -> dict[str, Any]:
    """The definitions with operator policies, which an export has among parameters, in their own section."""
    rows = data.get("parameters")
    found = [row for row in _rows(rows) if _is_operator_policy(row)]
    if not found or not isinstance(rows, list):
        return data
    own = data.get("operator_policies")
    policies = [
        {**mapping(row.get("value")), "name": row.get("name"), "vhost": row.get("vhost", "/")}
        for row in found
    ]
    return {
        **data,
        "parameters": [row for row in rows if not _is_operator_policy(row)],
        "operator_policies": [*(own if isinstance(own, list) else ()), *policies],
    }


def read_rows(
    reading: Reading, data: dict[str, list[dict[str, Any]]], places: Mapping[tuple[str, int], Path]
) -> None:
    """Read rows of definitions, each of which stands at a place of its own."""
    _Definitions(reading, dict(data), (), places).read()


def exchange_name(vhost: str, name: str) -> Name:
    """The name of an exchange for links between files."""
    return ("rabbitmq exchange", f"{vhost}/{name}")


def queue_name(vhost: str, name: str) -> Name:
    """The name of a queue for links between files."""
    return ("rabbitmq queue", f"{vhost}/{name}")


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


class _Definitions:
    def __init__(
        self,
        reading: Reading,
        data: dict[str, Any],
        at: Path,
        places: Mapping[tuple[str, int], Path] | None = None,
    ) -> None:
        self.reading = reading
        self.at = at
        self.places = places or {}
        self.data = data
        only = data.get("original_vhost_name")  # an export of one virtual host names it once
        self.only = only if isinstance(only, str) else "/"
        self.vhosts = {self._vhost(row) for key in _SECTIONS for row in _rows(data.get(key))}
        self.untried: set[int] = set()
        self.default_types = {
            str(row.get("name")): type
            for row in _rows(data.get("vhosts"))
            for given in (row, mapping(row.get("metadata")))  # as newer and as older versions export it
            if (type := given.get("default_queue_type")) in ("classic", "quorum", "stream")
        }

    def _place(self, section: str, position: int) -> Path:
        return self.places.get((section, position), (*self.at, section, position))

    def read(self) -> None:
        """Exchanges first: queues name them for their dead letters."""
        for key in (*_SECTIONS, "policies", "operator_policies"):
            value = self.data.get(key)
            if value is None:
                continue
            if not isinstance(value, list):
                self.reading.not_understood(f"{key} is no list", *self.at, key)
                continue
            for position, row in enumerate(value):
                if not isinstance(row, dict):
                    self.reading.not_understood(
                        f"an entry of {key} that is no mapping", *self._place(key, position)
                    )
            if "policies" in key and len(value) > _MOST_POLICIES:
                self.reading.not_understood(
                    f"{len(value):,} {key}; at most {_MOST_POLICIES} are applied", *self.at, key
                )
        for position, row in self._named("exchanges"):
            self._exchange(position, row)
        for position, row in self._named("queues"):
            self._queue(position, row)
        for position, row in enumerate(self._list("bindings")):
            if isinstance(row, dict):
                self._binding(position, row)

    def _named(self, key: str) -> Iterable[tuple[int, dict[str, Any]]]:
        for position, row in enumerate(self._list(key)):
            if not isinstance(row, dict):
                continue
            name = row.get("name")
            if isinstance(name, str) and name:
                yield position, row
            else:
                self.reading.not_understood(f"an entry of {key} without a name", *self._place(key, position))

    def _list(self, key: str) -> list[Any]:
        value = self.data.get(key)
        return value if isinstance(value, list) else []

    def _vhost(self, row: dict[str, Any]) -> str:
        vhost = row.get("vhost", self.only)
        return vhost if isinstance(vhost, str) else "/"

    def _label(self, vhost: str, name: str) -> str:
        return f"{vhost}/{name}" if len(self.vhosts) > 1 else name

    # -- exchanges -------------------------------------------------------------------------------
    def _exchange(self, position: int, row: dict[str, Any]) -> None:
        vhost, name = self._vhost(row), row["name"]
        path = self._place("exchanges", position)
        type = row.get("type", "direct")
        arguments = self._arguments(row, path)
        arguments = self._with_policy("exchanges", vhost, name, type, arguments)
        config: dict[str, Any] = {"type": type}
        if type not in _EXCHANGE_TYPES:
            self.reading.not_understood(f"exchange {name}: type {str(type)[:40]!r}, taken for a topic", *path)
            config["type"] = "topic"
        for key in ("hash-header", "x-delayed-type"):
            if key in arguments:
                config[key] = arguments.pop(key)
        alternate = arguments.pop("alternate-exchange", None)
        part = self.reading.add(
            "rabbitmq.exchange",
            self._label(vhost, name),
            [exchange_name(vhost, name)],
            path,
            config,
        )
        if isinstance(alternate, str):
            target = exchange_name(vhost, alternate)
            part.config["alternate-exchange"] = PartId(target)
            self.reading.link(part.name, target, path, "publish")
        self._rest(arguments, f"exchange {name}", path)
        self.reading.note("read", f"exchange {name} ({config['type']})", *path)

    # -- queues ----------------------------------------------------------------------------------
    def _queue(self, position: int, row: dict[str, Any]) -> None:
        vhost, name = self._vhost(row), row["name"]
        path = self._place("queues", position)
        arguments = self._arguments(row, path)
        type = arguments.get("x-queue-type") or row.get("type") or self.default_types.get(vhost)
        if type in ("classic", "quorum", "stream"):
            arguments["x-queue-type"] = type
        arguments = self._with_policy("queues", vhost, name, str(type or "classic"), arguments)
        config: dict[str, Any] = {}
        if row.get("durable") is False:
            config["durable"] = False
        # A policy may also name what the type of the queue does not heed.
        heeded = [key for key in _QUEUE_ARGUMENTS if _ONLY.get(key, type or "classic") == (type or "classic")]
        config |= {key: arguments.pop(key) for key in heeded if key in arguments}
        exchange = config.pop("x-dead-letter-exchange", None)
        part = self.reading.add(
            "rabbitmq.queue", self._label(vhost, name), [queue_name(vhost, name)], path, config
        )
        if isinstance(exchange, str):
            self._dead_letters(part.name, vhost, name, exchange, config, path)
            part.config = config
        self._rest(arguments, f"queue {name}", path)
        self.reading.note("read", f"queue {name} ({config.get('x-queue-type', 'classic')})", *path)

    def _dead_letters(
        self,
        source: Name,
        vhost: str,
        name: str,
        exchange: str,
        config: dict[str, Any],
        path: Path,
    ) -> None:
        """To the exchange that is named; the default one leads straight to the queue of the routing key."""
        if exchange:
            target = exchange_name(vhost, exchange)
            config["x-dead-letter-exchange"] = PartId(target)
        else:
            key = config.pop("x-dead-letter-routing-key", None)
            if not isinstance(key, str):
                self.reading.not_understood(
                    f"queue {name}: dead letters go to the default exchange by their own routing keys", *path
                )
                return
            target = queue_name(vhost, key)
        self.reading.link(source, target, path, "dead-letter")

    # -- bindings --------------------------------------------------------------------------------
    def _binding(self, position: int, row: dict[str, Any]) -> None:
        vhost = self._vhost(row)
        path = self._place("bindings", position)
        source, destination = row.get("source"), row.get("destination")
        if not isinstance(source, str) or not isinstance(destination, str):
            self.reading.not_understood("a binding without source or destination", *path)
            return
        to_queue = row.get("destination_type", "queue") == "queue"
        target = queue_name(vhost, destination) if to_queue else exchange_name(vhost, destination)
        if not source:
            self.reading.not_modelled(f"the default exchange leads to {destination} by its name", *path)
            return
        config: dict[str, Any] = {}
        key = row.get("routing_key", "")
        if isinstance(key, str) and key:
            config["routing_key"] = key
        arguments = self._arguments(row, path)
        if arguments:
            config["arguments"] = arguments
        name = exchange_name(vhost, source)
        if source.startswith("amq.") and not self.reading.has(name):
            self._built_in(vhost, source, path)
        self.reading.link(name, target, path, "publish", config)
        self.reading.note("read", f"binding of {source} to {destination}", *path)

    def _built_in(self, vhost: str, source: str, path: Path) -> None:
        """``amq.topic`` and the like are in every virtual host and in no export."""
        type = source.removeprefix("amq.")
        type = {"match": "headers"}.get(type, type)
        config = {"type": type if type in _EXCHANGE_TYPES else "topic"}
        self.reading.add(
            "rabbitmq.exchange", self._label(vhost, source), [exchange_name(vhost, source)], path, config
        )

    # -- arguments and policies ------------------------------------------------------------------
    def _arguments(self, row: dict[str, Any], path: Path) -> dict[str, Any]:
        arguments = row.get("arguments")
        if arguments in (None, [], ""):
            return {}
        if not isinstance(arguments, dict):
            self.reading.not_understood("arguments that are no mapping", *path, "arguments")
            return {}
        return dict(arguments)

    def _with_policy(
        self, what: str, vhost: str, name: str, type: str, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        for section in ("policies", "operator_policies"):
            if len(self._list(section)) > _MOST_POLICIES:
                continue
            best: tuple[int, dict[str, Any]] | None = None
            for position, row in enumerate(self._list(section)):
                if not isinstance(row, dict) or self._vhost(row) != vhost:
                    continue
                if not _applies(row.get("apply-to", "all"), what, type):
                    continue
                if not self._matches(row, name, self._place(section, position)):
                    continue
                definition = row.get("definition")
                priority = row.get("priority", 0)
                if not isinstance(definition, dict) or whole(priority) is None:
                    continue
                if best is None or priority > best[0]:
                    best = priority, definition
            if best is not None:
                arguments = _applied(best[1], arguments)
        return arguments

    def _matches(self, policy: dict[str, Any], name: str, path: Path) -> bool:
        """Whether a policy's pattern matches a name; one that is not tried is said once."""
        pattern = policy.get("pattern")
        why = ""
        if not isinstance(pattern, str):
            why = "a policy without a pattern"
        elif len(pattern) > _LONGEST_PATTERN or _RISKY.search(pattern):
            why = "the pattern of a policy that may take too long to match"
        else:
            try:
                return re.search(pattern, name[:_LONGEST_MATCHED]) is not None
            except (re.error, RecursionError, OverflowError):
                why = "the pattern of a policy is no regular expression"
        if id(policy) not in self.untried:
            self.untried.add(id(policy))
            self.reading.not_understood(why, *path)
        return False

    def _rest(self, arguments: dict[str, Any], what: str, path: Path) -> None:
        for key in arguments:
            self.reading.not_modelled(f"{what}: {str(key)[:60]}", *path)


def _applies(to: Any, what: str, type: str) -> bool:
    return (
        to in ("all", what)
        or (what == "queues" and to == f"{type}_queues")
        or (what == "queues" and to == "streams" and type == "stream")
    )


def _applied(definition: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments with those of a policy: own ones go first, of two limits the lower one counts."""
    result = dict(arguments)
    for key, value in definition.items():
        name = _QUEUE_POLICY.get(key, key)
        own = result.get(name)
        if own is None:
            result[name] = value
        elif name in _LOWEST_COUNTS and all(
            isinstance(one, int) and not isinstance(one, bool) for one in (own, value)
        ):
            result[name] = min(own, value)
    return result
