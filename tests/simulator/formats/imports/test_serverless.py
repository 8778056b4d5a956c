"""Functions, tables and pipes of templates: every property that the kinds have, and what is said of others.

Sources: AWS CloudFormation template reference (AWS::Lambda, AWS::DynamoDB, AWS::IAM), AWS SAM developer guide.
"""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import json

import pytest

from tests.simulator.formats.imports.importing import (
    config_of,
    edges,
    has_note,
    nodes,
    of,
    resource,
    runs,
    template,
)

MEASURED = {
    "service_time": {"distribution": "lognormal", "p50": 0.05, "p99": 0.3},
}


FUNCTION = {
    "MemorySize": ({"MemorySize": 512}, {"MemorySize": 512}),
    "Timeout": (
        {"Timeout": "1"},
        {
            "Timeout": 1,
            "service_time": {"distribution": "lognormal", "p50": pytest.approx(1 / 60), "p99": 0.1},
        },
    ),
    "reserved": ({"ReservedConcurrentExecutions": 5}, {"ReservedConcurrentExecutions": 5}),
    "stopped": ({"ReservedConcurrentExecutions": 0}, {"ReservedConcurrentExecutions": 0}),
    "provisioned": (
        {"AutoPublishAlias": "live", "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 3}},
        {"ProvisionedConcurrentExecutions": 3},
    ),
    "architecture": ({"Architectures": ["arm64"]}, {"architecture": "arm64"}),
    "cold start of Node.js": (
        {"Runtime": "nodejs22.x"},
        {"init_duration": {"distribution": "lognormal", "p50": 0.275, "p99": 0.8}},
    ),
    "cold start of Java": (
        {"Runtime": "java21"},
        {"init_duration": {"distribution": "lognormal", "p50": 3.5, "p99": 8.0}},
    ),
    "SnapStart": (
        {"Runtime": "java21", "SnapStart": {"ApplyOn": "PublishedVersions"}},
        {"init_duration": {"distribution": "lognormal", "p50": 0.115, "p99": 0.3}},
    ),
    "Python": ({"Runtime": "python3.13"}, {}),
    "asynchronous": (
        {"EventInvokeConfig": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}},
        {"EventInvokeConfig": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}},
    ),
}


@pytest.mark.parametrize(("given", "config"), FUNCTION.values(), ids=FUNCTION)
def test_a_function_has_the_settings_of_its_template(given, config):
    made = template(Work=resource("Serverless::Function", **given))
    work = nodes(made)["work"]
    assert work["kind"] == "aws.lambda"
    assert work["config"] == {**MEASURED, **config}
    for key in work["config"]:
        assert f"work.config.{key}" in made.document.assumptions
    runs(made, 5)


MAPPINGS = {
    "SQS": (
        resource("SQS::Queue", VisibilityTimeout=18),
        {"BatchSize": 20, "MaximumBatchingWindowInSeconds": 2, "FunctionResponseTypes": ["ReportBatchItemFailures"], "ScalingConfig": {"MaximumConcurrency": 4}},
        {"BatchSize": 20, "MaximumBatchingWindowInSeconds": 2, "ReportBatchItemFailures": True, "MaximumConcurrency": 4},
    ),
    "SQS with pollers": (
        resource("SQS::Queue", VisibilityTimeout=18),
        {"ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": 9}},
        {"ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": 9}},
    ),
    "filter of a body": (
        resource("SQS::Queue", VisibilityTimeout=18),
        {"FilterCriteria": {"Filters": [{"Pattern": '{"body": {"kind": ["a"]}}'}]}},
        {"FilterCriteria": {"body": {"detail": {"kind": ["a"]}}}},
    ),
    "several filters": (
        resource("SQS::Queue", VisibilityTimeout=18),
        {"FilterCriteria": {"Filters": [{"Pattern": '{"body": {"kind": ["a"]}}'}, {"Pattern": '{"body": {"source": ["b"]}}'}]}},
        {"FilterCriteria": {"$or": [{"body": {"detail": {"kind": ["a"]}}}, {"body": {"source": ["b"]}}]}},
    ),
    "Kinesis": (
        resource("Kinesis::Stream", ShardCount=2),
        {"BatchSize": 50, "ParallelizationFactor": 4, "BisectBatchOnFunctionError": True, "MaximumRetryAttempts": 3, "MaximumRecordAgeInSeconds": 3600},
        {"BatchSize": 50, "ParallelizationFactor": 4, "BisectBatchOnFunctionError": True, "MaximumRetryAttempts": 3, "MaximumRecordAgeInSeconds": 3600},
    ),
    "stream of a table": (
        resource("DynamoDB::Table", StreamSpecification={"StreamViewType": "NEW_IMAGE"}, BillingMode="PAY_PER_REQUEST"),
        {"BatchSize": 5, "FilterCriteria": {"Filters": [{"Pattern": '{"dynamodb": {"NewImage": {"state": {"S": ["paid"]}}}}'}]}},
        {"BatchSize": 5, "FilterCriteria": {"value": {"detail": {"state": ["paid"]}}}},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "given", "config"), MAPPINGS.values(), ids=MAPPINGS)
