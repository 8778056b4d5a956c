"""Calls with a policy: exact times of every rule, and what becomes of work that nobody waits for."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, simulate
from simulator.design.calls import CircuitBreakerSettings, RetryBudgetSettings, RetrySettings
from simulator.engine.calls.breaker import BreakerState, CircuitBreaker
from simulator.engine.calls.retry import RetryBudget, back_off


def run(
    times: list[float],
    call: dict[str, Any],
    service: dict[str, Any] | None = None,
    *,
    spare: dict[str, Any] | None = None,
    faults: list[dict[str, Any]] | None = None,
    duration: float = 100.0,
) -> dict[str, Any]:
    """A client that calls `back` through `front` (no time of its own) at some times."""
    nodes: list[dict[str, Any]] = [
        {"id": "client", "kind": "producer", "config": {"arrivals": {"process": "trace", "times": times}}},
        {"id": "front", "kind": "service", "config": {"concurrency": 100, "service_time": 0}},
        {"id": "back", "kind": "service", "config": {"concurrency": 1, "service_time": 1, **(service or {})}},
    ]
    edges = [
        {"id": "in", "from": "client", "to": "front"},
        {"id": "call", "from": "front", "to": "back", "config": call},
    ]
    if spare is not None:
        nodes.append({"id": "spare", "kind": "service", "config": {"concurrency": 1, **spare}})
        edges.append({"id": "instead", "from": "front", "to": "spare"})
    document = {
        "format": "headrace/1",
        "name": "Calls",
        "nodes": nodes,
        "edges": edges,
        "faults": faults or [],
        "simulation": {"duration": duration, "warmup": 0},
    }
    result: dict[str, Any] = simulate(Document.parse(document))
    assert result["conservation"]["ok"]
    return result


def counts(result: dict[str, Any], edge: str = "call") -> dict[str, int]:
    return {
        name: int(value["mean"])
        for name, value in result["edges"][edge].items()
        if name != "throughput" and value["mean"]
    }


def latency(result: dict[str, Any]) -> dict[str, float]:
    flow = result["flows"][0]
    assert flow["to"] == "front"
    return {
        "delivered": flow["delivered"]["mean"],
        "lost": flow["lost"]["mean"],
        "max": flow["end_to_end_latency"]["max"]["mean"] if flow["delivered"]["mean"] else 0.0,
    }


NO_JITTER = {"jitter": "none"}

#: Calls at, settings of the edge, settings of the service, what is counted, delivered, lost, longest latency.
RULES: dict[str, tuple[Any, ...]] = {
    # An answer in the instant of the time limit was scheduled later than the limit: too late.
    "in time": ([0.0], {"timeout": 1.5}, {}, {"calls": 1, "calls_ok": 1, "total": 1}, 1, 0, 1.0),
    "too late": (
        [0.0],
        {"timeout": 0.5},
        {},
        {"calls": 1, "call_timeouts": 1, "late_answers": 1, "total": 1},
        0,
        1,
        0.0,
    ),
    # Attempts at 0 and 0.5 + 0.1; the single worker answers the first at 1 (late), the second at 2 (late, its
    # limit was 1.1), the third begins at 1.1 + 0.2 and would be answered at 3 (limit 1.8).
    "retries pile up": (
        [0.0],
        {"timeout": 0.5, "retry": NO_JITTER},
        {},
        {"calls": 1, "call_timeouts": 3, "late_answers": 3, "retries": 2, "total": 3},
        0,
        1,
        0.0,
    ),
    "errors are tried three times": (
        [0.0],
        {"retry": NO_JITTER},
        {"failure": {"probability": 1}},
        {"calls": 1, "call_errors": 3, "retries": 2, "total": 3},
        0,
        1,
        0.0,
    ),
    "timeouts alone are tried again": (
        [0.0],
        {"retry": {"on": ["timeout"]}},
        {"failure": {"probability": 1}},
        {"calls": 1, "call_errors": 1, "total": 1},
        0,
        1,
        0.0,
    ),
    # The first takes the only place until 1, the second is refused at once.
    "bulkhead": (
        [0.0, 0.5],
        {"bulkhead": {"maxConcurrentCalls": 1}},
        {},
        {"calls": 2, "calls_ok": 1, "bulkhead_full": 1, "total": 1},
        1,
        1,
        1.0,
    ),
    "bulkhead with a wait": (
        [0.0, 0.5],
        {"bulkhead": {"maxConcurrentCalls": 1, "maxWaitDuration": 600}},
        {},
        {"calls": 2, "calls_ok": 2, "total": 2},
        2,
        0,
        1.5,
    ),
    # The third would get its connection at 2, and gives up at 0.2 + 1.5.
    "connections": (
        [0.0, 0.1, 0.2],
        {"connections": {"size": 1, "max_wait": 1.5}},
        {},
        {"calls": 3, "calls_ok": 2, "pool_timeouts": 1, "total": 2},
        2,
        1,
        1.9,
    ),
    # A connection whose call has timed out is closed, hence free, while the service still works.
    "a timeout frees its connection": (
        [0.0, 0.1],
        {"timeout": 0.5, "connections": {"size": 1, "max_wait": 10}},
        {},
        {"calls": 2, "call_timeouts": 2, "late_answers": 2, "total": 2},
        0,
        2,
        0.0,
    ),
    "a default in the place of the answer": (
        [0.0],
        {"timeout": 0.5, "fallback": {"time": 0.25}},
        {},
        {"calls": 1, "call_timeouts": 1, "late_answers": 1, "fallbacks": 1, "total": 1},
        1,
        0,
        0.75,
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_call_is_made_as_its_policy_says(rule: str):
    times, call, service, expected, delivered, lost, longest = RULES[rule]
    result = run(times, call, service)
    assert counts(result) == expected
    assert latency(result) == {"delivered": delivered, "lost": lost, "max": pytest.approx(longest)}


def test_another_edge_takes_the_place_of_a_call_and_is_not_called_otherwise():
    result = run([0.0, 10.0], {"timeout": 0.5, "fallback": {"edge": "instead"}}, spare={"service_time": 2})
    assert counts(result)["fallbacks"] == 2
    assert counts(result, "instead") == {"total": 2}
    assert latency(result) == {"delivered": 2, "lost": 0, "max": pytest.approx(2.5)}
    healthy = run([0.0, 10.0], {"timeout": 1.5, "fallback": {"edge": "instead"}}, spare={"service_time": 2})
    assert counts(healthy, "instead") == {}


def test_a_second_attempt_may_succeed():
    outage = [{"kind": "outage", "node": "back", "at": 0, "duration": 0.3}]
    result = run([0.0], {"retry": {"wait": 0.4, **NO_JITTER}}, faults=outage)
    assert counts(result) == {"calls": 1, "calls_ok": 1, "call_errors": 1, "retries": 1, "total": 2}
    assert latency(result) == {"delivered": 1, "lost": 0, "max": pytest.approx(1.4)}


def test_late_work_is_work_of_the_callee():
    result = run([0.0, 10.0], {"timeout": 0.5, "retry": {"max_attempts": 2, **NO_JITTER}}, duration=20.0)
    assert result["nodes"]["back"]["utilization"]["mean"] == pytest.approx(4 / 20)
    assert result["nodes"]["front"]["dropped"]["mean"] == 2
    assert result["nodes"]["back"]["dropped"]["mean"] == 0


def test_work_that_is_done_twice_publishes_a_duplicate():
    """The first attempt is answered late, the second in time: both have been worked on."""
    document = {
        "format": "headrace/1",
        "name": "Twice",
        "nodes": [
            {"id": "client", "kind": "producer", "config": {"arrivals": {"process": "trace", "times": [0]}}},
            {
                "id": "back",
                "kind": "service",
                "config": {"concurrency": 1, "service_time": 1},
            },
            {"id": "line", "kind": "queue"},
            {"id": "ledger", "kind": "consumer", "config": {"service_time": 0.001}},
        ],
        "edges": [
            {
                "id": "call",
                "from": "client",
                "to": "back",
                "config": {"timeout": 0.9, "retry": {"wait": 0.2, **NO_JITTER}},
            },
            {"id": "events", "from": "back", "to": "line"},
            {"id": "read", "from": "line", "to": "ledger"},
        ],
        "simulation": {"duration": 20, "warmup": 0},
    }
    result = simulate(Document.parse(document))
    assert result["conservation"]["ok"]
    # Attempts at 0, 1.1 and 2.4 are done at 1, 2.1 and 3.4: each 0.1 s after its limit.
    assert counts(result)["late_answers"] == 3
    flows = {flow["to"]: flow for flow in result["flows"]}
    assert flows["ledger"]["delivered"]["mean"] == 1
    assert flows["ledger"]["duplicates"]["mean"] == 2
    assert flows["back"]["lost"]["mean"] == 1


#: Resilience4j user guide, CircuitBreaker: outcomes in a window of four, f failed, s slow, . good.
WINDOWS = {
    "...f": BreakerState.CLOSED,
    "ff": BreakerState.CLOSED,  # two of minimumNumberOfCalls 4
    "f.f.": BreakerState.OPEN,  # equal to the threshold is enough
    "f...f.": BreakerState.CLOSED,  # the first has left the window
    "ssss": BreakerState.OPEN,
    "sss.": BreakerState.CLOSED,
}


@pytest.mark.parametrize("outcomes", WINDOWS)
def test_a_breaker_opens_when_its_window_says_so(outcomes: str):
    breaker = CircuitBreaker(
        CircuitBreakerSettings.model_validate(
            {"slidingWindowSize": 4, "minimumNumberOfCalls": 100, "slowCallDurationThreshold": 500}
        ),
        lambda _state, _reason: None,
    )
    for outcome in outcomes:
        assert breaker.permits(0.0)
        breaker.record(0.0, 0.6 if outcome == "s" else 0.1, failed=outcome == "f")
    assert breaker.state is WINDOWS[outcomes]


def test_a_window_of_seconds_forgets_by_the_second():
    breaker = CircuitBreaker(
        CircuitBreakerSettings.model_validate(
            {"slidingWindowType": "TIME_BASED", "slidingWindowSize": 2, "minimumNumberOfCalls": 2}
        ),
        lambda _state, _reason: None,
    )
    breaker.record(0.9, 0.1, failed=True)
    breaker.record(2.0, 0.1, failed=False)  # the window holds the seconds 1 and 2
    assert breaker.failure_rate() is None
    breaker.record(2.1, 0.1, failed=True)
    assert breaker.state is BreakerState.OPEN


@pytest.mark.parametrize(
    ("probes", "state"),
    [("..", BreakerState.CLOSED), (".f", BreakerState.OPEN), ("ff", BreakerState.OPEN)],
)
def test_some_calls_decide_whether_an_open_breaker_closes(probes: str, state: BreakerState):
    seen: list[str] = []
    breaker = CircuitBreaker(
        CircuitBreakerSettings.model_validate(
            {
                "slidingWindowSize": 4,
                "waitDurationInOpenState": 10_000,
                "permittedNumberOfCallsInHalfOpenState": 2,
            }
        ),
        lambda changed, _reason: seen.append(changed.value),
    )
    for _ in range(4):
        breaker.record(1.0, 0.1, failed=True)
    assert [breaker.permits(now) for now in (1.0, 10.9, 11.0, 11.0, 11.0)] == [
        False,
        False,
        True,
        True,
        False,
    ]
    for probe in probes:
        breaker.record(12.0, 0.1, failed=probe == "f")
    assert breaker.state is state
    assert seen == ["open", "half-open", state.value]


def test_the_breaker_spares_a_service_that_is_out_and_lets_calls_pass_after_it():
    call = {
        "circuit_breaker": {
            "slidingWindowSize": 4,
            "minimumNumberOfCalls": 4,
            "waitDurationInOpenState": 10_000,
            "permittedNumberOfCallsInHalfOpenState": 1,
        }
    }
    # Out from 9.5 to 25: the calls of 10 to 13 are refused by the service, those of 14 to 22 by the breaker;
    # that of 23 is a probe and fails, those of 24 to 32 are refused, that of 33 closes the breaker.
    outage = [{"kind": "outage", "node": "back", "at": 9.5, "duration": 15.5}]
    result = run([float(second) for second in range(10, 40)], call, {"service_time": 0.1}, faults=outage)
    assert counts(result) == {
        "calls": 30,
        "calls_ok": 7,
        "call_errors": 5,
        "breaker_rejects": 18,
        "breaker_opened": 2,
        "total": 12,
    }


def test_a_budget_holds_the_retries_to_their_share():
    budget = RetryBudget(RetryBudgetSettings(ratio=0.1, burst=2))
    assert [budget.take() for _ in range(3)] == [True, True, False]
    taken = 0
    for _ in range(1000):
        budget.call()
        taken += budget.take()
    assert taken == 100


@pytest.mark.parametrize(
    ("jitter", "waits"),
    [("none", [0.1, 0.2, 0.4, 0.5]), ("full", [0.05, 0.1, 0.2, 0.25]), ("equal", [0.075, 0.15, 0.3, 0.375])],
)
def test_waits_grow_to_the_longest(jitter: Any, waits: list[float]):
    """AWS Architecture Blog, Exponential Backoff And Jitter: with 0.5 for the random number."""
    settings = RetrySettings(max_wait=0.5, jitter=jitter)
    assert [back_off(settings, tries, lambda: 0.5) for tries in (1, 2, 3, 4)] == pytest.approx(waits)
