"""The API of experiments, with experiments that nobody starts."""

from __future__ import annotations

import io
import json
import sys
import uuid
from typing import Any

import pytest
from django.test import Client

from architect.experiments import services
from architect.experiments.models import Experiment, ExperimentKind
from architect.experiments.schemas import ExperimentOut
from architect.runs.states import RunStatus
from architect.runs.supervisor import Queued, supervisor
from simulator import Document
from simulator.experiments.parameters import Varied
from simulator.experiments.sweep import sweep
from simulator.report.sweep_table import rows_of
from tests.architect.samples import work_queue

pytestmark = pytest.mark.django_db

OBJECTIVE = {"metric": "end_to_end_latency.p95", "from": "web", "to": "billing", "below": 2.0}
PLACES = {
    "comparison": "comparisons",
    "sweep": "sweeps",
    "capacity": "capacities",
    "cheapest": "cheapest",
    "sensitivity": "sensitivities",
}
SERVICE = "nodes.billing.config.service_time"


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[Queued]:
    """What the API handed to the supervisor: it is noted here and stays queued."""
    found: list[Queued] = []
    monkeypatch.setattr(supervisor, "enqueue", found.append)
    return found


@pytest.fixture
def design(post: Any) -> str:
    """A saved design with an objective."""
    document = {**work_queue(seed=4), "objectives": [OBJECTIVE]}
    return str(post("/api/designs", {"document": document}).json()["id"])


def job_of(answer: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Experiment.objects.get(id=answer.json()["id"]).job_text)
    return data


def asked(kind: str, design: str) -> Any:
    return {
        "comparison": {"design": design, "alternatives": [{"swap": {"orders": "kafka.topic:4"}}]},
        "sweep": {"design": design, "vary": [{"path": "nodes.billing.config.instances", "range": "1:3"}]},
        "capacity": {"design": design, "node": "web"},
        "cheapest": {"design": design, "vary": [{"path": "nodes.billing.config.instances", "range": "1:3"}]},
        "sensitivity": {"design": design, "over": [{"path": SERVICE, "low": 0.01, "high": 0.02}]},
    }[kind]


@pytest.mark.parametrize("kind", PLACES)
def test_an_experiment_is_queued_listed_read_cancelled_repeated_and_deleted(
    client: Client, post: Any, design: str, queued: list[Queued], kind: str
) -> None:
    place = f"/api/{PLACES[kind]}"
    started = post(place, asked(kind, design))
    assert started.status_code == 201, started.content
    body = started.json()
    assert set(body) == set(ExperimentOut.model_fields)
    assert (body["kind"], body["status"], body["seed"], body["design"]) == (kind, "queued", 4, design)
    assert [str(one.id) for one in queued] == [body["id"]]
    assert [one["id"] for one in client.get(f"{place}?design={design}").json()] == [body["id"]]
    assert client.get(f"{place}?design={uuid.uuid4()}").json() == []
    assert client.get(f"{place}/{body['id']}").json() == body
    none = client.get(f"{place}/{body['id']}/result")
    assert (none.status_code, none.json()["errors"][0]["code"]) == (409, "no-result")
    assert client.delete(f"/api/designs/{design}").status_code == 409
    assert client.delete(f"{place}/{body['id']}", content_type="application/json").status_code == 409
    queued[0].drop("cancelled on request")
    ended = client.get(f"{place}/{body['id']}").json()
    assert (ended["status"], ended["reason"]) == ("cancelled", "cancelled on request")
    again = post(f"{place}/{body['id']}/repeat", {})
    assert job_of(again) == job_of(started)
    assert client.delete(f"{place}/{body['id']}", content_type="application/json").status_code == 204
    assert client.get(f"{place}/{body['id']}").status_code == 404


