"""The front end's own checks, run by the Node that builds it, so that one command covers everything."""

from __future__ import annotations

import subprocess

import pytest

from architect import front_end_build


@pytest.fixture(scope="module")
def packages() -> None:
    """Install the front end's packages if they are not there."""
    front_end_build.install(print)


def run_script(name: str) -> None:
    """Run one script of package.json and show all that it said when it fails."""
    done = subprocess.run(
        [*front_end_build.npm(), "run", "--silent", name],
        cwd=front_end_build.FRONT_END,
        env={**front_end_build.node_environment(), "CI": "true", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    if done.returncode:
        pytest.fail(
            f"npm run {name} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}", pytrace=False
        )


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("script", ["types", "lint", "test"])
def test_the_front_end_passes_its_own(script: str):
    run_script(script)


def test_the_lock_file_names_no_registry_and_every_package_has_its_hash():
    lock = (front_end_build.FRONT_END / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 50
