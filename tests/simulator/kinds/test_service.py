"""Services with endpoints: exact times of every rule, closed forms, and what comes of retries under load."""

from __future__ import annotations

from math import log
from typing import Any

import pytest

from simulator import Document, InvalidDesign, check, simulate
from simulator.theory.markovian import mmc

Config = dict[str, Any]


def run(
    nodes: dict[str, Config],
    edges: list[tuple[str, str]] | None = None,
    *,
    times: list[float] | None = None,
    arrivals: Config | None = None,
    producer: Config | None = None,
    calls: dict[str, Config] | None = None,
    faults: list[Config] | None = None,
    duration: float = 100.0,
    seed: int = 1,
) -> dict[str, Any]:
    """A client that calls the first of some services; edges are called `from-to`."""
    return simulate(
        document_of(
            nodes,
            edges,
            times=times,
            arrivals=arrivals,
            producer=producer,
            calls=calls,
            faults=faults,
            duration=duration,
        ),
        seed=seed,
    )


def document_of(
    nodes: dict[str, Config],
    edges: list[tuple[str, str]] | None = None,
    *,
    times: list[float] | None = None,
    arrivals: Config | None = None,
    producer: Config | None = None,
    calls: dict[str, Config] | None = None,
    faults: list[Config] | None = None,
    duration: float = 100.0,
) -> Document:
    load = arrivals or {"process": "trace", "times": times or [0.0]}
    first = next(iter(nodes))
    drawn = [("client", first), *(edges or [])]
    return Document.parse(
        {
            "format": "headrace/1",
            "name": "Services",
            "nodes": [
                {"id": "client", "kind": "producer", "config": {"arrivals": load, **(producer or {})}},
                *({"id": id, "kind": "service", "config": config} for id, config in nodes.items()),
            ],
            "edges": [
                {
                    "id": f"{source}-{target}",
                    "from": source,
                    "to": target,
                    "config": (calls or {}).get(f"{source}-{target}", {}),
                }
                for source, target in drawn
            ],
            "faults": faults or [],
            "simulation": {"duration": duration, "warmup": 0},
        }
    )


def ends(result: dict[str, Any]) -> list[float]:
    """Mean and maximum of the latency of the client's flow."""
    assert result["conservation"]["ok"]
    latency = result["flows"][0]["end_to_end_latency"]
    return [latency["mean"]["mean"], latency["max"]["mean"]]


def endpoint(*steps: Config, name: str = "get", **more: Any) -> Config:
    return {"name": name, "steps": list(steps), **more}


def cpu(time: float) -> Config:
    return {"step": "cpu", "time": time}


def io(time: float) -> Config:
    return {"step": "io", "time": time}


def call(*to: str, **more: Any) -> Config:
    return {"step": "call", "to": list(to), **more}


def served(time: float, concurrency: int = 10) -> Config:
    return {"concurrency": concurrency, "service_time": time}


