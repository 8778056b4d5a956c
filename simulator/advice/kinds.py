"""The rules that stand beside the kinds they are about."""

from __future__ import annotations

from simulator.graph.rule import Rule
from simulator.kinds.aws import eventbridge_advice, sns_advice
from simulator.kinds.aws.dynamodb import advice as dynamodb
from simulator.kinds.aws.lambda_function import advice as aws_lambda
from simulator.kinds.aws.sqs import advice as sqs
from simulator.kinds.aws.stepfunctions import advice as stepfunctions
from simulator.kinds.kafka import advice as kafka
from simulator.kinds.kafka import reading_advice as kafka_reading
from simulator.kinds.rabbitmq import advice as rabbitmq
from simulator.kinds.rabbitmq import publishing_advice as rabbitmq_publishing

RULES: tuple[Rule, ...] = (
    *sqs.RULES,
    *sns_advice.RULES,
    *eventbridge_advice.RULES,
    *kafka.RULES,
    *kafka_reading.RULES,
    *rabbitmq.RULES,
    *rabbitmq_publishing.RULES,
    *aws_lambda.RULES,
    *stepfunctions.RULES,
    *dynamodb.RULES,
)
