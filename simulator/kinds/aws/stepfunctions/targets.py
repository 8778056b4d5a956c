"""What a task does at the end of its edge: it calls a service and waits, or hands a message over.

Source: Step Functions developer guide, *Service integration patterns*: request-response goes on with the
answer of the call, .sync when the job is done, .waitForTaskToken when somebody sends the token back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from simulator.engine.environment import Activity
from simulator.engine.message import Journey, Message
from simulator.engine.node import Acceptor
from simulator.engine.payload import Event
from simulator.engine.request import Caller, Responder
from simulator.kinds.aws.asl.effects import TaskRequest
from simulator.kinds.aws.asl.failures import StateFailure
from simulator.kinds.aws.asl.runner import Answer, Cancel
from simulator.kinds.aws.asl.tasks import is_activity
from simulator.kinds.aws.stepfunctions.activity import Activity as ActivityLine
from simulator.kinds.aws.stepfunctions.settings import TaskSettings
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.engine.link import Link
    from simulator.engine.request import InvokeEdge
    from simulator.engine.world import World


class Later(Activity):
    """A call that is due at a simulated time, unless it was called off."""

    __slots__ = ("_run",)

    def __init__(self, run: Callable[[], None]) -> None:
        self._run: Callable[[], None] | None = run

    def cancel(self) -> None:
        """Nothing happens when the time comes."""
        self._run = None

    def occur(self, now: float) -> None:
        run, self._run = self._run, None
        if run is not None:
            run()


class Target:
    """One edge of a state machine, with what its tasks do there.

    Args:
        edge: the edge.
    """

    def __init__(self, world: World, edge: Edge) -> None:
        settings = edge.settings
        assert isinstance(settings, TaskSettings)
        self.id = edge.id
        self.settings = settings
        self.env = world.env
        self.latency = world.draws(settings.latency, edge.id, "latency")
        self._result = (
            world.event_draws(settings.result, f"{edge.id}:result", is_result=True)
            if settings.result
            else None
        )
        self._callback_time = (
            None
            if settings.callback_time is None
            else world.draws(settings.callback_time, edge.id, "callback time")
        )
        self._uniform = world.uniform(edge.id, "callback failure")
        self.calls = 0
        self.failures = 0
        self.task_time = Tally()

    def begin(self, request: TaskRequest, origin: Message, reply: Answer) -> Cancel | None:
        """Do a task after the latency of the call; returns how to call it off."""
        self.calls += 1
        return self.after(self.latency(), lambda: self.perform(request, origin, reply))

    def after(self, delay: float, run: Callable[[], None]) -> Cancel | None:
        """Do it after some seconds, or at once; returns how to call it off."""
        if delay <= 0.0:
            run()
            return None
        return self.later(delay, run)

    def later(self, delay: float, run: Callable[[], None]) -> Cancel:
        """Do it after some seconds, and not within what is being done now."""
        later = Later(run)
        self.env.at(self.env._now + delay, later)
        return later.cancel

    def keep_alive(self, reply: Answer) -> None:
        """Whoever has the task sends SendTaskHeartbeat from now on, until it is answered."""
        interval = self.settings.heartbeat_interval
        if interval is not None:
            self.env.at(self.env._now + interval, Later(lambda: self._beat(reply)))

    def _beat(self, reply: Answer) -> None:
        if reply.is_open:
            reply.heartbeat()
            self.keep_alive(reply)

    def perform(self, request: TaskRequest, origin: Message, reply: Answer) -> None:
        """The call is at its target."""
        raise NotImplementedError

    def result(self, request: TaskRequest) -> Any:
        """What the task gives: the result of the edge, in the form of the service."""
        detail: Any = {} if self._result is None else self._result().detail
        if ":lambda:invoke" in request.resource and request.pattern != "waitForTaskToken":
            return {"ExecutedVersion": "$LATEST", "Payload": detail, "StatusCode": 200}
        return detail

    def failure(self, cause: str) -> StateFailure:
        """The failure of a task, with the error of the edge."""
        self.failures += 1
        return StateFailure(self.settings.error, cause, is_placed=True)

    def await_callback(self, request: TaskRequest, reply: Answer) -> None:
        """Somebody will send the token back after the callback time of the edge."""
        assert self._callback_time is not None
        self.env.at(self.env._now + self._callback_time(), Later(lambda: self.called_back(request, reply)))

    def called_back(self, request: TaskRequest, reply: Answer) -> None:
        """The token is back."""
        share = self.settings.callback_failure
        if share > 0.0 and self._uniform() < share:
            reply.fail(self.failure("SendTaskFailure"))
        else:
            reply.succeed(self.result(request))

    @property
    def has_callback_time(self) -> bool:
        """Whether callbacks come after a time, and not when the message has been worked on."""
        return self._callback_time is not None

    def counts(self) -> dict[str, int]:
        """What happened on this edge."""
        return {"task_calls": self.calls, "task_failures": self.failures}


class ServiceTarget(Target):
    """A service that is invoked: the task waits for its answer."""

    def __init__(self, world: World, edge: Edge) -> None:
        super().__init__(world, edge)
        self._edge: InvokeEdge = world.invoke_edge(edge)
        self._poll_time = world.draws(self.settings.poll_time, edge.id, "poll time")
        #: By Resource.
        self._activities: dict[str, ActivityLine] = {}
        self.schedule_time = Tally()

    def begin(self, request: TaskRequest, origin: Message, reply: Answer) -> Cancel | None:
        if not is_activity(request.resource):
            return super().begin(request, origin, reply)
        self.calls += 1
        activity = self._activities.get(request.resource)
        if activity is None:
            activity = self._activities[request.resource] = ActivityLine(
                self, self.settings.workers, self._poll_time, self.schedule_time
            )
        return activity.schedule(request, origin, reply)

    def work(self, request: TaskRequest, origin: Message, reply: Answer, free: Callable[[], None]) -> None:
        """A worker does the task; `free` is called when it has reported."""
        self.keep_alive(reply)
        self.after(self.latency(), lambda: self.perform(request, origin, reply, free))

    def perform(
        self, request: TaskRequest, origin: Message, reply: Answer, free: Callable[[], None] | None = None
    ) -> None:
        target = self._edge.target
        call = _Call(self, request, reply, free)
        message = made_from(origin, request)
        if request.pattern == "sync" and isinstance(target, Startable):
            self._edge.total += 1
            target.start_execution(message, call, is_waiting=True)
        else:
            self._edge.request(message, call)


class Startable(Responder):
    """A state machine as the task of another: it can be waited for, or only started."""

    def start_execution(self, message: Message, caller: Caller, *, is_waiting: bool) -> None:
        """Start an execution; `caller` gets an answer at its end, or at once."""
        raise NotImplementedError


class _Call(Caller):
    """The task that waits for a service."""

    __slots__ = ("_free", "_reply", "_request", "_target")

    def __init__(
        self, target: Target, request: TaskRequest, reply: Answer, free: Callable[[], None] | None
    ) -> None:
        self._target = target
        self._request = request
        self._reply = reply
        self._free = free

    def answer(self, now: float, ok: bool) -> None:
        self._report(ok)
        if self._free is not None:
            self._free()

    def refused(self, now: float, error: str) -> None:
        self._target.failures += 1
        self._reply.fail(StateFailure(error, f"{self._target.id} was refused", is_placed=True))
        if self._free is not None:
            self._free()

    def _report(self, ok: bool) -> None:
        target = self._target
        if not ok:
            self._reply.fail(target.failure(f"{target.id} was answered with an error"))
        elif self._request.pattern != "waitForTaskToken":
            self._reply.succeed(target.result(self._request))
        elif target.has_callback_time:
            target.keep_alive(self._reply)
            target.await_callback(self._request, self._reply)
        else:
            target.called_back(self._request, self._reply)


class BrokerTarget(Target):
    """A queue, topic or bus: the task hands a message over."""

    def __init__(self, world: World, edge: Edge) -> None:
        super().__init__(world, edge)
        self._link: Link = world.link(edge)

    def perform(self, request: TaskRequest, origin: Message, reply: Answer) -> None:
        message = made_from(origin, request)
        target: Acceptor = self._link.target
        waits = request.pattern == "waitForTaskToken"
        if waits and not self.has_callback_time:
            message.journey = Journey(lambda: self._worked_on(message, request, reply))
        elif origin.journey is not None:
            message.journey = origin.journey
            origin.journey.open_copies += 1
        self._link.total += 1
        if not target.accept(message):
            if not waits:
                message.end()
            message.journey = None
            reply.fail(self.failure(f"{target.id} refused the message"))
        elif not waits:
            reply.succeed(self.result(request))
        else:
            self.keep_alive(reply)
            if self.has_callback_time:
                self.await_callback(request, reply)

    def _worked_on(self, message: Message, request: TaskRequest, reply: Answer) -> None:
        """Nothing follows from the message any more; a queue that has lost it calls nobody back."""
        if message.processed or self._link.target.category != "queue":
            self.called_back(request, reply)


def made_from(origin: Message, request: TaskRequest) -> Message:
    """The message of a task, with what the task says; it begins no journey of its own."""
    message = origin.offspring()
    message.duplicate = origin.duplicate
    message.event = event_of(request.arguments)
    return message


def event_of(arguments: Any) -> Event:
    """What the arguments of a task say as an event: the entry of putEvents, the text of sendMessage and
    publish.
    """
    given: Mapping[str, Any] = arguments if isinstance(arguments, Mapping) else {"value": arguments}
    entries = given.get("Entries")
    if isinstance(entries, list) and entries and isinstance(entries[0], Mapping):
        entry = entries[0]
        return Event(
            str(entry.get("Source", "")), str(entry.get("DetailType", "")), _object(entry.get("Detail"))
        )
    for name in ("MessageBody", "Message", "Payload"):
        if name in given:
            attributes = given.get("MessageAttributes")
            return Event("", "", _object(given[name]), _attributes(attributes))
    return Event("", "", dict(given))


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {"value": value}
    return dict(value) if isinstance(value, Mapping) else {"value": value}


def _attributes(given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        return {}
    return {
        name: one["StringValue"]
        for name, one in given.items()
        if isinstance(one, Mapping) and isinstance(one.get("StringValue"), str)
    }
