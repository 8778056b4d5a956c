"""The tester of a state machine: which tasks an input leads to, without a run and without time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulator.kinds.aws.asl.effects import TaskRequest
from simulator.kinds.aws.asl.execution import Execution, execute
from simulator.kinds.aws.asl.failures import StateFailure
from simulator.kinds.aws.asl.json_values import as_text
from simulator.kinds.aws.asl.validation import InvalidDefinition
from simulator.kinds.aws.stepfunctions.binding import edge_of, tasks_of
from simulator.kinds.aws.stepfunctions.settings import StateMachineSettings, TaskSettings
from simulator.kinds.kind import TrialRow

if TYPE_CHECKING:
    from simulator.design.document import Document, Node

#: Events of an execution here; more would keep the page waiting.
MAX_EVENTS = 2_000


def rows(document: Document, node: Node, sample: Mapping[str, Any]) -> list[TrialRow]:
    """Which tasks go along each edge for one input; raises ValueError for a sample that is none."""
    settings = node.config
    assert isinstance(settings, StateMachineSettings)
    unknown = sorted(set(sample) - {"input", "results", "errors"})
    if unknown:
        raise ValueError(f"a sample has input, results and errors, not {', '.join(unknown)}")
    results, errors = (sample.get(name) or {} for name in ("results", "errors"))
    if not isinstance(results, Mapping) or not isinstance(errors, Mapping):
        raise ValueError('results and errors are objects by the name of a task, such as {"Pay": "Declined"}')
    called: list[str] = []

    def answer(request: TaskRequest) -> Any:
        called.append(request.state)
        if request.state in errors:
            raise StateFailure(str(errors[request.state]), "of the sample", is_placed=True)
        return results.get(request.state, {})

    try:
        done = execute(settings.definition, sample.get("input", {}), tasks=answer, history_limit=MAX_EVENTS)
    except InvalidDefinition as invalid:
        raise ValueError(f"the definition is not valid: {invalid.findings[0]}") from invalid
    return _rows(document, node, settings, called, done)


def _rows(
    document: Document, node: Node, settings: StateMachineSettings, called: list[str], done: Execution
) -> list[TrialRow]:
    names = {
        edge.id: edge.settings.tasks
        for edge in document.edges_from(node.id)
        if isinstance(edge.settings, TaskSettings)
    }
    bound = {task.state: edge_of(task, names) for task in tasks_of(settings.definition)}
    ended = f"it ended {done.status}"
    if done.status == "SUCCEEDED":
        ended += f" with {as_text(done.output)[:200]}"
    elif done.error or done.cause:
        ended += f": {done.error or 'no error name'} {(done.cause or '')[:300]}".rstrip()
    way = " -> ".join(done.states_entered[:30])
    found = []
    for edge in names:
        mine = [state for state in called if bound.get(state) == edge]
        what = f"called by {', '.join(mine)}" if mine else "no task came here"
        found.append(TrialRow(edge, bool(mine), f"{what}; the way was {way}; {ended}"))
    return found