#: Settings, arrivals, mean and longest sojourn time.
POOLS: dict[str, tuple[Config, list[float], float, float]] = {
    # One thread: the second waits for the whole of the first.
    "an io step holds its thread": (
        {"concurrency": 1, "endpoints": [endpoint(cpu(1), io(2))]},
        [0, 0],
        4.5,
        6.0,
    ),
    # Asynchronous: the first is on the thread from 0 to 1, the second from 1 to 2; their io ends at 3 and 4.
    "an asynchronous io step gives it back": (
        {"concurrency": 1, "asynchronous": True, "endpoints": [endpoint(cpu(1), io(2))]},
        [0, 0],
        3.5,
        4.0,
    ),
    # The first comes back at 2 and finds the second on the only thread until 2.5.
    "who comes back goes to the end of the line": (
        {"concurrency": 1, "asynchronous": True, "endpoints": [endpoint(cpu(1), io(1), cpu(0.5))]},
        [0, 1.5],
        (3.0 + 2.5) / 2,
        3.0,
    ),
    # Two threads, one core: the cpu steps follow each other, the io of the first overlaps the second's cpu.
    "threads share a core": (
        {"concurrency": 2, "cores": 1, "endpoints": [endpoint(cpu(1), io(1))]},
        [0, 0],
        2.5,
        3.0,
    ),
    # One line for two instances: the third takes the first free thread at 1.
    "a shared line": (
        {"instances": 2, "concurrency": 1, "endpoints": [endpoint(cpu(1))]},
        [0, 0.5, 0.5],
        (1 + 1 + 1.5) / 3,
        1.5,
    ),
    # Round robin: the third goes to the first instance, which is busy with 3 s until 3, the second is free.
    "round robin knows no load": (
        {
            "instances": 2,
            "concurrency": 1,
            "load_balancing": "round-robin",
            "endpoints": [endpoint(cpu(1))],
        },
        [0, 0.5, 0.6, 0.6],
        (1 + 1 + 1.4 + 1.9) / 4,
        1.9,
    ),
    # A bucket of two: the third is refused, half a second later there is one token more.
    "a rate limit refuses": (
        {"rate_limit": {"rate": 2, "burst": 2}, "endpoints": [endpoint(cpu(1))]},
        [0, 0, 0, 0.5],
        1.0,
        1.0,
    ),
}


@pytest.mark.parametrize("rule", POOLS)
def test_a_pool_works_as_its_settings_say(rule: str):
    settings, times, mean, longest = POOLS[rule]
    result = run({"api": settings}, times=times)
    assert ends(result) == pytest.approx([mean, longest])


def test_what_a_rate_limit_refuses_is_throttled():
    settings, times, _, _ = POOLS["a rate limit refuses"]
    node = run({"api": settings}, times=times)["nodes"]["api"]
    assert (node["throttled"]["mean"], node["rejected"]["mean"]) == (1, 1)


def test_least_outstanding_and_two_choices_avoid_the_busy_instance():
    """Four requests in two instances, one of them slow for the first."""
    for balancing in ("least-outstanding", "power-of-two"):
        settings = {
            "instances": 2,
            "concurrency": 1,
            "load_balancing": balancing,
            "endpoints": [endpoint(cpu(5), name="slow", types=["S"]), endpoint(cpu(1), name="quick")],
        }
        node = run({"api": settings}, times=[0, 0.1, 1.2, 2.3])["nodes"]["api"]
        assert node["waiting_time"]["max"]["mean"] <= 1e-9, balancing


BACKS = {"a": served(1), "b": served(2), "c": served(4)}
TO_ALL = [("api", name) for name in BACKS]

#: Steps of the endpoint, latency, delivered, partial answers.
GATHERINGS: dict[str, tuple[Config, float, int, int]] = {
    "in parallel: the slowest": (call("a", "b", "c"), 4.0, 1, 0),
    "in sequence: the sum": (call("a", "b", "c", mode="sequential"), 7.0, 1, 0),
    "two of three": (call("a", "b", "c", at_least=2), 2.0, 1, 1),
    "two of three in sequence": (call("a", "b", "c", at_least=2, mode="sequential"), 3.0, 1, 1),
    "only those that are named": (call("b", "a"), 2.0, 1, 0),
    # c is given 3 s on its edge, and is optional.
    "an optional call that is late": (call("a", "c", optional=["c"]), 3.0, 1, 1),
    "a call that is late": (call("a", "c"), 0.0, 0, 0),
}


@pytest.mark.parametrize("rule", GATHERINGS)
def test_answers_are_gathered(rule: str):
    step, latency, delivered, partial = GATHERINGS[rule]
    calls = {"api-c": {"timeout": 3}} if "late" in rule else {}
    settings = {"endpoints": [endpoint(step)]}
    result = run({"api": settings, **BACKS}, TO_ALL, calls=calls)
    assert result["conservation"]["ok"]
    flow = result["flows"][0]
    assert flow["delivered"]["mean"] == delivered
    assert result["nodes"]["api"]["partial_answers"]["mean"] == partial
    if delivered:
        assert flow["end_to_end_latency"]["max"]["mean"] == pytest.approx(latency)
    else:
        assert flow["lost"]["mean"] == 1
    # Whoever was called works to the end, wanted or not.
    called = {"a", "b", "c"} & set(step["to"]) - ({"c"} if "in sequence" in rule and "two" in rule else set())
    assert {name for name in BACKS if result["nodes"][name]["throughput"]["mean"] > 0} == called


