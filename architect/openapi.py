"""The API's own description, arranged for the page /api/docs."""

from __future__ import annotations

import json
from typing import Any

from architect.api import api


def groups() -> dict[str, list[dict[str, Any]]]:
    """Return the operations by tag: method, path, texts, parameters, body and answers."""
    schema: dict[str, Any] = api.get_openapi_schema()
    found: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["Other"])[0]
            found.setdefault(tag, []).append(_operation(schema, method, path, operation))
    return found


def _operation(schema: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        {
            "name": parameter["name"],
            "where": parameter["in"],
            "required": parameter.get("required", False),
            "type": _type(parameter["schema"]),
            "text": parameter["schema"].get("description", ""),
        }
        for parameter in operation.get("parameters", [])
    ]
    return {
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "text": operation.get("description", ""),
        "parameters": parameters,
        "body": _fields(schema, _content(operation.get("requestBody", {}))),
        "answers": [
            {"status": status, "text": answer.get("description", ""), "type": _type(_content(answer))}
            for status, answer in operation.get("responses", {}).items()
        ],
    }


def _content(holder: dict[str, Any]) -> dict[str, Any]:
    for media in holder.get("content", {}).values():
        schema: dict[str, Any] = media.get("schema", {})
        return schema
    return {}


def _fields(schema: dict[str, Any], body: dict[str, Any]) -> list[dict[str, Any]]:
    name = body.get("$ref", "").rpartition("/")[2]
    if not name:
        return [{"name": "", "required": True, "type": _type(body), "text": ""}] if body else []
    component = schema["components"]["schemas"][name]
    required = component.get("required", [])
    return [
        {
            "name": field,
            "required": field in required,
            "type": _type(value),
            "text": value.get("description", ""),
        }
        for field, value in component.get("properties", {}).items()
    ]


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if alternatives := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(_type(one) for one in alternatives))
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = str(schema.get("type", ""))
    return f"{kind} ({schema['format']})" if "format" in schema else kind
