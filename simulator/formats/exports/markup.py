"""Text that may stand in XML."""

from __future__ import annotations

import re

#: Everything XML 1.0 forbids (https://www.w3.org/TR/xml/#charsets): ElementTree would write it, and no reader
#: take it.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """The text with a space for every mark that XML forbids."""
    return _FORBIDDEN.sub(" ", text)
