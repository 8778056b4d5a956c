"""Where theory finds itself in a design, and where it keeps silent."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, simulate
from simulator.report.comparison import verdict
from simulator.theory.recognise import recognise
from tests.simulator.designs import design, node, single_server

EXPONENTIAL = {"distribution": "exponential", "mean": 0.02}


def poisson(rate: float) -> dict[str, Any]:
    return {"process": "poisson", "rate": rate}


def chain(arrivals: dict[str, Any], queue: dict[str, Any] | None = None, **consumer: Any) -> Document:
    return design(
        [
            node("p", "producer", arrivals=arrivals),
            node("q", "queue", **(queue or {})),
            node("c", "consumer", **{"service_time": EXPONENTIAL, **consumer}),
        ],
        ["p->q", "q->c"],
        simulation={"duration": 100},
    )


def renewal(**gap: Any) -> dict[str, Any]:
    return {"process": "renewal", "interarrival": gap}


MODELS: list[tuple[str, Document]] = [
    ("M/M/1", chain(poisson(40))),
    ("M/M/6", chain(poisson(200), instances=3, concurrency=2)),
    ("M/D/1", chain(poisson(40), service_time=0.02)),
    ("M/G/1", chain(poisson(30), service_time={"distribution": "lognormal", "mean": 0.02, "scv": 1.5})),
    ("M/G/2", chain(poisson(60), instances=2, service_time={"distribution": "erlang", "mean": 0.02, "k": 2})),
    ("M/M/1/8", chain(poisson(60), {"capacity": 7})),
    ("M/G/3/3 (Erlang B)", chain(poisson(90), {"capacity": 0}, instances=3, service_time=0.02)),
    ("M/M/1 with retries", chain(poisson(30), failure={"probability": 0.2})),
    ("M/G/1 with polling", chain(poisson(30), poll_interval=0.1)),
    ("D/M/1", chain({"process": "constant", "rate": 40})),
    ("GI/M/1", chain(renewal(distribution="erlang", mean=0.025, k=3))),
    ("GI/M/1", chain(renewal(distribution="hyperexponential", mean=0.03, scv=4))),
    ("M/M/1", chain(renewal(distribution="exponential", mean=0.025))),
    ("GI/G/2", chain(renewal(distribution="uniform", low=0, high=0.03), instances=2)),
    ("M[X]/M/1", chain({"process": "batch-poisson", "rate": 4, "batch": 10})),
    ("M/M/2//20", chain({"process": "closed", "clients": 20, "think_time": 0.3}, instances=2)),
]


@pytest.mark.parametrize(("name", "document"), MODELS, ids=[name for name, _ in MODELS])
def test_a_known_model_is_recognised_and_agrees(name: str, document: Document) -> None:
    assert [model.name for model in recognise(document)] == [name]
    entry = simulate(document, replications=10)["theory"][0]
    assert entry["nodes"] == ["q", "c"]
    assert len(entry["metrics"]) >= 3
    assert [metric for metric in entry["metrics"] if metric["verdict"] == "differs"] == []
    assert entry["exact"] == (name not in ("M/G/2", "GI/G/2"))


UNKNOWN: list[tuple[str, Document]] = [
    ("overload", chain(poisson(60))),
    ("a load that changes", chain({"process": "schedule", "points": [[0, 10], [100, 50]]})),
    ("a load that ends", chain({**poisson(40), "limit": 10})),
    ("a load that begins late", chain({**poisson(40), "start": 5})),
    ("bursts", chain({"process": "mmpp", "states": [{"rate": 5, "mean_sojourn": 1}] * 2})),
    ("a bounded line with general work", chain(poisson(40), {"capacity": 5}, service_time=0.02)),
    ("the oldest dropped", chain(poisson(40), {"capacity": 5, "overflow": "drop-oldest"})),
    ("failures and constant work", chain(poisson(20), service_time=0.02, failure={"probability": 0.1})),
    ("two options at a time", chain(poisson(20), {"capacity": 5}, failure={"probability": 0.1})),
    (
        "work without a variance",
        chain(poisson(1), service_time={"distribution": "pareto", "minimum": 0.01, "shape": 1.5}),
    ),
]


@pytest.mark.parametrize(("why", "document"), UNKNOWN, ids=[why for why, _ in UNKNOWN])
def test_nothing_is_said_where_no_formula_holds(why: str, document: Document) -> None:
    assert recognise(document) == []


def test_nothing_is_said_about_a_vendors_broker() -> None:
    document = design(
        [node("p", "producer"), node("q", "aws.sqs"), node("c", "consumer", service_time=0.01)],
        ["p->q", "q->c"],
    )
    assert recognise(document) == []


def test_a_fault_silences_theory() -> None:
    data = single_server(40, 0.02, duration=50).to_data()
    data["faults"] = [{"kind": "pause", "node": "worker", "at": 10, "duration": 1}]
    result = simulate(Document.parse(data))
    assert result["theory"] == []
    (told,) = [one for one in result["statistics"]["statements"] if one["code"] == "no-formula"]
    assert told["text"] == (
        "No formula stands beside line, because something is made to fail. Without that it is of the model "
        "M/M/1, with a mean waiting time of 80 ms."
    )


def tandem() -> Document:
    return design(
        [
            node("p", "producer", arrivals=poisson(25)),
            node("q1", "queue"),
            node("c1", "consumer", service_time={"distribution": "exponential", "mean": 0.025}),
            node("q2", "queue"),
            node("c2", "consumer", service_time={"distribution": "exponential", "mean": 0.028571429}),
        ],
        ["p->q1", "q1->c1", "c1->q2", "q2->c2"],
        simulation={"duration": 300},
    )


def test_a_tandem_is_a_jackson_network_and_its_whole_way_is_known() -> None:
    entries = simulate(tandem(), replications=10)["theory"]
    assert [entry["model"] for entry in entries] == ["M/M/1", "M/M/1 in a Jackson network"]
    whole = {metric["metric"]: metric for metric in entries[1]["metrics"]}
    assert whole["end_to_end_latency.mean"]["theory"] == pytest.approx(1 / 6, rel=1e-6)
    assert whole["end_to_end_latency.p95"]["theory"] == pytest.approx(0.39997772, rel=1e-5)
    assert whole["end_to_end_latency.mean"]["verdict"] == "agrees"


def feedback() -> Document:
    """A third of what the second station has done goes back to the first."""
    return design(
        [
            node("p", "producer", arrivals=poisson(20)),
            node("q1", "queue"),
            node("c1", "consumer", instances=2, service_time={"distribution": "exponential", "mean": 0.05}),
            node("q2", "queue"),
            node("c2", "consumer", service_time={"distribution": "exponential", "mean": 0.025}),
            node("q3", "queue"),
            node("c3", "consumer", service_time=0.03),
        ],
        ["p->q1", "q1->c1", "c1->q2", "q2->c2", "c2->q1:publish", "c2->q3:publish", "q3->c3"],
        edge_configs={"c2->q1:publish": {"choice": 1}, "c2->q3:publish": {"choice": 2}},
        simulation={"duration": 300},
    )


def test_a_network_with_feedback_has_the_rates_of_the_traffic_equations() -> None:
    found = {model.station.line: model for model in recognise(feedback())}
    assert found["q1"].stream.rate == pytest.approx(30)
    assert found["q2"].stream.rate == pytest.approx(30)
    # What leaves the loop for good is Poisson, so constant work may follow.
    assert found["q3"].name == "M/D/1 in a Jackson network"
    assert found["q3"].stream.rate == pytest.approx(20)
    entries = simulate(feedback(), replications=10)["theory"]
    assert {metric["verdict"] for entry in entries for metric in entry["metrics"]} <= {"agrees", "undecided"}


def test_copies_that_meet_again_are_no_poisson_stream() -> None:
    document = design(
        [
            node("p", "producer", arrivals=poisson(20)),
            node("t", "topic"),
            node("q", "queue"),
            node("c", "consumer", service_time=EXPONENTIAL),
            node("other", "queue"),
            node("d", "consumer", service_time=EXPONENTIAL),
        ],
        ["p->t", "t->q", "t->other", "q->c", "other->d", "d->q"],
    )
    assert [model.station.line for model in recognise(document)] == ["other"]


def test_two_producers_and_two_consumers_make_one_model() -> None:
    document = design(
        [
            node("a", "producer", arrivals=poisson(30)),
            node("b", "producer", arrivals=poisson(50)),
            node("q", "queue"),
            node("c", "consumer", service_time=EXPONENTIAL),
            node("d", "consumer", instances=2, service_time=EXPONENTIAL),
        ],
        ["a->q", "b->q", "q->c", "q->d"],
        edge_configs={"b->q": {"probability": 0.5}},
    )
    (model,) = recognise(document)
    assert model.name == "M/M/3"
    assert model.stream.rate == pytest.approx(55)


def test_a_service_called_by_a_producer_is_a_station() -> None:
    document = design(
        [node("p", "producer", arrivals=poisson(40)), node("s", "service", concurrency=1)], ["p->s"]
    )
    (entry,) = simulate(document, replications=10, duration=200)["theory"]
    assert (entry["model"], entry["nodes"]) == ("M/M/1", ["s"])
    assert {metric["verdict"] for metric in entry["metrics"]} <= {"agrees", "undecided"}


@pytest.mark.parametrize(
    ("mean", "ci95", "expected"),
    [
        (1.02, [0.95, 1.09], "agrees"),
        (1.3, [1.2, 1.4], "differs"),
        (1.08, [1.01, 1.15], "undecided"),
        (1.2, [0.5, 1.9], "undecided"),
        (1.2, None, "undecided"),
        (1.004, None, "agrees"),
    ],
)
def test_verdicts(mean: float, ci95: list[float] | None, expected: str) -> None:
    assert verdict(1.0, mean, ci95, 10, exact=True) == expected


def test_theory_is_wrong_when_the_simulation_is() -> None:
    assert verdict(0.08, 0.1, [0.098, 0.102], 20, exact=True) == "differs"
    assert verdict(0.08, 0.09, [0.089, 0.091], 20, exact=False) == "agrees"


def test_a_handful_of_waiting_messages_is_no_difference():
    """M/M/20 at 0.32: a replication sees no message wait, or a cluster of some."""
    document = Document.parse(
        {
            "format": "headrace/1",
            "name": "Hardly any wait",
            "nodes": [
                {"id": "p", "kind": "producer", "config": {"arrivals": {"process": "poisson", "rate": 300}}},
                {"id": "q", "kind": "queue"},
                {
                    "id": "c",
                    "kind": "consumer",
                    "config": {
                        "instances": 20,
                        "service_time": {"distribution": "exponential", "mean": 0.0214},
                    },
                },
            ],
            "edges": [{"id": "e1", "from": "p", "to": "q"}, {"id": "e2", "from": "q", "to": "c"}],
            "simulation": {"duration": 60, "warmup": 12, "replications": 20},
        }
    )
    for seed in range(3):
        [found] = simulate(document, seed=seed)["theory"]
        verdicts = {one["metric"]: one["verdict"] for one in found["metrics"]}
        assert "differs" not in verdicts.values()
        assert verdicts["sojourn_time.mean"] == "agrees"
        assert verdicts["waiting_probability"] == "undecided"
