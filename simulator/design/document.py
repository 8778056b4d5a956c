"""The design document `headrace/1`: what the canvas draws, the files hold and the simulator runs."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    PrivateAttr,
    SerializeAsAny,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from simulator.design.arrivals import Trace, resolve_files
from simulator.design.distributions import AnyDistribution
from simulator.design.edges import PlainSettings, PublishSettings, settings_of_edge
from simulator.design.explain import problems_from
from simulator.design.fields import Settings, setting
from simulator.design.reading import read_text
from simulator.design.upgrades import upgrade
from simulator.errors import InvalidDesign
from simulator.graph import checks
from simulator.graph.fault_checks import type_faults
from simulator.graph.problem import Problem
from simulator.graph.wiring import wire
from simulator.kinds.catalogue import KINDS
from simulator.pricing.prices import Prices

FORMAT = "headrace/1"
MAX_NODES = 5_000
MAX_EDGES = 20_000

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=64)]
Text = Annotated[str, Field(max_length=10_000)]
Label = Annotated[str, Field(max_length=200)]
Role = Literal["publish", "consume", "invoke", "dead-letter", "replicate"]

_STRICT = ConfigDict(
    defer_build=True,
    extra="forbid",
    strict=True,
    allow_inf_nan=False,
    populate_by_name=True,
    serialize_by_alias=True,
)


class Node(BaseModel):
    """One node of the design."""

    model_config = _STRICT

    id: Id
    kind: str
    label: Label = ""
    config: SerializeAsAny[Settings]


def _model_of_node(kind: str) -> type[Node]:
    """A node with the settings of one kind."""
    settings: Any = KINDS[kind].settings
    fields: dict[str, Any] = {
        "kind": (Literal[kind], ...),
        "config": (settings, Field(default_factory=settings)),
    }
    return create_model(f"Node[{kind}]", __base__=Node, **fields)


class _LoadedWhenNeeded:
    """The union over the catalogue, of which a kind is loaded, and its validator built, with the first node
    of that kind: all of them take longer than a small run.
    """

    @staticmethod
    def __get_pydantic_core_schema__(_node: type[Node], _handler: GetCoreSchemaHandler) -> CoreSchema:
        model = cache(_model_of_node)

        def reader_of(kind: str) -> CoreSchema:
            return core_schema.no_info_plain_validator_function(lambda data: model(kind).model_validate(data))

        return core_schema.tagged_union_schema(
            {kind: reader_of(kind) for kind in KINDS},
            "kind",
            serialization=core_schema.simple_ser_schema("any"),
        )


def any_node() -> Any:
    """The same union as a type with every kind in it, from which a JSON Schema can be made."""
    models = tuple(_model_of_node(kind) for kind in KINDS)
    return Annotated[Union[models], Discriminator("kind")]  # noqa: UP007 -- not written out


if TYPE_CHECKING:
    from simulator.kinds.kind import FaultKind

    AnyNode = Node
else:
    AnyNode = Annotated[Node, _LoadedWhenNeeded]

#: Settings of publish edges.
_ROUTING = tuple(PublishSettings.model_fields)

#: Settings of edges that end at no kind's special ones, by role.
_ANY_EDGE: dict[str, type[Settings]] = {"publish": PublishSettings}


class Edge(BaseModel):
    """One edge of the design; `role` follows from the kinds at its ends when it is left out."""

    model_config = _STRICT

    id: Id
    source: str = Field(alias="from")
    target: str = Field(alias="to")
    role: Role | None = None
    config: dict[str, Any] = Field(default_factory=dict)
    _settings: Settings = PrivateAttr(default_factory=PlainSettings)

    @model_validator(mode="before")
    @classmethod
    def _routing_beside_the_role(cls, data: Any) -> Any:
        """The settings of a publish edge may stand beside the role instead of inside `config`."""
        if isinstance(data, dict) and isinstance(data.get("config", {}), dict):
            beside = {key: data[key] for key in _ROUTING if key in data}
            if beside:
                rest = {key: value for key, value in data.items() if key not in beside}
                return {**rest, "config": {**beside, **data.get("config", {})}}
        return data

    @property
    def settings(self) -> Settings:
        """The typed form of `config`."""
        return self._settings

    def routing(self) -> PublishSettings:
        """The settings of a publish edge."""
        settings = self._settings
        return settings if isinstance(settings, PublishSettings) else PublishSettings()

    def delay(self) -> AnyDistribution | None:
        """Time a message spends on the edge, None for none."""
        return self.routing().delay


class Fault(BaseModel):
    """Something that goes wrong, or is done, at a known time.

    `pause`: a consumer takes no messages and finishes what it has. `outage`: the node is gone; a consumer
    gives back what it has in service, a broker neither accepts nor delivers, a service refuses requests.
    Anything else is a fault or an action of the node's own kind, with settings of its own in `config`.
    `at` and `duration` are simulated seconds; what only strikes has no duration.
    """

    model_config = _STRICT

    kind: Annotated[str, Field(max_length=100)] = "pause"
    node: str
    at: float = Field(ge=0)
    duration: float | None = Field(None, gt=0)
    config: dict[str, Any] = Field(default_factory=dict)
    _own: FaultKind | None = PrivateAttr(default=None)
    _settings: Settings = PrivateAttr(default_factory=PlainSettings)

    def settle(self, own: FaultKind | None) -> None:
        """Know the fault of the node's own kind that this is, None for `pause` and `outage`."""
        self._own = own
        if own is not None:
            self._settings = own.settings.model_validate(self.config)

    @property
    def own(self) -> FaultKind | None:
        """What the node's kind says of it; None for `pause` and `outage`."""
        return self._own

    @property
    def settings(self) -> Settings:
        """The typed form of `config`."""
        return self._settings


