"""The API of designs over HTTP."""

from __future__ import annotations

import gzip
import uuid
from typing import Any

import pytest
import yaml
from django.test import Client

from architect.runs.models import Run
from tests.architect.samples import work_queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def saved(post: Any) -> dict[str, Any]:
    """A design that was saved."""
    return post("/api/designs", {"document": work_queue()}).json()


def put(client: Client, saved: dict[str, Any], body: dict[str, Any], **headers: str) -> Any:
    """Save the next version."""
    return client.put(f"/api/designs/{saved['id']}", body, content_type="application/json", headers=headers)


def test_a_new_design_answers_201_with_its_version_as_etag(post: Any) -> None:
    answer = post("/api/designs", {"document": work_queue()})
    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"1"'
    body = answer.json()
    assert set(body) == {"id", "name", "version", "updated_at", "document", "problems"}
    assert body["document"]["nodes"][0]["id"] == "web"


def test_a_design_can_be_made_from_yaml_text(post: Any) -> None:
    answer = post("/api/designs", {"text": yaml.safe_dump(work_queue(name="From text"))})
    assert answer.json()["name"] == "From text"


def test_a_problem_comes_with_its_reason_its_source_and_its_mend(client: Client, post: Any) -> None:
    nodes = [
        {"id": "web", "kind": "producer"},
        {"id": "orders", "kind": "aws.sqs"},
        {"id": "billing", "kind": "consumer"},
    ]
    edges = [{"id": "e1", "from": "web", "to": "orders"}, {"id": "e2", "from": "orders", "to": "billing"}]
    document = {"format": "headrace/1", "name": "Shop", "nodes": nodes, "edges": edges}
    problems = post("/api/validate", {"document": document}).json()["problems"]
    polling = next(problem for problem in problems if problem["code"] == "D521")
    assert polling["why"].startswith("Empty receives are paid for")
    assert polling["source"].startswith("Amazon SQS developer guide")
    assert polling["mend"] == [
        {"edit": "set", "on": "edge", "id": "e2", "path": ["WaitTimeSeconds"], "value": 20}
    ]
    assert polling["mend_words"] == "set WaitTimeSeconds of e2 to 20"
    assert polling["counter_example"] is False


def test_a_counter_example_can_be_read_and_saved(client: Client, post: Any) -> None:
    found = client.get("/api/counter-examples/D302").json()
    assert (found["code"], found["document"]["name"]) == ("D302", "Billed twice")
    assert "31 s  orders -> billing 1; orders: 1 delivered again" in found["steps"][3]
    assert found["damage"].startswith("6 deliveries of 3 orders were duplicates")
    assert found["cured"].startswith("0 duplicates")
    saved = post("/api/designs", {"document": found["document"]}).json()
    (problem,) = saved["problems"]
    assert (problem["code"], problem["counter_example"]) == ("D302", True)
    missing = client.get("/api/counter-examples/D999")
    assert missing.status_code == 404
    assert "There are D302" in missing.json()["errors"][0]["hint"]


def test_every_template_can_be_saved_and_started(client: Client, post: Any, submitted: list[Run]) -> None:
    templates = client.get("/api/templates").json()
    assert len(templates) >= 4
    for template in templates:
        assert template["title"]
        assert template["summary"]
        assert template["see"]
        design = post("/api/designs", {"template": template["name"]}).json()
        assert [p for p in design["problems"] if p["severity"] == "error"] == []
        assert post("/api/runs", {"design": design["id"]}).status_code == 201
    assert len(submitted) == len(templates)


def test_the_list_shows_the_last_change_first_without_documents(client: Client, post: Any) -> None:
    for name in ("First", "Second"):
        post("/api/designs", {"document": work_queue(name=name)})
    listed = client.get("/api/designs").json()
    assert [design["name"] for design in listed] == ["Second", "First"]
    assert listed[0]["nodes"] == 3
    assert listed[0]["last_run"] is None
    assert "document" not in listed[0]


def test_the_list_shows_each_designs_last_run(
    client: Client, post: Any, saved: dict[str, Any], submitted: list[Run]
) -> None:
    for seed in (1, 2):
        post("/api/runs", {"design": saved["id"], "seed": seed})
    (listed,) = client.get("/api/designs").json()
    assert listed["last_run"]["seed"] == 2
    assert listed["last_run"]["status"] == "queued"


