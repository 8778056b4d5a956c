"""The command line: what it prints, how it refuses, and that the same seed gives the same bytes."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from simulator.cli import main
from simulator.cli.options import parser
from simulator.cli.progress import Progress

ROOT = Path(__file__).resolve().parents[2]

HEAD = "format: headrace/1\nname: Shop\n"
NODES = """nodes:
  - {id: web, kind: producer, config: {arrivals: {process: poisson, rate: 40}}}
  - {id: orders, kind: queue}
  - {id: billing, kind: consumer, config: {service_time: {distribution: exponential, mean: 0.02}}}
"""
EDGES = """edges:
  - {id: e1, from: web, to: orders}
  - {id: e2, from: orders, to: billing}
"""
SHORT = "simulation: {duration: 60, seed: 3}\n"
SHOP = HEAD + NODES + EDGES + SHORT


@pytest.fixture
def shop(tmp_path: Path) -> str:
    return written(tmp_path, SHOP)


def written(folder: Path, text: str | bytes, name: str = "design.yaml") -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def command(*words: str, hash_seed: str = "0", given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        [sys.executable, "-m", "simulator", *words],
        cwd=ROOT,
        env=environment,
        input=given,
        capture_output=True,
        timeout=60,
        check=False,
    )


# ---------------------------------------------------------------- simulate


def test_the_table_shows_nodes_flows_checks_and_objectives_with_units(tmp_path, capsys):
    objectives = "objectives: [{metric: waiting_time.mean, node: orders, below: 10}]\n"
    assert main(["simulate", written(tmp_path, SHOP + objectives)]) == 0
    shown = capsys.readouterr()
    for part in (
        "Shop",
        "one run of 1 min",
        "web → billing",
        "waiting time: mean",
        " ms ±",
        "/s ±",
        "conservation   kept: every message is accounted for at 3 nodes",
        "Little's law   within",
        "met        waiting_time.mean of orders below 10 s",
    ):
        assert part in shown.out
    assert "messages/s" in shown.err


def test_the_first_queue_comes_close_to_theory(capsys):
    design = ROOT / "simulator/design/examples/first-queue.headrace.yaml"
    assert main(["simulate", str(design), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    waiting = result["nodes"]["line"]["waiting_time"]["mean"]
    # Relative tolerance of the reference for M/M/1 at 0.8 with 360,000 messages: 4 standard errors.
    assert waiting["mean"] == pytest.approx(0.08, rel=0.08)
    assert waiting["ci95"][0] < 0.08 < waiting["ci95"][1]


def test_json_is_the_result_document_without_wall_time(shop, capsys):
    assert main(["simulate", shop, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["format"] == "headrace-result/1"
    assert result["wall_seconds"] is None
    assert result["seed"] == 3


def test_the_same_seed_gives_the_same_bytes_in_every_process(shop):
    first, again, salted = (
        command("simulate", shop, "--json", hash_seed=salt).stdout for salt in ("0", "0", "4711")
    )
    assert first == again == salted
    assert len(first) > 1000
    assert command("simulate", shop, "--json", "--seed", "4").stdout != first


def test_several_processes_give_the_same_bytes_as_one(shop):
    words = ("simulate", shop, "--json", "--replications", "3")
    assert command(*words).stdout == command(*words, "--jobs", "2").stdout


def test_python_dash_m_and_the_entry_point_are_the_same_command():
    assert b"headrace" in command("--help").stdout
    assert "main" in (ROOT / "pyproject.toml").read_text().split('headrace = "simulator.cli:')[1][:10]


def test_a_design_comes_from_standard_input(shop):
    piped = command("simulate", "-", "--json", given=SHOP.encode())
    assert piped.returncode == 0
    assert piped.stdout == command("simulate", shop, "--json").stdout


def test_durations_take_units(shop, capsys):
    assert main(["simulate", shop, "--json", "--duration", "2 min", "--warmup", "12 s", "--seed", "9"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["duration"], result["warmup"], result["seed"]) == (120.0, 12.0, 9)


def test_a_wanted_precision_makes_more_replications(shop, capsys):
    assert main(["simulate", shop, "--json", "--precision", "20 %"]) == 0
    assert json.loads(capsys.readouterr().out)["replications"] >= 10


def test_the_output_file_holds_the_result_and_nothing_is_left_beside_it(shop, tmp_path, capsys):
    target = tmp_path / "result.json"
    target.write_text("old")
    assert main(["simulate", shop, "--output", str(target)]) == 0
    assert json.loads(target.read_text())["format"] == "headrace-result/1"
    assert "Nodes" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["design.yaml", "result.json"]


@pytest.mark.parametrize(
    ("target", "words"),
    [("", "is a folder"), ("missing/result.json", "there is no folder"), ("a\0b", "NUL")],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_run(target, words, shop, tmp_path, capsys):
    assert main(["simulate", shop, "--output", f"{tmp_path}/{target}", "--duration", "1e9"]) == 2
    assert words in capsys.readouterr().err


def test_practice_warnings_go_to_standard_error_and_the_run_goes_on(tmp_path, capsys):
    text = SHOP.replace("rate: 40", "rate: 80")
    assert main(["simulate", written(tmp_path, text), "--json"]) == 0
    shown = capsys.readouterr()
    assert "[D301]" in shown.err
    # The sum is Erlang's: arrival rate times mean service time.
    assert "80 msg/s × 0.02 s = 1.6 erlang offered to 1 server: utilization ρ = 1.6" in shown.err
    json.loads(shown.out)


def test_names_in_a_design_cannot_steer_the_terminal(tmp_path, capsys):
    assert main(["simulate", written(tmp_path, SHOP.replace("name: Shop", r'name: "\e[2J\aShop"'))]) == 0
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err


def test_a_terminal_that_cannot_show_a_sign_gets_another(shop):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "simulator", "simulate", shop],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, b"web ? billing" in done.stdout) == (0, True)


# ---------------------------------------------------------------- recorded load


def test_a_recorded_load_replaces_the_arrivals_of_a_producer(shop, tmp_path, capsys):
    load = written(tmp_path, "timestamp,value\n0,30\n10,0\n20,12\n", "load.csv")
    assert main(["simulate", shop, "--json", "--load", f"web={load}"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["messages"] == 42
    assert "42 messages" in shown.err


def test_a_load_longer_than_the_run_is_said_to_be_cut(shop, tmp_path, capsys):
    load = written(tmp_path, "timestamp,value\n0,30\n600,5\n", "load.csv")
    assert main(["simulate", shop, "--json", "--load", f"web={load}"]) == 0
    assert "the rest is not replayed" in capsys.readouterr().err


def test_the_trace_file_of_a_design_counts_from_the_folder_of_the_design(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir("/")
    written(tmp_path, "1\n2\n3.5\n", "times.csv")
    text = SHOP.replace("{process: poisson, rate: 40}", "{process: trace, file: times.csv}")
    assert main(["simulate", written(tmp_path, text), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["messages"] == 3


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("web", "NODE=FILE"),
        ("orders={folder}/load.csv", "is no producer"),
        ("web={folder}/none.csv", "there is no such file"),
        ("web={folder}", "is a folder"),
        ("web={folder}/bad.csv", "line 2 of bad.csv"),
    ],
)
def test_a_load_that_cannot_be_used_is_refused(option, words, shop, tmp_path, capsys):
    written(tmp_path, "1,2\n", "load.csv")
    written(tmp_path, "0,1\nnever,2\n", "bad.csv")
    assert main(["simulate", shop, "--load", option.format(folder=tmp_path)]) == 2
    assert words in capsys.readouterr().err


# ---------------------------------------------------------------- check


def judged(limit: str, verdict_simulation: str = SHORT) -> str:
    objective = f"objectives: [{{metric: waiting_time.mean, node: orders, {limit}}}]\n"
    return HEAD + NODES + EDGES + verdict_simulation + objective


@pytest.mark.parametrize(
    ("limit", "code", "word"),
    [("below: 10", 0, "met"), ("below: 0.0001", 1, "missed"), ("below: 0.08", 3, "undecided")],
)
def test_check_tells_the_verdict_by_its_exit_code(limit, code, word, tmp_path, capsys):
    design = written(tmp_path, judged(limit, "simulation: {duration: 60, replications: 3}\n"))
    assert main(["check", design, "--budget", "0"]) == code
    assert capsys.readouterr().out.endswith(f"Shop: {word} (1 objective)\n")


def test_check_of_an_invalid_design_says_so_in_every_format(tmp_path, capsys):
    design = written(tmp_path, SHOP.replace("rate: 40", "rate: -1"))
    for name in ("text", "json", "junit", "markdown"):
        assert main(["check", design, "--format", name]) == 2
        assert "nodes[0].config.arrivals.rate" in capsys.readouterr().out.replace("\\", "")


def test_check_as_json_and_as_junit_can_be_read_by_programs(tmp_path, capsys):
    design = written(tmp_path, judged("below: 0.0001"))
    main(["check", design, "--format", "json"])
    assert json.loads(capsys.readouterr().out)["verdict"] == "missed"
    main(["check", design, "--format", "junit"])
    suite = ElementTree.fromstring(capsys.readouterr().out)
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")


def test_check_as_markdown_is_a_table(tmp_path, capsys):
    main(["check", written(tmp_path, judged("below: 10")), "--format", "markdown"])
    assert "| objective | found (95 % interval) | verdict |" in capsys.readouterr().out


# ---------------------------------------------------------------- schema, serve


def test_schema_prints_what_a_front_end_needs_or_only_the_document(capsys):
    assert main(["schema"]) == 0
    assert {"kinds", "wiring", "metrics"} <= set(json.loads(capsys.readouterr().out))
    assert main(["schema", "--document"]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"].endswith("2020-12/schema")


def test_serve_says_what_is_missing_when_there_is_no_dashboard(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "architect.serve", None)
    assert main(["serve"]) == 2
    assert "the dashboard is not installed here" in capsys.readouterr().err


def test_the_simulator_runs_where_django_is_absent(shop):
    code = (
        "import sys\n"
        "for name in ('django', 'channels', 'daphne', 'ninja', 'architect'): sys.modules[name] = None\n"
        "from simulator.cli import main\n"
        f"sys.exit(main(['simulate', {shop!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


# ---------------------------------------------------------------- stopping


@pytest.fixture
def interrupted(monkeypatch):
    """Ctrl-C is pressed as soon as simulated time has passed; gives how often it may be pressed."""
    presses = [1]

    def press(_progress: Progress, state: dict[str, Any]) -> None:
        while state["t"] > 0 and presses[0]:
            presses[0] -= 1
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Progress, "__call__", press)
    return presses


def test_ctrl_c_ends_with_the_result_so_far_and_code_130(shop, interrupted, capsys):
    assert main(["simulate", shop, "--duration", "1e8", "--json"]) == 130
    shown = capsys.readouterr()
    assert json.loads(shown.out)["stopped"] == "cancelled"
    assert "cancelled; the result is of what was simulated so far" in shown.err
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_ends_at_once_without_a_result(shop, interrupted, capsys):
    interrupted[0] = 2
    assert main(["simulate", shop, "--duration", "1e8", "--json"]) == 130
    shown = capsys.readouterr()
    assert (shown.out, "there is no result" in shown.err) == ("", True)


def test_a_run_stopped_by_ctrl_c_is_no_verdict(tmp_path, interrupted, capsys):
    assert main(["check", written(tmp_path, judged("below: 10")), "--duration", "1e8"]) == 130


def test_a_reader_that_goes_away_ends_the_command_quietly():
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "schema"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=20) == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


# ---------------------------------------------------------------- progress


class Screen(io.StringIO):
    """A stream that is, or is not, a terminal."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


