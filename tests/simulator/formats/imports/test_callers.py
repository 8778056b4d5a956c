"""Who calls from outside (APIs, addresses, buckets), and texts that name what a template declares later.

Source: AWS CloudFormation template reference, *AWS::ApiGateway::Method*, *AWS::ApiGatewayV2::Integration*,
*AWS::S3::Bucket*, *Fn::Sub*, *Fn::Join*.
"""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import pytest

from tests.simulator.formats.imports.importing import edges, has_note, nodes, of, resource, runs, template


def statement(action: object, target: object) -> dict[str, object]:
    return {"Statement": [{"Effect": "Allow", "Action": action, "Resource": target}]}


CALLERS = {
    "REST": resource(
        "ApiGateway::Method",
        Integration={
            "Type": "AWS_PROXY",
            "Uri": {
                "Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Work.Arn}/invocations"
            },
        },
    ),
    "HTTP": resource("ApiGatewayV2::Integration", IntegrationType="AWS_PROXY", IntegrationUri=of("Work")),
    "address": resource("Lambda::Url", TargetFunctionArn=of("Work"), AuthType="NONE"),
}


@pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS)
def test_clients_of_an_api_call_the_function_that_stands_behind_them_in_the_file(caller):
    made = template(Caller=caller, Work=resource("Lambda::Function"))
    assert ("clients-of-work", "work", "invoke") in edges(made)
    assert len(nodes(made)) == 2
    runs(made)


def test_a_bucket_tells_queues_functions_and_the_bus():
    made = template(
        Bucket=resource(
            "S3::Bucket",
            NotificationConfiguration={
                "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": of("Q")}],
                "LambdaConfigurations": [{"Event": "s3:ObjectRemoved:*", "Function": of("Work")}],
                "EventBridgeConfiguration": {},
            },
        ),
        Quiet=resource("S3::Bucket"),
        Q=resource("SQS::Queue"),
        Work=resource("Lambda::Function"),
        Permission=resource("Lambda::Permission", FunctionName=of("Work"), Principal="s3.amazonaws.com"),
    )
    assert {
        ("bucket-of-q", "q", "publish"),
        ("bucket-of-work", "work", "publish"),
        ("bucket-of-default", "default", "publish"),
    } <= edges(made)
    assert [edge.source for edge in made.document.edges if edge.target == "work"] == ["bucket-of-work"]
    assert has_note(made, "not-modelled", "Quiet (AWS::S3::Bucket) carries no messages")
    runs(made)


def test_a_text_may_name_what_is_declared_after_it():
    made = template(
        Worker=resource(
            "Serverless::Function",
            Policies=[statement("sqs:SendMessage", {"Fn::Sub": "${Later.Arn}"}),
                      statement("dynamodb:PutItem", {"Fn::Join": ["", [of("Table"), ""]]})],
        ),
        Later=resource("SQS::Queue", QueueName="later"),
        Table=resource("DynamoDB::Table", BillingMode="PAY_PER_REQUEST"),
    )  # fmt: skip
    assert {("worker", "later", "publish"), ("worker", "table", "invoke")} <= edges(made)
    assert [one["kind"] for one in nodes(made).values()].count("aws.dynamodb") == 1
    assert not has_note(made, "assumed", "is mentioned, not defined")


def test_a_weak_guess_that_closes_a_loop_takes_no_other_with_it():
    variables = {"Environment": {"Variables": {"OUT": {"Ref": "First"}}}}
    made = template(
        Last=resource(
            "Serverless::Function",
            Events={"P": {"Type": "SQS", "Properties": {"Queue": of("Second")}}},
            **variables,
        ),
        First=resource("SQS::Queue"),
        Second=resource("SQS::Queue"),
        Work=resource(
            "Serverless::Function",
            Policies=[{"SQSSendMessagePolicy": {"QueueName": of("Second", "QueueName")}}],
            Events={"P": {"Type": "SQS", "Properties": {"Queue": of("First")}}},
        ),
    )
    assert ("work", "second", "publish") in edges(made)
    assert ("last", "first", "publish") not in edges(made)
    assert has_note(made, "assumed", "Last does not send to First: it would close a loop")
    assert runs(made)["conservation"]["nodes"]["second"]["delivered"] > 0
