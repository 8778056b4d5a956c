"""How fast the API answers while a run goes at full speed and a socket takes its frames.

A real server in a process of its own. One run of 1,000 messages a second at the greatest speed, a frame each
simulated second, watched by a websocket client in another process. Meanwhile every call a page makes is made
again and again, one after the other, and timed from the request to the last byte of the answer. Exit code 1
when the 95th percentile of any call or of all is at or above 100 ms, when a call fails, or when the client
misses a frame.

    python benchmarks/api_under_load.py [--seconds 20] [--json]

`--compare` instead runs the template `order-fan-out` (600 simulated seconds) by the command line and by the
server, in turn, and prints the wall times.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from simulator.experiments.replication import MAX_FRAMES  # noqa: E402
from tests.architect.live import LiveServer  # noqa: E402
from tests.architect.samples import work_queue  # noqa: E402
from tests.architect.sockets import Watcher  # noqa: E402

LIMIT = 0.100  # wall seconds, of the 95th percentile
PAUSE = 0.005  # wall seconds between two calls: a page with a busy person, not an attack
RATE = 1000.0  # messages per simulated second
LENGTH = float(MAX_FRAMES)  # simulated seconds: the longest run that gives a frame for each of them
PERCENTILES = (50, 95, 99)


def busy_design(seconds: float) -> dict[str, Any]:
    """Return a design of 1,000 messages a second and eight consumers at utilization 0.8."""
    design = work_queue(rate=RATE, duration=seconds, name="Full speed", frame_interval=1.0)
    design["nodes"][2]["config"] = {
        "instances": 8,
        "service_time": {"distribution": "exponential", "mean": 0.0064},
    }
    return design


def percentile(sorted_times: list[float], share: float) -> float:
    """Return the nearest-rank percentile, `share` from 0 to 100."""
    rank = max(1, -(-len(sorted_times) * share // 100))
    return sorted_times[int(rank) - 1]


def watch(url: str, run_id: str) -> None:
    """Be the page: take every frame, acknowledge it, and print how many came and whether any is missing."""
    server = LiveServer(Path())
    server.url = url
    with Watcher(server, run_id) as watcher:
        frames = watcher.until_done(seconds=60, acks=True)
    numbers = [frame["seq"] for frame in frames]
    skipped = sum(frame["skipped"][1] - frame["skipped"][0] + 1 for frame in frames if frame.get("skipped"))
    is_whole = numbers == sorted(set(numbers)) and len(numbers) + skipped == numbers[-1] - numbers[0] + 1
    print(json.dumps({"frames": len(numbers), "skipped": skipped, "whole": is_whole}))


def measure(seconds: float) -> dict[str, Any]:
    """Load a server for about so many wall seconds and return the times of every call."""
    with tempfile.TemporaryDirectory() as folder, LiveServer(Path(folder)) as server, server.client() as page:
        short = server.post("/api/designs", {"document": work_queue()})
        ended = server.post("/api/runs", {"design": short["id"]})["id"]
        server.wait_for(ended, "finished")
        busy = server.post("/api/designs", {"document": busy_design(LENGTH)})
        going = server.post("/api/runs", {"design": busy["id"]})["id"]
        watcher = subprocess.Popen(
            [sys.executable, __file__, "--watch", server.url, going], stdout=subprocess.PIPE, text=True
        )
        server.wait_for(going, "running")
        version = short["version"]

        def save() -> Any:
            nonlocal version
            document = {**short["document"], "description": f"version {version}"}
            answer = page.put(f"/api/designs/{short['id']}", json={"version": version, "document": document})
            version += 1
            return answer

        calls: dict[str, Callable[[], Any]] = {
            "GET /api/designs": lambda: page.get("/api/designs"),
            "GET /api/designs/{id}": lambda: page.get(f"/api/designs/{short['id']}"),
            "PUT /api/designs/{id}": save,
            "POST /api/validate": lambda: page.post("/api/validate", json={"document": short["document"]}),
            "GET /api/runs": lambda: page.get("/api/runs"),
            "GET /api/runs/{id}": lambda: page.get(f"/api/runs/{going}"),
            "GET /api/runs/{id}/result": lambda: page.get(f"/api/runs/{ended}/result"),
            "GET /api/runs/{id}/frames": lambda: page.get(f"/api/runs/{going}/frames?after=0&limit=100"),
            "GET /": lambda: page.get("/"),
        }
        times: dict[str, list[float]] = {name: [] for name in calls}
        until = time.monotonic() + seconds
        failed: list[str] = []
        while time.monotonic() < until:
            for name, call in calls.items():  # the page itself may be unbuilt: a 503 is an answer too
                began = time.perf_counter()
                answer = call()
                times[name].append(time.perf_counter() - began)
                if answer.status_code >= 400 and name != "GET /":
                    failed.append(f"{name}: {answer.status_code} {answer.text[:200]}")
                time.sleep(PAUSE)
        run = server.get(f"/api/runs/{going}")
        if run["status"] != "running":
            failed.append(f"the run was {run['status']} before the time was over: measure fewer seconds")
        server.post(f"/api/runs/{going}/cancel")
        said, _nothing = watcher.communicate(timeout=60)
        seen = json.loads(said) if watcher.returncode == 0 else {"frames": 0, "skipped": 0, "whole": False}
    return {
        "times": times,
        "failed": failed,
        "simulated_per_second": run["t"] / seconds,
        **seen,
    }


def show(measured: dict[str, Any], *, as_json: bool) -> bool:
    """Print the table; return whether every limit was kept."""
    every = sorted(time for times in measured["times"].values() for time in times)
    rows = {**{name: sorted(times) for name, times in measured["times"].items()}, "all": every}
    table = {
        name: {f"p{share}": percentile(times, share) for share in PERCENTILES}
        | {"max": times[-1], "count": len(times)}
        for name, times in rows.items()
    }
    is_kept = (
        all(row["p95"] < LIMIT for row in table.values()) and not measured["failed"] and measured["whole"]
    )
    if as_json:
        print(json.dumps({**measured, "times": table, "kept": is_kept}, indent=2))
        return is_kept
    print(f"{'milliseconds':28}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}{'calls':>8}")
    for name, row in table.items():
        figures = "".join(f"{row[key] * 1e3:8.1f}" for key in ("p50", "p95", "p99", "max"))
        print(f"{name:28}{figures}{row['count']:8}")
    print(
        f"\nThe run went at {measured['simulated_per_second'] * RATE:,.0f} messages a second; the socket's "
        f"client got {measured['frames']} frames, {measured['skipped']} were skipped and said to be, "
        + ("none is missing." if measured["whole"] else "and some are MISSING.")
    )
    for line in measured["failed"][:5]:
        print("FAILED", line)
    print(f"p95 below {LIMIT * 1e3:.0f} ms everywhere: {'yes' if is_kept else 'NO'}")
    return is_kept


def compare(rounds: int) -> None:
    """Print the wall times of one run of `order-fan-out` by the command line and by the server."""
    from architect.designs.documents import plain
    from simulator.design.examples import templates

    document = next(template.document for template in templates() if template.slug == "order-fan-out")
    data = plain(document)
    times: dict[str, list[float]] = {"command line": [], "server": [], "server, its run alone": []}
    with tempfile.TemporaryDirectory() as folder, LiveServer(Path(folder) / "server") as server:
        path = Path(folder) / "design.json"
        path.write_text(json.dumps(data))
        design = server.post("/api/designs", {"document": data})["id"]
        for _round in range(rounds):
            began = time.perf_counter()
            words = [sys.executable, "-m", "simulator", "simulate", str(path), "--json"]
            subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
            times["command line"].append(time.perf_counter() - began)
            time.sleep(3)  # the server's spare worker is warm again
            began = time.perf_counter()
            run_id = server.post("/api/runs", {"design": design})["id"]
            with Watcher(server, run_id) as watcher:
                watcher.until_done(seconds=120, acks=True)
            run = server.wait_for(run_id, "finished")
            times["server"].append(time.perf_counter() - began)
            times["server, its run alone"].append(run["wall_seconds"])
    for name, walls in times.items():
        print(f"{name:24}{median(walls):8.2f} s   ({', '.join(f'{wall:.2f}' for wall in walls)})")


def main() -> int:
    """Measure and judge; exit code 1 when a limit is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="wall seconds to measure (default 20)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--compare", action="store_true", help="command line against server instead")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of --compare")
    parser.add_argument("--watch", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.watch:
        watch(*options.watch)
        return 0
    if options.compare:
        compare(options.rounds)
        return 0
    return 0 if show(measure(options.seconds), as_json=options.json) else 1


if __name__ == "__main__":
    sys.exit(main())
