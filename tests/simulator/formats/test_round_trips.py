"""What an export writes and an import reads: the same design, as far as the format can say it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator import Document
from simulator.design.examples import templates
from simulator.formats.exports.table import EXPORTS
from tests.simulator.designs import design, node
from tests.simulator.formats.imports.importing import Imported, imported

TEMPLATES = {template.slug: Document.parse(template.document) for template in templates()}
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def written(document: Document, format: str) -> str:
    content = EXPORTS[format].write(document, None, "light")
    assert isinstance(content, str)
    return content


# -- designs that are whole ----------------------------------------------------------------------------
#: Brokers, and what an edge to their reader must say.
BROKERS: dict[str, dict[str, Any]] = {
    "queue": {},
    "aws.sqs": {},
    "kafka.topic": {"group.id": "readers"},
    "rabbitmq.queue": {},
}
LABELS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="\"'"),
    min_size=1,
    max_size=30,
)


@st.composite
def designs(draw: st.DrawFn) -> Document:
    """Chains of brokers and their readers with producers before them, dead-letter queues and services."""
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []

    def add(kind: str, id: str, **config: Any) -> str:
        nodes.append({"id": id, "kind": kind, "label": draw(LABELS), "config": config})
        return id

    def join(source: str, target: str, role: str, **config: Any) -> None:
        edges.append({"id": f"e{len(edges)}", "from": source, "to": target, "role": role, "config": config})

    for number in range(draw(st.integers(1, 3))):
        before = add(
            "producer", f"p{number}", arrivals={"process": "poisson", "rate": draw(st.integers(1, 99))}
        )
        for step in range(draw(st.integers(1, 3))):
            kind = draw(st.sampled_from(sorted(BROKERS)))
            broker = add(kind, f"b{number}-{step}")
            join(before, broker, "publish")
            before = add("consumer", f"c{number}-{step}", instances=draw(st.integers(1, 9)))
            join(broker, before, "consume", **BROKERS[kind])
            if kind in ("queue", "aws.sqs") and draw(st.booleans()):
                dead = add(kind, f"d{number}-{step}")
                join(broker, dead, "dead-letter", maxReceiveCount=draw(st.integers(1, 9)))
        if draw(st.booleans()):
            join(before, add("service", f"s{number}"), "invoke")
    layout = {
        one["id"]: {"x": draw(st.integers(-999, 999)), "y": draw(st.integers(-999, 999))} for one in nodes
    }
    return Document.parse(
        {"format": "headrace/1", "name": draw(LABELS), "nodes": nodes, "edges": edges, "layout": layout}
    )


def topology(document: Document) -> tuple[dict[str, str], set[tuple[str, str, str]]]:
    """Kinds by id, and who is joined to whom."""
    return (
        {node.id: node.kind for node in document.nodes},
        # Several edges between the same two in one role are one in a drawing.
        {(edge.source, edge.target, str(edge.role)) for edge in document.edges},
    )


# -- the design itself ---------------------------------------------------------------------------------
@SLOW
@given(designs())
def test_any_design_reads_back_from_yaml_and_is_written_the_same(document: Document) -> None:
    text = written(document, "yaml")
    again = Document.from_text(text)
    assert again.to_data() == document.to_data()
    assert written(again, "yaml") == text
    made = imported(text, names=("design.headrace.yaml",))
    assert made.document.digest() == document.digest()


@pytest.mark.parametrize(
    "name", ["0E0", "1e3", "0o7", "0x1F", "1.", ".5", "+1", "1_000", "1:30", "no", "~", "2026-01-01"]
)
def test_a_name_that_looks_like_something_else_stays_a_name(name: str) -> None:
    document = Document.parse({"format": "headrace/1", "name": name})
    assert Document.from_text(written(document, "yaml")).name == name


@pytest.mark.parametrize("slug", TEMPLATES)
def test_every_template_is_imported_from_its_yaml_as_it_is(slug: str) -> None:
    text = written(TEMPLATES[slug], "yaml")
    made = imported(text, names=("design.headrace.yaml",))
    assert made.document.to_data() == TEMPLATES[slug].to_data()
    assert written(made.document, "yaml") == text


# -- drawings ------------------------------------------------------------------------------------------
def drawn(document: Document, format: str) -> Imported:
    return imported(written(document, format), names=(f"design.{format}",))


@pytest.mark.parametrize("format", ["mermaid", "drawio"])
def test_a_reader_whose_name_speaks_of_dead_letters_is_a_reader(format: str) -> None:
    document = design(
        [node("p", "producer"), node("q", "aws.sqs"), node("dead", "consumer")], ["p->q", "q->dead:consume"]
    )
    assert topology(drawn(document, format).document) == topology(document)


@pytest.mark.parametrize("format", ["mermaid", "drawio"])
@SLOW
@given(designs())
def test_any_drawing_reads_back_to_the_same_nodes_and_edges(format: str, document: Document) -> None:
    made = drawn(document, format).document
    assert topology(made) == topology(document)
    assert {node.id: node.label for node in made.nodes} == {node.id: node.label for node in document.nodes}
    if format == "drawio":
        assert made.layout == document.layout


@pytest.mark.parametrize("format", ["mermaid", "drawio"])
@pytest.mark.parametrize("slug", TEMPLATES)
def test_every_template_reads_back_from_its_drawing(slug: str, format: str) -> None:
    document = TEMPLATES[slug]
    made = drawn(document, format).document
    assert topology(made) == topology(document)
    if format == "drawio":
        assert {id: made.layout[id] for id in document.layout} == document.layout


# -- state machines ------------------------------------------------------------------------------------
@st.composite
def machines(draw: st.DrawFn) -> dict[str, Any]:
    """A chain of states without tasks."""
    count = draw(st.integers(1, 6))
    names = [f"State {number}" for number in range(count)]
    states: dict[str, Any] = {}
    for position, name in enumerate(names):
        kind = draw(st.sampled_from(["Pass", "Wait", "Choice"]))
        after = names[position + 1] if position + 1 < count else None
        end: dict[str, Any] = {"End": True} if after is None else {"Next": after}
        if kind == "Pass":
            states[name] = {"Type": "Pass", "Result": {"n": draw(st.integers())}, **end}
        elif kind == "Wait" or after is None:
            states[name] = {"Type": "Wait", "Seconds": draw(st.integers(1, 99)), **end}
        else:
            rule = {"Variable": "$.n", "NumericGreaterThan": draw(st.integers(-99, 99)), "Next": after}
            states[name] = {"Type": "Choice", "Choices": [rule], "Default": after}
    return {"Comment": draw(LABELS), "StartAt": names[0], "States": states}


@SLOW
@given(machines())
def test_any_state_machine_comes_back_as_it_was(machine: dict[str, Any]) -> None:
    made = imported(json.dumps(machine), names=("machine.asl.json",))
    text = written(made.document, "asl")
    assert json.loads(text) == machine
    assert written(imported(text, names=("again.asl.json",)).document, "asl") == text


@pytest.mark.parametrize(
    "slug", [slug for slug, one in TEMPLATES.items() if any(n.kind == "aws.stepfunctions" for n in one.nodes)]
)
def test_the_machines_of_templates_come_back_with_what_they_call(slug: str) -> None:
    text = written(TEMPLATES[slug], "asl")
    made = imported(text, names=("machine.asl.json",))
    assert json.loads(written(made.document, "asl")) == json.loads(text)


# -- settings of brokers -------------------------------------------------------------------------------
#: Kinds that the settings of brokers carry.
CARRIED = {
    "rabbitmq": {"rabbitmq.exchange", "rabbitmq.queue"},
    "strimzi": {"kafka.topic"},
    "asyncapi": {"kafka.topic", "rabbitmq.exchange", "rabbitmq.queue", "aws.sqs", "aws.sns"},
    "sam": {"aws.sqs", "aws.sns", "aws.eventbridge"},
}


@pytest.mark.parametrize("format", CARRIED)
@pytest.mark.parametrize("slug", TEMPLATES)
def test_brokers_come_back_from_their_settings(slug: str, format: str) -> None:
    document, kinds = TEMPLATES[slug], CARRIED[format]
    wanted = Counter(node.kind for node in document.nodes if node.kind in kinds)
    if not wanted:
        return
    suffix = EXPORTS[format].suffix
    made = imported(written(document, format), names=(f"design{suffix}",)).document
    # What is read by nobody, or by many, gets queues beside it; nothing is missing.
    assert not wanted - Counter(node.kind for node in made.nodes)
    if format in ("rabbitmq", "strimzi"):  # the others have names of their own
        assert {node.id for node in made.nodes if node.kind in kinds} == {
            node.id for node in document.nodes if node.kind in kinds
        }
