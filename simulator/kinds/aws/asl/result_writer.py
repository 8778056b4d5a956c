"""ResultWriter of a distributed Map: in which shape the results of its children are, and where they go.

Source: Step Functions developer guide, *ResultWriter (Map)*: Transformation NONE (each execution with its
metadata; the default of an export), COMPACT (its output; the default of a state without ResultWriter) or
FLATTEN (outputs that are arrays become one); OutputType JSON or JSONL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulator.kinds.aws.asl import jsonata_expressions as jsonata
from simulator.kinds.aws.asl import templates
from simulator.kinds.aws.asl.effects import CallTask, Effect, TaskRequest
from simulator.kinds.aws.asl.failures import RESULT_WRITER_FAILED, StateFailure
from simulator.kinds.aws.asl.json_values import as_text

if TYPE_CHECKING:
    from simulator.kinds.aws.asl.interpreter import Visit

#: What a child execution was: the fields that an export has of it.
Record = Mapping[str, Any]


def outputs(outcomes: Sequence[Any]) -> list[Any]:
    """The outputs of the children that succeeded, in the order of their items."""
    return [outcome for outcome in outcomes if not isinstance(outcome, StateFailure)]


def write(visit: Visit, outcomes: Sequence[Any], records: Sequence[Record]) -> Effect:
    """The result of the state: the results themselves, or where the writer's resource has put them.

    Raises:
        StateFailure: `States.ResultWriterFailed` where the resource does not take them.
    """
    writer = visit.state["ResultWriter"]
    config = writer.get("WriterConfig", {})
    shaped = _shaped(config.get("Transformation", "NONE"), outcomes, records)
    if "Resource" not in writer:
        return shaped
    field = "Arguments" if visit.in_jsonata else "Parameters"
    given = writer.get(field, {})
    where = (
        jsonata.fill(given, visit.view, f"ResultWriter/{field}")
        if visit.in_jsonata
        else templates.fill(given, visit.view)
    )
    body = "\n".join(map(as_text, shaped)) if config.get("OutputType") == "JSONL" else shaped
    request = TaskRequest(visit.name, writer["Resource"], {**where, "Body": body}, "", 1)
    try:
        yield CallTask(request, None, None)
    except StateFailure as failure:
        raise StateFailure(RESULT_WRITER_FAILED, failure.cause, is_placed=True) from failure
    details = {"Bucket": where.get("Bucket"), "Key": f"{where.get('Prefix', '')}/manifest.json".lstrip("/")}
    return {"MapRunArn": visit.view.context["Execution"]["Id"], "ResultWriterDetails": details}


def _shaped(transformation: str, outcomes: Sequence[Any], records: Sequence[Record]) -> list[Any]:
    if transformation == "NONE":
        return [_with_metadata(outcome, record) for outcome, record in zip(outcomes, records, strict=True)]
    found = outputs(outcomes)
    if transformation == "COMPACT":
        return found
    return [part for output in found for part in (output if isinstance(output, list) else [output])]


def _with_metadata(outcome: Any, record: Record) -> dict[str, Any]:
    if isinstance(outcome, StateFailure):
        return {**record, **outcome.output(), "Status": "FAILED"}
    return {**record, "Output": as_text(outcome), "Status": "SUCCEEDED"}