def test_a_save_answers_with_the_next_version(client: Client, saved: dict[str, Any]) -> None:
    answer = put(client, saved, {"version": 1, "document": work_queue(name="Two")})
    assert answer.status_code == 200
    assert (answer.json()["version"], answer.headers["ETag"]) == (2, '"2"')


def test_if_match_stands_in_for_the_version(client: Client, saved: dict[str, Any]) -> None:
    for tag in ('"1"', 'W/"2"', "3"):
        answer = put(client, saved, {"document": work_queue()}, **{"If-Match": tag})
        assert answer.status_code == 200


@pytest.mark.parametrize("tag", ["", "*", '"x"', '"1", "2"', "-1"])
def test_a_save_without_a_usable_version_is_refused(client: Client, saved: dict[str, Any], tag: str) -> None:
    answer = put(client, saved, {"document": work_queue()}, **({"If-Match": tag} if tag else {}))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "version"


def test_a_conflict_answers_409_with_the_design_that_stands(client: Client, saved: dict[str, Any]) -> None:
    put(client, saved, {"version": 1, "document": work_queue(name="Mine")})
    answer = put(client, saved, {"version": 1, "document": work_queue(name="Yours")})
    assert answer.status_code == 409
    body = answer.json()
    assert body["errors"][0]["code"] == "stale-version"
    assert (body["current"]["name"], body["current"]["version"]) == ("Mine", 2)


def test_every_problem_comes_with_its_path(client: Client, saved: dict[str, Any]) -> None:
    broken = work_queue()
    broken["nodes"][0]["config"]["arrivals"]["rate"] = -5
    broken["nodes"][1]["kind"] = "teapot"
    answer = put(client, saved, {"version": 1, "document": broken})
    assert answer.status_code == 422
    paths = {error["path"] for error in answer.json()["errors"]}
    assert {"nodes[0].config.arrivals.rate", "nodes[1].kind"} <= paths


def test_history_lists_the_versions_and_gives_each_document(client: Client, saved: dict[str, Any]) -> None:
    put(client, saved, {"version": 1, "document": work_queue(name="Two")})
    path = f"/api/designs/{saved['id']}/history"
    assert [(row["version"], row["name"]) for row in client.get(path).json()] == [
        (2, "Two"),
        (1, "Work queue"),
    ]
    assert client.get(f"{path}/1").json()["name"] == "Work queue"
    assert client.get(f"{path}/9").status_code == 404


def test_the_yaml_download_is_an_attachment_that_reads_back(client: Client, post: Any) -> None:
    saved = post("/api/designs", {"document": work_queue(name="Ünïcode / <b>")}).json()
    answer = client.get(f"/api/designs/{saved['id']}/export/yaml")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="n-code-b.headrace.yaml"'
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert yaml.safe_load(answer.content) == saved["document"]


def test_every_format_on_offer_answers_with_a_file_or_says_what_the_design_lacks(
    client: Client, saved: dict[str, Any]
) -> None:
    offered = client.get("/api/exports").json()
    left_out = client.get(f"/api/designs/{saved['id']}/export/mermaid/left-out").json()
    assert left_out["sentences"]
    assert client.get(f"/api/designs/{saved['id']}/export/nothing/left-out").status_code == 404
    assert {"yaml", "svg", "mermaid", "drawio", "rabbitmq"} <= {entry["name"] for entry in offered}
    for entry in offered:
        answer = client.get(f"/api/designs/{saved['id']}/export/{entry['name']}")
        if answer.status_code == 200:
            assert answer.headers["Content-Disposition"].endswith(f'{entry["suffix"]}"')
        elif entry["sort"] == "data":
            assert answer.status_code == 422
            assert "of a run" in answer.json()["detail"]
        else:
            assert (answer.status_code, entry["sort"]) == (422, "configuration")
            assert (
                "there is no" in answer.json()["detail"].lower()
                or "nothing to write" in answer.json()["detail"]
            )


def test_an_unknown_format_or_theme_is_refused_by_name(client: Client, saved: dict[str, Any]) -> None:
    path = f"/api/designs/{saved['id']}/export"
    answer = client.get(f"{path}/visio")
    assert answer.status_code == 404
    assert "mermaid" in answer.json()["errors"][0]["hint"]
    assert client.get(f"{path}/svg?theme=pink").status_code == 422


