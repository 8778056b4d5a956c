"""State machines of templates and of files: their tasks, their targets, the input they read; real files.

Sources: AWS CloudFormation template reference, AWS::StepFunctions::StateMachine; Amazon States Language
specification; Step Functions developer guide, *Integrating services*.
"""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from simulator.formats.imports.importing import import_files
from simulator.formats.imports.source_file import SourceFile
from simulator.running import simulate
from tests.simulator.formats.imports.importing import (
    config_of,
    has_note,
    imported,
    nodes,
    of,
    resource,
    runs,
    template,
)


def machine(**states: dict[str, object]) -> dict[str, Any]:
    """A definition of these states, one after another."""
    names = list(states)
    line = {
        name: {**state, **({"Next": following} if following else {"End": True})}
        for (name, state), following in zip(states.items(), [*names[1:], None], strict=True)
    }
    return {"StartAt": names[0], "States": line}


def task(resource: str, **parameters: object) -> dict[str, object]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters}


TASKS = {
    "function": (task("lambda:invoke", FunctionName="${Other}"), "other", "aws.lambda", {}),
    "function by its ARN": ({"Type": "Task", "Resource": "${OtherArn}"}, "other", "aws.lambda", {}),
    "version of a function": (
        task("lambda:invoke", FunctionName="${OtherArn}:$LATEST"), "other", "aws.lambda", {}
    ),
    "queue": (task("sqs:sendMessage", QueueUrl="${Queue}", MessageBody="x"), "queue", "aws.sqs", {}),
    "SDK": (task("aws-sdk:sqs:sendMessage", QueueUrl="${Queue}", MessageBody="x"), "queue", "aws.sqs", {}),
    "topic": (task("sns:publish", TopicArn="${Topic}", Message="x"), "topic", "aws.sns", {}),
    "bus": (
        task("events:putEvents", Entries=[{"EventBusName": "${Bus}", "Source": "a", "DetailType": "b", "Detail": {}}]),
        "bus", "aws.eventbridge", {},
    ),
    "item": (task("dynamodb:getItem", TableName="${Store}", Key={}), "store", "aws.dynamodb", {"operation": "get"}),
    "update": (
        task("dynamodb:updateItem", TableName="${Store}", Key={}), "store", "aws.dynamodb", {"operation": "update"}
    ),
    "machine": (task("states:startExecution", StateMachineArn="${Inner}"), "inner", "aws.stepfunctions", {}),
    "machine that is waited for": (
        task("states:startExecution.sync:2", StateMachineArn="${Inner}"), "inner", "aws.stepfunctions", {}
    ),
    "function of another stack": (
        task("lambda:invoke", FunctionName="arn:aws:lambda:eu-west-1:1:function:far"), "far", "aws.lambda", {}
    ),
    "run time": (
        {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName.$": "$.name"}},
        "functions-of-machine", "aws.lambda", None,
    ),
    "model": (task("bedrock:invokeModel", ModelId="m"), "model-of-machine", "llm", {}),
    "other service": (task("ecs:runTask", Cluster="c"), "ecs-tasks-of-machine", "service", {}),
    "activity": (
        {"Type": "Task", "Resource": "arn:aws:states:us-east-1:1:activity:approve"},
        "activity-approve-of-machine", "service", {},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("state", "target", "kind", "config"), TASKS.values(), ids=TASKS)
def test_a_task_goes_to_what_it_calls(state, target, kind, config):
    made = template(
        Other=resource("Serverless::Function"),
        Queue=resource("SQS::Queue"),
        Topic=resource("SNS::Topic"),
        Bus=resource("Events::EventBus", Name="bus"),
        Store=resource("DynamoDB::Table", BillingMode="PAY_PER_REQUEST"),
        Inner=resource(
            "StepFunctions::StateMachine", DefinitionString=json.dumps(machine(A={"Type": "Pass"}))
        ),
        Machine=resource(
            "Serverless::StateMachine",
            Definition=machine(Work=state),
            DefinitionSubstitutions={
                "Other": {"Ref": "Other"},
                "OtherArn": of("Other"),
                "Queue": {"Ref": "Queue"},
                "Topic": {"Ref": "Topic"},
                "Bus": {"Ref": "Bus"},
                "Store": {"Ref": "Store"},
                "Inner": {"Ref": "Inner"},
            },
        ),
    )
    assert nodes(made)[target]["kind"] == kind
    found = config_of(made, "machine", target)
    assert found["tasks"] == ["Work"]
    if config is not None:
        assert found == {"tasks": ["Work"], **config}
    result = runs(made)
    assert result["nodes"]["machine"]["executions_succeeded"]["mean"] > 0
    assert result["nodes"]["machine"]["executions_failed"]["mean"] == 0


#: Parameters of a task whose resource is left to a template: the kind it goes to, what is asked there.
TELLING = {
    "put": ({"TableName": "${T}", "Item": {}}, "aws.dynamodb", "put"),
    "update": ({"TableName": "${T}", "Key": {}, "UpdateExpression": "SET a = :a"}, "aws.dynamodb", "update"),
    "get": ({"TableName": "${T}", "Key": {}}, "aws.dynamodb", "get"),
    "scan": ({"TableName": "${T}"}, "aws.dynamodb", "query"),
    "queue": ({"QueueUrl": "${Q}", "MessageBody.$": "$.a"}, "aws.sqs", None),
    "topic": ({"TopicArn": "${T}", "Message.$": "$.a"}, "aws.sns", None),
    "function": ({"anything": 1}, "aws.lambda", None),
}  # fmt: skip


@pytest.mark.parametrize(("parameters", "kind", "operation"), TELLING.values(), ids=TELLING)
def test_parameters_say_what_a_task_is_whose_resource_no_file_gives(parameters, kind, operation):
    state = {"Type": "Task", "Resource": "${Left}", "Parameters": parameters, "End": True}
    made = imported(json.dumps({"StartAt": "One", "States": {"One": state}}), names=("m.asl.json",))
    (edge,) = [edge for edge in made.document.edges if edge.source == "m"]
    assert nodes(made)[edge.target]["kind"] == kind
    assert edge.config.get("operation") == operation
    assert has_note(made, "assumed", "the task One is", "as its parameters say") == (kind != "aws.lambda")


def test_a_task_that_asks_about_functions_calls_none():
    made = imported(json.dumps(machine(One=task("aws-sdk:lambda:listFunctions"))), names=("m.asl.json",))
    assert nodes(made)["lambda-api-of-m"]["kind"] == "service"


#: Name: what a Pass state reads of a task's result, and whether the task puts it into a field of its own.
RESULTS = {
    "an item of a list": ("$.list[0].name", None),
    "all items of a list": ("$.list[*].name", None),
    "a field named like the one it is put in": ("$.name.name", "$.name"),
    "an item of what branches give": ("$.branches[1].name", "$.branches"),
}


@pytest.mark.parametrize(("read", "put"), RESULTS.values(), ids=RESULTS)
def test_a_machine_gets_the_lists_and_fields_that_it_reads_of_results(read, put):
    asks = task("lambda:invoke", FunctionName="${F}", Payload={}) | {"OutputPath": "$.Payload"}
    if put == "$.name":
        asks = {"Type": "Task", "Resource": "${F}", "ResultPath": put}
    if put == "$.branches":
        branch = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"name": 1}, "End": True}}}
        asks = {
            "Type": "Parallel",
            "Branches": [branch, json.loads(json.dumps(branch).replace('"A"', '"B"'))],
            "ResultPath": put,
        }
    reads: dict[str, object] = {"Type": "Pass", "Parameters": {"value.$": read}}
    made = imported(json.dumps(machine(One=asks, Two=reads)), names=("m.asl.json",))
    after = simulate(made.document, duration=10)
    assert after["nodes"]["m"]["executions_failed"]["mean"] == 0
    assert after["conservation"]["nodes"]["m"]["delivered"] > 50


