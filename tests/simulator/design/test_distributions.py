"""Distributions draw what their formulas say: moments, shapes, bounds and refusals."""

import itertools
import math
import pickle
import timeit
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError
from scipy import stats

from simulator.design.distributions import (
    KINDS,
    Constant,
    CountDistribution,
    DurationDistribution,
    Exponential,
    distribution_schemas,
    parse_distribution,
    sampler,
)
from simulator.design.tabulated import percentile_level

DRAWS = 100_000

# name of the case, configuration, mean, variance, distribution function (None: not continuous)
CASES: list[tuple[str, dict[str, Any], Any, Any, Any]] = [
    ("constant", {"value": 3}, 3, 0, None),
    ("exponential", {"mean": 0.25}, 0.25, 0.0625, stats.expon(scale=0.25).cdf),
    ("uniform", {"low": -2, "high": 4}, 1, 3, stats.uniform(-2, 6).cdf),
    ("triangular", {"low": 1, "mode": 2, "high": 5}, 8 / 3, 13 / 18, stats.triang(0.25, 1, 4).cdf),
    ("triangular", {"low": 1, "mode": 1, "high": 5}, 7 / 3, 16 / 18, stats.triang(0, 1, 4).cdf),
    ("normal", {"mean": 100, "stddev": 5}, 100, 25, stats.norm(100, 5).cdf),
    ("lognormal", {"mean": 2, "scv": 0.5}, 2, 2, stats.lognorm(math.log(1.5) ** 0.5, scale=2 / 1.5**0.5).cdf),
    ("lognormal", {"p50": 1, "p99": 10}, None, None, stats.lognorm(math.log(10) / 2.3263478740408408).cdf),
    ("gamma", {"mean": 3, "shape": 0.5}, 3, 18, stats.gamma(0.5, scale=6).cdf),
    ("erlang", {"mean": 2, "k": 4}, 2, 1, stats.gamma(4, scale=0.5).cdf),
    (
        "weibull",
        {"mean": 1, "shape": 0.7},
        1,
        None,
        stats.weibull_min(0.7, scale=1 / math.gamma(1 + 1 / 0.7)).cdf,
    ),
    ("pareto", {"minimum": 2, "shape": 5}, 2.5, 5 / 12, stats.pareto(5, scale=2).cdf),
    ("pareto", {"minimum": 2, "shape": 0.5}, math.inf, math.inf, stats.pareto(0.5, scale=2).cdf),
    ("hyperexponential", {"mean": 1, "scv": 4}, 1, 4, None),
    ("hyperexponential", {"mean": 1, "scv": 1}, 1, 1, stats.expon().cdf),
    ("geometric", {"mean": 3}, 3, 6, None),
    ("geometric", {"mean": 1}, 1, 0, None),
    ("empirical", {"values": [1, 2, 6]}, 3, 14 / 3, None),
    ("empirical", {"values": [1, 2, 6], "weights": [0, 3, 1]}, 3, 3, None),
    ("percentiles", {"p0": 0, "p50": 2, "p100": 10}, 3.5, 31 / 3 - 2.25 - 1 / 12, None),
    ("zipf", {"count": 4, "exponent": 0}, 1.5, 1.25, None),
    ("zipf", {"count": 3, "exponent": 1}, 7 / 11, 11 / 11 - (7 / 11) ** 2, None),
]


def _names():
    return [f"{name}-{index}" for index, (name, *_) in enumerate(CASES)]


@pytest.mark.parametrize(("name", "parameters", "mean", "variance", "cdf"), CASES, ids=_names())
def test_draws_have_the_stated_moments_and_shape(name, parameters, mean, variance, cdf):
    distribution = parse_distribution({"distribution": name, **parameters})
    if name == "percentiles":  # the second moment of two linear pieces, worked by hand
        variance = (4 / 3 * 0.5 + (4 + 20 + 100) / 3 * 0.5) - 3.5**2
    if mean is not None:
        assert distribution.mean() == pytest.approx(mean, rel=1e-12)
    if variance is not None:
        assert distribution.variance() == pytest.approx(variance, rel=1e-9)
    draws = distribution.block(np.random.default_rng(20), DRAWS)
    assert draws.dtype == np.float64
    assert draws.shape == (DRAWS,)
    assert draws.min() >= distribution.minimum() - 1e-12
    if math.isfinite(distribution.variance()):
        error = math.sqrt(distribution.variance() / DRAWS)
        assert abs(draws.mean() - distribution.mean()) <= 5 * error + 1e-12
        deviations = (draws - draws.mean()) ** 2
        assert abs(draws.var() - distribution.variance()) <= 6 * deviations.std() / math.sqrt(DRAWS) + 1e-12
    if cdf is not None:
        assert stats.kstest(draws, cdf).pvalue > 1e-4


