"""Filter policies of Amazon SNS subscriptions, on message attributes or on the message body.

Source: Amazon SNS developer guide, *Amazon SNS subscription filter policies* and *Filter policy constraints*.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from simulator.kinds.aws.event_patterns import Leaves, Matcher, choices_of, compile_pattern
from simulator.kinds.aws.pattern_values import SNS, InvalidPattern, is_number

__all__ = ["InvalidPattern", "attribute_leaves", "combinations", "compile_policy", "matches", "validate"]

Scope = Literal["MessageAttributes", "MessageBody"]

#: Characters, keys and combinations of one policy (SNS developer guide, *Filter policy constraints*).
LONGEST_POLICY = 262_144
MOST_KEYS = 5
MOST_COMBINATIONS = 150


def matches(
    policy: Mapping[str, Any] | str | None,
    *,
    attributes: Mapping[str, Any] | None = None,
    body: object = None,
) -> bool:
    """Whether a subscription with this policy gets the message.

    Args:
        policy: None or empty: it gets all. A bare value counts as an array of it (`validate` refuses it).
        attributes: scope MessageAttributes: by name, `{"Type": ..., "Value": ...}`, the SDK's
            `{"DataType": ..., "StringValue": ...}`, or a plain string, number or list of them.
        body: scope MessageBody: the body, parsed or as JSON text; used where it is given.

    Raises:
        InvalidPattern: the policy cannot be understood.
    """
    if not policy:
        return True
    leaves = attribute_leaves(attributes or {}) if body is None else body_leaves(body)
    return leaves is not None and compile_policy(policy).matches(leaves)


def validate(policy: Mapping[str, Any] | str, *, scope: Scope | None = None) -> None:
    """Refuse a policy that SNS refuses.

    Args:
        scope: MessageAttributes refuses nesting; None: nesting is taken for scope MessageBody.

    Raises:
        InvalidPattern: with the field, what is wrong, and how to mend it.
    """
    found = _parsed(policy)
    if not found:
        return
    compile_pattern(found, SNS, longest=LONGEST_POLICY)
    if scope == "MessageAttributes":
        _refuse_nesting(found, "")
    keys = len(_keys(found, ""))
    if keys > MOST_KEYS:
        raise InvalidPattern("", f"{keys} keys", f"a filter policy has at most {MOST_KEYS}")
    number = combinations(found)
    if number > MOST_COMBINATIONS:
        raise InvalidPattern(
            "", f"{number} combinations of values", f"at most {MOST_COMBINATIONS}: name fewer values"
        )


def combinations(policy: Mapping[str, Any]) -> int:
    """What SNS counts as the complexity of a policy.

    The product over the keys of the number of values times the level the key stands at; the alternatives of
    `$or` are added.
    """
    return _combinations(policy, 1)


def _combinations(policy: Mapping[str, Any], level: int) -> int:
    product = 1
    for key, inner in policy.items():
        choices = choices_of(key, inner)
        if choices is not None:
            product *= sum(_combinations(choice, level) for choice in choices)
        elif isinstance(inner, Mapping):
            product *= _combinations(inner, level + 1)
        else:
            product *= len(inner) * level
    return product


def compile_policy(policy: Mapping[str, Any] | str) -> Matcher:
    """A matcher for many messages; it takes leaves (`attribute_leaves`, `body_leaves`)."""
    return compile_pattern(_in_arrays(_parsed(policy)), SNS, longest=LONGEST_POLICY)


def body_leaves(body: object) -> Leaves | None:
    """The leaves of a message body; None for one that is no JSON object, which no policy matches."""
    if isinstance(body, (str, bytes)):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            return None
    return Leaves(body) if isinstance(body, Mapping) else None


def attribute_leaves(attributes: Mapping[str, Any]) -> Leaves:
    """Message attributes as leaves: the name is the path, an array has its elements as values."""
    return Leaves({name: _value(attribute) for name, attribute in attributes.items()})


def _value(attribute: Any) -> Any:
    """The value a policy sees; a Binary attribute is never matched."""
    if not isinstance(attribute, Mapping):
        return attribute
    kind = str(attribute.get("Type", attribute.get("DataType", "String")))
    value = attribute.get("Value", attribute.get("StringValue"))
    if kind == "String.Array" and isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    if kind.startswith("Number") and isinstance(value, str):
        try:
            return float(value) if any(sign in value for sign in ".eE") else int(value)
        except ValueError:
            return value
    if kind.startswith("Binary"):
        return []
    return value if is_number(value) or isinstance(value, (list, bool)) else str(value)


def _parsed(policy: Mapping[str, Any] | str) -> Mapping[str, Any]:
    found: object = policy
    if isinstance(policy, str):
        try:
            found = json.loads(policy)
        except (ValueError, RecursionError) as error:
            raise InvalidPattern("", f"not JSON ({error})", "check brackets and quotation marks") from None
    if not isinstance(found, Mapping):
        raise InvalidPattern("", "not an object", 'write it as {"type": ["order"]}')
    return found


def _in_arrays(policy: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, inner in policy.items():
        choices = choices_of(key, inner)
        if choices is not None:
            made[key] = [_in_arrays(choice) for choice in choices]
        elif isinstance(inner, Mapping):
            made[key] = _in_arrays(inner)
        else:
            made[key] = inner if isinstance(inner, list) else [inner]
    return made


def _keys(policy: Mapping[str, Any], path: str) -> set[str]:
    found: set[str] = set()
    for key, inner in policy.items():
        choices = choices_of(key, inner)
        if choices is not None:
            for choice in choices:
                found |= _keys(choice, path)
        elif isinstance(inner, Mapping):
            found |= _keys(inner, f"{path}{key}.")
        else:
            found.add(f"{path}{key}")
    return found


def _refuse_nesting(policy: Mapping[str, Any], path: str) -> None:
    for key, inner in policy.items():
        choices = choices_of(key, inner)
        if choices is not None:
            for choice in choices:
                _refuse_nesting(choice, path)
        elif isinstance(inner, Mapping):
            raise InvalidPattern(
                f"{path}{key}", "nested, on message attributes", "set FilterPolicyScope to MessageBody"
            )
