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
        is_single: only the first consumer that is there gets messages.
    """

    def __init__(self, consumers: list[ConsumerChannel], *, is_single: bool) -> None:
        self._consumers = consumers
        self._is_single = is_single
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

    def next(self) -> ConsumerChannel | None:
        """Whose turn it is, None when every consumer is blocked or gone."""
        if self._is_single:
            active = next((channel for channel in self._consumers if channel.is_open), None)
            return None if active is None or active.is_blocked else active
        for _, line in self._lines:
            while line:
                channel = line[0]
                if channel.is_open and not channel.is_blocked:
                    return channel
                line.popleft()
                channel.is_waiting = False
        return None

    def take_out(self, channel: ConsumerChannel) -> None:
        """The consumer whose turn it is gets a message: it leaves its place."""
        if not channel.is_waiting:
            return
        channel.is_waiting = False
        for _, line in self._lines:
            if line and line[0] is channel:
                line.popleft()
                return
