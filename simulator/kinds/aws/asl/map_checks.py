"""Checks of the fields that only a Map state has.

Source: Step Functions developer guide, *Map workflow state*, *ItemReader*, *ItemBatcher* and *ResultWriter*.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simulator.kinds.aws.asl import expression_checks
from simulator.kinds.aws.asl import jsonata_expressions as jsonata
from simulator.kinds.aws.asl.findings import Notebook
from simulator.kinds.aws.asl.json_values import MAX_PAYLOAD, is_number
from simulator.kinds.aws.asl.state_checks import number

INPUT_TYPES = ("CSV", "JSON", "JSONL", "MANIFEST", "PARQUET")
DELIMITERS = ("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB")
_DISTRIBUTED = (
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Label",
    "ToleratedFailureCount",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath",
)
TRANSFORMATIONS = ("NONE", "COMPACT", "FLATTEN")
OUTPUT_TYPES = ("JSON", "JSONL")
#: *Map state in Distributed mode*, Label: up to 40 characters, none that a name of an execution cannot have.
_LABEL = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,40}")
_LARGE = 10**9
Fields = Mapping[str, Any]


def check(note: Notebook, state: Fields, *, in_jsonata: bool) -> None:
    """A Map state, but for the machine inside it."""
    processors = [name for name in ("ItemProcessor", "Iterator") if name in state]
    if len(processors) != 1:
        note.error(
            "a Map has exactly one ItemProcessor (or its old name Iterator)",
            'write "ItemProcessor": {"StartAt": …}',
        )
    if "ItemSelector" in state and "Parameters" in state:
        note.error("the Map has both ItemSelector and Parameters, its old name", "keep ItemSelector")
    number(note, state, "MaxConcurrency", 0, _LARGE, in_jsonata=in_jsonata)
    number(note, state, "ToleratedFailureCount", 0, _LARGE, in_jsonata=in_jsonata)
    _share(note, state, in_jsonata=in_jsonata)
    processor = state.get(processors[0]) if processors else None
    mode = _mode(note.at(*processors[:1]), processor if isinstance(processor, Mapping) else {})
    if mode != "DISTRIBUTED":
        for name in _DISTRIBUTED:
            if name in state:
                note.at(name).error(
                    f"{name} belongs to the distributed mode, and this Map is inline",
                    'set "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}',
                )
    if "ItemReader" in state:
        _reader(note.at("ItemReader"), state["ItemReader"], in_jsonata=in_jsonata)
    if "ItemBatcher" in state:
        _batcher(note.at("ItemBatcher"), state["ItemBatcher"], in_jsonata=in_jsonata)
    if "ResultWriter" in state:
        _writer(note.at("ResultWriter"), state["ResultWriter"], in_jsonata=in_jsonata)


def label(note: Notebook, state: Fields, taken: dict[str, str]) -> None:
    """The Label of a distributed Map: short, of plain characters, and of this Map alone."""
    given = state.get("Label")
    if "Label" not in state:
        return
    inner = note.at("Label")
    if not isinstance(given, str) or not _LABEL.fullmatch(given):
        inner.error(
            f"Label is {given!r}",
            "use 1 to 40 characters without spaces, brackets, wildcards and special characters",
            "INVALID_LABEL_NAME",
        )
    elif given in taken:
        inner.error(
            f"the label is already at {taken[given]}",
            "give every Map a label of its own",
            "DUPLICATE_LABEL_NAME",
        )
    else:
        taken[given] = inner.path


def _share(note: Notebook, state: Fields, *, in_jsonata: bool) -> None:
    name = "ToleratedFailurePercentage"
    share = state.get(name)
    if (
        name in state
        and not (in_jsonata and jsonata.is_expression(share))
        and not (isinstance(share, int | float) and is_number(share) and 0 <= share <= 100)
    ):
        note.at(name).error(f"{name} is {share!r}", "give a number from 0 to 100 %")
    if f"{name}Path" in state and not in_jsonata:
        expression_checks.reference_path(note.at(f"{name}Path"), state[f"{name}Path"], can_be_anywhere=True)


def _mode(note: Notebook, processor: Fields) -> str:
    config = processor.get("ProcessorConfig", {})
    if not isinstance(config, Mapping):
        note.at("ProcessorConfig").error("ProcessorConfig is no object", 'write {"Mode": "INLINE"}')
        return "INLINE"
    mode = config.get("Mode", "INLINE")
    if mode not in ("INLINE", "DISTRIBUTED"):
        note.at("ProcessorConfig", "Mode").error(f"Mode is {mode!r}", "write INLINE or DISTRIBUTED")
        return "INLINE"
    if mode == "DISTRIBUTED" and config.get("ExecutionType") not in ("STANDARD", "EXPRESS"):
        note.at("ProcessorConfig", "ExecutionType").error(
            "the distributed mode needs an ExecutionType", "write STANDARD or EXPRESS"
        )
    return str(mode)


def _reader(note: Notebook, reader: Any, *, in_jsonata: bool) -> None:
    if not isinstance(reader, Mapping) or not isinstance(reader.get("Resource"), str):
        note.at("Resource").error("an ItemReader needs a Resource", "write arn:aws:states:::s3:getObject")
        return
    if in_jsonata:
        expression_checks.expressions(note.at("Arguments"), reader.get("Arguments"))
    else:
        expression_checks.template(note.at("Parameters"), reader.get("Parameters"))
    config = reader.get("ReaderConfig", {})
    inner = note.at("ReaderConfig")
    if not isinstance(config, Mapping):
        inner.error("ReaderConfig is no object", 'write {"InputType": "JSON"}')
        return
    for name, words in (("InputType", INPUT_TYPES), ("CSVDelimiter", DELIMITERS)):
        if name in config and config[name] not in words:
            inner.at(name).error(f"{name} is {config[name]!r}", f"write one of {', '.join(words)}")
    if config.get("InputType") == "CSV":
        location = config.get("CSVHeaderLocation")
        if location not in ("FIRST_ROW", "GIVEN"):
            inner.at("CSVHeaderLocation").error(
                "a CSV file needs a CSVHeaderLocation", "write FIRST_ROW or GIVEN"
            )
        elif location == "GIVEN" and not isinstance(config.get("CSVHeaders"), list):
            inner.at("CSVHeaders").error(
                "the headers are given, but there are none", "write them as an array"
            )
    pointer = config.get("ItemsPointer", "/")
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        inner.at("ItemsPointer").error(
            f"ItemsPointer is {pointer!r}", "write a JSON pointer such as /orders/open"
        )
    elif "ItemsPointer" in config and config.get("InputType", "JSON") != "JSON":
        inner.at("ItemsPointer").error(
            f"ItemsPointer reads JSON, and InputType is {config['InputType']}", "drop one of them"
        )
    number(inner, config, "MaxItems", 0, 100_000_000, in_jsonata=in_jsonata)


def _writer(note: Notebook, writer: Any, *, in_jsonata: bool) -> None:
    field = "Arguments" if in_jsonata else "Parameters"
    if not isinstance(writer, Mapping) or not writer.keys() & {"Resource", "WriterConfig"}:
        note.error(
            "a ResultWriter says neither where the results go nor what they look like",
            f"write Resource and {field}, or WriterConfig, or all three",
        )
        return
    if "Resource" in writer and not isinstance(writer["Resource"], str):
        note.at("Resource").error("Resource is no text", "write arn:aws:states:::s3:putObject")
    if "Resource" in writer and field not in writer:
        note.at(field).error(f"a Resource needs {field}", "say which bucket the results go to")
    check_value = expression_checks.expressions if in_jsonata else expression_checks.template
    check_value(note.at(field), writer.get(field))
    config = writer.get("WriterConfig", {})
    inner = note.at("WriterConfig")
    if not isinstance(config, Mapping):
        inner.error("WriterConfig is no object", 'write {"Transformation": "COMPACT", "OutputType": "JSON"}')
        return
    for name, words in (("Transformation", TRANSFORMATIONS), ("OutputType", OUTPUT_TYPES)):
        if name in config and config[name] not in words:
            inner.at(name).error(f"{name} is {config[name]!r}", f"write one of {', '.join(words)}")


def _batcher(note: Notebook, batcher: Any, *, in_jsonata: bool) -> None:
    bounds = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
    if not isinstance(batcher, Mapping) or not any(
        f"{name}{end}" in batcher for name in bounds for end in ("", "Path")
    ):
        note.error(
            "an ItemBatcher says neither how many items nor how many bytes a batch has", f"give {bounds[0]}"
        )
        return
    number(note, batcher, bounds[0], 1, _LARGE, in_jsonata=in_jsonata)
    number(note, batcher, bounds[1], 1, MAX_PAYLOAD, in_jsonata=in_jsonata, unit="bytes")
    if "BatchInput" in batcher:
        check_value = expression_checks.expressions if in_jsonata else expression_checks.template
        check_value(note.at("BatchInput"), batcher["BatchInput"])