def test_a_pattern_names_the_resources_of_its_template():
    made = template(
        Inbox=resource("S3::Bucket", BucketName="inbox", NotificationConfiguration={"EventBridgeConfiguration": {"EventBridgeEnabled": True}}),
        Rule=resource(
            "Events::Rule",
            EventPattern={"source": ["aws.s3"], "detail": {"bucket": {"name": [{"Ref": "Inbox"}]}}},
            Targets=[{"Id": "q", "Arn": of("Jobs")}],
        ),
        Jobs=resource("SQS::Queue", QueueName="jobs"),
    )  # fmt: skip
    assert config_of(made, "default", "jobs")["EventPattern"]["detail"] == {"bucket": {"name": ["inbox"]}}
    assert simulate(made.document, duration=10)["conservation"]["nodes"]["jobs"]["accepted"] > 50


def test_a_definition_in_json_with_references_in_it_is_read():
    definition = {
        "Fn::Sub": [
            (
                '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${Work.Arn}", "Next": "B"},'
                ' "B": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage",'
                ' "Parameters": {"QueueUrl": "${Url}", "MessageBody.$": "$"}, "End": true}}}'
            ),
            {"Url": {"Ref": "Out"}},
        ]
    }
    made = template(
        Work=resource("Lambda::Function"),
        Out=resource("SQS::Queue"),
        Machine=resource(
            "StepFunctions::StateMachine", DefinitionString=definition, StateMachineType="EXPRESS"
        ),
    )
    assert nodes(made)["machine"]["config"]["type"] == "EXPRESS"
    assert config_of(made, "machine", "work") == {"tasks": ["A"]}
    assert config_of(made, "machine", "out") == {"tasks": ["B"]}
    runs(made)


