"""Terraform plans and states: what ``terraform show -json`` prints.

Resources of the AWS provider are read as those of CloudFormation; what they refer to comes from the plan's
configuration, through modules, because a plan does not know the ARNs of what it will make.
Source: Terraform documentation, *JSON Output Format*; Terraform AWS provider, *Resources*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from simulator.formats.imports.aws_compute import link_machines
from simulator.formats.imports.aws_lambda import link_functions
from simulator.formats.imports.aws_messaging import link_redrives, link_subscriptions
from simulator.formats.imports.aws_stack import Resource, Stack
from simulator.formats.imports.cloudformation import HANDLERS
from simulator.formats.imports.intrinsics import Reference
from simulator.formats.imports.kafka_settings import topic_config
from simulator.formats.imports.reading import Reading
from simulator.formats.imports.source_file import Path, SourceFile
from simulator.formats.imports.values import mapping, rows, text, whole

MOST_RESOURCES = 5_000
MOST_DEPTH = 12

#: CloudFormation's type, and its property for each attribute of the provider.
_TYPES: dict[str, tuple[str, dict[str, str]]] = {
    "aws_sqs_queue": (
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
    "aws_sns_topic": (
        "AWS::SNS::Topic",
        {
            "name": "TopicName",
            "fifo_topic": "FifoTopic",
            "content_based_deduplication": "ContentBasedDeduplication",
            "fifo_throughput_scope": "FifoThroughputScope",
            "archive_policy": "ArchivePolicy",
        },
    ),
    "aws_sns_topic_subscription": (
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
    "aws_cloudwatch_event_bus": ("AWS::Events::EventBus", {"name": "Name"}),
    "aws_cloudwatch_event_rule": (
        "AWS::Events::Rule",
        {
            "name": "Name",
            "event_bus_name": "EventBusName",
            "event_pattern": "EventPattern",
            "schedule_expression": "ScheduleExpression",
            "state": "State",
        },
    ),
    "aws_cloudwatch_event_archive": (
        "AWS::Events::Archive",
        {"event_source_arn": "SourceArn", "retention_days": "RetentionDays", "event_pattern": "EventPattern"},
    ),
    "aws_cloudwatch_event_api_destination": ("AWS::Events::ApiDestination", {"name": "Name"}),
    "aws_lambda_function": (
        "AWS::Lambda::Function",
        {
            "function_name": "FunctionName",
            "timeout": "Timeout",
            "reserved_concurrent_executions": "ReservedConcurrentExecutions",
        },
    ),
    "aws_lambda_event_source_mapping": (
        "AWS::Lambda::EventSourceMapping",
        {
            "event_source_arn": "EventSourceArn",
            "function_name": "FunctionName",
            "batch_size": "BatchSize",
            "maximum_batching_window_in_seconds": "MaximumBatchingWindowInSeconds",
            "topics": "Topics",
            "queues": "Queues",
            "filter_criteria": "FilterCriteria",
        },
    ),
    "aws_sfn_state_machine": (
        "AWS::StepFunctions::StateMachine",
        {"name": "StateMachineName", "definition": "DefinitionString", "type": "StateMachineType"},
    ),
    "aws_kinesis_stream": (
        "AWS::Kinesis::Stream",
        {"name": "Name", "shard_count": "ShardCount", "retention_period": "RetentionPeriodHours"},
    ),
    "aws_dynamodb_table": (
        "AWS::DynamoDB::Table",
        {"name": "TableName", "stream_enabled": "StreamSpecification"},
    ),
    "aws_pipes_pipe": (
        "AWS::Pipes::Pipe",
        {"name": "Name", "source": "Source", "target": "Target", "enrichment": "Enrichment"},
    ),
    "aws_msk_cluster": ("AWS::MSK::Cluster", {"number_of_broker_nodes": "NumberOfBrokerNodes"}),
    "aws_mq_broker": ("AWS::AmazonMQ::Broker", {"engine_type": "EngineType"}),
}
#: Attributes that are plain text, whose references only say where that text is written.
_NEVER_REFERENCES = frozenset(
    {"name", "function_name", "protocol", "event_pattern", "filter_policy", "definition"}
)
_REFERRING_NAMES = {"aws_lambda_event_source_mapping": "function_name", "aws_cloudwatch_event_target": "rule"}


def is_it(file: SourceFile) -> bool:
    """Whether the file is a plan or a state in Terraform's JSON format."""
    data = file.data
    return (
        isinstance(data, dict)
        and isinstance(data.get("format_version"), str)
        and any(isinstance(data.get(key), dict) for key in ("planned_values", "values"))
    )


