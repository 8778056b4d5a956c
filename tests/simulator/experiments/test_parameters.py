"""Paths of settings and ranges of values, as the command line writes them."""

from __future__ import annotations

import pytest

from simulator import InvalidDesign
from simulator.experiments.parameters import (
    current_value,
    parse_assignments,
    parse_vary,
    with_values,
)
from tests.simulator.designs import design, node

DOCUMENT = design(
    [
        node("web", "producer", arrivals={"process": "poisson", "rate": 10}),
        node("log", "kafka.topic"),
        node("billing", "consumer", service_time=0.05),
    ],
    ["web->log", "log->billing"],
)
INSTANCES = "nodes.billing.config.instances"


def values(text: str) -> list[object]:
    return list(parse_vary(DOCUMENT, text).values)


def test_a_range_of_a_whole_number_goes_by_ones() -> None:
    assert values(f"{INSTANCES}=1:5") == [1, 2, 3, 4, 5]
    assert values(f"{INSTANCES}=1:6:2") == [1, 3, 5]
    assert values(f"{INSTANCES}=1:16:log") == [1, 2, 4, 8, 16]


def test_a_range_of_a_number_has_both_ends() -> None:
    assert values("nodes.web.config.arrivals.rate=1:2:0.25") == [1, 1.25, 1.5, 1.75, 2]
    assert values("nodes.web.config.arrivals.rate=1:1000:log:4") == [1, 10, 100, 1000]
    assert len(values("nodes.web.config.arrivals.rate=0:1")) == 11


def test_lists_are_taken_as_they_stand() -> None:
    assert values("nodes.log.config.acks=all,1,0") == ["all", 1, 0]
    assert values("edges.e1.config.enable.auto.commit=true,false") == [True, False]


def test_keys_of_vendors_may_have_dots() -> None:
    changed = with_values(DOCUMENT, [("nodes.log.config.retention.ms", 60_000)])
    assert changed.node("log").config.retention_ms == 60_000  # type: ignore[attr-defined]
    changed = with_values(DOCUMENT, [("edges.e1.config.max.poll.records", 7)])
    assert changed.edges[1].settings.max_poll_records == 7  # type: ignore[attr-defined]
    assert current_value(DOCUMENT, "edges.e1.config.max.poll.records") == 500


def test_what_is_not_set_has_its_default_around_it() -> None:
    changed = with_values(DOCUMENT, [("nodes.billing.config.service_time.value", 0.1), (INSTANCES, 3)])
    assert changed.node("billing").config.service_time.mean() == 0.1  # type: ignore[attr-defined]
    assert changed.node("billing").config.instances == 3  # type: ignore[attr-defined]
    assert DOCUMENT.node("billing").config.instances == 1  # type: ignore[attr-defined]
    changed = with_values(DOCUMENT, [("nodes.billing.config.failure.probability", 0.5)])
    assert changed.node("billing").config.failure.probability == 0.5  # type: ignore[attr-defined]
    assert with_values(DOCUMENT, [("simulation.duration", 5)]).simulation.duration == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{INSTANCES}=5:1", "empty range"),
        (f"{INSTANCES}=", "names no range"),
        (f"{INSTANCES}=1:2000000", "2,000,000 values"),
        (f"{INSTANCES}=1:9:0", "the step is 0"),
        (f"{INSTANCES}=0:9:log", "begins above 0"),
        (f"{INSTANCES}=2,2", "names a value twice"),
        (f"{INSTANCES}=one:two", "no number"),
        ("nodes.nobody.config.instances=1:2", "no node 'nobody'"),
        ("nodes.billing.config.instanses=1:2", "no 'instanses'"),
        ("instances=1:2", "no path"),
    ],
)
def test_ranges_that_make_no_sense_are_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(InvalidDesign, match=said):
        parse_vary(DOCUMENT, text)


def test_a_value_out_of_range_is_refused_as_in_any_document() -> None:
    with pytest.raises(InvalidDesign, match="D104"):
        with_values(DOCUMENT, parse_assignments(f"{INSTANCES}=0"))
