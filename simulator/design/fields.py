"""How a setting is declared once and becomes validation, JSON Schema, form and documentation."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from simulator.design.variate import first_line_only


class Settings(BaseModel):
    """Base of all typed configuration: unknown keys, wrong types and non-finite numbers are refused."""

    model_config = ConfigDict(
        defer_build=True,
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        validate_default=False,
        populate_by_name=True,
        serialize_by_alias=True,
        json_schema_extra=first_line_only,
    )


class Source:
    """Where the default of a setting comes from."""

    def __init__(self, text: str, url: str = "") -> None:
        self.text = text
        self.url = url

    def as_dict(self) -> dict[str, str]:
        """For the JSON Schema (`x-source`)."""
        return {"text": self.text, "url": self.url}


HEADRACE = Source("Headrace's own default")


def setting(
    default: Any = ...,
    *,
    title: str,
    help: str,
    unit: str = "1",
    widget: str | None = None,
    advanced: bool = False,
    source: Source = HEADRACE,
    factory: Any = None,
    **bounds: Any,
) -> Any:
    """A pydantic field with what a form needs: title, help, unit, source of the default, advanced or not.

    `bounds` are pydantic's (`ge`, `gt`, `le`, `alias`, ...).
    """
    extra: dict[str, Any] = {"x-unit": unit, "x-source": source.as_dict()}
    if widget:
        extra["x-widget"] = widget
    if advanced:
        extra["x-advanced"] = True
    given = {"default_factory": factory} if factory is not None else {"default": default}
    return Field(title=title, description=help, json_schema_extra=extra, **given, **bounds)
