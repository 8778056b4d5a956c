"""What sagas have done and undone at their participants, whoever drives them, and what can be counted of it.

A saga T1..Tn has no isolation: what it does is seen at once, and may be undone later. Sources:
H. Garcia-Molina and K. Salem, *Sagas* (SIGMOD 1987): either all of T1..Tn, or T1..Tk and Ck..C1;
C. Richardson, *Microservices Patterns* (2018), ch. 4: missing isolation, pivot, retriable steps.
"""

from __future__ import annotations

from simulator.engine.environment import SimulationEnvironment
from simulator.engine.message import Key
from simulator.measurement.level import Level
from simulator.measurement.tally import Tally

COMPLETED, COMPENSATED, STUCK = "completed", "compensated", "stuck"


class SagaRecord:
    """One saga: what of it is in place at its participants."""

    __slots__ = (
        "changed_at",
        "half_done_since",
        "has_failed",
        "held",
        "key",
        "order",
        "outcome",
        "refused",
        "started_at",
        "tombstones",
        "undone",
    )

    def __init__(self, key: Key, now: float) -> None:
        self.key = key
        self.started_at = now
        #: When something was last done, refused or undone.
        self.changed_at = now
        #: Since when some of its effects are in place.
        self.half_done_since: float | None = None
        #: A step was refused or given up: it is being undone.
        self.has_failed = False
        #: Effects in place, by step; 2 where one was made twice.
        self.held: dict[str, int] = {}
        #: The steps in place, in the order in which they were done.
        self.order: list[str] = []
        self.undone: set[str] = set()
        #: Steps that were refused for good.
        self.refused: set[str] = set()
        #: Steps whose compensation has come: the participant refuses what comes later.
        self.tombstones: set[str] = set()
        #: How it ended; empty while it is open.
        self.outcome = ""


class StepCounts:
    """What happened at the participant of one step."""

    __slots__ = ("compensated", "done", "late_refused", "refused", "repeated", "repeats_refused", "timeouts")

    def __init__(self) -> None:
        self.done = self.refused = self.timeouts = self.compensated = 0
        #: Steps that came after their compensation and were refused for its tombstone.
        self.late_refused = 0
        #: Repeated steps and compensations that were recognized, and that took effect once more.
        self.repeats_refused = self.repeated = 0

    def row(self, step: str) -> dict[str, int | str]:
        """A row of the inner view."""
        return {
            "step": step,
            "done": self.done,
            "refused": self.refused,
            "silent": self.timeouts,
            "undone": self.compensated,
            "late": self.late_refused,
        }


