"""Resources of Terraform's AWS provider as those of CloudFormation: types, attributes, blocks.

Source: Terraform AWS provider documentation, *Resources*; AWS CloudFormation template reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.formats.imports.intrinsics import is_external
from simulator.formats.imports.values import rows


@dataclass(frozen=True, slots=True)
class Block:
    """A block: one property that is a mapping, or a list of them."""

    name: str
    inner: Attributes
    is_list: bool = False


#: The property for each attribute of the provider: its name, or how a block is written there.
Attributes = Mapping[str, "str | Block"]


@dataclass(frozen=True, slots=True)
class Type:
    """One type of the provider.

    Args:
        name: CloudFormation's.
        attributes: what is read.
        unset: values that stand for nothing, by attribute.
    """

    name: str
    attributes: Attributes
    unset: Mapping[str, Any] = field(default_factory=dict)


_FILTER = Block("FilterCriteria", {"filter": Block("Filters", {"pattern": "Pattern"}, is_list=True)})
_ARN = {"arn": "Arn"}
_BATCH = {
    "batch_size": "BatchSize",
    "maximum_batching_window_in_seconds": "MaximumBatchingWindowInSeconds",
}
_STREAM: Attributes = {
    **_BATCH,
    "parallelization_factor": "ParallelizationFactor",
    "maximum_retry_attempts": "MaximumRetryAttempts",
    "maximum_record_age_in_seconds": "MaximumRecordAgeInSeconds",
    "dead_letter_config": Block("DeadLetterConfig", _ARN),
}
_RETRY = Block(
    "RetryPolicy",
    {
        "maximum_retry_attempts": "MaximumRetryAttempts",
        "maximum_event_age_in_seconds": "MaximumEventAgeInSeconds",
    },
)
_GROUP = {"message_group_id": "MessageGroupId", "message_deduplication_id": "MessageDeduplicationId"}

TYPES: dict[str, Type] = {
    "aws_sqs_queue": Type(
        "AWS::SQS::Queue",
        {
            "name": "QueueName",
            "visibility_timeout_seconds": "VisibilityTimeout",
            "delay_seconds": "DelaySeconds",
            "message_retention_seconds": "MessageRetentionPeriod",
            "max_message_size": "MaximumMessageSize",
            "receive_wait_time_seconds": "ReceiveMessageWaitTimeSeconds",
            "fifo_queue": "FifoQueue",
            "content_based_deduplication": "ContentBasedDeduplication",
            "deduplication_scope": "DeduplicationScope",
            "fifo_throughput_limit": "FifoThroughputLimit",
            "redrive_policy": "RedrivePolicy",
            "redrive_allow_policy": "RedriveAllowPolicy",
        },
    ),
    "aws_sns_topic": Type(
        "AWS::SNS::Topic",
        {
            "name": "TopicName",
            "fifo_topic": "FifoTopic",
            "content_based_deduplication": "ContentBasedDeduplication",
            "fifo_throughput_scope": "FifoThroughputScope",
            "archive_policy": "ArchivePolicy",
        },
    ),
    "aws_sns_topic_subscription": Type(
        "AWS::SNS::Subscription",
        {
            "topic_arn": "TopicArn",
            "endpoint": "Endpoint",
            "protocol": "Protocol",
            "filter_policy": "FilterPolicy",
            "filter_policy_scope": "FilterPolicyScope",
            "raw_message_delivery": "RawMessageDelivery",
            "redrive_policy": "RedrivePolicy",
            "delivery_policy": "DeliveryPolicy",
        },
    ),
    "aws_cloudwatch_event_bus": Type("AWS::Events::EventBus", {"name": "Name"}),
    "aws_cloudwatch_event_rule": Type(
        "AWS::Events::Rule",
        {
            "name": "Name",
            "event_bus_name": "EventBusName",
            "event_pattern": "EventPattern",
            "schedule_expression": "ScheduleExpression",
            "state": "State",
        },
        {"state": ""},
    ),
    # No type of CloudFormation: a part of its rule there.
    "aws_cloudwatch_event_target": Type(
        "",
        {
            "rule": "Rule",
            "arn": "Arn",
            "input_path": "InputPath",
            "input": "Input",
            "retry_policy": _RETRY,
            "dead_letter_config": Block("DeadLetterConfig", _ARN),
            "sqs_target": Block("SqsParameters", _GROUP),
            "input_transformer": Block(
                "InputTransformer", {"input_paths": "InputPathsMap", "input_template": "InputTemplate"}
            ),
        },
    ),
    "aws_cloudwatch_event_archive": Type(
        "AWS::Events::Archive",
        {"event_source_arn": "SourceArn", "retention_days": "RetentionDays", "event_pattern": "EventPattern"},
    ),
    "aws_cloudwatch_event_api_destination": Type("AWS::Events::ApiDestination", {"name": "Name"}),
    "aws_scheduler_schedule": Type(
        "AWS::Scheduler::Schedule",
        {
            "name": "Name",
            "schedule_expression": "ScheduleExpression",
            "schedule_expression_timezone": "ScheduleExpressionTimezone",
            "start_date": "StartDate",
            "end_date": "EndDate",
            "state": "State",
            "flexible_time_window": Block(
                "FlexibleTimeWindow",
                {"mode": "Mode", "maximum_window_in_minutes": "MaximumWindowInMinutes"},
            ),
            "target": Block(
                "Target",
                {
                    "arn": "Arn",
                    "input": "Input",
                    "retry_policy": _RETRY,
                    "dead_letter_config": Block("DeadLetterConfig", _ARN),
                    "sqs_parameters": Block("SqsParameters", _GROUP),
                },
            ),
        },
    ),
    "aws_lambda_function": Type(
        "AWS::Lambda::Function",
        {
            "function_name": "FunctionName",
            "timeout": "Timeout",
            "memory_size": "MemorySize",
            "reserved_concurrent_executions": "ReservedConcurrentExecutions",
            "architectures": "Architectures",
            "runtime": "Runtime",
            "role": "Role",
            "snap_start": Block("SnapStart", {"apply_on": "ApplyOn"}),
            "dead_letter_config": Block("DeadLetterConfig", {"target_arn": "TargetArn"}),
            "environment": Block("Environment", {"variables": "Variables"}),
        },
        {"reserved_concurrent_executions": -1},
    ),
    "aws_lambda_alias": Type("AWS::Lambda::Alias", {"function_name": "FunctionName"}),
    "aws_lambda_provisioned_concurrency_config": Type(
        "AWS::Lambda::Alias",
        {
            "function_name": "FunctionName",
            "provisioned_concurrent_executions": "ProvisionedConcurrentExecutions",
        },
    ),
    "aws_lambda_function_url": Type("AWS::Lambda::Url", {"function_name": "TargetFunctionArn"}),
    "aws_lambda_permission": Type(
        "AWS::Lambda::Permission", {"function_name": "FunctionName", "principal": "Principal"}
    ),
    "aws_lambda_function_event_invoke_config": Type(
        "AWS::Lambda::EventInvokeConfig",
        {
            "function_name": "FunctionName",
            "maximum_retry_attempts": "MaximumRetryAttempts",
            "maximum_event_age_in_seconds": "MaximumEventAgeInSeconds",
            "destination_config": Block(
                "DestinationConfig",
                {
                    "on_success": Block("OnSuccess", {"destination": "Destination"}),
                    "on_failure": Block("OnFailure", {"destination": "Destination"}),
                },
            ),
        },
        {"maximum_event_age_in_seconds": 0},
    ),
    "aws_lambda_event_source_mapping": Type(
        "AWS::Lambda::EventSourceMapping",
        {
            **_BATCH,
            "event_source_arn": "EventSourceArn",
            "function_name": "FunctionName",
            "enabled": "Enabled",
            "topics": "Topics",
            "queues": "Queues",
            "parallelization_factor": "ParallelizationFactor",
            "maximum_retry_attempts": "MaximumRetryAttempts",
            "maximum_record_age_in_seconds": "MaximumRecordAgeInSeconds",
            "bisect_batch_on_function_error": "BisectBatchOnFunctionError",
            "function_response_types": "FunctionResponseTypes",
            "filter_criteria": _FILTER,
            "scaling_config": Block("ScalingConfig", {"maximum_concurrency": "MaximumConcurrency"}),
            "provisioned_poller_config": Block(
                "ProvisionedPollerConfig",
                {"minimum_pollers": "MinimumPollers", "maximum_pollers": "MaximumPollers"},
            ),
            "destination_config": Block(
                "DestinationConfig",
                {"on_failure": Block("OnFailure", {"destination_arn": "Destination"})},
            ),
            "tumbling_window_in_seconds": "TumblingWindowInSeconds",
        },
        {"parallelization_factor": 0, "maximum_record_age_in_seconds": 0, "tumbling_window_in_seconds": 0},
    ),
    "aws_sfn_state_machine": Type(
        "AWS::StepFunctions::StateMachine",
        {"name": "StateMachineName", "definition": "DefinitionString", "type": "StateMachineType"},
    ),
    "aws_kinesis_stream": Type(
        "AWS::Kinesis::Stream",
        {"name": "Name", "shard_count": "ShardCount", "retention_period": "RetentionPeriodHours"},
    ),
    "aws_dynamodb_table": Type(
        "AWS::DynamoDB::Table",
        {
            "name": "TableName",
            "billing_mode": "BillingMode",
            "read_capacity": "ReadCapacityUnits",
            "write_capacity": "WriteCapacityUnits",
            "table_class": "TableClass",
            "stream_enabled": "StreamEnabled",
            "stream_view_type": "StreamViewType",
            "ttl": Block(
                "TimeToLiveSpecification", {"enabled": "Enabled", "attribute_name": "AttributeName"}
            ),
            "global_secondary_index": Block(
                "GlobalSecondaryIndexes",
                {
                    "name": "IndexName",
                    "projection_type": "ProjectionType",
                },
                is_list=True,
            ),
            "on_demand_throughput": Block(
                "OnDemandThroughput",
                {
                    "max_read_request_units": "MaxReadRequestUnits",
                    "max_write_request_units": "MaxWriteRequestUnits",
                },
            ),
            "warm_throughput": Block(
                "WarmThroughput",
                {
                    "read_units_per_second": "ReadUnitsPerSecond",
                    "write_units_per_second": "WriteUnitsPerSecond",
                },
            ),
        },
        {"table_class": "", "stream_view_type": "", "read_capacity": 0, "write_capacity": 0},
    ),
    "aws_pipes_pipe": Type(
        "AWS::Pipes::Pipe",
        {
            "name": "Name",
            "source": "Source",
            "target": "Target",
            "enrichment": "Enrichment",
            "source_parameters": Block(
                "SourceParameters",
                {
                    "filter_criteria": _FILTER,
                    "sqs_queue_parameters": Block("SqsQueueParameters", _BATCH),
                    "kinesis_stream_parameters": Block("KinesisStreamParameters", _BATCH),
                    "dynamodb_stream_parameters": Block("DynamoDBStreamParameters", _STREAM),
                    "managed_streaming_kafka_parameters": Block("ManagedStreamingKafkaParameters", _BATCH),
                    "rabbitmq_broker_parameters": Block("RabbitMQBrokerParameters", _BATCH),
                },
            ),
            "target_parameters": Block(
                "TargetParameters", {"sqs_queue_parameters": Block("SqsQueueParameters", _GROUP)}
            ),
        },
    ),
    "aws_msk_cluster": Type("AWS::MSK::Cluster", {"number_of_broker_nodes": "NumberOfBrokerNodes"}),
    "aws_mq_broker": Type("AWS::AmazonMQ::Broker", {"engine_type": "EngineType"}),
    "aws_s3_bucket_notification": Type(
        "AWS::S3::Bucket",
        {
            "lambda_function": Block(
                "LambdaFunctionConfigurations", {"lambda_function_arn": "LambdaFunctionArn"}, is_list=True
            ),
            "queue": Block("QueueConfigurations", {"queue_arn": "QueueArn"}, is_list=True),
            "topic": Block("TopicConfigurations", {"topic_arn": "TopicArn"}, is_list=True),
        },
    ),
    "aws_api_gateway_integration": Type("AWS::ApiGateway::Method", {"uri": "Uri"}),
    "aws_apigatewayv2_integration": Type(
        "AWS::ApiGatewayV2::Integration",
        {
            "integration_uri": "IntegrationUri",
            "integration_subtype": "IntegrationSubtype",
            "request_parameters": "RequestParameters",
        },
    ),
    "aws_ecs_task_definition": Type(
        "AWS::ECS::TaskDefinition",
        {
            "family": "Family",
            "container_definitions": "ContainerDefinitions",
            "task_role_arn": "TaskRoleArn",
        },
    ),
    "aws_ecs_service": Type(
        "AWS::ECS::Service",
        {
            "task_definition": "TaskDefinition",
            "desired_count": "DesiredCount",
            "load_balancer": Block("LoadBalancers", {"container_name": "ContainerName"}, is_list=True),
        },
    ),
    "aws_appsync_datasource": Type(
        "AWS::AppSync::DataSource",
        {
            "lambda_config": Block("LambdaConfig", {"function_arn": "LambdaFunctionArn"}),
            "dynamodb_config": Block("DynamoDBConfig", {"table_name": "TableName"}),
            "event_bridge_config": Block("EventBridgeConfig", {"event_bus_arn": "EventBusArn"}),
        },
    ),
    "aws_cloudwatch_log_subscription_filter": Type(
        "AWS::Logs::SubscriptionFilter", {"destination_arn": "DestinationArn"}
    ),
    "aws_iam_role": Type(
        "AWS::IAM::Role",
        {
            "name": "RoleName",
            "inline_policy": Block("Policies", {"policy": "PolicyDocument"}, is_list=True),
            "managed_policy_arns": "ManagedPolicyArns",
        },
    ),
    "aws_iam_role_policy": Type("AWS::IAM::RolePolicy", {"role": "RoleName", "policy": "PolicyDocument"}),
    "aws_iam_policy": Type("AWS::IAM::ManagedPolicy", {"policy": "PolicyDocument"}),
}


def properties_of(type: Type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a resource as CloudFormation's properties; what is not set is not there."""
    given = {key: value for key, value in values.items() if type.unset.get(key, _NEVER) != value}
    found = _written(type.attributes, given)
    if type.name == "AWS::DynamoDB::Table":
        _table(found)
    if "ProvisionedConcurrentExecutions" in found:
        count = found.pop("ProvisionedConcurrentExecutions")
        found["ProvisionedConcurrencyConfig"] = {"ProvisionedConcurrentExecutions": count}
    return found


