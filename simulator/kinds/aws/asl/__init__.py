"""Amazon States Language: definitions checked and executed.

`execute` runs a machine at once; the kind `aws.stepfunctions` runs the same interpreter in simulated time.
"""

from simulator.kinds.aws.asl.effects import TaskRequest
from simulator.kinds.aws.asl.execution import Execution, Later, execute
from simulator.kinds.aws.asl.failures import MissingTasks, StateFailure
from simulator.kinds.aws.asl.history import Span
from simulator.kinds.aws.asl.validation import Finding, InvalidDefinition, validate

__all__ = [
    "Execution",
    "Finding",
    "InvalidDefinition",
    "Later",
    "MissingTasks",
    "Span",
    "StateFailure",
    "TaskRequest",
    "execute",
    "validate",
]
