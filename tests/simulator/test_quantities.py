"""Quantities with units are read and written without loss."""

import contextlib
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.quantities import (
    QuantityError,
    format_count,
    format_duration,
    format_quantity,
    format_rate,
    format_size,
    parse_duration,
    parse_quantity,
    parse_rate,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250us", 250e-6),
        ("250 µs", 250e-6),
        ("5 ms", 0.005),
        ("1.5 min", 90),
        ("2h", 7200),
        ("1 d", 86400),
        ("3", 3),
        (".5s", 0.5),
        ("1e-3", 0.001),
        ("-2 s", -2),
        ("  7 s  ", 7),
        (4, 4),
        (0.25, 0.25),
    ],
)
def test_a_duration_is_read_into_seconds(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("2k/s", 2000),
        ("120/min", 2),
        ("1.2 M msg/s", 1.2e6),
        ("2k", 2000),
        ("40", 40),
        ("3600 requests/h", 1),
        ("1 / s", 1),
    ],
)
def test_a_rate_is_read_into_messages_per_second(text, rate):
    assert parse_rate(text) == pytest.approx(rate, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "size"), [("64 KiB", 65536), ("256 kB", 256_000), ("1 MiB", 2**20), ("10", 10), ("3 bytes", 3)]
)
def test_a_size_is_read_into_bytes(text, size):
    assert parse_size(text) == size


def test_a_plain_number_may_carry_a_prefix_or_a_percent_sign():
    assert parse_quantity("10k", "1") == 10_000
    assert parse_quantity("5 %", "1") == pytest.approx(0.05)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ms",
        "5 parsecs",
        "1,000 s",
        "1_000",
        "nan",
        "inf",
        "1e999",
        "--1",
        "1..2 s",
        "١ s",
        "5/s",
        "5 s s",
    ],
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(QuantityError):
        parse_duration(text)


@pytest.mark.parametrize("value", [True, None, [1], math.inf, math.nan, 10**400])
def test_only_finite_numbers_and_text_are_quantities(value):
    with pytest.raises(QuantityError):
        parse_duration(value)


def test_a_very_long_text_is_refused_at_once():
    begin = time.perf_counter()
    with pytest.raises(QuantityError):
        parse_duration("1" * 10_000_000 + " s")
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0052, "5.2 ms"),
        (90, "1.5 min"),
        (0, "0 s"),
        (250e-6, "250 µs"),
        (7200, "2 h"),
        (-0.25, "-250 ms"),
        (math.inf, "∞"),
        (math.nan, "–"),
    ],
)
def test_a_duration_is_written_in_the_unit_that_fits(seconds, text):
    assert format_duration(seconds) == text


def test_rates_and_sizes_are_written_for_people():
    assert format_rate(2000) == "2k/s"
    assert format_rate(0.214) == "0.214/s"
    assert format_size(65536) == "64 KiB"
    assert format_quantity(1234567, "1") == "1.235M"
    assert [format_count(count, "message") for count in (0, 1, 6_000)] == [
        "0 messages",
        "1 message",
        "6,000 messages",
    ]


@given(
    st.floats(min_value=1e-12, max_value=1e15) | st.floats(min_value=-1e15, max_value=-1e-12) | st.just(0.0),
    st.sampled_from(["s", "msg/s", "bytes", "1"]),
)
def test_what_is_written_reads_back(value, dimension):
    text = format_quantity(value, dimension, digits=6)
    assert parse_quantity(text, dimension) == pytest.approx(value, rel=1e-5)


@given(st.text(max_size=80), st.sampled_from(["s", "msg/s", "bytes", "1"]))
def test_any_text_is_a_finite_number_or_a_quantity_error(text, dimension):
    with contextlib.suppress(QuantityError):
        assert math.isfinite(parse_quantity(text, dimension))
