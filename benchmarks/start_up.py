"""How long a run takes to begin, and how much memory it holds, beside the bare interpreter.

Every figure is of processes of their own, in turn, round after round; printed are medians of the rounds. The
first simulated event is the first stretch of simulated time that `headrace simulate` is asked to pass. With
Numba (the extra `fast`) there is a run that compiles its loops, and runs that find them in the cache. Memory
is the most a process ever held (its peak resident size), less that of an interpreter that does nothing.

    python benchmarks/start_up.py [--rounds 5] [--messages 100000,1000000,10000000]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.contestants import WORKLOADS, design  # noqa: E402

#: An interpreter that does nothing but say the most it ever held (kB); what a child inherits of its parent
#: before it becomes another program would count in `ru_maxrss`.
EMPTY = "import sys; print(*(l for l in open('/proc/self/status') if l.startswith('VmHWM')), file=sys.stderr)"
#: `headrace simulate` that notes when it is first asked to let time pass.
WATCHED = """
import sys, time
from simulator.cli import main
from simulator.experiments.replication import Replication
advance = Replication._advance
def first(replication, until):
    Replication._advance = advance
    print("first", time.time(), file=sys.stderr)
    return advance(replication, until)
Replication._advance = first
raise SystemExit(main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Process:
    """What one process took: seconds of wall time, seconds of processor time, MB at most, its own words."""

    wall: float
    processor: float
    memory: float
    began: float
    errors: str


def measured(*words: str, environment: dict[str, str] | None = None) -> Process:
    """Run a process to its end, in an environment of its own or in this one.

    Raises:
        SystemExit: when it fails; its last words are the message.
    """
    with tempfile.TemporaryFile("w+") as errors:
        began = time.time()
        # Packages are compiled when they are installed: nobody compiles them anew for each run.
        whole = {**(os.environ if environment is None else environment)}
        whole.pop("PYTHONDONTWRITEBYTECODE", None)
        child = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=errors, env=whole)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.time() - began
        errors.seek(0)
        said = errors.read()
    if status:
        raise SystemExit(f"{' '.join(words[:4])} failed: {said.strip()[-500:]}")
    return Process(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6, began, said)


def first_event(process: Process) -> float:
    """Seconds from the start of the process to the first simulated event."""
    line = next(line for line in process.errors.splitlines() if line.startswith("first "))
    return float(line.split()[1]) - process.began


def main() -> int:
    """Measure and print two tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", default="100000,1000000,10000000")
    options = parser.parse_args()
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:

        def document(messages: int) -> str:
            path = Path(folder) / f"{messages}.json"
            path.write_text(json.dumps(design(WORKLOADS["W1"], messages)))
            return str(path)

        small = document(100)
        measured(python, "-m", "simulator", "simulate", small)  # compiled files are there from now on
        bare, version, whole = [], [], []
        for _ in range(options.rounds):
            bare.append(measured(python, "-c", EMPTY))
            version.append(measured(python, "-m", "simulator", "--version"))
            whole.append(measured(python, "-c", WATCHED, "simulate", small))
        print("| | wall (s) | processor (s) | peak memory above the interpreter (MB) |")
        print("| --- | --: | --: | --: |")
        empty = median(int(process.errors.split()[1]) * 1024 / 1e6 for process in bare)
        rows = {"bare interpreter": bare, "`headrace --version`": version, "W1 of 100 messages, whole": whole}
        if find_spec("numba") is not None:
            compiled = {**os.environ, "HEADRACE_COMPILED": "1"}
            with tempfile.TemporaryDirectory() as cache:
                first = {**compiled, "NUMBA_CACHE_DIR": cache}
                rows["the same, compiling the loops"] = [
                    measured(python, "-m", "simulator", "simulate", small, environment=first)
                ]
            measured(python, "-m", "simulator", "simulate", small, environment=compiled)
            rows["the same, loading them from the cache"] = [
                measured(python, "-m", "simulator", "simulate", small, environment=compiled)
                for _ in range(options.rounds)
            ]
        for name, runs in rows.items():
            wall, processor = median(run.wall for run in runs), median(run.processor for run in runs)
            above = 0.0 if runs is bare else median(run.memory for run in runs) - empty
            print(f"| {name} | {wall:.2f} | {processor:.2f} | {above:.0f} |")
        print(f"| its first simulated event | {median(map(first_event, whole)):.2f} | | |")
        print(f"\nThe bare interpreter holds {empty:.0f} MB.\n")
        print("| messages of W1 | wall (s) | processor (s) | peak memory above the interpreter (MB) |")
        print("| --- | --: | --: | --: |")
        for messages in map(int, options.messages.split(",")):
            run = measured(python, "-m", "simulator", "simulate", document(messages))
            print(
                f"| {messages:,} | {run.wall:.1f} | {run.processor:.1f} | {run.memory - empty:.0f} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
