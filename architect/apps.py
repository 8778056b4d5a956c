"""The project as a Django app: it carries the template tag, the plain pages' style and the system checks."""

from __future__ import annotations

from django.apps import AppConfig


class ArchitectConfig(AppConfig):
    """Registers the system checks."""

    name = "architect"
    label = "architect"

    def ready(self) -> None:
        """Import the checks, which register themselves."""
        from architect import checks  # noqa: F401
