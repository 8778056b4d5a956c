"""Several files into one design, and the command `headrace import`."""

# ruff: noqa: E501 -- tables of files

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from simulator.cli import main
from simulator.design.document import Document
from simulator.errors import InvalidDesign
from simulator.formats.imports.importing import import_files
from simulator.formats.imports.source_file import SourceFile
from simulator.running import check, simulate
from tests.simulator.formats.imports.importing import edges, has_note, imported, nodes

PRODUCERS = """
Resources:
  Orders: {Type: AWS::SNS::Topic, Properties: {TopicName: orders}}
"""
CONSUMERS = """
Resources:
  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: billing}}
  S:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: 'arn:aws:sns:eu-west-1:1:orders', Endpoint: !GetAtt Q.Arn, Protocol: sqs}
"""
OTHERS = """
Resources:
  R:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [a]}
      Targets: [{Id: 1, Arn: 'arn:aws:sqs:eu-west-1:1:billing'}]
  F:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: worker
      EventSourceArn: 'arn:aws:sqs:eu-west-1:1:billing'
"""


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_files_are_put_together_by_arn_whatever_their_order(order):
    texts = [PRODUCERS, CONSUMERS, OTHERS]
    made = imported(*(texts[one] for one in order))
    kinds = {id: node["kind"] for id, node in nodes(made).items() if node["kind"].startswith("aws.")}
    assert {"orders": "aws.sns", "billing": "aws.sqs", "default": "aws.eventbridge"}.items() <= kinds.items()
    assert {("orders", "billing", "publish"), ("default", "billing", "publish")} <= edges(made)
    assert ("billing", "worker", "consume") in edges(made)


def test_what_differs_between_files_is_said_and_the_first_is_kept():
    other = "Resources: {X: {Type: 'AWS::SQS::Queue', Properties: {QueueName: billing, DelaySeconds: 4}}}"
    first = "Resources: {X: {Type: 'AWS::SQS::Queue', Properties: {QueueName: billing, DelaySeconds: 3}}}"
    made = imported(first, other)
    assert nodes(made)["billing"]["config"]["DelaySeconds"] == 3
    assert has_note(made, "not-understood", "b.yaml", "DelaySeconds differs")


def test_an_own_design_alone_is_taken_as_it_is_and_beside_others_keeps_its_ids():
    own = """
format: headrace/1
name: Mine
nodes:
  - {id: web, kind: producer, config: {arrivals: {process: constant, rate: 3}}}
  - {id: q, kind: queue}
  - {id: w, kind: consumer, config: {service_time: 0.1}}
edges: [{id: a, from: web, to: q}, {id: b, from: q, to: w}]
objectives: [{metric: lost, from: web, to: w, equals: 0}]
layout: {web: {x: 7, y: 8}}
"""
    assert imported(own).document == Document.from_text(own)
    made = imported(own, PRODUCERS)
    assert {"web", "q", "w", "orders"} <= set(nodes(made))
    assert made.document.layout["web"].x == 7
    assert len(made.document.objectives) == 1


def test_a_loop_that_takes_no_time_loses_an_edge_and_says_so():
    bindings = [("a", "b", "exchange"), ("b", "a", "exchange"), ("b", "q", "queue")]
    text = json.dumps(
        {
            "exchanges": [{"name": name, "vhost": "/", "type": "fanout"} for name in ("a", "b")],
            "queues": [{"name": "q", "vhost": "/", "arguments": {}}],
            "bindings": [
                {"source": source, "destination": target, "destination_type": kind, "vhost": "/"}
                for source, target, kind in bindings
            ],
        }
    )
    made = imported(text)
    assert has_note(made, "not-understood", "left out", "without time passing")
    assert not [problem for problem in check(made.document) if problem.blocks]


