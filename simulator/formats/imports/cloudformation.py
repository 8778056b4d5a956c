"""AWS SAM and CloudFormation templates, YAML or JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from simulator.formats.imports.aws_callers import (
    read_api,
    read_bucket,
    read_data_source,
    read_integration,
    read_log_filter,
    read_topic_rule,
)
from simulator.formats.imports.aws_compute import (
    link_machines,
    read_broker,
    read_cluster,
    read_pipe,
    read_state_machine,
    read_stream,
)
from simulator.formats.imports.aws_containers import link_tasks, read_service, read_task
from simulator.formats.imports.aws_events import read_mapping
from simulator.formats.imports.aws_lambda import (
    link_functions,
    read_address,
    read_function,
    read_invoke_config,
    read_permission,
    read_version,
)
from simulator.formats.imports.aws_messaging import (
    link_redrives,
    link_subscriptions,
    read_api_destination,
    read_archive,
    read_bus,
    read_queue,
    read_rule,
    read_subscription,
    read_topic,
)
from simulator.formats.imports.aws_permissions import read_connector
from simulator.formats.imports.aws_schedules import read_schedule
from simulator.formats.imports.aws_stack import Handler, Resource, Stack
from simulator.formats.imports.aws_tables import read_table
from simulator.formats.imports.intrinsics import ABSENT, Resolver
from simulator.formats.imports.reading import Reading
from simulator.formats.imports.source_file import SourceFile
from simulator.formats.imports.templates import (
    NESTED,
    Templates,
    base_of,
    expanded,
    location_of,
    with_its_name,
)
from simulator.formats.imports.values import mapping, text

HANDLERS: dict[str, Handler] = {
    "AWS::SQS::Queue": read_queue,
    "AWS::SNS::Topic": read_topic,
    "AWS::SNS::Subscription": read_subscription,
    "AWS::Events::EventBus": read_bus,
    "AWS::Events::Rule": read_rule,
    "AWS::Events::Archive": read_archive,
    "AWS::Events::ApiDestination": read_api_destination,
    "AWS::Scheduler::Schedule": read_schedule,
    "AWS::Pipes::Pipe": read_pipe,
    "AWS::Lambda::Function": read_function,
    "AWS::Serverless::Function": read_function,
    "AWS::Lambda::EventSourceMapping": read_mapping,
    "AWS::Lambda::EventInvokeConfig": read_invoke_config,
    "AWS::Lambda::Version": read_version,
    "AWS::Lambda::Alias": read_version,
    "AWS::Lambda::Url": read_address,
    "AWS::Lambda::Permission": read_permission,
    "AWS::Serverless::Connector": read_connector,
    "AWS::ApiGateway::Method": read_integration,
    "AWS::ApiGatewayV2::Integration": read_integration,
    "AWS::ApiGateway::RestApi": read_api,
    "AWS::ApiGatewayV2::Api": read_api,
    "AWS::Serverless::Api": read_api,
    "AWS::Serverless::HttpApi": read_api,
    "AWS::AppSync::DataSource": read_data_source,
    "AWS::IoT::TopicRule": read_topic_rule,
    "AWS::Logs::SubscriptionFilter": read_log_filter,
    "AWS::ECS::TaskDefinition": read_task,
    "AWS::ECS::Service": read_service,
    "AWS::S3::Bucket": read_bucket,
    "Custom::S3BucketNotifications": read_bucket,
    "AWS::StepFunctions::StateMachine": read_state_machine,
    "AWS::Serverless::StateMachine": read_state_machine,
    "AWS::Kinesis::Stream": read_stream,
    "AWS::DynamoDB::Table": read_table,
    "AWS::DynamoDB::GlobalTable": read_table,
    "AWS::Serverless::SimpleTable": read_table,
    "AWS::MSK::Cluster": read_cluster,
    "AWS::MSK::ServerlessCluster": read_cluster,
    "AWS::AmazonMQ::Broker": read_broker,
}
#: Sections that say nothing about how messages flow.
_SECTIONS = (
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Metadata",
    "Outputs",
    "Parameters",
    "Conditions",
    "Mappings",
    "Globals",
    "Resources",
    "Rules",
    "Hooks",
)
_MOST_RESOURCES = 5_000


def is_it(file: SourceFile) -> bool:
    """Whether the file is a template: resources with types of AWS, or the template's own version."""
    data = file.data
    if not isinstance(data, dict):
        return False
    resources = data.get("Resources")
    if not isinstance(resources, dict):
        return "AWSTemplateFormatVersion" in data
    return any(
        isinstance(one, dict) and isinstance(one.get("Type"), str) and "::" in one["Type"]
        for one in resources.values()
    ) or any(str(key).startswith(("Fn::ForEach::", "Fn::Transform")) for key in resources)


