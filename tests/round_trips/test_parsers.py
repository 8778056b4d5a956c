"""Exports of every template, read by the parsers and linters of those who own the formats."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.round_trips.tools import NO_CFN_LINT, NO_GRAPHVIZ, NO_PARSER, PARSER, cfn_lint, node
from tests.simulator.formats.exported import TEMPLATES, written

HERE = Path(__file__).parent
pytestmark = pytest.mark.timeout(300)


@pytest.mark.skipif(not PARSER.is_file() or node() is None, reason=NO_PARSER)
def test_the_parser_of_asyncapi_finds_no_error_and_no_warning() -> None:
    texts = written("asyncapi")
    done = subprocess.run(
        [str(node()), str(HERE / "asyncapi_parser.mjs"), str(PARSER)],
        input="".join(json.dumps(text) + "\n" for text in texts.values()),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(texts) > 15
    for slug, answer in zip(texts, answers, strict=True):
        assert answer["valid"], (slug, answer)
        # 0 is an error, 1 a warning; 2 says that there is a later version of AsyncAPI.
        assert [one for one in answer["found"] if one[0] < 2] == [], slug


@pytest.mark.skipif(cfn_lint() is None, reason=NO_CFN_LINT)
def test_cfn_lint_accepts_every_sam_template(tmp_path: Path) -> None:
    files = []
    for slug, text in written("sam").items():
        files.append(tmp_path / f"{slug}.yaml")
        files[-1].write_text(text)
    assert len(files) > 5
    done = subprocess.run(
        [str(cfn_lint()), "--non-zero-exit-code", "warning", "--", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(shutil.which("dot") is None, reason=NO_GRAPHVIZ)
@pytest.mark.parametrize("layout", [["dot"], ["neato", "-n"]])
def test_graphviz_lays_every_graph_out_with_all_its_nodes_and_edges(layout: list[str]) -> None:
    for slug, text in written("dot").items():
        done = subprocess.run([*layout, "-Tsvg"], input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), slug
        groups = [
            group.get("class") for group in ET.fromstring(done.stdout).iter("{http://www.w3.org/2000/svg}g")
        ]
        document = TEMPLATES[slug]
        assert groups.count("node") == len(document.nodes)
        assert groups.count("edge") == len(document.edges)
