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
from tests.simulator.formats.imports.importing import config_of, edges, has_note, imported, nodes

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
    with pytest.raises(InvalidDesign, match="sequenceDiagram of Mermaid is not read"):
        imported("%% who calls whom\nsequenceDiagram\n  Web->>Shop: order\n", names=("a.mmd",))


# ---------------------------------------------------------------- shapes of drawings as people make them

#: Name: the lines of a flowchart, edges.
CHARTS = {
    "shapes around names": ("A[system A] --> SNS(SNS):::link\nSNS --> SQS{SQS}\nSQS --> |a| LA[Lambda A]", {("sns", "sqs", "publish"), ("sqs", "lambda-a", "consume")}),
    "semicolons": ("U[User action]-->|Triggers| B[Event bus];\nB-->|Sends| O[Order service];", {("event-bus", "order-service", "publish")}),
    "kind in the second line": ('W[Web] --> Q["Orders<br/>SQS FIFO"]\nQ --> F["Order worker<br>AWS Lambda"]', {("orders", "order-worker", "consume")}),
    "what a box does is no kind": ('Q[Orders queue] --> W["Worker<br/>reads messages from SQS and writes a table"]', {("orders-queue", "worker", "consume")}),
    "groups": ("subgraph In\n  A[Web] --> Q[Queue]\nend\nsubgraph Out\n  Q --> W[Worker]\nend\nstyle In stroke:#0F0", {("queue", "worker", "consume")}),
    "names in other scripts": ("注文[注文 service] --> キュー[SQS 注文]\nキュー --> 処理[処理 worker]", {("sqs", "worker", "consume")}),
    "lines and heads": ("A[Web] ==> Q[Queue]\nQ --o W[Worker]\nW -.-> T[Kafka topic]", {("queue", "worker", "consume"), ("worker", "kafka-topic", "publish")}),
    "longer arrows": ("A[Web] ----> Q[Queue]\nQ ====> W[Worker]", {("queue", "worker", "consume")}),
    "a chain of several": ("A[Web] --> Q[Queue] --> W[Worker] --> T[Kafka topic]", {("web", "queue", "publish"), ("worker", "kafka-topic", "publish")}),
    "arrows of groups": ("subgraph Out [Senders]\n  A[Web] & B[Shop service]\nend\nsubgraph In\n  subgraph Readers\n    W[Worker]\n  end\n  V[Mail worker]\nend\nOut --> Q[Queue] --> In", {("web", "queue", "publish"), ("shop-service", "queue", "publish"), ("queue", "worker", "consume"), ("queue", "mail-worker", "consume")}),
    "readers named after their broker": ("P[Kafka producer] --> T[Kafka topic] --> C[Kafka Consumer NestJS] --> Q[RabbitMQ queue] --> L[RabbitMQ listener]", {("kafka-producer", "kafka-topic", "publish"), ("kafka-topic", "kafka-consumer-nest-js", "consume"), ("rabbit-mq-queue", "rabbit-mq-listener", "consume")}),
    "readers named after failures": ("A[Web] --> T[Kafka topic] --> C[Error consumer] --> E[Error service]", {("kafka-topic", "error-consumer", "consume"), ("error-consumer", "error-service", "invoke")}),
    "a directive of several lines": ("%%{init: {'flowchart': {\n  'curve': 'basis'\n}}}%%\nA[Web] --> Q[Queue]", {("web", "queue", "publish")}),
    "labels of several lines": ('A["Web\n  shop"] --> Q["Orders\nSQS FIFO"]\nQ --> W@{ shape: rect, label: "*Mail*\n**Worker**" }', {("web", "orders", "publish"), ("orders", "mail", "consume")}),
    "named edges": ("A[Web] e1@--> Q[Queue]\nQ q-w@==> W[Worker]\ne1@{ animate: true }\nq-w@{ curve: natural }", {("web", "queue", "publish"), ("queue", "worker", "consume")}),
    "markdown": ('A["`**Web** shop`"] --> Q["*Queue*"]', {("web-shop", "queue", "publish")}),
    "a rule in a label": ('A[Web] --> Q["Orders queue<hr/>- of the shop"]', {("web", "orders-queue", "publish")}),
    "a reader that points at what it reads": ("A[Web] --> Q[Queue]\nW[Worker] -->|polls| Q\nL[Mail Lambda] -- consumes --> T[Kafka topic]", {("queue", "worker", "consume"), ("kafka-topic", "mail-lambda", "consume")}),
    "a reader that hands on what it polls": ("T[Kafka topic] --> C[Kafka consumer] -->|polls| Q[Queue]", {("kafka-topic", "kafka-consumer", "consume"), ("kafka-consumer", "queue", "publish")}),
    "a frame of queues": ('subgraph R ["Redis Queues"]\n  Q1[reminders]\n  Q2[mails]\nend\nA[Web] --> Q1 & Q2\nQ1 --> W[Worker]', {("web", "reminders", "publish"), ("web", "mails", "publish"), ("reminders", "worker", "consume")}),
    "a frame of one vendor's topics": ("subgraph Kafka Topics\n  T[orders]\nend\nA[Web] --> T --> W[Worker]", {("orders", "worker", "consume")}),
    "a cylinder": ("A[Web] --> S[Shop service] --> D[(orders_service)]", {("shop-service", "orders-service", "invoke")}),
    "an exchange that is read": ('A[Web] --> X["RabbitMQ<br/>topic exchange"] -->|consumes| W[Worker]', {("web", "rabbit-mq", "publish"), ("rabbit-mq", "queue-of-worker", "publish"), ("queue-of-worker", "worker", "consume")}),
    "brokers of one cluster": ("A[Web] --> K1[Kafka Broker 1] & K2[Kafka Broker 2]\nK1 --> W[Worker]\nK2 --> W", {("web", "kafka-broker", "publish"), ("kafka-broker", "worker", "consume")}),
    "icons and quotes": ('A["fa:fa-globe Web"] --> Q[("Orders queue")]\nQ --> W{{"Worker"}}', {("orders-queue", "worker", "consume")}),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), CHARTS.values(), ids=CHARTS)
