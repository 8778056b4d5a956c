"""docker-compose files: brokers by their image, everything else as code that sends, reads or answers.

Who talks to whom follows from ``depends_on``, ``links`` and host names in environment variables and commands;
of the values only names of hosts, topics and queues are kept. Source: Compose specification, *services*.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from simulator.formats.imports.assumed_work import DEFAULT_TIMEOUT, function_work, handler_work
from simulator.formats.imports.compose_images import (
    TASKS,
    commands,
    image_of,
    kind_of,
    localstack,
    replicas_of,
    stem_of,
    variables,
)
from simulator.formats.imports.compose_topics import (
    MOST_TOPICS,
    Made,
    by_command,
    by_variable,
    named,
    topic_defaults,
)
from simulator.formats.imports.reading import HANDLER, Name, Origin, Reading
from simulator.formats.imports.source_file import SourceFile
from simulator.formats.imports.values import mapping, rows, text, whole

MOST_SERVICES = 500
_LONGEST_VALUE = 4_000
#: What only services of a composition have, so that files which only add to others are recognised.
_OF_A_SERVICE = frozenset(
    {"image", "build", "extends", "container_name", "depends_on", "env_file", "environment", "links",
     "deploy", "healthcheck", "entrypoint", "command", "volumes", "ports", "restart", "networks"}
)  # fmt: skip
_READ_KEYS = frozenset(
    {"image", "depends_on", "links", "environment", "command", "entrypoint", "deploy", "scale",
     "container_name", "hostname", "extends"}
)  # fmt: skip
#: Kinds of services that run code, and so call others.
_CODE = (HANDLER, "aws.lambda")
_READS = re.compile(
    r"consum|worker|process|listen|subscri|handler|receiv|job|sink|celery|sidekiq|\brq\b|resque|dramatiq|notif|"
    r"mailer|e-?mail|audit|indexer|analytic|projection",
    re.IGNORECASE,
)
_SENDS = re.compile(
    r"\bbeat\b|scheduler|\bcron|clock|producer|publisher|generator|simulator|load-?gen|emitter", re.IGNORECASE
)
#: Task queues that hold their tasks in a store.
_TASK_QUEUE = re.compile(r"celery|sidekiq|\brq\b|resque|dramatiq|\bbull|\barq\b|huey|worker", re.IGNORECASE)
#: Words of a command that can be addresses: the value of a long option, or one with a port or a scheme.
_ADDRESS = re.compile(
    r"--[a-z][a-z0-9.-]{0,60}[=\s]+(?P<option>[^\s-]\S{0,300})|(?P<address>\S{1,300}(?:://\S{1,300}|:\d{2,5}\b\S{0,300}))"
)
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,80}")


def is_it(file: SourceFile) -> bool:
    """Whether the file has services with an image or something to build, or adds to such services."""
    data = file.data
    if not isinstance(data, dict):
        return False
    services = [one for one in mapping(data.get("services")).values() if isinstance(one, dict)]
    if services:
        return any({"image", "build", "extends"} & set(one) for one in services) or all(
            set(one) & _OF_A_SERVICE for one in services
        )
    return _is_old(data)


def _is_old(data: dict[str, Any]) -> bool:
    """Whether the services stand at the top, as they did in the first version of the format."""
    given = list(data.values())
    return bool(given) and all(
        isinstance(one, dict)
        and ("build" in one or "extends" in one or isinstance(one.get("image"), str))
        and len(set(one) & _OF_A_SERVICE) * 2 >= len(one)
        for one in given
    )


def services_of(file: SourceFile) -> dict[str, dict[str, Any]]:
    """The services of a file by name."""
    data = file.data if isinstance(file.data, dict) else {}
    given = data if "services" not in data and _is_old(data) else mapping(data.get("services"))
    return {str(key): mapping(one) for key, one in given.items()}


def read(file: SourceFile, files: Sequence[SourceFile]) -> Reading:
    """Read the services of one file; what other files say of the same ones counts as well."""
    own = services_of(file)
    if not own:
        raise file.refuse("a compose file has services, a mapping")
    if len(own) > MOST_SERVICES:
        raise file.refuse(f"{len(own):,} services; at most {MOST_SERVICES} are read")
    reading = Reading(file, "docker-compose")
    if "services" not in file.data:
        reading.assumed("the file is one of the first version of the format: its services stand at the top")
    composed = [file, *(one for one in files if one is not file and _is_compose(one))]
    whole_ones: dict[str, dict[str, Any]] = {}
    for one in composed:
        for key, service in services_of(one).items():
            whole_ones[key] = {**_extended(service, one, composed), **whole_ones.get(key, {})}
    _Composition(reading, own, whole_ones).read()
    base = {one.name.replace("\\", "/").rsplit("/", 1)[-1] for one in composed}
    for position, included in enumerate(rows(file.data.get("include"))):
        for path in rows(included.get("path") if isinstance(included, dict) else included):
            name = text(path).rsplit("/", 1)[-1]
            if name not in base:
                reading.not_understood(
                    f"the included file {name[:80]} is not among the files", "include", position
                )
    return reading


def _is_compose(file: SourceFile) -> bool:
    return file.name.endswith((".yml", ".yaml", ".json")) and is_it(file)


def _extended(
    service: dict[str, Any], file: SourceFile, files: Sequence[SourceFile], depth: int = 0
) -> dict[str, Any]:
    """A service with what it extends beneath it, of this file or of another that is among them."""
    given = service.get("extends")
    named_file = text(mapping(given).get("file")).rsplit("/", 1)[-1]
    base = text(given) or text(mapping(given).get("service"))
    if not base or depth > 5:
        return service
    for one in files if named_file else (file,):
        if named_file in ("", one.name.replace("\\", "/").rsplit("/", 1)[-1]) and base in services_of(one):
            return {**_extended(services_of(one)[base], one, files, depth + 1), **service}
    return service


def _name(key: str) -> Name:
    return ("service", key)


class _Composition:
    """The services of one file: ``own`` as they stand there, ``all`` as all files together say."""

    def __init__(
        self, reading: Reading, own: dict[str, dict[str, Any]], all: dict[str, dict[str, Any]]
    ) -> None:
        self.reading = reading
        self.own = own
        self.all = all
        self.kinds: dict[str, str] = {key: kind_of(key, service) for key, service in all.items()}
        self.makers: dict[str, list[Made]] = {}
        self.hosts: dict[str, str] = {}
        self.clusters: dict[str, str] = {}
        #: Names of topics and queues at each broker, with who made them.
        self.channels: dict[str, dict[str, Name]] = defaultdict(dict)
        self._named: frozenset[str] | None = None
        self._known_by: dict[str, list[tuple[str, bool]]] = {}
        for key, service in all.items():
            for host in (service.get("container_name"), service.get("hostname"), key):
                if isinstance(host, str) and host:
                    self.hosts[host] = key
            makes, made = by_command(service)
            if makes and (self.kinds[key] != "kafka.topic" or not self._is_broker(service)):
                self.makers[key] = made
                self.kinds[key] = "store"
        self._decide_task_stores()
        self._find_clusters()

    @staticmethod
    def _is_broker(service: dict[str, Any]) -> bool:
        return any("LISTENERS" in name for name, _ in variables(service))

    def _decide_task_stores(self) -> None:
        """A store is a queue where a task queue works on what is in it."""
        stores = {key for key, kind in self.kinds.items() if kind == TASKS}
        brokers = {key for key, kind in self.kinds.items() if kind not in (*_CODE, "", "store", TASKS)}
        for key in stores:
            self.kinds[key] = "store"
        for key, service in self.all.items():
            if self.kinds[key]:
                continue
            known = {other for other, _ in self._known(key)}
            as_broker = {
                self.hosts[host]
                for name, value in variables(service)
                if "BROKER" in name.upper()
                for host in _hosts_in(value)
                if host in self.hosts
            }
            works = _TASK_QUEUE.search(f"{key} {commands(service)}")
            for store in stores & (as_broker or (known if works and not known & brokers else set())):
                self.kinds[store] = "queue"

    def _find_clusters(self) -> None:
        """Brokers of one kind that are numbered are one cluster; its first member stands for it."""
        members: dict[tuple[str, str], list[str]] = defaultdict(list)
        for key, kind in self.kinds.items():
            if kind in ("kafka.topic", "rabbitmq.queue", "topic", "queue"):
                members[kind, stem_of(key)].append(key)
        for several in members.values():
            for key in several:
                self.clusters[key] = several[0]

    def read(self) -> None:
        """Brokers first, then what is made at them, then code and its links."""
        for key in self.own:
            self._part(key)
        for key in self.own:
            for made in self.makers.get(key, ()):
                self._made(key, made)
        for key in self.own:
            if self.kinds[key] in ("producer", *_CODE):
                self._variables(key)
        for key in self.own:
            self._broker_part(key)
        for key in self.own:
            if self.kinds[key] in ("producer", *_CODE):
                self._links(key, self.all[key])
        others = Counter(
            str(name) for service in self.own.values() for name in service if name not in _READ_KEYS
        )
        if others:
            names = ", ".join(sorted(others))
            self.reading.not_modelled(f"of the services: {names[:240]}", "services")

    # -- parts -----------------------------------------------------------------------------------
    def _part(self, key: str) -> None:
        service, kind, path = self.all[key], self.kinds[key], ("services", key)
        if kind == "store":
            if key in self.makers:
                if not self.makers[key]:
                    self.reading.not_understood(f"{key}: the topics that its command makes", *path)
                return
            self.reading.not_modelled(f"{key}: carries no messages between services", *path)
            return
        if kind in ("", "aws.lambda"):
            self._code(key, service, kind)
            return
        first = self.clusters.get(key, key)
        if kind == "kafka.topic":
            for made in by_variable(service) + by_command(service)[1]:
                self._channel(first, made.name, made.config, key, f"topic {made.name} of {key}")
        if len(offered := localstack(service)) > 1 and "localstack" in text(service.get("image")):
            self.reading.assumed(
                f"{key} stands for {kind}; of its {', '.join(offered[1:])} the file names none", *path
            )

    def _code(self, key: str, service: dict[str, Any], kind: str) -> None:
        path = ("services", key)
        if kind == "aws.lambda":
            config, origins = function_work(DEFAULT_TIMEOUT)
            self.reading.add(kind, key, [_name(key)], path, config, origins=origins)
            self.reading.note("read", f"function {key}", *path)
            return
        if self._only_sends(key):
            self.kinds[key] = "producer"
            arrivals = {"process": "poisson", "rate": 10.0}
            origin = {"arrivals": Origin("guess", "the file holds no rate")}
            self.reading.add("producer", key, [_name(key)], path, {"arrivals": arrivals}, origins=origin)
            self.reading.assumed(f"{key} sends 10 messages a second: its name says that it sends", *path)
            return
        self.kinds[key] = HANDLER
        config, origins = handler_work(0.01)
        replicas = whole(replicas_of(service))
        if replicas is not None and replicas > 0:
            config["instances"] = replicas
            origins["instances"] = Origin("imported", "replicas of the service")
        self.reading.add(HANDLER, key, [_name(key)], path, config, origins=origins)
        self.reading.note("read", f"service {key}", *path)

    def _only_sends(self, key: str) -> bool:
        """Whether code sends by its name, knows nobody but brokers, and is known to nobody."""
        known = [self.kinds[other] for other, _ in self._known(key)]
        brokers = [kind for kind in known if kind not in ("", "store", "producer", *_CODE)]
        return (
            _SENDS.search(self._words(key)) is not None
            and bool(brokers)
            and all(kind == "store" or kind in brokers for kind in known)
            and "aws.dynamodb" not in brokers
            and key not in self._named_ones()
        )

    def _named_ones(self) -> frozenset[str]:
        """Services that another one names."""
        if self._named is None:
            self._named = frozenset(other for key in self.all for other, _ in self._known(key))
        return self._named

    def _channel(self, broker: str, name: str, config: dict[str, Any], key: str, what: str) -> None:
        """A topic or queue of a broker, once."""
        if name in self.channels[broker] or len(self.channels[broker]) >= MOST_TOPICS:
            return
        kind = self.kinds[broker]
        space = {"kafka.topic": "kafka topic", "aws.sqs": "sqs"}.get(kind, f"channel of {broker}")
        self.channels[broker][name] = (space, name)
        given = {**self._defaults(broker), **config}
        if kind == "kafka.topic" and "brokers" in given:
            given["brokers"] = max(given["brokers"], given.get("replication.factor", 1))
        if kind == "aws.sqs" and name.endswith(".fifo"):
            given["FifoQueue"] = True
        self.reading.add(kind, name, [(space, name)], ("services", key), given)
        self.reading.note("read", what, "services", key)

    def _defaults(self, broker: str) -> dict[str, Any]:
        """What a topic has that says nothing: the settings of its broker, and so many of these."""
        if self.kinds[broker] != "kafka.topic":
            return {}
        found: dict[str, Any] = dict(topic_defaults(self.all[broker]))
        if (count := self._brokers(broker)) > 1:
            found["brokers"] = max(count, found.get("replication.factor", 1))
        return found

    def _brokers(self, first: str) -> int:
        return sum(1 for one in self.clusters.values() if one == first)

    def _made(self, key: str, made: Made) -> None:
        """A topic that a service makes at its start, at the broker that it names."""
        known = [other for other, _ in self._known(key)]
        brokers = [one for one, kind in self.kinds.items() if kind == "kafka.topic"]
        broker = next((one for one in [*known, *brokers] if one in brokers), None)
        if broker is None:
            self.reading.not_understood(f"{key} makes the topic {made.name}: its broker", "services", key)
            return
        broker = self.clusters.get(broker, broker)
        self._channel(broker, made.name, made.config, key, f"topic {made.name}, made by {key}")

    def _variables(self, key: str) -> None:
        """Topics and queues that variables of code name, at the one broker that the code knows."""
        service = self.all[key]
        brokers = self._brokers_of(key)
        for variable, name, _ in named(service) if len(brokers) == 1 else ():
            if name not in self.hosts:
                self._channel(brokers[0], name, {}, key, f"{name}, named by the variable {variable} of {key}")

    def _broker_part(self, key: str) -> None:
        """A broker of which no file says what is in it is one queue or topic."""
        kind, path = self.kinds[key], ("services", key)
        if kind in ("", "store", "producer", *_CODE):
            return
        first = self.clusters.get(key, key)
        if first != key:
            self.reading.assumed(f"{key} is a node of the same broker as {first}", *path)
            return
        if self.channels[key]:
            return
        self.reading.add(kind, key, [_name(key)], path, self._defaults(key))
        if kind == "aws.dynamodb":
            self.reading.note("read", f"table {key}", *path)
            self.reading.assumed(f"{key} is one table: the file does not say which there are", *path)
            return
        self.reading.note("read", f"broker {key} ({kind})", *path)
        what = "topic" if kind == "kafka.topic" else "queue or topic"
        self.reading.assumed(f"{key} is one {what}: the file does not say which there are", *path)

    # -- links -----------------------------------------------------------------------------------
    def _known(self, key: str) -> list[tuple[str, bool]]:
        """Services that a service names, and whether it needs more of them than their start."""
        found = self._known_by.get(key)
        if found is None:
            found = self._known_by[key] = list(self._find_known(key, self.all[key]))
        return found

    def _find_known(self, key: str, service: dict[str, Any]) -> Iterator[tuple[str, bool]]:
        mentioned = {self.hosts[host] for host in _hosts(service) if host in self.hosts}
        linked = [one.split(":")[0] for one in rows(service.get("links")) if isinstance(one, str)]
        needed = service.get("depends_on")
        wanted = [str(one) for one in (needed if isinstance(needed, (list, dict)) else [])]
        for other in dict.fromkeys([*wanted, *linked, *sorted(mentioned)]):
            if other != key and other in self.kinds:
                yield other, other in mentioned or other in linked

    def _brokers_of(self, key: str) -> list[str]:
        found = [
            self.clusters.get(other, other)
            for other, _ in self._known(key)
            if self.kinds[other] not in ("", "store", "producer", "aws.dynamodb", *_CODE)
        ]
        return list(dict.fromkeys(found))

    def _words(self, key: str) -> str:
        """What a service is called: its name, that of its image, and its command."""
        image = image_of(self.all[key]).rsplit("/", 1)[-1]
        return f"{key} {image} {commands(self.all[key])[:300]}"

    def _reads(self, key: str) -> bool:
        words = self._words(key)
        return not _SENDS.search(words) and _READS.search(words) is not None

    def _links(self, key: str, service: dict[str, Any]) -> None:
        reading, path = self.reading, ("services", key)
        done: set[str] = set()
        brokers = self._brokers_of(key)
        for other, is_said in self._known(key):
            kind = self.kinds[other]
            if kind == "store":
                continue
            if kind == "aws.dynamodb":
                reading.link(_name(key), _name(other), path, "invoke", {"operation": "put"}, is_guess=True)
                reading.assumed(f"{key} writes an item of {other} once for each message or request", *path)
            elif kind in ("", "producer", *_CODE):
                if not is_said and self._reads(other) and self._brokers_of(other):
                    reading.not_modelled(
                        f"{key} starts after {other}, which reads from a broker: no call", *path
                    )
                    continue
                reading.link(_name(key), _name(other), path, "invoke", is_guess=True)
                reading.assumed(f"{key} calls {other} once for each message or request", *path)
            elif (broker := self.clusters.get(other, other)) not in done:
                done.add(broker)
                self._talk(key, broker, is_only=len(brokers) == 1)
        if not done and service.get("env_file") and not service.get("environment"):
            reading.not_understood(
                f"{key}: whom it talks to may stand in its env_file, which is not read", *path
            )

    def _talk(self, key: str, broker: str, *, is_only: bool) -> None:
        """What code sends to a broker and reads there."""
        reading, path = self.reading, ("services", key)
        channels = self.channels[broker]
        ways = {name: way for _, name, way in named(self.all[key]) if name in channels} if is_only else {}
        for name, way in ways.items():
            said = f"the variable that names {name}"
            is_read = way == "read" or (way == "" and self._reads(key))
            self._link(key, channels[name], name, is_read=is_read, why=said if way else "")
        if ways:
            return
        target = next(iter(channels.items()), (broker, _name(broker)))
        if len(channels) > 1:
            reading.assumed(f"{key} uses {target[0]}: the file does not say which of {len(channels)}", *path)
        self._link(key, target[1], target[0], is_read=self._reads(key), why="")

    def _link(self, key: str, target: Name, label: str, *, is_read: bool, why: str) -> None:
        reading, path = self.reading, ("services", key)
        if is_read:
            part = reading.part(target)
            is_kafka = part.kind == "kafka.topic" if part else target[0] == "kafka topic"
            reading.link(target, _name(key), path, "consume", {"group.id": key} if is_kafka else {})
            reading.assumed(f"{key} reads from {label}, by {why or 'its name'}", *path)
            return
        reading.link(_name(key), target, path, "publish", is_guess=True)
        reading.assumed(
            f"{key} publishes to {label}"
            + (f", by {why}" if why else ": its name does not say that it reads"),
            *path,
        )


def _hosts(service: dict[str, Any]) -> Iterator[str]:
    """Host names that a service mentions; credentials before an @ are cut away first."""
    for _, value in variables(service):
        yield from _hosts_in(value)
    for one in _ADDRESS.finditer(commands(service)):
        yield from _hosts_in(one["option"] or one["address"])


def _hosts_in(value: str) -> Iterator[str]:
    for piece in re.split(r"[\s,;'\"\[\]|=]+", value[:_LONGEST_VALUE]):
        rest = piece.rsplit("@", 1)[-1]
        rest = rest.rsplit("://", 1)[-1]
        if found := _HOST.match(rest):
            yield found[0]