def shown_progress(is_terminal: bool, seconds: float, monkeypatch: pytest.MonkeyPatch) -> str:
    from simulator.cli import progress

    now = [0.0]
    monkeypatch.setattr(progress, "perf_counter", lambda: now[0])
    screen = Screen(is_terminal)
    shown = progress.Progress(screen)
    for step in range(1, 101):
        now[0] = seconds * step / 100
        shown({"replication": 0, "replications": 1, "t": step * 6.0, "duration": 600.0})
    shown.close()
    return screen.getvalue()


def test_progress_is_one_line_on_a_terminal_and_a_line_each_tenth_elsewhere(monkeypatch):
    on_terminal = shown_progress(True, 60.0, monkeypatch)
    assert "\n" not in on_terminal
    assert "50 %  5 min of 10 min simulated, about 30 s left" in on_terminal
    in_log = shown_progress(False, 60.0, monkeypatch)
    assert [line.split(" %")[0].strip() for line in in_log.splitlines()] == [
        str(n) for n in range(10, 101, 10)
    ]


def test_a_run_of_less_than_a_second_shows_no_progress(monkeypatch):
    assert shown_progress(True, 0.9, monkeypatch) == shown_progress(False, 0.9, monkeypatch) == ""


# ---------------------------------------------------------------- documentation


def test_the_page_of_the_command_line_names_every_command_and_option_and_no_other():
    page = (ROOT / "docs" / "command-line.md").read_text()
    commands: dict[str, Any] = next(
        action.choices for action in parser()._actions if isinstance(action.choices, dict)
    )
    options = {
        option
        for command in commands.values()
        for action in command._actions
        for option in action.option_strings
        if option.startswith("--") and option != "--help"
    }
    assert set(re.findall(r"--[a-z]+(?:-[a-z]+)*", page)) - {"--help"} == options
    assert set(re.findall(r"^## `headrace (\w+)", page, re.MULTILINE)) == set(commands)
