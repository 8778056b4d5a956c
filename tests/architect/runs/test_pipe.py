"""The lines between server and worker."""

from __future__ import annotations

import math

import pytest

from architect.runs import pipe
from architect.runs.pipe import FrameLine, WordLine


def test_a_frame_comes_back_with_its_head_and_its_text_untouched() -> None:
    line = pipe.encode_frame({"seq": 12, "t": 12.5, "progress": 0.25, "nodes": {"ä b": {"x": 1}}})
    assert line.count(b"\n") == 1
    frame = pipe.decode(line)
    assert frame == FrameLine(12, 12.5, 0.25, '{"seq":12,"t":12.5,"progress":0.25,"nodes":{"ä b":{"x":1}}}')


def test_a_number_that_is_none_becomes_null() -> None:
    frame = pipe.decode(pipe.encode_frame({"seq": 1, "t": 0.0, "progress": 0.0, "x": math.nan}))
    assert isinstance(frame, FrameLine)
    assert '"x":null' in frame.body


@pytest.mark.parametrize("data", [None, {"t": 1.5, "text": "line\nbreak"}])
def test_a_word_comes_back_with_its_data(data: dict[str, object] | None) -> None:
    line = pipe.encode_word("progress", data)
    assert line.count(b"\n") == 1
    assert pipe.decode(line) == WordLine("progress", data or {})


@pytest.mark.parametrize("line", [b"frame x 1 2 {}\n", b"frame 1\n", b"result {broken\n", b"\xff {}\n"])
def test_what_is_no_line_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        pipe.decode(line)
