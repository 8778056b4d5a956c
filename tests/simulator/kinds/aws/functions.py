"""Small designs around one function, without cold starts and overhead unless a test asks for them."""

from __future__ import annotations

from typing import Any

from simulator import Document, simulate
from simulator.engine.message import Message
from simulator.experiments.replication import Replication
from simulator.kinds.aws.lambda_function import execution, function
from tests.simulator.designs import design, node

IDEAL: dict[str, Any] = {"init_duration": 0, "invoke_overhead": 0, "service_time": 1, "Timeout": 3}


def order(sku: str) -> dict[str, Any]:
    """The event of an order."""
    return {"source": "shop", "type": "Order", "detail": {"sku": sku}}


#: The handler fails at every broken order.
POISON: dict[str, Any] = {"failure": {"poison": {"detail": {"sku": ["broken"]}}}}


def reading(
    arrivals: dict[str, Any],
    config: dict[str, Any] | None = None,
    *,
    queue: dict[str, Any] | None = None,
    mapping: dict[str, Any] | None = None,
    receives: int | None = None,
    broken: dict[str, Any] | None = None,
    duration: float = 100,
    **producer: Any,
) -> Document:
    """producer s -> aws.sqs q -> function f (edge e1), with a dead-letter queue where `receives` is given,
    and a second producer of orders that are `broken`.
    """
    nodes = [
        node("s", "producer", arrivals=arrivals, **producer),
        node("q", "aws.sqs", **{"VisibilityTimeout": 30, **(queue or {})}),
        node("f", "aws.lambda", **{**IDEAL, **(config or {})}),
    ]
    edges = ["s->q", "q->f"]
    configs: dict[str, Any] = {"q->f": mapping or {}}
    if receives is not None:
        nodes.append(node("dead", "aws.sqs", FifoQueue=bool((queue or {}).get("FifoQueue"))))
        edges.append("q->dead:dead-letter")
        configs["q->dead:dead-letter"] = {"maxReceiveCount": receives}
    if broken is not None:
        nodes.append(node("b", "producer", arrivals=broken, event=order("broken")))
        edges.append("b->q")
    simulation = {"duration": duration, "warmup": 0}
    return design(nodes, edges, edge_configs=configs, simulation=simulation)


def invoked(
    arrivals: dict[str, Any],
    config: dict[str, Any] | None = None,
    *,
    role: str = "invoke",
    dead: bool = False,
    duration: float = 100,
    **producer: Any,
) -> Document:
    """producer s -> function f, and with `dead` its destination on failure."""
    nodes = [
        node("s", "producer", arrivals=arrivals, **producer),
        node("f", "aws.lambda", **{**IDEAL, **(config or {})}),
    ]
    edges = [f"s->f:{role}"]
    if dead:
        nodes.append(node("dead", "aws.sqs"))
        edges.append("f->dead:dead-letter")
    return design(nodes, edges, simulation={"duration": duration, "warmup": 0})


def figures(document: Document) -> dict[str, dict[str, float]]:
    """All plain figures by node, and that the books are in balance."""
    result = simulate(document, replications=1)
    assert result["conservation"]["ok"], result["conservation"]
    return {
        id: {
            name: value["mean"]
            for name, value in found.items()
            if isinstance(value, dict) and isinstance(value.get("mean"), float | int)
        }
        for id, found in result["nodes"].items()
    }


class Runs:
    """A replication whose executions are written down: (begins, messages by producer and sequence)."""

    def __init__(self, document: Document, until: float) -> None:
        self.replication = Replication(document, 1, 0, document.simulation.duration, None, "events")
        self.world = self.replication.world
        self.begun: list[tuple[float, tuple[str, ...]]] = []
        self.refused: list[float] = []
        for one in self.world.nodes.values():
            if isinstance(one, function.LambdaFunction):
                self._watch(one)
        self.world.env.advance(until, 10**9)

    def _watch(self, one: function.LambdaFunction) -> None:
        invoke = one.invoke

        def noted(invocation: execution.Invocation, now: float) -> bool:
            if not invoke(invocation, now):
                self.refused.append(now)
                return False
            self.begun.append((now, tuple(self._name(message) for message in invocation.messages)))
            return True

        one.__dict__["invoke"] = noted

    def _name(self, message: Message) -> str:
        return f"{self.world.producers[message.source]}{message.sequence}"

    @property
    def times(self) -> list[float]:
        """When executions have begun."""
        return [round(time, 6) for time, _ in self.begun]

    def function(self) -> function.LambdaFunction:
        """The first function of the design."""
        return next(one for one in self.world.nodes.values() if isinstance(one, function.LambdaFunction))

    def lines(self) -> list[str]:
        """The trace: when which messages were worked on."""
        return [f"{time:10.3f}  {' '.join(batch)}" for time, batch in self.begun]
