"""Other ways to ask a model: by the batch interface, and twice; and a model that has no price. By hand."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, InvalidDesign, simulate
from simulator.advice.table import all_problems
from tests.simulator.designs import at, design, node
from tests.simulator.kinds.ai.test_llm import STEADY, asked, count, of_model

#: The first token after 10 s in one of two draws, else after 1 s.
SLOW_OR_FAST = {"distribution": "empirical", "values": [1, 10]}


def test_a_batch_takes_its_time_and_costs_half():
    whole = asked(at(1.0), {}, 4_000)
    batch = asked(at(1.0), {"interface": "batch", "batch_time": 3_600}, 4_000)
    measures = of_model(batch)
    assert measures["sojourn_time"]["max"]["mean"] == pytest.approx(3_600)
    assert (count(measures, "batch_input_tokens"), count(measures, "batch_output_tokens")) == (2_000, 300)
    assert (count(measures, "input_tokens"), count(measures, "output_tokens")) == (2_000, 300)
    full, half = (simulate(one)["cost"]["per_month"]["mean"] for one in (whole, batch))
    assert half == pytest.approx(full / 2)


def test_a_batch_stands_beside_the_limits():
    # One request a minute is let in; three at once by the batch interface are all answered.
    calls = {"max_retries": 0, "interface": "batch", "batch_time": 60}
    measures = of_model(asked(at(1.0, 1.0, 1.0), calls, 200, rpm=1, max_concurrency=1))
    assert (count(measures, "rate_limited"), measures["sojourn_time"]["max"]["mean"]) == (0, 60)
    refused = of_model(asked(at(1.0, 1.0, 1.0), {"max_retries": 0}, 200, rpm=1))
    assert count(refused, "rate_limited") == 2


def test_a_batch_expires_after_a_day_and_is_not_billed():
    measures = of_model(asked(at(1.0), {"interface": "batch", "batch_time": 90_000}, 100_000))
    assert (count(measures, "batch_expired"), count(measures, "dropped")) == (1, 1)
    assert count(measures, "input_tokens") == 0


@pytest.mark.parametrize("other", [{"stream": True}, {"hedge_after": 2}])
def test_a_batch_is_not_watched(other: dict[str, Any]):
    with pytest.raises(InvalidDesign, match="is for the real-time interface") as refused:
        asked(at(1.0), {"interface": "batch", **other}, 10)
    assert refused.value.problems[0].hint


def seeded(
    seed: int, call: dict[str, Any], faults: tuple[dict[str, Any], ...] = (), **model: Any
) -> Document:
    """One call at 1 s."""
    return design(
        [node("user", "producer", arrivals=at(1.0)), node("model", "llm", **{**STEADY, **model})],
        ["user->model:invoke"],
        edge_configs={"user->model:invoke": {"input_tokens": 2_000, "output_tokens": 300, **call}},
        simulation={"duration": 60, "warmup": 0, "seed": seed},
        faults=list(faults),
    )


def hedged(after: float | None, seeds: int = 12, **model: Any) -> list[tuple[float, int, int, int]]:
    """(First token, hedges, hedges that won, input tokens) of one call, seed by seed."""
    found = []
    for seed in range(1, seeds + 1):
        call = {} if after is None else {"hedge_after": after}
        measures = of_model(seeded(seed, call, **{"time_to_first_token": SLOW_OR_FAST, **model}))
        found.append(
            (
                round(measures["time_to_first_token"]["max"]["mean"], 6),
                count(measures, "hedges"),
                count(measures, "hedges_won"),
                count(measures, "input_tokens"),
            )
        )
    return found


def test_a_late_first_token_is_asked_for_again_and_the_first_one_counts():
    # Late after 3 s: the second request has its first token at 3 + 1 s, or, as slow as the first, at 13 s,
    # after the first one's 10 s. Both have their input billed.
    assert set(hedged(3)) == {(1, 0, 0, 2_000), (4, 1, 1, 4_000), (10, 1, 0, 4_000)}
    assert set(hedged(None)) == {(1, 0, 0, 2_000), (10, 0, 0, 2_000)}


def test_no_second_request_goes_beyond_the_limits():
    assert set(hedged(3, max_concurrency=1)) == {(1, 0, 0, 2_000), (10, 0, 0, 2_000)}
    assert set(hedged(3, rpm=1)) == {(1, 0, 0, 2_000), (10, 0, 0, 2_000)}


def test_both_requests_leave_their_places():
    # Two calls one after the other in two places, each slow with one hedge at the most.
    call = {"hedge_after": 3, "max_retries": 0}
    load = at(*(1.0 + 30 * number for number in range(20)))
    measures = of_model(asked(load, call, 700, time_to_first_token=SLOW_OR_FAST, max_concurrency=2))
    assert count(measures, "rate_limited") == 0
    assert count(measures, "dropped") == 0
    assert 0 < count(measures, "hedges_won") < count(measures, "hedges") < 20


def test_a_hedge_that_fails_leaves_the_first_request_alone():
    # The second request falls into a brown-out; the first one, begun before it, has its token at 10 s.
    brown_out = {"kind": "brown-out", "node": "model", "at": 2, "duration": 5, "config": {"probability": 1}}
    measures = of_model(seeded(1, {"hedge_after": 3}, (brown_out,), time_to_first_token=10))
    assert measures["time_to_first_token"]["max"]["mean"] == 10
    assert (count(measures, "overloaded"), count(measures, "hedges_won")) == (1, 0)
    assert count(measures, "input_tokens") == 2_000


@pytest.mark.parametrize(
    ("model", "pricing", "hint"),
    [
        ("claude-sonnet-4.6", {}, None),
        ("claude-sonet-4.6", {}, "Did you mean 'claude-sonnet-4.6'?"),
        ("house-model", {}, "Models with a price: claude-opus-4.7"),
        ("house-model", {"lines": {"llm.house-model.input": 1.0, "llm.house-model.output": 2.0}}, None),
    ],
)
def test_a_model_without_a_price_is_warned_of(model: str, pricing: dict[str, Any], hint: str | None):
    document = design(
        [node("user", "producer", arrivals=at(1.0)), node("model", "llm", model=model)],
        ["user->model:invoke"],
        pricing=pricing,
    )
    found = [problem for problem in all_problems(document) if problem.code == "D424"]
    assert [problem.severity for problem in found] == ([] if hint is None else ["warning"])
    if hint is not None:
        assert found[0].field == "config.model"
        assert hint in found[0].hint
        assert f"llm.{model}.input" in found[0].hint
