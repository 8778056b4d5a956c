"""Cases of the rules about calls: language models, functions, state machines, retries and waits."""

from __future__ import annotations

from typing import Any

from simulator import Document
from tests.simulator.advice.rule_cases import MENDED, ZIPF, Case, function, log, made
from tests.simulator.designs import design, node


def machine(states: dict[str, Any], number: float = 1, tasks: bool = False, **config: Any) -> Document:
    definition = {"StartAt": next(iter(states)), "States": states}
    work = node("s", "service", service_time=0.01, instances=100)
    uses = tasks or any(state["Type"] == "Task" for state in states.values())
    return design(
        [made(number), node("m", "aws.stepfunctions", definition=definition, **config), work],
        ["p->m", "m->s:invoke"] if uses else ["p->m", "p->s"],
    )


def catching(**catcher: Any) -> dict[str, Any]:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Undo", **catcher}]
    return {
        "Pay": {"Type": "Task", "Resource": "http:pay", "End": True, "Catch": catch},
        "Undo": {"Type": "Pass", "End": True},
    }


def polling(after: str) -> dict[str, Any]:
    rule = {"Variable": "$.done", "BooleanEquals": True, "Next": "Done"}
    return {
        "Wait": {"Type": "Wait", "Seconds": 5, "Next": "Ask"},
        "Ask": {"Type": "Task", "Resource": "http:ask", "Next": "Look"},
        "Look": {"Type": "Choice", "Choices": [rule], "Default": after},
        "Done": {"Type": "Succeed"},
    }


def mapped(most: int) -> dict[str, Any]:
    inner = {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}}
    return {"All": {"Type": "Map", "MaxConcurrency": most, "ItemProcessor": inner, "End": True}}


def asking(model: str) -> Document:
    """A producer that asks a model."""
    return design([node("p", "producer"), node("x", "llm", model=model)], ["p->x:invoke"])


def prompted(call: dict[str, Any] | None = None, number: float = 1, **config: Any) -> Document:
    """A service that asks a model."""
    model = node("x", "llm", **{"model": "claude-haiku-4.5"} | config)
    return design(
        [made(number), node("s", "service", service_time=0.01, concurrency=500), model],
        ["p->s:invoke", "s->x:invoke"],
        edge_configs={"s->x:invoke": call or {}},
    )


def models_in_a_row(*names: str) -> Document:
    return design(
        [made(), node("s", "service"), *(node(id, "llm", model="claude-haiku-4.5") for id in names)],
        ["p->s:invoke", *(f"s->{id}:invoke" for id in names)],
    )


def allowing(limit: float, **broker: Any) -> Document:
    objective = {"metric": "end_to_end_latency.p99", "from": "p", "to": "c", "below": limit}
    return log({"partitions": 20} | broker, objectives=[objective])


def calling(retry: dict[str, Any]) -> Document:
    return design(
        [made(), node("a", "service"), node("b", "service")],
        ["p->a:invoke", "a->b:invoke"],
        edge_configs={"a->b:invoke": {"retry": retry}},
    )


def waiting(limit: float) -> Document:
    return design(
        [made(), node("s", "service"), function(service_time=2)],
        ["p->s:invoke", "s->x:invoke"],
        edge_configs={"s->x:invoke": {"timeout": limit}},
    )


def rising(end: float) -> Document:
    """A queue before a function, with a load that rises to 20,000 messages a second."""
    arrivals = {"process": "schedule", "points": [[0, 100], [end, 20_000]], "repeat": False}
    return design(
        [
            node("p", "producer", arrivals=arrivals),
            node("q", "aws.sqs", VisibilityTimeout=300),
            function(service_time=0.1),
        ],
        ["p->q", "q->x"],
    )


def saga_machine(undo: dict[str, Any], ship: dict[str, Any]) -> Document:
    """Pay, then ship; what was paid is paid back."""
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Pay back"}]
    return machine(
        {
            "Pay": {"Type": "Task", "Resource": "http:pay", "Next": "Ship", "Catch": catch},
            "Ship": {"Type": "Task", "Resource": "http:ship", "End": True, **ship},
            "Pay back": {"Type": "Task", "Resource": "http:undo", "Next": "Failed", **undo},
            "Failed": {"Type": "Fail"},
        }
    )


