"""The default partitioner against what the clients' own tests expect."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kinds.kafka.partitioner import murmur2, partition_for

#: From the tests of the Java client (`UtilsTest.testMurmur2`) and of other clients, which have one for each
#: length of the rest after words of four bytes.
OF_THE_CLIENTS = {
    b"": 275646681,
    b"21": -973932308,
    b"abc": 479470107,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"string-f-24-chars-length": 124730809,
    b"string-fo-25-chars-length": 1269511650,
    b"string-foo-26-chars-length": 119165628,
    b"string-last-27-chars-length": 1089971754,
    # From the test of librdkafka (rdmurmur2.c).
    b"kafka": -798503068,
    b"giberish123456789": -1890243828,
}


@pytest.mark.parametrize(("key", "hash"), OF_THE_CLIENTS.items())
def test_the_hashes_of_the_clients_own_tests(key: bytes, hash: int) -> None:
    assert murmur2(key) == hash % 2**32
    # `Utils.toPositive` takes the sign away, it does not negate.
    assert partition_for(key, 12) == (hash & 0x7FFFFFFF) % 12


def plainly(key: bytes) -> int:
    """MurmurHash2 (A. Appleby) with Kafka's seed, byte by byte."""
    hash = 0x9747B28C ^ len(key)
    for place in range(0, len(key) - 3, 4):
        word = sum(key[place + step] << 8 * step for step in range(4)) * 0x5BD1E995 % 2**32
        hash = hash * 0x5BD1E995 % 2**32 ^ (word ^ word >> 24) * 0x5BD1E995 % 2**32
    rest = key[len(key) & ~3 :]
    if rest:
        hash = (hash ^ sum(byte << 8 * step for step, byte in enumerate(rest))) * 0x5BD1E995 % 2**32
    hash = (hash ^ hash >> 13) * 0x5BD1E995 % 2**32
    return hash ^ hash >> 15


@given(st.binary(max_size=80) | st.text(max_size=30).map(str.encode))
def test_bytes_of_every_length_and_every_value(key: bytes) -> None:
    assert murmur2(key) == plainly(key)
    assert 0 <= partition_for(key, 7) < 7


RECORDED = (
    Path(os.environ.get("HEADRACE_CONFORMANCE", Path(__file__).parents[5] / "shared" / "conformance"))
    / "kafka_murmur2.json"
)


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded expectations are not beside the repository")
def test_every_recorded_hash_and_partition_is_given() -> None:
    cases = json.loads(RECORDED.read_text())
    for case in cases:
        key = bytes.fromhex(case["key_hex"])
        assert murmur2(key) == case["murmur2_hash_int32"] % 2**32, case["id"]
        found = {count: partition_for(key, int(count)) for count in case["partitions"]}
        assert found == case["partitions"], case["id"]
    assert len(cases) > 10
