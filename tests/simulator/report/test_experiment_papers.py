"""The reports of experiments: what they say, and that page and document say it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from simulator import Document
from simulator.cli import main
from simulator.experiments.assumed import parse_over
from simulator.experiments.capacity import capacity
from simulator.experiments.cheapest import cheapest
from simulator.experiments.compare import Alternative, compare
from simulator.experiments.parameters import parse_vary
from simulator.experiments.sensitivity import sensitivity
from simulator.experiments.swap import swapped
from simulator.experiments.sweep import sweep
from simulator.report.alternatives_table import comparison_table
from simulator.report.paper.experiments import experiment_paper
from simulator.report.paper.html import html
from simulator.report.paper.model import Paper, Picture, Table, Text, Verdict
from simulator.report.paper.pdf import pdf
from simulator.report.paper.value_charts import Axis, LogAxis, line_chart
from tests.simulator.designs import design, node

RATE, INSTANCES = "nodes.web.config.arrivals.rate", "nodes.server.config.instances"


def shop() -> Document:
    return design(
        [
            node("web", "producer", arrivals={"process": "poisson", "rate": 30}),
            node("line", "queue"),
            node(
                "server",
                "consumer",
                service_time={"distribution": "exponential", "mean": 0.02},
                instance_type="m7g.large",
            ),
        ],
        ["web->line", "line->server"],
        name="Shop & sons",
        objectives=[{"metric": "end_to_end_latency.p95", "from": "web", "to": "server", "below": 0.5}],
        simulation={"duration": 20, "warmup": 2},
    )


def _compared(document: Document) -> dict[str, Any]:
    return compare(
        [Alternative("as drawn", document), swapped(document, "line=rabbitmq.queue:quorum")], replications=3
    )


def _swept(*ranges: str) -> Callable[[Document], dict[str, Any]]:
    return lambda document: sweep(
        document, [parse_vary(document, text) for text in ranges], replications=2, duration=8
    )


#: Kind, how it is made, the sections beside those of all, and words that have to stand in it.
KINDS: dict[str, tuple[Callable[[Document], dict[str, Any]], list[str], list[str]]] = {
    "comparison": (
        _compared,
        [
            "Objectives",
            "Load",
            "Differences",
            "Distributions",
            "Guarantees measured",
            "Cost",
            "What was translated, assumed and lost",
        ],
        [
            "2 alternatives under the same load",
            "translated",
            "difference from as drawn",
            "the very same arrivals",
        ],
    ),
    "sweep": (
        _swept(f"{RATE}=20:40:10"),
        ["Load", "Points", "Guarantees measured", "Cost"],
        [f"What do {RATE} change? 3 points.", "with 95 % intervals", "at every point", "simpy 4"],
    ),
    "map": (
        _swept(f"{RATE}=20,40", f"{INSTANCES}=1,2"),
        ["Load", "Points", "Guarantees measured", "Cost"],
        ["x misses one", "server.instances", "are left out of the figures"],
    ),
    "capacity": (
        lambda document: capacity(document, RATE, replications=2, precision=0.3),
        ["Values that were looked at"],
        ["highest", "what was found at every value"],
    ),
    "cheapest": (
        lambda document: cheapest(document, [parse_vary(document, f"{INSTANCES}=1:3")], replications=2),
        ["Configurations"],
        ["The cheapest of 3 configurations", "ringed the cheapest"],
    ),
    "sensitivity": (
        lambda document: sensitivity(
            document,
            [parse_over(document, "nodes.server.config.service_time=0.01..0.03")],
            trajectories=2,
            replications=2,
        ),
        ["Elementary effects", "Why these numbers"],
        ["moves it by", "asked for"],
    ),
}


def words_of(paper: Paper) -> str:
    found = [paper.title, paper.extent]
    for section in paper.sections:
        found.append(section.title)
        for block in section.blocks:
            match block:
                case Text(text):
                    found.append(text)
                case Verdict(word, _, asked, said):
                    found += [word, asked, said]
                case Table(head, rows, _, caption):
                    found += [caption, *head, *(cell for row in rows for cell in row)]
                case Picture(_, caption):
                    found.append(caption)
    return "\n".join(found)


def assert_fonts_are_embedded(file: bytes) -> None:
    """Every font of the file is a TrueType one, with its shapes in the file (ISO 32000-1, 9.9)."""
    names = re.findall(rb"/BaseFont /([\w+-]+)", file)
    assert names
    assert [name for name in names if b"Vera" not in name] == []
    assert file.count(b"/FontFile2 ") == len(set(names))


def test_verdicts_over_a_sweep_name_the_values_that_meet_an_objective() -> None:
    document = shop()
    found = _swept(f"{RATE}=20:40:10")(document)
    for point, verdict in zip(found["points"], ("met", "met", "missed"), strict=True):
        point["objectives"][0]["verdict"] = verdict
    [said] = [
        block
        for block in experiment_paper(document, found, []).sections[0].blocks
        if isinstance(block, Verdict)
    ]
    assert (said.word, said.tone, said.found) == ("depends", "doubt", "met at 20, 30; missed at 40")


def test_an_objective_that_is_open_says_why_or_how_many_runs_would_decide_it() -> None:
    document = shop()
    found = _compared(document)
    first, second = (one["name"] for one in found["alternatives"])
    row = found["objectives"][0]["judged"]
    row[first] |= {"verdict": "undecided", "reason": "the limit is too near", "more_runs": None}
    row[second] |= {"verdict": "undecided", "reason": "the interval holds the limit", "more_runs": 12}
    section = next(one for one in experiment_paper(document, found, []).sections if one.title == "Objectives")
    [asked] = [block for block in section.blocks if isinstance(block, Table)]
    [note] = [block for block in section.blocks if isinstance(block, Text)]
    assert note.text.endswith(f" is undecided for {first}: the limit is too near.")
    assert asked.rows[0][2].endswith("; about 12 more runs")
    text = comparison_table(found)
    assert f"    {first} is undecided: the limit is too near\n" in text
    assert f"{second} is undecided" not in text


@pytest.mark.parametrize(("make", "sections", "words"), KINDS.values(), ids=KINDS)
def test_a_report_says_what_was_found_and_how(
    make: Callable[[Document], dict[str, Any]], sections: list[str], words: list[str]
) -> None:
    document = shop()
    found = make(document)
    paper = experiment_paper(document, found, [])
    titles = [section.title for section in paper.sections]
    assert titles[0] == "Summary"
    assert set(sections) <= set(titles)
    assert titles[-4:] == ["Risks", "Assumptions", "Method", "The design"]
    said = words_of(paper)
    assert [one for one in words if one not in said] == []
    if "statement" in found:
        assert found["statement"] in said
    pictures = [b for section in paper.sections for b in section.blocks if isinstance(b, Picture)]
    assert len(pictures) >= 1
    for picture in pictures:
        ET.fromstring(picture.svg)
    page = html(paper)
    assert "Shop &amp; sons" in page
    assert "<script" not in page
    assert "nan" not in page.lower().replace("finance", "")
    document_bytes = pdf(paper)
    assert_fonts_are_embedded(document_bytes)
    assert document_bytes.startswith(b"%PDF")
    assert document_bytes == pdf(experiment_paper(document, json.loads(json.dumps(found)), []))


def test_the_figures_of_a_comparison_stand_in_its_report() -> None:
    found = _compared(shop())
    said = words_of(experiment_paper(shop(), found, []))
    row = next(one for one in found["flows"][0]["measures"] if one["metric"] == "end_to_end_latency.mean")
    difference = row["differences"]["line=rabbitmq.queue:quorum"]
    assert f"{abs(difference['mean']) * 1000:.3g} ms" in said
    cost = found["alternatives"][0]["result"]["cost"]["per_month"]["mean"]
    assert f"{cost:,.2f}" in said


@pytest.mark.parametrize("kind", ["sweep", "capacity"])
def test_the_command_takes_the_result_of_an_experiment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    design_file, found, page = tmp_path / "shop.json", tmp_path / "found.json", tmp_path / "found.html"
    design_file.write_text(json.dumps(shop().to_data()))
    found.write_text(json.dumps(KINDS[kind][0](shop())))
    asked = ["report", str(design_file), "--result", str(found), "-o", str(page)]
    assert main([*asked, "--title", "How far?", "--authors", "A. Architect"]) == 0
    assert "How far?" in page.read_text()
    assert "warning" not in capsys.readouterr().err
    design_file.write_text(json.dumps({**shop().to_data(), "name": "Another"}))
    assert main(asked) == 0
    assert "another version of the design" in capsys.readouterr().err


@pytest.mark.parametrize("values", [[3.0], [0.0, 0.0], [-2.0, 5.0], [1e-9, 2e-9], [99.0, 101.0]])
def test_an_axis_holds_its_values_between_its_ends(values: list[float]) -> None:
    axis = Axis.over(values, 0.0, 100.0)
    assert axis.low <= min(values) <= max(values) <= axis.high * (1 + 1e-12)
    assert [axis.at(axis.low), axis.at(axis.high)] == [0.0, 100.0]
    assert axis.ticks()[0] == axis.low
    assert 2 <= len(axis.ticks()) <= 12


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.2, 9.0, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]),
        (10.0, 600.0, [0.0, 300.0, 600.0]),
        (0.0, 36_000.0, [0.0, 10_800.0, 21_600.0, 32_400.0, 43_200.0]),
    ],
)
def test_an_axis_of_time_has_round_steps(low: float, high: float, ticks: list[float]) -> None:
    assert Axis.over([low, high], 0.0, 100.0).in_round_times().ticks() == ticks


def test_values_far_apart_stand_on_a_logarithmic_axis_and_unsteady_ones_are_hollow() -> None:
    axis = LogAxis(-1, 3, 0.0, 100.0)
    assert [axis.at(value) for value in (0.1, 10.0, 1000.0, 1e9, 0.0)] == [0.0, 50.0, 100.0, 100.0, 0.0]
    points = [
        (1, {"mean": 600.0, "ci95": [590.0, 610.0], "steady_state": False}),
        (2, {"mean": 0.5, "ci95": [0.4, 0.6]}),
    ]
    drawn = line_chart(points, title="p95", across="instances", unit="s")
    assert drawn is not None
    words = [element.text for element in ET.fromstring(drawn).iter() if element.tag.endswith("text")]
    assert "1,000 s" in words
    assert "100 ms" in words
    fills = [e.get("fill") for e in ET.fromstring(drawn).iter() if e.get("r") == "3.5"]
    assert fills == ["#ffffff", "#0b6584"]
