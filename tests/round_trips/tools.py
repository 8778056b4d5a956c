"""The programs that read what is exported: where they are, and what to do when one is not there.

`python -m tests.round_trips.tools` installs the parser of AsyncAPI into var/round-trips.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "var" / "round-trips"
PARSER = FOLDER / "node_modules" / "@asyncapi" / "parser" / "cjs" / "index.js"
PARSER_VERSION = "3.6.6"
RABBITMQ = Path("/usr/lib/rabbitmq/bin")

NO_RABBITMQ = "no RabbitMQ here: apt-get install rabbitmq-server"
NO_PARSER = "no parser of AsyncAPI here: make round-trips installs it"
NO_CFN_LINT = "no cfn-lint here: pip install -e '.[round-trips]'"
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
    from architect.front_end_build import node_environment, npm

    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [*npm(), "install", "--prefix", str(FOLDER), "--ignore-scripts", "--no-audit", "--no-fund"]
    package = f"@asyncapi/parser@{PARSER_VERSION}"
    subprocess.run([*command, package], env={**os.environ, **node_environment()}, check=True)


if __name__ == "__main__":
    if not PARSER.is_file():
        install_parser()
