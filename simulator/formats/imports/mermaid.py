"""Mermaid flowcharts: boxes, arrows, chains and groups; architecture diagrams among the same pages.

Source: Mermaid documentation, *Flowcharts syntax*.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from simulator.formats.imports.drawn_graph import DECISION, Arrow, Box, Drawn, read_drawn
from simulator.formats.imports.mermaid_architecture import read_architecture
from simulator.formats.imports.reading import Reading
from simulator.formats.imports.source_file import MOST_BYTES, SourceFile

MOST_LINES = 20_000
MOST_LINE = 2_000
MOST_STATEMENTS = 40_000
MOST_ARROWS = 20_000

_HEADER = re.compile(r"^\s*(?:flowchart|graph)(?:-elk)?(?:\s+(?:TB|TD|BT|RL|LR|>|<|\^|v))?\s*(?:;|$)")
_ARCHITECTURE = re.compile(r"^\s*architecture(?:-beta)?(?:\s|$)")
_OTHER = re.compile(
    r"^\s*(sequenceDiagram|classDiagram|stateDiagram(?:-v2)?|erDiagram|gantt|journey|gitGraph|pie|mindmap|timeline"
    r"|C4(?:Context|Container|Component|Dynamic|Deployment)|block(?:-beta)?|kanban|sankey(?:-beta)?"
    r"|requirementDiagram|quadrantChart|xychart(?:-beta)?|packet(?:-beta)?|radar(?:-beta)?|treemap(?:-beta)?|zenuml)\b"
)
#: A group of boxes, with its id or its title, which is its id where it has no other.
_GROUP = re.compile(r"^\s*subgraph\s+\"?(?P<id>[^\[\"\n]{1,200}?)\"?\s*(?P<title>\[.*)?$")
_GROUP_END = re.compile(r"^\s*end\s*$")
_ICON = re.compile(r"\bfa[bdklrs]?:fa-[\w-]{1,60}\s*")
#: Boxes of a group that one arrow may lead from or to.
MOST_MEMBERS = 30
_QUIET = re.compile(
    r"^\s*(?:subgraph|end\b|style|classDef|class|click|linkStyle|direction|accTitle|accDescr|---|title:|config:|%%\{)"
)
_MARK = re.compile(
    r"^\s*%% headrace (?P<box>[\w.\-]{1,100}): (?P<kind>[a-z.-]{1,40}) (?P<id>[a-z0-9-]{1,64})\s*$"
)
_ID = re.compile(r"\s*(?P<id>\w(?:[\w.]|-(?![-.>]))*)")
#: The name of an edge, before its arrow.
_EDGE_ID = re.compile(r"\s*(?P<id>\w[\w.-]{0,100})@(?=[<xo]?[-=.~])")
_EDGE_LOOK = re.compile(r"\s*(?P<id>\w[\w.-]{0,100})@\{")
_CLASS = re.compile(r":::[\w-]{1,100}")
#: Openings and closings, the longer ones first, and what the shape usually means.
_SHAPES = (
    ("(((", ")))", ""),
    ("([", "])", ""),
    ("[(", ")]", "cylinder"),
    ("[[", "]]", ""),
    ("((", "))", ""),
    ("{{", "}}", ""),
    ("[/", "/]", ""),
    ("[\\", "\\]", ""),
    ("[", "]", ""),
    ("(", ")", ""),
    ("{", "}", DECISION),
    (">", "]", ""),
)
_PLAIN_ARROW = re.compile(
    r"\s*(?P<back>[<xo]?)(?P<line>-{2,20}(?=[>xo])|-{3,20}|={2,20}(?=[>xo])|={3,20}|-\.{1,20}-)(?P<head>[>xo]?)(?=[\s|\w]|$)|\s*(?P<none>~~~)"
)
_TEXT_ARROW = re.compile(
    r"\s*(?P<back>[<xo]?)(?:--|==|-\.)\s{0,5}(?P<label>[^|>\n]{1,300}?)\s{0,5}(?P<line>-{2,20}|={2,20}|\.{1,20}-)(?P<head>[>xo]?)"
)
_LABEL = re.compile(r"\s*\|(?P<label>[^|\n]{0,300})\|")
#: A character by its number or its name: Mermaid writes those of HTML with # for &, or for &#.
_CODE = re.compile(r"#([0-9]{1,7}|[A-Za-z]{1,20});")
#: Markdown in labels.
_STRONG = re.compile(r"(\*{1,3})(?=[^\s*])([^*]{1,200})(?<=\S)\1")
_BREAK = re.compile(r"<[bh]r\s?/?>|\\n|\n")
_FENCE = re.compile(r"^\s*(?:`{3,}|~{3,}|:{3,})\s*\{?mermaid\b")
_FENCE_END = re.compile(r"^\s*(?:`{3,}|~{3,}|:{3,})\s*$")
#: Lines that one label, or one directive, may have.
MOST_LINES_OF_ONE = 50


def is_it(file: SourceFile) -> bool:
    """Whether the first line that says anything is the header of a diagram that is read, fenced or not."""
    return _first(file.text.splitlines()) is not None


def other_diagram(file: SourceFile) -> str:
    """The name of a diagram of Mermaid that is not read ("" for anything else)."""
    if len(file.content) > MOST_BYTES:  # measured rows may be that large, a drawing not
        return ""
    lines = file.text.splitlines()
    if _first(lines) is not None:
        return ""
    fences = [number for number, line in enumerate(lines[:MOST_LINES]) if _FENCE.match(line)]
    for line in lines[fences[0] if fences else 0 :][:100]:
        if found := _OTHER.match(line):
            return found[1]
        if line.strip() and not line.lstrip().startswith(("%%", "```", "~~~", ":::", "---", "title:")):
            return ""
    return ""


@dataclass(frozen=True, slots=True)
class _Diagram:
    is_architecture: bool
    #: The numbered lines after the header.
    body: list[tuple[int, str]]
    #: Where other diagrams of the page begin.
    others: list[int] = field(default_factory=list)


def _first(lines: list[str]) -> _Diagram | None:
    """The first flowchart or architecture diagram of a page, or of a file that is one."""
    fences = [number for number, line in enumerate(lines[:MOST_LINES]) if _FENCE.match(line)]
    for fence in fences:
        found = _diagram_at(lines, fence + 1)
        if found is not None:
            return replace(found, others=[number + 1 for number in fences if number != fence])
    return None if fences else _diagram_at(lines, 0)


def _diagram_at(lines: list[str], start: int) -> _Diagram | None:
    in_front = in_directive = False
    for number, line in enumerate(lines[start : start + 100], start):
        is_architecture = _ARCHITECTURE.match(line) is not None
        if in_directive or line.lstrip().startswith("%%{"):
            in_directive = "}%%" not in line
        elif line.strip() == "---":
            in_front = not in_front
        elif in_front or not line.strip() or line.lstrip().startswith("%%"):
            continue
        elif is_architecture or _HEADER.match(line):
            body = list(enumerate(lines[number + 1 :], number + 2))
            end = next((place for place, (_, one) in enumerate(body) if _FENCE_END.match(one)), len(body))
            return _Diagram(is_architecture, body[:end])
        else:
            return None
    return None


def read(file: SourceFile, _files: Sequence[SourceFile]) -> Reading:
    """Read one flowchart or architecture diagram."""
    found = _first(file.text.splitlines())
    if found is None:
        raise file.refuse("no Mermaid flowchart", "It begins with: flowchart LR")
    body = found.body
    if len(body) > MOST_LINES:
        raise file.refuse(f"{len(body):,} lines; at most {MOST_LINES:,} are read of a diagram")
    reading = Reading(file, "Mermaid diagram")
    title = re.search(r'^title:\s*"?([^"\n]{1,200})', file.text[:2_000], re.MULTILINE)
    if title:
        reading.title = html.unescape(title[1].strip())
    for number in found.others:
        reading.not_understood(
            "another diagram, which is not read: give it in a file of its own", f"line {number}"
        )
    if found.is_architecture:
        read_drawn(reading, read_architecture(reading, body, _clean))
        return reading
    chart = _Chart(reading)
    statements = 0
    for number, line in _joined(body):
        for part in line.split(";") if '"' not in line else [line]:
            statements += 1
            if statements > MOST_STATEMENTS:
                raise file.refuse(
                    f"line {number}: more than {MOST_STATEMENTS:,} statements",
                    "Import the part of the drawing that matters.",
                )
            chart.line(number, part.rstrip().rstrip(";"))
    chart.spread_groups()
    for id, (kind, wanted) in chart.marks.items():
        box = chart.drawn.boxes.get(id)
        if box is not None:
            box.kind, box.wanted_id = kind, wanted
    read_drawn(reading, chart.drawn)
    return reading


def _joined(body: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Statements by their first line: the lines of a label in quotes, and of a directive, are one."""
    left = iter(body)
    for number, line in left:
        parts = [line]
        is_directive = line.lstrip().startswith("%%{")
        if not is_directive and line.lstrip().startswith("%%"):
            yield number, line
            continue
        while len(parts) < MOST_LINES_OF_ONE and (
            "}%%" not in parts[-1] if is_directive else sum(part.count('"') for part in parts) % 2
        ):
            following = next(left, None)
            if following is None:
                break
            parts.append(following[1].strip())
        yield number, "<br>".join(parts)


