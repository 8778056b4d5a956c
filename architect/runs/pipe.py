"""The lines between the server and a worker process.

Server to worker, one JSON object a line: first the job `{"document": ..., "options": {...}}`, then controls
`{"type": "pause" | "resume" | "step" | "cancel"}`, `{"type": "speed", "speed": x}` and
`{"type": "inject", "name": n, "fault": {...}}`, which is answered by `injected` or `refused` with that name.

Worker to server, a word, then JSON: `ready`, `started`, `progress {...}`, `beat`, `injected {...}`,
`refused {...}`, `closing {...}` (the last frame), `result {...}`, `error {...}`; and
`frame SEQ T PROGRESS {...}`,
whose head lets the server store and forward a frame without parsing it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

FRAME = b"frame "


@dataclass(frozen=True, slots=True)
class FrameLine:
    """A frame on its way: `t` in simulated seconds, `progress` from 0 to 1, `body` its JSON text."""

    seq: int
    t: float
    progress: float
    body: str


@dataclass(frozen=True, slots=True)
class WordLine:
    """Anything else a worker says."""

    word: str
    data: dict[str, Any]


def encode_frame(frame: dict[str, Any]) -> bytes:
    """Return the line of a frame. NaN cannot stand in JSON: it becomes null, as the frame format says."""
    body = orjson.dumps(frame, option=orjson.OPT_SERIALIZE_NUMPY)
    head = f"frame {frame['seq']} {frame['t']!r} {frame.get('progress') or 0.0!r} "
    return head.encode() + body + b"\n"


def encode_word(word: str, data: dict[str, Any] | None = None) -> bytes:
    """Return the line of anything else."""
    if data is None:
        return word.encode() + b"\n"
    return word.encode() + b" " + orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n"


def decode(line: bytes) -> FrameLine | WordLine:
    """Read a worker's line; raises ValueError for one that is none."""
    if line.startswith(FRAME):
        _word, seq, t, progress, body = line.rstrip(b"\n").split(b" ", 4)
        return FrameLine(int(seq), float(t), float(progress), body.decode())
    word, _space, rest = line.rstrip(b"\n").partition(b" ")
    return WordLine(word.decode("ascii"), orjson.loads(rest) if rest else {})
