"""The kind `rabbitmq.exchange`: its settings, its checks, its tester, its place in the catalogue."""

from __future__ import annotations

from simulator.design.edges import PlainSettings
from simulator.engine.stage_plan import RelayPlan
from simulator.engine.world import World
from simulator.kinds.cost import free_of_charge
from simulator.kinds.kind import Kind
from simulator.kinds.rabbitmq.checks import check_exchange
from simulator.kinds.rabbitmq.delayed import DelayedExchange
from simulator.kinds.rabbitmq.exchange import Exchange
from simulator.kinds.rabbitmq.exchange_settings import (
    BindingSettings,
    ExchangeSettings,
    RabbitPublishSettings,
)
from simulator.kinds.rabbitmq.faults import EXCHANGE_FAULTS
from simulator.kinds.rabbitmq.trial import TRIAL


def build(world: World, id: str, settings: ExchangeSettings) -> Exchange:
    """The running exchange of the type that is set."""
    made = DelayedExchange if settings.type == "x-delayed-message" else Exchange
    return made(world, id, settings)


def _plan_relay(world: World, id: str) -> RelayPlan | None:
    from simulator.kinds.rabbitmq.exchange_relay import plan_exchange

    return plan_exchange(world, id)


KIND = Kind(
    kind="rabbitmq.exchange",
    title="RabbitMQ exchange",
    group="Brokers",
    category="topic",
    summary="Routes by direct, fanout, topic, headers or consistent-hash bindings to queues.",
    docs="https://www.rabbitmq.com/docs/exchanges",
    settings=ExchangeSettings,
    build=build,
    edge_settings={"publish": BindingSettings, "consume": PlainSettings},
    entering_settings={"publish": RabbitPublishSettings},
    check=check_exchange,
    cycle_hint="take one of the bindings away: RabbitMQ would route along it once and gain nothing",
    badges=("throughput", "arrival_rate"),
    faults=EXCHANGE_FAULTS,
    trial=TRIAL,
    plan_relay=_plan_relay,
    cost=free_of_charge,  # the nodes stand at the queues
)
