"""Preemptive-resume service: a more urgent message interrupts a less urgent one.

Source: Jaiswal, *Priority Queues*, 1968; Gross, Shortle, Thompson & Harris, *Fundamentals of Queueing
Theory*, 4th ed. 2008, 3.4.
"""

from __future__ import annotations

from math import inf

from simulator.engine.endpoint import Consumer, Server
from simulator.engine.message import Message


class PreemptibleServer(Server):
    """A server whose service may be interrupted."""

    __slots__ = ("ends_at",)

    def __init__(self, consumer: Consumer) -> None:
        super().__init__(consumer)
        #: When the service in hand ends; infinite while there is none.
        self.ends_at = inf

    def occur(self, now: float) -> float | None:
        # What ends later than this entry of the heap says was begun after an interruption.
        if now < self.ends_at:
            return None
        self.ends_at = inf
        return super().occur(now)


class PreemptibleConsumer(Consumer):
    """A consumer whose servers give up a message for a more urgent one and go on with it later.

    The interrupted message goes back to the head of its class at the queue and resumes, at whichever server,
    where it was interrupted. Its waiting time ended with its first start.
    """

    def __init__(self, *args: object, **rest: object) -> None:
        self._servers: list[PreemptibleServer] = []
        #: Of interrupted messages: service time still to come, and given already (s).
        self._left: dict[Message, tuple[float, float]] = {}
        super().__init__(*args, **rest)  # type: ignore[arg-type]

    def make_server(self) -> PreemptibleServer:
        server = PreemptibleServer(self)
        self._servers.append(server)
        return server

    def open(self, server: Server, starts: float) -> float:
        assert isinstance(server, PreemptibleServer)
        left = self._left.pop(server.message, None)
        if left is None:
            server.ends_at = super().open(server, starts)
        else:
            server.started_at = starts - left[1]
            server.ends_at = starts + left[0]
        return server.ends_at

    def least_urgent(self, broker: object, priority: int) -> PreemptibleServer | None:
        """The server with the least urgent message of `broker` below `priority`, None without one.

        Of several the one that would end last: it has the least to lose.
        """
        candidates = [
            server
            for server in self._servers
            if server.ends_at < inf
            and server.message.priority < priority
            and server.subscription.broker is broker
        ]
        if not candidates:
            return None
        return min(candidates, key=lambda server: (server.message.priority, -server.ends_at))

    def interrupt(self, server: PreemptibleServer, message: Message, now: float) -> Message:
        """The server drops what it has in hand and begins `message`; returns the interrupted one."""
        interrupted = server.message
        self._left[interrupted] = (server.ends_at - now, now - server.started_at)
        server.message = message
        self.env.at(self.open(server, now), server)
        return interrupted

    def is_serving(self, server: Server) -> bool:
        # One that was interrupted has left an entry behind for each interruption.
        assert isinstance(server, PreemptibleServer)
        is_first = server.ends_at < inf
        server.ends_at = inf
        return is_first