def test_hyperexponential_mixes_two_phases_with_balanced_means():
    p = (1 + math.sqrt(3 / 5)) / 2
    draws = parse_distribution({"distribution": "hyperexponential", "mean": 1, "scv": 4}).block(
        np.random.default_rng(4), DRAWS
    )

    def cdf(x):
        return 1 - p * np.exp(-2 * p * x) - (1 - p) * np.exp(-2 * (1 - p) * x)

    assert stats.kstest(draws, cdf).pvalue > 1e-4


def test_geometric_and_zipf_have_the_stated_probabilities():
    rng = np.random.default_rng(7)
    tries = parse_distribution({"distribution": "geometric", "mean": 2.5}).block(rng, DRAWS)
    expected = DRAWS * stats.geom(1 / 2.5).pmf(np.arange(1, 8))
    seen = np.array([(tries == k).sum() for k in range(1, 8)])
    assert (np.abs(seen - expected) <= 5 * np.sqrt(expected)).all()
    ranks = parse_distribution({"distribution": "zipf", "count": 50, "exponent": 1.1}).block(rng, DRAWS)
    weights = np.arange(1, 51) ** -1.1
    result = stats.chisquare(np.bincount(ranks.astype(int), minlength=50), DRAWS * weights / weights.sum())
    assert result.pvalue > 1e-4


def test_normal_is_cut_at_zero_by_turning_negative_draws_into_zero():
    distribution = parse_distribution({"distribution": "normal", "mean": 1, "stddev": 2})
    draws = distribution.block(np.random.default_rng(1), DRAWS)
    assert (draws == 0).mean() == pytest.approx(stats.norm.cdf(-0.5), abs=0.01)
    expected = stats.norm.cdf(0.5) + 2 * stats.norm.pdf(0.5)
    assert distribution.mean() == pytest.approx(expected, rel=1e-12)
    assert abs(draws.mean() - expected) < 5 * math.sqrt(distribution.variance() / DRAWS)
    assert parse_distribution({"distribution": "normal", "mean": -5, "stddev": 0}).mean() == 0


def test_a_lognormal_hits_its_two_percentiles():
    distribution = parse_distribution({"distribution": "lognormal", "p50": 0.02, "p99": 0.5})
    draws = distribution.block(np.random.default_rng(2), 400_000)
    assert np.quantile(draws, 0.5) == pytest.approx(0.02, rel=0.02)
    assert np.quantile(draws, 0.99) == pytest.approx(0.5, rel=0.05)
    assert distribution.scv() > 1


PERCENTILES = {"p50": 0.01, "p90": 0.02, "p99": 0.1, "p999": 0.5}


@pytest.mark.parametrize(
    "form",
    [
        PERCENTILES,
        {"percentiles": PERCENTILES},
        {"values": PERCENTILES},
        {"p50": 0.01, "p90": 0.02, "p99": 0.1, "p99.9": 0.5},
    ],
)
def test_percentiles_are_hit_exactly_in_every_spelling(form):
    distribution = parse_distribution({"distribution": "percentiles", **form})
    draws = distribution.block(np.random.default_rng(3), 1_000_000)
    for level, value in [(0.5, 0.01), (0.9, 0.02), (0.99, 0.1), (0.999, 0.5)]:
        assert (draws <= value).mean() == pytest.approx(level, abs=0.002)
    assert distribution.minimum() == 0
    assert draws.mean() == pytest.approx(distribution.mean(), rel=0.01)


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("p0", 0),
        ("p50", 0.5),
        ("p100", 1),
        ("p99.9", 0.999),
        ("p999", 0.999),
        ("p9999", 0.9999),
        ("p995", 0.995),
    ],
)
def test_the_name_of_a_percentile_says_its_level(name, level):
    assert percentile_level(name) == pytest.approx(level, rel=1e-12)