class SagaBook:
    """All sagas of one definition.

    Args:
        steps: names of the steps.
        undoable: those that have a compensation.
        is_idempotent: whether participants recognize what they have already done.
        has_tombstones: whether participants refuse a step that comes after its compensation.
    """

    def __init__(
        self,
        env: SimulationEnvironment,
        steps: list[str],
        undoable: set[str],
        *,
        is_idempotent: bool,
        has_tombstones: bool,
    ) -> None:
        self.env = env
        self.undoable = undoable
        self.is_idempotent = is_idempotent
        self.has_tombstones = has_tombstones
        self.steps = {name: StepCounts() for name in steps}
        self.started = 0
        self.ended = {COMPLETED: 0, COMPENSATED: 0, STUCK: 0}
        self.left_over = 0
        self.anomalies = 0
        self.wrong_order = 0
        self.open = Level()
        self.half_done = Level()
        self.compensating = Level()
        self.execution_time = Tally()
        self.half_done_time = Tally()
        self.residence_sum = 0.0
        #: Effects in place that may still be undone, by step and key: how many other sagas acted on each.
        self._touched: dict[tuple[str, Key], dict[SagaRecord, int]] = {}

    # -- life of a saga --------------------------------------------------------------------------
    def begin(self, key: Key) -> SagaRecord:
        """A saga starts."""
        now = self.env._now
        self.started += 1
        self.open.up(now)
        return SagaRecord(key, now)

    def fail(self, record: SagaRecord) -> None:
        """From now on it is undone."""
        if not record.has_failed and not record.outcome:
            record.has_failed = True
            record.changed_at = self.env._now
            self.compensating.up(self.env._now)

    def end(self, record: SagaRecord, outcome: str, ended_at: float | None = None) -> None:
        """A saga has ended.

        Args:
            ended_at: up to when its times go, seconds; None: now.
        """
        now = self.env._now
        record.outcome = outcome
        self.ended[outcome] += 1
        self.open.down(now)
        self.residence_sum += now - record.started_at
        if ended_at is None:
            ended_at = now
        self.execution_time.add(ended_at - record.started_at)
        if record.has_failed:
            self.compensating.down(now)
        if record.half_done_since is not None and outcome != STUCK:  # a stuck one stays half done
            self.half_done.down(now)
            self.half_done_time.add(ended_at - record.half_done_since)
        if outcome == COMPENSATED:
            self.left_over += sum(record.held.values())
        for step in record.held:
            self._let_go(step, record)

    # -- effects ---------------------------------------------------------------------------------
    def refuse(self, step: str, record: SagaRecord) -> None:
        """The participant refuses a step for good."""
        self.steps[step].refused += 1
        record.refused.add(step)

    def do(self, step: str, record: SagaRecord) -> bool:
        """The participant gets a step: whether it takes effect."""
        counts = self.steps[step]
        if self.has_tombstones and step in record.tombstones:
            counts.late_refused += 1
            return False
        held = record.held.get(step, 0)
        if (held or step in record.refused) and self.is_idempotent:
            counts.repeats_refused += 1
            return False
        if held:
            counts.repeated += 1
        else:
            counts.done += 1
        record.held[step] = held + 1
        record.order.append(step)
        if record.outcome:
            self.left_over += record.outcome == COMPENSATED
            return True
        now = self.env._now
        record.changed_at = now
        if record.half_done_since is None:
            record.half_done_since = now
            self.half_done.up(now)
        if record.key is not None:
            others = self._touched.setdefault((step, record.key), {})
            for other in others:
                others[other] += 1
            others[record] = 0
        return True

    def undo(self, step: str, record: SagaRecord) -> bool:
        """The participant gets a compensation: whether it is the first of this step.

        One that finds nothing leaves a tombstone: the step was never done, or is still on its way.
        """
        counts = self.steps[step]
        record.tombstones.add(step)
        if step in record.undone:
            if self.is_idempotent:
                counts.repeats_refused += 1
            else:
                counts.repeated += 1
            return False
        record.undone.add(step)
        counts.compensated += 1
        record.changed_at = self.env._now
        held = record.held.pop(step, 0)
        if not held:
            return True
        if next(one for one in reversed(record.order) if one in self.undoable) != step:
            self.wrong_order += 1
        record.order.reverse()
        record.order.remove(step)
        record.order.reverse()
        if held > 1:  # one compensation takes back one effect
            record.held[step] = held - 1
        self.anomalies += self._let_go(step, record)
        return True

    def _let_go(self, step: str, record: SagaRecord) -> int:
        """Nobody can be deceived by this effect any more; returns how many acted on it meanwhile."""
        place = (step, record.key)
        others = self._touched.get(place)
        if others is None:
            return 0
        seen = others.pop(record, 0)
        if not others:
            del self._touched[place]
        return seen

    # -- measures --------------------------------------------------------------------------------
    def counts(self) -> dict[str, int]:
        """Of all sagas together."""
        rows = self.steps.values()
        return {
            "sagas_started": self.started,
            "sagas_completed": self.ended[COMPLETED],
            "sagas_compensated": self.ended[COMPENSATED],
            "sagas_stuck": self.ended[STUCK],
            "sagas_ended": sum(self.ended.values()),
            "steps_done": sum(row.done for row in rows),
            "steps_refused": sum(row.refused for row in rows),
            "step_timeouts": sum(row.timeouts for row in rows),
            "compensations": sum(row.compensated for row in rows),
            "late_steps_refused": sum(row.late_refused for row in rows),
            "repeats_refused": sum(row.repeats_refused for row in rows),
            "effects_repeated": sum(row.repeated for row in rows),
            "effects_left_over": self.left_over,
            "isolation_anomalies": self.anomalies,
            "compensations_out_of_order": self.wrong_order,
        }

    def levels(self) -> dict[str, Level]:
        """Sagas that are half done, and those that are being undone."""
        return {"half_done": self.half_done, "compensating": self.compensating}

    def tallies(self) -> dict[str, list[Tally]]:
        """Times of all sagas that ended."""
        return {"execution_time": [self.execution_time], "half_done_time": [self.half_done_time]}
