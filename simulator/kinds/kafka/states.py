"""What a record is to a group (`Message.receipt`)."""

from __future__ import annotations

WAITING, IN_FLIGHT, DONE = 0, 1, 2
