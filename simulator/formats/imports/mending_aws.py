"""What resources of AWS need of each other before a run, and files leave open or say wrong.

AWS checks these when a template is deployed; what is not known before then is given a value that it would
take, and that is said.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

from simulator.formats.imports.assumed_work import CALL
from simulator.formats.imports.merging import Drawing, Vertex, Wire
from simulator.formats.imports.reading import Origin
from simulator.kinds.aws.lambda_function.checks import VISIBILITY_FACTOR
from simulator.kinds.aws.lambda_function.settings import UNRESERVABLE, FunctionSettings
from simulator.kinds.aws.pipe_sources import PIPE_SOURCES
from simulator.kinds.aws.sqs.settings import SqsSettings
from simulator.kinds.catalogue import KINDS

_FUNCTION = FunctionSettings()
#: Categories that a pipe calls; it hands its records to the others.
_CALLED = ("service", "function")


def category(vertex: Vertex) -> str:
    """The category of a node for the wiring rules."""
    return KINDS[vertex.kind].category


def mend_pipes(drawing: Drawing) -> None:
    """A pipe reads one broker that pipes know and has one target; any other becomes a consumer."""
    for pipe in [one for one in drawing.vertices.values() if one.kind == "aws.pipe"]:
        sources = [drawing.vertices[wire.source] for wire in drawing.wires if wire.target == pipe.id]
        leaving = [wire for wire in drawing.wires if wire.source == pipe.id]
        targets = [
            wire for wire in leaving if wire.config.get("purpose") not in ("enrichment", "dead-letter")
        ]
        if len(targets) == 2:  # drawn: one of them is the enrichment, if it is called
            called = [wire for wire in targets if category(drawing.vertices[wire.target]) in _CALLED]
            if called:
                called[0].config["purpose"] = "enrichment"
                called[0].role = "invoke"
                targets.remove(called[0])
        if len(sources) == 1 and sources[0].kind in PIPE_SOURCES and len(targets) == 1:
            kind = category(drawing.vertices[targets[0].target])
            if kind in _CALLED:
                targets[0].role = "invoke"
                targets[0].config["purpose"] = "target"
            if kind in (*_CALLED, "queue", "topic", "bus"):
                continue
        _as_consumer(drawing, pipe, leaving)


def _as_consumer(drawing: Drawing, pipe: Vertex, leaving: list[Wire]) -> None:
    size, window = (
        pipe.config.get("BatchSize", 10),
        pipe.config.get("MaximumBatchingWindowInSeconds", 0),
    )
    dropped = " without its filter" if "FilterPattern" in pipe.config else ""
    pipe.kind = "consumer"
    pipe.config = {
        "concurrency": 100,
        "service_time": 0.02,
        "batch": {"max_size": size, "max_wait": window, "service": "per-batch"},
    }
    pipe.origins = {
        "concurrency": Origin("guess", "batches of the pipe under way at a time"),
        "service_time": Origin("guess", "the pipe's own time for a batch; AWS publishes none"),
    }
    for wire in leaving:
        wire.config.pop("purpose", None)
    drawing.note(
        "assumed",
        pipe.place,
        f"the pipe {pipe.label} becomes a consumer{dropped}: pipes of the simulator lead from one "
        f"of {', '.join(PIPE_SOURCES)} to one target",
    )


def mend_streams(drawing: Drawing) -> None:
    """A table that somebody reads has a stream."""
    for wire in drawing.wires:
        table = drawing.vertices[wire.source]
        if wire.role == "consume" and table.kind == "aws.dynamodb" and "StreamViewType" not in table.config:
            table.config["StreamViewType"] = "NEW_AND_OLD_IMAGES"
            table.origins["StreamViewType"] = Origin(
                "guess", "its stream is read; no file says what it holds"
            )
            drawing.note(
                "assumed",
                table.place,
                f"{table.label} has a stream: {drawing.vertices[wire.target].label} reads it",
            )


def mend_machines(drawing: Drawing) -> None:
    """A machine that was drawn, and has no definition, calls what its arrows lead to, one after another."""
    for machine in drawing.vertices.values():
        if machine.kind != "aws.stepfunctions" or "definition" in machine.config:
            continue
        leaving = [wire for wire in drawing.wires if wire.source == machine.id and wire.role != "dead-letter"]
        states: dict[str, Any] = {}
        for number, wire in enumerate(leaving, start=1):
            name = f"{number}. {drawing.vertices[wire.target].label}"[:80]
            wire.config["tasks"] = [name]
            wire.origins["tasks"] = Origin("guess", "one task for each arrow")
            states[name] = {"Type": "Task", "Resource": CALL}
        names = list(states)
        for name, following in pairwise(names):
            states[name]["Next"] = following
        if states:
            states[names[-1]]["End"] = True
        else:
            states = {"Work": {"Type": "Pass", "End": True}}
        machine.config["definition"] = {"StartAt": next(iter(states)), "States": states}
        machine.origins["definition"] = Origin("guess", "no file holds it")
        said = ", ".join(names) or "one state that does nothing"
        drawing.note("assumed", machine.place, f"{machine.label}, whose definition nobody has, does: {said}")


def mend_functions(drawing: Drawing) -> None:
    """Visibility timeouts that cover the functions, and executions that the account can set aside."""
    readers: dict[str, list[Vertex]] = defaultdict(list)
    for wire in drawing.wires:
        function = drawing.vertices[wire.target]
        if wire.role == "consume" and function.kind == "aws.lambda":
            readers[wire.source].append(function)
    for function in {one.id: one for several in readers.values() for one in several}.values():
        _batches(drawing, function)
    for id, functions in readers.items():
        if drawing.vertices[id].kind == "aws.sqs":
            _cover(drawing, drawing.vertices[id], functions)
    _set_aside(drawing)


def _batches(drawing: Drawing, function: Vertex) -> None:
    """One duration for a whole batch: a guess that keeps within the Timeout whatever the size of batches."""
    known = function.origins.get("service_time")
    if "batch_work" in function.config or known is None or known.basis != "guess":
        return
    function.config["batch_work"] = "per-batch"
    function.origins["batch_work"] = Origin("guess", "no file holds a duration: one for each batch")
    drawing.note("assumed", function.place, f"{function.label} takes as long for a batch as for one message")


def _cover(drawing: Drawing, queue: Vertex, functions: list[Vertex]) -> None:
    """AWS refuses a mapping of a queue that hides messages for less than the function may run."""
    timeout = max(_number(function.config.get("Timeout"), _FUNCTION.timeout) for function in functions)
    default = SqsSettings().visibility_timeout
    hidden = _number(queue.config.get("VisibilityTimeout"), default)
    if hidden >= timeout:
        return
    needed = min(43_200, round(VISIBILITY_FACTOR * timeout))
    names = ", ".join(function.label for function in functions)
    if "VisibilityTimeout" in queue.config:
        drawing.note(
            "not-understood",
            queue.place,
            f"{queue.label} hides messages for {hidden:g} s, and {names} may run {timeout:g} s, which AWS "
            f"refuses: VisibilityTimeout is {needed} s here",
        )
    else:
        drawing.note(
            "assumed",
            queue.place,
            f"{queue.label} has a VisibilityTimeout of {needed} s, six times the Timeout of {names}: AWS "
            f"refuses its default of {default:g} s there",
        )
    queue.config["VisibilityTimeout"] = needed
    queue.origins["VisibilityTimeout"] = Origin("guess", f"six times the Timeout of {names}"[:400])


def _set_aside(drawing: Drawing) -> None:
    """The account has room for all that its functions reserve; how much it has stands in no file."""
    functions = [one for one in drawing.vertices.values() if one.kind == "aws.lambda"]
    for function in functions:
        config = function.config
        reserved = config.get("ReservedConcurrentExecutions")
        provisioned = _number(config.get("ProvisionedConcurrentExecutions"), 0)
        if isinstance(reserved, int) and provisioned > reserved:
            drawing.note(
                "not-understood",
                function.place,
                f"{function.label} has {provisioned:g} provisioned environments and {reserved} reserved "
                f"executions, which AWS refuses: {reserved} are provisioned here",
            )
            config["ProvisionedConcurrentExecutions"] = reserved
    aside = sum(
        _number(
            one.config.get("ReservedConcurrentExecutions"),
            _number(one.config.get("ProvisionedConcurrentExecutions"), 0),
        )
        for one in functions
    )
    if aside > _FUNCTION.account_concurrency - UNRESERVABLE:
        room = min(1_000_000, int(aside) + UNRESERVABLE)
        for function in functions:
            function.config["account_concurrency"] = room
            function.origins["account_concurrency"] = Origin(
                "guess", "what the functions reserve, and 100 more"
            )
        drawing.note(
            "assumed",
            functions[0].place,
            f"the account has {room:,} concurrent executions: its functions set {aside:g} aside",
        )


def _number(value: Any, default: float) -> float:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else default
