"""What is written for other programs, read back with a parser where one is at hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Document, simulate
from simulator.cli import main
from simulator.design.examples import templates
from simulator.formats.exports import FORMAT_NAMES
from simulator.formats.exports.infracost import infracost
from simulator.formats.exports.palette import DARK_SERIES, PALETTES, SERIES
from simulator.formats.exports.refusal import CannotExport
from simulator.formats.exports.signs import sign_of
from simulator.formats.exports.table import EXPORTS
from simulator.kinds.catalogue import KINDS
from tests.simulator.designs import design, node
from tests.simulator.formats.imports.importing import imported

ROOT = Path(__file__).parents[3]
TEMPLATES = {template.slug: Document.parse(template.document) for template in templates()}
#: Formats written of a design alone, as text.
OF_A_DESIGN = [
    name for name, entry in EXPORTS.items() if entry.sort != "data" and name not in ("png", "infracost")
]
SVG = "{http://www.w3.org/2000/svg}"


def written(document: Document, format: str, theme: str = "light") -> str:
    content = EXPORTS[format].write(document, None, theme)  # type: ignore[arg-type]
    assert isinstance(content, str)
    return content


def picture(document: Document, theme: str = "light") -> bytes:
    content = EXPORTS["png"].write(document, None, theme)  # type: ignore[arg-type]
    assert isinstance(content, bytes)
    return content


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height as the first chunk of the file says (PNG specification, IHDR)."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def test_the_list_of_names_is_that_of_the_formats():
    assert tuple(EXPORTS) == FORMAT_NAMES


@pytest.mark.parametrize(
    "format",
    [name for name, entry in EXPORTS.items() if entry.sort != "data" and name not in ("png", "infracost")],
)
@pytest.mark.parametrize("slug", TEMPLATES)
def test_every_template_is_written_or_the_format_says_what_it_lacks(slug, format):
    needs = EXPORTS[format].needs
    if needs and not set(needs) & {one.kind for one in TEMPLATES[slug].nodes}:
        with pytest.raises(CannotExport, match="the design has no node that is"):
            written(TEMPLATES[slug], format)
        return
    text = written(TEMPLATES[slug], format)
    assert text.endswith("\n")
    assert text == written(TEMPLATES[slug], format)


@pytest.mark.parametrize("slug", TEMPLATES)
def test_the_design_itself_reads_back(slug):
    document = TEMPLATES[slug]
    again = Document.from_text(written(document, "yaml"))
    assert again.to_data() == document.to_data()


# ---------------------------------------------------------------- state machines and usage


def test_a_state_machine_is_written_as_it_was_given():
    document = TEMPLATES["order-saga"]
    data = document.to_data()
    machine = next(one for one in data["nodes"] if one["kind"] == "aws.stepfunctions")
    assert json.loads(written(document, "asl")) == machine["config"]["definition"]
    data["nodes"].append({**machine, "id": "other"})
    data["edges"] += [
        {**edge, "id": f"{edge['id']}-2", "from": "other"}
        for edge in data["edges"]
        if edge["from"] == machine["id"]
    ]
    with pytest.raises(CannotExport, match="one state machine, and the design has 2"):
        written(Document.parse(data), "asl")


def test_usage_is_that_of_a_month_like_the_measured_window():
    # One message a second through a queue to a function of 512 MB that is billed 200 ms: 2,628,000 a month.
    document = design(
        [
            node("web-shop", "producer", arrivals={"process": "constant", "rate": 1}),
            node("orders-q", "aws.sqs"),
            node(
                "handle",
                "aws.lambda",
                service_time=0.2,
                MemorySize=512,
                init_duration=0,
                invoke_overhead=0,
                Timeout=5,
            ),
        ],
        ["web-shop->orders-q", "orders-q->handle"],
        edge_configs={"orders-q->handle": {"BatchSize": 1}},
        simulation={"duration": 1_000, "warmup": 0},
    )
    result = simulate(document)
    text = EXPORTS["infracost"].write(document, result, "light")
    usage = yaml.safe_load(text)
    assert usage["version"] == "0.1"
    queue, function = (
        usage["resource_usage"][name] for name in ("aws_sqs_queue.orders_q", "aws_lambda_function.handle")
    )
    assert function["monthly_requests"] == pytest.approx(2_628_000, rel=0.01)
    assert function["request_duration_ms"] == pytest.approx(200, rel=0.01)
    # A send, a receive and a delete for each, and the long polls that find nothing.
    assert queue["monthly_requests"] > 3 * 2_600_000


def test_usage_of_each_request_is_told_in_the_keys_of_infracost():
    """internal/resources/aws: sns_topic.go (subscriptions times requests), dynamodb_table.go."""
    kinds = {"news": "aws.sns", "orders": "aws.dynamodb", "events": "aws.eventbridge"}
    document = design([node(name, kind) for name, kind in kinds.items()], [])
    amounts = [
        ("news", "aws.sns.fifo.publishes", 1_000_000.0),
        ("news", "aws.sns.fifo.payload_in", 2.5),  # GB: 2.5 KB each
        ("news", "aws.sns.http.deliveries", 1_900_000.0),
        ("news", "aws.sns.body_filtering", 7.0),
        ("orders", "aws.dynamodb.stream_reads", 12_345.4),
        ("events", "aws.eventbridge.archive_storage", 0.31416),  # Float64 there: cloudwatch_event_bus.go
    ]
    items = [{"node": name, "price": price, "amount": amount} for name, price, amount in amounts]
    text = infracost(document, {"cost": {"items": items}})
    assert yaml.safe_load(text)["resource_usage"] == {
        "aws_sns_topic.news": {
            "monthly_requests": 1_000_000,
            "http_subscriptions": 2,
            "request_size_kb": 2.5,
        },
        "aws_dynamodb_table.orders": {"monthly_streams_read_request_units": 12_345},
        "aws_cloudwatch_event_bus.events": {"archive_storage_gb": 0.314},
    }
    assert "# news: 7 of aws.sns.body_filtering a month have no key here" in text


def test_usage_needs_what_was_measured(tmp_path, capsys):
    with pytest.raises(CannotExport, match="says what was measured"):
        written(TEMPLATES["serverless-orders"], "infracost")
    with pytest.raises(CannotExport, match="of AWS"):
        written(TEMPLATES["first-queue"], "infracost")
    source = tmp_path / "design.yaml"
    source.write_text(written(TEMPLATES["serverless-orders"], "yaml"))
    assert main(["export", str(source), "--to", "infracost"]) == 2
    assert "--result" in capsys.readouterr().err


# ---------------------------------------------------------------- pictures


@pytest.mark.parametrize("slug", ["order-fan-out", "choreographed-saga"])
def test_a_picture_has_two_pixels_for_each_of_the_drawing_and_is_the_same_every_time(slug):
    drawing = ET.fromstring(written(TEMPLATES[slug], "svg"))
    first = picture(TEMPLATES[slug])
    assert size_of(first) == (
        round(2 * float(drawing.attrib["width"])),
        round(2 * float(drawing.attrib["height"])),
    )
    assert first == picture(TEMPLATES[slug])
    assert first != picture(TEMPLATES[slug], "dark")


def test_a_picture_of_a_huge_drawing_is_scaled_down():
    nodes = [node(f"n{place}", "queue") for place in range(2)]
    document = Document.parse(
        {**design(nodes, []).to_data(), "layout": {"n0": {"x": 0, "y": 0}, "n1": {"x": 30_000, "y": 9_000}}}
    )
    width, height = size_of(picture(document))
    assert width * height == pytest.approx(60_000_000, rel=0.01)


def test_the_command_line_draws_a_picture(tmp_path, capsysbinary):
    source = tmp_path / "design.yaml"
    source.write_text(written(TEMPLATES["first-queue"], "yaml"))
    assert main(["export", str(source), "--to", "png", "--theme", "dark", "-o", str(tmp_path / "a.png")]) == 0
    assert (tmp_path / "a.png").read_bytes() == picture(TEMPLATES["first-queue"], "dark")
    assert main(["export", str(source), "--to", "png"]) == 0
    assert capsysbinary.readouterr().out == picture(TEMPLATES["first-queue"])


# ---------------------------------------------------------------- drawings

NASTY = 'a"b<c>&#;|`{}[]()\\ \x01\u202e end'


@pytest.fixture
def nasty() -> Document:
    return design(
        [
            {**node("end", "producer", arrivals={"process": "constant", "rate": 1}), "label": NASTY},
            {**node("a-b", "queue"), "label": NASTY},
            node("ab", "queue"),
        ],
        ["end->a-b", "end->ab"],
    )


@pytest.mark.parametrize("theme", PALETTES)
def test_svg_holds_a_card_for_every_node_and_nothing_from_outside(theme):
    document = TEMPLATES["order-fan-out"]
    text = written(document, "svg", theme)
    root = ET.fromstring(text)
    names = [group.findtext(f"{SVG}title") for group in root.iter(f"{SVG}g")]
    assert names == [f"{one.label} ({one.kind})" for one in document.nodes]
    assert len([path for path in root.iter(f"{SVG}path") if path.find(f"{SVG}title") is not None]) == len(
        document.edges
    )
    assert not re.search(r"(href|url\(http|<script|<image|@import)", text)
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    for group in root.iter(f"{SVG}g"):
        x, y = map(float, re.findall(r"-?[\d.]+", group.attrib["transform"]))
        assert left < x < left + width - 200
        assert top < y < top + height - 100


def test_names_cannot_break_out_of_a_drawing(nasty):
    for format in ("svg", "drawio"):
        ET.fromstring(written(nasty, format))
    mermaid = written(nasty, "mermaid")
    (line,) = [line for line in mermaid.splitlines() if line.startswith("    n_end([")]
    assert line.count('"') == 2
    assert "<c>" not in line
    assert '\\"' in written(nasty, "dot")
    for line in written(nasty, "plantuml").splitlines():
        assert line.count('"') % 2 == 0
    for line in written(nasty, "structurizr").splitlines():
        assert line.replace('\\"', "").count('"') % 2 == 0


def test_structurizr_gets_containers_of_different_names_and_no_variables_of_its_reader():
    """structurizr/java: Model.addContainer refuses a second name; StructurizrDslParser fills in variables."""
    labels = {"one": "Orders", "two": "Orders", "three": "C:\\${HOME}\\"}
    document = design([node(id, "queue") | {"label": label} for id, label in labels.items()], [])
    names = re.findall(r'= container ("[^"]*")', written(document, "structurizr"))
    assert names == ['"Orders"', '"Orders (two)"', '"C:/$ {HOME}/"']


def test_draw_io_keeps_places_ids_and_kinds():
    document = TEMPLATES["work-queue"]
    root = ET.fromstring(written(document, "drawio"))
    found = {
        whole.get("headraceId"): (whole.get("headraceKind"), cell.get("x"), cell.get("y"))
        for whole in root.iter("object")
        if whole.get("headraceKind")
        for cell in whole.iter("mxGeometry")
    }
    assert found == {
        one.id: (one.kind, f"{document.layout[one.id].x:g}", f"{document.layout[one.id].y:g}")
        for one in document.nodes
    }
    ends = {
        (cell.get("source"), cell.get("target")) for cell in root.iter("mxCell") if cell.get("edge") == "1"
    }
    assert ends == {(f"node:{edge.source}", f"node:{edge.target}") for edge in document.edges}


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=60))
def test_any_name_makes_well_formed_drawings(label):
    document = Document.parse(
        {
            "format": "headrace/1",
            "name": label,
            "description": label,
            "nodes": [{"id": "q", "kind": "queue", "label": label}],
        }
    )
    for format in ("svg", "drawio"):
        ET.fromstring(written(document, format))
    yaml.safe_load(written(document, "mermaid").split("---\n")[1])


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Shop <script>alert(1)</script>", "Shop &lt;script>alert(1)&lt;/script>"),
        ("a < b & c", "a < b & c"),  # no element, no reference
        ("R&D &lt;b>", "R&D &amp;lt;b>"),
    ],
)
def test_a_title_of_mermaid_keeps_what_looks_like_an_element(name, title):
    """Mermaid (checked with its version 11) cleans titles with DOMPurify, which takes elements out."""
    parts = [node("web", "producer"), node("line", "queue"), node("work", "consumer")]
    document = design(parts, ["web->line", "line->work"], name=name)
    chart = written(document, "mermaid")
    assert yaml.safe_load(chart.split("---\n")[1])["title"] == title
    assert imported(chart, names=("chart.mmd",)).document.name == name


def test_the_colours_are_those_of_the_page():
    tokens = (ROOT / "architect/frontend/src/theme/tokens.css").read_text(encoding="utf-8")
    page = dict(re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}, #[0-9a-f]{6})\)", tokens))
    for position, palette in enumerate((PALETTES["light"], PALETTES["dark"])):
        ours = {
            "bg": palette.background,
            "surface": palette.surface,
            "border": palette.border,
            "text": palette.text,
            "text-muted": palette.muted,
            "load-0": palette.wire,
            "warn": palette.warn,
            **{f"kind-{category}": colour for category, colour in palette.kinds.items()},
            **{f"series-{n}": colour for n, colour in enumerate((SERIES, DARK_SERIES)[position], 1)},
        }
        assert ours == {name: page[name].split(", ")[position] for name in ours}


# ---------------------------------------------------------------- settings of brokers


def test_rabbitmq_definitions_say_exchanges_queues_bindings_and_dead_letters():
    # https://www.rabbitmq.com/docs/definitions; a broker of Debian took this file and gave the same one back
    made = json.loads(written(TEMPLATES["rabbitmq-orders"], "rabbitmq"))
    assert [one["name"] for one in made["exchanges"]] == ["events"]
    queues = {one["name"]: one for one in made["queues"]}
    assert queues["billing"]["arguments"] == {
        "x-queue-type": "quorum",
        "x-delivery-limit": 2,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": "failed",
    }
    assert queues["mail"]["arguments"] == {"x-max-length": 10_000, "x-overflow": "reject-publish"}
    assert {(one["source"], one["destination"], one["routing_key"]) for one in made["bindings"]} == {
        ("events", "billing", "orders.#"),
        ("events", "mail", "orders.DK"),
    }


def test_an_alternate_exchange_is_an_argument_and_no_binding():
    document = design(
        [
            node("in", "rabbitmq.exchange", **{"alternate-exchange": "rest"}),
            node("rest", "rabbitmq.exchange", type="fanout"),
            node("q", "rabbitmq.queue"),
        ],
        ["in->rest", "rest->q"],
    )
    made = json.loads(written(document, "rabbitmq"))
    assert made["exchanges"][0]["arguments"] == {"alternate-exchange": "rest"}
    assert [(one["source"], one["destination"]) for one in made["bindings"]] == [("rest", "q")]


def test_a_replicated_queue_is_durable_whatever_the_design_says():
    document = design([node("q", "rabbitmq.queue", **{"x-queue-type": "quorum", "durable": True})], [])
    assert json.loads(written(document, "rabbitmq"))["queues"][0]["durable"] is True


def test_strimzi_topics_carry_what_was_set():
    document = design(
        [
            node(
                "orders-",
                "kafka.topic",
                **{"partitions": 12, "replication.factor": 3, "retention.ms": 60_000},
            )
        ],
        [],
    )
    (topic,) = yaml.safe_load_all(written(document, "strimzi"))
    assert topic["metadata"]["name"] == "orders"
    assert topic["spec"] == {
        "topicName": "orders-",
        "partitions": 12,
        "replicas": 3,
        "config": {"retention.ms": 60_000},
    }


def test_a_sam_template_lets_the_topic_into_every_queue_once():
    # AWS::SQS::QueuePolicy sets the whole policy of a queue: a second one would overwrite the first
    template = yaml.safe_load(written(TEMPLATES["event-bus"], "sam"))
    policies = [one for one in template["Resources"].values() if one["Type"] == "AWS::SQS::QueuePolicy"]
    queues = [policy["Properties"]["Queues"][0]["Ref"] for policy in policies]
    assert len(queues) == len(set(queues))
    rules = [one for one in template["Resources"].values() if one["Type"] == "AWS::Events::Rule"]
    assert rules
    for rule in rules:
        (aim,) = rule["Properties"]["Targets"]
        assert aim["Arn"]["Fn::GetAtt"][0] in queues


def test_sam_keeps_redrive_and_fifo_names():
    document = design(
        [node("jobs", "aws.sqs", FifoQueue=True), node("dead", "aws.sqs", FifoQueue=True)],
        ["jobs->dead:dead-letter"],
        edge_configs={"jobs->dead:dead-letter": {"maxReceiveCount": 4}},
    )
    jobs = yaml.safe_load(written(document, "sam"))["Resources"]["Jobs"]["Properties"]
    # a FIFO queue's name must end with .fifo (API_CreateQueue)
    assert jobs["QueueName"] == "Jobs.fifo"
    assert jobs["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]},
        "maxReceiveCount": 4,
    }


def test_asyncapi_has_a_channel_for_every_broker_and_operations_for_the_programs():
    made = yaml.safe_load(written(TEMPLATES["kafka-group"], "asyncapi"))
    (name,) = made["channels"]
    assert made["channels"][name]["bindings"]["kafka"]["partitions"] == 12
    assert {operation["action"] for operation in made["operations"].values()} == {"send", "receive"}
    for operation in made["operations"].values():
        assert operation["channel"]["$ref"] == f"#/channels/{name}"


# ---------------------------------------------------------------- the command


@pytest.fixture
def shop(tmp_path) -> str:
    path = tmp_path / "shop.headrace.yaml"
    path.write_text(written(TEMPLATES["first-queue"], "yaml"), encoding="utf-8")
    return str(path)


def test_the_command_writes_to_standard_output_or_to_a_file(shop, tmp_path, capsys):
    assert main(["export", shop, "--to", "mermaid"]) == 0
    out = capsys.readouterr().out
    assert main(["export", shop, "--to", "mermaid", "-o", str(tmp_path / "shop.mmd")]) == 0
    assert (tmp_path / "shop.mmd").read_text(encoding="utf-8") == out


def test_the_command_draws_the_numbers_of_a_result(shop, tmp_path, capsys):
    result = tmp_path / "result.json"
    assert main(["simulate", shop, "--duration", "60", "--replications", "2", "--output", str(result)]) == 0
    capsys.readouterr()
    assert main(["export", shop, "--to", "svg", "--result", str(result)]) == 0
    captured = capsys.readouterr()
    assert "means of 2 replications of 1 min, seed 1" in captured.out
    assert "warning" not in captured.err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no result document"),
        ('{"format": "headrace-comparison/1"}', "is no result document"),
    ],
)
def test_a_file_that_is_no_result_is_refused_by_its_name(content, says, shop, tmp_path, capsys):
    (tmp_path / "r.json").write_text(content, encoding="utf-8")
    assert main(["export", shop, "--to", "svg", "--result", str(tmp_path / "r.json")]) == 2
    assert says in capsys.readouterr().err


def test_a_design_without_words_in_the_format_exits_with_2(shop, capsys):
    assert main(["export", shop, "--to", "rabbitmq"]) == 2
    assert "an exchange or a queue of RabbitMQ" in capsys.readouterr().err


def test_every_kind_has_a_sign_and_the_drawing_shows_it():
    found = {name: sign_of(name, KINDS[name].category) for name in KINDS}
    assert found["aws.sqs"] != found["queue"], "what has a sign of its own is told apart"
    document = design(
        [node("a", "producer", arrivals={"process": "poisson", "rate": 1}), node("b", "aws.sqs")],
        ["a->b"],
    )
    drawn = [path.get("d") for path in ET.fromstring(written(document, "svg")).iter(f"{SVG}path")]
    assert found["producer"] in drawn
    assert found["aws.sqs"] in drawn
