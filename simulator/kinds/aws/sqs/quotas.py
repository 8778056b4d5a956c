"""How many calls per second a FIFO queue takes (SQS developer guide, *Message quotas*)."""

from __future__ import annotations

from typing import Literal, get_args

Region = Literal[
    "us-east-1",
    "us-west-2",
    "eu-west-1",
    "us-east-2",
    "eu-central-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "eu-west-2",
    "sa-east-1",
    "other",
]
REGIONS: tuple[str, ...] = get_args(Region)

#: Calls per second and action of a FIFO queue, and of each partition of one with high throughput.
CALLS_PER_SECOND = 300
#: Calls per second and action of a FIFO queue with high throughput, by region.
HIGH_THROUGHPUT: dict[str, int] = {
    **dict.fromkeys(("us-east-1", "us-west-2", "eu-west-1"), 70_000),
    **dict.fromkeys(("us-east-2", "eu-central-1"), 19_000),
    **dict.fromkeys(("ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1"), 9_000),
    **dict.fromkeys(("eu-west-2", "sa-east-1"), 4_500),
    "other": 2_400,
}
#: Bytes of payload that count as one request (Amazon SQS pricing).
CHUNK = 65_536
#: Bytes of all messages of one SendMessageBatch.
BATCH_BYTES = 1_048_576
#: Messages in flight per queue; beyond it a receive fails with OverLimit on a standard queue and returns
#: nothing on a FIFO queue.
IN_FLIGHT_LIMIT = 120_000
#: Longest time a message may stay hidden after one receive, seconds.
LONGEST_HIDDEN = 43_200.0


def partitions(region: str) -> int:
    """Partitions of a FIFO queue with high throughput when it has grown to its quota."""
    return HIGH_THROUGHPUT[region] // CALLS_PER_SECOND


def chunks(size: float) -> int:
    """Requests that a call with `size` bytes of payload counts as."""
    return max(1, -int(-size // CHUNK))
