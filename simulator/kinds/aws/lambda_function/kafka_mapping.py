"""Mappings of Kafka topics: pollers that follow the lag of their group, from one to one for each partition.

Source: AWS Lambda developer guide, *Using Lambda with Apache Kafka*, *Scaling behavior* (from memory): one
poller for all partitions at first, the lag looked at every minute, one poller for each partition at most. How
many come at a time is an estimate: twice as many, which makes eight of one within three minutes.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from simulator.engine.batch_consumer import BatchServer
from simulator.engine.environment import Activity
from simulator.engine.world import World
from simulator.kinds.aws.lambda_function.stream_mapping import StreamMapping

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.kinds.aws.lambda_function.function import LambdaFunction

#: Seconds between two looks at the lag.
LOOK_EVERY = 60.0


class KafkaMapping(StreamMapping):
    """Every partition has its batch; as many batches as there are pollers are under way, the others wait.

    A batch that is to be tried again holds no poller meanwhile: other partitions go on.
    """

    def __init__(self, world: World, function: LambdaFunction, edge: Edge) -> None:
        super().__init__(world, function, edge)
        self.scaled = 1
        self._under_way = 0
        #: Batches that wait for a poller.
        self._line: deque[BatchServer] = deque()
        self.env.at(self.env.now + LOOK_EVERY, _Look(self))

    def invoke(self, server: BatchServer, now: float) -> None:
        if self._under_way < self.scaled:
            self._under_way += 1
            super().invoke(server, now)
        else:
            self._line.append(server)

    def settle(self, server: BatchServer, now: float, failed: set[int], began: float) -> None:
        self._under_way -= 1
        self._let_in(now)
        super().settle(server, now, failed, began)

    def _let_in(self, now: float) -> None:
        while self._line and self._under_way < self.scaled:
            self.invoke(self._line.popleft(), now)

    def lag(self) -> int:
        """Records that no poller has begun with."""
        return self.inputs[0].broker.waiting() + sum(len(server.gathered) for server in self._line)

    def look_at_lag(self, now: float) -> None:
        """Twice as many pollers while more than a batch waits for each; one fewer below a batch in all."""
        lag = self.lag()
        if lag > self.max_size * self.scaled:
            self.scaled = min(2 * self.scaled, self.most)
        elif lag < self.max_size and self.scaled > 1:
            self.scaled -= 1
        self._let_in(now)

    def figures(self, edge: str) -> dict[str, Any]:
        return {**super().figures(edge), "pollers": self.scaled, "under_way": self._under_way}


class _Look(Activity):
    """The look at the lag, every minute."""

    __slots__ = ("mapping",)

    def __init__(self, mapping: KafkaMapping) -> None:
        self.mapping = mapping

    def occur(self, now: float) -> float:
        self.mapping.look_at_lag(now)
        return now + LOOK_EVERY