def test_an_endpoint_answers_its_event_type_and_the_others_share_by_weight():
    producer = {"event": {"type": {"choice": {"Pay": 1, "Look": 3}}}}
    settings = {
        "concurrency": 100,
        "endpoints": [
            endpoint(cpu(0.2), name="pay", types=["Pay"]),
            endpoint(cpu(0.01), name="list", weight=3),
            endpoint(cpu(0.02), name="item", weight=1),
        ],
    }
    result = run(
        {"api": settings}, arrivals={"process": "constant", "rate": 100}, producer=producer, duration=100
    )
    node = result["nodes"]["api"]
    assert node["sojourn_time_pay"]["max"]["mean"] == pytest.approx(0.2)
    assert node["sojourn_time_list"]["max"]["mean"] == pytest.approx(0.01)
    assert node["sojourn_time_item"]["max"]["mean"] == pytest.approx(0.02)
    mean = 0.25 * 0.2 + 0.75 * (0.75 * 0.01 + 0.25 * 0.02)
    assert node["sojourn_time"]["mean"]["mean"] == pytest.approx(mean, rel=0.05)


def test_a_kept_answer_saves_the_call_until_it_is_too_old():
    """One key, asked at 0, 5, 11 (too old: 10 s) and 12; every call takes 1 s."""
    settings = {"endpoints": [endpoint(call("a", cache={"ttl": 10}))]}
    result = run(
        {"api": settings, "a": served(1)},
        [("api", "a")],
        times=[0, 5, 11.5, 13],
        producer={"keys": {"distribution": "constant", "value": 7}},
    )
    assert result["edges"]["api-a"]["total"]["mean"] == 2
    node = result["nodes"]["api"]
    assert (node["cache_hits"]["mean"], node["cache_misses"]["mean"]) == (2, 2)
    assert ends(result) == pytest.approx([0.5, 1.0])


def test_a_full_cache_forgets_what_was_put_in_first():
    settings = {"endpoints": [endpoint(call("a", cache={"ttl": 1e6, "max_entries": 1}))]}
    keys = {"distribution": "zipf", "count": 2, "exponent": 0.0}
    result = run(
        {"api": settings, "a": served(0)},
        [("api", "a")],
        arrivals={"process": "constant", "rate": 10},
        producer={"keys": keys},
    )
    # With one place and two keys of equal chance a hit is the same key twice: one half.
    node = result["nodes"]["api"]
    assert node["cache_hits"]["mean"] / 1000 == pytest.approx(0.5, abs=0.06)


def test_a_slow_service_is_slow_for_as_long_as_the_fault_lasts():
    for settings in (served(1), {"endpoints": [endpoint(cpu(0.5), io(0.5))]}):
        fault = {"kind": "slow", "node": "api", "at": 5, "duration": 10, "config": {"factor": 3}}
        assert ends(run({"api": settings}, times=[0, 10, 20], faults=[fault])) == pytest.approx([5 / 3, 3])


def test_errors_are_answered_while_the_fault_lasts():
    fault = {"kind": "errors", "node": "api", "at": 5, "duration": 10, "config": {"probability": 1}}
    result = run({"api": {"endpoints": [endpoint(cpu(1))]}}, times=[0, 10, 20], faults=[fault])
    assert (result["flows"][0]["delivered"]["mean"], result["flows"][0]["lost"]["mean"]) == (2, 1)


# -- closed forms ------------------------------------------------------------------------------------
def exponential(mean: float) -> Config:
    return {"distribution": "exponential", "mean": mean}


