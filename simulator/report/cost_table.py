"""The cost of a design, or of several, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.report.layout import aligned, indented, percent, printable

_NOTHING = "–"
#: Nodes that are shown, those that cost most.
_MOST_NODES = 30


def money(value: float) -> str:
    """An amount with its cents, small ones with three digits."""
    if 0.0 < abs(value) < 0.0005:
        return "< 0.001" if value > 0.0 else "> −0.001"
    return f"{value:,.2f}" if abs(value) >= 0.995 or value == 0.0 else f"{value:.3g}"


def money_text(estimate: dict[str, Any] | None) -> str:
    """An estimate of an amount, with the half-width of its interval in percent."""
    if estimate is None:
        return _NOTHING
    value, ci95 = estimate["mean"], estimate["ci95"]
    if ci95 is None or ci95[0] == ci95[1] or value == 0.0:
        return money(value)
    return f"{money(value)} ±{percent((ci95[1] - ci95[0]) / 2.0 / abs(value))}"


def cost_rows(cost: dict[str, Any]) -> list[list[str]]:
    """A heading, the nodes that cost most by cause, and the sum; empty where nothing in it has a price."""
    month = cost["per_month"]
    if month is None or not any(month["by_node"].values()):
        return []
    causes = list(month["by_cause"])
    rows = [["", *causes, "a month", "per million messages"]]
    million = cost["per_million_messages"]
    shown = set(_costly(cost)[:_MOST_NODES])
    for node in month["by_node"]:
        if node in shown:
            split = {one["cause"]: 0.0 for one in cost["items"]}
            for one in cost["items"]:
                if one["node"] == node:
                    split[one["cause"]] += one["per_month"]
            cells = [money(split[cause]) if split[cause] else "" for cause in causes]
            each = _NOTHING if million is None else money(million["by_node"][node])
            rows.append([printable(node), *cells, money(month["by_node"][node]), each])
    totals = [money(month["by_cause"][cause]) for cause in causes]
    rows.append(["all", *totals, money_text(month), money_text(million)])
    return rows


def cost_table(cost: dict[str, Any]) -> str:
    """What one design costs, by node and by cause; empty where nothing in it has a price."""
    rows = cost_rows(cost)
    if not rows:
        return ""
    return "\n".join([cost_title(cost), indented(aligned(rows)), *map(indented, cost_lines(cost))])


def cost_lines(cost: dict[str, Any]) -> list[str]:
    """What the table leaves out, what has no price, and which prices are doubtful."""
    left_out = len(_costly(cost)) - _MOST_NODES
    more = [f"and {left_out} nodes that cost less"] if left_out > 0 else []
    return more + [line.strip() for line in _statements(cost)]


def _costly(cost: dict[str, Any]) -> list[str]:
    """Nodes that cost anything, the most expensive first."""
    by_node = (cost["per_month"] or {"by_node": {}})["by_node"]
    return sorted((id for id, amount in by_node.items() if amount), key=by_node.get)[::-1]


def costs_rows(costs: Sequence[tuple[str, dict[str, Any]]]) -> list[list[str]]:
    """A heading, and a row by cause for every alternative; empty where nothing has a price."""
    if not any(cost["per_month"] for _, cost in costs):
        return []
    causes = list(
        dict.fromkeys(name for _, cost in costs for name in (cost["per_month"] or {}).get("by_cause", {}))
    )
    rows = [["", *causes, "a month", "per million messages"]]
    for name, cost in costs:
        split = (cost["per_month"] or {}).get("by_cause", {})
        rows.append(
            [
                printable(name),
                *(money(split[cause]) if cause in split else "" for cause in causes),
                money_text(cost["per_month"]),
                money_text(cost["per_million_messages"]),
            ]
        )
    return rows


def costs_table(costs: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """What several alternatives cost."""
    rows = costs_rows(costs)
    if not rows:
        return ""
    return "\n".join([cost_title(costs[0][1]), indented(aligned(rows)), *costs_lines(costs)])


def costs_lines(costs: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    """What has no price in any of them, and which prices are doubtful."""
    return _statements(*(cost for _, cost in costs))


def cost_title(cost: dict[str, Any]) -> str:
    """Currency, date and region of the prices, and the rule by which the window is scaled."""
    dated = f"prices of {cost['prices_dated']}" if cost["prices_dated"] else "prices without a date"
    own = f", {len(cost['own_prices'])} of your own" if cost["own_prices"] else ""
    where = printable(cost["region"])
    return f"Cost in {cost['currency']} ({dated}{own}; {where}; every month like the measured window)"


def _statements(*costs: dict[str, Any]) -> list[str]:
    """What has no price, and which prices are doubtful, over all of them."""
    lines = {printable(f"  {one['statement']}"): None for cost in costs for one in cost["unpriced"]}
    doubtful = {
        one["title"]: None
        for cost in costs
        for one in cost["prices"]
        if one["evidence"] in ("unverified", "conflict")
    }
    if doubtful:
        lines[printable(f"  not verified, check before you rely on it: {', '.join(doubtful)}")] = None
    return list(lines)
