"""Named random streams: one independent generator per node and purpose.

A stream depends on the run's seed, the replication, the node's id and the purpose, and on nothing
else: adding, moving or renaming other nodes leaves every draw of this node alone. That is what makes
common random numbers possible (Law, *Simulation Modeling and Analysis*, 5th ed., ch. 11).
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np


def stable_hash(text: str) -> int:
    """64-bit hash of a name, the same in every process (Python's own `hash` is salted)."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


class RandomStreams:
    """Makes the generators of one replication.

    Args:
        seed: the run's seed, a non-negative integer.
        replication: number of the replication, from 0.
    """

    def __init__(self, seed: int, replication: int = 0) -> None:
        self.seed = seed
        self.replication = replication

    def generator(self, element: str, purpose: str) -> np.random.Generator:
        """The generator for `purpose` ("arrivals", "service", ...) of the node or edge `element`."""
        key = (self.replication, stable_hash(element), stable_hash(purpose))
        words = tuple(word for part in key for word in (part & 0xFFFFFFFF, part >> 32))
        return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(self.seed, spawn_key=words)))
