"""Which member of a group reads which partitions of one topic.

Pure functions: the members in the order of their ids, the number of partitions, and for the sticky ones who
had what before. Source: Apache Kafka documentation, `partition.assignment.strategy`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

#: Partitions by member; every member has an entry.
Assignment = dict[int, list[int]]
Assignor = Callable[[Sequence[int], int, Mapping[int, Sequence[int]]], Assignment]


def assign_range(members: Sequence[int], partitions: int, _owned: Mapping[int, Sequence[int]]) -> Assignment:
    """Neighbouring partitions to each member; the first `partitions mod members` get one more."""
    share, rest = divmod(partitions, len(members))
    assignment = {}
    start = 0
    for position, member in enumerate(members):
        end = start + share + (position < rest)
        assignment[member] = list(range(start, end))
        start = end
    return assignment


def assign_round_robin(
    members: Sequence[int], partitions: int, _owned: Mapping[int, Sequence[int]]
) -> Assignment:
    """One partition to each member in turn."""
    count = len(members)
    return {member: list(range(position, partitions, count)) for position, member in enumerate(members)}


def assign_sticky(members: Sequence[int], partitions: int, owned: Mapping[int, Sequence[int]]) -> Assignment:
    """Balanced to within one partition, with as few moves from `owned` as that allows.

    Members that have more keep the larger shares; what they have beyond their share, and what nobody has,
    goes to those with the least.
    """
    share, rest = divmod(partitions, len(members))
    ranked = sorted(members, key=lambda member: -len(owned.get(member, ())))
    assignment = {}
    for position, member in enumerate(ranked):
        quota = share + (position < rest)
        assignment[member] = sorted(owned.get(member, ()))[:quota]
    kept = {partition for own in assignment.values() for partition in own}
    for partition in range(partitions):
        if partition not in kept:
            poorest = min(members, key=lambda member: len(assignment[member]))
            assignment[poorest].append(partition)
    return {member: sorted(assignment[member]) for member in members}


#: By the short names that `partition.assignment.strategy` has on the wire.
ASSIGNORS: dict[str, Assignor] = {
    "range": assign_range,
    "roundrobin": assign_round_robin,
    "sticky": assign_sticky,
    "cooperative-sticky": assign_sticky,
}
