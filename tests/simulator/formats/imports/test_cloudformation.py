"""AWS SAM and CloudFormation templates.

Sources: AWS CloudFormation user guide (*Intrinsic function reference*, *Template reference*), AWS SAM
developer guide (*AWS::Serverless::Function*, *EventSource*, *Globals section*).
"""

from __future__ import annotations

import json

import pytest

from simulator.errors import InvalidDesign
from simulator.running import check, simulate
from tests.simulator.formats.imports.importing import config_of, edges, has_note, imported, nodes, said

FAN_OUT = """
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Keep: {Type: Number, Default: 1209600}
  Stage: {Type: String, Default: prod}
  Password: {Type: String, NoEcho: true, Default: hunter2-canary}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Not [!Condition IsProd]
Mappings:
  Timeouts: {prod: {seconds: 45}, test: {seconds: 5}}
Resources:
  Orders:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Sub '${Stage}-orders'
      Tags: [{Key: team, Value: shop}]
  Billing:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Join ['-', [!Ref Stage, billing]]
      VisibilityTimeout: !FindInMap [Timeouts, !Ref Stage, seconds]
      MessageRetentionPeriod: !Ref Keep
      DelaySeconds: !If [IsTest, 5, !Ref 'AWS::NoValue']
      ReceiveMessageWaitTimeSeconds: "20"
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt Dead.Arn
        maxReceiveCount: "3"
  Dead:
    Type: AWS::SQS::Queue
    Properties:
      RedriveAllowPolicy: {redrivePermission: byQueue, sourceQueueArns: [!GetAtt Billing.Arn]}
  OnlyInTest:
    Type: AWS::SQS::Queue
    Condition: IsTest
  Subscription:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Orders
      Endpoint: !GetAtt Billing.Arn
      Protocol: sqs
      RawMessageDelivery: true
      FilterPolicyScope: MessageBody
      FilterPolicy: {kind: [placed, {prefix: re}], total: [{numeric: ['>', 10]}]}
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn}
  Mail:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref Orders, Protocol: email, Endpoint: somebody@example.org}
  Hook:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Orders
      Protocol: https
      Endpoint: https://user:token-canary@hooks.example.org/path?key=canary
  Role: {Type: AWS::IAM::Role, Properties: {}}
  Odd: {Type: 'AWS::Invented::Thing'}
"""


def line_of(text):
    return FAN_OUT[: FAN_OUT.index(f"  {text}")].count("\n") + 1


@pytest.fixture(scope="module")
def fan_out():
    return imported(FAN_OUT, names=("shop.yaml",))


def test_settings_are_worked_out_from_parameters_conditions_and_mappings(fan_out):
    assert nodes(fan_out)["prod-billing"] == {
        "id": "prod-billing",
        "kind": "aws.sqs",
        "config": {
            "VisibilityTimeout": 45,
            "MessageRetentionPeriod": 1209600,
            "ReceiveMessageWaitTimeSeconds": 20,
        },
    }
    assert "only-in-test" not in nodes(fan_out)
    assert has_note(
        fan_out,
        "not-modelled",
        f"shop.yaml, line {line_of('OnlyInTest:')}, Resources.OnlyInTest",
        "IsTest does not hold",
    )
    assert has_note(fan_out, "assumed", "the parameter Stage has its default")


def test_subscriptions_and_redrives_are_edges(fan_out):
    assert ("prod-orders", "prod-billing", "publish") in edges(fan_out)
    assert config_of(fan_out, "prod-billing", "dead") == {"maxReceiveCount": 3}
    subscription = config_of(fan_out, "prod-orders", "prod-billing")
    assert subscription["FilterPolicy"] == {
        "kind": ["placed", {"prefix": "re"}],
        "total": [{"numeric": [">", 10]}],
    }
    assert subscription["RawMessageDelivery"] is True
    (own,) = [
        edge.id
        for edge in fan_out.document.edges
        if edge.target == "prod-billing" and edge.source == "prod-orders"
    ]
    assert config_of(fan_out, "prod-orders", "dead") == {"subscription": own}
    assert nodes(fan_out)["dead"]["config"]["RedriveAllowPolicy"]["sourceQueueArns"] == ["prod-billing"]


def test_everything_else_is_listed_with_its_place_and_no_secret_is_kept(fan_out):
    assert has_note(
        fan_out, "not-modelled", f"line {line_of('Mail:') + 2}, Resources.Mail.Properties", "by email"
    )
    assert has_note(fan_out, "not-modelled", "Resources.Role", "carries no messages")
    assert has_note(fan_out, "not-modelled", "Resources.Odd", "AWS::Invented::Thing")
    assert has_note(fan_out, "not-modelled", "Resources.Orders", "Tags")
    kept = json.dumps(fan_out.document.to_data()) + json.dumps(fan_out.report.as_dict())
    assert "canary" not in kept
    assert nodes(fan_out)["hooks-example-org"]["kind"] == "service"


