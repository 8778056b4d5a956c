"""Comparisons: paired differences that hold the truth, verdicts, refusals, and a stop."""

from __future__ import annotations

import csv
import io
import json
import re
from math import sqrt
from typing import Any

import numpy as np
import pytest

from simulator import Document, InvalidDesign
from simulator.experiments.compare import Alternative, compare
from simulator.experiments.plan import Cancelled
from simulator.report.alternatives_table import comparison_csv, comparison_table
from simulator.report.pairs import more_runs_to_judge
from simulator.theory.markovian import mmc
from tests.simulator.designs import design, node

RATE, MEAN = 70.0, 0.02


def two_servers(dispatch: str = "shared", *, servers: int = 2, rate: float = RATE, **rest: Any) -> Document:
    """Two exponential servers at a utilization of 0.7, with one line or one for each."""
    return design(
        [
            node("source", "producer", arrivals={"process": "poisson", "rate": rate}),
            node("line", "queue", dispatch=dispatch),
            node(
                "worker",
                "consumer",
                instances=servers,
                service_time={"distribution": "exponential", "mean": MEAN},
            ),
        ],
        ["source->line", "line->worker"],
        simulation={"duration": 60, "warmup": 6},
        **rest,
    )


def measure(comparison: dict[str, Any], metric: str) -> dict[str, Any]:
    return next(row for row in comparison["flows"][0]["measures"] if row["metric"] == metric)


@pytest.fixture(scope="module")
def dispatches() -> dict[str, Any]:
    alternatives = [Alternative(name, two_servers(name)) for name in ("shared", "round-robin", "random")]
    return compare(alternatives, replications=10, duration=60, warmup=6)


def test_differences_of_dispatch_rules_hold_the_closed_forms(dispatches: dict[str, Any]) -> None:
    # Shared: M/M/2. Random: two M/M/1 under half the load. Round robin: two E2/M/1, whose sigma solves
    # sigma = (35*2/(35*2 + 50(1-sigma)))^2 (Gross et al. 2008, 5.3).
    sigma = 0.5
    for _ in range(200):
        sigma = (RATE / (RATE + (1.0 - sigma) / MEAN)) ** 2
    shared = mmc(RATE, MEAN, 2).sojourn_time
    assert shared is not None
    truth = {
        "random": 1.0 / (1.0 / MEAN - RATE / 2.0) - shared,
        "round-robin": MEAN / (1.0 - sigma) - shared,
    }
    found = measure(dispatches, "end_to_end_latency.mean")["differences"]
    for name, value in truth.items():
        # 1.7 half-widths at 97.5 % with 9 degrees of freedom are an interval of 99.8 %.
        low, high = found[name]["interval"]
        assert abs(value - found[name]["mean"]) <= 1.7 * (high - low) / 2.0
        assert found[name]["verdict"] == "higher"
        assert found[name]["level"] == pytest.approx(0.975)  # Bonferroni for two differences


def test_pairing_narrows_the_interval(dispatches: dict[str, Any]) -> None:
    alternatives = [Alternative(name, two_servers(name)) for name in ("shared", "round-robin", "random")]
    apart = compare(alternatives, replications=10, duration=60, warmup=6, is_paired=False)

    def width(found: dict[str, Any]) -> float:
        low, high = measure(found, "end_to_end_latency.mean")["differences"]["round-robin"]["interval"]
        return high - low

    assert width(apart) > 1.5 * width(dispatches)


def test_the_best_is_selected_with_a_stated_probability(dispatches: dict[str, Any]) -> None:
    best = dispatches["best"]
    assert (best["alternative"], best["decided"], best["probability"]) == ("shared", True, 0.95)
    assert re.search(r"shared is the best, or within [0-9.]+ (µs|ms|s) of it, with", best["statement"])
    assert dispatches["decided"]
    assert dispatches["stopped"] is None


def test_the_same_design_twice_differs_in_nothing() -> None:
    found = compare([Alternative("one", two_servers()), Alternative("two", two_servers())], replications=3)
    for row in found["flows"][0]["measures"]:
        assert row["differences"]["two"]["mean"] == 0.0
        assert row["differences"]["two"]["verdict"] == "equal"


