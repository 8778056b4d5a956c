"""Members of a replicated queue that write late.

An entry of the log is committed when the leader and enough followers for a majority have written it: a slow
follower costs nothing while the others make a majority, a slow leader costs every commit.
Source: RabbitMQ documentation, *Quorum Queues*, *Streams* (a majority has to write).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.engine.link import Draw
    from simulator.kinds.rabbitmq.placement import PlacedBroker


class SlowMembers:
    """Adds to the commit times of a queue what its slow members cost.

    Args:
        queue: the queue.
        commit: draws of the commit time of members that are all well (s).
    """

    def __init__(self, queue: PlacedBroker, commit: Draw) -> None:
        self._queue = queue
        self._commit = commit
        #: By node: by how much each of its writes is late (s).
        self.delays: dict[int, float] = {}

    def draw(self) -> float:
        """A commit time."""
        return self._commit() + self.extra()

    def extra(self) -> float:
        """What the majority that is quickest now is late (s)."""
        queue = self._queue
        followers = sorted(
            self.delays.get(member, 0.0) for member in queue.members_up if member != queue.leader
        )
        needed = len(queue.members) // 2
        late = followers[needed - 1] if 0 < needed <= len(followers) else 0.0
        return max(late, self.delays.get(queue.leader, 0.0))
