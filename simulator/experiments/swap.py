"""Swap in place: a broker of a design becomes one of another kind, and everything else stays.

Producers, consumers and their ids stay, and with them arrivals, keys, sizes and service times. What the
broker promised is translated by meaning through the traits of its kind; what has no equivalent, and what
had to be assumed, is listed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from simulator.design.document import Document, Edge, Node
from simulator.design.edges import PublishSettings
from simulator.errors import InvalidDesign
from simulator.experiments.choreography_swap import swap_choreography
from simulator.experiments.compare import Alternative
from simulator.experiments.function_swap import FUNCTION_TARGETS, swap_worker
from simulator.experiments.parameters import refuse
from simulator.experiments.saga_swap import SAGA_TARGETS, swap_saga
from simulator.graph.checks import readiness_problems
from simulator.kinds.catalogue import KINDS
from simulator.kinds.traits import Built, Note, Situation, SwapMapping, Traits, lost, translated

#: What nodes that are no brokers may become, by their kind.
IN_PLACE: dict[str, tuple[str, ...]] = {
    "aws.stepfunctions": SAGA_TARGETS,
    "saga": ("saga-participant",),
    "saga-participant": ("saga",),
    "consumer": ("aws.lambda",),
    "aws.lambda": ("consumer",),
}
#: Settings of publish edges that mean the same to every kind.
_ANY_PUBLISH = {field.alias or name for name, field in PublishSettings.model_fields.items()}


@dataclass(frozen=True, slots=True)
class Target:
    """What a broker may become.

    Args:
        store: kind that holds the messages.
        front: kind that copies them to several stores, "" where the store serves several readers itself.
        is_fronted: whether the front stands there even before a single store.
        reads_directly: whether consumers may read from the front, without a store between.
    """

    store: str
    front: str = ""
    is_fronted: bool = False
    reads_directly: bool = False


TARGETS: dict[str, Target] = {
    "queue": Target("queue", "topic"),
    "topic": Target("queue", "topic", is_fronted=True, reads_directly=True),
    "aws.sqs": Target("aws.sqs", "aws.sns"),
    "aws.sns": Target("aws.sqs", "aws.sns", is_fronted=True),
    "aws.eventbridge": Target("aws.sqs", "aws.eventbridge", is_fronted=True),
    "kafka.topic": Target("kafka.topic"),
    "rabbitmq.queue": Target("rabbitmq.queue", "rabbitmq.exchange"),
    "rabbitmq.exchange": Target("rabbitmq.queue", "rabbitmq.exchange", is_fronted=True),
}
#: Settings of a front, by variant, that copies every message to every store behind it.
_FRONTS: dict[tuple[str, str], dict[str, Any]] = {
    ("rabbitmq.exchange", ""): {"type": "fanout"},
    ("aws.sns", "fifo"): {"FifoTopic": True, "FifoThroughputScope": "MessageGroup"},
}


@dataclass(frozen=True, slots=True)
class _Channel:
    """Consumers that share the messages of one store.

    Args:
        store: node that holds them now.
        readers: consume edges.
        entry: publish edge from the front into the store, None without a front.
        letters: dead-letter edge.
    """

    store: str
    readers: tuple[Edge, ...]
    entry: Edge | None
    letters: Edge | None
    traits: Traits


def targets() -> dict[str, list[str]]:
    """What a broker may become here, with the variants of each."""
    return {
        name: list(_mapping(target.store).variants)
        for name, target in TARGETS.items()
        if target.store in KINDS and (not target.is_fronted or target.front in KINDS)
    }


def swap(document: Document, node: str, kind: str) -> tuple[Document, list[Note]]:
    """The design with broker `node` as another kind, and what was translated, assumed and lost.

    Args:
        kind: a kind, or a kind and a variant, such as `rabbitmq.queue:quorum` or `kafka.topic:12`.

    Raises:
        InvalidDesign: when there is no such node or mapping, or the new design could not be run.
    """
    name, _, variant = kind.partition(":")
    found = next((one for one in document.nodes if one.id == node), None)
    if found is not None and name == "saga" and found.kind == "saga-participant":
        data, notes = swap_choreography(document, found)
        return Document.parse(data), notes
    if found is not None and name in SAGA_TARGETS and found.kind in ("saga", "aws.stepfunctions"):
        data, notes = swap_saga(document, found, name)
        return Document.parse(data), notes
    if found is not None and name in FUNCTION_TARGETS and found.kind in FUNCTION_TARGETS:
        if found.kind == name:
            raise refuse(f"{node} is of the kind {name} already", f"there is {', '.join(FUNCTION_TARGETS)}")
        data, notes = swap_worker(document, found, name)
        return Document.parse(data), notes
    known = targets()
    if name not in known:
        raise refuse(
            f"{node[:40]} cannot become {kind[:60]!r}: there is no mapping to it",
            f"there is one to {', '.join(known)}",
        )
    if node not in {one.id for one in document.nodes}:
        brokers = [one.id for one in document.nodes if _is_broker(one)]
        raise refuse(f"there is no node {node[:40]!r} to swap", f"the brokers are {', '.join(brokers[:10])}")
    return _Swap(document, document.node(node), name, variant).made()


def swapped(document: Document, text: str) -> Alternative:
    """The alternative that `NODE=KIND[,NODE=KIND]` names; raises `InvalidDesign`."""
    notes: list[Note] = []
    found = document
    for part in text.split(","):
        node, mark, kind = part.strip().partition("=")
        if not mark or not node or not kind:
            raise refuse(f"{text[:80]!r} is no swap", "write NODE=KIND, such as orders=kafka.topic")
        found, more = swap(found, node.strip(), kind.strip())
        notes += more
    return Alternative(text, found, tuple(note.as_dict() for note in notes))


def _mapping(kind: str) -> SwapMapping:
    mapping = KINDS[kind].swap
    if mapping is None:
        raise TypeError(f"{kind} has no mapping")
    return mapping


def _is_broker(node: Node) -> bool:
    return KINDS[node.kind].category in ("queue", "topic", "bus")


class _Swap:
    """One swap under way."""

    def __init__(self, document: Document, node: Node, name: str, variant: str) -> None:
        self.document = document
        self.node = node
        self.name = name
        self.variant = variant
        self.target = TARGETS[name]
        self.notes: list[Note] = []
        self.nodes: dict[str, dict[str, Any]] = {}
        self.edges: list[dict[str, Any]] = []
        #: Dead-letter queues that change with the broker.
        self.letters: list[str] = []
        #: Workers of the largest group of readers, where one store serves several groups.
        self.workers = 0

    def made(self) -> tuple[Document, list[Note]]:
        """The new design and the notes; raises `InvalidDesign`."""
        if not _is_broker(self.node):
            raise refuse(f"{self.node.id} is a {self.node.kind}, not a broker", "name a queue or a topic")
        channels, absorbed = self._channels()
        if not channels:
            raise refuse(f"nobody reads from {self.node.id}", "lead it to a consumer first")
        front = self._front(channels)
        if not front:
            self.workers = max(_workers(self.document, channel.readers) for channel in channels)
        for channel in channels:
            self._store(channel, front)
        for id in self.letters:
            self._dead_letter_queue(id)
        data = self._assembled(absorbed)
        try:
            made = Document.parse(data)
        except InvalidDesign as error:
            raise self._failed(error) from None
        problems = readiness_problems(made)
        if problems:
            raise self._failed(InvalidDesign(problems))
        return made, list(dict.fromkeys(self.notes))

    def _failed(self, error: InvalidDesign) -> InvalidDesign:
        place = f"{self.node.id} as {self.name}{':' + self.variant if self.variant else ''}"
        return InvalidDesign(
            [replace(problem, path=f"{place}: {problem.path}") for problem in error.problems]
        )

    # -- what is there ---------------------------------------------------------------------------
    def _channels(self) -> tuple[list[_Channel], set[str]]:
        """Who shares messages with whom, and the nodes that the swap takes away or makes anew."""
        node, document = self.node, self.document
        if KINDS[node.kind].category == "queue":
            return self._of_store(node, None), {node.id}
        channels, absorbed = [], {node.id}
        for edge in document.edges_from(node.id):
            if edge.role == "dead-letter":
                self.notes.append(lost(f"dead letters of {node.id} itself to {edge.target}"))
                continue
            if edge.role == "consume" and KINDS[document.node(edge.target).kind].category == "consumer":
                channels.append(_Channel(node.id, (edge,), None, None, Traits("arrival")))
                continue
            behind = document.node(edge.target)
            is_own = [other.id for other in document.edges_into(behind.id)] == [edge.id]
            if KINDS[behind.kind].swap is None or not is_own:
                raise refuse(
                    f"{node.id} leads to {behind.id} ({behind.kind}), which does not belong to it alone",
                    "swap a topic whose messages go to consumers, or to queues that nobody else fills",
                )
            channels += self._of_store(behind, edge)
            absorbed.add(behind.id)
        return channels, absorbed

    def _of_store(self, node: Node, entry: Edge | None) -> list[_Channel]:
        mapping = KINDS[node.kind].swap
        if mapping is None:
            raise refuse(f"there is no mapping from {node.kind} ({node.id})", "swap another broker")
        edges = self.document.edges_from(node.id)
        letters = next((edge for edge in edges if edge.role == "dead-letter"), None)
        groups: dict[str, list[Edge]] = {}
        for edge in edges:
            if edge.role == "consume":
                shared = "" if node.kind != "kafka.topic" else edge.settings.group_id or edge.target  # type: ignore[attr-defined]
                if getattr(node.config, "x_queue_type", "") == "stream":
                    shared = edge.target
                groups.setdefault(shared, []).append(edge)
        return [
            _Channel(node.id, tuple(group), entry, letters, mapping.read(self.document, node, group))
            for group in groups.values()
        ]

    # -- what becomes of it ----------------------------------------------------------------------
    def _front(self, channels: list[_Channel]) -> bool:
        """Make the front where one is needed; whether it is there."""
        target = self.target
        needs = target.is_fronted or (len(channels) > 1 and target.front != "")
        if not needs:
            return False
        if target.front not in KINDS:
            raise refuse(
                f"{self.node.id} has {len(channels)} groups of readers, and {self.name} serves one",
                "choose a kind that copies messages, such as kafka.topic",
            )
        settings = dict(_FRONTS.get((target.front, self.variant), _FRONTS.get((target.front, ""), {})))
        self.nodes[self.node.id] = self._node(self.node.id, target.front, settings)
        self.notes.append(translated(f"{self.node.id} became {target.front}"))
        return True

    def _store(self, channel: _Channel, front: bool) -> None:
        target = self.target
        direct = (
            front
            and target.reads_directly
            and len(channel.readers) == 1
            and channel.letters is None
            and channel.traits.retention is None
        )
        if direct:
            self.edges.append({**_plain(channel.readers[0]), "from": self.node.id, "role": "consume"})
            return
        id = self.node.id
        if front:
            id = (
                channel.store
                if channel.store != self.node.id
                else self._free(f"{channel.readers[0].target}-queue")
            )
        self.notes += channel.traits.lost
        built = self._built(channel.traits, channel.readers, channel.store)
        if id not in self.nodes:
            self.nodes[id] = self._node(id, target.store, dict(built.config))
            self.notes.append(
                translated(f"{channel.store} became {target.store}" + f" {id}" * (id != channel.store))
            )
        self.notes += built.notes
        if front:
            entry = channel.entry
            kept = _plain(entry) if entry is not None else {"id": self._free(f"{self.node.id}-to-{id}")}
            kept = {**kept, "from": self.node.id, "to": id, "role": "publish"}
            self._routing(kept, entry, from_broker=True)
            self.edges.append(kept)
        elif channel.entry is not None:
            self._routing({}, channel.entry, from_broker=True)
        self.edges += [
            {**_plain(edge), "from": id, "role": "consume", "config": dict(built.consume)}
            for edge in channel.readers
        ]
        self._letters(channel, id, built)

    def _letters(self, channel: _Channel, id: str, built: Built) -> None:
        """The dead-letter edge of a store; a store that serves several groups of readers has one for all."""
        letters = channel.letters
        if letters is None:
            if channel.traits.attempts is not None and self.target.store == "rabbitmq.queue":
                self.notes.append(translated(f"what {id} gives up is dropped: it has no dead-letter queue"))
            return
        if any(edge["from"] == id and edge["role"] == "dead-letter" for edge in self.edges):
            self.notes.append(lost(f"dead letters to {letters.target}: {id} has one dead-letter queue"))
            return
        config = {"config": dict(built.dead_letter)} if built.dead_letter else {}
        self.edges.append({**_plain(letters), "from": id, "role": "dead-letter", **config})
        other = self.document.node(letters.target)
        is_other = KINDS[other.kind].swap is not None and other.kind != self.target.store
        if other.kind == self.target.store == "aws.sqs":  # its type too must be that of the queue
            is_other = getattr(other.config, "fifo_queue", False) != built.config.get("FifoQueue", False)
        if is_other and self.target.store != "queue" and letters.target not in self.letters:
            self.letters.append(letters.target)

    def _built(self, traits: Traits, readers: tuple[Edge, ...], store: str) -> Built:
        settings: list[Any] = [self.document.node(edge.target).config for edge in readers]
        situation = Situation(
            self.variant,
            max(self.workers, _workers(self.document, readers)) or None,
            max((one.concurrency for one in settings), default=1),
            any(
                getattr(one.config, "keys", None) is not None
                for one in self.document.nodes
                if KINDS[one.kind].category == "producer"
            ),
            f"{store}-readers" if len(readers) > 1 else None,
        )
        try:
            return _mapping(self.target.store).build(traits, situation)
        except ValueError as error:
            raise refuse(f"{self.node.id}: {error}", "write KIND or KIND:VARIANT") from error

    def _dead_letter_queue(self, id: str) -> None:
        """The dead-letter queue of a product is one of the same product."""
        node = self.document.node(id)
        edges = [edge for edge in self.document.edges_from(id) if edge.role == "consume"]
        traits = _mapping(node.kind).read(self.document, node, edges)
        variant, self.variant = self.variant, "" if self.target.store != "aws.sqs" else self.variant
        built = self._built(traits, tuple(edges), id)
        self.variant = variant
        self.nodes[id] = self._node(id, self.target.store, dict(built.config))
        self.notes.append(translated(f"{id} became {self.target.store} with it: it takes the dead letters"))
        self.edges += [{**_plain(edge), "config": dict(built.consume)} for edge in edges]

    def _node(self, id: str, kind: str, config: dict[str, Any]) -> dict[str, Any]:
        known = {one.id: one for one in self.document.nodes}
        label = {"label": known[id].label} if id in known and known[id].label else {}
        return {"id": id, "kind": kind, **label, "config": config}

    def _free(self, wanted: str) -> str:
        taken = (
            {one.id for one in self.document.nodes}
            | {one.id for one in self.document.edges}
            | set(self.nodes)
        )
        name, number = wanted[:58], 2
        while name in taken:
            name, number = f"{wanted[:58]}-{number}", number + 1
        return name

    def _routing(self, made: dict[str, Any], edge: Edge | None, *, from_broker: bool) -> None:
        """Keep the settings of a publish edge that every kind knows; note the others."""
        if edge is None:
            return
        kept = {key: value for key, value in edge.config.items() if key in _ANY_PUBLISH}
        gone = sorted(set(edge.config) - set(kept))
        if from_broker and self.target.front != "topic" and kept:
            gone, kept = sorted(edge.config), {}
        if kept:
            made["config"] = kept
        else:
            made.pop("config", None)
        if gone:
            self.notes.append(lost(f"{', '.join(gone)} on {edge.id}: every message takes this way now"))

    # -- the document ----------------------------------------------------------------------------
    def _assembled(self, absorbed: set[str]) -> dict[str, Any]:
        data = self.document.to_data()
        gone = absorbed | set(self.letters)
        nodes: list[dict[str, Any]] = []
        for node in data.get("nodes", []):
            if node["id"] in self.nodes:
                nodes.append(self.nodes.pop(node["id"]))
            elif node["id"] not in absorbed:
                nodes.append(node)
        data["nodes"] = nodes + list(self.nodes.values())
        made = {edge["id"]: edge for edge in self.edges}
        edges: list[dict[str, Any]] = []
        for edge, plain in zip(self.document.edges, data.get("edges", []), strict=True):
            if edge.id in made:
                edges.append(made.pop(edge.id))
            elif edge.source in absorbed:
                continue
            else:
                if (
                    edge.target in gone
                    and edge.role in ("publish", "dead-letter")
                    and edge.source not in gone
                ):
                    plain = {key: value for key, value in plain.items() if key in ("id", "from", "to")}
                    if edge.role == "publish":
                        self._routing(plain, edge, from_broker=False)
                    plain["role"] = edge.role
                    if edge.role == "dead-letter" and edge.config:
                        plain["config"] = edge.config
                edges.append(plain)
        data["edges"] = edges + list(made.values())
        self._retarget(data, absorbed)
        data["layout"] = {
            id: place
            for id, place in data.get("layout", {}).items()
            if id in {node["id"] for node in data["nodes"]}
        }
        data["assumptions"] = {
            key: value
            for key, value in data.get("assumptions", {}).items()
            if key.partition(".")[0] not in gone
        }
        return data

    def _retarget(self, data: dict[str, Any], absorbed: set[str]) -> None:
        """Faults of a node that is gone hit the broker that replaces it; objectives about it are dropped."""
        left = {node["id"] for node in data["nodes"]}
        changed = {id: KINDS[node["kind"]] for node in data["nodes"] for id in [node["id"]]}
        faults = []
        for fault in data.get("faults", []):
            if fault["node"] not in left:
                fault = {**fault, "node": self.node.id}
                self.notes.append(
                    translated(f"the {fault['kind']} at {fault['at']:g} s is one of {self.node.id}")
                )
            own = {kind.fault for kind in changed[fault["node"]].faults}
            if fault["node"] in absorbed and fault["kind"] not in ("outage", "pause", *own):
                self.notes.append(
                    lost(f"the fault {fault['kind']} at {fault['at']:g} s: {self.name} has none")
                )
                continue
            faults.append(fault)
        if "faults" in data:
            data["faults"] = faults
        objectives = []
        for objective in data.get("objectives", []):
            if objective.get("node") in absorbed - left:
                self.notes.append(lost(f"the objective on {objective['metric']} of {objective['node']}"))
            else:
                objectives.append(objective)
        if "objectives" in data:
            data["objectives"] = objectives


def _workers(document: Document, readers: tuple[Edge, ...]) -> int:
    """Servers of all readers together, those without number left out."""
    settings: list[Any] = [document.node(edge.target).config for edge in readers]
    return sum((one.instances or 0) * one.concurrency for one in settings)


def _plain(edge: Edge) -> dict[str, Any]:
    """An edge without settings; its role is that of the new one."""
    return {"id": edge.id, "from": edge.source, "to": edge.target}
