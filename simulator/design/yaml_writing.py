"""Writing YAML that reads back as it was, by the rules of YAML 1.1 and of 1.2."""

from __future__ import annotations

import re
from typing import Any

import yaml

#: Plain scalars that are numbers in the core schema of YAML 1.2.2 (10.3.2), and not all of them in 1.1.
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z|0o[0-7]+\Z")


class _Dumper(yaml.SafeDumper):
    """Puts quotes around a text that either version would take for something else."""


_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("+-.0123456789"))


def write_yaml(data: Any, *, width: int = 100, in_one_line: bool = False) -> str:
    """Plain data as YAML, keys in their order."""
    text: str = yaml.dump(
        data,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=width,
        default_flow_style=in_one_line,
    )
    return text
