"""Files that no importer may trip over, and the words in which each is refused (file, place, what is wrong).

The same table is tried by the library, the command line and the API; what takes minutes is in `large_files`.
"""

# ruff: noqa: E501 -- one case, one line
from __future__ import annotations

import base64
import io
import json
import stat
import urllib.parse
import zipfile
import zlib


def _zip(*, symlink: bool = False) -> bytes:
    """An archive of a megabyte of zeros, or with a link to a file of the system."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        if symlink:
            entry = zipfile.ZipInfo("template.yaml")
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, "/etc/passwd")
        else:
            archive.writestr("template.yaml", b"\0" * 1_000_000)
    return packed.getvalue()


def _page(xml: str) -> str:
    """A compressed page as draw.io writes it."""
    machine = zlib.compressobj(wbits=-15)
    packed = machine.compress(urllib.parse.quote(xml).encode()) + machine.flush()
    return f'<mxfile><diagram name="a">{base64.b64encode(packed).decode()}</diagram></mxfile>'


def _nested(opening: str, closing: str, depth: int = 5_000) -> str:
    return opening * depth + closing * depth


def _machine(**state: object) -> str:
    """A state machine of one state."""
    return json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, **state}}})


def _jsonata(text: str) -> str:
    return json.dumps(
        {
            "QueryLanguage": "JSONata",
            "StartAt": "A",
            "States": {"A": {"Type": "Pass", "Output": "{% " + text + " %}", "End": True}},
        }
    )


TEMPLATE = "Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}\n"
_ALIASES = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE mxfile [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<mxfile><diagram>&b;</diagram></mxfile>"
)
_OUTSIDE = (
    '<!DOCTYPE mxfile [<!ENTITY a SYSTEM "file:///etc/passwd">]><mxfile><diagram>&a;</diagram></mxfile>'
)

#: What no importer reads, and a pattern of what is said.
REFUSED: dict[str, tuple[str | bytes, str]] = {
    # no text
    "nothing": (b"", "bad: the file is empty"),
    "blanks": (b" \n\t\n", "bad: the file is empty"),
    "only a mark": (b"\xef\xbb\xbf", "bad: the file is empty"),
    "PNG": (b"\x89PNG\r\n\x1a\n\x00\x00", "bad: this is a PNG picture"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "bad: this is a PDF document"),
    "program": (b"\x7fELF\x02\x01\x01\0", "bad: this is a program"),
    "zip": (_zip(), "bad: this is a ZIP archive"),
    "zip with a link": (_zip(symlink=True), "bad: this is a ZIP archive"),
    "gzip": (b"\x1f\x8b\x08\x00" + b"\0" * 20, "bad: this is a gzip archive"),
    "zeros": (b"\0" * 1_000, "bad: line 1, column 1: a NUL character"),
    "a NUL": (b"Resources:\n  Q\0: {}\n", r"bad: line 2, column 4: a NUL character"),
    "latin-1": ("Resources:\n  Größe: {}\n".encode("latin-1"), r"bad: line 2, column 5: not UTF-8"),
    "UTF-8 in half": ("Resources:\n  Größe: {}\n".encode()[:16], r"bad: line 2, column 5: not UTF-8"),
    "UTF-32": (TEMPLATE.encode("utf-32"), "bad: the text is UTF-32"),
    "UTF-16 without a mark": (TEMPLATE.encode("utf-16-le"), "bad: line 1, column 2: a NUL character"),
    "UTF-16 in half": (TEMPLATE.encode("utf-16")[:-1], r"bad: line \d+, column \d+: not UTF-16"),
    "UTF-8, then latin-1": (
        TEMPLATE.encode() + "  Straße: {}\n".encode() + "  Maß: {}\n".encode("latin-1"),
        r"bad: line 4, column 5: not UTF-8",
    ),
    # no structure
    "YAML in half": ('Resources:\n  Q: {Type: "AWS::SQ', r"bad: line \d, column \d+: "),
    "JSON in half": ('{"Resources": {"Q": {"Ty', r"bad: line 1, column \d+: "),
    "XML in half": ("<mxGraphModel><root><mxCell id=", r"bad: line 1, column \d+: "),
    "compressed page in half": (_page("<mxGraphModel/>").replace("</d", "!</d"), "bad: a page that is neither"),
    "a tab": ("Resources:\n\tQ: 1\n", r"bad: line 2, column 1: .*Indent with spaces"),
    "a key twice in YAML": (TEMPLATE + "  Q: {}\n", "bad: line 3, column 3: the key 'Q' stands twice"),
    "a key twice in JSON": ('{"queues": [],\n "queues": []}', "bad: line 2, column 2: the key 'queues' stands twice"),
    "NaN": ('{"queues": [{"name": NaN}]}', "bad: line 1, column 22: NaN is not a finite number"),
    "Infinity": ('{"queues": [-Infinity]}', "bad: line 1, column 13: -Infinity is not a finite number"),
    "infinity in YAML": ("Resources: {Q: .inf}\n", "bad: line 1, column 16: .inf is not a finite number"),
    "1e999": ('{"queues": [1e999]}', "bad: line 1, column 13: 1e999 is not a finite number"),
    "a huge number": ('{"queues": [' + "9" * 10_000 + "]}", "bad: line 1, column 13: a number of 10000 digits"),
    "a huge number in YAML": ("Resources: " + "9" * 10_000, "bad: line 1, column 12: a number of 10000 digits"),
    "half a character": ('{"queues": "\\ud800"}', r"bad: line 1, column 13: half of a surrogate pair"),
    # more than it looks
    "nested JSON": (_nested("[", "]"), "bad: line 1, column 65: nested deeper than 64 levels"),
    "nested JSON objects": (_nested('{"a":', "}") , "bad: line 1, column 321: nested deeper than 64 levels"),
    "nested YAML": ("a: " + _nested("[", "]"), r"bad: line 1, column \d+: nested deeper than 64 levels"),
    "nested YAML blocks": ("- " * 5_000, r"bad: line 1, column \d+: nested deeper than 64 levels"),
    "nested XML": ("<mxGraphModel>" + _nested("<a>", "</a>") + "</mxGraphModel>", "bad: line 1: nested deeper"),
    "aliases": (_ALIASES, r"bad: line \d+, column \d+: more than 500,000 values"),
    "an alias of itself": ("a: &a [1, *a]\n", r"bad: line 1, column \d+: the alias \*a stands for nothing"),
    "entities": (_LAUGHS, "bad: line 1: document types and entities are not read"),
    "an entity from outside": (_OUTSIDE, "bad: line 1: document types and entities are not read"),
    "a page that inflates": (_page("<mxGraphModel>" + " " * 30_000_000 + "</mxGraphModel>"), "bad: a page that inflates to more than 5 MB"),
    # known, and of a version that is not
    "headrace of the future": ("format: headrace/99\nname: a\n", "bad, line 1: .*headrace/99"),
    "AsyncAPI of the future": ("asyncapi: 9.0.0\nchannels: {}\n", "bad, line 1: AsyncAPI 9.0.0"),
    "AsyncAPI of the past": ("asyncapi: 1.2.0\nchannels: {}\n", "bad, line 1: AsyncAPI 1.2.0"),
    # of no kind, or with nothing in it
    "prose": ("This is not a file for anybody.\n", "bad: the kind of file is not recognised"),
    "a page of the web": ("<!DOCTYPE html><html><body>404</body></html>", "bad: the kind of file is not recognised"),
    "a picture as XML": ("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "bad: the kind of file is not recognised"),
    "no resources": ("Resources: {}\n", "bad"),
    "a template of rooms": ("Resources: {V: {Type: AWS::EC2::VPC}}\n", "bad: nothing in it becomes a part"),
    "resources that are a list": ("Resources: [1]\n", "bad"),
    "definitions of nothing": ('{"queues": [], "exchanges": [], "bindings": []}', "bad"),
    "queues that are a number": ('{"queues": 5, "exchanges": [], "bindings": []}', "bad"),
    # measured rows
    "a load that goes back": ("1\n2\n1\n", "bad.*line 3.*does not come after"),
    "a load with text": ("1\n2\nx\n", "line 3 of bad: 'x' is neither"),
    "a load of formulas": ('time,count\n0,5\n60,=cmd|\' /C calc\'!A0\n', "line 3 of bad: count .* is not a number"),
    "a load of NaN": ("time,count\n0,5\n60,NaN\n", "line 3 of bad: count 'NaN' is not a number"),
    "a load of huge counts": ("time,count\n0,5\n60,99999999999\n", "line 3 of bad: count 99999999999 is not a whole number"),
    "a load of minus one": ("time,count\n0,5\n60,-1\n", "line 3 of bad: count -1"),
    "service times with text": ("duration_ms\n5\n6\n7\nx\n8\n", "bad: line 5: no duration"),
    "service times of NaN": ("duration_ms\n5\n6\n7\nnan\n8\n", "bad: line 5: no duration"),
    "service times below zero": ("duration_ms\n5\n6\n7\n-1\n8\n", "bad: line 5: no duration"),
    "service times in latin-1": ("service,duration_ms\nä,5\nö,6\n".encode("latin-1"), "bad: line 2, column 1: not UTF-8"),
    "service times without any": ("duration_ms\n", "bad"),
}  # fmt: skip

#: What is read, with a pattern of what the report says.
READ: dict[str, tuple[str | bytes, str]] = {
    "UTF-16": (TEMPLATE.encode("utf-16"), "bad, line 2, Resources.Q: jobs"),
    "UTF-8 with a mark": (b"\xef\xbb\xbf" + TEMPLATE.encode(), "bad, line 2, Resources.Q: jobs"),
    "old line ends": (TEMPLATE.replace("\n", "\r").encode(), "bad, line 2, Resources.Q: jobs"),
    "a load in UTF-16": ("time,count\n0,5\n60,6\n".encode("utf-16"), "recorded load"),
    "a template of the future": ("AWSTemplateFormatVersion: '2099-01-01'\n" + TEMPLATE, "bad, line 1, AWSTemplateFormatVersion: the version 2099-01-01 is not known here"),
    "a machine of the future": (json.dumps({**json.loads(_machine()), "Version": "9.0"}), "Version: the version 9.0 is not known here"),
    "a composition of the future": ("version: '99'\nservices: {web: {image: nginx}}\n", ""),
    "a script as a name": ('flowchart LR\na["<script>alert(1)</script>"] --> b["<img src=x onerror=alert(1)>"]\n', ""),
    "names that differ by case": ('{"queues": [{"name": "Jobs", "vhost": "/"}, {"name": "jobs", "vhost": "/"}, {"name": "JOBS", "vhost": "/"}], "exchanges": [], "bindings": []}', "queue"),
    "JSONata in JSONata": (_jsonata(_nested("(", ")", 400)), "State machine"),
    "a load to the end of time": ("time,count\n0,5\n1e308,1\n", "arrivals left out: must be at most"),
    "a plan of the future": (json.dumps({"format_version": "9.0", "planned_values": {"root_module": {"resources": [{"address": "aws_sqs_queue.q", "type": "aws_sqs_queue", "values": {"name": "q"}}]}}}), "format_version: the version 9.0 is not known here"),
    "a topic of the future": ("apiVersion: kafka.strimzi.io/v9\nkind: KafkaTopic\nmetadata: {name: a}\nspec: {partitions: 3}\n", "apiVersion: the version kafka.strimzi.io/v9 is not known here"),
}  # fmt: skip
