"""Who calls from outside (APIs, addresses, buckets), and texts that name what a template declares later.

Source: AWS CloudFormation template reference, *AWS::ApiGateway::Method*, *AWS::ApiGatewayV2::Integration*,
*AWS::S3::Bucket*, *Fn::Sub*, *Fn::Join*.
"""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import json

import pytest

from tests.simulator.formats.imports.importing import (
    edges,
    has_note,
    imported,
    nodes,
    of,
    resource,
    runs,
    stands,
    template,
)


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


ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "Policies": [
            {
                "PolicyName": "p",
                "PolicyDocument": {
                    "Statement": {
                        "Effect": "Allow",
                        "Action": ["kinesis:PutRecord", "kinesis:GetRecords"],
                        "Resource": {"Fn::Sub": ["${arn}*", {"arn": of("Clicks")}]},
                    }
                },
            }
        ]
    },
}
URI = "arn:aws:apigateway:${AWS::Region}:"
#: Name: the integration of a method of a REST API, and what its clients reach.
INTEGRATIONS = {
    "a queue by its path": ({"Uri": {"Fn::Sub": URI + "sqs:path/${AWS::AccountId}/${Jobs.QueueName}"}}, "jobs"),
    "a queue in the template": ({"Uri": {"Fn::Sub": URI + "sqs:action/SendMessage"}, "RequestTemplates": {"application/json": {"Fn::Sub": "Action=SendMessage&QueueUrl=$util.urlEncode('https://sqs.eu-west-1.amazonaws.com/${AWS::AccountId}/jobs')&MessageBody=$input.body"}}}, "jobs"),
    "a topic in the template": ({"Uri": {"Fn::Sub": URI + "sns:action/Publish"}, "RequestTemplates": {"application/json": {"Fn::Sub": "Action=Publish&TopicArn=$util.urlEncode('${News}')&Message=$input.body"}}}, "news"),
    "a topic in a parameter": ({"Uri": {"Fn::Sub": URI + "sns:path//"}, "RequestParameters": {"integration.request.querystring.TopicArn": {"Fn::Sub": "'${News}'"}}}, "news"),
    "a machine": ({"Uri": {"Fn::Sub": URI + "states:action/StartExecution"}, "RequestTemplates": {"application/json": {"Fn::Sub": '{"input": "$util.escapeJavaScript($input.json(\'$\'))", "stateMachineArn": "${Machine.Arn}"}'}}}, "machine"),
    "a bus": ({"Uri": {"Fn::Sub": URI + "events:action/PutEvents"}, "RequestTemplates": {"application/json": '{"Entries": [{"Source": "web", "EventBusName": "shop"}]}'}}, "shop"),
    "the default bus": ({"Uri": {"Fn::Sub": URI + "events:action/PutEvents"}}, "default"),
    "a table": ({"Uri": {"Fn::Sub": URI + "dynamodb:action/PutItem"}, "RequestTemplates": {"application/json": {"Fn::Sub": '{"TableName": "${Items}", "Item": {}}'}}}, "items"),
    "a stream that only the role names": ({"Credentials": of("Role"), "Uri": {"Fn::Sub": URI + "kinesis:action/PutRecord"}, "RequestTemplates": {"application/json": '{"StreamName": "$input.params(\'stream\')"}'}}, "clicks"),
}  # fmt: skip
PARTS = {
    "Jobs": resource("SQS::Queue", QueueName="jobs"),
    "News": resource("SNS::Topic", TopicName="news"),
    "Shop": resource("Events::EventBus", Name="shop"),
    "Items": resource("DynamoDB::Table", TableName="items", BillingMode="PAY_PER_REQUEST"),
    "Clicks": resource("Kinesis::Stream", Name="clicks", ShardCount=1),
    "Machine": resource(
        "StepFunctions::StateMachine",
        StateMachineName="machine",
        DefinitionString='{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}',
    ),
    "Role": ROLE,
}


METHODS = {
    f"M{number}": resource("ApiGateway::Method", Integration=one)
    for number, (one, _) in enumerate(INTEGRATIONS.values())
}
ALL = {**METHODS, **PARTS}


@pytest.mark.parametrize("place", ["method", "OpenAPI"])
@pytest.mark.parametrize(("integration", "target"), INTEGRATIONS.values(), ids=INTEGRATIONS)
def test_an_api_leads_to_what_its_integration_names(place, integration, target):
    if place == "method":
        caller = resource("ApiGateway::Method", Integration={"Type": "AWS", **integration})
    else:
        written = {key[0].lower() + key[1:]: value for key, value in integration.items()}
        way = {"post": {"x-amazon-apigateway-integration": {"type": "aws", **written}}}
        caller = resource("Serverless::Api", StageName="v1", DefinitionBody={"paths": {"/a": way}})
    made = template(Caller=caller, **PARTS)
    assert [source for source, to, _ in edges(made) if to == target and source.startswith("clients-of")]
    stands(made)


