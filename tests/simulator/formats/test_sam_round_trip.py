"""What a SAM template carries of a design comes back when it is imported, and a second export is the same.

Source: AWS SAM developer guide and AWS CloudFormation template reference; the templates here pass cfn-lint.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from simulator.design.document import Document
from simulator.formats.exports.asl import asl
from simulator.formats.exports.sam import sam
from simulator.formats.imports.importing import import_files
from simulator.formats.imports.source_file import SourceFile
from simulator.running import simulate

DESIGN = """
format: headrace/1
name: Everything that a template carries
nodes:
  - {id: clients, kind: producer, config: {event: {source: shop, type: Placed, detail: {kind: a}}}}
  - {id: jobs, kind: aws.sqs, label: Jobs to do, config: {VisibilityTimeout: 300, short_poll_share: 0.4}}
  - {id: letters, kind: aws.sqs}
  - {id: news, kind: aws.sns}
  - {id: shop-bus, kind: aws.eventbridge, label: Bus, config: {Archive: {RetentionDays: 3}}}
  - {id: nightly, kind: aws.scheduler, label: Schedule nightly, config: {ScheduleExpression: rate(1 minute), State: DISABLED}}
  - id: store
    kind: aws.dynamodb
    config:
      BillingMode: PROVISIONED
      ReadCapacityUnits: 50
      WriteCapacityUnits: 60
      StreamViewType: NEW_IMAGE
      GlobalSecondaryIndexes: [{IndexName: by-state, distinct_keys: 40, item_share: 0.4}]
      put_latency: 0.02
  - {id: cheap, kind: aws.dynamodb, config: {OnDemandThroughput.MaxWriteRequestUnits: 900, TableClass: STANDARD_INFREQUENT_ACCESS}}
  - id: work
    kind: aws.lambda
    label: Worker
    config:
      service_time: {distribution: gamma, mean: 0.03, shape: 2}
      MemorySize: 512
      Timeout: 40
      ReservedConcurrentExecutions: 30
      ProvisionedConcurrentExecutions: 2
      architecture: arm64
      failure: {probability: 0.001}
      EventInvokeConfig: {MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 90}
  - {id: audit, kind: aws.lambda}
  - id: machine
    kind: aws.stepfunctions
    config:
      type: EXPRESS
      definition:
        StartAt: Check
        States:
          Check: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", Parameters: {FunctionName: Audit}, Next: Keep}
          Keep: {Type: Task, Resource: "arn:aws:states:::dynamodb:putItem", Parameters: {TableName: Cheap, Item: {}}, Next: Tell}
          Tell: {Type: Task, Resource: "arn:aws:states:::sqs:sendMessage", Parameters: {QueueUrl: Letters, MessageBody: x}, End: true}
edges:
  - {id: e1, from: clients, to: jobs}
  - {id: e2, from: clients, to: shop-bus}
  - {id: e3, from: clients, to: news}
  - id: read
    from: jobs
    to: work
    role: consume
    config:
      BatchSize: 25
      MaximumBatchingWindowInSeconds: 3
      ReportBatchItemFailures: true
      MaximumConcurrency: 12
      FilterCriteria: {$or: [{body: {detail: {kind: [a]}}}, {body: {detail-type: [Placed]}}]}
  - {id: dead, from: jobs, to: letters, role: dead-letter, config: {maxReceiveCount: 6}}
  - {id: keep, from: work, to: store, role: invoke, config: {operation: put}}
  - {id: look, from: work, to: cheap, role: invoke, config: {operation: get}}
  - {id: stream, from: store, to: audit, role: consume, config: {BatchSize: 7, MaximumRetryAttempts: 2, BisectBatchOnFunctionError: true, ParallelizationFactor: 3}}
  - {id: lost, from: audit, to: letters, role: dead-letter, config: {source: stream}}
  - {id: gone, from: work, to: letters, role: dead-letter}
  - {id: told, from: work, to: news, config: {destination: OnSuccess}}
  - {id: hear, from: news, to: audit, config: {FilterPolicy: {kind: [a]}, FilterPolicyScope: MessageBody}}
  - {id: rule, from: shop-bus, to: work, config: {EventPattern: {source: [shop]}, RuleName: placed, RetryPolicy: {MaximumRetryAttempts: 4}}}
  - {id: start, from: shop-bus, to: machine, config: {EventPattern: {detail-type: [Placed]}, RuleName: started}}
  - {id: tick, from: nightly, to: work, config: {RetryPolicy: {MaximumRetryAttempts: 2}}}
  - {id: m1, from: machine, to: audit, role: invoke, config: {tasks: [Check]}}
  - {id: m2, from: machine, to: cheap, role: invoke, config: {tasks: [Keep], operation: put}}
  - {id: m3, from: machine, to: letters, role: publish, config: {tasks: [Tell]}}
simulation: {duration: 60, seed: 3}
"""  # noqa: E501 -- a design as it would be written
#: No resources: what calls, and what reads a queue that no function reads.
NOT_CARRIED = ("producer", "consumer", "service")


def reimported(document: Document) -> Document:
    return import_files([SourceFile("template.yaml", sam(document).encode())]).document


def parts(document: Document) -> dict[str, Any]:
    """Kind, label and settings of every node that a template carries, with the defaults filled in."""
    return {
        node.id: (node.kind, node.label, node.config)
        for node in document.nodes
        if node.kind not in NOT_CARRIED
    }


def links(document: Document) -> list[tuple[str, str, str, str]]:
    """Ends, roles and settings of the edges between them; names of edges in settings as the edges' ends."""
    kept = {node.id for node in document.nodes if node.kind not in NOT_CARRIED}
    ends = {edge.id: f"{edge.source} to {edge.target}" for edge in document.edges}
    found = []
    for edge in document.edges:
        if {edge.source, edge.target} <= kept:
            settings = edge.settings.model_dump(by_alias=True)
            for key in ("source", "target", "subscription"):
                if settings.get(key) in ends:
                    settings[key] = ends[settings[key]]
            found.append((edge.source, edge.target, str(edge.role), repr(settings)))
    return sorted(found)


def test_a_design_of_aws_comes_back_from_its_template():
    document = Document.parse(yaml.safe_load(DESIGN))
    again = reimported(document)
    assert parts(again) == parts(document)
    assert links(again) == links(document)
    assert simulate(again, duration=20)["conservation"]["ok"]
    assert sam(reimported(again)) == sam(again)


@pytest.mark.parametrize("key", ["MemorySize", "Timeout"])
def test_a_property_that_was_edited_goes_before_what_the_export_carried(key):
    document = Document.parse(yaml.safe_load(DESIGN))
    template = yaml.safe_load(sam(document))
    template["Resources"]["Work"]["Properties"][key] = 45 if key == "Timeout" else 2048
    file = SourceFile("template.yaml", yaml.safe_dump(template).encode())
    config = import_files([file]).document.node("work").config.model_dump(by_alias=True)
    assert config[key] == (45 if key == "Timeout" else 2048)
    assert config["service_time"]["distribution"] == "gamma"


def test_a_machine_comes_back_from_its_file():
    document = Document.parse(yaml.safe_load(DESIGN))
    file = SourceFile("machine.asl.json", asl(document).encode())
    again = import_files([file]).document
    assert (
        again.node("machine").config.model_dump()["definition"]
        == (document.node("machine").config.model_dump()["definition"])
    )
    assert asl(again) == asl(document)
