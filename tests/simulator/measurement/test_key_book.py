"""Keys by numbers, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulator.measurement.ordering import KeyBook, NoKeys


@pytest.mark.parametrize(
    "keys",
    [[7, 3, 7, 0], ["a", "b", "a"], [1, "1", None, 1], [None, None], [1 << 70, 2], [-5, 1 << 40], [True, 0]],
)
def test_keys_come_back_from_their_numbers(keys: list[Any]) -> None:
    book = KeyBook()
    numbers = book.numbers_of(keys)
    found = book.keys_of(numbers)
    assert [key.item() if isinstance(key, np.generic) else key for key in found] == keys
    # More keys, of another kind perhaps, change nothing for the first ones.
    book.numbers_of(["more"])
    assert list(book.keys_of(numbers)) == keys


def test_whole_numbers_stay_in_arrays() -> None:
    book = KeyBook()
    for keys in (np.array([5, 2, 5]), np.array([2, 9])):
        found = book.keys_of(book.numbers_of(keys))
        assert isinstance(found, np.ndarray)
        assert found.tolist() == keys.tolist()


def test_messages_without_keys_are_counted_and_not_listed() -> None:
    book = KeyBook()
    numbers = book.numbers_of(NoKeys(4))
    assert numbers.tolist() == [0, 0, 0, 0]
    keys = book.keys_of(numbers)
    assert isinstance(keys, NoKeys)
    assert list(keys[1:]) == [None, None, None]
    assert list(keys) == [None] * 4
    assert book.numbers_of(NoKeys(0)).tolist() == []
