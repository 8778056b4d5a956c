"""The Django app of designs."""

from __future__ import annotations

from django.apps import AppConfig


class DesignsConfig(AppConfig):
    """Designs know nothing of runs; what needs both registers itself in `selectors.set_last_runs`."""

    name = "architect.designs"
    label = "designs"
