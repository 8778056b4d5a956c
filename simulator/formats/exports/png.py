"""The SVG drawing as a PNG picture, made without a browser and without anything of the system (resvg).

The drawing is measured for any broad sans-serif face; here it is set in Bitstream Vera, which comes with
ReportLab, so that a design gives the same bytes on every machine. Only where a name holds marks that Vera
has no shape for are the machine's own fonts asked, and a mark that none of them has stays an empty box.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import reportlab
import resvg_py
from reportlab.pdfbase.ttfonts import TTFontFile

from simulator.errors import HeadraceError

#: Pixels of the picture for each of the drawing: sharp on a slide.
SCALE = 2.0
#: Pixels of a whole picture; each takes four bytes while it is drawn. A larger drawing is scaled down to it.
MOST_PIXELS = 60_000_000
_FACE = "Bitstream Vera Sans"


def png(svg: str) -> bytes:
    """The picture of a drawing that `svg` wrote, two pixels for each of its own, fewer if it is huge."""
    root = ET.fromstring(svg)  # noqa: S314 -- a drawing of our own
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    scale = min(SCALE, (MOST_PIXELS / (width * height)) ** 0.5)
    has_all = set(map(ord, "".join(root.itertext()))) - {10} <= _marks_of_vera()
    try:
        return resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=scale,
            skip_system_fonts=has_all,
            font_files=[str(path) for path in _font_files()],
            font_family=_FACE,
            sans_serif_family=_FACE,
        )
    except ValueError as error:
        raise HeadraceError(f"the picture cannot be drawn: {error}; take SVG instead") from error


def _font_files() -> tuple[Path, ...]:
    folder = Path(reportlab.__file__).parent / "fonts"
    return tuple(folder / f"{name}.ttf" for name in ("Vera", "VeraBd"))


@cache
def _marks_of_vera() -> frozenset[int]:
    """Code points for which both weights have a shape."""
    first, second = (frozenset(TTFontFile(str(path)).charToGlyph) for path in _font_files())
    return first & second
