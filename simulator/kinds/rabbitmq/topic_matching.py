"""Topic bindings: whether a binding pattern matches a routing key.

Both are words separated by dots; the empty text has no words, and two dots enclose an empty word. In a
pattern `*` stands for exactly one word and `#` for any number of words, none included.
Source: RabbitMQ documentation, *Topics* tutorial and *Exchanges*; checked against the broker's own tests.
"""

from __future__ import annotations

from functools import lru_cache


def matches(pattern: str, routing_key: str) -> bool:
    """Whether `pattern` matches `routing_key`; both are taken literally except for the words `*` and `#`.

    One step per word of the key, whatever the pattern: the places of the pattern that can be reached are
    the bits of one integer (Baeza-Yates and Gonnet, *A new approach to text searching*, CACM 35, 1992), so
    that many `#` cost no more than one.
    """
    literals, single, many, end = _compiled(pattern)
    places = 1
    places |= (places & many) << 1
    for word in words_of(routing_key):
        places = ((places & (literals.get(word, 0) | single)) << 1) | (places & many)
        if not places:
            return False
        places |= (places & many) << 1
    return bool(places & end)


def words_of(text: str) -> list[str]:
    """The words of a routing key or pattern; the empty text has none."""
    return text.split(".") if text else []


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> tuple[dict[str, int], int, int, int]:
    """Places of each literal word, of `*`, of `#`, and the place after the last, as bits."""
    words: list[str] = []
    for word in words_of(pattern):
        # Several `#` in a row say no more than one, and one can be passed over in a single step.
        if word != "#" or words[-1:] != ["#"]:
            words.append(word)
    literals: dict[str, int] = {}
    single = many = 0
    for place, word in enumerate(words):
        bit = 1 << place
        if word == "*":
            single |= bit
        elif word == "#":
            many |= bit
        else:
            literals[word] = literals.get(word, 0) | bit
    return literals, single, many, 1 << len(words)
