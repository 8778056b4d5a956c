"""Refusals: the one shape in which services say no and the API answers it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.graph.problem import Problem


class Refusal(Exception):
    """A request that cannot be carried out; `status` is the HTTP status that says so."""

    status = 400
    code = "refused"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        path: str = "",
        code: str | None = None,
        errors: Iterable[Mapping[str, Any]] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep one sentence and, where several things are wrong, one entry for each."""
        super().__init__(message)
        self.message = message
        self.extra = dict(extra or {})
        self.errors = [dict(error) for error in errors or ()] or [
            error_entry(message, hint=hint, path=path, code=code or self.code)
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {"errors": self.errors, "detail": self.message, **self.extra}


class NotFound(Refusal):
    """Nothing stands at this address (also for what belongs to somebody else)."""

    status = 404
    code = "not-found"


class Conflict(Refusal):
    """The thing is in a state, or at a version, that does not allow this."""

    status = 409
    code = "conflict"


class Invalid(Refusal):
    """The request was read and its content cannot be accepted."""

    status = 422
    code = "invalid"


class TooMany(Refusal):
    """A limit on how much may go on at once is reached."""

    status = 429
    code = "too-many"


class TooLarge(Refusal):
    """More bytes than this address accepts."""

    status = 413
    code = "too-large"


def error_entry(
    message: str, *, hint: str = "", path: str = "", code: str, severity: str = "error"
) -> dict[str, str]:
    """Return one entry of `errors`."""
    return {"path": path, "message": message, "hint": hint, "code": code, "severity": severity}


def problem_entry(problem: Problem) -> dict[str, Any]:
    """Return one entry of `errors` for a problem of a design, with its element and field for the page.

    What a rule of practice says beside its message comes along: why, source, mend.
    """
    from simulator.advice.telling import explained

    entry = explained(problem)
    del entry["remedy"]  # the hint says it
    return entry


def invalid_design(problems: Iterable[Problem], *, what: str = "The design") -> Invalid:
    """Return the refusal that lists every problem of a design."""
    entries = [problem_entry(problem) for problem in problems]
    count = len(entries)
    return Invalid(f"{what} has {count} {'problem' if count == 1 else 'problems'}.", errors=entries)
