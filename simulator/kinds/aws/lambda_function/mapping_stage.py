"""When a standard queue of Amazon SQS and the function that an event source mapping invokes with its messages
advance by recursion, and how.

A poller takes what is there, up to a batch, and waits for the function. What is not deleted in time, is
throttled, runs into Timeout or fails needs events, as does a batch that waits to be filled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.broker_stage import ARRIVED, TAKEN, Follower, Noting, Rows, events_at
from simulator.engine.stage_plan import StagePlan
from simulator.kinds.aws.lambda_function.function_stage import function_calls, runs_plainly
from simulator.kinds.aws.lambda_function.mapping import EventSourceMapping
from simulator.kinds.aws.lambda_function.pollers import Polled, Pollers
from simulator.kinds.aws.lambda_function.runs import Runs
from simulator.kinds.aws.sqs.read_stage import ReadStage, come_together, is_plain_queue
from simulator.kinds.aws.sqs.standard import StandardQueue
from simulator.measurement.level import Timeline
from simulator.measurement.tally import Samples

if TYPE_CHECKING:
    from simulator.engine.message_draws import ManyDraws
    from simulator.engine.node import Acceptor
    from simulator.engine.recursion import Joining, Numbers, Onward
    from simulator.engine.stage_plan import Part
    from simulator.engine.world import World
    from simulator.kinds.aws.dynamodb.plain_calls import PlainCalls


class MappingStage(ReadStage):
    """A standard queue, the pollers of a mapping and their function in the place of their events."""

    def __init__(
        self,
        queue: StandardQueue,
        mapping: EventSourceMapping,
        draws: ManyDraws,
        onward: Onward | None,
        duration: float,
        limit: int,
        calls: Sequence[tuple[PlainCalls, int]],
    ) -> None:
        super().__init__(queue, draws, onward, duration, hands=mapping.held)
        self._mapping = mapping
        self._runs = Runs(mapping.function, limit, calls)
        self._pollers = Pollers(mapping, self._runs)
        self._told_to = 0
        self._polled: Polled

    # -- when each message is received and done --------------------------------------------------
    def _serve(self, rows: Rows, until: float) -> None:
        fresh = int(rows.number.searchsorted(self._told_to))
        self._told_to += len(rows) - fresh
        self._pollers.tell(rows.arrived[fresh:].tolist(), rows.service[fresh:].tolist())
        first = int(np.isfinite(rows.taken).sum())
        self._polled = polled = self._pollers.run(until)
        counts = np.array(polled.counts, dtype=np.int64)
        received = slice(first, first + int(counts.sum()))
        rows.taken[received] = np.repeat(np.array(polled.taken), counts)
        rows.begins[received] = np.repeat(self._runs.latest(len(counts)), counts)
        # The messages of a batch stand one after the other.
        sizes = np.array(polled.sizes_of_ended, dtype=np.int64)
        firsts = rows.number.searchsorted(np.array(polled.firsts, dtype=np.int64))
        ended = np.repeat(firsts - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        rows.ends[ended] = rows.settled[ended] = np.repeat(self._runs.ends_of(polled.ended), sizes)
        self._look_at_timeouts(rows, until)

    # -- what is noted ---------------------------------------------------------------------------
    def _note_broker(self, rows: Rows, begun: Numbers, ended: Numbers, until: float) -> list[Follower]:
        came = rows.fresh(rows.arrived, ARRIVED, until)
        received = rows.fresh(rows.taken, TAKEN, until)
        return [
            *self._note_queue(rows, came, received, ended, until),
            *self._note_polls(self._polled),
            *self._runs.note(self._polled.ended, until, self._mapping.busy, rows, self._book.keys),
        ]

    def _note_polls(self, polled: Polled) -> list[Follower]:
        mapping, reader, env, requests = self._mapping, self._reader, self._env, self._queue.requests
        taken, wakes = np.array(polled.taken), polled.wakes
        sizes = Samples(np.array(polled.counts, dtype=np.float64))
        calls = -(-np.array(polled.counts, dtype=np.int64) // self._most)

        def note_batches(part: slice) -> None:
            mapping.batch_size.extend(sizes, part)
            mapping.invoked += part.stop - part.start
            requests.receive += int(calls[part].sum())

        def note_wakes(part: slice) -> None:
            assert mapping.pollers is not None
            for now in wakes[part]:
                reader.empty_receives += mapping.pollers * reader.empty_polls(now - reader.woken_at)
                reader.woken_at = now

        def note_size(part: slice) -> None:
            mapping.size = polled.sizes[part.stop - 1]

        return [
            Noting(taken, note_batches),
            Noting(np.array(wakes), note_wakes),
            Noting(np.array(polled.resized), note_size),
            events_at(env, np.array(polled.ramps)),
        ]

    def _note_work(self, rows: Rows, begun: Numbers, ended: Numbers, until: float) -> list[Follower]:
        subscription, mapping = self._subscription, self._mapping
        done = rows.chosen(ended)
        self._tell_onward(done, until)
        waited = Samples(done.begins - done.arrived)
        sojourn = Samples(done.ends - done.arrived)
        # Messages of one batch end together.
        is_first = np.diff(done.ends, prepend=-1.0) > 0.0
        of_batch = Samples((done.ends - done.begins)[is_first])

        def note_batches(part: slice) -> None:
            subscription.service.extend(of_batch, part)

        def note_done(part: slice) -> None:
            subscription.waiting.extend(waited, part)
            subscription.sojourn.extend(sojourn, part)
            mapping.delivered += part.stop - part.start
            self._send_onward(done, part)

        return [
            Noting(done.ends[is_first], note_batches),
            Noting(done.ends, note_done),
            *self._deliveries(done, sojourn, Timeline(done.ends)),
        ]


class MappingPlan(StagePlan):
    """A stage that might take the place of a standard queue and the function that is invoked with its
    messages.
    """

    is_joining = True

    def __init__(self, world: World, queue: StandardQueue, mapping: EventSourceMapping) -> None:
        super().__init__([mapping], [mapping.function.settings.service_time], [queue])
        self._world = world
        self._queue = queue
        self.workers = (mapping.function.id,)

    def lay(self, onward: Mapping[EventSourceMapping, Onward]) -> tuple[Part, Mapping[Acceptor, Joining]]:
        (mapping,), (service_time,) = self.consumers, self.service_times
        function, world = mapping.function, self._world
        draws = world.many_draws(service_time, function.id, "service")
        limit = function.account.keep(function)
        calls = function_calls(world, function)
        stage = MappingStage(self._queue, mapping, draws, onward.get(mapping), world.duration, limit, calls)
        stage.take_over(self._queue)
        return stage, {self._queue: stage}


def plan_mapping(world: World, id: str) -> StagePlan | None:
    """The plan for a queue that an event source mapping reads, None where only events model it.

    The function is invoked by nothing else, never fails, and calls nobody; the mapping takes all messages as
    soon as a poller is free.
    """
    queue = world.nodes[id]
    if type(queue) is not StandardQueue or len(queue.subscriptions) != 1:
        return None
    (subscription,) = queue.subscriptions
    mapping, reader = subscription.consumer, queue.readers[subscription]
    if type(mapping) is not EventSourceMapping:
        return None
    function, settings = mapping.function, mapping.settings
    service_time = function.settings.service_time
    is_drawn_in_turn = function.id not in world.reached_once
    is_plain = (
        len(world.document.edges_into(function.id)) == 1
        and mapping.max_wait <= 0.0
        and settings.filter_pattern is None
        and not (is_drawn_in_turn and function.settings.batch_work == "per-batch")
        and runs_plainly(world, function)
        and is_plain_queue(world, queue, reader, mapping.most * mapping.max_size)
        and (service_time.has_bounded_density() or not come_together(world))
    )
    return MappingPlan(world, queue, mapping) if is_plain else None