def test_a_mapping_is_an_edge_with_its_settings(source, given, config):
    attribute = "StreamArn" if "DynamoDB" in source["Type"] else "Arn"
    made = template(
        Source=source,
        Work=resource("Lambda::Function"),
        Map=resource(
            "Lambda::EventSourceMapping",
            FunctionName={"Ref": "Work"},
            EventSourceArn=of("Source", attribute),
            **given,
        ),
    )
    assert ("source", "work", "consume") in edges(made)
    assert config_of(made, "source", "work") == config
    result = runs(made)
    (mapping,) = [row for id, row in result["conservation"]["nodes"].items() if id == "source"]
    assert mapping["delivered"] > 0


def test_given_up_batches_and_failed_events_go_where_the_template_says():
    made = template(
        Stream=resource("Kinesis::Stream", ShardCount=1),
        Letters=resource("SQS::Queue"),
        Done=resource("SNS::Topic"),
        Work=resource(
            "Serverless::Function",
            EventInvokeConfig={
                "DestinationConfig": {
                    "OnSuccess": {"Type": "SNS", "Destination": {"Ref": "Done"}},
                    "OnFailure": {"Type": "SQS"},
                }
            },
            Events={
                "Poll": {
                    "Type": "Kinesis",
                    "Properties": {
                        "Stream": of("Stream"),
                        "StartingPosition": "LATEST",
                        "MaximumRetryAttempts": 1,
                        "DestinationConfig": {"OnFailure": {"Destination": of("Letters")}},
                    },
                },
                "Upload": {"Type": "S3"},
            },
        ),
        Old=resource("Lambda::Function", DeadLetterConfig={"TargetArn": of("Letters")}),
        Later=resource(
            "Lambda::EventInvokeConfig", FunctionName={"Ref": "Old"}, Qualifier="$LATEST", MaximumRetryAttempts=1
        ),
    )  # fmt: skip
    (mapping,) = [edge.id for edge in made.document.edges if edge.target == "work" and edge.role == "consume"]
    assert config_of(made, "work", "letters") == {"source": mapping}
    assert config_of(made, "work", "done") == {"destination": "OnSuccess"}
    assert ("work", "work-on-failure", "dead-letter") in edges(made)
    assert ("old", "letters", "dead-letter") in edges(made)
    assert nodes(made)["old"]["config"]["EventInvokeConfig"] == {"MaximumRetryAttempts": 1}
    assert ("bucket-of-work", "work", "publish") in edges(made)
    assert has_note(made, "assumed", "AWS SAM makes the SQS destination of Work (OnFailure)")
    assert has_note(made, "not-modelled", "Work, its mapping: StartingPosition")
    runs(made)


def test_versions_aliases_addresses_and_permissions_mean_their_function():
    made = template(
        Q=resource("SQS::Queue"),
        Work=resource("Lambda::Function", Runtime="python3.13"),
        V1=resource("Lambda::Version", FunctionName={"Ref": "Work"}),
        Live=resource(
            "Lambda::Alias",
            FunctionName={"Ref": "Work"},
            FunctionVersion=of("V1", "Version"),
            Name="live",
            ProvisionedConcurrencyConfig={"ProvisionedConcurrentExecutions": 2},
        ),
        Map=resource("Lambda::EventSourceMapping", FunctionName={"Ref": "Live"}, EventSourceArn=of("Q")),
        Web=resource("Lambda::Url", TargetFunctionArn={"Ref": "Live"}, AuthType="NONE"),
        Api=resource(
            "Lambda::Permission",
            FunctionName={"Ref": "Work"},
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        ),
        Bucket=resource(
            "Lambda::Permission",
            FunctionName=of("Work"),
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
        ),
    )
    assert [one["kind"] for one in nodes(made).values()].count("aws.lambda") == 1
    assert nodes(made)["work"]["config"]["ProvisionedConcurrentExecutions"] == 2
    assert {
        ("q", "work", "consume"),
        ("clients-of-work", "work", "invoke"),
        ("bucket-of-work", "work", "publish"),
    } <= edges(made)
    runs(made, 5)


