"""Bad input over HTTP: always a 4xx in the API's own shape, never a 5xx, never a hang."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest
from django.test import Client

from architect.api import api
from tests.architect.live import LiveServer
from tests.architect.samples import work_queue

ID = uuid.uuid4()
DEEP = '{"document": ' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "}"

BODIES: dict[str, str | bytes] = {
    "nothing": "",
    "no JSON": "hello",
    "YAML where JSON is wanted": "document: {}",
    "a list": "[]",
    "a number": "1",
    "null": "null",
    "half": '{"document": {',
    "NaN": '{"document": {"name": NaN}}',
    "Infinity": '{"document": {"name": -Infinity}}',
    "a number beyond all": '{"document": {"simulation": {"duration": 1e999}}}',
    "five thousand digits": '{"document": {"simulation": {"seed": ' + "9" * 5_000 + "}}}",
    "a key twice": '{"document": {}, "document": {}}',
    "deep nesting": DEEP,
    "a NUL": '{"document": {"name": "\\u0000"}}',
    "half a character": '{"document": {"name": "\\ud800"}}',
    "no UTF-8": b'{"document": "\xff\xfe"}',
    "UTF-16": '{"document": {}}'.encode("utf-16"),
    "something after it": '{"document": {}} x',
    "an unknown key": '{"document": {}, "owner": 1}',
    "a document that is a list": '{"document": []}',
    "a document that is a text": '{"document": "x"}',
    "__proto__": '{"__proto__": {}, "document": {"__proto__": 1}}',
    "many numbers": '{"document": {"name": [' + "1," * 100_000 + "1]}}",
    "a text that is no design": '{"text": "just words"}',
    "an alias bomb": json.dumps({"text": "a: &a [1,2]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]"}),
    "a Python tag": json.dumps({"text": "!!python/object/apply:os.system ['true']"}),
}
WRITES = [
    ("post", "/api/designs"),
    ("put", f"/api/designs/{ID}"),
    ("post", "/api/validate"),
    ("post", "/api/runs"),
]


def is_refusal(answer: Any) -> bool:
    """Whether an answer has the shape of every refusal."""
    body = answer.json()
    entry = body["errors"][0]
    return bool(body["detail"]) and {"path", "message", "hint", "code", "severity"} <= set(entry)


@pytest.mark.django_db
@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_bad_body_is_refused(client: Client, method: str, path: str, name: str) -> None:
    answer = getattr(client, method)(path, BODIES[name], content_type="application/json")
    if path == "/api/validate" and answer.status_code == 200:
        assert not answer.json()["valid"]
        return
    assert answer.status_code in (400, 404, 422), answer.content
    assert is_refusal(answer)


FIELDS = [
    ({"design": "x"}, "design"),
    ({"design": 5}, "design"),
    ({}, "design"),
    ({"design": str(ID), "seed": -1}, "seed"),
    ({"design": str(ID), "seed": 2**63}, "seed"),
    ({"design": str(ID), "seed": "one"}, "seed"),
    ({"design": str(ID), "duration": 0}, "duration"),
    ({"design": str(ID), "duration": -5}, "duration"),
    ({"design": str(ID), "duration": 1e12}, "duration"),
    ({"design": str(ID), "warmup": "soon"}, "warmup"),
    ({"design": str(ID), "warmup": -1}, "warmup"),
    ({"design": str(ID), "replications": 0}, "replications"),
    ({"design": str(ID), "replications": 1.5}, "replications"),
    ({"design": str(ID), "replications": 10**6}, "replications"),
    ({"design": str(ID), "replications": True}, "replications"),
    ({"design": str(ID), "replications": "3"}, "replications"),
    ({"design": str(ID), "seed": True}, "seed"),
    ({"design": str(ID), "seed": 1.5}, "seed"),
    ({"design": str(ID), "duration": 1e300}, "duration"),
    ({"design": str(ID), "duration": "10 years"}, "duration"),
    ({"design": str(ID), "warmup": 1e300}, "warmup"),
    ({"design": str(ID), "precision": 0}, "precision"),
    ({"design": str(ID), "precision": 2}, "precision"),
    ({"design": str(ID), "speed": 1e300}, "speed"),
    ({"design": str(ID), "speed": -1}, "speed"),
    ({"design": str(ID), "speed": 0}, "speed"),
    ({"design": str(ID), "speed": "fast"}, "speed"),
    ({"design": str(ID), "unknown": 1}, "unknown"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("body", "field"), FIELDS)
def test_a_run_with_a_bad_field_is_refused_with_its_name(post: Any, body: dict[str, Any], field: str) -> None:
    answer = post("/api/runs", body)
    assert answer.status_code == 422
    assert is_refusal(answer)
    assert answer.json()["errors"][0]["path"].split(".")[0] == field


@pytest.mark.django_db
@pytest.mark.parametrize("warmup", [60, 61, 1e9])
def test_a_warm_up_that_leaves_nothing_of_the_run_is_refused(post: Any, warmup: float) -> None:
    design = post("/api/designs", {"document": work_queue()}).json()
    answer = post("/api/runs", {"design": design["id"], "duration": 60, "warmup": warmup})
    assert answer.status_code == 422
    assert is_refusal(answer)
    assert answer.json()["errors"][0]["path"] == "warmup"


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("field", ["seed", "duration", "warmup", "replications", "speed"])
def test_a_number_of_a_run_that_is_none_is_refused(client: Client, field: str, number: str) -> None:
    body = f'{{"design": "{ID}", "{field}": {number}}}'
    answer = client.post("/api/runs", body, content_type="application/json")
    assert answer.status_code == 400
    assert is_refusal(answer)
    assert number in answer.json()["detail"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", f"/api/runs/{ID}", 404),
        ("get", f"/api/runs/{ID}/result", 404),
        ("get", f"/api/runs/{ID}/document", 404),
        ("get", f"/api/runs/{ID}/frames", 404),
        ("get", f"/api/runs/{ID}/frames?after=-1", 422),
        ("get", f"/api/runs/{ID}/frames?after=x", 422),
        ("get", f"/api/runs/{ID}/frames?limit=0", 422),
        ("get", f"/api/runs/{ID}/frames?limit=1000000", 422),
        ("delete", f"/api/runs/{ID}", 404),
        ("post", f"/api/runs/{ID}/cancel", 404),
        ("post", f"/api/runs/{ID}/repeat", 404),
        ("get", "/api/runs?design=x", 422),
        ("get", "/api/runs?status=sleeping", 422),
        ("get", "/api/runs/1", 404),
        ("get", "/api/runs/..%2f..%2fetc%2fpasswd", 404),
        ("get", "/api/designs/:key", 404),
        ("get", "/api/designs/%00", 404),
        ("get", "/api/nothing", 404),
        ("get", "/api/", 404),
        ("put", "/api/designs", 405),
        ("patch", f"/api/designs/{ID}", 405),
        ("delete", "/api/runs", 405),
        ("get", "/api/validate", 405),
        ("get", "/api/arrivals", 405),
        ("post", "/api/schema", 405),
    ],
)
def test_wrong_addresses_and_methods(client: Client, method: str, path: str, status: int) -> None:
    answer = getattr(client, method)(
        path, **({} if method == "get" else {"content_type": "application/json"})
    )
    assert answer.status_code == status, answer.content
    assert is_refusal(answer)


@pytest.mark.django_db
@pytest.mark.parametrize("action", ["inject", "", None, 5, "PAUSE"])
def test_an_unknown_control_is_refused(post: Any, action: object) -> None:
    assert post(f"/api/runs/{ID}/control", {"action": action}).status_code == 422


def test_every_operation_of_the_api_is_tried_with_unknown_things_and_none_fails(server: LiveServer) -> None:
    schema = api.get_openapi_schema()
    bodies: list[dict[str, Any]] = [
        {},
        {"document": {}},
        {"action": "pause"},
        {"version": 1, "document": work_queue()},
    ]
    with server.client() as client:
        for path, methods in schema["paths"].items():
            address = (
                path.replace("{design_id}", str(ID)).replace("{run_id}", str(ID)).replace("{version}", "1")
            )
            for method in methods:
                for body in bodies:
                    options = {"json": body} if method in ("post", "put", "patch") else {}
                    answer = client.request(method, address, **options)  # type: ignore[arg-type]
                    assert answer.status_code < 500, f"{method} {path}: {answer.text}"


LARGE = [
    ("ten megabytes and one byte", b'{"text": "' + b"x" * 10_000_000 + b'"}'),
    (
        "a hundred thousand nodes",
        json.dumps({"document": {**work_queue(), "nodes": [{"id": "a"}] * 100_000}}).encode(),
    ),
]


@pytest.mark.parametrize("name", [name for name, _body in LARGE])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_too_much_is_refused_with_and_without_a_length(
    server: LiveServer, name: str, is_chunked: bool
) -> None:
    body = dict(LARGE)[name]
    content: Any = (
        (body[start : start + 65536] for start in range(0, len(body), 65536)) if is_chunked else body
    )
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(server.url + "/api/designs", content=content, headers=headers, timeout=30)
    assert answer.status_code in (413, 422)
    assert is_refusal(answer)
    assert server.get("/healthz") == {"status": "ok"}


def test_a_design_at_the_limits_is_saved_and_read(server: LiveServer) -> None:
    document = work_queue()
    document["nodes"] += [{"id": f"q{number}", "kind": "queue"} for number in range(4_997)]
    saved = server.post("/api/designs", {"document": document})
    assert server.get(f"/api/designs/{saved['id']}")["document"]["nodes"][-1]["id"] == "q4996"