UNREADABLE = {
    "text of another sort": ("README.md", "# Shop: notes\n- a: b: c\n", "mapping values are not allowed"),
    "code": ("app.py", "import os\n\ndef f():\n  return {1: [2}\n", "nothing of the file is in the design"),
    "a template of Helm": ("values.yaml", "{{- if .x }}\na: {{ .y }}\n", "nothing of the file"),
    "nothing": ("empty.yaml", "", "the file is empty"),
    "a picture": ("logo.png", "\x89PNG\r\n\x1a\n", "nothing of the file is in the design"),
    "a template that is cut off": ("other.yaml", "Resources:\n  A: {Type: 'AWS::SQS::Queue'\n", "line 3"),
    "a template of nothing": ("none.yaml", "AWSTemplateFormatVersion: '2010-09-09'\n", "has Resources"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "why"), UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_file_that_cannot_be_read_is_listed_beside_others_and_refused_alone(name, text, why, is_first):
    content = text.encode("latin-1" if name.endswith(".png") else "utf-8")
    files = [SourceFile("topic.yaml", PRODUCERS.encode()), SourceFile(name, content)]
    made = import_files(files[::-1] if is_first else files)
    assert "orders" in nodes(made)
    assert has_note(made, "not-understood", name, why)
    with pytest.raises(InvalidDesign) as refused:
        import_files([SourceFile(name, content), SourceFile("b.png", b"\x89PNG")])
    assert any(name in problem.message for problem in refused.value.problems)


def test_many_files_of_no_known_kind_are_counted():
    others = [SourceFile(f"{number}.json", b"{}") for number in range(40)]
    made = import_files([*others, SourceFile("topic.yaml", PRODUCERS.encode())])
    assert made.document.name == "Topic"
    assert len(made.report.files) == 41
    assert len(made.report.about("not-understood")) == 11
    assert has_note(
        made, "not-understood", "10.json", "30 more files, from this one on, are of no known kind"
    )


TITLED = "---\ntitle: Own title\n---\nflowchart LR\n  A[Web] --> Q[Queue]\n"
#: Names and texts of files, what the caller calls their folder, and the name of the design.
NAMES = {
    "a file": ({"my-shop.v2.yaml": PRODUCERS}, "", "My shop"),
    "files": ({"topic.yaml": PRODUCERS, "queue.yaml": CONSUMERS}, "", "Topic"),
    "a folder of the page": ({"web_Shop/topic.yaml": PRODUCERS, "web_Shop/a/queue.yaml": CONSUMERS}, "", "Web Shop"),
    "a folder of the command": ({"topic.yaml": PRODUCERS, "a/queue.yaml": CONSUMERS}, "web.shop", "Web.shop"),
    "a folder with one file": ({"shop/template.yaml": PRODUCERS}, "", "Shop"),
    "two folders": ({"a/topic.yaml": PRODUCERS, "b/queue.yaml": CONSUMERS}, "", "Topic"),
    "a file beside a folder": ({"topic.yaml": PRODUCERS, "b/queue.yaml": CONSUMERS}, "", "Topic"),
    "a title": ({"shop/a.mmd": TITLED}, "", "Own title"),
    "a title of one of many": ({"shop/a.mmd": TITLED, "shop/topic.yaml": PRODUCERS}, "", "Shop"),
}  # fmt: skip


@pytest.mark.parametrize(("files", "folder", "name"), NAMES.values(), ids=NAMES)
def test_a_design_is_named_after_its_folder_its_title_or_its_first_file(files, folder, name):
    given = [SourceFile(one, text.encode()) for one, text in files.items()]
    assert import_files(given, folder=folder).document.name == name


# ---------------------------------------------------------------- the command


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "topic.yaml").write_text(PRODUCERS)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "queue.yaml").write_text(CONSUMERS)
    return tmp_path


def test_the_command_writes_the_design_and_reports_on_standard_error(folder, capsys):
    target = folder / "made.yaml"
    code = main(["import", str(folder / "topic.yaml"), str(folder / "sub" / "queue.yaml"), "-o", str(target)])
    out, err = capsys.readouterr()
    assert (code, out) == (0, "")
    assert "read topic.yaml: AWS SAM or CloudFormation" in err
    assert f"sub{os.sep}queue.yaml, line 6, Resources.S.Properties" not in err.split("assumed")[0]
    assert "assumed (" in err
    document = Document.from_text(target.read_text())
    assert str(folder) not in target.read_text()
    assert main(["simulate", str(target), "--duration", "5"]) == 0
    assert document.name == "Topic"


