"""How far a run is, on standard error."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import Any, TextIO

from simulator.quantities import format_duration

#: Seconds before anything is said: a run that is over by then needs no progress.
SILENT = 1.0
#: Seconds between two lines on a terminal.
REFRESH = 0.2


class Progress:
    """Says how much is done and how long the rest will take.

    On a terminal one line is rewritten; elsewhere (a log, a pipe) a line is added every 10 %,
    and whenever a wanted precision takes more replications.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._is_terminal = self._stream.isatty()
        self._start = perf_counter()
        self._said_at = 0.0
        self._said_tenth = 0
        self._replications = 0
        self._width = 0

    @property
    def elapsed(self) -> float:
        """Seconds of wall time since the start."""
        return perf_counter() - self._start

    def __call__(self, state: dict[str, Any]) -> None:
        """Take what the simulator reports."""
        elapsed = self.elapsed
        if elapsed < SILENT:
            return
        inside = min(1.0, state["t"] / state["duration"])
        share = min(1.0, (state["replication"] + inside) / state["replications"])
        if self._is_terminal:
            if elapsed - self._said_at >= REFRESH:
                self._said_at = elapsed
                text = self._text(state, share, elapsed)
                self._stream.write("\r" + text.ljust(self._width))
                self._stream.flush()
                self._width = len(text)
        elif int(share * 10) > self._said_tenth or 0 < self._replications < state["replications"]:
            # A wanted precision may need more replications than were planned: then the share falls back.
            self._said_tenth = int(share * 10)
            self._stream.write(self._text(state, share, elapsed) + "\n")
            self._stream.flush()
        self._replications = state["replications"]

    @staticmethod
    def _text(state: dict[str, Any], share: float, elapsed: float) -> str:
        text = (
            f"{int(100.0 * share):3d} %  {format_duration(state['t'], 3)} of "
            f"{format_duration(state['duration'], 3)} simulated"
        )
        if state["replications"] > 1:
            text += f", replication {state['replication'] + 1} of {state['replications']}"
        if 0.0 < share < 1.0:
            text += f", about {format_duration(elapsed * (1.0 - share) / share, 2)} left"
        return text

    def close(self) -> None:
        """Clear the line on a terminal."""
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
            self._width = 0


class ShareProgress:
    """Says which share of an experiment is done: a line that is rewritten, or a line for every tenth."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._is_terminal = self._stream.isatty()
        self._start = perf_counter()
        self._said_at = 0.0
        self._said = ""
        self._width = 0

    def __call__(self, state: dict[str, Any]) -> None:
        """Take what the experiment reports: `share`, and `text` for what is under way."""
        elapsed = perf_counter() - self._start
        if elapsed < SILENT:
            return
        share = min(1.0, state["share"])
        if self._is_terminal:
            if elapsed - self._said_at >= REFRESH:
                self._said_at = elapsed
                text = f"{int(100.0 * share):3d} % of {state['text']}"
                self._stream.write("\r" + text.ljust(self._width))
                self._stream.flush()
                self._width = len(text)
        else:
            said = f"{int(10.0 * share) * 10:3d} % of {state['text']}"
            if said != self._said:
                self._said = said
                self._stream.write(said + "\n")
                self._stream.flush()

    def close(self) -> None:
        """Clear the line on a terminal."""
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
            self._width = 0
