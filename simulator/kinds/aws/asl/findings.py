"""What validation finds in a definition, and a notebook that knows where in the definition it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simulator.errors import HeadraceError

#: Code of what breaks the schema of the language, and has no code of its own.
SCHEMA = "SCHEMA_VALIDATION_FAILED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a definition.

    Args:
        path: where, as the service writes it: /States/Pay/Retry[0]/ErrorEquals; "" is the whole.
        message: what is wrong.
        hint: how to mend it.
        severity: errors keep the service from taking the definition.
        code: the service's own code for it (API reference, *ValidateStateMachineDefinitionDiagnostic*); ""
            where the service says nothing.
    """

    path: str
    message: str
    hint: str
    severity: Literal["error", "warning"] = "error"
    code: str = SCHEMA

    def __str__(self) -> str:
        """One line for a terminal."""
        return f"{self.path or '/'}: {self.said} ({self.hint})"

    @property
    def said(self) -> str:
        """What is wrong, after the service's code for it."""
        return f"{self.code}: {self.message}" if self.code else self.message


class InvalidDefinition(HeadraceError, ValueError):
    """A definition that the service would not take; `findings` has every error found."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = list(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))

    def __reduce__(self) -> tuple[type[InvalidDefinition], tuple[list[Finding]]]:
        """Pickle by the findings, so that a worker process can hand the exception on."""
        return type(self), (self.findings,)


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that keep the service from taking the definition."""
    return [finding for finding in findings if finding.severity == "error"]


class Notebook:
    """Collects findings; each note says in which object, and at which of its fields.

    Args:
        path: of the object.
        findings: all found so far, shared by the notebooks of all parts.
    """

    __slots__ = ("findings", "path")

    def __init__(self, path: str = "", findings: list[Finding] | None = None) -> None:
        self.path = path
        self.findings: list[Finding] = [] if findings is None else findings

    def at(self, *parts: str | int) -> Notebook:
        """The notebook of an inner part."""
        path = self.path + "".join(f"[{part}]" if isinstance(part, int) else f"/{part}" for part in parts)
        return Notebook(path, self.findings)

    def error(self, message: str, hint: str, code: str = SCHEMA) -> None:
        """Note a fault that the service does not take."""
        self.findings.append(Finding(self.path, message, hint, "error", code))

    def warning(self, message: str, hint: str, code: str = "") -> None:
        """Note something that the service takes, and that does not do what it seems to."""
        self.findings.append(Finding(self.path, message, hint, "warning", code))

    def whole(self, fields: Mapping[str, Any], name: str, least: int, most: int, unit: str = "") -> bool:
        """Whether a field, if it is there, is a whole number within bounds; notes it if not."""
        if name not in fields:
            return True
        value = fields[name]
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return True
        self.at(name).error(
            f"{name} is {value!r}",
            f"give a whole number from {least:,} to {most:,}{f' {unit}' if unit else ''}",
        )
        return False

    def text(self, fields: Mapping[str, Any], name: str) -> bool:
        """Whether a field, if it is there, is a text; notes it if not."""
        if name not in fields or isinstance(fields[name], str):
            return True
        self.at(name).error(f"{name} is {fields[name]!r}", "give a text")
        return False
