"""Templates that lead to each other: nested stacks, exported and imported values, included snippets.

What a template gets from another becomes the name or ARN that the part has there, so that both mean the same
part. Nothing is fetched: a file is found among those that are imported together, by its name.
Source: AWS CloudFormation user guide, *Nested stacks*, *Fn::ImportValue*, *AWS::Include*, *Fn::ForEach*; AWS
SAM developer guide, *AWS::Serverless::Application*.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Any

from simulator.errors import InvalidDesign
from simulator.formats.imports.aws_stack import NAMED_BY, Resource, Stack
from simulator.formats.imports.intrinsics import External, Reference, Resolver
from simulator.formats.imports.reading import Reading
from simulator.formats.imports.source_file import SourceFile
from simulator.formats.imports.values import mapping, rows, text

#: Types of nested stacks, and the property that says where the template is.
NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
#: Stacks inside stacks, and values that come from one through the next.
_DEEPEST = 10
MOST_EXPANDED = 2_000
_STACK_NAME = "stack"


def base_of(location: Any) -> str:
    """The name of a file without its folders."""
    return posixpath.basename(text(location).replace("\\", "/").split("?", 1)[0])


class Templates:
    """The templates of one import, as far as one of them needs another."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self._all = files
        self._files: dict[str, SourceFile] = {}
        for file in files:
            self._files.setdefault(base_of(file.name), file)
        self._opened: dict[int, Outlook] = {}

    def within(self, file: SourceFile) -> Outlook:
        """What one template can see of the others."""
        found = self._opened.get(id(file))
        if found is None:
            found = self._opened[id(file)] = Outlook(self, file)
        return found

    def named(self, location: Any) -> SourceFile | None:
        """The file that a location means."""
        return self._files.get(base_of(location))

    def others(self, file: SourceFile) -> Iterator[SourceFile]:
        """All other files that are templates."""
        for other in self._all:
            if other is file:
                continue
            try:
                is_template = "Resources" in other.text and bool(_resources(other))
            except InvalidDesign:  # no YAML: what it is, its own reading says
                is_template = False
            if is_template:
                yield other


class Outlook:
    """What a template gets from others, and what others get from it.

    Args:
        file: the template.
    """

    def __init__(self, templates: Templates, file: SourceFile) -> None:
        self._templates = templates
        self.file = file
        self._depth = 0
        #: What was taken for granted on the way, for the report.
        self.said: list[str] = []
        self._given: dict[str, Any] | None = None
        self._resolver: Resolver | None = None
        self._stack: Stack | None = None

    # -- for the template itself -------------------------------------------------------------------
    @property
    def given(self) -> dict[str, Any]:
        """The parameters that a template around it gives."""
        if self._given is None:
            self._given = {}  # a template that leads back to itself gets nothing
            around = [
                (other, id, properties)
                for other in self._templates.others(self.file)
                if base_of(self.file.name) in other.text
                for id, properties in _nested(other)
                if self._templates.named(location_of(properties)) is self.file
            ]
            for other, id, properties in around[:1]:
                outlook = self._templates.within(other)
                self._given = {
                    key: outlook.outside(value)
                    for key, value in mapping(properties.get("Parameters")).items()
                }
                self.said.append(f"the parameters are those that {id} of {other.name} gives")
            if len(around) > 1:
                others = ", ".join(id for _, id, _ in around[1:6])
                self.said.append(f"{others} also are stacks of this template, which is read once")
        return self._given

    def imported(self, name: str) -> Any:
        """The value that another template exports; None where none does."""
        near: list[tuple[Outlook, Any]] = []
        for other in self._templates.others(self.file):
            for output in mapping(mapping(other.data).get("Outputs")).values():
                export = mapping(mapping(output).get("Export")).get("Name")
                if export is None:
                    continue
                outlook = self._templates.within(other)
                exported = outlook.outside(export)
                if exported == name:
                    return outlook.outside(mapping(output).get("Value"))
                if isinstance(exported, str) and exported.startswith(_STACK_NAME):
                    rest = exported.removeprefix(_STACK_NAME)
                    if len(rest) > 1 and name.endswith(rest):
                        near.append((outlook, mapping(output).get("Value")))
        if len(near) != 1:
            return None
        outlook, value = near[0]
        self.said.append(f"{name} is what {outlook.file.name} exports, whatever its stack is called")
        return outlook.outside(value)

    def output(self, id: str, key: str) -> Any:
        """An output of a nested stack; None where its template is not among the files."""
        properties = dict(_nested(self.file)).get(id)
        child = self._templates.named(location_of(properties)) if properties is not None else None
        if child is None or child is self.file:
            return None
        outputs = mapping(mapping(child.data).get("Outputs"))
        value = mapping(outputs.get(key)).get("Value")
        return None if value is None else self._templates.within(child).outside(value)

    def included(self, location: Any) -> Any:
        """What stands in a snippet; None where it is not among the files."""
        file = self._templates.named(location)
        return None if file is None or file is self.file else file.data

    # -- for others --------------------------------------------------------------------------------
    def outside(self, value: Any) -> Any:
        """A value of this template as another one sees it: names and ARNs for its resources."""
        if self._depth >= _DEEPEST:
            return External("a value that leads round in a circle")
        self._depth += 1
        try:
            return self._written(self._opened().resolve(value))
        finally:
            self._depth -= 1

    def _written(self, value: Any) -> Any:
        if isinstance(value, Reference):
            return value.resource if self._stack is None else self._stack.text_of(value)
        if isinstance(value, list):
            return [self._written(one) for one in value]
        return value

    def _opened(self) -> Resolver:
        """A resolver of this template, with as much of its resources as names are made of."""
        if self._resolver is None:
            resources: dict[str, Resource] = {}
            self._stack = Stack(Reading(self.file, ""), resources, {})
            self._resolver = Resolver(mapping(self.file.data), self._stack.text_of, self)
            for id, declared in _resources(self.file).items():
                resources[id] = with_its_name(id, mapping(declared), self._resolver)
        return self._resolver


