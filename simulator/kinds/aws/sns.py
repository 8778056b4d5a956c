"""`aws.sns`: an Amazon SNS topic, standard or FIFO, that pushes every message to its subscriptions.

Publish -> stored -> for each subscription: filter -> deliver -> done, or tried again, or given up. The topic
counts a message once, when it has been published; its copies stand in the ledgers of the subscriptions.
Sources: Amazon SNS developer guide and API reference.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from simulator.engine.message import Message
from simulator.engine.node import Acceptor, SimulationLimit
from simulator.engine.request import Responder
from simulator.engine.world import World
from simulator.kinds.aws.message_sizes import most_attributes
from simulator.kinds.aws.sdk_retry import SdkRetry
from simulator.kinds.aws.sns_checks import check
from simulator.kinds.aws.sns_cost import cost_items
from simulator.kinds.aws.sns_delivery import HttpSubscription, SnsSubscription
from simulator.kinds.aws.sns_publishing import (
    Backoff,
    Deduplication,
    Publisher,
    Quotas,
    attributes_size,
    content_of,
)
from simulator.kinds.aws.sns_relay import plan_topic
from simulator.kinds.aws.sns_retries import PHASES
from simulator.kinds.aws.sns_settings import (
    REGION_QUOTAS,
    EndpointSettings,
    ReplaySettings,
    SnsPublishSettings,
    SnsRedriveSettings,
    SnsSettings,
    SubscriptionSettings,
)
from simulator.kinds.aws.sns_share import share
from simulator.kinds.aws.sns_trial import TRIAL
from simulator.kinds.aws.sqs.envelope import Envelope
from simulator.kinds.kind import FaultKind, Kind
from simulator.measurement.tally import Tally

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.engine.payload import Event
    from simulator.engine.stage_plan import RelayPlan

#: Bytes of one billed request: a publish counts once for each chunk it has (Amazon SNS pricing).
CHUNK = 65_536
#: Of a FIFO topic with the throughput scope Topic: messages and bytes per second (AWS general reference).
FIFO_RATE, FIFO_BYTES = 3_000.0, 20.0 * 1024 * 1024
#: Of a message group, with the scope MessageGroup: messages per second.
GROUP_RATE = 300.0
DAY = 86_400.0
#: Messages that one archive may hold in a run (about 300 bytes each).
MOST_ARCHIVED = 1_000_000
#: Subscriptions listed in the topic's own view.
LISTED = 20

Plan = tuple[SnsSubscription, ...]


class SnsTopic(Acceptor):
    """A topic: at least once to every subscription, or in order by message group and once (FIFO)."""

    category = "bus"

    def __init__(self, world: World, id: str, settings: SnsSettings) -> None:
        super().__init__(id, world.env)
        self.settings = settings
        self._world = world
        self._incoming: dict[str, Edge] = {edge.id: edge for edge in world.document.edges_into(id)}
        self.subscriptions: list[SnsSubscription] = []
        #: Where all messages go; None when it depends on the message.
        self._everybody: Plan | None = ()
        self.latency = world.draws(settings.publish_latency, id, "publish latency")
        self._is_fifo = settings.fifo_topic
        by_group = settings.throughput_scope == "MessageGroup"
        rate = settings.publish_quota or REGION_QUOTAS[settings.region]
        #: Publishes per second that a standard topic takes.
        self.quota_rate = rate
        if self._is_fifo and not by_group:
            self._quotas = Quotas(min(rate, FIFO_RATE), byte_rate=FIFO_BYTES)
        else:
            self._quotas = Quotas(rate, group_rate=GROUP_RATE if self._is_fifo else None)
        self._by_group = by_group
        self._by_content = settings.content_based_deduplication
        self._deduplication = Deduplication()
        self._stored_at = 0.0
        self._backoff = Backoff(self)
        self._client = SdkRetry(world.uniform(id, "SDK back-off"))
        #: Of the archive: time of the publish, group and message, in order.
        self._archive: deque[tuple[float, Envelope | None, Message]] | None = None
        if settings.archive_policy is not None:
            self._archive = deque()
        self.archived = 0
        self.throttled = 0
        self.deduplicated = 0
        self.billed_requests = 0

    @property
    def most_added(self) -> float:
        """Bytes by which a message may be larger when it is delivered."""
        return most_attributes(self._world)[1] + max([one.extra for one in self.subscriptions], default=0)

    def entrance(self, edge: str) -> Acceptor:
        settings = self._incoming[edge].settings
        if not isinstance(settings, SnsPublishSettings):
            return self
        # A sole sender without settings of its own needs no way in of its own.
        is_plain = len(self._incoming) == 1 and not settings.model_fields_set & _OF_PUBLISHERS
        return self if is_plain else Publisher(self._world, self, edge, settings)

    def connect(self, world: World) -> None:
        for edge in world.edges_from(self.id, "publish"):
            settings = edge.settings
            assert isinstance(settings, SubscriptionSettings)
            latency = world.draws(self.settings.delivery_latency, edge.id, "delivery latency")
            target = world.node(edge.target, Acceptor).entrance(edge.id)
            if isinstance(target, Responder):
                found: SnsSubscription = HttpSubscription(
                    edge.id, world.env, target, settings, latency=latency
                )
            else:
                found = SnsSubscription(
                    edge.id,
                    world.env,
                    target,
                    settings,
                    latency=latency,
                    uses_groups=self._is_fifo,
                    duplicates=self.settings.duplicates,
                    duplicate_draw=world.uniform(edge.id, "duplicates") if self.settings.duplicates else None,
                )
            world.links.append(found)
            self.subscriptions.append(found)
        for edge in world.edges_from(self.id, "dead-letter"):
            redrive = edge.settings
            assert isinstance(redrive, SnsRedriveSettings)
            link = world.dead_letter_link(edge)
            for one in self.subscriptions:
                if redrive.subscription == one.id or (not redrive.subscription and one.dead_letter is None):
                    one.dead_letter = link
        if any(one.matcher for one in self.subscriptions):
            self._everybody = None
        else:
            self._everybody = tuple(self.subscriptions)

    # -- publishing ------------------------------------------------------------------------------
    def accept(self, message: Message) -> bool:
        """Publish: refused when too long; throttled publishes are tried again by the sender's SDK."""
        return self.publish(message, None)

    def publish(self, message: Message, publisher: Publisher | None) -> bool:
        """The same for an edge with settings of its own."""
        event = message.event
        size = message.size if event is None else message.size + attributes_size(event)
        if size > self.settings.maximum_message_size:
            self.rejected += 1
            return False
        client = self._client if publisher is None else publisher.client
        if self.try_publish(message, publisher, size, self.env._now):
            if self.throttled:  # until then the retry quota is full
                client.succeeded(1)
            return True
        wait = client.wait(1)
        if wait is None:
            self.rejected += 1
            return False
        self._backoff.begin(message, publisher, size, client, wait)
        return True

    def try_publish(self, message: Message, publisher: Publisher | None, size: float, now: float) -> bool:
        """One Publish call of `size` bytes; False when it is throttled."""
        group: str | None = None
        if self._archive is not None and len(self._archive) >= MOST_ARCHIVED:
            raise SimulationLimit(
                f"the archive of {self.id} would hold more than {MOST_ARCHIVED:,} messages: shorten the run, "
                "or leave the ArchivePolicy out"
            )
        if self._is_fifo:
            if publisher is not None and publisher.group is not None:
                group = publisher.group(message)
            else:
                group = "" if message.key is None else str(message.key)
        if not self._quotas.allow(now, size, group):
            self.throttled += 1
            return False
        self.billed_requests += 1 if size <= CHUNK else int(-(-size // CHUNK))
        self.accepted += 1
        envelope: Envelope | None = None
        if group is not None:
            by_itself = publisher is None and not self._by_content
            envelope = Envelope(group, None if by_itself else self._deduplication_id(message, publisher))
            if self._is_second(message, envelope, now):
                self.deduplicated += 1
                self.dropped += 1
                message.end()
                return True
        self.delivered += 1
        message.size = size
        stored_at = now + self.latency()
        if self._archive is not None:
            self._keep(message, envelope, now)
        if group is not None:
            # A FIFO topic stores in the order of the calls.
            if stored_at < self._stored_at:
                stored_at = self._stored_at
            self._stored_at = stored_at
        plan = self._everybody
        if plan is None:
            plan = self.plan_for(message.event)
        if not plan:
            message.end()
            return True
        for subscription in plan[:-1]:
            subscription.carry(message.copy(), now, stored_at, envelope)
        plan[-1].carry(message, now, stored_at, envelope)
        return True

    def _deduplication_id(self, message: Message, publisher: Publisher | None) -> str | None:
        """MessageDeduplicationId of a publish, which goes on to FIFO queues; None: the message is its own."""
        if publisher is not None and publisher.deduplication_id is not None:
            return publisher.deduplication_id(message)
        if self._by_content:
            return content_of(message)
        return None

    def _is_second(self, message: Message, envelope: Envelope, now: float) -> bool:
        """Whether a FIFO topic has had this message within the deduplication interval."""
        id: Any = envelope.deduplication
        if id is None:
            id = (message.source, message.sequence)
        return self._deduplication.is_known((envelope.group, id) if self._by_group else id, now)

    def plan_for(self, event: Event | None) -> Plan:
        """The subscriptions whose filter policies let an event through; found once for each event."""
        if event is None:
            return tuple(one for one in self.subscriptions if one.takes(None))
        found: Plan | None = event.memo.get(self)
        if found is None:
            found = event.memo[self] = tuple(one for one in self.subscriptions if one.takes(event))
        return found

    # -- archive and replay ----------------------------------------------------------------------
    def _keep(self, message: Message, envelope: Envelope | None, now: float) -> None:
        archive, policy = self._archive, self.settings.archive_policy
        assert archive is not None
        assert policy is not None
        kept = message.copy()
        kept.end()  # nobody waits for what lies in the archive
        archive.append((now, envelope, kept))
        self.archived += 1
        while archive[0][0] + policy.retention * DAY <= now:
            archive.popleft()

    def _replay(self, settings: ReplaySettings) -> None:
        """Deliver what was published in a window again, in its order, before anything published later."""
        now = self.env._now
        end = now if settings.ending_point is None else settings.ending_point
        for subscription in self._named(settings.subscription):
            for published_at, envelope, kept in self._archive or ():
                if settings.starting_point <= published_at <= end and subscription.takes(kept.event):
                    again = kept.copy()
                    again.duplicate = True
                    subscription.replayed += 1
                    subscription.carry(again, now, now, envelope)

    # -- faults and actions ----------------------------------------------------------------------
    def strike(self, fault: str, settings: Any) -> None:
        if fault == "replay":
            self._replay(settings)
        else:
            for subscription in self._named(settings.subscription):
                subscription.is_gone = True

    def lift(self, fault: str, settings: Any) -> None:
        for subscription in self._named(settings.subscription):
            subscription.is_gone = False

    def _named(self, edge: str) -> list[SnsSubscription]:
        return [one for one in self.subscriptions if edge in ("", one.id)]

    # -- measures --------------------------------------------------------------------------------
    def waiting(self) -> int:
        held = sum([one.in_transit - one.in_flight() for one in self.subscriptions])
        return held + self._backoff.waiting

    def in_flight(self) -> int:
        return sum([one.in_flight() for one in self.subscriptions])

    def ledger(self) -> dict[str, int]:
        """Of messages; their copies stand in the ledgers of the subscriptions."""
        return {**super().ledger(), "waiting": 0, "in_flight": 0}

    def ledgers(self) -> dict[str, dict[str, int]]:
        found = {**super().ledgers(), **{f"{self.id}:{one.id}": one.ledger() for one in self.subscriptions}}
        if self._backoff.taken:
            found[f"{self.id}:throttled"] = self._backoff.ledger()
        return found

    def counts(self) -> dict[str, int]:
        subscriptions = self.subscriptions
        found = {
            **super().counts(),
            "dead_lettered": sum(one.dead_lettered for one in subscriptions),
            "dropped": self.dropped + sum(one.dropped for one in subscriptions),
            "filtered_out": sum(self._filtered_out(one) for one in subscriptions),
            "throttled": self.throttled,
            "billed_requests": self.billed_requests,
            "delivery_retries": sum(sum(one.retries_by_phase) for one in subscriptions),
            "dead_client_error": sum(one.dead_client_error for one in subscriptions),
            "dead_retries_exhausted": sum(one.dead_retries_exhausted for one in subscriptions),
        }
        for phase, name in enumerate(PHASES):
            found[f"retries_{name}"] = sum(one.retries_by_phase[phase] for one in subscriptions)
        if self._is_fifo:
            found["deduplicated"] = self.deduplicated
        if self._archive is not None:
            found["archived"] = self.archived
            found["replayed"] = sum(one.replayed for one in subscriptions)
        return found

    def _filtered_out(self, subscription: SnsSubscription) -> int:
        """Published, and neither taken nor replayed: the filter policy has kept it back."""
        return self.delivered - (subscription.total - subscription.replayed)

    def edge_counts(self) -> dict[str, dict[str, int]]:
        return {
            one.id: {
                "filtered_out": self._filtered_out(one),
                "delivery_retries": sum(one.retries_by_phase),
                **{f"retries_{name}": one.retries_by_phase[phase] for phase, name in enumerate(PHASES)},
                "dead_client_error": one.dead_client_error,
                "dead_retries_exhausted": one.dead_retries_exhausted,
                "dropped": one.dropped,
                "replayed": one.replayed,
            }
            for one in self.subscriptions
        }

    def detail(self) -> dict[str, Any]:
        """The first subscriptions with what is under way to them, and the archive."""
        return {
            "type": "FIFO" if self._is_fifo else "standard",
            "throttled_waiting": self._backoff.waiting,
            "archive": None if self._archive is None else len(self._archive),
            "subscriptions": [one.detail() for one in self.subscriptions[:LISTED]],
            "more_subscriptions": max(0, len(self.subscriptions) - LISTED),
        }

    def tallies(self) -> dict[str, list[Tally]]:
        found = [one.delivery_latency for one in self.subscriptions]
        return {"delivery_latency": found} if found else {}


#: Settings of a publish edge that need the publisher's own way in.
_OF_PUBLISHERS = set(SnsPublishSettings.model_fields) - set(SnsPublishSettings.__base__.model_fields)  # type: ignore[union-attr]


def _plan_relay(world: World, id: str) -> RelayPlan | None:
    topic = world.nodes[id]
    return plan_topic(world, topic) if isinstance(topic, SnsTopic) else None


KIND = Kind(
    kind="aws.sns",
    title="Amazon SNS topic",
    group="Brokers",
    category="bus",
    summary="Pushes to SQS queues and HTTP/S endpoints by filter policy; standard or FIFO.",
    docs="https://docs.aws.amazon.com/sns/latest/dg/welcome.html",
    settings=SnsSettings,
    build=SnsTopic,
    edge_settings={"publish": SubscriptionSettings, "dead-letter": SnsRedriveSettings},
    entering_settings={"publish": SnsPublishSettings},
    check=check,
    badges=("throughput", "delivery_latency", "filtered_out"),
    faults=(
        FaultKind(
            "replay",
            "Replay from the archive",
            "A FIFO topic with an archive delivers what was published in a window once more.",
            settings=ReplaySettings,
            lasts=False,
        ),
        FaultKind(
            "endpoint-deleted",
            "Endpoint deleted",
            "A subscribed endpoint is gone: deliveries fail for good, without retries.",
            settings=EndpointSettings,
            can_overlap=True,
        ),
    ),
    share=share,
    trial=TRIAL,
    plan_relay=_plan_relay,
    cost=cost_items,
)
