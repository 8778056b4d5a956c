"""Tasks of ECS, variables of functions, and what AWS CDK and deployments add to templates.

Sources: AWS CloudFormation template reference, *AWS::ECS::TaskDefinition*, *AWS::ECS::Service*,
*AWS::Lambda::Function Environment*; service authorization reference, *Amazon SQS*; AWS CDK developer guide,
*Construct paths*, *Custom resources*; Terraform documentation, *State*.
"""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import json

import pytest

from tests.simulator.formats.imports.importing import (
    config_of,
    edges,
    has_note,
    imported,
    nodes,
    of,
    resource,
    runs,
    template,
)
from tests.simulator.formats.imports.test_terraform import Plan, names


def role(*statements: tuple[object, object]) -> dict[str, object]:
    given = [{"Effect": "Allow", "Action": action, "Resource": target} for action, target in statements]
    return resource("IAM::Role", Policies=[{"PolicyName": "p", "PolicyDocument": {"Statement": given}}])


def task(name: str, variables: dict[str, object], **properties: object) -> dict[str, object]:
    environment = [{"Name": key, "Value": value} for key, value in variables.items()]
    container = {"Name": name, "Image": "shop/app", "Environment": environment}
    return resource("ECS::TaskDefinition", Family=name, ContainerDefinitions=[container], **properties)


SERVICE = resource("ECS::Service", TaskDefinition={"Ref": "Task"}, DesiredCount=3)
#: Name: the task, its role, edges.
TASKS = {
    "a queue's URL in its environment": (task("worker", {"QUEUE_URL": {"Ref": "Jobs"}}), role(), {("jobs", "worker", "consume")}),
    "a name of the queue": (task("worker", {"QUEUE_NAME": of("Jobs", "QueueName")}), role(), {("jobs", "worker", "consume")}),
    "a literal URL": (task("worker", {"QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"}), role(), {("jobs", "worker", "consume")}),
    "a URL put together": (task("worker", {"Q": {"Fn::Sub": "https://sqs.${AWS::Region}.amazonaws.com/${AWS::AccountId}/${Jobs.QueueName}"}}), role(), {("jobs", "worker", "consume")}),
    "who does not sound like a reader sends": (task("web", {"QUEUE_URL": {"Ref": "Jobs"}}), role(), {("web", "jobs", "publish")}),
    "a role that receives": (task("web", {}, TaskRoleArn=of("Role")), role((["sqs:ReceiveMessage", "sqs:DeleteMessage"], of("Jobs"))), {("jobs", "web", "consume")}),
    "a role that sends": (task("worker", {}, TaskRoleArn=of("Role")), role(("sqs:SendMessage", of("Jobs"))), {("worker", "jobs", "publish")}),
    "a role that may do all": (task("job", {}, TaskRoleArn=of("Role")), role(("sqs:*", of("Jobs"))), {("jobs", "job", "consume")}),
    "input and output by their variables": (
        task("step", {"INPUT_QUEUE_URL": {"Ref": "Jobs"}, "OUTPUT_QUEUE_URL": {"Ref": "Done"}}), role(), {("jobs", "step", "consume"), ("step", "done", "publish")},
    ),
    "reads one and publishes to a topic": (
        task("worker", {"QUEUE": {"Ref": "Jobs"}, "TOPIC_ARN": {"Ref": "News"}, "TABLE_NAME": {"Ref": "Items"}}, TaskRoleArn=of("Role")),
        role(("sns:Publish", {"Ref": "News"}), ("dynamodb:GetItem", of("Items"))),
        {("jobs", "worker", "consume"), ("worker", "news", "publish"), ("worker", "items", "invoke")},
    ),
    "a stream": (task("reader", {}, TaskRoleArn=of("Role")), role(("kinesis:GetRecords", of("Clicks"))), {("clicks", "reader", "consume")}),
    "a dead-letter queue it only knows": (task("worker", {"QUEUE": {"Ref": "Jobs"}, "DLQ_URL": {"Ref": "Done"}}), role(), {("jobs", "worker", "consume")}),
}  # fmt: skip


ALL = {
    "Task": TASKS["reads one and publishes to a topic"][0],
    "Role": TASKS["reads one and publishes to a topic"][1],
    "Service": SERVICE,
    "Jobs": resource("SQS::Queue", QueueName="jobs"),
    "News": resource("SNS::Topic", TopicName="news"),
    "Items": resource("DynamoDB::Table", BillingMode="PAY_PER_REQUEST"),
    "Work": resource("Lambda::Function", Environment={"Variables": {"QUEUE_NAME": "jobs", "T": of("News")}}),
    "Setup": {"Type": "Custom::Setup", "Properties": {"ServiceToken": of("Work")}},
}