def test_alternatives_are_swaps_settings_other_designs_and_versions(
    post: Any, design: str, queued: list[Queued]
) -> None:
    other = post("/api/designs", {"document": work_queue(name="Other")}).json()["id"]
    alternatives = [
        {"swap": {"orders": "kafka.topic:4"}},
        {"set": {"nodes.billing.config.instances": 3, "simulation.frame_interval": 2.0}},
        {"design": other},
        {"version": 1, "name": "the first"},
        {"swap": {"orders": "aws.sqs"}, "set": {"nodes.billing.config.instances": 4}, "name": "both"},
    ]
    answer = post("/api/comparisons", {"design": design, "alternatives": alternatives})
    assert answer.status_code == 201, answer.content
    made = job_of(answer)["alternatives"]
    assert [one["name"] for one in made] == [
        "as drawn",
        "orders=kafka.topic:4",
        "nodes.billing.config.instances=3;simulation.frame_interval=2.0",
        "Other",
        "the first",
        "both",
    ]
    kinds = [{node["id"]: node["kind"] for node in one["document"]["nodes"]}["orders"] for one in made]
    assert kinds == ["queue", "kafka.topic", "queue", "queue", "queue", "aws.sqs"]
    assert made[5]["document"]["nodes"][2]["config"]["instances"] == 4
    assert {note["kind"] for note in made[1]["notes"]} >= {"translated"}


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("comparisons", {"alternatives": []}, "alternatives", "at least 1"),
    ("comparisons", {"alternatives": [{}]}, "alternatives[0]", "give a swap"),
    ("comparisons", {"alternatives": [{"swap": {"orders": "nats"}}]}, "alternatives[0].swap", "no mapping"),
    ("comparisons", {"alternatives": [{"swap": {"nobody": "queue"}}]}, "alternatives[0].swap", "no node"),
    ("comparisons", {"alternatives": [{"swap": {"web": "queue"}}]}, "alternatives[0].swap", "not a broker"),
    (
        "comparisons",
        {"alternatives": [{"set": {"nodes.billing.config.instances": 2}, "name": "as drawn"}]},
        "alternatives",
        "two alternatives are called",
    ),
    (
        "comparisons",
        {"alternatives": [{"set": {"nodes.billing.config.instances": -1}}]},
        "alternatives[0].set",
        "instances",
    ),
    (
        "comparisons",
        {"alternatives": [{"set": {"nodes.web.config.arrivals.file": "/etc/passwd"}}]},
        "alternatives[0].set",
        "reads no files",
    ),
    ("comparisons", {"alternatives": [{"version": 77}]}, "alternatives[0].version", "not kept"),
    (
        "comparisons",
        {"alternatives": [{"swap": {"orders": "aws.sqs"}}], "rank_by": "beauty"},
        "alternatives",
        "no measure",
    ),
    ("comparisons", {"alternatives": [{"version": 1, "name": "v"}], "seed": -1}, "seed", "greater than"),
    (
        "comparisons",
        {"alternatives": [{"version": 1, "name": "v"}], "warmup": 70},
        "warmup",
        "leaves nothing",
    ),
    ("sweeps", {"vary": []}, "vary", "at least 1"),
    ("sweeps", {"vary": [{"path": "nodes.billing.config.instances"}]}, "vary[0]", "exactly one"),
    (
        "sweeps",
        {"vary": [{"path": "nodes.billing.config.nothing", "range": "1:3"}]},
        "vary[0].range",
        "there is no",
    ),
    (
        "sweeps",
        {"vary": [{"path": "nodes.billing.config.instances", "range": "3:1"}]},
        "vary[0].range",
        "empty range",
    ),
    (
        "sweeps",
        {"vary": [{"path": "nodes.billing.config.instances", "values": [1, 1]}]},
        "vary[0].path",
        "twice",
    ),
    (
        "sweeps",
        {"vary": [{"path": "nodes.web.config.arrivals.rate", "range": "1:1000000:1"}]},
        "vary[0].range",
        "1,000,000 values",
    ),
    (
        "sweeps",
        {"vary": [{"path": "nodes.web.config.arrivals.rate", "range": "1:20000:1"}]},
        "vary",
        "too many",
    ),
    (
        "sweeps",
        {"vary": [{"path": "nodes.billing.config.instances", "values": [1, 0]}]},
        "vary",
        "cannot be run",
    ),
    ("capacities", {}, "", "exactly one"),
    ("capacities", {"node": "orders"}, "node", "no producer"),
    ("capacities", {"highest": "nodes.billing.label"}, "highest", "no number"),
    ("capacities", {"node": "web", "low": 5, "high": 2}, "node", "nothing between"),
    ("cheapest", {"vary": []}, "vary", "at least 1"),
    (
        "cheapest",
        {"vary": [{"path": "nodes.web.config.arrivals.rate", "range": "1:2001:1"}]},
        "vary",
        "2,001 configurations are too many",
    ),
    (
        "cheapest",
        {"vary": [{"path": "nodes.billing.config.instances", "values": [1, 0]}]},
        "vary",
        "cannot be run",
    ),
    (
        "cheapest",
        {"vary": [{"path": "nodes.billing.config.instances", "range": "1:2"}], "latency": "goodput"},
        "vary",
        "no latency of a flow",
    ),
    ("sensitivities", {}, "over", "nothing in the design is assumed"),
    ("sensitivities", {"over": [{"path": SERVICE, "low": 2, "high": 1}]}, "over[0]", "empty range"),
    ("sensitivities", {"over": [{"path": "nodes.billing.label", "low": 1, "high": 2}]}, "over[0]", "no"),
    (
        "sensitivities",
        {"over": [{"path": SERVICE, "low": 1, "high": 2}], "trajectories": 1},
        "over",
        "1 trajectories",
    ),
    (
        "sensitivities",
        {"over": [{"path": SERVICE, "low": 1, "high": 2}], "metric": "x"},
        "over",
        "no measure",
    ),
]


