"""What is kept of a design: the document of today and one row for each saved version."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db import models


class Design(models.Model):
    """A design document and the version that stands now.

    The document is kept as text, not in a JSON column: PostgreSQL's would lose the order of the keys.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.TextField()
    description = models.TextField(blank=True, default="")
    version = models.PositiveIntegerField(default=1)
    document_text = models.TextField()
    node_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(db_index=True)

    class Meta:
        """The newest change first."""

        ordering = ("-updated_at", "id")

    def __str__(self) -> str:
        """Name and version."""
        return f"{self.name} (version {self.version})"

    @property
    def document(self) -> dict[str, Any]:
        """The document as data."""
        data: dict[str, Any] = json.loads(self.document_text)
        return data


class DesignRevision(models.Model):
    """One saved version of a design; the newest `REVISIONS_KEPT` stay."""

    id = models.BigAutoField(primary_key=True)
    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="revisions")
    version = models.PositiveIntegerField()
    name = models.TextField()
    document_text = models.TextField()
    saved_at = models.DateTimeField()

    class Meta:
        """One row for a version; the newest first."""

        ordering = ("-version",)
        constraints = (models.UniqueConstraint(fields=("design", "version"), name="one_row_for_a_version"),)

    def __str__(self) -> str:
        """Name and version."""
        return f"{self.name} (version {self.version})"

    @property
    def document(self) -> dict[str, Any]:
        """The document as data."""
        data: dict[str, Any] = json.loads(self.document_text)
        return data