def test_the_command_writes_to_standard_output_without_a_target(folder, capsys):
    assert main(["import", str(folder / "topic.yaml"), str(folder / "sub" / "queue.yaml")]) == 0
    assert Document.from_text(capsys.readouterr().out).node("billing").kind == "aws.sqs"


def test_the_command_reads_what_it_can_of_a_folder(folder, capsys):
    for name in ("app.py", "package.json", ".hidden.yaml", "sub/broken.yaml"):
        (folder / name).write_text("a: [")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "x.yaml").write_text(CONSUMERS)
    assert main(["import", str(folder)]) == 0
    out, err = capsys.readouterr()
    design = Document.from_text(out)
    assert design.node("billing").kind == "aws.sqs"
    assert design.name.lower() == folder.name.replace("_", " ")
    assert "broken.yaml" in err
    assert not [name for name in ("app.py", "package.json", "hidden", "node_modules") if name in err]
    (folder / "empty").mkdir()
    assert main(["import", str(folder / "empty")]) == 2
    assert "no file in the folder ends with" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "options", "what"),
    [
        (b"hello: world", [], "not recognised"),
        (b"\x89PNG\r\n\x1a\n\x00", [], "bad.bin: "),
        (b"", [], "empty"),
        (b"a: [1", [], "line 2, column 1"),
        (b"{}", ["--as", "telepathy"], "the formats are "),
        (b"[]", ["--as", "rabbitmq"], "definitions are a mapping"),
        (b'{"queues": []}', ["--as", "cloudformation"], "a template has Resources"),
    ],
)
def test_a_file_that_cannot_be_imported_ends_with_2_and_names_file_and_place(
    content, options, what, tmp_path, capsys
):
    bad = tmp_path / "bad.bin"
    bad.write_bytes(content)
    assert main(["import", str(bad), *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert what in err
    assert "Traceback" not in err


def test_a_file_of_50_megabytes_is_refused_at_once(tmp_path, capsys):
    big = tmp_path / "big.yaml"
    with big.open("wb") as file:
        file.truncate(51_000_000)
    assert main(["import", str(big)]) == 2
    assert "larger than 50 MB" in capsys.readouterr().err


# ---------------------------------------------------------------- real files

SAMPLES = Path(os.environ.get("HEADRACE_SAMPLES", "../shared/samples"))
FOLDERS = ("cloudformation", "rabbitmq", "asl", "asyncapi", "load")
REAL: list[Path | None] = [*sorted(path for folder in FOLDERS for path in (SAMPLES / folder).glob("*"))] or [
    None
]


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name if path else "none")
def test_a_real_file_imports_and_runs(path):
    if path is None:
        pytest.skip("the folder of real files (HEADRACE_SAMPLES) is not here")
    made = import_files([SourceFile(path.name, path.read_bytes())])
    result = simulate(made.document, duration=5)
    assert result["conservation"]["ok"]
    assert result["messages"] > 0
    assert made.report.about("read")
    json.dumps(made.report.as_dict(), allow_nan=False)


def test_no_file_is_refused():
    with pytest.raises(InvalidDesign, match="no file"):
        import_files([])


@pytest.mark.parametrize(
    ("name", "text", "way"),
    [
        ("main.tf", 'resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n', "terraform show -json"),
        ("serverless.yml", "service: s\nprovider: {name: aws}\nfunctions: {}\n", "serverless package"),
        ("cdk.json", '{"app": "npx ts-node bin/app.ts"}', "cdk synth"),
    ],
)
def test_a_source_that_only_its_own_program_reads_is_refused_with_the_command_that_helps(name, text, way):
    with pytest.raises(InvalidDesign) as refused:
        imported(text, names=(name,))
    assert way.lower() in refused.value.problems[0].hint.lower()
    made = imported(text, PRODUCERS, names=(name, "template.yml"))
    assert has_note(made, "not-understood", way)
