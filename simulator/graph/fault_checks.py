"""Whether the faults of a design can happen: who knows them, their settings, what must not overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from simulator.design.explain import problems_from, suggestion
from simulator.graph.problem import Problem
from simulator.kinds.catalogue import KINDS

if TYPE_CHECKING:
    from simulator.design.document import Document, Fault
    from simulator.kinds.kind import FaultKind


def type_faults(document: Document) -> list[Problem]:
    """Give every fault its typed settings; returns what does not fit (D1xx, D207).

    Faults of nodes that do not exist are passed over: `simulator.graph.checks` names them.
    """
    problems: list[Problem] = []
    nodes = {node.id for node in document.nodes}
    for position, fault in enumerate(document.faults):
        if fault.node not in nodes:
            continue
        kind = document.node(fault.node).kind
        path = f"faults[{position}]"
        own = next((own for own in KINDS[kind].faults if own.fault == fault.kind), None)
        found = (
            _problems_of_own(fault, own, path) if own is not None else _problems_of_general(fault, kind, path)
        )
        if own is not None and own.resizes and not found:
            found = _problems_of_readers(document, fault, path)
        if found:
            problems += found
        else:
            fault.settle(own)
    return problems or _overlaps(document)


def _problems_of_own(fault: Fault, own: FaultKind, path: str) -> list[Problem]:
    problems: list[Problem] = []
    try:
        own.settings.model_validate(fault.config)
    except ValidationError as error:
        for problem in problems_from(error, fault.config, model=own.settings):
            inner = f"config.{problem.path}" if problem.path else "config"
            problems.append(
                Problem(
                    problem.code,
                    "error",
                    fault.node,
                    "",
                    problem.message,
                    problem.hint,
                    f"{path}.{inner}",
                )
            )
    if own.lasts and fault.duration is None:
        problems.append(_without_duration(fault, path))
    elif not own.lasts and fault.duration is not None:
        message = f"{fault.kind} happens at one moment and has no duration"
        problems.append(
            Problem("D102", "error", fault.node, "", message, "leave the duration out", f"{path}.duration")
        )
    return problems


def _problems_of_general(fault: Fault, kind: str, path: str) -> list[Problem]:
    if fault.kind == "pause" and not KINDS[kind].can_pause:
        message = f"only a consumer can be paused, {fault.node} is a {kind}"
        hint = "name a consumer, or make it an outage"
        return [Problem("D207", "error", fault.node, "", message, hint, f"{path}.node")]
    if fault.kind == "outage" and not KINDS[kind].has_outages:
        message = f"{fault.node} is a {kind} and has no outages"
        hint = "name a broker, a consumer or a service; a producer has start and stop"
        return [Problem("D207", "error", fault.node, "", message, hint, f"{path}.node")]
    if fault.kind not in ("pause", "outage"):
        known = [possible.fault for possible in KINDS[kind].possible_faults]
        message = f"{fault.node} ({kind}) knows no fault {fault.kind!r}"
        hint = suggestion(fault.kind, known, "It knows") or "It knows none."
        return [Problem("D106", "error", fault.node, "", message, hint, f"{path}.kind")]
    problems = [_without_duration(fault, path)] if fault.duration is None else []
    if fault.config:
        message = f"{fault.kind} has no settings"
        problems.append(
            Problem("D102", "error", fault.node, "", message, "leave config out", f"{path}.config")
        )
    return problems


def _problems_of_readers(document: Document, fault: Fault, path: str) -> list[Problem]:
    found = fixed_readers(document, fault.node)
    if getattr(document.node(fault.node).config, "autoscaling", None) is not None:
        message = f"an autoscaler decides on the instances of {fault.node}"
        found.append((message, "leave the change out, or the autoscaling"))
    return [
        Problem("D207", "error", fault.node, "", message, hint, f"{path}.node") for message, hint in found
    ]


def fixed_readers(document: Document, id: str, *, by_autoscaler: bool = False) -> list[tuple[str, str]]:
    """Why the number of servers of a consumer cannot change during a run, and what to do: servers without
    number, and brokers whose readers are made when a run begins.

    Args:
        by_autoscaler: whether it is an autoscaler that would change it, which is known beforehand.
    """
    node = document.node(id)
    found: list[tuple[str, str]] = []
    if getattr(node.config, "instances", None) is None:
        found.append((f"{node.id} has as many workers as there is work", "leave the change out"))
    for edge in document.edges_into(id):
        if edge.role != "consume":
            continue
        source = document.node(edge.source)
        is_shared = getattr(source.config, "dispatch", "shared") == "shared"
        can_scale = KINDS[source.kind].can_scale
        if by_autoscaler and can_scale is not None and can_scale(edge.settings):
            continue
        if KINDS[source.kind].has_fixed_readers:
            found.append(
                (
                    f"{source.id} ({source.kind}) gets its readers when a run begins, no more and no fewer",
                    "leave the change out, and compare runs with other numbers",
                )
            )
        elif not is_shared or getattr(source.config, "preemption", "none") != "none":
            found.append(
                (
                    f"{source.id} knows each worker of {node.id}: their number is fixed when a run begins",
                    "give the queue the dispatch shared and no preemption, or leave the change out",
                )
            )
    return found


def _without_duration(fault: Fault, path: str) -> Problem:
    message = f"{fault.kind} lasts for a time, and its duration is missing"
    return Problem("D101", "error", fault.node, "", message, "add duration, in seconds", f"{path}.duration")


def _overlaps(document: Document) -> list[Problem]:
    """Faults of one node that would be on at the same time and cannot be told apart."""
    problems: list[Problem] = []
    lasting: dict[str, list[Fault]] = {}
    for position, fault in sorted(enumerate(document.faults), key=lambda pair: pair[1].at):
        if fault.duration is None:
            continue
        before = lasting.setdefault(fault.node, [])
        before[:] = [other for other in before if fault.at <= other.at + (other.duration or 0.0)]
        if any(not _may_overlap(fault, other) for other in before):
            message = f"two faults of {fault.node} overlap at {fault.at:g} s"
            hint = "let the first one end earlier, or make them one"
            problems.append(
                Problem("D207", "error", fault.node, "", message, hint, f"faults[{position}].node")
            )
        before.append(fault)
    return problems


def _may_overlap(one: Fault, other: Fault) -> bool:
    """Whether both may be on at once: two brokers of a cluster may be down, one broker not twice."""
    if one.own is None or other.own is None or not (one.own.can_overlap and other.own.can_overlap):
        return False
    return one.kind != other.kind or one.settings != other.settings
