"""Long YAML: it is read, and nobody else waits for it."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from architect.designs import documents, long_texts
from architect.refusals import Invalid, TooMany
from tests.architect.live import LiveServer
from tests.architect.samples import work_queue

HEAD = "format: headrace/1\nname: Dense\nnodes: "
DENSE = HEAD + "[" + "1," * 600_000 + "1]"  # dense: two seconds of one core; ten megabytes only take longer
#: Wall seconds, of the 95th percentile: the documents being read and the browser's tests share two cores with
#: the server, which would take two seconds if it waited for the reading.
PATIENCE = 0.300


def test_the_problems_of_a_long_text_are_those_of_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    text = HEAD + "[{id: 1, kind: queue}, {id: b, kind: nothing}]"
    with pytest.raises(Invalid) as short:
        documents.checked(documents.data_of_text(text))
    monkeypatch.setattr(long_texts, "LONG", 1)
    with pytest.raises(Invalid) as long:
        documents.checked(documents.data_of_text(text))
    assert long.value.errors == short.value.errors


def test_a_long_text_gives_the_same_document(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    text = yaml.safe_dump({**work_queue(), "description": "Größe 😀"}, allow_unicode=True)
    short = documents.checked(documents.data_of_text(text))
    monkeypatch.setattr(long_texts, "LONG", 1)
    assert documents.checked(documents.data_of_text(text)).text == short.text


def test_a_third_long_text_is_refused_while_two_are_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = threading.BoundedSemaphore(1)
    taken.acquire()
    monkeypatch.setattr(long_texts, "_places", taken)
    with pytest.raises(TooMany, match="long documents are being read"):
        long_texts.read_long_text("{}")


def test_a_place_is_free_again_after_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_texts, "PATIENCE", 0.01)
    for _time in range(long_texts.AT_ONCE + 1):
        with pytest.raises(Invalid, match="takes longer"):
            long_texts.read_long_text("{}")


def test_a_reader_is_bounded_by_its_own_processor_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_texts, "PROCESSOR", 1)
    with pytest.raises(Invalid, match="more than 1 s of a processor"):
        long_texts.read_long_text("name: [" + "1, " * 400_000 + "1]")


def test_others_are_answered_while_long_yaml_is_read(tmp_path: Path) -> None:
    answers: list[httpx.Response] = []

    def send(server: LiveServer) -> None:
        answers.append(httpx.post(server.url + "/api/validate", json={"text": DENSE}, timeout=60))

    times: list[float] = []
    with LiveServer(tmp_path) as server, server.client() as page:
        page.get("/api/designs")
        senders = [threading.Thread(target=send, args=(server,)) for _one in range(long_texts.AT_ONCE + 2)]
        for sender in senders:
            sender.start()
        while any(sender.is_alive() for sender in senders):
            began = time.perf_counter()
            assert page.get("/api/designs").status_code == 200
            times.append(time.perf_counter() - began)
            time.sleep(0.01)
    said: list[Any] = sorted(answer.status_code for answer in answers)
    assert said == [200, 200, 429, 429]
    for answer in answers:
        body = answer.json()
        if answer.status_code == 429:
            assert "long documents are being read" in body["detail"]
        else:
            assert not body["valid"]
            assert body["problems"][0]["path"].startswith("nodes")
    times.sort()
    assert times[int(len(times) * 0.95)] < PATIENCE, f"p95 {times[int(len(times) * 0.95)]:.3f} s"