TABLES = {
    "on demand": (
        resource("DynamoDB::Table", BillingMode="PAY_PER_REQUEST", TableClass="STANDARD_INFREQUENT_ACCESS"),
        {"BillingMode": "PAY_PER_REQUEST", "TableClass": "STANDARD_INFREQUENT_ACCESS"},
    ),
    "provisioned by default": (
        resource("DynamoDB::Table", ProvisionedThroughput={"ReadCapacityUnits": "10", "WriteCapacityUnits": 20}),
        {"BillingMode": "PROVISIONED", "ReadCapacityUnits": 10, "WriteCapacityUnits": 20},
    ),
    "simple": (resource("Serverless::SimpleTable"), {"BillingMode": "PAY_PER_REQUEST"}),
    "limits": (
        resource(
            "DynamoDB::Table",
            BillingMode="PAY_PER_REQUEST",
            OnDemandThroughput={"MaxReadRequestUnits": 50, "MaxWriteRequestUnits": -1},
            WarmThroughput={"ReadUnitsPerSecond": 15_000, "WriteUnitsPerSecond": 6_000},
        ),
        {
            "BillingMode": "PAY_PER_REQUEST",
            "OnDemandThroughput.MaxReadRequestUnits": 50,
            "WarmThroughput.ReadUnitsPerSecond": 15_000,
            "WarmThroughput.WriteUnitsPerSecond": 6_000,
        },
    ),
    "stream and indexes": (
        resource(
            "DynamoDB::GlobalTable",
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamViewType": "KEYS_ONLY"},
            GlobalSecondaryIndexes=[
                {"IndexName": "all", "Projection": {"ProjectionType": "ALL"}},
                {"IndexName": "few", "Projection": {"ProjectionType": "KEYS_ONLY"}},
            ],
        ),
        {
            "BillingMode": "PAY_PER_REQUEST",
            "StreamViewType": "KEYS_ONLY",
            "GlobalSecondaryIndexes": [
                {"IndexName": "all", "item_share": 1.0},
                {"IndexName": "few", "item_share": 0.1},
            ],
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "config"), TABLES.values(), ids=TABLES)
def test_a_table_is_a_table(given, config):
    made = template(Store=given)
    assert nodes(made)["store"]["kind"] == "aws.dynamodb"
    assert nodes(made)["store"]["config"] == config
    assert runs(made)["nodes"]["store"]["write_units"]["mean"] > 0


def test_an_expiry_without_a_time_is_listed():
    made = template(
        Store=resource("DynamoDB::Table", TimeToLiveSpecification={"AttributeName": "until", "Enabled": True})
    )
    assert has_note(made, "not-modelled", "Store.Properties.TimeToLiveSpecification", "items expire")


def statement(action: object, target: object) -> dict[str, object]:
    return {"Statement": [{"Effect": "Allow", "Action": action, "Resource": target}]}


CALLS = {
    "policy templates": {"Policies": [{"DynamoDBCrudPolicy": {"TableName": {"Ref": "Store"}}}]},
    "a statement": {"Policies": [statement(["dynamodb:GetItem", "dynamodb:PutItem"], of("Store"))]},
    "all actions of a service": {"Policies": [statement("dynamodb:*", of("Store"))]},
    "its role": {"Role": of("Role")},
    "a policy attached to its role": {"Role": of("Bare")},
}


@pytest.mark.parametrize("given", CALLS.values(), ids=CALLS)
def test_what_a_function_may_do_at_a_table_is_what_it_does(given):
    document = statement(["dynamodb:Query", "dynamodb:UpdateItem"], [of("Store"), "*"])
    made = template(
        Store=resource("DynamoDB::Table", BillingMode="PAY_PER_REQUEST"),
        Role=resource("IAM::Role", Policies=[{"PolicyName": "p", "PolicyDocument": document}]),
        Bare=resource("IAM::Role"),
        Attached=resource("IAM::Policy", Roles=[{"Ref": "Bare"}], PolicyDocument=document),
        Work=resource("Lambda::Function", **given),
    )
    calls = [edge for edge in made.document.edges if (edge.source, edge.target) == ("work", "store")]
    assert [(edge.role, edge.config["operation"]) for edge in calls] == [("invoke", "get"), ("invoke", "put")]
    assert has_note(made, "assumed", "Work writes an item of Store once for each message it handles")
    result = runs(made)
    assert result["nodes"]["store"]["read_units"]["mean"] > 0
    assert result["nodes"]["store"]["write_units"]["mean"] > 0


def test_resources_that_variables_refer_to_are_called_and_no_value_is_kept():
    made = template(
        Orders=resource("SQS::Queue"),
        Failed=resource("SQS::Queue"),
        Other=resource("Lambda::Function"),
        Work=resource(
            "Lambda::Function",
            Environment={
                "Variables": {
                    "QUEUE": {"Ref": "Orders"},
                    "OTHER": of("Other"),
                    "PASSWORD": "canary-1",
                    "DSN": "amqp://me:canary-2@host",
                }
            },
            Policies=[{"SQSSendMessagePolicy": {"QueueName": of("Failed", "QueueName")}}],
        ),
    )
    assert {("work", "orders", "publish"), ("work", "other", "invoke")} <= edges(made)
    assert has_note(made, "assumed", "the variable QUEUE names it")
    assert config_of(made, "work", "failed") == {"probability": 0.01}
    assert "canary" not in json.dumps(made.document.to_data()) + json.dumps(made.report.as_dict())
    runs(made)


def test_a_queue_hides_messages_for_longer_than_its_function_runs():
    made = template(
        Silent=resource("SQS::Queue"),
        Wrong=resource("SQS::Queue", VisibilityTimeout=10, DelaySeconds=3),
        Work=resource(
            "Serverless::Function",
            Timeout=60,
            Events={name: {"Type": "SQS", "Properties": {"Queue": of(name)}} for name in ("Silent", "Wrong")},
        ),
    )
    assert nodes(made)["silent"]["config"]["VisibilityTimeout"] == 360
    assert nodes(made)["wrong"]["config"] == {"VisibilityTimeout": 360, "DelaySeconds": 3}
    assert has_note(made, "assumed", "Silent has a VisibilityTimeout of 360 s")
    assert has_note(made, "not-understood", "Wrong hides messages for 10 s", "AWS refuses")
    assert made.document.assumptions["wrong.config.VisibilityTimeout"].source == "guess"
    runs(made)


def test_an_account_has_room_for_what_its_functions_reserve():
    made = template(
        A=resource("Lambda::Function", ReservedConcurrentExecutions=700),
        B=resource("Lambda::Function", ReservedConcurrentExecutions=400),
    )
    assert nodes(made)["a"]["config"]["account_concurrency"] == 1_200
    assert nodes(made)["b"]["config"]["account_concurrency"] == 1_200
    assert has_note(made, "assumed", "the account has 1,200 concurrent executions")
    runs(made, 5)


# -- pipes -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("target", ["Serverless::Function", "Serverless::StateMachine"])
def test_a_pipe_calls_a_function_or_a_machine(target):
    made = template(
        Q=resource("SQS::Queue"),
        Extra=resource("Lambda::Function"),
        End=resource(target),
        Pipe=resource(
            "Pipes::Pipe",
            Source=of("Q"),
            Enrichment=of("Extra"),
            Target=of("End"),
            SourceParameters={"SqsQueueParameters": {"BatchSize": 2}},
        ),
    )
    assert nodes(made)["pipe"] == {
        "id": "pipe",
        "kind": "aws.pipe",
        "label": "Pipe",
        "config": {"BatchSize": 2},
    }
    assert config_of(made, "pipe", "extra") == {"purpose": "enrichment"}
    assert config_of(made, "pipe", "end") == {"purpose": "target"}
    assert runs(made)["nodes"]["pipe"]["throughput"]["mean"] > 0


def test_a_pipe_reads_the_stream_of_a_table_and_tells_of_what_it_gives_up():
    made = template(
        Orders=resource("DynamoDB::Table", StreamSpecification={"StreamViewType": "NEW_IMAGE"}),
        End=resource("SNS::Topic"),
        Lost=resource("SQS::Queue"),
        Pipe=resource(
            "Pipes::Pipe",
            Source=of("Orders", "StreamArn"),
            Target={"Ref": "End"},
            SourceParameters={
                "DynamoDBStreamParameters": {
                    "StartingPosition": "LATEST",
                    "ParallelizationFactor": 2,
                    "MaximumRetryAttempts": 3,
                    "MaximumRecordAgeInSeconds": 600,
                    "DeadLetterConfig": {"Arn": of("Lost")},
                }
            },
        ),
    )
    assert nodes(made)["pipe"] == {
        "id": "pipe",
        "kind": "aws.pipe",
        "label": "Pipe",
        "config": {"ParallelizationFactor": 2, "MaximumRetryAttempts": 3, "MaximumRecordAgeInSeconds": 600},
    }
    assert config_of(made, "pipe", "lost") == {"purpose": "dead-letter"}
    assert runs(made)["nodes"]["pipe"]["throughput"]["mean"] > 0


# -- schedules ---------------------------------------------------------------------------------------
SCHEDULES = {
    "of Scheduler": (
        resource(
            "Scheduler::Schedule",
            Name="tick",
            ScheduleExpression="cron(0/5 * * * ? *)",
            ScheduleExpressionTimezone="Europe/Oslo",
            FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
            Target={"Arn": of("Work"), "RetryPolicy": {"MaximumRetryAttempts": 1}, "Input": "canary"},
        ),
        {
            "ScheduleExpression": "cron(0/5 * * * ? *)",
            "ScheduleExpressionTimezone": "Europe/Oslo",
            "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
        },
    ),
    "of a rule": (
        resource(
            "Events::Rule",
            Name="tick",
            ScheduleExpression="rate(1 minute)",
            Targets=[{"Id": "a", "Arn": of("Work"), "RetryPolicy": {"MaximumRetryAttempts": 1}}],
        ),
        {"ScheduleExpression": "rate(1 minute)"},
    ),
    "that is off": (
        resource(
            "Scheduler::Schedule",
            Name="tick",
            ScheduleExpression="rate(1 minute)",
            State="DISABLED",
            Target={"Arn": of("Work"), "RetryPolicy": {"MaximumRetryAttempts": 1}},
        ),
        {"ScheduleExpression": "rate(1 minute)", "State": "DISABLED"},
    ),
    "that nobody understands": (
        resource(
            "Scheduler::Schedule",
            Name="tick",
            ScheduleExpression="now and then",
            Target={"Arn": of("Work"), "RetryPolicy": {"MaximumRetryAttempts": 1}},
        ),
        {"ScheduleExpression": "rate(1 hour)"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "config"), SCHEDULES.values(), ids=SCHEDULES)
def test_a_schedule_is_a_schedule(given, config):
    made = template(Work=resource("Lambda::Function"), Tick=given)
    assert nodes(made)["tick"]["kind"] == "aws.scheduler"
    assert nodes(made)["tick"]["config"] == config
    assert config_of(made, "tick", "work") == {"RetryPolicy": {"MaximumRetryAttempts": 1}}
    assert "canary" not in json.dumps(made.document.to_data())
    result = runs(made, 300)
    assert (result["nodes"]["tick"]["throughput"]["mean"] > 0) == ("State" not in config)


def test_a_connector_that_lets_a_function_read_is_no_second_reader_and_who_only_receives_sends_nothing():
    """AWS SAM, *AWS::Serverless::Connector* (SQS queue to Lambda function: Read, Write); SQSPollerPolicy."""
    made = template(
        Jobs=resource("SQS::Queue"),
        Checks=resource("SQS::Queue"),
        Work=resource("Serverless::Function", Runtime="nodejs20.x"),
        Mapping=resource(
            "Lambda::EventSourceMapping", FunctionName={"Ref": "Work"}, EventSourceArn=of("Jobs"), BatchSize=10
        ),
        Link=resource(
            "Serverless::Connector", Source={"Id": "Jobs"}, Destination={"Id": "Work"}, Permissions=["Read", "Write"]
        ),
        Test=resource(
            "Serverless::Function",
            Runtime="nodejs20.x",
            Environment={"Variables": {"JOBS_URL": {"Ref": "Jobs"}, "CHECKS_URL": {"Ref": "Checks"}}},
            Policies=[
                {"SQSPollerPolicy": {"QueueName": of("Checks", "QueueName")}},
                {"SQSSendMessagePolicy": {"QueueName": of("Jobs", "QueueName")}},
            ],
        ),
    )  # fmt: skip
    found = [(edge.source, edge.target) for edge in made.document.edges]
    assert found.count(("jobs", "work")) == 1
    assert ("test", "jobs") in found
    assert ("test", "checks") not in found