_NEVER = object()


def _written(attributes: Attributes, values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        shape = attributes.get(key)
        if shape is None or value is None:
            continue
        if isinstance(shape, str):
            found[shape] = value
            continue
        blocks = [_written(shape.inner, one) for one in rows(value) if isinstance(one, dict)]
        blocks = [one for one in blocks if one]
        if blocks:
            found[shape.name] = blocks if shape.is_list else blocks[0]
    return found


def _table(found: dict[str, Any]) -> None:
    """What the provider writes flat stands in groups in CloudFormation."""
    units = {key: found.pop(key) for key in ("ReadCapacityUnits", "WriteCapacityUnits") if key in found}
    if units:
        found["ProvisionedThroughput"] = units
    is_streaming, holds = found.pop("StreamEnabled", None), found.pop("StreamViewType", None)
    if is_streaming:
        found["StreamSpecification"] = {"StreamViewType": holds} if holds else {"StreamEnabled": True}
    for index in found.get("GlobalSecondaryIndexes", []):
        index["Projection"] = {"ProjectionType": index.pop("ProjectionType", "ALL")}


#: Attributes that say nothing of how messages flow, and are not worth a line for each resource.
_QUIET = frozenset(
    {
        "id", "arn", "url", "tags", "tags_all", "policy", "region", "description", "name_prefix",
        "timeouts", "owner_id", "owner", "invoke_arn", "qualified_arn", "qualified_invoke_arn",
        "last_modified", "version", "source_code_hash", "source_code_size", "code_sha256",
        "assume_role_policy", "unique_id", "create_date", "path", "attachment_count", "policy_id",
        "hash_key", "range_key", "attribute", "rule", "statement_id", "action",
        "endpoint_auto_confirms", "confirmation_timeout_in_minutes", "function_arn", "uuid", "state",
        "last_processing_result", "state_transition_reason", "stream_arn", "stream_label",
        "creation_date", "status", "filename", "handler", "publish", "skip_destroy", "qualifier",
        "force_detach_policies", "max_session_duration", "role_arn", "role", "target_id", "is_enabled",
        "role_last_used", "beginning_archive_time",
    }
)  # fmt: skip


def left_out(type: Type, values: Mapping[str, Any]) -> list[str]:
    """Attributes that have a value and no property here."""
    return sorted(
        key
        for key, value in values.items()
        if key not in type.attributes
        and key not in _QUIET
        and (is_external(value) or value not in (None, "", 0, False, [], {}))
    )