def test_a_machine_without_a_definition_calls_what_its_substitutions_name():
    made = template(
        Work=resource("Serverless::Function"),
        DeadLetters=resource("SQS::Queue"),
        Machine=resource(
            "Serverless::StateMachine",
            DefinitionUri="machine.asl.json",
            DefinitionSubstitutions={"Work": of("Work"), "DeadLetters": {"Ref": "DeadLetters"}},
        ),
    )
    states = nodes(made)["machine"]["config"]["definition"]["States"]
    assert states["Work"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "Next": "DeadLetters"}]
    assert made.document.assumptions["machine.config.definition"].source == "guess"
    assert has_note(made, "not-understood", "machine.asl.json is not among the files")
    runs(made)


def test_a_definition_that_would_be_refused_is_listed_and_replaced_by_its_tasks():
    made = template(
        Out=resource("SQS::Queue"),
        Machine=resource(
            "Serverless::StateMachine",
            Definition={
                "StartAt": "Nowhere",
                "States": {
                    "Send": {**task("sqs:sendMessage", QueueUrl={"Ref": "Out"}, MessageBody="x"), "End": True}
                },
            },
        ),
    )
    assert has_note(made, "not-understood", "Machine would be refused")
    assert list(nodes(made)["machine"]["config"]["definition"]["States"]) == ["Send"]
    assert runs(made)["conservation"]["nodes"]["out"]["accepted"] > 0


def test_choices_and_loops_of_a_machine_get_the_input_they_read():
    definition = machine(
        Look={
            "Type": "Choice",
            "Choices": [{"Variable": "$.order.total", "NumericGreaterThan": 100, "Next": "Each"}],
            "Default": "Each",
        },
        Each={
            "Type": "Map",
            "ItemsPath": "$.order.lines",
            "ItemProcessor": machine(One={"Type": "Pass", "Parameters": {"sku.$": "$.sku"}}),
        },
    )
    del definition["States"]["Look"]["Next"]
    made = imported(json.dumps(definition), names=("orders.asl.json",))
    (producer,) = [one for one in nodes(made).values() if one["kind"] == "producer"]
    detail = producer["config"]["event"]["detail"]
    assert detail["order"]["total"] == {"choice": [{"value": 99, "weight": 1}, {"value": 101, "weight": 1}]}
    assert len(detail["order"]["lines"]) == 2
    result = runs(made)
    assert result["nodes"]["orders"]["executions_failed"]["mean"] == 0
    assert result["nodes"]["orders"]["executions_succeeded"]["mean"] > 0


