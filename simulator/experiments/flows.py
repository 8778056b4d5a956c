"""The flows of a design: from every producer to every end that its messages may reach."""

from __future__ import annotations

from collections.abc import Callable

from simulator.engine.endpoint import Consumer
from simulator.engine.request import Responder
from simulator.engine.world import World
from simulator.graph.walks import reachable
from simulator.kinds.basic.join import Join
from simulator.kinds.catalogue import KINDS
from simulator.measurement.ordering import Flow


def lay_flows(world: World) -> None:
    """Make the flows and tell every node which of them end beyond it.

    Whoever reads dead letters is the end of a flow too; a message that becomes a dead letter is lost to the
    other ends alone.
    """
    document = world.document
    categories = {node.id: KINDS[node.kind].category for node in document.nodes}
    ends = {
        id: node
        for id, node in world.nodes.items()
        if isinstance(node, Consumer | Responder) or (isinstance(node, Join) and not document.edges_from(id))
    }
    for source, producer in enumerate(world.producers):
        reached = reachable(document, producer, as_dead_letters=True)
        # A service that a producer calls, or that gets messages, is an end; one that others invoke is part of
        # their work.
        called = {edge.target for edge in document.edges_from(producer) if edge.role == "invoke"} | {
            edge.target
            for edge in document.edges
            if edge.role in ("publish", "dead-letter")
            and edge.source in reached
            and (categories[edge.source] == "bus" or categories[edge.target] == "function")
        }
        read = {edge.target for edge in document.edges if edge.role == "consume" and edge.source in reached}
        for id in sorted(reached & set(ends)):
            # What takes messages from a broker is an end also where it answers requests besides.
            if id in called or (id in read if isinstance(ends[id], Responder) else True):
                flow = Flow(producer, id)
                ends[id].flows[source] = flow
                world.flows.append(flow)

    def finder(id: str) -> Callable[[int], list[Flow]]:
        def find(source: int) -> list[Flow]:
            beyond = reachable(document, id, past_joins=False)
            return [
                ends[end].flows[source] for end in sorted(beyond & set(ends)) if source in ends[end].flows
            ]

        return find

    for id, node in world.nodes.items():
        node.find_flows = finder(id)
