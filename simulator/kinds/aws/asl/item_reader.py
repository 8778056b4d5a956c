"""ItemReader of a distributed Map: the items that stand in a file.

Source: Step Functions developer guide, *ItemReader (Map)*: InputType, CSVHeaders, MaxItems, ItemsPointer.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulator.kinds.aws.asl import dataflow, templates
from simulator.kinds.aws.asl import jsonata_expressions as jsonata
from simulator.kinds.aws.asl.effects import CallTask, Effect, TaskRequest
from simulator.kinds.aws.asl.failures import ITEM_READER_FAILED, StateFailure

if TYPE_CHECKING:
    from simulator.kinds.aws.asl.interpreter import Visit


def read(visit: Visit) -> Effect:
    """The items that an ItemReader reads: asked for as a task, answered with a list, an object or the text
    of a file.
    """
    reader, view = visit.state["ItemReader"], visit.view
    config = reader.get("ReaderConfig", {})
    if visit.in_jsonata:
        arguments = jsonata.fill(reader.get("Arguments", {}), view, "ItemReader/Arguments")
    else:
        arguments = templates.fill(reader.get("Parameters", {}), view)
    try:
        data = yield CallTask(TaskRequest(visit.name, reader["Resource"], arguments, "", 1), None, None)
        items = _items(data, config)
    except StateFailure as failure:
        raise StateFailure(ITEM_READER_FAILED, failure.cause, is_placed=True) from failure
    except (ValueError, csv.Error) as error:
        raise StateFailure(
            ITEM_READER_FAILED, f"The file could not be read: {error}", is_placed=True
        ) from error
    most = dataflow.whole_number(config, "MaxItems", view, in_jsonata=visit.in_jsonata)
    return items[:most] if most else items


def _items(data: Any, config: Mapping[str, Any]) -> list[Any]:
    if isinstance(data, str):
        match config.get("InputType", "JSON"):
            case "CSV":
                data = _rows(data, config)
            case "JSONL":
                data = [json.loads(line) for line in data.splitlines() if line.strip()]
            case _:
                data = json.loads(data)
    if "ItemsPointer" in config:
        data = _pointed_at(data, config["ItemsPointer"])
    if isinstance(data, dict):
        return [{"Key": key, "Value": value} for key, value in data.items()]
    if not isinstance(data, list):
        raise ValueError("it holds neither an array nor an object")
    return data


def _rows(text: str, config: Mapping[str, Any]) -> list[Any]:
    marks = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
    rows = csv.reader(io.StringIO(text), delimiter=marks[config.get("CSVDelimiter", "COMMA")])
    heads = config["CSVHeaders"] if config.get("CSVHeaderLocation") == "GIVEN" else next(rows, [])
    return [dict(zip(heads, row, strict=False)) for row in rows if row]


def _pointed_at(data: Any, pointer: str) -> Any:
    """The value at a JSON pointer (RFC 6901)."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(data, dict) and name in data:
            data = data[name]
        elif isinstance(data, list) and name.isdigit() and int(name) < len(data):
            data = data[int(name)]
        else:
            raise ValueError(f"nothing stands at {pointer}")
    return data
