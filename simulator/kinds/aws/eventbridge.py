"""`aws.eventbridge`: an Amazon EventBridge event bus (classic), its rules and their targets.

PutEvents -> accepted -> held to every enabled rule -> one invocation for each target of each rule that
matches -> delivered, or tried again, or given up. The bus counts an event once, when it has been matched; its
deliveries stand in the ledgers of the targets.
Sources: Amazon EventBridge user guide and API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.engine.message import Message
from simulator.engine.node import Acceptor
from simulator.engine.payload import Event
from simulator.engine.request import Responder
from simulator.engine.world import World
from simulator.kinds.aws.event_archive import DAY, MOST_REPLAYS, EventArchive, Replay, shuffled
from simulator.kinds.aws.event_input import input_of
from simulator.kinds.aws.event_patterns import Matcher, compile_pattern, leaves_of
from simulator.kinds.aws.eventbridge_checks import check
from simulator.kinds.aws.eventbridge_cost import cost_items
from simulator.kinds.aws.eventbridge_rules import is_enabled, pattern_of, rules_of, target_of
from simulator.kinds.aws.eventbridge_settings import (
    INVOCATIONS,
    PUT_EVENTS,
    BusSettings,
    PutEventsSettings,
    ReplaySettings,
    RuleTargetSettings,
    TargetDeadLetterSettings,
    TargetRefusalSettings,
)
from simulator.kinds.aws.eventbridge_share import share
from simulator.kinds.aws.eventbridge_targets import Delivery, HttpTarget, RuleTarget
from simulator.kinds.aws.eventbridge_trial import TRIAL
from simulator.kinds.aws.put_events import FromBus, PutEvents
from simulator.kinds.aws.second_quota import SecondQuota
from simulator.kinds.kind import FaultKind, Kind
from simulator.measurement.level import Level
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.document import Edge

#: Largest PutEvents request, bytes (API reference, PutEvents).
LARGEST_REQUEST = 1_048_576
#: An event is billed once for each chunk of this many bytes (Amazon EventBridge pricing).
CHUNK = 65_536
#: Rows of inner state in a frame.
MOST_ROWS = 50

_NO_PAYLOAD = Event("", "", {})


class _Rule:
    """A rule: its pattern and its targets."""

    __slots__ = ("matched", "matcher", "name", "targets")

    def __init__(self, name: str, matcher: Matcher | None) -> None:
        self.name = name
        #: None matches every event.
        self.matcher = matcher
        self.targets: list[RuleTarget] = []
        self.matched = 0


class _Plan:
    """What happens to events with one payload: found once."""

    __slots__ = ("is_archived", "near", "rules", "targets")

    def __init__(self, rules: list[_Rule], is_archived: bool) -> None:
        self.rules = rules
        self.targets = [target for rule in rules for target in rule.targets]
        #: Those that are not buses: where an event may go that has come from a bus.
        self.near = [target for target in self.targets if not isinstance(target.target, FromBus)]
        self.is_archived = is_archived


class EventBus(Acceptor):
    """A bus: at least once to every target of every rule that matches, in no order."""

    category = "bus"

    def __init__(self, world: World, id: str, settings: BusSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self._world = world
        self._incoming: dict[str, Edge] = {edge.id: edge for edge in world.document.edges_into(id)}
        self._rules: list[_Rule] = []
        self._targets: list[RuleTarget] = []
        self._senders: list[PutEvents] = []
        #: Calls and invocations of the account, shared by the buses of a Region (see `start`).
        self.put_events = SecondQuota(settings.put_events_quota or PUT_EVENTS[settings.region])
        self.invocations = SecondQuota(settings.invocations_quota or INVOCATIONS[settings.region])
        self.archive: EventArchive | None = None
        self._archived: Matcher | None = None
        if settings.archive is not None:
            self.archive = EventArchive(id, settings.archive.retention_days * DAY)
            if settings.archive.event_pattern is not None:
                self._archived = compile_pattern(settings.archive.event_pattern)
        self._order = world.uniform(id, "replay order")
        self.is_out = False
        #: Deliveries that came due in an outage.
        self.held: list[Delivery] = []
        #: Deliveries that wait for their next try.
        self.queue_length = Level()
        self.matched = 0
        self.unmatched = 0
        self.not_forwarded = 0
        self.throttled = 0
        self.delayed_invocations = 0
        self.billed_requests = 0
        self.archived = 0
        self.replayed = 0
        self._replays = 0

    def entrance(self, edge: str) -> Acceptor:
        found = self._incoming[edge]
        sender = self._world.document.node(found.source).kind
        if sender == KIND.kind:
            return FromBus(self, edge)
        entries, attempts = 1, 3
        if isinstance(found.settings, PutEventsSettings):
            entries, attempts = found.settings.entries, found.settings.max_attempts
        if sender in ("aws.pipe", "aws.scheduler"):
            # A pipe leaves what was not taken at its source, which delivers it again; the scheduler has
            # retries of its own.
            attempts = 1
        made = PutEvents(self._world, self, edge, entries=entries, max_attempts=attempts)
        self._senders.append(made)
        return made

    def connect(self, world: World) -> None:
        by_edge: dict[str, RuleTarget] = {}
        for name, edges in rules_of(world.document, self.id).items():
            pattern = pattern_of(edges)
            rule = _Rule(name, None if pattern is None else compile_pattern(pattern))
            for edge in edges:
                target = by_edge[edge.id] = self._target(world, edge, name)
                world.links.append(target)
                self._targets.append(target)
                rule.targets.append(target)
            if is_enabled(edges):
                self._rules.append(rule)
        for edge in world.edges_from(self.id, "dead-letter"):
            settings = edge.settings
            assert isinstance(settings, TargetDeadLetterSettings)
            link = world.dead_letter_link(edge)
            if settings.target:
                by_edge[settings.target].dead_letter = link
            else:
                for target in self._targets:
                    if target.dead_letter is None:
                        target.dead_letter = link

    def _target(self, world: World, edge: Edge, rule: str) -> RuleTarget:
        found = world.node(edge.target, Acceptor).entrance(edge.id)
        given = input_of(target_of(edge), rule)
        if isinstance(found, Responder):
            return HttpTarget(world, self, edge, found, given)
        longest = getattr(world.document.node(edge.target).config, "maximum_message_size", None)
        return RuleTarget(world, self, edge, found, longest, given)

    def start(self) -> None:
        """The buses of a Region share the quotas of the first of them that was drawn."""
        for node in self._world.nodes.values():
            if isinstance(node, EventBus) and node.settings.region == self.settings.region:
                self.put_events, self.invocations = node.put_events, node.invocations
                return

    # -- events ----------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        """One entry of a PutEvents call that the quota has let through."""
        return self._publish(message, is_forwarded=False)

    def accept_forwarded(self, message: Message) -> bool:
        """An event from a rule of another bus: rules of this bus do not send it to a third one."""
        if self.is_out:
            return self._refuse(message)
        return self._publish(message, is_forwarded=True)

    def _publish(self, message: Message, *, is_forwarded: bool) -> bool:
        size = message.size
        if size > LARGEST_REQUEST:
            self.rejected += 1
            return False
        self.accepted += 1
        self.delivered += 1
        self.billed_requests += 1 if size <= CHUNK else int(-(-size // CHUNK))
        event = message.event
        if event is None:
            event = _NO_PAYLOAD
        plan: _Plan | None = event.memo.get(self)
        if plan is None:
            plan = event.memo[self] = self._plan(event, None)
        now = self.env._now
        if plan.is_archived and self.archive is not None:
            self.archived += 1
            self.archive.keep(message, now)
        targets = plan.targets
        if is_forwarded:
            self.not_forwarded += len(targets) - len(plan.near)
            targets = plan.near
        self._send(message, event, plan, targets, now)
        return True

    def _send(
        self, message: Message, event: Event, plan: _Plan, targets: list[RuleTarget], now: float
    ) -> None:
        if plan.rules:
            self.matched += 1
            for rule in plan.rules:
                rule.matched += 1
        else:
            self.unmatched += 1
        if not targets:
            message.end()
            return
        for target in targets[:-1]:
            target.carry(message.copy(), event, now)
        targets[-1].carry(message, event, now)

    def _plan(self, event: Event, replay: Replay | None) -> _Plan:
        """The rules that match, and whether the archive keeps the event."""
        data = event.as_eventbridge(region=self.settings.region)
        if replay is not None:
            data["replay-name"] = replay.name
        leaves = leaves_of(data)
        rules = [
            rule
            for rule in self._rules
            if (replay is None or not replay.rules or rule.name in replay.rules)
            and (rule.matcher is None or rule.matcher.matches(leaves))
        ]
        is_archived = self.archive is not None and replay is None
        if is_archived and self._archived is not None:
            is_archived = self._archived.matches(leaves)
        return _Plan(rules, is_archived)

    def invoke_at(self, now: float) -> float:
        """When the invocations quota lets one more invocation through."""
        due = self.invocations.reserve(now)
        if due > now:
            self.delayed_invocations += 1
        return due

    # -- replay ----------------------------------------------------------------------------------
    def accept_replayed(self, message: Message, event: Event | None, replay: Replay) -> None:
        """An event of the archive comes again."""
        before = _NO_PAYLOAD if event is None else event
        again: Event | None = before.memo.get((self, "replay", replay.name))
        if again is None:
            attributes = {**before.attributes, "replay-name": replay.name}
            again = Event(before.source, before.type, before.detail, attributes)
            before.memo[self, "replay", replay.name] = again
        message.event = again
        if self.is_out:
            self.rejected += 1
            self.lose(message)
            return
        plan: _Plan | None = again.memo.get((self, replay.rules))
        if plan is None:
            plan = again.memo[self, replay.rules] = self._plan(again, replay)
        self.accepted += 1
        self.delivered += 1
        self.replayed += 1
        self._send(message, again, plan, plan.targets, self.env._now)

    def replay_ends(self) -> None:
        """A replay has brought its last event."""
        self._replays -= 1

    def _replay(self, settings: ReplaySettings) -> None:
        now = self.env._now
        if self.archive is None:
            self._world.note("replay", self.id, f"{self.id} has no archive: nothing is replayed")
        elif self._replays >= MOST_REPLAYS:
            self._world.note(
                "replay", self.id, f"{MOST_REPLAYS} replays run: {settings.replay_name} is refused"
            )
        else:
            self._replays += 1
            end = now if settings.end is None else settings.end
            numbers = shuffled(self.archive.window(settings.start, end, now), self._order)
            rate = settings.rate or self.put_events.rate
            self.env.at(now, Replay(self, self.archive, settings, numbers, rate))

    # -- faults and actions ----------------------------------------------------------------------
    def strike(self, fault: str, settings: Any) -> None:
        if fault == "replay":
            self._replay(settings)
        else:
            self._refuse_targets(settings, settings.error_code.lower())

    def lift(self, fault: str, settings: Any) -> None:
        self._refuse_targets(settings, None)

    def _refuse_targets(self, settings: TargetRefusalSettings, reason: str | None) -> None:
        for target in self._targets:
            if settings.target in ("", target.id):
                target.refusal = reason

    def fail(self) -> None:
        """An outage begins: PutEvents is refused, deliveries wait."""
        super().fail()
        self.is_out = True

    def recover(self) -> None:
        super().recover()
        self.is_out = False
        held, self.held = self.held, []
        for delivery in held:
            self.env.at(self.env._now, delivery)

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        held = sum([sender.held for sender in self._senders])
        return held + sum([target.in_transit - target.in_flight() for target in self._targets])

    def in_flight(self) -> int:
        return sum([target.in_flight() for target in self._targets])

    def ledger(self) -> dict[str, int]:
        """Of events; their deliveries stand in the ledgers of the targets."""
        return {**super().ledger(), "waiting": 0, "in_flight": 0}

    def ledgers(self) -> dict[str, dict[str, int]]:
        found = super().ledgers()
        found.update({f"{self.id}:{target.id}": target.ledger() for target in self._targets})
        found.update({sender.id: sender.ledger() for sender in self._senders if sender.accepted})
        return found

    def counts(self) -> dict[str, int]:
        targets = self._targets
        found = {
            **super().counts(),
            "dead_lettered": sum(target.dead_lettered for target in targets),
            "dropped": sum(target.dropped for target in targets),
            "matched": self.matched,
            "unmatched": self.unmatched,
            "throttled": self.throttled,
            "delayed_invocations": self.delayed_invocations,
            "delivery_retries": sum(target.retries for target in targets),
            "not_forwarded": self.not_forwarded,
            "billed_requests": self.billed_requests,
        }
        if self.archive is not None:
            found |= {"archived": self.archived, "replayed": self.replayed}
        return found

    def edge_counts(self) -> dict[str, dict[str, int]]:
        return {target.id: target.counts() for target in self._targets}

    def levels(self) -> dict[str, Level]:
        return {"queue_length": self.queue_length}

    def tallies(self) -> dict[str, list[Tally]]:
        found = [target.delivery_latency for target in self._targets]
        return {"delivery_latency": found} if found else {}

    def detail(self) -> dict[str, Any]:
        rows = [
            {
                "rule": rule.name,
                "matched": rule.matched,
                "waiting": sum(target.in_transit for target in rule.targets),
                "targets": [target.id for target in rule.targets],
                # None is not shown: most rules never have any.
                "retries": sum(target.retries for target in rule.targets) or None,
                "given_up": sum(target.lost for target in rule.targets) or None,
            }
            for rule in self._rules[:MOST_ROWS]
        ]
        kept = None if self.archive is None else len(self.archive)
        return {"rules": rows, "archived": kept, "replays": self._replays}


KIND = Kind(
    kind="aws.eventbridge",
    title="Amazon EventBridge bus",
    group="Brokers",
    category="bus",
    summary="Event bus (classic): rules with event patterns, targets with retries, archive and replay.",
    docs="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus.html",
    settings=BusSettings,
    build=EventBus,
    edge_settings={"publish": RuleTargetSettings, "dead-letter": TargetDeadLetterSettings},
    entering_settings={"publish": PutEventsSettings},
    check=check,
    badges=("throughput", "queue_length", "delivery_latency"),
    faults=(
        FaultKind(
            "replay",
            "Replay from the archive",
            "Events of a window come again, minute by minute.",
            settings=ReplaySettings,
            lasts=False,
        ),
        FaultKind(
            "target-refusal",
            "Target deleted or forbidden",
            "Deliveries fail for good, without retries.",
            settings=TargetRefusalSettings,
        ),
    ),
    share=share,
    trial=TRIAL,
    cost=cost_items,
)
