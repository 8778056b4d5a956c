"""What is kept of an experiment: enough to read it again and to repeat it bit for bit."""

from __future__ import annotations

import uuid
from enum import StrEnum

from django.db import models

from architect.designs.models import Design
from architect.runs.states import GOING, RunStatus


class ExperimentKind(StrEnum):
    """The question an experiment answers."""

    COMPARISON = "comparison"
    SWEEP = "sweep"
    CAPACITY = "capacity"
    CHEAPEST = "cheapest"
    SENSITIVITY = "sensitivity"


class Experiment(models.Model):
    """Many runs of one design, or of several, that answer one question.

    `job_text` holds everything the worker gets, snapshots of all documents included: what becomes of the
    designs afterwards does not matter. While it goes on, `result_text` holds what is known so far, and
    `partials` counts how often it has changed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20)
    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="experiments")
    design_name = models.TextField()
    design_version = models.PositiveIntegerField()

    # what was asked for
    request = models.JSONField(default=dict)
    job_text = models.TextField()
    seed = models.BigIntegerField()
    versions = models.JSONField(default=dict)

    # where it stands; an experiment is never paused
    status = models.CharField(max_length=10, default=RunStatus.QUEUED, db_index=True)
    reason = models.TextField(blank=True, default="")
    progress = models.FloatField(default=0.0)  # 0..1, of what progress_text says
    progress_text = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    wall_seconds = models.FloatField(null=True)

    # what came out
    partials = models.PositiveIntegerField(default=0)
    headline = models.TextField(blank=True, default="")
    result_text = models.TextField(blank=True, default="")
    words = models.JSONField(default=dict)  # title, authors, notes of its report

    class Meta:
        """The newest first."""

        ordering = ("-created_at", "id")

    def __str__(self) -> str:
        """Kind, design and state."""
        return f"{self.kind} of {self.design_name} ({self.status})"

    @property
    def is_going(self) -> bool:
        """Whether it has not ended."""
        return self.status in GOING


class ExperimentLink(models.Model):
    """An address at which anybody may read the report of one experiment, as `runs.models.ShareLink`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    words = models.JSONField(default=dict)  # title, authors, notes where they differ from the experiment's
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """The newest first."""

        ordering = ("-created_at", "id")

    def __str__(self) -> str:
        """The experiment; never the token, which nobody has any more."""
        return f"link to {self.experiment_id}"
