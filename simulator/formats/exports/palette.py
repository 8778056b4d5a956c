"""The colours of a drawing in both themes: those of the page, as plain values (a test holds them to it)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Theme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as #rrggbb; `kinds` by the category of a node's kind."""

    background: str
    surface: str
    border: str
    text: str
    muted: str
    wire: str
    warn: str
    kinds: dict[str, str]

    def of(self, category: str) -> str:
        """The colour of a category."""
        return self.kinds.get(category, self.kinds["service"])


LIGHT = Palette(
    background="#f2f5f7",
    surface="#ffffff",
    border="#d0d9e0",
    text="#14202a",
    muted="#4a5965",
    wire="#76899a",
    warn="#7c4d00",
    kinds={
        "producer": "#8a5200",
        "queue": "#1d5bb8",
        "topic": "#6b3fc0",
        "consumer": "#16704a",
        "service": "#a52a70",
        "bus": "#8a3b12",
        "join": "#00606f",
        "store": "#4a5a12",
        "view": "#4b5563",
        "function": "#a1440b",
    },
)
DARK = Palette(
    background="#0d1317",
    surface="#141c22",
    border="#2b3842",
    text="#e7eef3",
    muted="#a3b3bf",
    wire="#70859a",
    warn="#f2b84b",
    kinds={
        "producer": "#eab04f",
        "queue": "#79b2ff",
        "topic": "#bd9cff",
        "consumer": "#5fd0a0",
        "service": "#f58bc0",
        "bus": "#f2a07a",
        "join": "#5cc8dc",
        "store": "#bccb5e",
        "view": "#b6c3d4",
        "function": "#ff9e6b",
    },
)
PALETTES: dict[Theme, Palette] = {"light": LIGHT, "dark": DARK}
#: Lines of charts on a light ground, told apart by lightness as well as by hue.
SERIES = ("#0b6584", "#b35900", "#a3195b", "#4b7a16", "#5a44b8", "#5f6b75")
#: The same on a dark ground.
DARK_SERIES = ("#58c4e6", "#f7a64a", "#ff8fb8", "#a5d65f", "#b7a5ff", "#b4c0c9")


def in_the_dark() -> dict[str, str]:
    """The dark colour by every colour of a light drawing."""
    names = ("background", "surface", "border", "text", "muted", "wire", "warn")
    pairs = {getattr(LIGHT, name): getattr(DARK, name) for name in names}
    pairs |= {LIGHT.kinds[kind]: DARK.kinds[kind] for kind in LIGHT.kinds}
    return pairs | dict(zip(SERIES, DARK_SERIES, strict=True))