@pytest.mark.parametrize(("place", "body", "path", "words"), REFUSED)
def test_what_cannot_be_done_is_refused_with_its_place_and_nothing_is_kept(
    post: Any,
    design: str,
    queued: list[Queued],
    place: str,
    body: dict[str, Any],
    path: str,
    words: str,
) -> None:
    answer = post(f"/api/{place}", {"design": design, **body})
    assert answer.status_code in (404, 422), answer.content
    error = answer.json()["errors"][0]
    assert (error["path"], words in error["message"]) == (path, True), error
    assert queued == []
    assert Experiment.objects.count() == 0


def test_what_a_design_assumes_is_told_with_its_ranges(post: Any) -> None:
    document = {
        **work_queue(),
        "assumptions": {"billing.config.service_time": {"source": "guess", "note": "nobody measured it"}},
    }
    design = post("/api/designs", {"document": document}).json()["id"]
    (one,) = post("/api/sensitivities/assumed", {"design": design}).json()
    assert (one["path"], one["why"]) == (SERVICE, "a guess: nobody measured it")
    assert (one["low"], one["high"]) == (one["value"] / 2, one["value"] * 2)


def test_a_capacity_needs_objectives(post: Any, queued: list[Queued]) -> None:
    plain = post("/api/designs", {"document": work_queue()}).json()["id"]
    answer = post("/api/capacities", {"design": plain, "node": "web"})
    assert (answer.status_code, "no objectives" in answer.json()["detail"]) == (422, True)


def test_designs_without_a_common_flow_are_not_compared(post: Any, design: str, queued: list[Queued]) -> None:
    document = work_queue(name="Elsewhere")
    text = json.dumps(document).replace('"web"', '"shop"')
    other = post("/api/designs", {"document": json.loads(text)}).json()["id"]
    answer = post("/api/comparisons", {"design": design, "alternatives": [{"design": other}]})
    assert answer.status_code == 422
    assert "no flow in common" in answer.json()["detail"]


def test_a_swap_is_tried_before_it_is_run(client: Client, post: Any, design: str) -> None:
    targets = {one["kind"]: one for one in client.get("/api/swaps").json()}
    assert {"queue", "aws.sqs", "kafka.topic", "rabbitmq.queue"} <= set(targets)
    assert "quorum" in targets["rabbitmq.queue"]["variants"]
    assert targets["rabbitmq.queue"]["of"] == []
    assert targets["saga"]["of"] == ["aws.stepfunctions", "saga-participant"]
    by_design = post("/api/swaps", {"design": design, "node": "orders", "kind": "rabbitmq.queue:quorum"})
    by_document = post(
        "/api/swaps",
        {
            "document": client.get(f"/api/designs/{design}").json()["document"],
            "node": "orders",
            "kind": "rabbitmq.queue:quorum",
        },
    )
    assert by_design.status_code == 200, by_design.content
    assert by_design.json() == by_document.json()
    assert {note["kind"] for note in by_design.json()["notes"]} <= {"translated", "assumed", "lost"}
    refused = post("/api/swaps", {"design": design, "node": "orders", "kind": "kafka.topic:many"})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "kind")


