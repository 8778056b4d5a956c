"""Regular expressions whose work is counted: what one costs depends on the text and not on the machine.

Python's own matcher goes back over every way to read a text, and `(a+)+$` has 2^n of them. Here a place of
the pattern is tried once at each place of the text, which finds the same matches: it goes back in the same
order, and what failed once fails again. Each try is one step of the work that an expression may take.

Patterns are read, and their single characters compared, by Python's `re`; conditions on groups and flags of a
group are left out. Source: Cox, *Regular Expression Matching: the Virtual Machine Approach*, 2009; Davis,
Servant and Lee, *Using Selective Memoization to Defeat Regular Expression Denial of Service*, 2021.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]  # the reader has no public name
from typing import Any, NamedTuple, TypeAlias

MAX_INSTRUCTIONS = 20_000
"""Places of one pattern; counted repetitions are written out."""

_REFERENCE = re.compile(r"\\g<(\d+)>")
_GREEDY, _LAZY, _POSSESSIVE = _constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT
_LOOKS = (_constants.ASSERT, _constants.ASSERT_NOT)

_Groups: TypeAlias = tuple[int, ...]


class TooMuchWork(ValueError):
    """An expression that takes more steps than it may."""


class Budget:
    """The steps that are left to one evaluation.

    Args:
        steps: how many there are.
    """

    __slots__ = ("left", "steps")

    def __init__(self, steps: int) -> None:
        self.steps = self.left = steps

    def refill(self) -> None:
        """An evaluation begins."""
        self.left = self.steps

    def spend(self) -> None:
        """One step; raises `TooMuchWork` when none is left."""
        self.left -= 1
        if self.left < 0:
            raise TooMuchWork(f"it takes more than {self.steps:,} steps")


class _Atom(NamedTuple):
    """Characters, or a place such as the end of the text, that can be read in one way only."""

    match: Callable[[str, int], Any]


class _Split(NamedTuple):
    """Go on at the first place; if that fails, at the second."""

    first: int
    second: int


class _Save(NamedTuple):
    slot: int


class _Same(NamedTuple):
    """The text that a group has found, once more."""

    group: int
    ignores_case: bool


class _Within(NamedTuple):
    """A look around, or a group that is not gone back into: a program of its own."""

    program: list[Any]
    is_wanted: bool
    consumes: bool
    back: int


class Match:
    """One match, with as much of `re.Match` as the libraries ask for."""

    __slots__ = ("_places", "_text")

    def __init__(self, text: str, places: _Groups) -> None:
        self._text = text
        self._places = places

    def start(self) -> int:
        """Where the match begins."""
        return self._places[0]

    def end(self) -> int:
        """Where the match ends."""
        return self._places[1]

    def group(self, number: int = 0) -> str | None:
        """The text of a group, None if it took no part."""
        start, end = self._places[2 * number : 2 * number + 2]
        return None if start < 0 or end < 0 else self._text[start:end]

    def groups(self) -> tuple[str | None, ...]:
        """The texts of all groups."""
        return tuple(self.group(number) for number in range(1, len(self._places) // 2))


class Pattern:
    """A compiled pattern with as much of `re.Pattern` as the libraries ask for.

    Args:
        pattern: as Python's `re` writes it.
        flags: of `re`.
        budget: pays for what it does.

    Raises:
        re.error: it is no pattern, or uses what is left out.
    """

    def __init__(self, pattern: str, flags: int, budget: Budget) -> None:
        read = _parser.parse(pattern, flags)
        self.pattern = pattern
        self.flags: int = read.state.flags
        self._groups: int = read.state.groups
        self._budget = budget
        self._has_references = False
        self._program: list[Any] = []
        self._write(read, self.flags, self._program)

    def search(self, text: str) -> Match | None:
        """The first match."""
        return next(self.finditer(text), None)

    def finditer(self, text: str) -> Iterator[Match]:
        """All matches from left to right that do not overlap."""
        at, is_behind_empty = 0, False
        while at <= len(text):
            seen: set[Any] = set()
            for start in range(at, len(text) + 1):
                self._budget.spend()
                must_advance = is_behind_empty and start == at
                found = self._run(self._program, text, start, seen, must_advance=must_advance)
                if found is not None:
                    break
            else:
                return
            yield Match(text, found)
            at = found[1]
            is_behind_empty = found[0] == found[1]

    def fullmatch(self, text: str) -> Match | None:
        """The match of the whole text."""
        found = self._run(self._program, text, 0, set(), is_whole=True)
        return None if found is None else Match(text, found)

    def sub(self, replacement: str | Callable[[Match], str], text: str, count: int = 0) -> str:
        r"""The text with matches replaced; `\g<12>` stands for a group, or for a shorter one and a digit."""
        parts, behind = [], 0
        for number, match in enumerate(self.finditer(text), start=1):
            parts.append(text[behind : match.start()])
            parts.append(
                _REFERENCE.sub(lambda found, match=match: self._group(found[1], match), replacement)  # type: ignore[misc]
                if isinstance(replacement, str)
                else replacement(match)
            )
            behind = match.end()
            if number == count:
                break
        return "".join([*parts, text[behind:]])

    def split(self, text: str) -> list[str]:
        """The texts between the matches."""
        parts, behind = [], 0
        for match in self.finditer(text):
            parts.append(text[behind : match.start()])
            behind = match.end()
        return [*parts, text[behind:]]

    def _group(self, digits: str, match: Match) -> str:
        for size in range(len(digits), 0, -1):
            if int(digits[:size]) < self._groups:
                return (match.group(int(digits[:size])) or "") + digits[size:]
        return ""

    # -- writing the program -------------------------------------------------------------------------
    def _write(self, nodes: Any, flags: int, program: list[Any]) -> None:
        for code, value in nodes:
            if len(program) > MAX_INSTRUCTIONS:
                raise re.error(f"a pattern of more than {MAX_INSTRUCTIONS:,} places is not tried")
            if code is _constants.SUBPATTERN:
                self._write_group(value, flags, program)
            elif code is _constants.BRANCH:
                self._write_branches(value[1], flags, program)
            elif code in (_GREEDY, _LAZY, _POSSESSIVE):
                self._write_repetition(code, value, flags, program)
            elif code in _LOOKS:
                direction, inner = value
                back = inner.getwidth()[0] if direction < 0 else 0
                wanted = code is _constants.ASSERT
                program.append(_Within(self._apart(inner, flags), wanted, False, back))
            elif code is _constants.ATOMIC_GROUP:
                program.append(_Within(self._apart(value, flags), True, True, 0))
            elif code is _constants.GROUPREF:
                self._has_references = True
                program.append(_Same(value, bool(flags & re.IGNORECASE)))
            elif code is _constants.GROUPREF_EXISTS:
                raise re.error("conditions on groups are left out")
            else:
                program.append(_Atom(_single(code, value, flags)))

    def _apart(self, nodes: Any, flags: int) -> list[Any]:
        program: list[Any] = []
        self._write(nodes, flags, program)
        return program

    def _write_group(self, value: Any, flags: int, program: list[Any]) -> None:
        number, added, taken, inner = value
        if added or taken:
            raise re.error("flags of a group are left out")
        if number is None:
            self._write(inner, flags, program)
            return
        program.append(_Save(2 * number))
        self._write(inner, flags, program)
        program.append(_Save(2 * number + 1))

    def _write_branches(self, branches: list[Any], flags: int, program: list[Any]) -> None:
        jumps = []
        for branch in branches[:-1]:
            fork = len(program)
            program.append(None)
            self._write(branch, flags, program)
            jumps.append(len(program))
            program.append(None)
            program[fork] = _Split(fork + 1, len(program))
        self._write(branches[-1], flags, program)
        for jump in jumps:
            program[jump] = _Split(len(program), len(program))

    def _write_repetition(self, code: Any, value: Any, flags: int, program: list[Any]) -> None:
        least, most, inner = value
        if code is _POSSESSIVE:
            greedy = _parser.SubPattern(inner.state, [(_GREEDY, value)])
            program.append(_Within(self._apart(greedy, flags), True, True, 0))
            return
        forks = []
        for _ in range(least):
            self._write(inner, flags, program)
            if len(program) > MAX_INSTRUCTIONS:
                break
        is_endless = most is _constants.MAXREPEAT
        for _ in range(1 if is_endless else most - least):
            forks.append(len(program))
            program.append(None)
            self._write(inner, flags, program)
            if len(program) > MAX_INSTRUCTIONS:
                break
        if is_endless:
            program.append(_Split(forks[0], forks[0]))
        for fork in forks:
            into, past = fork + 1, len(program)
            program[fork] = _Split(into, past) if code is _GREEDY else _Split(past, into)
        if len(program) > MAX_INSTRUCTIONS:
            raise re.error(f"a pattern of more than {MAX_INSTRUCTIONS:,} places is not tried")

    # -- running it ----------------------------------------------------------------------------------
    def _run(
        self,
        program: list[Any],
        text: str,
        start: int,
        seen: set[Any],
        groups: _Groups = (),
        *,
        must_advance: bool = False,
        is_whole: bool = False,
    ) -> _Groups | None:
        """The places of the match that begins at `start`, and of its groups."""
        end, spend, references = len(program), self._budget.spend, self._has_references
        width = len(text) + 1
        left: list[tuple[int, int, _Groups]] = [(0, start, groups or (-1,) * (2 * self._groups))]
        while left:
            place, at, groups = left.pop()
            while place < end:
                step = program[place]
                place += 1
                if type(step) is _Atom:
                    found = step.match(text, at)
                    if found is None:
                        break
                    at = found.end()
                elif type(step) is _Split:
                    spend()
                    key: Any = (place, at, groups) if references else place * width + at
                    if key in seen:
                        break
                    seen.add(key)
                    if step.second != step.first:
                        left.append((step.second, at, groups))
                    place = step.first
                elif type(step) is _Save:
                    groups = (*groups[: step.slot], at, *groups[step.slot + 1 :])
                elif type(step) is _Same:
                    first, last = groups[2 * step.group : 2 * step.group + 2]
                    said, here = text[first:last], text[at : at + last - first]
                    same = said.lower() == here.lower() if step.ignores_case else said == here
                    if first < 0 or last < 0 or not same:
                        break
                    at += last - first
                else:
                    inside = (
                        self._run(step.program, text, at - step.back, set(), groups)
                        if at >= step.back
                        else None
                    )
                    if (inside is not None) is not step.is_wanted:
                        break
                    if inside is not None:
                        groups = (-1, -1, *inside[2:])
                        at = inside[1] if step.consumes else at
            else:
                if (must_advance and at == start) or (is_whole and at != len(text)):
                    continue
                return (start, at, *groups[2:])
        return None


def _single(code: Any, value: Any, flags: int) -> Callable[[str, int], Any]:
    """Python's matcher of one character or place."""
    state = _parser.State()
    state.flags = flags
    compiled: re.Pattern[str] = _compiler.compile(_parser.SubPattern(state, [(code, value)]), flags)
    return compiled.match
