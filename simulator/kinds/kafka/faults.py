"""How a group hears that the processes of a consumer stop and come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.engine.endpoint import Consumer
    from simulator.kinds.kafka.group import ConsumerGroup


class FaultListener:
    """Stands before the fault methods of a consumer and tells the group of them.

    Shadowing the methods costs nothing per message. A pause stops the polls while heartbeats go on; an
    outage is a crash: no heartbeat, and what the process had in memory is gone.
    """

    def __init__(self, group: ConsumerGroup, consumer: Consumer) -> None:
        self._group = group
        self._consumer = consumer
        self._pause = consumer.pause
        self._fail = consumer.fail
        self._recover = consumer.recover
        consumer.__dict__.update(pause=self.pause, fail=self.fail, recover=self.recover)

    def pause(self) -> None:
        """No more polls."""
        self._group.reader_pauses(self._consumer)
        self._pause()

    def fail(self) -> None:
        """The processes are gone."""
        self._group.reader_crashes(self._consumer)
        self._fail()
        self._group.reader_is_gone(self._consumer)

    def recover(self) -> None:
        """The processes are started again."""
        self._group.reader_restarts(self._consumer)
        self._recover()