class Objective(BaseModel):
    """A service level objective, judged on every run."""

    model_config = _STRICT

    metric: Annotated[str, Field(max_length=100)]
    node: str | None = None
    source: str | None = Field(None, alias="from")
    target: str | None = Field(None, alias="to")
    below: float | None = None
    above: float | None = None
    equals: float | None = None


class SimulationSettings(Settings):
    """How the design is run."""

    duration: float = setting(
        600.0, title="Duration", help="Simulated time of one run.", unit="s", widget="duration", gt=0, le=1e9
    )
    warmup: Annotated[float, Field(ge=0)] | Literal["auto"] = setting(
        "auto",
        title="Warm-up",
        help="Simulated time left out of the results; auto finds it from the data.",
        unit="s",
        widget="duration",
    )
    seed: int = setting(
        1, title="Seed", help="Same document and same seed give the same result.", ge=0, le=2**63 - 1
    )
    replications: int = setting(
        1, title="Replications", help="Independent runs; their spread gives the intervals.", ge=1, le=10_000
    )
    frame_interval: float = setting(
        1.0,
        title="Frame interval",
        help="Simulated time between two frames of the live view; at most 5,000 frames are made.",
        unit="s",
        widget="duration",
        advanced=True,
        gt=0,
        le=1e9,
    )
    precision: Annotated[float, Field(gt=0, lt=1)] | None = setting(
        None,
        title="Precision",
        help="Replications go on until every mean latency is known to within this share, such as 5 %; "
        "empty: as many as are set.",
        widget="precision",
    )


class Point(BaseModel):
    """Where a node stands on the canvas, in pixels."""

    model_config = ConfigDict(defer_build=True, extra="allow", allow_inf_nan=False)

    x: float
    y: float


class Assumption(BaseModel):
    """Where a value comes from."""

    model_config = _STRICT

    source: Literal["measured", "imported", "vendor-default", "guess"]
    note: Text = ""
    #: The range of the true value, of a distribution that of its mean (or value, or median, or rate).
    low: float | None = None
    high: float | None = None


