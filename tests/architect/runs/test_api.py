"""The API of runs, with runs that nobody starts."""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from architect.designs import selectors as design_selectors
from architect.runs import services
from architect.runs.models import Run
from architect.runs.schemas import RunOut
from architect.runs.states import RunStatus
from tests.architect.samples import work_queue

pytestmark = pytest.mark.django_db

FIELDS = set(RunOut.model_fields)


@pytest.fixture
def design(post: Any) -> str:
    """A saved design."""
    return str(post("/api/designs", {"document": work_queue(seed=4)}).json()["id"])


def test_a_started_run_is_handed_to_the_supervisor(post: Any, design: str, submitted: list[Run]) -> None:
    answer = post("/api/runs", {"design": design, "speed": 10})
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == FIELDS
    assert (body["status"], body["seed"], body["speed"], body["reason"]) == ("queued", 4, 10.0, None)
    assert [str(run.id) for run in submitted] == [body["id"]]


def test_a_design_that_does_not_exist_cannot_be_run(post: Any, submitted: list[Run]) -> None:
    assert post("/api/runs", {"design": str(uuid.uuid4())}).status_code == 404
    assert submitted == []


def test_a_design_that_cannot_run_answers_422_with_its_problems(post: Any, submitted: list[Run]) -> None:
    blank = post("/api/designs", {"document": {"format": "headrace/1", "name": "Blank"}}).json()["id"]
    answer = post("/api/runs", {"design": blank})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"].startswith("D28")
    assert submitted == []


def test_runs_are_listed_newest_first_and_filtered(
    client: Client, post: Any, design: str, submitted: list[Run]
) -> None:
    ids = [post("/api/runs", {"design": design, "seed": seed}).json()["id"] for seed in (1, 2)]
    services.run_end(uuid.UUID(ids[0]), RunStatus.CANCELLED)
    assert [run["id"] for run in client.get("/api/runs").json()] == ids[::-1]
    assert [run["id"] for run in client.get("/api/runs?status=cancelled").json()] == ids[:1]
    assert len(client.get(f"/api/runs?design={design}").json()) == 2
    assert client.get(f"/api/runs?design={uuid.uuid4()}").json() == []


def test_frames_come_in_pages(client: Client, post: Any, design: str, submitted: list[Run]) -> None:
    run_id = post("/api/runs", {"design": design}).json()["id"]
    frames = [(seq, f'{{"seq":{seq},"t":{seq}.0}}') for seq in range(1, 11)]
    services.frames_store(uuid.UUID(run_id), frames, t=10.0, progress=0.2)
    page = client.get(f"/api/runs/{run_id}/frames?after=3&limit=4").json()
    assert page == {"frames": [{"seq": seq, "t": seq} for seq in (4, 5, 6, 7)], "last_seq": 10, "done": False}
    assert client.get(f"/api/runs/{run_id}/frames?after=10").json()["frames"] == []
    services.run_end(uuid.UUID(run_id), RunStatus.CANCELLED)
    assert client.get(f"/api/runs/{run_id}/frames?after=10").json()["done"]


def test_a_run_without_a_result_says_so(client: Client, post: Any, design: str, submitted: list[Run]) -> None:
    run_id = post("/api/runs", {"design": design}).json()["id"]
    answer = client.get(f"/api/runs/{run_id}/result")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "no-result")


def test_a_full_disk_is_said_to_be_full_and_nothing_else_breaks(
    client: Client, post: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_options: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr("architect.designs.services.Design.objects.create", full)
    answer = post("/api/designs", {"document": work_queue()})
    assert answer.status_code == 507
    assert "disk is full" in answer.json()["detail"]
    assert client.get("/api/designs").status_code == 200


def test_a_defect_is_a_500_in_the_apis_shape_without_its_details(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(design_selectors, "design_list", broken)
    answer = client.get("/api/designs")
    assert answer.status_code == 500
    assert answer.json()["errors"][0]["code"] == "defect"
    assert "a secret detail" not in answer.content.decode()


# ---------------------------------------------------------------- files of a run


@pytest.fixture
def finished(post: Any, design: str, submitted: list[Run]) -> str:
    """A run with the result of its own document."""
    import simulator

    run_id = post("/api/runs", {"design": design}).json()["id"]
    run = Run.objects.get(id=run_id)
    result = simulator.simulate(simulator.Document.parse(json.loads(run.document_text)), duration=20)
    for status in (RunStatus.STARTING, RunStatus.RUNNING):
        services.run_move(run.id, status)
    services.run_end(run.id, RunStatus.FINISHED, result=result)
    return str(run_id)


@pytest.mark.parametrize(("form", "start"), [("html", b"<!doctype html>"), ("pdf", b"%PDF-")])
def test_the_report_of_a_run_is_an_attachment(client: Client, finished: str, form: str, start: bytes) -> None:
    answer = client.get(f"/api/runs/{finished}/report.{form}?title=Ours&authors=A")
    assert answer.status_code == 200
    assert answer.content.startswith(start)
    assert answer.headers["Content-Disposition"].endswith(f'.report.{form}"')
    assert answer.headers["Content-Security-Policy"] == "sandbox"


def test_the_drawing_of_a_run_carries_its_numbers(client: Client, finished: str) -> None:
    drawn = client.get(f"/api/runs/{finished}/export/svg").content.decode()
    assert "means of one run of 20 s" in drawn


def test_the_figures_of_a_run_are_files(
    client: Client, finished: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = client.get(f"/api/runs/{finished}/export/csv")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert table.content.decode().startswith("element,place,metric,value,low,high,unit,verdict\n")
    whole = client.get(f"/api/runs/{finished}/export/json")
    assert whole.json()["format"] == "headrace-result/1"
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused = client.get(f"/api/runs/{finished}/export/parquet")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "no-parquet")


def test_the_traces_of_a_run_are_those_of_its_seed_and_duration(client: Client, finished: str) -> None:
    import simulator
    from simulator.experiments.following import follow_messages
    from simulator.formats.exports.otlp import otlp

    answer = client.get(f"/api/runs/{finished}/export/otlp")
    assert answer.headers["Content-Disposition"].endswith('.traces.json"')
    document = simulator.Document.parse(json.loads(Run.objects.get(id=finished).document_text))
    assert answer.content.decode() == otlp(follow_messages(document, duration=20))


def test_a_worker_that_cannot_follow_messages_says_why(
    client: Client, finished: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("architect.runs.tracing.MODULE", "architect.runs.no_such_worker")
    answer = client.get(f"/api/runs/{finished}/export/otlp")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "no-traces")
    assert "exit code 1" in answer.json()["detail"]


def test_a_run_without_a_result_has_no_report(
    client: Client, post: Any, design: str, submitted: list[Run]
) -> None:
    run_id = post("/api/runs", {"design": design}).json()["id"]
    for path in ("report.html", "export/svg", "export/otlp"):
        answer = client.get(f"/api/runs/{run_id}/{path}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "no-result")


def test_other_forms_and_long_words_are_refused(client: Client, finished: str) -> None:
    assert client.get(f"/api/runs/{finished}/report.docx").status_code == 422
    assert client.get(f"/api/runs/{finished}/report.html?title={'x' * 201}").status_code == 422
