"""The determinism matrix: every shipped example gives the same bytes whatever happens around the run."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import Any

import pytest

from simulator import Document, simulate
from simulator.design.examples import templates
from simulator.graph.forecast import expected_messages
from tests.simulator.designs import node

#: Simulated seconds of a replication, enough for redeliveries, faults and batches to happen, but for busy
#: designs no more than so many messages take.
DURATION, MESSAGES = 30.0, 6_000
DESIGNS = {template.slug: template.document for template in templates()}
NAMES = sorted(DESIGNS)
FRESH = """
import hashlib, json, sys
from simulator import Document, simulate
for document, duration in json.load(sys.stdin):
    result = simulate(Document.parse(document), duration=duration, replications=2)
    print(hashlib.sha256(json.dumps(result).encode()).hexdigest())
"""


@cache
def data(name: str) -> str:
    return json.dumps(DESIGNS[name])


@cache
def duration(name: str) -> float:
    document = Document.parse(DESIGNS[name])
    warmup = document.simulation.warmup
    least = 0.0 if isinstance(warmup, str) else 1.5 * warmup
    return max(least, DURATION * min(1.0, MESSAGES / expected_messages(document, DURATION)))


def run(name: str, document: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    made = Document.parse(json.loads(data(name)) if document is None else document)
    return simulate(made, duration=duration(name), replications=2, **options)


def sha(result: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(result).encode()).hexdigest()


def digest(name: str) -> str:
    return sha(run(name))


@cache
def expected(name: str) -> str:
    """The result as text."""
    return json.dumps(run(name))


def expected_digest(name: str) -> str:
    return hashlib.sha256(expected(name).encode()).hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_twice_in_one_process_with_frames_and_without(name: str) -> None:
    frames: list[Any] = []
    assert json.dumps(run(name)) == expected(name)
    assert json.dumps(run(name, on_frame=frames.append)) == expected(name)
    assert frames


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", ["1", "271828"])
def test_in_a_fresh_process_with_another_hash_seed(seed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FRESH],
        input=json.dumps([(json.loads(data(name)), duration(name)) for name in NAMES]),
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    found = dict(zip(NAMES, done.stdout.split(), strict=True))
    assert found == {name: expected_digest(name) for name in NAMES}


@pytest.mark.timeout(300)
def test_in_a_spawned_worker() -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = dict(zip(NAMES, pool.map(digest, NAMES), strict=True))
    assert found == {name: expected_digest(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_with_two_processes(name: str) -> None:
    assert json.dumps(run(name, jobs=2)) == expected(name)


@pytest.mark.parametrize("name", NAMES)
def test_through_export_and_import(name: str) -> None:
    before = Document.parse(json.loads(data(name)))
    again = Document.from_text(json.dumps(before.to_data()))
    # The same design with the same seed gives the same result: the others see to that.
    assert again == before
    assert again.digest() == before.digest()


def by_name(result: dict[str, Any]) -> dict[str, Any]:
    flows = {f"{flow['from']} {flow['to']}": flow for flow in result["flows"]}
    return {"nodes": result["nodes"], "flows": flows}


@pytest.mark.parametrize("name", NAMES)
def test_editing_the_drawing_leaves_all_figures_alone(name: str) -> None:
    renamed = json.loads(data(name))
    for one in renamed["nodes"]:
        one["label"] = f"Renamed {one['id']}"
    renamed["layout"] = {one["id"]: {"x": 7, "y": 9} for one in renamed["nodes"]}
    assert by_name(run(name, renamed)) == by_name(json.loads(expected(name)))


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_nodes_does_not_matter(name: str) -> None:
    reordered = json.loads(data(name))
    reordered["nodes"].reverse()
    assert by_name(run(name, reordered)) == by_name(json.loads(expected(name)))


@pytest.mark.parametrize("name", NAMES)
def test_an_unrelated_part_leaves_all_others_alone(name: str) -> None:
    before = by_name(json.loads(expected(name)))
    more = json.loads(data(name))
    more["nodes"].insert(0, node("unrelated-source", "producer", arrivals={"process": "poisson", "rate": 20}))
    more["nodes"].insert(1, node("unrelated-line", "queue"))
    more["nodes"].append(node("unrelated-worker", "consumer", service_time=0.06))  # it cannot keep up
    more["edges"].insert(0, {"id": "un-1", "from": "unrelated-source", "to": "unrelated-line"})
    more["edges"].append({"id": "un-2", "from": "unrelated-line", "to": "unrelated-worker"})
    after = by_name(run(name, more))
    for place in ("nodes", "flows"):
        assert {key: after[place][key] for key in before[place]} == before[place]
