"""Fork/join: k of n, stragglers, timeouts, and the closed form for two M/M/1 branches."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, InvalidDesign, check, simulate
from tests.simulator.designs import at, design, node


def fork(times: list[Any], arrivals: dict[str, Any], **rest: Any) -> Document:
    """A topic forks to one consumer per service time; a join waits for them."""
    branches = range(len(times))
    join = rest.pop("join", {})
    return design(
        [
            node("p", "producer", arrivals=arrivals),
            node("fork", "topic"),
            *(node(f"c{number}", "consumer", service_time=times[number]) for number in branches),
            node("join", "join", **join),
            *rest.pop("more", []),
        ],
        [
            "p->fork",
            *(f"fork->c{number}" for number in branches),
            *(f"c{number}->join" for number in branches),
            *rest.pop("edges", []),
        ],
        **{"simulation": {"duration": 100, "warmup": 0}, **rest},
    )


def to_join(result: dict[str, Any]) -> dict[str, Any]:
    (flow,) = [flow for flow in result["flows"] if flow["to"] == "join"]
    return dict(flow)


@pytest.mark.parametrize(("k", "latency"), [(1, 1.0), (2, 2.0), (3, 5.0), (None, 5.0)])
def test_a_message_goes_on_when_k_of_its_copies_are_in(k: int | None, latency: float) -> None:
    result = simulate(fork([1.0, 2.0, 5.0], at(1, 20), join={} if k is None else {"k": k}))
    assert to_join(result)["end_to_end_latency"]["mean"]["mean"] == latency
    assert to_join(result)["delivered"]["mean"] == 2
    assert result["nodes"]["join"]["sojourn_time"]["mean"]["mean"] == latency - 1.0
    ledger = result["conservation"]["nodes"]["join"]
    needed = k or 3
    assert (ledger["accepted"], ledger["delivered"], ledger["absorbed"]) == (6, 2 * needed, 6 - 2 * needed)
    assert result["conservation"]["ok"]


def test_the_time_from_fork_to_join_of_two_exponential_branches_is_that_of_flatto_and_hahn() -> None:
    rate, mean = 40.0, 0.0125
    exponential = {"distribution": "exponential", "mean": mean}
    document = fork(
        [exponential, exponential],
        {"process": "poisson", "rate": rate},
        simulation={"duration": 1_000, "warmup": 100, "replications": 8},
    )
    result = simulate(document)
    latency = to_join(result)["end_to_end_latency"]["mean"]
    utilization = rate * mean
    expected = (12 - utilization) / 8 / (1 / mean - rate)
    assert latency["mean"] == pytest.approx(expected, rel=0.02)
    assert result["littles_law"]["join"]["relative_error"] < 0.001


def test_what_is_not_complete_in_time_is_given_up_and_counts_once_as_lost() -> None:
    result = simulate(fork([1.0, 200.0], at(1, 2), join={"timeout": 3}))
    node_figures = result["nodes"]["join"]
    assert node_figures["expired"]["mean"] == 2
    assert to_join(result)["lost"]["mean"] == 2
    assert to_join(result)["delivered"]["mean"] == 0
    assert result["conservation"]["ok"]


def test_a_straggler_within_one_more_timeout_is_still_known() -> None:
    result = simulate(fork([1.0, 5.5], at(1, 40), join={"timeout": 3}))
    ledger = result["conservation"]["nodes"]["join"]
    assert (ledger["accepted"], ledger["expired"], ledger["absorbed"], ledger["waiting"]) == (4, 2, 2, 0)
    assert to_join(result)["lost"]["mean"] == 2


def test_a_second_copy_on_one_input_is_absorbed() -> None:
    document = fork([1.0, 2.0], at(1, 20), edge_configs={"c0->join": {"duplication": 1}})
    result = simulate(document)
    assert result["nodes"]["join"]["duplicates"]["mean"] == 2
    assert to_join(result)["delivered"]["mean"] == 2
    assert result["conservation"]["ok"]


def test_a_joined_message_goes_on_once_and_keeps_its_time_of_creation() -> None:
    document = fork(
        [1.0, 2.0],
        at(1, 20),
        more=[node("q", "queue"), node("last", "consumer", service_time=0.5)],
        edges=["join->q", "q->last"],
    )
    result = simulate(document)
    ends = {flow["to"]: flow for flow in result["flows"]}
    assert set(ends) == {"c0", "c1", "last"}
    assert ends["last"]["delivered"]["mean"] == 2
    assert ends["last"]["end_to_end_latency"]["mean"]["mean"] == 2.5
    assert ends["last"]["duplicates"]["mean"] == 0


def test_a_closed_client_waits_for_the_joined_message() -> None:
    closed = {"process": "closed", "clients": 1, "think_time": 1}
    # think 1 s, then 4 s for the slower branch: one message every 5 s
    assert simulate(fork([1.0, 4.0], closed))["messages"] == 20


def test_copies_lost_on_the_way_are_not_lost_messages_of_a_quorum() -> None:
    document = fork(
        [0.1, 0.1, 0.1],
        {"process": "constant", "rate": 5},
        join={"k": 2, "timeout": 2},
        edge_configs={"c0->join": {"loss": 1.0}},
    )
    flow = to_join(simulate(document))
    assert flow["lost"]["mean"] == 0
    assert flow["delivered"]["mean"] >= 498


def test_a_join_says_when_it_can_never_be_complete() -> None:
    assert any(problem.code == "D303" for problem in check(fork([1.0, 2.0], at(1), join={"k": 3})))
    lossy = fork([1.0, 2.0], at(1), edge_configs={"c0->join": {"loss": 0.1}})
    assert any(problem.code == "D304" for problem in check(lossy))


def test_a_queue_does_not_lead_into_a_join() -> None:
    with pytest.raises(InvalidDesign) as refused:
        design([node("q", "queue"), node("j", "join")], ["q->j"])
    assert "put a consumer between" in refused.value.problems[0].hint
