"""Fixtures of the Django side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from architect.runs.models import Run
from architect.runs.supervisor import supervisor
from tests.architect.live import LiveServer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One real server for all tests that do not break it."""
    with LiveServer(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A real server that this test may kill."""
    with LiveServer(tmp_path_factory.mktemp("own-server")) as running:
        yield running


@pytest.fixture
def client() -> Client:
    """Django's test client under a name the server answers to."""
    return Client(HTTP_HOST="localhost:8000", raise_request_exception=False)


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Runs that the API handed to the supervisor: they are noted here and stay queued."""
    runs: list[Run] = []
    monkeypatch.setattr(supervisor, "submit", runs.append)
    return runs


@pytest.fixture
def post(client: Client) -> Any:
    """`post(path, body)` as JSON."""
    return lambda path, body: client.post(path, body, content_type="application/json")
