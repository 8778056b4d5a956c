"""Map in distributed mode: each item or batch is an execution of its own, with a history of its own.

Source: Step Functions developer guide, *Using Map state in Distributed mode*: up to 10,000 child executions
at the same time, ItemReader, ItemBatcher, tolerated failures, ResultWriter.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from simulator.kinds.aws.asl import branching, dataflow, item_reader, result_writer, templates, timestamps
from simulator.kinds.aws.asl import jsonata_expressions as jsonata
from simulator.kinds.aws.asl.effects import Effect, Fork
from simulator.kinds.aws.asl.failures import (
    QUERY_EVALUATION,
    RUNTIME,
    THRESHOLD,
    StateFailure,
)
from simulator.kinds.aws.asl.history import MAX_EVENTS, History
from simulator.kinds.aws.asl.json_values import MAX_PAYLOAD, as_text, is_number, size_of
from simulator.kinds.aws.asl.position import Position

if TYPE_CHECKING:
    from simulator.kinds.aws.asl.interpreter import Interpreter, Visit

#: Child executions at the same time, where MaxConcurrency does not ask for fewer.
MAX_CHILDREN = 10_000


def run(interpreter: Interpreter, visit: Visit, processor: Mapping[str, Any], asked: int | None) -> Effect:
    """The Map Run: outputs of the child executions that succeeded, in the order of their items.

    Raises:
        StateFailure: `States.ExceedToleratedFailureThreshold` when more children fail than are tolerated.
    """
    history = interpreter.history
    items = (
        (yield from item_reader.read(visit)) if "ItemReader" in visit.state else branching.given_items(visit)
    )
    inputs = _inputs(visit, items)
    tolerance = _tolerance(visit, len(inputs))
    history.record("MapStateStarted")
    history.record("MapRunStarted")
    records: list[dict[str, Any]] = [{} for _ in inputs]
    children = [
        partial(_child, interpreter, visit, processor, number, value, records[number])
        for number, value in enumerate(inputs)
    ]
    try:
        outcomes = yield Fork(children, min(asked or MAX_CHILDREN, MAX_CHILDREN), tolerance)
    except StateFailure as failure:
        history.record("MapRunFailed")
        raise StateFailure(
            THRESHOLD, "The specified tolerated failure threshold was exceeded", is_placed=True
        ) from failure
    except GeneratorExit:
        history.record("MapRunAborted")
        raise
    if "ResultWriter" in visit.state:
        outputs = yield from result_writer.write(visit, outcomes, records)
    else:
        outputs = result_writer.outputs(outcomes)
    history.record("MapRunSucceeded")
    history.record("MapStateSucceeded")
    return outputs


def _tolerance(visit: Visit, children: int) -> Any:
    """Whether so many failures are too many: none is tolerated unless a count or a percentage says so."""
    state, view = visit.state, visit.view
    count = dataflow.whole_number(state, "ToleratedFailureCount", view, in_jsonata=visit.in_jsonata)
    share = _percentage(visit)
    if count is None and share is None:
        count = 0

    def is_over(failed: int) -> bool:
        return (count is not None and failed > count) or (
            share is not None and failed * 100 > share * children
        )

    return is_over


def _percentage(visit: Visit) -> float | None:
    """ToleratedFailurePercentage, which need not be whole."""
    name = "ToleratedFailurePercentage"
    given: Any = visit.state.get(name)
    if jsonata.is_expression(given) and visit.in_jsonata:
        given = jsonata.evaluate(given, visit.view, name)
    elif f"{name}Path" in visit.state:
        given = templates.find(visit.state[f"{name}Path"], visit.view, f"{name}Path")
    elif given is None:
        return None
    if isinstance(given, str) and given.isdigit():
        given = int(given)
    if not is_number(given) or not 0 <= given <= 100:
        error = QUERY_EVALUATION if visit.in_jsonata else RUNTIME
        raise StateFailure(error, f"The {name} field refers to {as_text(given)}, which is not from 0 to 100")
    return float(given)


def _child(
    interpreter: Interpreter,
    visit: Visit,
    processor: Mapping[str, Any],
    number: int,
    value: Any,
    record: dict[str, Any],
) -> Effect:
    """A child execution: a history and a context object of its own, and none of the variables around.

    `record` gets what an export tells of it.
    """
    is_express = processor.get("ProcessorConfig", {}).get("ExecutionType") == "EXPRESS"
    history = History(None if is_express else MAX_EVENTS, is_kept=False)
    history.record("ExecutionStarted")
    execution = {
        **interpreter.context["Execution"],
        "Id": f"{interpreter.context['Execution']['Id']}:{visit.name}/{number}",
        "Input": value,
        "Name": f"{number}",
        "StartTime": timestamps.render(interpreter.around.moment()),
    }
    record.update(
        ExecutionArn=execution["Id"],
        Name=execution["Name"],
        StateMachineArn=f"{interpreter.context['StateMachine']['Id']}/{visit.name}",
        Input=as_text(value),
        StartDate=execution["StartTime"],
    )
    position = visit.position.of(number)
    if position.is_over:  # before a redrive
        return position.value
    if is_express:  # an express execution is run again as a whole
        position = visit.position.inner[number] = Position()
    machine = {**processor, "QueryLanguage": interpreter.machine.get("QueryLanguage", "JSONPath")}
    child = type(interpreter)(
        machine, history, interpreter.around, {**interpreter.context, "Execution": execution}, position
    )
    try:
        return (yield from child.run(value))
    finally:
        record["StopDate"] = timestamps.render(interpreter.around.moment())
        interpreter.history.transitions += history.transitions
        interpreter.history.retries += history.retries


def _inputs(visit: Visit, items: list[Any]) -> list[Any]:
    """What each child gets: an item, or a batch of them beside the fixed part of the batcher."""
    values = [
        branching.item_input(visit, branching.item_context(visit.view.context, number, item), item)
        for number, item in enumerate(items)
    ]
    batcher = visit.state.get("ItemBatcher")
    if batcher is None:
        return values
    view = visit.view
    most = dataflow.whole_number(batcher, "MaxItemsPerBatch", view, in_jsonata=visit.in_jsonata)
    room = dataflow.whole_number(batcher, "MaxInputBytesPerBatch", view, in_jsonata=visit.in_jsonata)
    fixed: dict[str, Any] = {}
    if "BatchInput" in batcher:
        given = batcher["BatchInput"]
        fixed["BatchInput"] = (
            jsonata.fill(given, view, "ItemBatcher/BatchInput")
            if visit.in_jsonata
            else templates.fill(given, view)
        )
    return [
        {**fixed, "Items": batch} for batch in _batches(values, most, min(room or MAX_PAYLOAD, MAX_PAYLOAD))
    ]


def _batches(values: list[Any], most: int | None, room: int) -> list[list[Any]]:
    batches: list[list[Any]] = []
    used = 0
    for value in values:
        size = size_of(value) + 1
        if not batches or (most and len(batches[-1]) >= most) or used + size > room:
            batches.append([])
            used = 0
        batches[-1].append(value)
        used += size
    return batches
