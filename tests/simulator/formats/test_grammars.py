"""Formats whose own parser needs Java or a cluster: exports keep to the part of the grammar they use."""

from __future__ import annotations

import re

import pytest
import yaml

from simulator.formats.diagram import diagram_of
from simulator.formats.exports.c4 import plantuml as as_plantuml
from simulator.formats.exports.graphviz import dot as as_dot
from simulator.formats.exports.mermaid import mermaid as as_mermaid
from tests.simulator.designs import design, node
from tests.simulator.formats.exported import TEMPLATES, written

TEXT = r'"(?:[^"\\]|\\.)*"'
STRUCTURIZR = {
    "open": re.compile(rf"(?:workspace {TEXT}|model|views|styles|n?design = softwareSystem {TEXT}) \{{"),
    "view": re.compile(r'(?:container design "design"|element "[a-z]+") \{'),
    "element": re.compile(rf"(?P<name>n_\w+) = container {TEXT} {TEXT} {TEXT} {TEXT}"),
    "relation": re.compile(rf"(?P<source>n_\w+) -> (?P<target>n_\w+) {TEXT}"),
    "word": re.compile(r"include \*|autoLayout lr|shape [A-Z][a-z]+|\}"),
}


def test_structurizr_dsl_keeps_to_its_grammar_and_names_what_it_has_declared() -> None:
    """https://docs.structurizr.com/dsl/language: blocks, elements, relationships between declared names."""
    for slug, text in written("structurizr").items():
        depth, declared, related = 0, set[str](), set[tuple[str, ...]]()
        for line in map(str.strip, text.splitlines()):
            kind, match = next(
                ((kind, match) for kind, form in STRUCTURIZR.items() if (match := form.fullmatch(line))),
                ("", None),
            )
            assert match is not None, (slug, line)
            depth += line.endswith("{") - (line == "}")
            assert depth >= 0
            if kind == "element":
                assert match["name"] not in declared
                declared.add(match["name"])
            elif kind == "relation":
                assert {match["source"], match["target"]} <= declared
                assert (*match.groups(), line) not in related
                related.add((*match.groups(), line))
        assert depth == 0
        assert len(declared) == len(TEMPLATES[slug].nodes)


def test_plantuml_calls_the_macros_of_c4_with_declared_names() -> None:
    """C4-PlantUML: Container, ContainerQueue and ContainerDb (alias, label, technology, description), Rel."""
    argument = r'"[^"]*"'
    element = re.compile(rf"Container(?:Queue|Db)?\((\w+), {argument}, {argument}, {argument}\)")
    relation = re.compile(rf'Rel\((\w+), (\w+), {argument}(?:, \$tags="failure")?\)')
    for slug, text in written("plantuml").items():
        lines = [line.strip() for line in text.splitlines()]
        assert lines[:3] == ["@startuml", "!include <C4/C4_Container>", "LAYOUT_LEFT_RIGHT()"]
        assert lines[3].startswith('AddRelTag("failure", ')
        assert re.fullmatch(rf"System_Boundary\(design, {argument}\) \{{", lines[4])
        assert lines[-1] == "@enduml"
        end = lines.index("}")
        declared = [match[1] for line in lines[5:end] if (match := element.fullmatch(line))]
        assert len(declared) == len(lines[5:end]) == len(set(declared)) == len(TEMPLATES[slug].nodes)
        relations = [relation.fullmatch(line) for line in lines[end + 1 : -1]]
        assert all(match and {match[1], match[2]} <= set(declared) for match in relations)
        assert len(relations) == len(TEMPLATES[slug].edges)


@pytest.mark.parametrize(
    ("label", "mermaid", "plantuml", "dot"),
    [
        ('Say "hi"', "Say #quot;hi#quot;", "Say ''hi''", 'Say \\"hi\\"'),
        (
            "<script>x</script>",
            "#lt;script#gt;x#lt;/script#gt;",
            "~<script>x~</script>",
            "<script>x</script>",
        ),
        ("a **b** //c//", "a **b** //c//", "a ~**b~** ~//c~//", "a **b** //c//"),
        ("one\ntwo", "one two", "one two", "one two"),
        ("back\\slash|;#`", "back\\slash#124;#59;#35;#96;", "back\\slash|;#`", "back\\\\slash|;#`"),
        ("ünï 名前", "ünï 名前", "ünï 名前", "ünï 名前"),
    ],
)
def test_odd_names_stand_as_they_are_in_text_diagrams(label, mermaid, plantuml, dot) -> None:
    """Mermaid's entity codes, PlantUML's tilde of Creole, DOT's backslash; rendered with all three once."""
    diagram = diagram_of(design([{**node("a", "queue"), "label": label}], []))
    assert f'n_a[("{mermaid}<br/>' in as_mermaid(diagram)
    assert f'ContainerQueue(n_a, "{plantuml}", "Queue"' in as_plantuml(diagram)
    assert f'"a" [label="{dot}\\nQueue"' in as_dot(diagram)


def test_strimzi_topics_are_resources_of_its_api() -> None:
    """https://strimzi.io/docs/operators/latest/configuring: a name of DNS, partitions, replicas."""
    for text in written("strimzi").values():
        for topic in yaml.safe_load_all(text):
            assert (topic["kind"], topic["apiVersion"].partition("/")[0]) == (
                "KafkaTopic",
                "kafka.strimzi.io",
            )
            assert re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", topic["metadata"]["name"])
            assert {"partitions", "replicas"} <= topic["spec"].keys()
