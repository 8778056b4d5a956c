"""Bad files of every sort by library and command line: refused with file and place, or read and reported."""

# ruff: noqa: E501, PT017 -- texts of files; a file may be read or refused
from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulator import simulate
from simulator.cli import main
from simulator.errors import InvalidDesign
from simulator.formats.exports.table import EXPORTS
from simulator.formats.imports.formats import FORMATS
from simulator.formats.imports.importing import import_files
from simulator.formats.imports.report_text import report_text
from simulator.formats.imports.source_file import SourceFile
from tests.simulator.formats.imports.bad_files import READ, REFUSED
from tests.simulator.formats.imports.fuzzing import originals

ROOT = Path(__file__).parents[4]
SECONDS = 3.0  # of the processor, for one file of the table


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_is_refused_with_its_name_and_place_and_nothing_is_written(name, tmp_path, capsys):
    content, said = REFUSED[name]
    bad, target = tmp_path / "bad", tmp_path / "made.yaml"
    bad.write_bytes(as_bytes(content))
    begun = time.process_time()
    assert main(["import", str(bad), "-o", str(target)]) == 2
    assert time.process_time() - begun < SECONDS
    out, err = capsys.readouterr()
    assert out == ""
    assert re.search(said, err, re.DOTALL), err
    assert "Traceback" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad"]


@pytest.mark.parametrize("name", READ)
def test_an_odd_file_is_read_and_what_is_odd_about_it_is_said(name):
    content, said = READ[name]
    made = import_files([SourceFile("bad", as_bytes(content))])
    assert re.search(said, report_text(made), re.DOTALL), report_text(made)
    assert simulate(made.document, duration=2)["conservation"]["ok"]


def test_names_that_differ_by_case_alone_stay_apart():
    made = import_files([SourceFile("bad", as_bytes(READ["names that differ by case"][0]))])
    queues = {one.id: one.label for one in made.document.nodes if one.kind == "rabbitmq.queue"}
    assert sorted(queues.values()) == ["JOBS", "Jobs", "jobs"]
    assert len({id.casefold() for id in queues}) == 3


def test_a_script_in_a_name_stays_a_text_in_every_drawing():
    text = 'flowchart LR\na["&lt;script&gt;alert(1)&lt;/script&gt;"] --> b["&lt;img src=x onerror=alert(1)&gt;"]\n'
    made = import_files([SourceFile("a.mmd", text.encode())])
    assert [node.label for node in made.document.nodes][:1] == ["<script>alert(1)</script>"]
    for format in ("svg", "drawio", "mermaid", "dot", "plantuml", "structurizr"):
        written = EXPORTS[format].write(made.document, None, "light")
        assert isinstance(written, str)
        if format in ("svg", "drawio", "mermaid"):
            assert "<script" not in written
            assert "<img" not in written


@pytest.mark.parametrize("wrong", FORMATS)
@pytest.mark.parametrize("format", FORMATS)
def test_a_file_of_one_kind_taken_for_another_is_refused_by_its_name_or_read(format, wrong):
    for text in originals()[format]:
        file = SourceFile("other.txt", text.encode())
        try:
            made = import_files([file], format=wrong)
        except InvalidDesign as refused:
            assert "other.txt" in str(refused)
        else:
            assert made.report.notes


@pytest.mark.parametrize("part", [0.1, 0.4, 0.7, 0.99])
@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_was_cut_off_is_refused_by_its_name_or_read(format, part):
    for text in originals()[format]:
        file = SourceFile("cut.txt", text[: int(len(text) * part)].encode())
        try:
            made = import_files([file])
        except InvalidDesign as refused:
            assert "cut.txt" in str(refused)
        else:
            assert made.report.notes


# Everything the interpreter opens, connects to or starts passes an audit hook (PEP 578): nothing gets out.
LOCKED = """
import socket, sys
from simulator.formats.imports import formats, importing, report_text, source_file
texts = dict(zip(sys.argv[1::2], sys.argv[2::2]))
files = [source_file.SourceFile(name, text.encode()) for name, text in texts.items()]
importing.import_files([source_file.SourceFile("a", b"1\\n2\\n")])  # whatever is loaded on first use
tried = []

def watch(event, arguments):
    if event.startswith(("socket.", "urllib.", "subprocess.", "os.system", "os.posix_spawn", "http.", "ftplib.")):
        tried.append(event)
        raise RuntimeError(event)
    if event == "open" and "passwd" in str(arguments[0]):
        tried.append("open")
        raise RuntimeError(event)

sys.addaudithook(watch)
for file in files:
    try:
        print(report_text.report_text(importing.import_files([file])))
    except importing.InvalidDesign as refused:
        print(refused)
try:
    socket.socket()
except RuntimeError:
    tried.remove("socket.__new__")
    print("the guard bites")
assert not tried, tried
"""
OUTSIDE = {
    "network.yaml": "asyncapi: 3.0.0\nchannels:\n  a: {$ref: 'http://127.0.0.1:9/a.yaml#/x'}\n  b: {address: b}\n",
    "files.yaml": "asyncapi: 2.6.0\nchannels:\n  a: {$ref: '../../../../etc/passwd'}\n"
    "  b: {$ref: 'file:///etc/passwd'}\n  c: {$ref: '..%2f..%2fetc%2fpasswd'}\n  d: {$ref: '/etc/passwd#/a'}\n"
    "  e: {$ref: '\\\\\\\\host\\\\share\\\\passwd'}\n  f: {publish: {}}\n",
    "template.yaml": "Resources:\n  M:\n    Type: AWS::Serverless::StateMachine\n"
    "    Properties: {DefinitionUri: ../../../../etc/passwd}\n"
    "  N:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: 'http://127.0.0.1:9/t.yaml'}\n"
    "  Q: {Type: AWS::SQS::Queue}\n  I:\n    Fn::Transform: {Name: AWS::Include, Parameters: "
    "{Location: 's3://a/b'}}\n",
    "compose.yaml": "include: ['http://127.0.0.1:9/c.yaml', ../../etc/passwd]\nservices:\n"
    "  web: {image: nginx, env_file: /etc/passwd, extends: {file: ../../etc/passwd, service: a}}\n",
    "page.drawio": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><mxGraphModel/>',
    "own.yaml": "format: headrace/1\nname: a\nnodes: [{id: a, kind: producer, config: {arrivals: "
    "{process: trace, file: /etc/passwd}}}]\n",
}


def test_nothing_is_fetched_and_nothing_outside_the_files_is_opened():
    arguments = [word for pair in OUTSIDE.items() for word in pair]
    done = subprocess.run(
        [sys.executable, "-c", LOCKED, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "the guard bites" in done.stdout
    for said in (
        "network.yaml, line 3, channels.a: http://127.0.0.1:9/a.yaml#/x is elsewhere on the network",
        "files.yaml, line 3, channels.a: ../../../../etc/passwd is not among the files",
        "files.yaml, line 4, channels.b: file:///etc/passwd is elsewhere",
        "page.drawio: line 1: document types and entities are not read",
    ):
        assert said in done.stdout
    assert "root:" not in done.stdout
