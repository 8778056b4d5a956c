"""Settings of the broker itself: flow control, memory and disk. They hold for the whole cluster."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.design.fields import Settings, Source, setting
from simulator.kinds.cost import MachineType

_FLOW = Source("RabbitMQ documentation, Flow Control", "https://www.rabbitmq.com/docs/flow-control")
_CODE = Source(
    "rabbitmq-server, defaults of the application rabbit", "https://github.com/rabbitmq/rabbitmq-server"
)
_MEMORY = Source("RabbitMQ documentation, Memory Threshold and Limit", "https://www.rabbitmq.com/docs/memory")
_DISK = Source("RabbitMQ documentation, Free Disk Space Alarms", "https://www.rabbitmq.com/docs/disk-alarms")

Bytes = Annotated[int, Field(ge=1, le=10**15)]


class ClusterSettings(Settings):
    """What the configuration file of the broker says; any queue may say it for all."""

    hosting: Literal["self-managed", "amazon-mq"] = setting(
        "self-managed",
        title="Hosting",
        help="Who runs the nodes, for the cost: machines of your own, or Amazon MQ.",
        advanced=True,
    )
    node_type: MachineType | None = setting(
        None,
        title="Node type",
        help="Machine of each node, for the cost: a line machine.TYPE or aws.mq.TYPE of the prices. Empty: "
        "m7g.large, with Amazon MQ m5.large.",
        advanced=True,
    )
    credit_flow_default_credit: int = setting(
        400,
        title="credit_flow_default_credit",
        help="Publishes a channel may have unprocessed at a classic queue before it waits; half of it is "
        "granted again at a time. 0: no flow control.",
        unit="messages",
        source=_FLOW,
        advanced=True,
        ge=0,
        le=1_000_000,
    )
    quorum_commands_soft_limit: int = setting(
        32,
        title="quorum_commands_soft_limit",
        help="Publishes a channel may have uncommitted at a quorum queue before it waits; 0: any number.",
        unit="messages",
        source=_CODE,
        advanced=True,
        ge=0,
        le=1_000_000,
    )
    stream_messages_soft_limit: int = setting(
        256,
        title="stream_messages_soft_limit",
        help="Publishes a channel may have uncommitted at a stream before it waits; 0: any number.",
        unit="messages",
        source=_CODE,
        advanced=True,
        ge=0,
        le=1_000_000,
    )
    total_memory: Bytes | None = setting(
        None,
        title="total_memory_available_override_value",
        help="Memory of each node of the cluster; empty: memory is not looked at.",
        unit="bytes",
        source=_MEMORY,
        alias="total_memory_available_override_value",
        advanced=True,
    )
    watermark: float = setting(
        0.6,
        title="vm_memory_high_watermark.relative",
        help="Share of the memory above which the memory alarm blocks all publishers.",
        source=_MEMORY,
        alias="vm_memory_high_watermark.relative",
        advanced=True,
        gt=0,
        le=1,
    )
    disk_space: Bytes | None = setting(
        None,
        title="Disk space",
        help="Free space on the disk of each node while nothing is stored; empty: the disk is not looked at.",
        unit="bytes",
        advanced=True,
    )
    disk_free_limit: int = setting(
        50_000_000,
        title="disk_free_limit.absolute",
        help="Free space below which the disk alarm blocks all publishers.",
        unit="bytes",
        source=_DISK,
        alias="disk_free_limit.absolute",
        advanced=True,
        ge=0,
        le=10**15,
    )
