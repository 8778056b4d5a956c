"""How a simulation obeys: without a simulation, with a clock of our own."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

import pytest

from architect.runs.controls import Controls


class Clock:
    """Wall time that passes when it is told to, and a little at each look."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def controls(speed: float | None = None, clock: Callable[[], float] = time.monotonic) -> Controls:
    """Controls with a frame a second."""
    return Controls(frame_interval=1.0, speed=speed, on_look=lambda: None, clock=clock)


def test_without_a_wish_there_is_no_limit() -> None:
    assert controls()(5.0) == math.inf


def test_cancel_stops_at_the_next_look() -> None:
    steered = controls()
    steered.apply({"type": "cancel"})
    assert steered(5.0) is None


def test_pause_holds_until_resume() -> None:
    steered = controls()
    steered.apply({"type": "pause"})
    answers: list[float | None] = []
    thread = threading.Thread(target=lambda: answers.append(steered(5.0)))
    thread.start()
    thread.join(0.1)
    assert thread.is_alive()
    assert answers == []
    steered.apply({"type": "resume"})
    thread.join(2)
    assert answers == [math.inf]


def test_a_paused_run_can_be_cancelled_at_once() -> None:
    steered = controls()
    steered.apply({"type": "pause"})
    timer = threading.Timer(0.05, steered.apply, [{"type": "cancel"}])
    timer.start()
    began = time.monotonic()
    assert steered(5.0) is None
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("now", "end"), [(0.0, 1.0), (5.0, 6.0), (5.3, 6.0), (5.9999999999, 7.0)])
def test_a_step_goes_to_the_next_frame(now: float, end: float) -> None:
    steered = controls()
    steered.apply({"type": "pause"})
    steered.apply({"type": "step"})
    assert steered(now) == end
    assert steered((now + end) / 2) == end


def test_two_steps_go_two_frames_and_then_the_run_stands() -> None:
    steered = controls()
    steered.apply({"type": "pause"})
    steered.apply({"type": "step"})
    steered.apply({"type": "step"})
    assert steered(5.0) == 6.0
    assert steered(6.0) == 7.0
    threading.Timer(0.05, steered.apply, [{"type": "cancel"}]).start()
    assert steered(7.0) is None


def test_the_speed_sets_how_much_simulated_time_a_wall_second_gives() -> None:
    clock = Clock()
    steered = controls(speed=10.0, clock=clock)
    threading.Timer(0.05, lambda: setattr(clock, "now", 100.5)).start()
    assert steered(3.0) == pytest.approx(8.0)
    clock.now = 101.0
    assert steered(8.0) == pytest.approx(13.0)


def test_a_new_speed_counts_from_now_on() -> None:
    clock = Clock()
    steered = controls(speed=1.0, clock=clock)
    threading.Timer(0.05, lambda: setattr(clock, "now", 101.0)).start()
    assert steered(0.0) == pytest.approx(1.0)
    steered.apply({"type": "speed", "speed": 100.0})
    threading.Timer(0.05, lambda: setattr(clock, "now", 101.5)).start()
    assert steered(1.0) == pytest.approx(51.0)
    steered.apply({"type": "speed", "speed": None})
    assert steered(51.0) == math.inf


def test_time_spent_paused_is_not_made_up_for() -> None:
    clock = Clock()
    steered = controls(speed=1.0, clock=clock)
    threading.Timer(0.03, lambda: setattr(clock, "now", 101.0)).start()
    assert steered(0.0) == pytest.approx(1.0)
    steered.apply({"type": "pause"})
    clock.now = 500.0
    steered.apply({"type": "resume"})
    threading.Timer(0.05, lambda: setattr(clock, "now", 500.5)).start()
    assert steered(1.0) == pytest.approx(1.5)


def test_pacing_gives_real_strides_and_does_not_spin() -> None:
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1

    steered = Controls(frame_interval=1.0, speed=1.0, on_look=look)
    now, began = 0.0, time.monotonic()
    while time.monotonic() - began < 0.3:
        limit = steered(now)
        assert limit is not None
        assert limit > now
        now = limit
    assert now == pytest.approx(0.3, abs=0.1)
    assert looks < 100


def test_an_unknown_control_is_a_defect() -> None:
    with pytest.raises(ValueError, match="no such control"):
        controls().apply({"type": "dance"})


def test_a_fault_to_take_gives_the_simulator_its_turn_also_while_paused() -> None:
    errands = [True]
    steered = Controls(frame_interval=1.0, speed=None, on_look=lambda: None, has_errand=lambda: errands[0])
    steered.apply({"type": "pause"})
    assert steered(5.0) == 5.0
    errands[0] = False
    steered.apply({"type": "step"})
    assert steered(5.0) == 6.0


def test_what_was_shown_is_simulated_again_without_pause_and_without_errands() -> None:
    steered = Controls(frame_interval=1.0, speed=1.0, on_look=lambda: None, has_errand=lambda: True)
    steered.apply({"type": "pause"})
    steered.go_again_to(5.0)
    assert steered(0.0) == 5.0
    assert steered(3.0) == 5.0
    assert steered.is_going_again
    assert steered(5.0) == 5.0
