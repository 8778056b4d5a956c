"""What the numbers of sagas, outboxes and careful consumers say: title, unit, definition."""

from __future__ import annotations

PATTERNS: dict[str, tuple[str, str, str]] = {
    "sagas_started": ("Started", "sagas", "Sagas that began."),
    "sagas_completed": ("Completed", "sagas", "All steps were done."),
    "sagas_compensated": ("Compensated", "sagas", "One step failed, and what was done is undone."),
    "sagas_stuck": ("Stuck", "sagas", "Neither completed nor undone, and nothing goes on."),
    "completed_share": ("Share completed", "1", "Of the sagas that ended."),
    "compensated_share": ("Share compensated", "1", "Of the sagas that ended."),
    "stuck_share": ("Share stuck", "1", "Of the sagas that ended."),
    "half_done": ("Half done", "sagas", "Sagas of which something is in place and not all."),
    "half_done_time": (
        "Half-done time",
        "s",
        "From the first effect of a saga until all of it is done, or undone.",
    ),
    "compensating": ("Compensations in flight", "sagas", "Sagas that are being undone."),
    "steps_done": ("Steps done", "steps", "Steps that took effect at their participant."),
    "steps_refused": ("Steps refused", "steps", "Refused for good, such as a declined card."),
    "step_timeouts": ("Step timeouts", "attempts", "Not answered in time: the outcome is unknown."),
    "compensations": ("Compensations", "steps", "Steps undone, or barred before they came."),
    "late_steps_refused": (
        "Late steps refused",
        "steps",
        "Came after their compensation and met its tombstone.",
    ),
    "repeats_refused": ("Repeats recognized", "steps", "Came once more and took no second effect."),
    "effects_repeated": ("Effects repeated", "steps", "Came once more and took effect once more."),
    "consumer_retries": ("Retries", "attempts", "Further attempts of the workers themselves."),
    "effects_left_over": (
        "Effects left over",
        "steps",
        "Still in place at a participant though the saga was compensated.",
    ),
    "isolation_anomalies": (
        "Isolation anomalies",
        "reads",
        "Steps of other sagas that acted on what was undone later (same key).",
    ),
    "compensations_out_of_order": (
        "Compensations out of order",
        "steps",
        "Undone while a step done later, with a compensation, was still in place.",
    ),
    "late_replies": ("Late replies", "replies", "Came when nobody waited for them any more."),
    "events_published": ("Events published", "events", "Events that it sent on."),
    "events_repeated": (
        "Events repeated",
        "events",
        "Published once more after a crash between publish and mark.",
    ),
    "lost_events": ("Lost events", "events", "Committed, and nobody will hear of it."),
    "phantom_events": ("Phantom events", "events", "Told of, and rolled back."),
    "rows_skipped": ("Rows skipped", "rows", "Committed after a higher id was read: never published."),
    "published_out_of_order": (
        "Published out of order",
        "events",
        "Published after a later commit of the same key.",
    ),
    "publish_refused": ("Publishes refused", "publishes", "Attempts that the broker refused."),
    "relay_crashes": ("Relay crashes", "crashes", "Between publish and mark."),
    "transactions_rolled_back": (
        "Transactions rolled back",
        "transactions",
        "By the database, or cut off by a crash.",
    ),
    "outbox_rows": ("Rows of the outbox", "rows", "Rows in its table, published ones left there too."),
    "publish_delay": ("Publish delay", "s", "From a commit until its event is published."),
}
