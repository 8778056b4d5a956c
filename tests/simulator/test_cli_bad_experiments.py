"""Experiments that cannot be made: a sentence each, exit code 2, nothing printed and nothing saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.cli import main

DESIGN = """format: headrace/1
name: shop
simulation: {duration: 12, warmup: 2}
nodes:
  - {id: web, kind: producer, config: {arrivals: {process: poisson, rate: 20}}}
  - {id: orders, kind: aws.sqs, config: {ReceiveMessageWaitTimeSeconds: 20}}
  - {id: billing, kind: consumer, config: {service_time: 0.02}}
edges:
  - {id: e, from: web, to: orders}
  - {id: f, from: orders, to: billing}
"""
OBJECTIVE = "objectives: [{metric: waiting_time.p95, node: orders, below: 1}]\n"
RATE, INSTANCES = "nodes.web.config.arrivals.rate", "nodes.billing.config.instances"

#: What is wrong, the words of the command, and what is said. FILES stand beside the design.
FILES = {
    "other.yaml": DESIGN.replace("billing", "someone-else"),
    "met.yaml": DESIGN + OBJECTIVE,
    "free.yaml": DESIGN.replace("aws.sqs, config: {ReceiveMessageWaitTimeSeconds: 20}", "queue") + OBJECTIVE,
    "negative.yaml": "format: headrace-prices/1\nlines: {machine.m7g.large: -1}\n",
    "broken.yaml": "lines: [",
}
BAD = [
    ("alternatives without a common flow", ["compare", "design.yaml", "other.yaml"], "no flow in common"),
    ("the same flow is given twice", ["compare", "design.yaml"], "nothing to compare with"),
    (
        "a swap to what there is no mapping to",
        ["compare", "design.yaml", "--swap", "orders=consumer"],
        "no mapping",
    ),
    ("a swap to no kind", ["compare", "design.yaml", "--swap", "orders=teapot"], "no mapping"),
    ("a swap of what is no broker", ["compare", "design.yaml", "--swap", "billing=queue"], "not a broker"),
    ("a swap of nothing", ["compare", "design.yaml", "--swap", "nobody=queue"], "no node 'nobody'"),
    ("a variant that is none", ["compare", "design.yaml", "--swap", "orders=kafka.topic:many"], "partitions"),
    ("an empty range", ["sweep", "design.yaml", "--vary", f"{INSTANCES}=8:1"], "empty range"),
    ("no range", ["sweep", "design.yaml", "--vary", INSTANCES], "names no range"),
    (
        "a million points",
        ["sweep", "design.yaml", "--vary", f"{INSTANCES}=1:1000", "--vary", f"{RATE}=1:1000:1"],
        "1,000,000 points",
    ),
    ("a million values", ["sweep", "design.yaml", "--vary", f"{RATE}=1:1000000:1"], "1,000,000 values"),
    ("a point that cannot be", ["sweep", "design.yaml", "--vary", f"{INSTANCES}=0:3"], "cannot be run"),
    ("a capacity without objectives", ["capacity", "design.yaml", "--node", "web"], "no objectives"),
    ("a capacity of nothing", ["capacity", "met.yaml", "--node", "orders"], "no producer"),
    (
        "an empty range to search",
        ["capacity", "met.yaml", "--node", "web", "--low", "9", "--high", "3"],
        "nothing between 9 and 3",
    ),
    (
        "the cheapest of what has no price",
        ["cheapest", "free.yaml", "--vary", f"{INSTANCES}=1:2"],
        "nothing in the design has a price",
    ),
    (
        "the cheapest of 10,000",
        ["cheapest", "met.yaml", "--vary", f"{INSTANCES}=1:100", "--vary", f"{RATE}=1:100:1"],
        "10,000 configurations",
    ),
    ("nothing assumed", ["sensitivity", "free.yaml"], "nothing in the design is assumed"),
    ("an empty range of trust", ["sensitivity", "met.yaml", "--over", f"{RATE}=9..3"], "empty range"),
    (
        "prices that are none",
        ["simulate", "design.yaml", "--prices", "negative.yaml"],
        "negative.yaml: lines",
    ),
    ("prices that cannot be read", ["simulate", "design.yaml", "--prices", "broken.yaml"], "line"),
    ("prices that are not there", ["simulate", "design.yaml", "--prices", "none.yaml"], "no such file"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {"design.yaml": DESIGN, **FILES}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(("words", "said"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_an_experiment_that_cannot_be_made_is_refused_and_nothing_is_saved(
    words: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--output", "result.json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err
    assert "Traceback" not in printed.err
    assert sorted(one.name for one in folder.iterdir()) == sorted(["design.yaml", *FILES])


def test_an_unstable_alternative_is_named_and_the_others_are_compared(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", "design.yaml", "--replications", "3", "--duration", "60"]
    service = "nodes.billing.config.service_time.value"
    assert main([*words, "--set", f"{service}=0.2", "--set", f"{service}=0.03", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    status = {one["name"]: one["status"] for one in found["alternatives"]}
    assert status == {"as drawn": "ok", f"{service}=0.2": "unstable", f"{service}=0.03": "ok"}
    latency = next(row for row in found["flows"][0]["measures"] if row["metric"] == "end_to_end_latency.mean")
    assert latency["differences"][f"{service}=0.03"]["verdict"] == "higher"


def test_a_kind_without_a_price_is_said_in_the_table(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "design.yaml"]) == 0
    assert "no price for billing: instances without an Instance type" in capsys.readouterr().out
    (folder / "euro.yaml").write_text("format: headrace-prices/1\ncurrency: EUR\n")
    assert main(["simulate", "design.yaml", "--prices", "euro.yaml", "--json"]) == 0
    cost = json.loads(capsys.readouterr().out)["cost"]
    assert cost["per_month"] is None
    assert "no line aws.sqs.standard.requests" in cost["unpriced"][0]["statement"]
