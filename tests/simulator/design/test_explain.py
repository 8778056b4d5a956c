"""Every fault of a document is told where it is, what is wrong and how to mend it."""

import math
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Discriminator, Field, ValidationError

from simulator.design.arrivals import Arrivals
from simulator.design.distributions import DurationDistribution
from simulator.design.explain import problems_from, short

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Web(BaseModel):
    model_config = STRICT
    arrivals: Arrivals


class Worker(BaseModel):
    model_config = STRICT
    instances: int = Field(1, ge=1, le=1000, description="Number of workers.")
    service_time: DurationDistribution
    discipline: Literal["fifo", "lifo"] = "fifo"


class WebNode(BaseModel):
    model_config = STRICT
    id: str = Field(pattern="^[a-z][a-z0-9-]*$", max_length=64)
    kind: Literal["producer"]
    config: Web


class WorkerNode(BaseModel):
    model_config = STRICT
    id: str = Field(pattern="^[a-z][a-z0-9-]*$", max_length=64)
    kind: Literal["aws.worker"]
    config: Worker


class Design(BaseModel):
    model_config = STRICT
    name: str = Field(description="What it is called.", min_length=1, max_length=20)
    nodes: list[Annotated[WebNode | WorkerNode, Discriminator("kind")]] = Field(max_length=1000)
    warmup: Annotated[float, Field(ge=0)] | Literal["auto"] = "auto"


def problems(data, **options):
    with pytest.raises(ValidationError) as caught:
        Design.model_validate(data)
    return problems_from(caught.value, data, **{"model": Design, **options})


def web(arrivals, **more):
    return {
        "name": "x",
        "nodes": [{"id": "web", "kind": "producer", "config": {"arrivals": arrivals}, **more}],
    }


def worker(id="w", **config):
    return {"name": "x", "nodes": [{"id": id, "kind": "aws.worker", "config": {"service_time": 1, **config}}]}


ARRIVALS = "nodes[0].config.arrivals"
CASES = [
    (web({"process": "poisson", "rate": -1}), "D104", f"{ARRIVALS}.rate", "at least 0, got -1", ""),
    (
        web({"process": "poisson", "rate": math.nan}),
        "D104",
        f"{ARRIVALS}.rate",
        "finite number, got nan",
        "ordinary",
    ),
    (web({"process": "poisson", "rate": "fast"}), "D103", f"{ARRIVALS}.rate", "a number, got 'fast'", ""),
    (
        web({"process": "poisson"}),
        "D101",
        f"{ARRIVALS}.rate",
        "'rate' is missing",
        "Mean messages per second",
    ),
    (web({"process": "poison", "rate": 1}), "D106", f"{ARRIVALS}.process", "'poison'", "'poisson'"),
    (web({"process": "zzz"}), "D106", f"{ARRIVALS}.process", "'zzz'", "Choose one of: poisson, constant"),
    (web({"rate": 1}), "D101", f"{ARRIVALS}.process", "'process' is missing", "poisson"),
    (web(5), "D103", ARRIVALS, "a mapping with 'process', got 5", ""),
    (web([]), "D103", ARRIVALS, "got an empty list", ""),
    (web({"process": "poisson", "rate": 1, "stopp": 1}), "D102", f"{ARRIVALS}.stopp", "'stopp'", "'stop'"),
    (
        web({"process": "poisson", "rate": 1, "zzz": 1}),
        "D102",
        f"{ARRIVALS}.zzz",
        "'zzz'",
        "start, stop, limit",
    ),
    (web({"process": "poisson", "rate": 1, "start": 2, "stop": 1}), "D104", ARRIVALS, "stop must not", ""),
    (
        web({"process": "trace", "times": [1, "x", "y"]}),
        "D103",
        f"{ARRIVALS}.times[1]",
        "a number, got 'x'",
        "",
    ),
    (
        web({"process": "mmpp", "states": [{"rate": 1, "mean_sojourn": 0}]}),
        "D104",
        f"{ARRIVALS}.states[0].mean_sojourn",
        "at least 1e-06, got 0",
        "",
    ),
    (
        web({"process": "renewal", "interarrival": {"distribution": "erlang", "mean": 1, "k": 0.5}}),
        "D103",
        f"{ARRIVALS}.interarrival.k",
        "a whole number, got 0.5",
        "",
    ),
    (
        web({"process": "renewal", "interarrival": {"distribution": "percentiles", "p50": "a", "p99": 1}}),
        "D103",
        f"{ARRIVALS}.interarrival.p50",
        "a number, got 'a'",
        "",
    ),
    (
        web(
            {
                "process": "renewal",
                "interarrival": {"distribution": "percentiles", "percentiles": {"p5": "a"}},
            }
        ),
        "D103",
        f"{ARRIVALS}.interarrival.percentiles.p5",
        "a number, got 'a'",
        "",
    ),
    (worker(service_time="5 ms"), "D103", "nodes[0].config.service_time", "a number or a mapping with", ""),
    (worker(service_time=-5), "D104", "nodes[0].config.service_time", "at least 0, got -5", ""),
    (worker(service_time=math.inf), "D104", "nodes[0].config.service_time", "finite number, got inf", ""),
    (worker(service_time=True), "D103", "nodes[0].config.service_time", "got true", ""),
    (worker(instances=0), "D104", "nodes[0].config.instances", "at least 1, got 0", ""),
    (worker(instances=2000), "D104", "nodes[0].config.instances", "at most 1,000, got 2000", ""),
    (worker(instances=None), "D103", "nodes[0].config.instances", "a whole number, got null", ""),
    (
        worker(discipline="FIFOO"),
        "D106",
        "nodes[0].config.discipline",
        "'fifo' or 'lifo', got 'FIFOO'",
        "'fifo'",
    ),
    (worker(id="Web 1"), "D107", "nodes[0].id", "'Web 1'", "lower-case"),
    (worker(id="w" * 65), "D107", "nodes[0].id", "at most 64 characters, got 65", "lower-case"),
    (
        {"name": "x", "nodes": [{"id": "a", "kind": "aws.workr"}]},
        "D105",
        "nodes[0].kind",
        "'aws.workr'",
        "'aws.worker'",
    ),
    ({"name": "x", "nodes": [{"id": "a"}]}, "D101", "nodes[0].kind", "'kind' is missing", "producer"),
    ({"name": "x", "nodes": ["a"]}, "D103", "nodes[0]", "a mapping with 'kind', got 'a'", ""),
    ({"name": "x", "nodes": {}}, "D103", "nodes", "a list, got an empty mapping", ""),
    ({"nodes": []}, "D101", "name", "'name' is missing", "Add name: What it is called."),
    ({"name": "", "nodes": []}, "D104", "name", "at least 1 characters", ""),
    ({"name": "x" * 30, "nodes": []}, "D108", "name", "at most 20 characters", ""),
    ({"name": "x", "nodes": [], "noodles": 1}, "D102", "noodles", "'noodles'", "'nodes'"),
    ({"name": "x", "nodes": [], "warmup": "never"}, "D103", "warmup", "a number or 'auto', got 'never'", ""),
    ({"name": "x", "nodes": [], "warmup": -1}, "D104", "warmup", "at least 0, got -1", ""),
    ("text", "D103", "", "a mapping (key: value), got 'text'", ""),
]


