"""A model endpoint: exact times and counts, each worked out by hand from the rules on its page."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, InvalidDesign, check, simulate
from tests.simulator.designs import at, design, node

#: 0.5 s to the first token, 50 tokens a second.
STEADY: dict[str, Any] = {"time_to_first_token": 0.5, "tokens_per_second": 50, "error_latency": 0}
NO_JITTER = {"backoff_jitter": "none"}


def asked(arrivals: dict[str, Any], call: dict[str, Any], duration: float, **model: Any) -> Document:
    """A producer that asks a model."""
    return design(
        [node("user", "producer", arrivals=arrivals), node("model", "llm", **{**STEADY, **model})],
        ["user->model:invoke"],
        edge_configs={"user->model:invoke": {"input_tokens": 2_000, "output_tokens": 300, **call}},
        simulation={"duration": duration, "warmup": 0, "seed": 1},
    )


def of_model(document: Document) -> dict[str, Any]:
    result = simulate(document)
    assert result["conservation"]["ok"]
    measures: dict[str, Any] = result["nodes"]["model"]
    return measures


def count(measures: dict[str, Any], name: str) -> int:
    return round(measures[name]["mean"])


def test_an_answer_takes_the_first_token_and_its_output_over_the_speed():
    # 0.5 s; 0.5 + 300 / 50 = 6.5 s
    measures = of_model(asked(at(1.0), {}, 20))
    assert measures["time_to_first_token"]["max"]["mean"] == pytest.approx(0.5)
    assert measures["sojourn_time"]["max"]["mean"] == pytest.approx(6.5)
    assert (count(measures, "input_tokens"), count(measures, "output_tokens")) == (2_000, 300)


def test_prefill_is_for_input_that_is_not_cached():
    measures = of_model(asked(at(1.0), {"cached_share": 0.75}, 20, prefill_per_1k=0.4))
    assert measures["time_to_first_token"]["max"]["mean"] == pytest.approx(0.5 + 0.4 * 0.5)
    assert (count(measures, "input_tokens"), count(measures, "cached_tokens")) == (500, 1_500)


def test_a_limit_of_tokens_binds_after_its_bucket_is_empty():
    # 80 requests a minute of 2,000 tokens against 100,000 a minute: the bucket lasts 100,000 / (160,000 -
    # 100,000) min = 100 s, then 50 of 80 pass: of 200 s at 30 a minute 100 are refused.
    load = {"process": "constant", "rate": 80 / 60}
    measures = of_model(asked(load, {"max_retries": 0, "output_tokens": 1}, 300, rpm=600, itpm=100_000))
    assert count(measures, "rate_limited") == pytest.approx(100, abs=2)
    assert count(measures, "dropped") == count(measures, "rate_limited")


def test_with_an_admission_queue_nothing_is_refused_and_the_queue_grows():
    load = {"process": "constant", "rate": 80 / 60}
    measures = of_model(
        asked(load, {"output_tokens": 1}, 300, itpm=100_000, over_limit="queue", time_to_first_token=0.1)
    )
    assert count(measures, "rate_limited") == 0
    # 30 a minute more come than pass, for 200 s.
    assert measures["queue_length"]["max"]["mean"] == pytest.approx(100, abs=2)


def test_retry_after_is_waited_for():
    # One request a minute: the second at 1 s hears that it must wait 59 s.
    document = asked(at(0.0, 1.0), {"output_tokens": 50, **NO_JITTER}, 100, rpm=1)
    measures = of_model(document)
    assert (count(measures, "rate_limited"), count(measures, "sdk_retries")) == (1, 1)
    assert measures["sojourn_time"]["max"]["mean"] == pytest.approx(59.0 + 1.5)


@pytest.mark.parametrize(("retries", "takes"), [(0, 0.0), (1, 1.0), (2, 3.0), (3, 7.0)])
def test_attempts_come_after_doubled_waits(retries: int, takes: float):
    # Base 1 s, factor 2, no jitter: attempts at 0, 1, 3 and 7 s.
    call = {"max_retries": retries, "backoff_base": 1.0, **NO_JITTER}
    document = design(
        [
            node("user", "producer", arrivals=at(1.0)),
            node("app", "service", service_time=0),
            node("model", "llm", **STEADY, errors={"overloaded": 1.0}),
            node("second", "llm", **{**STEADY, "time_to_first_token": 0.25}),
        ],
        ["user->app:invoke", "app->model:invoke", "app->second:invoke"],
        edge_configs={
            "app->model:invoke": {**call, "fallback": {"edge": "e2"}},
            "app->second:invoke": {"output_tokens": 50},
        },
        simulation={"duration": 60, "warmup": 0},
    )
    result = simulate(document)
    assert count(result["nodes"]["model"], "overloaded") == retries + 1
    flow = result["flows"][0]
    assert flow["delivered"]["mean"] == 1
    assert flow["end_to_end_latency"]["max"]["mean"] == pytest.approx(takes + 0.25 + 1.0)


def test_a_breaker_sends_all_but_probes_to_the_second_model():
    # Down from 100.5 to 700.5 s: open after the five failures of 101 to 105 s, then a probe with the first
    # call after each 60 s, the first at 165 or 166 s: nine in the 595 s that are left.
    breaker = {
        "failureRateThreshold": 100,
        "slidingWindowSize": 5,
        "minimumNumberOfCalls": 5,
        "waitDurationInOpenState": 60_000,
        "permittedNumberOfCallsInHalfOpenState": 1,
    }
    document = design(
        [
            node("user", "producer", arrivals={"process": "constant", "rate": 1}),
            node("app", "service", service_time=0, concurrency=100),
            node("model", "llm", **STEADY),
            node("second", "llm", **STEADY),
        ],
        ["user->app:invoke", "app->model:invoke", "app->second:invoke"],
        edge_configs={
            "app->model:invoke": {
                "max_retries": 0,
                "output_tokens": 5,
                "circuit_breaker": breaker,
                "fallback": {"edge": "e2"},
            },
            "app->second:invoke": {"output_tokens": 5},
        },
        faults=[
            {"kind": "brown-out", "node": "model", "at": 100.5, "duration": 600, "config": {"probability": 1}}
        ],
        simulation={"duration": 900, "warmup": 0},
    )
    result = simulate(document)
    assert count(result["nodes"]["model"], "overloaded") in (5 + 9, 5 + 10)
    assert result["flows"][0]["lost"]["mean"] == 0


@pytest.mark.parametrize(
    ("caching", "fresh", "cached"),
    # 2,000 + 2,800 + ... + 6,000 = 24,000; with caching each turn reads again what the one before has sent.
    [(False, 24_000, 0), (True, 6_000, 18_000)],
)
def test_an_agent_sends_everything_again_in_every_turn(caching: bool, fresh: int, cached: int):
    call = {
        "turns": 6,
        "output_tokens": 300,
        "added_tokens": 500,
        "prompt_caching": caching,
        "tool_time": 2.0,
    }
    measures = of_model(asked(at(0.0), call, 100))
    assert (count(measures, "input_tokens"), count(measures, "cached_tokens")) == (fresh, cached)
    assert measures["sojourn_time"]["max"]["mean"] == pytest.approx(6 * 6.5 + 5 * 2.0)
    assert measures["time_to_first_token"]["max"]["mean"] == pytest.approx(5 * 8.5 + 0.5)


def test_answers_that_do_not_fit_are_asked_for_again():
    # Expected calls 1 / (1 - f) = 1.25; more than three: f^3 = 0.8 %.
    load = {"process": "constant", "rate": 20}
    call = {"validation_retries": 50, "output_tokens": 1}
    measures = of_model(asked(load, call, 1_000, errors={"invalid_output": 0.2}))
    assert count(measures, "model_requests") / 20_000 == pytest.approx(1.25, abs=0.02)
    limited = of_model(asked(load, {**call, "validation_retries": 2}, 1_000, errors={"invalid_output": 0.2}))
    assert count(limited, "dropped") / 20_000 == pytest.approx(0.008, abs=0.003)


def test_a_context_that_is_too_long_is_refused_once_and_never_tried_again():
    measures = of_model(asked(at(0.0), {"input_tokens": 9_900}, 10, context_window=10_000))
    assert (count(measures, "context_refused"), count(measures, "model_requests")) == (1, 0)
    assert count(measures, "dropped") == 1


def test_output_is_cut_off_at_its_longest():
    measures = of_model(asked(at(0.0), {}, 10, max_output_tokens=100))
    assert count(measures, "output_tokens") == 100
    assert measures["sojourn_time"]["max"]["mean"] == pytest.approx(0.5 + 100 / 50)


def test_a_timeout_pays_for_the_output_made_until_then():
    # 0.5 s to the first token, then 50 a second until 2.5 s: 100 tokens, in each of three attempts.
    call = {"attempt_timeout": 2.5, **NO_JITTER}
    measures = of_model(asked(at(0.0), call, 30))
    assert (count(measures, "output_tokens"), count(measures, "input_tokens")) == (300, 6_000)
    assert (count(measures, "dropped"), count(measures, "sdk_retries")) == (1, 2)


def test_output_set_aside_binds_where_actual_output_does_not():
    # 4,096 set aside of 10,000 a minute: the third of three requests at once is refused.
    load = at(0.0, 0.0, 0.0)
    call = {"max_retries": 0, "output_tokens": 10}
    assert count(of_model(asked(load, call, 30, otpm=10_000, output_counted="longest")), "rate_limited") == 1
    assert count(of_model(asked(load, call, 30, otpm=10_000)), "rate_limited") == 0


def test_a_batch_shares_the_speed():
    # Two at once, half speed at one other: the second gets 25 tokens a second.
    measures = of_model(asked(at(0.0, 0.0), {"output_tokens": 50}, 30, half_speed_at=1))
    assert measures["sojourn_time"]["max"]["mean"] == pytest.approx(0.5 + 50 / 25)


def test_places_are_taken_in_turn():
    call = {"output_tokens": 25}
    measures = of_model(asked(at(0.0, 0.0, 0.0), call, 30, max_concurrency=1, over_limit="queue"))
    assert measures["sojourn_time"]["max"]["mean"] == pytest.approx(3.0)
    assert measures["waiting_time"]["max"]["mean"] == pytest.approx(2.0)


def test_who_streams_goes_on_with_the_first_token():
    document = design(
        [
            node("user", "producer", arrivals=at(0.0)),
            node("app", "service", service_time=0),
            node("model", "llm", **STEADY),
        ],
        ["user->app:invoke", "app->model:invoke"],
        edge_configs={"app->model:invoke": {"stream": True}},
        simulation={"duration": 30, "warmup": 0},
    )
    result = simulate(document)
    assert result["flows"][0]["end_to_end_latency"]["max"]["mean"] == pytest.approx(0.5)
    assert result["nodes"]["model"]["sojourn_time"]["max"]["mean"] == pytest.approx(6.5)


def test_tokens_are_billed():
    # 100 requests in 100 s of 2,000 and 300 tokens at 3 and 15 USD per million: 0.0105 USD each.
    document = asked({"process": "constant", "rate": 1}, {"output_tokens": 300}, 1_000)
    cost = simulate(document)["cost"]["per_month"]
    a_month = 730 * 3600
    assert cost["by_node"]["model"] == pytest.approx(a_month * 0.0105, rel=0.01)


@pytest.mark.parametrize(
    ("model", "call", "words"),
    [
        ({"itpm": 0}, {}, "must be above 0"),
        ({"max_output_tokens": 0}, {}, "at least 1"),
        ({"max_output_tokens": 5_000, "context_window": 4_000}, {}, "leaves no room"),
        ({"tokens_per_second": 0}, {}, "above 0"),
        ({"errors": {"overloaded": 0.7, "server_error": 0.6}}, {}, "above 1"),
        ({}, {"max_turns": 0}, "at least 1"),
        ({}, {"input_token": 5}, "input_tokens"),
    ],
)
def test_bad_settings_are_named(model: dict[str, Any], call: dict[str, Any], words: str):
    with pytest.raises(InvalidDesign) as caught:
        asked(at(0.0), call, 10, **model)
    assert words in " ".join(f"{one.message} {one.hint}" for one in caught.value.problems)


@pytest.mark.parametrize(
    ("model", "call", "code"),
    [
        ({}, {"attempt_timeout": 30}, "D421"),
        ({"context_window": 10_000}, {"turns": 10, "added_tokens": 1_000}, "D422"),
        ({"itpm": 1_000}, {}, "D423"),
    ],
)
def test_practice_is_checked(model: dict[str, Any], call: dict[str, Any], code: str):
    assert code in {problem.code for problem in check(asked(at(0.0), call, 10, **model))}
    assert code not in {problem.code for problem in check(asked(at(0.0), {"attempt_timeout": 600}, 10))}


def test_a_caller_that_waits_too_short_is_warned():
    document = design(
        [
            node("user", "producer", arrivals=at(0.0)),
            node("app", "service", service_time=0),
            node("model", "llm", **STEADY),
        ],
        ["user->app:invoke", "app->model:invoke"],
        edge_configs={"app->model:invoke": {"timeout": 2}},
    )
    assert "D420" in {problem.code for problem in check(document)}
