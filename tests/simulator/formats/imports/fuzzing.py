"""Broken variants of files, and what every importer must do with each: a design, or a refusal.

    python -m tests.simulator.formats.imports.fuzzing [CASES] [FORMAT ...]      (make fuzz)

reads CASES variants with each importer, every twentieth of them through to the finished design: nine tenths
are mutations of good files (small ones written here, and the real ones in the folder that HEADRACE_SAMPLES
names), one tenth is what Hypothesis builds of the words of the format. A mutation is repeated from its format
and number alone, with the same files at hand.
"""

# ruff: noqa: E501, BLE001, PT017 -- lists of odd values; every exception is what is looked for
from __future__ import annotations

import json
import os
import random
import re
import sys
import time
import traceback
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.design.document import Document
from simulator.design.examples import templates
from simulator.errors import InvalidDesign
from simulator.formats.exports.table import EXPORTS
from simulator.formats.imports.formats import FORMATS, recognise
from simulator.formats.imports.importing import import_files
from simulator.formats.imports.source_file import SourceFile

THROUGH = 20
SLOWEST = 5.0  # processor seconds for one case
_ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**30, "", "x" * 300, "-", "a.b/c:d", "arn:aws:sqs:::", "arn:aws:sns:x:1:t.fifo",
    "${", "${AWS::Region}", "https://[", "{{resolve:x}}", "\u202e\u0000"[:1], "{", '{"a": 1}', [], {}, [[]], [None], {"Ref": "Q"},
    {"Fn::Sub": "${Q.Arn}${}"}, {"$ref": "#/"}, {"$ref": "b.yaml#/x"}, {"Fn::Join": ["", [{"Ref": "Q"}]]}, "(a+)+$", "rate(0 minutes)",
    {"distribution": "exponential", "mean": -1}, {"choice": {}}, "__proto__", ["a", "a"], {"": ""},
)  # fmt: skip
_PIECES = (
    "\x00", "\xff", "'", '"', "{", "}", "[", "]", ":", "- ", "&a ", "*a", "!Ref ", "<<: *a", "\n", "\t", "---\n", "#", "%", "|", "|-\n", "e999",
    "<", "</", "]]>", "&amp;", "<!ENTITY a 'b'>", "-->", "-.->", "(((", "@{", "::", "${", ",", ";", "1e-400", "\u2028", "\ufeff",
)  # fmt: skip


