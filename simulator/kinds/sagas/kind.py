"""`saga` in the palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.kinds.kind import Kind
from simulator.kinds.sagas.channels import edge_of
from simulator.kinds.sagas.checks import check_saga
from simulator.kinds.sagas.coordinator import SagaNode
from simulator.kinds.sagas.settings import CommandSettings, SagaSettings

if TYPE_CHECKING:
    from simulator.design.document import Document, Edge, Node


def commands_on(document: Document, node: Node, edge: Edge) -> float:
    """Steps on the edge for each saga, where nothing fails."""
    assert isinstance(node.config, SagaSettings)
    edges = [one for one in document.edges_from(node.id) if one.role in ("invoke", "publish")]
    return float(sum(edge_of(step.name, edges) is edge for step in node.config.steps))


KIND = Kind(
    kind="saga",
    title="Saga",
    group="Services",
    category="service",
    summary="A coordinator that sends the commands of a saga, and undoes them in reverse order.",
    docs="",
    settings=SagaSettings,
    build=SagaNode,
    edge_settings={"invoke": CommandSettings, "publish": CommandSettings},
    check=check_saga,
    badges=("half_done", "execution_time", "sagas_compensated"),
    share=commands_on,
)