FETCH = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "Fetch"},
}
EACH = {"Type": "Map", "ItemProcessor": machine(One={"Type": "Pass", "Parameters": {"v.$": "$.sku"}})}
LOOK = {
    "Type": "Choice",
    "Choices": [{"Variable": "$", "StringEquals": "none", "Next": "Each"}],
    "Default": "Each",
}


@pytest.mark.parametrize(
    "states",
    [
        {"Fetch": {**FETCH, "OutputPath": "$.Payload"}, "Each": {**EACH, "ItemsPath": "$"}},
        {"Fetch": FETCH, "Each": {**EACH, "ItemsPath": "$.Payload"}},
        {"Fetch": {**FETCH, "ResultPath": "$.found"}, "Each": {**EACH, "ItemsPath": "$.found.Payload"}},
        {"Fetch": {**FETCH, "OutputPath": "$.Payload"}, "Look": LOOK, "Each": EACH},
    ],
    ids=["output path", "payload", "result path", "behind a choice"],
)
def test_a_task_whose_whole_result_a_map_goes_over_gives_a_list(states):
    definition = machine(**states)
    if "Look" in states:
        del definition["States"]["Look"]["Next"]
    made = imported(json.dumps(definition), names=("orders.asl.json",))
    assert config_of(made, "orders", "fetch")["result"] == {"detail": [{"sku": "x"}] * 2}
    result = runs(made)
    assert result["nodes"]["orders"]["executions_failed"]["mean"] == 0
    assert result["nodes"]["orders"]["executions_succeeded"]["mean"] > 0


# -- real files --------------------------------------------------------------------------------------
SAMPLES = Path(os.environ.get("HEADRACE_SAMPLES", ""))
#: Kinds of each file's nodes.
KINDS_OF = {
    "asl/checkout-processing-workflow.asl.json": {"aws.stepfunctions": 1, "aws.dynamodb": 1, "aws.eventbridge": 1, "service": 1, "producer": 1},
    "asl/dynamically-process-data-with-map-state.asl.json": {"aws.stepfunctions": 1, "aws.lambda": 2, "aws.dynamodb": 1, "aws.sns": 1, "producer": 1},
    "asl/quorum-with-parallel-pattern.asl.json": {"aws.stepfunctions": 1, "aws.dynamodb": 1, "aws.lambda": 1, "producer": 1},
    "asl/retry-with-exponential-backoff-sam.asl.json": {"aws.stepfunctions": 1, "aws.lambda": 1, "producer": 1},
    "asl/saga-pattern-sam.asl.json": {"aws.stepfunctions": 1, "aws.lambda": 8, "aws.sns": 1, "producer": 1},
    "asl/scatter-gather.asl.json": {"aws.stepfunctions": 1, "aws.dynamodb": 1, "aws.lambda": 1, "producer": 1},
    "cloudformation/msk-lambda.yaml": {"aws.lambda": 1, "kafka.topic": 1, "producer": 1},
    "cloudformation/rabbitmq-lambda.yaml": {"aws.lambda": 1, "rabbitmq.queue": 1, "producer": 1},
    "cloudformation/sqs-lambda.yaml": {"aws.sqs": 1, "aws.lambda": 1, "producer": 1},
    "cloudformation/sqs-stepfunctions-pipes-pattern.yaml": {"aws.sqs": 2, "aws.lambda": 1, "aws.stepfunctions": 1, "aws.pipe": 1, "consumer": 1, "producer": 1},
}  # fmt: skip


@pytest.mark.skipif(not SAMPLES.name, reason="HEADRACE_SAMPLES names no folder of real files")
@pytest.mark.parametrize("name", KINDS_OF)
def test_real_files_become_real_nodes_and_run(name):
    file = SAMPLES / name
    made = import_files([SourceFile(file.name, file.read_bytes())])
    assert Counter(node.kind for node in made.document.nodes) == KINDS_OF[name]
    result = runs(made)
    for id, one in nodes(made).items():
        if one["kind"] == "aws.stepfunctions":
            assert result["nodes"][id]["executions_succeeded"]["mean"] > 100
            assert result["nodes"][id]["executions_failed"]["mean"] == 0


