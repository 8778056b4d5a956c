"""Pieces of SVG drawings: rectangles, lines of text, and how wide a text is where no font is at hand."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

FONT = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', 'DejaVu Sans', sans-serif"
)
#: Width of a mark in ems where no font is at hand to measure: narrow, wide and all others of a broad
#: sans-serif face, and how much wider the bold one is.
_NARROW, _WIDE, _USUAL, BOLD = 0.36, 0.95, 0.61, 1.1
#: Everything XML 1.0 forbids (https://www.w3.org/TR/xml/#charsets): ElementTree would write it, and no reader
#: take it.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """The text with a space for every mark that XML forbids."""
    return _FORBIDDEN.sub(" ", text)


def box(
    parent: ET.Element, x: float, y: float, width: float, height: float, radius: float, **look: str
) -> None:
    """A rectangle with round corners; further words are attributes (fill_opacity for fill-opacity)."""
    sizes = {"x": f"{x:g}", "y": f"{y:g}", "width": f"{width:g}", "height": f"{height:g}"}
    if radius:
        sizes["rx"] = f"{radius:g}"
    ET.SubElement(parent, "rect", {**sizes, **{key.replace("_", "-"): value for key, value in look.items()}})


def text(
    parent: ET.Element,
    x: float,
    y: float,
    words: str,
    size: float,
    colour: str,
    *,
    anchor: str = "start",
    weight: str = "400",
) -> None:
    """One line of text, its baseline at `y`."""
    look = {
        "x": f"{x:g}",
        "y": f"{y:g}",
        "font-size": f"{size:g}",
        "fill": colour,
        "text-anchor": anchor,
        "font-weight": weight,
    }
    ET.SubElement(parent, "text", look).text = legal(words)


def width_of(text: str, size: float) -> float:
    """About how wide a line of text is, in pixels, without a font to measure it with."""
    return size * sum(
        _NARROW
        if mark in "iljtfrI.,:;|!'()[] "
        else _WIDE
        if mark in "MWmw@%" or ord(mark) > 0x2E80
        else _USUAL
        for mark in text
    )


def fitted(text: str, size: float, room: float, boldness: float = 1.0) -> str:
    """The text, its end cut off and marked where it is wider than `room` pixels."""
    text = "".join(mark if mark.isprintable() else " " for mark in text)
    room /= boldness
    if width_of(text, size) <= room:
        return text
    while text and width_of(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"