def test_a_shared_line_is_m_m_c():
    """Erlang C: 40/s, 50 ms, three threads in one line."""
    one = endpoint(cpu(0))
    one["steps"][0]["time"] = exponential(0.05)
    settings = {"instances": 3, "concurrency": 1, "endpoints": [one]}
    result = run({"api": settings}, arrivals={"process": "poisson", "rate": 40}, duration=2_000)
    expected = mmc(40, 0.05, 3)
    assert result["nodes"]["api"]["waiting_time"]["mean"]["mean"] == pytest.approx(
        expected.waiting_time, rel=0.06
    )
    assert result["nodes"]["api"]["utilization"]["mean"] == pytest.approx(40 * 0.05 / 3, rel=0.02)


def test_calls_in_parallel_take_the_longest_of_their_times():
    """The mean of the largest of n exponentials is the mean times 1 + 1/2 + ... + 1/n."""
    backs = {name: {"concurrency": 1_000, "service_time": exponential(0.1)} for name in ("a", "b", "c")}
    settings = {"concurrency": 1_000, "endpoints": [endpoint(call("a", "b", "c"))]}
    result = run(
        {"api": settings, **backs}, TO_ALL, arrivals={"process": "poisson", "rate": 50}, duration=400
    )
    latency = result["flows"][0]["end_to_end_latency"]
    assert latency["mean"]["mean"] == pytest.approx(0.1 * (1 + 1 / 2 + 1 / 3), rel=0.02)
    # P(max <= t) = (1 - exp(-t / 0.1))^3
    assert latency["p99"]["mean"] == pytest.approx(-0.1 * log(1 - 0.99 ** (1 / 3)), rel=0.05)


def test_two_choices_are_far_better_than_one():
    """Mitzenmacher 2001: at utilization 0.9 the mean time of one choice is 1/(1 - 0.9) = 10 services; of two
    choices sum over i of 0.9^(2^i - 2) = 2.62 for many servers.
    """
    means = {}
    for balancing in ("random", "power-of-two"):
        settings: Config = {"instances": 50, "concurrency": 1, "load_balancing": balancing}
        settings["service_time"] = exponential(0.1)
        result = run({"api": settings}, arrivals={"process": "poisson", "rate": 450}, duration=200)
        means[balancing] = result["flows"][0]["end_to_end_latency"]["mean"]["mean"] / 0.1
    limit = sum(0.9 ** (2**i - 2) for i in range(1, 12))
    assert means["power-of-two"] == pytest.approx(limit, rel=0.15)
    assert means["random"] == pytest.approx(10, rel=0.25)


# -- retries under load ------------------------------------------------------------------------------
METASTABLE = {"process": "poisson", "rate": 80}
TROUBLE = {"kind": "slow", "node": "back", "at": 50, "duration": 10, "config": {"factor": 10}}


def after_the_trouble(policy: Config) -> float:
    """Share of the calls answered, of a service loaded to 0.8 that was slow for 10 s of 400."""
    result = run(
        {"front": served(0, 10_000), "back": {"concurrency": 10, "service_time": exponential(0.1)}},
        [("front", "back")],
        arrivals=METASTABLE,
        calls={"front-back": {"timeout": 1, **policy}},
        faults=[TROUBLE],
        duration=400,
    )
    assert result["conservation"]["ok"]
    edge = result["edges"]["front-back"]
    return float(edge["calls_ok"]["mean"] / edge["calls"]["mean"])


def test_retries_keep_a_service_down_and_a_budget_or_breaker_lets_it_up():
    """Bronson et al., Metastable Failures in Distributed Systems, HotOS 2021: a short trouble, and work that
    retries add keeps the service overloaded after it. Less work, by budget or breaker, ends it.
    """
    retry = {"max_attempts": 4, "wait": 0.05}
    unlimited = after_the_trouble({"retry": retry})
    budget = after_the_trouble({"retry": {**retry, "budget": {"ratio": 0.1}}})
    breaker = after_the_trouble(
        {"retry": retry, "circuit_breaker": {"slidingWindowSize": 50, "waitDurationInOpenState": 5_000}}
    )
    # Without retries the backlog of (80 - 10) x 10 = 700 is gone after 700 / (100 - 80) = 35 s of 400.
    assert unlimited < 0.25
    assert budget > 0.75
    assert breaker > 0.75