def test_a_copy_is_made_and_a_design_deleted(client: Client, post: Any, saved: dict[str, Any]) -> None:
    copy = post(f"/api/designs/{saved['id']}/duplicate", {})
    assert copy.status_code == 201
    assert client.delete(f"/api/designs/{saved['id']}").status_code == 204
    assert client.get(f"/api/designs/{saved['id']}").status_code == 404
    assert client.get(f"/api/designs/{copy.json()['id']}").status_code == 200


def test_validation_says_what_is_wrong_and_saves_nothing(client: Client, post: Any) -> None:
    good = post("/api/validate", {"document": work_queue()}).json()
    assert (good["valid"], good["document"]["name"]) == (True, "Work queue")
    broken = post("/api/validate", {"text": "format: headrace/1\nname: [unclosed"}).json()
    assert (broken["valid"], broken["document"]) == (False, None)
    assert broken["problems"][0]["code"] == "D100"
    assert client.get("/api/designs").json() == []


@pytest.mark.parametrize(
    "body", [{}, {"document": {}, "text": "x"}, {"document": {}, "template": "x"}, {"x": 1}]
)
def test_exactly_one_source_of_a_new_design_is_wanted(post: Any, body: dict[str, Any]) -> None:
    assert post("/api/designs", body).status_code == 422


def test_an_uploaded_load_becomes_an_arrivals_setting(client: Client, post: Any) -> None:
    csv = "timestamp,value\n2014-04-10 00:04:00,94.0\n2014-04-10 00:09:00,56.0\n2014-04-10 00:14:00,187.0\n"
    answer = client.post("/api/arrivals", csv, content_type="text/csv")
    arrivals = answer.json()["arrivals"]
    assert arrivals == {
        "process": "trace",
        "counts": [[0.0, 94], [300.0, 56], [600.0, 187]],
        "interval": 300.0,
    }
    document = work_queue()
    document["nodes"][0]["config"]["arrivals"] = arrivals
    assert post("/api/validate", {"document": document}).json()["valid"]


@pytest.mark.parametrize("csv", ["", "no,numbers\n", "1,2,3\n", "2014-04-10 00:04:00,nan\n", "5\n4\n", "\0"])
def test_a_malformed_load_file_is_refused_with_d110(client: Client, csv: str) -> None:
    answer = client.post("/api/arrivals", csv, content_type="text/csv")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "D110"


def test_a_load_file_that_a_design_cannot_hold_is_refused(client: Client) -> None:
    csv = "".join(f"{number}\n" for number in range(200_001))
    answer = client.post("/api/arrivals", csv, content_type="text/csv")
    assert answer.status_code == 422
    assert "200,001" in answer.json()["detail"]


def test_the_schema_is_served_with_a_tag_that_saves_sending_it_again(client: Client) -> None:
    first = client.get("/api/schema")
    assert {"document", "kinds", "wiring", "distributions", "arrivals"} <= set(first.json())
    again = client.get("/api/schema", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [("gzip, deflate, br", True), ("br;q=1.0, gzip;q=0.5", True), ("gzip;q=0", False), ("br", False)],
)
def test_the_schema_is_compressed_for_those_who_take_it(
    client: Client, accepted: str, is_compressed: bool
) -> None:
    plain = client.get("/api/schema")
    answer = client.get("/api/schema", headers={"Accept-Encoding": accepted})
    assert (answer.headers.get("Content-Encoding") == "gzip") is is_compressed
    assert (gzip.decompress(answer.content) if is_compressed else answer.content) == plain.content
    assert len(answer.content) < len(plain.content) / 5 or not is_compressed
    # A cache may not give one for the other.
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert (answer.headers["ETag"] == plain.headers["ETag"]) is not is_compressed


def test_unknown_ids_are_404_everywhere(client: Client, post: Any) -> None:
    path = f"/api/designs/{uuid.uuid4()}"
    for answer in (
        client.get(path),
        client.delete(path),
        client.get(f"{path}/history"),
        client.get(f"{path}/history/1"),
        client.get(f"{path}/export/yaml"),
        post(f"{path}/duplicate", {}),
        post("/api/designs", {"template": "no-such"}),
        client.put(path, {"version": 1, "document": work_queue()}, content_type="application/json"),
    ):
        assert answer.status_code == 404
        assert answer.json()["errors"][0]["code"] == "not-found"
