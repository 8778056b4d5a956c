"""What is told of the losses of an export is what its writer does."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest

from simulator import Document
from simulator.cli import main
from simulator.errors import InvalidDesign
from simulator.formats.exports import FORMAT_NAMES
from simulator.formats.exports.losses import LEAVES_OUT, Losses, losses
from simulator.formats.exports.table import EXPORTS
from tests.simulator.designs import design, node
from tests.simulator.formats.exported import TEMPLATES

ROOT = Path(__file__).parents[3]


def written(document: Document, format: str) -> str | bytes:
    return EXPORTS[format].write(document, None, "light")


@pytest.mark.parametrize(
    ("slug", "format"),
    [
        ("rabbitmq-orders", "rabbitmq"),
        ("kafka-group", "strimzi"),
        ("rabbitmq-orders", "asyncapi"),
        ("serverless-orders", "asyncapi"),
        ("serverless-orders", "sam"),
        ("sns-fan-out", "sam"),
        ("nightly-reports", "sam"),
        ("order-saga", "asl"),
        ("work-queue", "svg"),
        ("rabbitmq-orders", "dot"),
    ],
)
def test_a_setting_or_an_edge_is_told_as_lost_exactly_when_the_file_is_the_same_without_it(slug, format):
    document = TEMPLATES[slug]
    told = losses(document, format)
    before = written(document, format)
    tried = 0
    for part, id, name in settings_of(document):
        data = copy.deepcopy(document.to_data())
        (one,) = [one for one in data[part] if one["id"] == id]
        del one["config"][name]
        try:
            without = Document.parse(data)
        except InvalidDesign:
            continue  # it is required
        is_lost = id in (told.nodes if part == "nodes" else told.edges) or name in told.settings.get(id, ())
        assert (written(without, format) == before) is is_lost, (id, name)
        tried += 1
    for edge in document.edges:
        data = copy.deepcopy(document.to_data())
        data["edges"] = [one for one in data["edges"] if one["id"] != edge.id]
        try:
            without = Document.parse(data)
        except InvalidDesign:
            continue  # a fault or another edge names it
        assert (written(without, format) == before) is (edge.id in told.edges), edge.id
        tried += 1
    assert tried > 3


def settings_of(document: Document) -> list[tuple[str, str, str]]:
    """Every setting that was given, but those given their own default."""
    found = []
    for one in document.nodes:
        defaults = type(one.config).model_construct().model_dump(mode="json", by_alias=True, warnings=False)
        given = one.config.model_dump(mode="json", by_alias=True, exclude_unset=True)
        found += [("nodes", one.id, name) for name, value in given.items() if value != defaults.get(name)]
    return found + [("edges", one.id, name) for one in document.edges for name in one.config]


def test_the_design_itself_loses_nothing_and_a_drawing_with_numbers_all_settings():
    document = design([node("in", "producer", arrivals={"process": "poisson", "rate": 1})], [])
    assert losses(document, "yaml") == Losses()
    assert losses(document, "svg").settings == {}
    assert losses(document, "svg", with_numbers=True).settings == {"in": ("arrivals",)}


def test_the_documentation_says_what_every_format_leaves_out():
    rows = re.findall(r"^\| (`.*?) \|.*\| (.*?) \|$", (ROOT / "docs/export.md").read_text(), re.MULTILINE)
    said = {name: leaves for names, leaves in rows for name in re.findall(r"`(\w+)`", names)}
    assert {name: said.get(name) for name in FORMAT_NAMES} == LEAVES_OUT


def test_the_command_lists_what_the_file_leaves_out(tmp_path, capsys):
    path = tmp_path / "shop.yaml"
    path.write_text(str(written(TEMPLATES["work-queue"], "yaml")), encoding="utf-8")
    assert main(["export", str(path), "--to", "sam", "-o", str(tmp_path / "t.yaml")]) == 0
    captured = capsys.readouterr()
    assert "not in the file: nodes: uploads, resize" in captured.err
    assert captured.out == ""
    assert main(["export", str(path), "--to", "sam", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["content"] == (tmp_path / "t.yaml").read_text()
    assert told["left_out"]["nodes"] == ["uploads", "resize"]
    assert main(["export", str(path), "--to", "yaml"]) == 0
    assert capsys.readouterr().err == ""
