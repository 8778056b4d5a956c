"""Terraform plans and states of serverless systems: every block that the kinds have settings for.

Source: Terraform documentation, *JSON Output Format*; Terraform AWS provider documentation, *Resources*.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.formats.imports.importing import Imported
from tests.simulator.formats.imports.importing import config_of, edges, has_note, imported, nodes, runs


def names(*references: str) -> dict[str, Any]:
    """An expression that refers to something, as a plan writes it: the attribute, then the resource."""
    return {"references": [one for name in references for one in (name, name.rsplit(".", 1)[0])]}


class Plan:
    """A plan that is put together resource by resource."""

    def __init__(self) -> None:
        self.planned: list[dict[str, Any]] = []
        self.declared: list[dict[str, Any]] = []

    def add(self, address: str, values: dict[str, Any], **expressions: Any) -> Plan:
        type, name = address.split(".")[-2:]
        mode = "data" if address.startswith("data.") else "managed"
        if mode == "managed":
            row = {"address": address, "mode": mode, "type": type, "name": name, "values": values}
            self.planned.append(row)
        self.declared.append({"address": address, "mode": mode, "type": type, "expressions": expressions})
        return self

    def text(self) -> str:
        return json.dumps(
            {
                "format_version": "1.2",
                "planned_values": {"root_module": {"resources": self.planned}},
                "configuration": {"root_module": {"resources": self.declared}},
            }
        )

    def imported(self) -> Imported:
        return imported(self.text(), names=("plan.json",))


def shop() -> Plan:
    """A function that reads a queue and the stream of a table, writes both, and is given up to a queue."""
    plan = Plan()
    plan.add("aws_sqs_queue.jobs", {"name": "jobs", "visibility_timeout_seconds": 180})
    plan.add("aws_sqs_queue.letters", {"name": "letters"})
    plan.add("aws_sns_topic.done", {"name": "done"})
    plan.add(
        "aws_dynamodb_table.orders",
        {
            "name": "orders",
            "billing_mode": "PROVISIONED",
            "read_capacity": 20,
            "write_capacity": 30,
            "stream_enabled": True,
            "stream_view_type": "NEW_IMAGE",
            "ttl": [{"enabled": False, "attribute_name": ""}],
            "global_secondary_index": [
                {"name": "by-state", "projection_type": "KEYS_ONLY", "hash_key": "state"}
            ],
            "point_in_time_recovery": [{"enabled": True}],
        },
    )
    plan.add("aws_iam_role.work", {"name": "work"})
    plan.add(
        "aws_lambda_function.work",
        {
            "function_name": "work",
            "timeout": 30,
            "memory_size": 1024,
            "reserved_concurrent_executions": -1,
            "architectures": ["arm64"],
            "runtime": "nodejs22.x",
            "package_type": "Zip",
            "snap_start": [],
            "dead_letter_config": [{}],
            "environment": [{}],
        },
        role=names("aws_iam_role.work.arn"),
        dead_letter_config=[{"target_arn": names("aws_sqs_queue.letters.arn")}],
        environment=[{"variables": names("aws_sns_topic.done.arn")}],
    )
    plan.add("aws_lambda_function.audit", {"function_name": "audit", "timeout": 5})
    plan.add(
        "aws_lambda_event_source_mapping.jobs",
        {
            "batch_size": 20,
            "maximum_batching_window_in_seconds": 1,
            "function_response_types": ["ReportBatchItemFailures"],
            "scaling_config": [{"maximum_concurrency": 9}],
            "filter_criteria": [{"filter": [{"pattern": '{"body": {"kind": ["a"]}}'}]}],
            "enabled": True,
            "parallelization_factor": 0,
            "maximum_retry_attempts": 0,
            "bisect_batch_on_function_error": False,
            "destination_config": [],
        },
        event_source_arn=names("aws_sqs_queue.jobs.arn"),
        function_name=names("aws_lambda_function.work.arn"),
    )
    plan.add(
        "aws_lambda_event_source_mapping.stream",
        {
            "batch_size": 10,
            "maximum_retry_attempts": 3,
            "maximum_record_age_in_seconds": 600,
            "bisect_batch_on_function_error": True,
            "parallelization_factor": 2,
            "starting_position": "LATEST",
            "destination_config": [{"on_failure": [{}]}],
        },
        event_source_arn=names("aws_dynamodb_table.orders.stream_arn"),
        function_name=names("aws_lambda_function.audit.arn"),
        destination_config=[{"on_failure": [{"destination_arn": names("aws_sqs_queue.letters.arn")}]}],
    )
    plan.add(
        "aws_lambda_function_event_invoke_config.audit",
        {"maximum_retry_attempts": 1, "maximum_event_age_in_seconds": 120, "destination_config": [{}]},
        function_name=names("aws_lambda_function.audit.function_name"),
        destination_config=[{"on_success": [{"destination": names("aws_sns_topic.done.arn")}]}],
    )
    plan.add(
        "aws_lambda_provisioned_concurrency_config.audit",
        {"provisioned_concurrent_executions": 4, "qualifier": "live"},
        function_name=names("aws_lambda_alias.live.function_name"),
    )
    plan.add(
        "aws_lambda_alias.live",
        {"name": "live"},
        function_name=names("aws_lambda_function.audit.function_name"),
    )
    plan.add(
        "data.aws_iam_policy_document.work",
        {},
        statement=[
            {
                "actions": {"constant_value": ["dynamodb:GetItem", "dynamodb:PutItem"]},
                "resources": names("aws_dynamodb_table.orders.arn"),
            }
        ],
    )
    plan.add(
        "aws_iam_role_policy.work",
        {"name": "work"},
        role=names("aws_iam_role.work.name"),
        policy=names("data.aws_iam_policy_document.work.json"),
    )
    return plan


def test_functions_tables_and_mappings_of_a_plan_are_real():
    made = shop().imported()
    assert nodes(made)["work"]["config"] == {
        "MemorySize": 1024,
        "Timeout": 30,
        "architecture": "arm64",
        "service_time": {"distribution": "lognormal", "p50": 0.05, "p99": 0.3},
        "init_duration": {"distribution": "lognormal", "p50": 0.275, "p99": 0.8},
        "batch_work": "per-batch",
    }
    assert nodes(made)["audit"]["config"]["ProvisionedConcurrentExecutions"] == 4
    assert nodes(made)["audit"]["config"]["EventInvokeConfig"] == {
        "MaximumRetryAttempts": 1,
        "MaximumEventAgeInSeconds": 120,
    }
    assert nodes(made)["orders"]["config"] == {
        "BillingMode": "PROVISIONED",
        "ReadCapacityUnits": 20,
        "WriteCapacityUnits": 30,
        "StreamViewType": "NEW_IMAGE",
        "GlobalSecondaryIndexes": [{"IndexName": "by-state", "item_share": 0.1}],
    }
    assert config_of(made, "jobs", "work") == {
        "BatchSize": 20,
        "MaximumBatchingWindowInSeconds": 1,
        "ReportBatchItemFailures": True,
        "MaximumConcurrency": 9,
        "FilterCriteria": {"body": {"detail": {"kind": ["a"]}}},
    }
    assert config_of(made, "orders", "audit") == {
        "BatchSize": 10,
        "MaximumRetryAttempts": 3,
        "MaximumRecordAgeInSeconds": 600,
        "BisectBatchOnFunctionError": True,
        "ParallelizationFactor": 2,
    }
    (stream,) = [edge.id for edge in made.document.edges if edge.source == "orders"]
    assert config_of(made, "audit", "letters") == {"source": stream}
    assert config_of(made, "audit", "done") == {"destination": "OnSuccess"}
    assert ("work", "letters", "dead-letter") in edges(made)
    assert ("work", "done", "publish") in edges(made)
    calls = [edge.config["operation"] for edge in made.document.edges if edge.target == "orders"]
    assert calls == ["get", "put"]
    assert has_note(made, "not-modelled", "aws_dynamodb_table.orders: point_in_time_recovery")
    assert has_note(made, "not-modelled", "starting_position")
    result = runs(made)
    assert result["conservation"]["nodes"]["audit"]["delivered"] >= 0
    assert result["nodes"]["orders"]["write_units"]["mean"] > 0


def test_a_policy_in_json_and_one_that_is_attached_are_read_by_what_they_refer_to():
    plan = Plan()
    plan.add("aws_sqs_queue.out", {"name": "out"}).add("aws_dynamodb_table.store", {"name": "store"})
    plan.add("aws_iam_role.work", {"name": "work"})
    plan.add(
        "aws_iam_policy.work",
        {"name": "p"},
        policy=names("aws_sqs_queue.out.arn", "aws_dynamodb_table.store.arn"),
    )
    plan.add(
        "aws_iam_role_policy_attachment.work",
        {},
        role=names("aws_iam_role.work.name"),
        policy_arn=names("aws_iam_policy.work.arn"),
    )
    plan.add("aws_lambda_function.work", {"function_name": "work"}, role=names("aws_iam_role.work.arn"))
    made = plan.imported()
    assert {("work", "out", "publish"), ("work", "store", "invoke")} <= edges(made)
    runs(made)


def test_a_state_machine_whose_definition_is_not_known_yet_calls_what_it_refers_to():
    plan = Plan()
    plan.add("aws_lambda_function.pay", {"function_name": "pay"})
    plan.add("aws_sqs_queue.failed", {"name": "failed"})
    plan.add(
        "aws_sfn_state_machine.orders",
        {"name": "orders", "type": "EXPRESS"},
        definition=names("aws_lambda_function.pay.arn", "aws_sqs_queue.failed.url"),
    )
    made = plan.imported()
    assert nodes(made)["orders"]["kind"] == "aws.stepfunctions"
    assert nodes(made)["orders"]["config"]["type"] == "EXPRESS"
    assert config_of(made, "orders", "pay") == {"tasks": ["pay"]}
    assert config_of(made, "orders", "failed") == {"tasks": ["failed"]}
    runs(made)


def test_pipes_and_schedules_of_a_plan_are_real():
    plan = Plan()
    plan.add("aws_sqs_queue.in", {"name": "in"}).add("aws_sqs_queue.lost", {"name": "lost"})
    plan.add("aws_lambda_function.work", {"function_name": "work"})
    plan.add(
        "aws_pipes_pipe.p",
        {
            "name": "p",
            "source_parameters": [
                {
                    "sqs_queue_parameters": [{"batch_size": 3, "maximum_batching_window_in_seconds": 0}],
                    "filter_criteria": [{"filter": [{"pattern": '{"body": {"detail-type": ["a"]}}'}]}],
                }
            ],
        },
        source=names("aws_sqs_queue.in.arn"),
        target=names("aws_lambda_function.work.arn"),
    )
    plan.add(
        "aws_scheduler_schedule.nightly",
        {
            "name": "nightly",
            "schedule_expression": "cron(0 3 * * ? *)",
            "schedule_expression_timezone": "Europe/Copenhagen",
            "flexible_time_window": [{"mode": "FLEXIBLE", "maximum_window_in_minutes": 15}],
            "state": "ENABLED",
            "target": [
                {"retry_policy": [{"maximum_retry_attempts": 2, "maximum_event_age_in_seconds": 3600}]}
            ],
        },
        target=[
            {
                "arn": names("aws_lambda_function.work.arn"),
                "dead_letter_config": [{"arn": names("aws_sqs_queue.lost.arn")}],
            }
        ],
    )
    made = plan.imported()
    assert nodes(made)["p"]["config"] == {
        "BatchSize": 3,
        "MaximumBatchingWindowInSeconds": 0,
        "FilterPattern": {"body": {"detail-type": ["a"]}},
    }
    assert config_of(made, "p", "work") == {"purpose": "target"}
    assert nodes(made)["nightly"]["config"] == {
        "ScheduleExpressionTimezone": "Europe/Copenhagen",
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
    }
    assert config_of(made, "nightly", "work") == {
        "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600}
    }
    assert ("nightly", "lost", "dead-letter") in edges(made)
    runs(made)


def test_a_state_knows_its_arns():
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:work"
    rows = [
        ("aws_sqs_queue.jobs", {"name": "jobs", "arn": "arn:aws:sqs:eu-west-1:123456789012:jobs"}),
        ("aws_lambda_function.work", {"function_name": "work", "arn": arn, "timeout": 3}),
        (
            "aws_lambda_event_source_mapping.m",
            {"event_source_arn": "arn:aws:sqs:eu-west-1:123456789012:jobs", "function_name": arn},
        ),
    ]
    resources = [
        {"address": address, "mode": "managed", "type": address.split(".")[0], "values": values}
        for address, values in rows
    ]
    state = {"format_version": "1.0", "values": {"root_module": {"resources": resources}}}
    made = imported(json.dumps(state), names=("state.json",))
    assert edges(made) >= {("jobs", "work", "consume")}
    assert len([one for one in nodes(made).values() if one["kind"] in ("aws.sqs", "aws.lambda")]) == 2
    runs(made)


def test_a_redrive_policy_of_its_own_belongs_to_its_queue():
    account = "eu-west-1:123456789012"
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:{account}:dead", "maxReceiveCount": 7}
    rows = [
        ("aws_sqs_queue.jobs", {"name": "jobs", "arn": f"arn:aws:sqs:{account}:jobs"}),
        ("aws_sqs_queue.dead", {"name": "dead", "arn": f"arn:aws:sqs:{account}:dead"}),
        *(
            (
                f"aws_sqs_queue_redrive_policy.{name}",
                {
                    "queue_url": f"https://sqs.eu-west-1.amazonaws.com/1/{name}",
                    "redrive_policy": json.dumps(policy),
                },
            )
            for name in ("jobs", "elsewhere")
        ),
    ]
    resources = [
        {"address": address, "mode": "managed", "type": address.split(".")[0], "values": values}
        for address, values in rows
    ]
    state = {"format_version": "1.0", "values": {"root_module": {"resources": resources}}}
    made = imported(json.dumps(state), names=("state.json",))
    assert config_of(made, "jobs", "dead") == {"maxReceiveCount": 7}
    assert has_note(made, "not-understood", "its queue is not in the plan")


@pytest.mark.parametrize("indexed", ['["a"]', "[0]"])
def test_a_resource_of_a_module_with_an_index_is_found(indexed):
    module = f"module.worker{indexed}"
    planned = {
        "resources": [
            {
                "address": "aws_sqs_queue.jobs",
                "mode": "managed",
                "type": "aws_sqs_queue",
                "values": {"name": "jobs"},
            }
        ],
        "child_modules": [
            {
                "address": module,
                "resources": [
                    {
                        "address": f"{module}.aws_lambda_function.work",
                        "mode": "managed",
                        "type": "aws_lambda_function",
                        "values": {"function_name": "work"},
                    },
                    {
                        "address": f"{module}.aws_lambda_event_source_mapping.m",
                        "mode": "managed",
                        "type": "aws_lambda_event_source_mapping",
                        "values": {"batch_size": 1},
                    },
                ],
            }
        ],
    }
    configuration = {
        "resources": [{"address": "aws_sqs_queue.jobs", "expressions": {}}],
        "module_calls": {
            "worker": {
                "expressions": {"queue": names("aws_sqs_queue.jobs.arn")},
                "module": {
                    "resources": [
                        {"address": "aws_lambda_function.work", "expressions": {}},
                        {
                            "address": "aws_lambda_event_source_mapping.m",
                            "expressions": {
                                "event_source_arn": {"references": ["var.queue"]},
                                "function_name": names("aws_lambda_function.work.arn"),
                            },
                        },
                    ]
                },
            }
        },
    }
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": planned},
        "configuration": {"root_module": configuration},
    }
    made = imported(json.dumps(plan), names=("plan.json",))
    assert ("jobs", "work", "consume") in edges(made)
    runs(made)
