"""How a group's position in a partition is moved by others than its members."""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

from simulator.engine.message import Message
from simulator.kinds.kafka.member import Kept
from simulator.kinds.kafka.sparse import GAP
from simulator.measurement.level import shift

if TYPE_CHECKING:
    from simulator.kinds.kafka.actions import SeekSettings
    from simulator.kinds.kafka.group import ConsumerGroup
    from simulator.kinds.kafka.member import Cursor


def truncate(group: ConsumerGroup, cursor: Cursor, count: int, now: float) -> None:
    """The last `count` records of a partition are gone from the log (an unclean election).

    What the group had still to read is lost to it; what it has in hand it finishes, and can never have again;
    what it has processed stays processed.
    """
    fresh, polled = cursor.fresh, cursor.polled
    while count and cursor.held_back:
        message, _transaction = cursor.held_back.pop()
        group.let_go(message, now, is_expired=False)
        count -= 1
    for _ in range(min(count, len(fresh))):
        group.let_go(fresh.pop(), now, is_expired=False)
        count -= 1
    for _ in range(min(count, len(polled))):
        cursor.orphans.add(polled.pop())
        group.lag.down(now)
        count -= 1
    if isinstance(polled, Kept):
        for _ in range(min(count, len(polled.committed))):
            polled.committed.pop()


def seek(group: ConsumerGroup, cursor: Cursor, target: SeekSettings, now: float) -> None:
    """The members of a group go on at another offset of a partition.

    Backwards the records come again as copies, duplicates where they have been processed; it goes back as
    far as they are kept (`Cursor.keep`) and retention has left them. What is passed over is `dropped`.
    """
    fresh, polled = cursor.fresh, cursor.polled
    kept = polled.committed if isinstance(polled, Kept) else deque[Message]()
    goal = _goal(cursor, kept, target)
    position = cursor.position
    group.rewind(cursor, now, max(0, len(polled) - max(0, position - goal)))
    # What is in hand before the new position is finished and never read again.
    cursor.orphans.update(polled)
    group.commit_position(cursor, now)
    position = cursor.position
    again = []
    for _ in range(min(position - goal, len(kept))):
        original = kept.pop()
        if original is GAP:
            again.append(GAP)
            continue
        twin = original.copy()
        twin.duplicate = original.processed or original.duplicate
        twin.accepted_at = twin.enqueued_at = now
        again.append(twin)
    fresh.extendleft(again)
    gaps = sum(message is GAP for message in again)
    group.count_in(len(again) - gaps, now)
    shift(group.lag, now, gaps)
    for _ in range(goal - position):
        skipped = cursor.pass_over()
        cursor.note_skipped(skipped)
        group.let_go(skipped, now, is_expired=False)
    cursor.is_out_of_range = False
    cursor.is_hindered = cursor.is_closed
    if cursor.member is not None and cursor.member.is_waiting and fresh:
        group.wake(cursor.member, now)


def _goal(cursor: Cursor, kept: deque[Message], target: SeekSettings) -> int:
    """The offset to go on at."""
    start = cursor.log.start
    end = cursor.log.end - len(cursor.held_back)  # the last stable offset
    if target.to == "earliest":
        return start
    if target.to == "latest":
        return end
    if target.to == "offset":
        return min(max(target.offset, start), end)
    first = cursor.position - len(cursor.polled) - len(kept)
    for number, message in enumerate(chain(kept, cursor.polled, cursor.fresh)):
        if message.created >= target.timestamp:
            return max(first + number, start)
    return end
