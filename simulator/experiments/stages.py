"""Which parts of a design advance by recursion (`simulator.engine.recursion`), and which need events.

Each kind says by `Kind.plan_stage` when nothing can happen at a node that its stage does not model. Here the
rest is looked at: no fault is planned that could be felt there, no copy can come twice and no client waits
for one before the node; what its consumers send on goes at once to other stages, further on. Service times or
arrival times must have a density: then no message comes at the very time at which a service ends, and the
order of events at one time need not be known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set

from simulator.design.arrivals import Closed, OpenArrivals
from simulator.design.distributions import draws_in_blocks
from simulator.design.document import Document
from simulator.engine.endpoint import Consumer
from simulator.engine.environment import SimulationEnvironment
from simulator.engine.line import Line
from simulator.engine.link import Link, Outlet
from simulator.engine.node import Acceptor
from simulator.engine.ordered_line import OrderedLine
from simulator.engine.recursion import Intake, Joining, Onward, Recursion, Source
from simulator.engine.stage_plan import Part, StagePlan
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
    plans: dict[str, StagePlan] = {}
    felt = _where_faults_are_felt(world.document)
    for id in downstream_order(world.document):
        if id in felt:
            continue
        plan_stage = KINDS[world.document.node(id).kind].plan_stage
        plan = plan_stage(world, id) if plan_stage is not None else None
        if plan is not None and _is_orderly(id, plan, plans, world):
            plans[id] = plan
    ways = _ways_onward(plans, world)
    ids = {plan: id for id, plan in plans.items()}
    parts: list[Part] = []
    intakes: dict[Acceptor, Intake | Joining] = {}
    shared: set[Acceptor] = set()
    # From the ends of the design to its beginnings: a stage must know the stages it feeds.
    for plan, way_of in reversed(ways.items()):
        part, entrances = plan.lay(
            {consumer: way.onward(intakes, world.env, parts) for consumer, way in way_of.items()}
        )
        parts.append(part)
        intakes.update(entrances)
        if isinstance(part, Joining):
            count = _ways_into(ids[plan], world)
            part.expect(count)
            shared.update(entrances if count > 1 else ())
    if not parts:
        return None
    sources = [
        source
        for producer in world.nodes.values()
        if isinstance(producer, Producer)
        for source in _source(producer, intakes, shared, world, parts)
    ]
    return Recursion(world.env, parts[::-1], sources)


def _where_faults_are_felt(document: Document) -> set[str]:
    """The nodes that a fault strikes, those before and those after them; brokers of one make share
    clusters.
    """
    struck = {fault.node for fault in document.faults}
    clusters = {document.node(id).kind.partition(".")[0] for id in struck} & {"kafka", "rabbitmq"}
    struck |= {node.id for node in document.nodes if node.kind.partition(".")[0] in clusters}
    felt = set(struck)
    for id in struck:
        felt |= upstream(document, id) | reachable(document, id, as_dead_letters=True)
    return felt


def _is_orderly(id: str, plan: StagePlan, plans: Mapping[str, StagePlan], world: World) -> bool:
    """Whether nothing before the node makes second copies, waits for what becomes of a message, or makes
    messages come at the very time at which a service ends.
    """
    has_density = plan.has_density
    staged = {consumer for one in plans.values() for consumer in one.consumers}
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
        elif name not in plans and not isinstance(node, Line | OrderedLine | Topic):
            return False
    return True


class _Way:
    """Everything that messages from one place pass: at once, and after a delay."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.topics: list[Topic] = []
        self.ends: list[Acceptor] = []
        #: Edges that take time, each with the way beyond.
        self.delayed: list[tuple[Link, _Way]] = []

    def all_ends(self) -> list[Acceptor]:
        """Where messages come to, at once or later."""
        return [*self.ends, *(end for _, way in self.delayed for end in way.all_ends())]

    def onward(
        self, intakes: Mapping[Acceptor, Intake | Joining], env: SimulationEnvironment, parts: list[Part]
    ) -> Onward:
        """The same with the stages at the ends; what travels on delayed edges is added to `parts`."""
        stages = [intakes[end] for end in self.ends]
        ways_in = [stage.way_in() if isinstance(stage, Joining) else stage for stage in stages]
        for link, way in self.delayed:
            travel = Travel(env, link, way.onward(intakes, env, parts))
            parts.append(travel)
            ways_in.append(travel)
        return Onward(self.links, [*self.topics], ways_in)


