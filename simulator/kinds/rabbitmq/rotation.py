"""Whose turn it is: the consumers of a queue that can take a message."""

from __future__ import annotations

from collections import deque

from simulator.kinds.rabbitmq.delivery import ConsumerChannel


class Rotation:
    """Round robin over the consumers that are there and not blocked, those of higher priority first.

    A consumer that has taken a message, or can take one again, stands at the end.
    Source: RabbitMQ documentation, *Consumers*, *Consumer Priorities*, *Single Active Consumer*.

    Args:
        consumers: all consumers, in the order of their registration.
        is_single: only one consumer gets messages; when it is gone the one that has been there longest does.
        heeds_priority: whether the single one is that of the highest priority (quorum queues): it takes over
            when the one before it holds nothing any more.
    """

    def __init__(self, consumers: list[ConsumerChannel], *, is_single: bool, heeds_priority: bool) -> None:
        self._consumers = consumers
        self._is_single = is_single
        self._heeds_priority = heeds_priority
        #: The single active consumer.
        self.active: ConsumerChannel | None = None
        #: (negative priority, consumers in turn).
        self._lines: list[tuple[int, deque[ConsumerChannel]]] = []

    def offer(self, channel: ConsumerChannel) -> None:
        """Let a consumer that may take a message stand in the rotation again, at its end."""
        if self._is_single or channel.is_waiting or not channel.is_open or channel.is_blocked:
            return
        channel.is_waiting = True
        rank = -channel.settings.x_priority
        for priority, line in self._lines:
            if priority == rank:
                line.append(channel)
                return
        self._lines.append((rank, deque([channel])))
        self._lines.sort(key=lambda one: one[0])

    def left(self, channel: ConsumerChannel) -> None:
        """The channel was closed: when the consumer comes back it is the last of the single consumers."""
        if self._is_single:
            self._consumers.remove(channel)
            self._consumers.append(channel)
            if self.active is channel:
                self.active = None

    def next(self) -> ConsumerChannel | None:
        """Whose turn it is, None when every consumer is blocked or gone."""
        if self._is_single:
            return self._single()
        for _, line in self._lines:
            while line:
                channel = line[0]
                if channel.is_open and not channel.is_blocked:
                    return channel
                line.popleft()
                channel.is_waiting = False
        return None

    def _single(self) -> ConsumerChannel | None:
        active = self.active
        if active is None or self._heeds_priority:
            best = None
            for channel in self._consumers:
                if channel.is_open and (
                    best is None
                    or (self._heeds_priority and channel.settings.x_priority > best.settings.x_priority)
                ):
                    best = channel
            if active is None or best is None:
                active = self.active = best
            elif best.settings.x_priority > active.settings.x_priority:
                if active.unacked:
                    return None
                active = self.active = best
        return None if active is None or active.is_blocked else active

    def take_out(self, channel: ConsumerChannel) -> None:
        """The consumer whose turn it is gets a message: it leaves its place."""
        if not channel.is_waiting:
            return
        channel.is_waiting = False
        for _, line in self._lines:
            if line and line[0] is channel:
                line.popleft()
                return
