"""Designs of a few messages that show the damage a rule warns of.

Each is a document of its own, `CODE.headrace.yaml` beside this file, that fires its rule. A run of it, always
with the same seed, shows the damage as one figure of its result; after the cure the figure is what it should
be. `CODE.story.txt` is what happens in that run, as `story.told` writes it; a test keeps the two together.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from simulator.design.document import Document
from simulator.design.reading import read_text
from simulator.graph.edits import Edit, SetSetting, edited

#: One figure of a result document.
Measure = Callable[[dict[str, Any]], float]


@dataclass(frozen=True, slots=True)
class CounterExample:
    """The damage behind one rule, to be seen.

    Args:
        code: of the rule.
        damage: a sentence with the figure in the place of {:g} or {:.0f}.
        measure: the figure of a result.
        cure: edits after which the damage is gone, or a change of the document where edits are not enough;
            empty: the mend that the rule offers.
        cured: the sentence for the run after the cure.
    """

    code: str
    damage: str
    measure: Measure
    cured: str
    cure: tuple[Edit, ...] | Callable[[dict[str, Any]], dict[str, Any]] = ()

    def document(self) -> Document:
        """The design that shows the damage."""
        return Document.parse(document_of(self.code))

    def cured_document(self) -> Document:
        """The design after the cure: the edits given, or all mends that the rule offers for it."""
        if callable(self.cure):
            return Document.parse(self.cure(copy.deepcopy(document_of(self.code))))
        if self.cure:
            return Document.parse(edited(document_of(self.code), self.cure))
        from simulator.advice.table import rule_problems
        from simulator.graph.checks import practice_problems

        document = self.document()
        for _ in range(10):
            found = [*practice_problems(document), *rule_problems(document)]
            mend = next((one.mend for one in found if one.code == self.code and one.mend), None)
            if mend is None:
                break
            document = Document.parse(edited(document.to_data(), mend))
        return document


@cache
def story_of(code: str) -> tuple[tuple[str, ...], str, str]:
    """The steps of a counter-example, the damage, and what is left of it after the cure."""
    text = resources.files(__name__).joinpath(f"{code}.story.txt").read_text(encoding="utf-8")
    steps, _, figures = text.rstrip("\n").partition("\n\n")
    damage, _, cured = figures.partition("\n")
    return tuple(steps.split("\n")), damage.removeprefix("Damage: "), cured.removeprefix("Mended: ")


@cache
def document_of(code: str) -> dict[str, Any]:
    """A counter-example's document as plain data; copy it before changing it."""
    file = resources.files(__name__).joinpath(f"{code}.headrace.yaml")
    data = read_text(file.read_text(encoding="utf-8"))
    assert isinstance(data, dict)  # noqa: S101 -- our own file
    return data


def _of_node(node: str, metric: str) -> Measure:
    return lambda result: float(result["nodes"][node][metric]["mean"])


def _of_flows(metric: str) -> Measure:
    return lambda result: float(sum(flow[metric]["mean"] for flow in result["flows"]))


def _calls(node: str) -> Measure:
    """Requests that came to a node in the whole run."""
    return lambda result: float(round(result["nodes"][node]["arrival_rate"]["mean"] * result["duration"]))


def _undelivered(source: str, target: str, sent: int) -> Measure:
    """Messages of a producer that a node had not finished at the end."""
    return lambda result: float(
        sent
        - sum(
            flow["delivered"]["mean"]
            for flow in result["flows"]
            if (flow["from"], flow["to"]) == (source, target)
        )
    )


def _largest(node: str, metric: str) -> Measure:
    return lambda result: float(result["nodes"][node][metric]["max"]["mean"])


def _slowest(result: dict[str, Any]) -> float:
    """Longest end-to-end latency of any flow, seconds."""
    return max(float(flow["end_to_end_latency"]["max"]["mean"] or 0.0) for flow in result["flows"])


def _read_from_the_stream(data: dict[str, Any]) -> dict[str, Any]:
    """Change data capture: who sends the mail reads what the table says; nothing is published beside it."""
    data["nodes"] = [node for node in data["nodes"] if node["id"] != "placed"]
    data["edges"] = [edge for edge in data["edges"] if "placed" not in (edge["from"], edge["to"])]
    data["edges"].append({"id": "e3", "from": "orders", "to": "mail", "role": "consume"})
    table = next(node for node in data["nodes"] if node["id"] == "orders")
    table["config"] = {"StreamViewType": "NEW_IMAGE"}
    del data["layout"]["placed"], data["faults"]
    return data


COUNTER_EXAMPLES: dict[str, CounterExample] = {
    one.code: one
    for one in (
        CounterExample(
            "D302",
            "{:g} deliveries of 3 orders were duplicates: customers are charged more than once",
            _of_flows("duplicates"),
            "{:g} duplicates once the timeout covers the work",
        ),
        CounterExample(
            "D370",
            "3 requests became {:g} calls of the database: 27 each, 3 attempts to the power of 3 layers",
            _calls("database"),
            "{:g} when only the layer before the database tries again",
            (SetSetting("edge", "e2", ("retry",), None), SetSetting("edge", "e3", ("retry",), None)),
        ),
        CounterExample(
            "D504",
            "{:g} of 8 orders expired before billing was back",
            _of_node("orders", "expired"),
            "{:g} expired with a retention of twice the outage",
        ),
        CounterExample(
            "D508",
            "the table has 6 orders, and of {:g} nobody was told: the broker was away",
            _undelivered("clients", "mail", 6),
            "{:g} mails missing when the mail reads the stream of the table instead",
            _read_from_the_stream,
        ),
        CounterExample(
            "D520",
            "{:g} dead letters expired two minutes after they came, unseen",
            _of_node("dead-letters", "expired"),
            "{:g} expired when the dead-letter queue keeps them for 14 days",
        ),
        CounterExample(
            "D524",
            "{:g} good orders of the customer still wait behind the broken one",
            _undelivered("shop", "billing", 6),
            "{:g} wait when the broken one goes to a dead-letter queue after 5 receives",
        ),
        CounterExample(
            "D530",
            "{:g} of 5 messages were discarded after four tries",
            _of_node("events", "dropped"),
            "{:g} lost with a dead-letter queue, which keeps them for 14 days",
        ),
        CounterExample(
            "D552",
            "{:g} records that the leader had acknowledged are lost",
            _of_flows("lost"),
            "{:g} lost with acks=all",
        ),
        CounterExample(
            "D560",
            "the lag has grown to {:g} records: all stand behind the first, which is tried again and again",
            _largest("orders", "consumer_lag"),
            "{:g} at the most when the application skips a record after two attempts",
            (SetSetting("edge", "e2", ("attempts",), 2),),
        ),
        CounterExample(
            "D570",
            "the last order was done after {:.0f} s, of which the fast consumer was idle for 45",
            _slowest,
            "after {:.0f} s with a prefetch of 1",
            (SetSetting("edge", "e2", ("prefetch",), 1), SetSetting("edge", "e3", ("prefetch",), 1)),
        ),
        CounterExample(
            "D572",
            "3 messages were delivered again {:g} times in 40 s",
            _of_node("orders", "redelivered"),
            "{:g} times when they are rejected into a dead-letter queue",
        ),
    )
}
