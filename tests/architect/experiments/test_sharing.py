"""Words and links of the report of an experiment: as those of runs, and nothing of another experiment."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from architect.experiments.models import Experiment, ExperimentLink
from architect.runs.models import Run
from architect.runs.states import RunStatus
from architect.runs.supervisor import Queued, supervisor
from simulator import Document, simulate
from simulator.experiments.parameters import Varied
from simulator.experiments.sweep import sweep
from tests.architect.samples import work_queue

pytestmark = pytest.mark.django_db
WORDS = {"title": "For the board", "authors": "Ada, Grace", "notes": "Decide by May."}


@pytest.fixture
def finished(post: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a sweep with a result."""
    found: list[Queued] = []
    monkeypatch.setattr(supervisor, "enqueue", found.append)
    document = work_queue(seed=4)
    design = post("/api/designs", {"document": document}).json()["id"]
    path = "nodes.billing.config.instances"
    body = {"design": design, "vary": [{"path": path, "values": [1, 2]}]}
    id = post("/api/sweeps", body).json()["id"]
    result = sweep(Document.parse(document), [Varied(path, (1, 2))], replications=2, duration=20.0)
    Experiment.objects.filter(id=id).update(status=RunStatus.FINISHED, result_text=json.dumps(result))
    return f"/api/sweeps/{id}"


def put(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.put(path, json.dumps(body), content_type="application/json")


def test_words_are_kept_and_stand_in_report_pdf_and_shared_page(
    client: Client, post: Any, finished: str
) -> None:
    assert client.get(f"{finished}/words").json() == {"title": "", "authors": "", "notes": ""}
    path = post(f"{finished}/links", {}).json()["path"]
    assert put(client, f"{finished}/words", WORDS).json() == WORDS
    assert client.get(f"{finished}/words").json() == WORDS
    for address in (f"{finished}/report.html", path):
        text = client.get(address).content.decode()
        assert all(word in text for word in WORDS.values()), address
    printed = client.get(f"{finished}/report.pdf").content
    assert b"(For the board)" in printed
    assert b"(Ada, Grace)" in printed
    once = client.get(f"{finished}/report.html?title=Another").content.decode()
    assert "Another" in once
    assert "For the board" not in once


def test_words_that_are_too_long_or_of_nothing_are_refused(client: Client, finished: str) -> None:
    assert put(client, f"{finished}/words", {"title": "x" * 201}).status_code == 422
    assert put(client, f"{finished}/words", {"owner": "x"}).status_code == 422
    assert put(client, f"/api/sweeps/{uuid.uuid4()}/words", WORDS).status_code == 404
    assert put(client, finished.replace("sweeps", "capacities") + "/words", WORDS).status_code == 404
    assert client.get(f"{finished}/words").json()["title"] == ""


def test_whoever_has_the_link_reads_and_a_revoked_one_is_unknown(
    client: Client, post: Any, finished: str
) -> None:
    first, second = (post(f"{finished}/links", {}).json() for _ in range(2))
    page = client.get(first["path"])
    assert page.status_code == 200
    assert page["Content-Security-Policy"].startswith("default-src 'none'")
    assert page["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page["X-Robots-Tag"]
    assert len(first["path"].rpartition("/")[2]) == 43
    assert not any(
        first["path"].endswith(kept) for kept in ExperimentLink.objects.values_list("digest", flat=True)
    )
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(first["path"]).status_code in (403, 405, 415)
    kind = "application/json"
    assert client.delete(f"{finished}/links/{uuid.uuid4()}", content_type=kind).status_code == 404
    assert client.delete(f"{finished}/links/{first['id']}", content_type=kind).status_code == 204
    assert client.get(first["path"]).status_code == 404
    assert client.get(second["path"]).status_code == 200
    assert [one["id"] for one in client.get(f"{finished}/links").json()] == [second["id"]]
    assert client.delete(finished, content_type=kind).status_code == 204
    assert client.get(second["path"]).status_code == 404


def test_without_a_result_there_is_nothing_to_share(post: Any, finished: str) -> None:
    Experiment.objects.update(result_text="", status=RunStatus.FAILED, reason="out of memory")
    refused = post(f"{finished}/links", {})
    assert refused.status_code == 409
    assert "failed without a result" in refused.json()["detail"]


def test_a_run_keeps_its_words_as_well(client: Client, post: Any, submitted: list[Run]) -> None:
    design = post("/api/designs", {"document": work_queue(seed=4)}).json()["id"]
    run = Run.objects.get(id=post("/api/runs", {"design": design}).json()["id"])
    result = simulate(Document.parse(json.loads(run.document_text)), duration=20.0)
    Run.objects.filter(id=run.id).update(status=RunStatus.FINISHED, result_text=json.dumps(result))
    link = post(f"/api/runs/{run.id}/links", {"title": "Only here"}).json()["path"]
    assert put(client, f"/api/runs/{run.id}/words", WORDS).json() == WORDS
    text = client.get(f"/api/runs/{run.id}/report.html").content.decode()
    assert all(word in text for word in WORDS.values())
    shared = client.get(link).content.decode()
    assert "Only here" in shared
    assert "Ada, Grace" in shared
