"""The Django app of experiments: it tells the rooms below what they must not know by themselves."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import pre_delete


class ExperimentsConfig(AppConfig):
    """Connects experiments to designs and to the supervisor, in the allowed direction."""

    name = "architect.experiments"
    label = "experiments"

    def ready(self) -> None:
        """Mark what an earlier server left, and refuse to delete a design that is being experimented with."""
        from architect.designs.models import Design
        from architect.experiments.services import experiments_interrupt
        from architect.runs.supervisor import supervisor

        supervisor.before_start(experiments_interrupt)
        pre_delete.connect(refuse_while_going, sender=Design, dispatch_uid="experiments.refuse_while_going")


def refuse_while_going(instance: Any, **_signal: Any) -> None:
    """Raise Conflict when an experiment with this design is going."""
    from architect.experiments.models import Experiment
    from architect.refusals import Conflict
    from architect.runs.states import GOING

    if Experiment.objects.filter(design_id=instance.pk, status__in=GOING).exists():
        raise Conflict(
            "An experiment with this design is still going.", hint="Cancel it first.", code="going"
        )