@pytest.mark.parametrize(
    "name", ["p", "50", "p-1", "p101.5", "p1e2", "p٥٠", "percentiles", 5, "p" + "9" * 40]
)
def test_other_names_are_no_percentiles(name):
    assert percentile_level(name) is None


EXTREMES = [
    {"distribution": "erlang", "mean": 1e-9, "k": 10_000},
    {"distribution": "gamma", "mean": 1, "shape": 0.001},
    {"distribution": "gamma", "mean": 1e15, "shape": 1e9},
    {"distribution": "weibull", "mean": 1, "shape": 0.05},
    {"distribution": "weibull", "mean": 1, "shape": 1000},
    {"distribution": "pareto", "minimum": 1e15, "shape": 0.1},
    {"distribution": "lognormal", "mean": 1, "scv": 1e6},
    {"distribution": "lognormal", "mean": 1, "scv": 0},
    {"distribution": "lognormal", "p50": 1e-15, "p99": 1e15},
    {"distribution": "lognormal", "p50": 2, "p99": 2},
    {"distribution": "hyperexponential", "mean": 1, "scv": 1e6},
    {"distribution": "geometric", "mean": 1e9},
    {"distribution": "uniform", "low": 2, "high": 2},
    {"distribution": "triangular", "low": 2, "mode": 2, "high": 2},
    {"distribution": "normal", "mean": 0, "stddev": 1e15},
    {"distribution": "empirical", "values": [5]},
    {"distribution": "percentiles", "p10": 4, "p20": 4},
    {"distribution": "percentiles", "p0": -3, "p100": -1},
    {"distribution": "zipf", "count": 1, "exponent": 20},
    {"distribution": "zipf", "count": 1_000_000, "exponent": 0.99},
]


@pytest.mark.parametrize("data", EXTREMES, ids=lambda data: data["distribution"])
def test_parameters_at_their_bounds_draw_finite_values(data):
    distribution = parse_distribution(data)
    draws = distribution.block(np.random.default_rng(5), 2000)
    assert np.isfinite(draws).all()
    assert (draws >= distribution.minimum() * (1 - 1e-12) - 1e-12).all()
    assert not math.isnan(distribution.mean())
    assert not math.isnan(distribution.variance())


REFUSED = [
    ({"distribution": "exponential", "mean": 0}, "greater_than"),
    ({"distribution": "exponential", "mean": -1}, "greater_than"),
    ({"distribution": "exponential", "mean": math.nan}, "finite_number"),
    ({"distribution": "exponential", "mean": math.inf}, "finite_number"),
    ({"distribution": "exponential", "mean": "1"}, "float_type"),
    ({"distribution": "exponential", "mean": True}, "float_type"),
    ({"distribution": "exponential", "mean": 1e16}, "less_than_equal"),
    ({"distribution": "exponential", "mean": 1, "scv": 1}, "extra_forbidden"),
    ({"distribution": "exponential"}, "missing"),
    ({"distribution": "exponencial", "mean": 1}, "union_tag_invalid"),
    ({"mean": 1}, "union_tag_not_found"),
    ({"distribution": "erlang", "mean": 1, "k": 0}, "greater_than_equal"),
    ({"distribution": "erlang", "mean": 1, "k": 1.5}, "int_from_float"),
    ({"distribution": "erlang", "mean": 1, "k": 10_001}, "less_than_equal"),
    ({"distribution": "hyperexponential", "mean": 1, "scv": 0.9}, "greater_than_equal"),
    ({"distribution": "geometric", "mean": 0.5}, "greater_than_equal"),
    ({"distribution": "uniform", "low": 2, "high": 1}, "D104"),
    ({"distribution": "triangular", "low": 1, "mode": 9, "high": 2}, "D104"),
    ({"distribution": "lognormal", "mean": 1}, "D101"),
    ({"distribution": "lognormal", "mean": 1, "p99": 2}, "D101"),
    ({"distribution": "lognormal", "p50": 3, "p99": 2}, "D104"),
    ({"distribution": "empirical", "values": []}, "too_short"),
    ({"distribution": "empirical", "values": [1], "weights": [1, 2]}, "D104"),
    ({"distribution": "empirical", "values": [1], "weights": [0]}, "D104"),
    ({"distribution": "empirical", "values": [0] * 100_001}, "too_long"),
    ({"distribution": "percentiles", "p50": 1}, "too_short"),
    ({"distribution": "percentiles", "p50": 2, "p90": 1}, "D104"),
    ({"distribution": "percentiles", "p99.9": 2, "p999": 2}, "D104"),
    ({"distribution": "percentiles", "percentiles": {"p50": 1, "median": 1}}, "D104"),
    ({"distribution": "zipf", "count": 10_000_001, "exponent": 1}, "less_than_equal"),
    ("fast", "model_attributes_type"),
    (True, "model_attributes_type"),
    (None, "model_attributes_type"),
]


