"""The front end's own checks, run by the Node that builds it, so that one command covers everything."""

from __future__ import annotations

import pytest

from architect import front_end_build


@pytest.fixture(scope="module")
def packages() -> None:
    """Install the front end's packages if they are not there."""
    front_end_build.install(print)


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("script", ["types", "lint", "test"])
def test_the_front_end_passes_its_own(script: str):
    try:
        print(front_end_build.run_script(script))
    except front_end_build.FrontEndError as failed:
        pytest.fail(str(failed), pytrace=False)


def test_the_lock_file_names_no_registry_and_every_package_has_its_hash():
    lock = (front_end_build.FRONT_END / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 50
