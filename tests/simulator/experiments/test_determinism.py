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
from tests.simulator.designs import node

#: Simulated seconds of a replication: enough for redeliveries, faults and batches to happen.
DURATION = 30.0
DESIGNS = {template.slug: template.document for template in templates()}
NAMES = sorted(DESIGNS)
FRESH = """
import hashlib, json, sys
from simulator import Document, simulate
result = simulate(Document.parse(json.load(sys.stdin)), duration=30.0, replications=2)
print(hashlib.sha256(json.dumps(result).encode()).hexdigest())
"""


@cache
def data(name: str) -> str:
    return json.dumps(DESIGNS[name])


def digest(document: dict[str, Any], **options: Any) -> str:
    result = simulate(Document.parse(document), duration=DURATION, replications=2, **options)
    return hashlib.sha256(json.dumps(result).encode()).hexdigest()


@cache
def expected(name: str) -> str:
    return digest(json.loads(data(name)))


@pytest.mark.parametrize("name", NAMES)
def test_twice_in_one_process_with_frames_and_without(name: str) -> None:
    frames: list[Any] = []
    assert digest(json.loads(data(name))) == expected(name)
    assert digest(json.loads(data(name)), on_frame=frames.append) == expected(name)
    assert frames


@pytest.mark.parametrize("name", NAMES)
def test_in_a_fresh_process_with_another_hash_seed(name: str) -> None:
    for seed in ("1", "271828"):
        done = subprocess.run(
            [sys.executable, "-c", FRESH],
            input=data(name),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == expected(name)


def test_in_a_spawned_worker() -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = pool.map(digest, [json.loads(data(name)) for name in NAMES])
        assert dict(zip(NAMES, found, strict=True)) == {name: expected(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_with_two_processes(name: str) -> None:
    assert digest(json.loads(data(name)), jobs=2) == expected(name)


@pytest.mark.parametrize("name", NAMES)
def test_through_export_and_import(name: str) -> None:
    again = Document.from_text(json.dumps(Document.parse(json.loads(data(name))).to_data()))
    assert digest(again.to_data()) == expected(name)


def nodes_and_flows(document: dict[str, Any]) -> dict[str, Any]:
    result = simulate(Document.parse(document), duration=DURATION, replications=2)
    flows = {f"{flow['from']} {flow['to']}": flow for flow in result["flows"]}
    return {"nodes": dict(sorted(result["nodes"].items())), "flows": dict(sorted(flows.items()))}


@pytest.mark.parametrize("name", NAMES)
def test_editing_the_drawing_leaves_all_figures_alone(name: str) -> None:
    plain = json.loads(data(name))
    before = nodes_and_flows(plain)
    renamed = json.loads(data(name))
    for one in renamed["nodes"]:
        one["label"] = f"Renamed {one['id']}"
    renamed["layout"] = {one["id"]: {"x": 7, "y": 9} for one in renamed["nodes"]}
    assert nodes_and_flows(renamed) == before


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_nodes_does_not_matter(name: str) -> None:
    reordered = json.loads(data(name))
    reordered["nodes"].reverse()
    assert nodes_and_flows(reordered) == nodes_and_flows(json.loads(data(name)))


@pytest.mark.parametrize("name", NAMES)
def test_an_unrelated_part_leaves_all_others_alone(name: str) -> None:
    before = nodes_and_flows(json.loads(data(name)))
    more = json.loads(data(name))
    more["nodes"].insert(0, node("unrelated-source", "producer", arrivals={"process": "poisson", "rate": 20}))
    more["nodes"].insert(1, node("unrelated-line", "queue"))
    more["nodes"].append(node("unrelated-worker", "consumer", service_time=0.06))  # it cannot keep up
    more["edges"].insert(0, {"id": "un-1", "from": "unrelated-source", "to": "unrelated-line"})
    more["edges"].append({"id": "un-2", "from": "unrelated-line", "to": "unrelated-worker"})
    after = nodes_and_flows(more)
    for place in ("nodes", "flows"):
        assert {key: after[place][key] for key in before[place]} == before[place]
