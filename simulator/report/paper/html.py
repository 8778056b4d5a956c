"""A report as one HTML file: nothing from outside, no script, made for the screen and for the printer."""

from __future__ import annotations

from html import escape

from simulator.formats.exports.palette import in_the_dark
from simulator.report.paper.model import Block, Code, Paper, Picture, Table, Text, Verdict
from simulator.report.paper.plot import MOST_LINES

_RULES = """
:root { color-scheme: light; --text: #14202a; --paper: #fff; --muted: #4a5965; --accent: #0b6584;
  --frame: #d0d9e0; --head: #77858f; --row: #e3e9ed; --code: #f2f5f7;
  --good: #17693c; --bad: #b0221c; --doubt: #7c4d00; }
@media screen and (prefers-color-scheme: dark) {
  :root { color-scheme: dark; --text: #e7eef3; --paper: #141c22; --muted: #a3b3bf; --accent: #58c4e6;
    --frame: #2b3842; --head: #70859a; --row: #233039; --code: #0d1317;
    --good: #5fd094; --bad: #ff8f85; --doubt: #f2b84b; }
__DARK__
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 40px 32px 80px;
  color: var(--text); background: var(--paper);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
header { border-bottom: 2px solid var(--accent); padding-bottom: 14px; margin-bottom: 8px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; }
h2 { font-size: 20px; margin: 40px 0 10px; }
p { margin: 8px 0; max-width: 78ch; }
.extent, .note, figcaption, caption { color: var(--muted); font-size: 13px; }
.brand { float: right; color: var(--accent); font-weight: 650; }
nav ol { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: 12px 0 0; font-size: 13px;
  list-style: none; }
a { color: var(--accent); }
.verdict { display: grid; grid-template-columns: 128px minmax(0, 5fr) minmax(0, 6fr);
  gap: 4px 14px; align-items: baseline;
  padding: 8px 12px; margin: 6px 0; border: 1px solid var(--frame);
  border-left-width: 4px; border-radius: 5px; }
.verdict b { text-transform: uppercase; font-size: 12px; letter-spacing: .04em; }
.verdict.good { border-left-color: var(--good); } .verdict.good b { color: var(--good); }
.verdict.bad { border-left-color: var(--bad); } .verdict.bad b { color: var(--bad); }
.verdict.doubt { border-left-color: var(--doubt); } .verdict.doubt b { color: var(--doubt); }
p.good { color: var(--good); } p.bad { color: var(--bad); font-weight: 600; } p.doubt { color: var(--doubt); }
figure { margin: 18px 0; }
figure svg { max-width: 100%; height: auto; }
.hot .tip { visibility: hidden; pointer-events: none; }
.hot:hover .tip { visibility: visible; }
.line path { pointer-events: none; }
.entry { cursor: default; }
__DIMMED__
.scroll { overflow-x: auto; margin: 12px 0; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; min-width: 50%; }
caption { text-align: left; padding-bottom: 4px; }
th { text-align: right; font-weight: 600; color: var(--muted); border-bottom: 1px solid var(--head); }
td { text-align: right; white-space: nowrap; border-bottom: 1px solid var(--row); }
th, td { padding: 4px 10px 4px 0; vertical-align: top; }
th.left, td.left { text-align: left; }
td.left { white-space: normal; overflow-wrap: break-word; }
td.name { white-space: nowrap; }
pre { background: var(--code); padding: 14px; border-radius: 5px; font-size: 12px; overflow-x: auto; }
@page { size: A4 landscape; margin: 14mm; }
@media print {
  body { padding: 0; max-width: none; font-size: 9.5pt; line-height: 1.4; }
  header { padding-bottom: 6px; margin-bottom: 0; }
  h1 { font-size: 19pt; margin: 0 0 2px; }
  h2 { font-size: 13pt; margin: 16px 0 6px; }
  p { margin: 4px 0; }
  .verdict { padding: 3px 10px; margin: 3px 0; }
  nav, .brand { display: none; }
  h2 { break-after: avoid; }
  p { max-width: none; }
  figure, .verdict, tr { break-inside: avoid; }
  figure { margin: 10px 0; }
  figure svg { max-height: 140mm; width: auto; }
  #section-1 figure svg { max-height: 72mm; }
  p.note:has(+ .scroll) { break-after: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 8.5pt; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 6.5pt; line-height: 1.35;
    columns: 3; column-gap: 8mm; padding: 0; background: none; }
  .hot .tip { visibility: hidden; }
}
"""
#: Pointing at a line's entry in the legend dims the others.
_DIMMED = "".join(
    f"svg:has(.entry.of-{index}:hover) .line:not(.of-{index}) {{ opacity: .12; }}\n"
    for index in range(MOST_LINES)
)
#: On a dark screen a drawing takes the other palette; on paper it never does.
_DARK = "\n".join(
    f'  figure [fill="{light}"] {{ fill: {dark}; }} figure [stroke="{light}"] {{ stroke: {dark}; }}'
    for light, dark in in_the_dark().items()
)
_STYLE = _RULES.replace("__DIMMED__\n", _DIMMED).replace("__DARK__", _DARK).strip()
#: Marks of a name that is not broken into lines.
_NAME = 40
#: Columns of text beyond which names may break too: the page is not wider.
MOST_NAMES = 4
#: No script, no request: what is opened from a mail shall not be able to do anything.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def html(paper: Paper) -> str:
    """The file."""
    names = [f"section-{place}" for place in range(1, len(paper.sections) + 1)]
    contents = "".join(
        f'<li><a href="#{name}">{escape(section.title)}</a></li>'
        for name, section in zip(names, paper.sections, strict=True)
    )
    by = f"<p>{escape(paper.authors)}</p>" if paper.authors else ""
    notes = "".join(f"<p>{escape(line)}</p>" for line in paper.notes.splitlines() if line.strip())
    body = "\n".join(
        f'<section id="{name}">\n<h2>{escape(section.title)}</h2>\n'
        + "\n".join(map(_block, section.blocks))
        + "\n</section>"
        for name, section in zip(names, paper.sections, strict=True)
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(paper.title)}</title>
<style>
{_STYLE}
</style>
</head>
<body>
<header>
<span class="brand">Headrace</span>
<h1>{escape(paper.title)}</h1>
{by}<p class="extent">{escape(paper.extent)}</p>
{notes}<nav aria-label="Contents"><ol>{contents}</ol></nav>
</header>
<main>
{body}
</main>
</body>
</html>
"""


def _block(block: Block) -> str:
    match block:
        case Text(text, tone):
            return f'<p class="{tone}">{escape(text)}</p>'
        case Verdict(word, tone, asked, found):
            return (
                f'<div class="verdict {tone}"><b>{escape(word)}</b>'
                f"<span>{escape(asked)}</span><span>{escape(found)}</span></div>"
            )
        case Picture(svg, caption):
            # Written by us: every text in it is escaped already.
            return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
        case Code(text):
            return f"<pre>{escape(text)}</pre>"
        case Table():
            return _table(block)


def _table(block: Table) -> str:
    caption = f"<caption>{escape(block.caption)}</caption>" if block.caption else ""
    head = "".join(_cell("th", text, place < block.left) for place, text in enumerate(block.head))
    wraps = block.left > MOST_NAMES
    rows = "\n".join(
        "<tr>"
        + "".join(_cell("td", text, place < block.left, wraps) for place, text in enumerate(row))
        + "</tr>"
        for row in block.rows
    )
    whole = f"<table>{caption}<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table>"
    return f'<div class="scroll">{whole}</div>'


def _cell(name: str, text: str, is_left: bool, wraps: bool = False) -> str:
    scope = ' scope="col"' if name == "th" else ""
    is_name = is_left and name == "td" and len(text) <= _NAME and not wraps
    side = ' class="left name"' if is_name else ' class="left"' if is_left else ""
    return f"<{name}{scope}{side}>{escape(text)}</{name}>"