def _ways_into(id: str, world: World, beyond: frozenset[str] = frozenset()) -> int:
    """How many ways messages take to come to a node: one for each edge, or for each into a topic on the way.

    Args:
        beyond: topics that were passed, from the node on.
    """
    ways = 0
    for edge in world.document.edges_into(id):
        is_passed = isinstance(world.nodes[edge.source], Topic) and edge.source not in beyond
        ways += _ways_into(edge.source, world, beyond | {id}) if is_passed else 1
    return ways


def _way(outlet: Outlet, ends: Collection[Acceptor]) -> _Way | None:
    """The way along all edges of `outlet`; None when there is more on it than plain links with or without
    delay, topics without readers of their own and `ends`.
    """
    way = _Way()
    open_outlets = [outlet]
    while open_outlets:
        links = open_outlets.pop(0).certain
        if links is None:
            return None
        for link in links:
            beyond = _beyond(link, ends) if link.delay is not None else None
            if beyond is not None:
                way.delayed.append((link, beyond))
                continue
            if link.delay is not None:
                return None
            target = link.target
            way.links.append(link)
            if isinstance(target, Topic) and not target.lines:
                way.topics.append(target)
                open_outlets.append(target.outlet)
            elif target in ends:
                way.ends.append(target)
            else:
                return None
    return way


def _beyond(link: Link, ends: Collection[Acceptor]) -> _Way | None:
    """The way from the end of a delayed edge on."""
    way = _Way()
    target = link.target
    if target in ends:
        way.ends.append(target)
        return way
    if not isinstance(target, Topic) or target.lines:
        return None
    beyond = _way(target.outlet, ends)
    if beyond is not None:
        beyond.topics.append(target)
    return beyond


def _ends(plans: Mapping[str, StagePlan], world: World) -> set[Acceptor]:
    """Where blocks of messages may go."""
    return {
        entrance
        for id, plan in plans.items()
        if plan.is_joining or _ways_into(id, world) == 1
        for entrance in plan.entrances
    }


def _ways_onward(plans: Mapping[str, StagePlan], world: World) -> dict[StagePlan, dict[Consumer, _Way]]:
    """The plans that can be carried out, each with the ways that messages go on from its consumers."""
    while True:
        found: dict[StagePlan, dict[Consumer, _Way]] = {}
        ahead = dict(plans)
        for id, plan in plans.items():
            del ahead[id]
            ends = _ends(ahead, world)
            ways = {one: _way(one.outlet, ends) for one in plan.consumers if one.is_sending_on}
            whole = {consumer: way for consumer, way in ways.items() if way is not None}
            if len(whole) == len(ways):
                found[plan] = whole
        if len(found) == len(plans):
            return found
        # What keeps its events may do what only a stage rules out: what comes after it is looked at again.
        plans = {id: plan for id, plan in plans.items() if plan in found}
        plans = {id: plan for id, plan in plans.items() if _is_orderly(id, plan, plans, world)}


def _source(
    producer: Producer,
    intakes: Mapping[Acceptor, Intake | Joining],
    shared: Set[Acceptor],
    world: World,
    parts: list[Part],
) -> list[Source]:
    """The source in the place of a producer, where all it makes goes straight to stages.

    Args:
        intakes: the stages by their entrances.
        shared: entrances of stages to which others send, too.
        parts: gets what travels on delayed edges.
    """
    arrivals = producer.settings.arrivals
    if producer.calls or isinstance(arrivals, Closed) or not producer.outlet:
        return []
    way = _way(producer.outlet, intakes)
    if way is None:
        return []
    if not arrivals.has_density() and not shared.isdisjoint(way.all_ends()):
        return []  # a message of another sender might come at the same time
    world.env.withdraw(lambda activity: getattr(activity, "producer", None) is producer)
    times = arrivals.blocks(world.streams.generator(producer.id, "arrivals"), horizon=world.duration)
    keys = producer.settings.keys
    drawn = None if keys is None else draws_in_blocks(keys, world.streams.generator(producer.id, "keys"))
    return [Source(producer, producer.source, times, drawn, way.onward(intakes, world.env, parts))]
