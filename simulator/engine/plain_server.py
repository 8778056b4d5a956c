"""The shortest way through a service: servers that read one broker and have no special duties.

They do in one step what `Consumer` does in several, end a service and begin the next: that is the bulk of a
run's work, hence written out. `Consumer.service_ends` is the definition. Which servers a consumer has is
decided when it starts.
"""

from __future__ import annotations

from simulator.engine.endpoint import Consumer, Server
from simulator.engine.line import Line


class PlainServer(Server):
    """A server of a textbook queue whose services never fail."""

    __slots__ = ("line",)

    def __init__(self, consumer: Consumer, line: Line) -> None:
        super().__init__(consumer)
        self.line = line

    def occur(self, now: float) -> float | None:
        consumer = self.consumer
        line = self.line
        message = self.message
        if consumer.is_halting or line.is_out or message.duplicate or message.processed:
            return consumer.service_ends(self, now)
        # The end of the service: `Consumer.complete` and `Flow.record`.
        subscription = self.subscription
        subscription.add_service(now - self.started_at)
        sojourn = now - message.accepted_at
        subscription.add_sojourn(sojourn)
        consumer.delivered += 1
        flow = consumer.flows[message.source]
        flow.delivered += 1
        flow.latency.add(now - message.created)
        sequence = message.sequence
        latest = flow.latest
        key = message.key
        if sequence < latest.get(key, 0):
            flow.out_of_order += 1
        else:
            latest[key] = sequence
        if consumer.is_sending_on:
            message.processed = True
            consumer.outlet.send(message.copy())
        # `Line.acknowledge`, then `Line.take`.
        line.delivered += 1
        line.departures += 1
        line.residence_sum += sojourn
        if message.journey is not None:
            message.processed = True  # whoever waits for its end asks whether it was worked on
            message.end()
        waiting = line.line
        if not waiting:
            held = line.held
            value = held.value
            held.area += value * (now - held.since)
            held.since = now
            held.value = value - 1
            self.idle_since = now
            consumer.idle.append(self)
            busy = consumer.busy
            value = busy.value
            busy.area += value * (now - busy.since)
            busy.since = now
            busy.value = value - 1
            return None
        # One less waits; as many as before are in flight, and as many servers busy.
        self.message = message = waiting.popleft()
        level = line.queue_length
        value = level.value
        level.area += value * (now - level.since)
        level.since = now
        level.value = value - 1
        line.receives += 1
        subscription.total += 1
        self.started_at = now
        if message.receive_count:
            message.receive_count += 1
        else:
            message.receive_count = 1
            subscription.add_waiting(now - message.accepted_at)
        return now + consumer.service_time(message)


class DirectServer(Server):
    """A server of any broker, which calls nobody; its services may fail."""

    __slots__ = ()

    def occur(self, now: float) -> float | None:
        consumer = self.consumer
        message = self.message
        fails = consumer.fails
        if fails is not None and fails(message):
            return consumer._failed(self, now)
        # `Consumer.complete` and `Flow.record`.
        subscription = self.subscription
        subscription.add_service(now - self.started_at)
        if message.duplicate or message.processed:
            consumer.complete(message, subscription, self.receipt, now)
        else:
            consumer.delivered += 1
            subscription.add_sojourn(now - message.accepted_at)
            flow = consumer.flows[message.source]
            flow.delivered += 1
            flow.latency.add(now - message.created)
            sequence = message.sequence
            latest = flow.latest
            key = message.key
            if sequence < latest.get(key, 0):
                flow.out_of_order += 1
            else:
                latest[key] = sequence
            message.processed = True
            if consumer.is_sending_on:
                consumer.outlet.send(message.copy())
            subscription.broker.acknowledge(message, self.receipt)
        # `Consumer._fetch` and `Consumer.open`; the broker is asked anew each time: it may be out.
        if self.batch or consumer.is_halting:
            return consumer.go_on(self, now)
        taken = subscription.broker.take(subscription, self)
        if taken is None:
            self.idle_since = now
            consumer.idle.append(self)
            busy = consumer.busy
            value = busy.value
            busy.area += value * (now - busy.since)
            busy.since = now
            busy.value = value - 1
            return None
        self.message = taken
        self.started_at = now
        if taken.receive_count <= 1:
            subscription.add_waiting(now - taken.accepted_at)
        return now + consumer.service_time(taken)


#: What a direct server does by itself: a consumer that does one of these in its own way has none.
_WRITTEN_OUT = ("make_server", "service_ends", "complete", "open")


def lay_plain_servers(consumer: Consumer) -> None:
    """Give the consumer plain or direct servers where nothing of what it does needs others."""
    inputs = consumer.inputs
    if len(inputs) != 1 or consumer.size is None or consumer.invocations is not None:
        return
    line = inputs[0].broker
    kind = type(consumer)
    if kind.make_server is not Consumer.make_server:
        return
    if isinstance(line, Line) and line.is_plain and consumer.fails is None:
        consumer.idle[:] = [PlainServer(consumer, line) for _ in consumer.idle]
    elif all(getattr(kind, name) is getattr(Consumer, name) for name in _WRITTEN_OUT):
        for server in consumer.idle:  # in place: the broker may know them one by one
            server.__class__ = DirectServer
