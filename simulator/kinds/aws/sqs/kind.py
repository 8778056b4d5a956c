"""`aws.sqs` in the palette."""

from __future__ import annotations

from simulator.design.edges import DeadLetterSettings
from simulator.engine.stage_plan import StagePlan
from simulator.engine.world import World
from simulator.kinds.aws.sqs.checks import check
from simulator.kinds.aws.sqs.cost import cost_items
from simulator.kinds.aws.sqs.edge_settings import SqsConsumeSettings, SqsPublishSettings
from simulator.kinds.aws.sqs.fair import FairQueue
from simulator.kinds.aws.sqs.fifo import FifoQueue
from simulator.kinds.aws.sqs.queue import SqsQueue
from simulator.kinds.aws.sqs.queue_stage import plan_queue
from simulator.kinds.aws.sqs.redrive import PURGE, REDRIVE, SET
from simulator.kinds.aws.sqs.settings import SqsSettings
from simulator.kinds.aws.sqs.standard import StandardQueue
from simulator.kinds.aws.sqs.traits import SQS_MAPPING
from simulator.kinds.kind import Kind


def build(world: World, id: str, settings: SqsSettings) -> SqsQueue:
    """The running queue: FIFO, or standard, which is fair where messages name a group."""
    if settings.fifo_queue:
        return FifoQueue(world, id, settings)
    names_tenants = any(
        getattr(edge.settings, "message_group_id", None) for edge in world.edges_into(id, "publish")
    )
    return FairQueue(world, id, settings) if names_tenants else StandardQueue(world, id, settings)


def _plan_stage(world: World, id: str) -> StagePlan | None:
    plan = plan_queue(world, id)
    readers = {world.document.node(edge.target).kind for edge in world.edges_from(id, "consume")}
    if plan is None and "aws.lambda" in readers:
        from simulator.kinds.aws.lambda_function.mapping_stage import plan_mapping

        plan = plan_mapping(world, id)
    return plan


KIND = Kind(
    kind="aws.sqs",
    title="Amazon SQS queue",
    group="Brokers",
    category="queue",
    summary="Standard or FIFO: visibility timeout, message groups, dead-letter queue, long polling.",
    docs="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/welcome.html",
    settings=SqsSettings,
    build=build,
    edge_settings={"consume": SqsConsumeSettings, "dead-letter": DeadLetterSettings},
    entering_settings={"publish": SqsPublishSettings},
    check=check,
    badges=("queue_length", "in_flight", "waiting_time"),
    faults=(REDRIVE, PURGE, SET),
    swap=SQS_MAPPING,
    cost=cost_items,
    plan_stage=_plan_stage,
)