@cache
def originals() -> dict[str, tuple[str, ...]]:
    """Good files of every format."""
    from tests.simulator.formats.imports import (
        test_architecture_diagrams,
        test_asyncapi,
        test_callers,
        test_cloudformation,
        test_compose,
        test_containers,
        test_csv_tables,
        test_drawings,
        test_kafka_clients,
        test_kubernetes,
        test_other_formats,
        test_rabbitmq,
        test_stacks,
        test_terraform,
        test_traces,
    )
    from tests.simulator.formats.test_sam_round_trip import DESIGN

    designs = [Document.parse(template.document) for template in templates()[:4]]
    spans = [("t", "a", "", "web", 2, 1.0, 1.5, {}), ("t", "b", "a", "mail", 5, 1.1, 1.2, test_traces.KAFKA)]
    machine = {
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Task",
                "Resource": "${F}",
                "Next": "B",
                "Retry": [{"ErrorEquals": ["States.ALL"]}],
            },
            "B": {
                "Type": "Map",
                "ItemsPath": "$.x",
                "Iterator": {"StartAt": "C", "States": {"C": {"Type": "Wait", "Seconds": 1, "End": True}}},
                "Next": "D",
            },
            "D": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage",
                "Parameters": {"QueueUrl": "q"},
                "End": True,
            },
        },
    }
    return {
        "kafka": (test_other_formats.PRINTED, test_other_formats.CONFIGS),
        "mermaid": (
            test_drawings.FLOWCHART,
            test_drawings.PAGE,
            test_architecture_diagrams.SHOP,
            *(
                f"architecture-beta\n{test_architecture_diagrams.SERVICES}{lines}\n"
                for lines, _, _ in test_architecture_diagrams.EDGES.values()
            ),
            str(EXPORTS["mermaid"].write(designs[0], None, "light")),
        ),
        "drawio": (test_drawings.MODEL, test_drawings.page(test_drawings.MODEL), test_drawings.LOOSE),
        "service-times": (
            "service,duration_ms\n" + "billing,5\nbilling,7.5\nmail,1e3\n" * 3,
            *(text for text, _ in test_csv_tables.DURATIONS.values()),
        ),
        "load": (
            "timestamp,count\n2026-01-01T00:00:00,10\n2026-01-01T00:05:00,20\n",
            "1\n2\n3.5\n",
            *(text for text, _ in test_csv_tables.LOADS.values()),
        ),
        "traces": (json.dumps(test_traces.otlp(spans)),),
        "headrace": tuple(str(EXPORTS["yaml"].write(design, None, "light")) for design in designs[:2]),
        "asl": (json.dumps(machine),),
        "asyncapi": (test_asyncapi.ORDERS_V3, test_asyncapi.MAIL_V2),
        "kubernetes": (
            test_other_formats.STRIMZI,
            test_kafka_clients.ALL,
            *(text for text, _ in test_kubernetes.PLACES.values() if text.startswith(("api", "{"))),
            *(
                test_kubernetes.documents(test_kubernetes.scaled(**spec))
                for spec, _, _, _ in test_kubernetes.SCALED.values()
            ),
        ),
        "terraform": (
            json.dumps(test_other_formats.PLAN),
            test_terraform.shop().text(),
            json.dumps(test_containers.STATE),
        ),
        "cloudformation": (
            test_cloudformation.FAN_OUT,
            test_cloudformation.SAM,
            test_stacks.PARENT,
            json.dumps({"Resources": test_callers.ALL}),
            json.dumps({"Resources": test_containers.ALL}),
            str(EXPORTS["sam"].write(Document.parse(yaml.safe_load(DESIGN)), None, "light")),
        ),
        "compose": (
            test_other_formats.COMPOSE,
            *(f"services: {services}\n" for services, _, _, _ in test_compose.SHAPES.values()),
        ),
        "rabbitmq": (
            json.dumps(test_rabbitmq.DEFINITIONS),
            *(json.dumps(sections) for sections, _, _ in test_rabbitmq.SHAPES.values()),
            test_kubernetes.PLACES["values of a chart"][0],
        ),
    }


@cache
def real_files() -> dict[str, tuple[str, ...]]:
    """The texts of real files by their format: those in the folder HEADRACE_SAMPLES, none without it."""
    folder = os.environ.get("HEADRACE_SAMPLES")
    found: dict[str, list[str]] = {format: [] for format in FORMATS}
    for path in sorted(Path(folder).rglob("*")) if folder else ():
        if not path.is_file() or path.suffix == ".md":
            continue
        file = SourceFile(path.name, path.read_bytes())
        format = recognise(file)
        if format is not None:
            found[format.name].append(file.text)
    return {format: tuple(texts) for format, texts in found.items()}


def broken(format: str, number: int) -> bytes:
    """One variant: bytes changed, or a value of the structure replaced by an odd one."""
    draw = random.Random(f"{format} {number}")
    text = draw.choice(originals()[format] + real_files()[format])
    if number % 2 and (changed := _with_odd_values(text, draw)) is not None:
        return changed.encode(errors="surrogatepass")
    for _ in range(draw.randint(1, 4)):
        text = _with_odd_text(text, draw)
    data = text.encode(errors="surrogatepass")
    if draw.random() < 0.1 and data:
        position = draw.randrange(len(data))
        data = data[:position] + bytes([draw.randrange(256)]) + data[position + 1 :]
    return data


def _with_odd_text(text: str, draw: random.Random) -> str:
    first, second = sorted((draw.randint(0, len(text)), draw.randint(0, len(text))))
    second = min(second, first + draw.choice((1, 3, 20, 200)))
    way = draw.randrange(5)
    if way == 0:
        return text[:first] + text[second:]
    if way == 1:
        return text[:first] + draw.choice(_PIECES) + text[first:]
    if way == 2:
        return text[:second] + text[first:second] * draw.choice((1, 2, 30)) + text[second:]
    if way == 3:
        return text[:first]
    return text[:first] + draw.choice(_PIECES) + text[second:]