def test_equal_designs_with_random_numbers_apart_are_not_distinguishable() -> None:
    found = compare(
        [Alternative("one", two_servers()), Alternative("two", two_servers())],
        replications=10,
        is_paired=False,
        seed=3,
    )
    row = measure(found, "end_to_end_latency.mean")["differences"]["two"]
    assert row["verdict"] == "not distinguishable"
    assert row["interval"][0] < 0.0 < row["interval"][1]
    assert row["more_runs"] is None or row["more_runs"] > 0
    assert "ot distinguishable" in comparison_table(found)


@pytest.mark.parametrize(
    ("stated", "value", "ci95", "more"),
    [
        # Twice as far from the limit as the half-width needs a quarter of the runs: there are enough.
        ({"below": 2.0}, 1.0, (0.5, 1.5), 1),
        # Half as far: four times as many (Law 2015, section 10.2.1), so 30 more than the ten there are.
        ({"below": 2.0}, 1.5, (0.5, 2.5), 30),
        ({"above": 2.0}, 2.5, (1.5, 3.5), 30),
        ({"below": 2.0}, 2.0, (1.0, 3.0), None),
        ({"below": 2.0}, 1.999, (1.0, 3.0), None),
        ({"equals": 0.0}, 1.0, (0.0, 2.0), None),
    ],
)
def test_an_open_objective_says_about_how_many_more_runs_decide_it(
    stated: dict[str, float], value: float, ci95: tuple[float, float], more: int | None
) -> None:
    assert more_runs_to_judge(stated, value, ci95, 10) == more


def test_what_is_known_is_told_before_a_round_is_over() -> None:
    told: list[dict[str, Any]] = []
    alternatives = [Alternative("two", two_servers()), Alternative("three", two_servers(servers=3))]
    found = compare(alternatives, replications=10, duration=10, on_partial=told.append)
    assert [one["replications"] for one in told] == [2, 5]
    two = compare(alternatives, replications=2, duration=10)
    assert told[0]["flows"] == two["flows"]
    assert compare(alternatives, replications=10, duration=10) == found


def test_arrivals_are_the_same_in_every_alternative(dispatches: dict[str, Any]) -> None:
    sent = {one["result"]["messages"] for one in dispatches["alternatives"]}
    assert len(sent) == 1


def test_an_alternative_without_steady_state_is_named_and_the_others_are_compared() -> None:
    found = compare(
        [
            Alternative("two", two_servers(servers=2)),
            Alternative("one", two_servers(servers=1)),
            Alternative("three", two_servers(servers=3)),
        ],
        replications=10,
    )
    by_name = {one["name"]: one for one in found["alternatives"]}
    assert {name: one["status"] for name, one in by_name.items()} == {
        "two": "ok",
        "one": "unstable",
        "three": "ok",
    }
    assert "grows" in by_name["one"]["statement"]
    differences = measure(found, "end_to_end_latency.mean")["differences"]
    assert differences["one"]["verdict"] == "unstable"
    assert differences["three"]["verdict"] == "lower"
    assert found["best"]["alternative"] == "three"


def test_an_alternative_whose_runs_end_early_leaves_the_others_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simulator.experiments.replication.LOOP_EVENTS", 5_000)
    loop = two_servers().to_data()
    loop["nodes"].append({"id": "echo", "kind": "queue"})
    loop["nodes"].append({"id": "again", "kind": "consumer", "config": {"service_time": 0}})
    loop["edges"] += [
        {"id": "e7", "from": "worker", "to": "echo"},
        {"id": "e8", "from": "echo", "to": "again"},
        {
            "id": "e9",
            "from": "again",
            "to": "echo",
            "config": {"delay": {"distribution": "uniform", "low": 0, "high": 1e-300}},
        },
    ]
    found = compare(
        [
            Alternative("plain", two_servers()),
            Alternative("loop", Document.parse(loop)),
            Alternative("also", two_servers("random")),
        ],
        replications=4,
        duration=20,
        warmup=1,
    )
    by_name = {one["name"]: one for one in found["alternatives"]}
    assert by_name["loop"]["status"] == "failed"
    assert "without time passing" in by_name["loop"]["statement"]
    assert list(measure(found, "delivered")["values"]) == ["plain", "also"]


def test_objectives_are_judged_in_every_alternative_and_stop_the_replications() -> None:
    objectives = [{"metric": "end_to_end_latency.p95", "from": "source", "to": "worker", "below": 0.15}]
    found = compare(
        [
            Alternative("shared", two_servers(objectives=objectives)),
            Alternative("random", two_servers("random", objectives=objectives)),
        ],
        replications=40,
    )
    judged = found["objectives"][0]["judged"]
    assert judged["shared"]["verdict"] == "met"
    assert judged["random"]["verdict"] == "missed"
    assert found["replications"] < 40
    assert "missed" in comparison_table(found)


