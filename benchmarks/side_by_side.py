"""Headrace beside other simulators on the same work, in the same minutes, on the same machine.

Every contestant runs in a process of its own, in turn, round after round, with another seed each round.
Time is processor time, of which every contestant uses one processor, and ratios are taken within a round, so
that a busy machine slows both; what is printed are medians over the rounds. Memory is the most the process
held above what it held before the run, imports included in neither.
Exit code 1 when a contestant's mean sojourn time is more than 5 % off Erlang C, messages are missing, or it
failed.

    python -m pip install -r benchmarks/requirements.txt    (who is not installed is named and left out)
    python benchmarks/side_by_side.py [--rounds 5] [--workloads W1,W2,W3] [--messages N] [--only A,B] [--json]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.contestants import CONTESTANTS, WORKLOADS, load  # noqa: E402

TOLERANCE = 0.05  # of the mean sojourn time, over all rounds
SLOW = {"salabim": 4, "queueing-tool": 4, "Ciw": 4}  # these get so many times fewer messages
#: These get so many times more, as is usual for designs that advance by windows or are compiled: of the fifth
#: of a second that natural SimPy's number takes, a good part is reading the design and writing the result.
#: Compiled ones get ten times as many, and run a thousand messages before the time begins.
FAST = {"Headrace": 5, "Headrace (fast)": 10, "Headrace (fast long)": 40}
WARM = {"Headrace (fast)": 1_000, "Headrace (fast long)": 1_000}
OWN = {"Headrace", "natural SimPy"}  # without these there is nothing to compare
UNKEYED = {"queueing-tool"}  # its servers know no keys

Figures = dict[str, Any]


class ContestantFailed(Exception):
    """A contestant's process ended with an error; the message ends with its last words."""


def memory() -> float:
    """Return the resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def run_here(name: str, workload: str, messages: int, seed: int) -> Figures:
    """Run one contestant in this process."""
    module, run = CONTESTANTS[name]
    load(module)
    work = WORKLOADS[workload]
    assert work.theory > 0.0  # which key goes where is found out before the time begins
    if name in WARM:
        run(work, WARM[name], 0)
    before = memory()
    began = time.process_time()
    outcome = run(work, messages, seed)
    taken = time.process_time() - began
    return {
        "messages": outcome.count,
        "seconds": taken,
        "mean": outcome.mean,
        "events": outcome.events,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6 - before,
        "note": outcome.note,
    }


def in_own_process(name: str, workload: str, messages: int, seed: int) -> Figures:
    """Run one contestant in a fresh interpreter."""
    words = [sys.executable, __file__, "--run", name, workload, str(messages), str(seed)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ContestantFailed(f"{name} failed on {workload}: {done.stderr.strip().splitlines()[-1]}")
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def compare(names: list[str], workload: str, rounds: int, messages: int) -> dict[str, Any]:
    """Run the rounds; return one row per contestant."""
    runs: dict[str, list[Figures]] = {name: [] for name in names}
    wanted = {name: messages * FAST.get(name, 1) // SLOW.get(name, 1) for name in names}
    for seed in range(1, rounds + 1):
        for name in list(runs):
            try:
                figures = in_own_process(name, workload, wanted[name], seed)
            except ContestantFailed as failure:
                if name in OWN:
                    raise
                print(failure, file=sys.stderr, flush=True)
                del runs[name]
                continue
            runs[name].append(figures)
            print(f"{workload} round {seed}: {name}: {figures['seconds']:.2f} s", file=sys.stderr, flush=True)
    work = WORKLOADS[workload]
    rows = {}
    for name, figures_of in runs.items():
        speeds = [run["messages"] / run["seconds"] for run in figures_of]
        natural = [run["messages"] / run["seconds"] for run in runs["natural SimPy"]]
        events = [run["events"] / run["messages"] for run in figures_of if run["events"]]
        mean = sum(run["mean"] for run in figures_of) / rounds
        rows[name] = {
            "messages_per_second": median(speeds),
            "ratio": median(ours / theirs for ours, theirs in zip(speeds, natural, strict=True)),
            "events_per_message": median(events) if events else None,
            "memory": median(run["memory"] for run in figures_of),
            "messages": figures_of[0]["messages"],
            "off_theory": mean / work.theory - 1,
            "agrees": abs(mean / work.theory - 1) < TOLERANCE
            and all(run["messages"] >= 0.999 * wanted[name] * work.lines for run in figures_of),
            "note": figures_of[0]["note"],
        }
    return rows


def able(names: list[str], workload: str) -> list[str]:
    """Those of `names` that can run the workload."""
    return [name for name in names if not WORKLOADS[workload].members or name not in UNKEYED]


def show(workload: str, rows: dict[str, Any]) -> None:
    """Print one workload as a Markdown table, the fastest first."""
    print(f"\n### {workload}\n")
    print("| | messages/s | of natural SimPy | events a message | memory (MB) | off Erlang C | |")
    print("| --- | --: | --: | --: | --: | --: | --- |")
    for name, row in sorted(rows.items(), key=lambda item: -item[1]["ratio"]):
        events = f"{row['events_per_message']:.2f}" if row["events_per_message"] else "not counted"
        remark = row["note"] if row["agrees"] else f"WRONG or incomplete; {row['note']}"
        print(
            f"| {name} | {row['messages_per_second']:,.0f} | {row['ratio']:.2f} | {events} "
            f"| {row['memory']:.0f} | {row['off_theory'] * 100:+.1f} % | {remark} |"
        )


def main() -> int:
    """Compare, or run one contestant for `compare`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workloads", default="W1,W2,W3")
    parser.add_argument(
        "--messages",
        type=int,
        help="published in natural SimPy (default: 200,000, 50,000 and 200,000)",
    )
    parser.add_argument("--only", help="names of contestants; natural SimPy always takes part")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--run", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        name, workload, messages, seed = options.run
        print(json.dumps(run_here(name, workload, int(messages), int(seed))))
        return 0
    wanted = options.workloads.split(",")
    if unknown := [name for name in wanted if name not in WORKLOADS]:
        print("\n".join(f"There is no workload {name}." for name in unknown))
        return 2
    chosen = {"natural SimPy", *options.only.split(",")} if options.only else set(CONTESTANTS)
    names = []
    for name, (module, _run) in CONTESTANTS.items():
        if name in chosen and importlib.util.find_spec(module) is None:
            print(f"{name}: not installed")
        elif name in chosen:
            names.append(name)
    outcome = {
        workload: compare(
            able(names, workload), workload, options.rounds, options.messages or WORKLOADS[workload].messages
        )
        for workload in wanted
    }
    if options.json:
        print(json.dumps(outcome, indent=2))
    else:
        for workload, rows in outcome.items():
            show(workload, rows)
    is_whole = all(len(rows) == len(able(names, workload)) for workload, rows in outcome.items())
    return 0 if is_whole and all(row["agrees"] for rows in outcome.values() for row in rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