def test_every_number_carries_its_source(fan_out):
    assumptions = fan_out.document.assumptions
    assert assumptions["prod-billing.config.VisibilityTimeout"].source == "imported"
    assert (
        assumptions["prod-billing.config.VisibilityTimeout"].note == "read from shop.yaml, Resources.Billing"
    )
    assert assumptions["prod-orders-source.config.arrivals"].source == "guess"
    for node in fan_out.document.to_data()["nodes"]:
        for key in node.get("config", {}):
            assert f"{node['id']}.config.{key}" in assumptions


def test_the_design_runs_and_what_is_sent_passes_the_filters(fan_out):
    result = simulate(fan_out.document, duration=30)
    assert result["conservation"]["ok"]
    assert result["conservation"]["nodes"]["prod-billing"]["delivered"] > 0
    assert not [problem for problem in check(fan_out.document) if problem.blocks]


SAM = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Timeout: 20, Runtime: python3.12}
Resources:
  Work: {Type: AWS::SQS::Queue}
  Done: {Type: AWS::SQS::Queue}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: shop}}
  Audit: {Type: AWS::Events::EventBus, Properties: {Name: audit}}
  Spare: {Type: AWS::SQS::Queue}
  Keep:
    Type: AWS::Events::Archive
    Properties: {SourceArn: !GetAtt Bus.Arn, RetentionDays: 7}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      ReservedConcurrentExecutions: 7
      Environment: {Variables: {SECRET: canary}}
      Policies:
        - SQSSendMessagePolicy: {QueueName: !GetAtt Done.QueueName}
        - Statement: [{Effect: Allow, Action: events:PutEvents, Resource: !GetAtt Audit.Arn}]
      Events:
        Poll:
          Type: SQS
          Properties: {Queue: !GetAtt Work.Arn, BatchSize: 5, MaximumBatchingWindowInSeconds: 2}
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Placed:
          Type: EventBridgeRule
          Properties: {EventBusName: !Ref Bus, Pattern: {source: [shop], detail-type: [Placed], account: [1]}}
        Nightly: {Type: Schedule, Properties: {Schedule: rate(5 minutes)}}
        Web: {Type: HttpApi}
        Strange: {Type: Telepathy}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: shop
      EventPattern: {detail: {country: [DK, SE]}}
      Targets:
        - Id: q
          Arn: !GetAtt Work.Arn
          RetryPolicy: {MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 300}
          DeadLetterConfig: {Arn: !GetAtt Done.Arn}
  Pipe:
    Type: AWS::Pipes::Pipe
    Properties:
      Source: !GetAtt Spare.Arn
      Target: !GetAtt Bus.Arn
      SourceParameters:
        SqsQueueParameters: {BatchSize: 3}
        FilterCriteria: {Filters: [{Pattern: '{"body": {"kind": ["x"]}}'}]}
"""


@pytest.fixture(scope="module")
def sam():
    return imported(SAM, names=("sam.yaml",))


def test_functions_are_functions_with_their_mappings(sam):
    worker = nodes(sam)["worker"]
    assert worker["kind"] == nodes(sam)["listener"]["kind"] == "aws.lambda"
    assert worker["config"] == {
        "Timeout": 20,
        "ReservedConcurrentExecutions": 7,
        "service_time": {"distribution": "lognormal", "p50": 0.05, "p99": 0.3},
        "batch_work": "per-batch",
    }
    assert sam.document.assumptions["worker.config.Timeout"].source == "imported"
    assert sam.document.assumptions["worker.config.service_time"].source == "guess"
    assert config_of(sam, "work", "worker") == {"BatchSize": 5, "MaximumBatchingWindowInSeconds": 2}
    assert ("work", "worker", "consume") in edges(sam)
    assert {("worker", "done", "publish"), ("worker", "audit", "publish")} <= edges(sam)
    assert has_note(sam, "assumed", "Worker sends a message to Done", "SQSSendMessagePolicy")


def test_rules_archives_pipes_and_schedules_are_read(sam):
    placed = config_of(sam, "shop", "listener")
    assert placed["EventPattern"] == {"source": ["shop"], "detail-type": ["Placed"]}
    rule = config_of(sam, "shop", "work")
    assert rule["RuleName"] == "Rule"
    assert rule["RetryPolicy"] == {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 300}
    assert nodes(sam)["shop"]["config"]["Archive"] == {"RetentionDays": 7}
    (target,) = [edge.id for edge in sam.document.edges if (edge.source, edge.target) == ("shop", "work")]
    assert config_of(sam, "shop", "done") == {"target": target}
    assert nodes(sam)["pipe"]["config"] == {
        "BatchSize": 3,
        "FilterPattern": {"body": {"detail": {"kind": ["x"]}}},
    }
    assert nodes(sam)["schedule-nightly"]["config"] == {"ScheduleExpression": "rate(5 minutes)"}
    assert has_note(sam, "assumed", "account of the pattern fit all events")
    assert has_note(sam, "not-understood", "Telepathy")


def test_the_sam_design_runs(sam):
    assert simulate(sam.document, duration=20)["conservation"]["ok"]
    assert "canary" not in json.dumps(sam.document.to_data())


def test_names_from_outside_become_parts_and_are_said():
    made = imported(
        """