@pytest.mark.parametrize(("data", "error"), REFUSED, ids=lambda value: str(value)[:50])
def test_a_wrong_parameter_is_refused(data, error):
    with pytest.raises(ValidationError) as caught:
        parse_distribution(data)
    assert error in [
        "int_from_float" if each["type"] == "int_type" and error == "int_from_float" else each["type"]
        for each in caught.value.errors()
    ]


class Example(BaseModel):
    service_time: DurationDistribution
    size: CountDistribution = Constant(value=1)


def test_a_plain_number_means_a_constant():
    example = Example.model_validate({"service_time": 5, "size": 0.5})
    assert example.service_time == Constant(value=5.0)
    assert example.model_dump()["size"] == {"distribution": "constant", "value": 0.5}


@pytest.mark.parametrize("data", [-1, {"distribution": "uniform", "low": -1, "high": 1}])
def test_a_duration_is_never_negative(data):
    with pytest.raises(ValidationError, match=r"at least 0|below zero"):
        Example.model_validate({"service_time": data})


def test_a_hundred_thousand_wrong_values_are_one_error():
    with pytest.raises(ValidationError) as caught:
        parse_distribution({"distribution": "empirical", "values": ["x"] * 100_000})
    assert caught.value.error_count() == 1


def test_every_distribution_of_the_contract_has_a_schema_with_titles_and_bounds():
    schemas = distribution_schemas()
    assert list(schemas) == [
        "constant",
        "exponential",
        "uniform",
        "triangular",
        "normal",
        "lognormal",
        "gamma",
        "erlang",
        "weibull",
        "pareto",
        "hyperexponential",
        "geometric",
        "empirical",
        "percentiles",
        "zipf",
    ]
    for schema in schemas.values():
        assert "\n" not in schema["description"]
        for name, field in schema["properties"].items():
            assert field.get("title"), name
            assert name == "distribution" or field.get("description"), name
    assert schemas["exponential"]["properties"]["mean"]["exclusiveMinimum"] == 0
    assert schemas["erlang"]["properties"]["k"]["x-unit"] == "1"
    field = Example.model_json_schema()["properties"]["service_time"]
    assert {"type": "number"} in field["anyOf"]


def test_a_sampler_gives_the_same_draws_for_the_same_stream_whatever_is_between():
    first = sampler(Exponential(mean=1), np.random.default_rng(9))
    second = sampler(Exponential(mean=1), np.random.default_rng(9))
    draws = [first() for _ in range(5000)]
    assert draws == [second() for _ in range(5000)]
    assert all(type(draw) is float for draw in draws)
    assert np.mean(draws) == pytest.approx(1, abs=0.08)


def test_a_constant_sampler_leaves_the_stream_alone():
    rng = np.random.default_rng(1)
    before = rng.bit_generator.state
    draw = sampler(Constant(value=2.5), rng)
    assert [draw() for _ in range(3)] == [2.5] * 3
    assert rng.bit_generator.state == before


def test_a_draw_costs_well_under_a_microsecond():
    draw = sampler(Exponential(mean=1), np.random.default_rng(1))
    assert min(timeit.repeat(draw, number=50_000, repeat=5)) / 50_000 < 1e-6


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_distribution_travels_to_a_worker_process(kind):
    data = next(
        {"distribution": name, **parameters}
        for name, parameters, *_ in CASES
        if name == kind.model_fields["distribution"].default
    )
    distribution = parse_distribution(data)
    rng = np.random.default_rng(1)
    expected = distribution.block(rng, 10).tolist()
    copy = pickle.loads(pickle.dumps(distribution))
    assert copy == distribution
    assert copy.block(np.random.default_rng(1), 10).tolist() == expected


def test_two_samplers_on_one_stream_share_it():
    rng = np.random.default_rng(1)
    pair = [sampler(Exponential(mean=1), rng) for _ in range(2)]
    values = [draw() for draw in itertools.chain(pair, pair)]
    assert len(set(values)) == 4
