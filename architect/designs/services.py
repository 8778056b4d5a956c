"""Everything that changes a design."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from architect.designs.documents import Checked, checked, plain
from architect.designs.models import Design, DesignRevision
from architect.designs.selectors import design_get
from architect.refusals import Conflict, NotFound

REVISIONS_KEPT = 200
NAME_LIMIT = 200  # characters, as the document says
COPY_MARK = " (copy)"
WELCOMED = "welcomed"


class StaleVersion(Conflict):
    """Somebody saved since this client read the design; `current` is what stands now."""

    code = "stale-version"

    def __init__(self, current: Design) -> None:
        """Name both versions' fate: nothing was overwritten."""
        super().__init__(
            "The design was changed in the meantime; nothing was overwritten.",
            hint="Keep yours, take theirs, or save yours as a copy.",
            path="version",
        )
        self.current = current


def design_create(data: object) -> Design:
    """Save a new design; raises Invalid with every problem of its document."""
    return _create(checked(data))


def design_create_from_template(slug: str) -> Design:
    """Save a new design from a template; raises NotFound."""
    from simulator.design.examples import templates

    for template in templates():
        if template.slug == slug:
            return design_create(plain(template.document))
    raise NotFound(f"There is no template called {slug[:80]!r}.", path="template")


def design_save(design_id: uuid.UUID, *, version: int, data: object) -> Design:
    """Save the next version of a design, if `version` is the one that stands; else raise StaleVersion.

    The row changes only where the version still matches (one UPDATE), so of many writers one wins.
    """
    if design_get(design_id).version != version:
        raise StaleVersion(design_get(design_id))
    new = checked(data)
    now = timezone.now()
    with _durable(), transaction.atomic():
        rows = Design.objects.filter(id=design_id, version=version).update(
            **_columns(new), version=version + 1, updated_at=now
        )
        if rows:
            _remember(Design.objects.get(id=design_id))
    if not rows:
        raise StaleVersion(design_get(design_id))
    return design_get(design_id)


def design_duplicate(design_id: uuid.UUID) -> Design:
    """Save a copy under its own id, named "... (copy)"."""
    data = design_get(design_id).document
    name = str(data.get("name", ""))[: NAME_LIMIT - len(COPY_MARK)] + COPY_MARK
    return design_create({**data, "name": name})


def design_delete(design_id: uuid.UUID) -> None:
    """Delete a design with its versions and runs; raises Conflict while one of its runs is going."""
    with transaction.atomic():
        design_get(design_id).delete()


def design_welcome(data_directory: Path) -> Design | None:
    """On the first start ever, make one ready design, so that the first page opens on a finished example."""
    mark = data_directory / WELCOMED
    if mark.exists():
        return None
    design = None
    if not Design.objects.exists():
        from simulator.design.examples import templates

        first = next(iter(templates()), None)
        design = design_create(plain(first.document)) if first else None
    mark.touch(mode=0o600)
    return design


def _create(new: Checked) -> Design:
    with _durable(), transaction.atomic():
        design = Design.objects.create(**_columns(new), updated_at=timezone.now())
        _remember(design)
    return design


def _columns(new: Checked) -> dict[str, Any]:
    return {
        "name": new.document.name,
        "description": new.document.description,
        "document_text": new.text,
        "node_count": len(new.document.nodes),
    }


def _remember(design: Design) -> None:
    DesignRevision.objects.create(
        design=design,
        version=design.version,
        name=design.name,
        document_text=design.document_text,
        saved_at=design.updated_at,
    )
    design.revisions.filter(version__lte=design.version - REVISIONS_KEPT).delete()


@contextmanager
def _durable() -> Iterator[None]:
    """Have SQLite wait for the disk in this commit: a saved design survives a power cut, a frame need not.

    The setting cannot change inside a transaction (where nothing is committed by us anyway).
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=FULL")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=NORMAL")