Parameters:
  TopicArn: {Type: String}
Resources:
  Q: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: !Ref Unset}}
  S1:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref TopicArn, Endpoint: !GetAtt Q.Arn, Protocol: sqs}
  S2:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: 'arn:aws:sns:eu-west-1:1:orders.fifo', Endpoint: !ImportValue Other, Protocol: sqs}
"""
    )
    assert nodes(made)["topic-arn"]["kind"] == "aws.sns"
    assert nodes(made)["orders-fifo"]["config"] == {"FifoTopic": True}
    assert nodes(made)["other"]["kind"] == "aws.sqs"
    assert has_note(made, "assumed", "Resources.S2", "orders.fifo (sns) is mentioned, not defined")
    assert has_note(made, "not-understood", "VisibilityTimeout is known at deployment only")


def test_values_that_aws_would_refuse_are_left_out_and_listed():
    made = imported(
        "Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {VisibilityTimeout: 99999, DelaySeconds: 5}}}"
    )
    assert nodes(made)["q"]["config"] == {"DelaySeconds": 5}
    assert has_note(made, "not-understood", "line 1, Resources.Q", "VisibilityTimeout left out")


def test_a_definition_beside_the_template_is_read_with_its_substitutions():
    template = """
Resources:
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: statemachine/checkout.asl.json
      DefinitionSubstitutions: {Pay: !GetAtt PayFunction.Arn, Out: !Ref Receipts}
  PayFunction: {Type: AWS::Serverless::Function}
  Receipts: {Type: AWS::SQS::Queue}
"""
    machine = json.dumps(
        {
            "StartAt": "Both",
            "States": {
                "Both": {
                    "Type": "Parallel",
                    "Branches": [
                        {
                            "StartAt": "A",
                            "States": {"A": {"Type": "Task", "Resource": "${Pay}", "End": True}},
                        },
                        {
                            "StartAt": "B",
                            "States": {
                                "B": {
                                    "Type": "Task",
                                    "Resource": "arn:aws:states:::sqs:sendMessage",
                                    "Parameters": {"QueueUrl": "${Out}"},
                                    "End": True,
                                }
                            },
                        },
                    ],
                    "End": True,
                }
            },
        }
    )
    made = imported(template, machine, names=("template.yaml", "statemachine/checkout.asl.json"))
    assert config_of(made, "machine", "pay-function") == {"tasks": ["A"]}
    assert nodes(made)["pay-function"]["kind"] == "aws.lambda"
    assert config_of(made, "machine", "receipts") == {"tasks": ["B"]}
    both = nodes(made)["machine"]["config"]["definition"]["States"]["Both"]["Branches"]
    assert both[0]["States"]["A"]["Resource"].startswith("arn:aws:lambda:")
    assert both[1]["States"]["B"]["Parameters"] == {"QueueUrl": "Receipts"}
    assert nodes(made)["machine"]["kind"] == "aws.stepfunctions"
    result = simulate(made.document, duration=20)
    assert result["conservation"]["nodes"]["receipts"]["accepted"] > 0
    assert len([one for one in nodes(made).values() if one["kind"] not in ("producer", "consumer")]) == 3


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("AWSTemplateFormatVersion: '2010-09-09'", "a template has Resources"),
        ("Resources: {A: {Type: 'AWS::IAM::Role'}}", "nothing in it becomes a part"),
        ("Resources: 3\nAWSTemplateFormatVersion: x", "a template has Resources"),
    ],
)
def test_a_template_without_messages_is_refused_by_its_name(text, what):
    with pytest.raises(InvalidDesign, match=r"a\.yaml") as refused:
        imported(text)
    assert what in str(refused.value)


def test_conditions_that_turn_in_circles_and_unknown_functions_are_said():
    made = imported(
        """
Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}
Resources:
  Q: {Type: AWS::SQS::Queue, Condition: A, Properties: {QueueName: !Telepathy x}}
"""
    )
    assert said(made, "not-understood")
    assert has_note(made, "not-understood", "Fn::Telepathy")
