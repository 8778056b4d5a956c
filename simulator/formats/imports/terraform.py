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
from simulator.formats.imports.aws_containers import link_tasks
from simulator.formats.imports.aws_lambda import link_functions
from simulator.formats.imports.aws_messaging import link_redrives, link_subscriptions
from simulator.formats.imports.aws_stack import Resource, Stack
from simulator.formats.imports.cloudformation import HANDLERS
from simulator.formats.imports.intrinsics import Reference
from simulator.formats.imports.kafka_settings import topic_config
from simulator.formats.imports.reading import Reading
from simulator.formats.imports.source_file import Path, SourceFile
from simulator.formats.imports.terraform_types import TYPES, left_out, properties_of
from simulator.formats.imports.values import mapping, rows, text, whole

MOST_RESOURCES = 5_000
MOST_DEPTH = 12

#: Attributes that are plain text, whose references only say where that text is written.
_NEVER_REFERENCES = frozenset(
    {
        "name",
        "protocol",
        "event_pattern",
        "filter_policy",
        "definition",
        "policy",
        "variables",
        "pattern",
        "container_definitions",
    }
)
#: What the call of a policy is, by the type of the resource that it names.
_ACTIONS = {
    "aws_sqs_queue": "sqs:SendMessage",
    "aws_sns_topic": "sns:Publish",
    "aws_cloudwatch_event_bus": "events:PutEvents",
    "aws_lambda_function": "lambda:InvokeFunction",
    "aws_sfn_state_machine": "states:StartExecution",
    "aws_kinesis_stream": "kinesis:PutRecord",
    "aws_dynamodb_table": "dynamodb:*",
}


def is_it(file: SourceFile) -> bool:
    """Whether the file is a plan or a state in Terraform's JSON format."""
    data = file.data
    return isinstance(data, dict) and (
        _is_state(data)
        or (
            isinstance(data.get("format_version"), str)
            and any(isinstance(data.get(key), dict) for key in ("planned_values", "values"))
        )
    )


def _is_state(data: dict[str, Any]) -> bool:
    """Whether it is the state as Terraform keeps it (``terraform.tfstate``, version 4)."""
    return (
        data.get("version") == 4 and "terraform_version" in data and isinstance(data.get("resources"), list)
    )


def _shown(data: dict[str, Any]) -> dict[str, Any]:
    """A state as ``terraform show -json`` prints it, as far as it is read."""
    resources = []
    for row in rows(data["resources"]):
        for position, instance in enumerate(rows(mapping(row).get("instances"))):
            index = mapping(instance).get("index_key")
            own = ".".join(text(mapping(row).get(key)) for key in ("module", "type", "name")).lstrip(".")
            address = own if index is None else f"{own}[{index!r}]".replace("'", '"')
            values = mapping(mapping(instance).get("attributes"))
            resources.append({**mapping(row), "address": address, "values": values, "instances": position})
    return {"format_version": "1.0", "values": {"root_module": {"resources": resources}}}


def read(file: SourceFile, files: Sequence[SourceFile]) -> Reading:
    """Read the resources a plan will make, or a state holds."""
    data = file.data
    if not is_it(file):
        raise file.refuse("no plan of Terraform in JSON", "Make one with: terraform show -json PLAN")
    is_state = _is_state(data)
    data = _shown(data) if is_state else data
    reading = Reading(file, "Terraform state" if is_state else "Terraform plan")
    reading.version(data["format_version"], ("1.", "0."), "format_version")
    root = mapping(mapping(data.get("planned_values") or data.get("values")).get("root_module"))
    plan = _Plan(mapping(mapping(data.get("configuration")).get("root_module")))
    section = "planned_values" if "planned_values" in data else "values"
    resources: dict[str, Resource] = {}
    targets: list[tuple[dict[str, Any], Path]] = []
    plan.addresses = {text(row.get("address")) for row, _ in _resources(root, (section, "root_module"))}
    attached: list[tuple[dict[str, Any], Path]] = []
    redrives: list[tuple[dict[str, Any], Path]] = []
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
        if type == "aws_iam_role_policy_attachment":
            attached.append((plan.with_references(address, values), path))
            continue
        if type == "aws_sqs_queue_redrive_policy":
            redrives.append((plan.with_references(address, values), path))
            continue
        known = TYPES.get(type)
        if known is None:
            reading.not_modelled(f"{address}: the type {type[:60]}", *path)
            continue
        given = plan.with_references(address, values)
        others = left_out(known, values)
        if others:
            reading.not_modelled(f"{address}: {', '.join(others)[:240]}", *path)
        properties = properties_of(known, given)
        if type == "aws_cloudwatch_event_target":
            targets.append((properties, path))
            continue
        plan.complete(address, type, properties)
        resources[address] = Resource(address, known.name, properties, path)
    _attach_policies(resources, attached)
    _attach_redrives(reading, resources, redrives)
    stack = Stack(reading, resources, HANDLERS)
    _attach_targets(stack, targets)
    stack.read()
    link_redrives(stack)
    link_subscriptions(stack)
    link_functions(stack)
    link_tasks(stack)
    link_machines(stack, files)
    return reading


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
    for target, path in targets:
        named = target.pop("Rule", None)
        rule = rules.get(named.resource) if isinstance(named, Reference) else by_name.get(text(named))
        if rule is None:
            stack.reading.not_understood("an event target: its rule is not in the plan", *path)
            continue
        rule.properties.setdefault("Targets", []).append(target)