def read(file: SourceFile, files: Sequence[SourceFile]) -> Reading:
    """Read the resources a plan will make, or a state holds."""
    data = file.data
    if not is_it(file):
        raise file.refuse("no plan of Terraform in JSON", "Make one with: terraform show -json PLAN")
    reading = Reading(file, "Terraform plan")
    root = mapping(mapping(data.get("planned_values") or data.get("values")).get("root_module"))
    plan = _Plan(mapping(mapping(data.get("configuration")).get("root_module")))
    section = "planned_values" if "planned_values" in data else "values"
    resources: dict[str, Resource] = {}
    targets: list[tuple[dict[str, Any], Path]] = []
    plan.addresses = {text(row.get("address")) for row, _ in _resources(root, (section, "root_module"))}
    for row, path in _resources(root, (section, "root_module")):
        if len(resources) >= MOST_RESOURCES:
            raise file.refuse(f"more than {MOST_RESOURCES:,} resources")
        address, type = text(row.get("address")), text(row.get("type"))
        values = mapping(row.get("values"))
        if row.get("mode") == "data" or not address:
            continue
        if type == "kafka_topic":
            _kafka_topic(reading, values, path)
            continue
        if type == "aws_cloudwatch_event_target":
            targets.append((plan.with_references(address, type, values), path))
            continue
        known = _TYPES.get(type)
        if known is None:
            reading.not_modelled(f"{address}: the type {type[:60]}", *path)
            continue
        properties = _properties(type, known[1], plan.with_references(address, type, values))
        resources[address] = Resource(address, known[0], properties, path)
    stack = Stack(reading, resources, HANDLERS)
    _attach_targets(stack, targets)
    stack.read()
    link_redrives(stack)
    link_subscriptions(stack)
    link_functions(stack)
    link_machines(stack, files)
    return reading


