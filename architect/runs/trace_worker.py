"""A worker process that follows messages: `python -m architect.runs.trace_worker`, no Django.

Its answer is `result` with the traces as text, or an `error` line that says why there are none.
"""

from __future__ import annotations

import json
from typing import BinaryIO

from architect.runs.worker import Outlet, leave, main, saying_what_goes_wrong

#: Events after which a pass ends: half a minute of work at most, and more messages than are followed.
MOST_EVENTS = 2_000_000


def follow(outlet: Outlet, _source: BinaryIO, line: bytes) -> None:
    """Follow messages of the document of `line` and answer with their traces."""
    from simulator import Document
    from simulator.experiments.following import follow_messages
    from simulator.formats.exports.otlp import otlp

    with saying_what_goes_wrong(outlet, lambda: 0.0):
        job = json.loads(line)
        document = Document.parse(job["document"])
        followed = follow_messages(
            document, seed=job["seed"], duration=job["duration"], most_events=MOST_EVENTS
        )
        outlet.word("result", {"traces": otlp(followed), "name": document.name})


if __name__ == "__main__":
    leave(main(follow))
