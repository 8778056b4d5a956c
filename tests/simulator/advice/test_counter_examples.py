"""Each counter-example fires its rule, shows the damage, and shows none after the cure."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from simulator import simulate
from simulator.advice import counter_examples
from simulator.advice.counter_examples import COUNTER_EXAMPLES, story_of
from simulator.advice.counter_examples.story import told
from simulator.advice.table import all_problems, all_rules
from simulator.cli import main

FOLDER = Path(counter_examples.__file__).parent
#: The damage, and what is left of it after the cure: by the rule's source, worked out by hand.
DAMAGE = {
    "D302": (6, 0),  # 3 orders, each done at 40, 70 and 100 s after it came, in a run of 120 s
    "D370": (81, 9),  # 3 requests of 3 x 3 x 3 calls; of 3 calls
    "D504": (5, 0),  # those of 15 to 55 s are older than 60 s at 130 s; that of 5 s was read before
    "D508": (2, 0),  # those of 14 and 20 s, while the broker is away from 10 to 22 s
    "D520": (3, 0),
    "D524": (6, 0),
    "D530": (3, 0),  # tried at 0, 20, 40 and 60 s: that of 61 s is over at 121 s, before the end at 150 s
    "D552": (3, 0),  # written at 9.4 to 9.8 s, copied from 10.4 s on, and the leader is gone at 10 s
    "D560": (6, 1),
    "D570": (50, 10),  # 5 x 10 s for the slow consumer; ten orders by both together
    "D572": (388, 0),  # 10 deliveries a second from 1 to 40 s, 3 of them the first
}


def test_there_are_ten_and_each_belongs_to_a_rule():
    assert len(COUNTER_EXAMPLES) >= 10
    assert set(COUNTER_EXAMPLES) <= set(all_rules())
    assert set(DAMAGE) == set(COUNTER_EXAMPLES)


@pytest.mark.parametrize("code", COUNTER_EXAMPLES)
def test_the_damage_is_shown_and_the_cure_cures(code: str):
    example = COUNTER_EXAMPLES[code]
    assert code in [problem.code for problem in all_problems(example.document())]
    before = simulate(example.document())
    assert before["conservation"]["ok"]
    assert before["messages"] <= 20
    assert round(example.measure(before), 1) == DAMAGE[code][0]
    cured = example.cured_document()
    assert code not in [problem.code for problem in all_problems(cured)]
    after = simulate(cured)
    assert after["conservation"]["ok"]
    assert round(example.measure(after), 1) == DAMAGE[code][1]


@pytest.mark.parametrize("code", COUNTER_EXAMPLES)
def test_the_story_is_as_its_file_says(code: str):
    example = COUNTER_EXAMPLES[code]
    document = example.document()
    frames: list[Any] = []
    result = simulate(document, on_frame=frames.append)
    text = "\n".join(told(example, document, frames, result, simulate(example.cured_document()))) + "\n"
    file = FOLDER / f"{code}.story.txt"
    if os.environ.get("HEADRACE_WRITE_TRACES"):
        file.write_text(text)
    assert text == file.read_text()
    steps, damage, cured = story_of(code)
    assert all(" s  " in step for step in steps)
    assert (damage, cured) == tuple(line.split(": ", 1)[1] for line in text.splitlines()[-2:])


def test_the_command_prints_the_steps_the_damage_and_the_mended_run(capsys, tmp_path):
    kept = tmp_path / "twice.yaml"
    assert main(["lint", "--counter-example", "D302", "-o", str(kept)]) == 0
    out = capsys.readouterr().out
    assert "      31 s  orders -> billing 1; orders: 1 delivered again\n" in out
    assert "Damage: 6 deliveries of 3 orders were duplicates" in out
    assert "Mended: 0 duplicates" in out
    assert main(["lint", str(kept)]) == 0
    assert "[D302]" in capsys.readouterr().out
    assert main(["lint", "--counter-example", "D999"]) == 2
    assert "there are those of D302, D370" in capsys.readouterr().err
