"""The settings of `aws.stepfunctions`: the machine, its quotas, and what its tasks are bound to.

Sources: Step Functions developer guide, *Choosing workflow type*, *Service integration patterns*, *Quotas*.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from simulator.design.distributions import Constant, DurationDistribution
from simulator.design.event_template import ResultTemplate
from simulator.design.fields import Settings, Source, setting

_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg/"
_CREATE = Source(
    "Step Functions API reference, CreateStateMachine",
    "https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html",
)
_QUOTAS = Source("Step Functions developer guide, Quotas", f"{_GUIDE}service-quotas.html")
_PATTERNS = Source(
    "Step Functions developer guide, Service integration patterns",
    f"{_GUIDE}connect-to-resource.html",
)
_REDRIVE = Source(
    "Step Functions developer guide, Restarting state machine executions with redrive",
    f"{_GUIDE}redrive-executions.html",
)
_ACTIVITIES = Source("Step Functions developer guide, Activities", f"{_GUIDE}concepts-activities.html")
_TRANSITION = Source("Headrace's estimate: 20 to 50 ms standard, 5 to 15 ms express")

Type = Literal["STANDARD", "EXPRESS"]
#: StartExecution: tokens of the bucket and tokens that come back a second (Quotas, us-east-1, as recalled).
START_EXECUTION: dict[Type, tuple[float, float]] = {
    "STANDARD": (1_300.0, 300.0),
    "EXPRESS": (6_000.0, 6_000.0),
}
#: State transitions of standard workflows: bucket and refill (the same page). Express has no such quota.
TRANSITIONS: tuple[float, float] = (5_000.0, 5_000.0)
#: Executions of an account and Region that may be open (the same page).
OPEN_EXECUTIONS = 1_000_000
#: Longest execution, seconds (Choosing workflow type).
LONGEST: dict[Type, float] = {"STANDARD": 365 * 86_400.0, "EXPRESS": 300.0}
#: Seconds that entering a state takes, by type; see `transition_time`.
TRANSITION_TIME: dict[Type, float] = {"STANDARD": 0.035, "EXPRESS": 0.01}
#: Seconds after its end for which an execution can be redriven (*Restarting executions with redrive*).
REDRIVABLE = 14 * 86_400.0
#: Workers that may poll for the tasks of one activity (Quotas).
POLLERS = 1_000
#: What a clock shows at simulated time 0, seconds since 1970: 2026-01-01T00:00:00Z.
EPOCH = 1_767_225_600.0

_EXAMPLE: dict[str, JsonValue] = {
    "StartAt": "Work",
    "States": {"Work": {"Type": "Pass", "End": True}},
}


class TokenBucketSettings(Settings):
    """A quota as Step Functions writes it."""

    bucket: float = setting(
        title="Bucket size",
        help="Calls that may come at once.",
        source=_QUOTAS,
        ge=1,
        le=1e9,
        default=1_000.0,
    )
    refill: float = setting(
        title="Refill rate",
        help="Calls a second that may go on coming.",
        unit="calls/s",
        source=_QUOTAS,
        gt=0,
        le=1e9,
        default=1_000.0,
    )


class RedriveSettings(Settings):
    """What becomes of executions that did not succeed."""

    after: DurationDistribution | None = setting(
        None,
        title="After",
        help="How long after its end an execution is redriven by itself, as by a rule of EventBridge. Empty: "
        "only by the action Redrive executions.",
        unit="s",
        widget="distribution",
        source=_REDRIVE,
    )
    attempts: int = setting(
        1,
        title="Attempts",
        help="How often one execution may be redriven; after that, and after 14 days, it is given up.",
        source=_REDRIVE,
        ge=1,
        le=1_000,
    )


class StateMachineSettings(Settings):
    """An AWS Step Functions state machine."""

    type: Type = setting(
        "STANDARD",
        title="Type",
        help="STANDARD: up to a year, history of 25,000 events. EXPRESS: up to 5 minutes, fast and cheap.",
        source=_CREATE,
        alias="type",
    )
    definition: Annotated[dict[str, JsonValue], Field(min_length=1)] = setting(
        title="Definition",
        help="The machine in Amazon States Language, JSONPath or JSONata.",
        source=_CREATE,
        factory=lambda: dict(_EXAMPLE),
    )
    transition_time: DurationDistribution | None = setting(
        None,
        title="Transition time",
        help="Time that entering a state takes; empty: 0.035 s for standard, 0.01 s for express.",
        unit="s",
        widget="distribution",
        source=_TRANSITION,
        advanced=True,
    )
    start_execution_quota: TokenBucketSettings | None = setting(
        None,
        title="StartExecution quota",
        help="Starts above it are refused; empty: 1,300 and 300 a second for standard, 6,000 for express.",
        source=_QUOTAS,
        advanced=True,
    )
    transition_quota: TokenBucketSettings | None = setting(
        None,
        title="State transition quota",
        help="Transitions above it wait; empty: 5,000 and 5,000 a second for standard, none for express.",
        source=_QUOTAS,
        advanced=True,
    )

    redrive: RedriveSettings | None = setting(
        None,
        title="Redrive",
        help="Executions that did not succeed are kept and go on at the state that failed "
        "(RedriveExecution). Empty: they are given up. Standard only.",
        source=_REDRIVE,
        advanced=True,
    )


class TaskSettings(Settings):
    """What a state machine's tasks do at the end of this edge."""

    tasks: Annotated[list[Annotated[str, Field(max_length=2_048)]], Field(max_length=1_000)] = setting(
        title="Tasks",
        help="Which tasks go here: names of states, their Resource, or the function, queue, topic, bus or "
        "machine they name. Empty: those that no other edge has.",
        factory=list,
    )
    result: ResultTemplate = setting(
        title="Result",
        help="What such a task gives, under detail: fields, a list or any other value; values may be "
        "weighted choices or distributions.",
        widget="event",
        factory=dict,
    )
    error: Annotated[str, Field(min_length=1, max_length=256)] = setting(
        "States.TaskFailed",
        title="Error",
        help="Name of the error when the target answers with one or refuses. Throttles and conflicts of "
        "Lambda and DynamoDB have the names of the service.",
    )
    latency: DurationDistribution = setting(
        title="Latency",
        help="From the task to its target; AWS publishes none.",
        unit="s",
        widget="distribution",
        advanced=True,
        factory=lambda: Constant(value=0.0),
    )
    callback_time: DurationDistribution | None = setting(
        None,
        title="Callback time",
        help="With .waitForTaskToken: how long after the hand-over SendTaskSuccess comes. Empty: when the "
        "message has been worked on; what is lost never calls back.",
        unit="s",
        widget="distribution",
        source=_PATTERNS,
        advanced=True,
    )
    callback_failure: float = setting(
        0.0,
        title="Callback failure",
        help="Share of callbacks that are SendTaskFailure.",
        widget="probability",
        source=_PATTERNS,
        advanced=True,
        ge=0,
        le=1,
    )
    heartbeat_interval: float | None = setting(
        None,
        title="Heartbeat interval",
        help="With an activity or .waitForTaskToken: whoever has the task sends SendTaskHeartbeat so often, "
        "until it is done. Empty: never.",
        unit="s",
        source=_PATTERNS,
        advanced=True,
        gt=0,
        le=1e9,
    )
    workers: int = setting(
        1,
        title="Activity workers",
        help="With an activity: workers that poll for its tasks (GetActivityTask), each with one at a time. "
        "Tasks wait until one is free.",
        source=_ACTIVITIES,
        advanced=True,
        ge=1,
        le=POLLERS,
    )
    poll_time: DurationDistribution = setting(
        title="Poll time",
        help="With an activity: from a worker's being free, or a task's coming, to its having the task.",
        unit="s",
        widget="distribution",
        source=_ACTIVITIES,
        advanced=True,
        factory=lambda: Constant(value=0.0),
    )


class RedriveExecutionSettings(Settings):
    """Executions that did not succeed and go on."""

    share: float = setting(
        1.0,
        title="Share",
        help="Share of the kept executions that is redriven, the oldest first.",
        widget="probability",
        gt=0,
        le=1,
    )


class StopExecutionSettings(Settings):
    """Executions that are stopped from outside."""

    share: float = setting(
        1.0,
        title="Share",
        help="Share of the open executions that is stopped.",
        widget="probability",
        gt=0,
        le=1,
    )
