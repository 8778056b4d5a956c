"""Huge files of every kind: what they cost in seconds of the processor and in megabytes.

    python -m tests.simulator.formats.imports.large_files [WORD ...]      (make large-files)

imports files of 50 MB (and, where 50 MB are refused by size alone, of nearly the largest that is read) with
`headrace import` in a process of its own, and those that fit into a request as the API does. Each must end
within `SECONDS` and `MEGABYTES`, with a design or with a refusal that names the file. WORD: only cases with
it in their name.
"""

# ruff: noqa: E501 -- one case, one line
from __future__ import annotations

import base64
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from architect.designs.file_imports import import_files
from architect.refusals import Refusal

ROOT = Path(__file__).parents[4]
SECONDS = 30.0
MEGABYTES = 800.0
LARGE, FITTING, REQUEST = 50_000_000, 9_900_000, 7_000_000  # bytes: of an issue, of a file, of an upload

#: Starts a command and prints its exit code, processor seconds and peak megabytes. It is small itself: a child
#: begins with the peak of the process that started it.
LAUNCHER = """
import json, os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def _repeated(piece: str, head: str = "", tail: str = "", between: str = "") -> Callable[[int], str]:
    def make(size: int) -> str:
        count = (size - len(head) - len(tail)) // len(piece + between)
        return head + between.join([piece] * count) + tail

    return make


def _numbered(piece: str, head: str = "", tail: str = "", between: str = "") -> Callable[[int], str]:
    def make(size: int) -> str:
        count = (size - len(head) - len(tail)) // (len(piece + between) + piece.count("@") * 6)
        return head + between.join(piece.replace("@", f"{number:07}") for number in range(count)) + tail

    return make


_SPAN = '{"traceId":"@","spanId":"@","name":"a","startTimeUnixNano":"@","endTimeUnixNano":"9@"}'
KINDS: dict[str, Callable[[int], str]] = {
    "json-lists": _repeated("[]", "[", "]", ","),
    "json-rabbitmq": _numbered(
        '{"name":"q@","vhost":"/"}', '{"exchanges":[],"bindings":[],"queues":[', "]}", ","
    ),
    "json-cloudformation": _numbered('"Q@":{"Type":"AWS::SQS::Queue"}', '{"Resources":{', "}}", ","),
    "json-terraform": _numbered(
        '{"address":"aws_sqs_queue.q@","type":"aws_sqs_queue","values":{"name":"q@"}}',
        '{"format_version":"1.2","planned_values":{"root_module":{"resources":[',
        "]}}}",
        ",",
    ),
    "json-asl": _numbered('"S@":{"Type":"Succeed"}', '{"StartAt":"S0000000","States":{', "}}", ","),
    "json-otlp": _numbered(_SPAN, '{"resourceSpans":[{"scopeSpans":[{"spans":[', "]}]}]}", ","),
    "json-otlp-lines": _repeated('{"resourceSpans":[]}\n'),
    "yaml-cloudformation": _numbered("  Q@: {Type: AWS::SQS::Queue}\n", "Resources:\n"),
    "yaml-asyncapi": _numbered("  c@: {publish: {}}\n", "asyncapi: 2.6.0\nchannels:\n"),
    "yaml-compose": _numbered("  s@: {image: nginx}\n", "services:\n"),
    "yaml-kubernetes": _numbered(
        "apiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nmetadata: {name: t@}\n", between="---\n"
    ),
    "yaml-own": _numbered("- {id: q@, kind: queue}\n", "format: headrace/1\nname: a\nnodes:\n"),
    "yaml-flow": _repeated("[]", "a: [", "]\n", ","),
    "yaml-one-text": _repeated("x", "services: ", "\n"),
    "csv-times": _numbered("@\n"),
    "csv-one-second": _repeated("1\n"),
    "csv-counts": _numbered("@,1\n", "timestamp,count\n"),
    "csv-wide": _numbered("@,a,1,x\n", "timestamp,service,count,note\n"),
    "csv-durations": _numbered("7.@\n", "duration_ms\n"),
    "csv-one-row": _repeated("1", between=","),
    "xml-cells": _numbered(
        '<mxCell id="@" vertex="1"/>', "<mxGraphModel><root>", "</root></mxGraphModel>"
    ),
    "xml-others": _repeated("<a/>", "<mxGraphModel><root>", "</root></mxGraphModel>"),
    "xml-attribute": _repeated("a", '<mxGraphModel><root><mxCell id="1" vertex="1" value="', '"/></root></mxGraphModel>'),
    "mermaid-lines": _numbered("a@-->b\n", "flowchart LR\n"),
    "mermaid-junction": _repeated("a:R -- L:j\nj:R -- L:b\n", "architecture-beta\nservice a[A]\nservice b[B]\njunction j\n"),
    "mermaid-one-line": _repeated("a-->b", "flowchart LR\n", between=";"),
    "kafka-topics": _numbered("Topic: t@ PartitionCount: 3 ReplicationFactor: 1 Configs: \n"),
    "zeros": _repeated("\0"),
}  # fmt: skip


def by_command(path: Path, folder: Path) -> tuple[int, float, float, str]:
    """Exit code, processor seconds, peak megabytes and first line of standard error of `headrace import`."""
    command = [sys.executable, "-m", "simulator", "import", str(path), "-o", str(folder / "made.yaml")]
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    code, seconds, megabytes = json.loads(done.stdout)
    return code, seconds, megabytes, (done.stderr.strip().splitlines() or [""])[0]


def by_api(path: Path) -> tuple[int, float, str]:
    """HTTP status, processor seconds and first sentence of what `POST /api/designs/import` answers."""
    content = base64.b64encode(path.read_bytes()).decode()
    begun = _seconds_of_children()
    try:
        import_files([(path.name, content)], None)
        status, said = 200, "made"
    except Refusal as refused:
        status, said = refused.status, str(refused.errors[0]["message"] if refused.errors else refused)
    return status, _seconds_of_children() - begun, said


def _seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(words: list[str]) -> int:
    """Try every case, print what it cost, and say how many broke a bound."""
    faults = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, make in KINDS.items():
            if words and not any(word in kind for word in words):
                continue
            path = folder / kind
            for size in (LARGE, FITTING):
                path.write_text(make(size), encoding="utf-8")
                code, seconds, megabytes, said = by_command(path, folder)
                is_good = code in (0, 2) and seconds < SECONDS and megabytes < MEGABYTES and kind in said
                faults += not is_good
                print(
                    f"{kind:20} {path.stat().st_size / 1e6:5.1f} MB  exit {code}  {seconds:5.1f} s  {megabytes:4.0f} MB"
                    f"  {said[:90]}{'' if is_good else '   BAD'}",
                    flush=True,
                )
            path.write_text(make(REQUEST), encoding="utf-8")
            status, seconds, said = by_api(path)
            is_good = status in (200, 422) and seconds < SECONDS
            faults += not is_good
            print(
                f"{kind:20}   7.0 MB  HTTP {status} {seconds:5.1f} s           {said[:90]}{'' if is_good else '   BAD'}",
                flush=True,
            )
            path.unlink()
    print(f"{faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
