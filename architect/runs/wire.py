"""What travels over a run's socket besides frames: typed unions for both directions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from architect.runs.models import Run

LARGEST_CONFIG = 16_000  # bytes of JSON
MOST_SPEED = 1e9  # simulated seconds per wall second

Speed = Annotated[float, Field(gt=0, le=MOST_SPEED, allow_inf_nan=False)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Ack(_Message):
    """Frames up to `seq` have been dealt with."""

    type: Literal["ack"]
    seq: int = Field(ge=0, le=2**53)


class Control(_Message):
    """A wish that needs no number."""

    type: Literal["pause", "resume", "step", "cancel"]


class SetSpeed(_Message):
    """Simulated seconds per wall second; null is as fast as it goes."""

    type: Literal["speed"]
    speed: Speed | None


class FaultNow(_Message):
    """A fault or action that shall happen now, as in a design's `faults`, without `at`."""

    kind: str = Field(min_length=1, max_length=100)
    node: str = Field(min_length=1, max_length=64)
    duration: float | None = Field(
        None, gt=0, le=1e9, allow_inf_nan=False, description="Simulated seconds; only for what lasts."
    )
    config: dict[str, Any] = Field(default_factory=dict, description="Settings of the fault, if it has any.")

    @field_validator("config")
    @classmethod
    def _of_ordinary_size(cls, config: dict[str, Any]) -> dict[str, Any]:
        if len(orjson.dumps(config, default=str)) > LARGEST_CONFIG:
            raise ValueError(f"the settings are longer than {LARGEST_CONFIG:,} bytes")
        return config

    def as_dict(self) -> dict[str, Any]:
        """Return it as it stands in a design: what was given."""
        return self.model_dump(exclude_unset=True)


class Inject(_Message):
    """A fault now."""

    type: Literal["inject"]
    fault: FaultNow


class Set(_Message):
    """Other settings of a node from now on, such as the rate of a producer: the action `set` of its kind."""

    type: Literal["set"]
    node: str = Field(min_length=1, max_length=64)
    settings: dict[str, Any] = Field(description="By name, such as {rate: 20}.")

    def as_fault(self) -> dict[str, Any]:
        """Return it as it stands in a design."""
        return FaultNow(kind="set", node=self.node, config=self.settings).as_dict()


ClientMessage = Annotated[Ack | Control | SetSpeed | Inject | Set, Field(discriminator="type")]
TYPES = ("ack", "pause", "resume", "step", "speed", "cancel", "inject", "set")
_CLIENT: TypeAdapter[Ack | Control | SetSpeed | Inject | Set] = TypeAdapter(ClientMessage)


class NotJson(ValueError):
    """The text is no JSON object."""


class NotAMessage(ValueError):
    """The object is none of the messages; the text says why in one sentence."""


def read_client_message(text: str) -> Ack | Control | SetSpeed | Inject | Set:
    """Return the typed message; raises NotJson or NotAMessage."""
    try:
        data = orjson.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotJson("This socket takes JSON objects.") from error
    if not isinstance(data, dict):
        raise NotJson("This socket takes JSON objects.")
    try:
        return _CLIENT.validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"].startswith("union_tag"):
            raise NotAMessage(f"type: one of {', '.join(TYPES)} is expected") from error
        field = ".".join(str(part) for part in first["loc"][1:])
        raise NotAMessage(f"{field}: {first['msg']}") from error


def status_of(run: Run, *, is_stalled: bool = False) -> dict[str, Any]:
    """Return the status message of a run."""
    message: dict[str, Any] = {
        "type": "status",
        "status": run.status,
        "progress": run.progress,
        "t": run.t,
        "speed": run.speed,
        "last_seq": run.last_seq,
    }
    if run.reason:
        message["reason"] = run.reason
    if is_stalled:
        message["stalled"] = True
    return message


def error_text(sentence: str) -> str:
    """Return an error message as text."""
    return orjson.dumps({"type": "error", "message": sentence}).decode()


def text_of(message: dict[str, Any]) -> str:
    """Return any message as text."""
    return orjson.dumps(message).decode()


def with_skipped(body: str, first: int, last: int) -> str:
    """Return the text of a frame that says which frames before it were left out."""
    return f'{{"skipped":[{first},{last}],{body[1:]}'