def read(file: SourceFile, files: Sequence[SourceFile]) -> Reading:
    """Read a template with the defaults of its parameters."""
    template = file.data
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise file.refuse(
            "a template has Resources, a mapping", "Give the template itself, not its parameters."
        )
    reading = Reading(file, "AWS SAM or CloudFormation")
    reading.version(template.get("AWSTemplateFormatVersion"), ("2010-09-09",), "AWSTemplateFormatVersion")
    resources: dict[str, Resource] = {}
    stack = Stack(reading, resources, HANDLERS)
    templates = Templates(files)
    outlook = templates.within(file)
    resolver = Resolver(template, stack.text_of, outlook)
    shared = mapping(template.get("Globals"))
    all_resources = expanded(template["Resources"], outlook, resolver)
    if len(all_resources) > _MOST_RESOURCES:
        raise file.refuse(f"{len(all_resources):,} resources; at most {_MOST_RESOURCES:,} are read")
    present = _present(reading, all_resources, resolver, templates)
    for id, declared in present.items():
        resources[id] = with_its_name(id, declared, resolver)
    # Only now has every resource a name, which texts of others may hold before it is declared.
    is_hashed = 2 * sum(_HASH.search(id) is not None for id in present) > len(present)
    for id, declared in present.items():
        path = ("Resources", id)
        properties = resolver.resolve(declared.get("Properties") or {})
        if not isinstance(properties, dict):
            reading.not_understood(f"{id}: its properties are no mapping", *path)
            properties = {}
        properties = {str(key): value for key, value in properties.items()}
        properties = _with_globals(declared["Type"], properties, shared, resolver)
        beside = mapping(declared.get("Metadata"))
        known, construct = (
            mapping(beside.get("Headrace")),
            _construct(id, beside.get("aws:cdk:path"), is_hashed=is_hashed),
        )
        resources[id] = Resource(id, declared["Type"], properties, path, known, construct)
        connectors = resolver.resolve(declared.get("Connectors") or {})
        if isinstance(connectors, dict) and connectors:
            properties.setdefault("Connectors", connectors)
    stack.read()
    link_redrives(stack)
    link_subscriptions(stack)
    link_functions(stack)
    link_tasks(stack)
    link_machines(stack, files)
    for name in sorted(resolver.used_defaults):
        reading.assumed(f"the parameter {name} has its default", "Parameters", name)
    for sentence in outlook.said:
        reading.assumed(sentence)
    for name, why in resolver.unknown.items():
        reading.not_understood(f"{name}: {why}")
    for key in template:
        if key not in _SECTIONS:
            reading.not_understood(f"the section {str(key)[:60]}", str(key))
    return reading


#: What the AWS CDK puts behind the ids of its resources.
_HASH = re.compile(r"(?<=[A-Za-z0-9])[0-9A-F]{8}\Z")


def _construct(id: str, path: Any, *, is_hashed: bool) -> str:
    """The name of a construct of the AWS CDK in its stack: ``Shop/Orders/Queue/Resource`` is Orders/Queue.

    Where a template has no paths, it is the id without the hash; "" for a resource of any other origin.
    """
    if not text(path):
        return _HASH.sub("", id) if is_hashed else ""
    steps = [step for step in text(path).split("/") if step]
    if steps[-1:] in (["Resource"], ["Default"]):
        steps.pop()
    return "/".join(steps[1:])[:100]


def _present(
    reading: Reading, declared: dict[str, Any], resolver: Resolver, templates: Templates
) -> dict[str, dict[str, Any]]:
    """The resources that there are: well formed, with a condition that holds, and of this template itself."""
    found: dict[str, dict[str, Any]] = {}
    for id, one in declared.items():
        path = ("Resources", id)
        if not isinstance(one, dict) or not isinstance(one.get("Type"), str):
            what = "not worked out" if str(id).startswith("Fn::") else "a resource without a type"
            reading.not_understood(f"{str(id)[:80]}: {what}", *path)
            continue
        condition = one.get("Condition")
        if isinstance(condition, str) and not resolver.condition(condition):
            reading.not_modelled(f"{id}: its condition {condition} does not hold with the defaults", *path)
        elif one["Type"] in NESTED:
            _nested(reading, templates, id, one)
        else:
            found[str(id)] = one
    return found


def _nested(reading: Reading, templates: Templates, id: str, declared: dict[str, Any]) -> None:
    """A nested stack is read with its own file."""
    properties = mapping(declared.get("Properties"))
    location = location_of(properties)
    if templates.named(location) is not None:
        reading.note("read", f"nested stack {id}, read from {base_of(location)}", "Resources", id)
        return
    base = base_of(location)[:80]
    what = f"its template {base} is not among the files" if base else "an application of elsewhere"
    reading.not_understood(f"{id}: {what}", "Resources", id)


def _with_globals(
    type: str, properties: dict[str, Any], shared: dict[str, Any], resolver: Resolver
) -> dict[str, Any]:
    """Properties with those of the section Globals beneath them (AWS SAM, *Globals section*)."""
    section = {
        "AWS::Serverless::Function": "Function",
        "AWS::Serverless::StateMachine": "StateMachine",
        "AWS::Serverless::SimpleTable": "SimpleTable",
    }.get(type)
    common = shared.get(section) if section else None
    if not isinstance(common, dict):
        return properties
    known = resolver.resolve({key: item for key, item in common.items() if text(key)})
    if known is ABSENT or not isinstance(known, dict):
        return properties
    return _beneath(known, properties)


def _beneath(common: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Mappings are put together, lists joined, everything else is the resource's own where it has it."""
    found = {**common, **own}
    for key in common.keys() & own.keys():
        first, second = common[key], own[key]
        if isinstance(first, dict) and isinstance(second, dict):
            found[key] = _beneath(first, second)
        elif isinstance(first, list) and isinstance(second, list):
            found[key] = first + second
    return found