def test_an_api_of_an_included_file_is_read_and_one_of_elsewhere_is_missed():
    api = {
        "Type": "AWS::Serverless::HttpApi",
        "Properties": {
            "DefinitionBody": {
                "Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "./api.yaml"}}
            }
        },
    }
    elsewhere = resource("Serverless::Api", StageName="v", DefinitionUri="s3://bucket/api.yaml")
    way = {
        "x-amazon-apigateway-integration": {
            "integrationSubtype": "SQS-SendMessage",
            "requestParameters": {"QueueUrl": {"Ref": "Jobs"}},
        }
    }
    made = imported(
        json.dumps({"Resources": {"Api": api, "Other": elsewhere, "Jobs": PARTS["Jobs"]}}),
        json.dumps({"openapi": "3.0.1", "paths": {"/orders": {"post": way}}}),
        names=("template.json", "api.yaml"),
    )
    assert ("clients-of-jobs", "jobs", "invoke") in edges(made) or (
        "clients-of-jobs",
        "jobs",
        "publish",
    ) in edges(made)
    assert has_note(made, "not-understood", "Other: the ways of its API stand in another file")


OTHERS = {
    "AppSync and a function": (resource("AppSync::DataSource", Type="AWS_LAMBDA", LambdaConfig={"LambdaFunctionArn": of("Work")}), ("graph-ql-of-work", "work")),
    "AppSync and a table": (resource("AppSync::DataSource", Type="AMAZON_DYNAMODB", DynamoDBConfig={"TableName": {"Ref": "Items"}}), ("graph-ql-reading-items", "items")),
    "AppSync and a bus": (resource("AppSync::DataSource", Type="AMAZON_EVENTBRIDGE", EventBridgeConfig={"EventBusArn": of("Shop")}), ("graph-ql-of-shop", "shop")),
    "IoT and a queue": (resource("IoT::TopicRule", TopicRulePayload={"Sql": "SELECT *", "Actions": [{"Sqs": {"QueueUrl": {"Ref": "Jobs"}}}]}), ("io-t-of-jobs", "jobs")),
    "IoT and a table": (resource("IoT::TopicRule", TopicRulePayload={"Sql": "SELECT *", "Actions": [{"DynamoDBv2": {"PutItem": {"TableName": {"Ref": "Items"}}}}]}), ("io-t-of-items", "items")),
    "logs and a stream": (resource("Logs::SubscriptionFilter", DestinationArn=of("Clicks")), ("logs-of-clicks", "clicks")),
}  # fmt: skip


@pytest.mark.parametrize(("caller", "ends"), OTHERS.values(), ids=OTHERS)
def test_other_services_that_send_are_sources(caller, ends):
    made = template(Caller=caller, Work=resource("Lambda::Function", FunctionName="work"), **PARTS)
    assert ends in {(source, target) for source, target, _ in edges(made)}
    stands(made)


def test_actions_of_iot_that_lead_nowhere_are_listed():
    rule = resource("IoT::TopicRule", TopicRulePayload={"Actions": [{"Republish": {"Topic": "a"}}]})
    made = template(Rule=rule, Jobs=PARTS["Jobs"])
    assert has_note(made, "not-modelled", "Rule: the action Republish")


def test_clients_that_read_a_table_and_those_that_write_it_are_two():
    def way(action: str) -> dict[str, object]:
        given = {
            "type": "aws",
            "uri": {"Fn::Sub": URI + f"dynamodb:action/{action}"},
            "requestTemplates": {"application/json": '{"TableName": "items"}'},
        }
        return {"x-amazon-apigateway-integration": given}

    body = {"paths": {"/items": {"get": way("Scan"), "post": way("UpdateItem")}}}
    made = template(Api=resource("Serverless::Api", StageName="v", DefinitionBody=body), Items=PARTS["Items"])
    asked = {edge.source: edge.config["operation"] for edge in made.document.edges}
    assert asked == {"clients-reading-items": "get", "clients-of-items": "put"}


def test_a_place_for_failures_that_nothing_leads_to_gets_no_source():
    target = {
        "Id": "a",
        "Arn": "arn:aws:execute-api:eu-west-1:1:x/Prod/GET/a",
        "DeadLetterConfig": {"Arn": of("Dlq")},
    }
    rule = resource(
        "Events::Rule", EventPattern={"source": ["a"]}, Targets=[target, {"Id": "w", "Arn": of("Work")}]
    )
    made = template(Rule=rule, Dlq=resource("SQS::Queue"), Work=resource("Lambda::Function"))
    assert not [edge for edge in edges(made) if "dlq" in edge]
    assert has_note(made, "assumed", "Dlq gets nothing: no part hands failures to it")
    assert has_note(made, "not-modelled", "Rule leads to what carries no messages here")
    runs(made, 2)
    alone = template(Dlq=resource("SQS::Queue"))
    assert len(edges(alone)) == 2
