"""DynamoDB tables: only their streams carry messages (see ``aws_stack``)."""

from __future__ import annotations

from simulator.formats.imports.aws_names import SERVICES
from simulator.formats.imports.aws_stack import Resource, Stack
from simulator.formats.imports.reading import Name


def read_table(stack: Stack, resource: Resource) -> None:
    """A table: only its stream carries messages."""
    if not resource.properties.get("StreamSpecification"):
        stack.reading.not_modelled(
            f"{resource.id} ({resource.type}): only streams are read; draw the table as an aws.dynamodb",
            *resource.path,
        )
        return
    table_stream(stack, resource)


def table_stream(stack: Stack, table: Resource) -> Name:
    """The stream of a table, a queue; made when it is first read."""
    name = stack.own(table.id)
    if not stack.reading.has(name):
        part = stack.add(table, "queue", "dynamodb", table.properties.get("TableName"), {})
        part.label = f"{part.label} stream"[:200]
        stack.reading.note("read", f"stream of the table {table.id}", *table.path)
        stack.reading.assumed(
            f"{part.label}: {SERVICES['dynamodb'].note}; the table itself is left out", *table.path
        )
    return name