def test_a_spent_budget_is_said() -> None:
    objectives = [{"metric": "end_to_end_latency.mean", "from": "source", "to": "worker", "below": 0.0392}]
    document = two_servers(objectives=objectives)
    found = compare([Alternative("a", document), Alternative("b", document)], replications=4, first=2)
    assert "budget is spent" in found["stopped"]
    assert found["replications"] == 4
    assert not found["decided"]


def test_the_comparison_does_not_depend_on_the_number_of_processes() -> None:
    alternatives = [Alternative(name, two_servers(name)) for name in ("shared", "random")]
    alone = compare(alternatives, replications=4, duration=20, warmup=2)
    together = compare(alternatives, replications=4, duration=20, warmup=2, jobs=2)
    assert json.dumps(alone) == json.dumps(together)


def test_a_stop_keeps_what_all_alternatives_have() -> None:
    asked = 0

    def is_stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 450

    alternatives = [Alternative(name, two_servers(name)) for name in ("shared", "random")]
    found = compare(alternatives, replications=40, duration=30, warmup=3, is_stopped=is_stopped)
    assert found["stopped"] == "cancelled"
    assert 0 < found["replications"] < 10
    with pytest.raises(Cancelled):
        compare(alternatives, is_stopped=lambda: True)


def test_partial_results_come_after_every_round_and_in_the_middle_of_it() -> None:
    partial: list[int] = []
    document = two_servers()
    compare(
        [Alternative("a", document), Alternative("b", two_servers("round-robin"))],
        replications=6,
        first=2,
        duration=20,
        warmup=2,
        on_partial=lambda found: partial.append(found["replications"]),
    )
    assert partial == [1, 2, 3, 4, 5]  # after the rounds of 2 and 4, and in the middle of every round


def test_what_cannot_be_compared_is_refused() -> None:
    other = two_servers().to_data()
    other["nodes"][2]["id"] = other["edges"][1]["to"] = "someone-else"
    with pytest.raises(InvalidDesign, match="no flow in common"):
        compare([Alternative("a", two_servers()), Alternative("b", Document.parse(other))])
    with pytest.raises(InvalidDesign, match="2 to 50 alternatives"):
        compare([Alternative("a", two_servers())])
    with pytest.raises(InvalidDesign, match="two alternatives are called"):
        compare([Alternative("a", two_servers()), Alternative("a", two_servers())])
    with pytest.raises(InvalidDesign, match="no measure"):
        compare([Alternative("a", two_servers()), Alternative("b", two_servers())], rank_by="waiting_time.p3")


def test_a_different_load_is_remarked() -> None:
    found = compare(
        [Alternative("a", two_servers()), Alternative("b", two_servers(rate=50))],
        replications=2,
        duration=20,
        warmup=2,
    )
    assert any("same load" in text for text in found["remarks"])


def test_csv_has_a_row_for_every_flow_measure_and_alternative(dispatches: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(comparison_csv(dispatches))))
    assert len(rows) == 3 * len(dispatches["flows"][0]["measures"])
    row = next(
        row for row in rows if row["metric"] == "end_to_end_latency.p95" and row["alternative"] == "random"
    )
    assert float(row["difference_low"]) > 0.0
    assert row["verdict"] == "higher"


def test_charts_have_distributions_and_a_band_over_time(dispatches: dict[str, Any]) -> None:
    curve = dispatches["charts"]["distributions"][0]["curves"]["shared"]
    shares = [share for _, share in curve]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(curve) <= 170
    # P(sojourn <= median) is a half.
    median = measure(dispatches, "end_to_end_latency.p50")["values"]["shared"]["mean"]
    assert np.interp(median, [x for x, _ in curve], shares) == pytest.approx(0.5, abs=0.03)
    band = dispatches["charts"]["in_system"]["shared"]
    assert len(band["t"]) == len(band["mean"]) == len(band["ci95"])
    middle = float(np.mean(band["mean"][10:]))
    assert middle == pytest.approx(mmc(RATE, MEAN, 2).in_system, rel=5 * 0.1 / sqrt(10))
