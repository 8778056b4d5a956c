"""The one sentence of a result that a list of experiments shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def headline_of(result: Mapping[str, Any]) -> str:
    """Return what came out, in one sentence."""
    match result.get("format"):
        case "headrace-comparison/1":
            return _comparison(result)
        case "headrace-sweep/1":
            return _sweep(result)
        case _:
            return str(result.get("statement", ""))


def _comparison(result: Mapping[str, Any]) -> str:
    named = len(result["alternatives"])
    meets = [
        one["name"]
        for one in result["alternatives"]
        if one["status"] == "ok"
        and all(row["judged"].get(one["name"], {}).get("verdict") == "met" for row in result["objectives"])
    ]
    parts = []
    if result["objectives"]:
        parts.append(
            f"{len(meets)} of {named} meet every objective" + (f": {', '.join(meets)}" if meets else "")
        )
    if result["best"]:
        parts.append(str(result["best"]["statement"]).rstrip("."))
    return "; ".join(parts) or f"{named} alternatives, {result['replications']} replications of each"


def _sweep(result: Mapping[str, Any]) -> str:
    points = result["points"]
    growing = sum(point["stability"] == "growing" for point in points)
    met = sum(
        bool(point["objectives"]) and all(one["verdict"] == "met" for one in point["objectives"])
        for point in points
    )
    paths = " × ".join(one["path"] for one in result["varied"])
    parts = [f"{len(points)} points of {paths}"]
    if any(point["objectives"] for point in points):
        parts.append(f"{met} meet every objective")
    if growing:
        parts.append(f"{growing} have no steady state")
    return "; ".join(parts)
