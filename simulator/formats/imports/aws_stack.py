"""Resources of AWS, by CloudFormation's types and property names, as parts and links of a design.

Templates and Terraform plans come here: both give resources with their properties worked out. One function
stands for one type; what has none is listed as not modelled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.formats.imports.assumed_work import mentioned
from simulator.formats.imports.aws_names import SERVICES, Service, arn, as_name, named_by
from simulator.formats.imports.intrinsics import External, Reference, is_external
from simulator.formats.imports.reading import Name, Part, Reading
from simulator.formats.imports.source_file import Path
from simulator.formats.imports.values import mapping, number, switch, text

#: Types that carry no messages, by prefix: listed in one line each.
QUIET = (
    "AWS::IAM::",
    "AWS::Logs::",
    "AWS::KMS::",
    "AWS::Lambda::LayerVersion",
    "AWS::Serverless::LayerVersion",
    "AWS::SQS::QueuePolicy",
    "AWS::SQS::QueueInlinePolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SNS::TopicInlinePolicy",
    "AWS::Events::EventBusPolicy",
    "AWS::Events::Connection",
    "AWS::EC2::",
    "AWS::CloudWatch::",
    "AWS::SSM::",
    "AWS::SecretsManager::",
    "AWS::CDK::Metadata",
    "AWS::CloudFormation::",
    "AWS::Route53::",
    "AWS::CertificateManager::",
    "AWS::WAFv2::",
    "AWS::MSK::Configuration",
    "AWS::MSK::ClusterPolicy",
    "AWS::AmazonMQ::Configuration",
    "AWS::XRay::",
    "AWS::Schemas::",
    "AWS::ApplicationAutoScaling::",
    "AWS::Scheduler::ScheduleGroup",
)


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource: where it stands, its type and its properties with all functions worked out.

    Args:
        known: what an export of ours wrote beside the properties: id, label and settings of the node.
        construct: the name that the AWS CDK has for it; its id there ends with a hash.
    """

    id: str
    type: str
    properties: dict[str, Any]
    path: Path
    known: dict[str, Any] = field(default_factory=dict)
    construct: str = ""

    @property
    def carried(self) -> dict[str, Any]:
        """Settings that no property says."""
        return mapping(self.known.get("config"))


Handler = Callable[["Stack", Resource], None]