class Document(BaseModel):
    """A whole design."""

    model_config = _STRICT

    format: Literal["headrace/1"] = "headrace/1"
    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Text = ""
    nodes: Annotated[list[AnyNode], Field(max_length=MAX_NODES)] = Field(default_factory=list)
    edges: Annotated[list[Edge], Field(max_length=MAX_EDGES)] = Field(default_factory=list)
    faults: Annotated[list[Fault], Field(max_length=1_000)] = Field(default_factory=list)
    objectives: Annotated[list[Objective], Field(max_length=1_000)] = Field(default_factory=list)
    simulation: SimulationSettings = Field(default_factory=SimulationSettings)
    layout: dict[str, Point] = Field(default_factory=dict)
    assumptions: dict[str, Assumption] = Field(default_factory=dict)
    pricing: Prices = Field(default_factory=Prices)

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """The JSON Schema, with the settings of all kinds in it."""
        if cls is not Document:
            return super().model_json_schema(*args, **options)
        return _with_all_settings().model_json_schema(*args, **options)

    # -- reading ---------------------------------------------------------------------------------
    @classmethod
    def from_text(cls, text: str | bytes) -> Document:
        """Read YAML or JSON; raises `InvalidDesign` with every problem found."""
        return cls.parse(read_text(text))

    @classmethod
    def parse(cls, data: object) -> Document:
        """Validate plain data; raises `InvalidDesign` with every problem found."""
        upgraded = upgrade(data)
        try:
            document = cls.model_validate(upgraded)
        except ValidationError as error:
            raise InvalidDesign(problems_from(error, upgraded, model=cls)) from None
        problems = checks.reference_problems(document)
        if not any(problem.code == "D202" for problem in problems):
            problems += document.type_edges()
        problems += type_faults(document)
        if not problems:
            problems += checks.cycle_problems(document)
        if problems:
            raise InvalidDesign(problems)
        return document

    def type_edges(self) -> list[Problem]:
        """Give every edge its role and typed settings; returns what does not fit."""
        problems: list[Problem] = []
        for position, edge in enumerate(self.edges):
            source, target = (KINDS[self.node(end).kind] for end in (edge.source, edge.target))
            rule = wire(source.category, target.category)
            roles = source.roles_of(rule)
            path = f"edges[{position}]"
            if not roles:
                problems.append(
                    Problem(
                        "D203",
                        "error",
                        edge.id,
                        "",
                        f"{edge.source} ({source.kind}) cannot lead to {edge.target} ({target.kind})",
                        rule.refusal or "",
                        path,
                    )
                )
                continue
            if edge.role is None:
                edge.role = roles[0]  # type: ignore[assignment]
            elif edge.role not in roles:
                problems.append(
                    Problem(
                        "D205",
                        "error",
                        edge.id,
                        "role",
                        f"role {edge.role} is not possible from a {source.kind} to a {target.kind}",
                        f"use {' or '.join(roles)}, or leave the role out",
                        f"{path}.role",
                    )
                )
                continue
            role = str(edge.role)
            model = source.edge_settings.get(role) or _ANY_EDGE.get(role, PlainSettings)
            if source.category == "topic" and target.category == "queue":
                model = source.edge_settings.get("publish", PublishSettings)
            model = settings_of_edge(model, target.entering_settings.get(role), role)
            try:
                edge._settings = model.model_validate(edge.config)
            except ValidationError as error:
                for problem in problems_from(error, edge.config, model=model):
                    inner = problem.path
                    problems.append(
                        Problem(
                            problem.code,
                            problem.severity,
                            edge.id,
                            f"config.{inner}" if inner else "config",
                            problem.message,
                            problem.hint,
                            f"{path}.config" + (f".{inner}" if inner else ""),
                        )
                    )
        return problems

    def with_files(self, base: Path | None) -> Document:
        """The same design with the contents of its trace files in their place.

        A relative file counts from `base`, the folder of the design; without a base files are refused.
        Raises `InvalidDesign` (D110) that names the faulty line.
        """
        data = self.to_data()
        is_changed = False
        for position, node in enumerate(self.nodes):
            arrivals = getattr(node.config, "arrivals", None)
            if not isinstance(arrivals, Trace) or arrivals.file is None:
                continue
            place = f"nodes[{position}].config.arrivals"
            read = resolve_files(arrivals, base, element=node.id, field="config.arrivals", path=place)
            assert isinstance(read, Trace)
            rows = read.rows()
            written = data["nodes"][position]["config"]["arrivals"]
            del written["file"]
            if rows.counts is None:
                written["times"] = rows.times
            else:
                written["counts"] = [list(row) for row in zip(rows.times, rows.counts, strict=True)]
                written["interval"] = rows.interval
            is_changed = True
        return Document.parse(data) if is_changed else self

    # -- writing ---------------------------------------------------------------------------------
    def to_data(self) -> dict[str, Any]:
        """The document as plain data: what was set, in a stable order of keys."""
        data = self.model_dump(mode="json", exclude_unset=True, by_alias=True)
        return {"format": FORMAT, **{key: value for key, value in data.items() if key != "format"}}

    def digest(self) -> str:
        """`sha256:...` over the canonical JSON of `to_data`."""
        text = json.dumps(self.to_data(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    # -- looking up ------------------------------------------------------------------------------
    @cached_property
    def _by_id(self) -> dict[str, Node]:
        return {node.id: node for node in self.nodes}

    @cached_property
    def _from(self) -> dict[str, list[Edge]]:
        grouped: dict[str, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            grouped[edge.source].append(edge)
        return grouped

    @cached_property
    def _into(self) -> dict[str, list[Edge]]:
        grouped: dict[str, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            grouped[edge.target].append(edge)
        return grouped

    @cached_property
    def _paths(self) -> dict[tuple[type, str], str]:
        paths: dict[tuple[type, str], str] = {}
        for position, node in enumerate(self.nodes):
            paths.setdefault((Node, node.id), f"nodes[{position}]")
        for position, edge in enumerate(self.edges):
            paths.setdefault((Edge, edge.id), f"edges[{position}]")
        return paths

    def path_of(self, element: Node | Edge) -> str:
        """Where a node or an edge stands in the document: `nodes[2]`."""
        return self._paths[Edge if isinstance(element, Edge) else Node, element.id]

    def node(self, id: str) -> Node:
        """The node `id`; raises KeyError."""
        return self._by_id[id]

    def edges_from(self, id: str) -> list[Edge]:
        """Edges that leave the node, in document order."""
        return self._from.get(id, [])

    def edges_into(self, id: str) -> list[Edge]:
        """Edges that enter the node, in document order."""
        return self._into.get(id, [])


def _with_all_settings() -> type[Document]:
    """The document's model with all settings built into it."""
    fields: dict[str, Any] = {
        "nodes": (
            Annotated[list[any_node()], Field(max_length=MAX_NODES)],  # type: ignore[misc]
            Field(default_factory=list),
        )
    }
    return create_model(Document.__name__, __base__=Document, __doc__=Document.__doc__, **fields)
