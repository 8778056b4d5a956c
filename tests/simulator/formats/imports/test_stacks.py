"""Templates of one system in several files: nested stacks, exports and imports, snippets, loops.

Source: AWS CloudFormation user guide, *Nested stacks*, *Fn::ImportValue*, *AWS::Include*, *Fn::ForEach*; AWS
SAM developer guide, *AWS::Serverless::Application*.
"""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import json

import pytest

from simulator.errors import InvalidDesign
from tests.simulator.formats.imports.importing import (
    config_of,
    edges,
    has_note,
    imported,
    nodes,
    runs,
)

PARENT = """
Parameters:
  Timeout: {Type: Number, Default: 90}
Resources:
  Jobs: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 180}}
  Workers:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./nested/workers.yaml
      Parameters: {QueueArn: !GetAtt Jobs.Arn, Timeout: !Ref Timeout, Secret: canary}
  Tables:
    Type: AWS::Serverless::Application
    Properties: {Location: !Sub 'https://s3.amazonaws.com/${AWS::Region}/tables.yaml'}
  Audit:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Changes: {Type: DynamoDB, Properties: {Stream: !GetAtt Tables.Outputs.Stream, StartingPosition: LATEST}}
  Missing: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: missing.yaml}}
"""
WORKERS = """
Parameters:
  QueueArn: {Type: String}
  Timeout: {Type: Number, Default: 3}
  Secret: {Type: String, NoEcho: true}
Resources:
  Worker: {Type: AWS::Lambda::Function, Properties: {Timeout: !Ref Timeout}}
  Map:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Worker, EventSourceArn: !Ref QueueArn, BatchSize: 4}
"""
TABLES = """
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties: {BillingMode: PAY_PER_REQUEST, StreamSpecification: {StreamViewType: KEYS_ONLY}}
Outputs:
  Stream: {Value: !GetAtt Orders.StreamArn}
"""


def test_nested_stacks_are_one_design_with_the_parameters_they_are_given():
    made = imported(PARENT, WORKERS, TABLES, names=("main.yaml", "nested/workers.yaml", "tables.yaml"))
    assert config_of(made, "jobs", "worker") == {"BatchSize": 4}
    assert nodes(made)["worker"]["config"]["Timeout"] == 90
    assert ("orders", "audit", "consume") in edges(made)
    assert nodes(made)["orders"]["config"]["StreamViewType"] == "KEYS_ONLY"
    assert len([one for one in nodes(made).values() if one["kind"] in ("aws.sqs", "aws.dynamodb")]) == 2
    assert has_note(
        made, "assumed", "workers.yaml", "the parameters are those that Workers of main.yaml gives"
    )
    assert has_note(made, "not-understood", "Missing: its template missing.yaml is not among the files")
    assert "canary" not in json.dumps(made.document.to_data()) + json.dumps(made.report.as_dict())
    runs(made)


@pytest.mark.parametrize(
    ("export", "name"),
    [
        ("shop-queue", "shop-queue"),
        ({"Fn::Sub": "${AWS::StackName}-queue"}, "production-queue"),
    ],
)
def test_an_imported_value_is_what_another_template_exports(export, name):
    queues = {
        "Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 5}}},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}, "Export": {"Name": export}}},
    }
    topics = {
        "Resources": {
            "T": {
                "Type": "AWS::SNS::Topic",
                "Properties": {"Subscription": [{"Protocol": "sqs", "Endpoint": {"Fn::ImportValue": name}}]},
            }
        }
    }
    made = imported(json.dumps(topics), json.dumps(queues), names=("topics.json", "queues.json"))
    assert ("t", "q", "publish") in edges(made)
    assert nodes(made)["q"]["config"] == {"DelaySeconds": 5}
    runs(made)


def test_templates_that_lead_round_in_a_circle_end():
    circle = """
Parameters: {A: {Type: String}}
Resources:
  Q: {Type: AWS::SQS::Queue}
  S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: OTHER, Parameters: {A: !GetAtt S.Outputs.B}}}
  T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref A, Subscription: [{Protocol: sqs, Endpoint: !GetAtt Q.Arn}]}}
Outputs: {B: {Value: !GetAtt S.Outputs.B, Export: {Name: !ImportValue x}}, C: {Value: !Ref A, Export: {Name: !Ref A}}}
"""
    first, second = circle.replace("OTHER", "b.yaml"), circle.replace("OTHER", "a.yaml")
    runs(imported(first, second, names=("a.yaml", "b.yaml")), 5)


def test_a_snippet_is_part_of_the_template_that_includes_it():
    template = """
Resources:
  Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://bucket/queues.yaml}}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition:
        Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://bucket/machine.json}}
  Odd:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: {'Fn::Transform': {Name: MyMacro}}}
"""
    queues = "Jobs: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: 7}}\n"
    machine = json.dumps(
        {
            "StartAt": "Send",
            "States": {
                "Send": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::sqs:sendMessage",
                    "Parameters": {"QueueUrl": {"Ref": "Jobs"}, "MessageBody": "x"},
                    "End": True,
                }
            },
        }
    )
    made = imported(template, queues, machine, names=("t.yaml", "queues.yaml", "machine.json"))
    assert nodes(made)["jobs"]["config"] == {"DelaySeconds": 7}
    assert config_of(made, "machine", "jobs") == {"tasks": ["Send"]}
    assert has_note(made, "not-understood", "Fn::Transform", "macro")
    assert len([one for one in nodes(made).values() if one["kind"] == "aws.stepfunctions"]) == 1
    runs(made)


def test_a_loop_makes_a_resource_for_each_value():
    made = imported(
        """
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: 'orders,re-turns'}}
Resources:
  'Fn::ForEach::Queues':
    - Name
    - !Ref Names
    - 'Queue&{Name}':
        Type: AWS::SQS::Queue
        Properties: {QueueName: !Sub 'q-${Name}', DelaySeconds: 4}
      'Worker&{Name}':
        Type: AWS::Serverless::Function
        Properties:
          Events: {Poll: {Type: SQS, Properties: {Queue: !GetAtt ['Queue&{Name}', Arn]}}}
"""
    )
    assert {"q-orders", "q-re-turns"} <= nodes(made).keys()
    assert ("q-re-turns", "workerreturns", "consume") in edges(made)
    runs(made)


def test_files_that_nobody_knows_stand_beside_those_that_are_read():
    template = "Resources: {Q: {Type: 'AWS::SQS::Queue'}}"
    made = imported(template, "- some: list\n- of: things\n", names=("t.yaml", "notes.yaml"))
    assert has_note(made, "not-understood", "notes.yaml", "the kind of file is not recognised")
    with pytest.raises(InvalidDesign, match="not recognised"):
        imported("- some: list\n", names=("notes.yaml",))
