"""What the command line refuses, and how: exit code 2, the place named, nothing run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from simulator.cli import main
from tests.simulator.test_cli import EDGES, HEAD, NODES, SHOP, command, shop, written

__all__ = ["shop"]

LONGEST_REFUSAL = 10.0  # seconds of processor time

# ---------------------------------------------------------------- options

BAD_OPTIONS = [
    ("--duration", "-5"),
    ("--duration", "0"),
    ("--duration", "nan"),
    ("--duration", "inf"),
    ("--duration", "1e99"),
    ("--duration", "10 parsecs"),
    ("--warmup", "-1"),
    ("--warmup", "later"),
    ("--seed", "1.5"),
    ("--seed", "-1"),
    ("--seed", "9" * 30),
    ("--seed", "٣"),
    ("--replications", "0"),
    ("--replications", "many"),
    ("--precision", "0"),
    ("--precision", "200 %"),
    ("--jobs", "0"),
]


@pytest.mark.parametrize(("option", "value"), BAD_OPTIONS, ids=lambda word: word[:12])
def test_a_bad_value_of_an_option_is_refused_by_its_name(option, value, shop, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["simulate", shop, option, value])
    assert ended.value.code == 2
    assert f"argument {option}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [[], ["fly"], ["simulate"], ["serve", "--port", "70000"], ["check", "x", "--format", "pdf"]]
)
def test_a_command_that_is_not_one_is_refused(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: headrace" in capsys.readouterr().err


def test_a_warm_up_that_leaves_nothing_is_refused(shop, capsys):
    assert main(["simulate", shop, "--warmup", "60"]) == 2
    assert "leaves nothing of the duration" in capsys.readouterr().err


# ---------------------------------------------------------------- bad input


def nodes(*more: str) -> str:
    return HEAD + NODES + "".join(f"  - {node}\n" for node in more) + EDGES


def many_nodes() -> str:
    lines = (f"  - {{id: n{number}, kind: queue}}\n" for number in range(100_000))
    return HEAD + "nodes:\n" + "".join(lines)


LOOP = (
    "  - {id: back, kind: consumer, config: {service_time: 0}}\n",
    "  - {id: e3, from: orders, to: back}\n  - {id: e4, from: back, to: orders}\n",
)
BOMB = "format: headrace/1\nname: x\na: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"

BAD_DESIGNS: dict[str, tuple[str | bytes, str, str]] = {
    "an unknown kind": (nodes("{id: k, kind: kafak.topic}"), "nodes[3].kind", "D105"),
    "an unknown key": (
        nodes("{id: k, kind: queue, config: {capacty: 5}}"),
        "nodes[3].config.capacty",
        "D102",
    ),
    "an unknown key at the top": (SHOP + "colour: red\n", "colour", "D102"),
    "a wrong type": (SHOP.replace("rate: 40", "rate: fast"), "nodes[0].config.arrivals.rate", "D103"),
    "a negative rate": (SHOP.replace("rate: 40", "rate: -40"), "nodes[0].config.arrivals.rate", "D104"),
    "NaN": (SHOP.replace("rate: 40", "rate: .nan"), "line 4", "D100"),
    "Infinity": (SHOP.replace("rate: 40", "rate: .inf"), "line 4", "D100"),
    "NaN in JSON": (
        '{"format": "headrace/1", "name": "x", "simulation": {"duration": NaN}}',
        "line 1",
        "D100",
    ),
    "a dangling edge": (SHOP.replace("to: billing", "to: nobody"), "edges[1].to", "D202"),
    "a forbidden pair": (SHOP.replace("to: orders", "to: billing"), "edges[0]", "D203"),
    "a duplicate id": (nodes("{id: web, kind: queue}"), "nodes[3].id", "D201"),
    "a cycle without delay": (HEAD + NODES + LOOP[0] + EDGES + LOOP[1], "back", "D204"),
    "a document of 10 MB": (SHOP + "#" * 10_000_000, "larger than 10 MB", "D108"),
    "100,000 nodes": (many_nodes(), "nodes", "D108"),
    "deep nesting": ("[" * 100_000, "line 1", "D108"),
    "deep nesting in YAML": (HEAD + "a: " + "[" * 5_000 + "]" * 5_000, "line 3", "D108"),
    "an alias bomb": (BOMB, "line 3", "D100"),
    "a trace file that is missing": (
        SHOP.replace("{process: poisson, rate: 40}", "{process: trace, file: none.csv}"),
        "nodes[0].config.arrivals.file",
        "D110",
    ),
    "a malformed trace file": (
        SHOP.replace("{process: poisson, rate: 40}", "{process: trace, file: broken.csv}"),
        "nodes[0].config.arrivals.file",
        "D110",
    ),
    "a binary file": (bytes(range(256)) * 40, "line", "D100"),
    "an empty file": (b"", "empty", "D100"),
    "no nodes": (HEAD, "nodes", "D280"),
    "no producer": (HEAD + "nodes: [{id: q, kind: queue}]\n", "nodes", "D281"),
    "a later format": (SHOP.replace("headrace/1", "headrace/9"), "format", "D109"),
}


@pytest.mark.parametrize("what", BAD_DESIGNS)
def test_bad_input_is_refused_with_its_place_and_code(what, tmp_path, capsys):
    text, place, code = BAD_DESIGNS[what]
    written(tmp_path, "1\n2\nsoon\n", "broken.csv")
    design = written(tmp_path, text)
    begun = time.process_time()
    assert main(["simulate", design]) == 2
    assert time.process_time() - begun < LONGEST_REFUSAL
    shown = capsys.readouterr()
    assert place in shown.err
    assert f"[{code}]" in shown.err
    assert shown.out == ""


def test_a_refusal_is_no_traceback(tmp_path):
    done = command("simulate", written(tmp_path, SHOP.replace("rate: 40", "rate: -1")))
    assert done.returncode == 2
    assert done.stderr.decode().startswith("nodes[0].config.arrivals.rate: ")
    assert b"Traceback" not in done.stderr


def test_every_problem_of_a_design_is_listed(tmp_path, capsys):
    text = SHOP.replace("rate: 40", "rate: -1").replace("mean: 0.02", "meen: 0.02")
    assert main(["simulate", written(tmp_path, text)]) == 2
    shown = capsys.readouterr().err
    assert "nodes[0].config.arrivals.rate" in shown
    assert "nodes[2].config.service_time.meen" in shown


@pytest.mark.parametrize(
    ("name", "words"),
    [("none.yaml", "there is no such file"), ("", "is a folder"), ("a\0b", "cannot be read")],
)
def test_a_design_that_is_not_there_is_refused(name, words, tmp_path, capsys):
    assert main(["simulate", f"{tmp_path}/{name}"]) == 2
    assert words in capsys.readouterr().err


def test_an_unreadable_design_is_refused(shop, capsys, monkeypatch):
    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    # The superuser, as whom tests may run, is refused nothing.
    monkeypatch.setattr(Path, "open", refuse)
    assert main(["simulate", shop]) == 2
    assert "cannot be read: Permission denied" in capsys.readouterr().err


def test_an_endless_file_is_read_only_as_far_as_the_limit(capsys):
    assert main(["simulate", "/dev/zero"]) == 2
    assert "larger than 10 MB" in capsys.readouterr().err