def with_its_name(id: str, declared: dict[str, Any], resolver: Resolver) -> Resource:
    """A resource with as much of its properties as its name is made of: enough to write its ARN."""
    type = text(declared.get("Type"))
    _, key = NAMED_BY.get(type, ("", ""))
    properties = mapping(declared.get("Properties"))
    kept = {name: properties[name] for name in (key, "FifoQueue") if name in properties}
    return Resource(id, type, mapping(resolver.resolve(kept)), ("Resources", id))


def _resources(file: SourceFile) -> dict[str, Any]:
    data = file.data
    return mapping(data.get("Resources")) if isinstance(data, dict) else {}


def _nested(file: SourceFile) -> Iterator[tuple[str, dict[str, Any]]]:
    """The nested stacks of a template, with their properties."""
    for id, declared in _resources(file).items():
        if text(mapping(declared).get("Type")) in NESTED:
            yield id, mapping(mapping(declared).get("Properties"))


def location_of(properties: dict[str, Any]) -> Any:
    """Where a nested template is, also where functions stand around its name."""
    for key in NESTED.values():
        value = properties.get(key)
        if isinstance(value, dict) and len(value) == 1:
            value = next(iter(value.values()))
        for part in reversed(rows(value)):
            for inner in reversed(rows(part)):
                if isinstance(inner, str) and "." in base_of(inner):
                    return inner
    return ""


def is_included(file: SourceFile, files: Sequence[SourceFile]) -> bool:
    """Whether a template among the files includes this one as a snippet."""
    base = base_of(file.name)
    return any(base in other.text and "AWS::Include" in other.text for other in Templates(files).others(file))


# -- loops and snippets among the resources ------------------------------------------------------------
def expanded(resources: dict[str, Any], outlook: Outlook, resolver: Resolver) -> dict[str, Any]:
    """Resources with the snippets and loops among them worked out; what cannot be stays as it is."""
    found: dict[str, Any] = {}
    for id, declared in resources.items():
        made: Any = None
        if id == "Fn::Transform":
            made = _snippet(declared, outlook)
        elif str(id).startswith("Fn::ForEach::"):
            made = _loop(declared, resolver)
        if isinstance(made, dict):
            found |= {str(key): value for key, value in made.items()}
        else:
            found[id] = declared
    return found


def _snippet(declared: Any, outlook: Outlook) -> Any:
    found: dict[str, Any] = {}
    for one in rows(declared):
        given = mapping(one)
        inside = outlook.included(mapping(given.get("Parameters")).get("Location"))
        if given.get("Name") != "AWS::Include" or not isinstance(inside, dict):
            return None
        found |= inside
    return found


def _loop(declared: Any, resolver: Resolver) -> Any:
    """``Fn::ForEach``: a variable, the values it takes, and resources with it in names and texts."""
    if not isinstance(declared, list) or len(declared) != 3 or not isinstance(declared[2], dict):
        return None
    variable, values = declared[0], resolver.resolve(declared[1])
    if not isinstance(variable, str) or not isinstance(values, list) or len(values) > MOST_EXPANDED:
        return None
    if any(isinstance(one, (dict, list)) or not isinstance(one, (str, int, float)) for one in values):
        return None
    found: dict[str, Any] = {}
    for value in values:
        for key, inner in declared[2].items():
            if len(found) >= MOST_EXPANDED:
                return None
            found[_put(str(key), variable, str(value))] = _put_in(inner, variable, str(value))
    return found


def _put(where: str, variable: str, value: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9]", "", value)
    return where.replace(f"${{{variable}}}", value).replace(f"&{{{variable}}}", plain)


def _put_in(value: Any, variable: str, by: str, depth: int = 0) -> Any:
    if isinstance(value, str):
        return _put(value, variable, by)
    if depth > 60:
        return value
    if isinstance(value, list):
        return [_put_in(one, variable, by, depth + 1) for one in value]
    if isinstance(value, dict):
        if value == {"Ref": variable}:
            return by
        return {
            _put(str(key), variable, by): _put_in(inner, variable, by, depth + 1)
            for key, inner in value.items()
        }
    return value
