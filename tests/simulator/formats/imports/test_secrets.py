"""Nothing secret of a file comes into a design or a report: one word stands in every place people put one."""

# ruff: noqa: E501 -- files of other programs stand here as they would be written

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.formats.imports.kept_out import LEFT_OUT, clean_text, without_secrets
from tests.simulator.formats.imports.importing import imported, nodes, of, resource, runs

WORD = "canary-7f3a"


def machine(**parameters: Any) -> dict[str, Any]:
    return {
        "StartAt": "Call",
        "States": {
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:states:::http:invoke",
                "Parameters": parameters,
                "End": True,
            }
        },
    }


STATES = {
    "a header": machine(Headers={"Authorization": f"Bearer {WORD}"}),
    "a key": machine(Headers={"X-Api-Key": WORD}),
    "a password": machine(Body={"user": {"password": WORD}}),
    "a list": machine(Body={"tokens": [WORD, WORD]}),
    "an address": machine(ApiEndpoint=f"https://me:{WORD}@example.org/hook/{WORD}?key={WORD}"),
    "a text": machine(Body=f'{{"client_secret": "{WORD}"}}'),
    "a result": {
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "Result": {"secretKey": WORD}, "End": True}},
    },
}
FUNCTION = resource("Lambda::Function")
TEMPLATES: dict[str, dict[str, Any]] = {
    "a variable": {"F": resource("Lambda::Function", Environment={"Variables": {"A": WORD, "DB": f"pg://u:{WORD}@h"}})},
    "a broker's user": {
        "F": FUNCTION,
        "B": resource("AmazonMQ::Broker", EngineType="RABBITMQ", Users=[{"Username": WORD, "Password": WORD}]),
        "M": resource("Lambda::EventSourceMapping", FunctionName={"Ref": "F"}, EventSourceArn=of("B"), Queues=["q"],
                      SourceAccessConfigurations=[{"Type": "BASIC_AUTH", "URI": WORD}]),
    },
    "a connection": {
        "F": FUNCTION,
        "C": resource("Events::Connection", AuthParameters={"ApiKeyAuthParameters": {"ApiKeyValue": WORD}}),
        "D": resource("Events::ApiDestination", Name="d", InvocationEndpoint=f"https://h/{WORD}"),
        "R": resource("Events::Rule", EventPattern={"source": ["a"]}, Targets=[{"Id": "a", "Arn": of("D"),
                      "HttpParameters": {"HeaderParameters": {"Authorization": WORD}}}]),
    },
    "an input": {
        "F": FUNCTION,
        "R": resource("Events::Rule", EventPattern={"source": ["a"]},
                      Targets=[{"Id": "a", "Arn": of("F"), "Input": f'{{"x": "{WORD}"}}'}]),
        "S": resource("Scheduler::Schedule", ScheduleExpression="rate(1 minute)",
                      Target={"Arn": of("F"), "Input": WORD}),
    },
    "a template of an input": {
        "F": FUNCTION,
        "R": resource("Events::Rule", EventPattern={"source": ["a"]}, Targets=[{"Id": "a", "Arn": of("F"),
                      "InputTransformer": {"InputPathsMap": {"d": "$.detail"},
                                           "InputTemplate": f'{{"apiKey": "{WORD}", "d": <d>}}'}}]),
    },
    "a webhook": {
        "T": resource("SNS::Topic", Subscription=[
            {"Protocol": "https", "Endpoint": f"https://u:{WORD}@hooks.example.org/{WORD}"}]),
    },
    "a parameter": {"F": resource("Lambda::Function", FunctionName={"Ref": "Hidden"}, Description=WORD)},
    "a substitution": {
        "F": FUNCTION,
        "M": resource("Serverless::StateMachine", Definition=machine(Headers={"Authorization": "${Key}"}),
                      DefinitionSubstitutions={"Key": WORD}),
    },
    "tags": {"F": resource("Lambda::Function", Tags=[{"Key": "note", "Value": WORD}])},
}  # fmt: skip


def kept(made: Any) -> str:
    return json.dumps(made.document.to_data()) + json.dumps(made.report.as_dict())


@pytest.mark.parametrize("resources", TEMPLATES.values(), ids=TEMPLATES)
def test_no_secret_of_a_template_is_kept(resources):
    hidden = {"Hidden": {"Type": "String", "NoEcho": True, "Default": WORD}}
    text = json.dumps({"Parameters": hidden, "Resources": resources})
    assert WORD in text
    made = imported(text)
    assert WORD not in kept(made)
    runs(made, 5)


@pytest.mark.parametrize("definition", STATES.values(), ids=STATES)
def test_no_secret_of_a_state_machine_is_kept(definition):
    text = json.dumps(definition)
    assert WORD in text
    made = imported(text, names=("m.asl.json",))
    assert WORD not in kept(made)
    assert nodes(made)["m"]["kind"] == "aws.stepfunctions"
    assert any("left out" in note.message for note in made.report.about("not-modelled"))
    runs(made, 5)


def test_no_secret_of_a_plan_is_kept():
    rows = [
        ("aws_lambda_function.f", {"function_name": "f", "environment": [{"variables": {"KEY": WORD}}]}),
        ("aws_mq_broker.b", {"engine_type": "RabbitMQ", "user": [{"username": WORD, "password": WORD}]}),
        ("aws_db_instance.d", {"password": WORD, "username": WORD}),
        ("aws_cloudwatch_event_connection.c", {"auth_parameters": [{"api_key": [{"value": WORD}]}]}),
        ("aws_sfn_state_machine.m", {"name": "m", "definition": json.dumps(STATES["a header"])}),
    ]
    resources = [
        {"address": address, "mode": "managed", "type": address.split(".")[0], "values": values}
        for address, values in rows
    ]
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": resources}}}
    made = imported(json.dumps(plan), names=("plan.json",))
    assert WORD not in kept(made)
    runs(made, 5)


def test_what_is_found_at_run_time_and_what_names_a_queue_stays():
    names: set[str] = set()
    given = {
        "TaskToken.$": "$$.Task.Token",
        "password": "$.input.password",
        "secret": "{% $states.input.secret %}",
        "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
        "plain": "https://example.org",
    }
    assert without_secrets(given, names) == given
    assert not names


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_0123456789abcdefghijABCD",
        "xoxb-123456789012-abcdef",
        "Bearer abcdefgh.1j",
    ],
)
def test_what_looks_like_a_secret_is_left_out_whatever_its_name(text):
    names: set[str] = set()
    assert clean_text(f"before {text} after", names, "note") == f"before {LEFT_OUT} after"
    assert names == {"note"}


def test_words_that_only_sound_alike_stay():
    names: set[str] = set()
    assert (
        clean_text("Basic processing of orders, bearer of news", names)
        == "Basic processing of orders, bearer of news"
    )
    assert not names