@pytest.mark.parametrize(("given", "allowed", "expected"), TASKS.values(), ids=TASKS)
def test_a_task_of_ecs_reads_and_sends_what_its_role_and_its_environment_name(given, allowed, expected):
    made = template(
        Task=given,
        Service=SERVICE,
        Role=allowed,
        Jobs=resource("SQS::Queue", QueueName="jobs"),
        Done=resource("SQS::Queue", QueueName="done"),
        News=resource("SNS::Topic", TopicName="news"),
        Items=resource("DynamoDB::Table", TableName="items", BillingMode="PAY_PER_REQUEST"),
        Clicks=resource("Kinesis::Stream", Name="clicks", ShardCount=2),
    )
    code = given["Properties"]["Family"]
    assert {edge for edge in edges(made) if code in edge[:2] and not edge[0].endswith("-source")} == expected
    assert nodes(made)[code]["config"]["instances"] == 3
    assert "DesiredCount" in str(made.document.assumptions[f"{code}.config.instances"])
    runs(made, 2)


def test_a_task_behind_a_load_balancer_is_called_and_one_that_names_nothing_is_listed():
    made = template(
        Task=task("web", {"QUEUE": {"Ref": "Jobs"}}),
        Service=resource(
            "ECS::Service", TaskDefinition={"Ref": "Task"}, LoadBalancers=[{"ContainerPort": 80}]
        ),
        Quiet=task("nginx", {"PASSWORD": "canary"}),
        Elsewhere=resource("ECS::Service", TaskDefinition="arn:aws:ecs:eu-west-1:1:task-definition/x:1"),
        Jobs=resource("SQS::Queue"),
    )
    assert {("clients-of-web", "web", "invoke"), ("web", "jobs", "publish")} <= edges(made)
    assert has_note(made, "not-modelled", "Resources.Quiet", "neither its role nor its environment names")
    assert has_note(made, "not-understood", "Elsewhere: its task definition is not in the file")
    assert "canary" not in json.dumps(made.document.to_data()) + json.dumps(made.report.as_dict())