def _attach_policies(resources: dict[str, Resource], attached: list[tuple[dict[str, Any], Path]]) -> None:
    """Policies of their own, put to the roles they are attached to."""
    names = {
        text(one.properties.get("RoleName")): one
        for one in resources.values()
        if one.type == "AWS::IAM::Role"
    }
    for values, _ in attached:
        named, policy = values.get("role"), values.get("policy_arn")
        role = resources.get(named.resource) if isinstance(named, Reference) else names.get(text(named))
        if role is not None and isinstance(policy, Reference):
            role.properties.setdefault("ManagedPolicyArns", []).append(policy)


def _attach_redrives(
    reading: Reading, resources: dict[str, Resource], redrives: list[tuple[dict[str, Any], Path]]
) -> None:
    """Redrive policies of their own, put to their queues; a URL ends with the name of the queue."""
    queues = {
        text(one.properties.get("QueueName")): one
        for one in resources.values()
        if one.type == "AWS::SQS::Queue"
    }
    for values, path in redrives:
        named = values.get("queue_url")
        queue = (
            resources.get(named.resource)
            if isinstance(named, Reference)
            else queues.get(text(named).rpartition("/")[2])
        )
        if queue is None:
            reading.not_understood("a redrive policy: its queue is not in the plan", *path)
            continue
        queue.properties["RedrivePolicy"] = values.get("redrive_policy")


class _Plan:
    """The configuration of a plan: which attribute refers to which resource."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root
        self.addresses: set[str] = set()

    def complete(self, address: str, type: str, properties: dict[str, Any]) -> None:
        """Put in what stands in texts, which a plan does not know while they name what is not made yet."""
        if type in ("aws_iam_role_policy", "aws_iam_policy") and "PolicyDocument" not in properties:
            properties["PolicyDocument"] = self.policy(address)
        if type == "aws_lambda_function":
            known = mapping(mapping(properties.get("Environment")).get("Variables"))
            properties["Environment"] = {"Variables": {**self.variables(address), **known}}
        if type == "aws_ecs_task_definition" and not properties.get("ContainerDefinitions"):
            named = self.named(address, "container_definitions")
            variables = [{"Name": _split(one.resource)[1], "Value": one} for one in named]
            properties["ContainerDefinitions"] = [{"Environment": variables}]
        if type == "aws_sfn_state_machine" and not properties.get("DefinitionString"):
            properties["DefinitionSubstitutions"] = {
                one.resource.rsplit(".", 1)[-1]: one for one in self.named(address, "definition")
            }

    def with_references(self, address: str, values: dict[str, Any]) -> dict[str, Any]:
        """The values, with a reference where a value will be known only when it is applied."""
        modules, own = _split(address)
        return self._filled(modules, mapping(self._declared(modules, own).get("expressions")), values)

    def _filled(
        self, modules: list[str], expressions: dict[str, Any], values: dict[str, Any], depth: int = 0
    ) -> dict[str, Any]:
        result = dict(values)
        for key, expression in expressions.items():
            blocks = [one for one in rows(expression) if isinstance(one, dict)]
            is_block = isinstance(expression, list) or not {"references", "constant_value"} & set(
                mapping(expression)
            )
            if is_block and blocks and depth < MOST_DEPTH:
                known = [mapping(one) for one in rows(result.get(key))]
                known += [{} for _ in blocks[len(known) :]]
                result[key] = [
                    self._filled(modules, block, one, depth + 1)
                    for block, one in zip(blocks, known, strict=False)
                ] + known[len(blocks) :]
                continue
            if result.get(key) or key in _NEVER_REFERENCES:
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

    def named(self, address: str, key: str) -> list[Reference]:
        """All resources that an attribute's expression refers to, each once."""
        modules, own = _split(address)
        expression = mapping(mapping(self._declared(modules, own).get("expressions")).get(key))
        return self._all(modules, rows(expression.get("references")))

    def _all(self, modules: list[str], references: list[Any]) -> list[Reference]:
        found: dict[str, Reference] = {}
        for reference in references:
            one = self._target(modules, {"references": [reference]}, 0)
            if one is not None:
                found.setdefault(one.resource, one)
        return list(found.values())

    def variables(self, address: str) -> dict[str, Reference]:
        """The resources that the environment of a function refers to."""
        modules, own = _split(address)
        found: dict[str, Reference] = {}
        for block in rows(mapping(self._declared(modules, own).get("expressions")).get("environment")):
            references = rows(mapping(mapping(block).get("variables")).get("references"))
            found |= {one.resource: one for one in self._all(modules, references)}
        return found

    def policy(self, address: str) -> dict[str, Any]:
        """A policy that names what is not made yet: its statements, or all that it refers to."""
        modules, own = _split(address)
        expression = mapping(mapping(self._declared(modules, own).get("expressions")).get("policy"))
        references = rows(expression.get("references"))
        statements: list[dict[str, Any]] = []
        for reference in dict.fromkeys(text(one) for one in references):
            parts = reference.split(".")
            if parts[:2] == ["data", "aws_iam_policy_document"] and len(parts) == 3:
                statements += self._document(modules, ".".join(parts))
        for one in self._all(modules, references):
            action = _ACTIONS.get(_split(one.resource)[1].split(".")[0])
            if action is not None:
                statements.append({"Effect": "Allow", "Action": action, "Resource": one})
        return {"Statement": statements}

    def _document(self, modules: list[str], own: str) -> Iterator[dict[str, Any]]:
        """The statements of a data source ``aws_iam_policy_document``."""
        for block in rows(mapping(self._declared(modules, own).get("expressions")).get("statement")):
            given = mapping(block)
            constants = {key: mapping(value).get("constant_value") for key, value in given.items()}
            yield {
                "Effect": constants.get("effect") or "Allow",
                "Action": constants.get("actions"),
                "Resource": [
                    *rows(constants.get("resources")),
                    *self._all(modules, rows(mapping(given.get("resources")).get("references"))),
                ],
            }

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
