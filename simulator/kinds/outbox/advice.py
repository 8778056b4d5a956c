"""The reasons behind what the checks of an outbox find."""

from __future__ import annotations

from simulator.graph.rule import Rule

_RICHARDSON = "Richardson, Microservices Patterns, 2018, chapter 3"

RULES = (
    Rule(
        "D415",
        "warning",
        "A service writes to its database and to a broker, one after the other.",
        "A crash between the two writes loses an event, or leaves one of something that never was.",
        f"{_RICHARDSON}, Transactional outbox",
        "Commit the event in an outbox, and let a relay publish it.",
    ),
    Rule(
        "D416",
        "warning",
        "A relay reads its outbox above the last id.",
        "Ids are given when transactions begin: one that commits after a higher one is skipped for ever.",
        f"{_RICHARDSON}, Polling publisher",
        "Read the rows that are not marked, or tail the log.",
    ),
    Rule(
        "D417",
        "hint",
        "An outbox is never cleaned.",
        "Its table grows with every event, and with it the time of a look.",
        f"{_RICHARDSON}, Polling publisher",
        "Delete what was published.",
    ),
    Rule(
        "D418",
        "warning",
        "An outbox has nobody to tell.",
        "Its events go nowhere.",
        f"{_RICHARDSON}, Transactional outbox",
        "Lead a publish edge to a queue, topic or bus.",
    ),
)