@pytest.mark.parametrize(
    "frame",
    ["flowchart TD\n{}\n", "# Design\n\nText: of a page\n\n```mermaid\ngraph LR\n{}\n```\n\n- more: text\n"],
    ids=["file", "page"],
)
def test_a_flowchart_is_understood_alone_and_in_a_page(lines, expected, frame):
    made = imported(frame.format(lines), names=("page.md",))
    assert expected <= edges(made)
    assert not has_note(made, "not-understood", "")


#: Name: the lines of a flowchart, the nodes that it becomes, what is said of the others.
LEFT_OUT = {
    "who keeps secrets and settings": ("A[Web] --> Q[Queue]\nS[Secrets Manager] --> A\nQ --> W[Worker] --> P[SSM Parameter store]", {"web", "queue", "worker"}, "not-modelled", "Secrets Manager: no messages go through it, nor 1 arrow of it"),
    "who watches": ("A[Web] --> Q[Queue] --> W[Worker] -.-> C[CloudWatch]\nW -.-> G[Grafana]\nG --> C", {"web", "queue", "worker"}, "not-modelled", "Grafana: no messages go through it, nor 2 arrows of it"),
    "who deploys": ("P[CodePipeline] -->|deploys| W[Worker]\nA[Web] --> Q[Queue] --> W\nE[ECR] -.->|pulls images| W", {"web", "queue", "worker"}, "not-modelled", "ECR: no messages go through it, nor 1 arrow of it"),
    "an alarm that sends": ("C[CloudWatch alarm] --> T[SNS topic] --> W[Mail service]", {"cloud-watch-alarm", "sns-topic", "mail-service"}, "assumed", "CloudWatch alarm is of kind producer"),
    "an answer": ("A[Web] --> S[Shop API]\nS -->|response| A", {"web", "shop-api"}, "not-modelled", "'response': the answer of a call is no edge"),
    "a store without an arrow": ("A[Web] --> Q[Queue] --> W[Worker]\nR[(Redis)]", {"web", "queue", "worker"}, "not-understood", "the box 'Redis' has no arrow"),
    "a title that names a broker": ("A[Web] --> Q[Queue] --> W[Worker]\nT[How orders go through Kafka and SQS]", {"web", "queue", "worker"}, "not-understood", "the box 'How orders go through Kafka and SQS' has no arrow"),
    "an arrow that is drawn twice": ("A[Web] --> Q[Queue] --> W[Worker]\nA --> Q", {"web", "queue", "worker"}, "assumed", "an arrow that is drawn twice, from A, is one"),
    "an arrow to itself": ("A[Web] --> S[Shop API]\nS -->|retries| S", {"web", "shop-api"}, "assumed", "Shop API does not send to itself: its messages would go round without end"),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "kept", "about", "words"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_carries_no_messages_is_no_part_and_is_listed(lines, kept, about, words):
    made = imported(f"flowchart LR\n{lines}\n", names=("page.mmd",))
    ends = {"queue-consumer", "mail-service-consumer"}  # who reads where nobody is drawn
    assert {id for id in nodes(made) if not id.endswith("-source")} - ends == kept
    assert has_note(made, about, words)
    assert simulate(made.document, duration=5)["conservation"]["ok"]


def test_brokers_of_one_cluster_are_its_brokers_and_what_is_not_read_is_quoted():
    made = imported("flowchart LR\n" + CHARTS["brokers of one cluster"][0] + "\n???\n", names=("a.mmd",))
    assert nodes(made)["kafka-broker"]["config"]["brokers"] == 2
    assert has_note(made, "assumed", "2 boxes Kafka Broker are one topic of a cluster")
    assert has_note(made, "not-understood", "line 5", "what stands at character 1: '???'")


def test_a_decision_takes_each_way_equally_often_and_what_is_named_after_failures_gets_little():
    made = imported(
        "flowchart TD\nA[Web] --> S[Shop service] --> C{Which sort?}\nC -->|ERROR| E[error topic]\nC --> O[other topic]\n"
        "S --> F[failed topic]\nC --> M[Mail service]\n"
    )
    assert config_of(made, "which-sort", "error-topic") == {"probability": 0.3333}
    assert config_of(made, "which-sort", "other-topic") == {"probability": 0.3333}
    assert config_of(made, "shop-service", "failed-topic") == {"probability": 0.01}
    assert config_of(made, "which-sort", "mail-service") == {}  # calls take no share
    assert has_note(made, "assumed", "line 6", "Which sort? calls Mail service for each message")


PAGE = "```mermaid\nsequenceDiagram\n A->>B: x\n```\n~~~mermaid\nflowchart LR\n A[Web] --> Q[Queue]\n~~~\n```mermaid\ngraph TD\n X --> Y\n```\n"


def test_the_first_flowchart_of_a_page_is_read_and_other_diagrams_are_listed():
    made = imported(PAGE, names=("README.md",))
    assert {"web", "queue"} <= set(nodes(made))
    assert has_note(made, "not-understood", "line 1", "another diagram")
    assert has_note(made, "not-understood", "line 9", "another diagram")
    with pytest.raises(InvalidDesign, match="sequenceDiagram"):
        imported("Text: a\n\n```mermaid\nsequenceDiagram\n A->>B: x\n```\n", names=("README.md",))


def cell(id, label="", style="rounded=1", parent="1", x=0, y=0, width=80, height=80):
    return f'<mxCell id="{id}" value="{label}" style="{style}" vertex="1" parent="{parent}"><mxGeometry x="{x}" y="{y}" width="{width}" height="{height}" as="geometry"/></mxCell>'


def arrow(id, ends="", style="", points="", parent="1"):
    return f'<mxCell id="{id}" edge="1" parent="{parent}" style="{style}" {ends}><mxGeometry relative="1" as="geometry">{points}</mxGeometry></mxCell>'


def drawn(*cells):
    return f'<mxfile><diagram><mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/>{"".join(cells)}</root></mxGraphModel></diagram></mxfile>'


WEB, WORKER = cell("a", "Web"), cell("w", "Worker", x=400)
ENDS = ('source="a" target="q"', 'source="q" target="w"')
#: Name: the queue's cell, and the id it gets.
QUEUES = {
    "an icon": (cell("q", "", "sketch=0;shape=mxgraph.aws4.resourceIcon;resIcon=mxgraph.aws4.sqs;"), "sqs", "aws.sqs"),
    "an icon with a label": (cell("q", "Orders", "shape=mxgraph.aws4.resourceIcon;resIcon=mxgraph.aws4.sqs;"), "orders", "aws.sqs"),
    "an older icon": (cell("q", "Orders", "shape=mxgraph.aws3.sqs;"), "orders", "aws.sqs"),
    "a label of several lines": (cell("q", "&lt;div&gt;Orders&lt;/div&gt;&lt;div&gt;Amazon SQS&lt;/div&gt;"), "orders", "aws.sqs"),
    "a label with an empty first line": (cell("q", "&lt;p&gt;&lt;/p&gt;&lt;b&gt;Orders queue&lt;/b&gt;"), "orders-queue", "queue"),
    "a picture of another cloud": (cell("q", "Orders", "image;aspect=fixed;image=img/lib/azure2/integration/Service_Bus.svg;"), "orders", "queue"),
    "Google Cloud": (cell("q", "Orders", "shape=mxgraph.gcp2.cloud_pubsub;"), "orders", "topic"),
    "a stream": (cell("q", "Orders", "shape=mxgraph.aws4.resourceIcon;resIcon=mxgraph.aws4.kinesis;"), "orders", "kafka.topic"),
    "an icon of a product": (cell("q", "Orders", "shape=mxgraph.aws4.productIcon;prIcon=mxgraph.aws4.sqs;"), "orders", "aws.sqs"),
    "a card with its title inside": (cell("q") + cell("p", "&lt;font&gt;Orders&lt;/font&gt;&lt;br&gt;Cloud Pub/Sub", "shape=image;part=1", parent="q", width=30, height=30), "orders", "topic"),
    "a box with an icon on it": (cell("q", "Orders", x=200) + cell("i", "", "shape=mxgraph.aws4.sqs", x=240, y=40, width=30, height=30), "orders", "aws.sqs"),
    "a frame of queues": (cell("lane", "Queues", "swimlane", x=190, y=-20, width=150, height=150) + cell("q", "Orders", parent="lane"), "orders", "queue"),
    "words alone": (cell("q", "Kafka topic orders", "rounded=0"), "kafka-topic-orders", "kafka.topic"),
}  # fmt: skip


@pytest.mark.parametrize(("queue", "id", "kind"), QUEUES.values(), ids=QUEUES)
def test_boxes_of_draw_io_are_understood(queue, id, kind):
    made = imported(drawn(WEB, WORKER, queue, arrow("e", ENDS[0]), arrow("f", ENDS[1])))
    assert nodes(made)[id]["kind"] == kind
    assert {("web", id, "publish"), (id, "worker", "consume")} <= edges(made)


def test_frames_and_texts_are_no_parts_and_are_listed():
    made = imported(drawn(
        cell("cloud", "AWS Cloud", "shape=mxgraph.aws4.group;grIcon=mxgraph.aws4.group_aws_cloud", width=900, height=900),
        cell("around", "Lambda functions", parent="cloud"), cell("note", "the order queue", "text;html=1"), cell("empty", ""),
        cell("a", "Web", parent="around"), cell("q", "Orders queue", parent="cloud"), arrow("e", ENDS[0]),
    ))  # fmt: skip
    assert set(nodes(made)) == {"web", "orders-queue", "orders-queue-consumer"}
    for words in ("'AWS Cloud'", "'Lambda functions'", "'the order queue'"):
        assert has_note(made, "not-modelled", words, "a frame or a text")


LIES = '<mxPoint x="85" y="40" as="sourcePoint"/><mxPoint x="195" y="45" as="targetPoint"/>'
NOWHERE = '<mxPoint x="700" y="700" as="sourcePoint"/><mxPoint x="800" y="800" as="targetPoint"/>'
LOOSE = drawn(
    WEB, WORKER, cell("q", "Orders queue", x=200), arrow("e", points=LIES), arrow("g", points=NOWHERE),
    arrow("f", 'source="w" target="q"', "startArrow=classic;endArrow=none"),
)  # fmt: skip


def test_arrows_that_only_lie_at_their_boxes_lead_between_them_and_heads_may_be_at_the_start():
    made = imported(LOOSE)
    assert {("web", "orders-queue", "publish"), ("orders-queue", "worker", "consume")} <= edges(made)
    assert has_note(made, "assumed", "cell e", "an arrow leads between the boxes that its ends lie at")
    assert has_note(made, "not-understood", "cell g", "an arrow that is not tied to a box at both ends")


def test_an_arrow_without_an_end_says_which_and_icons_without_a_box_are_listed():
    label = '<mxCell id="t" value="1. order" style="edgeLabel" vertex="1" parent="g"/>'
    icon = cell("i", "", "shape=mxgraph.aws4.step_functions", x=900, width=30, height=30)
    loose = arrow("g", 'source="w"', points='<mxPoint x="700" y="700" as="targetPoint"/>')
    made = imported(drawn(WEB, WORKER, icon, arrow("e", 'source="a" target="w"'), loose, label))
    assert set(nodes(made)) == {"web", "worker"}
    assert has_note(
        made, "not-understood", "cell g", "an arrow labelled '1. order' from 'Worker' that is not tied"
    )
    assert has_note(made, "not-modelled", "cell i", "an icon (step functions) that has no label and no arrow")


def test_a_box_around_others_is_a_frame_and_a_rhombus_is_a_decision():
    made = imported(
        drawn(
            cell("lane", "Customer", x=-20, y=-20, width=600, height=300),
            WEB,
            cell("d", "Known?", "rhombus;whiteSpace=wrap", x=100),
            cell("t", "New topic", x=200),
            cell("k", "Old topic", x=300),
            arrow("e1", 'source="a" target="d"'),
            arrow("e2", 'source="d" target="t"'),
            arrow("e3", 'source="d" target="k"'),
        )
    )
    assert "customer" not in nodes(made)
    assert has_note(made, "not-modelled", "cell lane", "'Customer': a frame")
    assert config_of(made, "known", "new-topic") == {"probability": 0.5}