def test_what_jsonata_compares_has_values_on_both_sides():
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "Look",
        "States": {
            "Look": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": "{% $states.input.total > 100 %}", "Next": "Wait"},
                    {"Condition": "{% $states.input.country = 'DK' %}", "Next": "Wait"},
                ],
                "Default": "Wait",
            },
            "Wait": {"Type": "Wait", "Seconds": "{% $states.input.pause %}", "End": True},
        },
    }
    made = imported(json.dumps(definition), names=("orders.asl.json",))
    (producer,) = [one for one in nodes(made).values() if one["kind"] == "producer"]
    detail = producer["config"]["event"]["detail"]
    assert [row["value"] for row in detail["total"]["choice"]] == [99, 101]
    assert [row["value"] for row in detail["country"]["choice"]] == ["DK", "x"]
    assert detail["pause"] == 1
    result = runs(made)
    assert result["nodes"]["orders"]["executions_failed"]["mean"] == 0
    assert result["nodes"]["orders"]["executions_succeeded"]["mean"] > 0


#: A state that reads JSON out of a text: its language and what it makes, and the place and the text that are told.
FROM_TEXT = {
    "JSONPath": ("JSONPath", {"Parameters": {"order.$": "States.StringToJson($.body)"}}, "$.order.id", "States.Read.Parameters.order.$", "$.body"),
    "JSONata": ("JSONata", {"Output": {"order": "{% $parse($states.input.body) %}"}}, "{% $states.input.order.id %}", "States.Read.Output.order", "$states.input.body"),
}  # fmt: skip


def reads_text(language: str, made: dict[str, Any], field: str | None) -> str:
    """A machine that reads JSON out of a text and waits, if at all, for as long as a field of it says."""
    wait = {"SecondsPath" if language == "JSONPath" else "Seconds": field}
    last: dict[str, object] = {"Type": "Wait", **wait} if field else {"Type": "Pass"}
    return json.dumps({"QueryLanguage": language, **machine(Read={"Type": "Pass", **made}, Last=last)})


@pytest.mark.parametrize(("language", "made", "field", "place", "text"), FROM_TEXT.values(), ids=FROM_TEXT)
def test_what_fails_for_a_text_that_nobody_has_is_told_with_its_place(language, made, field, place, text):
    found = imported(reads_text(language, made, field), names=("orders.asl.json",))
    said = has_note(found, "assumed", f", {place}:", f"fail in Read: it reads JSON out of the text {text}")
    failed = runs(found)["nodes"]["orders"]["executions_failed"]["mean"]
    assert (said, failed > 0) == (True, True)


@pytest.mark.parametrize(("language", "made", "field", "place", "text"), FROM_TEXT.values(), ids=FROM_TEXT)
def test_a_text_of_which_no_field_is_read_is_a_number(language, made, field, place, text):
    found = imported(reads_text(language, made, None), names=("orders.asl.json",))
    assert has_note(
        found, "assumed", f", {place}:", f"the text {text}, of which Read reads JSON, is a number"
    )
    executions = runs(found)["nodes"]["orders"]
    assert executions["executions_failed"]["mean"] == 0 < executions["executions_succeeded"]["mean"]


LIST: dict[str, Any] = task("aws-sdk:sfn:listExecutions", StateMachineArn="x")
PAGE = {"Variable": "$.page.NextToken", "IsPresent": True, "Next": "More"}
CHECK = {"Type": "Choice", "Choices": [PAGE], "Default": "Done"}
#: A look for the next page: the Choice, and whether the field is asked for where the machine would go on.
PAGES = {
    "there is one": CHECK,
    "there is none": {"Type": "Choice", "Choices": [{"Variable": "$.page.NextToken", "IsPresent": False, "Next": "Done"}], "Default": "More"},
    "not there is none": {"Type": "Choice", "Choices": [{"Not": {"Variable": "$.page.NextToken", "IsPresent": False}, "Next": "More"}], "Default": "Done"},
    "and": {"Type": "Choice", "Choices": [{"And": [{"Variable": "$.page.NextToken", "IsPresent": True}, {"Variable": "$.page", "IsPresent": True}], "Next": "More"}], "Default": "Done"},
}  # fmt: skip


