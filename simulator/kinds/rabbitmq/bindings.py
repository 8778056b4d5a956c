"""Which bindings of an exchange a message matches, for every exchange type.

Source: RabbitMQ documentation, *Exchanges* and *AMQP 0-9-1 Model*; consistent hashing: the plugin's page, and
Lamping and Veach, *A fast, minimal memory, consistent hash algorithm*, 2014.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Literal

from simulator.kinds.rabbitmq.envelope import Envelope
from simulator.kinds.rabbitmq.topic_matching import matches

RoutingType = Literal["direct", "fanout", "topic", "headers", "x-consistent-hash"]
ExchangeType = Literal["direct", "fanout", "topic", "headers", "x-consistent-hash", "x-delayed-message"]
X_MATCH = ("all", "any", "all-with-x", "any-with-x")


class Binding:
    """The rule of one binding: its key and its arguments.

    Args:
        edge, target: id of the edge that is the binding, and of the queue or exchange it leads to.
    """

    __slots__ = ("arguments", "edge", "key", "matched", "target")

    def __init__(self, edge: str, target: str, key: str, arguments: Mapping[str, Any]) -> None:
        self.edge = edge
        self.target = target
        self.key = key
        self.arguments = arguments
        #: Messages that matched, also when the queue had its copy through another binding.
        self.matched = 0


def matching(
    type: RoutingType, bindings: Sequence[Binding], envelope: Envelope, hash_header: str | None = None
) -> list[int]:
    """Positions of the bindings that `envelope` matches in an exchange of this type.

    Args:
        hash_header: header that a consistent-hash exchange hashes instead of the routing key; a message
            without it has the empty text there.
    """
    key = envelope.routing_key
    if hash_header is not None:
        key = str(envelope.headers.get(hash_header, ""))
    if type == "x-consistent-hash":
        # Of several bindings to one queue the first counts alone.
        first = {binding.target: position for position, binding in reversed([*enumerate(bindings)])}
        weights = [
            int(binding.key) if first[binding.target] == position else 0
            for position, binding in enumerate(bindings)
        ]
        if not weights:
            return []
        bucket = jump_hash(hash_of(key), sum(weights))
        for position, weight in enumerate(weights):
            bucket -= weight
            if bucket < 0:
                return [position]
    return [
        position
        for position, binding in enumerate(bindings)
        if type == "fanout"
        or (type == "direct" and binding.key == key)
        or (type == "topic" and matches(binding.key, key))
        or (type == "headers" and headers_match(binding.arguments, envelope.headers))
    ]


def headers_match(arguments: Mapping[str, Any], headers: Mapping[str, Any]) -> bool:
    """Whether a headers binding matches: `all` (default) or `any` of its arguments are there and equal.

    A void argument (null) asks for presence only. Arguments that begin with `x-` count with the `-with-x`
    forms alone; a binding without arguments that count matches everything with `all`, nothing with `any`.
    """
    asked = _asked(arguments)
    found = (_has(headers, name, value) for name, value in asked.items())
    return any(found) if arguments.get("x-match", "all").startswith("any") else all(found)


def unequal_headers(arguments: Mapping[str, Any], headers: Mapping[str, Any]) -> list[str]:
    """What a headers binding asks for and the message does not have, as words for a person."""
    return [
        f"{name} is not there"
        if name not in headers
        else f"{name} is {_shown(headers[name])}, not {_shown(value)}"
        for name, value in _asked(arguments).items()
        if not _has(headers, name, value)
    ]


def _asked(arguments: Mapping[str, Any]) -> dict[str, Any]:
    is_with_x = arguments.get("x-match", "all").endswith("-with-x")
    return {
        name: value
        for name, value in arguments.items()
        if name != "x-match" and (is_with_x or not name.startswith("x-"))
    }


def _has(headers: Mapping[str, Any], name: str, value: object) -> bool:
    return name in headers and (value is None or _same(headers[name], value))


def _shown(value: object) -> str:
    """A header's value with its type, for 1 and "1" are not equal."""
    return repr(value)


def _same(one: object, other: object) -> bool:
    # Erlang's ==: 1 and 1.0 are equal, true is no number (rabbit_exchange_type_headers).
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other


def hash_of(routing_key: str) -> int:
    """A 64-bit hash, the same on every machine."""
    return int.from_bytes(blake2b(routing_key.encode(), digest_size=8).digest(), "big")


def jump_hash(key: int, buckets: int) -> int:
    """The bucket of a 64-bit `key` (Lamping and Veach): one more bucket moves 1/n of the keys."""
    bucket, after = -1, 0
    while after < buckets:
        bucket = after
        key = (key * 2862933555777941757 + 1) & 0xFFFFFFFFFFFFFFFF
        after = int((bucket + 1) * (2**31 / ((key >> 33) + 1)))
    return bucket
