"""Which fields each type of state has, in each query language.

Source: Amazon States Language specification, table of fields by state type; Step Functions developer guide,
*Transforming data with JSONata in Step Functions* and *Map workflow state*.
"""

from __future__ import annotations

TYPES = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
#: Types that go on by Next or end by End.
MOVING = frozenset({"Task", "Pass", "Wait", "Parallel", "Map"})

_COMMON = {"Type", "Comment", "QueryLanguage"}
_MOVES = {"Next", "End", "Assign"}
_HANDLES = {"Retry", "Catch"}
_PATHS = {"InputPath", "OutputPath"}
_RESULTS = {"Parameters", "ResultSelector", "ResultPath"}

#: Fields of both languages.
SHARED: dict[str, frozenset[str]] = {
    "Task": frozenset(
        _COMMON | _MOVES | _HANDLES | {"Resource", "TimeoutSeconds", "HeartbeatSeconds", "Credentials"}
    ),
    "Pass": frozenset(_COMMON | _MOVES),
    "Choice": frozenset(_COMMON | {"Choices", "Default", "Assign"}),
    "Wait": frozenset(_COMMON | _MOVES | {"Seconds", "Timestamp"}),
    "Succeed": frozenset(_COMMON),
    "Fail": frozenset(_COMMON | {"Error", "Cause"}),
    "Parallel": frozenset(_COMMON | _MOVES | _HANDLES | {"Branches"}),
    "Map": frozenset(
        _COMMON
        | _MOVES
        | _HANDLES
        | {"ItemProcessor", "Iterator", "ItemSelector", "MaxConcurrency", "Label"}
        | {"ItemReader", "ItemBatcher", "ResultWriter", "ToleratedFailureCount", "ToleratedFailurePercentage"}
    ),
}
#: Fields that only JSONPath states have.
JSONPATH: dict[str, frozenset[str]] = {
    "Task": frozenset(_PATHS | _RESULTS | {"TimeoutSecondsPath", "HeartbeatSecondsPath"}),
    "Pass": frozenset(_PATHS | {"Parameters", "Result", "ResultPath"}),
    "Choice": frozenset(_PATHS),
    "Wait": frozenset(_PATHS | {"SecondsPath", "TimestampPath"}),
    "Succeed": frozenset(_PATHS),
    "Fail": frozenset({"ErrorPath", "CausePath"}),
    "Parallel": frozenset(_PATHS | _RESULTS),
    "Map": frozenset(
        _PATHS
        | _RESULTS
        | {"ItemsPath", "MaxConcurrencyPath", "ToleratedFailureCountPath", "ToleratedFailurePercentagePath"}
    ),
}
#: Fields that only JSONata states have.
JSONATA: dict[str, frozenset[str]] = {
    "Task": frozenset({"Arguments", "Output"}),
    "Pass": frozenset({"Output"}),
    "Choice": frozenset({"Output"}),
    "Wait": frozenset({"Output"}),
    "Succeed": frozenset({"Output"}),
    "Fail": frozenset(),
    "Parallel": frozenset({"Arguments", "Output"}),
    "Map": frozenset({"Items", "Output"}),
}
#: Every field that some state has.
KNOWN = frozenset().union(*SHARED.values(), *JSONPATH.values(), *JSONATA.values())
