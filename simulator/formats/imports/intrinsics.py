"""The functions of CloudFormation templates, worked out as far as they are static.

What only AWS knows at deployment (parameters without a default, imported values, attributes) stays a value of
its own kind: a `Reference` to a resource of the template, or an `External` with the name it goes by. Secret
parameters and dynamic references are never looked at.
Source: AWS CloudFormation user guide, *Intrinsic function reference*, *Pseudo parameters reference*.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

ACCOUNT, REGION = "123456789012", "us-east-1"
#: Longest text that functions may make; none that names anything comes near it.
_LONGEST_TEXT = 20_000
#: Conditions that lead from one to the next.
_DEEPEST = 30

_PSEUDO: dict[str, Any] = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "stack",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/stack/0",
    "AWS::NotificationARNs": [],
}
#: Functions whose value does not name anything that messages flow through.
_AT_DEPLOYMENT = ("Fn::GetAZs", "Fn::Base64", "Fn::Cidr")
_VARIABLE = re.compile(r"\$\{([^${}!]{1,300})\}")
_SECRET = re.compile(r"\{\{resolve:")


@dataclass(frozen=True, slots=True)
class Reference:
    """A resource of the template, or an attribute of one."""

    resource: str
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class External:
    """A value from outside the template: a parameter without default, an import, a secret."""

    name: str


class Elsewhere(Protocol):
    """What a template gets from the other templates of an import."""

    @property
    def given(self) -> Mapping[str, Any]:
        """Parameters that a template around it gives."""

    def imported(self, name: str) -> Any:
        """An exported value; None where nobody exports it."""

    def output(self, id: str, key: str) -> Any:
        """An output of a nested stack; None where its template is not there."""

    def included(self, location: Any) -> Any:
        """What stands in a snippet; None where it is not there."""


class Absent:
    """The value of ``AWS::NoValue``: the property is not there."""


ABSENT = Absent()


def is_external(value: object) -> bool:
    """Whether a value is not known before deployment."""
    return isinstance(value, (Reference, External))


class Resolver:
    """Works out the functions of one template."""

    def __init__(self, template: Mapping[str, Any], text_of: Any, elsewhere: Elsewhere | None = None) -> None:
        """`text_of` writes a `Reference` inside a longer text."""
        self._elsewhere = elsewhere
        self._parameters = _mapping(template.get("Parameters"))
        self._conditions = _mapping(template.get("Conditions"))
        self._mappings = _mapping(template.get("Mappings"))
        self._resources = _mapping(template.get("Resources"))
        self._text_of = text_of
        self._decided: dict[str, bool] = {}
        self._deciding: set[str] = set()
        self._including = 0  # snippets inside snippets
        self.unknown: dict[str, str] = {}  # functions that were not worked out, and why
        self.used_defaults: set[str] = set()
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::If": self._if,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::ImportValue": self._import_value,
            "Fn::ToJsonString": self._to_json,
            "Fn::Length": self._length,
            "Fn::Transform": self._transform,
        }

    # -- values ----------------------------------------------------------------------------------
    def resolve(self, value: Any) -> Any:
        """The value with all functions worked out; properties that are absent are left out."""
        if isinstance(value, dict):
            if len(value) == 1:
                name, argument = next(iter(value.items()))
                if name == "Ref" or (isinstance(name, str) and name.startswith("Fn::")):
                    return self._function(name, argument)
            result = {}
            for key, item in value.items():
                resolved = self.resolve(item)
                if resolved is not ABSENT:
                    result[key] = resolved
            return result
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not ABSENT]
        if isinstance(value, str) and _SECRET.search(value):
            return External("secret")
        return value

    def _function(self, name: str, argument: Any) -> Any:
        if name in _AT_DEPLOYMENT:
            return External("value of the deployment")
        function = self._functions.get(name)
        if function is None:
            self.unknown[name] = "this function is not known"
            return External(name.removeprefix("Fn::"))
        return function(argument)

    def _ref(self, argument: Any) -> Any:
        if not isinstance(argument, str):
            return External("Ref")
        if argument == "AWS::NoValue":
            return ABSENT
        if argument in _PSEUDO:
            return _PSEUDO[argument]
        if argument in self._parameters:
            return self._parameter(argument)
        return Reference(argument)

    def _parameter(self, name: str) -> Any:
        declared = _mapping(self._parameters[name])
        if str(declared.get("NoEcho", "")).lower() == "true":
            return External(name)
        if self._elsewhere is not None and name in self._elsewhere.given:
            return self._elsewhere.given[name]
        type = str(declared.get("Type", "String"))
        default = declared.get("Default")
        if default is None or default == "" or type.startswith("AWS::SSM::Parameter"):
            return External(name)
        self.used_defaults.add(name)
        if type in ("CommaDelimitedList", "List<Number>") and isinstance(default, str):
            return [part.strip() for part in default.split(",")]
        return self.resolve(default) if not isinstance(default, (dict, list)) else default

    def _get_att(self, argument: Any) -> Any:
        if isinstance(argument, str):
            argument = argument.split(".", 1)
        if isinstance(argument, list) and argument and isinstance(argument[0], str):
            attribute = argument[1] if len(argument) > 1 and isinstance(argument[1], str) else ""
            if attribute.startswith("Outputs.") and self._elsewhere is not None:
                found = self._elsewhere.output(argument[0], attribute.removeprefix("Outputs."))
                if found is not None:
                    return found
                return External(attribute.removeprefix("Outputs."))
            return Reference(argument[0], attribute)
        return External("GetAtt")

    def _sub(self, argument: Any) -> Any:
        own: dict[str, Any] = {}
        if isinstance(argument, list) and len(argument) == 2:
            own = {key: self.resolve(item) for key, item in _mapping(argument[1]).items()}
            argument = argument[0]
        if not isinstance(argument, str) or len(argument) > _LONGEST_TEXT:
            return External("Sub")
        if _SECRET.search(argument):
            return External("secret")

        def value_of(name: str) -> Any:
            name = name.strip()
            if name in own:
                return own[name]
            if name in _PSEUDO or name in self._parameters or "." not in name:
                return self._ref(name)
            return self._get_att(name)

        whole = _VARIABLE.fullmatch(argument)
        if whole:
            return value_of(whole[1])
        pieces: list[str] = []
        position = 0
        for match in _VARIABLE.finditer(argument):
            pieces += [argument[position : match.start()], self._text(value_of(match[1]))]
            position = match.end()
        pieces.append(argument[position:])
        return _bounded(pieces).replace("${!", "${")

    def _join(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
            return External("Join")
        parts = self.resolve(argument[1])
        if not isinstance(parts, list):
            return parts if is_external(parts) else External("Join")
        if len(parts) == 1 and is_external(parts[0]):
            return parts[0]
        pieces = [piece for part in parts for piece in (argument[0], self._text(part))]
        return _bounded(pieces[1:])

    def _text(self, value: Any) -> str:
        if isinstance(value, Reference):
            return str(self._text_of(value))
        if isinstance(value, External):
            return value.name
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, (str, int, float)):
            return str(value)
        return ""

    def _if(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 3 or not isinstance(argument[0], str):
            return External("If")
        return self.resolve(argument[1] if self.condition(argument[0]) else argument[2])

    def _find_in_map(self, argument: Any) -> Any:
        keys = self.resolve(argument)
        if not isinstance(keys, list) or len(keys) < 3:
            return External("FindInMap")
        here: Any = self._mappings
        for key in keys[:3]:
            here = here.get(self._text(key)) if isinstance(here, dict) else None
        if here is None:
            if len(keys) > 3 and isinstance(keys[3], dict) and "DefaultValue" in keys[3]:
                return keys[3]["DefaultValue"]
            return External("FindInMap")
        return here

    def _select(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 2:
            return External("Select")
        index, items = self.resolve(argument[0]), self.resolve(argument[1])
        number = str(index)
        if isinstance(items, list) and number.isdigit() and len(number) < 9 and int(number) < len(items):
            return items[int(number)]
        return items if is_external(items) else External("Select")

    def _split(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
            return External("Split")
        text = self.resolve(argument[1])
        if isinstance(text, str) and argument[0]:
            return text.split(argument[0])
        return text if is_external(text) else External("Split")

    def _import_value(self, argument: Any) -> Any:
        name = self._text(self.resolve(argument)) or "ImportValue"
        found = None if self._elsewhere is None else self._elsewhere.imported(name)
        return External(name) if found is None else found

    def _transform(self, argument: Any) -> Any:
        """A snippet that is included; any other macro runs when the template is deployed."""
        given = _mapping(argument)
        if given.get("Name") == "AWS::Include" and self._elsewhere is not None and self._including < _DEEPEST:
            inside = self._elsewhere.included(_mapping(given.get("Parameters")).get("Location"))
            if inside is not None:
                self._including += 1
                try:
                    return self.resolve(inside)
                finally:
                    self._including -= 1
        self.unknown["Fn::Transform"] = "this macro runs when the template is deployed"
        return External("value of the deployment")

    def _to_json(self, argument: Any) -> Any:
        try:
            return _bounded(json.JSONEncoder().iterencode(_plain(self.resolve(argument))))
        except (TypeError, ValueError):
            return External("ToJsonString")

    def _length(self, argument: Any) -> Any:
        items = self.resolve(argument)
        return len(items) if isinstance(items, list) else External("Length")

    # -- conditions ------------------------------------------------------------------------------
    def condition(self, name: str) -> bool:
        """Whether a condition holds with the parameters' defaults; what is not known holds."""
        if name in self._decided:
            return self._decided[name]
        if name in self._deciding or name not in self._conditions or len(self._deciding) >= _DEEPEST:
            self.unknown[f"condition {name[:80]}"] = "it is not defined, or by itself"
            return True
        self._deciding.add(name)
        result = self._holds(self._conditions[name])
        self._deciding.discard(name)
        if result is None:
            self.unknown[f"condition {name}"] = "it is not known before deployment; it is taken to hold"
            result = True
        self._decided[name] = result
        return result

    def _holds(self, expression: Any) -> bool | None:
        if isinstance(expression, bool):
            return expression
        if not isinstance(expression, dict) or len(expression) != 1:
            return None
        name, argument = next(iter(expression.items()))
        if name == "Condition" and isinstance(argument, str):
            return self.condition(argument)
        if name == "Fn::Equals" and isinstance(argument, list) and len(argument) == 2:
            left, right = self.resolve(argument[0]), self.resolve(argument[1])
            if is_external(left) or is_external(right):
                return None
            return self._text(left) == self._text(right)
        if name in ("Fn::And", "Fn::Or", "Fn::Not") and isinstance(argument, list):
            known: list[bool | None] = [self._holds(item) for item in argument]
            if name == "Fn::Not":
                return None if len(known) != 1 or known[0] is None else not known[0]
            decisive: bool = name == "Fn::Or"
            if decisive in known:
                return decisive
            return None if None in known else not decisive
        return None


def _bounded(pieces: Iterable[str]) -> str:
    """The pieces as one text, cut where it is longer than any name or policy."""
    kept: list[str] = []
    length = 0
    for piece in pieces:
        kept.append(piece)
        length += len(piece)
        if length > _LONGEST_TEXT:
            break
    return "".join(kept)[:_LONGEST_TEXT]


def _plain(value: Any) -> Any:
    """A value without references, for JSON."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Reference):
        return f"${{{value.resource}}}"
    if isinstance(value, External):
        return f"${{{value.name}}}"
    return value


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
