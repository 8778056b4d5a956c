"""Which parts of a design advance by recursion (`simulator.engine.recursion`), and which need events.

Each kind says by `Kind.plan_stage` when nothing can happen at a node that its stage does not model. Here the
rest is looked at: no fault is planned that could be felt there, no copy can come twice and no client waits
for one before the node; what its consumers send on goes at once to other stages, further on. Service times or
arrival times must have a density: then no message comes at the very time at which a service ends, and the
order of events at one time need not be known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import cast

from simulator.design.arrivals import OpenArrivals
from simulator.design.distributions import draws_in_blocks
from simulator.design.document import Document, Fault
from simulator.engine.endpoint import Consumer
from simulator.engine.environment import SimulationEnvironment
from simulator.engine.line import Line
from simulator.engine.link import Link, Outlet
from simulator.engine.node import Acceptor
from simulator.engine.ordered_line import OrderedLine
from simulator.engine.recursion import Intake, Joining, Onward, Recursion, Source
from simulator.engine.request import InvokeEdge
from simulator.engine.stage_plan import Part, Relay, RelayPlan, StagePlan, Worker, Yielding
from simulator.engine.travel import Travel
from simulator.engine.world import World
from simulator.graph.walks import downstream_order, reachable, upstream
from simulator.kinds.basic.producer import Producer
from simulator.kinds.basic.topic import Topic
from simulator.kinds.catalogue import KINDS


def lay_stages(world: World) -> Recursion | None:
    """Put stages and sources in the place of events wherever nothing can be told from it."""
    if any(getattr(link, "duplication", 0.0) > 0.0 for link in world.links):
        return None
    # Faults that a stage outlasts are felt nowhere else, as long as it is laid.
    faults = dict(enumerate(world.document.faults))
    outlasted = set(faults)
    while True:
        felt = _where_faults_are_felt(
            world.document, [fault for place, fault in faults.items() if place not in outlasted]
        )
        relays = _relays(world, felt)
        plans, ways = _plans(world, felt, relays)
        keepers = {
            place: plan
            for place in outlasted
            for plan, way_of in ways.items()
            if _outlasts(plan, faults[place]) and _has_events(way_of)
        }
        if len(keepers) == len(outlasted):
            break
        outlasted = set(keepers)
    ids = {plan: id for id, plan in plans.items()}
    parts: list[Part] = []
    intakes: dict[Acceptor, Intake | Joining] = {}
    # From the ends of the design to its beginnings: a stage must know the stages it feeds.
    for plan, way_of in reversed(ways.items()):
        part, entrances = plan.lay(
            {consumer: way.onward(intakes, world.env, parts) for consumer, way in way_of.items()}
        )
        parts.append(part)
        intakes.update(entrances)
        if starts := [faults[place].at for place, keeper in keepers.items() if keeper is plan]:
            cast("Yielding", part).give_way_before(starts)
        if isinstance(part, Joining):
            part.expect(_ways_into(ids[plan], world))
    if not parts:
        return None
    source_ways = _source_ways({ids[plan]: plan for plan in ways}, relays, world)
    sources = [
        _source(producer, arrivals, way.onward(intakes, world.env, parts), world)
        for producer, (arrivals, way) in source_ways.items()
    ]
    return Recursion(world.env, parts[::-1], sources)


def _plans(
    world: World, felt: Collection[str], relays: Mapping[str, RelayPlan]
) -> tuple[dict[str, StagePlan], dict[StagePlan, dict[Worker, _Way]]]:
    """The stages that can be laid, by id, and the ways onward of those that will be.

    Args:
        felt: ids of nodes at which a fault is felt.
    """
    plans: dict[str, StagePlan] = {}
    for id in downstream_order(world.document):
        if id in felt:
            continue
        plan_stage = KINDS[world.document.node(id).kind].plan_stage
        plan = plan_stage(world, id) if plan_stage is not None else None
        if plan is not None and _is_orderly(id, plan, plans, relays, world):
            plans[id] = plan
    ways = _ways_onward(plans, relays, world)
    while unfit := _yielding_in_vain(plans, ways, relays, world):
        plans = {id: plan for id, plan in plans.items() if plan in ways and plan not in unfit}
        ways = _ways_onward(plans, relays, world)
    while felt and (seldom := _told_one_by_one(plans, ways, relays, world)):
        # Beside parts with events a producer has events, too: few messages a look cost as much as these.
        plans = {id: plan for id, plan in plans.items() if plan in ways and plan not in seldom}
        ways = _ways_onward(plans, relays, world)
    return plans, ways


def _outlasts(plan: StagePlan, fault: Fault) -> bool:
    return any(consumer.id == fault.node for consumer in plan.consumers) and plan.outlasts(fault)


def _yielding_in_vain(
    plans: Mapping[str, StagePlan],
    ways: Mapping[StagePlan, Mapping[Worker, _Way]],
    relays: Mapping[str, RelayPlan],
    world: World,
) -> set[StagePlan]:
    """The stages that chance makes give way, and that could not."""
    yielding = {plan for plan in ways if plan.gives_way}
    if not yielding:
        return yielding
    # They must know beforehand what comes.
    late = _told_one_by_one(plans, ways, relays, world)
    return {plan for plan in yielding if plan in late or not _has_events(ways[plan])}


def _has_events(way_of: Mapping[Worker, _Way]) -> bool:
    """Whether messages may go on one by one, too: what relays take the place of is there no more."""
    return not any(way.has_relays() for way in way_of.values())


def _where_faults_are_felt(document: Document, faults: Sequence[Fault]) -> set[str]:
    """The nodes that a fault strikes, those before and those after them; brokers of one make share
    clusters.
    """
    struck = {fault.node for fault in faults}
    clusters = {document.node(id).kind.partition(".")[0] for id in struck} & {"kafka", "rabbitmq"}
    struck |= {node.id for node in document.nodes if node.kind.partition(".")[0] in clusters}
    felt = set(struck)
    for id in struck:
        felt |= upstream(document, id) | reachable(document, id, as_dead_letters=True)
    return felt


def _is_orderly(
    id: str,
    plan: StagePlan,
    plans: Mapping[str, StagePlan],
    relays: Collection[str],
    world: World,
) -> bool:
    """Whether nothing before the node makes second copies, waits for what becomes of a message, or makes
    messages come at the very time at which a service ends.
    """
    has_density = plan.has_density
    staged = {consumer for one in plans.values() for consumer in one.consumers}
    workers = {id for one in plans.values() for id in one.workers}
    for name in upstream(world.document, id):
        node = world.nodes[name]
        if isinstance(node, Producer):
            arrivals = node.settings.arrivals
            if not isinstance(arrivals, OpenArrivals) or not (has_density or arrivals.has_density()):
                return False
        elif isinstance(node, Consumer):
            # What fails at a stage comes again, but nothing goes on twice.
            if not has_density or (node.fails is not None and node not in staged):
                return False
        elif name in workers:
            if not has_density:
                return False
        elif name not in plans and name not in relays and not isinstance(node, Line | OrderedLine | Topic):
            return False
    return True


class _Way:
    """Everything that messages from one place pass: at once, and after a delay."""

    def __init__(self) -> None:
        self.links: list[Link | InvokeEdge] = []
        self.topics: list[Topic] = []
        self.ends: list[Acceptor] = []
        #: Edges that take time, each with the way beyond; relays, with an entrance and the way beyond each of
        #: their edges.
        self.delayed: list[tuple[Link, _Way]] = []
        self.relayed: list[tuple[RelayPlan, Acceptor, list[_Way]]] = []

    def all_ends(self) -> list[Acceptor]:
        """Where messages come to, at once or later."""
        beyond = [*(way for _, way in self.delayed), *(way for _, _, ways in self.relayed for way in ways)]
        return [*self.ends, *(end for way in beyond for end in way.all_ends())]

    def has_relays(self) -> bool:
        """Whether messages pass relays, at once or later."""
        return bool(self.relayed) or any(way.has_relays() for _, way in self.delayed)

    def onward(
        self, intakes: Mapping[Acceptor, Intake | Joining], env: SimulationEnvironment, parts: list[Part]
    ) -> Onward:
        """The same with the stages at the ends; what takes time on the way is added to `parts`."""
        stages = [intakes[end] for end in self.ends]
        ways_in = [stage.way_in() if isinstance(stage, Joining) else stage for stage in stages]
        passed: list[Travel | Relay] = [
            Travel(env, link, way.onward(intakes, env, parts)) for link, way in self.delayed
        ]
        passed += [
            relay.lay(entrance, [way.onward(intakes, env, parts) for way in ways])
            for relay, entrance, ways in self.relayed
        ]
        parts += passed
        return Onward(self.links, [*self.topics], [*ways_in, *passed])


def _ways_into(id: str, world: World, beyond: frozenset[str] = frozenset()) -> int:
    """How many ways messages take to come to a node: one for each edge, or for each into a topic or
    exchange on the way.

    Args:
        beyond: what was passed, from the node on.
    """
    ways = 0
    for edge in world.document.edges_into(id):
        is_passed = getattr(world.nodes[edge.source], "copies_at_once", False) and edge.source not in beyond
        ways += _ways_into(edge.source, world, beyond | {id}) if is_passed else 1
    return ways


class _Places:
    """Where messages of stages and sources may go.

    Args:
        ends: entrances of stages.
        relays: what passes them on, by the node.
    """

    def __init__(self, ends: Collection[Acceptor], relays: Mapping[str, RelayPlan], world: World) -> None:
        self._ends = ends
        self._relays = {entrance: relay for relay in relays.values() for entrance in relay.entrances}
        self._world = world

    def way(self, outlet: Outlet, calls: Sequence[InvokeEdge] = ()) -> _Way | None:
        """The way along all edges of `outlet` and all `calls`, for whose answers nobody waits.

        None when there is more on it than plain links with or without delay, relays, topics without readers
        of their own, and ends.
        """
        way = _Way()
        for call in calls:
            if type(call) is not InvokeEdge or call.target not in self._ends:
                return None
            way.links.append(call)
            way.ends.append(call.target)
        return way if self._goes_along(way, outlet, may_delay=True) else None

    def _goes_along(self, way: _Way, outlet: Outlet, *, may_delay: bool) -> bool:
        links = outlet.certain
        if links is None:
            return False
        for link in links:
            if link.delay is not None and not may_delay:
                return False
            if link.delay is None:
                way.links.append(link)
                beyond = way
            else:
                beyond = _Way()
                way.delayed.append((link, beyond))
            if not self._comes_to(beyond, link.target):
                return False
        return True

    def _comes_to(self, way: _Way, target: Acceptor) -> bool:
        if target in self._ends:
            way.ends.append(target)
            return True
        if isinstance(target, Topic) and not target.lines:
            way.topics.append(target)
            # Delays are drawn in the order of sending, which is known of one sender alone.
            is_sole = _ways_into(target.id, self._world) == 1
            return self._goes_along(way, target.outlet, may_delay=is_sole)
        relay = self._relays.get(target)
        if relay is None:
            return False
        beyond = [_Way() for _ in relay.links]
        way.relayed.append((relay, target, beyond))
        return all(self._comes_to(one, link.target) for one, link in zip(beyond, relay.links, strict=True))


def _relays(world: World, felt: Collection[str]) -> dict[str, RelayPlan]:
    """The relays that could be laid: each gets messages by one way, or by any."""
    found = {}
    for node in world.document.nodes:
        plan_relay = KINDS[node.kind].plan_relay
        if plan_relay is None or node.id in felt:
            continue
        plan = plan_relay(world, node.id)
        if plan is not None and (plan.is_joining or _ways_into(node.id, world) == 1):
            found[node.id] = plan
    return found


def _ends(plans: Mapping[str, StagePlan], world: World) -> set[Acceptor]:
    """Where blocks of messages may go."""
    return {
        entrance
        for id, plan in plans.items()
        if plan.is_joining or _ways_into(id, world) == 1
        for entrance in plan.entrances
    }


def _ways_onward(
    plans: Mapping[str, StagePlan], relays: Mapping[str, RelayPlan], world: World
) -> dict[StagePlan, dict[Worker, _Way]]:
    """The plans that can be carried out, each with the ways that messages go on from its consumers."""
    while True:
        found: dict[StagePlan, dict[Worker, _Way]] = {}
        ahead = dict(plans)
        for id, plan in plans.items():
            del ahead[id]
            places = _Places(_ends(ahead, world), relays, world)
            ways = {one: places.way(one.outlet) for one in plan.consumers if one.is_sending_on}
            whole = {consumer: way for consumer, way in ways.items() if way is not None}
            if len(whole) == len(ways):
                found[plan] = whole
        if len(found) == len(plans):
            return found
        # What keeps its events may do what only a stage rules out: what comes after it is looked at again.
        plans = {id: plan for id, plan in plans.items() if plan in found}
        plans = {id: plan for id, plan in plans.items() if _is_orderly(id, plan, plans, relays, world)}


def _source_ways(
    plans: Mapping[str, StagePlan], relays: Mapping[str, RelayPlan], world: World
) -> dict[Producer, tuple[OpenArrivals, _Way]]:
    """The ways of the producers all of whose messages go straight to stages, at times known beforehand."""
    places = _Places(_ends(plans, world), relays, world)
    shared = {one for id, plan in plans.items() if _ways_into(id, world) > 1 for one in plan.entrances}
    found: dict[Producer, tuple[OpenArrivals, _Way]] = {}
    for producer in world.nodes.values():
        if not isinstance(producer, Producer) or not (producer.calls or producer.outlet):
            continue
        arrivals = producer.settings.arrivals
        if not isinstance(arrivals, OpenArrivals):
            continue
        way = places.way(producer.outlet, producer.calls)
        # A message of another sender might come at the same time.
        if way is not None and (arrivals.has_density() or shared.isdisjoint(way.all_ends())):
            found[producer] = arrivals, way
    return found


def _told_one_by_one(
    plans: Mapping[str, StagePlan],
    ways: Mapping[StagePlan, Mapping[Worker, _Way]],
    relays: Mapping[str, RelayPlan],
    world: World,
) -> set[StagePlan]:
    """The stages to which messages come by events on some way."""
    laid = {id: plan for id, plan in plans.items() if plan in ways}
    told = Counter(end for way_of in ways.values() for way in way_of.values() for end in way.all_ends())
    for _, way in _source_ways(laid, relays, world).values():
        told.update(way.all_ends())
    return {
        plan
        for id, plan in laid.items()
        if sum(told[entrance] for entrance in plan.entrances) < _ways_into(id, world)
    }


def _source(producer: Producer, arrivals: OpenArrivals, onward: Onward, world: World) -> Source:
    """The source in the place of a producer."""
    world.env.withdraw(lambda activity: getattr(activity, "producer", None) is producer)
    times = arrivals.blocks(world.streams.generator(producer.id, "arrivals"), horizon=world.duration)
    keys = producer.settings.keys
    drawn = None if keys is None else draws_in_blocks(keys, world.streams.generator(producer.id, "keys"))
    return Source(producer, producer.source, times, drawn, onward)
