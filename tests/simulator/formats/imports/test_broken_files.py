"""Broken files of every format: a design or a refusal, never anything else. `make fuzz` tries many more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InvalidDesign
from simulator.formats.imports.formats import FORMATS, recognise
from simulator.formats.imports.source_file import SourceFile
from tests.simulator.formats.imports.fuzzing import broken, originals, outcome


@pytest.mark.parametrize("format", FORMATS)
def test_the_originals_of_the_broken_files_are_recognised(format):
    for text in originals()[format]:
        found = recognise(SourceFile("a", text.encode()))
        assert found is not None
        assert found.name == format


@pytest.mark.parametrize("format", FORMATS)
def test_broken_files_are_imported_or_refused(format):
    seen = {outcome(format, number, is_through=number % 5 == 0) for number in range(40)}
    assert "refused" in seen


@given(st.sampled_from(sorted(FORMATS)), st.integers(1_000_000, 2_000_000), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_broken_file_is_imported_or_refused(format, number, is_through):
    assert outcome(format, number, is_through=is_through) in ("made", "refused")


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode(errors="ignore")))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_recognised_or_refused_as_a_whole(content):
    try:
        found = recognise(SourceFile("a", content))
    except InvalidDesign as refused:
        message = str(refused)
    else:
        message = "not recognised" if found is None else found.name
    assert message


def test_a_case_is_repeated_from_its_number():
    assert broken("compose", 7) == broken("compose", 7)
    assert broken("compose", 7) != broken("compose", 9)
