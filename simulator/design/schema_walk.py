"""Looking things up in the JSON Schema of a class: what may stand at a place of a document.

Only needed when something is wrong, to name the allowed keys; the schema is made once per class.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]
Step = str | int


@lru_cache(maxsize=64)
def _schema_of(model: type[BaseModel]) -> Schema:
    return model.model_json_schema(by_alias=True)


class SchemaWalk:
    """Follows a path through the schema of a class; without a class it knows nothing and says so."""

    def __init__(self, model: type[BaseModel] | None) -> None:
        self.model = model

    def keys_at(self, steps: Sequence[Step], data: object) -> list[str]:
        """Keys allowed in the mapping at a path."""
        keys: dict[str, None] = {}
        schemas, here = self._at(steps, data)
        for schema in self._branches(schemas, here):
            keys.update(dict.fromkeys(schema.get("properties", {})))
        return list(keys)

    def description(self, steps: Sequence[Step], data: object) -> str:
        """One-line help of the key at a path."""
        if not steps:
            return ""
        schemas, here = self._at(steps[:-1], data)
        for schema in self._branches(schemas, here):
            found = schema.get("properties", {}).get(steps[-1], {}).get("description")
            if isinstance(found, str):
                return found
        return ""

    def tags_at(self, steps: Sequence[Step], data: object) -> list[str]:
        """Values the discriminator of a union at a path can take."""
        schemas, _ = self._at(steps, data)
        for schema in self._flat(schemas):
            mapping = schema.get("discriminator", {}).get("mapping", {})
            if mapping:
                return list(mapping)
        return []

    def union_at(self, steps: Sequence[Step], data: object) -> str:
        """What to expect where a distribution or process stands: "a number or a mapping with ..."."""
        schemas, _ = self._at(steps, data)
        flat = self._flat(schemas)
        tags = [schema["discriminator"]["propertyName"] for schema in flat if "discriminator" in schema]
        if not tags:
            return ""
        is_number_allowed = any(schema.get("type") in ("number", "integer") for schema in flat)
        return f"{'a number or ' if is_number_allowed else ''}a mapping with {tags[0]!r}"

    def _at(self, steps: Sequence[Step], data: object) -> tuple[list[Schema], object]:
        """Schemas that may apply at a path, and the data that stands there."""
        if self.model is None:
            return [], None
        schemas, here = [_schema_of(self.model)], data
        for step in steps:
            found: list[Schema] = []
            for schema in self._branches(schemas, here):
                if isinstance(step, int):
                    inner = schema.get("items")
                else:
                    inner = schema.get("properties", {}).get(step, schema.get("additionalProperties"))
                if isinstance(inner, dict):
                    found.append(inner)
            schemas = found
            if isinstance(here, dict):
                here = here.get(step)
            elif isinstance(here, list) and isinstance(step, int) and step < len(here):
                here = here[step]
            else:
                here = None
        return schemas, here

    def _branches(self, schemas: list[Schema], here: object) -> list[Schema]:
        """Concrete schemas: references followed, unions opened, the branch chosen where data chooses it."""
        concrete: list[Schema] = []
        for schema in self._flat(schemas):
            choice = schema.get("discriminator")
            if choice is None:
                concrete.append(schema)
                continue
            tag = here.get(choice["propertyName"]) if isinstance(here, dict) else None
            reference = choice.get("mapping", {}).get(tag) if isinstance(tag, str) else None
            if reference:
                concrete.append(self._followed({"$ref": reference}))
        return concrete

    def _flat(self, schemas: list[Schema]) -> list[Schema]:
        """References followed and plain unions opened; a union with a discriminator stays whole."""
        flat: list[Schema] = []
        waiting = list(schemas)
        while waiting:
            schema = self._followed(waiting.pop(0))
            if "discriminator" in schema:
                flat.append(schema)
            elif "anyOf" in schema or "oneOf" in schema or "allOf" in schema:
                for key in ("anyOf", "oneOf", "allOf"):
                    waiting.extend(schema.get(key, []))
            else:
                flat.append(schema)
        return flat

    def _followed(self, schema: Schema) -> Schema:
        while "$ref" in schema and self.model is not None:
            name = schema["$ref"].rpartition("/")[2]
            schema = _schema_of(self.model)["$defs"][name]
        return schema
