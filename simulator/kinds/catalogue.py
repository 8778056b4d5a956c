"""All kinds: one import and one line in the table for each."""

from __future__ import annotations

from simulator.kinds.aws import eventbridge, pipe, scheduler, sns
from simulator.kinds.aws.dynamodb import kind as dynamodb
from simulator.kinds.aws.lambda_function import kind as aws_lambda
from simulator.kinds.aws.sqs import kind as sqs
from simulator.kinds.aws.stepfunctions import kind as stepfunctions
from simulator.kinds.basic import consumer, join, producer, queue, topic
from simulator.kinds.basic.service import kind as service
from simulator.kinds.cqrs import event_store_kind as event_store
from simulator.kinds.cqrs import projection_kind as projection
from simulator.kinds.kafka import topic as kafka_topic
from simulator.kinds.kind import Kind
from simulator.kinds.rabbitmq import exchange_kind as rabbitmq_exchange
from simulator.kinds.rabbitmq import queue_kind as rabbitmq_queue

KINDS: dict[str, Kind] = {
    kind.kind: kind
    for kind in (
        producer.KIND,
        scheduler.KIND,
        queue.KIND,
        topic.KIND,
        sqs.KIND,
        sns.KIND,
        eventbridge.KIND,
        kafka_topic.KIND,
        rabbitmq_exchange.KIND,
        rabbitmq_queue.KIND,
        consumer.KIND,
        pipe.KIND,
        service.KIND,
        aws_lambda.KIND,
        stepfunctions.KIND,
        join.KIND,
        dynamodb.KIND,
        event_store.KIND,
        projection.KIND,
    )
}