@pytest.mark.parametrize(
    ("data", "code", "path", "message", "hint"), CASES, ids=lambda value: str(value)[:50]
)
def test_a_fault_is_told_with_place_reason_and_remedy(data, code, path, message, hint):
    (problem,) = problems(data)
    assert (problem.code, problem.path) == (code, path)
    assert message in problem.message
    assert hint in problem.hint
    if path.startswith("nodes[0]") and isinstance(data["nodes"][0], dict):
        assert problem.element == data["nodes"][0]["id"][:64]
        assert problem.field == path.removeprefix("nodes[0].")
    else:
        assert (problem.element, problem.field) == ("", path)
    assert problem.blocks == "save"


def test_all_faults_are_told_at_once():
    data = worker(instances="x", discipline="lifoo", extra=1)
    data["nodes"].append(
        {"id": "B", "kind": "producer", "config": {"arrivals": {"process": "poisson", "rate": -1}}}
    )
    assert [problem.path for problem in problems(data)] == [
        "nodes[0].config.instances",
        "nodes[0].config.discipline",
        "nodes[0].config.extra",
        "nodes[1].id",
        "nodes[1].config.arrivals.rate",
    ]


def test_without_the_class_the_hints_are_plainer_but_the_places_the_same():
    (problem,) = problems(worker(instanses=1), model=None)
    assert problem.path == "nodes[0].config.instanses"
    assert problem.hint


def test_after_a_hundred_problems_a_note_tells_how_many_more_there_are():
    data = {"name": "x", "nodes": [], **{f"key{index}": 1 for index in range(150)}}
    found = problems(data)
    assert len(found) == 101
    assert "50 more" in found[-1].message


def test_a_flood_of_faults_is_one_problem():
    found = problems({"name": "x", "nodes": [], **{f"key{index}": 1 for index in range(30_000)}})
    assert len(found) == 1
    assert found[0].code == "D108"
    assert "30,000" in found[0].message


def test_long_keys_and_values_are_cut():
    (problem,) = problems({"name": "x", "nodes": [], "k" * 100_000: "v" * 100_000})
    assert len(problem.message) < 100
    assert len(problem.path) <= 60
    assert len(problems(worker(instances="v" * 1_000_000))[0].message) < 120


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "'a'"),
        (5, "5"),
        (None, "null"),
        (True, "true"),
        ([1], "a list"),
        ({}, "an empty mapping"),
        ("x" * 500, "'" + "x" * 58 + "…"),
    ],
)
def test_a_value_is_shown_as_its_author_wrote_it(value, text):
    assert short(value) == text
