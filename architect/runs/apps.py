"""The Django app of runs: it tells the room of designs what designs must not know by themselves."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import pre_delete


class RunsConfig(AppConfig):
    """Connects runs to designs, in the allowed direction."""

    name = "architect.runs"
    label = "runs"

    def ready(self) -> None:
        """Say how a design's last run is found, and refuse to delete a design that is being simulated."""
        from architect.designs import selectors as designs
        from architect.designs.models import Design
        from architect.runs.selectors import last_run_summaries

        designs.set_last_runs(last_run_summaries)
        pre_delete.connect(refuse_while_going, sender=Design, dispatch_uid="runs.refuse_while_going")


def refuse_while_going(instance: Any, **_signal: Any) -> None:
    """Raise Conflict when a run of this design is going."""
    from architect.refusals import Conflict
    from architect.runs.models import Run
    from architect.runs.states import GOING

    if Run.objects.filter(design_id=instance.pk, status__in=GOING).exists():
        raise Conflict("A run of this design is still going.", hint="Cancel it first.", code="going")