def _properties(type: str, names: dict[str, str], values: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a resource as CloudFormation's properties."""
    properties = {names[key]: value for key, value in values.items() if key in names and value is not None}
    if not properties.get("StreamSpecification", True):
        del properties["StreamSpecification"]
    if not properties.get("State", True):
        del properties["State"]
    scaling = rows(values.get("scaling_config"))
    if type == "aws_lambda_event_source_mapping" and scaling and isinstance(scaling[0], dict):
        properties["ScalingConfig"] = {"MaximumConcurrency": scaling[0].get("maximum_concurrency")}
    if properties.get("ReservedConcurrentExecutions") == -1:
        del properties["ReservedConcurrentExecutions"]
    return properties


def _resources(root: dict[str, Any], start: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """All resources with their paths, those of child modules included."""
    left: list[tuple[dict[str, Any], Path]] = [(root, start)]
    seen = 0
    while left:
        module, path = left.pop(0)
        seen += 1
        for position, row in enumerate(rows(module.get("resources"))):
            if isinstance(row, dict):
                yield row, (*path, "resources", position)
        if len(path) < 4 * MOST_DEPTH and seen < MOST_RESOURCES:
            left += [
                (child, (*path, "child_modules", position))
                for position, child in enumerate(rows(module.get("child_modules")))
                if isinstance(child, dict)
            ]


def _kafka_topic(reading: Reading, values: dict[str, Any], path: Path) -> None:
    topic = text(values.get("name"))
    if not topic:
        reading.not_understood("a kafka_topic without a name", *path)
        return
    config = topic_config(reading, topic, mapping(values.get("config")), path)
    for key, setting in (("partitions", "partitions"), ("replication_factor", "replication.factor")):
        if (count := whole(values.get(key))) is not None:
            config[setting] = count
    if config.get("replication.factor", 1) > 3:
        config["brokers"] = config["replication.factor"]
    reading.add("kafka.topic", topic, [("kafka topic", topic)], path, config)
    reading.note("read", f"topic {topic}", *path)


def _attach_targets(stack: Stack, targets: list[tuple[dict[str, Any], Path]]) -> None:
    """Targets are resources of their own here, and parts of their rule in CloudFormation."""
    rules = {
        resource.id: resource for resource in stack.resources.values() if resource.type == "AWS::Events::Rule"
    }
    by_name = {text(rule.properties.get("Name")): rule for rule in rules.values()}
    for values, path in targets:
        named = values.get("rule")
        rule = rules.get(named.resource) if isinstance(named, Reference) else by_name.get(text(named))
        if rule is None:
            stack.reading.not_understood("an event target: its rule is not in the plan", *path)
            continue
        target: dict[str, Any] = {"Arn": values.get("arn"), "InputPath": values.get("input_path")}
        retry = rows(values.get("retry_policy"))
        if retry and isinstance(retry[0], dict):
            target["RetryPolicy"] = {
                "MaximumRetryAttempts": retry[0].get("maximum_retry_attempts"),
                "MaximumEventAgeInSeconds": retry[0].get("maximum_event_age_in_seconds"),
            }
        letters = rows(values.get("dead_letter_config"))
        if letters and isinstance(letters[0], dict):
            target["DeadLetterConfig"] = {"Arn": letters[0].get("arn")}
        sqs = rows(values.get("sqs_target"))
        if sqs and isinstance(sqs[0], dict):
            target["SqsParameters"] = {"MessageGroupId": sqs[0].get("message_group_id")}
        rule.properties.setdefault("Targets", []).append(target)


class _Plan:
    """The configuration of a plan: which attribute refers to which resource."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root
        self.addresses: set[str] = set()

    def with_references(self, address: str, type: str, values: dict[str, Any]) -> dict[str, Any]:
        """The values, with a reference where a value will be known only when it is applied."""
        modules, own = _split(address)
        declared = self._declared(modules, own)
        result = dict(values)
        for key, expression in mapping(mapping(declared).get("expressions")).items():
            if result.get(key) or (key in _NEVER_REFERENCES and _REFERRING_NAMES.get(type) != key):
                continue
            found = self._target(modules, expression, 0)
            if found is None:
                continue
            if key in ("redrive_policy", "redrive_allow_policy"):
                wrapped = "deadLetterTargetArn" if key == "redrive_policy" else "sourceQueueArns"
                result[key] = {wrapped: found}
            else:
                result[key] = found
        return result

    def _module(self, modules: list[str]) -> dict[str, Any]:
        here = self.root
        for name in modules:
            here = mapping(mapping(mapping(here.get("module_calls")).get(_bare(name))).get("module"))
        return here

    def _declared(self, modules: list[str], own: str) -> dict[str, Any]:
        bare = _bare(own)
        for row in rows(self._module(modules).get("resources")):
            if isinstance(row, dict) and row.get("address") == bare:
                return row
        return {}

    def _target(self, modules: list[str], expression: Any, depth: int) -> Reference | None:
        """The resource an expression refers to, through variables and outputs of modules."""
        if depth > MOST_DEPTH or not isinstance(expression, dict):
            return None
        for reference in rows(expression.get("references")):
            if not isinstance(reference, str):
                continue
            if reference.startswith("var.") and modules:
                call = mapping(
                    mapping(self._module(modules[:-1]).get("module_calls")).get(_bare(modules[-1]))
                )
                inner = mapping(call.get("expressions")).get(reference.split(".")[1])
                found = self._target(modules[:-1], inner, depth + 1)
            elif reference.startswith("module."):
                parts = reference.split(".")
                if len(parts) < 3:
                    continue
                below = [*modules, parts[1]]
                output = mapping(mapping(self._module(below).get("outputs")).get(_bare(parts[2])))
                found = self._target(below, output.get("expression"), depth + 1)
            else:
                found = self._resource(modules, reference)
            if found is not None:
                return found
        return None

    def _resource(self, modules: list[str], reference: str) -> Reference | None:
        parts = reference.split(".")
        if len(parts) < 2 or parts[0] in ("var", "local", "each", "count", "data", "path"):
            return None
        own = f"{parts[0]}.{parts[1]}"
        prefix = "".join(f"module.{name}." for name in modules)
        wanted = prefix + own
        if wanted in self.addresses:
            return Reference(wanted, parts[2] if len(parts) > 2 else "")
        several = sorted(
            one
            for one in self.addresses
            if one.startswith(prefix) and one[len(prefix) :].startswith(f"{_bare(own)}[")
        )
        return Reference(several[0], "") if several else None


def _split(address: str) -> tuple[list[str], str]:
    """Names of the modules, and the address inside the last of them."""
    modules = []
    while found := re.match(r"module\.([^.\[]{1,200}(?:\[[^\]]{0,200}\])?)\.", address):
        modules.append(found[1])
        address = address[found.end() :]
    return modules, address


def _bare(name: str) -> str:
    """A name without its index."""
    return name.split("[", 1)[0]