def _excerpt(line: str, position: int) -> str:
    return f"what stands at character {position + 1}: {line[position : position + 40].strip()!r}"


class _Chart:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.drawn = Drawn()
        self.marks: dict[str, tuple[str, str]] = {}
        #: Names of edges, which say how one looks.
        self.edges: set[str] = set()
        self._titles: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        self._around: list[str] = []
        self._inside: set[str] = set()

    def line(self, number: int, line: str) -> None:
        """Read one statement."""
        place = f"line {number}"
        if marked := _MARK.match(line):
            self.marks[marked["box"]] = marked["kind"], marked["id"]
            return
        if group := _GROUP.match(line):
            self._members.setdefault(group["id"], [])
            self._titles[group["id"]] = _clean((group["title"] or group["id"]).strip("[]() "))
            self._around.append(group["id"])
        elif _GROUP_END.match(line) and self._around:
            del self._around[-1]
        if not line.strip() or line.lstrip().startswith("%%") or _QUIET.match(line):
            return
        if len(line) > MOST_LINE:
            self.reading.not_understood(f"a line of {len(line):,} characters", place)
            return
        if (named := _EDGE_LOOK.match(line)) and named["id"] in self.edges:
            return
        position, boxes = self._boxes(line, 0, place)
        if not boxes:
            self.reading.not_understood(_excerpt(line, position), place)
            return
        while position < len(line.rstrip()):
            arrow = self._arrow(line, position)
            if arrow is None:
                self.reading.not_understood(_excerpt(line, position), place)
                return
            match, position, label = arrow
            is_dotted = "." in (match["line"] or "")
            position, targets = self._boxes(line, position, place)
            if not targets:
                self.reading.not_understood(f"an arrow to nowhere at character {position + 1}", place)
                return
            self._say_ways(match, boxes[0], targets[0], place)
            for source in boxes if match["line"] is not None else ():
                for target in targets:
                    if len(self.drawn.arrows) < MOST_ARROWS:
                        role = "dead-letter" if is_dotted and "dead" in label else ""
                        self.drawn.arrows.append(Arrow(source, target, label, role, (place,)))
            boxes = targets

    def _say_ways(self, match: re.Match[str], source: str, target: str, place: str) -> None:
        ways = {"<": "both ways"}.get(match["back"], "") if match["head"] else "without a head"
        if ways and match["line"] is not None:
            ends = f"{source[:80]} to {target[:80]}"
            self.reading.assumed(f"the arrow {ways} leads from {ends}, as it is written", place)

    def spread_groups(self) -> None:
        """Let an arrow from or to a group of boxes lead from or to each of them."""
        groups = {
            id: [member for member in members if member not in self._members]
            for id, members in self._members.items()
            if id in self.drawn.boxes
        }
        kept: list[Arrow] = []
        for arrow in self.drawn.arrows:
            ends = [groups.get(end) or [end] for end in (arrow.source, arrow.target)]
            if ends == [[arrow.source], [arrow.target]]:
                kept.append(arrow)
                continue
            pairs = [(source, target) for source in ends[0] for target in ends[1] if source != target]
            titles = " and ".join(end for end in (arrow.source, arrow.target) if groups.get(end))
            if len(pairs) > MOST_MEMBERS or len(kept) + len(pairs) > MOST_ARROWS:
                self.reading.not_understood(
                    f"an arrow of the group {titles[:80]}, which stands for {len(pairs)} arrows", *arrow.path
                )
                continue
            self.reading.assumed(
                f"an arrow of the group {titles[:80]} is one of each of its boxes", *arrow.path
            )
            kept += [Arrow(source, target, arrow.label, arrow.role, arrow.path) for source, target in pairs]
        self.drawn.arrows = kept
        for id, members in groups.items():
            if members:
                del self.drawn.boxes[id]

    def _boxes(self, line: str, position: int, place: str) -> tuple[int, list[str]]:
        """One box, or several with & between them."""
        found: list[str] = []
        while True:
            match = _ID.match(line, position)
            if match is None:
                return position, found
            id = match["id"]
            position, raw, shape = self._shape(line, match.end())
            label, words = _clean(raw), _words(raw)
            if skipped := _CLASS.match(line, position):
                position = skipped.end()
            box = self.drawn.boxes.setdefault(id, Box(id, id, path=(place,)))
            if self._around and id not in self._inside and id not in self._members:
                self._inside.add(id)
                for group in dict.fromkeys(self._around):
                    self._members[group].append(id)
                box.frame = self._titles.get(self._around[-1], "")
            if label:
                box.label, box.shape = label, shape
                box.words = words
            found.append(id)
            rest = line[position:].lstrip()
            if not rest.startswith("&"):
                return position, found
            position = line.index("&", position) + 1

    def _shape(self, line: str, position: int) -> tuple[int, str, str]:
        if line.startswith("@{", position):
            end = line.find("}", position)
            if end > 0:
                inside = line[position:end]
                label = re.search(r'label:\s*"([^"]{0,300})"', inside)
                is_cylinder = re.search(r"shape:\s*(?:cyl|cylinder|database|db)\b", inside)
                return end + 1, label[1] if label else "", "cylinder" if is_cylinder else ""
        for opening, closing, shape in _SHAPES:
            if line.startswith(opening, position):
                start = position + len(opening)
                if line.startswith('"', start):
                    end = line.find('"', start + 1)
                    close = line.find(closing, end) if end > 0 else -1
                    if close >= 0:
                        return close + len(closing), line[start + 1 : end], shape
                close = line.find(closing, start)
                if close >= 0:
                    return close + len(closing), line[start:close], shape
        return position, "", ""

    def _arrow(self, line: str, position: int) -> tuple[re.Match[str], int, str] | None:
        """An arrow, the position after it, and its label."""
        if named := _EDGE_ID.match(line, position):
            self.edges.add(named["id"])
            position = named.end()
        match = _PLAIN_ARROW.match(line, position)
        if match is not None:
            text = _LABEL.match(line, match.end())
            return match, (text or match).end(), _clean(text["label"]) if text else ""
        match = _TEXT_ARROW.match(line, position)
        return None if match is None else (match, match.end(), _clean(match["label"]))


def _words(text: str) -> str:
    """All lines of a label, which say what the box is."""
    lines = _BREAK.split(text[:1_000])
    return "\n".join(html.unescape(re.sub(r"<[^<>]{0,200}>", "", line)).strip('" ') for line in lines)


def _clean(text: str) -> str:
    """A label as plain text: the first line without tags and quotes."""
    first = _BREAK.split(text, maxsplit=1)[0]
    plain = _ICON.sub("", re.sub(r"<[^<>]{0,200}>", "", first)).strip().strip('"`').strip()
    plain = _STRONG.sub(r"\2", plain)
    coded = _CODE.sub(lambda code: f"&{'#' if code[1].isdigit() else ''}{code[1]};", plain)
    return html.unescape(coded)[:200]
