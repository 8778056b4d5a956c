"""`python -m simulator`: the same as the command `headrace`."""

from simulator.cli import main

# Worker processes import this module again under another name.
if __name__ == "__main__":
    raise SystemExit(main())
