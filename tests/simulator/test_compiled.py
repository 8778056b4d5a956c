"""Compiled loops: the same bits as what they stand for, loaded only when they pay, and a run without them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from heapq import heapreplace
from importlib.util import find_spec
from itertools import pairwise
from math import inf
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Document, simulate
from simulator.compiled import WORTHWHILE, compiled
from simulator.engine import recursion
from simulator.measurement.histogram import bucket_of, ranked, ranked_between
from simulator.measurement.level import Course, Level
from simulator.measurement.ordering import out_of_order
from simulator.measurement.tally import Samples, Tally
from tests.simulator.designs import design, node

needs_numba = pytest.mark.skipif(
    find_spec("numba") is None, reason="Numba is not installed: pip install -e '.[fast]'"
)
RANDOM = np.random.default_rng(1)


@pytest.fixture(scope="module")
def loops() -> Iterator[Any]:
    """The compiled loops, in use for one module; all other tests are without them."""
    assert compiled.load()
    yield compiled.loops
    compiled.loops, compiled._is_tried = None, False


def without_loops() -> Any:
    """Python and NumPy alone, whatever is loaded."""
    return mock.patch.multiple(compiled, loops=None, _is_tried=True)


def tandem(*, instances: int = 3, constant: bool = False, duration: float = 9) -> Document:
    """Two producers with keys, a topic to two lines, of which one goes on to a third."""
    service = {"distribution": "lognormal", "mean": 0.9 * instances / 200, "scv": 2}
    arrivals = {"process": "constant" if constant else "poisson", "rate": 200}
    keys = {"distribution": "zipf", "count": 60, "exponent": 0.8}
    nodes = [node("p", "producer", arrivals=arrivals, keys=keys), node("t", "topic")]
    for number in range(3):
        nodes.append(node(f"q{number}", "queue"))
        nodes.append(node(f"c{number}", "consumer", instances=instances, service_time=service))
    edges = ["p->t", "t->q0", "q0->c0", "t->q1", "q1->c1", "c1->q2", "q2->c2"]
    return design(nodes, edges, simulation={"duration": duration, "seed": 4})


def log(
    read: dict[str, Any] | None = None, *, partitions: int = 6, alone: bool = False, mean: float = 0.006
) -> Document:
    """Keyed records to a group of two members (of three where it is alone), and to a second group of one."""
    producer = {
        "arrivals": {"process": "poisson", "rate": 200},
        "keys": {"distribution": "zipf", "count": 60, "exponent": 0.8},
    }
    service = {"distribution": "exponential", "mean": mean}
    nodes = [
        node("p", "producer", **producer),
        node("t", "kafka.topic", partitions=partitions, **{"linger.ms": 0, "append_latency": 0}),
        node("c", "consumer", instances=3 if alone else 2, service_time=service),
        node("d", "consumer", instances=1, service_time={**service, "mean": 0.004}),
    ]
    return design(
        nodes[:3] if alone else nodes,
        ["p->t", "t->c"] if alone else ["p->t", "t->c", "t->d"],
        edge_configs={"t->c": read or {}},
        simulation={"duration": 9, "seed": 4},
    )


def seen(document: Document, pauses: Iterable[float] = ()) -> tuple[str, str]:
    """Result and frames; the run pauses at some times (seconds)."""
    frames: list[Any] = []
    allowed = iter(pauses)
    result = simulate(document, on_frame=frames.append, control=lambda _now: next(allowed, inf))
    return json.dumps(result), json.dumps(frames)


@needs_numba
@pytest.mark.usefixtures("loops")
@pytest.mark.parametrize(
    "document",
    [
        tandem(),
        tandem(instances=70),  # ends are sorted
        tandem(instances=200),  # servers are in a heap
        tandem(constant=True),
        log(),
        log({"max.poll.records": 3, "auto.commit.interval.ms": 700}),
        log({"enable.auto.commit": False}),
        log(alone=True),
        log({"max.poll.records": 3, "auto.commit.interval.ms": 700}, alone=True),
        log({"enable.auto.commit": False}, alone=True),
    ],
)
def test_a_run_gives_the_same_bytes(document: Document) -> None:
    with without_loops():
        plain = seen(document)
    assert seen(document) == plain


@needs_numba
@pytest.mark.usefixtures("loops")
@given(st.data(), st.sampled_from([1, 9, 60, recursion.BLOCK]))
@settings(max_examples=5, deadline=None)
def test_random_lines_give_the_same_bytes(data: st.DataObject, block: int) -> None:
    nodes, edges = [], []
    for line in range(data.draw(st.integers(1, 3))):
        load, instances = data.draw(st.floats(0.2, 1.5)), data.draw(st.integers(1, 9))
        kind = data.draw(st.sampled_from(["exponential", "lognormal", "uniform", "constant"]))
        mean = load * instances / 150
        shape = {"scv": 3} if kind == "lognormal" else {}
        spread = {"low": 0.0, "high": 2 * mean} if kind == "uniform" else {"mean": mean, **shape}
        spread = {"value": mean} if kind == "constant" else spread
        service = {"distribution": kind, **spread}
        nodes += [node(f"q{line}", "queue"), node(f"c{line}", "consumer", instances=instances)]
        nodes[-1]["config"]["service_time"] = service
        edges += [f"{f'c{line - 1}' if line else 'p'}->q{line}", f"q{line}->c{line}"]
    nodes.append(node("p", "producer", arrivals={"process": "poisson", "rate": 150}))
    document = design(nodes, edges, simulation={"duration": 2, "seed": data.draw(st.integers(1, 99))})
    with mock.patch.multiple(recursion, BLOCK=block, COMPILED_BLOCK=block):
        with without_loops():
            plain = seen(document)
        assert seen(document) == plain


@needs_numba
@pytest.mark.usefixtures("loops")
@given(st.data(), st.sampled_from([1, 9, 60, recursion.BLOCK]))
@settings(max_examples=6, deadline=None)
def test_random_groups_give_the_same_bytes(data: st.DataObject, block: int) -> None:
    """Of a group alone with its topic, whose members may have too much to do, and whoever looks when."""
    read = {
        "max.poll.records": data.draw(st.sampled_from([1, 2, 500])),
        "enable.auto.commit": data.draw(st.booleans()),
        "auto.commit.interval.ms": data.draw(st.sampled_from([0, 200, 5000])),
        "commit": data.draw(st.sampled_from(["after-batch", "before-processing"])),
        "max.poll.interval.ms": data.draw(st.sampled_from([400, 300_000])),
    }
    sizes = data.draw(st.sampled_from([[100], [100, 250]]))
    instances = data.draw(st.integers(1, 5))
    mean = data.draw(st.floats(0.2, 1.3)) * instances / 150
    rate = 150 / len(sizes)
    batch = data.draw(st.sampled_from([1, 4]))
    arrivals = {"process": "batch-poisson", "rate": rate / batch, "batch": batch}
    keys = data.draw(st.sampled_from([None, {"distribution": "zipf", "count": 40, "exponent": 1.0}]))
    nodes = [
        node("t", "kafka.topic", partitions=data.draw(st.integers(1, 7)), append_latency=0),
        node(
            "c", "consumer", instances=instances, service_time={"distribution": "exponential", "mean": mean}
        ),
    ]
    nodes[0]["config"]["linger.ms"] = data.draw(st.sampled_from([0, 0, 15]))
    for number, size in enumerate(sizes):
        load = arrivals if batch > 1 else {"process": "poisson", "rate": rate}
        nodes.append(node(f"p{number}", "producer", arrivals=load, keys=keys, size=size))
    edges = ["t->c", *(f"p{number}->t" for number in range(len(sizes)))]
    document = design(
        nodes,
        edges,
        edge_configs={"t->c": read},
        simulation={"duration": 4, "seed": data.draw(st.integers(0, 99)), "frame_interval": 0.21},
    )
    pauses = data.draw(st.lists(st.floats(0.0, 4.0), max_size=9).map(sorted))
    with mock.patch.multiple(recursion, BLOCK=block, COMPILED_BLOCK=block):
        with without_loops():
            plain = seen(document)
        assert seen(document) == seen(document, pauses) == plain


@needs_numba
@pytest.mark.usefixtures("loops")
@pytest.mark.parametrize(
    "document",
    [
        tandem(),
        log(alone=True),
        log({"max.poll.records": 3, "auto.commit.interval.ms": 700}, alone=True, mean=0.016),
        log({"enable.auto.commit": False, "commit": "before-processing"}, alone=True, mean=0.012),
    ],
)
def test_loops_that_come_in_the_middle_of_a_run_change_nothing(document: Document) -> None:
    with without_loops():
        plain = seen(document)
    real = compiled.loops
    events: list[int] = []

    def load(so_far: int) -> None:
        events.append(so_far)
        if so_far > 1_500:
            compiled.loops = real

    with mock.patch.multiple(compiled, loops=None, load_when_worthwhile=load):
        assert seen(document) == plain
        assert compiled.loops is real
    assert events[0] < 5_000


@needs_numba
@pytest.mark.parametrize("servers", [1, 2, 7, 128, 129, 300])
def test_servers_take_messages_as_a_heap_has_it(loops: Any, servers: int) -> None:
    arrived = RANDOM.exponential(1.0, 900).cumsum()
    services = RANDOM.exponential(0.95 * servers, 900)
    services[100:110] = services[100]  # two may be free at one time
    free = [-1.0] * servers
    earliest = [
        heapreplace(free, max(came, free[0]) + service)
        for came, service in zip(arrived.tolist(), services.tolist(), strict=True)
    ]
    begins, ends, heap = np.empty(900), np.empty(900), np.full(servers, -1.0)
    loops.serve(heap, arrived, services, begins, ends)
    assert begins.tolist() == np.maximum(arrived, earliest).tolist()
    assert ends.tolist() == (begins + services).tolist()
    assert sorted(heap) == sorted(free)


@needs_numba
@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 7.0]), max_size=30), st.sampled_from([0.0, 1.5, 9.0])
)
def test_times_are_put_in_order_as_a_stable_sort_has_it(loops: Any, times: list[float], until: float) -> None:
    array = np.array(times)
    stable = [row for row in array.argsort(kind="stable").tolist() if times[row] <= until]
    assert loops.in_order(array, until).tolist() == stable


@needs_numba
@given(st.lists(st.floats(0.0, 1e18) | st.floats(1e-12, 1e-6), min_size=1, max_size=40))
def test_samples_are_counted_in_the_same_buckets(loops: Any, values: list[float]) -> None:
    del loops
    found = bucket_of(np.array(values))
    with without_loops():
        expected = bucket_of(np.array(values))
        percentiles = ranked(expected, (0.1, 0.5, 0.99))
    assert found.tolist() == expected.tolist()
    assert ranked(found, (0.1, 0.5, 0.99)) == percentiles


ASCENDING = st.lists(st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0, 4.5]), max_size=30).map(sorted)


@needs_numba
@given(ASCENDING, st.data())
def test_a_level_is_where_it_would_be_without_knowing_who_looks(
    loops: Any, times: list[float], data: st.DataObject
) -> None:
    steps = np.array(
        data.draw(st.lists(st.sampled_from([-2, -1, 1, 2]), min_size=len(times), max_size=len(times)))
    )
    looks = sorted({0.1, 0.9, 2.0, 3.5, 5.0} | {*data.draw(ASCENDING)})
    levels = [Level(), Level()]
    known = Course(levels[0], np.array(times), steps.astype(np.int64), looks=np.array(looks))
    found = Course(levels[1], np.array(times), steps.astype(np.int64))
    skipped = data.draw(st.sets(st.sampled_from(looks)))
    for look in looks:
        if look not in skipped:
            known.follow(look)
            found.follow(look)
            one, other = (
                (level.value, level.area, level.since, level.peak, level.peak_at) for level in levels
            )
            assert one == other


@needs_numba
@given(st.lists(st.floats(0.0, 1e4), min_size=1, max_size=60), st.sampled_from([1, 500]))
def test_a_slice_is_the_same_slice(loops: Any, values: list[float], times: int) -> None:
    values = values * times  # up to several blocks
    tallies = [Tally(), Tally()]
    for tally in tallies:
        tally.extend(Samples(np.array(values)), slice(0, len(values)))
    whole = tallies[0].end_slice()
    with without_loops():
        plain = tallies[1].end_slice()
    for name in ("count", "positive", "total", "squares", "maximum"):
        assert getattr(whole, name) == getattr(plain, name)
    for one, other in ((whole.buckets, plain.buckets), (whole.counts, plain.counts)):
        assert (one.dtype, one.tolist()) == (other.dtype, other.tolist())


@needs_numba
@given(st.lists(st.floats(0.0, 1e4), max_size=200), st.lists(st.integers(0, 200), max_size=9))
def test_percentiles_between_looks_are_those_of_each_part(
    loops: Any, values: list[float], stops: list[int]
) -> None:
    buckets, shares = bucket_of(np.array(values)), (0.5, 0.95, 0.99)
    ordered = np.array(sorted(min(stop, len(values)) for stop in stops), dtype=np.int64)
    parts = [buckets[start:stop] for start, stop in pairwise(ordered.tolist())]
    with without_loops():
        expected = [ranked(part, shares) if len(part) else [0.0, 0.0, 0.0] for part in parts]
    assert ranked_between(loops, buckets, ordered, shares) == expected


@needs_numba
@given(st.lists(st.integers(0, 5)), st.lists(st.integers(0, 20)))
def test_records_between_looks_are_counted_by_partition(
    loops: Any, partitions: list[int], stops: list[int]
) -> None:
    array = np.array(partitions, dtype=np.int64)
    looks = np.sort(np.minimum(np.array(stops, dtype=np.int64), len(array)))
    expected = [np.bincount(array[one:other], minlength=6).tolist() for one, other in pairwise(looks)]
    assert loops.counted_between(array, looks, 6).tolist() == expected


@needs_numba
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), min_size=1, max_size=30))
def test_the_same_messages_are_late(loops: Any, rows: list[tuple[int, int]]) -> None:
    del loops
    keys, sequences = np.array(rows).T.copy()
    latest, expected_latest = np.array([0, 3, 0, 9]), np.array([0, 3, 0, 9])
    is_late = out_of_order(latest, keys, sequences)
    with without_loops():
        expected = out_of_order(expected_latest, keys, sequences)
    assert latest.tolist() == expected_latest.tolist()
    assert (is_late is None) == (expected is None)
    assert is_late is None or expected is None or is_late.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("switch", "events", "is_wanted"),
    [
        ("", WORTHWHILE - 1, False),
        ("", WORTHWHILE, True),
        ("1", 0, True),
        ("0", WORTHWHILE, False),
    ],
)
def test_they_are_loaded_when_a_run_has_shown_to_be_long(
    monkeypatch: pytest.MonkeyPatch, switch: str, events: int, is_wanted: bool
) -> None:
    monkeypatch.setenv("HEADRACE_COMPILED", switch)
    with mock.patch.object(compiled, "load") as load, mock.patch.object(compiled, "_is_tried", False):
        compiled.load_when_worthwhile(events)
    assert load.called is is_wanted


class Refusing:
    """Has Numba say that there is no place to keep what it compiles."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        """As an importer of `sys.meta_path`."""
        if name == "simulator.compiled.kernels":
            raise RuntimeError("cannot cache function 'serve': no locator available")


def test_a_run_starts_where_nothing_compiled_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_COMPILED", "1")
    monkeypatch.setattr(sys, "meta_path", [Refusing, *sys.meta_path])
    monkeypatch.delitem(sys.modules, "simulator.compiled.kernels", raising=False)
    monkeypatch.delattr("simulator.compiled.kernels", raising=False)
    monkeypatch.setattr("simulator.compiled.find_spec", lambda _name: object())
    with mock.patch.multiple(compiled, loops=None, _is_tried=False):
        result = simulate(tandem(duration=1))
        assert compiled._is_tried
        assert compiled.loops is None
    assert result["messages"] > 0


def test_without_numba_there_is_nothing_to_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.compiled.find_spec", lambda _name: None)
    with mock.patch.multiple(compiled, loops=None, _is_tried=False):
        assert not compiled.load()
