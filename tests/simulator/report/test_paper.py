"""The report of a run: what it says, and that page and document say the same."""

from __future__ import annotations

import copy
import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from simulator import Document, check, simulate
from simulator.cli import main
from simulator.formats.exports.own_yaml import own_yaml
from simulator.report.paper.charts import backlog_chart, percentile_chart
from simulator.report.paper.content import paper_of
from simulator.report.paper.html import html
from simulator.report.paper.model import Paper, Picture, Table, Text, Verdict
from simulator.report.paper.pdf import pdf
from simulator.report.paper.plot import HEIGHT, RIGHT, WIDTH
from tests.simulator.designs import design, node

NODES = [
    node("web", "producer", arrivals={"process": "poisson", "rate": 40}),
    node("line", "queue"),
    node("server", "consumer", service_time={"distribution": "exponential", "mean": 0.02}),
]


@pytest.fixture(scope="module")
def shop() -> Document:
    return design(
        NODES,
        ["web->line", "line->server"],
        name="Shop & <b>sons</b>",
        description="Will one server do?",
        objectives=[
            {"metric": "end_to_end_latency.p99", "from": "web", "to": "server", "below": 5},
            {"metric": "waiting_time.mean", "node": "line", "below": 0.0001},
        ],
        assumptions={"web.config.arrivals": {"source": "guess", "note": "The busy hour"}},
        simulation={"duration": 60, "warmup": 10},
    )


@pytest.fixture(scope="module")
def result(shop) -> dict[str, Any]:
    return simulate(shop, seed=1, replications=3)


@pytest.fixture(scope="module")
def paper(shop, result) -> Paper:
    return paper_of(shop, result, check(shop), authors="A. Nalyst", notes="Read this\nfirst")


def blocks(paper: Paper, kind: type) -> list[Any]:
    return [block for section in paper.sections for block in section.blocks if isinstance(block, kind)]


def test_a_report_has_the_parts_of_a_design_review(paper):
    titles = [section.title for section in paper.sections]
    assert titles[:5] == ["Summary", "Architecture", "Load", "Results", "Guarantees measured"]
    assert titles[-4:] == ["Risks", "Assumptions", "Method", "The design"]


def test_every_objective_stands_in_the_summary_with_its_verdict(paper, result):
    assert [verdict.word for verdict in blocks(paper, Verdict)] == [
        judged["verdict"] for judged in result["objectives"]
    ]
    assert [verdict.tone for verdict in blocks(paper, Verdict)] == ["doubt", "bad"]
    assert blocks(paper, Verdict)[0].found.endswith(result["objectives"][0]["reason"])


def test_figures_are_those_of_the_result(paper, result):
    flows = next(table for table in blocks(paper, Table) if table.caption == "Flows, end to end")
    mean = result["flows"][0]["end_to_end_latency"]["mean"]["mean"]
    assert flows.rows[0][0] == "web → server"
    assert flows.rows[0][1].startswith(f"{1e3 * mean:.3g} ms ±")
    theory = next(table for table in blocks(paper, Table) if table.caption.startswith("Closed forms"))
    assert theory.rows[0][0] == "M/M/1"


def test_a_run_that_stopped_early_says_so_first(shop, result):
    stopped = {**copy.deepcopy(result), "stopped": "cancelled"}
    summary = paper_of(shop, stopped, []).sections[0]
    assert [block.text for block in summary.blocks if isinstance(block, Text) and block.tone == "bad"] == [
        "The run stopped early: cancelled."
    ]


