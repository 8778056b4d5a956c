"""Trace files are read within bounds, and every fault names its line."""

import numpy as np
import pytest

from simulator.design.arrivals import Trace, parse_arrivals, resolve_files
from simulator.design.trace_file import MOST_BYTES, parse_load, read_trace_file
from simulator.errors import HeadraceError, InvalidDesign


def test_one_column_of_seconds_is_kept_as_it_is():
    rows = parse_load("time\n0.5\n1\n1\n7.25\n")
    assert rows.times == [0.5, 1, 1, 7.25]
    assert rows.counts is None


def test_timestamps_count_from_the_first_one():
    rows = parse_load("2026-01-01T00:00:00Z\n2026-01-01T00:00:01.500Z\n")
    assert rows.times == [0, 1.5]
    assert (rows.first, rows.last) == ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01.500Z")


def test_unix_times_count_from_the_first_one():
    assert parse_load("1700000000\n1700000002\n").times == [0, 2]


@pytest.mark.parametrize("separator", [",", ";", "\t", " , "])
def test_counts_per_interval_take_the_median_gap(separator):
    lines = [("timestamp", "value"), ("2014-04-10 00:04:00", "94.0"), ("2014-04-10 00:09:00", "56")]
    lines += [("2014-04-10 00:14:00", "0"), ("2014-04-10 00:30:00", "7")]
    text = "# a comment\n\n" + "\r\n".join(separator.join(line) for line in lines)
    rows = parse_load(text.encode("utf-8-sig"))
    assert rows.times == [0, 300, 600, 1560]
    assert rows.counts == [94, 56, 0, 7]
    assert rows.interval == 300


def test_utf_16_is_read():
    assert parse_load("0\n1\n".encode("utf-16")).times == [0, 1]


MALFORMED = [
    ("", "no rows"),
    ("time\n", "no rows"),
    ("time\n1\nx\n", "line 3"),
    ("time\nname\n1\n", "line 2"),
    ("1\n2,3\n", "line 2"),
    ("1,2,3\n", "line 1"),
    ("2\n1\n", "line 2"),
    ("0,1\n0,2\n", "line 2"),
    ("-1\n", "line 1"),
    ("nan\n1\nnan\n", "line 3"),
    ("1\ninf\n", "line 2"),
    ("1\n1_0\n", "line 2"),
    ("0,1\n1,x\n", "line 2"),
    ("0,1\n1,-1\n", "line 2"),
    ("0,1\n1,1.5\n", "line 2"),
    ("0,1\n1,1e10\n", "line 2"),
    ("0,1\n", "one row"),
    ("1\n2026-01-01\n", "line 2"),
    ("2026-01-01\n5\n", "line 2"),
    ("2026-01-01T00:00:00\n2026-01-02T00:00:00Z\n", "line 2"),
    ("1\n" + "x" * 2000, "line 2"),
    (b"1\n2\xff\n", "line 2"),
    (b"1\n\x002\n", "line 2"),
    (b"PK\x03\x04\x00\x00", "line 1"),
]


@pytest.mark.parametrize(("data", "place"), MALFORMED, ids=lambda value: repr(value)[:30])
def test_a_malformed_trace_is_refused_with_its_line(data, place):
    with pytest.raises(InvalidDesign) as caught:
        parse_load(data, name="load.csv")
    (problem,) = caught.value.problems
    assert problem.code == "D110"
    assert place in problem.message
    assert "load.csv" in problem.message
    assert len(problem.message) < 200


def test_a_trace_file_is_found_beside_the_design(tmp_path):
    (tmp_path / "load.csv").write_text("0,2\n10,3\n20,0\n")
    process = parse_arrivals({"process": "trace", "file": "load.csv"})
    resolved = resolve_files(process, tmp_path)
    assert isinstance(resolved, Trace)
    times = [t for block in resolved.times(np.random.default_rng(1), horizon=100) for t in block]
    assert len(times) == 5
    assert resolved.mean_rate(100) == 0.05
    assert resolved.model_dump(exclude_unset=True) == {"process": "trace", "file": "load.csv"}


def test_other_processes_need_no_files():
    process = parse_arrivals({"process": "poisson", "rate": 1})
    assert resolve_files(process, None) is process


def test_a_server_refuses_trace_files_and_tells_to_upload():
    process = parse_arrivals({"process": "trace", "file": "/etc/hostname"})
    with pytest.raises(InvalidDesign) as caught:
        resolve_files(process, None, element="web", field="config.arrivals", path="nodes[0].config.arrivals")
    (problem,) = caught.value.problems
    assert (problem.code, problem.element, problem.field) == ("D110", "web", "config.arrivals.file")
    assert problem.path == "nodes[0].config.arrivals.file"
    assert "pload" in problem.hint


@pytest.mark.parametrize("name", ["missing.csv", ".", "a\0b", "x" * 900])
def test_a_missing_trace_file_is_refused(tmp_path, name):
    process = parse_arrivals({"process": "trace", "file": name})
    with pytest.raises(InvalidDesign) as caught:
        resolve_files(process, tmp_path, path="nodes[0].config.arrivals")
    assert caught.value.problems[0].code == "D110"
    assert caught.value.problems[0].path == "nodes[0].config.arrivals.file"


def test_a_huge_trace_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(InvalidDesign, match="at most 50 MB"):
        read_trace_file(path)


def test_a_trace_that_was_not_read_yet_is_a_misuse():
    process = parse_arrivals({"process": "trace", "file": "load.csv"})
    assert isinstance(process, Trace)
    with pytest.raises(HeadraceError, match="resolve_files"):
        next(process.times(np.random.default_rng(1), horizon=1))
