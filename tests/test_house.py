"""The documentation tells the truth and the house keeps its own rules."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from architect import bootstrap

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
ROOMS = ("simulator", "architect", "tests", "benchmarks")
SOURCES = {".py", ".ts", ".tsx", ".css", ".html"}
NOT_OURS = {"node_modules", "dist", "__pycache__", "migrations"}
LONGEST = 500  # lines; 400 is where we talk about it


def sources(*rooms: str) -> Iterator[Path]:
    for room in rooms or ROOMS:
        for directory, folders, files in os.walk(ROOT / room):
            folders[:] = [folder for folder in folders if folder not in NOT_OURS]
            yield from (Path(directory, name) for name in files if Path(name).suffix in SOURCES)


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def glossary() -> list[tuple[str, str]]:
    """Every identifier of the glossary's table with its meaning."""
    rows = re.findall(
        r"^\| (.+?) \| (`.+?`) \| (.+?) \|$", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE
    )
    return [(name, meaning) for _, names, meaning in rows for name in re.findall("`(.+?)`", names)]


# ------------------------------------------------------------------ words


def test_every_identifier_of_the_glossary_stands_in_the_code():
    words = set(re.findall(r"\w+", " ".join(path.read_text() for path in sources("simulator", "architect"))))
    assert len(glossary()) > 20
    assert [name for name, _ in glossary() if name not in words] == []


def test_every_word_of_the_glossary_is_explained_once():
    names = [name for name, _ in glossary()]
    assert len(names) == len(set(names))


def test_no_file_is_called_after_nothing():
    forbidden = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "consumers"}
    assert [short(path) for path in sources() if path.stem.lower() in forbidden] == []


@pytest.mark.parametrize("mark", ["TODO", "FIXME", "XXX", "HACK"])
def test_nothing_is_left_for_later(mark: str):
    left = [short(path) for path in sources() if re.search(rf"\b{mark}\b", path.read_text())]
    assert left in ([], ["tests/test_house.py"])


def test_networkx_is_the_graph():
    """Given with the project, as SimPy is for the clock: a graph of our own is none, not for speed either.

    What a run does not need of it may be imported late.
    """
    from simulator import Document
    from simulator.graph.build import graph_of

    document = Document.parse({"format": "headrace/1", "name": "x", "nodes": [{"id": "q", "kind": "queue"}]})
    assert type(graph_of(document)).__module__.startswith("networkx.")


def test_a_run_of_a_design_without_loops_holds_no_networkx():
    """It takes 14 MB, a quarter of what such a run may hold (decision 0016)."""
    code = (
        "import sys, simulator; from simulator import Document; "
        "simulator.simulate(Document.from_text(open(sys.argv[1]).read()), duration=1.0); "
        "sys.exit('networkx' in sys.modules)"
    )
    template = ROOT / "simulator/design/examples/order-fan-out.headrace.yaml"
    assert subprocess.run([sys.executable, "-c", code, str(template)], cwd=ROOT, check=False).returncode == 0


def test_no_file_is_too_long_to_read():
    long = {short(path): path.read_text().count("\n") for path in sources()}
    assert {name: lines for name, lines in long.items() if lines > LONGEST} == {}


# ------------------------------------------------------------------ what must not be called

DANGEROUS = {
    "pickle": r"\bpickle\.loads?\(",
    "yaml without a safe loader": r"\byaml\.load\((?!.*(Safe|SAFE|Bounded|Strict)\w*)",
    "eval": r"(?<![\w.])eval\(",
    "exec": r"(?<![\w.])exec\(",
    "unescaped markup": r"mark_safe|innerHTML|dangerouslySetInnerHTML|insertAdjacentHTML|\|\s*safe\b",
    "a shell": r"shell=True|os\.system\(|os\.popen\(",
}


@pytest.mark.parametrize("what", DANGEROUS)
def test_no_text_of_a_user_can_become_code(what: str):
    found = [
        f"{short(path)}:{number}"
        for path in sources("simulator", "architect")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(DANGEROUS[what], line)
    ]
    assert found == []


# ------------------------------------------------------------------ pages


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_every_relative_link_leads_somewhere(page: Path):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    local = [target.split("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "Makefile", ROOT / ".ci" / "run"], ids=short)
def test_every_command_of_manage_py_is_one_it_knows(page: Path):
    from django.core.management import get_commands

    named = set(re.findall(r"manage\.py ([a-z_]+)", page.read_text()))
    # "manage.py and ..." is prose; a command stands in code.
    prose = {"and", "is", "or", "does", "command"}
    assert named - prose - set(bootstrap.COMMANDS) - set(get_commands()) == set()


def test_the_readme_names_both_commands():
    text = (ROOT / "README.md").read_text()
    assert re.findall(r"^ {4}(python3 manage\.py \w+)$", text, re.MULTILINE) == [
        "python3 manage.py up",
        "python3 manage.py test",
    ]


def test_every_headrace_command_in_the_documentation_exists():
    text = " ".join(page.read_text() for page in PAGES)
    named = set(re.findall(r"[`/]headrace ([a-z]+)", text))
    assert {"simulate", "schema", "serve"} <= named
    words = [sys.executable, "-m", "simulator", "--help"]
    offered = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [name for name in named if not re.search(rf"\b{name}\b", offered)] == []


def test_make_help_lists_every_target_that_is_promised():
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))
    assert {"help", "run", "test", "lint", "types", "traces", "schema", "bench", "docs"} <= targets
    phony = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert set(" ".join(phony).split()) == targets
    named = {name for page in PAGES for name in re.findall(r"`make ([a-z-]+)`", page.read_text())}
    assert named <= targets


def test_every_extra_that_a_command_needs_is_declared():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {extra for extras in bootstrap.COMMANDS.values() for extra in extras}
    assert needed <= set(project["optional-dependencies"])


# ------------------------------------------------------------------ decisions

RECORDS = sorted(ROOT.glob("docs/decisions/[0-9]*.md"))


@pytest.mark.parametrize("record", RECORDS, ids=short)
def test_a_decision_has_its_four_parts_and_stands_in_the_list(record: Path):
    headings = re.findall(r"^## (.+)$", record.read_text(), re.MULTILINE)
    assert headings == ["Status", "Context", "Decision", "Consequences"]
    assert f"({record.name})" in (record.parent / "README.md").read_text()


def test_ci_runs_the_command_of_the_readme():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "python3 manage.py test" in script.read_text()
