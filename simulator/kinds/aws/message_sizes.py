"""How large messages may be, for stages: sizes that are drawn, and what services of AWS add to them."""

from __future__ import annotations

import json
from math import inf
from typing import TYPE_CHECKING

from simulator.graph.walks import upstream

if TYPE_CHECKING:
    from simulator.engine.node import Node
    from simulator.engine.world import World

#: Bytes of the longest data type of an attribute (Amazon SNS developer guide, *Message attributes*).
DATA_TYPE = len("String.Array")


def largest_into(world: World, node: Node) -> float:
    """What no message that may come to the node is larger than, bytes: the largest that producers make, with
    what topics on the way add.
    """
    reaching = [one for source, one in enumerate(world.producers) if node.flows_beyond(source)]
    sizes = [getattr(world.document.node(producer).config, "size", None) for producer in reaching]
    largest = max([inf if size is None else size.maximum() for size in sizes], default=0.0)
    passed = (world.nodes[id] for id in upstream(world.document, node.id))
    return largest + sum(getattr(one, "most_added", 0.0) for one in passed)


def is_added_to(world: World, node: Node) -> bool:
    """Whether topics on the way to the node make messages larger."""
    return any(getattr(world.nodes[id], "most_added", 0.0) > 0.0 for id in upstream(world.document, node.id))


def most_attributes(world: World) -> tuple[int, float]:
    """How many attributes a message of any producer has at most, and how many bytes they are at most: a
    template names more than is drawn from it.
    """
    events = [getattr(world.document.node(id).config, "event", None) or {} for id in world.producers]
    found = [event.get("attributes") or {} for event in events]
    sizes = [len(json.dumps(one, default=str)) + DATA_TYPE * len(one) for one in found if one]
    return max([len(one) for one in found], default=0), float(max(sizes, default=0))
