"""What a function is billed for (AWS Lambda pricing): requests, duration, provisioned concurrency."""

from __future__ import annotations

from math import ceil

from simulator.kinds.aws.lambda_function.settings import FunctionSettings
from simulator.kinds.cost import MONTH, CostItem, NoPrice, Usage

#: Bytes of an asynchronous event that are one request, and of each further one.
FIRST_CHUNK, FURTHER_CHUNK = 262_144, 65_536


def cost_items(usage: Usage) -> list[CostItem | NoPrice]:
    """Requests and GB-seconds; those of provisioned environments have prices of their own."""
    settings = usage.settings
    assert isinstance(settings, FunctionSettings)
    arm = ".arm" if settings.architecture == "arm64" else ""
    gigabytes = settings.memory_size / 1_024.0
    events = usage.count("events_accepted")
    further = max(0, ceil((usage.size - FIRST_CHUNK) / FURTHER_CHUNK))
    retries = usage.count("event_retries")
    found: list[CostItem | NoPrice] = [
        CostItem("aws.lambda.requests", "requests", usage.count("invocations") - retries),
        CostItem("aws.lambda.requests", "retries", retries),
        CostItem("aws.lambda.requests", "payload chunks", events * further),
        CostItem(f"aws.lambda.duration{arm}", "compute", usage.count("billed_ms") / 1_000.0 * gigabytes),
    ]
    if settings.provisioned_concurrency:
        found += [
            CostItem(
                f"aws.lambda.provisioned_duration{arm}",
                "compute",
                usage.count("billed_provisioned_ms") / 1_000.0 * gigabytes,
            ),
            CostItem(
                f"aws.lambda.provisioned{arm}",
                "idle hours",
                settings.provisioned_concurrency * gigabytes * MONTH,
            ),
        ]
    return found
