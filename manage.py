#!/usr/bin/env python3
"""Headrace's two commands, and Django's.

    python3 manage.py up      install what is missing, build the front end, serve the dashboard
    python3 manage.py test    the same with the test tools and a browser, then every test

Any Python 3.11 or newer will do: the first run makes `.venv` beside this file and goes on inside it.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Hand over to the bootstrap, which needs nothing but the standard library."""
    if sys.version_info < (3, 11):
        version = ".".join(str(part) for part in sys.version_info[:3])
        sys.stderr.write("Headrace needs Python 3.11 or newer; this one is " + version + ".\n")
        return 2
    from architect import bootstrap

    return bootstrap.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
