"""An activity: its tasks wait in line until a worker polls for them.

A worker asks for a task (GetActivityTask, a long poll), has it done by the service at the end of the edge,
reports (SendTaskSuccess or SendTaskFailure) and asks again. The heartbeat clock of a task runs from when a
worker has it; a task whose time is up while it waits is never handed out, and the report on one whose time
is up comes too late.

Source: Step Functions developer guide, *Activities*; API reference, *GetActivityTask*.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.engine.message import Message
from simulator.kinds.aws.asl.effects import TaskRequest
from simulator.kinds.aws.asl.runner import Answer, Cancel
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.kinds.aws.stepfunctions.targets import ServiceTarget


class Waiting:
    """A task in line.

    Args:
        request, origin, reply: what is asked, for which message, and how it is answered.
        since: when it was scheduled, seconds.
    """

    __slots__ = ("origin", "reply", "request", "since")

    def __init__(self, request: TaskRequest, origin: Message, reply: Answer, since: float) -> None:
        self.request = request
        self.origin = origin
        self.reply = reply
        self.since = since


class Activity:
    """The line of one activity, and its workers.

    Args:
        target: the edge to the service that the workers are.
        workers: how many of them poll.
        poll_time: draws of the time of a poll, seconds.
        schedule_time: gets how long each task waited (CloudWatch's ActivityScheduleTime).
    """

    def __init__(
        self, target: ServiceTarget, workers: int, poll_time: Callable[[], float], schedule_time: Tally
    ) -> None:
        self._target = target
        self._poll_time = poll_time
        self._schedule_time = schedule_time
        self._idle = workers
        self._line: deque[Waiting] = deque()

    def schedule(self, request: TaskRequest, origin: Message, reply: Answer) -> Cancel:
        """A task comes; returns how to take it out of the line."""
        waiting = Waiting(request, origin, reply, self._target.env._now)
        self._line.append(waiting)
        if self._idle:
            self._idle -= 1
            self._target.after(self._poll_time(), self._take)

        def cancel() -> None:
            if waiting in self._line:
                self._line.remove(waiting)

        return cancel

    def _take(self) -> None:
        """A worker's poll is answered: with a task, or it goes on waiting."""
        while self._line:
            waiting = self._line.popleft()
            waiting.reply.start()
            if waiting.reply.is_open:
                self._schedule_time.add(self._target.env._now - waiting.since)
                self._target.work(waiting.request, waiting.origin, waiting.reply, self._free)
                return
        self._idle += 1

    def _free(self) -> None:
        """A worker has reported, and polls again."""
        if self._line:
            self._target.later(self._poll_time(), self._take)
        else:
            self._idle += 1