def test_the_same_seed_gives_the_same_bytes():
    settings = {
        "instances": 4,
        "concurrency": 2,
        "cores": 1,
        "asynchronous": True,
        "load_balancing": "power-of-two",
        "endpoints": [
            endpoint(cpu(0.001), call("a", "b", "c", optional=["b"]), weight=2),
            endpoint(io(0.01), name="look"),
        ],
    }
    document = document_of(
        {"api": settings, **BACKS},
        TO_ALL,
        arrivals={"process": "poisson", "rate": 20},
        calls={"api-c": {"timeout": 3, "retry": {}, "circuit_breaker": {}, "fallback": {}}},
        duration=60,
    )
    first, second = (simulate(document) for _ in range(2))
    assert first["conservation"]["ok"]
    assert {**first, "wall_seconds": 0} == {**second, "wall_seconds": 0}
    watched = simulate(document, on_frame=lambda _frame: None)
    assert {**first, "wall_seconds": 0} == {**watched, "wall_seconds": 0}


def test_the_inside_tells_endpoints_calls_and_breakers():
    frames: list[dict[str, Any]] = []
    settings = {"instances": 2, "load_balancing": "random", "endpoints": [endpoint(call("a"))]}
    breaker = {"slidingWindowSize": 2, "waitDurationInOpenState": 60_000}
    document = document_of(
        {"api": settings, "a": {"failure": {"probability": 1}}},
        [("api", "a")],
        times=[1, 2, 3],
        calls={"api-a": {"circuit_breaker": breaker, "timeout": 5}},
    )
    simulate(document, on_frame=frames.append)
    inside = frames[-1]["nodes"]["api"]["detail"]
    assert inside["endpoints"] == [{"endpoint": "get", "ok": 0, "partial": 0, "failed": 3}]
    assert (inside["calls"][0]["breaker"], inside["calls"][0]["sent"]) == ("open, 100 % fail", 2)
    assert [one["outstanding"] for one in inside["instances"]] == [0, 0]
    texts = [event["text"] for frame in frames for event in frame["events"]]
    assert texts == ["api: circuit breaker to a open (100 % of 2 calls failed)"]


# -- bad input ---------------------------------------------------------------------------------------
BAD: dict[str, tuple[Config, str, str]] = {
    "a call of nobody": (
        endpoint(call("nobody")),
        "endpoint get of api calls 'nobody', to which no invoke edge leads",
        "nodes[1].config.endpoints[0].steps",
    ),
    "optional and not called": (
        endpoint(call("a", optional=["b"])),
        "optional names what is not called: b",
        "nodes[1].config.endpoints[0].steps[0]",
    ),
    "more than are called": (
        endpoint(call("a", at_least=2)),
        "at_least is more than is called",
        "nodes[1].config.endpoints[0].steps[0]",
    ),
    "an unknown step": (endpoint({"step": "wait"}), "", "nodes[1].config.endpoints[0].steps[0]"),
    "no steps": ({"name": "get", "steps": []}, "", "nodes[1].config.endpoints[0].steps"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_endpoint_that_cannot_be_is_refused_where_it_stands(case: str):
    settings, words, path = BAD[case]
    with pytest.raises(InvalidDesign) as refused:
        run({"api": {"endpoints": [settings]}, **BACKS}, TO_ALL)
    problem = refused.value.problems[0]
    assert words in problem.message
    assert problem.path.startswith(path)


def test_an_edge_that_no_endpoint_calls_is_pointed_out():
    document = document_of({"api": {"endpoints": [endpoint(call("a"))]}, "a": {}, "b": {}}, TO_ALL[:2])
    found = [one for one in check(document) if "no endpoint" in one.message]
    assert [(one.element, one.path) for one in found] == [("api-b", "edges[2]")]
