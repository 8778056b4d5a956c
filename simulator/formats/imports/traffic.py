"""What the assumed senders say, so that filters, patterns and bindings of the imported design let it through.

A source nobody described sends, in equal shares, what the subscriptions behind it wait for, as far as these
name values outright (``MetricType: [Temperature]``, ``source: [shop]``, ``orders.*``).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from simulator.formats.imports.asl_examples import examples_of
from simulator.formats.imports.aws_filters import details_of
from simulator.formats.imports.merging import Drawing, Vertex, Wire
from simulator.formats.imports.reading import Origin
from simulator.formats.imports.values import mapping

MOST_VALUES = 50
MOST_DEPTH = 8
_PLAIN = "imported-event"


def make_traffic(drawing: Drawing) -> None:
    """Give producers without an event one that fits what they publish to."""
    leaving: dict[str, list[Wire]] = defaultdict(list)
    for wire in drawing.wires:
        leaving[wire.source].append(wire)
    for vertex in list(drawing.vertices.values()):
        if vertex.kind not in ("producer", "aws.scheduler"):
            continue
        is_schedule = vertex.kind == "aws.scheduler"
        if not is_schedule:
            _give_keys(drawing, vertex, leaving)
        if "event" in vertex.config:
            continue
        for wire in leaving[vertex.id]:
            target = drawing.vertices[wire.target]
            if wire.role == "dead-letter" or (is_schedule and target.kind == "aws.sns"):
                continue
            if target.kind == "aws.sns":
                _for_topic(drawing, vertex, wire, leaving[target.id])
            elif target.kind == "aws.eventbridge":
                _for_bus(drawing, vertex, leaving[target.id])
            elif target.kind == "rabbitmq.exchange":
                _for_exchange(drawing, vertex, wire, leaving[target.id])
            else:
                _for_readers(drawing, vertex, leaving[target.id])
        _for_machines(drawing, vertex, leaving)


def _give_keys(drawing: Drawing, producer: Vertex, leaving: dict[str, list[Wire]]) -> None:
    """Message groups of FIFO queues and partitions come from keys."""
    if "keys" in producer.config:
        return
    seen: set[str] = set()
    left = [producer.id]
    while left:
        id = left.pop()
        if id in seen:
            continue
        seen.add(id)
        config = drawing.vertices[id].config
        if config.get("FifoQueue") or config.get("FifoTopic") or _is_spread(drawing.vertices[id]):
            producer.config["keys"] = {"distribution": "zipf", "count": 1000, "exponent": 0.5}
            producer.origins["keys"] = Origin(
                "guess", "keys spread messages over groups, partitions or items"
            )
            drawing.note(
                "assumed", producer.place, f"{producer.label} uses 1,000 keys, none of them very frequent"
            )
            return
        left.extend(wire.target for wire in leaving[id])


def _is_spread(vertex: Vertex) -> bool:
    """Whether keys decide where a message goes there."""
    return vertex.kind == "aws.dynamodb" or vertex.config.get("partitions", 1) > 1


def _examples(matchers: Any) -> list[Any]:
    """Values that pass the matchers of one field, at least one for each where that is easy."""
    found: list[Any] = []
    for matcher in matchers if isinstance(matchers, list) else [matchers]:
        if isinstance(matcher, dict) and len(matcher) == 1:
            name, argument = next(iter(matcher.items()))
            found += _fitting(name, argument)
        elif isinstance(matcher, (str, int, float)):
            found.append(matcher)
    return [value for value in found if not isinstance(value, str) or "{" not in value][:MOST_VALUES]


def _fitting(name: str, argument: Any) -> list[Any]:
    if name == "numeric" and isinstance(argument, list):
        return _in_range(argument)
    if name == "anything-but":
        return ["something-else"]
    if name == "exists":
        return ["x"] if argument else []
    if isinstance(argument, dict) and len(argument) == 1:  # such as {prefix: {equals-ignore-case: x}}
        argument = next(iter(argument.values()))
    if not isinstance(argument, str):
        return []
    made = {
        "prefix": f"{argument}x",
        "suffix": f"x{argument}",
        "equals-ignore-case": argument,
        "wildcard": argument.replace("*", "x"),
    }
    return [made[name]] if name in made else []


def _in_range(argument: list[Any]) -> list[Any]:
    """A number that fulfils comparisons such as ``[">", 0, "<=", 5]``."""
    low, high = None, None
    for comparison, limit in zip(argument[::2], argument[1::2], strict=False):
        if isinstance(limit, bool) or not isinstance(limit, (int, float)):
            return []
        if comparison == "=":
            return [limit]
        if comparison in (">", ">="):
            low = limit
        elif comparison in ("<", "<="):
            high = limit
    if low is not None and high is not None:
        return [(low + high) / 2]
    if low is not None:
        return [low + 1]
    return [] if high is None else [high - 1]


def _choice(values: list[Any]) -> Any:
    """One of the values, each equally often."""
    kept: list[Any] = []
    for value in values:
        if not any(value == other and type(value) is type(other) for other in kept):
            kept.append(value)
    if len(kept) == 1:
        return kept[0]
    if all(isinstance(value, str) for value in kept):
        return {"choice": dict.fromkeys(kept, 1)}
    return {"choice": [{"value": value, "weight": 1} for value in kept]}


def _event(drawing: Drawing, producer: Vertex, event: dict[str, Any], what: str) -> None:
    producer.config["event"] = event
    producer.origins["event"] = Origin("guess", f"made so that {what} let messages through")
    drawing.note(
        "assumed", producer.place, f"{producer.label} sends what {what} name, each value equally often"
    )


def _for_topic(drawing: Drawing, producer: Vertex, wire: Wire, subscriptions: list[Wire]) -> None:
    attributes: dict[str, list[Any]] = defaultdict(list)
    body: list[dict[str, Any]] = []
    for subscription in subscriptions:
        policy = subscription.config.get("FilterPolicy")
        if not isinstance(policy, dict):
            continue
        if subscription.config.get("FilterPolicyScope") == "MessageBody":
            body.append(policy)
            continue
        for key, matchers in policy.items():
            if _is_plain(key):
                attributes[key] += _examples(matchers)
    chosen = _fields(body)
    named = {key: f"{{detail.{key}}}" for key, values in attributes.items() if values}
    chosen |= {key: _choice(attributes[key]) for key in named}
    if not chosen:
        return
    _event(drawing, producer, {"detail": chosen}, "the filter policies")
    if named:
        wire.config.setdefault("MessageAttributes", named)


def _is_plain(key: Any) -> bool:
    """Whether a key can be a field of an event template."""
    plain = isinstance(key, str) and key.replace("_", "").replace("-", "").isalnum() and key.isascii()
    return plain and key not in ("choice", "distribution")


def _fields(patterns: list[dict[str, Any]], depth: int = 0) -> dict[str, Any]:
    """Fields that fulfil each pattern by itself; all combinations of their values are sent."""
    examples: dict[str, list[Any]] = defaultdict(list)
    deeper: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for pattern in patterns:
        for key, matchers in pattern.items():
            if not _is_plain(key):
                continue
            if isinstance(matchers, dict):
                deeper[key].append(matchers)
            else:
                examples[key] += _examples(matchers)
    fields = {key: _choice(values) for key, values in examples.items() if values}
    if depth < MOST_DEPTH:
        for key, inner in deeper.items():
            below = _fields(inner, depth + 1)
            if below and key not in fields:
                fields[key] = below
    return fields


def _for_bus(drawing: Drawing, producer: Vertex, rules: list[Wire]) -> None:
    """One choice for each part of the event: combinations that no rule waits for are sent as well."""
    patterns = [
        pattern for rule in rules if isinstance(pattern := rule.config.get("EventPattern"), dict) and pattern
    ]
    event: dict[str, Any] = {}
    for key, part in (("source", "source"), ("detail-type", "type")):
        words = [
            one for pattern in patterns for one in _examples(pattern.get(key, [])) if isinstance(one, str)
        ]
        if words:
            event[part] = _choice(words)
    inside = _fields([inner for pattern in patterns if isinstance(inner := pattern.get("detail"), dict)])
    if inside:
        event["detail"] = inside
    if event:
        event.setdefault("source", _PLAIN)
        event.setdefault("type", _PLAIN)
        _event(drawing, producer, event, "the rules")


def _for_machines(drawing: Drawing, producer: Vertex, leaving: dict[str, list[Wire]]) -> None:
    """The input that executions read, of all machines that the producer's events come to.

    A bus hands the whole event over, anything else its detail.
    """
    fields: dict[str, Any] = {}
    seen = {producer.id}
    left = [producer.id]
    while left:
        id = left.pop(0)
        for wire in leaving[id]:
            target = drawing.vertices[wire.target]
            if target.kind == "aws.stepfunctions":
                read = examples_of(mapping(target.config.get("definition")))
                is_whole = drawing.vertices[id].kind == "aws.eventbridge"
                _add(fields, mapping(read.get("detail")) if is_whole else read)
            elif target.id not in seen:
                left.append(target.id)
            seen.add(target.id)
    if not fields:
        return
    event = producer.config.get("event")
    if event is None:
        _event(drawing, producer, {"detail": fields}, "the states")
    elif isinstance(event.setdefault("detail", {}), dict):
        _add(event["detail"], fields)


def _add(fields: dict[str, Any], others: dict[str, Any]) -> None:
    """Put fields beside those that are there, and inside them."""
    for key, value in others.items():
        if key not in fields:
            fields[key] = value
        elif isinstance(fields[key], dict) and isinstance(value, dict) and not _is_drawn(fields[key], value):
            _add(fields[key], value)


def _is_drawn(*fields: dict[str, Any]) -> bool:
    """Whether one of the mappings is a draw of the template, which has no fields."""
    return any({"choice", "distribution"} & one.keys() for one in fields)


def _for_readers(drawing: Drawing, producer: Vertex, readers: list[Wire]) -> None:
    """What the filters of mappings and pipes behind a queue or stream let through."""
    patterns: list[dict[str, Any]] = []
    for wire in readers:
        reader = drawing.vertices[wire.target]
        patterns += details_of(wire.config.get("FilterCriteria"))
        patterns += details_of(reader.config.get("FilterPattern") if reader.kind == "aws.pipe" else None)
    fields = _fields(patterns)
    if fields:
        _event(drawing, producer, {"detail": fields}, "the filters")


def _for_exchange(drawing: Drawing, producer: Vertex, wire: Wire, bindings: list[Wire]) -> None:
    _with_headers(drawing, producer, wire, bindings)
    if "routing_key" in wire.config:
        return
    keys = [
        key.replace("*", "x").replace("#", "x")
        for binding in bindings
        if isinstance(key := binding.config.get("routing_key"), str) and key
    ]
    keys = [key for key in dict.fromkeys(keys) if "{" not in key][:MOST_VALUES]
    if not keys:
        return
    wire.config["routing_key"] = keys[0] if len(keys) == 1 else dict.fromkeys(keys, 1)
    wire.origins["routing_key"] = Origin("guess", "one key for each binding, each equally often")
    drawing.note(
        "assumed", producer.place, f"{producer.label} uses a routing key for each binding, equally often"
    )


def _with_headers(drawing: Drawing, producer: Vertex, wire: Wire, bindings: list[Wire]) -> None:
    """Headers that bindings of an exchange ask for; of several values of one, each equally often."""
    asked: dict[str, list[Any]] = defaultdict(list)
    for binding in bindings:
        for name, value in mapping(binding.config.get("arguments")).items():
            if not name.startswith("x-") and _is_plain(name) and isinstance(value, (str, int, float)):
                asked[name].append(value)
    asked = {name: values for name, values in list(asked.items())[:MOST_VALUES] if _examples(values)}
    if not asked or "headers" in wire.config:
        return
    wire.config["headers"] = {name: f"{{detail.{name}}}" for name in asked}
    wire.origins["headers"] = Origin("guess", "what the bindings ask for")
    detail = {name: _choice(_examples(values)) for name, values in asked.items()}
    _event(drawing, producer, {"detail": detail}, "the bindings")
