"""Where a key falls: the same point for the same key, in every run and process."""

from __future__ import annotations

from functools import lru_cache
from hashlib import md5

from simulator.engine.message import Key


@lru_cache(maxsize=100_000)
def point_of(key: Key) -> float:
    """The key as a point of [0, 1), spread evenly (the first eight bytes of its MD5)."""
    digest = md5(repr(key).encode(), usedforsecurity=False).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53
