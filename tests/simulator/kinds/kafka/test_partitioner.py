"""The default partitioner against what the clients' own tests expect."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from simulator.kinds.kafka.partitioner import murmur2, partition_for

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
