"""The `cost` of a result: what the design would cost a month if every month were like the measured window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulator.experiments.statistics import over_replications
from simulator.kinds.catalogue import KINDS
from simulator.kinds.cost import Cause, CostItem, NoPrice, Usage
from simulator.measurement.slices import Recording
from simulator.pricing.prices import PriceLine, PriceList, price_list

if TYPE_CHECKING:
    from simulator.design.document import Document

#: Node, cause and name of the price line.
Key = tuple[str, Cause, str]


@dataclass(slots=True)
class Bill:
    """What one replication says.

    Args:
        amounts: units a month.
        costs: of these, after free units and volume tiers.
        messages: that the producers make a month.
        unpriced: what has no price, by node.
    """

    amounts: dict[Key, float] = field(default_factory=dict)
    costs: dict[Key, float] = field(default_factory=dict)
    messages: float = 0.0
    unpriced: dict[str, list[str]] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """All of it."""
        return sum(self.costs.values())


def cost_section(
    document: Document, recordings: Sequence[Recording], firsts: Mapping[str, int]
) -> dict[str, Any]:
    """The cost as plain data, with the prices it is made of and what has none.

    The estimate is the mean of the costs of the replications; one replication has no interval.

    Args:
        firsts: slice at which measuring begins, by node.
    """
    prices = price_list(document.pricing)
    bills = [_bill(document, recording, firsts, prices) for recording in recordings]
    keys = list(dict.fromkeys(key for bill in bills for key in bill.amounts))
    unpriced: dict[str, list[str]] = {}
    for node, reasons in bills[0].unpriced.items():
        for reason in reasons:
            unpriced.setdefault(reason, []).append(node)
    is_known = bool(keys) or not unpriced
    free = [node.id for node in document.nodes if node.id not in bills[0].unpriced]
    per_million = None
    if is_known and all(bill.messages > 0.0 for bill in bills):
        per_million = _split(bills, [1e6 / bill.messages for bill in bills], keys, free)
    return {
        "currency": prices.currency,
        "region": prices.region,
        "prices_dated": prices.dated,
        "own_prices": sorted(prices.own & {line for _, _, line in keys}),
        "free_tier": prices.free_tier,
        "per_month": _split(bills, [1.0] * len(bills), keys, free) if is_known else None,
        "per_million_messages": per_million,
        "messages_per_month": sum(bill.messages for bill in bills) / len(bills),
        "items": [_item(key, bills) for key in keys],
        "prices": [_line(name, prices.lines[name]) for name in dict.fromkeys(line for _, _, line in keys)],
        "unpriced": [
            {"nodes": nodes, "statement": f"no price for {', '.join(nodes)}: {reason}"}
            for reason, nodes in unpriced.items()
        ],
    }


def _bill(document: Document, recording: Recording, firsts: Mapping[str, int], prices: PriceList) -> Bill:
    bill = Bill()
    for node in document.nodes:
        usage = Usage(document, node.id, recording, firsts[node.id])
        if node.kind == "producer":
            bill.messages += usage.count("arrivals")
        kind = KINDS[node.kind].cost
        if kind is None:
            bill.unpriced[node.id] = [f"the kind {node.kind} says nothing about its cost"]
            continue
        for found in kind(usage):
            reason = _why_not(found, prices)
            if reason is None and isinstance(found, CostItem):
                key = (node.id, found.cause, found.price)
                bill.amounts[key] = bill.amounts.get(key, 0.0) + found.amount
            elif reason is not None and reason not in bill.unpriced.setdefault(node.id, []):
                bill.unpriced[node.id].append(reason)
    bill.costs = _costs(bill.amounts, prices)
    return bill


def _why_not(found: CostItem | NoPrice, prices: PriceList) -> str | None:
    if isinstance(found, NoPrice):
        return found.reason
    if found.price in prices.lines:
        return None
    return f"the prices have no line {found.price} (add it with --prices, or under pricing.lines)"


def _costs(amounts: Mapping[Key, float], prices: PriceList) -> dict[Key, float]:
    """Free units and tiers are of the account: each item takes part in them by its amount."""
    by_line: defaultdict[str, float] = defaultdict(float)
    by_pool: defaultdict[str, float] = defaultdict(float)
    for (_, _, name), amount in amounts.items():
        by_line[name] += amount
    for name, amount in by_line.items():
        by_pool[prices.lines[name].pool or name] += amount
    rates = {}
    for name, amount in by_line.items():
        line = prices.lines[name]
        pooled = by_pool[line.pool or name]
        free = min(1.0, line.free / pooled) if prices.free_tier and pooled > 0.0 else 0.0
        rates[name] = line.cost(amount * (1.0 - free)) / amount if amount > 0.0 else 0.0
    return {key: amount * rates[key[2]] for key, amount in amounts.items()}


def _split(
    bills: Sequence[Bill], factors: Sequence[float], keys: Iterable[Key], free: Sequence[str]
) -> dict[str, Any]:
    """An estimate of the total, and the means by node and by cause."""
    by_node: dict[str, float] = dict.fromkeys(free, 0.0)
    by_cause: dict[str, float] = {}
    for key in keys:
        mean = sum(
            bill.costs.get(key, 0.0) * factor for bill, factor in zip(bills, factors, strict=True)
        ) / len(bills)
        by_node[key[0]] = by_node.get(key[0], 0.0) + mean
        if mean:
            by_cause[key[1]] = by_cause.get(key[1], 0.0) + mean
    totals = [bill.total * factor for bill, factor in zip(bills, factors, strict=True)]
    estimate = over_replications(totals).as_dict()
    return {**estimate, "runs": totals, "by_node": by_node, "by_cause": by_cause}


def _item(key: Key, bills: Sequence[Bill]) -> dict[str, Any]:
    node, cause, line = key
    return {
        "node": node,
        "cause": cause,
        "price": line,
        "amount": sum(bill.amounts.get(key, 0.0) for bill in bills) / len(bills),
        "per_month": sum(bill.costs.get(key, 0.0) for bill in bills) / len(bills),
    }


def _line(name: str, line: PriceLine) -> dict[str, Any]:
    return {"name": name, **line.model_dump(mode="json")}
