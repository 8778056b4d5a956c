"""Parallel and Map: branches and iterations side by side, within one execution.

Source: Amazon States Language specification, *Parallel State* and *Map State*; Step Functions developer
guide, *Using Map state in Inline mode*: at most 40 iterations at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from simulator.kinds.aws.asl import dataflow, distributed, paths, templates
from simulator.kinds.aws.asl import jsonata_expressions as jsonata
from simulator.kinds.aws.asl.effects import Effect, Fork
from simulator.kinds.aws.asl.failures import QUERY_EVALUATION, RUNTIME, StateFailure
from simulator.kinds.aws.asl.json_values import as_text
from simulator.kinds.aws.asl.scope import Variables

if TYPE_CHECKING:
    from simulator.kinds.aws.asl.interpreter import Interpreter, Visit

#: States that can have Retry and Catch.
CAN_FAIL = frozenset({"Task", "Parallel", "Map"})
#: Iterations of an inline Map at the same time, where MaxConcurrency does not ask for fewer.
MAX_INLINE = 40


def _first_ends_all(failed: int) -> bool:
    return failed > 0


def parallel(interpreter: Interpreter, visit: Visit) -> Effect:
    """All branches with the same input; the array of their outputs, or the first failure."""
    value = dataflow.arguments(visit.state, visit.view, in_jsonata=visit.in_jsonata)
    interpreter.history.record("ParallelStateStarted")
    machines = visit.state["Branches"]
    context = {name: part for name, part in visit.view.context.items() if name != "State"}
    branches = [
        partial(
            interpreter.walk,
            machine,
            value,
            Variables(visit.view.variables),
            context,
            visit.position.of(number),
        )
        for number, machine in enumerate(machines)
    ]
    results = yield Fork(branches, len(branches), _first_ends_all)
    interpreter.history.count()
    return results


def map(interpreter: Interpreter, visit: Visit) -> Effect:
    """Every item through the item processor; the array of outputs in the order of the items."""
    state, view = visit.state, visit.view
    processor = state.get("ItemProcessor") or state["Iterator"]
    asked = dataflow.whole_number(state, "MaxConcurrency", view, in_jsonata=visit.in_jsonata)
    if processor.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
        return (yield from distributed.run(interpreter, visit, processor, asked))
    items = given_items(visit)
    interpreter.history.record("MapStateStarted")
    iterations = [
        partial(_iteration, interpreter, visit, processor, number, item) for number, item in enumerate(items)
    ]
    results = yield Fork(iterations, min(asked or MAX_INLINE, MAX_INLINE), _first_ends_all)
    interpreter.history.record("MapStateSucceeded")
    return results


def given_items(visit: Visit) -> list[Any]:
    """The items of a Map that come from its input: ItemsPath or Items, else the input itself.

    An object gives one item for each of its fields.

    Raises:
        StateFailure: for anything else.
    """
    state, view = visit.state, visit.view
    if visit.in_jsonata:
        if "Items" not in state:
            if not isinstance(visit.raw, list):
                raise StateFailure(
                    QUERY_EVALUATION, f"Map state input must be an array but was: {as_text(visit.raw)}"
                )
            return visit.raw
        found = jsonata.fill(state["Items"], view, "Items")
        if not isinstance(found, dict):
            jsonata.typed(found, "array", state["Items"], "Items")
    else:
        path = state.get("ItemsPath", "$")
        try:
            found = paths.lookup(path, view.data, view.context, view.variables)
        except paths.NoSuchPath as error:
            raise StateFailure(RUNTIME, f"Invalid path '{path}' : {error.detail}") from error
        if not isinstance(found, list):
            raise StateFailure(RUNTIME, f'Reference path "{path}" must point to array.')
    if isinstance(found, dict):
        return [{"Key": key, "Value": value} for key, value in found.items()]
    return list(found)


def item_context(context: Mapping[str, Any], number: int, item: Any) -> dict[str, Any]:
    """The context object of an iteration: Map.Item, and no state yet."""
    return {
        **{name: part for name, part in context.items() if name != "State"},
        "Map": {"Item": {"Index": number, "Value": item}},
    }


def item_input(visit: Visit, context: Mapping[str, Any], item: Any) -> Any:
    """The input of an iteration: the item, or what ItemSelector (once Parameters) makes of it."""
    selector = visit.state.get("ItemSelector", visit.state.get("Parameters"))
    if selector is None:
        return item
    view = visit.view.of(visit.view.data)
    view.context = {**context, "State": visit.view.context["State"]}
    return (
        jsonata.fill(selector, view, "ItemSelector") if visit.in_jsonata else templates.fill(selector, view)
    )


def _iteration(
    interpreter: Interpreter, visit: Visit, processor: Mapping[str, Any], number: int, item: Any
) -> Effect:
    history = interpreter.history
    position = visit.position.of(number)
    if position.is_over:  # before a redrive
        return position.value
    history.record("MapIterationStarted")
    context = item_context(visit.view.context, number, item)
    try:
        value = item_input(visit, context, item)
        variables = Variables(visit.view.variables)
        output = yield from interpreter.walk(processor, value, variables, context, position)
    except StateFailure as failure:
        interpreter.note(visit, failure)
        history.record("MapIterationFailed")
        raise
    except GeneratorExit:
        history.record("MapIterationAborted")
        raise
    history.record("MapIterationSucceeded")
    return output