def test_tasks_of_terraform_are_those_of_cloudformation():
    plan = Plan()
    plan.add("aws_sqs_queue.jobs", {"name": "jobs"})
    plan.add(
        "aws_ecs_task_definition.worker",
        {"family": "worker"},
        container_definitions=names("aws_sqs_queue.jobs.url"),
    )
    plan.add(
        "aws_ecs_service.worker",
        {"desired_count": 2},
        task_definition=names("aws_ecs_task_definition.worker.arn"),
    )
    made = plan.imported()
    assert ("jobs", "worker", "consume") in edges(made)
    assert nodes(made)["worker"]["config"]["instances"] == 2
    known = Plan()
    known.add("aws_sqs_queue.jobs", {"name": "jobs"})
    definition = [
        {
            "name": "a",
            "environment": [
                {"name": "QUEUE_URL", "value": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"}
            ],
        }
    ]
    known.add(
        "aws_ecs_task_definition.worker",
        {"family": "worker", "container_definitions": json.dumps(definition)},
    )
    assert ("jobs", "worker", "consume") in edges(known.imported())


#: Name: the variables of a function, edges.
VARIABLES = {
    "a literal URL": ({"QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"}, {("work", "jobs", "publish")}),
    "the URL of another stack's queue": ({"URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/other"}, {("work", "other", "publish")}),
    "an ARN": ({"OUT": "arn:aws:sns:eu-west-1:123456789012:news"}, {("work", "news", "publish")}),
    "a name of the file": ({"QUEUE_NAME": "jobs", "TABLE": "items"}, {("work", "jobs", "publish"), ("work", "items", "invoke")}),
    "a text put together": ({"QUEUE_URL": {"Fn::Sub": "https://sqs.${AWS::Region}.amazonaws.com/${AWS::AccountId}/jobs"}}, {("work", "jobs", "publish")}),
    "a name that is none of the file's": ({"QUEUE_NAME": "elsewhere", "DOMAIN": "jobs"}, set()),
    "a dead-letter queue": ({"DLQ_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"}, set()),
    "other addresses": ({"API": "https://example.org/123456789012/jobs", "SECRET": "arn:aws:secretsmanager:eu-west-1:1:secret:canary"}, set()),
}  # fmt: skip


@pytest.mark.parametrize(("variables", "expected"), VARIABLES.values(), ids=VARIABLES)
def test_variables_of_a_function_name_what_it_sends_to(variables, expected):
    made = template(
        Work=resource("Lambda::Function", FunctionName="work", Environment={"Variables": variables}),
        Jobs=resource("SQS::Queue", QueueName="jobs"),
        News=resource("SNS::Topic", TopicName="news"),
        Items=resource("DynamoDB::Table", TableName="items", BillingMode="PAY_PER_REQUEST"),
    )
    assert {edge for edge in edges(made) if edge[0] == "work"} == expected
    assert "canary" not in json.dumps(made.document.to_data()) + json.dumps(made.report.as_dict())


def test_variables_of_a_plan_that_are_partly_known_keep_their_references():
    plan = Plan()
    plan.add("aws_sqs_queue.jobs", {"name": "jobs"})
    plan.add(
        "aws_lambda_function.work",
        {"function_name": "work", "environment": [{"variables": {"STAGE": "prod"}}]},
        environment=[{"variables": names("aws_sqs_queue.jobs.url")}],
    )
    assert ("work", "jobs", "publish") in edges(plan.imported())


def test_the_right_to_send_to_a_failure_destination_is_no_second_edge():
    made = template(
        Work=resource("Lambda::Function", Role=of("Role")),
        Role=role(("sqs:SendMessage", of("Failed"))),
        Failed=resource("SQS::Queue", QueueName="orders-dlq"),
        Orders=resource("Kinesis::Stream", ShardCount=1),
        Mapping=resource(
            "Lambda::EventSourceMapping",
            EventSourceArn=of("Orders"),
            FunctionName={"Ref": "Work"},
            DestinationConfig={"OnFailure": {"Destination": of("Failed")}},
        ),
    )
    assert {edge for edge in edges(made) if edge[0] == "work"} == {("work", "orders-dlq", "dead-letter")}


def test_functions_behind_custom_resources_run_at_the_deployment_only():
    made = template(
        Handler=resource("Lambda::Function"),
        Framework=resource("Lambda::Function", Environment={"Variables": {"USER_ON_EVENT_FUNCTION_ARN": of("Inner")}}),
        Inner=resource("Lambda::Function"),
        Setup={"Type": "Custom::Setup", "Properties": {"ServiceToken": of("Handler")}},
        Other=resource("CloudFormation::CustomResource", ServiceToken=of("Framework")),
        Work=resource("Lambda::Function"),
    )  # fmt: skip
    assert {id for id, node in nodes(made).items() if node["kind"] == "aws.lambda"} == {"work"}
    for id in ("Handler", "Framework", "Inner"):
        assert has_note(made, "not-modelled", f"{id}: runs when the stack is deployed")


def test_resources_of_the_cdk_have_the_names_of_their_constructs():
    queue = resource("SQS::Queue")
    queue["Metadata"] = {"aws:cdk:path": "Shop/Orders/Queue/Resource"}
    named = resource("SQS::Queue", QueueName="own-name")
    named["Metadata"] = {"aws:cdk:path": "Shop/Named/Resource"}
    made = template(OrdersQueue12AB34CD=queue, Named99887766=named)
    assert nodes(made)["orders-queue"]["label"] == "Orders/Queue"
    assert "own-name" in nodes(made)
    bare = template(OrdersQueue12AB34CD=resource("SQS::Queue"), Other81308327=resource("SQS::Queue"))
    assert {"orders-queue", "other"} <= set(nodes(bare))
    assert "orders12345678" in nodes(
        template(Orders12345678=resource("SQS::Queue"), A=resource("SQS::Queue"))
    )


def row(type: str, name: str, *instances: dict[str, object]) -> dict[str, object]:
    return {"mode": "managed", "type": type, "name": name, "instances": list(instances)}


ARN = "arn:aws:sqs:eu-west-1:123456789012:{}"
STATE = {
    "version": 4,
    "terraform_version": "1.9.0",
    "resources": [
        row("aws_sqs_queue", "jobs", {"attributes": {"name": "jobs", "arn": ARN.format("jobs"), "visibility_timeout_seconds": 60, "redrive_policy": json.dumps({"deadLetterTargetArn": ARN.format("dead"), "maxReceiveCount": 3})}}),
        row("aws_sqs_queue", "dead", {"attributes": {"name": "dead", "arn": ARN.format("dead")}}),
        row("aws_sqs_queue", "many", {"index_key": "a", "attributes": {"name": "many-a"}}, {"index_key": "b", "attributes": {"name": "many-b"}}),
        row("aws_db_instance", "db", {"attributes": {"password": "canary"}}),
    ],
}  # fmt: skip


def test_a_state_as_terraform_keeps_it_is_read():
    made = imported(json.dumps(STATE), names=("terraform.tfstate",))
    assert config_of(made, "jobs", "dead") == {"maxReceiveCount": 3}
    assert {"many-a", "many-b"} <= set(nodes(made))
    assert has_note(made, "not-modelled", "aws_db_instance.db: the type aws_db_instance")
    assert "canary" not in json.dumps(made.document.to_data()) + json.dumps(made.report.as_dict())
    runs(made, 2)
