"""How smoothly the canvas moves while a run paints live numbers on it: 20, 200 and 1,000 nodes.

A real server, a real Chromium, one design of so many nodes (chains of producer, queue, consumer, queue,
consumer) that runs at real time with `--rate` frames a second. For each size: seconds until every card
stands, frames painted a second (`requestAnimationFrame`) at rest, live, and live while a node is dragged,
each with the share of the time in which the page's main thread was busy (Chromium's own `TaskDuration`),
and the live frames that reached the page. Chromium without a graphics card paints in software on the same
processors: measure on a machine that does nothing else.

    python benchmarks/canvas_frames.py [--nodes 20 200 1000] [--rate 10] [--seconds 6] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, WebSocket, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from architect import front_end_build, machine  # noqa: E402
from tests.architect.live import LiveServer  # noqa: E402
from tests.browser.conftest import FLAGS  # noqa: E402

CHAIN = ("producer", "queue", "consumer", "queue", "consumer")
STEP = (260, 150)  # pixels between two cards
COLUMNS = 40

COUNT_FRAMES = """(ms) => new Promise((resolve) => {
  let painted = 0; const start = performance.now();
  const step = (now) => { painted += 1; now - start < ms ? requestAnimationFrame(step) : resolve(painted); };
  requestAnimationFrame(step);
})"""
CARDS_STAND = "(count) => document.querySelectorAll('.react-flow__node').length >= count"


def design(count: int, rate: float) -> dict[str, Any]:
    """Return a design of `count` nodes that gives `rate` frames a simulated second."""
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []
    layout: dict[str, dict[str, int]] = {}
    for position in range(count):
        kind = CHAIN[position % len(CHAIN)]
        config: dict[str, Any] = {}
        if kind == "producer":
            config = {"arrivals": {"process": "poisson", "rate": 20}}
        elif kind == "consumer":
            config = {"instances": 2, "service_time": {"distribution": "exponential", "mean": 0.08}}
        nodes.append({"id": f"n{position}", "kind": kind, "config": config})
        layout[f"n{position}"] = {
            "x": position % COLUMNS * STEP[0],
            "y": position // COLUMNS * STEP[1],
        }
        if position % len(CHAIN):
            edges.append({"id": f"e{position}", "from": f"n{position - 1}", "to": f"n{position}"})
    return {
        "format": "headrace/1",
        "name": f"{count} nodes",
        "nodes": nodes,
        "edges": edges,
        "layout": layout,
        "simulation": {"duration": 900, "frame_interval": 1.0 / rate},
    }


def busy_seconds(session: CDPSession) -> float:
    """Seconds the page's main thread has worked so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))


def phase(page: Page, session: CDPSession, seconds: float) -> dict[str, float]:
    """Count painted frames and busy time for so many seconds."""
    busy, began = busy_seconds(session), time.monotonic()
    painted = page.evaluate(COUNT_FRAMES, seconds * 1000)
    span = time.monotonic() - began
    return {"painted_per_second": painted / span, "busy": (busy_seconds(session) - busy) / span}


def drag_phase(page: Page, session: CDPSession, seconds: float) -> dict[str, float]:
    """The same while a node goes to and fro under the pointer."""
    # A node in the middle of the window: after the fit all nodes are in it.
    spot = page.evaluate(
        """() => { for (const card of document.querySelectorAll('.react-flow__node')) {
          const box = card.getBoundingClientRect();
          const x = box.left + box.width / 2, y = box.top + box.height / 2;
          if (card.contains(document.elementFromPoint(x, y))) return [x, y];
        } return null; }"""
    )
    assert spot is not None, "no card can be taken hold of"
    page.evaluate(
        "(ms) => { window.counted = (" + COUNT_FRAMES + ")(ms); }",
        seconds * 1000,
    )
    busy, began = busy_seconds(session), time.monotonic()
    page.mouse.move(*spot)
    page.mouse.down()
    moved = 0
    while time.monotonic() - began < seconds:
        moved += 1
        page.mouse.move(spot[0] + 60 * ((moved % 20) / 20), spot[1] + 30 * ((moved % 20) / 20))
    painted = page.evaluate("() => window.counted")
    span = time.monotonic() - began
    page.mouse.up()
    return {"painted_per_second": painted / span, "busy": (busy_seconds(session) - busy) / span}


def measure(
    server: LiveServer, page: Page, count: int, rate: float, seconds: float, picture: Path | None
) -> dict[str, Any]:
    """All phases of one size."""
    made = server.post("/api/designs", {"document": design(count, rate)})
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    began = time.monotonic()
    page.goto(f"{server.url}/designs/{made['id']}")
    page.wait_for_function(CARDS_STAND, arg=min(count, 1000), timeout=60_000)
    ready = time.monotonic() - began
    page.wait_for_timeout(1_000)
    at_rest = phase(page, session, seconds)
    run = server.post("/api/runs", {"design": made["id"], "speed": 1.0})["id"]
    arrived: list[int] = []  # sizes of frames; what tells the state of the run is none

    def hear(message: str | bytes) -> None:
        if str(message[:10]).startswith(('{"seq"', '{"skipped"')):
            arrived.append(len(message))

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", hear)

    page.on("websocket", listen)
    page.goto(f"{server.url}/designs/{made['id']}/runs/{run}")
    page.wait_for_function(CARDS_STAND, arg=min(count, 1000), timeout=60_000)
    page.wait_for_timeout(2_000)
    before = len(arrived)
    live = phase(page, session, seconds)
    live["frames_per_second"] = (len(arrived) - before) / seconds
    dragged = drag_phase(page, session, seconds)
    if picture is not None:
        page.screenshot(path=picture / f"canvas-{count}.png")
    server.post(f"/api/runs/{run}/control", {"action": "cancel"})
    return {
        "nodes": count,
        "ready_seconds": ready,
        "at_rest": at_rest,
        "live": live,
        "live_and_drag": dragged,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Return the figures as text."""
    head = f"{'nodes':>6} {'ready s':>8}" + "".join(
        f" {name:>24}" for name in ("at rest fps (busy)", "live fps (busy)", "live and drag fps (busy)")
    )
    lines = [head + f" {'frames/s':>9}"]
    for row in rows:
        cells = [
            f"{row[name]['painted_per_second']:.1f} ({row[name]['busy']:.0%})"
            for name in ("at_rest", "live", "live_and_drag")
        ]
        lines.append(
            f"{row['nodes']:>6} {row['ready_seconds']:>8.2f}"
            + "".join(f" {cell:>24}" for cell in cells)
            + f" {row['live']['frames_per_second']:>9.1f}"
        )
    return "\n".join(lines)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nodes", type=int, nargs="+", default=[20, 200, 1000])
    parser.add_argument("--rate", type=float, default=10.0, help="frames a second")
    parser.add_argument("--seconds", type=float, default=6.0, help="length of a phase")
    parser.add_argument("--pictures", type=Path, help="folder for a picture of each size, live")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    executable = machine.find_chromium()
    assert executable is not None, "no Chromium: python3 manage.py test installs it"
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(front_end_build.node()))
    rows = []
    with (
        tempfile.TemporaryDirectory() as folder,
        LiveServer(Path(folder)) as server,
        sync_playwright() as player,
    ):
        browser = player.chromium.launch(executable_path=executable, args=FLAGS)
        for count in options.nodes:
            context = browser.new_context(viewport={"width": 1600, "height": 1000})
            page = context.new_page()
            rows.append(measure(server, page, count, options.rate, options.seconds, options.pictures))
            context.close()
        browser.close()
    print(json.dumps(rows, indent=1) if options.json else table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
