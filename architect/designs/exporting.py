"""Designs as files for other programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from django.http import HttpResponse

from architect.designs import documents
from architect.designs.parquet import with_parquet
from architect.refusals import Invalid, NotFound, invalid_design

Theme = Literal["light", "dark"]


def formats() -> list[dict[str, Any]]:
    """Every format, in the order in which to offer them."""
    from simulator.formats.exports.losses import LEAVES_OUT
    from simulator.formats.exports.table import EXPORTS

    return [
        {
            "name": entry.name,
            "title": entry.title,
            "sort": entry.sort,
            "suffix": entry.suffix,
            "needs": entry.needs,
            "leaves_out": LEAVES_OUT[entry.name],
        }
        for entry in EXPORTS.values()
    ]


def exported(
    data: object, format: str, theme: Theme = "light", result: Mapping[str, Any] | None = None
) -> HttpResponse:
    """The document as an attachment in one of the formats.

    Args:
        result: result document whose numbers a drawing shows, None for the settings.

    Raises:
        NotFound: for an unknown format.
        Invalid: for a document that is not valid any more, or that the format has no words for; for data
            without a result.
        Conflict: for Parquet where PyArrow is not installed.
    """
    from simulator.formats.exports.refusal import CannotExport
    from simulator.formats.exports.table import EXPORTS

    entry = EXPORTS.get(format)
    if entry is None:
        raise NotFound("There is no such format.", hint=f"The formats are {', '.join(EXPORTS)}.")
    if entry.sort == "data" and result is None:
        raise Invalid(
            f"{entry.title} are written of a run.",
            hint="Run the design and ask for /api/runs/ID/export/" + format + ".",
            code="needs-run",
        )
    document, problems = documents.problems_of(data)
    if document is None:
        raise invalid_design(problems)
    try:
        content = with_parquet(lambda: entry.write(document, result, theme))
    except CannotExport as refused:
        message = str(refused)
        raise Invalid(f"{message[:1].upper()}{message[1:]}.", code="cannot-export") from refused
    charset = "; charset=utf-8" if isinstance(content, str) else ""
    return attachment(content, f"{entry.media_type}{charset}", document.name, entry.suffix)


def left_out(data: object, format: str, *, with_numbers: bool = False) -> dict[str, Any]:
    """What a file in the format does not say of the document, by name.

    Raises:
        NotFound: for an unknown format.
        Invalid: for a document that is not valid any more.
    """
    from simulator.formats.exports.losses import losses
    from simulator.formats.exports.table import EXPORTS

    if format not in EXPORTS:
        raise NotFound("There is no such format.", hint=f"The formats are {', '.join(EXPORTS)}.")
    document, problems = documents.problems_of(data)
    if document is None:
        raise invalid_design(problems)
    return losses(document, format, with_numbers=with_numbers).to_data()


def attachment(content: str | bytes, media_type: str, name: str, suffix: str) -> HttpResponse:
    """A file to be saved under the name of its design; opened in the browser it may do nothing."""
    answer = HttpResponse(content, content_type=media_type)
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "design"
    answer.headers["Content-Disposition"] = f'attachment; filename="{slug}{suffix}"'
    answer.headers["Content-Security-Policy"] = "sandbox"
    return answer