def retrying(**rule: Any) -> dict[str, Any]:
    retry = [{"ErrorEquals": ["States.ALL"], **rule}]
    return {"Go": {"Type": "Task", "Resource": "http:go", "Retry": retry, "End": True}}


def pausing(span: int) -> Document:
    states = {"Wait": {"Type": "Wait", "Seconds": span, "Next": "Done"}, "Done": {"Type": "Succeed"}}
    return machine(states, type="EXPRESS")


def mapped_calls(most: int) -> Document:
    """A Map whose iterations call a service of 100 workers."""
    task = {"Type": "Task", "Resource": "http:one", "End": True}
    inner = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "One"}
    processor = inner | {"States": {"One": task}}
    return machine(
        {"All": {"Type": "Map", "MaxConcurrency": most, "ItemProcessor": processor, "End": True}}, tasks=True
    )


def started_with(size: float) -> Document:
    states = {"Go": {"Type": "Pass", "End": True}}
    definition = {"StartAt": "Go", "States": states}
    return design([made(size=size), node("m", "aws.stepfunctions", definition=definition)], ["p->m"])


MANY_RETRIES = {"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 8}]}

CALL_CASES: dict[str, Case] = {
    "D424": (asking("house-model"), asking("claude-haiku-4.5")),
    "D425": (prompted({"respect_retry_after": False}), MENDED),
    "D426": (prompted(number=2, rpm=100), prompted(number=2, rpm=200)),
    "D427": (
        prompted(errors={"overloaded": 0.1}),
        prompted({"fallback": {"time": 0.1}}, errors={"overloaded": 0.1}),
    ),
    "D428": (models_in_a_row("x", "y", "z"), models_in_a_row("x", "y")),
    "D429": (prompted({"turns": 5}), MENDED),
    "D509": (allowing(0.1, **{"linger.ms": 200}), allowing(1, **{"linger.ms": 200})),
    "D510": (calling({"jitter": "none"}), MENDED),
    "D606": (waiting(1), waiting(5)),
    "D607": (rising(10), rising(3_600)),
    "D620": (machine(catching()), machine(catching(ResultPath="$.error"))),
    "D621": (
        machine({"Go": {"Type": "Pass", "End": True}}, 60),
        machine({"Go": {"Type": "Pass", "End": True}}, 5),
    ),
    "D622": (machine(polling("Wait")), machine(polling("Done"))),
    "D623": (machine(mapped(100)), machine(mapped(40))),
    "D624": (machine(retrying(), 20), machine(retrying(JitterStrategy="FULL"), 20)),
    "D625": (saga_machine({}, {}), saga_machine(MANY_RETRIES, {})),
    "D626": (saga_machine({}, {}), saga_machine({}, MANY_RETRIES)),
    "D627": (started_with(260_000), started_with(200_000)),
    "D628": (pausing(600), pausing(60)),
    "D629": (mapped_calls(5_000), mapped_calls(1_000)),
}


def read_by_a_function(partitions: int) -> Document:
    broker = node("b", "kafka.topic", partitions=partitions, **{"replication.factor": 3})
    return design([made(100), broker, function(service_time=0.5)], ["p->b", "b->x"])


def seen_by_a_view(**producer: Any) -> Document:
    broker = node("b", "kafka.topic", partitions=6)
    return design([made(**producer), broker, node("v", "projection", concurrency=6)], ["p->b", "b->v"])


#: Further ways to break a rule, and their like that keep it.
ALSO: list[tuple[str, Document, Document]] = [
    ("D551", log({"replication.factor": 2, "min.insync.replicas": 1}), log({"replication.factor": 3})),
    ("D562", read_by_a_function(2), read_by_a_function(100)),
    ("D388", seen_by_a_view(), seen_by_a_view(keys=ZIPF)),
]
