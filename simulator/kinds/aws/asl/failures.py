"""Failures of a state: an error name and a cause, and which of them Retry and Catch may see.

Source: Step Functions developer guide, *Handling errors in Step Functions workflows*; texts of causes as the
service's execution histories have them.
"""

from __future__ import annotations

from simulator.errors import HeadraceError

ALL = "States.ALL"
DATA_LIMIT = "States.DataLimitExceeded"
THRESHOLD = "States.ExceedToleratedFailureThreshold"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
INTRINSIC_FAILURE = "States.IntrinsicFailure"
ITEM_READER_FAILED = "States.ItemReaderFailed"
NO_CHOICE = "States.NoChoiceMatched"
QUERY_EVALUATION = "States.QueryEvaluationError"
RESULT_PATH_MATCH = "States.ResultPathMatchFailure"
RESULT_WRITER_FAILED = "States.ResultWriterFailed"
RUNTIME = "States.Runtime"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"


class StateFailure(Exception):
    """A state, a branch or a whole execution failed.

    Args:
        error: error name, None where a Fail state gives none.
        cause: what happened, for people.
        is_placed: whether the cause already says where it happened, or comes from outside (a task, a Fail
            state).
        alias: a second error name that Retry and Catch know this failure by.
    """

    def __init__(
        self, error: str | None, cause: str | None, *, is_placed: bool = False, alias: str | None = None
    ) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
        self.is_placed = is_placed
        self.alias = alias

    def place(self, state: str, event_id: int) -> None:
        """Say in the cause which state it happened in, once."""
        if not self.is_placed:
            where = f"while executing the state '{state}' (entered at the event id #{event_id})"
            self.cause = f"An error occurred {where}. {self.cause}"
            self.is_placed = True

    def matches(self, names: list[str]) -> bool:
        """Whether a Retry or Catch with these `ErrorEquals` sees the failure.

        `States.Runtime` always fails the execution; `States.ALL` does not take `States.DataLimitExceeded`,
        and `States.TaskFailed` takes every error but `States.Timeout`.
        """
        if self.error == RUNTIME:
            return False
        if self.error in names or (self.alias is not None and self.alias in names):
            return True
        if self.error == DATA_LIMIT:
            return False
        return ALL in names or (TASK_FAILED in names and self.error != TIMEOUT)

    def output(self) -> dict[str, str]:
        """What a Catch gets: Error and Cause, each only if there is one."""
        parts = {"Error": self.error, "Cause": self.cause}
        return {name: text for name, text in parts.items() if text is not None}


class MissingTasks(HeadraceError):
    """A machine calls a task, but nothing was given that answers it."""
