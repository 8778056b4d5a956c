"""One replication of a design: build the world, let time pass, take readings."""

from __future__ import annotations

import gc
from collections.abc import Callable
from math import ceil, inf
from typing import Literal

import numpy as np

from simulator.design.document import Document
from simulator.engine.fault import schedule_faults
from simulator.engine.node import SimulationLimit
from simulator.engine.observing import watch_nodes, watch_subscriptions
from simulator.engine.stage_plan import EventsNeeded
from simulator.engine.trail import TrailRecorder
from simulator.engine.world import World
from simulator.errors import HeadraceError
from simulator.experiments.flows import lay_flows
from simulator.experiments.injection import Afresh, Injections
from simulator.experiments.stages import lay_stages
from simulator.graph.walks import reached_once
from simulator.kinds.catalogue import KINDS
from simulator.measurement.edge_record import EdgeRecorder, counts_by_edge
from simulator.measurement.frame import Frame, FrameMaker
from simulator.measurement.level import Looks
from simulator.measurement.slices import Recording, SliceRecorder

#: Events between two looks at control and limits: about 10 ms.
CHUNK = 4_096
#: More frames than this are not made of one run, whatever the frame interval.
MAX_FRAMES = 5_000
#: With a clock a frame is made after this many wall seconds even when its simulated time has not come, so
#: that a heavy load is seen moving. Results do not depend on frames.
LONGEST_SILENCE = 0.5
#: Events at one simulated time that are taken for a loop without time.
LOOP_EVENTS = 400_000
#: Messages that may be stored in one run at a time (about 300 bytes each).
MAX_STORED = 2_000_000

#: How a run advances; both give the same results.
Engine = Literal["auto", "events"]

Control = Callable[[float], float | None]
OnFrame = Callable[[Frame], None]
Clock = Callable[[], float]


class RunFailure(HeadraceError):
    """The simulated world cannot go on; the message says where and what to change."""


def build_world(
    document: Document,
    seed: int,
    number: int,
    duration: float,
    engine: Engine = "events",
    recorder: TrailRecorder | None = None,
) -> World:
    """Every node of the design, connected and with its first events scheduled.

    Args:
        engine: "auto" puts stages in the place of events where nothing can be told from it; not where
            messages are followed.
        recorder: follows messages.
    """
    world = World(document, seed, number, duration)
    world.producers = [node.id for node in document.nodes if KINDS[node.kind].category == "producer"]
    world.reached_once = reached_once(document, world.producers)
    for node in document.nodes:
        world.nodes[node.id] = KINDS[node.kind].build(world, node.id, node.config)
    if recorder is not None:
        watch_nodes(world, recorder)
    lay_flows(world)
    for running in world.nodes.values():
        running.connect(world)
    for running in world.nodes.values():
        running.start()
    world.faults = schedule_faults(world)
    if recorder is not None:
        watch_subscriptions(world, recorder)
    elif engine == "auto":
        world.recursion = lay_stages(world)
    return world


