"""Designs of a few messages that show the damage a rule warns of."""

from __future__ import annotations

COUNTER_EXAMPLES: dict[str, object] = {}
