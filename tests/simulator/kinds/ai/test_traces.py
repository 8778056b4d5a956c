"""Golden traces of a model: what is asked, refused and served, and how calls end, as text that is reviewed.

`HEADRACE_WRITE_TRACES=1` writes them anew; the difference is looked at before it is committed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator import Document
from simulator.experiments.replication import Replication
from simulator.kinds.ai.llm import Model
from simulator.kinds.ai.llm_call import Conversation
from tests.simulator.designs import at, design, node
from tests.simulator.kinds.ai.test_llm import NO_JITTER, STEADY, asked

FOLDER = Path(__file__).parent / "traces"


def with_fallback() -> Document:
    """The first model is down at first; a service turns to the second."""
    return design(
        [
            node("user", "producer", arrivals=at(1.0, 5.0)),
            node("app", "service", service_time=0),
            node("model", "llm", **STEADY),
            node("second", "llm", **{**STEADY, "time_to_first_token": 0.25}),
        ],
        ["user->app:invoke", "app->model:invoke", "app->second:invoke"],
        edge_configs={
            "app->model:invoke": {
                "backoff_base": 1.0,
                **NO_JITTER,
                "output_tokens": 100,
                "fallback": {"edge": "e2"},
            },
            "app->second:invoke": {"output_tokens": 50},
        },
        faults=[
            {"kind": "brown-out", "node": "model", "at": 0, "duration": 4.5, "config": {"probability": 1}}
        ],
        simulation={"duration": 60, "warmup": 0},
    )


SCENARIOS: dict[str, Callable[[], Document]] = {
    # Facts, ai-pipelines, g3: attempts at 0, 1 and 3 s, then the second model; the next call succeeds.
    "overloaded-three-times-then-the-second-model": with_fallback,
    # Facts, a3: 429 with the time until the bucket has what is needed.
    "two-requests-a-minute-and-a-third": lambda: asked(
        at(0.0, 1.0, 2.0), {"output_tokens": 50, **NO_JITTER}, 100, rpm=2
    ),
    "the-same-with-an-admission-queue": lambda: asked(
        at(0.0, 1.0, 2.0), {"output_tokens": 50}, 100, rpm=2, over_limit="queue"
    ),
    # Facts, g5: every turn sends all that was said before.
    "an-agent-of-three-turns-with-prompt-caching": lambda: asked(
        at(0.0),
        {"turns": 3, "output_tokens": 100, "added_tokens": 700, "tool_time": 1.0, "prompt_caching": True},
        60,
    ),
    "a-timeout-cuts-every-attempt-off": lambda: asked(at(0.0), {"attempt_timeout": 2.5, **NO_JITTER}, 30),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_happens_as_it_is_written_down(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []

    def stand_by(owner: type, method: str, say: Callable[..., str]) -> None:
        inner = getattr(owner, method)

        def both(first: Any, *args: Any, **more: Any) -> Any:
            model: Model = first if isinstance(first, Model) else first.model
            lines.append(f"{model.env.now:8.3f}  {model.id:7}{say(first, *args, **more)}")
            return inner(first, *args, **more)

        monkeypatch.setattr(owner, method, both)

    stand_by(
        Model,
        "ask",
        lambda _, call, __: (
            f"{call.message.sequence} asks, turn {call.turn} of {call.turns}: "
            f"{call.fresh} + {call.cached} cached in, {call.output} out"
        ),
    )
    stand_by(
        Conversation,
        "refused",
        lambda call, _, wait: f"{call.message.sequence} gets 429, again in {wait:g} s",
    )
    stand_by(Model, "_serve", lambda _, call, __: f"{call.message.sequence} is served")
    stand_by(
        Model,
        "leaves",
        lambda _, call, output, __, is_billed=True: (
            f"{call.message.sequence} is over: {output} tokens out" + ("" if is_billed else ", not billed")
        ),
    )
    stand_by(
        Model,
        "finish",
        lambda _, call, __, ok: f"{call.message.sequence} ends {'well' if ok else 'without an answer'}",
    )
    document = SCENARIOS[name]()
    Replication(document, 1, 0, document.simulation.duration, None).run()
    path = FOLDER / f"{name}.txt"
    text = "\n".join(lines) + "\n"
    if os.environ.get("HEADRACE_WRITE_TRACES"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()