class Stack:
    """The resources of one file, and the names they have for each other and for other files."""

    def __init__(
        self, reading: Reading, resources: dict[str, Resource], handlers: dict[str, Handler]
    ) -> None:
        self.reading = reading
        self.resources = resources
        self._handlers = handlers
        self._parts: set[Name] = set()
        self._at_deployment: frozenset[str] | None = None
        self._of_types: dict[tuple[str, ...], list[Resource]] = {}
        self._scope = f"resource of {reading.file.name}"
        # What can be linked only when all resources are known.
        self.redrives: list[tuple[Name, Any, int | None, Path]] = []
        self.subscriptions: list[tuple[Name, dict[str, Any], Path]] = []
        self.functions: list[tuple[Part, Resource]] = []
        self.tasks: list[Resource] = []
        self.services: list[Resource] = []
        self.machines: list[tuple[Part, Resource]] = []

    # -- names -----------------------------------------------------------------------------------
    def own(self, id: str) -> Name:
        """The name of a resource inside this file."""
        return (self._scope, id)

    def physical(self, resource: Resource, given: Any) -> str:
        """The name a resource has in AWS; one made from the file where it leaves that to AWS."""
        if isinstance(given, str) and given:
            return given
        suffix = ".fifo" if switch(resource.properties.get("FifoQueue")) else ""
        return f"{self.reading.file.name}-{resource.id}{suffix}".replace("/", "-").replace(":", "-")

    def text_of(self, reference: Reference) -> str:
        """What stands in a longer text for a resource: its name, or its ARN."""
        resource = self.resources.get(reference.resource)
        if resource is None:
            return reference.resource
        service, given = _naming(resource)
        name = self.physical(resource, given)
        if service and (
            reference.attribute.endswith("Arn") or (not reference.attribute and service == "sns")
        ):
            return arn(service, name)
        return name

    def add(self, resource: Resource, kind: str, service: str, given: Any, config: dict[str, Any]) -> Part:
        """The part of a resource, known by its id in the file and by its name in AWS."""
        physical = self.physical(resource, given)
        names = [self.own(resource.id), as_name(SERVICES[service], physical)] if service in SERVICES else []
        label = given if isinstance(given, str) and given else resource.construct or resource.id
        part = self.reading.add(
            kind,
            text(resource.known.get("label")) or text(resource.known.get("id")) or label,
            names or [self.own(resource.id)],
            resource.path,
            {**resource.carried, **config},
        )
        part.wanted_id = text(resource.known.get("id"))
        self._parts.update(part.names)
        return part

    def find(self, value: Any, path: Path, *, hint: str = "", what: str = "") -> Name | None:
        """The name of what a value stands for: a resource here, an ARN, a URL, or a name of service `hint`.

        What the file only mentions becomes a part of its own. None, with a note, for what carries none.
        """
        if isinstance(value, dict) and set(value) <= {"Arn", "Ref"} and value:  # as some templates wrap it
            value = next(iter(value.values()))
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        value = self._meant(value)
        if isinstance(value, Reference):
            if self.own(value.resource) in self._parts or value.resource in self.resources:
                if self.own(value.resource) in self._parts:
                    return self.own(value.resource)
                resource = self.resources[value.resource]
                self.reading.not_modelled(
                    f"{what or 'a reference'} names {value.resource} ({resource.type}): no messages there",
                    *path,
                )
                return None
            return self._mentioned(SERVICES.get(hint), value.resource, path, what)
        if isinstance(value, External):
            return self._mentioned(SERVICES.get(hint), value.name, path, what)
        if isinstance(value, str) and value:
            found = named_by(value)
            if found is not None:
                return self._mentioned(found[0], found[1], path, what)
            if not value.startswith(("arn:", "http:", "https:")):
                return self._mentioned(SERVICES.get(hint), value.rsplit("/", 1)[-1], path, what)
        self.reading.not_modelled(f"{what or 'a reference'} leads to what carries no messages here", *path)
        return None

    def _meant(self, value: Any) -> Any:
        """What a value leads to where it names a version or an alias of a function."""
        for _ in range(_MOST_STEPS):
            if not isinstance(value, Reference):
                break
            resource = self.resources.get(value.resource)
            if resource is None:
                short = _SAM_VERSION.sub("", value.resource)
                if short == value.resource or short not in self.resources:
                    break
                value = Reference(short, value.attribute)
            elif resource.type in VERSIONS:
                value = resource.properties.get("FunctionName")
            else:
                break
        return value

    def at_deployment(self) -> frozenset[str]:
        """The functions that run when the stack is deployed: those behind custom resources."""
        if self._at_deployment is None:
            behind: set[str] = set()
            for one in self.resources.values():
                token = one.properties.get("ServiceToken")
                if isinstance(token, Reference):
                    behind.add(token.resource)
            # The AWS CDK puts a function of its own before the one that does the work.
            for id in sorted(behind & self.resources.keys()):
                environment = mapping(self.resources[id].properties.get("Environment"))
                for key, value in mapping(environment.get("Variables")).items():
                    if key.startswith("USER_") and isinstance(value, Reference):
                        behind.add(value.resource)
            self._at_deployment = frozenset(behind)
        return self._at_deployment

    def of_types(self, *types: str) -> list[Resource]:
        """All resources of some types; asked for when all are known."""
        found = self._of_types.get(types)
        if found is None:
            found = [one for one in self.resources.values() if one.type in types]
            self._of_types[types] = found
        return found

    def part_of(self, name: Name | None) -> Part | None:
        """The part of a name."""
        return None if name is None else self.reading.part(name)

    def _mentioned(self, service: Service | None, name: str, path: Path, what: str) -> Name | None:
        if service is None or not name:
            self.reading.not_understood(f"{what or 'a reference'}: what {name[:80]} is", *path)
            return None
        found = as_name(service, name)
        if found not in self._parts:
            self._parts.add(found)
            config, origins = mentioned(service, name)
            self.reading.add(service.kind, name, [found], path, config, origins=origins, is_defined=False)
            self.reading.assumed(
                f"{name} ({service.space}) is mentioned, not defined: its settings are the defaults", *path
            )
            if service.note:
                self.reading.assumed(f"{name}: {service.note}", *path)
        return found

    def later(self, value: Any, path: Path, hint: str) -> Name | None:
        """As `find`, for a resource that may not have been read yet."""
        value = self._meant(value)
        if isinstance(value, Reference) and value.resource in self.resources:
            return self.own(value.resource)
        return self.find(value, path, hint=hint, what="a list of names")

    # -- reading ---------------------------------------------------------------------------------
    def read(self) -> None:
        """All resources: those that others name first, then those that link them."""
        for is_second in (False, True):
            for resource in self.resources.values():
                if (resource.type in SECOND) != is_second:
                    continue
                handler = self._handlers.get(resource.type)
                if handler is not None:
                    handler(self, resource)
                elif resource.type.startswith(QUIET):
                    self.reading.not_modelled(
                        f"{resource.id} ({resource.type}) carries no messages", *resource.path
                    )
                else:
                    self.reading.not_modelled(f"{resource.id}: the type {resource.type}", *resource.path)

    # -- properties ------------------------------------------------------------------------------
    def settings(
        self, resource: Resource, numbers: tuple[str, ...], switches: tuple[str, ...], words: tuple[str, ...]
    ) -> dict[str, Any]:
        """Properties that are settings of the same name; what cannot be read is noted."""
        path = (*resource.path, "Properties")
        return self.settings_in(resource.properties, resource.id, path, numbers, switches, words)

    def settings_in(
        self,
        properties: Mapping[str, Any],
        whose: str,
        path: Path,
        numbers: tuple[str, ...] = (),
        switches: tuple[str, ...] = (),
        words: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """As `settings`, of any mapping that stands at a path."""
        config: dict[str, Any] = {}
        for keys, read in ((numbers, number), (switches, switch), (words, _word)):
            for key in keys:
                if key not in properties:
                    continue
                value = read(properties[key])
                if value is None:
                    why = "known at deployment only" if is_external(properties[key]) else "not understood"
                    self.reading.not_understood(f"{whose}: {key} is {why}, its default is used", *path, key)
                else:
                    config[key] = value
        return config

    def rest(self, resource: Resource, *known: str) -> None:
        """Say which properties of a resource change nothing in a design."""
        others = sorted(str(key) for key in resource.properties if key not in known)
        if others:
            self.reading.not_modelled(f"{resource.id}: {', '.join(others)[:240]}", *resource.path)


#: Types that stand for a function: what names them means it.
VERSIONS = frozenset({"AWS::Lambda::Version", "AWS::Lambda::Alias"})
#: What AWS SAM puts behind the id of a function to name its version and alias.
_SAM_VERSION = re.compile(r"(?:\.(?:Version|Alias)|Alias[A-Za-z0-9]{1,128})\Z")
#: Aliases of aliases that are followed.
_MOST_STEPS = 5

#: Types that link resources: read when all those that can be linked are known.
SECOND = frozenset(
    {
        "AWS::SNS::Subscription",
        "AWS::Events::Rule",
        "AWS::Events::Archive",
        "AWS::Scheduler::Schedule",
        "AWS::Pipes::Pipe",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Url",
        "AWS::Lambda::Version",
        "AWS::Lambda::Alias",
        "AWS::Serverless::Connector",
        "AWS::ApiGateway::Method",
        "AWS::ApiGatewayV2::Integration",
        "AWS::S3::Bucket",
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGatewayV2::Api",
        "AWS::Serverless::Api",
        "AWS::Serverless::HttpApi",
        "AWS::AppSync::DataSource",
        "AWS::IoT::TopicRule",
        "AWS::Logs::SubscriptionFilter",
        "Custom::S3BucketNotifications",
    }
)

#: By type: the service its name belongs to, and the property that holds the name.
NAMED_BY = {
    "AWS::SQS::Queue": ("sqs", "QueueName"),
    "AWS::SNS::Topic": ("sns", "TopicName"),
    "AWS::Events::EventBus": ("events", "Name"),
    "AWS::Events::ApiDestination": ("api-destination", "Name"),
    "AWS::Lambda::Function": ("lambda", "FunctionName"),
    "AWS::Serverless::Function": ("lambda", "FunctionName"),
    "AWS::StepFunctions::StateMachine": ("states", "StateMachineName"),
    "AWS::Serverless::StateMachine": ("states", "Name"),
    "AWS::Kinesis::Stream": ("kinesis", "Name"),
    "AWS::DynamoDB::Table": ("dynamodb", "TableName"),
    "AWS::DynamoDB::GlobalTable": ("dynamodb", "TableName"),
    "AWS::Serverless::SimpleTable": ("dynamodb", "TableName"),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose", "DeliveryStreamName"),
    "AWS::S3::Bucket": ("", "BucketName"),
}


def _naming(resource: Resource) -> tuple[str, Any]:
    service, key = NAMED_BY.get(resource.type, ("", ""))
    return service, resource.properties.get(key) if key else None


def _word(value: Any) -> str | None:
    return text(value) or None