class Reader(HTMLParser):
    """Checks that tags nest, and keeps the text."""

    VOID = frozenset({"meta", "link", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_is_whole_and_asks_nothing_of_anybody(paper):
    text = html(paper)
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert "Shop & <b>sons</b>" in "".join(reader.text)
    assert not reader.tags & {"script", "link", "img", "iframe", "b>sons"}
    assert "default-src &#x27;none&#x27;" in text
    assert not re.search(r'(src|href)="(?!#)', text)
    assert text.count("<svg") == len(blocks(paper, Picture))


def test_the_document_is_a_pdf_with_the_same_bytes_each_time(paper):
    made = pdf(paper)
    assert made.startswith(b"%PDF-1.")
    assert made.rstrip().endswith(b"%%EOF")
    assert made == pdf(paper)


def test_the_outline_of_the_document_leads_to_every_section(paper):
    made = pdf(paper)
    for section in paper.sections:
        assert f"/Title ({section.title})".encode() in made
    assert b"/Lang (en)" in made
    assert b"/DisplayDocTitle true" in made


def test_words_for_who_points_at_a_chart_are_on_the_screen_only(paper):
    from simulator.report.paper import pdf as written

    page = html(paper)
    assert page.count('class="hot"') == page.count('class="tip"') > 5
    assert ".hot .tip { visibility: hidden;" in page
    for picture in (one for section in paper.sections for one in section.blocks if isinstance(one, Picture)):
        printed = written._for_print(picture.svg)
        assert "tip" not in printed
        assert "reach" not in printed
        assert ('font-weight="700"' in picture.svg) == ('font-family="VeraBd"' in printed)


def test_marks_without_a_shape_are_shown_by_their_number(shop, result):
    from simulator.report.paper import pdf as written

    pdf(paper_of(shop, result, []))
    assert written._shown("λ → 中") == "lambda  to [U+4E2D]"


# ---------------------------------------------------------------- charts


def test_a_chart_of_percentiles_has_a_line_for_each_flow_and_a_mark_for_each_percentile(result):
    chart = percentile_chart(result["flows"], [("limit", 5.0)])
    assert chart is not None
    root = ET.fromstring(chart)
    marks = [one for one in root.iter("{http://www.w3.org/2000/svg}circle") if one.get("class") != "reach"]
    assert len(marks) == 5
    heights = [float(mark.attrib["cy"]) for mark in marks]
    assert heights == sorted(heights, reverse=True)  # a higher percentile is never lower, and y goes down


def test_the_words_of_limits_stand_outside_the_plot_and_not_on_top_of_each_other(result):
    limits = [("first limit", 5.0), ("second limit", 5.01), ("third limit", 0.002)]
    chart = percentile_chart(result["flows"], limits)
    assert chart is not None
    texts = list(ET.fromstring(chart).iter("{http://www.w3.org/2000/svg}text"))
    words = {mark.text: mark for mark in texts}
    for name, _ in limits:
        assert float(words[name].attrib["y"]) > HEIGHT
    values = [mark for mark in texts if float(mark.attrib["x"]) > WIDTH - RIGHT]
    assert [mark.text for mark in values] == ["2 ms", "5 s", "5.01 s"]
    heights = sorted(float(mark.attrib["y"]) for mark in values)
    assert all(later - first >= 12 for first, later in pairwise(heights))


def test_without_latencies_or_points_there_is_no_chart():
    assert percentile_chart([{"from": "a", "to": "b"}], []) is None
    assert backlog_chart({"t": [1.0], "in_system": [0.0]}, 0.0) is None


@pytest.mark.parametrize("last", [0.01, 1.0, 59.0, 61.0, 3_600.0, 86_400.0 * 14])
@pytest.mark.parametrize("most", [0.0, 0.3, 1.0, 7.0, 1e6])
def test_axes_of_any_size_are_drawn_inside_the_chart(last, most):
    chart = backlog_chart({"t": [0.0, last], "in_system": [0.0, most]}, last / 3)
    assert chart is not None
    root = ET.fromstring(chart)
    texts = [
        mark for mark in root.iter("{http://www.w3.org/2000/svg}text") if mark.get("text-anchor") == "middle"
    ]
    assert 2 <= len(texts) <= 12
    assert all(0 <= float(mark.attrib["x"]) <= 760 for mark in texts)


# ---------------------------------------------------------------- the command


def test_the_command_runs_and_writes_both_forms(shop, tmp_path, capsys):
    file = tmp_path / "shop.yaml"
    file.write_text(own_yaml(shop), encoding="utf-8")
    result = tmp_path / "result.json"
    assert main(["simulate", str(file), "--replications", "2", "--output", str(result)]) == 0
    for name in ("report.html", "report.pdf"):
        assert main(["report", str(file), "--result", str(result), "-o", str(tmp_path / name)]) == 0
        assert (tmp_path / name).stat().st_size > 10_000
    assert main(["report", str(file), "--replications", "2", "-o", str(tmp_path / "again.html")]) == 0
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "report.html").read_bytes()
    assert "written" in capsys.readouterr().err


def test_another_ending_is_refused_before_anything_runs(shop, tmp_path, capsys):
    file = tmp_path / "shop.yaml"
    file.write_text(own_yaml(shop), encoding="utf-8")
    assert main(["report", str(file), "-o", str(tmp_path / "report.docx")]) == 2
    assert "end the name with .html or .pdf" in capsys.readouterr().err