def test_what_was_found_becomes_a_design_of_its_own(
    client: Client, post: Any, design: str, queued: list[Queued]
) -> None:
    def variant(kind: str, body: dict[str, Any]) -> Any:
        id = post(f"/api/{PLACES[kind]}", asked(kind, design)).json()["id"]
        return post(f"/api/{PLACES[kind]}/{id}/design", body)

    def node_of(answer: Any, id: str) -> Any:
        assert answer.status_code == 201, answer.content
        document = client.get(f"/api/designs/{answer.json()['design']}").json()["document"]
        return {node["id"]: node for node in document["nodes"]}[id]

    swapped = variant("comparison", {"alternative": "orders=kafka.topic:4"})
    assert node_of(swapped, "orders")["kind"] == "kafka.topic"
    assert swapped.json()["name"] == "Work queue, orders=kafka.topic:4"
    assert node_of(variant("sweep", {"values": [3]}), "billing")["config"]["instances"] == 3
    assert node_of(variant("cheapest", {"values": [2]}), "billing")["config"]["instances"] == 2
    assert node_of(variant("capacity", {"values": [61.5]}), "web")["config"]["arrivals"]["rate"] == 61.5
    for kind, body, path in (
        ("comparison", {"alternative": "nobody"}, "alternative"),
        ("sweep", {"values": [1, 2]}, "values"),
        ("sweep", {}, "values"),
        ("sweep", {"values": [-1]}, "nodes[2].config.instances"),
        ("sensitivity", {"values": [1]}, ""),
    ):
        refused = variant(kind, body)
        assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, path)


def test_what_a_dead_server_left_going_is_marked_as_failed(
    client: Client, post: Any, design: str, queued: list[Queued]
) -> None:
    ids = [post("/api/capacities", {"design": design, "node": "web"}).json()["id"] for _ in range(2)]
    running = uuid.UUID(ids[1])
    services.experiment_move(running, RunStatus.STARTING)
    services.experiment_move(running, RunStatus.RUNNING)
    services.experiment_store(running, progress=0.5, text="half", partial={"statement": "so far"}, partials=1)
    services.experiments_interrupt()
    for id, words in zip(ids, ("before it began", "what was known by then is kept"), strict=True):
        found = client.get(f"/api/capacities/{id}").json()
        assert (found["status"], words in found["reason"]) == ("failed", True)
    assert client.get(f"/api/capacities/{ids[1]}/result").json() == {"statement": "so far"}
    with pytest.raises(Exception, match="cannot become running"):
        services.experiment_move(running, RunStatus.RUNNING)


def test_what_goes_on_is_told_to_every_page(
    client: Client, post: Any, design: str, queued: list[Queued]
) -> None:
    ids = [post(f"/api/{PLACES[kind]}", asked(kind, design)).json()["id"] for kind in ("sweep", "cheapest")]
    assert {one["id"] for one in client.get("/api/experiments/going").json()} == set(ids)
    queued[0].drop("cancelled on request")
    assert [one["id"] for one in client.get("/api/experiments/going").json()] == [ids[1]]


def test_a_sweep_is_a_parquet_file_where_that_can_be_written(
    client: Client, post: Any, design: str, queued: list[Queued], monkeypatch: pytest.MonkeyPatch
) -> None:
    id = post("/api/sweeps", asked("sweep", design)).json()["id"]
    document = Document.parse(work_queue(duration=5))
    varied = [Varied("nodes.billing.config.instances", (1, 2))]
    found = sweep(document, varied, replications=2)
    services.experiment_store(uuid.UUID(id), progress=1.0, text="", partial=found, partials=1)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused = client.get(f"/api/sweeps/{id}/result.parquet")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "no-parquet")
    assert "headrace[parquet]" in refused.json()["errors"][0]["hint"]
    monkeypatch.undo()
    arrow = pytest.importorskip("pyarrow.parquet", reason="PyArrow is an optional part (extra parquet)")
    answer = client.get(f"/api/sweeps/{id}/result.parquet")
    assert answer["Content-Disposition"] == 'attachment; filename="work-queue-sweep.parquet"'
    rows = arrow.read_table(io.BytesIO(answer.content)).to_pylist()
    assert rows == list(rows_of(found))


def test_only_so_many_may_wait(
    post: Any, design: str, queued: list[Queued], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MOST_GOING", 1)
    assert post("/api/capacities", {"design": design, "node": "web"}).status_code == 201
    assert post("/api/capacities", {"design": design, "node": "web"}).status_code == 429
    assert Experiment.objects.filter(kind=ExperimentKind.CAPACITY).count() == 1
