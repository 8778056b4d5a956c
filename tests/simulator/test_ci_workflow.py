"""The workflow in docs/ci does what it says: its own scripts, carried out as a runner does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from simulator.cli import main
from tests.simulator.test_cli_check import written

WORKFLOW = yaml.safe_load((Path(__file__).parents[2] / "docs/ci/headrace.yml").read_text(encoding="utf-8"))
STEPS = {step.get("name"): step for step in WORKFLOW["jobs"]["check"]["steps"]}
#: Stands in for the command, so that no process has to load it: the test calls it with these arguments.
RECORDER = '#!/bin/sh\nprintf "%s\\n" "$@" > arguments\n'


def carry_out(step: str, folder: Path) -> None:
    """Run a step's script with bash as GitHub's runner does."""
    recorder = folder / "bin" / "headrace"
    recorder.parent.mkdir(exist_ok=True)
    recorder.write_text(RECORDER, encoding="utf-8")
    recorder.chmod(0o755)
    subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", STEPS[step]["run"]],
        cwd=folder,
        env={
            **os.environ,
            **WORKFLOW["env"],
            "DESIGN": "shop.headrace.yaml",
            "PATH": f"{recorder.parent}{os.pathsep}{os.environ['PATH']}",
        },
        check=True,
    )


def checked(folder: Path) -> int:
    """What `headrace` answers to the arguments that the step gives it, but for its processes."""
    carry_out("check", folder)
    given = (folder / "arguments").read_text(encoding="utf-8").splitlines()
    given[given.index("--jobs") + 1] = "1"
    return main(given)


@pytest.mark.parametrize(("mean", "code", "verdict"), [("0.01", 0, "met"), ("0.5", 1, "missed")])
def test_a_pull_request_is_checked_against_the_last_result_of_the_main_branch(
    mean, code, verdict, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    written(tmp_path)
    assert checked(tmp_path) == 0
    carry_out("keep the result of the main branch", tmp_path)
    written(tmp_path, mean=mean)
    assert checked(tmp_path) == code
    comment = (tmp_path / "comment.md").read_text(encoding="utf-8")
    assert comment.startswith(f"### Shop: {verdict}")
    assert "Beside the baseline" in comment


def test_what_the_other_steps_read_is_what_the_check_writes():
    script = STEPS["check"]["run"]
    assert f"sarif={STEPS['problems beside the lines']['with']['sarif_file']}" in script
    assert "markdown=comment.md" in script
    assert "--body-file comment.md" in STEPS["comment"]["run"]
    assert STEPS["the last result of the main branch"]["with"]["path"] == "baseline.json"
