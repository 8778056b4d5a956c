"""Links to a report: read only, by a token alone, and gone when they are revoked."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from architect.runs import services
from architect.runs.models import Run, ShareLink
from architect.runs.states import RunStatus
from simulator import Document, simulate
from tests.architect.samples import work_queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def finished(post: Any, submitted: list[Run]) -> str:
    """A run with a result."""
    document = work_queue(seed=4)
    design = post("/api/designs", {"document": document}).json()["id"]
    run = Run.objects.get(id=post("/api/runs", {"design": design}).json()["id"])
    result = simulate(Document.parse(json.loads(run.document_text)), duration=20.0)
    Run.objects.filter(id=run.id).update(status=RunStatus.FINISHED, result_text=json.dumps(result))
    return str(run.id)


def test_whoever_has_the_link_reads_the_report_and_nothing_else(
    client: Client, post: Any, finished: str
) -> None:
    made = post(f"/api/runs/{finished}/links", {"title": "For the review", "authors": "Ada"})
    assert made.status_code == 201
    path = made.json()["path"]
    page = client.get(path)
    assert page.status_code == 200
    text = page.content.decode()
    assert "For the review" in text
    assert "Ada" in text
    assert page["Content-Type"].startswith("text/html")
    assert "Content-Disposition" not in page
    assert "noindex" in page["X-Robots-Tag"]
    assert page["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert finished not in path
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(path).status_code in (403, 405, 415)


def test_a_token_cannot_be_guessed_and_is_not_kept(client: Client, post: Any, finished: str) -> None:
    paths = [post(f"/api/runs/{finished}/links", {}).json()["path"] for _ in range(2)]
    tokens = [path.rpartition("/")[2] for path in paths]
    assert tokens[0] != tokens[1]
    assert all(len(token) == 43 for token in tokens)
    kept = json.dumps(list(ShareLink.objects.values("digest", "words")))
    assert not any(token in kept for token in tokens)
    listed = client.get(f"/api/runs/{finished}/links").json()
    assert [link["path"] for link in listed] == [None, None]
    assert client.get(paths[0][:-1] + ("A" if paths[0][-1] != "A" else "B")).status_code == 404


def test_a_revoked_link_is_unknown_and_the_others_stay(client: Client, post: Any, finished: str) -> None:
    first, second = (post(f"/api/runs/{finished}/links", {}).json() for _ in range(2))
    address = f"/api/runs/{finished}/links/{first['id']}"
    assert client.delete(address, content_type="application/json").status_code == 204
    assert client.get(first["path"]).status_code == 404
    assert client.get(second["path"]).status_code == 200
    assert client.delete(address, content_type="application/json").status_code == 404
    assert len(client.get(f"/api/runs/{finished}/links").json()) == 1


def test_a_deleted_run_takes_its_links_along(client: Client, post: Any, finished: str) -> None:
    path = post(f"/api/runs/{finished}/links", {}).json()["path"]
    services.run_delete(uuid.UUID(finished))
    assert client.get(path).status_code == 404


def test_without_a_result_there_is_nothing_to_share(post: Any, submitted: list[Run]) -> None:
    design = post("/api/designs", {"document": work_queue(seed=4)}).json()["id"]
    run = post("/api/runs", {"design": design}).json()["id"]
    assert post(f"/api/runs/{run}/links", {}).status_code == 409
    assert post(f"/api/runs/{uuid.uuid4()}/links", {}).status_code == 404
    assert post(f"/api/runs/{run}/links", {"title": "x" * 300}).status_code == 422
