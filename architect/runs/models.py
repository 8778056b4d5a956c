"""What is kept of a run: enough to open it again, repeat it bit for bit, watch it from any frame on."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db import models

from architect.designs.models import Design
from architect.runs.states import GOING, RunStatus


class Run(models.Model):
    """One simulation of one snapshot of a design's document."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="runs")
    design_name = models.TextField()
    design_version = models.PositiveIntegerField()

    # what was asked for
    document_text = models.TextField()
    digest = models.CharField(max_length=80)
    seed = models.BigIntegerField()
    options = models.JSONField(
        default=dict
    )  # duration, warmup, replications where they differ from the document
    duration = models.FloatField()  # simulated seconds
    speed = models.FloatField(null=True)  # simulated seconds per wall second; null: as fast as it goes
    estimate = models.JSONField(default=dict)
    versions = models.JSONField(default=dict)

    # where it stands
    status = models.CharField(max_length=10, default=RunStatus.QUEUED, db_index=True)
    reason = models.TextField(blank=True, default="")
    progress = models.FloatField(default=0.0)  # 0..1
    t = models.FloatField(default=0.0)  # simulated seconds
    last_seq = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    wall_seconds = models.FloatField(null=True)

    # what came out
    headline = models.JSONField(null=True)
    result_text = models.TextField(blank=True, default="")
    words = models.JSONField(default=dict)  # title, authors, notes of its report

    class Meta:
        """The newest first."""

        ordering = ("-created_at", "id")

    def __str__(self) -> str:
        """Design and state."""
        return f"{self.design_name} ({self.status})"

    @property
    def is_going(self) -> bool:
        """Whether it has not ended."""
        return self.status in GOING

    @property
    def document(self) -> dict[str, Any]:
        """The snapshot of the document as data."""
        data: dict[str, Any] = json.loads(self.document_text)
        return data


class RunFrame(models.Model):
    """One frame as it was sent, under its sequence number."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="frames", db_index=False)
    seq = models.PositiveIntegerField()
    body = models.TextField()  # the JSON text that goes over the sockets

    class Meta:
        """One row for a number; the constraint's index also serves reading in order."""

        ordering = ("seq",)
        constraints = (models.UniqueConstraint(fields=("run", "seq"), name="one_row_for_a_frame"),)

    def __str__(self) -> str:
        """The number."""
        return f"frame {self.seq}"


class ShareLink(models.Model):
    """An address at which anybody may read the report of one run, until it is revoked.

    Kept is only the digest of the token: who reads the database cannot read the reports by it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    words = models.JSONField(default=dict)  # title, authors, notes where they differ from those of the run
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """The newest first."""

        ordering = ("-created_at", "id")

    def __str__(self) -> str:
        """The run; never the token, which nobody has any more."""
        return f"link to {self.run_id}"
