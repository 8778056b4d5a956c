"""A producer's SDK client before a queue: what a SendMessage says, batches, and retries after throttling."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from simulator.engine.environment import Activity
from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.payload import Event
from simulator.kinds.aws.sdk_retry import SdkRetry
from simulator.kinds.aws.sqs.edge_settings import SqsPublishSettings
from simulator.kinds.aws.sqs.envelope import Envelope
from simulator.kinds.aws.sqs.quotas import BATCH_BYTES

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.kinds.aws.sqs.queue import SqsQueue

#: Envelopes kept by a sender; more different groups than this are made anew each time.
KEPT = 20_000
#: Key of the body in the memory of an event.
_BODY = "sqs body"
_LONGEST_DELAY = 900.0
_FIELD = re.compile(r"\{([^{}]+)\}")


def text_of(template: str) -> Callable[[Message], str]:
    """What a template with {key}, {type}, {source} and {field} of the detail says of each message."""
    if not _FIELD.search(template):
        return lambda _message: template

    def filled(message: Message) -> str:
        return _FIELD.sub(lambda found: _field(message, found.group(1)), template)

    return filled


def _field(message: Message, name: str) -> str:
    if name == "key":
        return "" if message.key is None else str(message.key)
    event = message.event
    if event is None:
        return ""
    if name in ("source", "type"):
        return str(getattr(event, name))
    value: object = event.detail
    for step in name.split("."):
        value = value.get(step, "") if isinstance(value, dict) else ""
    return str(value)


def body_of(event: Event) -> str:
    """The body of a message with this event, which content-based deduplication compares."""
    found: str | None = event.memo.get(_BODY)
    if found is None:
        found = json.dumps([event.source, event.type, event.detail], sort_keys=True)
        event.memo[_BODY] = found
    return found


class Sender(Acceptor):
    """One producer's client: what comes over one publish edge of the design.

    Messages that gather for a batch, or wait for a retry, are waiting messages of the queue (`buffered`).
    """

    category = "queue"

    def __init__(self, queue: SqsQueue, edge: Edge, settings: SqsPublishSettings) -> None:
        world = queue.world
        super().__init__(f"{queue.id}:{edge.id}", world.env)
        self.queue = queue
        self._group = None if settings.message_group_id is None else text_of(settings.message_group_id)
        given = settings.message_deduplication_id
        self._deduplication = None if given is None else text_of(given)
        self._delay = None
        if settings.delay_seconds is not None:
            self._delay = world.draws(settings.delay_seconds, edge.id, "DelaySeconds")
        self._batch_size = settings.batch_size
        self._linger = settings.linger
        self._open: Call | None = None
        self.retry = SdkRetry(world.uniform(edge.id, "retry"))
        self._envelopes: dict[str, Envelope] = {}

    def lose(self, message: Message) -> None:
        self.queue.lose(message)

    # -- what a message says ---------------------------------------------------------------------
    def _label(self, message: Message) -> bool:
        """Write group and deduplication id on the message; False where a FIFO queue gets no group."""
        queue = self.queue
        before = getattr(message, "envelope", None)
        if type(before) is not Envelope:
            before = None
        if self._group is not None:
            group: str | None = self._group(message) or None
        elif before is not None and before.group is not None:
            group = before.group
        elif queue.is_fifo and message.key is not None:
            group = str(message.key)
        else:
            group = None
        if group is None:
            return not queue.is_fifo
        deduplication = None
        if self._deduplication is not None:
            deduplication = self._deduplication(message) or None
        elif before is not None and before.deduplication is not None:
            deduplication = before.deduplication
        elif queue.settings.content_based_deduplication and message.event is not None:
            deduplication = body_of(message.event)
        if deduplication is not None:
            message.envelope = Envelope(group, deduplication)
            return True
        envelope = self._envelopes.get(group)
        if envelope is None:
            envelope = Envelope(group)
            if len(self._envelopes) < KEPT:
                self._envelopes[group] = envelope
        message.envelope = envelope
        return True

    # -- sending ---------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        queue = self.queue
        if queue.is_out or not self._label(message):
            queue.rejected += 1
            return False
        if not queue.has_room(message):
            return False
        now = self.env._now
        queue.admit(message, now)
        queue.buffered.up(now)
        queue.note_present(now)
        if self._batch_size == 1:
            if queue.admits(message, now):
                self._deliver([message], 1, now)
            else:
                self.refuse(message, now)
            return True
        batch = self._open
        if batch is not None and batch.size + message.size > BATCH_BYTES:
            self.close(batch, now)
            batch = None
        if batch is None:
            batch = self._open = Call(self, message)
            if self._linger > 0.0:
                self.env.at(now + self._linger, batch)
        else:
            batch.add(message)
        if self._linger <= 0.0 or len(batch.messages) >= self._batch_size:
            self.close(batch, now)
        return True

    def close(self, batch: Call, now: float) -> None:
        """The batch gathers no more: send it."""
        self._open = None
        batch.is_open = False
        self.attempt(batch, now)

    def attempt(self, call: Call, now: float) -> None:
        """Make the call."""
        queue = self.queue
        call.attempts += 1
        passed, refused = queue.admit_call(call.messages, now)
        if passed:
            self._deliver(passed, call.attempts, now)
        if refused:
            self._refused(call, refused, now)

    def _deliver(self, passed: list[Message], attempts: int, now: float) -> None:
        """The call came through for these entries at attempt number `attempts`."""
        queue = self.queue
        self.retry.succeeded(attempts)
        queue.requests.sent(passed)
        # The entries of a batch become available together: one receive may return them all.
        queue.holds_wakes = True
        for message in passed:
            queue.buffered.down(now)
            delay = None if self._delay is None else min(self._delay(), _LONGEST_DELAY)
            queue.store(message, now, delay)
        queue.holds_wakes = False
        for _ in passed:
            if not queue.has_receivable():
                break
            queue.wake_reader(now)

    def refuse(self, message: Message, now: float) -> None:
        """A call with one message was throttled at its first attempt."""
        call = Call(self, message)
        call.is_open = False
        call.attempts = 1
        self._refused(call, [message], now)

    def _refused(self, call: Call, refused: list[Message], now: float) -> None:
        """What was throttled is tried again later, or has failed."""
        queue = self.queue
        wait = self.retry.wait(call.attempts)
        if wait is None:
            for message in refused:
                queue.buffered.down(now)
                queue.requests.send -= 1
                queue.drop(message, now)
            return
        call.messages = refused
        call.retry_due = now + wait
        self.env.at(call.retry_due, call)


class Call(Activity):
    """A SendMessage or SendMessageBatch under way; what occurs is the end of its linger, or a retry."""

    __slots__ = ("attempts", "is_open", "messages", "retry_due", "sender", "size")

    def __init__(self, sender: Sender, message: Message) -> None:
        self.sender = sender
        self.messages = [message]
        self.size = message.size
        self.attempts = 0
        #: Whether it still gathers messages; the linger of one that filled up finds nothing to do.
        self.is_open = True
        self.retry_due = inf

    def add(self, message: Message) -> None:
        """One message more."""
        self.messages.append(message)
        self.size += message.size

    def occur(self, now: float) -> None:
        if self.is_open:
            self.sender.close(self, now)
        elif now >= self.retry_due:
            self.retry_due = inf
            self.sender.attempt(self, now)