def _with_odd_values(text: str, draw: random.Random) -> str | None:
    is_json = text.lstrip().startswith("{")
    try:
        data = json.loads(text) if is_json else next(iter(SourceFile("x", text.encode()).documents))
    except (InvalidDesign, StopIteration, json.JSONDecodeError):  # such as one document in each line
        return None
    if not isinstance(data, (dict, list)):
        return None
    data = json.loads(json.dumps(data))
    for _ in range(draw.randint(1, 3)):
        here: Any = data
        while True:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            if not keys:
                break
            key = draw.choice(keys)
            inner = here[key]
            if isinstance(inner, (dict, list)) and inner and draw.random() < 0.85:
                here = inner
                continue
            if draw.random() < 0.2:
                del here[key]
            elif isinstance(here, dict) and draw.random() < 0.15:
                here[draw.choice(("", "x", "${A}", "Ref", "$ref"))] = inner
            else:
                here[key] = deepcopy(draw.choice(_ODD))
            break
    return json.dumps(data) if is_json or draw.random() < 0.3 else yaml.safe_dump(data)


@cache
def structures(format: str) -> st.SearchStrategy[bytes]:
    """Documents of any structure, made of the keys and values that the good files of a format have."""
    words = sorted(
        {word for text in originals()[format] for word in re.findall(r"[A-Za-z0-9_.:$/{}-]{1,60}", text)}
    )
    leaves = st.sampled_from(words) | st.sampled_from(_ODD) | st.integers() | st.text(max_size=8)
    keys = st.sampled_from(words)
    values = st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
        max_leaves=30,
    )
    lines = st.lists(st.sampled_from(words + list(_PIECES)), max_size=60).map(" ".join)
    texts = values.map(json.dumps) | values.map(yaml.safe_dump) | lines
    return texts.map(lambda text: text.encode(errors="surrogatepass"))


def outcome(format: str, number: int, *, is_through: bool) -> str:
    """What an importer does with a variant: "made" or "refused"; anything else is raised."""
    return outcome_of(format, broken(format, number), f"{format} {number}", is_through=is_through)


def outcome_of(format: str, content: bytes, name: str, *, is_through: bool) -> str:
    """What an importer does with a file: "made" or "refused"; anything else is raised."""
    file = SourceFile("a.yaml", content)
    begun = time.process_time()
    try:
        if is_through:
            made = import_files([file], format=format)
            Document.parse(made.document.to_data())
            json.dumps(made.report.as_dict(), allow_nan=False)
        else:
            FORMATS[format].read(file, [file])
        result = "made"
    except InvalidDesign as refused:
        assert refused.problems
        assert all(problem.message for problem in refused.problems)
        result = "refused"
    taken = time.process_time() - begun
    assert taken < SLOWEST, f"{name} took {taken:.1f} s"
    return result


def main(arguments: list[str]) -> int:
    """Try all formats, and print how many cases were made and refused."""
    cases = int(arguments[0]) if arguments else 10_000
    faults = 0
    for format in arguments[1:] or FORMATS:
        counts = {"made": 0, "refused": 0, "failed": 0}
        built = cases // 10
        for number in range(cases - built):
            try:
                counts[outcome(format, number, is_through=number % THROUGH == 0)] += 1
            except Exception:
                counts["failed"] += 1
                if counts["failed"] <= 3:
                    print(f"{format} {number}:\n{traceback.format_exc(limit=-4)}", flush=True)
        _try_built(format, built, counts)
        faults += counts["failed"]
        seeds = f"{len(originals()[format])} small and {len(real_files()[format])} real files"
        print(f"{format}: {sum(counts.values()):,} cases of {seeds}: {counts}", flush=True)
    return 1 if faults else 0


def _try_built(format: str, cases: int, counts: dict[str, int]) -> None:
    """Count what an importer does with documents that Hypothesis builds; the smallest failing one is printed."""

    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(structures(format))
    def each(content: bytes) -> None:
        through = len(content) % THROUGH == 0
        counts[outcome_of(format, content, f"{format} {content!r}", is_through=through)] += 1

    try:
        each()
    except Exception:
        counts["failed"] += 1
        print(f"{format}, built by Hypothesis:\n{traceback.format_exc(limit=-6)}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