class Replication:
    """One replication under way.

    Args:
        document: the validated design.
        seed: the run's seed.
        number: of the replication, from 0.
        duration: simulated seconds.
        warmup: simulated seconds at the start that get a slice of their own; None where the cut is
            decided afterwards.
        engine: "events" has an event for everything; "auto" advances plain stages by recursion, to the
            same results.
        recorder: follows messages; everything is events then.
    """

    def __init__(
        self,
        document: Document,
        seed: int,
        number: int,
        duration: float,
        warmup: float | None,
        engine: Engine = "auto",
        recorder: TrailRecorder | None = None,
    ) -> None:
        self.document = document
        self.seed = seed
        self.number = number
        self.duration = duration
        self.warmup = warmup
        self.world = build_world(document, seed, number, duration, engine, recorder)
        self.recorder = SliceRecorder(
            {node.id: (node.kind, self.world.nodes[node.id]) for node in document.nodes}, self.world.flows
        )
        world = self.world
        self.edge_recorder = EdgeRecorder([*world.subscriptions, *world.invoke_edges], [*world.links])
        self._cuts = self._boundaries(warmup)
        self._unchanged = 0

    def _boundaries(self, warmup: float | None) -> list[float]:
        tallies = self.recorder.tally_count
        slices = 100 if tallies <= 150 else 40 if tallies <= 600 else 20
        start = warmup or 0.0
        cuts = [start] if start > 0.0 else []
        step = (self.duration - start) / slices
        cuts += [start + step * k for k in range(1, slices)]
        return [*cuts, self.duration]

    def run(
        self,
        *,
        on_frame: OnFrame | None = None,
        control: Control | None = None,
        clock: Clock | None = None,
        injections: Injections | None = None,
    ) -> Recording:
        """Let the duration pass; returns what was measured, also when stopped early.

        Where a stage meets a state that only events model, the replication begins anew with events; frames
        that were shown are not shown again.

        Args:
            on_frame: gets the frames.
            control: asked about every 10 ms how far the run may go (simulated time); None ends it.
            clock: seconds of wall time since the run began, shown in the frames.
            injections: faults that somebody wishes meanwhile; they become part of `document`.

        Raises:
            Rewind: when an injected fault asks for a new beginning.
        """
        shown = None if on_frame is None or self.world.recursion is None else Afresh(on_frame)
        try:
            return self._run(shown or on_frame, control, clock, injections)
        except EventsNeeded:
            again = Replication(
                self.document, self.seed, self.number, self.duration, self.warmup, engine="events"
            )
            return again._run(shown or on_frame, control, clock, injections)

    def _run(
        self,
        on_frame: OnFrame | None,
        control: Control | None,
        clock: Clock | None,
        injections: Injections | None,
    ) -> Recording:
        interval = max(self.document.simulation.frame_interval, self.duration / MAX_FRAMES)
        maker = FrameMaker(self.world, self.world.flows, self.duration) if on_frame else None
        env = self.world.env
        recording = self.recorder.recording
        self._boundary(0.0)
        cuts = iter(self._cuts)
        next_cut = next(cuts)
        frames = 1
        shown_at = 0.0
        next_frame = interval if maker else inf
        env.looks = self._looks(interval if maker else None)
        is_collecting = gc.isenabled()
        gc.disable()  # messages form no cycles; scanning a large backlog again and again costs a third
        try:
            horizon = inf
            while True:
                if control is not None:
                    allowed = control(env.now)
                    if allowed is None:
                        recording.stopped = "cancelled"
                        break
                    horizon = max(allowed, env.now)
                if injections is not None and injections.is_waiting:
                    self.document = injections.take(self.document, self.world)
                reached = self._advance(min(next_cut, next_frame, horizon))
                now = env.now
                if not reached:
                    if maker and on_frame and clock and clock() - shown_at >= LONGEST_SILENCE:
                        on_frame(maker.make(now, clock()))
                        shown_at = clock()
                    continue
                if now >= next_frame and maker and on_frame and now < self.duration:
                    shown_at = clock() if clock else 0.0
                    on_frame(maker.make(now, shown_at))
                    frames += 1
                    next_frame = interval * frames
                if now >= next_cut:
                    self._boundary(now)
                    if now >= self.duration:
                        break
                    next_cut = next(cuts)
        except (RunFailure, SimulationLimit) as failure:
            recording.stopped = str(failure)
        finally:
            if is_collecting:
                gc.enable()
        if recording.stopped and recording.boundaries[-1] < env.now:
            self._boundary(env.now)
        if maker and on_frame:
            on_frame(maker.make(env.now, clock() if clock else 0.0, done=True))
        return self._finish(recording)

    def _looks(self, interval: float | None) -> Looks:
        """When slices end, and frames are made."""
        count = 0 if interval is None else ceil(self.duration / interval)
        return Looks(np.concatenate((np.arange(1, count + 1) * (interval or 0.0), self._cuts)))

    def _advance(self, until: float) -> bool:
        """Let time pass, at most about 10 ms of work; True when the clock stands at `until`."""
        env, recursion = self.world.env, self.world.recursion
        before, events = env.now, env.events
        if recursion is None:
            reached = env.advance(until, CHUNK)
        else:
            reached = env.advance(max(before, min(until, recursion.horizon)), CHUNK)
            recursion.settle(env.now)
            reached = reached and env.now >= until
        self._guard(before, env.events - events)
        return reached

    def _boundary(self, now: float) -> None:
        if self.world.recursion is not None:
            self.world.recursion.settle(now)
        self.recorder.boundary(now)
        self.edge_recorder.boundary()

    def _guard(self, before: float, events: int) -> None:
        """Stop what would never end or would not fit into memory."""
        env = self.world.env
        self._unchanged = self._unchanged + events if env.now == before else 0
        if self._unchanged > LOOP_EVENTS:
            raise RunFailure(
                f"{self._unchanged:,} events happened at simulated time {env.now:g} s without time passing: "
                "give the nodes of the loop a service time or a delay"
            )
        stored = 0
        fullest = ("", 0)
        for name, node in self.world.nodes.items():
            waiting = node.waiting()
            stored += waiting
            if waiting > fullest[1]:
                fullest = (name, waiting)
        if stored > MAX_STORED:
            raise RunFailure(
                f"{stored:,} messages are stored at simulated time {env.now:g} s, more than one run may hold "
                f"({MAX_STORED:,}); most of them wait at {fullest[0]}: it is offered more than it can serve"
            )

    def _finish(self, recording: Recording) -> Recording:
        for node in self.world.nodes.values():
            recording.ledgers.update(node.ledgers())
            if node.category == "producer":
                recording.messages += node.counts()["arrivals"]
        recording.events = self.world.env.events
        recording.faults = self.world.faults
        recording.edges = self.edge_recorder.finish(
            counts_by_edge(self.world.nodes.values(), self.world.invoke_edges)
        )
        return recording
