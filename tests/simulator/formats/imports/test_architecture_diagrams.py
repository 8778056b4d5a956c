"""Mermaid architecture diagrams. Source: Mermaid documentation, *Architecture Diagrams Documentation*."""

# ruff: noqa: E501 -- diagrams stand here as they would be written
from __future__ import annotations

import pytest

from tests.simulator.formats.imports.importing import edges, has_note, imported, nodes, runs, said

SHOP = """---
title: Order desk
---
architecture-beta
    %% groups, icons with and without a collection
    group cloud(logos:aws)[Cloud]
    group inner(cloud)[Inner] in cloud
    service web(internet)[Web shop]
    service api(logos:aws-lambda)[Order API] in inner
    service jobs(logos:aws-sqs)[Orders] in inner
    service worker(server)["Order worker"] in inner
    service db(database)[Orders] in inner
    service plain in inner
    web:R --> L:api
    api:R-->L:jobs
    worker:L <-- R:jobs
    worker:B -[writes]-> T:db
    worker:R --> L:plain
"""


def test_services_edges_and_icons_are_read():
    made = imported(SHOP, names=("a.mmd",))
    kinds = {id: node["kind"] for id, node in nodes(made).items()}
    assert made.document.name == "Order desk"
    assert kinds == {
        "web-shop": "producer",
        "order-api": "aws.lambda",
        "orders": "aws.sqs",
        "order-worker": "consumer",
        "orders-2": "service",
        "plain": "service",
    }
    assert edges(made) == {
        ("web-shop", "order-api", "invoke"),
        ("order-api", "orders", "publish"),
        ("orders", "order-worker", "consume"),
        ("order-worker", "orders-2", "invoke"),
        ("order-worker", "plain", "invoke"),
    }
    assert said(made, "not-understood") == []
    runs(made)


SERVICES = "service a(internet)[Web]\nservice q(server)[Orders queue]\nservice w(server)[Worker]\nservice d(database)[Stock]\n"
#: Lines after the services, edges they make, and what is assumed with them.
EDGES = {
    "sides do not matter": ("a:B --> T:q\nq:L --> R:w", {("web", "orders-queue", "publish"), ("orders-queue", "worker", "consume")}, []),
    "a head on the left": ("q:L <-- R:a", {("web", "orders-queue", "publish")}, []),
    "no head": ("a:R -- L:q", {("web", "orders-queue", "publish")}, ["line 6", "without an arrow leads from Web to Orders queue"]),
    "no head, a store before its user": ("d:R -- L:w", {("worker", "stock", "invoke")}, ["line 6", "leads from Worker to Stock"]),
    "no head, a sender behind": ("q:R -- L:a", {("web", "orders-queue", "publish")}, ["line 6", "leads from Web to Orders queue"]),
    "both heads": ("w:R <--> L:d", {("worker", "stock", "invoke")}, ["line 6", "both ways leads from Worker to Stock"]),
    "from the border of a group": ("group g(cloud)[G]\na{group}:R --> L:q", {("web", "orders-queue", "publish")}, ["line 7", "the group around a is one of a"]),
    "a junction": ("junction j\na:R -- L:j\nj:R --> L:q\nj:B --> T:d", {("web", "orders-queue", "publish"), ("web", "stock", "invoke")}, ["line 7", "what meets in a junction leads from Web to Orders queue, Stock"]),
    "junctions in a row": ("junction j\njunction k in g\na:R -- L:j\nj:R -- L:k\nk:R -- L:q", {("web", "orders-queue", "publish")}, ["line 8", "from Web to Orders queue"]),
    "a junction of stores without heads": ("junction j\nd:B -- T:j\nj:R -- L:w", {("worker", "stock", "invoke")}, ["line 7", "from Worker to Stock"]),
    "no head, a queue before its topic": ("service s(logos:aws-sns)[Orders]\nq:R -- L:s", {("orders", "orders-queue", "publish")}, ["line 7", "leads from Orders to Orders queue"]),
    "a worker with the icon of its queue": ("service l(logos:aws-sqs)[SQS listener]\nq:R --> L:l", {("orders-queue", "sqs-listener", "consume")}, []),
    "a junction that all lead into": ("junction j\na:R -- L:j\nq:R -- L:j", {("web", "orders-queue", "publish")}, ["line 7", "from Web to Orders queue"]),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "expected", "assumed"), EDGES.values(), ids=EDGES)
@pytest.mark.parametrize("header", ["architecture-beta", "architecture"])
def test_edges_lead_where_their_heads_and_their_ends_say(lines, expected, assumed, header):
    made = imported(f"{header}\n{SERVICES}{lines}\n", names=("a.mmd",))
    assert expected <= edges(made)
    if assumed:
        assert has_note(made, "assumed", *assumed)
    else:
        assert not has_note(made, "assumed", "leads from")


#: A line that is not read, and what is said of it.
NOT_READ = {
    "nonsense": ("a goes to q", "the statement 'a goes to q'"),
    "an unknown end": ("a:R --> L:z", "an edge of z, which is declared nowhere"),
    "a group as an end": ("a:R --> L:g", "an edge of g, which is a group"),
    "no sides": ("a --> q", "the statement 'a --> q'"),
    "a junction alone": ("junction j", "the junction j, which no edge leads to"),
    "a junction with one edge": ("junction j\na:R -- L:j", "a junction that joins 1 edges"),
    "a junction of very many": (
        "junction j\n" + "a:R -- L:j\nj:R -- L:q\n" * 1_000,
        "a junction that joins 2000 edges, 1,000,000 arrows",
    ),
    "a very long line": ("x" * 2_001, "a line of 2,001 characters"),
}


@pytest.mark.parametrize(("line", "what"), NOT_READ.values(), ids=NOT_READ)
def test_what_is_not_read_of_a_diagram_is_listed_with_its_line(line, what):
    made = imported(
        f"architecture-beta\ngroup g(cloud)[G]\n{SERVICES}a:R --> L:q\n{line}\n", names=("a.mmd",)
    )
    assert has_note(made, "not-understood", "a.mmd, line ", what)
    assert ("web", "orders-queue", "publish") in edges(made)


def test_the_first_diagram_that_is_read_of_a_page_is_a_flowchart_or_an_architecture():
    page = f"# Shop\n```mermaid\npie\n```\n```mermaid\narchitecture-beta\n{SERVICES}a:R --> L:q\n```\n```mermaid\ngraph LR\n A --> B\n```\n"
    made = imported(page, names=("README.md",))
    assert ("web", "orders-queue", "publish") in edges(made)
    assert has_note(made, "not-understood", "line 2", "another diagram")
    assert has_note(made, "not-understood", "line 13", "another diagram")


#: An arrow of a flowchart that does not say its direction.
ARROWS = {"a line": ("A[Web] --- Q[Queue]", "without a head"), "both ways": ("A[Web] <--> Q[Queue]", "both ways"), "with a label": ("A[Web] <-- orders --> Q[Queue]", "both ways")}  # fmt: skip


@pytest.mark.parametrize(("line", "how"), ARROWS.values(), ids=ARROWS)
def test_an_arrow_of_a_flowchart_without_a_direction_leads_as_it_is_written_which_is_said(line, how):
    made = imported(f"flowchart LR\n{line}\n", names=("a.mmd",))
    assert ("web", "queue", "publish") in edges(made)
    assert has_note(made, "assumed", "line 2", f"the arrow {how} leads from A to Q, as it is written")
