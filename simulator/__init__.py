"""Headrace's simulator: a design document in, frames while it runs, a result at the end.

>>> from simulator import Document, simulate
>>> design = Document.from_text(open("design.headrace.yaml").read())     # doctest: +SKIP
>>> simulate(design)["flows"][0]["end_to_end_latency"]["p99"]            # doctest: +SKIP
"""

import gc

_is_collecting = gc.isenabled()
# What an import makes stays: looking for garbage in it again and again is an eighth of a run's start.
gc.disable()
try:
    from simulator.design.document import Document
    from simulator.design.schema import schema
    from simulator.errors import HeadraceError, InvalidDesign
    from simulator.graph.problem import Problem
    from simulator.running import Result, check, simulate
    from simulator.version import __version__
finally:
    if _is_collecting:
        # Nor does the first run have to look at all of it.
        gc.freeze()
        gc.enable()

__all__ = [
    "Document",
    "HeadraceError",
    "InvalidDesign",
    "Problem",
    "Result",
    "__version__",
    "check",
    "schema",
    "simulate",
]
