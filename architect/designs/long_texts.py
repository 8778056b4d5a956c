"""Long texts are read in a process of their own: ten megabytes of dense YAML keep one core busy for seconds.

In the server's own process they would hold the interpreter from every other request. At most `AT_ONCE` are
read at the same time; the next one is refused with 429 rather than kept waiting for an unknown time.

    python -m architect.designs.long_texts SECONDS < TEXT > JSON     `{"data": ...}` or `{"problems": [...]}`
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import Any

from architect.environment import CHECKOUT
from architect.refusals import Invalid, TooMany, invalid_design

LONG = 250_000  # characters; below, starting a process costs more than reading
AT_ONCE = 2
PROCESSOR = 60  # seconds of processor time for one text, whatever else the machine does meanwhile
PATIENCE = 600.0  # wall seconds for one text: on a busy machine, or where processor time is not bounded
MEMORY_LIMIT = 1024**3  # bytes of address space
NICENESS = 10
PRIVATE = ("HEADRACE_", "DJANGO_")  # of the environment: passwords and keys are not the reader's business

_places = threading.BoundedSemaphore(AT_ONCE)


def read_long_text(text: str) -> object:
    """Return the data of a long YAML or JSON text.

    Raises Invalid with every problem that keeps it from being a design, or when it takes more than
    `PROCESSOR` or `PATIENCE`; raises TooMany (429) while `AT_ONCE` others are being read.
    """
    return ask_reader(__name__, text, path="text", what="The text")["data"]


def ask_reader(module: str, text: str, *, path: str, what: str) -> dict[str, Any]:
    """What another module's `main` answers for a text on its standard input, in a process of its own.

    Raises as `read_long_text`; `path` and `what` name the text in refusals.
    """
    if not _places.acquire(blocking=False):
        raise TooMany(
            f"{AT_ONCE} long documents are being read already.",
            hint="Try again in some seconds.",
            path=path,
        )
    try:
        answer = _asked(module, text, path, what)
    finally:
        _places.release()
    if "problems" in answer:
        from simulator.graph.problem import Problem

        raise invalid_design((Problem(**entry) for entry in answer["problems"]), what=what)
    return answer


def _asked(module: str, text: str, path: str, what: str) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PRIVATE)}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(CHECKOUT), os.environ.get("PYTHONPATH"))))
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, str(PROCESSOR)],
            input=text.encode("utf-8", "surrogatepass"),
            stdout=subprocess.PIPE,
            env=environment,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _too_long(f"{what} takes longer than {PATIENCE:g} s to read.", path) from None
    if os.name == "posix" and done.returncode == -signal.SIGXCPU:
        raise _too_long(f"{what} takes more than {PROCESSOR} s of a processor to read.", path)
    if done.returncode:
        raise Invalid(f"{what} needs more memory than there is for it.", hint="Make it smaller.", path=path)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _too_long(sentence: str, path: str) -> Invalid:
    return Invalid(sentence, hint="Send a smaller document, or JSON.", path=path)


def answer_for(text: str) -> dict[str, Any]:
    """Read a text and see that it can become a design: only what can is worth handing back."""
    from architect.designs.documents import refuse_server_files
    from simulator.design.document import Document
    from simulator.design.reading import read_text
    from simulator.errors import InvalidDesign

    try:
        data = read_text(text)
        refuse_server_files(data)
        Document.parse(data)
    except InvalidDesign as refused:
        return {"problems": [problem.as_dict() for problem in refused.problems]}
    return {"data": data}


def main() -> int:
    """Answer for the text on standard input."""
    bound_resources()
    text = sys.stdin.buffer.read().decode("utf-8", "surrogatepass")
    sys.stdout.write(json.dumps(answer_for(text)))
    return 0


def bound_resources() -> None:
    """Let this process have no more than its share of memory, and of the processor the seconds of its only
    argument; the system ends it with SIGXCPU when they are used up.
    """
    if os.name == "posix":
        import resource

        os.nice(NICENESS)
        _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = MEMORY_LIMIT if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
        _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
        limit = int(sys.argv[1])
        resource.setrlimit(
            resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard)
        )


if __name__ == "__main__":
    sys.exit(main())
