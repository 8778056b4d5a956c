"""The default partitioner of Kafka's Java client: which partition a key belongs to."""

from __future__ import annotations

_MASK = 0xFFFFFFFF
_SEED = 0x9747B28C
_MULTIPLIER = 0x5BD1E995


def murmur2(data: bytes) -> int:
    """Hash of `data`, unsigned 32-bit (MurmurHash2 by Austin Appleby, public domain, with Kafka's seed)."""
    length = len(data)
    value = _SEED ^ length
    whole = length & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * _MULTIPLIER & _MASK
        word ^= word >> 24
        value = value * _MULTIPLIER & _MASK ^ word * _MULTIPLIER & _MASK
    if whole < length:
        value ^= int.from_bytes(data[whole:], "little")
        value = value * _MULTIPLIER & _MASK
    value ^= value >> 13
    value = value * _MULTIPLIER & _MASK
    return value ^ value >> 15


def partition_for(key: bytes, partitions: int) -> int:
    """The partition of `key` among `partitions`: the hash without its sign bit, modulo their number."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
