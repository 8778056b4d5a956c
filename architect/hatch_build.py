"""Build hook: an installed Headrace carries the built front end, the static files and the templates.

Runs inside the build's own environment, before any dependency of ours exists: standard library and hatchling.
"""

from __future__ import annotations

import importlib.util
import os
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Set by `manage.py`, which installs editable and builds the front end itself: no need for a second Node.
EDITABLE = "HEADRACE_EDITABLE"


class FrontEndBuildHook(BuildHookInterface):  # type: ignore[misc]
    """Puts `static/` and `templates/` inside the package, where settings look for them in an installation."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for the very Node that pyproject.toml pins in the extra `node`."""
        if os.environ.get(EDITABLE):
            return []
        with Path(self.root, "pyproject.toml").open("rb") as file:
            wanted: list[str] = tomllib.load(file)["project"]["optional-dependencies"]["node"]
        return wanted

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build and include, except for an editable installation, which reads the checkout's own folders."""
        if version == "editable":
            return
        _front_end_build(Path(self.root)).build(self.app.display_info)
        for folder in ("static", "templates"):
            source = Path(self.root, folder)
            if source.is_dir():
                build_data["force_include"][str(source)] = f"architect/{folder}"


def _front_end_build(root: Path) -> ModuleType:
    """Load the module by its path: the package is not importable while it is being built."""
    path = root / "architect" / "front_end_build.py"
    spec = importlib.util.spec_from_file_location("front_end_build", path)
    if spec is None or spec.loader is None:
        raise RuntimeError("architect/front_end_build.py is missing from the source tree")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
