"""`service` in the catalogue."""

from __future__ import annotations

from simulator.design.calls import CallSettings
from simulator.design.edges import PublishSettings
from simulator.engine.request import Responder
from simulator.engine.world import World
from simulator.kinds.basic.service.checks import check, share
from simulator.kinds.basic.service.faults import FAULTS
from simulator.kinds.basic.service.plain import ServiceNode
from simulator.kinds.basic.service.settings import ServiceSettings
from simulator.kinds.basic.service.staged import StagedService
from simulator.kinds.cost import instance_hours
from simulator.kinds.kind import Kind


def build(world: World, id: str, settings: ServiceSettings) -> Responder:
    """The running service."""
    made = ServiceNode if settings.is_simple else StagedService
    return made(world, id, settings)


KIND = Kind(
    kind="service",
    title="Service",
    group="Services",
    category="service",
    summary="A synchronous microservice: request and response with a bounded pool of workers.",
    docs="",
    settings=ServiceSettings,
    build=build,
    edge_settings={"publish": PublishSettings, "invoke": CallSettings},
    badges=("utilization", "throughput", "sojourn_time"),
    check=check,
    share=share,
    shares_alike=True,
    faults=FAULTS,
    cost=instance_hours,
)