@pytest.mark.parametrize("choice", PAGES.values(), ids=PAGES)
def test_a_machine_that_asks_for_page_after_page_comes_to_the_last(choice):
    states = {
        "First": {**LIST, "ResultPath": "$.page", "Next": "Check"},
        "Check": choice,
        "More": {**LIST, "ResultPath": "$.page", "Next": "Check"},
        "Done": {"Type": "Succeed"},
    }
    found = imported(json.dumps({"StartAt": "First", "States": states}), names=("pages.asl.json",))
    assert not has_note(found, "assumed", "that were tried")
    executions = runs(found)["nodes"]["pages"]
    assert executions["executions_succeeded"]["mean"] > 0


def test_an_end_that_only_a_variable_decides_is_told():
    """A loop without an end for all that is made up: NextToken as a variable is looked for nowhere else."""
    states: dict[str, dict[str, Any]] = {
        "List": {"Type": "Task", "Resource": LIST["Resource"], "Arguments": {"StateMachineArn": "x"}, "Assign": {"more": "{% $states.result.NextToken %}"}, "Next": "Check"},
        "Check": {"Type": "Choice", "Choices": [{"Condition": "{% $exists($more) %}", "Next": "List"}], "Default": "Done"},
        "Done": {"Type": "Succeed"},
    }  # fmt: skip
    text = json.dumps({"QueryLanguage": "JSONata", "StartAt": "List", "States": states})
    found = imported(text, names=("pages.asl.json",))
    assert has_note(
        found, "assumed", "1 of 1 executions of pages that were tried never end", "again and again"
    )


#: What a task hands on as a whole, where later states read fields of it.
WHOLE = {
    "OutputPath": {"OutputPath": "$.Payload.detail"},
    "a field of the result": {"OutputPath": "$.Payload.order.lines"},
}


@pytest.mark.parametrize("ways", WHOLE.values(), ids=WHOLE)
def test_what_is_handed_on_holds_what_later_states_read(ways):
    rules = [{"Variable": "$.kind", "StringEquals": "a", "Next": "Wait"}]
    states = {
        "Check": {**task("lambda:invoke", FunctionName="check"), **ways, "Next": "Route"},
        "Route": {"Type": "Choice", "Choices": rules, "Default": "Wait"},
        "Wait": {"Type": "Wait", "SecondsPath": "$.pause", "End": True},
    }
    found = imported(json.dumps({"StartAt": "Check", "States": states}), names=("orders.asl.json",))
    assert not has_note(found, "assumed", "that were tried")
    executions = runs(found)["nodes"]["orders"]
    assert executions["executions_failed"]["mean"] == 0 < executions["executions_succeeded"]["mean"]


def test_executions_that_fail_for_what_is_made_up_are_told():
    states = {
        "Check": {**task("lambda:invoke", FunctionName="check"), "ResultPath": "$.all", "Next": "Each"},
        "Each": {"Type": "Map", "ItemsPath": "$.all", "Iterator": machine(One={"Type": "Pass"}), "End": True},
    }
    found = imported(json.dumps({"StartAt": "Check", "States": states}), names=("orders.asl.json",))
    assert has_note(found, "assumed", "1 of 1 executions of orders that were tried fail in Each: ", "array")
    executions = runs(found)["nodes"]["orders"]
    assert executions["executions_succeeded"]["mean"] == 0 < executions["executions_failed"]["mean"]


def test_json_out_of_a_text_that_the_machine_makes_fails_nowhere():
    state = {
        "Type": "Pass",
        "Parameters": {"a.$": "States.StringToJson(States.JsonToString($.order))"},
        "End": True,
    }
    found = imported(json.dumps({"StartAt": "Read", "States": {"Read": state}}), names=("orders.asl.json",))
    assert not has_note(found, "assumed", "reads JSON out of the text")
    assert runs(found)["nodes"]["orders"]["executions_failed"]["mean"] == 0
