"""All scenarios of SQS, SNS, EventBridge and Lambda, and those that are explained instead of played."""

from __future__ import annotations

from tests.simulator.kinds.aws.scenarios_eventbridge import EVENTBRIDGE
from tests.simulator.kinds.aws.scenarios_lambda import LAMBDA
from tests.simulator.kinds.aws.scenarios_sns import SNS
from tests.simulator.kinds.aws.scenarios_sqs import SQS

ALL = [*SQS, *SNS, *EVENTBRIDGE, *LAMBDA]

#: Scenarios that are not played, with the reason and where it is said.
EXPLAINED = {
    "eventbridge-6": (
        "a FIFO subscriber of the new custom event bus (API eventbridgev2); the kind is the classic bus",
        "aws-eventbridge.md",
        "The new custom event bus of 2026",
    ),
}
#: Scenarios of each service, by number.
NUMBERS = {"sqs": 7, "sns": 6, "eventbridge": 6, "lambda": 7}
