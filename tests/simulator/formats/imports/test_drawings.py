"""Mermaid flowcharts and draw.io diagrams. Source: Mermaid documentation, *Flowcharts syntax*."""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import base64
import zlib
from urllib.parse import quote

import pytest

from simulator.design.document import Document
from simulator.design.examples import templates
from simulator.errors import InvalidDesign
from simulator.formats.exports.table import EXPORTS
from simulator.running import simulate
from tests.simulator.formats.imports.importing import edges, has_note, imported, nodes

FLOWCHART = """---
title: Shop
---
flowchart LR
    %% a comment
    web[Web shop] -->|orders| sns{{"SNS topic<br/>orders"}}
    sns --> q1[(Billing queue)] & q2[("Mail SQS")]
    q1 -- reads --> worker(["Billing worker"]):::fast
    q2 ==> mailer[Mail Lambda]
    q1 -. failed .-> dlq[Dead letters SQS]
    subgraph store
      worker --> db[(Postgres)]
    end
    style web fill:#fff
    api@{ shape: rounded, label: "Order API" } --> kafka[Kafka topic]
    x ~~~ y
    lonely[Nothing]
    !!! what
"""


def test_boxes_chains_and_labels_of_a_flowchart_are_read():
    made = imported(FLOWCHART)
    kinds = {id: node["kind"] for id, node in nodes(made).items()}
    assert made.document.name == "Shop"
    assert kinds["sns-topic"] == "aws.sns"
    assert kinds["billing-queue"] == "aws.sqs"
    assert kinds["mail-sqs"] == "aws.sqs"
    assert (kinds["web-shop"], kinds["postgres"]) == ("producer", "service")
    assert kinds["kafka-topic"] == "kafka.topic"
    assert {
        ("web-shop", "sns-topic", "publish"),
        ("sns-topic", "billing-queue", "publish"),
        ("sns-topic", "mail-sqs", "publish"),
        ("billing-queue", "dead-letters-sqs", "dead-letter"),
        ("billing-queue", "billing-worker", "consume"),
        ("billing-worker", "postgres", "invoke"),
        ("order-api", "kafka-topic", "publish"),
    } <= edges(made)
    assert has_note(made, "not-understood", "line 17", "'Nothing' has no arrow")
    assert has_note(made, "not-understood", "line 18", "what stands at character")
    assert simulate(made.document, duration=10)["conservation"]["ok"]


@pytest.mark.parametrize("template", templates(), ids=lambda one: one.slug)
@pytest.mark.parametrize("format", ["mermaid", "drawio"])
def test_a_drawing_of_a_design_comes_back_with_the_same_nodes_and_edges(template, format):
    document = Document.parse(template.document)
    made = imported(str(EXPORTS[format].write(document, None, "light")))
    again = made.document
    assert {(node.id, node.kind) for node in again.nodes} == {(node.id, node.kind) for node in document.nodes}
    assert {(edge.source, edge.target, edge.role) for edge in again.edges} == {
        (edge.source, edge.target, edge.role) for edge in document.edges
    }


def page(xml):
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = machine.compress(quote(xml).encode()) + machine.flush()
    return f"<mxfile><diagram name='p'>{base64.b64encode(data).decode()}</diagram></mxfile>"


MODEL = """<mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/>
<mxCell id="a" value="&lt;b&gt;Sensor&lt;/b&gt;" vertex="1" parent="1"><mxGeometry x="10" y="20"/></mxCell>
<mxCell id="b" value="readings" style="shape=mxgraph.aws4.resourceIcon;resIcon=mxgraph.aws4.sqs;" vertex="1" parent="1"/>
<mxCell id="c" value="Worker" vertex="1" parent="1"/>
<mxCell id="e" edge="1" source="a" target="b" parent="1"/>
<mxCell id="f" edge="1" source="b" target="c" parent="1"/>
<mxCell id="g" edge="1" source="b" parent="1"/>
</root></mxGraphModel>"""


@pytest.mark.parametrize("text", [f"<mxfile><diagram>{MODEL}</diagram></mxfile>", page(MODEL), MODEL])
def test_a_diagram_is_read_compressed_or_not(text):
    made = imported(text, names=("shop.drawio",))
    kinds = {id: node["kind"] for id, node in nodes(made).items()}
    assert kinds == {"sensor": "producer", "readings": "aws.sqs", "worker": "consumer"}
    assert edges(made) == {("sensor", "readings", "publish"), ("readings", "worker", "consume")}
    assert has_note(made, "not-understood", "cell g", "not tied to a box")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><mxfile></mxfile>", "document types and entities"),
        (page("x" * 400_000_0), "inflates to more than"),
        ("<mxfile><diagram>@@@</diagram></mxfile>", "neither XML nor compressed"),
        ("<mxfile><diagram>", "line 1, column"),
        ("<mxfile>" + "<a>" * 100 + "</a>" * 100 + "</mxfile>", "nested deeper"),
    ],
)
def test_bombs_and_broken_diagrams_are_refused_by_name(text, what):
    with pytest.raises(InvalidDesign, match=r"shop\.drawio") as refused:
        imported(text, names=("shop.drawio",))
    assert what in str(refused.value)


def test_a_drawing_of_a_serverless_system_has_its_kinds():
    made = imported(
        """flowchart LR
    clients[Web clients] --> api[Order Lambda]
    api --> table[(Orders DynamoDB)]
    table --> audit[Audit Lambda]
    api --> flow[Fulfilment Step Functions]
    flow --> pay[Payment lambda]
    flow --> jobs[Shipping SQS]
    jobs --> ship[Shipping Lambda]
""",
        names=("shop.mmd",),
    )
    kinds = {id: one["kind"] for id, one in nodes(made).items()}
    assert kinds["order-lambda"] == kinds["shipping-lambda"] == "aws.lambda"
    assert kinds["orders-dynamo-db"] == "aws.dynamodb"
    assert nodes(made)["orders-dynamo-db"]["config"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    flow = nodes(made)["fulfilment-step-functions"]
    assert flow["kind"] == "aws.stepfunctions"
    assert list(flow["config"]["definition"]["States"]) == ["1. Payment lambda", "2. Shipping SQS"]
    result = simulate(made.document, duration=20)
    assert result["conservation"]["ok"]
    assert result["nodes"]["fulfilment-step-functions"]["executions_succeeded"]["mean"] > 0
    assert result["conservation"]["nodes"]["shipping-sqs"]["delivered"] > 0


def test_failures_that_a_drawing_hands_on_from_a_reader_leave_the_queue_it_reads():
    made = imported(
        "flowchart LR\n  q[SQS queue] --> w[Worker]\n  w -- fails --> d[SQS dead letters]\n", names=("a.mmd",)
    )
    roles = {role for source, target, role in edges(made) if target == "sqs-dead-letters"}
    assert roles == {"dead-letter"}
    assert has_note(made, "assumed", "SQS queue hands what Worker fails at to SQS dead letters")


def test_other_diagrams_of_mermaid_are_refused_by_their_name():
    with pytest.raises(InvalidDesign, match="a sequenceDiagram of Mermaid is not read"):
        imported("%% who calls whom\nsequenceDiagram\n  Web->>Shop: order\n", names=("a.mmd",))
