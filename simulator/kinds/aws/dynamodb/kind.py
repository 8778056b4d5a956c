"""`aws.dynamodb` in the palette."""

from __future__ import annotations

from simulator.design.edges import PlainSettings
from simulator.kinds.aws.dynamodb.call_settings import DynamoDbCallSettings, DynamoDbPublishSettings
from simulator.kinds.aws.dynamodb.checks import check
from simulator.kinds.aws.dynamodb.cost import cost_items
from simulator.kinds.aws.dynamodb.settings import DynamoDbSettings
from simulator.kinds.aws.dynamodb.table import Table
from simulator.kinds.kind import Kind

KIND = Kind(
    kind="aws.dynamodb",
    title="Amazon DynamoDB table",
    group="Stores",
    category="store",
    summary="On demand or provisioned: capacity units, hot keys, conditions, transactions, streams.",
    docs="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html",
    settings=DynamoDbSettings,
    build=Table,
    edge_settings={"consume": PlainSettings},
    entering_settings={"invoke": DynamoDbCallSettings, "publish": DynamoDbPublishSettings},
    check=check,
    badges=("throughput", "throttled", "sojourn_time"),
    cost=cost_items,
)
