"""AsyncAPI 2.x and 3.x: channels as brokers, the application as who receives and sends.

A document describes one application; several documents meet in the channels they name alike. In 2.x
``publish`` is what the application receives and ``subscribe`` what it sends.
Source: AsyncAPI specification 2.6.0 and 3.0.0; AsyncAPI bindings for Kafka, AMQP, SQS and SNS.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.formats.imports.assumed_work import handler_work
from simulator.formats.imports.aws_names import named_by
from simulator.formats.imports.kafka_settings import topic_config
from simulator.formats.imports.local_references import References
from simulator.formats.imports.reading import HANDLER, Name, Origin, Reading
from simulator.formats.imports.source_file import Path, SourceFile
from simulator.formats.imports.values import mapping, number, rows, switch, text, whole

MOST_CHANNELS = 2_000

#: Protocols of servers and names of bindings, by the kind of broker they mean.
_FAMILIES = {
    "kafka": "kafka",
    "kafka-secure": "kafka",
    "amqp": "amqp",
    "amqps": "amqp",
    "amqp1": "amqp",
    "sqs": "sqs",
    "sns": "sns",
}
_SQS = {
    "visibilityTimeout": "VisibilityTimeout",
    "deliveryDelay": "DelaySeconds",
    "receiveMessageWaitTime": "ReceiveMessageWaitTimeSeconds",
    "messageRetentionPeriod": "MessageRetentionPeriod",
}


def is_it(file: SourceFile) -> bool:
    """Whether the file is an AsyncAPI document."""
    return isinstance(file.data, dict) and "asyncapi" in file.data


def is_part(file: SourceFile, files: Sequence[SourceFile]) -> bool:
    """Whether another of the files is an AsyncAPI document that refers to this one."""
    base = file.name.replace("\\", "/").rsplit("/", 1)[-1]
    return any(other is not file and base in other.text and is_it(other) for other in files)


def read(file: SourceFile, files: Sequence[SourceFile]) -> Reading:
    """Read one application."""
    document = file.data
    version = str(document.get("asyncapi")) if isinstance(document, dict) else ""
    if not version.startswith(("2.", "3.")):
        raise file.refuse(
            f"AsyncAPI {version[:20] or 'without a version'}; 2.x and 3.x are read", path=("asyncapi",)
        )
    reading = Reading(file, "AsyncAPI")
    _Application(reading, document, References(reading, files), version[0]).read()
    return reading


def _called(name: str, address: str, label: str, path: Path) -> str:
    """What a part is called: the title or key of its channel, or for an address what the binding says."""
    return name if label == address != path[1] else label


#: What is read of a channel's binding, by its protocol.
_READ: dict[str, tuple[str, ...]] = {
    "kafka": ("topic", "partitions", "replicas", "topicConfiguration"),
    "amqp": ("is", "exchange", "queue"),
    "sqs": ("queue", "deadLetterQueue"),
    "sns": ("name", "ordering"),
    "jms": ("destination", "destinationType"),
    "ibmmq": ("destinationType",),
}


class _Application:
    def __init__(
        self, reading: Reading, document: dict[str, Any], references: References, version: str
    ) -> None:
        self.reading = reading
        self.document = document
        self.references = references
        self.version = version
        title = text(mapping(document.get("info")).get("title")) or "Application"
        self.title = title
        self.own: Name = ("application", title)
        self.protocols = self._server_protocols()
        self.channels: dict[str, tuple[Name, Name | None]] = {}  # where to send, where to receive
        self.receives: list[tuple[Name, Path, dict[str, Any]]] = []
        self.sends: list[tuple[Name, Path]] = []
        self.requests: list[tuple[Name, Path]] = []

    def read(self) -> None:
        """Channels, then what the application does with them."""
        channels = mapping(self.document.get("channels"))
        for position, (key, value) in enumerate(channels.items()):
            if position >= MOST_CHANNELS:
                self.reading.not_understood(f"more than {MOST_CHANNELS:,} channels", "channels")
                break
            channel = mapping(self.references.follow(value, ("channels", key)))
            self._channel(key, channel, ("channels", key))
            if self.version == "2":
                for action in ("publish", "subscribe"):
                    operation = mapping(
                        self.references.follow(channel.get(action), ("channels", key, action))
                    )
                    if operation or action in channel:
                        self._operation(
                            key,
                            "receive" if action == "publish" else "send",
                            operation,
                            ("channels", key, action),
                        )
        for key, value in mapping(self.document.get("operations")).items():
            path = ("operations", key)
            operation = mapping(self.references.follow(value, path))
            _, _, channel_key = self.references.follow_from(
                operation.get("channel"), self.reading.file, (*path, "channel")
            )
            if channel_key not in self.channels:
                self.reading.not_understood(f"operation {key}: its channel", *path)
                continue
            action = text(operation.get("action"))
            if action not in ("send", "receive"):
                self.reading.not_understood(f"operation {key}: action {action[:20]!r}", *path)
                continue
            self._operation(channel_key, action, operation, path)
        self._application()

    # -- channels --------------------------------------------------------------------------------
    def _server_protocols(self) -> dict[str, str]:
        found = {}
        for key, value in mapping(self.document.get("servers")).items():
            server = mapping(self.references.follow(value, ("servers", key)))
            found[key] = text(server.get("protocol")).lower()
        return found

    def _family(self, channel: dict[str, Any], bindings: dict[str, Any]) -> str:
        for key, binding in bindings.items():
            if key in _FAMILIES and mapping(binding):
                return _FAMILIES[key]
        named = []
        for server in rows(channel.get("servers")):
            if isinstance(server, str):
                named.append(server)
            elif isinstance(server, dict):
                named.append(text(server.get("$ref")).rsplit("/", 1)[-1])
        protocols = [self.protocols[name] for name in named or self.protocols if name in self.protocols]
        return next(
            (_FAMILIES[one] for one in protocols if one in _FAMILIES), protocols[0] if protocols else ""
        )

    def _channel(self, key: str, channel: dict[str, Any], path: Path) -> None:
        bindings = {
            name: mapping(self.references.follow(value, (*path, "bindings", name)))
            for name, value in mapping(
                self.references.follow(channel.get("bindings"), (*path, "bindings"))
            ).items()
        }
        address = channel.get("address")
        address = address if isinstance(address, str) and address else key
        family = self._family(channel, bindings)
        label = text(channel.get("title")) or address
        made = {
            "kafka": self._kafka,
            "amqp": self._amqp,
            "sqs": self._sqs,
            "sns": self._sns,
        }.get(family, self._plain)
        self.channels[key] = made(address, label, bindings.get(family, {}), path)
        for name, binding in bindings.items():
            known = _READ.get(name, ()) if name == family else ()
            others = [str(one)[:40] for one in binding if one not in known and one != "bindingVersion"]
            if others:
                self.reading.not_modelled(
                    f"channel {label}: {', '.join(others)[:200]} of the binding {name[:30]}",
                    *path,
                    "bindings",
                )
        if made == self._plain:
            part = self.reading.part(self.channels[key][0])
            kind = "queue" if part is not None and part.kind == "queue" else "topic"
            what = f"protocol {family[:30]}" if family else "no protocol"
            self.reading.assumed(f"{label} is a textbook {kind}: the document has {what}", *path)
        self.reading.note("read", f"channel {label}", *path)

    def _part(self, kind: str, label: str, name: Name, path: Path, config: dict[str, Any]) -> Name:
        if not self.reading.has(name):
            part = self.reading.add(kind, label, [name], path, config)
            if path[0] == "channels" and len(path) == 2:
                part.wanted_id = str(path[1]) if len(label) > 40 else label
        return name

    def _plain(
        self, address: str, label: str, binding: dict[str, Any], path: Path
    ) -> tuple[Name, Name | None]:
        kind = "queue" if text(binding.get("destinationType")).lower() == "queue" else "topic"
        name = self._part(kind, label, ("channel", address), path, {})
        return name, name

    def _kafka(
        self, address: str, label: str, binding: dict[str, Any], path: Path
    ) -> tuple[Name, Name | None]:
        topic = text(binding.get("topic")) or address
        label = _called(topic, address, label, path)
        config = topic_config(
            self.reading, topic, mapping(binding.get("topicConfiguration")), (*path, "bindings", "kafka")
        )
        for key, setting in (("partitions", "partitions"), ("replicas", "replication.factor")):
            if (count := whole(binding.get(key))) is not None:
                config[setting] = count
        if config.get("replication.factor", 1) > 3:
            config["brokers"] = config["replication.factor"]
        name = self._part("kafka.topic", label, ("kafka topic", topic), path, config)
        return name, name

    def _amqp(
        self, address: str, label: str, binding: dict[str, Any], path: Path
    ) -> tuple[Name, Name | None]:
        exchange, queue = mapping(binding.get("exchange")), mapping(binding.get("queue"))
        if binding.get("is") == "queue" or (queue and not exchange):
            name = text(queue.get("name")) or address
            vhost = text(queue.get("vhost")) or "/"
            config = {"durable": False} if switch(queue.get("durable")) is False else {}
            called = _called(name, address, label, path)
            found = self._part("rabbitmq.queue", called, ("rabbitmq queue", f"{vhost}/{name}"), path, config)
            return found, found
        name = text(exchange.get("name")) or "default"
        vhost = text(exchange.get("vhost")) or "/"
        type = text(exchange.get("type"))
        of_exchange = {"type": type if type in ("direct", "fanout", "topic", "headers") else "topic"}
        at = self._part(
            "rabbitmq.exchange", name, ("rabbitmq exchange", f"{vhost}/{name}"), path, of_exchange
        )
        bound = self._part("rabbitmq.queue", label, ("rabbitmq queue", f"{vhost}/{address}"), path, {})
        self.reading.link(at, bound, path, "publish", {"routing_key": address[:255]})
        self.reading.assumed(f"a queue {address} is bound to the exchange {name} by its address", *path)
        return at, bound

    def _sqs(self, address: str, label: str, binding: dict[str, Any], path: Path) -> tuple[Name, Name | None]:
        at = (*path, "bindings", "sqs")
        queue = mapping(self.references.follow(binding.get("queue"), at))
        name = self._sqs_queue(queue or binding, address, label, at)
        letters = mapping(self.references.follow(binding.get("deadLetterQueue"), at))
        if letters:
            self._sqs_queue(letters, f"{address}-dlq", "", at)
        redrive = mapping(queue.get("redrivePolicy"))
        target = mapping(redrive.get("deadLetterQueue"))
        known = named_by(text(target.get("arn")))
        wanted = known[1] if known else text(target.get("name"))
        if wanted:
            to = self._part("aws.sqs", wanted, ("sqs", wanted), at, {})
            count = whole(redrive.get("maxReceiveCount"))
            self.reading.link(name, to, at, "dead-letter", {"maxReceiveCount": count} if count else {})
        return name, name

    def _sqs_queue(self, queue: dict[str, Any], address: str, label: str, path: Path) -> Name:
        name = text(queue.get("name")) or address
        config: dict[str, Any] = {
            setting: value for key, setting in _SQS.items() if (value := number(queue.get(key))) is not None
        }
        if switch(queue.get("fifoQueue")):
            config["FifoQueue"] = True
            for key, setting in (
                ("deduplicationScope", "DeduplicationScope"),
                ("fifoThroughputLimit", "FifoThroughputLimit"),
            ):
                if text(queue.get(key)):
                    config[setting] = queue[key]
        called = _called(name, address, label or name, path)
        return self._part("aws.sqs", called, ("sqs", name), path, config)

    def _sns(self, address: str, label: str, binding: dict[str, Any], path: Path) -> tuple[Name, Name | None]:
        name = text(binding.get("name")) or address
        ordering = mapping(binding.get("ordering"))
        config: dict[str, Any] = {}
        if text(ordering.get("type")).upper() == "FIFO":
            config["FifoTopic"] = True
            if switch(ordering.get("contentBasedDeduplication")):
                config["ContentBasedDeduplication"] = True
        found = self._part("aws.sns", _called(name, address, label, path), ("sns", name), path, config)
        return found, found

    # -- operations ------------------------------------------------------------------------------
    def _operation(self, key: str, action: str, operation: dict[str, Any], path: Path) -> None:
        to, of = self.channels[key]
        bindings = mapping(self.references.follow(operation.get("bindings"), (*path, "bindings")))
        for trait in rows(operation.get("traits")):
            known = mapping(self.references.follow(trait, (*path, "traits")))
            bindings = {**mapping(self.references.follow(known.get("bindings"), path)), **bindings}
        reply = mapping(self.references.follow(operation.get("reply"), (*path, "reply")))
        _, _, answer = (
            self.references.follow_from(reply.get("channel"), self.reading.file, (*path, "reply"))
            if reply
            else (None, None, "")
        )
        if action == "receive":
            self.receives.append((of or to, path, self._consuming(bindings, path)))
            if answer in self.channels:
                self.sends.append((self.channels[answer][0], path))
            self._consumers(to, mapping(bindings.get("sns")), path)
        elif answer in self.channels:
            self.requests.append((to, path))
            self.receives.append((self.channels[answer][1] or self.channels[answer][0], path, {}))
        else:
            self.sends.append((to, path))
        self.reading.note("read", f"operation {path[-1]}: {self.title} {action}s", *path)

    def _consuming(self, bindings: dict[str, Any], path: Path) -> dict[str, Any]:
        group = mapping(self.references.follow(bindings.get("kafka"), path)).get("groupId")
        if isinstance(group, dict):
            group = next(iter(rows(group.get("enum"))), group.get("const") or group.get("default"))
        return {"group.id": group[:249]} if isinstance(group, str) and group else {}

    def _consumers(self, topic: Name, binding: dict[str, Any], path: Path) -> None:
        """Subscriptions that an SNS binding lists."""
        for consumer in rows(binding.get("consumers")):
            row = mapping(consumer)
            endpoint = mapping(row.get("endpoint"))
            known = named_by(text(endpoint.get("arn")))
            name = known[1] if known else text(endpoint.get("name"))
            if text(row.get("protocol")) != "sqs" or not name:
                self.reading.not_modelled(f"a subscription by {text(row.get('protocol'))[:20]}", *path)
                continue
            queue = self._part("aws.sqs", name, ("sqs", name), path, {})
            config: dict[str, Any] = {}
            if mapping(row.get("filterPolicy")):
                config["FilterPolicy"] = row["filterPolicy"]
            if (raw := switch(row.get("rawMessageDelivery"))) is not None:
                config["RawMessageDelivery"] = raw
            self.reading.link(topic, queue, path, "publish", config)

    # -- the application -------------------------------------------------------------------------
    def _application(self) -> None:
        if not self.receives:
            for name, path in self.sends:
                self._producer(name, path)
        else:
            config, origins = handler_work(0.01)
            self.reading.add(HANDLER, self.title, [self.own], ("info",), config, origins=origins)
            for name, path, consume in self.receives:
                of_kafka = name[0] == "kafka topic"
                settings = {"group.id": self.title[:249], **consume} if of_kafka else {}
                self._receive(name, path, settings)
            for name, path in self.sends:
                self.reading.link(self.own, name, path, None, is_guess=True)
            if self.sends:
                self.reading.assumed(
                    f"{self.title} sends one message to each channel it sends to for every one it receives",
                    "info",
                )
        for name, path in self.requests:
            self._producer(name, path)

    def _receive(self, name: Name, path: Path, settings: dict[str, Any]) -> None:
        if name[0] == "sns":  # an application has a queue of its own behind a topic
            queue = self._part(
                "aws.sqs", f"{name[1]} of {self.title}", ("sqs", f"{name[1]}-{self.title}"), path, {}
            )
            self.reading.link(name, queue, path, "publish")
            self.reading.assumed(f"{self.title} has a queue of its own behind {name[1]}", *path)
            name = queue
        self.reading.link(name, self.own, path, "consume", settings)

    def _producer(self, name: Name, path: Path) -> None:
        own = ("application", f"{self.title} sends")
        if not self.reading.has(own):
            self.reading.add(
                "producer",
                self.title,
                [own],
                path,
                {"arrivals": {"process": "poisson", "rate": 10.0}},
                origins={"arrivals": Origin("guess", "an interface document holds no rate")},
            )
            self.reading.assumed(
                f"{self.title} sends 10 messages a second: the document holds no rate", "info"
            )
        self.reading.link(own, name, path)
