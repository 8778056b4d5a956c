"""POST /api/designs/import: files of other programs as a design and a report."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from architect.designs.file_imports import answer_for
from architect.designs.models import Design
from tests.simulator.formats.imports.bad_files import REFUSED

TEMPLATE = b"Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}\n"
LOAD = b"timestamp,count\n0,5\n60,6\n120,7\n"


def body(*files: tuple[str, bytes], **rest: Any) -> dict[str, Any]:
    return {
        "files": [{"name": name, "content": base64.b64encode(content).decode()} for name, content in files],
        **rest,
    }


@pytest.mark.django_db
def test_files_become_a_design_that_can_be_saved_and_a_report(post: Any) -> None:
    answer = post("/api/designs/import", body(("template.yaml", TEMPLATE), ("jobs.csv", LOAD)))
    assert answer.status_code == 200
    made = answer.json()
    assert {node["kind"] for node in made["document"]["nodes"]} == {"aws.sqs", "consumer", "producer"}
    report = made["report"]
    assert [file["format"] for file in report["files"]] == [
        "AWS SAM or CloudFormation",
        "recorded load (CSV)",
    ]
    assert report["read"][0] == {
        "file": "template.yaml",
        "path": "Resources.Q",
        "line": 2,
        "message": "SQS queue jobs",
    }
    assert report["assumed"]
    saved = post("/api/designs", {"document": made["document"]})
    assert saved.status_code == 201
    assert not [problem for problem in saved.json()["problems"] if problem["severity"] == "error"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent", "status", "what"),
    [
        (body(("odd.yaml", b"hello: world")), 422, "odd.yaml: the kind of file is not recognised"),
        (body(("odd.yaml", b"a: [1")), 422, "odd.yaml: line 2, column 1"),
        (body(("x.bin", b"\x89PNG\x00\x01")), 422, "x.bin: "),
        (body(("t.yaml", TEMPLATE), format="telepathy"), 422, "telepathy is not known"),
        ({"files": [{"name": "a", "content": "***"}]}, 422, "no base64"),
        ({"files": []}, 422, ""),
        ({"files": [{"name": "", "content": ""}]}, 422, ""),
        ({"files": [{"name": "a", "content": "", "path": "/etc/passwd"}]}, 422, ""),
    ],
)
def test_what_cannot_be_imported_is_refused_with_file_and_place(
    post: Any, sent: dict[str, Any], status: int, what: str
) -> None:
    answer = post("/api/designs/import", sent)
    assert answer.status_code == status
    assert what in answer.content.decode()


@pytest.mark.parametrize("name", REFUSED)
def test_every_bad_file_is_answered_with_what_is_wrong_and_where(name: str) -> None:
    content, said = REFUSED[name]
    content = content.encode() if isinstance(content, str) else content
    (problem,) = answer_for({**body(("bad", content)), "format": None})["problems"][:1]
    assert re.search(said, problem["message"] + problem["hint"], re.DOTALL), problem


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["zip with a link", "aliases", "latin-1"])
def test_a_bad_file_is_a_refusal_over_http_and_saves_nothing(post: Any, name: str) -> None:
    content, said = REFUSED[name]
    content = content.encode() if isinstance(content, str) else content
    answer = post("/api/designs/import", body(("bad", content)))
    assert answer.status_code == 422
    assert re.search(said, answer.json()["errors"][0]["message"], re.DOTALL)
    assert not Design.objects.exists()
